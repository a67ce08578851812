"""The sheets of a template that explain: the cover with Berichtszeitraum, Stand and guide, and every column's rules.

Belongs here: the guide's words. Names of columns stand in quotation marks, so that no reader takes them for a header.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from kim_pipeline import german
from kim_pipeline.office.template import style
from kim_pipeline.office.template.layout import AS_OF_NAME, COVER, EXPLANATION, LISTS, PERIOD_NAME, Page, spoken_header
from kim_pipeline.office.template.plan import Plan
from kim_pipeline.office.template.words import column_sentences, treatment

_WIDTHS = (22, 30, 72)
_PERIOD_FORMS = ("????", "????/??", "????/????", "?. Halbjahr ????", "?. Quartal ????", "*.*.???? - *.*.????")
_PERIOD_HINT = "zum Beispiel 2023, 2022/23, 1. Halbjahr 2023, 1. Quartal 2023 oder 01.01.2023 - 30.06.2023"
_AS_OF_HINT = "der Tag, bis zu dem die Angaben reichen, zum Beispiel 15.01.2024"
_FIRST_AS_OF = dt.date(2000, 1, 1)
_EXPLANATION_WIDTHS = (22, 30, 80, 40)


def write_cover(book: Any, plan: Plan) -> None:
    """Add the cover sheet."""
    sheet = book.create_sheet(COVER)
    for letter, width in zip("ABC", _WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    style.put(sheet, "A1", plan.programme.title, style.TITLE)
    sheet.row_dimensions[1].height = 30
    subtitle = f"Lieferung an das Kommunale Integrationszentrum, {plan.vocabulary.county.name}"
    style.put(sheet, "A2", f"{subtitle} · {plan.programme.cadence.label}", style.SUBTITLE)
    row = _write_facts(book, sheet, plan)
    if plan.programme.published is not None:
        row = _write_section(sheet, row, "Statt auszufüllen", [plan.programme.published.retrieve])
    row = _write_section(sheet, row, "So füllen Sie die Datei aus", _steps(plan))
    row = _write_legend(sheet, row)
    _write_section(sheet, row, "Personenangaben", list(_personal(plan.pages)))
    sheet.sheet_view.showGridLines = False
    style.set_up_print(sheet, landscape=False)


def write_explanation(book: Any, plan: Plan) -> None:
    """Add the sheet that lists every column with its rules."""
    sheet = book.create_sheet(EXPLANATION)
    titles = ("Blatt", "Spalte", "Was hineingehört", "Personenangaben")
    for letter, title, width in zip("ABCD", titles, _EXPLANATION_WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
        style.put(sheet, f"{letter}1", title, style.HEADER)
    for row, cells in enumerate(_explanations(plan), start=2):
        for letter, text in zip("ABCD", cells, strict=True):
            style.put(sheet, f"{letter}{row}", text or None, style.BOXED_TEXT)
        heights = (style.height_for(text, width) for text, width in zip(cells, _EXPLANATION_WIDTHS, strict=True))
        sheet.row_dimensions[row].height = max(heights)
    sheet.freeze_panes = "A2"
    style.set_up_print(sheet, repeat="1:1")


def _explanations(plan: Plan) -> Iterator[tuple[str, str, str, str]]:
    """Sheet, column, rules and personal treatment, a row per column of a table."""
    for table in plan.programme.tables:
        pages = [page for page in plan.pages if page.table is table]
        names = ", ".join(page.name for page in pages)
        for column in pages[0].columns:
            personal = treatment(table, column)
            yield names, f"„{spoken_header(column)}“", " ".join(column_sentences(plan, table, column)), personal


def _write_facts(book: Any, sheet: Any, plan: Plan) -> int:
    """The cells for Berichtszeitraum (where each file covers one) and Stand; returns the next free row."""
    row = 4
    if plan.covers_period:
        _write_fact(book, sheet, row, PERIOD_NAME, _PERIOD_HINT)
        sheet[f"B{row}"].value = plan.stated
        _check_period(sheet, f"B{row}")
        row += 1
    _write_fact(book, sheet, row, AS_OF_NAME, _AS_OF_HINT)
    sheet[f"B{row}"].number_format = "dd.mm.yyyy"
    _check_as_of(sheet, f"B{row}")
    return row + 2


def _write_fact(book: Any, sheet: Any, row: int, name: str, hint: str) -> None:
    style.put(sheet, f"A{row}", name, style.STRONG)
    style.put(sheet, f"B{row}", None, style.INPUT)
    style.put(sheet, f"C{row}", hint, style.INDENTED_HINT)
    sheet.row_dimensions[row].height = 24
    book.defined_names[name] = DefinedName(name, attr_text=f"{COVER}!$B${row}")


def _check_period(sheet: Any, cell: str) -> None:
    forms = "+".join(f'COUNTIF({cell},"{form}")' for form in _PERIOD_FORMS)
    check = DataValidation(type="custom", formula1=f"{forms}>0", errorStyle="warning", showErrorMessage=True)
    _tell(sheet, check, cell, PERIOD_NAME, f"Pflichtangabe, {_PERIOD_HINT}.")


def _check_as_of(sheet: Any, cell: str) -> None:
    first = f"DATE({_FIRST_AS_OF.year},{_FIRST_AS_OF.month},{_FIRST_AS_OF.day})"
    check = DataValidation(
        type="date", operator="between", formula1=first, formula2="TODAY()", errorStyle="warning", showErrorMessage=True
    )
    _tell(sheet, check, cell, AS_OF_NAME, f"Pflichtangabe: {_AS_OF_HINT}.")


def _tell(sheet: Any, check: Any, cell: str, title: str, text: str) -> None:
    check.allow_blank, check.showInputMessage = True, True
    check.promptTitle = check.errorTitle = title
    check.prompt = check.error = text
    check.add(cell)
    sheet.add_data_validation(check)


def _write_section(sheet: Any, row: int, title: str, lines: list[str]) -> int:
    """A heading and its lines over the sheet's width; returns the next free row."""
    style.put(sheet, f"A{row}", title, style.HEADING)
    sheet.row_dimensions[row].height = 22
    for text in lines:
        row += 1
        style.put(sheet, f"A{row}", text, style.TEXT)
        sheet.merge_cells(f"A{row}:C{row}")
        sheet.row_dimensions[row].height = style.height_for(text, sum(_WIDTHS))
    return row + 2


def _steps(plan: Plan) -> list[str]:
    facts = "Berichtszeitraum und Stand" if plan.covers_period else "den Stand"
    full = "" if plan.covers_period else " Geliefert wird jedes Mal die vollständige Liste."
    names = german.quoted_listing(page.name for page in plan.pages)
    sheets = f"Füllen Sie das Blatt {names} aus" if len(plan.pages) == 1 else f"Füllen Sie die Blätter {names} aus"
    steps = [
        f"Tragen Sie oben {facts} ein. Ohne diese Angabe kann die Lieferung nicht angenommen werden.{full}",
        f"{sheets}: eine Zeile je Eintrag, ab der Zeile unter dem Beispiel. Die graue Beispielzeile wird nie gelesen; "
        "sie darf stehen bleiben oder gelöscht werden. Ein Blatt ohne Einträge heißt: Es gibt nichts zu melden.",
        "Dunkle Überschriften mit * sind Pflicht. In den anderen Spalten bleibt leer, was Sie nicht wissen. "
        "Bitte ändern Sie die Überschriften nicht.",
        f"Wo es eine Liste gibt, zeigt die Zelle einen Pfeil. Alle Listen stehen auf dem Blatt „{LISTS}“, "
        f"alle Regeln auf dem Blatt „{EXPLANATION}“.",
        f"Speichern Sie die Datei unter einem Namen Ihrer Wahl, zum Beispiel „{plan.file_name}“, und legen Sie sie in "
        f"den Ordner „{plan.programme.key}“ der Lieferungen.",
        "Haben Sie etwas zu berichtigen? Legen Sie die berichtigte Datei mit einem neueren Stand dazu; "
        "die alte kann liegen bleiben.",
    ]
    return [f"{number}. {step}" for number, step in enumerate(steps, start=1)]


def _write_legend(sheet: Any, row: int) -> int:
    """Samples of the colours; returns the next free row."""
    style.put(sheet, f"A{row}", "Farben", style.HEADING)
    sheet.row_dimensions[row].height = 22
    samples = (
        ("Spalte *", style.REQUIRED, None, "Pflichtspalte: In jeder Zeile auszufüllen."),
        ("Spalte", style.HEADER, None, "Freiwillige Spalte: ausfüllen, wenn die Angabe bekannt ist."),
        ("Beispiel", style.EXAMPLE, None, "Beispielzeile: wird nicht gelesen."),
        ("(leer)", style.CELL, style.MISSING, "Hier fehlt noch eine Pflichtangabe."),
        ("doppelt", style.CELL, style.DUPLICATE, "Diesen Eintrag gibt es in einer anderen Zeile schon."),
    )
    for sample, look, fill, text in samples:
        row += 1
        style.put(sheet, f"A{row}", sample, look)
        if fill:
            sheet[f"A{row}"].fill = style.filled(fill)
        style.put(sheet, f"B{row}", text, style.INDENTED)
        sheet.row_dimensions[row].height = 19
    return row + 2


def _personal(pages: tuple[Page, ...]) -> Iterable[str]:
    """What becomes of personal values, one line per kind of treatment."""
    found: dict[str, list[str]] = {}
    for table, column in {(p.table.name, c.name): (p.table, c) for p in pages for c in p.columns}.values():
        names = found.setdefault(treatment(table, column), [])
        if spoken_header(column) not in names:
            names.append(spoken_header(column))
    found.pop("", None)
    if not found:
        yield "Diese Vorlage fragt keine Personenangaben ab. Bitte tragen Sie auch in Textspalten keine Namen ein."
        return
    yield (
        "Spalten, über denen „Person“ steht, enthalten Angaben zu Personen. Sie gelangen so nicht in den Datenbestand; "
        "schon beim Einlesen geschieht Folgendes:"
    )
    for words, names in found.items():
        told = german.plural(len(names), words, words.replace("wird ", "werden ", 1))
        yield f"– {german.quoted_listing(names)} {told}."
    yield "Bitte tragen Sie in andere Spalten keine Namen ein und bewahren Sie die Datei entsprechend geschützt auf."
