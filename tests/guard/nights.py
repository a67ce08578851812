"""Nights over small folders of deliveries, as the command line runs them; what was published is read back."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from kim_pipeline import cli
from kim_pipeline.settings import Settings

SEQUENCES = Path(__file__).parent / "sequences"
_LONG_AGO = 1_700_000_000


@dataclass
class House:
    """A folder of deliveries and a warehouse."""

    folder: Path
    nights: int = 0

    @property
    def deliveries(self) -> Path:
        return self.folder / "deliveries"

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse"

    @property
    def settings(self) -> Settings:
        return Settings(deliveries=self.deliveries, warehouse=self.warehouse, key_file=None, readers=1)

    def add(self, sequence: str, night: str) -> None:
        """Copy a folder of the sequences over the deliveries; each night's files are older than a minute."""
        self.nights += 1
        source = SEQUENCES / sequence / night
        shutil.copytree(source, self.deliveries, dirs_exist_ok=True)
        for path in source.rglob("*"):
            if path.is_file():
                os.utime(self.deliveries / path.relative_to(source), (_LONG_AGO + 1000 * self.nights,) * 2)

    def kim(self, *arguments: str) -> int:
        """Run a command; its exit code."""
        places = ["--deliveries", str(self.deliveries), "--warehouse", str(self.warehouse)]
        return cli.invoke([*arguments, *places])

    def run(self) -> int:
        """A night; its exit code."""
        return self.kim("run")

    def ask(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of the internal file that is published."""
        with duckdb.connect(str(self.warehouse / "internal.duckdb"), read_only=True) as connection:
            return connection.execute(query, list(values)).fetchall()

    def status(self, programme: str) -> dict[str, str]:
        """File → status."""
        return dict(self.ask("SELECT file, status FROM quality.delivery WHERE programme = ?", programme))

    def figure(self, indicator: str, period: str) -> float | None:
        """The county's value, not broken down."""
        found = self.ask(
            "SELECT value FROM indicators.indicator_value "
            "WHERE indicator_id = ? AND period = ? AND area = '05570' AND breakdown_kind = 'total'",
            indicator,
            period,
        )
        return float(found[0][0]) if found else None

    def build(self) -> Path:
        """The file that readers open."""
        return (self.warehouse / "kim.duckdb").resolve()


def house(folder: Path) -> House:
    """An empty one."""
    found = House(folder)
    found.deliveries.mkdir()
    return found


WORDS = ("--by", "M. Muster", "--because", "mit der Stelle geklärt")
