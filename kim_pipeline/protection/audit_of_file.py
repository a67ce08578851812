"""Audits a published file: what somebody can work out from it who knows everything that is public (`privacy.md`).

Belongs here: reading the published file, the relations between its figures, built anew from its tables, and the rules
of publishing. Nothing here knows how the hidden figures were chosen. From the internal file of the same build come what
the attacker is assumed to know (rows placed at the county, rows without a breakdown's value) and the true values.
"""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import pyarrow as pa

from kim_pipeline import german
from kim_pipeline.disclosure import AuditError, AuditRow, Found
from kim_pipeline.disclosure.inference import Inference
from kim_pipeline.errors import KimError
from kim_pipeline.protection.attacker import FigurePlace, View, cell_id, few_persons, unsafe_sums
from kim_pipeline.protection.attackers import Attacked, audited_by_all, inferred_from_rules
from kim_pipeline.protection.hiding import hide_more
from kim_pipeline.protection.linked_set import Key, read_linked_set
from kim_pipeline.protection.night_ledger import NightFigures
from kim_pipeline.protection.repair import repair
from kim_pipeline.protection.withholding import Breach, Withholding
from kim_pipeline.warehouse.build import comment, sql_literal
from kim_pipeline.warehouse.catalogue import load_catalogue
from kim_pipeline.warehouse.checks import checks_in
from kim_pipeline.warehouse.sql_models import SQL_FOLDER

_CHECKS = SQL_FOLDER / "checks" / "published"
"""The rules that can be judged row by row, each a query for the rows that break it."""
_SHOWN, _REPAIRS = 10, 8
_LOG = logging.getLogger(__name__)
_CANNOT_RUN = "Die Geheimhaltung lässt sich nicht prüfen, es wird nichts veröffentlicht."
_INFORM = "Bitte die Betreuung informieren."
_CONSISTENT = "Die veröffentlichten Werte widersprechen sich nicht."


@dataclass(frozen=True)
class IndicatorAudit:
    """What was found for the figures of one indicator.

    Attributes:
        indicator: its id.
        cells: figures that can be published.
        hidden: of these, hidden.
        kept: share of the information that is published, each figure weighing `1 + ln(1 + value)`, each 1 where the
            values are not known.
        narrowest: smallest number of values that remain possible for a hidden small count; None where there is none,
            or every one is without limit.
        at_risk: hidden figures that are too well known.
    """

    indicator: str
    cells: int
    hidden: int
    kept: float
    narrowest: int | None
    at_risk: int


@dataclass(frozen=True)
class FileAudit:
    """The audit of a file.

    Attributes:
        build: name of the build.
        indicators: one line per protected indicator.
        rows: every hidden figure with its interval.
        breaches: rules that are broken.
        knows_rest: whether the internal file was there, so that the attacker knows the rows outside the relations.
        small: cells of the small figures, where the internal file was there.
        withheld: cells that fail whatever is printed, by what an attacker knows of them himself.
        hidden_more: figures that were hidden because the first audit failed.
        taken_back: rules that were broken by what is withheld now.
        cells: every cell of the file with its true value and whether it is hidden, where the internal file was there.
    """

    build: str
    indicators: tuple[IndicatorAudit, ...]
    rows: tuple[AuditRow, ...]
    breaches: tuple[Breach, ...]
    knows_rest: bool
    small: frozenset[str] = frozenset()
    withheld: frozenset[str] = frozenset()
    hidden_more: frozenset[Key] = frozenset()
    taken_back: tuple[Breach, ...] = ()
    cells: NightFigures = field(default_factory=dict)

    @property
    def at_risk(self) -> list[AuditRow]:
        """Hidden figures that are too well known from what is published."""
        return [row for row in self.rows if not row.passed and row.cell not in self.withheld]

    @property
    def lost(self) -> dict[str, int]:
        """Cells that fail all the same, with their values."""
        return {row.cell: self.cells.get(row.cell, (0, True))[0] for row in self.rows if not row.passed}

    @property
    def by_attacker(self) -> dict[int, tuple[int, int]]:
        """Attacker → hidden figures that he was tried on, and how many of these fail."""
        found: dict[int, tuple[int, int]] = {}
        for number in sorted({row.attacker for row in self.rows}):
            ours = [row for row in self.rows if row.attacker == number]
            found[number] = (len({r.cell for r in ours}), len({r.cell for r in ours if not r.passed}))
        return found

    @property
    def passed(self) -> bool:
        """Whether the file may be published."""
        return not self.at_risk and not self.breaches


def audit_file(published: Path, internal: Path | None, nights: Sequence[NightFigures] = ()) -> FileAudit:
    """Audit a published file.

    Args:
        published: the file.
        internal: the internal file of the same build; without it the attacker is taken not to know the rows outside
            the relations, and nothing tells which hidden figures are small.
        nights: what earlier ones have printed since the last release.
    """
    with _seen(published, internal) as view:
        return _audited(Attacked(view, nights))


def measure_rules(published: Path, internal: Path) -> Inference:
    """What somebody infers from the pattern itself who knows the rules (attacker 5); it holds nothing back."""
    with _seen(published, internal) as view:
        return inferred_from_rules(view)


@contextmanager
def _seen(published: Path, internal: Path | None) -> Iterator[View]:
    with duckdb.connect(config={"temp_directory": ""}) as connection:  # nothing of the internal file spills to the disk
        connection.execute(f"ATTACH {sql_literal(str(published))} AS published (READ_ONLY)")
        if internal is not None:
            connection.execute(f"ATTACH {sql_literal(str(internal))} AS internal (READ_ONLY)")
        yield View(connection, has_internal=internal is not None)


class DisclosureError(KimError):
    """What would be published cannot be judged; the German message names the place and no figure."""

    @property
    def public(self) -> str:
        """Without the places: that a figure is small is told to nobody."""
        return f"{_CANNOT_RUN} {_INFORM}"


def audit_build(
    published: Path, internal: Path, rewrite: Callable[[], object], nights: Sequence[NightFigures] = ()
) -> FileAudit:
    """Audit a build before it is published, and write what was found to `disclosure.audit` of its internal file.

    Figures that somebody could work out are hidden with others until nobody can (`privacy.md`, "Nights"), and what
    breaks a rule of publishing is withheld. Where that is not possible they stay hidden, and the night warns.

    Args:
        published: the file.
        internal: the internal file of the same build.
        rewrite: writes the published file again, from what is hidden by then.
        nights: what earlier ones have printed since the last release.

    Raises:
        DisclosureError: what is published cannot be judged.
    """
    before: Found = {}  # what is the same after figures were hidden needs no second proof
    more, withholding = frozenset[Key](), Withholding()
    for left in reversed(range(_REPAIRS + 1)):
        found, hide = _audited_and_mended(published, internal, nights, before, withholding if left else None)
        if hide is None:
            break
        with duckdb.connect(str(internal)) as connection:
            more |= hide_more(connection, read_linked_set(connection), hide)
        rewrite()
        withholding.apply(published)
    found = replace(found, hidden_more=more, taken_back=tuple(withholding.met))
    with duckdb.connect(str(internal)) as connection:
        _write(connection, found)
    final = [f"{b.table} {b.place} ({b.rule})" for b in found.breaches if b.is_final]
    if final:
        others = f" und {len(final) - _SHOWN} weitere" if len(final) > _SHOWN else ""
        raise DisclosureError(f"{_CANNOT_RUN} Es hindert: {'; '.join(final[:_SHOWN])}{others}. {_INFORM}")
    for sentence in warnings_of(found):
        _LOG.warning("%s", sentence)
    return found


def warnings_of(found: FileAudit) -> list[str]:
    """German sentences on what a build withholds; which figures they are is for those who read the internal file."""
    sentences = []
    for (table, rule), number in Counter((b.table, b.rule) for b in found.taken_back).items():
        sentences.append(
            f"Zurückgehaltene Zellen der Tabelle {table}, weil eine Regel der Veröffentlichung verletzt war: "
            f"{german.count_class(number)}. Die Regel: {rule}"
        )
    return [f"{sentence} {_WHICH}" for sentence in sentences]


def lost_warning(number: int) -> str:
    """The same on figures that are lost since tonight."""
    return f"{german.count_class(number)} geheime Zahlen kennt jemand zu genau, was immer veröffentlicht wird. {_WHICH}"


def _audited_and_mended(
    published: Path,
    internal: Path,
    nights: Sequence[NightFigures],
    before: Found,
    withholding: Withholding | None,
) -> tuple[FileAudit, set[Key] | None]:
    """The audit of a file, and the figures to hide where it fails; None where there is nothing to do, or to be done."""
    with _seen(published, internal) as view, duckdb.connect(str(internal), read_only=True) as connection:
        attacked = Attacked(view, nights, before)
        found = _audited(attacked)
        if found.passed or withholding is None:
            return found, None
        linked = read_linked_set(connection)
        hide, is_new = withholding.take_back(found.breaches, linked)
        if not found.breaches:
            hide |= repair(attacked, linked, found.at_risk).hidden
        return found, hide if hide or is_new else None


def build_of(published: Path) -> str:
    """The name of the build that a published file says it is; empty where it says none."""
    with duckdb.connect(config={"temp_directory": ""}) as connection:
        connection.execute(f"ATTACH {sql_literal(str(published))} AS published (READ_ONLY)")
        return View(connection, has_internal=False).build


def _write(connection: duckdb.DuckDBPyConnection, found: FileAudit) -> None:
    rows: list[tuple[object, ...]] = [
        (r.cell, r.attacker, r.lower, r.upper, r.required_lower, r.required_upper, r.passed, r.method)
        for r in found.rows
    ]
    broken = dict.fromkeys((*found.taken_back, *found.breaches))
    rows += [(f"{b.table}|{b.place}", None, None, None, None, None, False, b.rule) for b in broken]
    names = list(_AUDIT)
    types = [pa.string(), *[pa.int64()] * 5, pa.bool_(), pa.string()]
    block = pa.table(
        [pa.array([row[n] for row in rows], kind) for n, kind in enumerate(types)],
        schema=pa.schema(list(zip(names, types, strict=True))),
    )
    connection.register("audited", block)
    connection.execute("CREATE OR REPLACE TABLE disclosure.audit AS SELECT * FROM audited")
    connection.unregister("audited")
    comment(connection, "Was sich aus dem Veröffentlichten über jede geheime Zahl schließen lässt.", _AUDIT, _TABLE)


_TABLE = "disclosure.audit"
_WHICH = f"Welche es sind, zeigt die Tabelle {_TABLE} der internen Datei."
_AUDIT = {
    "cell": "Zelle: Zahl, Gebiet, Zeitraum, Merkmal",
    "attacker": "Angreifer: 1 Öffentlichkeit, 2 wer alle Nächte hat, 3 wer auch die Zeilen beim Kreis kennt, 4 eine "
    "Stelle mit ihren eigenen Zeilen",
    "lower": "Kleinster möglicher Wert; bei method table höchstens so groß",
    "upper": "Größter möglicher Wert; leer, wenn es keinen gibt; bei method table mindestens so groß",
    "required_lower": "Von höchstens diesem Wert an muss alles möglich bleiben; leer, wo nichts zu schützen ist",
    "required_upper": "Bis zu diesem Wert muss alles möglich bleiben; leer, wo nichts zu schützen ist",
    "passed": "Ob sie geschützt ist",
    "method": "lp, integer, table (ganze Tabellen zeigen es) oder die verletzte Regel",
}


def _audited(attacked: Attacked) -> FileAudit:
    view = attacked.view
    breaches = list(_breaches(view))
    rows: list[AuditRow] = []
    try:
        rows = audited_by_all(attacked)
    except AuditError as error:
        breaches.append(Breach("indicator_value", str(error), _CONSISTENT, is_final=True))
    if not view.has_internal:
        rows = [replace(row, passed=row.passed or _may_be_large(row)) for row in rows]
    lines = tuple(_by_indicator(view, [row for row in rows if row.attacker == rows[0].attacker]))
    failed = {row.cell for row in rows if not row.passed} if view.has_internal else set()
    whose = {row.attacker for row in rows} if failed else set()
    withheld = frozenset(cell for trial in attacked.trials(whose) for cell in trial.hopeless(failed))
    cells = {cell_id(place): (view.true[place], value is None) for place, value in view.seen.items() if view.true}
    return FileAudit(
        view.build, lines, tuple(rows), tuple(breaches), view.has_internal, view.small, withheld, cells=cells
    )


def _breaches(view: View) -> Iterator[Breach]:
    """Rules that can be judged row by row."""
    for check in checks_in(_CHECKS):
        table = (check.asset or "").removeprefix("published.")
        for row in view.named_rows(check.sql):
            yield Breach(table, "|".join(row.values()), check.description, tuple(row.items()))
    for place, value in sorted(view.seen.items()):
        if value is not None and 0 < value < view.k[place[0]] and place[0] not in view.amounts:
            yield _printed(place, f"Zahlen unter {view.k[place[0]]} bleiben geheim.")
    printed = [p for p, value in view.seen.items() if value and p[0] not in view.amounts]
    for place in sorted(few_persons(view, printed)):
        yield _printed(place, "Zahlen, hinter denen zu wenige Personen stehen, bleiben geheim.")
    for place in sorted(unsafe_sums(view, (p for p, v in view.seen.items() if p[0] in view.amounts and v))):
        yield _printed(place, "Summen von zu wenigen Personen bleiben geheim.")
    yield from (replace(_printed(place, _CONSISTENT), is_doubtful=True) for place in view.contradictions)
    yield from _low_k(view)


def _printed(place: FigurePlace, rule: str) -> Breach:
    """A figure that must not be printed."""
    return Breach("indicator_value", cell_id(place), rule, figure=place)


def _low_k(view: View) -> Iterator[Breach]:
    """The file says less of what is protected than the catalogue: nobody can judge it by what it says."""
    for indicator, k in view.rows("SELECT indicator_id, k FROM published.indicator WHERE k IS NOT NULL"):
        if int(str(k)) < view.k[str(indicator)]:
            yield Breach("indicator", str(indicator), f"k ist mindestens {view.k[str(indicator)]}.", is_final=True)
    protected = {entry.id for entry in load_catalogue() if entry.k is not None}
    for (indicator,) in view.rows("SELECT indicator_id FROM published.indicator WHERE k IS NULL ORDER BY indicator_id"):
        if indicator in protected:
            yield Breach("indicator", str(indicator), "Der Indikator ist zu schützen.", is_final=True)


def _may_be_large(row: AuditRow) -> bool:
    """Whether a figure of which nobody knows if it is small reaches k, and so need not be small."""
    return row.required_upper is None or row.upper is None or row.upper >= row.required_upper


def _is_narrow(view: View, row: AuditRow) -> bool:
    """Whether a figure counts for the narrowest interval: a small count; where nobody knows, one that may be small."""
    count, *_ = row.cell.split("|")
    return count not in view.amounts and (row.cell in view.small if view.has_internal else row.lower <= 1)


def _by_indicator(view: View, rows: Iterable[AuditRow]) -> Iterator[IndicatorAudit]:
    of_indicator: dict[str, list[AuditRow]] = {}
    for row in rows:
        of_indicator.setdefault(row.cell.split("|")[0].split(".")[0], []).append(row)
    places: dict[str, list[FigurePlace]] = {}
    for place in view.seen:
        places.setdefault(place[0].split(".")[0], []).append(place)
    for indicator, those in sorted(places.items()):
        weight = {p: 1 + math.log1p(view.true[p]) if view.has_internal else 1.0 for p in those}
        hidden = [p for p in those if view.seen[p] is None]
        found, printed = of_indicator.get(indicator, []), {cell_id(p) for p in hidden}
        judged = [r for r in found if r.cell in printed and r.required_upper and _is_narrow(view, r)]
        widths = [r.upper - r.lower + 1 for r in judged if r.upper is not None]
        yield IndicatorAudit(
            indicator=indicator,
            cells=len(those),
            hidden=len(hidden),
            kept=1 - sum(weight[p] for p in hidden) / sum(weight.values()),
            narrowest=min(widths, default=None),
            at_risk=sum(not r.passed for r in found),
        )
