"""Money: what measures cost, what was granted, paid and returned (`paper.md` §1.6 F, §5).

Belongs here: sentences and tables of sums. Who received them is not published.
"""

from __future__ import annotations

from kim_pipeline import german
from kim_pipeline.report.blocks import Block, Group, Head, Heading, PaperTable, Paragraph
from kim_pipeline.report.blocks import Row as TableRow
from kim_pipeline.report.figures import ShownFigure
from kim_pipeline.report.review import Review
from kim_pipeline.report.tables import ReportContext, cell, member_name, over_years, sign_notes, text

_NO_COSTS = "Zu den Kosten der Maßnahmen liegen keine Angaben vor."
_CHAIN = (
    ("granted_eur", "bewilligt"),
    ("paid_eur", "ausgezahlt"),
    ("returned_eur", "zurückgezahlt"),
    ("spent_eur", "verblieben"),
    ("unpaid_eur", "nicht abgerufen"),
)
"""Ending of an indicator → what became of the money."""
_FUNDS = ("komm_an", "ehrenamt")
"""What the indicators of programmes that pass on money begin with."""
_YEARS = 3


def finances(context: ReportContext, review: Review) -> list[str]:
    """What the paper says of money on its first page: the county's sentence and those of the figures."""
    own = str(context.wording.paper.get("finances", "")).strip()
    told = [*_costs(review), *_passed_on(context), *_fees(context)]
    return [*([own] if own else []), *(told or [_NO_COSTS])]


def _costs(review: Review) -> list[str]:
    keys = {(m["concept"], m["measure_no"]) for m in review.measures}
    ours = [row for key, row in review.details.items() if key in keys]
    known = [row["cost_eur_per_year"] for row in ours if row["cost_eur_per_year"] is not None]
    if not known:
        return []
    verb = german.plural(len(known), "ist", "sind")
    number = german.plural(len(review.measures), "Maßnahme", "Maßnahmen")
    return [
        f"Für {len(known)} von {len(review.measures)} {number} {verb} Kosten angegeben, zusammen "
        f"{german.number(float(sum(known)), 2)}{german.NBSP}Euro im Jahr."
    ]


def _passed_on(context: ReportContext) -> list[str]:
    figures, told = context.figures, []
    for fund in _FUNDS:
        paid, returned = f"{fund}_paid_eur", f"{fund}_returned_eur"
        if paid not in figures.indicators or returned not in figures.indicators:
            continue
        year = context.comparison.newest_full(figures.indicators[paid])
        if year is None:
            continue
        sums = figures.figure(paid, year), figures.figure(returned, year)
        if all(found.value is not None for found in sums):
            title = figures.programmes[figures.indicators[paid]["programme"]]["title"]
            told.append(
                f"Aus {title} wurden {german.in_period(year)} {_euro(sums[0])} ausgezahlt und {_euro(sums[1])} "
                "zurückgezahlt."
            )
    return told


def _euro(figure: ShownFigure) -> str:
    return f"{german.number(figure.value or 0)}{german.NBSP}Euro"


def _fees(context: ReportContext) -> list[str]:
    figures = context.figures
    if "smp_fees_eur" not in figures.indicators:
        return []
    year = context.comparison.newest_full(figures.indicators["smp_fees_eur"])
    if year is None:
        return []
    fees, assignments = figures.figure("smp_fees_eur", year), figures.figure("smp_assignments", year)
    if fees.value is None or assignments.value is None:
        return []
    number = german.tightly(int(assignments.value), "Einsatz", "Einsätze")
    return [f"Der Sprachmittlerpool zahlte {german.in_period(year)} {_euro(fees)} Honorare für {number}."]


def per_assignment(context: ReportContext, year: str) -> str | None:
    """Fees per assignment, only from two visible figures of one full year that are big enough (§5.3)."""
    figures = context.figures
    if not {"smp_fees_eur", "smp_assignments"} <= figures.indicators.keys():
        return None
    fees, assignments = figures.figure("smp_fees_eur", year), figures.figure("smp_assignments", year)
    if not context.comparison.is_full("sprachmittlerpool", year):
        return None
    if not (fees.is_big_enough and assignments.is_big_enough and fees.value and assignments.value):
        return None
    each = german.number(fees.value / assignments.value, 2)
    return f"Je Einsatz waren das {german.in_period(year)} {each}{german.NBSP}Euro Honorar."


def blocks(context: ReportContext) -> list[Block]:
    """The chapter on money: the chain from grant to what remained, and the fees."""
    found: list[Block] = []
    for fund in _FUNDS:
        found += _chain(context, fund)
    found += _paid_fees(context)
    return [Heading(1, "Geld"), *found] if found else []


def _chain(context: ReportContext, fund: str) -> list[Block]:
    figures = context.figures
    known = [
        (figures.indicators[f"{fund}_{end}"], word) for end, word in _CHAIN if f"{fund}_{end}" in figures.indicators
    ]
    if not known:
        return []
    programme = str(known[0][0]["programme"])
    years = figures.shown(programme, "year", _YEARS)
    if not years:
        return []
    rows: list[TableRow] = [Group("alle Bausteine")]
    for indicator, word in known:
        rows.append((word, *(text(figures.figure(indicator["indicator_id"], y), "Euro") for y in years)))
    rows += _modules(context, fund, years)
    title = figures.programmes[programme]["title"]
    columns = (Head("Euro", width=2.6), *(Head(y, "right") for y in years))
    notes = (*sign_notes(rows), *_unknown(context, fund, years[-1]))
    table = PaperTable(f"{title}: von der Bewilligung bis zum Verbleib, Kreis", columns, tuple(rows), notes)
    return [Paragraph(context.wording.programme(programme)), table] if context.wording.programme(programme) else [table]


def _modules(context: ReportContext, fund: str, years: list[str]) -> list[TableRow]:
    """Each module's chain over the years."""
    figures, rows = context.figures, list[TableRow]()
    granted = figures.indicators.get(f"{fund}_granted_eur")
    if granted is None or not granted["breakdown_kind"]:
        return rows
    kind = str(granted["breakdown_kind"])
    for member in figures.members_of(granted["indicator_id"], kind, years):
        rows.append(Group(member_name(context, granted, kind, member)))
        for end, word in _CHAIN:
            indicator = figures.indicators.get(f"{fund}_{end}")
            if indicator is not None and indicator["breakdown_kind"] == kind:
                key = str(indicator["indicator_id"])
                rows.append((word, *(text(cell(figures, key, y, kind, member), "Euro") for y in years)))
    return rows


def _unknown(context: ReportContext, fund: str, year: str) -> tuple[str, ...]:
    figures, key = context.figures, f"{fund}_paid_known_rate"
    if key not in figures.indicators:
        return ()
    rate = figures.figure(key, year)
    if rate.numerator is None or rate.denominator is None:
        return ()
    missing, of = int(rate.denominator - rate.numerator), int(rate.denominator)
    if not missing:
        return ()
    grants = german.tightly(of, "Bewilligung", "Bewilligungen")
    return (f"Für {missing} von {grants} des Jahres {year} ist keine Auszahlung gemeldet; sie zählt als 0.",)


def _paid_fees(context: ReportContext) -> list[Block]:
    figures = context.figures
    wanted = [figures.indicators[n] for n in ("smp_fees_eur", "smp_assignments") if n in figures.indicators]
    years = figures.shown("sprachmittlerpool", "year", _YEARS) if wanted else []
    if not years:
        return []
    each = per_assignment(context, years[-1])
    table = over_years(context, wanted, years, "Honorare und Einsätze der Sprachmittlung, Kreis")
    return [table, *([Paragraph(each)] if each else [])]
