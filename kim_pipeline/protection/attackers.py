"""The attackers one by one, each with what that one knows (`privacy.md`, "The attackers").

Belongs here: who knows what, and which hidden figures each is tried on. Who knows more thinks fewer tables possible:
a cell that is safe from him is safe from everybody who knows less, and only the others are tried again. Nothing here
knows how the hidden figures were chosen.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cached_property

from kim_pipeline.disclosure import AuditedSet, AuditRow, Found, Own, PublishedCell, Relation, Sight
from kim_pipeline.disclosure.inference import Inference, inferred
from kim_pipeline.protection.attacker import (
    FigurePlace,
    Relations,
    View,
    cell_id,
    differences,
    needed_of,
    place_of_cell,
    unsafe_sums,
)
from kim_pipeline.protection.night_ledger import NightFigures, with_nights
from kim_pipeline.protection.told import Told, unprinted_numbers

_MARGIN, _HUNDREDTHS = 0.15, 100
"""A hidden sum of too few persons must be possible over this share of it in both directions, and over k units."""


class Who(IntEnum):
    """The attackers by their numbers in `privacy.md`."""

    PUBLIC = 1
    ANALYST = 2
    KNOWS_REST = 3
    OFFICE = 4
    KNOWS_RULES = 5


@dataclass(frozen=True)
class Knowledge:
    """What somebody knows: cells with their values, and relations; `told` follow from what is printed."""

    cells: tuple[PublishedCell, ...]
    relations: tuple[Relation, ...]
    told: tuple[Relation, ...]

    needed_then: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """What must be possible of small figures of earlier nights."""

    @cached_property
    def given(self) -> AuditedSet:
        """The same for the audit."""
        return AuditedSet(self.cells, self.relations, self.told)

    @cached_property
    def sight(self) -> Sight:
        """What the file shows of it."""
        return self.given.as_published()


class Attacked:
    """A published file as each attacker sees it."""

    def __init__(self, view: View, nights: Sequence[NightFigures] = (), found: Found | None = None) -> None:
        """Take a file.

        Args:
            view: of the file.
            nights: what the nights before it have printed.
            found: what was found of the same groups of cells before.
        """
        self.view, self.nights = view, nights
        self.found: Found = {} if found is None else found
        self.unprinted = differences(view, {p: v for p, v in view.seen.items() if p[0] not in view.amounts})
        self.numbers = tuple(dict.fromkeys(unprinted_numbers(view)))
        view.small = frozenset(self.needed)

    @cached_property
    def needed(self) -> Mapping[str, tuple[int, int]]:
        """Cell → what must be possible of it, of all that is hidden for itself."""
        counts = {cell_id(place): bounds for place, bounds in needed_of(self.view, self.unprinted).items()}
        return counts | {cell_id(place): self._around(place) for place in self._unsafe}

    @cached_property
    def who_knows_rest(self) -> Trial:
        """Attacker 3."""
        known = self._knowledge(self.nights, knows_rest=True)
        return Trial(Who.KNOWS_REST, known, {**self.needed, **known.needed_then}, self.found)

    @cached_property
    def analyst(self) -> Trial:
        """Attacker 2; of a file without the internal one all that its reader knows."""
        known = self._knowledge(self.nights, knows_rest=False)
        return Trial(Who.ANALYST, known, {**self.needed, **known.needed_then}, self.found)

    @cached_property
    def offices(self) -> Sequence[Trial]:
        """Every programme's office in every municipality: it knows its rows there, and what they are part of."""
        known = self._knowledge((), knows_rest=False)
        return [
            office
            for counts in _counts_of_programmes(self.view).values()
            for office in _offices(self, _within(known, counts))
        ]

    def trials(self, whose: Collection[int]) -> Iterator[Trial]:
        """Some attackers, whoever knows the rest first."""
        if Who.KNOWS_REST in whose:
            yield self.who_knows_rest
        if Who.ANALYST in whose:
            yield self.analyst
        if Who.OFFICE in whose:
            yield from self.offices

    @cached_property
    def _unsafe(self) -> set[FigurePlace]:
        return unsafe_sums(self.view, (place for place in self.view.seen if place[0] in self.view.amounts))

    def _around(self, place: FigurePlace) -> tuple[int, int]:
        return self._around_value(place[0], self.view.true[place])

    def _around_value(self, count: str, true: int) -> tuple[int, int]:
        margin = max(math.ceil(true * _MARGIN), _HUNDREDTHS * self.view.k[count])
        return max(0, true - margin), true + margin

    def _needed_then(self, cell: PublishedCell, value: int) -> tuple[int, int] | None:
        """What must be possible of a figure of an earlier night; a sum that is unsafe tonight was so then."""
        count = cell.id.split("|")[0]
        if not cell.k or not value:
            return None
        if count in self.view.amounts:
            return self._around_value(count, value)
        return (1, cell.k) if value < cell.k else None

    def _knowledge(self, nights: Sequence[NightFigures], *, knows_rest: bool) -> Knowledge:
        """What somebody knows who has the file, with or without the rows outside the relations."""
        view = self.view
        places = [*view.seen, *self.unprinted, *self.numbers]
        relations = Relations(view, places, knows_rest=knows_rest)
        told = Told(view, relations)
        cells = [PublishedCell(cell_id(p), value, self._k(p)) for p, value in view.seen.items()]
        cells += [PublishedCell(cell_id(p), None, view.k[p[0]], is_unpublished=True) for p in self.unprinted]
        cells += [PublishedCell(cell_id(p), None, None, is_unpublished=True) for p in self.numbers]
        lasting = [*relations.additive(), *relations.of_counts(), *told.lasting()]
        needed_then = dict[str, tuple[int, int]]()
        if nights:
            true = {cell_id(place): value for place, value in view.true.items()}
            cells, lasting, needed_then = with_nights(cells, lasting, true, nights, self._needed_then)
        return Knowledge(tuple(cells), tuple(lasting), tuple(told.of_this_file()), needed_then)

    def _k(self, place: FigurePlace) -> int | None:
        if place[0] not in self.view.amounts:
            return self.view.k[place[0]]
        return self._around(place)[1] if place in self._unsafe else None


def audited_by_all(attacked: Attacked) -> list[AuditRow]:
    """What each attacker finds; of attacker 3 every hidden figure, of the others what they are tried on."""
    if not attacked.view.has_internal:
        known = attacked.analyst.known
        return _numbered(known.sight.audited({}), Who.PUBLIC)
    rows = attacked.who_knows_rest.everything()
    failed = {row.cell for row in rows if not row.passed}
    if failed:
        rows += attacked.analyst.tried(failed)
    return rows + [row for office in attacked.offices for row in office.tried()]


def inferred_from_rules(view: View) -> Inference:
    """What attacker 5 infers of one file's small figures, who also knows the rest: measured, never required."""
    attacked = Attacked(view)
    known = attacked.who_knows_rest.known
    true = {cell_id(place): view.true.get(place, 0) for place in (*view.true, *attacked.unprinted, *attacked.numbers)}
    return inferred(known.cells, (*known.relations, *known.told), true, attacked.needed)


def _numbered(rows: Iterable[AuditRow], who: Who) -> list[AuditRow]:
    return [replace(row, attacker=int(who)) for row in rows]


class Trial:
    """One attacker's knowledge, and what must be possible of the cells that he is tried on."""

    def __init__(
        self,
        who: Who,
        known: Knowledge,
        needed: Mapping[str, tuple[int, int]],
        found: Found,
        own: Own | None = None,
    ) -> None:
        """Take an attacker.

        Args:
            who: he is.
            known: to him from what is published.
            needed: what must be possible of the cells that he is tried on.
            found: as in `Attacked`.
            own: what he knows without any file.
        """
        self.who, self.known, self.needed = who, known, needed
        self._found, self._own = found, own or Own()
        self._judged: dict[str, AuditRow] = {}

    def everything(self) -> list[AuditRow]:
        """What he finds of every hidden cell; what is not small, and may look so, passes."""
        rows = _numbered(self.known.sight.audited(self.needed, None, self._own, self._found), self.who)
        rows = [row if row.cell in self.needed else replace(row, passed=True) for row in rows]
        self._judged |= {row.cell: row for row in rows if row.cell in self.needed}
        return rows

    def tried(self, only: Collection[str] | None = None) -> list[AuditRow]:
        """What he finds of all the cells, or of some."""
        cells = self.needed.keys() if only is None else self.needed.keys() & set(only)
        self._judged |= {row.cell: row for row in self._tried(self.known.sight, cells - self._judged.keys())}
        return [self._judged[cell] for cell in sorted(cells & self._judged.keys())]

    def fails(self, only: Collection[str]) -> list[str]:
        """Those of some cells that do not pass."""
        return [row.cell for row in self.tried(only) if not row.passed]

    def passes_hiding(self, cell: str, hidden: Collection[str]) -> bool:
        """Whether a cell passes where further cells are hidden."""
        return all(row.passed for row in self._tried(self.known.given.as_published(hidden), {cell}))

    def hopeless(self, cells: Collection[str]) -> set[str]:
        """The cells that fail although nothing is printed: he knows too much of them himself."""
        failed = self.fails(cells)  # what passes does so, too, where less is printed
        return {row.cell for row in self._tried(self.known.given.unseen, failed) if not row.passed} if failed else set()

    def _tried(self, sight: Sight, cells: Collection[str]) -> list[AuditRow]:
        return _numbered(sight.audited(self.needed, cells, self._own, self._found), self.who)


def _within(known: Knowledge, counts: Collection[str]) -> Knowledge:
    """What is known of some counts alone."""
    cells = tuple(cell for cell in known.cells if cell.id.split("|")[0] in counts)
    ids = {cell.id for cell in cells}

    def kept(relations: Iterable[Relation]) -> tuple[Relation, ...]:
        return tuple(relation for relation in relations if all(cell in ids for cell, _ in relation.terms))

    return Knowledge(cells, kept(known.relations), kept(known.told))


def _offices(attacked: Attacked, known: Knowledge) -> Iterator[Trial]:
    """The offices of one programme, each tried where what it knows tells it anything."""
    view = attacked.view
    at = {cell.id: place_of_cell(cell.id) for cell in known.cells}
    county = [(cell, place) for cell, place in at.items() if place[1] == view.county]
    asked = [
        (cell, place, attacked.needed[cell])
        for cell, place in at.items()
        if cell in attacked.needed and place[0] not in view.amounts
    ]
    for area in view.municipalities:
        exact = {cell: view.true.get(place, 0) for cell, place in at.items() if place[1] == area}
        at_county = {cell: view.own.get((place[0], area, place[2], place[3]), 0) for cell, place in county}
        least = {cell: own for cell, own in at_county.items() if own}
        told = {known.sight.group_of(cell) for cell in (*exact, *least)} - {None}
        needed = dict[str, tuple[int, int]]()
        for cell, place, bounds in asked:
            own, k = least.get(cell, 0), view.k[place[0]]
            if place[1] == area or known.sight.group_of(cell) not in told:
                continue
            if not own:
                needed[cell] = bounds
            elif 0 < view.true[place] - own < k:
                needed[cell] = (own + 1, own + k)
        yield Trial(Who.OFFICE, known, needed, attacked.found, Own(least, exact))


def _counts_of_programmes(view: View) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = {}
    for indicator, programme, *parts in view.rows(
        "SELECT indicator_id, programme, numerator_count, denominator_count, difference_count "
        "FROM published.indicator WHERE k IS NOT NULL ORDER BY ALL"
    ):
        found.setdefault(str(programme), set()).update(
            {str(indicator), f"{indicator}.n", *(str(part) for part in parts if part)}
        )
    return found
