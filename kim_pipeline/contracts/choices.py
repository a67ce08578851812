"""The values that a column offers to choose from, all of them the vocabulary's.

Belongs here: which list a column has, and what it holds. How a list is shown belongs to `office/template`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.model import Column
from kim_pipeline.contracts.vocabulary import UNDETERMINED_LANGUAGE, Vocabulary

TITLES = {
    "yes_no": "ja oder nein",
    "municipality": "Gemeinden",
    "language": "Sprachen",
    "nationality": "Staaten",
    "ags": "Gemeindeschlüssel",
    "programme": "Programme",
}


def list_key(column: Column) -> str | None:
    """What tells a column's list from others: its category, else its kind; None for a column without a list."""
    if column.kind == "category":
        return column.category
    kind = "language" if column.kind == "languages" else column.kind
    return kind if kind in TITLES else None


def values_of(key: str, vocabulary: Vocabulary) -> tuple[str, ...]:
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
