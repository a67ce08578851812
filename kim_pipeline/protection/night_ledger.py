"""The nights' ledger: what each night since the last release has printed or hidden (`privacy.md`, "Nights").

Belongs here: one small file among the state, 0600, for those who may see true counts, and what an analyst knows who has
every night's file: the relations that held in a night whose figures were others. A night is kept as its differences
from the next one, so that what cannot narrow anything any more is not kept.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from kim_pipeline.disclosure import PublishedCell, Relation, RelationKind

_LOG = logging.getLogger(__name__)
_FILE = "nights.json"
_KIND = 1
"""Of the file's form; what is of another one is as none."""

NightFigures = Mapping[str, tuple[int, bool]]
"""Cell → its value, and whether it was hidden."""


class NightLedger:
    """The nights since the last release; `state` is what to keep of them with tonight, once it is published."""

    def __init__(self, folder: Path, *, release: str | None = None) -> None:
        """Read what is there; a file that is damaged, or from before the newest release, is as none.

        Args:
            folder: of the state.
            release: name of the newest release.
        """
        kept = _read(folder / _FILE)
        self._release = release
        self.nights: tuple[NightFigures, ...] = tuple(_nights(kept)) if kept and kept["release"] == release else ()
        """The last one first."""

    def state(self, tonight: NightFigures) -> dict[str, bytes]:
        """The file of the state, with tonight."""
        nights = [dict(tonight), *self.nights]
        before = []
        for later, night in pairwise(nights):
            changed = {
                cell: night.get(cell) for cell in later.keys() | night.keys() if night.get(cell) != later.get(cell)
            }
            if changed:
                before.append(changed)
        content = json.dumps(
            {"kind": _KIND, "release": self._release, "last": dict(tonight), "before": before}, sort_keys=True
        )
        return {_FILE: f"{_checksum(content)}\n{content}\n".encode()}


def _nights(kept: Mapping[str, Any]) -> Iterator[NightFigures]:
    night: dict[str, tuple[int, bool]] = {cell: (value, hidden) for cell, (value, hidden) in kept["last"].items()}
    yield night
    for changed in kept["before"]:
        night = dict(night)
        for cell, entry in changed.items():
            if entry is None:
                night.pop(cell, None)
            else:
                night[cell] = (entry[0], entry[1])
        yield night


def _checksum(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def _read(path: Path) -> dict[str, Any] | None:
    try:
        checksum, content = path.read_text(encoding="utf-8").rstrip("\n").split("\n", 1)
        if _checksum(content) != checksum:
            raise ValueError("the checksum is another one")
        kept: dict[str, Any] = json.loads(content)
    except FileNotFoundError:
        return None
    except ValueError:
        _LOG.warning("%s is damaged; the audit begins with tonight again", path.name)
        return None
    return kept if kept["kind"] == _KIND else None


def _of_small_count(cell: PublishedCell, value: int) -> tuple[int, int] | None:
    return (1, cell.k) if cell.k and 0 < value < cell.k else None


def with_nights(
    cells: Sequence[PublishedCell],
    relations: Sequence[Relation],
    true: Mapping[str, int],
    nights: Sequence[NightFigures],
    needed_of: Callable[[PublishedCell, int], tuple[int, int] | None] = _of_small_count,
) -> tuple[list[PublishedCell], list[Relation], dict[str, tuple[int, int]]]:
    """What tonight's file tells together with earlier ones.

    A figure that has not changed since is one cell, in whichever night it was printed; one that has is a cell for each
    time it was another one. That a hidden one has not changed nobody can see; that it is known makes the test stricter.

    Args:
        cells: of tonight's file.
        relations: of tonight, which hold whatever is published.
        true: tonight's true values.
        nights: earlier ones.
        needed_of: tonight's cell and its value of an earlier night → what must be possible of that; None for nothing.

    Returns:
        All cells and relations; those of earlier nights only where a figure was another one. And what must be possible
        of small figures of earlier nights, which stay protected.
    """
    needed = dict[str, tuple[int, int]]()
    known = {cell.id: cell for cell in cells}
    found: dict[tuple[tuple[tuple[str, int], ...], int], Relation] = {}
    of_cell: dict[str, list[Relation]] = {}
    for relation in relations:
        for cell, _ in relation.terms:
            of_cell.setdefault(cell, []).append(relation)
    names, last = {cell: cell for cell in true}, dict(true)
    for number, night in enumerate(nights, 1):
        values = {cell: value for cell, (value, _) in night.items() if cell in true}
        names |= {cell: f"{cell}@{number}" for cell, value in values.items() if last[cell] != value}
        last |= values
        for cell, value in values.items():
            if names[cell] == cell and not night[cell][1] and known[cell].value is None:
                known[cell] = replace(known[cell], value=value)
        touched = {id(r): r for cell in values if names[cell] != cell for r in of_cell.get(cell, ())}
        for relation in touched.values():
            then = _then(relation, values, names, number)
            if then is None:
                continue
            found.setdefault((then.terms, then.constant), then)
            for (cell, _), (name, _) in zip(relation.terms, then.terms, strict=True):
                printed = None if night.get(cell, (0, True))[1] else values.get(cell)
                if name not in known:
                    bounds = None if printed is not None else needed_of(known[cell], values.get(cell, 0))
                    known[name] = PublishedCell(name, printed, known[cell].k if bounds else None, is_unpublished=True)
                    if bounds:
                        needed[name] = bounds
                elif printed is not None and known[name].value is None:
                    known[name] = replace(known[name], value=printed)
                    needed.pop(name, None)
    return list(known.values()), [*relations, *found.values()], needed


def _then(relation: Relation, values: Mapping[str, int], names: Mapping[str, str], number: int) -> Relation | None:
    """A relation with the cells of an earlier night; None where it is not known to have held then."""
    terms, total, is_whole = [], 0, True
    for cell, sign in relation.terms:
        if cell in values:
            value = values[cell]
            terms.append((names[cell], sign))
            total += sign * value
        elif cell in names and "." in cell.split("|")[0]:
            terms.append((f"{cell}@night{number}", sign))  # nobody prints it, and it may have been another number
            is_whole = False
        else:
            return None
    if not is_whole:
        return replace(relation, terms=tuple(terms)) if _is_lasting(relation) else None
    if relation.kind is RelationKind.EQUAL:
        return replace(relation, terms=tuple(terms), constant=total)
    return replace(relation, terms=tuple(terms), constant=max(relation.constant, total))


def _is_lasting(relation: Relation) -> bool:
    """Whether its constant is none of rows outside the relations, which were others then."""
    return relation.constant == 0
