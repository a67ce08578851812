"""The situation in figures: five sentences, ten key figures, what they say and what is late (`paper.md` §1.5 page 4).

Belongs here: what each sentence says when its figures are there, hidden or missing.
"""

from __future__ import annotations

import datetime as dt

from kim_pipeline import german
from kim_pipeline.contracts.due import Due, due_state
from kim_pipeline.report import gaps, news, sparkline
from kim_pipeline.report.blocks import Block, Head, Heading, Listing, Note, PaperTable, Paragraph, Spark
from kim_pipeline.report.blocks import Row as TableRow
from kim_pipeline.report.figures import Record, ShownFigure
from kim_pipeline.report.review import Review
from kim_pipeline.report.sparkline import Spot
from kim_pipeline.report.tables import SIGNS, SPOKEN_STATES, ReportContext, row_head, sign_notes, text

_DONE = ("umgesetzt", "laufend")
_OPEN = ("in Planung", "zurückgestellt")
_COLUMNS = 3
PART = "°"
PART_NOTE = (
    f"{PART} Das Programm lief nicht den ganzen Zeitraum, oder sein Beginn ist nicht auf den Tag bekannt; für "
    "Vergleiche nicht geeignet."
)


def blocks(context: ReportContext, review: Review) -> list[Block]:
    """The page."""
    occasion = context.wording.own("occasion")
    table = key_figures(context)
    return [
        Heading(1, "Lage in Zahlen"),
        *([Paragraph(occasion)] if occasion else []),
        Listing(sentences(context, review)),
        *([table] if table else []),
        READING,
        Paragraph(f"{_period_rule(context)} {late_sentence(context)}"),
    ]


READING = Note(
    "Was diese Zahlen sagen und was nicht",
    (
        "Die Zahlen beschreiben Zustände und Aktivität: wie viele Fälle, Gruppen, Einsätze und Plätze es gab und wie "
        "lange etwas dauerte. Eine Wirkung von Maßnahmen belegen sie nicht; dafür fehlt der Vergleich mit dem, was "
        "ohne sie geschehen wäre.",
        "Zahlen verschiedener Programme werden nicht addiert: dieselben Menschen kommen in mehreren vor, und gezählt "
        "werden verschiedene Dinge. Wo ein Punkt (•) steht, bleibt die Zahl zum Schutz einzelner Menschen geheim.",
    ),
)


def sentences(context: ReportContext, review: Review) -> tuple[str, ...]:
    """The five sentences A to E."""
    resolved = (news.resolved_sentence(review),) if review.controls else ()
    return (
        _measures(review),
        *resolved,
        _cases(context),
        gaps.theme_sentence(context.figures),
        f"{_mediation(context)} {gaps.language_clause(context.figures)}",
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


def _newest(context: ReportContext, indicator: str) -> str | None:
    known = context.figures.indicators.get(indicator)
    return context.comparison.newest_full(known) if known else None


def _cases(context: ReportContext) -> str:
    period = _newest(context, "kim_cases_opened")
    if period is None:
        return "Zum Case Management liegen bis zum Stichtag keine Zahlen vor."
    opened, active, wait = (
        context.figures.figure(name, period)
        for name in ("kim_cases_opened", "kim_cases_active", "kim_first_talk_wait_days")
    )
    began = german.plural(_amount(opened), "wurde", "wurden")
    ran = german.plural(_amount(active), "lief", "liefen")
    running = german.number(active.value) if active.value is not None else _count(active, "Fall", "Fälle")
    return (
        f"Im Case Management {began} {german.in_period(period)} {_count(opened, 'Fall', 'Fälle')} aufgenommen, am "
        f"Jahresende {ran} {running}; {_wait(wait)}."
    )


def _mediation(context: ReportContext) -> str:
    period = _newest(context, "smp_requests")
    if period is None:
        return "Zur Sprachmittlung liegen bis zum Stichtag keine Zahlen vor."
    requests, rate = (context.figures.figure(name, period) for name in ("smp_requests", "smp_coverage_rate"))
    covered = (
        f"der Anteil der besetzten {_ending(rate)}"
        if rate.value is None
        else f"{german.percent(rate.value)} der nicht abgesagten wurden besetzt"
    )
    asked = _count(requests, "Anfrage", "Anfragen")
    return f"Der Sprachmittlerpool erhielt {german.in_period(period)} {asked}; {covered}."


def _amount(figure: ShownFigure) -> int:
    return 1 if figure.value == 1 else 0


def _count(figure: ShownFigure, one: str, many: str) -> str:
    if figure.value is None:
        return f"{many} in {'geheimer' if figure.state == 'suppressed' else 'nicht gelieferter'} Zahl"
    return german.tightly(int(figure.value), one, many)


def _ending(figure: ShownFigure) -> str:
    return f"ist {SPOKEN_STATES.get(figure.state, 'ohne Wert')}"


def _wait(figure: ShownFigure) -> str:
    if figure.value is None:
        return f"die Wartezeit bis zum Erstgespräch {_ending(figure)}"
    days = round(figure.value)
    verb = german.plural(days, "verging", "vergingen")
    return f"bis zum Erstgespräch {verb} im Median {german.tightly(days, 'Tag', 'Tage')}"


def key_figures(context: ReportContext) -> PaperTable | None:
    """Ten key figures over the last three periods, school years beside the years in which they end."""
    known = [context.figures.indicators[n] for n in context.wording.key_figures if n in context.figures.indicators]
    shown = [(row, context.figures.newest(row["indicator_id"])) for row in known]
    periods = [(row, _upto(context, newest)) for row, newest in shown if newest is not None]
    if not periods:
        return None
    years = sorted({context.figures.periods[n].last_day.year for _, names in periods for n in names})[-_COLUMNS:]
    rows = tuple(_key_row(context, row, names, years) for row, names in periods)
    columns = (
        Head("Kennzahl", width=2.8),
        *(Head(f"{year} oder {year - 1}/{year % 100:02d}", "right") for year in years),
        Head("Verlauf", width=1.05),
    )
    notes = (*sign_notes(rows), *_part_note(rows))
    return PaperTable("Zehn Kennzahlen des Kreises", columns, rows, notes, is_small=True)


def _part_note(rows: tuple[TableRow, ...]) -> tuple[str, ...]:
    cells = (cell for row in rows if isinstance(row, tuple) for cell in row)
    return (PART_NOTE,) if any(isinstance(cell, str) and cell.endswith(PART) for cell in cells) else ()


def _upto(context: ReportContext, newest: str) -> list[str]:
    """Periods of a calendar up to the newest with a figure."""
    shown = context.figures.periods
    names = [name for name, period in shown.items() if period.calendar == shown[newest].calendar]
    return names[: names.index(newest) + 1]


def _key_row(context: ReportContext, indicator: Record, names: list[str], years: list[int]) -> TableRow:
    by_year = {context.figures.periods[name].last_day.year: name for name in names}
    found = [(year, by_year.get(year)) for year in years]
    spots = [spot_of(context, indicator, name) if name else Spot(str(y), None, SIGNS["missing"]) for y, name in found]
    cells = [f"{spot.label}{PART if spot.is_part and spot.size is not None else ''}" for spot in spots]
    head = row_head(indicator)
    return (head, *cells, Spark(sparkline.drawn_small(spots), sparkline.spark_in_words(str(indicator["label"]), spots)))


def spot_of(context: ReportContext, indicator: Record, period: str, area: str | None = None) -> Spot:
    """A period of an indicator's sparkline."""
    figure = context.figures.figure(indicator["indicator_id"], period, area)
    label = text(figure, str(indicator["unit"]))
    is_part = figure.value is not None and not context.comparison.is_full(str(indicator["programme"]), period)
    return Spot(german.period(period), figure.value, label, is_part)


def _period_rule(context: ReportContext) -> str:
    day, made = context.figures.key_day, context.figures.build.as_of
    told = (
        f"Gezeigt werden Zeiträume, die bis zum Stichtag {german.day(day)} endeten und von den Lieferungen ganz "
        "abgedeckt sind."
    )
    later = " Lieferungen nach dem Stichtag können Zahlen dieser Zeiträume ergänzt oder berichtigt haben."
    return told + (later if day < made else "")


def late_sentence(context: ReportContext) -> str:
    """Which deliveries are late on the key date, and for how many days (H)."""
    key_day = context.figures.key_day
    late = [row for row in context.figures.rows("delivery_status") if is_late(row, key_day)]
    if not late:
        return "Alle Lieferungen sind pünktlich."
    named = [f"{row['title']} ({german.tightly((key_day - row['due_on']).days, 'Tag', 'Tage')})" for row in late]
    return f"Überfällig am Stichtag: {german.listing(named)}."


def is_late(row: Record, key_day: dt.date) -> bool:
    """Whether a programme's delivery is late on the key date; a closed programme owes none."""
    if row["due_on"] is None:
        return False
    late_after = row["due_on"] if row["is_late"] else dt.date.max
    due = Due(row["last_as_of"], row["covered_through"], row["due_on"], late_after)
    return due_state(due, key_day) == "late"
