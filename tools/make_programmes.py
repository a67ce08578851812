"""Writes `docs/programme.md`: what each programme delivers, and in the data protection page what of it is not stored.

Belongs here: the layout of that page and of that list, both from the contracts. Does not belong here: any text about a
column or a rule; these are the words that the templates use.

Run `python tools/make_programmes.py` to write both, with `--check` to compare only (exit code 1 if it is stale).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.calendar import Cadence
from kim_pipeline.contracts.model import Column, Programme, Table
from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.office.template.plan import Plan, plan_of
from kim_pipeline.office.template.words import column_sentences, treatment

TARGET = Path(__file__).resolve().parents[1] / "docs" / "programme.md"
DATA_PROTECTION = TARGET.with_name("data_protection.md")
_LIST_BEGINS, _LIST_ENDS = "<!-- not stored -->", "<!-- end -->"
_HEAD = """# Was die Programme liefern

Diese Seite schreibt `python tools/make_programmes.py` aus den Verträgen (`kim_pipeline/contracts/programmes/`); von
Hand wird hier nichts geändert. Wie ein Blatt aufgebaut ist und wie Zellen gelesen werden, steht in
[deliveries.md](deliveries.md).

⚿ gehört zum Schlüssel · **fett**: der Tag, der eine Zeile in ihren Zeitraum stellt · 🔒 personenbezogen: wird beim
Lesen verändert oder weggelassen, nie gespeichert. Von mehreren Überschriften gilt jede; die erste steht in der Vorlage.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(line for programme in programmes().values() for line in _programme(programme))])


def _programme(programme: Programme) -> Iterator[str]:
    plan = plan_of(programme)
    each = "ist die vollständige Liste" if programme.delivery == "snapshot" else "umfasst einen Berichtszeitraum"
    yield f"## {programme.title} (`{programme.key}`)\n"
    yield f"Jede Datei {each}. Turnus: {programme.cadence.label} ({_dues(programme.cadence)}).\n"
    for table in programme.tables:
        yield from _table(plan, table)


def data_protection_page() -> str:
    """The data protection page as it is, with the list of what is not stored anew."""
    before, _, rest = DATA_PROTECTION.read_text(encoding="utf-8").partition(_LIST_BEGINS)
    _, _, after = rest.partition(_LIST_ENDS)
    return f"{before}{_LIST_BEGINS}\n{chr(10).join(_not_stored())}\n{_LIST_ENDS}{after}"


def _not_stored() -> Iterator[str]:
    """A row for each table that has columns which are checked and not stored."""
    yield "| Programm | Tabelle | geprüft und nicht gespeichert |"
    yield "|---|---|---|"
    for programme in programmes().values():
        for table in programme.tables:
            labels = [column.label for column in table.checked if not column.is_stored]
            if labels:
                yield f"| {programme.title} | {table.label} | {' · '.join(labels)} |"


def _dues(cadence: Cadence) -> str:
    """`Zeiträume bis 30.6.: fällig am 31.7.; bis 31.12.: fällig am 31.1.`."""
    dues = [f"bis {due.ends[1]}.{due.ends[0]}.: fällig am {due.by[1]}.{due.by[0]}." for due in cadence.obligations]
    return f"Zeiträume {'; '.join(dues)}"


def _table(plan: Plan, table: Table) -> Iterator[str]:
    yield f"### {table.label} (`{table.name}`)\n"
    if table.unpivot is not None:
        yield f"Eine Kreuztabelle: jede Zeile wird eine Zeile je {table.unpivot.label} (`{table.unpivot.into}`).\n"
    yield "| Spalte | Überschriften | Was hineingehört |"
    yield "|---|---|---|"
    for column in table.delivered:
        yield f"| {_name(column)} | {_headers(column)} | {' '.join(_content(plan, table, column))} |"
    yield ""


def _name(column: Column) -> str:
    label = f"**{column.label}**" if column.period_date else column.label
    marks = [mark for mark, is_so in (("⚿", column.key), ("🔒", column.personal is not None)) if is_so]
    return " ".join([*marks, label, f"`{column.name}`"])


def _headers(column: Column) -> str:
    """`„Datum“, „Termin“`, under the name of their group where they have one; in minutes, if they may be."""
    told = _quoted(column.headers) or "Name des Blattes"
    if column.headers and column.from_sheet:
        told += " oder Name des Blattes"
    if column.minutes:
        told += f"; in Minuten {_quoted(column.minutes)}"
    return f"unter {_quoted(column.group, ' oder ')}: {told}" if column.group else told


def _quoted(words: Iterable[str], between: str = ", ") -> str:
    return between.join(f"„{word}“" for word in words)


def _content(plan: Plan, table: Table, column: Column) -> Iterator[str]:
    yield from column_sentences(plan, table, column)
    if column.category:
        yield f"Werte: {_values(column.category)}."
    if told := treatment(table, column):
        yield f"🔒 {told[0].upper()}{told[1:]}."


def _values(category: str) -> str:
    """`durchgeführt (auch: durchgef., erledigt), abgesagt`."""
    parts = []
    for preferred, *others in vocabulary().spellings(category).values():
        parts.append(f"{preferred} (auch: {', '.join(others)})" if others else preferred)
    return ", ".join(parts)


def main() -> int:
    """Write or compare; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only compare")
    wanted = {TARGET: page(), DATA_PROTECTION: data_protection_page()}
    if parser.parse_args().check:
        return 0 if all(path.read_text(encoding="utf-8") == text for path, text in wanted.items()) else 1
    for path, text in wanted.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
