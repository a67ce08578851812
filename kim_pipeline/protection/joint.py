"""Several releases together: what somebody knows who has kept the earlier ones (`privacy.md`, the third circle).

Belongs here: one linked system over the cells of a new release and of all earlier ones. A figure that has not changed
is one cell, whichever release prints it; one that has is a cell per value. Does not belong here: files and the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from kim_pipeline.disclosure import Cell, LinkedSystem, Relation, Role


@dataclass(frozen=True)
class Released:
    """An earlier release.

    Attributes:
        name: its name.
        system: its cells and relations, with the true values of that time.
        hidden: ids of the cells that it does not print.
    """

    name: str
    system: LinkedSystem
    hidden: frozenset[str]

    def prints(self, cell: Cell) -> bool:
        """Whether a reader of the release sees the cell."""
        return cell.role is Role.PUBLISHED and cell.id not in self.hidden


def joined(new: LinkedSystem, earlier: Iterable[Released]) -> LinkedSystem:
    """The new release's system with everything that earlier ones tell.

    A cell that one of them prints unchanged is known and cannot be hidden any more. A change of a printed figure by
    less than k persons is itself a small count: it is a cell that must be protected, which hides the new figure again.
    """
    cells = dict(new.cells)
    relations = list(new.relations)
    for release in earlier:
        names = {old.id: _name(old, new.cells) for old in release.system.cells.values()}
        for old in release.system.cells.values():
            name = names[old.id]
            if release.prints(old):
                cells[name] = replace(cells.get(name, old), id=name, k=None, role=Role.KNOWN, treat_as_small=False)
                for change, relation in _change(release, old, new.cells):
                    cells[change.id] = change
                    relations.append(relation)
            elif name not in cells:
                cells[name] = replace(old, id=name, role=Role.UNKNOWN)
        relations += [_renamed(relation, release.name, names) for relation in release.system.relations]
    return LinkedSystem(cells.values(), relations)


def small_changes(new: LinkedSystem, earlier: Iterable[Released]) -> dict[str, list[str]]:
    """Release → ids of the cells that it prints and that have changed by less than k since."""
    return {
        release.name: found
        for release in earlier
        if (found := [old.id for old in release.system.cells.values() if _is_small_change(release, old, new.cells)])
    }


def figure_of(cell: str) -> str:
    """The id of the figure of today that a cell of a joined system belongs to."""
    return cell.split("@", maxsplit=1)[0]


def is_change(cell: str) -> bool:
    """Whether a cell of a joined system is the change of a figure since an earlier release."""
    return ">" in cell.partition("@")[2]


def _name(old: Cell, new: Mapping[str, Cell]) -> str:
    """The id of an earlier cell in the joined system: that of today's, or, with another value, one of its own."""
    return old.id if old.id in new and new[old.id].value == old.value else f"{old.id}@{old.value}"


def _is_small_change(release: Released, old: Cell, new: Mapping[str, Cell]) -> bool:
    today = new.get(old.id)
    k = old.k or (today.k if today else None)
    return bool(today and k and release.prints(old) and 0 < abs(today.value - old.value) < k)


def _change(release: Released, old: Cell, new: Mapping[str, Cell]) -> Iterable[tuple[Cell, Relation]]:
    if not _is_small_change(release, old, new):
        return
    today = new[old.id]
    grown = today.value - old.value
    change = Cell(f"{old.id}@{old.value}>{today.value}", abs(grown), old.k or today.k, Role.UNKNOWN)
    sign = 1 if grown > 0 else -1
    terms = ((today.id, 1), (f"{old.id}@{old.value}", -1), (change.id, -sign))
    yield change, Relation(f"{release.name}: Änderung {old.id}", terms)


def _renamed(relation: Relation, release: str, names: Mapping[str, str]) -> Relation:
    terms = tuple((names[cell], sign) for cell, sign in relation.terms)
    return replace(relation, name=f"{release}: {relation.name}", terms=terms)
