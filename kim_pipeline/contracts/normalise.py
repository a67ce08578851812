"""How texts are made comparable (`deliveries.md` §2 and §3)."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_LONGEST_MARK = 16
_MARK_AT_END = re.compile(r"(?:\*|:| ?\(?(?<!\d)\d{1,10}\))$")
"""In comparable form, in which white space is one blank; looked for in the last `_LONGEST_MARK` characters."""
_WHITE_SPACE = re.compile(r"\s+")
_AROUND_DASH = re.compile(r"\s*-\s*")


class _Marks(dict[int, int | str | None]):
    """What becomes of each character, found when it is first met: looking through all of Unicode takes 0.2 s."""

    def __missing__(self, code: int) -> int | None:
        """Characters of Unicode's category Cf (soft hyphen, zero-width, direction marks, BOM) go, others stay."""
        stays = None if unicodedata.category(chr(code)) == "Cf" else code
        self[code] = stays
        return stays


_INVISIBLE = _Marks()
_HYPHENS = _Marks(dict.fromkeys((0x2010, 0x2011, 0x2012), "-"))
_DASHES = _Marks(dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2212), "-"))


def clean_text(text: str) -> str:
    """The value of a text cell: NFKC, without invisible characters, hyphens alike, trimmed, white space collapsed."""
    return _cleaned(text, _HYPHENS)


def clean_key(text: str) -> str:
    """The value of a key, and the text of which days, numbers and hours are read: dashes are hyphens too."""
    return _cleaned(text, _DASHES)


def is_blank(text: str) -> bool:
    """Whether a text holds nothing but white space and invisible characters."""
    stripped = text.strip()
    return not stripped or (not stripped.isascii() and not stripped.translate(_INVISIBLE).strip())


def _cleaned(text: str, table: _Marks) -> str:
    if text.isascii():
        return text if text.isalnum() else _WHITE_SPACE.sub(" ", text).strip()
    return _WHITE_SPACE.sub(" ", unicodedata.normalize("NFKC", text.translate(table)).translate(table)).strip()


@lru_cache(maxsize=65_536)
def comparable(text: str) -> str:
    """The form in which labels, categories and names are compared.

    NFKC, invisible characters dropped, dashes as hyphens without blanks around them, trim, case-fold, white space to
    one blank (`deliveries.md` §2).
    """
    return _AROUND_DASH.sub("-", clean_key(text).casefold())


@lru_cache(maxsize=65_536)
def comparable_header(text: str) -> str:
    """The form in which headers are compared: at the end `*`, `:` and footnote marks such as `¹)` are dropped."""
    form = comparable(text)
    end = len(form)
    while True:
        start = max(0, end - _LONGEST_MARK)
        tail = form[start:end]
        shorter = _MARK_AT_END.sub("", tail).rstrip()
        if shorter == tail:
            return form[:end]
        end = start + len(shorter)
