"""Where the keys of a TOML text stand, which `tomllib` does not tell.

Belongs here: finding lines in a text that is valid TOML already. Does not belong here: what the keys mean.
"""

from __future__ import annotations

import re
import tomllib

KeyPath = tuple[str | int, ...]
"""A key with those above it; a number is the place in a list."""
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_IGNORED = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'',
    re.DOTALL,
)
_SCALAR = re.compile(r"[^\s,\]}#]+(?: \d[^\s,\]}#]*)?")
"""A number, a truth value, or a day with a time after a blank."""


def key_lines(text: str) -> dict[KeyPath, int]:
    """The line, 1-based, of every key, table and element of a list.

    Args:
        text: valid TOML; of any other text nothing is promised.
    """
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


class _Scanner:
    """Goes through a text once; `lines` is what it has found."""

    def __init__(self, text: str) -> None:
        self.lines: dict[KeyPath, int] = {}
        self._text, self._at = text, 0
        self._places: dict[KeyPath, int] = {}  # of an array of tables: the place of its last one

    def document(self) -> None:
        table: KeyPath = ()
        while self._next():
            if self._took("[["):
                path, line = self._header()
                self._places[path] = self._places.get(path, -1) + 1
                table = (*path, self._places[path])
                self._note(table, line)
                self._took("]]")
            elif self._took("["):
                table, line = self._header()
                self._note(table, line)
                self._took("]")
            else:
                self._pair(table)

    def _header(self) -> tuple[KeyPath, int]:
        """The path of a table and its line; within an array of tables it is the last one's."""
        line = self._line()
        path: KeyPath = ()
        for part in self._key():
            if path in self._places:
                path = (*path, self._places[path])
            path = (*path, part)
        return path, line

    def _pair(self, table: KeyPath) -> None:
        before, line = self._at, self._line()
        path = (*table, *self._key())
        self._note(path, line)
        self._took("=")
        self._value(path)
        self._end_unless_past(before)

    def _value(self, path: KeyPath) -> None:
        self._next()
        if self._took("["):
            self._elements(path)
        elif self._took("{"):
            while self._next() and not self._took("}"):
                self._pair(path)
                self._took(",")
        else:
            self._take(_STRING) or self._take(_SCALAR)

    def _elements(self, path: KeyPath) -> None:
        place = 0
        while self._next() and not self._took("]"):
            before = self._at
            self._note((*path, place), self._line())
            self._value((*path, place))
            self._took(",")
            self._end_unless_past(before)
            place += 1

    def _key(self) -> list[str]:
        """The parts of a dotted key."""
        parts = []
        while self._next():
            quoted = self._take(_STRING)
            parts.append(str(tomllib.loads(f"key = {quoted}")["key"]) if quoted else self._take(_BARE))
            if not self._took("."):
                break
        return parts

    def _end_unless_past(self, before: int) -> None:
        """What is no TOML is not gone through for ever."""
        if self._at == before:
            self._at = len(self._text)

    def _note(self, path: KeyPath, line: int) -> None:
        for length in range(1, len(path) + 1):
            self.lines.setdefault(path[:length], line)

    def _line(self) -> int:
        return self._text.count("\n", 0, self._at) + 1

    def _next(self) -> bool:
        """Go to what comes next; whether there is anything."""
        self._take(_IGNORED)
        return self._at < len(self._text)

    def _took(self, sign: str) -> bool:
        self._take(_IGNORED)
        found = self._text.startswith(sign, self._at)
        self._at += len(sign) if found else 0
        return found

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return found[0] if found else ""
