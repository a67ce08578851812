"""Takes back what breaks a rule of publishing (`privacy.md`, "Nights"): it is withheld, and the night goes on.

Belongs here: which figures a broken rule is about, and emptying or removing rows of a published file that hiding these
figures does not mend. Whether a rule is broken the audit says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from kim_pipeline.protection.attacker import FigurePlace
from kim_pipeline.protection.declared import declarations
from kim_pipeline.protection.linked_set import Key, LinkedSet
from kim_pipeline.warehouse.build import sql_literal

_VALUES = "indicator_value"
_GAPS = {
    "offer_gap": ("theme", frozenset({"kim_needs", "kim_needs_unmet"})),
    "language_gap": ("language", frozenset({"smp_requests", "smp_unfilled", "smp_active_interpreters"})),
}
"""Table that repeats figures → its column of members, and the figures."""


@dataclass(frozen=True)
class Breach:
    """A rule of publishing that a row breaks.

    Attributes:
        table: of the published file.
        place: which row.
        rule: German sentence: what must hold.
        row: the columns that name the row, with their values.
        figure: the figure that should not be printed, where it is one.
        is_doubtful: printed twice and not alike, so that hiding it in one table leaves the other one.
        is_final: the file cannot be judged because of it, whatever is withheld.
    """

    table: str
    place: str
    rule: str
    row: tuple[tuple[str, str], ...] = ()
    figure: FigurePlace | None = None
    is_doubtful: bool = False
    is_final: bool = False


class Withholding:
    """What is taken back of a file, more with each attempt: figures hidden, rows emptied, rows removed."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.met: dict[Breach, None] = {}
        """Every breach that was met, in order."""
        self._emptied: list[Breach] = []
        self._removed: list[Breach] = []
        self._attempts: Counter[Breach] = Counter()

    def take_back(self, breaches: Iterable[Breach], linked: LinkedSet) -> tuple[set[Key], bool]:
        """Decide what to do about breaches: figures to hide, and whether there is anything new to do."""
        hide, is_new = set[Key](), False
        for breach in dict.fromkeys(breaches):
            self.met.setdefault(breach)
            figures = {key for key in _figures(breach) if key in linked.counts or key in linked.amounts}
            attempt = self._attempts[breach] + (not figures and not self._attempts[breach])
            self._attempts[breach] = attempt + 1
            if attempt == 0:
                hide |= figures
            if attempt == 1 or (attempt == 0 and breach.is_doubtful):
                self._emptied.append(breach)
            elif attempt == 2:
                self._removed.append(breach)
            is_new |= attempt <= 2 and not breach.is_final
        return hide, is_new

    def apply(self, published: Path) -> None:
        """Empty and remove rows of the published file."""
        if not self._emptied:
            return
        with duckdb.connect(str(published)) as connection:
            for breach in self._emptied:
                for table, condition in _rows(breach, connection):
                    _empty(connection, table, condition)
            for breach in self._removed:
                if breach.row:
                    connection.execute(f"DELETE FROM {breach.table} WHERE {_named(breach.row)}")


def _figures(breach: Breach) -> Iterator[Key]:
    if breach.figure is not None:
        yield Key(*breach.figure)
    elif breach.table == _VALUES and breach.row:
        row = dict(breach.row)
        yield Key(row["indicator_id"], row["area"], row["period"], row["breakdown"])


def _rows(breach: Breach, connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str]]:
    """Tables and conditions of the rows that a breach is about, and of those that repeat its figure."""
    if breach.figure is None:
        if breach.row:
            yield breach.table, _named(breach.row)
        return
    count, area, period, member = breach.figure
    place = (("area", area), ("period", period))
    shown = (
        "indicator_id IN (SELECT indicator_id FROM indicator WHERE "
        f"{sql_literal(count)} IN (indicator_id, per_1000_of, numerator_count, denominator_count, same_total_as))"
    )
    yield _VALUES, f"{shown} AND {_named((*place, ('breakdown', member)))}"
    for table, (column, counts) in _GAPS.items():
        if count in counts:
            yield table, _named((*place, (column, member or "total")))
    ((county,),) = connection.execute("SELECT area FROM area WHERE part_of IS NULL").fetchall()
    if area == county:  # texts and goals over the county's figures do not say which
        yield from ((table, "TRUE") for table in _without_places())


def _without_places() -> list[str]:
    """Tables with figures of no area of their own."""
    tables = {table for (table, _), declared in declarations().items() if declared.tells == "cell"}
    return sorted(table for table in tables if (table, "area") not in declarations())


def _empty(connection: duckdb.DuckDBPyConnection, table: str, condition: str) -> None:
    cells = [
        column for (name, column), declared in declarations().items() if name == table and declared.tells == "cell"
    ]
    changes = [f"{column} = NULL" for column in cells]
    if table == _VALUES:
        changes += ["n_class = NULL", "status = 'suppressed'"]
    connection.execute(f"UPDATE {table} SET {', '.join(changes)} WHERE {condition}")


def _named(row: Iterable[tuple[str, str]]) -> str:
    return " AND ".join(f"{column} = {sql_literal(value)}" for column, value in row)
