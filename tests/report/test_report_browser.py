"""The report's pages in a real browser: nothing is fetched, nothing runs over, and axe-core finds no serious barrier.

Skipped where no Chromium is installed; the check with axe-core also where npm cannot fetch it.
"""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kim_pipeline.report import council, html_writer, municipal_page
from kim_pipeline.report.figures import Figures
from kim_pipeline.report.review import Review
from kim_pipeline.report.tables import ReportContext
from kim_pipeline.report.wording import Wording
from tests.built import sample_build

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
if CHROMIUM is None:
    pytest.skip("no Chromium on the path: apt-get install chromium", allow_module_level=True)

from playwright.sync_api import Browser, sync_playwright  # noqa: E402

AXE = "4.10.2"
PAGES = ("bericht.html", "gemeinden/ahlen.html")


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report and one municipality's page of the sample."""
    out = tmp_path_factory.mktemp("report")
    context = ReportContext(Figures(sample_build()[1]), Wording())
    area = context.figures.municipalities[0]
    papers = {
        PAGES[0]: council.document(context, "", Review(context)),
        PAGES[1]: municipal_page.page(context, area, ""),
    }
    for name, paper in papers.items():
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_bytes(html_writer.html(paper, "Amt"))
    return out


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def axe() -> str:
    """The script of axe-core, fetched once through npm and kept in the folder for temporary files."""
    kept = Path(tempfile.gettempdir()) / f"kim-axe-core-{AXE}" / "axe.min.js"
    npm = shutil.which("npm")
    if not kept.is_file():
        if npm is None:
            pytest.skip("npm is not installed: axe-core cannot be fetched")
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [npm, "pack", f"axe-core@{AXE}"], cwd=folder, capture_output=True, timeout=60, check=False
            )
            packed = next(Path(folder).glob("*.tgz"), None)
            if done.returncode or packed is None:
                pytest.skip("npm could not fetch axe-core")
            with tarfile.open(packed) as archive:
                script = archive.extractfile("package/axe.min.js")
                assert script is not None
                kept.parent.mkdir(exist_ok=True)
                kept.write_bytes(script.read())
    return kept.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [1280, 390])
def test_page_fetches_nothing_and_does_not_run_over(browser: Browser, rendered: Path, name: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, locale="de-DE")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((rendered / name).as_uri())
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if not url.startswith("data:")] == [(rendered / name).as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_barrier(browser: Browser, rendered: Path, axe: str, name: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="de-DE")
    page.goto((rendered / name).as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.evaluate(axe)
    found: dict[str, Any] = page.evaluate("axe.run({resultTypes: ['violations']})")
    told = [(v["id"], v["impact"], v["nodes"][0]["html"][:120]) for v in found["violations"]]
    assert told == []
    page.close()


def test_keyboard_reaches_skip_link_contents_and_tables(browser: Browser, rendered: Path) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="de-DE")
    page.goto((rendered / "bericht.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Zum Inhalt springen"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "MAIN"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('role')") in ("region", "group")
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("details").first.get_attribute("open") is not None
    page.close()


def test_a_long_table_can_be_filtered_and_sorted_by_keyboard(browser: Browser, rendered: Path) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="de-DE")
    page.goto((rendered / "bericht.html").as_uri())
    region = page.locator(".table[data-long]", has_text="Maßnahmen mit Beteiligung des Kommunalen").first
    field = region.locator("xpath=preceding-sibling::p[1]").locator("input")
    rows = region.locator("tbody tr:not(.group):visible")
    assert rows.count() == 66
    field.focus()
    page.keyboard.type("Sprachkurse für Mütter")
    assert rows.count() == 1
    assert "IK10-68" in rows.first.inner_text()
    assert region.locator("xpath=preceding-sibling::p[1]").inner_text().endswith("1 von 66 Zeilen")
    field.fill("")
    assert rows.count() == 66
    long = page.locator(".table[data-long]", has_text="Datenstand je Programm").first
    button = long.locator("thead button", has_text="letzter Stand")
    button.focus()
    page.keyboard.press("Enter")
    assert long.locator("thead th[aria-sort=ascending]").inner_text().startswith("letzter Stand")
    days = [day for day in long.locator("tbody tr td:nth-child(3)").all_inner_texts() if day != "–"]
    assert days == sorted(days, key=lambda day: day.split(".")[::-1])
    page.keyboard.press("Enter")
    assert long.locator("tbody tr td:nth-child(3)").first.inner_text() in (days[-1], "–")
    page.close()


def test_filters_are_not_printed(browser: Browser, rendered: Path) -> None:
    page = browser.new_page()
    page.goto((rendered / "bericht.html").as_uri())
    assert page.locator(".tools:visible").count() > 3
    page.emulate_media(media="print")
    assert page.locator(".tools:visible").count() == 0
    page.close()
