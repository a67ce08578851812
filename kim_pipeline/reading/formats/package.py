"""The zip package of a workbook: its parts by name, and how they relate to each other.

Belongs here: finding a part whatever the case and the slashes of its name ([ECMA-376-2] §7.2: names are compared
without case), relations, limits, and the refusal of XML that declares entities. Nothing here knows sheets or cells.
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO
from urllib.parse import unquote
from xml.parsers import expat

from kim_pipeline.reading.errors import unreadable

_PROLOGUE = 65_536
_XML = (".xml", ".rels")


@dataclass(frozen=True)
class PartRelation:
    """What a part says of another one: the last word of the relation's type, and the other part's name."""

    kind: str
    part: str


class MissingPartError(Exception):
    """The package lacks a part that another one names."""


DAMAGES = (
    zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, expat.ExpatError, MissingPartError,
)  # fmt: skip
"""What a damaged or incomplete package raises; `RuntimeError` also where a part is encrypted or packed in a way of its
own."""


class Package:
    """The parts of a zip package."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        """List the parts.

        Raises:
            RejectedError: the XML of a part declares entities of its own.
        """
        self._archive = archive
        self._parts = {_name(info.filename): info for info in archive.infolist()}
        for name in self._parts:
            if name.endswith(_XML):
                self._refuse_entities(name)

    def __contains__(self, part: str) -> bool:
        """Whether there is such a part."""
        return _name(part) in self._parts

    def open(self, part: str) -> IO[bytes]:
        """A stream of a part's bytes.

        Raises:
            MissingPartError: there is no such part.
        """
        info = self._parts.get(_name(part)) or self._parts.get(_name(unquote(part)))
        if info is None:
            raise MissingPartError
        return self._archive.open(info)

    def streams(self, part: str) -> Iterator[IO[bytes]]:
        """The part from its beginning, twice: for who may have to begin again."""
        for _ in range(2):
            with self.open(part) as stream:
                yield stream

    def read(self, part: str) -> bytes:
        """A part's bytes; raises as `open` does."""
        with self.open(part) as stream:
            return stream.read()

    def relations(self, part: str) -> dict[str, PartRelation]:
        """Id → relation of a part, `""` for the package itself; none where the package states none."""
        folder, name = posixpath.split(part)
        stated = posixpath.join(folder, "_rels", f"{name}.rels")
        if stated not in self:
            return {}
        found = {}
        for tag, attributes in start_tags(self.read(stated)):
            if tag == "Relationship" and attributes.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", "")))
                kind = attributes.get("Type", "").rpartition("/")[2]
                found[attributes.get("Id", "")] = PartRelation(kind, target.lstrip("/"))
        return found

    def _refuse_entities(self, part: str) -> None:
        try:
            with self.open(part) as stream:
                head = stream.read(_PROLOGUE)
        except DAMAGES:  # who needs the part will say so
            return
        if has_entities(head):
            raise unreadable(
                "Die Datei enthält Anweisungen, die in einer Tabelle nichts zu suchen haben (XML-Entitäten). "
                "Sie wurde aus Sicherheitsgründen nicht geöffnet. Bitte in Excel oder LibreOffice neu speichern."
            )


def has_entities(xml: bytes) -> bool:
    """Whether XML declares a document type: no table has one, and its entities can grow without end."""
    return b"<!DOCTYPE" in xml or b"<!ENTITY" in xml


def prefix_of(tag: str) -> str:
    """The prefix of a tag's namespace with its colon; elements of another one than the root's are additions."""
    return tag[: tag.rfind(":") + 1]


def start_tags(xml: bytes) -> list[tuple[str, dict[str, str]]]:
    """Every start tag of a small part: its name without the root's prefix, and its attributes as they stand.

    Raises:
        xml.parsers.expat.ExpatError: that is no XML.
    """
    found: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda tag, attributes: found.append((tag, attributes))
    parser.Parse(xml, True)  # noqa: FBT003  (positional only: it is all)
    prefix = prefix_of(found[0][0])
    return [(tag.removeprefix(prefix), attributes) for tag, attributes in found]


def find(relations: Iterable[PartRelation], kind: str) -> str | None:
    """The first part of that kind."""
    return next((relation.part for relation in relations if relation.kind == kind), None)


def _name(part: str) -> str:
    return part.replace("\\", "/").lstrip("/").casefold()


def check_size(archive: zipfile.ZipFile, allowed_bytes: int) -> None:
    """Refuse a package whose parts hold more than that many bytes.

    Raises:
        RejectedError: it is too large.
    """
    unpacked = sum(info.file_size for info in archive.infolist())
    if unpacked > allowed_bytes:
        megabytes, allowed = unpacked / 2**20, allowed_bytes / 2**20
        raise unreadable(
            f"Die Datei ist entpackt {megabytes:.0f} MB groß, erlaubt sind {allowed:.0f} MB. "
            "Bitte auf mehrere Dateien aufteilen oder leere Bereiche löschen."
        )
