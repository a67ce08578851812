"""The catalogue of indicators: what each counts, where it comes from, what it does not say.

Belongs here: reading and checking `sql/indicators/catalogue.toml`. An indicator is an entry there and the SQL that
gives its values; nothing else names it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

from kim_pipeline.errors import KimError
from kim_pipeline.warehouse.sql_models import SQL_FOLDER

Aggregation = Literal["count", "distinct", "stock", "sum", "rate", "median", "per_1000", "level"]
Calendar = Literal["year", "quarter", "school_year"]
LOWEST_K = 3
"""No protected indicator has a lower k (`privacy.md`)."""


class RaisedKError(KimError):
    """A setting of k that cannot be followed; the German message says which."""


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
        is_amount: whether it sums hours or euros instead of counting.
        numerator_count, denominator_count, difference_count: the counts in a rate that are indicators of their own;
            the others are cells of the linked system by the names `part_of_rate` gives them.
        at_most: a count that it never exceeds.
        parts: counts that are parts of it, beside an unpublished rest.
        inflow, outflow: what adds to a stock within a period, and what leaves it.
        n_within: published counts that tell something about the number of values behind a median.
        n_count: the indicator that is the number of rows behind a sum.
        hidden_with: the count with which a sum of hours or euros is hidden.
        contributors: the count of the persons that such a sum is made up by: where the sum is printed, there are enough
            of them, and everybody knows.
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
    is_amount: bool = False
    numerator_count: str | None = None
    denominator_count: str | None = None
    difference_count: str | None = None
    at_most: str | None = None
    parts: tuple[str, ...] = ()
    inflow: str | None = None
    outflow: str | None = None
    n_within: tuple[str, ...] = ()
    n_count: str | None = None
    hidden_with: str | None = None
    contributors: str | None = None

    @property
    def programme(self) -> str:
        """Key of its programme."""
        return self.source.split(".")[0]

    @property
    def table_name(self) -> str:
        """Name of its table inside the programme."""
        return self.source.split(".")[1]

    @property
    def counts_of_rate(self) -> tuple[str | None, str | None, str | None]:
        """Numerator, denominator and their difference as counts of the linked system; None where there is none."""
        if self.aggregation != "rate" or self.k is None:
            return None, None, None
        own = None if self.difference_count else f"{self.id}.denominator"
        return (
            self.numerator_count or f"{self.id}.numerator",
            self.denominator_count or own,
            (self.difference_count or f"{self.id}.difference") if self.is_share else None,
        )

    @model_validator(mode="after")
    def _has_its_parts(self) -> Indicator:
        of_two = self.aggregation in ("rate", "per_1000")
        if of_two != (self.numerator is not None and self.denominator is not None):
            raise ValueError(f"{self.id}: rates and values per 1,000, and only they, name numerator and denominator")
        if (self.aggregation == "per_1000") != (self.per_1000_of is not None):
            raise ValueError(f"{self.id}: per_1000_of belongs to values per 1,000")
        if self.k is not None and self.k < LOWEST_K:
            raise ValueError(f"{self.id}: a k below {LOWEST_K} protects nobody")
        if (self.hidden_with is not None) != (self.is_amount and self.k is not None):
            raise ValueError(f"{self.id}: protected sums of hours or euros, and only they, name hidden_with")
        if self.contributors is not None and self.hidden_with is None:
            raise ValueError(f"{self.id}: contributors belong to protected sums of hours or euros")
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


def with_raised_k(indicators: Sequence[Indicator], raised: Mapping[str, int]) -> list[Indicator]:
    """The catalogue with a higher k for some indicators (`privacy.md`: settings may raise a k).

    Raises:
        RaisedKError: an indicator is unknown or not protected, or its k would be lower.
    """
    by_id = {indicator.id: indicator for indicator in indicators}
    for name, k in raised.items():
        least = by_id[name].k if name in by_id else None
        if least is None:
            raise RaisedKError(f"KIM_RAISE_K: {name} ist kein geschützter Indikator.")
        if k < least:
            raise RaisedKError(f"KIM_RAISE_K: k von {name} ist mindestens {least}; {k} ist zu klein.")
    return [i.model_copy(update={"k": raised.get(i.id, i.k)}) for i in indicators]
