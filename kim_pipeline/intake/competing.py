"""Deliveries that compete: the same table, Stand and days (`deliveries.md` §4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kim_pipeline.intake.counting import Candidate

Owner = tuple[str, str]
"""File and part."""


def competitors(candidates: Iterable[Candidate]) -> Iterator[tuple[Owner, Owner]]:
    """Each candidate of one table that another of the same Stand and days goes before, with that other one."""
    groups: dict[tuple[object, object], list[Candidate]] = {}
    for candidate in candidates:
        groups.setdefault((candidate.as_of, candidate.period), []).append(candidate)
    for group in groups.values():
        winner = max(group, key=lambda c: c.rank)
        yield from ((c.owner, winner.owner) for c in group if c is not winner)
