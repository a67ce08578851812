"""When the warehouse was saved last: what `deploy/backup.py` notes in it once an archive is complete.

Belongs here: reading that note, for the board. Does not belong here: saving and restoring (`deploy/backup.py`, which
needs the standard library only).
"""

from __future__ import annotations

import datetime as dt

from kim_pipeline.settings import Settings

NOTE = "last_backup"
"""A file of the warehouse: the UTC time of the last archive, as ISO 8601. It is in no archive."""


def last_backup(settings: Settings) -> dt.datetime | None:
    """When the last archive was complete (UTC); None if there was none, or the note is no time."""
    try:
        at = dt.datetime.fromisoformat((settings.warehouse / NOTE).read_text(encoding="ascii").strip())
    except (FileNotFoundError, ValueError):
        return None
    return at.astimezone(dt.UTC) if at.tzinfo else None
