"""Settings: environment variables `KIM_…`, with defaults that need none of them."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT = Path(__file__).parents[1]
_MIB = 2**20


class Settings(BaseSettings):
    """All settings; a variable named `KIM_<FIELD>` sets each.

    Attributes:
        deliveries: folder with one folder per programme.
        warehouse: folder of everything that is built.
        key_file: the secret for pseudonyms; default `<warehouse>/secret.key`.
        county: folder with the county's data; `contracts.vocabulary` reads the same variable.
        reader_seconds: time limit per delivery.
        reader_mib: memory limit per reading process.
        readers: number of reading processes; default one per processor.
        max_file_mib: largest file.
        max_unpacked_mib: largest content of a zip package.
        grace_days: days after the due day before a delivery is late.
        keep_builds: number of builds that are kept.
        keep_logs: number of logs of runs that are kept.
    """

    model_config = SettingsConfigDict(env_prefix="KIM_", frozen=True, extra="forbid")

    deliveries: Path = PROJECT / "data_raw"
    warehouse: Path = PROJECT / "warehouse"
    key_file: Path | None = None
    county: Path = PROJECT / "counties" / "warendorf"
    reader_seconds: float = Field(default=60, gt=0)
    reader_mib: int = Field(default=2048, ge=512)
    readers: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, le=64)
    max_file_mib: int = Field(default=256, ge=1)
    max_unpacked_mib: int = Field(default=2048, ge=1)
    grace_days: int = Field(default=14, ge=0)
    keep_builds: int = Field(default=14, ge=1)
    keep_logs: int = Field(default=90, ge=1)

    @field_validator("deliveries", "warehouse", "key_file", "county")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return path.expanduser().absolute() if path else path

    @field_validator("county")
    @classmethod
    def _is_county(cls, folder: Path) -> Path:
        if not (folder / "county.toml").is_file():
            raise ValueError(f"Im Ordner {folder} fehlt county.toml. KIM_COUNTY nennt den Ordner des Kreises.")
        return folder

    @property
    def secret_path(self) -> Path:
        """Where the secret for pseudonyms lies."""
        return self.key_file or self.warehouse / "secret.key"

    @property
    def cache(self) -> Path:
        """Where the results of reading deliveries are kept."""
        return self.warehouse / "cache"

    @property
    def max_file_bytes(self) -> int:
        """Largest file in bytes."""
        return self.max_file_mib * _MIB

    @property
    def max_unpacked_bytes(self) -> int:
        """Largest content of a zip package in bytes."""
        return self.max_unpacked_mib * _MIB
