"""Bevölkerungsstatistik (`deliveries.md` §7, `official.md`)."""

import re

from kim_pipeline.contracts.calendar import YEARLY_BY_30_SEPTEMBER
from kim_pipeline.contracts.model import (
    ContractModel,
    Day,
    Programme,
    Table,
    Text,
    Whole,
    column,
    stated,
)
from kim_pipeline.contracts.published import (
    CensusForm,
    FlatForm,
    PublishedForms,
    RegisterForm,
    RetrievalForm,
    Statistic,
)
from kim_pipeline.contracts.rules import at_most

INHABITANTS = ("Bevölkerung",)
FOREIGNERS = ("Ausländer", "darunter Ausländer")


class Population(ContractModel):
    """Bevölkerung."""

    ags: Text = column(
        "AGS",
        "Schlüssel",
        label="Amtlicher Gemeindeschlüssel",
        kind="ags",
        required=True,
        key=True,
        others_are_notes=True,
    )
    municipality: Text = column("Gemeinde", "Name", label="Gemeinde", kind="text", is_read=False)
    population: Whole = column(
        "insgesamt", label="Bevölkerung: insgesamt", kind="whole", group=INHABITANTS, required=True, ge=0
    )
    population_male: Whole = column(
        "männlich", label="Bevölkerung: männlich", kind="whole", group=INHABITANTS, ge=0, is_read=False
    )
    population_female: Whole = column(
        "weiblich", label="Bevölkerung: weiblich", kind="whole", group=INHABITANTS, ge=0, is_read=False
    )
    foreigners: Whole = column(
        "insgesamt", label="Ausländer: insgesamt", kind="whole", group=FOREIGNERS, required=True, ge=0
    )
    foreigners_male: Whole = column(
        "männlich", label="Ausländer: männlich", kind="whole", group=FOREIGNERS, ge=0, is_read=False
    )
    foreigners_female: Whole = column("weiblich", label="Ausländer: weiblich", kind="whole", group=FOREIGNERS, ge=0)
    reported_on: Day = stated(
        label="Stichtag; bei einer selbst erstellten Tabelle der letzte Tag des Berichtszeitraums",
        kind="date",
        key=True,
        how="last_day",
    )
    population_mark: Text = stated(
        label="Amtliches Zeichen der Bevölkerungszahl; leer bei einer Zahl ohne Zeichen", kind="text"
    )
    foreigners_mark: Text = stated(
        label="Amtliches Zeichen der Ausländerzahl; leer bei einer Zahl ohne Zeichen", kind="text"
    )
    census_base: Text = stated(
        label="Zensus, auf dem die Zahlen beruhen: 1987, 2011 oder 2022; leer, wenn nicht bekannt",
        kind="text",
        how="census_base",
    )
    population_source: Text = stated(
        label="Herkunft der Bevölkerungszahl: fortschreibung, zensus oder hand", kind="text", how="hand"
    )
    foreigners_source: Text = stated(
        label="Herkunft der Ausländerzahl: fortschreibung, zensus, azr oder hand", kind="text", how="hand"
    )

    foreigners_within_population = at_most("amount_order", "foreigners", "population")


OFFICIAL_FORMS = PublishedForms(
    table="population",
    statistics=(
        Statistic(
            "12411", "Fortschreibung des Bevölkerungsstandes", "fortschreibung",
            ("fortschreibung des bevölkerungsstandes", "bevölkerungsfortschreibung"), {"BEVSTD": "population"},
        ),
        Statistic("12111", "Zensus 2011", "zensus", ("zensus 2011",), {"BEVZ20": "population"}),
        Statistic(
            "1000A", "Bevölkerung kompakt (Zensus 2022)", "zensus", ("bevölkerung kompakt", "zensus 2022"),
            {"PRS018": "population", "PRS001": "population"},
        ),
        Statistic(
            "12521", "Ausländerstatistik (AZR)", "azr", ("ausländerstatistik",), every_content="foreigners"
        ),
    ),
    flat=FlatForm(
        name="GENESIS-Flatfile",
        new_start="statistics_code;statistics_label;time_code;time_label;time;1_variable_code;",
        old_starts=("statistik_code;", "statistics_code;"),
        area_variables=frozenset({"DINSG", "DLAND", "REGBEZ", "KREISE", "GEMEIN"}),
        area_prefixes=("GEODL", "GEOBL", "GEOGM", "GEORB", "GEOLK", "GEOVB"),
        sex_variable="GES",
        sexes={"": "", "GESM": "male", "GESW": "female"},
        nationality_variable="NAT",
        foreign="NATA",
        units=frozenset({"anzahl", "number"}),
        reference_day="STAG",
        named=re.compile(r"_(\d{13})_(?:de|en)_flat\.csv$"),
    ),
    retrieval=RetrievalForm(
        name="Werteabruf",
        first_line=re.compile(r"(?:GENESIS-)?Tabelle: ([^\s;]+)"),
        footer="____",
        neutral=frozenset({"stichtag", "geschlecht", "nationalität", "anzahl"}),
        totals=frozenset({"insgesamt", "zusammen"}),
        sexes={"männlich": "male", "weiblich": "female"},
        nationals=frozenset({"deutsche"}),
        foreigners=frozenset({"ausländer", "ausländer/-innen"}),
        population="bevölkerungsstand",
        whole_population="bevölkerung",
        foreign_population="ausländische bevölkerung",
        reference_day="stichtag",
        reporting_year="jahr",
        as_of=re.compile(r"Stand:\s*(\d{1,2}\.\d{1,2}\.\d{4})(?:\s*/\s*\d{1,2}:\d{2}(?::\d{2})?)?\s*$"),
    ),
    register=RegisterForm(
        name="Gemeindeverzeichnis",
        statistic="12411",
        title="Gemeindeverzeichnis",
        record_kind=frozenset({"satz-art", "satzart"}),
        municipality="60",
        key_group="schlüssel",
        key_columns=(
            (frozenset({"land"}), 2),
            (frozenset({"rb"}), 1),
            (frozenset({"kreis"}), 2),
            (frozenset({"gem", "gemeinde"}), 3),
        ),
        name_headers=frozenset({"gemeindename"}),
        population_groups=("bevölkerung", "einwohner"),
        details={"insgesamt": "", "männlich": "male", "weiblich": "female"},
        other_days=("gebietsstand", "zuordnungsstand"),
        contents_sheet="Inhalt",
        appeared="Erscheinungsmonat:",
    ),
    census=CensusForm(
        name="Zensus-Regionaltabelle",
        statistic="1000A",
        title="Zensus 2022 - ",
        key_header="amtlicher regionalschlüssel (ars)",
        name_header="name",
        content="bevölkerung (nachrichtlich)",
        imprint="Impressum",
        explanations="Erläuterungen",
    ),
    retrieve=(
        "Am einfachsten ist eine amtliche Tabelle, unverändert abgelegt: aus der Regionaldatenbank Deutschland "
        "12411-01-01-4 (Kreis) und 12411-01-01-5 (Gemeinden) oder aus der Landesdatenbank NRW 12411-15i, jeweils "
        "als Flatfile oder Werteabruf (CSV oder XLSX), oder das Gemeindeverzeichnis (GV-Auszug); Ausländerzahlen aus "
        "einer Tabelle der Statistik 12411 nach Nationalität oder 12521 mit der Zeile „Insgesamt“."
    ),
)  # fmt: skip

PROGRAMME = Programme(
    key="bevoelkerung",
    title="Bevölkerungsstatistik",
    delivery="period",
    cadence=YEARLY_BY_30_SEPTEMBER,
    tables=(Table("population", "Bevölkerung", Population),),
    published=OFFICIAL_FORMS,
)
