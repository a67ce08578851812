"""Whom case management reaches: cases by one feature at a time (`paper.md` §2).

Belongs here: tables of the features that the county has released; nothing is crossed, nothing is compared.
"""

from __future__ import annotations

from kim_pipeline import german
from kim_pipeline.report.blocks import Block, Heading, PaperTable, Paragraph, SideBySide
from kim_pipeline.report.tables import ReportContext, by_member, cell

_FEATURES = (
    ("kim_opened_by_sex", "Aufgenommene Fälle nach Geschlecht, Kreis"),
    ("kim_opened_by_age", "Aufgenommene Fälle nach Alter, Kreis"),
    ("kim_opened_by_origin", "Aufgenommene Fälle nach Staatsangehörigkeit, Kreis"),
    ("kim_opened_by_residence", "Aufgenommene Fälle nach Aufenthaltsstatus, Kreis"),
    ("soe_persons_by_origin", "Erreichte Personen im Programm Südosteuropa nach Staatsangehörigkeit, Kreis"),
)
_YEARS = 3
_WOMEN = "w"
_CAVEAT = (
    "Gezählt werden Fälle, nicht Menschen, und wer erreicht wurde, nicht wer Hilfe brauchte; jede Tabelle zeigt ein "
    "Merkmal für sich. Staatsangehörigkeit ist nicht Herkunft, Sprache oder Religion. Eine Wirkung belegen die Zahlen "
    "nicht."
)


def blocks(context: ReportContext) -> list[Block]:
    """The page; empty where no feature is released or none has figures."""
    tables = [table for name, caption in _FEATURES if (table := _table(context, name, caption))]
    if not tables:
        return []
    women = _women(context)
    rows = [SideBySide((tables[at],), tuple(tables[at + 1 : at + 2])) for at in range(0, len(tables), 2)]
    return [
        Heading(1, "Wen das Case Management erreicht"),
        Paragraph(_CAVEAT),
        *([Paragraph(women)] if women else []),
        *rows,
    ]


def _table(context: ReportContext, name: str, caption: str) -> PaperTable | None:
    figures = context.figures
    if name not in figures.indicators:
        return None
    indicator = figures.indicators[name]
    years = figures.shown(str(indicator["programme"]), "year", _YEARS)
    kind = str(indicator["breakdown_kind"])
    return by_member(context, indicator, kind, years, caption, by_code=True) if years else None


def _women(context: ReportContext) -> str | None:
    """The share of women and girls beside that among the county's foreigners, from figures that are big enough."""
    figures = context.figures
    names = ("kim_opened_by_sex", "foreigners_female_rate", "kim_cases_opened")
    if not all(name in figures.indicators for name in names):
        return None
    year = context.comparison.newest_full(figures.indicators["kim_cases_opened"])
    if year is None:
        return None
    women, all_cases = cell(figures, names[0], year, "sex", _WOMEN), figures.figure(names[2], year)
    share = figures.figure(names[1], year)
    if not (women.is_big_enough and all_cases.is_big_enough and share.is_big_enough):
        return None
    number, of = women.value or 0, all_cases.value or 0
    return (
        f"Von den {german.number(of)}{german.NBSP}Fällen, die {german.in_period(year)} aufgenommen wurden, betrafen "
        f"{german.number(number)} ({german.percent(number / of)}) Frauen und Mädchen; unter den Ausländerinnen und "
        f"Ausländern im Kreis sind es {german.percent(share.value or 0)}."
    )
