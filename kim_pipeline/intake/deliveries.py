"""Deliveries as the night handles them: what is known of each, of the folder as a whole, and all findings of them.

Does not belong here: taking them in (`intake.py`) and which of them count (`settling.py`).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from kim_pipeline import german
from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.intake.cache import CachedPart
from kim_pipeline.intake.counting import (
    Window,
)
from kim_pipeline.intake.folder import Skipped
from kim_pipeline.intake.merging import Merged
from kim_pipeline.reading.findings import OFFICIAL_REJECTIONS, Finding
from kim_pipeline.reading.official.terms import Attribution

Status = Literal["counted", "superseded", "rejected", "held"]


@dataclass
class Delivery:
    """One delivery of a programme, or one part of it (`deliveries.md` §1.1).

    Attributes:
        programme: key of the programme.
        file: path relative to the programme's folder, with `/`.
        path: where it lies.
        received_at: when the file was last written (UTC).
        sha256: of its bytes; None where they cannot be read.
        part: tells it from the delivery's other parts; empty where it has one.
        read: the result, or None where the file could not be read at all.
        problem: German sentence where it could not be read at all.
        status: whether it counts.
        reason: why not: the rule that rejects it, `duplicate`, `newer_stand`, `longer_period`,
            `later_name`, `official_table`; the German sentence of the guard for what is held; None if it counts.
        superseded_by: the file that counts instead.
        parsed: whether it was parsed in this run (not taken from the cache).
        settled: findings that only the deliveries together give.
        excluded: (table, sheet, row) of accepted rows that such findings quarantine.
        barred: the finding that rejects it on the day of this run, although it can be read.
        held: why it is set aside until a person decides, in German; None if it is not.
        is_kept: whether its bytes are gone and what was kept of reading them is used.
    """

    programme: str
    file: str
    path: Path
    received_at: dt.datetime
    sha256: str | None = None
    fingerprint: str | None = None
    part: str = ""
    read: CachedPart | None = None
    problem: str | None = None
    status: Status = "rejected"
    reason: str | None = None
    superseded_by: str | None = None
    parsed: bool = False
    settled: list[Finding] = field(default_factory=list)
    excluded: list[tuple[str, str, int]] = field(default_factory=list)
    barred: Finding | None = None
    held: str | None = None
    is_kept: bool = False

    @property
    def owner(self) -> tuple[str, str]:
        """File and part."""
        return self.file, self.part

    @property
    def is_rejected(self) -> bool:
        """Whether nothing of it can be used."""
        return self.reading is None or self.reading.rejected is not None or not self.brought

    @property
    def reading(self) -> CachedPart | None:
        """What was read, as far as it is told: of a barred delivery nothing is."""
        return None if self.barred else self.read

    @property
    def is_official(self) -> bool:
        """Whether it is an official table in a published form, also where it cannot be used."""
        return self.read is not None and (self.read.published is not None or self.read.rejected in OFFICIAL_REJECTIONS)

    @property
    def told_period(self) -> str | None:
        """Its period as it is written down: the canonical notation; of an official table its Stichtage as days."""
        if self.read is None or self.read.period is None:
            return None
        if self.read.published is None:
            return str(self.read.period)
        ends = dict.fromkeys((german.day(self.read.period.first), german.day(self.read.period.last)))
        return " – ".join(ends)

    @property
    def attribution(self) -> str | None:
        """The line that names an official table's provider and terms; None unless it counts."""
        published = self.read.published if self.read else None
        if published is None or self.status != "counted" or self.read is None:
            return None
        credit = Attribution(published.provider, published.dataset, published.terms)
        return credit.line(published.days, self.read.as_of, vocabulary().county.flat_file_terms)

    @property
    def brought(self) -> list[str]:
        """Its tables, but for those that have data rows of which not one is accepted (`nothing_accepted`)."""
        return [name for name in (self.reading.tables if self.reading else ()) if name not in self.empty_tables]

    @property
    def empty_tables(self) -> dict[str, dict[str, Any]]:
        """Tables that have data rows of which not one is accepted, each with its first sheet's account."""
        first: dict[str, dict[str, Any]] = {}
        accepted: dict[str, int] = {}
        data: dict[str, int] = {}
        for account in self.accounts:
            name = account["table"]
            first.setdefault(name, account)
            accepted[name] = accepted.get(name, 0) + account["accepted"]
            data[name] = data.get(name, 0) + account["accepted"] + account["quarantined"]
        return {name: account for name, account in first.items() if data[name] and not accepted[name]}

    @property
    def rejection(self) -> Finding | None:
        """The finding that rejects it where reading has not: it could not be read at all, or it is barred."""
        if self.problem is None:
            return self.barred
        return Finding(None, None, None, None, "unreadable", "rejected", None, self.problem)

    @property
    def rejected_because(self) -> str:
        """Why nothing of it can be used, in German; blank where something can."""
        rejection = self.rejection
        if rejection is not None:
            return rejection.message
        if self.read is not None and self.read.message:
            return self.read.message
        return " ".join(f.message for f in self.settled if f.rule == "nothing_accepted" and self.is_rejected)

    @property
    def accounts(self) -> list[dict[str, Any]]:
        """The account of each sheet, with the rows that settling moved to quarantine."""
        if self.reading is None or self.read is None:
            return []
        found = [dict(a) for a in self.read.accounts]
        for account in found:
            moved = sum(
                1 for table, sheet, _ in self.excluded if (table, sheet) == (account["table"], account["sheet"])
            )
            account["accepted"] -= moved
            account["quarantined"] += moved
        return found


@dataclass
class Intake:
    """All deliveries of a run.

    Attributes:
        deliveries: by programme and file.
        windows: (programme, table) → the days for which each file counts.
        unknown: entries of the folder that belong to no programme.
        skipped: what lies in a programme's folder and is no delivery.
        withdrawn: programme and SHA-256 of deliveries that a person has taken out.
        merged: programme → its records merged by parts, where it knows published forms.
    """

    deliveries: list[Delivery]
    windows: dict[tuple[str, str], list[Window]]
    unknown: list[str]
    skipped: list[Skipped] = field(default_factory=list)
    withdrawn: frozenset[tuple[str | None, str]] = frozenset()
    merged: dict[str, Merged] = field(default_factory=dict)

    def files(self, programme: str) -> list[list[Delivery]]:
        """The deliveries of one programme, each with its parts."""
        found: dict[str, list[Delivery]] = {}
        for delivery in self.of(programme):
            found.setdefault(delivery.file, []).append(delivery)
        return list(found.values())

    def of(self, programme: str) -> list[Delivery]:
        """The deliveries of one programme, one for each part."""
        return [d for d in self.deliveries if d.programme == programme]

    @property
    def inputs_sha256(self) -> str:
        """Fingerprint of all inputs: the same files read by the same code give the same value."""
        digest = hashlib.sha256()
        for d in self.deliveries:
            barred = "held" if d.held else d.barred.rule if d.barred else None
            digest.update(
                f"{d.programme}\0{d.file}\0{d.part}\0{d.sha256}\0{d.fingerprint}\0{d.problem}\0{barred}\n".encode()
            )
        return digest.hexdigest()


def counts_by_severity(delivery: Delivery) -> dict[str, int]:
    """Severity → number of findings of a delivery, settled ones and a rejection included."""
    counts = dict(delivery.reading.counts) if delivery.reading else {}
    extra = [*delivery.settled, *([delivery.rejection] if delivery.rejection else [])]
    for finding in extra:
        counts[finding.severity] = counts.get(finding.severity, 0) + 1
    return counts


def finding_records(delivery: Delivery) -> list[dict[str, Any]]:
    """The findings of a delivery that are not in the cache, as records."""
    extra = [*delivery.settled, *([delivery.rejection] if delivery.rejection else [])]
    return [dataclasses.asdict(f) for f in extra]


_WORST_FIRST = ("rejected", "error", "warning", "notice")


def all_findings(delivery: Delivery) -> list[Finding]:
    """Every finding of a delivery, cached and settled: of the whole file, then by sheet, row, severity and column."""
    return findings_of([delivery])


def findings_of(parts: Sequence[Delivery]) -> list[Finding]:
    """The same for all parts of a delivery together."""
    import pyarrow.parquet as pq  # noqa: PLC0415  (only who shows findings needs it)

    found: list[Finding] = []
    for part in parts:
        cached: list[dict[str, Any]] = []
        if part.reading:
            with pq.ParquetFile(part.reading.findings) as file:  # `read_table` would load pandas
                cached = file.read().to_pylist()
        found += [Finding(**record) for record in (*cached, *finding_records(part))]
    accounts = (account["sheet"] for part in parts for account in part.accounts)
    sheets = list(dict.fromkeys([None, *accounts, *(f.sheet for f in found)]))
    position = {sheet: number for number, sheet in enumerate(sheets)}

    def place(f: Finding) -> tuple[int, int, int, int, str]:
        letter = f.column_letter or ""
        return position[f.sheet], f.row or 0, _WORST_FIRST.index(f.severity), len(letter), letter

    return sorted(found, key=place)
