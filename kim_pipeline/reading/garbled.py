"""Text that a wrong encoding has spoilt: `garbled_text` (`deliveries.md` §3)."""

from __future__ import annotations

import re
import unicodedata

_CONTROLS = {code: chr(code) for code in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}
"""Bytes that cp1252 does not define; programs leave them as C1 controls."""
_DASHES_AND_QUOTES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2018\u2019\u201a\u201c\u201d\u201e«»‹›€"
_GERMAN = "ÄÖÜ"
_MAY_FOLLOW = frozenset("\u201c\u201d\u201e\u201a\u2018\u2019«»‹›\xad\xa0…\u2013\u2014")
"""What may stand behind a German capital: quotation marks, dashes, `…`, soft hyphens, no-break blanks."""


def _misread(text: str) -> str:
    """UTF-8 read as cp1252."""
    return "".join(_CONTROLS.get(byte) or bytes([byte]).decode("cp1252") for byte in text.encode())


def _latin_letters() -> list[str]:
    ranges = (range(0xC0, 0x250), range(0x1E00, 0x1F00))
    return [chr(i) for span in ranges for i in span if unicodedata.category(chr(i)).startswith("L")]


def _sequences() -> list[str]:
    found = (_misread(letter) for letter in (*_latin_letters(), *_DASHES_AND_QUOTES))
    return [text for text in found if not (text[0] in _GERMAN and text[1] in _MAY_FOLLOW)]


def _pattern() -> re.Pattern[str]:
    by_lead: dict[str, list[str]] = {}
    for text in _sequences():
        by_lead.setdefault(text[:-1], []).append(text[-1])
    sequences = (f"{re.escape(lead)}[{re.escape(''.join(ends))}]" for lead, ends in sorted(by_lead.items()))
    return re.compile("[\ufffd\x80-\x9f]|" + "|".join(sequences))


_GARBLED = _pattern()


def is_garbled(text: str) -> bool:
    """Whether a text holds U+FFFD, a C1 control, or what UTF-8 read as cp1252 leaves of a letter, dash or quote."""
    return not text.isascii() and _GARBLED.search(text) is not None
