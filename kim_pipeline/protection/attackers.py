"""The attackers one by one, each with what that one knows (`privacy.md`, "The attackers").

Belongs here: who knows what, and which hidden figures each is tried on. Who knows more thinks fewer tables possible:
a cell that is safe from him is safe from everybody who knows less, and only the others are tried again. Nothing here
knows how the hidden figures were chosen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cached_property

from kim_pipeline.disclosure import AuditRow, PublishedCell, Relation, RelationKind, audit
from kim_pipeline.disclosure.inference import Inference, inferred
from kim_pipeline.protection.attacker import (
    FigurePlace,
    Relations,
    View,
    cell_id,
    differences,
    needed_of,
    unsafe_sums,
)
from kim_pipeline.protection.night_ledger import NightFigures, with_nights
from kim_pipeline.protection.told import Told, unprinted_numbers

_MARGIN, _HUNDREDTHS = 0.15, 100
"""A hidden sum of too few persons must be possible over this share of it in both directions, and over k units."""


_OWN = "own of "
"""Names of relations that tell what an office knows of a sum."""


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

    own: frozenset[str] = frozenset()
    """Cells that he knows without any file."""
    needed_then: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """What must be possible of small figures of earlier nights."""

    def nothing_seen(self) -> Knowledge:
        """The same where nothing of the protected figures is printed."""
        cells = (cell if cell.id in self.own else replace(cell, value=None) for cell in self.cells)
        return replace(self, cells=tuple(cells), told=())


class Attacked:
    """A published file as each attacker sees it."""

    def __init__(self, view: View, nights: Sequence[NightFigures] = ()) -> None:
        """Take a file, and what the nights before it have printed."""
        self.view, self.nights = view, nights
        self.unprinted = differences(view, {p: v for p, v in view.seen.items() if p[0] not in view.amounts})
        self.numbers = tuple(dict.fromkeys(unprinted_numbers(view)))

    def needed_with(self, known: Knowledge) -> Mapping[str, tuple[int, int]]:
        """The same, with the small figures of earlier nights."""
        return {**self.needed, **known.needed_then}

    @cached_property
    def needed(self) -> Mapping[str, tuple[int, int]]:
        """Cell → what must be possible of it, of all that is hidden for itself."""
        counts = {cell_id(place): bounds for place, bounds in needed_of(self.view, self.unprinted).items()}
        return counts | {cell_id(place): self._around(place) for place in self._unsafe}

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

    def knowledge(self, *, knows_rest: bool) -> Knowledge:
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
        if self.nights:
            true = {cell_id(place): value for place, value in view.true.items()}
            cells, lasting, needed_then = with_nights(cells, lasting, true, self.nights, self._needed_then)
        return Knowledge(tuple(cells), tuple(lasting), tuple(told.of_this_file()), needed_then=needed_then)

    def _k(self, place: FigurePlace) -> int | None:
        if place[0] not in self.view.amounts:
            return self.view.k[place[0]]
        return self._around(place)[1] if place in self._unsafe else None


def audited_by_all(view: View, nights: Sequence[NightFigures] = ()) -> list[AuditRow]:
    """What each attacker finds; of attacker 3 every hidden figure, of the others what they are tried on."""
    attacked = Attacked(view, nights)
    view.small = frozenset(attacked.needed)
    if not view.has_internal:
        known = attacked.knowledge(knows_rest=False)
        return _numbered(audit(known.cells, known.relations, told=known.told), Who.PUBLIC)
    known = attacked.knowledge(knows_rest=True)
    needed = attacked.needed_with(known)
    found = audit(known.cells, known.relations, told=known.told, required=needed)
    rows = [
        row if row.cell in needed else replace(row, passed=True)  # it is not small, and may look so
        for row in _numbered(found, Who.KNOWS_REST)
    ]
    failed = {row.cell for row in rows if not row.passed}
    if failed:
        without_rest = attacked.knowledge(knows_rest=False)
        rows += _numbered(tried(without_rest, attacked.needed_with(without_rest), failed), Who.ANALYST)
    return rows + [row for office in offices(attacked, folded) for row in office.tried()]


def inferred_from_rules(view: View) -> Inference:
    """What attacker 5 infers of one file's small figures, who also knows the rest: measured, never required."""
    attacked = Attacked(view)
    known = attacked.knowledge(knows_rest=True)
    true = {cell_id(place): view.true.get(place, 0) for place in (*view.true, *attacked.unprinted, *attacked.numbers)}
    return inferred(known.cells, (*known.relations, *known.told), true, attacked.needed)


def tried(known: Knowledge, needed: Mapping[str, tuple[int, int]], only: Collection[str]) -> list[AuditRow]:
    """What is found of some cells."""
    return audit(known.cells, known.relations, told=known.told, required=needed, only=only)


def _numbered(rows: Iterable[AuditRow], who: Who) -> list[AuditRow]:
    return [replace(row, attacker=int(who)) for row in rows]


@dataclass(frozen=True)
class Trial:
    """One attacker's knowledge, and what must be possible of the cells that he is tried on."""

    who: Who
    known: Knowledge
    needed: Mapping[str, tuple[int, int]]

    def hiding(self, cells: Iterable[str]) -> Trial:
        """The same where further cells are hidden."""
        unseen = set(cells) - self.known.own
        known = tuple(replace(cell, value=None) if cell.id in unseen else cell for cell in self.known.cells)
        return replace(self, known=replace(self.known, cells=known))

    def hopeless(self, cells: Collection[str]) -> set[str]:
        """The cells that fail although nothing is printed: he knows too much of them himself."""
        blind = replace(self, known=self.known.nothing_seen())
        return {row.cell for row in blind.tried(cells) if not row.passed}

    def tried(self, only: Collection[str] | None = None) -> list[AuditRow]:
        """What he finds of all the cells, or of some."""
        cells = self.needed.keys() if only is None else self.needed.keys() & set(only)
        return _numbered(tried(self.known, self.needed, cells), self.who)


def trials(view: View, nights: Sequence[NightFigures], whose: Collection[int]) -> Iterator[Trial]:
    """Some attackers on a file, whoever knows the rest first."""
    attacked = Attacked(view, nights)
    for who, rest in ((Who.KNOWS_REST, True), (Who.ANALYST, False)):
        if who in whose:
            known = attacked.knowledge(knows_rest=rest)
            yield Trial(who, known, attacked.needed_with(known))
    if Who.OFFICE in whose:
        yield from offices(attacked)


def offices(attacked: Attacked, seen_as: Callable[[Knowledge], Knowledge] = lambda known: known) -> Iterator[Trial]:
    """Every programme's office in every municipality: it knows its rows there, and what they are part of."""
    known = Attacked(attacked.view).knowledge(knows_rest=False)
    for counts in _counts_of_programmes(attacked.view).values():
        ours = seen_as(_within(known, counts))
        group = _groups(ours)
        for area in attacked.view.municipalities:
            yield _affected(_office(attacked, ours, area), group)


def _affected(office: Trial, group: Mapping[str, str]) -> Trial:
    """An office is tried where what it knows tells it anything; elsewhere it sees less than the analyst does."""
    told = {i for relation in office.known.relations if relation.name.startswith(_OWN) for i, _ in relation.terms}
    affected = {group[i] for i in (*office.known.own, *told) if i in group}
    return replace(office, needed={i: bounds for i, bounds in office.needed.items() if group.get(i) in affected})


def _groups(known: Knowledge) -> dict[str, str]:
    """Hidden cell → the same name for all that relations join with it."""
    near: dict[str, set[str]] = {cell.id: set() for cell in known.cells if cell.value is None}
    for relation in (*known.relations, *known.told):
        hidden = [i for i, _ in relation.terms if i in near]
        for one in hidden:
            near[one].add(hidden[0])
            near[hidden[0]].add(one)
    found: dict[str, str] = {}
    for start in near:
        todo = [start]
        while todo:
            at = todo.pop()
            if at not in found:
                found[at] = start
                todo += near[at]
    return found


def folded(known: Knowledge) -> Knowledge:
    """The same knowledge of the hidden cells alone: what is printed has become part of the constants."""
    values = {cell.id: cell.value for cell in known.cells if cell.value is not None}

    def without(relations: Iterable[Relation]) -> tuple[Relation, ...]:
        found = []
        for relation in relations:
            given = sum(factor * values[i] for i, factor in relation.terms if i in values)
            terms = tuple((i, factor) for i, factor in relation.terms if i not in values)
            constant = relation.constant - given
            if terms or constant < 0 or (constant and relation.kind is RelationKind.EQUAL):  # the audit objects to it
                found.append(replace(relation, terms=terms, constant=constant))
        return tuple(found)

    cells = tuple(cell for cell in known.cells if cell.value is None)
    return replace(known, cells=cells, relations=without(known.relations), told=without(known.told))


def _within(known: Knowledge, counts: Collection[str]) -> Knowledge:
    """What is known of some counts alone."""
    cells = tuple(cell for cell in known.cells if cell.id.split("|")[0] in counts)
    ids = {cell.id for cell in cells}

    def kept(relations: Iterable[Relation]) -> tuple[Relation, ...]:
        return tuple(relation for relation in relations if all(cell in ids for cell, _ in relation.terms))

    return Knowledge(cells, kept(known.relations), kept(known.told))


def _office(attacked: Attacked, known: Knowledge, area: str) -> Trial:
    view, needed, more, cells = attacked.view, dict[str, tuple[int, int]](), list[Relation](), list[PublishedCell]()
    for cell in known.cells:
        count, where, period, breakdown = cell.id.split("|")
        if where == area:
            cells.append(replace(cell, value=view.true.get((count, where, period, breakdown), 0)))
            continue
        cells.append(cell)
        own = view.own.get((count, area, period, breakdown), 0) if where == view.county else 0
        if own:
            more.append(Relation(f"{_OWN}{cell.id}", ((cell.id, -1),), -own, RelationKind.AT_MOST))
        bounds = attacked.needed.get(cell.id)
        if bounds is None or count in view.amounts:
            continue
        others, k = view.true[count, where, period, breakdown] - own, view.k[count]
        if not own:
            needed[cell.id] = bounds
        elif 0 < others < k:
            needed[cell.id] = (own + 1, own + k)
    own_cells = frozenset(cell.id for cell in cells if cell.id.split("|")[1] == area)
    return Trial(Who.OFFICE, Knowledge(tuple(cells), (*known.relations, *more), known.told, own_cells), needed)


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
