"""Names: which asset a programme or a table is."""

from __future__ import annotations

import dagster as dg

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.model import Programme, Table

DELIVERIES, QUALITY, PUBLISHED = "deliveries", "quality", "published"
BUILD_INFO = dg.AssetKey([PUBLISHED, "build_info"])

QUALITY_TABLES = {
    "delivery": "Jede gelieferte Datei: Berichtszeitraum, Stand, ob sie zählt, und wenn nicht, warum.",
    "sheet_account": "Das Konto jedes Blatts: gelesene Zeilen = angenommen + in Quarantäne + Summen + Notizen.",
    "ignored_sheet": "Blätter, die zu keiner Tabelle des Programms gehören und nicht gelesen wurden.",
    "finding": "Jeder Befund mit Datei, Blatt, Zeile, Spalte, Regel und einem deutschen Satz.",
    "coverage": "Welche Tage die Lieferungen, die zählen, je Tabelle abdecken.",
    "due": "Je Programm: was zuletzt kam, was fällig ist und ob es überfällig ist.",
}
"""Tables about all deliveries. They are made in every run, so that what follows them is never skipped."""


def delivery_key(programme: str) -> dg.AssetKey:
    """The asset of a programme's deliveries."""
    return dg.AssetKey([DELIVERIES, programme])


def table_key(full_name: str) -> dg.AssetKey:
    """The asset of a table `schema.table`."""
    return dg.AssetKey(full_name.split("."))


def parent_key(full_name: str) -> dg.AssetKey | None:
    """The asset that a table named in the SQL belongs to; None for the tables that are no assets of their own."""
    schema, name = full_name.split(".")
    if schema == "accepted":
        programme, _ = accepted_table(name)
        return delivery_key(programme.key)
    if schema == "vocabulary" or (schema == QUALITY and name not in QUALITY_TABLES):
        return None
    return table_key(full_name)


def accepted_table(name: str) -> tuple[Programme, Table]:
    """Programme and table of `accepted.<programme>_<table>`."""
    return next((p, t) for p in programmes().values() for t in p.tables if f"{p.key}_{t.name}" == name)
