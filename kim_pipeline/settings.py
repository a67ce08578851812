"""Settings: environment variables `KIM_…`, with defaults that need none of them; and what day it is."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, HttpUrl, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from kim_pipeline.errors import ConfigurationError

PROJECT = Path(__file__).parents[1]
ZONE = ZoneInfo("Europe/Berlin")
_MIB = 2**20
_PREFIX = "KIM_"
_FOLDER = "den Pfad eines Ordners"
_FROM_ONE = "eine ganze Zahl ab 1"
_YES_NO = "true oder false"
_ADDRESS = "eine Adresse, die mit http:// oder https:// beginnt"
_NEVER_SHOWN = frozenset({"smtp_user", "smtp_password", "webhook_url", "public_url", "docs_url"})
"""Settings whose values may hold a secret."""
_LONGEST = 60
DEMO, DEMO_DAY = "demo", "KIM_DEMO_DAY"
"""The folder of the demonstration, and the variable with the day that it shows."""


class InvalidSettingsError(ConfigurationError):
    """Settings are invalid; the German message names each variable, what it holds and what is expected."""

    def __init__(self, error: ValidationError) -> None:
        """Tell all that pydantic found."""
        told = [_told(dict(each)) for each in error.errors(include_url=False)]
        super().__init__("\n".join([*told, "Bitte die Umgebungsvariablen prüfen."]))


def _told(error: dict[str, Any]) -> str:
    name = str(error["loc"][0])
    field = Settings.model_fields.get(name)
    variable = " ".join([f"{_PREFIX}{name}".upper(), *(f"({_shown(key)})" for key in error["loc"][1:])])
    found = "" if name in _NEVER_SHOWN or field is None else f" Gefunden: „{_shown(error['input'])}“."
    ours = f" {error['ctx']['error']}" if error["type"] == "value_error" else ""
    expected = f" Erwartet: {field.description}." if field is not None and not ours else ""
    return f"Die Einstellung {variable} ist ungültig.{found}{ours}{expected}"


def _shown(given: object) -> str:
    text = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in str(given))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _json(given: object) -> object:
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given)
    except ValueError:
        return given  # which is no table of numbers


def today() -> dt.date:
    """The day in Germany; in the demonstration the one that is shown."""
    return day_at(dt.datetime.now(dt.UTC))


def day_at(moment: dt.datetime) -> dt.date:
    """The day in Germany at a moment; in the demonstration the one that is shown."""
    shown = os.environ.get(DEMO_DAY)
    return dt.date.fromisoformat(shown) if shown else moment.astimezone(ZONE).date()


class Settings(BaseSettings):
    """All settings; a variable named `KIM_<FIELD>` sets each.

    Attributes:
        deliveries: folder with one folder per programme.
        warehouse: folder of everything that is built.
        key_file: the secret for pseudonyms; default `<warehouse>/secret.key`.
        county: folder with the county's data; `contracts.vocabulary` reads the same variable.
        reader_seconds: processor time that opening a delivery may need; ten times as much by the clock.
        reader_mib: memory limit per reading process.
        readers: number of reading processes; default one per processor.
        reading_minutes: after so many minutes a run begins to read no further delivery; the next one goes on.
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
        smtp_deputy: recipients beside these of what has waited for a decision for three days.
        smtp_host: mail server for alerts; without one there is no mail.
        smtp_port: its port.
        smtp_tls: whether the connection is encrypted by STARTTLS.
        smtp_user: account there, if it asks for one.
        smtp_password: its password.
        remind: whether offices are reminded of due deliveries by mail.
        remind_to: programme → recipients of its reminders (JSON); without an entry `smtp_to`, for passing on.
        webhook_url: receives each alert as JSON by POST.
        demo_day: the day that the demonstration takes for today; refused anywhere else.
    """

    model_config = SettingsConfigDict(env_prefix="KIM_", frozen=True, extra="forbid")

    deliveries: Path = Field(default=PROJECT / "data_raw", description=_FOLDER)
    warehouse: Path = Field(default=PROJECT / "warehouse", description=_FOLDER)
    key_file: Path | None = Field(default=None, description="den Pfad einer Datei")
    county: Path = Field(default=PROJECT / "counties" / "warendorf", description=_FOLDER)
    reader_seconds: float = Field(default=60, gt=0, description="eine Zahl von Sekunden über 0")
    reader_mib: int = Field(default=2048, ge=512, description="eine ganze Zahl ab 512 (MB)")
    readers: int = Field(
        default_factory=lambda: os.cpu_count() or 1, ge=1, le=64, description="eine ganze Zahl von 1 bis 64"
    )
    reading_minutes: float = Field(default=240, gt=0, description="eine Zahl von Minuten über 0")
    max_file_mib: int = Field(default=256, ge=1, description="eine ganze Zahl ab 1 (MB)")
    max_unpacked_mib: int = Field(default=2048, ge=1, description="eine ganze Zahl ab 1 (MB)")
    grace_days: int = Field(default=14, ge=0, description="eine ganze Zahl von Tagen ab 0")
    raise_k: Annotated[dict[str, int], NoDecode, BeforeValidator(_json)] = Field(
        default_factory=dict, description="je Indikator eine ganze Zahl, als Tabelle in JSON"
    )
    keep_builds: int = Field(default=14, ge=1, description=_FROM_ONE)
    keep_months: int = Field(default=24, ge=0, description="eine ganze Zahl ab 0")
    keep_internal_days: int = Field(default=400, ge=0, description="eine ganze Zahl von Tagen ab 0")
    keep_feedback_days: int = Field(default=90, ge=1, description="eine ganze Zahl von Tagen ab 1")
    keep_logs: int = Field(default=90, ge=1, description=_FROM_ONE)
    purge_nightly: bool = Field(default=True, description=_YES_NO)
    unattended: bool = Field(default=False, description=_YES_NO)
    keep_run_days: int = Field(default=30, ge=1, description="eine ganze Zahl von Tagen ab 1")
    public_url: HttpUrl | None = Field(default=None, description=_ADDRESS)
    docs_url: HttpUrl | None = Field(default=None, description=_ADDRESS)
    smtp_from: str | None = Field(default=None, description="eine Mailadresse")
    smtp_to: str | None = Field(default=None, description="Mailadressen, durch Komma getrennt")
    smtp_deputy: str | None = Field(default=None, description="Mailadressen, durch Komma getrennt")
    smtp_host: str | None = Field(default=None, description="den Namen eines Mailservers")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="eine ganze Zahl von 1 bis 65535")
    smtp_tls: bool = Field(default=True, description=_YES_NO)
    smtp_user: str | None = Field(default=None, description="den Namen eines Kontos")
    smtp_password: SecretStr | None = Field(default=None, description="ein Kennwort")
    remind: bool = Field(default=False, description=_YES_NO)
    remind_to: Annotated[dict[str, str], NoDecode, BeforeValidator(_json)] = Field(
        default_factory=dict, description="je Programm Adressen, als Tabelle in JSON"
    )
    webhook_url: HttpUrl | None = Field(default=None, description=_ADDRESS)

    demo_day: dt.date | None = Field(default=None, description="ein Datum wie 2024-05-01")

    @field_validator("demo_day")
    @classmethod
    def _only_in_the_demonstration(cls, day: dt.date | None, known: ValidationInfo) -> dt.date | None:
        warehouse = known.data.get("warehouse")
        if day is not None and isinstance(warehouse, Path) and warehouse.parent.name != DEMO:
            raise ValueError(f"Sie gilt nur in der Vorführung (kim serve --demo), nicht in {warehouse}.")
        return day

    @field_validator("deliveries", "warehouse", "key_file", "county")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return path.expanduser().absolute() if path else path

    @field_validator("smtp_host")
    @classmethod
    def _has_sender_and_recipients(cls, host: str | None, known: ValidationInfo) -> str | None:
        if host and not (known.data.get("smtp_from") and known.data.get("smtp_to")):
            raise ValueError("Zu KIM_SMTP_HOST gehören KIM_SMTP_FROM und KIM_SMTP_TO.")
        return host

    @field_validator("remind")
    @classmethod
    def _has_mail(cls, remind: bool, known: ValidationInfo) -> bool:
        if remind and not known.data.get("smtp_host"):
            raise ValueError("Zu KIM_REMIND gehört KIM_SMTP_HOST.")
        return remind

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
    def reader_bytes(self) -> int:
        """Memory limit per reading process in bytes."""
        return self.reader_mib * _MIB

    @property
    def max_file_bytes(self) -> int:
        """Largest file in bytes."""
        return self.max_file_mib * _MIB

    @property
    def max_unpacked_bytes(self) -> int:
        """Largest content of a zip package in bytes."""
        return self.max_unpacked_mib * _MIB


def read_settings(**given: Any) -> Settings:
    """Settings from the environment.

    Args:
        given: settings that prevail over the environment.

    Raises:
        InvalidSettingsError: a setting is invalid.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        raise InvalidSettingsError(error) from None


def unknown_settings(variables: Iterable[str]) -> list[str]:
    """A German sentence on each variable that looks like a setting and is none; the next version will refuse it.

    Args:
        variables: names of environment variables.
    """
    known = [f"{_PREFIX}{name}".upper() for name in Settings.model_fields]
    told = []
    for name in sorted(variables):
        if name.upper().startswith(_PREFIX) and name.upper() not in known:
            near = get_close_matches(name.upper(), known, 1)
            meant = f" Meinten Sie {near[0]}?" if near else ""
            told.append(
                f"Hinweis: Die Einstellung {name} ist unbekannt und wird nicht beachtet; die nächste Fassung weist sie "
                f"zurück.{meant}"
            )
    return told
