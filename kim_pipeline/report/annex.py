"""The annex: definitions, sources, deliveries, rows used, breaks in series, and how figures are kept secret.

Belongs here: what a reader needs to judge the figures.
"""

from __future__ import annotations

import datetime as dt

from kim_pipeline import german
from kim_pipeline.report.blocks import Block, Group, Head, Heading, Listing, PaperTable, Paragraph
from kim_pipeline.report.blocks import Row as TableRow
from kim_pipeline.report.figures import Record
from kim_pipeline.report.situation import PART, PART_NOTE, is_late
from kim_pipeline.report.tables import BRACKETS, MEANING, SIGNS, ReportContext


def reading_blocks(context: ReportContext) -> list[Block]:
    """What a reader needs to judge the figures, as it is printed."""
    return [*_signs(), *_disclosure(context), *_breaks(context), _data_status(context), *_sources(context)]


def lists(context: ReportContext) -> list[Block]:
    """Deliveries and all definitions, for HTML and the workbook."""
    return [Heading(2, "Lieferungen"), *_deliveries(context), Heading(2, "Alle Definitionen"), _definitions(context)]


def _data_status(context: ReportContext) -> PaperTable:
    rows = tuple(
        _status_line(context, row)
        for row in sorted(context.figures.rows("delivery_status"), key=lambda row: row["title"].casefold())
    )
    columns = (
        Head("Programm", width=2.4), Head("Lieferung", width=1.8), Head("letzter Stand", width=1),
        Head("Daten bis", width=1), Head("Bemerkung", width=1.9),
    )  # fmt: skip
    return PaperTable("Datenstand je Programm", columns, rows, is_small=True)


def _status_line(context: ReportContext, row: Record) -> tuple[str, ...]:
    stands = context.figures.stands(row["programme"])
    if not stands:
        remark = "erst nach dem Stichtag geliefert" if row["last_as_of"] else "keine verwendbare Lieferung"
        return (row["title"], row["cadence"], SIGNS["none"], SIGNS["none"], remark)
    is_newest = row["last_as_of"] == stands[-1]
    through = min(row["covered_through"], context.figures.key_day) if row["covered_through"] and is_newest else None
    return (
        row["title"], row["cadence"], german.day(stands[-1]), german.day(through) if through else SIGNS["none"],
        _remark(context, row) if is_newest else "neuere Lieferung nach dem Stichtag",
    )  # fmt: skip


def _remark(context: ReportContext, row: Record) -> str:
    ended = context.figures.programmes[row["programme"]]["valid_to"]
    if ended is not None and row["covered_through"] and row["covered_through"] >= ended:
        return f"Programm beendet am {german.day(ended)}"
    if row["due_on"] is None:
        return ""
    if is_late(row, context.figures.key_day):
        return f"überfällig seit {german.day(row['due_on'])}"
    what = "Schlusslieferung" if row.get("state") == "Schlusslieferung offen" else "nächste Lieferung"
    return f"{what} bis {german.day(row['due_on'])}"


def _signs() -> list[Block]:
    signs = {mark: meaning.removeprefix(mark).strip() for mark, meaning in MEANING.items()}
    rows = [
        *((mark, german.first_upper(meaning)) for mark, meaning in signs.items()), ("0", "Genau null."),
        ("( )", german.first_upper(BRACKETS.removeprefix("( )").strip())),
        (PART, PART_NOTE.removeprefix(PART).strip()),
    ]  # fmt: skip
    return [
        Heading(2, "Zeichen und Rundung"),
        PaperTable("Zeichen", (Head("Zeichen", width=0.3), Head("Bedeutung", width=3)), tuple(rows), is_small=True),
        Paragraph(
            "Quoten stehen in Prozent und Werte je 1.000 mit einer Nachkommastelle, Euro und Tage ohne; gerundet "
            "wird kaufmännisch. Summen können deshalb von den gezeigten Teilen abweichen. Schuljahre laufen vom 1. "
            "August bis zum 31. Juli."
        ),
    ]


def _disclosure(context: ReportContext) -> list[Block]:
    smallest = sorted({int(row["k"]) for row in context.figures.rows("indicator") if row["k"] is not None})
    limit = f"Zahlen unter {german.listing(map(str, smallest))} – je nach Kennzahl –" if smallest else "Kleine Zahlen"
    return [
        Heading(2, "Statistische Geheimhaltung"),
        Paragraph(
            f"{limit} werden nicht veröffentlicht, wo es um Menschen geht. Damit sie sich nicht aus Summen, "
            "Quartalen, Gemeinden oder Beständen zurückrechnen lassen, bleiben auch andere Werte geheim; welche "
            "Zelle um ihrer selbst willen und welche um einer anderen willen verdeckt ist, ist nicht zu erkennen. "
            "Auch Nullen können verdeckt sein. Quoten gibt es erst ab 20, Mediane erst ab 5 Fällen. Namen, "
            "Geburtstage und Aktenzeichen werden schon beim Einlesen verworfen. Dieser Bericht beruht allein auf "
            "den so geschützten Zahlen."
        ),
        *([Paragraph(released)] if (released := _released(context)) else []),
    ]


def _released(context: ReportContext) -> str:
    """Which features of persons the county shows, and who decided so; empty where it shows none."""
    rows = context.figures.rows("reached_feature")
    if not rows:
        return ""
    names = german.listing(sorted({context.wording.breakdown(row["feature"]) for row in rows}))
    decided = german.listing(sorted({str(row["decided"]) for row in rows}))
    return f"Gezeigt werden diese Merkmale: {names}. Darüber entschieden: {decided}."


def _breaks(context: ReportContext) -> list[Block]:
    entries = [(event.first_day, event.title, event.when, event.text) for event in context.wording.events]
    for row in context.figures.rows("programme"):
        if row["valid_to"] is not None:
            after = (
                f" Nachfolger ist „{row['successor']}“; beide Reihen sind nicht vergleichbar."
                if row["successor"]
                else ""
            )
            text = (
                f"Danach gibt es keine Zahlen mehr; ein Rückgang im letzten Jahr kommt vom Ende des Programms.{after}"
            )
            title = f"Ende des Programms „{row['title']}“"
            entries.append((row["valid_to"], title, german.day(row["valid_to"]), text))
    entries += _series_breaks(context)
    rows = tuple(cells for first, *cells in sorted(entries) if first <= context.figures.key_day)
    heading = Heading(2, "Brüche in den Zeitreihen")
    if not rows:
        return [heading, Paragraph("Bis zum Stichtag ist kein Bruch bekannt.")]
    columns = (
        Head("Ereignis", width=1.3),
        Head("Zeit", width=1),
        Head("Was beim Lesen zu beachten ist", width=3),
    )
    return [heading, PaperTable("Ereignisse, die Zeitreihen brechen", columns, tuple(map(tuple, rows)), is_small=True)]


def _series_breaks(context: ReportContext) -> list[tuple[dt.date, str, str, str]]:
    """New census bases and sources, once each: as the county's figures tell them, else as a municipality's do."""
    county = context.figures.county["area"]
    rows = sorted(context.figures.rows("series_break"), key=lambda row: row["area"] != county)
    found: dict[tuple[dt.date, str], tuple[dt.date, str, str, str]] = {}
    for row in rows:
        found.setdefault((row["first_day"], row["title"]), (row["first_day"], row["title"], row["since"], row["text"]))
    return list(found.values())


def _population_sources(context: ReportContext) -> tuple[str, ...]:
    """The official tables that count, with their terms; a sentence where only hand-made tables do."""
    lines = {str(row["attribution"]) for row in context.figures.deliveries if row["attribution"]}
    if lines:
        return tuple(sorted(lines))
    return ("Bevölkerung, Ausländerinnen und Ausländer: amtliche Bevölkerungsfortschreibung am 31. Dezember.",)


def _sources(context: ReportContext) -> list[Block]:
    return [
        Heading(2, "Quellen"),
        Listing(
            (
                "Programme: Lieferungen der zuständigen Stellen an das Kommunale Integrationszentrum (siehe "
                "Lieferungen).",
                *_population_sources(context),
                f"Gemeindegrenzen: {context.wording.county.geometry_attribution}.",
                f"Datenbestand {context.figures.build.name}, erstellt mit Programmstand "
                f"{context.figures.build.code_version}; Prüfsumme der Lieferungen "
                f"{context.figures.build.inputs[:16]}…",
            )
        ),
    ]


def titles(context: ReportContext) -> list[tuple[str, str]]:
    """Programmes with their titles, by title."""
    pairs = [(key, str(row["title"])) for key, row in context.figures.programmes.items()]
    return sorted(pairs, key=lambda pair: pair[1].casefold())


def _deliveries(context: ReportContext) -> list[Block]:
    rows: list[TableRow] = []
    for key, title in titles(context):
        ours = [row for row in context.figures.deliveries if row["programme"] == key]
        if ours:
            rows += [Group(title), *(_delivery(context, row) for row in sorted(ours, key=_order))]
    if not rows:
        return [Paragraph("Bis zum Stichtag liegt keine Lieferung vor.")]
    columns = (
        Head("Datei", width=3), Head("Berichtszeitraum", width=1.3), Head("Stand", width=0.8),
        Head("Verwendung", width=1), Head("Grund", width=1.8),
    )  # fmt: skip
    note = "Ohne Berichtszeitraum: Gesamtlisten. Ohne Stand: die Datei nennt keinen oder ist nicht lesbar."
    return [PaperTable("Lieferungen mit ihrem Stand", columns, tuple(rows), (note,), is_small=True)]


def _order(row: Record) -> tuple[str, str]:
    return (str(row["as_of"] or ""), str(row["file"]))


def _delivery(context: ReportContext, row: Record) -> tuple[str, ...]:
    stand = german.day(row["as_of"]) if row["as_of"] else SIGNS["none"]
    period = german.tied(german.period(row["period"])) if row["period"] else SIGNS["none"]
    reason = context.wording.reason(row["reason"]) or SIGNS["none"]
    return row["file"], period, stand, german.STATUSES[row["status"]], reason


def _definitions(context: ReportContext) -> PaperTable:
    rows: list[TableRow] = []
    for key, title in titles(context):
        ours = context.figures.of_programme(key)
        if ours:
            rows += [Group(title), *((r["label"], r["unit"], r["definition"], r["caveat"]) for r in ours)]
    columns = (
        Head("Kennzahl", width=1.6), Head("Einheit", width=0.9), Head("Definition", width=3),
        Head("Zu beachten", width=2.6),
    )  # fmt: skip
    return PaperTable("Was die Kennzahlen bedeuten", columns, tuple(rows), is_small=True)
