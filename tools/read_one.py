"""Reads one delivery in this process, for the debugger: no child, no cache, no time limit, a key of its own.

Run `python -m pdb -m tools.read_one FILE PROGRAMME`. Rows stay in memory; what is printed holds no cell.
"""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

from kim_pipeline.contracts import programme
from kim_pipeline.reading.delivery import DeliveryResult, read_delivery
from kim_pipeline.reading.formats.workbook import Limits
from kim_pipeline.reading.personal import programme_key
from kim_pipeline.settings import Settings


def read_one(path: Path, key: str) -> DeliveryResult:
    """What reading a file as a delivery of a programme gives."""
    settings = Settings()
    limits = Limits(settings.max_file_bytes, settings.max_unpacked_bytes)
    throwaway = programme_key(secrets.token_bytes(32), key)
    return read_delivery(Path(path.name), path.read_bytes(), programme(key), throwaway, limits)


def main(file: str, key: str) -> None:
    """Read, and tell how many rows became what."""
    result = read_one(Path(file), key)
    for part in result.parts:
        print(f"{part.label}: period {part.period}, as of {part.as_of}, rejected: {part.rejected or 'no'}".lstrip(": "))
        for name, table in part.tables.items():
            for account in table.accounts:
                rows = f"{account.rows_read} rows read, {account.accepted} accepted, {account.quarantined} quarantined"
                print(f"{name}: {rows}")


if __name__ == "__main__":
    main(*sys.argv[1:])
