"""Who publishes an official table, and on which terms, as the file states it (`official.md` §10)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from kim_pipeline import german

_UNSTATED_PROVIDER = "Statistische Ämter des Bundes und der Länder"
_OPEN_DATA = re.compile(
    r"(?:Dieses Werk ist lizenziert unter der\s+)?Datenlizenz Deutschland\s*[-–]\s*Namensnennung\s*[-–]\s*Version 2\.0",
    re.IGNORECASE,
)
_CITATION_TEXT = "Vervielfältigung und Verbreitung, auch auszugsweise, mit Quellenangabe gestattet"
_CITATION = re.compile(_CITATION_TEXT, re.IGNORECASE)
_COPYRIGHT = re.compile(r"©\s*(?P<line>.+?)(?=\n\s*\n|\nStand:|\||\Z)", re.DOTALL)
_TERMS = {
    "dl-de/by-2-0": "Datenlizenz Deutschland – Namensnennung – Version 2.0, www.govdata.de/dl-de/by-2-0",
    "citation": _CITATION_TEXT,
}
LICENCE_LINKS = {"dl-de/by-2-0": "https://www.govdata.de/dl-de/by-2-0"}
"""Terms → where they are written, if anywhere."""
_NO_TERMS = "Nutzungsbedingungen in der Datei nicht angegeben"


@dataclass(frozen=True)
class Attribution:
    """Whom to name for an official table.

    Attributes:
        provider: the © line without its licence; empty where the file names nobody.
        dataset: the table or statistic.
        terms: `dl-de/by-2-0`, `citation`, or None where the file states none.
    """

    provider: str
    dataset: str
    terms: str | None

    def line(self, days: Sequence[dt.date], as_of: dt.date | None, default: str | None) -> str:
        """The line of attribution.

        Args:
            days: the Stichtage.
            as_of: Stand; None where the file states none.
            default: the county's terms for files that name neither provider nor terms.
        """
        terms = self.terms or (default if not self.provider else None)
        first, last = german.day(min(days)), german.day(max(days))
        span = f"Stichtag {first}" if first == last else f"Stichtage {first} bis {last}"
        stand = german.day(as_of) if as_of else "unbekannt"
        told = _TERMS.get(terms or "", _NO_TERMS)
        provider = f"© {self.provider}" if self.provider else _UNSTATED_PROVIDER
        return f"{provider}; {self.dataset}, {span}, Stand {stand}; {told}; Zahlen ausgewählt und zusammengeführt."


def licence_link(line: str) -> str | None:
    """Where the terms of a line of attribution are written; None if nowhere."""
    return next((link for terms, link in LICENCE_LINKS.items() if _TERMS[terms] in line), None)


def attribution(texts: str, dataset: str) -> Attribution:
    """What the texts of a file state of its provider and terms."""
    found = _COPYRIGHT.search(texts)
    provider = ""
    if found:
        plain = _CITATION.sub("", _OPEN_DATA.sub("", " ".join(found["line"].split())))
        provider = re.sub(r"\s+", " ", plain).strip(" .,;")
    flat = " ".join(texts.split())
    terms = "dl-de/by-2-0" if _OPEN_DATA.search(flat) else "citation" if _CITATION.search(flat) else None
    return Attribution(provider, dataset, terms)
