"""On which census a hand-made table of the population rests: the same rules as for official ones (`official.md` §5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pyarrow as pa

from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.reading.blocks import Block
from kim_pipeline.reading.formats.cells import Sheet
from kim_pipeline.reading.official.bases import BaseFacts, census_base, footer_rules
from kim_pipeline.reading.official.layout import Areas


def with_census_base(rows: pa.Table, blocks: Sequence[Block], as_of: dt.date | None) -> pa.Table:
    """Accepted rows with their census base; null where nothing tells it.

    Args:
        rows: accepted rows of one part: `ags`, `reported_on`, `population`, `census_base` and others.
        blocks: where they stand; titles and notes of their sheets are text of the rules.
        as_of: the part's Stand.
    """
    text = "\n".join(_texts(sheet) for sheet in {id(b.sheet): b.sheet for b in blocks}.values())
    facts = BaseFacts(as_of=as_of, totals=_totals(rows), anchors=vocabulary().county.census_anchors)
    spans = footer_rules(text)
    days = rows["reported_on"].to_pylist()
    bases = {day: census_base(day, text, facts, spans) for day in set(days)}
    at = rows.column_names.index("census_base")
    return rows.set_column(at, "census_base", pa.array([bases[day] for day in days], type=pa.string()))


def _texts(sheet: Sheet) -> str:
    return "\n".join(cell for distinct in sheet.distinct for cell in distinct if isinstance(cell, str))


def _totals(rows: pa.Table) -> dict[tuple[str, dt.date], int]:
    """The sum of the municipalities for each day of which all are there."""
    areas = Areas(vocabulary().county)
    found: dict[dt.date, dict[str, int]] = {}
    names = ("ags", "reported_on", "population")
    for area, day, population in zip(*(rows[name].to_pylist() for name in names), strict=True):
        if population is not None:
            found.setdefault(day, {})[area] = population
    return {
        (areas.county, day): sum(each.values()) for day, each in found.items() if areas.municipalities <= each.keys()
    }
