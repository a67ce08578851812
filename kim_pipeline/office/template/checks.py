"""What a template checks while it is filled in: drop-downs, ranges, orders of dates, keys, references, input hints.

Belongs here: the contract's rules as a spreadsheet's validation and conditional formats. They help the clerk while
typing; what counts is decided when the delivery is read, which knows more spellings than a drop-down offers.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from openpyxl.formatting.rule import FormulaRule
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from kim_pipeline.contracts.choices import list_key
from kim_pipeline.contracts.model import Column
from kim_pipeline.contracts.rules import bounds_of, row_rules
from kim_pipeline.office.template import style
from kim_pipeline.office.template.layout import AS_OF_NAME, Page, header_text
from kim_pipeline.office.template.plan import Plan
from kim_pipeline.office.template.words import column_sentences, treatment

_LONGEST_TITLE, _LONGEST_TEXT = 32, 255
"""What spreadsheets show of a hint."""

_CLOSED = frozenset({"category", "yes_no", "programme"})
"""Kinds whose list is complete; in the others a value beside the list needs a confirmation."""
_OPEN = frozenset({"languages", "ags"})
"""Kinds whose cells may hold what no list can enumerate: several values, areas outside the county."""

_FIRST_DAY, _LAST_DAY = "DATE(1900,3,1)", "DATE(2099,12,31)"
_ROUNDING = "0.000001"
_EXAMPLE_TITLE = "Nur ein Beispiel"
_EXAMPLE_TEXT = (
    "Diese Zeile zeigt, wie eine Zeile aussieht. Sie wird nicht gelesen. Bitte in der Zeile darunter beginnen; "
    "das Beispiel darf stehen bleiben oder als ganze Zeile gelöscht werden."
)


def add_checks(book: Any, plan: Plan) -> None:
    """Add validation, hints and marks to every sheet to fill in; the workbook has the sheets already."""
    for page in plan.pages:
        sheet = book[page.name]
        _guard_example(sheet, page)
        for column in page.columns:
            check = _validation(book, plan, page, column)
            _tell(check, column, column_sentences(plan, page.table, column), treatment(page.table, column))
            check.add(page.area(column.name))
            sheet.add_data_validation(check)
        _mark_missing(sheet, page)
        _mark_duplicates(sheet, page)


def _tell(check: Any, column: Column, told: list[str], personal: str) -> None:
    check.showInputMessage, check.promptTitle = True, header_text(column)[:_LONGEST_TITLE]
    check.prompt = _fitting([*told, f"Personenangabe: {personal}." if personal else ""])
    if check.type is not None and check.showErrorMessage:
        check.errorTitle, check.error = "Bitte prüfen", _fitting(told)


def _fitting(told: list[str]) -> str:
    """As many whole sentences as a spreadsheet shows."""
    text = ""
    for sentence in filter(None, told):
        if len(text) + len(sentence) < _LONGEST_TEXT:
            text = f"{text} {sentence}".strip()
    return text


def _validation(book: Any, plan: Plan, page: Page, column: Column) -> Any:
    """The check of one column; without a type where anything may be entered."""
    key, reference = list_key(column), page.table.reference
    if key is not None:
        return _from_list(plan.lists[key].name, column)
    if column.kind == "date":
        return _date(plan, page, column)
    if column.kind in ("number", "whole", "hours"):
        return _number(page, column)
    if reference is not None and reference.programme is None and reference.columns[-1][0] == column.name:
        target = next(other for other in plan.pages if other.table.name == reference.table)
        return _from_entries(book, target, reference.columns[-1][1])
    if [name for name in page.table.key if page.has(name)] == [column.name]:
        return _check("custom", f"SUMPRODUCT(--EXACT({page.span(column.name)},{page.cell(column.name)}))=1", "warning")
    return DataValidation(allow_blank=True)


def _check(kind: str, formula: str, severity: str, *, until: str | None = None) -> Any:
    return DataValidation(
        type=kind, formula1=formula, formula2=until, operator="between" if until else None, allow_blank=True,
        errorStyle=severity, showErrorMessage=True,
    )  # fmt: skip


def _from_list(name: str, column: Column) -> Any:
    check = _check("list", name, "stop" if column.kind in _CLOSED else "warning")
    check.showErrorMessage = column.kind not in _OPEN
    return check


def _from_entries(book: Any, target: Page, column: str) -> Any:
    """A drop-down of what has been entered on another sheet; the defined name follows deleted and inserted rows."""
    name = f"Eingetragen_{target.table.name}_{column}"
    span = target.span(column, with_sheet=True)
    filled = f"INDEX({span},1):INDEX({span},MAX(1,COUNTA({span})))"
    book.defined_names[name] = DefinedName(name, attr_text=filled)
    return _check("list", name, "warning")


def _date(plan: Plan, page: Page, column: Column) -> Any:
    """A day within the period, not after Stand, in the contract's order with the row's other days."""
    earliest, latest = [_FIRST_DAY], [_LAST_DAY]
    if column.period_date and plan.period is not None:
        earliest, latest = [_day(plan.period.first)], [_day(plan.period.last)]
    if page.table.future_dates and column.name not in page.table.may_be_later:
        latest.append(f"IF(N({AS_OF_NAME})>0,{AS_OF_NAME},{_LAST_DAY})")
    for rule in row_rules(page.table):
        if rule.rule == "date_order" and column.name in rule.columns:
            at = rule.columns.index(column.name)
            earliest += [page.cell(name) for name in rule.columns[:at]]
            latest += [page.cell(name) for name in rule.columns[at + 1 :]]
    for derived in page.table.columns.values():
        if derived.derived_from == column.name and derived.derived_at:
            _add_ages(page, derived, earliest, latest)
    return _check("date", f"MAX({','.join(earliest)})", "stop", until=f"MIN({','.join(latest)})")


def _add_ages(page: Page, derived: Column, earliest: list[str], latest: list[str]) -> None:
    """A birthday that gives an age within its bounds on the day at which the age is taken."""
    day = page.cell(derived.derived_at or "")
    for bound in bounds_of(page.table, derived.name):
        months = 12 * (int(bound.value) + bound.is_upper)
        birthday = f"EDATE({day},-{months})" + ("+1" if bound.is_upper else "")
        side, otherwise = (earliest, _FIRST_DAY) if bound.is_upper else (latest, _LAST_DAY)
        side.append(f"IF(N({day})>0,{birthday},{otherwise})")


def _number(page: Page, column: Column) -> Any:
    """A number within its bounds, whole where the contract says so, and within another amount of the row.

    Hours may be entered as a time or as text (`1:30`), too: these are judged when they are read, so that the check of a
    number of hours warns only.
    """
    cell, is_hours = page.cell(column.name), column.kind == "hours"
    signs = {(True, True): "<", (True, False): "<=", (False, True): ">", (False, False): ">="}
    parts = [f"ISNUMBER({cell})", *([f"{cell}=INT({cell})"] if column.kind == "whole" else [])]
    parts += [f"{cell}{signs[b.is_upper, b.is_strict]}{b.value:.10g}" for b in bounds_of(page.table, column.name)]
    for rule in row_rules(page.table):
        if rule.factor is not None and column.name in rule.columns:
            smaller, larger = (page.cell(name) for name in rule.columns)
            other = larger if column.name == rule.columns[0] else smaller
            limit = f"{smaller}<={rule.factor:g}*{larger}+{_ROUNDING}"
            parts.append(f"IF(ISNUMBER({other}),{limit},TRUE)")
    fits = f"AND({','.join(parts)})"
    return _check(
        "custom", f"OR(NOT(ISNUMBER({cell})),{fits})" if is_hours else fits, "warning" if is_hours else "stop"
    )


def _day(day: dt.date) -> str:
    return f"DATE({day.year},{day.month},{day.day})"


def _guard_example(sheet: Any, page: Page) -> None:
    """Keep the example from being typed over cell by cell, which would leave parts of it in a row that counts."""
    row, last = page.example_row, page.last_letter
    key = _check("custom", f"COUNTA($B{row}:${last}{row})=0", "warning")
    rest = _check("custom", f'LEFT($A{row},1)<>"*"', "stop")
    for check, cells in ((key, f"A{row}"), (rest, f"B{row}:{last}{row}")):
        check.allow_blank = False
        check.showInputMessage, check.promptTitle, check.prompt = True, _EXAMPLE_TITLE, _EXAMPLE_TEXT
        check.errorTitle, check.error = _EXAMPLE_TITLE, _EXAMPLE_TEXT
        check.add(cells)
        sheet.add_data_validation(check)


def _mark_missing(sheet: Any, page: Page) -> None:
    """Fill the required cells of a begun row that are still empty."""
    needed = [column for column in page.columns if column.required and column.kind != "yes_no"]
    for column in needed:
        row = page.first_row
        formula = f"AND(COUNTA($A{row}:${page.last_letter}{row})>0,LEN(TRIM({page.cell(column.name)}))=0)"
        _mark(sheet, page.area(column.name), formula, style.MISSING)


def _mark_duplicates(sheet: Any, page: Page) -> None:
    """Fill the key cells of rows whose key another row has, too."""
    names = [name for name in page.table.key if page.has(name)]
    same = ",".join(f"--EXACT({page.span(name)},{page.cell(name)})" for name in names)
    filled = ",".join(f"LEN({page.cell(name)})>0" for name in names)
    for name in names:
        _mark(sheet, page.area(name), f"AND({filled},SUMPRODUCT({same})>1)", style.DUPLICATE)


def _mark(sheet: Any, cells: str, formula: str, colour: str) -> None:
    sheet.conditional_formatting.add(cells, FormulaRule(formula=[formula], fill=style.filled(colour)))
