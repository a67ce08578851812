"""Return copies: the delivered workbook, marked; a corrected copy comes back as a delivery."""

from __future__ import annotations

import datetime as dt
import io
import os
import stat
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill

from kim_pipeline import cli
from kim_pipeline.contracts import programmes
from kim_pipeline.intake.counting import Candidate
from kim_pipeline.intake.deliveries import Delivery, Intake, all_findings
from kim_pipeline.intake.intake import setup_of, take_in
from kim_pipeline.intake.pool import ReaderPool
from kim_pipeline.office.feedback.folder import Written, copy_name, write_feedback
from kim_pipeline.office.feedback.losses import LOSSES, lost
from kim_pipeline.office.feedback.sheet import COLOURS
from kim_pipeline.reading.returned import RETURN_HEADING, RETURN_SHEET
from kim_pipeline.settings import Settings
from tests.built import sample_intake, sample_settings
from tests.conftest import TESTS, direct, put
from tests.here import DirectCopies
from tests.template_data import AS_OF, filled, valid_rows
from tests.whole.test_privacy import canaries_in
from tests.workbooks import HEADER, Fault, Formula, Page, csv_text, edited, ods, request, requests, xls, xlsx

SMP = "sprachmittlerpool"
RED, YELLOW = f"00{COLOURS['error']}", f"00{COLOURS['warning']}"


def feedback(settings: Settings, intake: Intake | None = None) -> Written:
    folder = settings.warehouse / "feedback"
    return write_feedback(intake or direct(settings), settings, folder, pool=DirectCopies(setup_of(settings, b"")))


def only_copy(settings: Settings) -> Path:
    ((_, path),) = feedback(settings).copies
    return path


def broken_page() -> Page:
    """Language mediation with an error in D6, a warning in G7, and two findings in the merged cell F8:F9."""
    rows = [
        request("A-1", Ort="Wahrendorf"),
        request("A-2", Bereich="Kitta"),
        request("A-3", Einrichtung=Fault("#REF!")),
        request("A-4", Einrichtung=None),
    ]
    page = requests(*rows)
    page.merges, page.hidden_rows = [(7, 5, 8, 5)], frozenset({6})
    return page


# --- the sample -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample_copies(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Delivery, Path]]:
    folder = tmp_path_factory.mktemp("copies")
    return write_feedback(sample_intake(), sample_settings(), folder / "feedback").copies


def found_in(delivery: Delivery) -> Counter[Any]:
    """Findings by place; a .csv has no sheet of its own, and another programme's delivery judges `orphan`."""
    judged_elsewhere = any(t.reference and t.reference.programme for t in programmes()[delivery.programme].tables)
    rows = [f for f in all_findings(delivery) if not (judged_elsewhere and f.rule in ("orphan", "duplicate_key"))]
    named = not delivery.file.endswith(".csv") and "_csv_" not in delivery.file
    return Counter((f.sheet if named else "", f.row, f.column_letter, f.rule, f.severity, f.raw) for f in rows)


def test_every_copy_of_the_sample_reads_back_as_the_delivery(
    sample_copies: list[tuple[Delivery, Path]], tmp_path: Path
) -> None:
    """Nothing of the sheet, the colours and the comments disturbs, and every value is at its place."""
    for delivery, path in sample_copies:
        (tmp_path / "back" / delivery.programme).mkdir(parents=True, exist_ok=True)
        os.link(path, tmp_path / "back" / delivery.programme / path.name)
    intake = take_in(Settings(deliveries=tmp_path / "back", warehouse=tmp_path / "warehouse", readers=2))
    back = {(d.programme, d.file): d for d in intake.deliveries}
    with_findings = [d for d in sample_intake().deliveries if all_findings(d)]
    assert [d for d, _ in sample_copies] == with_findings
    for delivery, path in sample_copies:
        again = back[delivery.programme, path.name]
        if delivery.is_rejected:
            assert again.is_rejected
        else:
            assert found_in(again) == found_in(delivery), delivery.file
            assert RETURN_SHEET in (again.read.ignored_sheets if again.read else [])


def test_no_remark_shows_what_is_personal(sample_copies: list[tuple[Delivery, Path]]) -> None:
    """The rows are the offices' own; comments and the return sheet must not repeat them."""
    for _, path in sample_copies:
        with zipfile.ZipFile(path) as archive:
            added = [name for name in archive.namelist() if "comment" in name or name.endswith("worksheets/sheet1.xml")]
            assert added
            assert canaries_in(b"".join(archive.read(name) for name in added)) == [], path.name


# --- one copy ---------------------------------------------------------------------------------------------------------


def test_cells_are_coloured_and_say_what_is_wrong(settings: Settings) -> None:
    original = put(settings, SMP, "SMP.xlsx", xlsx([broken_page()]))
    before = original.read_bytes()
    book = openpyxl.load_workbook(only_copy(settings))
    sheet = book["Einsätze"]
    assert sheet["D6"].fill.fgColor.rgb == RED
    said = sheet["D6"].comment.text
    assert said.startswith("Rückmeldung\nFehler – die Zeile zählt erst, wenn sie berichtigt ist.\n„Wahrendorf“")
    assert "Meinten Sie „Warendorf“?\nErwartet: eine Gemeinde" in said
    assert sheet["G7"].fill.fgColor.rgb == YELLOW
    assert "Meinten Sie „Kita“?" in sheet["G7"].comment.text
    assert sheet["E6"].comment is None
    assert sheet["E6"].fill.fill_type is None
    assert sheet.row_dimensions[7].hidden
    assert [str(area) for area in sheet.merged_cells.ranges] == ["F8:F9"]
    assert sheet["F8"].comment.text.count("Warnung – ") == 2
    assert "\nZeile 9: " in sheet["F8"].comment.text
    assert original.read_bytes() == before


def test_the_first_sheet_tells_the_verdict_and_leads_to_the_cells(settings: Settings) -> None:
    put(settings, SMP, "SMP.xlsx", xlsx([broken_page()]))
    book = openpyxl.load_workbook(only_copy(settings))
    sheet = book.worksheets[0]
    texts = [cell.value for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
    assert texts[0] == RETURN_HEADING
    assert "Die Lieferung wurde angenommen. 1 Zeile zählt noch nicht mit, bis sie berichtigt ist." in texts
    assert "1 – die Zeile zählt erst, wenn sie berichtigt ist" in texts
    assert "Blatt „Einsätze“: 4 Zeilen gelesen, 3 angenommen, 1 in Quarantäne" in texts
    links = {c.value: c.hyperlink.location for row in sheet.iter_rows() for c in row if c.hyperlink}
    assert links["D6"] == "'Einsätze'!D6"
    assert book.active is sheet
    assert [s.sheet_view.tabSelected for s in book.worksheets] == [True, False]


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("SMP.xls", xls([broken_page()])),
        ("SMP.ods", ods([broken_page()])),
        ("SMP.csv", csv_text(broken_page()).encode()),
    ],
)
def test_other_formats_become_a_workbook_with_the_same_cells(settings: Settings, file: str, content: bytes) -> None:
    put(settings, SMP, file, content)
    path = only_copy(settings)
    assert path.name == f"SMP_{file[-3:]}_Rückmeldung.xlsx"
    sheet = openpyxl.load_workbook(path).worksheets[1]
    assert sheet.title == ("SMP" if file.endswith(".csv") else "Einsätze")
    assert [sheet["A6"].value, sheet["D6"].value] == ["A-1", "Wahrendorf"]
    assert sheet["D6"].fill.fgColor.rgb == RED
    assert "Meinten Sie „Warendorf“?" in sheet["D6"].comment.text
    assert sheet["B6"].value in (dt.datetime(2023, 3, 1), "01.03.2023")  # noqa: DTZ001


def test_formulas_keep_their_results(settings: Settings) -> None:
    """Else a protected view shows nothing, and a copy saved by a program that computes nothing is full of errors."""
    rows = [request("A-1", **{"Dauer (Std.)": Formula("=1+1", 2.0), "Einrichtung": Formula('="Kita"', "Kita")}),
            request("A-2", Ort=Fault("#REF!"))]  # fmt: skip
    put(settings, SMP, "SMP.xlsx", xlsx([requests(*rows)]))
    path = only_copy(settings)
    formulas, results = (
        openpyxl.load_workbook(path)["Einsätze"],
        openpyxl.load_workbook(path, data_only=True)["Einsätze"],
    )
    assert [formulas["H6"].value, formulas["F6"].value] == ["=1+1", '="Kita"']
    assert [results["H6"].value, results["F6"].value, results["D7"].value] == [2, "Kita", "#REF!"]


def test_a_comment_that_was_there_stays(settings: Settings) -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsx([broken_page()])))
    book["Einsätze"]["D6"].comment = Comment("Bitte nachfragen", "Büro")
    target = io.BytesIO()
    book.save(target)
    put(settings, SMP, "SMP.xlsx", target.getvalue())
    said = openpyxl.load_workbook(only_copy(settings))["Einsätze"]["D6"].comment.text
    assert said.startswith("Bitte nachfragen\n\nRückmeldung\n")


@pytest.mark.parametrize("content", [b"", b"kein Tabellenblatt", b"PK\x03\x04kaputt"])
def test_a_file_that_cannot_be_read_gets_the_sheet_alone(settings: Settings, content: bytes) -> None:
    put(settings, SMP, "SMP.xlsx", content)
    book = openpyxl.load_workbook(only_copy(settings))
    assert book.sheetnames == [RETURN_SHEET]
    text = " ".join(str(c.value) for row in book.worksheets[0].iter_rows() for c in row if c.value)
    assert "Die Lieferung wurde zurückgewiesen." in text
    assert "diese hier enthält nur die Rückmeldung" in text


WRONG_FOLDER = Page(
    "Gruppen",
    [
        ["Berichtszeitraum: 2022/23"],
        ["Stand: 15.09.2023"],
        ["Gruppe", "Programm", "Einrichtung", "Kommune", "Familien", "Kinder"],
        ["G1", "Griffbereit", "Kita", "Ahlen", 3, 4],
    ],
)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("SMP.xlsx", xlsx([WRONG_FOLDER])), ("SMP.ods", ods([WRONG_FOLDER])), ("SMP.xls", xls([WRONG_FOLDER])),
        ("SMP.csv", csv_text(WRONG_FOLDER).encode()),
    ],
)  # fmt: skip
def test_a_rejected_file_that_opens_keeps_its_sheets(settings: Settings, file: str, content: bytes) -> None:
    put(settings, SMP, file, content)
    book = openpyxl.load_workbook(only_copy(settings))
    assert len(book.sheetnames) == 2
    assert book.worksheets[1]["D4"].value == "Ahlen"
    text = " ".join(str(c.value) for row in book[RETURN_SHEET].iter_rows() for c in row if c.value)
    assert "Die Überschriften sind die von „FIT (Frühkindliches Integrationstraining)“" in text
    assert "diese hier enthält nur die Rückmeldung" not in text
    filled = [cell.coordinate for row in book.worksheets[1].iter_rows() for cell in row if cell.fill.fill_type]
    assert ("Die Zellen sind farbig" in text) == bool(filled)
    assert ("darum ist keine Zelle farbig" in text) == (not filled)


@pytest.mark.parametrize(
    ("facts", "at"),
    [
        (["Berichtszeitraum: 2023 und 2024", "Stand: 15.01.2024"], "A1"),
        (["Berichtszeitraum: 2023", "Stand: Sommer 2023"], "A2"),
    ],
)
@pytest.mark.parametrize("suffix", [".xlsx", ".ods"])
def test_the_cell_of_an_unclear_fact_is_coloured(settings: Settings, facts: list[str], at: str, suffix: str) -> None:
    page = Page("Einsätze", [*([fact] for fact in facts), HEADER, request("A-1")])
    put(settings, SMP, f"SMP{suffix}", xlsx([page]) if suffix == ".xlsx" else ods([page]))
    sheet = openpyxl.load_workbook(only_copy(settings))["Einsätze"]
    assert sheet[at].fill.fgColor.rgb == f"00{COLOURS['rejected']}"
    assert "der sich verstehen lässt" in sheet[at].comment.text
    assert sheet["D4"].value == request("A-1")[3]


def test_copies_are_the_same_every_time(settings: Settings) -> None:
    for file, content in (("a.xlsx", xlsx([broken_page()])), ("b.ods", ods([broken_page()])), ("c.xls", b"")):
        put(settings, SMP, file, content)
    intake = direct(settings)
    first = [path.read_bytes() for _, path in feedback(settings, intake).copies]
    assert [path.read_bytes() for _, path in feedback(settings, intake).copies] == first
    assert len(first) == 3


def test_what_openpyxl_drops_is_named_on_the_sheet(settings: Settings) -> None:
    """Every part that the copy is said to lack is lacking in it."""
    parts = {loss.parts + "1.xml": b"<xml/>" for loss in LOSSES if loss.parts.endswith("/") and not loss.mark}
    content = with_parts(xlsx([broken_page()]), parts)
    put(settings, SMP, "SMP.xlsx", content)
    path = only_copy(settings)
    with zipfile.ZipFile(path) as archive:
        assert not parts.keys() & set(archive.namelist())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = lost(archive)
    assert len(names) == len(parts)
    sheet = openpyxl.load_workbook(path).worksheets[0]
    assert any("können fehlen" in str(c.value) and all(n in c.value for n in names) for (c, *_) in sheet.iter_rows())


def with_parts(content: bytes, parts: dict[str, bytes]) -> bytes:
    target = io.BytesIO(edited(content, lambda _, part: part))
    with zipfile.ZipFile(target, "a") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return target.getvalue()


def test_a_workbook_too_large_to_load_is_copied_by_its_values(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kim_pipeline.office.feedback.copy.LARGEST_LOADED", 100)
    put(settings, SMP, "SMP.xlsx", xlsx([broken_page()]))
    book = openpyxl.load_workbook(only_copy(settings))
    assert "zu groß" in " ".join(str(row[0].value) for row in book.worksheets[0].iter_rows())
    assert book["Einsätze"]["D6"].fill.fgColor.rgb == RED
    assert "\nZeile 9: " in book["Einsätze"]["F8"].comment.text


def test_a_merged_range_over_the_whole_sheet_is_not_unfolded(settings: Settings) -> None:
    """It would be 17 thousand million cells in memory."""
    page = requests(request("A-1", Ort="Wahrendorf"))
    merge = b'</sheetData><mergeCells><mergeCell ref="M20:XFD1048576"/></mergeCells>'
    huge = edited(xlsx([page]), lambda _, part: part.replace(b"</sheetData>", merge))
    put(settings, SMP, "SMP.xlsx", huge)
    assert openpyxl.load_workbook(only_copy(settings), read_only=True)["Einsätze"]["D6"].value == "Wahrendorf"


def test_a_workbook_that_harms_its_reader_harms_its_own_copy_only(settings: Settings) -> None:
    """Copies are written in children with the limits of reading: first the workbook, then its values, then neither."""
    for number, file in enumerate(("loop.xlsx", "loop_whole.xlsx", "well.xlsx")):
        put(settings, SMP, file, xlsx([requests(request(f"A-{number}", Ort="Wahrendorf"))]))
    children = ReaderPool(setup_of(settings, b""), 2, 3, (sys.executable, str(TESTS / "odd_copies.py")), patience=60)
    folder = settings.warehouse / "feedback"
    copies = write_feedback(direct(settings), settings, folder, pool=children).copies
    books = {delivery.file: openpyxl.load_workbook(path) for delivery, path in copies}
    assert list(books) == ["loop.xlsx", "loop_whole.xlsx", "well.xlsx"]
    told = {file: " ".join(str(r[0].value) for r in book.worksheets[0].iter_rows()) for file, book in books.items()}
    assert books["loop.xlsx"].sheetnames == [RETURN_SHEET]
    assert "nicht öffnen" in told["loop.xlsx"]
    assert "Rechenzeit" in told["loop.xlsx"]
    assert "diese hier enthält nur die Rückmeldung" in told["loop.xlsx"]
    assert "Die Kopie enthält die Werte" in told["loop_whole.xlsx"]
    assert "Zu dieser Kopie" not in told["well.xlsx"]
    for file in ("loop_whole.xlsx", "well.xlsx"):
        assert books[file]["Einsätze"]["D6"].fill.fgColor.rgb == RED
    assert list((settings.warehouse / "scratch").iterdir()) == []


# --- the folder -------------------------------------------------------------------------------------------------------


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_only_the_owner_may_enter(settings: Settings) -> None:
    put(settings, SMP, "unter/SMP.xlsx", xlsx([broken_page()]))
    path = only_copy(settings)
    folder = settings.warehouse / "feedback"
    assert path == folder / SMP / "unter" / "SMP_Rückmeldung.xlsx"
    modes = {p: stat.S_IMODE(p.stat().st_mode) for p in (folder, *folder.rglob("*"))}
    assert {p for p, mode in modes.items() if mode != (0o700 if p.is_dir() else 0o600)} == set()


def test_copies_without_findings_go_and_edited_ones_stay(settings: Settings) -> None:
    for name in ("a", "b"):
        put(settings, SMP, f"{name}.xlsx", xlsx([broken_page()]))
    folder = settings.warehouse / "feedback" / SMP
    assert len(feedback(settings).copies) == 2
    (folder / "b_Rückmeldung.xlsx").write_bytes(b"in Arbeit")
    (folder / "Notizen.txt").write_text("eigene")
    for name in ("a", "b"):
        put(settings, SMP, f"{name}.xlsx", xlsx([requests(request("A-1"), name="Einsätze")]))
        (settings.deliveries / SMP / f"{name}.xlsx").unlink()
    done = feedback(settings)
    assert [p.name for p in done.removed] == ["a_Rückmeldung.xlsx"]
    assert [p.name for p in done.edited] == ["b_Rückmeldung.xlsx"]
    assert (folder / "b_Rückmeldung.xlsx").read_bytes() == b"in Arbeit"
    assert (folder / "Notizen.txt").exists()


def test_work_in_a_copy_is_never_overwritten(settings: Settings) -> None:
    put(settings, SMP, "SMP.xlsx", xlsx([broken_page()]))
    path = only_copy(settings)
    path.write_bytes(b"in Arbeit")
    for _ in range(2):
        done = feedback(settings)
        assert done.copies == []
        assert [p.name for p in done.edited] == [path.name]
        assert path.read_bytes() == b"in Arbeit"


def test_a_folder_of_somebody_keeps_its_mode(settings: Settings, tmp_path: Path) -> None:
    """What is made in it is private nevertheless."""
    put(settings, SMP, "SMP.xlsx", xlsx([broken_page()]))
    (tmp_path / "gemeinsam").mkdir(mode=0o755)
    write_feedback(direct(settings), settings, tmp_path / "gemeinsam", pool=DirectCopies(setup_of(settings, b"")))
    modes = [stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "gemeinsam", tmp_path / "gemeinsam" / SMP)]
    assert modes == [0o755, 0o700]


def test_a_file_that_changed_meanwhile_waits(settings: Settings) -> None:
    path = put(settings, SMP, "SMP.xlsx", xlsx([broken_page()]))
    intake = direct(settings)
    first = feedback(settings, intake).copies[0][1].read_bytes()
    path.write_bytes(xlsx([requests(request("A-1"))]))
    done = feedback(settings, intake)
    assert [d.file for d in done.changed] == ["SMP.xlsx"]
    assert (settings.warehouse / "feedback" / SMP / "SMP_Rückmeldung.xlsx").read_bytes() == first


@pytest.mark.parametrize(
    ("file", "suffix", "name"),
    [
        ("FIT 2020-21.xlsx", ".xlsx", "FIT 2020-21_Rückmeldung.xlsx"),
        ("A.XLSM", ".xlsm", "A_Rückmeldung.xlsm"),
        ("smp 2023 1. Halbjahr.csv", ".xlsx", "smp 2023 1. Halbjahr_csv_Rückmeldung.xlsx"),
        ("A_Rückmeldung.xlsx", ".xlsx", "A_Rückmeldung02.xlsx"),
        ("A_Rückmeldung09.xlsx", ".xlsx", "A_Rückmeldung10.xlsx"),
    ],
)
def test_of_equal_stand_the_copy_counts(file: str, suffix: str, name: str) -> None:
    assert copy_name(PurePosixPath(file), suffix) == name
    assert Candidate(name, AS_OF, None).rank > Candidate(file, AS_OF, None).rank


# --- the cycle --------------------------------------------------------------------------------------------------------


def saved(book: Any) -> bytes:
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


@pytest.mark.parametrize("key", list(programmes()))
def test_template_filled_broken_returned_corrected_accepted(settings: Settings, key: str) -> None:
    """For every programme: a required cell emptied, marked in the copy, filled in there, and all rows count."""
    (page, _, _), *_ = valid_rows(key, 1)
    name = next(c.name for c in page.table.delivered if c.required and c.headers and c.kind != "yes_no")
    at = f"{page.letter(name)}{page.first_row}"
    book = openpyxl.load_workbook(io.BytesIO(filled(key).content))
    right = book[page.name][at].value
    assert right is not None
    book[page.name][at].value = None
    put(settings, key, "Lieferung.xlsx", saved(book))
    path = only_copy(settings)
    copy = openpyxl.load_workbook(path)
    assert copy[page.name][at].fill.fgColor.rgb == RED
    assert "Die Angabe fehlt." in copy[page.name][at].comment.text
    copy[page.name][at].value = right
    put(settings, key, path.name, saved(copy))
    intake = direct(settings)
    corrected = next(d for d in intake.of(key) if d.file == path.name)
    assert (corrected.status, corrected.reason) == ("counted", None)
    assert [f for f in all_findings(corrected) if f.severity != "notice"] == []
    assert [d.status for d in intake.of(key)] == ["superseded", "counted"]


def test_the_return_sheet_states_no_facts(settings: Settings) -> None:
    """Its Stand is the old delivery's; the corrected one's stands where it always stood."""
    put(settings, SMP, "SMP.xlsx", xlsx([broken_page()]))
    path = only_copy(settings)
    book = openpyxl.load_workbook(path)
    book["Einsätze"]["A3"].value = "Stand: 20.02.2024"
    put(settings, SMP, path.name, saved(book))
    corrected = next(d for d in direct(settings).deliveries if d.file == path.name)
    assert corrected.read is not None
    assert corrected.read.as_of == dt.date(2024, 2, 20)
    assert corrected.read.ignored_sheets == [RETURN_SHEET]


def test_a_second_copy_forgets_the_first(settings: Settings) -> None:
    put(settings, SMP, "SMP.xlsx", xlsx([broken_page()]))
    first = only_copy(settings)
    book = openpyxl.load_workbook(first)
    book["Einsätze"]["D6"].value = "Warendorf"
    book["Einsätze"]["E6"].fill = PatternFill("solid", fgColor=COLOURS["error"])
    put(settings, SMP, "SMP.xlsx", b"")
    (settings.deliveries / SMP / "SMP.xlsx").unlink()
    put(settings, SMP, first.name, saved(book))
    second = only_copy(settings)
    assert second.name == "SMP_Rückmeldung02.xlsx"
    book = openpyxl.load_workbook(second)
    assert book.sheetnames == [RETURN_SHEET, "Einsätze"]
    assert book["Einsätze"]["D6"].comment is None
    assert book["Einsätze"]["D6"].fill.fill_type is None
    assert book["Einsätze"]["E6"].fill.fgColor.rgb == RED, "a colour of the office's own"
    assert book["Einsätze"]["G7"].comment.text.count("Rückmeldung\n") == 1


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_tells_what_it_wrote(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    put(settings, SMP, "SMP.xlsx", xlsx([broken_page()]))
    options = ["--deliveries", str(settings.deliveries), "--warehouse", str(settings.warehouse)]
    assert cli.invoke(["feedback", *options]) == 0
    said = capsys.readouterr().out
    assert f"{SMP}/SMP_Rückmeldung.xlsx: 1 Fehler, 3 Warnungen und 1 Hinweis" in said
    assert "1 Kopie in " in said
    inside = settings.deliveries / SMP
    assert cli.invoke(["feedback", *options, "--out", str(inside)]) == 2
    assert "würden als Lieferungen gelesen" in capsys.readouterr().err
