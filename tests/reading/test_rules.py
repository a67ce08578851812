"""Every rule of `deliveries.md` §3 and §7 does what the facit cases say.

Further down, tests prove that no required column, bound, rule or flag of the contracts lacks a case;
`test_rules_mutation.py` proves that the cases notice when one of them changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.model import Programme, Table
from kim_pipeline.contracts.rules import declared_rule
from kim_pipeline.reading.evaluation import Evaluation
from kim_pipeline.reading.formats.cells import ErrorCell, Sheet
from kim_pipeline.reading.personal import pseudonym
from kim_pipeline.reading.table_result import ContractError, TableResult
from tests.facit import Expected, Facit, Row, facits
from tests.helpers_tables import KEY, TABLES, header_of, read_sheets_of, sheet_of, table_of

KNOWN_CASES = [f"F{n}" for n in range(200)]
AGS = ["05570004", "05570008", "05570012", "05570016", "05570020", "05570024", "05570028"]

FACIT: dict[tuple[str, str], Facit] = {
    (programme, name): facit for programme, known in facits().items() for name, facit in known.tables.items()
}
PERIODS = {programme: known.period for programme, known in facits().items()}
SHEETS = {programme: known.sheet for programme, known in facits().items()}
NOTICES = {"unknown_language", "unknown_nationality", "unknown_indicator"}
WARNINGS = {"target_incomplete"}


# --- running cases ---------------------------------------------------------------------------------------------------

Found = tuple[str, str, str, str]
"""Rule, header, severity and raw text of a finding."""
Case = list[tuple[Row, set[Found]]]
"""Rows that are read together, each with its findings."""


def numbered(base: Row, n: int) -> Row:
    return {h: c.format(n=n, ags=AGS[n % len(AGS)]) if isinstance(c, str) else c for h, c in base.items()}


def raw(facit: Facit, header: str, cell: Any) -> str:
    if header in facit.hidden:
        return "***"
    return cell.raw if isinstance(cell, ErrorCell) else str(cell)


def as_case(facit: Facit, rows: list[tuple[Row, Expected]]) -> Case:
    """Rows with errors; the raw text is the cell's."""
    case: Case = []
    for n, (changes, expected) in enumerate(rows):
        row = numbered(facit.base, n) | changes
        told = ((rule, h, "warning" if rule in WARNINGS else "error") for rule, h in expected)
        case.append((row, {(rule, h, how, raw(facit, h, row[h])) for rule, h, how in told}))
    return case


def severity(facit: Facit, header: str, rule: str) -> str:
    if rule in NOTICES:
        return "notice"
    return "error" if header in facit.required else "warning"


def cell_cases(facit: Facit) -> Iterator[tuple[str, Case]]:
    """Required cells that are blank, and cells that cannot be read."""
    for header in facit.required:
        expected = (
            set() if header in facit.blank_is_no else {("missing_value", header, "error", raw(facit, header, "k. A."))}
        )
        yield f"missing {header}", [(numbered(facit.base, 1) | {header: "k. A."}, expected)]
    for header, (cell, rule) in facit.unparsable.items():
        found = {(rule, header, severity(facit, header, rule), raw(facit, header, cell))}
        yield f"unparsable {header}", [(numbered(facit.base, 1) | facit.quiet | {header: cell}, found)]


def cases(facit: Facit) -> Iterator[tuple[str, Case]]:
    """All cases of a table by name."""
    yield "base", as_case(facit, [({}, set()), ({}, set())])
    yield from cell_cases(facit)
    for changes in facit.kept:
        yield f"kept {changes}", as_case(facit, [(changes, set())])
    for changes, expected in facit.broken:
        yield f"broken {changes}", as_case(facit, [(changes, expected)])
    for number, rows in enumerate(facit.sequences):
        yield f"sequence {number}", as_case(facit, rows)


def facit_sheet(rows: list[Row], name: str) -> Sheet:
    """A sheet whose columns are those of the first row; `group|detail` makes a header of two rows."""
    names = [header.partition("|") for header in rows[0]]
    cells = [list(row.values()) for row in rows]
    if not any(detail for _, _, detail in names):
        return sheet_of([list(rows[0]), *cells], name)
    groups = [group if detail else "" for group, _, detail in names]
    upper = ["" if at and groups[at - 1] == g else g for at, g in enumerate(groups)]
    return sheet_of([upper, [detail or group for group, _, detail in names], *cells], name)


def known_cases() -> pa.Table:
    return pa.table({"case_no": [pseudonym(KEY, number) for number in [*KNOWN_CASES, "D1", "d1"]]})


def read_rows(programme: Programme, table: str, rows: list[Row]) -> TableResult:
    return read_sheets_of(
        programme,
        table,
        [facit_sheet(rows, SHEETS[programme.key])],
        period=PERIODS[programme.key],
        known=known_cases(),
    )


def findings_of(programme: Programme, table: str, rows: list[Row]) -> tuple[list[set[Found]], TableResult]:
    """Per row its findings, columns by the key of the facit."""
    result = read_rows(programme, table, rows)
    headers = list(rows[0])
    first = 3 if any("|" in h for h in headers) else 2
    found: list[set[Found]] = [set() for _ in rows]
    for f in result.findings:
        assert f.row is not None
        assert f.column_letter is not None
        header = headers[ord(f.column_letter) - ord("A")]
        assert f.column_name == header.rpartition("|")[2]
        entry = (f.rule, header, f.severity, f.raw or "")
        assert entry not in found[f.row - first], f"twice: {entry}"
        found[f.row - first].add(entry)
    return found, result


def problem_of(programme: Programme, table: str, case: Case) -> str | None:
    """What is wrong with a case, or None."""
    found, result = findings_of(programme, table, [row for row, _ in case])
    expected = [e for _, e in case]
    if found != expected:
        return f"expected {expected}, found {found}"
    bad = sum(any(f[2] == "error" for f in e) for e in expected)
    account = result.accounts[0]
    counts = (account.rows_read, account.accepted, account.quarantined, account.total, account.note)
    return None if counts == (len(case), len(case) - bad, bad, 0, 0) else f"account {counts}"


CASES = [(p, t, name, case) for (p, t), facit in FACIT.items() for name, case in cases(facit)]


@pytest.mark.parametrize(
    ("programme", "table", "case"), [c[:2] + c[3:] for c in CASES], ids=[" ".join(c[:3]) for c in CASES]
)
def test_case(programme: str, table: str, case: Case) -> None:
    assert problem_of(programmes()[programme], table, case) is None


def reference_problem(programme: Programme, table: str, facit: Facit) -> str | None:
    """Whether rows that refer to another programme wait for it, with their target."""
    rows = [numbered(facit.base, n) | changes for n, (changes, _) in enumerate(facit.refers_to)]
    if not rows:
        return None
    found = [p.target for p in read_rows(programme, table, rows).pending]
    expected = [target for _, target in facit.refers_to]
    return None if found == expected else f"expected {expected}, found {found}"


def period_date_problem(programme: Programme, table: str, facit: Facit) -> str | None:
    """Whether the column of the period date is the one that the contract prints bold."""
    name = programme.table(table).period_date
    header = None if name is None else programme.table(table).columns[name].headers[0]
    return None if header == facit.period_date else f"expected {facit.period_date}, found {header}"


@pytest.mark.parametrize(("programme", "table"), TABLES)
def test_references_and_period_dates(programme: str, table: str) -> None:
    facit, contract = FACIT[programme, table], programmes()[programme]
    assert reference_problem(contract, table, facit) is None
    assert period_date_problem(contract, table, facit) is None


# --- nothing lacks a case --------------------------------------------------------------------------------------------


def header_key(table: Table, name: str) -> str:
    """The header of a column as the facit writes it; a derived column is reported at its source."""
    c = table.columns[table.columns[name].derived_from or name]
    known = FACIT[next(key for key in FACIT if table_of(*key) is table)].base
    accepted = [f"{g}|{h}" if g else h for g in c.group or ("",) for h in c.headers]
    return next(h for h in accepted if h in known)


def all_broken(facit: Facit) -> list[tuple[Row, Expected]]:
    return [*facit.broken, *(row for rows in facit.sequences for row in rows)]


def bounds() -> list[tuple[str, str, str, str]]:
    found = []
    for programme, table in TABLES:
        for name, column in table_of(programme, table).schema.columns.items():
            found += [(programme, table, name, str(check.name)) for check in column.checks]
    return found


def row_rules() -> list[tuple[str, str, str, tuple[str, ...]]]:
    found = []
    for programme, table in TABLES:
        for check in table_of(programme, table).schema.checks:
            rule = declared_rule(check)
            assert rule is not None
            found.append((programme, table, rule.rule, rule.columns))
    return found


@pytest.mark.parametrize(("programme", "table"), TABLES)
def test_every_column_has_its_cases(programme: str, table: str) -> None:
    contract, facit = table_of(programme, table), FACIT[programme, table]
    delivered = [c for c in contract.delivered if c.headers]
    assert {header_key(contract, c.name) for c in delivered} == set(facit.base) == set(facit.unparsable)
    assert {header_key(contract, c.name) for c in delivered if c.required} == set(facit.required)
    assert {header_key(contract, c.name) for c in delivered if c.personal} == facit.hidden


@pytest.mark.parametrize(("programme", "table", "column", "bound"), bounds())
def test_every_bound_has_cases_on_both_sides(programme: str, table: str, column: str, bound: str) -> None:
    facit, header = FACIT[programme, table], header_key(table_of(programme, table), column)
    assert bound in {"greater_than", "greater_than_or_equal_to", "less_than", "less_than_or_equal_to"}
    assert any(("out_of_range", header) in expected and header in row for row, expected in facit.broken)
    assert any(header in row for row in facit.kept)


@pytest.mark.parametrize(("programme", "table", "rule", "columns"), row_rules())
def test_every_rule_of_a_row_has_cases(programme: str, table: str, rule: str, columns: tuple[str, ...]) -> None:
    facit = FACIT[programme, table]
    headers = {header_key(table_of(programme, table), c) for c in columns}
    assert any(found == rule and at in headers for _, expected in facit.broken for found, at in expected)
    assert any(headers & set(row) for row in facit.kept)


@pytest.mark.parametrize(("programme", "table"), TABLES)
def test_every_flag_has_its_cases(programme: str, table: str) -> None:
    contract, facit = table_of(programme, table), FACIT[programme, table]
    expected = [finding for _, found in all_broken(facit) for finding in found]
    judged = [c for c in contract.delivered if c.kind == "date" and c.name not in contract.may_be_later]
    dates = {header_key(contract, c.name) for c in judged}
    assert {h for rule, h in expected if rule == "future_date"} == (dates if contract.future_dates else set())
    assert any(rule == "orphan" for rule, _ in expected) is (contract.reference is not None and not facit.refers_to)
    placed = PERIODS[programme] is not None and contract.period_date is not None
    assert any(rule == "outside_period" for rule, _ in expected) is placed
    if contract.reference is None or contract.reference.programme is None:
        assert any(rule == "duplicate_key" for rule, _ in expected)


# --- what is accepted is proven --------------------------------------------------------------------------------------


def of_schema(table: Table) -> set[str]:
    """The rules that pandera itself knows."""
    declared = [declared_rule(check) for check in table.schema.checks]
    bounded = {"out_of_range"} if any(column.checks for column in table.schema.columns.values()) else set[str]()
    return bounded | {rule.rule for rule in declared if rule is not None}


RULED = [(programme, table) for programme, table in TABLES if of_schema(table_of(programme, table))]


@pytest.mark.parametrize(("programme", "table"), RULED)
def test_no_row_that_breaks_a_rule_is_accepted_even_where_nobody_looked(
    programme: str, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where our own walk through the rules is left out, validating what is accepted still finds what it would have."""
    monkeypatch.setattr(Evaluation, "apply_rules", lambda self: None)
    facit, rules = FACIT[programme, table], of_schema(table_of(programme, table))
    broken = [changes for changes, expected in facit.broken if {rule for rule, _ in expected} & rules]
    assert broken
    for changes in broken:
        row = numbered(facit.base, 1) | changes
        with pytest.raises(ContractError) as error:
            read_rows(programmes()[programme], table, [row])
        texts = [cell for cell in row.values() if isinstance(cell, str) and len(cell) > 2]
        assert not [text for text in texts if text in str(error.value)]


# --- the order of evaluation -----------------------------------------------------------------------------------------


def rules_of(programme: str, table: str, **changes: Any) -> list[tuple[str, str]]:
    """Rule and severity of the findings of the base row with changes, in the order reported."""
    facit = FACIT[programme, table]
    renamed = {h: changes.get(h, c) for h, c in numbered(facit.base, 1).items()}
    return [(f.rule, f.severity) for f in read_rows(programmes()[programme], table, [renamed]).findings]


def test_empty_tokens_come_before_error_cells() -> None:
    assert rules_of("suedosteuropa", "contacts", Datum=ErrorCell("#N/A")) == [("missing_value", "error")]
    assert rules_of("suedosteuropa", "contacts", Art="#NV") == []


def test_error_cells_come_before_parsing() -> None:
    assert rules_of("suedosteuropa", "contacts", Datum="#WERT!") == [("error_cell", "error")]
    assert rules_of("suedosteuropa", "contacts", Datum=ErrorCell("=HEUTE()")) == [("error_cell", "error")]


def test_a_cell_that_cannot_be_read_is_not_missing_too() -> None:
    assert rules_of("suedosteuropa", "contacts", Datum="gestern") == [("invalid_date", "error")]


def test_a_cell_becomes_null_before_the_rules_apply() -> None:
    found = rules_of("sprachmittlerpool", "requests", Datum="31.02.2023")
    assert found == [("invalid_date", "warning"), ("status_incomplete", "error")]
    assert rules_of("patenprojekt", "mentorships", Ergebnis="Lehre") == [
        ("invalid_value", "warning"),
        ("status_incomplete", "error"),
    ]


def test_the_rules_apply_to_all_cells_that_have_values() -> None:
    found = rules_of("sprachmittlerpool", "requests", Ort="", Datum="01.02.2023", **{"Honorar (€)": "-1"})
    assert found == [("missing_value", "error"), ("out_of_range", "error"), ("date_order", "error")]


def test_a_row_lists_all_its_errors_and_is_quarantined_once() -> None:
    rows = [{"Nr.": "D1"}, {"Nr.": "D1", "Anfrage am": "01.12.2022", "Datum": "01.11.2022", "Ort": "Köln"}]
    facit = FACIT["sprachmittlerpool", "requests"]
    result = read_rows(programmes()["sprachmittlerpool"], "requests", [facit.base | row for row in rows])
    assert [f.rule for f in result.findings] == [
        "unknown_municipality",
        "date_order",
        "outside_period",
        "duplicate_key",
    ]
    assert {f.severity for f in result.findings} == {"error"}
    assert result.accounts[0].quarantined == 1


def test_a_row_of_an_absent_case_lists_orphan_before_duplicate_key() -> None:
    facit = FACIT["kim_case_management", "stations"]
    rows = [facit.base | {"Fallnummer": "F1"}, facit.base | {"Fallnummer": "F1", "Beginn": "16.01.2024", "Ende": ""}]
    result = read_rows(programmes()["kim_case_management"], "stations", rows)
    assert [f.rule for f in result.findings] == ["future_date", "duplicate_key"]


# --- duplicate keys --------------------------------------------------------------------------------------------------

SOE = programmes()["suedosteuropa"]


def soe(*rows: Row) -> list[set[str]]:
    found, _ = findings_of(
        SOE, "contacts", [numbered(FACIT["suedosteuropa", "contacts"].base, 1) | row for row in rows]
    )
    return [{f[0] for f in row} for row in found]


def test_a_row_with_an_error_holds_no_key() -> None:
    assert soe({"Ort": "Köln"}, {}, {}) == [{"unknown_municipality"}, set(), {"duplicate_key"}]


def test_a_warning_does_not_keep_a_row_from_holding_its_key() -> None:
    assert soe({"Art": "Fax"}, {}) == [{"invalid_value"}, {"duplicate_key"}]


def test_a_later_row_gets_it_beside_its_other_errors() -> None:
    assert soe({}, {"Ort": "Köln"}, {}) == [set(), {"unknown_municipality", "duplicate_key"}, {"duplicate_key"}]


def test_a_row_without_a_key_is_no_duplicate() -> None:
    assert soe({"Nr.": ""}, {"Nr.": ""}) == [{"missing_value"}, {"missing_value"}]


def test_a_row_outside_the_period_holds_no_key() -> None:
    assert soe({"Datum": "01.01.2022"}, {}) == [{"outside_period"}, set()]


def test_keys_are_held_over_all_sheets_of_a_table() -> None:
    base = {h: c for h, c in FACIT["komm_an", "grants"].base.items() if h != "Baustein"} | {"Antrag-Nr.": "1"}
    sheets = [facit_sheet([base], "Baustein A"), facit_sheet([base], "Baustein B")]
    result = read_sheets_of("komm_an", "grants", sheets, period="2023")
    assert [(f.sheet, f.row, f.rule) for f in result.findings] == [("Baustein B", 2, "duplicate_key")]
    assert [(a.sheet, a.accepted, a.quarantined) for a in result.accounts] == [
        ("Baustein A", 1, 0),
        ("Baustein B", 0, 1),
    ]


def test_the_same_number_in_two_concepts_is_no_duplicate() -> None:
    base = FACIT["massnahmen", "measures"].base | {"Nr.": "1"}
    sheets = [facit_sheet([base, base], "Integrationskonzept 2010"), facit_sheet([base], "Handlungskonzept 2016")]
    result = read_sheets_of("massnahmen", "measures", sheets)
    assert [(f.sheet, f.row, f.rule, f.column_letter) for f in result.findings] == [
        ("Integrationskonzept 2010", 3, "duplicate_key", "A")
    ]


# --- where a finding stands ------------------------------------------------------------------------------------------


def test_a_finding_names_a_column_that_the_file_has() -> None:
    facit = FACIT["sprachmittlerpool", "requests"]
    row = {h: c for h, c in facit.base.items() if h != "Dauer (Std.)"}
    found = read_rows(programmes()["sprachmittlerpool"], "requests", [row]).findings
    assert [(f.rule, f.column_name, f.column_letter, f.raw) for f in found] == [
        ("status_incomplete", "Status", "J", "durchgeführt")
    ]


def test_a_finding_of_a_personal_cell_never_shows_it() -> None:
    facit = FACIT["kim_case_management", "cases"]
    row = facit.base | {
        "Fallnummer": "F1",
        "Geburtsdatum": "16.01.2024",
        "Name, Vorname": "#REF!",
        "AZR-Nummer": "#NUM!",
    }
    found = read_rows(programmes()["kim_case_management"], "cases", [row]).findings
    assert {(f.rule, f.raw) for f in found} == {("future_date", "***"), ("error_cell", "***")}
    assert not any(secret in f.message for f in found for secret in ("2024-01-16", "16.01.2024:", "#REF!", "#NUM!"))


def test_personal_values_are_pseudonyms_or_gone() -> None:
    for (programme, table), facit in FACIT.items():
        rows = read_rows(programmes()[programme], table, [numbered(facit.base, 1)]).rows
        for c in table_of(programme, table).delivered:
            if c.personal == "pseudonym":
                plain = numbered(facit.base, 1)[header_key(table_of(programme, table), c.name)]
                assert rows.column(c.name).to_pylist() == [pseudonym(KEY, plain)]
            elif c.personal:
                assert c.name not in rows.column_names


@pytest.mark.parametrize(
    ("birth", "group"),
    [
        ("16.03.2005", "0-17"), ("15.03.2005", "18-26"), ("16.03.1996", "18-26"), ("15.03.1996", "27-39"),
        ("16.03.1983", "27-39"), ("15.03.1983", "40-64"), ("16.03.1958", "40-64"), ("15.03.1958", "65+"),
        ("", None), ("16.03.2023", None),
    ],
)  # fmt: skip
def test_the_age_group_is_taken_at_the_opening(birth: str, group: str | None) -> None:
    row = numbered(FACIT["kim_case_management", "cases"].base, 1) | {"Geburtsdatum": birth}
    rows = read_rows(programmes()["kim_case_management"], "cases", [row]).rows
    assert rows.column("age_group").to_pylist() == [group]


# --- tables with rows of their own kind ------------------------------------------------------------------------------


def test_a_cross_table_becomes_a_row_per_half_year() -> None:
    base = numbered(FACIT["mercator", "tuition"].base, 1)
    empty = {h: "" for h in base if h.startswith("1. ")}
    result = read_rows(programmes()["mercator"], "tuition", [base, base | empty | {"Schule": "West"}])
    assert [(a.rows_read, a.accepted) for a in result.accounts] == [(2, 2)]
    assert [(r["school"], r["half_year"], r["pupils"]) for r in result.rows.to_pylist()] == [
        ("Schule 1", 1, 12),
        ("Schule 1", 2, 14),
        ("West", 2, 14),
    ]


@pytest.mark.parametrize("ags", ["05570", "05515000", "5515000", "05", "5", "5570", "055", 5570.0])
def test_other_areas_are_notes(ags: Any) -> None:
    facit = FACIT["bevoelkerung", "population"]
    rows = [facit.base | {"AGS": "05570004"}, facit.base | {"AGS": ags, "Bevölkerung|insgesamt": "viele"}]
    result = read_rows(programmes()["bevoelkerung"], "population", rows)
    assert result.findings == []
    assert [(a.rows_read, a.accepted, a.note) for a in result.accounts] == [(2, 1, 1)]


@pytest.mark.parametrize(
    ("ags", "rule"),
    [("", "missing_value"), ("?", "missing_value"), ("ABC", "invalid_value"), ("055700041", "invalid_value")],
)
def test_a_row_without_an_area_is_an_error(ags: str, rule: str) -> None:
    result = read_rows(
        programmes()["bevoelkerung"], "population", [FACIT["bevoelkerung", "population"].base | {"AGS": ags}]
    )
    assert [f.rule for f in result.findings] == [rule]


def test_minutes_become_hours() -> None:
    base = numbered(FACIT["sprachmittlerpool", "requests"].base, 1)
    minutes = {"Dauer (Min.)" if h == "Dauer (Std.)" else h: c for h, c in base.items()}
    rows = [minutes | {"Nr.": str(n), "Dauer (Min.)": text} for n, text in enumerate(["90", "720", "721", "0"])]
    found, result = findings_of(programmes()["sprachmittlerpool"], "requests", rows)
    assert result.rows.column("hours").to_pylist() == [1.5, 12.0]
    assert [{f[0] for f in row} for row in found] == [set(), set(), {"out_of_range"}, {"out_of_range"}]


def test_a_table_without_rows() -> None:
    for (programme, table), facit in FACIT.items():
        sheet = facit_sheet([numbered(facit.base, 1)], SHEETS[programme])
        header = header_of(programme, sheet)
        assert header is not None
        bare = sheet_of([sheet.row(r) for r in range(header.last_row + 1)], sheet.name)
        result = read_sheets_of(programme, table, [bare], period=PERIODS[programme], known=known_cases())
        assert len(result.rows) == 0
        assert [a.rows_read for a in result.accounts] == [0]


def test_an_optional_column_that_is_absent_is_null() -> None:
    row = {h: c for h, c in numbered(FACIT["suedosteuropa", "contacts"].base, 1).items() if h != "Art"}
    assert read_rows(SOE, "contacts", [row]).rows.column("channel").to_pylist() == [None]


def test_an_empty_yes_or_no_is_no() -> None:
    base = FACIT["kim_case_management", "stations"].base
    rows = [base | {"Fallnummer": f"F{n}", "Fehlsteuerung": text} for n, text in enumerate(["", "-", "ja"])]
    result = read_rows(programmes()["kim_case_management"], "stations", rows)
    assert result.rows.column("misrouted").to_pylist() == [False, False, True]
