"""What only the deliveries together decide: which of them count, references between programmes, competitors.

Belongs here: putting `counting.py` and `merging.py` to work on the deliveries of a folder. Rows stay in Parquet.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from kim_pipeline import german
from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.model import Programme, Table
from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.intake.competing import competitors
from kim_pipeline.intake.counting import (
    Candidate,
    Window,
    period_windows,
    snapshot_windows,
    superseded_by,
    without_period_date,
)
from kim_pipeline.intake.deliveries import Delivery, Intake
from kim_pipeline.intake.merging import AcceptedRow, Merged, merge, why_beaten
from kim_pipeline.reading.findings import Finding, place_name, told


def settle(intake: Intake, today: dt.date) -> None:
    """Decide which deliveries count, and judge references between programmes; can be called again.

    Args:
        intake: the deliveries; what is settled is written into them.
        today: day of the run: a delivery with a later Stand is rejected (`as_of_in_future`).
    """
    for delivery in intake.deliveries:
        delivery.settled, delivery.excluded, delivery.barred = [], [], _barred(delivery, intake, today)
    _find_windows(intake)
    for _ in programmes():  # each time, rows judged anew may leave a table empty, and another delivery counts instead
        before = dict(intake.windows)
        _judge_all_references(intake)
        _find_windows(intake)
        if intake.windows == before:
            break
    intake.merged = {key: merged_parts(intake, p) for key, p in programmes().items() if p.published is not None}
    for delivery in intake.deliveries:
        delivery.settled += [_nothing_accepted(account) for account in delivery.empty_tables.values()]
        _set_status(delivery, intake)
        if delivery.programme in intake.merged:
            delivery.settled += intake.merged[delivery.programme].findings.get(delivery.owner, [])
    for programme in programmes().values():
        tell_competitors(intake, programme)


def merged_parts(intake: Intake, programme: Programme) -> Merged:
    """The accepted rows of a programme's deliveries that count by themselves, merged by parts."""
    import pyarrow.parquet as pq  # noqa: PLC0415  (only programmes with published forms need it)

    forms, county = programme.published, vocabulary().county
    if forms is None:
        return Merged()
    owners = {window.owner for window in intake.windows[programme.key, forms.table]}
    found: list[AcceptedRow] = []
    for delivery in intake.of(programme.key):
        if delivery.read is None or delivery.owner not in owners:
            continue
        gone = {(sheet, row) for table, sheet, row in delivery.excluded if table == forms.table}
        is_official = delivery.read.published is not None
        rows = pq.ParquetFile(delivery.read.tables[forms.table].path).read().to_pylist()
        found += [
            AcceptedRow(delivery.owner, is_official, delivery.read.as_of, row)
            for row in rows
            if (row["source_sheet"], row["source_row"]) not in gone
        ]
    names = {county.key: county.name, **{m.ags: m.name for m in county.municipalities}}
    return merge(found, county.key, names)


def _barred(delivery: Delivery, intake: Intake, today: dt.date) -> Finding | None:
    """The finding that rejects a delivery which was withdrawn, or states a Stand after the day of the run."""
    if delivery.read is not None and (delivery.programme, delivery.sha256) in intake.withdrawn:
        return Finding(None, None, None, None, "withdrawn", "rejected", None, told("withdrawn"))
    if delivery.read is None or delivery.read.rejected or delivery.read.as_of is None or delivery.read.as_of <= today:
        return None
    message = told("as_of_in_future", as_of=german.day(delivery.read.as_of), today=german.day(today))
    return Finding(None, None, None, None, "as_of_in_future", "rejected", None, message)


def _nothing_accepted(account: dict[str, Any]) -> Finding:
    """`nothing_accepted`, at the table's first header."""
    row = account["header_row"]
    message = f"{place_name(account['sheet'], row)}: {told('nothing_accepted')}"
    return Finding(account["sheet"], row, None, None, "nothing_accepted", "error", None, message)


def _find_windows(intake: Intake) -> None:
    for programme in programmes().values():
        for table in programme.tables:
            found = _candidates(intake, programme, table)
            windows = _windows(programme, found)
            if programme.delivery == "period" and table.period_date is None:
                windows = without_period_date(windows, found)
            intake.windows[programme.key, table.name] = windows + _official_windows(intake, programme, table)


def _official_windows(intake: Intake, programme: Programme, table: Table) -> list[Window]:
    """Every usable official table: what counts of it is decided part by part (`official.md` §6)."""
    copies = _copies(intake.of(programme.key))
    return [
        Window(d.file, d.read.period, d.part)
        for d in intake.of(programme.key)
        if d.read is not None and d.read.published and not d.is_rejected and d.owner not in copies
        if table.name in d.brought
    ]


def _copies(deliveries: Iterable[Delivery]) -> set[tuple[str, str]]:
    """Parts of files with the same bytes as a usable one whose name sorts before theirs (`deliveries.md` §4)."""
    seen: set[tuple[str | None, str]] = set()
    copies = set()
    for delivery in sorted((d for d in deliveries if not d.is_rejected and d.held is None), key=lambda d: d.owner):
        if (delivery.sha256, delivery.part) in seen:
            copies.add(delivery.owner)
        seen.add((delivery.sha256, delivery.part))
    return copies


def _candidates(intake: Intake, programme: Programme, table: Table) -> list[Candidate]:
    ours = intake.of(programme.key)
    copies = _copies(ours)
    return [
        Candidate(d.file, d.read.as_of, d.read.period, d.part, d.is_kept)
        for d in ours
        if not d.is_rejected
        and d.held is None
        and d.owner not in copies
        and d.read is not None
        and d.read.as_of is not None
        and d.read.published is None
        and table.name in d.brought
    ]


def _windows(programme: Programme, candidates: Sequence[Candidate]) -> list[Window]:
    return snapshot_windows(candidates) if programme.delivery == "snapshot" else period_windows(candidates)


def _set_status(delivery: Delivery, intake: Intake) -> None:
    if delivery.is_rejected:
        delivery.status = "rejected"
        delivery.reason = _rejected_by(delivery)
        return
    tables = programmes()[delivery.programme].tables
    if delivery.held is not None:
        delivery.status, delivery.reason = "held", delivery.held
        return
    counts = any(w.owner == delivery.owner for t in tables for w in intake.windows[delivery.programme, t.name])
    merged = intake.merged.get(delivery.programme)
    if counts and merged is not None:
        counts = delivery.owner in merged.owners
    delivery.status = "counted" if counts else "superseded"
    delivery.reason = delivery.superseded_by = None
    if counts:
        return
    if delivery.owner in _copies(intake.of(delivery.programme)):
        delivery.reason = "duplicate"
    elif merged is not None and (winner := merged.beaten_by.get(delivery.owner)) is not None:
        delivery.reason, delivery.superseded_by = _beaten_by(delivery, winner), winner.owner[0]
    else:
        delivery.reason, delivery.superseded_by = _superseded(delivery, intake)


def _beaten_by(delivery: Delivery, winner: AcceptedRow) -> str:
    """Why another delivery gives the values of this one."""
    read = delivery.read
    loser = AcceptedRow(delivery.owner, bool(read and read.published), read.as_of if read else None, {})
    return why_beaten(loser, winner)


def _superseded(delivery: Delivery, intake: Intake) -> tuple[str | None, str | None]:
    """Why nothing of a delivery counts, and which file counts instead: as for the first table that has one."""
    programme = programmes()[delivery.programme]
    for table in programme.tables:
        candidates = _candidates(intake, programme, table)
        own = next((c for c in candidates if c.owner == delivery.owner), None)
        if own is None:
            continue
        better = superseded_by(own, _windows(programme, candidates), candidates)
        if better is not None:
            return own.loses_because(better), better.file
    return None, None


def rivals_of(intake: Intake, programme: Programme) -> list[tuple[Delivery, Delivery, int]]:
    """Deliveries that another of the same table, Stand and days goes before; that one; and how many keys both have."""
    ours = {d.owner: d for d in intake.of(programme.key)}
    found: dict[tuple[tuple[str, str], tuple[str, str]], int] = {}
    for table in programme.tables:
        for loser, winner in competitors(_candidates(intake, programme, table)):
            if ours[loser].sha256 != ours[winner].sha256:
                common = len(_keys(ours[loser], table) & _keys(ours[winner], table))
                found[loser, winner] = found.get((loser, winner), 0) + common
    return [(ours[loser], ours[winner], common) for (loser, winner), common in found.items()]


def tell_competitors(intake: Intake, programme: Programme) -> None:
    """`competing_delivery`: the same table, Stand and days, and not the same bytes."""
    for delivery, winner, common in rivals_of(intake, programme):
        delivery.settled.append(_competing(winner.file, common))


def _competing(other: str, common: int) -> Finding:
    shared = {
        0: "Keine Nummer steht in beiden; es können zwei Teile einer Liste sein.",
        1: "Eine Nummer steht in beiden.",
    }
    said = told("competing_delivery", other=other, common=shared.get(common, f"{common} Nummern stehen in beiden."))
    return Finding(None, None, None, None, "competing_delivery", "warning", None, said)


def _keys(delivery: Delivery, table: Table) -> set[tuple[Any, ...]]:
    """The keys of a table's accepted rows."""
    import pyarrow.parquet as pq  # noqa: PLC0415  (only competitors need it)

    if delivery.read is None:
        return set()
    rows = pq.ParquetFile(delivery.read.tables[table.name].path).read(columns=list(table.key))
    return set(zip(*(rows[name].to_pylist() for name in table.key), strict=True))


def _rejected_by(delivery: Delivery) -> str:
    """The rule that rejects a delivery."""
    if delivery.rejection is not None:
        return delivery.rejection.rule
    return (delivery.read.rejected if delivery.read else None) or "nothing_accepted"


def _judge_all_references(intake: Intake) -> None:
    for delivery in intake.deliveries:
        delivery.settled, delivery.excluded = [], []
    for programme in programmes().values():
        for table in programme.tables:
            if table.reference is not None and table.reference.programme is not None:
                _judge_references(intake, programme, table)


def _judge_references(intake: Intake, programme: Programme, table: Table) -> None:
    reference = table.reference
    if reference is None or reference.programme is None:
        return
    known = _known(intake, reference.programme, reference.table)
    any_value = [here in reference.optional for here, _ in reference.columns]
    for delivery in intake.of(programme.key):
        if delivery.reading is not None and table.name in delivery.reading.tables:
            _judge(delivery, table.name, delivery.reading.tables[table.name].pending, known, any_value)


def _known(intake: Intake, programme: str, table: str) -> set[tuple[Any, ...]] | None:
    """What the counting deliveries of a table hold; None where none counts: then references are not judged."""
    owners = {w.owner for w in intake.windows.get((programme, table), [])}
    if not owners:
        return None
    counting = [d.read for d in intake.of(programme) if d.read is not None and d.owner in owners]
    return {tuple(key) for read in counting for key in read.tables[table].keys}


def _judge(
    delivery: Delivery,
    table: str,
    rows: list[dict[str, Any]],
    known: set[tuple[Any, ...]] | None,
    any_value: list[bool],
) -> None:
    """`orphan`, then `duplicate_key`, in the order of the rows (`deliveries.md` §3)."""
    held: set[tuple[Any, ...]] = set()
    for row in rows:
        findings: list[Finding] = []
        if known is not None and row["target"] is not None and not _matches(row["target"], known, any_value):
            findings.append(Finding(**row["orphan"]))
        key = tuple(row["key"]) if row["key"] is not None else None
        if key is not None and key in held:
            findings.append(Finding(**row["duplicate"]))
        elif key is not None and not row["has_error"] and not findings:
            held.add(key)
        delivery.settled += findings
        if findings and not row["has_error"]:
            delivery.excluded.append((table, row["sheet"], row["row"]))


def _matches(target: list[Any], known: set[tuple[Any, ...]], any_value: list[bool]) -> bool:
    if not any(value is None for value in target):
        return tuple(target) in known
    return any(
        all(t == k or (t is None and free) for t, k, free in zip(target, key, any_value, strict=True)) for key in known
    )
