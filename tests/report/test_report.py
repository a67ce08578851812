"""The council's report: its figures are those of `indicator_value`, both renderings say the same, none is missing."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import closing
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pikepdf
import pypdfium2
import pytest
from babel.numbers import format_decimal

from kim_pipeline.contracts.vocabulary import DEFAULT_COUNTY, vocabulary
from kim_pipeline.intake.intake import take_in
from kim_pipeline.protection.hiding import protect_figures
from kim_pipeline.publishing.published import BuildFacts, write_published
from kim_pipeline.report import council, html_writer, municipalities, render, review, typst_writer
from kim_pipeline.report.figures import Figures
from kim_pipeline.report.tables import ReportContext
from kim_pipeline.report.wording import Wording
from kim_pipeline.settings import PROJECT, Settings
from tests.built import AS_OF, build_internal, sample_build
from tests.conftest import SAMPLE
from tests.pages import Page, read
from tests.whole.test_privacy import canaries_in

DECIMALS = {"Anteil": "#,##0.0", "je 1.000": "#,##0.0", "Stunden": "#,##0.0", "Euro": "#,##0"}


@cache
def _kept() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="kim-report-")


@cache
def rendered() -> Path:
    """The sample's report, rendered once."""
    out = Path(_kept().name) / "first"
    render(sample_build()[1], out)
    return out


@cache
def report() -> Page:
    """The sample's report as a page."""
    return read(rendered() / "bericht.html")


def published(sql: str, *values: object) -> list[tuple[Any, ...]]:
    """Rows of the sample's published file."""
    with duckdb.connect(str(sample_build()[1]), read_only=True) as connection:
        return connection.execute(sql, list(values)).fetchall()


def context(path: Path | None = None, day: dt.date | None = None) -> ReportContext:
    return ReportContext(Figures(path or sample_build()[1], day), Wording())


def page_of(path: Path | None = None, day: dt.date | None = None, since: dt.date | None = None) -> Page:
    """The report of a published file as a page; its PDF is made as well and thrown away."""
    ours = context(path, day)
    document = council.document(ours, "Datenbestand", review.Review(ours, since))
    assert typst_writer.pdf(document, "Amt", ours.figures.build.built_at).startswith(b"%PDF")
    return Page(html_writer.html(document, "Amt"))


def changed(tmp_path: Path, *statements: str) -> Path:
    """A copy of the sample's published file after some statements."""
    target = tmp_path / "kim.duckdb"
    shutil.copy(sample_build()[1], target)
    with duckdb.connect(str(target)) as connection:
        for statement in statements:
            connection.execute(statement)
    return target


def expected(found: tuple[Any, ...], unit: str) -> str:
    """A cell as babel writes it, from value, status and, of medians and rates, the records behind it."""
    value, status, *behind = found
    if status == "suppressed" or value is None:
        return "•"
    amount = Decimal(repr(value)) * (100 if unit == "Anteil" else 1)
    pattern = DECIMALS.get(unit, "#,##0" if amount == int(amount) else "#,##0.0")
    with localcontext(rounding=ROUND_HALF_UP):
        text = format_decimal(amount, pattern, locale="de_DE")
    told = f"{text}\N{NO-BREAK SPACE}%" if unit == "Anteil" else text
    if behind and unit in ("Anteil", "Tage"):
        n, n_class = behind
        return told if (n or 0) >= 20 or n_class in ("20-49", "50+") else f"({told})"
    return told


def tables_of_programmes() -> list[tuple[str, Any]]:
    """Programme's key → its table of figures over the years."""
    titles = dict(published("SELECT title, programme FROM programme"))
    found = []
    for table in report().tables:
        name = re.match(r"Tabelle \d+: (.*): Kennzahlen nach (Jahren|Schuljahren), Kreis", table.caption)
        if name:
            found.append((titles[name[1]], table))
    return found


def test_every_programme_with_figures_has_its_table() -> None:
    told = {programme for programme, _ in tables_of_programmes()}
    figures = "SELECT programme FROM indicator SEMI JOIN indicator_value USING (indicator_id) WHERE is_headline"
    headline = {row[0] for row in published(figures)}
    assert told == headline


def absent(programme: str, period: str) -> str:
    """The sign of a figure that has no row: a stock has none where the programme ended before the period did."""
    covered = published("SELECT is_covered FROM programme_period WHERE (programme, period) = (?, ?)", programme, period)
    return "–" if covered == [(True,)] else "k.\N{NO-BREAK SPACE}A."


def test_figures_in_the_report_are_the_published_ones() -> None:
    compared = 0
    for programme, table in tables_of_programmes():
        known = published("SELECT label, indicator_id, unit FROM indicator WHERE programme = ?", programme)
        for head, *cells in table.body:
            (indicator, unit), *others = [
                (i, u) for label, i, u in known if re.match(rf"{re.escape(label)}($| \(| Ausl| Einw)", head)
            ]
            assert not others, head
            for period, cell in zip(table.head[1:], cells, strict=True):
                rows = published(
                    "SELECT value, status, n, n_class FROM indicator_value WHERE indicator_id = ? AND period = ? "
                    "AND area = '05570' AND breakdown_kind = 'total'",
                    indicator,
                    period,
                )
                assert cell == (expected(rows[0], unit) if rows else absent(programme, period)), (head, period)
                compared += bool(rows)
    shown = published(
        "SELECT count(*) FROM indicator_value AS v JOIN period AS p USING (period) "
        "JOIN indicator AS i USING (indicator_id) WHERE area = '05570' AND v.breakdown_kind = 'total' "
        "AND p.calendar <> 'quarter' AND i.programme NOT IN ('massnahmen', 'bevoelkerung')"
    )
    assert compared == shown[0][0]


def test_what_is_secret_is_a_dot_with_a_footnote() -> None:
    found = set()
    for table in report().tables:
        if table.head[0] == "Zeichen":
            continue
        cells = {cell for row in table.body for cell in row}
        explains = any(remark.startswith("• geheim") for remark in table.remarks)
        assert "•" not in cells or explains, table.caption
        found |= cells
    assert "•" in found


def test_breakdowns_are_the_published_ones() -> None:
    table = report().table("Hürden nach Art, Kreis")
    for member, *cells in table.body:
        for period, cell in zip(table.head[1:], cells, strict=True):
            rows = published(
                "SELECT value, status FROM indicator_value WHERE indicator_id = 'kim_hurdles' AND breakdown = ? "
                "AND period = ? AND area = '05570'",
                member,
                period,
            )
            assert cell == (expected(rows[0], "Stationen") if rows else "0")


def test_since_a_day_after_the_newest_register_nothing_has_changed() -> None:
    reviewed = review.Review(context(), dt.date(2024, 2, 1))
    assert reviewed.changes == []


def test_interfaces_are_told_from_and_to_with_their_wait() -> None:
    table = report().table("Schnittstellen 2023")
    for head, handovers, wait, _ in table.body:
        rows = {
            indicator: tuple(found)
            for indicator, *found in published(
                "SELECT indicator_id, value, status, n, n_class FROM indicator_value "
                "WHERE breakdown = ? AND period = '2023'",
                head.replace(" → ", "→"),
            )
        }
        assert handovers == expected(rows["kim_handovers"], "Übergaben")
        assert wait == expected(rows["kim_handover_wait_days"], "Tage")
    words = next(p for p in report().pictures if p.startswith("Matrix")).replace("\N{NO-BREAK SPACE}", " ")
    printed = published(
        "SELECT breakdown, value FROM indicator_value WHERE indicator_id = 'kim_handover_wait_days' "
        "AND period = '2023' AND breakdown_kind = 'interface' AND status = 'published'"
    )
    assert printed
    for interface, days in printed:
        assert f"{interface.replace('→', ' zu ')}: {days:.0f} Tag" in words
    text = report().text.replace("\N{NO-BREAK SPACE}", " ")
    assert "Am längsten warteten Fälle im Jahr 2023 bei SGB II zu SGB III (30 Tage, " in text


def test_municipalities_are_the_published_ones() -> None:
    table = report().table("Gemeinden im Überblick")
    assert [row[0] for row in table.body] == [m.name for m in vocabulary().county.municipalities] + ["Kreis Warendorf"]
    for name, *cells in table.body:
        rows = published(
            "SELECT value, status FROM indicator_value JOIN area USING (area) "
            "WHERE name = ? AND period = '2023' AND breakdown_kind = 'total' AND indicator_id = 'kim_cases_active'",
            name,
        )
        assert cells[2] == expected(rows[0], "Fälle")


def test_report_stands_where_every_protected_figure_is_secret(tmp_path: Path) -> None:
    page = page_of(
        changed(
            tmp_path,
            "UPDATE indicator_value SET status = 'suppressed', value = NULL, numerator = NULL, denominator = NULL "
            "WHERE indicator_id IN (SELECT indicator_id FROM indicator WHERE k IS NOT NULL)",
            "UPDATE language_gap SET requests = NULL, unfilled = NULL, coverage_rate = NULL, gap = NULL",
            "UPDATE offer_gap SET needs = NULL, unmet_needs = NULL, unmet_rate = NULL, gap = NULL",
        )
    )
    table = page.table("KIM Case Management: Kennzahlen")
    assert {cell for row in table.body for cell in row[1:]} == {"•"}


def test_key_date_leaves_out_what_is_later() -> None:
    page = page_of(day=dt.date(2022, 12, 31))
    assert "2023" not in [head for t in page.tables for head in t.head]
    assert "2022" in [head for t in page.tables for head in t.head]
    stands = [row[2] for t in page.tables if t.caption.endswith("Lieferungen mit ihrem Stand") for row in t.body]
    assert stands
    assert all(stand == "–" or dt.datetime.strptime(stand, "%d.%m.%Y").date().year <= 2022 for stand in stands)  # noqa: DTZ007
    assert "Lieferungen nach dem Stichtag können" in page.text


def test_key_date_before_the_newest_register_shows_the_status_of_the_one_before() -> None:
    reviewed = review.Review(context(day=dt.date(2023, 12, 31)))
    assert not reviewed.has_suggestions
    assert len(reviewed.measures) == 66
    statuses = {(r["concept"], r["measure_no"]): r["status"] for r in reviewed.measures}
    for concept, number, before in published(
        "SELECT concept, measure_no, previous_status FROM measure_history WHERE previous_status IS NOT NULL"
    ):
        assert statuses.get((concept, number), before) == before
    assert reviewed.decisions.newest is not None
    assert reviewed.decisions.newest <= dt.date(2023, 12, 31)
    assert reviewed.points == []


def number_of(caption: str) -> int:
    """The number of a table; 0 of one without."""
    found = re.match(r"Tabelle (\d+):", caption)
    return int(found[1]) if found else 0


def test_both_renderings_say_the_same_numbers() -> None:
    text = pdf_text(rendered() / "bericht.pdf")
    printed = max(map(int, re.findall(r"Tabelle (\d+):", text)))
    in_pdf = set(re.findall(r"[\d.,/]*\d", text))
    in_html = {
        token
        for table in report().tables
        if not table.is_behind_chart and number_of(table.caption) <= printed
        for row in table.body
        for cell in row[1:]
        for token in re.findall(r"[\d.,/]*\d", cell)
    }
    assert len(in_html) > 200
    assert in_html <= in_pdf


def test_same_build_same_bytes_in_this_process_and_another(tmp_path: Path) -> None:
    first = {p.relative_to(rendered()): p.read_bytes() for p in sorted(rendered().rglob("*.*"))}
    assert len(first) == 5 + 3 * len(vocabulary().county.municipalities)
    code = (
        "import sys; from pathlib import Path; from kim_pipeline.report import render; "
        "render(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(sample_build()[1]), str(tmp_path / "other")], check=True, cwd=PROJECT
    )
    render(sample_build()[1], tmp_path / "again")
    for again in ("other", "again"):
        assert {p: (tmp_path / again / p).read_bytes() for p in first} == first


def test_report_names_its_build() -> None:
    build = sample_build()[1]
    name = published("SELECT value FROM build_info WHERE item = 'build' AND name = 'build'")[0][0]
    assert build.is_file()
    assert name in report().text
    with pikepdf.open(rendered() / "bericht.pdf") as pdf:
        assert str(pdf.docinfo["/CreationDate"]).startswith("D:20240501")


def structure(node: Any) -> list[Any]:
    """All structure elements of a PDF below a node."""
    kids = node.get("/K", [])
    kids = kids if isinstance(kids, pikepdf.Array) else [kids]
    found = []
    for kid in kids:
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            found += [kid, *structure(kid)]
    return found


@pytest.mark.parametrize("name", ["bericht.pdf", "gemeinden/ahlen.pdf"])
def test_pdf_is_tagged_and_can_be_read_aloud(name: str) -> None:
    with pikepdf.open(rendered() / name) as pdf:
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang).lower().startswith("de")
        assert pdf.Root.ViewerPreferences.DisplayDocTitle
        with pdf.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1"
            assert "–" in str(metadata["dc:title"])
        elements = structure(pdf.Root.StructTreeRoot)
        kinds = [str(e.S) for e in elements]
        figures = [e for e in elements if e.S == "/Figure"]
        assert figures
        assert all(str(e.get("/Alt", "")).strip() for e in figures)
        assert {"/Table", "/TH", "/TD", "/TR"} <= set(kinds)
        fonts = [f for page in pdf.pages for f in dict(page.Resources.get("/Font", {})).values()]
        assert fonts
        assert all("SourceSans3" in str(f.BaseFont) for f in fonts)


def test_pdf_has_bookmarks_for_all_chapters() -> None:
    with pikepdf.open(rendered() / "bericht.pdf") as pdf, pdf.open_outline() as outline:
        titles = [re.sub(r"\s+", " ", str(item.title)) for item in outline.root]
    assert titles == [
        text.replace("\N{NO-BREAK SPACE}", " ")
        for level, text in report().headings
        if level == 2 and text not in ("Inhalt", "Weitere Tabellen")
    ]


def test_each_municipality_has_one_page() -> None:
    names = {municipalities.slug(m.name) for m in vocabulary().county.municipalities}
    files = {p.stem for p in (rendered() / "gemeinden").glob("*.pdf")}
    assert files == names == {p.stem for p in (rendered() / "gemeinden").glob("*.html")}
    for name in names:
        with pikepdf.open(rendered() / "gemeinden" / f"{name}.pdf") as pdf:
            assert len(pdf.pages) == 1, name


def test_pages_fetch_nothing_and_are_well_formed() -> None:
    for path in sorted(rendered().rglob("*.html")):
        content = path.read_text(encoding="utf-8")
        page = read(path)
        assert page.sources == []
        assert all(link.startswith("#") for link in page.links)
        assert {link[1:] for link in page.links} <= set(page.ids)
        assert len(page.ids) == len(set(page.ids)), path.name
        assert set(re.findall(r"url\(([^)]{0,5})", content)) <= {"data:"} | {
            u for u in re.findall(r"url\(([^)]{0,5})", content) if u.startswith("#")
        }
        assert not re.findall(r"(?<![\w:=\"])https?://", re.sub(r'xmlns(:\w+)?="[^"]*"', "", content))
        assert "@import" not in content


def test_charts_have_words_and_a_table_behind_them() -> None:
    behind = [t for t in report().tables if t.is_behind_chart]
    charts = [words for words in report().pictures if not words.startswith("Verlauf")]
    assert len(charts) == len(behind) >= 5
    assert len(report().pictures) - len(charts) > 15
    assert all(len(words) > 30 for words in report().pictures)
    assert all(t.body for t in behind)


def test_every_map_says_whose_the_boundaries_are() -> None:
    attribution = vocabulary().county.geometry_attribution
    for path in sorted(rendered().rglob("*.html")):
        maps = [
            svg
            for svg in re.findall(r"<svg.*?</svg>", path.read_text(encoding="utf-8"), re.DOTALL)
            if re.search(r'aria-label="(Karte|Lagekarte)', svg[:400])
        ]
        assert maps
        assert all(attribution in svg for svg in maps)


def test_no_name_of_the_code_is_in_view() -> None:
    names = [row[0] for row in published("SELECT indicator_id FROM indicator UNION SELECT programme FROM programme")]
    for path in sorted(rendered().rglob("*.html")):
        text = read(path).text
        assert not [name for name in names if "_" in name and name in text]
        assert not re.search(r"\b(?:None|nan|NaN|True|False|suppressed|published)\b", text)


def test_typography_is_german() -> None:
    files = {row[0] for table in report().tables if table.head[0] == "Datei" for row in table.body}
    text = report().text
    for file in files:
        text = text.replace(file, "")
    assert '"' not in text
    assert not re.search(r"\d{4}-\d\d-\d\d", text)
    assert not re.search(r"\d %", text)
    assert not re.search(r" -\d", text)


def pdf_text(path: Path) -> str:
    """The words of a PDF, line by line; words that a hyphen parts are whole."""
    with closing(pypdfium2.PdfDocument(path)) as pdf:
        text = "\n".join(page.get_textpage().get_text_range() for page in pdf)
    return text.replace("\ufffe\r\n", "").replace("\ufffe", "").replace("\r\n", "\n")


def test_outputs_hold_no_personal_value() -> None:
    for path in sorted(rendered().rglob("*.*")):
        content = path.read_bytes() + (pdf_text(path).encode() if path.suffix == ".pdf" else b"")
        assert canaries_in(content) == [], path.name


def small_warehouse(folder: Path, *files: str) -> Path:
    """The published file of a warehouse with only these deliveries of the sample."""
    deliveries = folder / "deliveries"
    deliveries.mkdir(parents=True)
    for file in files:
        (deliveries / file).parent.mkdir(exist_ok=True)
        shutil.copy(SAMPLE / file, deliveries / file)
    settings = Settings(deliveries=deliveries, warehouse=folder / "warehouse", readers=2)
    intake = take_in(settings)
    internal, target = folder / "internal.duckdb", folder / "kim.duckdb"
    build_internal(internal, intake, AS_OF, grace_days=14)
    with duckdb.connect(str(internal)) as connection:
        protect_figures(connection)
    write_published(
        internal,
        target,
        intake,
        BuildFacts("20240501T000000Z_small", dt.datetime(2024, 5, 1, tzinfo=dt.UTC), AS_OF, 1.0),
    )
    return target


def test_empty_warehouse_says_so_in_each_chapter(tmp_path: Path) -> None:
    path = small_warehouse(tmp_path)
    page = page_of(path)
    titles = [
        row[0]
        for row in published(
            "SELECT title FROM programme WHERE programme IN (SELECT programme FROM indicator WHERE is_headline)"
        )
    ]
    for title in titles:
        assert f"Für „{title}“ liegen bis zum Stichtag keine verwendbaren Lieferungen vor" in page.text
    assert "kein auswertbares Register" in page.text
    assert page.pictures == []
    paths = render(path, tmp_path / "out")
    assert len(paths) == 44
    assert "liegen für keine Gemeinde Zahlen vor" in read(tmp_path / "out" / "gemeinden" / "ahlen.html").text


def test_partial_warehouse_shows_what_there_is(tmp_path: Path) -> None:
    page = page_of(small_warehouse(tmp_path, "fit/FIT_2021_2022.xlsx", "massnahmen/Maßnahmenregister 2023-06.xlsx"))
    assert page.table("FIT (Frühkindliches Integrationstraining): Kennzahlen").head == ["Kennzahl", "2021/22"]
    assert "zum Vergleich liegt bis zum Stichtag nicht vor." in page.text
    assert "Zum Case Management liegen bis zum Stichtag keine Zahlen vor." in page.text
    assert len([r for t in page.tables if {"Grund", "Beschluss"} <= set(t.head) for r in t.body]) == 66


def test_county_without_words_of_its_own_still_has_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(DEFAULT_COUNTY, tmp_path / "county")
    (tmp_path / "county" / "report.toml").unlink()
    monkeypatch.setenv("KIM_COUNTY", str(tmp_path / "county"))
    page = page_of()
    assert "Überprüfung der Integrationskonzepte" in page.text
    assert "Ausschuss für Bildung" not in page.text
    assert "Der Ausschuss beschließt:" in page.text
