"""The board as a static page, `board.html` in the warehouse's folder: nothing is fetched, a phone shows it too.

Belongs here: when it is written, and what its template (`templates/board.html.jinja`) asks. Does not belong here: what
the rows say (`rows.py`).
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import duckdb
import jinja2

from kim_pipeline import german
from kim_pipeline.board.reminders import reminders_of
from kim_pipeline.board.rows import MATTERS, BoardRow, board_rows, states_of_file, told_rows
from kim_pipeline.files import Store
from kim_pipeline.guard.holds import load_holds
from kim_pipeline.publishing.builds import Build, Warehouse
from kim_pipeline.publishing.keeping.last_backup import last_backup
from kim_pipeline.publishing.smoke import can_open
from kim_pipeline.settings import ZONE, Settings

_LOG = logging.getLogger(__name__)
_STALE_HOURS = 30
"""A page older than this is not of the last night."""


def board_path(settings: Settings) -> Path:
    """Where the page lies."""
    return settings.warehouse / "board.html"


def current_rows(settings: Settings, today: dt.date) -> list[BoardRow] | None:
    """The board by the published build and by what waits; None where there is no build that can tell.

    Raises:
        duckdb.Error: its internal file cannot be read.
    """
    warehouse = Warehouse(settings.warehouse)
    build = warehouse.current()
    if build is None or not can_open(build.internal):
        return None
    return board_rows(states_of_file(build.internal), load_holds(warehouse.store), today)


def rows_of_build(build: Build, as_of: dt.date) -> list[BoardRow]:
    """The board as it was with a build: of what waits since, what it held; none where it cannot tell any more.

    Raises:
        duckdb.Error: its internal file cannot be read.
    """
    if not can_open(build.internal):
        return []
    states = states_of_file(build.internal)
    held = {(state.programme, sha256) for state in states for sha256 in state.held}
    holds = [hold for hold in load_holds(Store(build.warehouse)) if (hold.programme, hold.sha256) in held]
    return board_rows(states, holds, as_of)


def write_board(settings: Settings, today: dt.date, now: dt.datetime) -> bool:
    """Write the page, if the published build can tell; else the page that is there stays, and says of when it is.

    Args:
        settings: folders.
        today: day on which it is judged what is due.
        now: what the page says of when it was written.

    Raises:
        OSError: the folder cannot be written to.
        duckdb.Error: the build's internal file cannot be read.
    """
    rows = current_rows(settings, today)
    if rows is None:
        return False
    warehouse = Warehouse(settings.warehouse)
    build = warehouse.current()
    built_at = build.made_at if build else now
    page = board_page(rows, today, now, built_at, last_backup(settings))
    warehouse.store.write_readable(board_path(settings), page)
    return True


def renew_board(settings: Settings, today: dt.date, now: dt.datetime) -> None:
    """Write the page beside something that matters more: where that fails, it is logged, and the old page stays."""
    try:
        write_board(settings, today, now)
    except (OSError, duckdb.Error) as error:
        _LOG.warning("the board could not be written (%s)", type(error).__name__)


def board_page(
    rows: Sequence[BoardRow],
    today: dt.date,
    now: dt.datetime,
    built_at: dt.datetime,
    saved_at: dt.datetime | None = None,
) -> bytes:
    """The page in UTF-8.

    Args:
        rows: of the board.
        today: day of the board.
        now: when it is written.
        built_at: when the published build was made.
        saved_at: when the warehouse was saved last; None where it never was.
    """
    written, built = now.astimezone(ZONE), built_at.astimezone(ZONE)
    text = _template().render(
        waiting=told_rows(rows),
        in_time=[row for row in rows if not row.turn],
        reminders=reminders_of(rows),
        summary=board_summary(rows),
        today=german.day(today),
        written=german.moment(written),
        built=german.moment(built),
        saved=_saved(saved_at, now),
        written_at=int(now.timestamp() * 1000),
        stale_hours=_STALE_HOURS,
    )
    return text.encode()


def _saved(saved_at: dt.datetime | None, now: dt.datetime) -> str:
    """How old the last backup is."""
    if saved_at is None:
        return "Eine Sicherung gibt es noch nicht."
    days = (now.astimezone(ZONE).date() - saved_at.astimezone(ZONE).date()).days
    age = "von heute" if days <= 0 else f"{german.counted(days, 'Tag', 'Tage')} alt"
    return f"Die letzte Sicherung ist {age} ({german.moment(saved_at.astimezone(ZONE))})."


def board_summary(rows: Sequence[BoardRow]) -> str:
    """The board in a sentence."""
    counts = Counter(row.matter for row in rows if row.turn)
    if not counts:
        return "Alles ist in der Frist; niemand muss etwas tun."
    parts = [f"{number}× {MATTERS[matter]}" for matter, number in counts.items()]
    return f"Zu tun: {german.listing(parts)}."


@cache
def _template() -> jinja2.Template:
    """The page's template; every text is escaped, and a name that there is not is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.get_template("board.html.jinja")
