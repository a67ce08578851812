"""Templates in a real spreadsheet program: saved by LibreOffice they are still accepted, and their checks check."""

from __future__ import annotations

import datetime as dt
import io
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.formula.translate import Translator

from kim_pipeline.contracts import programmes
from kim_pipeline.office.template.layout import Page
from kim_pipeline.reading.delivery import read_delivery
from tests.helpers_tables import KEY, LIMITS, only
from tests.template_data import Entered, bytes_of, enter, expected, filled, got, open_template, state_facts, valid_rows

SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")
pytestmark = pytest.mark.skipif(SOFFICE is None, reason="LibreOffice (soffice) is not installed on this machine")

KEYS = sorted(programmes())
JUDGED = 5
FREE_COLUMN = 40
"""Where the formulas under test are written: beside the table, in the row that they judge."""


def saved_by_libreoffice(folder: Path, files: dict[str, bytes], suffix: str) -> dict[str, Path]:
    """Open and save all files in one call; name → the saved file."""
    (folder / "in").mkdir()
    for name, content in files.items():
        (folder / "in" / f"{name}.xlsx").write_bytes(content)
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [str(SOFFICE), profile, "--headless", "--convert-to", suffix, "--outdir", str(folder / "out")]
    paths = [str(path) for path in sorted((folder / "in").iterdir())]
    subprocess.run([*command, *paths], check=True, capture_output=True, timeout=300)
    return {name: folder / "out" / f"{name}.{suffix}" for name in files}


@pytest.mark.parametrize("suffix", ["xlsx", "ods"])
def test_filled_templates_saved_by_libreoffice_are_accepted(tmp_path: Path, suffix: str) -> None:
    made = {key: filled(key) for key in KEYS}
    saved = saved_by_libreoffice(tmp_path, {key: one.content for key, one in made.items()}, suffix)
    for key, path in saved.items():
        result = only(read_delivery(path, path.read_bytes(), programmes()[key], KEY, LIMITS))
        assert (key, result.rejected, result.findings) == (key, None, [])
        for table in programmes()[key].tables:
            assert got(result, table) == expected(table, made[key].rows[table.name])
            assert {a.note for a in result.tables[table.name].accounts} == {1}


def conditions(sheet: Any, page: Page, rows: int) -> Iterator[tuple[str, str, int, str]]:
    """Every check of a sheet as a formula that is true where the cell passes: (rule, column, row, formula)."""
    for check in sheet.data_validations.dataValidation:
        letter, first = next((c, r) for c, r in _corners(check.sqref))
        if first < page.first_row or check.type is None or not check.showErrorMessage:
            continue
        cell = f"${letter}{first}"
        formula = {
            "list": f"ISNUMBER(MATCH({cell},{check.formula1},0))",
            "date": f"AND({cell}>={check.formula1},{cell}<={check.formula2})",
        }.get(check.type, check.formula1)
        for row in range(page.first_row, page.first_row + rows):
            if sheet[f"{letter}{row}"].value is not None:
                yield check.type, letter, row, _moved(formula, first, row)
    for marked in sheet.conditional_formatting:
        letter, first = next(_corners(marked.sqref))
        for rule in marked.rules:
            kind = "duplicate" if "SUMPRODUCT" in rule.formula[0] else "missing"
            for row in range(page.first_row, page.first_row + rows):
                yield kind, letter, row, f"NOT({_moved(rule.formula[0], first, row)})"


def _corners(area: Any) -> Iterator[tuple[str, int]]:
    for cells in area.ranges:
        start = cells.coord.split(":")[0]
        yield "".join(filter(str.isalpha, start)), cells.min_row


def _moved(formula: str, origin: int, row: int) -> str:
    return str(Translator(f"={formula}", origin=f"A{origin}").translate_formula(f"A{row}"))[1:]


def with_conditions(book: Any, page: Page, rows: int) -> dict[str, tuple[str, str, int]]:
    """Write the checks beside the table; the cell that each stands in → what it is about."""
    sheet, places, used = book[page.name], {}, dict.fromkeys(range(page.first_row, page.first_row + rows), 0)
    for kind, letter, row, formula in list(conditions(sheet, page, rows)):
        cell = sheet.cell(row, FREE_COLUMN + used[row])
        cell.value, cell.number_format = f"={formula}", "General"
        used[row] += 1
        places[cell.coordinate] = (kind, letter, row)
    return places


def test_the_checks_of_a_template_pass_every_valid_row(tmp_path: Path) -> None:
    """What reading accepts, no drop-down, range or mark objects to."""
    files, asked = {}, {}
    for key in KEYS:
        made = filled(key)
        book = load_workbook(io.BytesIO(made.content))
        asked[key] = {page.name: with_conditions(book, page, JUDGED) for page in made.plan.pages}
        files[key] = bytes_of(book)
    kinds = set()
    for key, path in saved_by_libreoffice(tmp_path, files, "xlsx").items():
        book = load_workbook(path, data_only=True)
        for name, places in asked[key].items():
            judged = {place: book[name][at].value for at, place in places.items()}
            assert {place: said for place, said in judged.items() if said is not True} == {}, (key, name)
            kinds |= {kind for kind, _, _ in judged}
    assert kinds == {"list", "date", "custom", "missing", "duplicate"}


WRONG: dict[str, tuple[dict[str, Any], set[str]]] = {
    "sprachmittlerpool": (
        {
            "request_no": None,
            "requested_on": dt.date(2021, 1, 1),
            "assigned_on": dt.date(2020, 1, 1),
            "municipality": "Musterstadt",
            "hours": 13,
            "fee_eur": -1,
            "status": "vielleicht",
        },
        {"request_no", "requested_on", "assigned_on", "municipality", "hours", "fee_eur", "status"},
    ),
    "schulische_erstberatung": ({"birth_date": dt.date(2022, 1, 1)}, {"birth_date"}),
    "kim_case_management": ({"birth_date": dt.date(2024, 1, 1), "sex": "x"}, {"birth_date", "sex"}),
    "komm_an": (
        {"granted_eur": 10, "paid_eur": 20, "returned_eur": None, "participants": 1.5},
        {"granted_eur", "paid_eur", "participants"},
    ),
    "sprachhelfer": ({"hours_granted": 10, "hours_delivered": 15.1}, {"hours_granted", "hours_delivered"}),
}
"""Programme → what is entered in a row that was valid, and the columns that are objected to."""


def test_the_checks_of_a_template_object_to_what_the_contract_refuses(tmp_path: Path) -> None:
    """A row with wrong values, and the same key twice."""
    files, asked = {}, {}
    for key, (changes, _) in WRONG.items():
        _, book = open_template(key)
        state_facts(book)
        page, entered, _ = valid_rows(key, 5)[0]
        rows: list[Entered] = [entered[0] | changes, entered[1], entered[1]]
        enter(book[page.name], page, rows, page.first_row)
        asked[key] = (page, with_conditions(book, page, len(rows)))
        files[key] = bytes_of(book)
    for key, path in saved_by_libreoffice(tmp_path, files, "xlsx").items():
        page, places = asked[key]
        sheet = load_workbook(path, data_only=True)[page.name]
        objected = {(letter, row) for at, (_, letter, row) in places.items() if sheet[at].value is False}
        wrong = {(page.letter(name), page.first_row) for name in WRONG[key][1]}
        twice = {(page.letter(name), page.first_row + i) for name in page.table.key for i in (1, 2)}
        assert objected == wrong | twice
