"""What of a workbook openpyxl does not keep when it is loaded and saved, found by looking into the package.

Belongs here: a list of parts and marks with their German names, and the search for them. Nothing is repaired.
"""

from __future__ import annotations

import importlib.util
import zipfile
from dataclasses import dataclass

_BLOCK = 1 << 20


@dataclass(frozen=True)
class _Loss:
    """Something that is lost.

    Attributes:
        name: German, as it stands in an enumeration.
        parts: beginning of the names of the parts that hold it.
        mark: bytes that give it away inside such a part; empty: the part itself is lost.
    """

    name: str
    parts: str
    mark: bytes = b""


LOSSES = (
    _Loss("Formen und Textfelder", "xl/drawings/drawing", b"<xdr:sp"),
    _Loss("Verbindungslinien", "xl/drawings/drawing", b"<xdr:cxnSp"),
    _Loss("gruppierte Zeichnungen", "xl/drawings/drawing", b"<xdr:grpSp>"),
    _Loss("SmartArt-Grafiken", "xl/diagrams/"),
    _Loss("Diagramme neuerer Art (Wasserfall, Treemap …)", "xl/charts/chartEx"),
    _Loss("Feinheiten der Gestaltung von Diagrammen", "xl/charts/chart"),
    _Loss("Datenschnitte", "xl/slicers/"),
    _Loss("Zeitachsen", "xl/timelines/"),
    _Loss("Schaltflächen und andere Steuerelemente", "xl/ctrlProps/"),
    _Loss("ActiveX-Steuerelemente", "xl/activeX/"),
    _Loss("eingebettete Dokumente", "xl/embeddings/"),
    _Loss("Antworten in Unterhaltungen zu Zellen", "xl/threadedComments/"),
    _Loss("Datenverbindungen und Abfragen", "xl/connections.xml"),
    _Loss("das Datenmodell", "xl/model/"),
    _Loss("bedingte Formate neuerer Art (Datenbalken, Symbole)", "xl/worksheets/sheet", b"<x14:conditionalFormatting "),
    _Loss("Auswahllisten, die auf ein anderes Blatt zeigen", "xl/worksheets/sheet", b"<x14:dataValidation "),
    _Loss("Sparklines", "xl/worksheets/sheet", b"<x14:sparkline>"),
    _Loss("Bilder in Kopf- und Fußzeilen", "xl/worksheets/sheet", b"<legacyDrawingHF"),
)


def lost(archive: zipfile.ZipFile) -> list[str]:
    """German names of what openpyxl does not keep of this package."""
    found = [loss.name for loss in LOSSES if _occurs(archive, loss)]
    if _has_unsupported_images(archive):
        found.append("Bilder")
    return found


def _has_unsupported_images(archive: zipfile.ZipFile) -> bool:
    """Images need Pillow; metafiles are never kept."""
    images = [name.lower() for name in archive.namelist() if name.startswith("xl/media/")]
    has_pillow = importlib.util.find_spec("PIL") is not None
    return any(not has_pillow or name.endswith((".wmf", ".emf")) for name in images)


def _occurs(archive: zipfile.ZipFile, loss: _Loss) -> bool:
    parts = [name for name in archive.namelist() if name.startswith(loss.parts)]
    return any(not loss.mark or _holds(archive, name, loss.mark) for name in parts)


def _holds(archive: zipfile.ZipFile, part: str, mark: bytes) -> bool:
    rest = b""
    with archive.open(part) as stream:
        while block := stream.read(_BLOCK):
            if mark in rest + block:
                return True
            rest = block[-len(mark) :]
    return False
