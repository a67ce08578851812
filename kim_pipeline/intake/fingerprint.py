"""What a cached result depends on besides the delivery's bytes: contract, vocabulary, reading code, libraries, key."""

from __future__ import annotations

import hashlib
import sys
from functools import lru_cache
from importlib import metadata
from pathlib import Path, PurePath

from kim_pipeline.contracts import programme_names, programmes
from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.reading.formats.delimited import is_named_by_file
from kim_pipeline.reading.personal import key_fingerprint

_PACKAGE = Path(__file__).parents[1]
_ROOMS = (("contracts",), ("reading",), ("reading", "formats"), ("reading", "official"), ("intake",))
"""Where the code lies on which a result depends."""
_WORDS = "german.py"
"""Findings are told in its words."""
_LIBRARIES = ("numpy", "pandas", "pandera", "pyarrow", "python-calamine", "xlrd", "rapidfuzz", "msoffcrypto-tool")


def fingerprint(programme: str, key: bytes, max_file_bytes: int, max_unpacked_bytes: int) -> str:
    """Fingerprint of everything but the bytes; a change of any part makes deliveries be parsed again.

    Args:
        programme: key of the programme, whose module is part of the fingerprint.
        key: the programme's key for pseudonyms; only its own fingerprint enters.
        max_file_bytes: limit that decides whether a file is rejected.
        max_unpacked_bytes: likewise.
    """
    own = (_PACKAGE / "contracts" / "programmes" / f"{programme}.py").read_bytes()
    digest = hashlib.sha256(_common_part())
    digest.update(own)
    digest.update(_other_programmes_part(programme))
    digest.update(f"{key_fingerprint(key)} {max_file_bytes} {max_unpacked_bytes}".encode())
    return digest.hexdigest()[:16]


def of_file(mark: str, file: PurePath, head: bytes) -> str:
    """The fingerprint for one file: where its name becomes the name of its sheet, the name is part of it.

    Args:
        mark: see `fingerprint`.
        file: the file's name.
        head: its first bytes.
    """
    if not is_named_by_file(head):
        return mark
    return hashlib.sha256(f"{mark} {file.stem}".encode()).hexdigest()[:16]


def referred_columns(key: str) -> dict[str, list[str]]:
    """Table → its columns that other programmes' tables refer to."""
    found: dict[str, list[str]] = {}
    for other in programmes().values():
        for table in other.tables:
            reference = table.reference
            if reference is not None and reference.programme == key:
                found[reference.table] = [there for _, there in reference.columns]
    return found


def _other_programmes_part(key: str) -> bytes:
    """What a result depends on of the other programmes: who refers to it, and their names where it names them."""
    names_them = any(c.kind == "programme" for table in programmes()[key].tables for c in table.delivered)
    names = sorted(programme_names().items()) if names_them else []
    return repr((sorted(referred_columns(key).items()), names)).encode()


@lru_cache(maxsize=1)
def _common_part() -> bytes:
    digest = hashlib.sha256(repr(sys.version_info[:2]).encode())
    sources = [path for room in _ROOMS for path in sorted(_PACKAGE.joinpath(*room).glob("*.py"))]
    for path in (_PACKAGE / _WORDS, *sources, *vocabulary().fingerprint_files()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    for library in _LIBRARIES:
        digest.update(f"{library}=={metadata.version(library)}\n".encode())
    return digest.digest()
