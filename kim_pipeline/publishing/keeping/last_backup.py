"""When the warehouse was saved last: what `deploy/backup.py` notes once an archive is complete.

Belongs here: reading the note. Does not belong here: backing up, which needs nothing of this package.
"""

from __future__ import annotations

import datetime as dt
import logging

from kim_pipeline.settings import Settings

_LOG = logging.getLogger(__name__)
_NAME = "last_backup"


def last_backup(settings: Settings) -> dt.datetime | None:
    """The UTC time at which the newest backup began; None if there is none, or its note cannot be read.

    Args:
        settings: where the warehouse is.
    """
    try:
        at = dt.datetime.fromisoformat((settings.warehouse / _NAME).read_text(encoding="ascii").strip())
    except FileNotFoundError:
        return None
    except ValueError:
        _LOG.warning("%s in the warehouse is no time: when it was saved last is not known", _NAME)
        return None
    return at.astimezone(dt.UTC) if at.tzinfo is not None else at.replace(tzinfo=dt.UTC)
