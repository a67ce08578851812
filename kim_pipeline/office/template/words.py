"""What a template tells the clerk about a column, in German: what goes in, which rules hold, what becomes of it.

Belongs here: words made from the contract. Does not belong here: any cell, any one programme.
"""

from __future__ import annotations

from kim_pipeline import german
from kim_pipeline.contracts import programme
from kim_pipeline.contracts.model import Column, Programme, Table
from kim_pipeline.contracts.rules import Bound, RowRule, bounds_of, row_rules
from kim_pipeline.office.template.layout import spoken_header
from kim_pipeline.office.template.plan import Plan

_CONTENT = {
    "text": "Freier Text.",
    "date": "Ein Datum wie 31.01.2023.",
    "number": "Eine Zahl, auch mit Komma.",
    "whole": "Eine ganze Zahl.",
    "yes_no": "„ja“ oder „nein“; leer heißt nein.",
    "category": "Ein Wert aus der Liste.",
    "municipality": "Eine Gemeinde aus der Liste, ein Ortsteil oder „{county}“.",
    "language": "Eine Sprache aus der Liste.",
    "languages": "Eine oder mehrere Sprachen aus der Liste, mit Komma getrennt.",
    "nationality": "Ein Staat aus der Liste.",
    "ags": "Ein Gemeindeschlüssel aus acht Ziffern.",
    "programme": "Ein Programm aus der Liste.",
    "hours": "Eine Dauer in Stunden, als Zahl oder als 1:30.",
    "indicator": "Eine Kennzahl des Katalogs, mit Kürzel oder Namen.",
}
_IN_SHORT = {
    "text": "freier Text",
    "date": "TT.MM.JJJJ",
    "number": "Zahl",
    "whole": "ganze Zahl",
    "yes_no": "ja oder nein",
    "category": "aus der Liste",
    "municipality": "aus der Liste",
    "language": "aus der Liste",
    "languages": "eine oder mehrere, mit Komma",
    "nationality": "aus der Liste",
    "ags": "acht Ziffern",
    "programme": "aus der Liste",
    "hours": "Stunden",
    "indicator": "Kennzahl des Katalogs",
}
_TREATMENT = {
    "pseudonym": "wird durch ein Pseudonym ersetzt",
    "drop": "wird gelöscht",
    "derive": "wird umgerechnet („{derived}“) und gelöscht",
}
_TREATMENT_IN_SHORT = {"pseudonym": "wird Pseudonym", "drop": "wird gelöscht", "derive": "wird umgerechnet"}


def column_sentences(plan: Plan, table: Table, column: Column) -> list[str]:
    """Everything that holds for a column, the most important first; personal treatment is told by `treatment`."""
    rules = [rule for rule in row_rules(table) if column.name in rule.columns]
    content = "Eine Nummer oder ein Kürzel." if _is_number_of_row(table, column) else _CONTENT[column.kind]
    found = [
        "Pflichtangabe." if column.required and column.kind != "yes_no" else "",
        content.format(county=plan.vocabulary.county.name),
        _range(table, column),
        _place_in_time(plan, table, column),
        _uniqueness(table, column),
        _reference(plan.programme, table, column),
        *(_rule(table, rule) for rule in rules),
        "Zeilen anderer Gebiete dürfen stehen bleiben; sie werden nicht gezählt." if column.others_are_notes else "",
    ]
    return [sentence for sentence in found if sentence]


def in_short(plan: Plan, table: Table, column: Column) -> str:
    """Two or three words for the row above the header."""
    words = "Nummer oder Kürzel" if _is_number_of_row(table, column) else _IN_SHORT[column.kind]
    if _reference(plan.programme, table, column):
        words = "bekannte Nummer"
    bounds = _bounds_words(bounds_of(table, column.name))
    return ", ".join(filter(None, [words, bounds]))


def treatment_in_short(column: Column) -> str:
    """The same as `treatment` in two words."""
    return _TREATMENT_IN_SHORT[column.personal] if column.personal else ""


def treatment(table: Table, column: Column) -> str:
    """What happens to a personal value when the file is read; empty for other columns."""
    if column.personal is None:
        return ""
    derived = next((c.label for c in table.columns.values() if c.derived_from == column.name), "")
    return _TREATMENT[column.personal].format(derived=derived)


def _is_number_of_row(table: Table, column: Column) -> bool:
    return column.kind == "text" and table.key[-1:] == (column.name,)


def _range(table: Table, column: Column) -> str:
    found = {"": bounds_of(table, column.name)}
    found |= {c.label: bounds_of(table, c.name) for c in table.columns.values() if c.derived_from == column.name}
    parts = [f"{label} {_bounds_words(bounds)}".strip() for label, bounds in found.items() if bounds]
    return f"Zulässig: {', '.join(parts)}." if parts else ""


def _bounds_words(bounds: tuple[Bound, ...]) -> str:
    """`0 bis 60`, `über 0, höchstens 12`, `mindestens 0`."""
    if len(bounds) > 1 and not any(bound.is_strict for bound in bounds):
        return " bis ".join(german.exact(bound.value) for bound in sorted(bounds, key=lambda b: b.is_upper))
    words = {(True, True): "unter", (True, False): "höchstens", (False, True): "über", (False, False): "mindestens"}
    return ", ".join(f"{words[b.is_upper, b.is_strict]} {german.exact(b.value)}" for b in bounds)


def _place_in_time(plan: Plan, table: Table, column: Column) -> str:
    parts, period = [], plan.period
    if column.period_date and plan.covers_period:
        days = f" ({german.day(period.first)} bis {german.day(period.last)})" if period else ""
        parts.append(f"im Berichtszeitraum{days}")
    if column.kind == "date" and table.future_dates and column.name not in table.may_be_later:
        parts.append("nicht nach dem Stand")
    return f"Liegt {german.listing(parts)}." if parts else ""


def _uniqueness(table: Table, column: Column) -> str:
    if not column.key:
        return ""
    if table.key == (column.name,):
        return "Jede Angabe nur einmal."
    names = german.quoted_listing(
        spoken_header(table.columns[name]) for name in table.key if table.columns[name].headers
    )
    return "Jede Angabe nur einmal." if " und " not in names else f"Jede Verbindung von {names} nur einmal."


def _reference(owner: Programme, table: Table, column: Column) -> str:
    reference = table.reference
    if reference is None or reference.columns[-1][0] != column.name:
        return ""
    if reference.programme is None:
        return f"Muss auch auf dem Blatt „{owner.table(reference.table).label}“ stehen."
    return f"Muss in „{programme(reference.programme).title}“ vorkommen."


def _rule(table: Table, rule: RowRule) -> str:
    headers = {name: f"„{spoken_header(table.columns[name])}“" for name in rule.columns}
    text = rule.expected.format(**headers)
    return f"{text[0].upper()}{text[1:]}."
