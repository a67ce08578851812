"""All that a template is made of, gathered once: programme, period, vocabulary, sheets, lists."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kim_pipeline.contracts.calendar import Period, parse_period
from kim_pipeline.contracts.model import Programme
from kim_pipeline.contracts.vocabulary import Vocabulary, vocabulary
from kim_pipeline.office.template.layout import Page, pages_of
from kim_pipeline.office.template.lists import Lists, lists_of

_NOT_IN_FILE_NAMES = re.compile(r"[^0-9A-Za-z.]+")


@dataclass(frozen=True)
class Plan:
    """What the parts of a template need to know.

    Attributes:
        programme: whose template it is.
        stated: the reporting period as it is to stand on the cover; None leaves it to the clerk.
        period: the same as days.
        vocabulary: of the county in force.
        pages: the sheets to fill in.
        lists: the lists behind the drop-downs.
    """

    programme: Programme
    stated: str | None
    period: Period | None
    vocabulary: Vocabulary
    pages: tuple[Page, ...]
    lists: Lists

    @property
    def covers_period(self) -> bool:
        """Whether each delivery covers a reporting period; else it is the full list."""
        return self.programme.delivery == "period"

    @property
    def fits_cadence(self) -> bool:
        """Whether the reporting period, if it is known, ends where a due period of the programme ends."""
        if self.period is None:
            return True
        return (self.period.last.month, self.period.last.day) in {
            each.ends for each in self.programme.cadence.obligations
        }

    @property
    def file_name(self) -> str:
        """`fit_2022-23.xlsx`; without a reporting period `fit_Vorlage.xlsx`."""
        period = _NOT_IN_FILE_NAMES.sub("-", self.stated) if self.stated else "Vorlage"
        return f"{self.programme.key}_{period}.xlsx"


def plan_of(programme: Programme, stated: str | None = None) -> Plan:
    """Gather what the template of a programme is made of.

    Args:
        programme: the programme.
        stated: the reporting period in one of the contract's notations (`deliveries.md` §1.1); ignored where a
            programme delivers its full list each time.

    Raises:
        ValueError: `stated` is no reporting period.
    """
    words, period = vocabulary(), None
    if stated is not None and (period := parse_period(stated)) is None:
        raise ValueError(f"no reporting period: {stated}")
    if programme.delivery == "snapshot":
        stated = period = None
    pages = pages_of(programme, words)
    return Plan(programme, stated and " ".join(stated.split()), period, words, pages, lists_of(pages, words))
