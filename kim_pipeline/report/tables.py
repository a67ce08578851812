"""Tables and charts that every chapter uses: an indicator's figures over the years, with signs for what is missing.

Belongs here: from figures to blocks, for any programme. What only one chapter shows is in that chapter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kim_pipeline import german
from kim_pipeline.report import grammar
from kim_pipeline.report.blocks import Head, PaperTable
from kim_pipeline.report.comparing import Comparison
from kim_pipeline.report.figures import Figures, FigureState, Record, ShownFigure
from kim_pipeline.report.wording import Wording

_COUNTS = ("count", "distinct", "stock")
SHOWN_YEARS = 5
"""Years or school years in a table, the newest ones."""

SIGNS: dict[FigureState, str] = {
    "suppressed": "•",
    "not_reported": f"n.{german.NBSP}g.",
    "none": "–",
    "missing": f"k.{german.NBSP}A.",
    "inactive": "×",
}
MEANING = {
    "•": "• geheim, weil sich sonst auf einzelne Menschen schließen ließe; es kann auch eine Null sein.",
    SIGNS["not_reported"]: f"{SIGNS['not_reported']} nicht gemeldet: geliefert, aber ohne diese Angabe; keine Null.",
    "–": "– nichts, woraus sich ein Wert berechnen ließe; in einer Gliederung auch eine Summe, die 0 sein kann.",
    SIGNS["missing"]: f"{SIGNS['missing']} keine Angabe: nicht oder nicht vollständig geliefert.",
    "×": "× Programm lief in diesem Zeitraum nicht.",
}
"""Sign → what it means, as it stands below a table."""
BRACKETS = "( ) weniger als 20 Fälle, für Vergleiche nicht geeignet."
SPOKEN_STATES: dict[FigureState, str] = {
    "suppressed": "geheim",
    "not_reported": "nicht gemeldet",
    "missing": "nicht geliefert",
}
"""Why there is no figure, as it stands in a sentence."""


@dataclass(frozen=True)
class ReportContext:
    """What every chapter is made from."""

    figures: Figures
    wording: Wording

    @property
    def comparison(self) -> Comparison:
        """Which periods may be compared."""
        return Comparison(self.figures, self.wording)

    def break_notes(
        self, indicators: Iterable[Record], periods: Sequence[str], area: str | None = None
    ) -> tuple[str, ...]:
        """What stands below a table whose series change their census base or source within the periods."""
        rows = [row for i in indicators for row in self.figures.breaks(i["indicator_id"], periods[1:], area)]
        return tuple(dict.fromkeys(f"Bruch {row['since']}: {row['text']}" for row in rows))


def text(figure: ShownFigure, unit: str) -> str:
    """A figure as it stands in a cell, or its sign; in brackets where it is a median or rate of few records."""
    if figure.value is None:
        return SIGNS[figure.state]
    told = german.value(figure.value, unit)
    return f"({told})" if figure.is_bracketed else told


def spoken(figure: ShownFigure, unit: str) -> str:
    """A figure as it stands in a sentence."""
    if figure.value is not None:
        return german.with_unit(figure.value, unit)
    return SPOKEN_STATES.get(figure.state, "ohne Wert")


def spoken_after(context: ReportContext, figure: ShownFigure, unit: str) -> str:
    """A figure after nach, von, mit or bei: `383 Stationen`, `geheim vielen Stationen`."""
    forms = context.wording.units[unit]
    if figure.value is not None:
        return grammar.said_after(figure.value, unit, forms)
    return f"{'geheim' if figure.state == 'suppressed' else 'unbekannt'} vielen {forms.dative}"


def whole(value: int | None) -> str:
    """A whole number of a gap table, where nothing means secret."""
    return SIGNS["suppressed"] if value is None else german.number(value)


def yes_no(value: bool | None) -> str:
    """Whether there is a gap, where nothing means secret."""
    return SIGNS["suppressed"] if value is None else ("ja" if value else "nein")


def sign_notes(rows: Iterable[object]) -> tuple[str, ...]:
    """The meaning of each sign that a table or chart uses."""
    cells = {cell for row in rows if isinstance(row, tuple) for cell in row}
    found = tuple(meaning for mark, meaning in MEANING.items() if mark in cells)
    return (*found, BRACKETS) if any(str(cell).startswith("(") and str(cell).endswith(")") for cell in cells) else found


def row_head(indicator: Record) -> str:
    """An indicator with its unit, where its name does not say it."""
    unit = {"Anteil": "in %", "Tage": "Median, Tage"}
    label, own = str(indicator["label"]), str(indicator["unit"])
    if indicator["aggregation"] == "per_1000":
        return f"{label} {'Ausländer' if indicator['per_1000_base'] == 'foreigners' else 'Einwohner'}/innen"
    if own in unit:
        return f"{label} ({unit[own]})"
    stem = own.split("/", maxsplit=1)[0].lower().rstrip("n")
    return label if stem in label.lower() else f"{label} ({own})"


def over_years(
    context: ReportContext, indicators: Sequence[Record], periods: Sequence[str], caption: str
) -> PaperTable:
    """Indicators in rows, periods in columns; the county's totals."""
    figures = context.figures
    rows = tuple(
        (row_head(i), *(text(figures.figure(i["indicator_id"], p), i["unit"]) for p in periods)) for i in indicators
    )
    columns = (Head("Kennzahl", width=3), *(Head(p, "right") for p in periods))
    notes = (*sign_notes(rows), *context.break_notes(indicators, periods))
    return PaperTable(caption, columns, rows, notes)


def by_member(
    context: ReportContext, indicator: Record, kind: str, periods: Sequence[str], caption: str, *, by_code: bool = False
) -> PaperTable | None:
    """Members of a breakdown in rows, by name or by code, periods in columns; None without a member."""
    figures, key = context.figures, indicator["indicator_id"]
    members = figures.members_of(key, kind, periods)
    rows = tuple(
        (
            member_name(context, indicator, kind, m),
            *(text(cell(figures, key, p, kind, m), indicator["unit"]) for p in periods),
        )
        for m in (sorted(members) if by_code else members)
    )
    if not rows:
        return None
    columns = (Head(context.wording.breakdown(kind), width=3.4), *(Head(p, "right") for p in periods))
    return PaperTable(caption, columns, rows, sign_notes(rows))


def cell(figures: Figures, indicator: str, period: str, kind: str, member: str) -> ShownFigure:
    """A member's figure; a count without a row is 0 where the county has one for all members together.

    A sum without a row is 0 only where nothing is counted that would enter it. Else nothing is reported; of an
    indicator that is not protected it may also be a sum of nothing but zeros, and nothing is said of it.
    """
    found, known = figures.figure(indicator, period, kind=kind, member=member), figures.indicators[indicator]
    whole = figures.figure(indicator, period).state
    if found.state != "none" or whole not in ("published", "suppressed", "not_reported"):
        return found
    is_sum = known["aggregation"] == "sum"
    if known["aggregation"] in _COUNTS or (is_sum and _is_nothing_counted(figures, known, period, member)):
        return ShownFigure("published", 0.0)
    return ShownFigure("not_reported") if is_sum and (known["k"] is not None or whole == "not_reported") else found


def _is_nothing_counted(figures: Figures, known: Record, period: str, member: str) -> bool:
    """Whether another indicator says that a table has no row of a member."""
    beside = [
        row["indicator_id"]
        for row in figures.of_programme(known["programme"])
        if row["aggregation"] == "count"
        and (row["table_name"], row["breakdown_kind"]) == (known["table_name"], known["breakdown_kind"])
    ]
    found = [figures.figure(key, period, kind=known["breakdown_kind"], member=member) for key in beside]
    return bool(found) and all(figure.state == "none" or figure.value == 0 for figure in found)


def member_name(context: ReportContext, indicator: Record, kind: str, member: str) -> str:
    """What a member of a breakdown is called."""
    name = context.figures.members.get((kind, member), member)
    return context.wording.member(indicator["programme"], kind, member, name)


def over_quarters(
    context: ReportContext, indicators: Sequence[Record], quarters: Sequence[str], caption: str
) -> PaperTable:
    """Quarters in rows, indicators in columns."""
    figures = context.figures
    rows = tuple(
        (german.tied(german.period(q)), *(text(figures.figure(i["indicator_id"], q), i["unit"]) for i in indicators))
        for q in quarters
    )
    columns = (Head("Quartal", width=1.2), *(Head(str(i["label"]), "right") for i in indicators))
    return PaperTable(caption, columns, rows, sign_notes(rows), is_small=True)
