"""What can be wrong with a delivery as a whole."""

from __future__ import annotations

from kim_pipeline.errors import KimError


class RejectedError(KimError):
    """The delivery cannot be used at all (`deliveries.md` §4).

    Attributes:
        rule: `unreadable`, `missing_period` or `missing_as_of`.
        message: a German sentence that a clerk understands and that says what to do; it never holds a cell's content.
    """

    def __init__(self, rule: str, message: str) -> None:
        """Keep rule and message."""
        super().__init__(message)
        self.rule = rule
        self.message = message


def unreadable(message: str) -> RejectedError:
    """A rejection because the file cannot be read."""
    return RejectedError("unreadable", message)
