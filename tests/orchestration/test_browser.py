"""What people see: the running control room in a real browser, after a nightly run on two programmes of the sample.

Screenshots are kept in `test-results/`. Skipped where no Chromium is installed.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import pytest

from kim_pipeline.commands.control_room import prepare_home
from kim_pipeline.contracts import programmes
from kim_pipeline.night import Night
from kim_pipeline.settings import PROJECT
from tests.control_room import Served, serving
from tests.nights import kept_night, small_sample

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
if CHROMIUM is None:
    pytest.skip("no Chromium on the path: apt-get install chromium", allow_module_level=True)

from playwright.sync_api import Locator, Page, Request, expect, sync_playwright  # noqa: E402

SHOTS = PROJECT / "test-results"
PATIENCE = 90_000
"""Milliseconds that a page may take on a busy machine."""
TRIES = 6


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A control room after one night; schedule and sensors are off."""
    folder = tmp_path_factory.mktemp("room")
    settings = small_sample(folder)
    prepare_home(settings)
    assert kept_night(Night(settings=settings))
    with serving(settings, folder, KIM_UNATTENDED="false") as served:
        yield served


@pytest.fixture(scope="module")
def requested() -> list[str]:
    """Every address that the pages asked for."""
    return []


@pytest.fixture(scope="module")
def page(room: Served, requested: list[str]) -> Iterator[Page]:
    """One window, as large as a coordinator's screen."""

    def note(request: Request) -> None:
        requested.append(request.url)

    SHOTS.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        window = browser.new_page(base_url=room.url, viewport={"width": 1600, "height": 1000}, locale="de-DE")
        window.on("request", note)
        window.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        yield window
        browser.close()


def opened(button: Locator, inside: Locator) -> Locator:
    """What a button opens. The page closes what is open when it draws itself anew, as it does while it still loads."""
    for _ in range(TRIES - 1):
        button.click()
        try:
            expect(inside).to_be_visible(timeout=PATIENCE / TRIES)
        except AssertionError:
            button.page.keyboard.press("Escape")  # what is open but slow would cover the button
            continue
        return inside
    button.click()
    expect(inside).to_be_visible()
    return inside


def keep(page: Page, name: str) -> None:
    """Keep what is to be seen now."""
    page.screenshot(path=SHOTS / f"{name}.png", animations="disabled")


def test_the_graph_shows_programmes_and_layers(page: Page) -> None:
    page.set_viewport_size({"width": 1600, "height": 2000})  # what is out of sight is not drawn
    page.goto("/asset-groups")
    boxes = page.locator("svg foreignObject")
    groups = {*programmes(), "vocabulary", "quality", "core", "indicators", "review", "disclosure", "published"}
    expect(boxes).to_have_count(len(groups))
    for shown in boxes.all_text_contents():
        head, _, tail = shown.partition("…")  # long names are shortened in the middle
        groups -= {group for group in groups if group.startswith(head) and group.endswith(tail or head)}
    assert groups == set()
    keep(page, "graph")
    page.set_viewport_size({"width": 1600, "height": 1000})


def test_a_late_programme_shows_as_late(page: Page) -> None:
    page.goto("/assets/deliveries/fit?view=checks&checkDetail=delivered_on_time")
    expect(page.get_by_text("Die Lieferung war am 30.09.2024 fällig und ist überfällig.")).to_be_visible()
    keep(page, "late_programme_check")
    page.goto("/assets/deliveries/fit")
    expect(page.get_by_text("Ob die nächste da ist, wenn sie fällig ist, zeigt die Prüfung")).to_be_visible()
    keep(page, "late_programme")


def test_a_freshness_panel_shows_the_rule_that_is_applied(page: Page) -> None:
    """Published tables are due by six; no rule that Dagster can show is true of a delivery."""
    expect(page.get_by_text("Freshness policy", exact=True)).to_have_count(0)
    page.goto("/assets/published/build_info")
    page.get_by_text("Freshness policy", exact=True).first.locator("xpath=..").get_by_text("Passing").hover()
    rule = page.get_by_text("Fresh if materialized no earlier than 5 hours before each deadline.").first
    expect(rule).to_be_visible()
    keep(page, "freshness_of_a_published_table")


def test_the_reason_of_a_rejection_can_be_read(page: Page) -> None:
    page.goto("/assets/deliveries/komm_an?view=checks&checkDetail=delivery_accepted")
    button = page.get_by_text(re.compile("show markdown", re.IGNORECASE)).first
    opened(button, page.get_by_text("KOMM-AN_2023_Nachtrag.xlsx"))
    expect(page.get_by_text("Berichtszeitraum fehlt")).to_be_visible()
    expect(page.get_by_text("kim check DATEI")).to_be_visible()
    keep(page, "rejected_delivery")


def test_column_lineage_leads_from_published_to_staging(page: Page) -> None:
    page.goto("/assets/published/indicator_value")
    row = page.locator("tr", has_text="Herkunft der Spalten")
    button = row.get_by_text(re.compile("show markdown", re.IGNORECASE))
    link = opened(button, page.get_by_role("link", name="staging/fit_groups").first)
    leads_to = link.get_attribute("href")  # followed by address, and before the page is drawn anew
    keep(page, "column_lineage")
    assert leads_to
    page.goto(leads_to)
    expect(page).to_have_url(re.compile("/assets/staging/fit_groups"))
    expect(page.get_by_text("Anzahl Familien").first).to_be_visible()


def test_figures_are_plotted_over_the_nights(page: Page) -> None:
    page.goto("/assets/published/indicator_value")
    page.get_by_role("button", name="Plots").click()
    expect(page.get_by_text("FIT-Gruppen, 2022/23")).to_be_visible()
    expect(page.locator("canvas").first).to_be_visible()
    keep(page, "plots")


def test_a_run_can_be_started_and_succeeds(page: Page) -> None:
    page.goto("/assets/published/area")
    page.get_by_role("button", name=re.compile("Materialize")).first.click()
    expect(page.get_by_text("Launched run")).to_be_visible()
    page.goto("/runs")
    expect(page.get_by_text("Success", exact=True)).to_have_count(2)
    keep(page, "run")


def test_a_failed_check_can_be_run_again(page: Page) -> None:
    page.goto("/assets/deliveries/komm_an?view=checks&checkDetail=delivery_accepted")
    page.get_by_role("button").filter(has_text=re.compile("^Execute$")).click()
    expect(page.get_by_text("Launched run")).to_be_visible()
    page.goto("/runs")
    expect(page.get_by_text("Success", exact=True)).to_have_count(3)
    keep(page, "check_again")


def test_nothing_is_asked_of_any_other_machine(room: Served, requested: list[str]) -> None:
    assert requested
    own = (room.url, room.url.replace("http", "ws", 1), "data:", "blob:")
    assert [url for url in requested if not url.startswith(own)] == []
