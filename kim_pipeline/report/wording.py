"""What the report calls things: the package's words and state-wide events, and the county's own texts.

Belongs here: reading `contents.toml` and the county's `report.toml`, both of which are data.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from kim_pipeline.contracts.county import County
from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.german import STATUSES
from kim_pipeline.report.figures import ShownPeriod
from kim_pipeline.report.grammar import Forms

_CONTENTS = Path(__file__).parent / "contents.toml"


@dataclass(frozen=True)
class Event:
    """A break that every series over it shares.

    Attributes:
        mark: short name at an axis.
        when: when it was, in words.
        first_day: periods from this day on are marked.
        last_day: and those up to this one.
        title: its name.
        text: what follows for reading the figures.
        programmes: which it concerns; all if empty.
        is_break: periods before and after it are not compared.
        no_base: a change is not told from a period that it touches.
    """

    mark: str
    when: str
    first_day: dt.date
    last_day: dt.date
    title: str
    text: str
    programmes: tuple[str, ...]
    is_break: bool = False
    no_base: bool = False

    def concerns(self, programme: str, period: ShownPeriod) -> bool:
        """Whether a programme's figures of a period are affected."""
        overlaps = self.first_day <= period.last_day and period.first_day <= self.last_day
        return overlaps and (not self.programmes or programme in self.programmes)


class Wording:
    """The words of the report for the county in force."""

    def __init__(self) -> None:
        self.county: County = vocabulary().county
        self._general = tomllib.loads(_CONTENTS.read_text(encoding="utf-8"))
        self._own = self.county.words

    def own(self, name: str, otherwise: str = "") -> str:
        """A text of the county's."""
        return str(self._own.get(name, otherwise))

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """State-wide breaks and the county's, by their first day."""
        found = [
            Event(**{**raw, "programmes": tuple(raw.get("programmes", ()))})
            for raw in (*self._general["event"], *self._own.get("event", ()))
        ]
        return tuple(sorted(found, key=lambda event: event.first_day))

    @property
    def sessions(self) -> list[dict[str, Any]]:
        """Bodies in the order in which they treat the report."""
        return list(self._own.get("session", ()))

    @property
    def concepts(self) -> dict[str, str]:
        """Concept → what it is, in the order of the report."""
        return {raw["name"]: raw["text"] for raw in self._own.get("concept", ())}

    @cached_property
    def units(self) -> dict[str, Forms]:
        """Unit of the catalogue → its forms."""
        return {name: Forms(**raw) for name, raw in self._general["unit"].items()}

    @property
    def phrases(self) -> dict[str, str]:
        """How a measure stands → the phrase that says so."""
        return dict(self._general["status_phrase"])

    @property
    def paper(self) -> dict[str, Any]:
        """The county's own choices for the paper: what the resolution says, and what is on which page."""
        return {**self._general["paper"], **self._own.get("paper", {})}

    @property
    def resolution(self) -> dict[str, dict[str, str]]:
        """What becomes of measures → the point's words for `several` and for `one`, in order."""
        return dict(self._general["resolution"])

    @property
    def key_figures(self) -> list[str]:
        """The indicators of the page on the situation."""
        return list(self._general["situation"]["indicators"])

    @property
    def groups(self) -> list[dict[str, Any]]:
        """Programmes that share a page, in order: `title` and `programmes`; empty where the county says nothing."""
        return list(self._own.get("group", ()))

    def panel_indicators(self, programme: str) -> list[str]:
        """Indicators below a programme's sparkline; empty where the county says nothing."""
        return list(self._own.get("panel", {}).get(programme, {}).get("indicators", ()))

    @property
    def suggestions(self) -> list[str]:
        """Suggestions in their order."""
        return list(self._general["suggestion"]["order"])

    @property
    def municipality_indicators(self) -> frozenset[str]:
        """Indicators of a municipality's page besides the headline ones."""
        return frozenset(self._general["municipality"]["indicators"])

    @property
    def municipal_groups(self) -> list[tuple[str, list[str]]]:
        """Themes of a municipality's page with their programmes, in order."""
        return [(raw["title"], list(raw["programmes"])) for raw in self._general["municipal_group"]]

    def programme(self, key: str) -> str:
        """What a programme is, in a sentence; empty where the county says nothing."""
        return str(self._own.get("programme", {}).get(key, ""))

    def breakdown(self, kind: str) -> str:
        """What a breakdown is called."""
        return str(self._general["breakdown"].get(kind, "Gliederung"))

    def member(self, programme: str, kind: str, member: str, name: str) -> str:
        """What a member of a breakdown is called."""
        return str(self._general.get(kind, {}).get(programme, {}).get(member, name))

    def reason(self, code: str | None) -> str:
        """Why a delivery does not count."""
        return str(self._general["reason"].get(code, STATUSES["rejected"])) if code else ""
