"""The lists behind a template's drop-downs, all of them the vocabulary's.

Belongs here: which list a column has, and the sheet `Listen` with a defined name per list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName

from kim_pipeline.contracts.choices import TITLES, list_key, values_of
from kim_pipeline.contracts.vocabulary import Vocabulary
from kim_pipeline.office.template import style
from kim_pipeline.office.template.layout import LISTS, Page

_HEADER_ROW, _HEADER_HEIGHT = 2, 34


@dataclass(frozen=True)
class Choices:
    """One list: its title, the defined name of its cells, and the values as a clerk picks them."""

    title: str
    name: str
    values: tuple[str, ...]


Lists = dict[str, Choices]
"""Key of a list (`list_key`) → the list."""


def lists_of(pages: Iterable[Page], vocabulary: Vocabulary) -> Lists:
    """Every list that the sheets need, in the order of their columns."""
    found: Lists = {}
    for column in (column for page in pages for column in page.columns):
        key = list_key(column)
        if key is None or key in found:
            continue
        title = TITLES.get(key, column.label)
        titles = [choices.title for choices in found.values()]
        title = title if title not in titles else f"{title} ({key})"
        name = re.sub(r"\W+", "_", f"Liste_{title}").strip("_")
        found[key] = Choices(title, name, values_of(key, vocabulary))
    return found


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
