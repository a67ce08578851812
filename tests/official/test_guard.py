"""What the guard makes of official tables: no population of an area goes without a person's word (`official.md` §6)."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from tests.guard.nights import House
from tests.official.helpers import MATERIAL

TABLE = "12411-15i.csv"
_LONG_AGO = 1_700_000_000


def deliver(place: House, content: bytes) -> None:
    path = place.deliveries / "bevoelkerung" / TABLE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    place.nights += 1
    os.utime(path, (_LONG_AGO + 1000 * place.nights,) * 2)


def without(content: bytes, key: str) -> bytes:
    return b"".join(line for line in content.splitlines(keepends=True) if key.encode() not in line)


def statuses(place: House) -> list[tuple[str, ...]]:
    with duckdb.connect(str(place.warehouse / "kim.duckdb"), read_only=True) as connection:
        return connection.execute("SELECT DISTINCT status FROM delivery ORDER BY 1").fetchall()


def test_a_table_that_lacks_one_municipality_is_held(tmp_path: Path) -> None:
    place = House(tmp_path)
    content = (MATERIAL / TABLE).read_bytes()
    deliver(place, content)
    assert place.run() == 0
    before = place.ask("SELECT count(*) FROM core.fact_population")
    deliver(place, without(content, "05570004"))
    place.run()
    assert place.ask("SELECT count(*) FROM core.fact_population") == before
    ((reason,),) = place.ask("SELECT DISTINCT reason FROM quality.delivery WHERE status = 'held'")
    assert "Ahlen" in reason
    assert "31.12.2024" in reason


def test_a_table_that_is_gone_stops_the_night(tmp_path: Path) -> None:
    place = House(tmp_path)
    deliver(place, (MATERIAL / TABLE).read_bytes())
    assert place.run() == 0
    before = statuses(place)
    (place.deliveries / "bevoelkerung" / TABLE).unlink()
    assert place.run() != 0
    assert statuses(place) == before == [("counted",)]
