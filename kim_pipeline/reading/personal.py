"""Personal values: pseudonyms and coarse derivations; the originals go no further (`design.md` principle 6)."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from pathlib import Path

from kim_pipeline.errors import KimError
from kim_pipeline.files import sweep_beside, write

_KEY_BYTES = 32
_PSEUDONYM_HEX = 32
_AGE_GROUPS = ((17, "0-17"), (26, "18-26"), (39, "27-39"), (64, "40-64"))
_OLDEST_GROUP = "65+"


class KeyFileError(KimError):
    """The key file cannot be used; the message says what to do."""


def load_secret(path: Path) -> bytes:
    """The one secret; made at the first run, mode 0600, whole or not at all.

    Raises:
        KeyFileError: others may read the file, or it holds no key.
    """
    sweep_beside(path)  # a left-over of the first run holds the key, too
    if not path.exists():
        write(path, f"{secrets.token_hex(_KEY_BYTES)}\n".encode(), 0o600, replace=False)
    return _read_secret(path)


def _read_secret(path: Path) -> bytes:
    if path.stat().st_mode & 0o077:
        raise KeyFileError(f"Die Schlüsseldatei {path} ist für andere lesbar. Bitte die Rechte auf 0600 setzen.")
    try:
        secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (UnicodeDecodeError, ValueError):
        secret = b""
    if len(secret) < _KEY_BYTES:
        raise KeyFileError(f"Die Schlüsseldatei {path} enthält keinen gültigen Schlüssel.")
    return secret


def programme_key(secret: bytes, programme: str) -> bytes:
    """A key of the programme's own, so that persons cannot be joined across programmes."""
    return hmac.digest(secret, f"programme:{programme}".encode(), "sha256")


def key_fingerprint(key: bytes) -> str:
    """Tells whether a key is the same, without telling the key."""
    return hmac.digest(key, b"fingerprint", "sha256").hex()[:16]


def pseudonym(key: bytes, value: str) -> str:
    """HMAC-SHA-256 of a cleaned text, 128 bits as hex digits."""
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()[:_PSEUDONYM_HEX]


def age_years(birth: dt.date, on: dt.date) -> int:
    """Completed years of age on a day; negative before birth."""
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def age_group(years: int | None) -> str | None:
    """0-17, 18-26, 27-39, 40-64 or 65+ (`deliveries.md` §7, KIM); None where the age is unknown or before birth."""
    if years is None or years < 0:
        return None
    return next((name for last, name in _AGE_GROUPS if years <= last), _OLDEST_GROUP)
