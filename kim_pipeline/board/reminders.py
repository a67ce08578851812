"""The ready-made text that reminds an office of its delivery: for the board, and for a mail.

Belongs here: what it says. Does not belong here: when it is sent, and to whom (`orchestration/alerts.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kim_pipeline import german
from kim_pipeline.board.rows import BoardRow, MatterKind

_FOR_OFFICES: tuple[MatterKind, ...] = ("late", "due", "rejected")


@dataclass(frozen=True)
class Reminder:
    """A text to an office.

    Attributes:
        programme: its key.
        title: of the programme.
        subject: of the mail.
        text: of the mail.
        row: the delivery that is due; None where only a rejected one is to be put right.
    """

    programme: str
    title: str
    subject: str
    text: str
    row: BoardRow | None


def reminders_of(rows: Iterable[BoardRow]) -> list[Reminder]:
    """One text per office whose turn it is, in the order of the board."""
    by_programme: dict[str, list[BoardRow]] = {}
    for row in rows:
        if row.matter in _FOR_OFFICES and row.programme is not None:
            by_programme.setdefault(row.programme, []).append(row)
    return [_reminder(key, ours) for key, ours in by_programme.items()]


def _reminder(programme: str, rows: list[BoardRow]) -> Reminder:
    title = rows[0].title
    due = next((row for row in rows if row.matter != "rejected"), None)
    asked = [_due_told(due)] if due else []
    asked += [_REJECTED for row in rows if row.matter == "rejected"]
    text = "\n\n".join(("Guten Tag,", *asked, "Bei Fragen hilft die Koordination gern.", "Vielen Dank!"))
    what = "Überfällige Lieferung" if due and due.matter == "late" else "Fällige Lieferung" if due else _PUT_RIGHT
    return Reminder(programme, title, f"{what}: {title}", text, due)


_PUT_RIGHT = "Bitte um eine berichtigte Lieferung"
_REJECTED = (
    "Eine Ihrer Dateien wurde zurückgewiesen und zählt nicht. Den Grund nennt die Rückmeldung. Bitte berichtigen Sie "
    "die Datei und legen sie neu ab, oder nehmen Sie sie aus dem Ordner."
)


def _due_told(row: BoardRow) -> str:
    due = row.due
    if due is None:
        return ""
    grace = "Die Nachfrist ist abgelaufen" if row.matter == "late" else "Die Nachfrist läuft noch"
    wanted = "eine Datei mit neuerem Stand" if due.last_as_of else "die erste Datei"
    last = f" Zuletzt kam der Stand vom {german.day(due.last_as_of)}." if due.last_as_of else ""
    return (
        f"die Lieferung für „{row.title}“ war am {german.day(due.due_on)} fällig und ist noch nicht da.{last} "
        f"{grace} (bis {german.day(due.late_after)}).\n\n"
        f"Bitte legen Sie {wanted} in den Ordner „{row.programme}“."
    )
