"""The summary in five sentences, made from the figures.

Belongs here: what each sentence says when its figures are there, hidden or missing.
"""

from __future__ import annotations

from kim_pipeline import german
from kim_pipeline.report.figures import Figures, ShownFigure
from kim_pipeline.report.review import Review
from kim_pipeline.report.tables import ReportContext

_DONE = ("umgesetzt", "laufend")
_OPEN = ("in Planung", "zurückgestellt")


def sentences(context: ReportContext, review: Review) -> tuple[str, ...]:
    """The five sentences."""
    return (
        _measures(review),
        _suggestions(review),
        _cases(context.figures),
        _needs(context.figures),
        _mediation(context),
    )


def _measures(review: Review) -> str:
    if not review.measures:
        return "Zu den Maßnahmen der Konzepte liegt bis zum Stichtag kein auswertbares Register vor."
    concepts = german.listing(f"{len(review.of(concept))} aus dem {concept}" for concept in review.concepts)
    done, planned = review.number(*_DONE), review.number(*_OPEN)
    number = len(review.measures)
    rest = number - done - planned
    return (
        f"{german.plural(number, 'Von der', 'Von den')} {german.tightly(number, 'Maßnahme', 'Maßnahmen')} mit "
        f"Beteiligung des Kommunalen Integrationszentrums ({concepts}) {german.plural(done, 'ist', 'sind')} "
        f"{german.number(done)} umgesetzt oder laufend, "
        f"{german.number(planned)} in Planung oder zurückgestellt und {german.number(rest)} nicht umgesetzt oder "
        f"entfallen (Register vom {german.day(review.stand)})."
    )


def _suggestions(review: Review) -> str:
    if not review.measures:
        return "Vorschläge zu einzelnen Maßnahmen gibt es daher nicht."
    changed = len(review.changes)
    since = (
        f"seit dem Register vom {german.day(review.since)} hat sich der Stand bei "
        f"{german.tightly(changed, 'dieser Maßnahmen', 'dieser Maßnahmen')} geändert"
        if review.since
        else "ein früheres Register zum Vergleich liegt nicht vor"
    )
    if not review.has_suggestions:
        return f"{german.first_upper(since)}; Vorschläge sind erst zu einem späteren Stand des Registers gebildet."
    counts = german.listing(f"{german.number(n)}-mal „{name}“" for name, n in review.suggested().items())
    return f"Der Abgleich mit den Zahlen der Programme ergibt als Vorschläge {counts}; {since}."


def _cases(figures: Figures) -> str:
    period = figures.newest("kim_cases_opened") if "kim_cases_opened" in figures.indicators else None
    if period is None:
        return "Zum Case Management liegen bis zum Stichtag keine Zahlen vor."
    opened, active, wait = (
        figures.figure(name, period) for name in ("kim_cases_opened", "kim_cases_active", "kim_first_talk_wait_days")
    )
    return (
        f"Im Case Management {_verb(opened, 'begann', 'begannen')} {_count(opened, 'Fall', 'Fälle')} "
        f"{german.in_period(period)}, am Jahresende {_verb(active, 'lief', 'liefen')} "
        f"{_count(active, 'Fall', 'Fälle')}; {_wait(wait)}."
    )


def _needs(figures: Figures) -> str:
    period = figures.newest("kim_needs_unmet") if "kim_needs_unmet" in figures.indicators else None
    if period is None:
        return "Wie viele Bedarfe ungedeckt bleiben, ist nicht bekannt, weil dazu nichts geliefert ist."
    needs, unmet = figures.figure("kim_needs", period), figures.figure("kim_needs_unmet", period)
    if unmet.value is None or needs.value is None:
        first = f"Wie viele der {german.in_period(period)} festgestellten Bedarfe ungedeckt blieben, ist geheim"
    else:
        share = f" ({german.percent(unmet.value / needs.value)})" if needs.value else ""
        first = (
            f"Von {german.tightly(int(needs.value), 'Bedarf, der', 'Bedarfen, die')} {german.in_period(period)} "
            f"festgestellt {_verb(needs, 'wurde', 'wurden')}, {_verb(unmet, 'blieb', 'blieben')} "
            f"{german.number(unmet.value)}{share} ungedeckt"
        )
    if not any(row["period"] == period for row in figures.rows("offer_gap")):
        return f"{first}; Angebote zum Vergleich sind für diesen Zeitraum nicht gemeldet."
    themes = [row["theme"] for row in figures.rows("offer_gap") if _is_county_gap(figures, row, period)]
    if not themes:
        return f"{first}; eine Lücke zwischen Bedarf und freien Plätzen ist in keinem Thema belegt."
    where = f"{german.plural(len(themes), 'beim Thema', 'bei den Themen')} {german.listing(sorted(themes))}"
    return f"{first}; mehr ungedeckte Bedarfe als freie Plätze gab es {where}."


def _is_county_gap(figures: Figures, row: dict[str, object], period: str) -> bool:
    return row["period"] == period and row["area"] == figures.county["area"] and row["gap"] is True


def _mediation(context: ReportContext) -> str:
    figures = context.figures
    period = figures.newest("smp_requests") if "smp_requests" in figures.indicators else None
    if period is None:
        return "Zur Sprachmittlung liegen bis zum Stichtag keine Zahlen vor."
    requests, rate = figures.figure("smp_requests", period), figures.figure("smp_coverage_rate", period)
    covered = (
        "der Anteil der besetzten ist geheim"
        if rate.value is None
        else f"{german.percent(rate.value)} der nicht abgesagten wurden besetzt"
    )
    gaps = [row["language"] for row in figures.rows("language_gap") if _is_county_gap(figures, row, period)]
    names = sorted(figures.members.get(("language", code), code) for code in gaps)
    last = f"eine Lücke besteht bei {german.listing(names)}" if names else "eine Lücke ist bei keiner Sprache belegt"
    return (
        f"Der Sprachmittlerpool erhielt {_count(requests, 'Anfrage', 'Anfragen')} {german.in_period(period)}; "
        f"{covered}, und {last}."
    )


def _count(figure: ShownFigure, one: str, many: str) -> str:
    if figure.value is None:
        return f"{many} in {'geheimer' if figure.state == 'suppressed' else 'nicht gemeldeter'} Zahl"
    return german.tightly(int(figure.value), one, many)


def _verb(figure: ShownFigure, one: str, many: str) -> str:
    """The verb that belongs to a figure's noun."""
    return one if figure.value == 1 else many


def _wait(figure: ShownFigure) -> str:
    if figure.value is None:
        hidden = "ist geheim" if figure.state == "suppressed" else "ist nicht gemeldet"
        return f"die Wartezeit bis zum Erstgespräch {hidden}"
    days = round(figure.value)
    verb = german.plural(days, "verging", "vergingen")
    return f"bis zum Erstgespräch {verb} im Median {german.tightly(days, 'Tag', 'Tage')}"
