"""„Meinten Sie …?“: the accepted spelling that comes nearest to one that nobody knows, or stands in it.

Belongs here: comparing spellings. A suggestion is only said, never applied: matching by guess is not allowed
(`deliveries.md` §2). Personal cells are never compared.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from kim_pipeline import german
from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.model import Column
from kim_pipeline.contracts.normalise import comparable
from kim_pipeline.reading.formats.cells import Cell, raw_text
from kim_pipeline.reading.values import Context, unknown_languages

SIMILAR = 0.8
"""Share of equal letters from which a spelling is suggested: one wrong letter in five, two in ten."""
_VERY_SIMILAR = 0.9
"""Below it the first letters must agree: people rarely mistype the first (else Ungarisch suggests Bulgarisch)."""
_COARSE = 0.75
"""Cut-off for rapidfuzz, below `SIMILAR`: its own comparison at the very cut-off is not exact."""
_ROUNDING = 1e-9
_LONGEST = 60
_SHORTEST = 4
"""Letters of a spelling with a blank on either side that is too short to be found within a text."""
_WORD = re.compile(r"\w+")
_DENIES = re.compile(r" (?:nicht|nichts|nie|kein\w*|ohne|weder|un\w*) ")
_CACHED = 4_096


def similarity(one: str, other: str) -> float:
    """How alike two spellings are, 0 to 1: exchanged, missing and added letters, accents aside."""
    return float(OSA.normalized_similarity(_plain(one), _plain(other)))


def nearest(text: str, spellings: Iterable[str]) -> str | None:
    """The spelling most similar to `text`, the first of equals; None where none is similar enough."""
    return _nearest(text, tuple(spellings))


def contained(text: str, spellings: Iterable[str]) -> str | None:
    """The longest spelling that stands in `text` as whole words, as `Ahlen` in `59227 Ahlen Rathaus`.

    None where there is none, where the text names another one beside it, and where it denies: `nicht erreicht` is not
    `erreicht`.
    """
    wanted = _words(text)
    if not wanted.strip() or len(wanted) > _LONGEST:
        return None
    found: dict[str, str] = {}
    for spelling in spellings:
        form = _words(spelling)
        if len(form) > _SHORTEST and form in wanted:
            found.setdefault(form, spelling)
    longest = max(found, key=len, default="")
    rest = wanted.replace(longest, "  ") if longest else ""
    if not longest or _DENIES.search(rest) or any(form in rest for form in found):
        return None
    return found[longest]


def did_you_mean(cell: Cell, column: Column, context: Context) -> str:
    """„Meinten Sie …?“ for an unknown cell of a column, with a blank before it; empty where nothing is near.

    Only columns whose accepted spellings are a list have suggestions, and personal columns never.
    """
    if column.personal:
        return ""
    spellings = _accepted(column, context)
    parts = unknown_languages(cell, context) if column.kind == "languages" else [raw_text(cell)]
    near = dict.fromkeys(filter(None, (nearest(part, spellings) or contained(part, spellings) for part in parts)))
    return f" Meinten Sie {german.quoted_listing(near)}?" if near else ""


def _accepted(column: Column, context: Context) -> tuple[str, ...]:
    words = context.vocabulary
    match column.kind:
        case "category":
            return tuple(s for spellings in words.spellings(column.category or "").values() for s in spellings)
        case "municipality":
            return tuple(words.municipality_spellings)
        case "language" | "languages":
            return tuple(words.language_spellings)
        case "nationality":
            return tuple(words.nationality_spellings)
        case "programme":
            return tuple(programme.title for programme in programmes().values())
    return ()


@lru_cache(maxsize=_CACHED)
def _nearest(text: str, spellings: tuple[str, ...]) -> str | None:
    wanted = _plain(text)
    if not wanted or len(wanted) > _LONGEST:
        return None
    match = process.extractOne(wanted, _all_plain(spellings), scorer=OSA.normalized_similarity, score_cutoff=_COARSE)
    if match is None:
        return None
    form, score, at = match
    if score < SIMILAR - _ROUNDING or (score < _VERY_SIMILAR and form[:1] != wanted[:1]):
        return None
    return spellings[at]


@lru_cache(maxsize=64)
def _all_plain(spellings: tuple[str, ...]) -> list[str]:
    return [_plain(spelling) for spelling in spellings]


@lru_cache(maxsize=_CACHED)
def _words(text: str) -> str:
    """The words of a text in comparable form without accents, a blank before, between and behind them."""
    return f" {' '.join(_WORD.findall(_plain(text)))} "


def _plain(text: str) -> str:
    """Comparable form without accents: `Türk.` and `Turk.` are one."""
    decomposed = unicodedata.normalize("NFKD", comparable(text))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
