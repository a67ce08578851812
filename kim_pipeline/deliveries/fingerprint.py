"""What a cached result depends on besides the delivery's bytes: contract, vocabulary, reading code, libraries, key."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.deliveries.personal import key_fingerprint

_PACKAGE = Path(__file__).parents[1]
_LIBRARIES = ("numpy", "pandas", "pandera", "pyarrow", "python-calamine", "xlrd")


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
    digest.update(f"{key_fingerprint(key)} {max_file_bytes} {max_unpacked_bytes}".encode())
    return digest.hexdigest()[:16]


@lru_cache(maxsize=1)
def _common_part() -> bytes:
    digest = hashlib.sha256()
    sources = [*_PACKAGE.joinpath("deliveries").glob("*.py"), *_PACKAGE.joinpath("contracts").glob("*.py")]
    for path in (*sorted(sources), *vocabulary().fingerprint_files()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    for library in _LIBRARIES:
        digest.update(f"{library}=={metadata.version(library)}\n".encode())
    return digest.digest()
