"""Adds the programmes that a county's `limits.toml` does not name yet, with limits from what they have delivered.

Belongs here: reading the numbers of rows from an internal file. Does not belong here: the rule (`contracts/limits.py`).
What is in the file already is the county's word and stays.

Run `python tools/make_limits.py warehouse/internal.duckdb`; look at the difference, and correct what you know better.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb

from kim_pipeline.contracts.limits import FILE, missing_entries
from kim_pipeline.settings import Settings

_ROWS = """
SELECT a.programme, sum(a.accepted)::BIGINT
FROM quality.sheet_account AS a
INNER JOIN quality.delivery AS d ON d.programme = a.programme AND d.file = a.file AND d.status = 'counted'
GROUP BY a.programme
"""


def accepted_rows(internal: Path) -> dict[str, int]:
    """Programme → accepted rows of its deliveries that count."""
    with duckdb.connect(str(internal), read_only=True) as connection:
        return dict(connection.execute(_ROWS).fetchall())


def main() -> None:
    """Write the entries."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("internal", type=Path, help="an internal file")
    county = Settings().county
    entries = missing_entries(county, accepted_rows(parser.parse_args().internal))
    with (county / FILE).open("a", encoding="utf-8") as file:
        file.write(entries)


if __name__ == "__main__":
    main()
