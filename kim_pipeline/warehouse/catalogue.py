"""The catalogue of indicators: what each counts, where it comes from, what it does not say.

Belongs here: reading and checking `sql/indicators/catalogue.toml`. An indicator is an entry there and the SQL that
gives its values; nothing else names it.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

from kim_pipeline.warehouse.sql_models import SQL_FOLDER

Aggregation = Literal["count", "distinct", "stock", "sum", "rate", "median", "per_1000", "level"]
Calendar = Literal["year", "quarter", "school_year"]


class Indicator(BaseModel):
    """One indicator (`indicators.md`).

    Attributes:
        id: its identifier.
        label, definition, unit, caveat: German, for people; the caveat is what it does not say.
        counting_unit: what is counted; nothing is ever summed over different ones.
        source: `programme.table` whose deliveries cover its periods.
        aggregation: how rows become a value; counts, stocks and sums have a value of 0 where nothing is there.
        calendars: the kinds of period it is given for.
        breakdown_kind: its breakdown beside the total, if any.
        breakdown_complete: whether every row has the breakdown's value, so that the members add up to the total.
        is_share: whether a rate's numerator is part of its denominator, so that it lies between 0 and 1.
        numerator, denominator: German, of rates and values per 1,000.
        per_1000_of: the indicator in the numerator of a value per 1,000 foreigners.
        direction: whether higher or lower is better, or neither.
        k: smallest count that may be published; None where every one may.
        headline: whether it measures its programme's activity (review of the measures).
        county_only: whether municipalities have no value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    label: str
    definition: str
    unit: str
    counting_unit: str
    source: str
    aggregation: Aggregation
    calendars: tuple[Calendar, ...]
    breakdown_kind: str | None = None
    breakdown_complete: bool = True
    is_share: bool = True
    numerator: str | None = None
    denominator: str | None = None
    per_1000_of: str | None = None
    direction: Literal["higher", "lower", "neutral"]
    k: int | None = None
    caveat: str
    headline: bool = False
    county_only: bool = False

    @property
    def programme(self) -> str:
        """Key of its programme."""
        return self.source.split(".")[0]

    @property
    def table_name(self) -> str:
        """Name of its table inside the programme."""
        return self.source.split(".")[1]

    @model_validator(mode="after")
    def _has_its_parts(self) -> Indicator:
        of_two = self.aggregation in ("rate", "per_1000")
        if of_two != (self.numerator is not None and self.denominator is not None):
            raise ValueError(f"{self.id}: rates and values per 1,000, and only they, name numerator and denominator")
        if (self.aggregation == "per_1000") != (self.per_1000_of is not None):
            raise ValueError(f"{self.id}: per_1000_of belongs to values per 1,000")
        return self


def load_catalogue(path: Path = SQL_FOLDER / "indicators" / "catalogue.toml") -> list[Indicator]:
    """All indicators in the file's order.

    Raises:
        ValueError: an entry is not what it must be, or two have the same id.
    """
    with path.open("rb") as file:
        entries = tomllib.load(file)["indicator"]
    indicators = [Indicator.model_validate(entry) for entry in entries]
    ids = [indicator.id for indicator in indicators]
    twice = sorted({i for i in ids if ids.count(i) > 1})
    if twice:
        raise ValueError(f"indicators named twice: {', '.join(twice)}")
    return indicators
