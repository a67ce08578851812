"""The lists behind a template's drop-downs, all of them the vocabulary's.

Belongs here: which list a column has, and the sheet `Listen` with a defined name per list.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.model import Column
from kim_pipeline.contracts.vocabulary import UNDETERMINED_LANGUAGE, Vocabulary
from kim_pipeline.office.template import style
from kim_pipeline.office.template.layout import LISTS, Page

_HEADER_ROW, _HEADER_HEIGHT = 2, 34
_TITLES = {
    "yes_no": "ja oder nein",
    "municipality": "Gemeinden",
    "language": "Sprachen",
    "nationality": "Staaten",
    "ags": "Gemeindeschlüssel",
    "programme": "Programme",
}


@dataclass(frozen=True)
class Choices:
    """One list: its title, the defined name of its cells, and the values as a clerk picks them."""

    title: str
    name: str
    values: tuple[str, ...]


Lists = dict[str, Choices]
"""Key of a list (`list_key`) → the list."""


def list_key(column: Column) -> str | None:
    """What tells a column's list from others: its category, else its kind; None for a column without a list."""
    if column.kind == "category":
        return column.category
    kind = "language" if column.kind == "languages" else column.kind
    return kind if kind in _TITLES else None


def lists_of(pages: Iterable[Page], vocabulary: Vocabulary) -> Lists:
    """Every list that the sheets need, in the order of their columns."""
    found: Lists = {}
    for column in (column for page in pages for column in page.columns):
        key = list_key(column)
        if key is None or key in found:
            continue
        title = _TITLES.get(key, column.label)
        titles = [choices.title for choices in found.values()]
        title = title if title not in titles else f"{title} ({key})"
        name = re.sub(r"\W+", "_", f"Liste_{title}").strip("_")
        found[key] = Choices(title, name, _values(key, vocabulary))
    return found


def _values(key: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """What the vocabulary accepts, each value once, in the spelling that it prefers."""
    county = vocabulary.county
    preferred_first = {value: spelling for spelling, value in reversed(vocabulary.yes_no.items())}
    made: dict[str, Callable[[], tuple[str, ...]]] = {
        "yes_no": lambda: (preferred_first[True], preferred_first[False]),
        "municipality": lambda: (*(m.name for m in county.municipalities), county.name),
        "ags": lambda: tuple(m.ags for m in county.municipalities),
        "programme": lambda: _sorted(p.title for p in programmes().values()),
        "nationality": lambda: _sorted(name for _, name in vocabulary.nationality_names()),
        "language": lambda: _sorted(n for code, n in vocabulary.language_names() if code != UNDETERMINED_LANGUAGE),
    }
    return made[key]() if key in made else vocabulary.preferred(key)


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    """In German order: an umlaut as its letter."""
    return tuple(sorted(names, key=_without_marks))


def _without_marks(name: str) -> str:
    letters = (letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    return "".join(letters).casefold()


def write_lists(book: Any, lists: Sequence[Choices]) -> None:
    """Add the sheet `Listen` and its defined names; a workbook without lists gets none."""
    if not lists:
        return
    sheet = book.create_sheet(LISTS)
    style.put(sheet, "A1", "Diese Werte bieten die Auswahllisten an.", style.HINT)
    for number, choices in enumerate(lists, start=1):
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = style.width_for([choices.title, *choices.values], least=16)
        sheet.column_dimensions[letter].number_format = "@"
        style.put(sheet, f"{letter}{_HEADER_ROW}", f"Liste: {choices.title}", style.HEADER)
        for row, value in enumerate(choices.values, start=_HEADER_ROW + 1):
            style.put(sheet, f"{letter}{row}", value, style.TEXT)
        cells = f"{LISTS}!${letter}${_HEADER_ROW + 1}:${letter}${_HEADER_ROW + len(choices.values)}"
        book.defined_names[choices.name] = DefinedName(choices.name, attr_text=cells)
    sheet.row_dimensions[_HEADER_ROW].height = _HEADER_HEIGHT
    sheet.freeze_panes = f"A{_HEADER_ROW + 1}"
    style.set_up_print(sheet, repeat=f"1:{_HEADER_ROW}")
