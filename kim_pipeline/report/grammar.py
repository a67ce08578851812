"""German sentences of figures: forms of units, phrases, ties, hidden members, changes (`paper.md` §1.6).

Belongs here: each rule once, as a function of plain values. Which figures are told is in the chapters.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from kim_pipeline import german

T = TypeVar("T")
ABOUT_EQUAL = 0.05
"""Share of a value by which another may differ and still be about the same."""
TOO_FEW = "Für einen Vergleich reichen die Zahlen nicht."
_WORDS = ("null", "ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf")


@dataclass(frozen=True)
class Forms:
    """A unit of the catalogue in sentences.

    Attributes:
        one: after the number 1.
        many: after any other.
        dative: the same after nach, von, mit and bei.
        same: how two values of it are said to be about the same.
    """

    one: str
    many: str
    dative: str
    same: str = "etwa gleich viele"


@dataclass(frozen=True)
class Noun:
    """A noun in the dative, with the article of one of it: `einer weiteren Sprache`, `zwei weiteren Sprachen`."""

    article: str
    one: str
    many: str


THEME = Noun("einem", "Thema", "Themen")
LANGUAGE = Noun("einer", "Sprache", "Sprachen")


def said(amount: float, unit: str, forms: Forms) -> str:
    """A value as the subject of a sentence: `278 Fälle`, `1 Fall`, `17,7 %`, `36,3 je 1.000`."""
    return _with(amount, unit, forms.one, forms.many)


def said_after(amount: float, unit: str, forms: Forms) -> str:
    """A value after nach, von, mit or bei: `278 Fällen`, `1 Fall`."""
    return _with(amount, unit, forms.one, forms.dative)


def _with(amount: float, unit: str, one: str, many: str) -> str:
    text = german.value(amount, unit)
    return text if unit == "Anteil" else f"{text}{german.NBSP}{one if text == '1' else many}"


def in_words(amount: int) -> str:
    """A number of members up to twelve in words, above in digits."""
    return _WORDS[amount] if amount < len(_WORDS) else german.number(amount)


def members(names: Sequence[str], hidden: int, noun: Noun) -> str:
    """Members for which something holds, and how many of which it is secret (rule 3).

    Args:
        names: those for which it holds; at least one.
        hidden: how many are secret.
        noun: what a member is.
    """
    told = german.listing(names)
    return f"{told}; bei {_more(hidden, noun)} ist das geheim" if hidden else told


def _more(amount: int, noun: Noun) -> str:
    if amount == 1:
        return f"{noun.article} weiteren {noun.one}"
    return f"{in_words(amount)} weiteren {noun.many}"


def no_member(hidden: int, noun: Noun, none: str) -> str:
    """That nothing holds for any member, if that can be said: the rest of a sentence (rule 3).

    Args:
        hidden: how many are secret.
        noun: what a member is.
        none: what is said where nothing is secret.
    """
    if not hidden:
        return none
    where = f"{noun.article} {noun.one}" if hidden == 1 else f"{in_words(hidden)} {noun.many}"
    return f"ist bei {where} geheim, bei den übrigen nicht belegt"


def ranked(items: Iterable[T], size: Callable[[T], float], places: int) -> list[list[T]]:
    """The largest items first, those of one size together (rule 4); as many groups as begin within the places."""
    ordered = sorted(items, key=lambda item: -size(item))
    groups = [list(group) for _, group in itertools.groupby(ordered, key=size)]
    found: list[list[T]] = []
    for group in groups:
        if sum(map(len, found)) >= places:
            break
        found.append(group)
    return found


def changed_by(now: float, before: float) -> str:
    """A change in per cent with its sign: `−11,7 %`, `+20,0 %`."""
    return german.change(now, before)


def in_points(now: float, before: float) -> str:
    """A change of a share in percentage points: `+1,2 Prozentpunkte`."""
    points = round((now - before) * 100, 1)
    text = f"{german.number(points, 1)}{german.NBSP}Prozentpunkte"
    return f"+{text}" if points > 0 else text


def is_about_equal(now: float, before: float) -> bool:
    """Whether two values differ by less than 5 % of the earlier one."""
    return bool(before) and abs(now - before) / abs(before) < ABOUT_EQUAL
