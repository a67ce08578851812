"""Templates: filled in they are accepted without a finding; what they offer and forbid is what the contract says."""

from __future__ import annotations

import dataclasses
import io
from pathlib import PurePath
from typing import Any

import pytest
from openpyxl import load_workbook

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.choices import list_key
from kim_pipeline.contracts.model import Programme
from kim_pipeline.contracts.normalise import comparable
from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.office.template.plan import plan_of
from kim_pipeline.office.template.workbook import template
from kim_pipeline.reading.delivery import read_delivery
from kim_pipeline.reading.rows import EXAMPLE_MARK
from kim_pipeline.settings import Settings
from tests.conftest import direct, put
from tests.helpers_tables import KEY, LIMITS, Only, only
from tests.template_data import (
    PERIOD,
    bytes_of,
    enter,
    expected,
    filled,
    got,
    open_template,
    state_facts,
    valid_rows,
)

KEYS = sorted(programmes())
COVERING = [key for key in KEYS if programmes()[key].delivery == "period"]


def read(key: str, content: bytes) -> Only:
    return only(read_delivery(PurePath("Vorlage.xlsx"), content, programmes()[key], KEY, LIMITS))


def assert_gives(key: str, content: bytes, rows: dict[str, list[dict[str, Any]]], notes: int) -> None:
    """The delivery is accepted without a finding, gives exactly these rows, and accounts for the rest as notes."""
    result = read(key, content)
    assert (result.rejected, result.findings) == (None, [])
    for table in programmes()[key].tables:
        accounts = result.tables[table.name].accounts
        assert got(result, table) == expected(table, rows.get(table.name, []))
        assert [(a.quarantined, a.total, a.note) for a in accounts] == [(0, 0, notes)] * len(accounts)
        assert sum(a.accepted for a in accounts) == len(rows.get(table.name, []))
        assert all(a.rows_read == a.accepted + a.note for a in accounts)


@pytest.mark.parametrize("key", KEYS)
def test_a_filled_template_is_accepted_and_gives_back_what_was_entered(key: str) -> None:
    for seed in (1, 2):
        made = filled(key, seed)
        assert_gives(key, made.content, made.rows, notes=1)


@pytest.mark.parametrize("key", KEYS)
def test_the_example_may_be_deleted_and_rows_may_stay_empty_below_it(key: str) -> None:
    without = filled(key, without_example=True)
    assert_gives(key, without.content, without.rows, notes=0)
    below = filled(key, below=7)
    assert_gives(key, below.content, below.rows, notes=1)


@pytest.mark.parametrize("key", KEYS)
def test_an_unfilled_template_has_no_rows_and_lacks_only_its_facts(key: str) -> None:
    untouched = read(key, template(plan_of(programmes()[key])))
    assert untouched.rejected == ("missing_period" if key in COVERING else "missing_as_of")
    assert read(key, template(plan_of(programmes()[key], PERIOD))).rejected == "missing_as_of"
    _, book = open_template(key)
    state_facts(book)
    assert_gives(key, bytes_of(book), {}, notes=1)


@pytest.mark.parametrize("key", KEYS)
def test_the_example_keeps_the_contract(key: str) -> None:
    """With a number of its own instead of the mark, the example would be accepted."""
    plan, book = open_template(key)
    state_facts(book)
    cases = {}
    for page in plan.pages:
        sheet = book[page.name]
        assert str(sheet[f"A{page.example_row}"].value).startswith(EXAMPLE_MARK)
        column = page.columns[0]
        cases[page.table.name] = plan.lists[column.kind].values[0] if column.kind in plan.lists else "001"
        sheet[f"A{page.example_row}"] = cases[page.table.name]
    result = read(key, bytes_of(book))
    assert (result.rejected, result.findings) == (None, [])
    assert all(a.accepted == a.rows_read == 1 for t in result.tables.values() for a in t.accounts)


@pytest.mark.parametrize("key", KEYS)
def test_the_explaining_sheets_are_never_read_as_tables(key: str) -> None:
    plan, _ = open_template(key)
    result = read(key, filled(key).content)
    expected_names = ["Deckblatt", "Erläuterung", *(["Listen"] if plan.lists else [])]
    assert result.ignored_sheets == expected_names


def test_equal_contracts_give_equal_bytes() -> None:
    for key in ("kim_case_management", "fit"):
        assert template(plan_of(programmes()[key], PERIOD)) == template(plan_of(programmes()[key], PERIOD))


@pytest.mark.parametrize("key", KEYS)
def test_drop_downs_offer_what_the_vocabulary_accepts(key: str) -> None:
    plan, book = open_template(key)
    words = vocabulary()
    for page in plan.pages:
        checks = {str(check.sqref): check for check in book[page.name].data_validations.dataValidation}
        for column in page.columns:
            name = list_key(column)
            if name is None:
                continue
            check = checks[page.area(column.name)]
            assert check.type == "list"
            sheet, cells = book.defined_names[check.formula1].attr_text.split("!")
            offered = [row[0].value for row in book[sheet][cells.replace("$", "")]]
            by_kind: dict[str, dict[str, Any]] = {
                "yes_no": words.yes_no,
                "municipality": words.municipalities,
                "ags": {m.ags: m.ags for m in words.county.municipalities},
                "programme": {comparable(p.title): p.key for p in programmes().values()},
                "nationality": {name: code for name, code in words.nationalities.items() if code},
                "language": words.languages,
                "languages": words.languages,
            }
            accepted = by_kind.get(column.kind) or words.category(column.category or "")
            meanings = [accepted[comparable(text)] for text in offered]
            assert len(set(meanings)) == len(offered) == len(set(offered))
            assert set(meanings) == set(accepted.values())


def test_several_languages_are_not_forbidden() -> None:
    plan, book = open_template("fit")
    page = plan.pages[0]
    checks = {str(check.sqref): check for check in book[page.name].data_validations.dataValidation}
    assert not checks[page.area("languages")].showErrorMessage
    assert "mit Komma getrennt" in checks[page.area("languages")].prompt


@pytest.mark.parametrize("key", KEYS)
def test_every_column_has_a_hint_that_spreadsheets_can_show(key: str) -> None:
    """Titles have at most 32 characters and texts 255; more makes Excel call the file damaged."""
    plan, book = open_template(key)
    for sheet in book:
        for check in sheet.data_validations.dataValidation:
            assert check.showInputMessage
            assert 0 < len(check.promptTitle) <= 32
            assert 0 < len(check.prompt) <= 255
            assert len(check.error or "") <= 255
            assert len(check.formula1 or "") <= 255
            assert len(check.formula2 or "") <= 255
    for page in plan.pages:
        hinted = {str(check.sqref) for check in book[page.name].data_validations.dataValidation}
        assert {page.area(column.name) for column in page.columns} <= hinted


@pytest.mark.parametrize("key", KEYS)
def test_sheets_are_ready_to_use(key: str) -> None:
    plan, book = open_template(key)
    for page in plan.pages:
        sheet = book[page.name]
        assert sheet.freeze_panes == f"B{page.header_end + 1}"
        assert (sheet.page_setup.orientation, sheet.page_setup.fitToWidth) == ("landscape", 1)
        assert sheet.print_title_rows == f"$4:${page.header_end}"
        assert not sheet.protection.sheet
        for column in page.columns:
            expected_format = {"date": "dd.mm.yyyy", "whole": "#,##0"}.get(column.kind)
            given = sheet.column_dimensions[page.letter(column.name)].number_format
            assert given == expected_format or column.kind == "number" or given == "@"
            marked = str(sheet[f"{page.letter(column.name)}{_header_row(sheet, page, column)}"].value).endswith(" *")
            assert marked == column.required


def _header_row(sheet: Any, page: Any, column: Any) -> int:
    return page.header_end if column.group else 4


def test_metadata_name_no_person() -> None:
    book = load_workbook(io.BytesIO(template(plan_of(programmes()["fit"]))))
    properties = book.properties
    assert properties.title == "FIT (Frühkindliches Integrationstraining): Vorlage für eine Lieferung"
    assert (properties.creator, properties.lastModifiedBy) == ("kim template", None)


def test_texts_stand_out_from_their_ground() -> None:
    """Contrast of at least 4.5 (WCAG 2.1, 1.4.3)."""
    _, book = open_template("kim_case_management")
    pairs = {
        (cell.font.color.rgb[-6:], cell.fill.start_color.rgb[-6:] if cell.fill.fill_type else "FFFFFF")
        for sheet in book
        for row in sheet.iter_rows(max_row=40)
        for cell in row
        if cell.value is not None
    }
    assert len(pairs) > 5
    assert all(_contrast(*pair) >= 4.5 for pair in pairs)


def _contrast(one: str, other: str) -> float:
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_cover_tells_what_becomes_of_personal_values() -> None:
    texts = _cover_texts("kim_case_management")
    assert "– „Fallnummer“ und „Case Manager/in“ werden durch ein Pseudonym ersetzt." in texts
    assert "– „Name, Vorname“ und „AZR-Nummer“ werden gelöscht." in texts
    assert "– „Geburtsdatum“ wird umgerechnet („Altersgruppe bei Fallaufnahme“) und gelöscht." in texts
    assert any("keine Personenangaben" in text for text in _cover_texts("komm_an"))


def _cover_texts(key: str) -> list[str]:
    _, book = open_template(key)
    return [str(cell.value) for row in book["Deckblatt"].iter_rows() for cell in row if cell.value]


def test_a_period_is_checked_and_left_out_where_the_full_list_is_delivered() -> None:
    assert plan_of(programmes()["fit"], " 2022/23 ").stated == "2022/23"
    assert plan_of(programmes()["fit"], "2022/23").file_name == "fit_2022-23.xlsx"
    assert plan_of(programmes()["kim_case_management"], "2023").file_name == "kim_case_management_Vorlage.xlsx"
    with pytest.raises(ValueError, match="no reporting period"):
        plan_of(programmes()["fit"], "2022/24")


def test_another_programme_gets_its_template_from_its_contract_alone() -> None:
    """A table known under another name, with a sheet name that spreadsheets forbid."""
    kim = programmes()["kim_case_management"]
    cases = dataclasses.replace(kim.tables[0], label="Fälle/Akten: alle aus dem Bestand der Vorjahre")
    other = Programme("other", "Anderes Programm", "snapshot", kim.cadence, (cases,))
    plan = plan_of(other)
    book = load_workbook(io.BytesIO(template(plan)))
    assert book.sheetnames[1] == "Fälle Akten  alle aus dem Besta"


def test_references_to_another_programme_hold(settings: Settings) -> None:
    """Decisions name measures; both are read together as in the nightly run."""
    for key in ("massnahmen", "beschluesse"):
        put(settings, key, "Vorlage.xlsx", filled(key).content)
    deliveries = direct(settings).deliveries
    assert {d.status for d in deliveries} == {"counted"}
    assert [finding for d in deliveries for finding in d.settled] == []


def test_rows_written_over_the_example_are_read() -> None:
    """A clerk who replaces the whole example row loses nothing."""
    _, book = open_template("angebote")
    state_facts(book)
    ((page, entered, values),) = valid_rows("angebote", 1)
    enter(book[page.name], page, entered, page.example_row)
    assert_gives("angebote", bytes_of(book), {page.table.name: values}, notes=0)
