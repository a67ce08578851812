"""Why an official table cannot be used, in German, and what to retrieve instead (`official.md` §8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kim_pipeline import german
from kim_pipeline.contracts.published import PublishedForms
from kim_pipeline.reading.errors import RejectedError
from kim_pipeline.reading.findings import told
from kim_pipeline.reading.official.layout import Areas

_MOST_NAMES = 15


def unknown_layout(form: str, sign: str, lacking: str, names: Iterable[str], wanted: str) -> RejectedError:
    """`unknown_layout`: the form is known, but not where what we need stands."""
    listed = list(dict.fromkeys(" ".join(n.split()) for n in names if n.strip()))[:_MOST_NAMES]
    read = f"Gelesen wurden die Überschriften {german.quoted_listing(listed)}." if listed else "Gelesen wurde keine."
    facts: dict[str, Any] = {"form": form, "sign": sign, "lacking": lacking, "names": read, "wanted": wanted}
    return RejectedError("unknown_layout", told("unknown_layout", **facts))


def not_ours(code: str, title: str, forms: PublishedForms) -> RejectedError:
    """`unknown_statistic`: an official table of something else."""
    called = f"{code}, „{title}“" if title else code
    groups = _statistics(forms)
    return RejectedError("unknown_statistic", told("unknown_statistic", table=called, wanted=groups))


def _statistics(forms: PublishedForms) -> str:
    words = {"fortschreibung": "Bevölkerungsstand", "zensus": "Zensus", "azr": "Ausländerstatistik"}
    found: dict[str, list[str]] = {}
    for statistic in forms.statistics:
        found.setdefault(words[statistic.source], []).append(statistic.code)
    return german.listing((f"{german.listing(codes, 'oder')} ({name})" for name, codes in found.items()), "oder")


def missing_total(table: str, what: str, variable: str) -> RejectedError:
    """`missing_total`: only members of a variable, whose numbers are rounded or altered and are not added."""
    return RejectedError("missing_total", told("missing_total", table=table, what=what, variable=variable))


def missing_day(found: str) -> RejectedError:
    """`missing_reference_day`: a year, a mean, nothing."""
    told_found = f" (gefunden: „{found}“)" if found else ""
    return RejectedError("missing_reference_day", told("missing_reference_day", found=told_found))


def no_own_area(areas: Areas, others: Mapping[str, str]) -> RejectedError:
    """`no_own_area`: a table of other areas."""
    example = next((name for name in others.values() if name), next(iter(others), ""))
    read = f"Gelesen {german.plural(len(others), 'wurde ein Gebiet', f'wurden {german.number(len(others))} Gebiete')}"
    read += f", zum Beispiel „{example}“." if example else "."
    county = f"{areas.names[areas.county]} ({areas.county} …)"
    return RejectedError("no_own_area", told("no_own_area", county=county, read=read))


def several_members(count: int) -> RejectedError:
    """`several_members`: a package of more than one file."""
    return RejectedError("several_members", told("several_members", files=german.counted(count, "Datei", "Dateien")))
