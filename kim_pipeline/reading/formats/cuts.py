"""Cutting XML into its elements all at once, by arrays of positions.

Belongs here: what the streamed passes over .xlsx and .ods share. It knows the usual spelling only; whatever else it
meets is an `UnusualError`, and expat, which knows every spelling, reads the part instead.
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kim_pipeline.reading.formats.cells import Mask

Bytes = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.int64]

_BEHIND_NAMES = np.frombuffer(b" \t\r\n/>", dtype=np.uint8)
_ODD = np.frombuffer(b"!?", dtype=np.uint8)
"""What begins a comment, CDATA or an instruction."""
_WORD = 8
"""Bytes that are compared at once."""
_MARGIN = b" " * 32
"""Behind a block, so that there is something behind each of its tags."""
_FOREIGN_ENCODING = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"'](?!utf-?8[\"'])", re.IGNORECASE)


class UnusualError(Exception):
    """The XML is not spelled in the usual way."""


def demand(holds: Mask) -> None:
    """Raise `UnusualError` unless all hold."""
    if not holds.all():
        raise UnusualError


def check_head(head: bytes) -> None:
    """Refuse what stands before the first element of interest: another encoding than UTF-8, comments."""
    if b"<!" in head or _FOREIGN_ENCODING.search(head):
        raise UnusualError


class Block:
    """Some XML that begins and ends between two elements."""

    def __init__(self, content: bytes) -> None:
        """Find its tags."""
        self.content = content
        self.text: Bytes = np.frombuffer(content + _MARGIN, dtype=np.uint8)
        self.tags: Positions = (self.text == ord("<")).nonzero()[0]
        self._closing: Positions = (self.text == ord(">")).nonzero()[0]
        self._words = np.ndarray(len(self.text) - _WORD + 1, "<u8", self.text, strides=(1,))
        self._after = self.text[self.tags + 1]
        if np.isin(_ODD, self._after).any() or b"xmlns" in content:
            raise UnusualError  # comments, CDATA, instructions; namespaces declared within

    def tags_named(self, name: bytes) -> Positions:
        """Where tags begin with a name; an end tag's name begins with `/`."""
        return self._beginning(self.tags[self._after == name[0]], name)

    def named(self, tags: Positions, name: bytes) -> Positions:
        """Those of some tags that have a name."""
        tags = self._beginning(tags, name)
        return tags[np.isin(self.text[tags + len(name) + 1], _BEHIND_NAMES)]

    def _beginning(self, tags: Positions, name: bytes) -> Positions:
        """Those of some tags that begin with a name: eight signs at once, the last first, since names differ there."""
        for end in range(len(name), 0, -_WORD):
            begin = max(end - _WORD, 0)
            signs = name[begin:end]
            words = self._words[tags + begin + 1]
            if len(signs) < _WORD:
                words &= np.uint64(2 ** (8 * len(signs)) - 1)
            tags = tags[words == np.uint64(int.from_bytes(signs, "little"))]
        return tags

    def tag_ends(self, starts: Positions) -> Positions:
        """Where tags end, behind their `>`."""
        at = np.searchsorted(self._closing, starts)
        demand(at < len(self._closing))
        found: Positions = self._closing[at] + 1
        return found

    def element_ends(self, starts: Positions, end_tags: Positions) -> Positions:
        """Where elements without elements of their own kind end: behind their tag if it closes itself, else its end."""
        ends = self.tag_ends(starts)
        is_open = self.text[ends - 2] != ord("/")
        if len(end_tags) != is_open.sum():
            raise UnusualError
        ends[is_open] = self.tag_ends(end_tags)
        demand((starts < ends) & (ends <= np.append(starts[1:], len(self.content))))
        return ends

    def pieces(self, begins: Positions, ends: Positions) -> pa.DictionaryArray:
        """Pieces that do not overlap, each different one once, without an object in Python for each."""
        bounds = np.stack([begins, ends], axis=1).astype(np.int32).ravel()
        buffers = [None, pa.py_buffer(bounds), pa.py_buffer(self.content)]
        pieces_and_gaps = pa.BinaryArray.from_buffers(pa.binary(), max(len(bounds) - 1, 0), buffers)
        return pieces_and_gaps.take(pa.array(np.arange(0, len(bounds), 2))).dictionary_encode()
