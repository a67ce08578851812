"""How texts are made comparable (`deliveries.md` §2 and §3)."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_MARK_AT_END = re.compile(r"(?:\*|:|\s*\(?\d+\))$")
_WHITE_SPACE = re.compile(r"\s+")


def clean_text(text: str) -> str:
    """NFKC, trimmed, runs of white space collapsed to one blank: the value of a text cell."""
    if text.isascii() and text.isalnum():
        return text
    return _WHITE_SPACE.sub(" ", unicodedata.normalize("NFKC", text)).strip()


@lru_cache(maxsize=65_536)
def comparable(text: str) -> str:
    """The form in which headers, categories and names are compared.

    NFKC, trim, case-fold, white space to one blank, and dropping at the end, repeatedly, `*`, `:` and footnote marks
    such as `¹)` (`deliveries.md` §2).
    """
    form = clean_text(text).casefold()
    while True:
        shorter = _MARK_AT_END.sub("", form).rstrip()
        if shorter == form:
            return form
        form = shorter
