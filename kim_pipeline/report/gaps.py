"""Gaps: themes with more unmet needs than free places, languages with too few interpreters (`paper.md` §1.6 D, E).

Belongs here: which gaps the published tables tell, and their sentences; what is secret is said to be.
"""

from __future__ import annotations

from dataclasses import dataclass

from kim_pipeline import german
from kim_pipeline.report import grammar
from kim_pipeline.report.figures import Figures, Record
from kim_pipeline.report.resolution import natural
from kim_pipeline.report.review import Review

_RUNNING = frozenset({"umgesetzt", "laufend"})
_SHELVED = "zurückgestellt"


@dataclass(frozen=True)
class Gaps:
    """The county's gaps of a year.

    Attributes:
        period: the year.
        rows: members with a gap, in order.
        hidden: of how many it is secret.
    """

    period: str
    rows: tuple[Record, ...]
    hidden: int


def theme_gaps(figures: Figures) -> Gaps | None:
    """Themes with a gap in the newest year that has any; None without one."""
    return _newest(figures, "offer_gap", "theme")


def language_gaps(figures: Figures) -> Gaps | None:
    """Languages with a gap in the newest year that has any; None without one."""
    return _newest(figures, "language_gap", "language")


def _newest(figures: Figures, table: str, member: str) -> Gaps | None:
    county = figures.county["area"]
    rows = [row for row in figures.rows(table) if row["area"] == county and row["period"] in figures.periods]
    if not rows:
        return None
    period = max(row["period"] for row in rows)
    ours = sorted((row for row in rows if row["period"] == period), key=lambda row: str(row[member]))
    return Gaps(period, tuple(r for r in ours if r["gap"]), sum(r["gap"] is None for r in ours))


def theme_sentence(figures: Figures) -> str:
    """Where there were more unmet needs than free places."""
    found = theme_gaps(figures)
    if found is None:
        return "Bedarfe und Angebote liegen für kein gemeinsames Jahr vor."
    when = german.in_period(found.period)
    names = [str(row["theme"]) for row in found.rows]
    if not names:
        none = grammar.no_member(found.hidden, grammar.THEME, "ist bei keinem Thema belegt")
        return f"Ob es {when} mehr ungedeckte Bedarfe als freie Plätze gab, {none}." if found.hidden else (
            f"Mehr ungedeckte Bedarfe als freie Plätze sind {when} bei keinem Thema belegt."
        )  # fmt: skip
    told = grammar.members(names, found.hidden, grammar.THEME)
    where = german.plural(len(names), "beim Thema", "bei den Themen")
    return f"Mehr ungedeckte Bedarfe als freie Plätze gab es {when} {where} {told}."


def theme_lines(review: Review) -> list[str]:
    """One sentence per theme with a gap: needs, places, and whether a measure runs (D)."""
    found = theme_gaps(review.figures)
    rows = found.rows if found else ()
    return [f"{row['theme']}: {_needs(row)}{_measures(review, row['theme'])}." for row in rows]


def _needs(row: Record) -> str:
    free = row["free_places"] or 0
    unmet = row["unmet_needs"]
    needs = "die Zahl der ungedeckten Bedarfe ist geheim" if unmet is None else german.tightly(
        unmet, "ungedeckter Bedarf", "ungedeckte Bedarfe"
    )  # fmt: skip
    return f"{needs}, {german.tightly(free, 'freier Platz', 'freie Plätze')}"


def _measures(review: Review, theme: str) -> str:
    """That no measure of a theme runs, and which are shelved; nothing where one does."""
    rows = [row for row in review.details.values() if row["theme"] == theme] or [
        row for row in review.measures if row["theme"] == theme
    ]
    if any(row["status"] in _RUNNING for row in rows):
        return ""
    shelved = sorted((str(row["measure_no"]) for row in rows if row["status"] == _SHELVED), key=natural)
    return "; keine Maßnahme läuft" + (f", zurückgestellt: {german.listing(shelved)}" if shelved else "")


def language_name(figures: Figures, code: str) -> str:
    """What a language is called."""
    return str(figures.members.get(("language", code), code))


def language_clause(figures: Figures) -> str:
    """For which languages there was a gap, as a sentence (E)."""
    found = language_gaps(figures)
    if found is None:
        return "Nach Sprachen liegen bis zum Stichtag keine Zahlen vor."
    when = german.in_period(found.period)
    names = sorted(language_name(figures, row["language"]) for row in found.rows)
    if names:
        told = grammar.members(names, found.hidden, grammar.LANGUAGE)
        return f"Eine Lücke bestand {when} bei {told}."
    if found.hidden:
        return f"Ob {when} eine Lücke bestand, {grammar.no_member(found.hidden, grammar.LANGUAGE, '')}."
    return f"Eine Lücke bestand {when} bei keiner Sprache."
