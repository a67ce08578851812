"""Settings: environment variables `KIM_…`, with defaults that need none of them; and what day it is."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field, HttpUrl, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT = Path(__file__).parents[1]
ZONE = ZoneInfo("Europe/Berlin")
_MIB = 2**20


DEMO_DAY = "KIM_DEMO_DAY"
"""Variable that says which day is today, in a demonstration only."""


def today() -> dt.date:
    """The day in Germany; in a demonstration the day that is shown."""
    if shown := os.environ.get(DEMO_DAY):
        return dt.date.fromisoformat(shown)
    return dt.datetime.now(ZONE).date()


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
        raise_k: indicator → smallest count that may be published, higher than the catalogue's (JSON).
        keep_builds: number of newest builds that are kept.
        keep_months: number of calendar months whose last build is kept as well.
        keep_internal_days: days after which the internal file of a kept build is removed.
        keep_feedback_days: days after which a return copy that nobody has changed since is removed.
        keep_logs: number of logs of runs that are kept.
        purge_nightly: whether each run ends with `kim purge`.
        unattended: whether schedule and sensors are on from the start; `kim serve` turns this on.
        keep_run_days: days that the control room keeps runs; the last one of each asset is kept longer.
        public_url: where people open the control room, for links in alerts.
        docs_url: where people read the pages of `docs/`, for links in the control room; else it names their paths.
        smtp_from: sender of alerts.
        smtp_to: recipients of alerts, separated by commas.
        smtp_host: mail server for alerts; without one there is no mail.
        smtp_port: its port.
        smtp_tls: whether the connection is encrypted by STARTTLS.
        smtp_user: account there, if it asks for one.
        smtp_password: its password.
        webhook_url: receives each alert as JSON by POST.
        demo_day: the day that is today, in a demonstration (`kim serve --demo`); `today()` reads the same variable.
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
    raise_k: dict[str, int] = Field(default_factory=dict)
    keep_builds: int = Field(default=14, ge=1)
    keep_months: int = Field(default=24, ge=0)
    keep_internal_days: int = Field(default=400, ge=0)
    keep_feedback_days: int = Field(default=90, ge=1)
    keep_logs: int = Field(default=90, ge=1)
    purge_nightly: bool = True
    unattended: bool = False
    keep_run_days: int = Field(default=30, ge=1)
    public_url: HttpUrl | None = None
    docs_url: HttpUrl | None = None
    smtp_from: str | None = None
    smtp_to: str | None = None
    smtp_host: str | None = None
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_tls: bool = True
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    webhook_url: HttpUrl | None = None
    demo_day: dt.date | None = None

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

    @field_validator("smtp_host")
    @classmethod
    def _has_sender_and_recipients(cls, host: str | None, known: ValidationInfo) -> str | None:
        if host and not (known.data.get("smtp_from") and known.data.get("smtp_to")):
            raise ValueError("Zu KIM_SMTP_HOST gehören KIM_SMTP_FROM und KIM_SMTP_TO.")
        return host

    @property
    def control_room(self) -> Path:
        """Dagster's home: run history, event logs, state of schedule and sensors."""
        return self.warehouse / "dagster"

    @property
    def keeps_runs(self) -> bool:
        """Whether a Dagster instance keeps the runs and tells of them: that of `DAGSTER_HOME` or the control room's."""
        return bool(os.environ.get("DAGSTER_HOME")) or (self.control_room / "dagster.yaml").is_file()

    @property
    def secret_path(self) -> Path:
        """Where the secret for pseudonyms lies."""
        return self.key_file or self.warehouse / "secret.key"

    @property
    def cache(self) -> Path:
        """Where the results of reading deliveries are kept."""
        return self.warehouse / "cache"

    @property
    def state(self) -> Path:
        """Where what decides a build, besides the deliveries, is kept."""
        return self.warehouse / "state"

    @property
    def feedback(self) -> Path:
        """Where return copies are written unless another folder is named."""
        return self.warehouse / "feedback"

    @property
    def logs(self) -> Path:
        """Where the logs of runs are kept."""
        return self.warehouse / "logs"

    @property
    def max_file_bytes(self) -> int:
        """Largest file in bytes."""
        return self.max_file_mib * _MIB

    @property
    def max_unpacked_bytes(self) -> int:
        """Largest content of a zip package in bytes."""
        return self.max_unpacked_mib * _MIB
