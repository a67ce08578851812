"""The catalogue of indicators: what each counts, where it comes from, what it does not say.

Belongs here: reading and checking `sql/indicators/catalogue.toml`, and the table that an entry is a row of. An indicator
is an entry there and the SQL that gives its values; nothing else names it.
"""

from __future__ import annotations

import tomllib
import types
import typing
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kim_pipeline.contracts.county import Feature
from kim_pipeline.errors import KimError
from kim_pipeline.settings import PROJECT

Aggregation = Literal["count", "distinct", "stock", "sum", "rate", "median", "per_1000", "level"]
Calendar = Literal["year", "quarter", "school_year"]
CATALOGUE = PROJECT / "sql" / "indicators" / "catalogue.toml"
LOWEST_K = 3
"""No protected indicator has a lower k (`privacy.md`)."""


class RaisedKError(KimError):
    """A setting of k that cannot be followed; the German message says which."""


class Indicator(BaseModel):
    """One indicator (`indicators.md`), a row of `indicators.indicator`.

    The fields are that table's columns, in its order; their descriptions are its German comments.

    Attributes:
        id: its identifier.
        label, definition, unit, caveat: German, for people; the caveat is what it does not say.
        counting_unit: what is counted; nothing is ever summed over different ones.
        numerator, denominator: German, of rates and values per 1,000.
        programme, table_name: whose deliveries cover its periods; an entry names both as `source`.
        aggregation: how rows become a value; counts, stocks and sums have a value of 0 where nothing is there.
        calendars: the kinds of period it is given for.
        breakdown_kind: its breakdown beside the total, if any.
        breakdown_complete: whether every row has the breakdown's value, so that the members add up to the total.
        is_share: whether a rate's numerator is part of its denominator, so that it lies between 0 and 1.
        per_1000_of: the indicator in the numerator of a value per 1,000.
        per_1000_base: per 1,000 of whom, on the last day of the year.
        at_period_end: whether it says how things stand on a period's last day; stocks and levels do.
        headline: whether it measures its programme's activity (review of the measures).
        county_only: whether municipalities have no value.
        same_total_as: the indicator whose value its total repeats; to whoever looks, the two are one figure.
        feature: the feature of persons by which it is broken down; it exists only where the county has released that.
        county_calendars: the kinds of period for which only the county's value is published; municipalities have one in
            the internal file (`privacy.md`, "What is published of protected indicators").
        direction: whether higher or lower is better, or neither.
        is_amount: whether it sums hours or euros instead of counting.
        numerator_count, denominator_count, difference_count: the counts in a protected rate; those that an entry does
            not name as indicators of their own are cells of the linked system, named `<id>.numerator` and so on.
        at_most: a count that it never exceeds.
        parts: counts that are parts of it, beside an unpublished rest.
        inflow, outflow: what adds to a stock within a period, and what leaves it.
        n_within: published counts that tell something about the number of values behind a median.
        n_count: the indicator that is the number of rows behind a sum.
        hidden_with: the count with which a sum of hours or euros is hidden.
        contributors: the count of the persons that such a sum is made up by: where the sum is printed, there are enough
            of them, and everybody knows.
        persons: the pseudonym that tells the persons or cases behind its rows apart; None where each row is one.
        dated: the day of its table by which the rows are counted; of a rate those in its denominator, of a median those
            that have a value.
        each_at_most: what a single row of `hidden_with` adds to a sum at most, in its unit.
        share_at_most: so many times its denominator a rate's numerator is at most, where it is no share.
        k: smallest count that may be published; None where every one may.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(description="Kennung", serialization_alias="indicator_id")
    label: str = Field(description="Name")
    definition: str = Field(description="Definition")
    unit: str = Field(description="Einheit des Wertes")
    counting_unit: str = Field(description="Zähleinheit; über verschiedene wird nie summiert")
    numerator: str | None = Field(None, description="Zähler, bei Quoten und Werten je 1.000")
    denominator: str | None = Field(None, description="Nenner, bei Quoten und Werten je 1.000")
    programme: str = Field(description="Programm, aus dem er kommt")
    table_name: str = Field(description="Tabelle des Programms, deren Lieferungen ihn abdecken")
    aggregation: Aggregation = Field(
        description="Art: count, distinct, stock, sum, rate, median, per_1000 oder level"
    )
    calendars: tuple[Calendar, ...] = Field(description="Zeiträume, für die er gilt: year, quarter, school_year")
    breakdown_kind: str | None = Field(None, description="Gliederung; leer, wenn es keine gibt")
    breakdown_complete: bool = Field(default=True, description="Ob sich die Gliederung zum Ganzen summiert")
    is_share: bool = Field(
        default=True, description="Ob eine Quote zwischen 0 und 1 liegt: der Zähler ist Teil des Nenners"
    )
    per_1000_of: str | None = Field(None, description="Indikator im Zähler eines Wertes je 1.000")
    per_1000_base: Literal["foreigners", "population"] | None = Field(
        None, description="Worauf sich ein Wert je 1.000 bezieht: foreigners oder population"
    )
    at_period_end: bool = Field(
        default=False, description="Ob er zählt, was am letzten Tag des Zeitraums ist, nicht was in ihm geschah"
    )
    headline: bool = Field(
        default=False,
        description="Ob er die Aktivität des Programms misst (Prüfung der Maßnahmen)",
        serialization_alias="is_headline",
    )
    county_only: bool = Field(default=False, description="Ob er nur für den Kreis gilt")
    same_total_as: str | None = Field(None, description="Indikator, dessen Wert sein Ganzes ist")
    feature: Feature | None = Field(
        None, description="Merkmal von Personen, das der Kreis freigegeben haben muss; leer bei den anderen"
    )
    county_calendars: tuple[Calendar, ...] = Field(
        (), description="Zeiträume, für die er nur für den Kreis veröffentlicht wird"
    )
    direction: Literal["higher", "lower", "neutral"] = Field(description="Richtung: higher, lower oder neutral")
    is_amount: bool = Field(default=False, description="Ob er Stunden oder Euro summiert")
    numerator_count: str | None = Field(None, description="Zahl im Zähler einer geschützten Quote")
    denominator_count: str | None = Field(None, description="Zahl im Nenner einer geschützten Quote")
    difference_count: str | None = Field(None, description="Nenner minus Zähler einer geschützten Quote")
    at_most: str | None = Field(None, description="Zahl, die er nie übersteigt")
    parts: tuple[str, ...] = Field(
        (), description="Zahlen, die Teile von ihm sind; dazu kommt ein unveröffentlichter Rest"
    )
    inflow: str | None = Field(None, description="Zugang eines Bestandes")
    outflow: str | None = Field(None, description="Abgang eines Bestandes")
    n_within: tuple[str, ...] = Field(
        (), description="Zahlen, die etwas über die Zahl der Werte hinter einem Median sagen"
    )
    n_count: str | None = Field(None, description="Indikator, der die Zahl der Zeilen hinter einer Summe ist")
    hidden_with: str | None = Field(
        None, description="Zahl, mit der eine Summe von Stunden oder Euro geheim bleibt"
    )
    contributors: str | None = Field(
        None,
        description="Zahl der Personen, die zu einer Summe von Stunden oder Euro beitragen; mit ihr bleibt sie geheim",
    )
    persons: str | None = Field(
        None,
        description="Pseudonym, das die Personen oder Fälle unterscheidet; leer, wo jede Zeile für sich zählt",
    )
    dated: str | None = Field(None, description="Datum der Tabelle, nach dem die Zeilen zählen, wo es alle sind")
    each_at_most: int | None = Field(
        None, description="Was eine Zeile von hidden_with höchstens zu einer Summe beiträgt"
    )
    share_at_most: float | None = Field(
        None, description="Das Wievielfache des Nenners der Zähler höchstens ist, wo eine Quote kein Anteil ist"
    )
    k: int | None = Field(
        None, description="Kleinste Zahl, die veröffentlicht werden darf; leer, wenn jede"
    )
    caveat: str = Field(description="Was er nicht sagt")

    @model_validator(mode="before")
    @classmethod
    def _from_entry(cls, entry: dict[str, Any]) -> dict[str, Any]:
        """`source` in its two parts, and the counts of a protected rate that the entry does not name."""
        rest = {name: value for name, value in entry.items() if name != "source"}
        programme, dot, table = str(entry.get("source", "")).partition(".")
        source = {"programme": programme, "table_name": table} if dot else {}
        base = {"per_1000_base": "foreigners"} if entry.get("per_1000_of") else {}
        at_end = {"at_period_end": True} if entry.get("aggregation") in ("stock", "level") else {}
        return {**base, **at_end, **rest, **source, **_counts_of_rate(entry)}

    @model_validator(mode="after")
    def _has_its_parts(self) -> Indicator:
        of_two = self.aggregation in ("rate", "per_1000")
        if of_two != (self.numerator is not None and self.denominator is not None):
            raise ValueError(f"{self.id}: rates and values per 1,000, and only they, name numerator and denominator")
        if (self.aggregation == "per_1000") != (self.per_1000_of is not None):
            raise ValueError(f"{self.id}: per_1000_of belongs to values per 1,000")
        if self.same_total_as is not None and not (self.county_only and self.breakdown_kind):
            raise ValueError(f"{self.id}: same_total_as belongs to breakdowns for the county only")
        if self.k is not None and self.k < LOWEST_K:
            raise ValueError(f"{self.id}: a k below {LOWEST_K} protects nobody")
        if (self.hidden_with is not None) != (self.is_amount and self.k is not None):
            raise ValueError(f"{self.id}: protected sums of hours or euros, and only they, name hidden_with")
        if not set(self.county_calendars) <= set(self.calendars) or (self.county_calendars and self.k is None):
            raise ValueError(f"{self.id}: county_calendars are some of the calendars of a protected indicator")
        if self.contributors is not None and self.hidden_with is None:
            raise ValueError(f"{self.id}: contributors belong to protected sums of hours or euros")
        counts = (self.numerator_count, self.denominator_count, self.difference_count)
        if any(counts) and not (self.aggregation == "rate" and self.k is not None):
            raise ValueError(f"{self.id}: numerator_count, denominator_count, difference_count belong to protected rates")
        if self.difference_count is not None and not self.is_share:
            raise ValueError(f"{self.id}: difference_count belongs to shares")
        return self


def _counts_of_rate(entry: Mapping[str, Any]) -> dict[str, str | None]:
    """Numerator, denominator and their difference as counts of the linked system; where there is none, nothing."""
    if entry.get("aggregation") != "rate" or entry.get("k") is None:
        return {}
    stated = {part: entry.get(f"{part}_count") for part in ("numerator", "denominator", "difference")}
    unstated = {"numerator"} if stated["difference"] else {"numerator", "denominator"}
    if entry.get("is_share", True):
        unstated.add("difference")
    return {f"{part}_count": stated[part] or f"{entry.get('id')}.{part}" for part in unstated}


@dataclass(frozen=True)
class CatalogueColumn:
    """A column of `indicators.indicator`: its name, DuckDB's type and its German description."""

    name: str
    type: str
    description: str


def catalogue_columns() -> tuple[CatalogueColumn, ...]:
    """The columns of the table of indicators, in order: the fields of an entry."""
    return tuple(
        CatalogueColumn(field.serialization_alias or name, _sql_type(field.annotation), field.description or "")
        for name, field in Indicator.model_fields.items()
    )


def _sql_type(annotation: Any) -> str:
    """DuckDB's type of a field; several values stand in one text."""
    kinds = typing.get_args(annotation) if isinstance(annotation, types.UnionType) else (annotation,)
    names = {bool: "BOOLEAN", int: "BIGINT", float: "DOUBLE"}
    return next((name for kind, name in names.items() if kind in kinds), "VARCHAR")


def catalogue_row(indicator: Indicator) -> tuple[Any, ...]:
    """An indicator's values in the order of `catalogue_columns`; several values are joined by commas, none is null."""
    values = indicator.model_dump().values()
    return tuple((",".join(value) or None) if isinstance(value, tuple) else value for value in values)


def load_catalogue(path: Path = CATALOGUE) -> list[Indicator]:
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


def released_indicators(indicators: Sequence[Indicator], features: Collection[str]) -> list[Indicator]:
    """The indicators that there are in a county that has released these features of persons."""
    return [i for i in indicators if i.feature is None or i.feature in features]


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
