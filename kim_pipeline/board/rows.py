"""The board's rows: what is up with each programme, since when, whose turn it is, and what to do.

Belongs here: one function that all who show the board ask (page, control room, terminal, reminders). It tells no name
of a file and no number of deliveries or rows (`design.md`, principle 10). Does not belong here: how it is shown.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import duckdb

from kim_pipeline import german
from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.due import Due, due_state
from kim_pipeline.guard.holds import Hold
from kim_pipeline.intake.deliveries import Intake
from kim_pipeline.intake.due import due_of
from kim_pipeline.settings import day_at

MatterKind = Literal["stopped", "held", "rejected", "late", "due", "open"]
"""What is up: the nights wait for a word; held; rejected; overdue; due, but within the days of grace; in time."""

MATTERS: dict[MatterKind, str] = {
    "stopped": "Lauf steht",
    "held": "angehalten",
    "rejected": "zurückgewiesen",
    "late": "überfällig",
    "due": "fällig",
    "open": "in der Frist",
}
"""What it is called; what asks for somebody first."""

_OPERATOR, _COORDINATOR = "die Betreuung", "die Koordination"
_ALL = "Alle Programme"
_DECIDE = "im Leitstand mit dem Job accept, oder mit kim accept"
_CONFIRM = f"bestätigen ({_DECIDE})"


@dataclass(frozen=True)
class ProgrammeState:
    """What a build, or the folder of deliveries, says of a programme.

    Attributes:
        programme: its key.
        due: what is due.
        is_rejected: whether a rejected delivery lies in its folder.
        rejected_since: when the first of them arrived; None where that is not known.
        held: SHA-256 of deliveries that are set aside.
    """

    programme: str
    due: Due
    is_rejected: bool = False
    rejected_since: dt.date | None = None
    held: frozenset[str] = frozenset()


@dataclass(frozen=True)
class BoardRow:
    """One line of the board, in German.

    Attributes:
        matter: what is up.
        programme: key; None for what concerns all.
        title: of the programme.
        since: first day of it; None where it is not known, or nothing has begun.
        happened: what is up, in a sentence.
        turn: whose turn it is; empty where it is nobody's.
        todo: what to do; empty where nothing is.
        due: what is due of the programme.
    """

    matter: MatterKind
    programme: str | None
    title: str
    since: dt.date | None
    happened: str
    turn: str = ""
    todo: str = ""
    due: Due | None = None

    @property
    def since_told(self) -> str:
        """Since when, as people read it."""
        return german.day(self.since) if self.since else "–"

    @property
    def due_told(self) -> str:
        """The day by which the next delivery is due, as people read it."""
        return german.day(self.due.due_on) if self.due and self.due.due_on else "–"

    @property
    def stand_told(self) -> str:
        """The newest Stand, as people read it."""
        return german.day(self.due.last_as_of) if self.due and self.due.last_as_of else "–"

    @property
    def label(self) -> str:
        """What is up, in a word or two."""
        return MATTERS[self.matter]


def board_rows(states: Iterable[ProgrammeState], holds: Iterable[Hold], today: dt.date) -> list[BoardRow]:
    """The board: a row for each matter of each programme, what asks for somebody first, then the longest.

    Args:
        states: of the programmes.
        holds: what waits for a person's word.
        today: day on which it is judged what is due.
    """
    known = {state.programme: state for state in states}
    rows = [*_of_holds(holds, known), *(row for state in known.values() for row in _of_state(state, today))]
    busy = {row.programme for row in rows if row.matter != "open"}
    order = list(MATTERS)
    return sorted(
        (row for row in rows if row.matter != "open" or row.programme not in busy),
        key=lambda row: (order.index(row.matter), row.since or dt.date.max, _next_day(row), row.title),
    )


def _next_day(row: BoardRow) -> dt.date:
    return row.due.due_on if row.due and row.due.due_on else dt.date.max


def _of_holds(holds: Iterable[Hold], known: dict[str, ProgrammeState]) -> Iterator[BoardRow]:
    """A row per programme and kind, since the first of its holds."""
    first: dict[tuple[str, str | None], Hold] = {}
    for hold in sorted(holds, key=lambda hold: hold.since):
        if hold.programme is None or hold.programme in programmes():
            first.setdefault((hold.kind, hold.programme), hold)
    for (kind, key), hold in first.items():
        row = _HELD[kind]
        title = programmes()[key].title if key else _ALL
        due = known[key].due if key in known else None
        since = day_at(hold.since)
        yield replace(row, programme=key, title=title, since=since, due=due)


_HELD = {
    "file": BoardRow(
        "held",
        None,
        "",
        None,
        "Eine neue Lieferung ist angehalten: mit ihr fielen veröffentlichte Angaben weg. Was bisher zählte, zählt "
        "weiter.",
        _COORDINATOR,
        f"Beim Programm nachfragen. Ist die Lieferung so gemeint: {_CONFIRM}. Sonst eine berichtigte Datei ablegen "
        "lassen.",
    ),
    "missing": BoardRow(
        "stopped",
        None,
        "",
        None,
        "Lieferungen, die bisher zählten, sind nicht mehr im Ordner. Bis das geklärt ist, erscheint kein neuer "
        "Datenbestand.",
        _OPERATOR,
        "Prüfen, ob der Ordner der Lieferungen eingebunden ist und ob Dateien gelöscht wurden. Sollen sie fehlen: "
        f"{_CONFIRM}.",
    ),
    "change": BoardRow(
        "stopped",
        None,
        "",
        None,
        "Programm, Kreisordner oder Einstellungen sind geändert, und veröffentlichte Angaben fielen weg. Bis das "
        "geklärt ist, erscheint kein neuer Datenbestand.",
        _OPERATOR,
        f"Die Änderung zurücknehmen oder {_CONFIRM}.",
    ),
}
"""Kind of hold → its row, but for programme and day."""


def _of_state(state: ProgrammeState, today: dt.date) -> Iterator[BoardRow]:
    title, due = programmes()[state.programme].title, state.due
    office = "das Programm"
    if state.is_rejected:
        yield BoardRow(
            "rejected",
            state.programme,
            title,
            state.rejected_since,
            "Eine Lieferung ist zurückgewiesen und zählt nicht.",
            office,
            "Nach der Rückmeldung berichtigen und neu ablegen, oder die Datei aus dem Ordner nehmen.",
            due,
        )
    if due.due_on is None or due.late_after is None:  # it has ended, and all of it is there
        happened = f"Das Programm ist abgeschlossen; es wird nichts mehr erwartet. {_stand(due)}"
        yield BoardRow("open", state.programme, title, None, happened, due=due)
        return
    newer = f"{_asked_for(due)} in den Ordner {state.programme} legen."
    begun = due.due_on + dt.timedelta(days=1)
    match due_state(due, today):
        case "late":
            happened = f"Fällig am {german.day(due.due_on)}, Nachfrist bis {german.day(due.late_after)}. {_stand(due)}"
            yield BoardRow("late", state.programme, title, begun, happened, office, newer, due)
        case "due":
            happened = f"Fällig am {german.day(due.due_on)}; die Nachfrist läuft bis {german.day(due.late_after)}."
            yield BoardRow("due", state.programme, title, begun, happened, office, newer, due)
        case "open":
            happened = f"Die nächste Lieferung ist am {german.day(due.due_on)} fällig. {_stand(due)}"
            yield BoardRow("open", state.programme, title, None, happened, due=due)


def _asked_for(due: Due) -> str:
    return "Eine Datei mit neuerem Stand" if due.last_as_of else "Die erste Datei"


def _stand(due: Due) -> str:
    return f"Letzter Stand: {german.day(due.last_as_of)}." if due.last_as_of else "Noch nie geliefert."


def states_of_intake(
    intake: Intake, as_of: dt.date, grace_days: int, only: Collection[str] | None = None
) -> list[ProgrammeState]:
    """What the folder of deliveries says of the programmes, by their keys; of some of them, where `only` names them."""
    found = []
    for key, programme in programmes().items():
        if only is not None and key not in only:
            continue
        ours = intake.of(key)
        rejected = [d.received_at for d in ours if d.status == "rejected"]
        held = frozenset(d.sha256 for d in ours if d.held and d.sha256)
        due = due_of(programme, ours, as_of, grace_days)
        found.append(ProgrammeState(key, due, bool(rejected), _first_day(rejected), held))
    return found


def states_of_file(internal: Path) -> list[ProgrammeState]:
    """What a build's internal file says of the programmes that there are.

    Raises:
        duckdb.Error: it cannot be read.
    """
    with duckdb.connect(str(internal), read_only=True) as connection:
        columns = {name for (name, *_) in connection.execute("DESCRIBE quality.due").fetchall()}
        phase = "u.state" if "state" in columns else "'läuft'"  # builds before 0.2 know no end of programmes
        rows = connection.execute(_STATES.format(phase=phase)).fetchall()
    return [
        ProgrammeState(key, Due(*days), bool(rejected), _first_day(rejected), frozenset(held))
        for key, *days, rejected, held in rows
        if key in programmes()
    ]


_STATES = """
SELECT
    u.programme, u.last_as_of, u.covered_through, u.due_on, u.late_after, {phase} AS phase,
    coalesce(list(d.received_at ORDER BY d.received_at) FILTER (d.status = 'rejected'), []) AS rejected,
    coalesce(list(DISTINCT d.sha256) FILTER (d.status = 'held'), []) AS held
FROM quality.due AS u
LEFT JOIN quality.delivery AS d ON d.programme = u.programme
GROUP BY ALL
ORDER BY u.programme
"""


def _first_day(received: Sequence[dt.datetime]) -> dt.date | None:
    """The day in Germany of the first of some instants (UTC); None where a file system does not know it."""
    known = [at.replace(tzinfo=at.tzinfo or dt.UTC) for at in received]
    return min((day_at(at) for at in known if at.timestamp() > 0), default=None)


def told_rows(rows: Iterable[BoardRow]) -> list[BoardRow]:
    """Those that somebody has to do something about."""
    return [row for row in rows if row.turn]
