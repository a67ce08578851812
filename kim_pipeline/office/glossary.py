"""The glossary of rules, `docs/rueckmeldungen.md`: what each rule means, an example, what to do, where it applies.

Belongs here: a page made of the contracts and of the findings' own sentences. `python -m kim_pipeline.office.glossary`
writes it; a test holds that it is current.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from kim_pipeline import german
from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.model import Column, Programme, Table
from kim_pipeline.contracts.rules import declared_rule
from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.files import write
from kim_pipeline.office.feedback.losses import LOSSES
from kim_pipeline.office.feedback.sheet import MOST_LISTED
from kim_pipeline.reading.evaluation import ANOTHER_ROW, bounds_in_words
from kim_pipeline.reading.findings import HIDDEN, NOTICES, OFFICIAL_REJECTIONS, RULES, WARNINGS, place_name, told
from kim_pipeline.settings import PROJECT

PAGE = PROJECT / "docs" / "rueckmeldungen.md"

_REJECTS = (
    "unreadable", "missing_period", "missing_as_of", "unclear_period", "unclear_as_of", "ambiguous_period",
    "ambiguous_as_of", "unsuitable_period", "as_of_before_period", "as_of_in_future", "withdrawn",
)  # fmt: skip
_BY_COLUMN = frozenset({"invalid_date", "invalid_number", "invalid_value", "unknown_municipality", "error_cell"})
_OWN_EFFECTS = {
    "official_mark": "Warnung, wo keine Zahl steht, sonst Hinweis: die Zeile zählt.",
    "missing_column": "Fehler: die Tabelle wird nicht gelesen.",
}
_EMPTIES = frozenset({"looks_personal", "target_incomplete"})
_KINDS = {
    "invalid_date": ("date",),
    "invalid_number": ("number", "whole", "hours"),
    "invalid_value": ("category", "yes_no", "ags", "programme"),
    "unknown_municipality": ("municipality",),
    "unknown_language": ("language", "languages"),
    "unknown_nationality": ("nationality",),
    "unknown_indicator": ("indicator",),
}


class _Entry(NamedTuple):
    """What the page says of a rule: its meaning, an example's place, the cell's text, and the sentence's facts."""

    meaning: str
    place: tuple[str, int, str | None, str | None] | None = None
    shown: str | None = None
    facts: dict[str, Any] = {}  # noqa: RUF012  (never changed)


def _entries() -> dict[str, _Entry]:
    county = vocabulary().county
    town = county.municipalities[0].name
    sectors = vocabulary().preferred("sector")
    date, place = ("Anfragen", 17, "C", "Datum"), ("Anfragen", 17, "D", "Ort")
    return {
        "unreadable": _Entry(
            "Die Datei ist leer, beschädigt, mit einem Passwort geschützt, zu groß oder keine Tabelle; oder keines "
            "ihrer Blätter hat die Überschriften des Programms.",
            facts={"reason": "Die Datei ist leer (0 Byte). Bitte die Datei erneut speichern und ablegen."},
        ),
        "missing_period": _Entry("Die Lieferung sagt nicht, für welchen Zeitraum sie gilt."),
        "missing_as_of": _Entry("Die Lieferung sagt nicht, von wann sie ist. Danach richtet sich, welche zählt."),
        "unclear_period": _Entry(
            "Hinter „Berichtszeitraum“ steht etwas, das kein Zeitraum ist, oder daneben ein zweiter.",
            ("Anfragen", 1, "A", None), "2023 (1. Halbjahr)",
        ),
        "unclear_as_of": _Entry(
            "Hinter „Stand“ steht etwas, das kein Tag ist, oder daneben ein zweiter.",
            ("Anfragen", 2, "A", None), "Sommer 2023",
        ),
        "ambiguous_period": _Entry(
            "Über derselben Tabelle (oder auf dem Deckblatt) stehen zwei verschiedene Zeiträume.",
            facts={"places": "Blatt „Anfragen“, Zeile 1, Spalte A und Blatt „Anfragen“, Zeile 2, Spalte A"},
        ),
        "ambiguous_as_of": _Entry(
            "Über derselben Tabelle (oder auf dem Deckblatt) stehen zwei verschiedene Stände.",
            facts={"places": "Blatt „Anfragen“, Zeile 2, Spalte A und Blatt „Anfragen“, Zeile 2, Spalte C"},
        ),
        "unsuitable_period": _Entry(
            "Zeilen ohne eigenes Datum gehören zu einem ganzen Jahr oder Schuljahr.",
            facts={"table": "Förderungen", "period": "1. Halbjahr 2023"},
        ),
        "as_of_before_period": _Entry(
            "Der Stand liegt vor dem Zeitraum, für den die Lieferung gilt.",
            facts={"as_of": "31.12.2022", "first": "01.01.2023"},
        ),
        "as_of_within_period": _Entry(
            "Der Zeitraum war am Stand noch nicht zu Ende; die Lieferung kann nicht vollständig sein.",
            facts={"as_of": "30.09.2023", "last": "31.12.2023"},
        ),
        "rows_after_as_of": _Entry(
            "Zeilen tragen einen Tag nach dem Stand.", ("Veranstaltungen", 6, "C", "Datum"), "10.10.2023",
            {"rows": "2 Zeilen liegen", "as_of": "30.09.2023"},
        ),
        "competing_delivery": _Entry(
            "Zwei verschiedene Dateien liefern dasselbe: dieselbe Tabelle, derselbe Stand, dieselben Tage.",
            facts={"other": "Team Süd.xlsx", "common": "Keine Nummer steht in beiden; es können zwei Teile einer Liste "
                   "sein."},
        ),
        "incomplete_row": _Entry(
            "Von einer Zeile fehlt die Hälfte der Pflichtangaben oder mehr; oft ist es eine Überschrift oder Legende.",
            ("Anfragen", 17, "B", "Anfrage am"), "",
        ),
        "shifted_row": _Entry(
            "Mehrere Angaben einer Zeile stehen eine Spalte zu weit links oder rechts. Nichts davon wird wiederholt.",
            ("Anfragen", 17, "D", "Ort"), HIDDEN,
        ),
        "example_row_filled": _Entry(
            "Die Beispielzeile der Vorlage ist nicht mehr so, wie die Vorlage sie schreibt.",
            ("Anfragen", 5, "A", "Nr."), "* Beispiel",
        ),
        "looks_like_heading": _Entry(
            "Eine Zeile mit einer einzigen Angabe oder mit einem Hinweiswort steht zwischen den Zeilen.",
            ("Anfragen", 10, "A", "Nr."), "Hinweis: ab hier Team 2",
        ),
        "unread_cells": _Entry(
            "In einer Spalte ohne Überschrift oder mit einer unbekannten stehen Angaben.",
            ("Anfragen", 3, "N", "Telefon"), facts={"cells": "3 Zellen stehen"},
        ),
        "garbled_text": _Entry(
            "Ein Text ist mit falscher Zeichenkodierung gespeichert worden; die erste Zelle der Spalte ist genannt.",
            ("Angebote", 4, "C", "Träger"), "CafÃ©",
        ),
        "unknown_indicator": _Entry(
            "Die Kennzahl eines Ziels steht nicht im Katalog.", ("Handlungskonzept 2016", 9, "M", "Kennzahl"), "Quote"
        ),
        "unknown_office": _Entry(
            "Die zuständige Stelle steht nicht in der Liste der Stellen.",
            ("Handlungskonzept 2016", 9, "D", "Zuständigkeit"), HIDDEN,
        ),
        "looks_personal": _Entry(
            "Ein freier Text scheint eine Person zu nennen.", ("Handlungskonzept 2016", 9, "L", "Ziel"), HIDDEN
        ),
        "target_incomplete": _Entry(
            "Ein Zielwert steht ohne die Kennzahl, an der er gemessen wird.",
            ("Handlungskonzept 2016", 9, "N", "Zielwert"), "0,8", {"expected": "zu „Zielwert“ gehört „Kennzahl“"},
        ),
        "as_of_in_future": _Entry(
            "Der Stand liegt nach dem Tag, an dem gelesen wird. Die Lieferung verdrängte sonst alle späteren.",
            facts={"as_of": "15.01.2042", "today": "20.01.2024"},
        ),
        "withdrawn": _Entry(
            "Die Koordination hat die Lieferung aus dem Datenbestand genommen, ohne die Datei zu ändern.",
        ),
        "nothing_accepted": _Entry(
            "Eine Tabelle hat Zeilen, aber keine davon ist fehlerfrei. Sie ersetzt dann nichts, und die frühere "
            "Lieferung gilt weiter.",
            ("Anfragen", 4, None, None),
        ),
        "missing_column": _Entry(
            "Ein Blatt hat die meisten Spalten einer Tabelle, aber nicht alle Pflichtspalten. Die anderen Tabellen der "
            "Lieferung werden gelesen.",
            ("Anfragen", 3, "F", "Stattus"), facts={"name": "„Status“", "did_you_mean": " Meinten Sie hier „Status“?"},
        ),
        "missing_value": _Entry(
            "Eine Pflichtangabe ist leer. Als leer gelten auch Zeichen wie „-“, „k. A.“ und „unbekannt“.",
            place, "",
        ),
        "invalid_date": _Entry("Ein Datum ist keines, oder der Kalender kennt den Tag nicht.", date, "31.02.2023"),
        "invalid_number": _Entry(
            "In einer Spalte für Zahlen steht Text, oder eine ganze Zahl hat Nachkommastellen.",
            ("Anfragen", 17, "H", "Dauer (Std.)"), "ca. 2",
            {"number": "Zahl", "example": "eine Zahl wie 12,5"},
        ),
        "invalid_value": _Entry(
            "Eine Auswahl kennt diesen Wert nicht.", ("Anfragen", 17, "G", "Bereich"), "Kitta",
            {"did_you_mean": " Meinten Sie „Kita“?", "accepted": german.quoted_listing(sectors, "oder")},
        ),
        "unknown_municipality": _Entry(
            "Ein Ort ist weder eine Gemeinde des Kreises noch einer ihrer Ortsteile noch der Kreis selbst.",
            place, town + "n", {"county": county.name, "did_you_mean": f" Meinten Sie „{town}“?"},
        ),
        "unknown_language": _Entry(
            "Eine Sprache steht nicht in der Liste.", ("Anfragen", 17, "E", "Sprache"), "Arabsich",
            {"did_you_mean": " Meinten Sie „Arabisch“?"},
        ),
        "unknown_nationality": _Entry(
            "Ein Staat ist nicht zu erkennen.", ("Fälle", 17, "F", "Nationalität"), "Balkan"
        ),
        "error_cell": _Entry(
            "Eine Zelle zeigt einen Fehlerwert, eine Formel hat kein Ergebnis, oder zwei Programme lesen die Zelle "
            "verschieden.", place, "#BEZUG!",
        ),
        "out_of_range": _Entry(
            "Eine Zahl ist kleiner oder größer, als sie sein kann.", ("Gruppen", 9, "E", "Familien"), "75",
            {"expected": "mindestens 0 und höchstens 60"},
        ),
        "future_date": _Entry(
            "Ein Tag liegt nach dem Stand der Lieferung.", ("Fälle", 17, "M", "Aufnahme"), "16.01.2024",
            {"as_of": "15.01.2024"},
        ),
        "outside_period": _Entry(
            "Der Tag, nach dem die Zeile gezählt wird, liegt nicht im Berichtszeitraum.",
            ("Anfragen", 17, "B", "Anfrage am"), "02.01.2024", {"first": "01.01.2023", "last": "31.12.2023"},
        ),
        "date_order": _Entry(
            "Ein Tag liegt vor einem anderen, dem er folgen müsste.", date, "28.02.2023",
            {"expected": "erst „Anfrage am“, dann „Datum“; derselbe Tag ist erlaubt"},
        ),
        "amount_order": _Entry(
            "Ein Teil ist größer als das Ganze.", ("Förderungen", 9, "G", "Ausgezahlt (€)"), "1.300,50",
            {"expected": "in „Ausgezahlt (€)“ höchstens so viel wie in „Bewilligt (€)“"},
        ),
        "status_incomplete": _Entry(
            "Zu einem Status gehört eine weitere Angabe, die fehlt.", ("Anfragen", 17, "H", "Dauer (Std.)"), "",
            {"expected": "bei „durchgeführt“ sind „Datum“, „Dauer (Std.)“ und „Sprachmittler-ID“ ausgefüllt"},
        ),
        "body_competence": _Entry(
            "Das Gremium kann diese Art von Beschluss nicht fassen.", ("Beschlüsse", 9, "F", "Art"), "Beschluss",
            {"expected": "in „Art“ „Empfehlung“ oder „Kenntnisnahme“, denn das Gremium in „Gremium“ fasst keine "
                         "Beschlüsse"},
        ),
        "orphan": _Entry(
            "Eine Nummer verweist auf eine Zeile, die es nicht gibt oder die selbst nicht zählt.",
            ("Beschlüsse", 9, "E", "Maßnahme-Nr."), "IK10-99",
            {"target": "in der geltenden Lieferung „Maßnahmenregister“"},
        ),
        "duplicate_key": _Entry(
            "Dieselbe Nummer (oder dieselbe Verbindung von Angaben) kommt mehrfach vor. Die erste fehlerfreie Zeile "
            "zählt.",
            ("Anfragen", 17, "A", "Nr."), "A-12", {"doubled": "„A-12“ steht", "first_row": "Zeile 12",
             "what_to_do": ANOTHER_ROW},
        ),
        "unmapped_column": _Entry(
            "Eine Spalte gehört nicht zur Tabelle, oder eine Angabe steht in zwei Spalten.",
            ("Anfragen", 3, "N", "Telefon"),
            facts={"reason": "Diese Spalte ist nicht vorgesehen und wird nicht gelesen"},
        ),
        "absent_column": _Entry(
            "Eine Spalte, die nicht Pflicht ist, fehlt.", ("Anfragen", 3, None, None),
            facts={"name": "Die Spalte „Honorar (€)“ fehlt", "consequence": "; ihre Angaben bleiben leer"},
        ),
    } | _official_entries(county.name, county.key, town)  # fmt: skip


def _official_entries(county: str, key: str, town: str) -> dict[str, _Entry]:
    """The rules of official tables (`official.md` §8)."""
    cell = ("12411-01-01-4", 17, "C", "31.12.2024 / Insgesamt")
    stand = "Stand 19.01.2026"
    return {
        "unknown_layout": _Entry(
            "Eine amtliche Tabelle, in der keine Spalte die Bevölkerung oder die Ausländerinnen und Ausländer zählt.",
            facts={"form": "Werteabruf", "sign": "„Tabelle: 12411-15i“", "wanted": "Flatfile (CSV)",
                   "lacking": "keine Spalte mit einer Bevölkerungs- oder Ausländerzahl",
                   "names": "Gelesen wurden die Überschriften „Bodenfläche“."},
        ),
        "unknown_statistic": _Entry(
            "Eine amtliche Tabelle einer anderen Statistik.",
            facts={"table": "12711-04-02-4, „Wanderungsstatistik“", "wanted": "12411 (Bevölkerungsstand)"},
        ),
        "missing_total": _Entry(
            "Eine amtliche Tabelle nennt nur Teile der Bevölkerung. Teile werden nie addiert: sie sind gerundet.",
            facts={"table": "12521-03i", "what": "die ausländische Bevölkerung", "variable": "Staatsangehörigkeit"},
        ),
        "missing_reference_day": _Entry(
            "Eine amtliche Tabelle nennt ein Jahr und keinen Stichtag, oder keines von beiden.",
            facts={"found": " (gefunden: „Jahr 2019“)"},
        ),
        "no_own_area": _Entry(
            "Eine amtliche Tabelle nennt weder den Kreis noch eine seiner Gemeinden.",
            facts={"county": f"{county} ({key} …)", "read": "Gelesen wurden 400 Gebiete."},
        ),
        "several_members": _Entry("Ein ZIP-Paket mit mehr als einer Datei.", facts={"files": "3 Dateien"}),
        "official_mark": _Entry(
            "Neben oder statt einer Zahl steht ein amtliches Zeichen. Wo keine Zahl steht, bleibt die Angabe leer.",
            cell, ".",
            facts={"area": town, "day": "31.12.2024", "what": "Ausländer", "sign": ".",
                   "meaning": "Zahlenwert unbekannt oder geheimzuhalten",
                   "follows": "Die Zahl bleibt leer; sie ist nicht 0"},
        ),
        "invalid_row": _Entry(
            "Eine Zeile einer amtlichen Tabelle ist unvollständig.", ("12411_flat", 17, None, None),
            facts={"reason": "Die Zeile hat 12 statt 13 Felder"},
        ),
        "as_of_unknown": _Entry("Eine amtliche Tabelle nennt nicht, wann sie abgerufen wurde."),
        "reference_day_differs": _Entry(
            "Der Titel eines Gemeindeverzeichnisses nennt einen anderen Tag als die Zahlen.",
            facts={"day": "31.12.2023", "titled": "31.12.2024"},
        ),
        "not_year_end": _Entry("Der Stichtag ist kein Jahresende.", facts={"day": "15.05.2022"}),
        "part_missing": _Entry(
            "Eine amtliche Tabelle nennt nur die Bevölkerung oder nur die Ausländerinnen und Ausländer.",
            facts={"there": "die Bevölkerung", "lacking": "keine Ausländerzahl", "years": "2024",
                   "consequence": "keinen Ausländeranteil"},
        ),
        "census_base_unknown": _Entry(
            "Es ist nicht zu erkennen, auf welchem Zensus die Zahlen beruhen.", facts={"day": "31.12.2022"},
        ),
        "other_census_base": _Entry(
            "Für einen Stichtag gibt es Zahlen auf zwei Grundlagen; für alle Gebiete gilt dieselbe.",
            facts={"area": county, "day": "31.12.2023", "base": "Zensus 2011",
                   "figures": "283.295 (Zensus 2011) und 282.216 (Zensus 2022)",
                   "because": "dafür der Kreis und alle Gemeinden vorliegen"},
        ),
        "other_figure": _Entry(
            "Zwei Dateien nennen verschiedene Zahlen für dasselbe.",
            facts={"area": town, "day": "31.12.2024", "counted": "30.129", "because": "amtliche Tabelle",
                   "figures": f"30.136 in „Bevölkerung.xlsx“ (Stand 01.09.2026) und 30.129 in „12411.csv“ ({stand})"},
        ),
        "sum_differs": _Entry(
            "Die Gemeinden ergeben zusammen etwas anderes als die Zahl des Kreises.",
            facts={"area": county, "day": "31.12.2024", "sum": "282.640", "own": "282.639"},
        ),
    }  # fmt: skip


def glossary_page() -> str:
    """The whole page."""
    entries = _entries()
    parts = [_HEAD, *(_section(rule, entries[rule]) for rule in RULES), _kept_and_lost()]
    return "\n\n".join(parts) + "\n"


_HEAD = """# Rückmeldungen an die Programme

Diese Seite erzeugt `python -m kim_pipeline.office.glossary` aus den Verträgen und den Sätzen der Befunde;
nicht von Hand ändern.

Jede Rückmeldung beginnt mit der Zelle: Blatt „Anfragen“, Zeile 17, Spalte C „Datum“.
Dann folgt, was gefunden wurde, was erwartet wird und was zu tun ist.
Personenangaben werden nie wiederholt; statt ihrer steht „Der Wert“.

| Art | Folge |
|---|---|
| Zurückgewiesen | Die ganze Lieferung zählt nicht. Was früher geliefert wurde, gilt weiter. |
| Fehler | Die Zeile zählt nicht, bis sie berichtigt ist (Quarantäne). Die übrigen Zeilen zählen. |
| Warnung | Die Angabe bleibt leer, die Zeile zählt. |
| Hinweis | Zur Kenntnis; die Zeile zählt. |

Wie eine Lieferung geprüft, berichtigt und angenommen wird, zeigt
[Eine Lieferung prüfen und berichtigen](lieferung_pruefen.md)."""


def _section(rule: str, entry: _Entry) -> str:
    text = told(rule, entry.shown, **entry.facts)
    example = f"{place_name(*entry.place)}: {text}" if entry.place else text
    lines = [
        f"## {RULES[rule].title}",
        f"`{rule}` · {_effect(rule)}",
        entry.meaning,
        f"> {example}",
    ]
    places = list(_where(rule))
    if places:
        lines.append("Gilt für:\n" + "\n".join(f"- {place}" for place in places))
    return "\n\n".join(lines)


def _effect(rule: str) -> str:
    if rule in _REJECTS or rule in OFFICIAL_REJECTIONS:
        return "Zurückgewiesen: die Lieferung (oder ihr Teil) zählt nicht; weitere Befunde werden nicht gemeldet."
    if rule in _OWN_EFFECTS:
        return _OWN_EFFECTS[rule]
    if rule in NOTICES:
        return "Hinweis: die Zeile zählt."
    if rule in WARNINGS:
        return "Warnung: " + ("die Angabe bleibt leer, die Zeile zählt." if rule in _EMPTIES else "die Zeilen zählen.")
    if rule in _BY_COLUMN:
        return (
            "In einer Pflichtspalte Fehler, die Zeile kommt in Quarantäne; sonst Warnung, die Angabe bleibt leer und "
            "die Zeile zählt."
        )
    return "Fehler: die Zeile kommt in Quarantäne."


def _where(rule: str) -> Iterator[str]:
    """Where a rule applies, a line per table, as the contracts say."""
    for programme in programmes().values():
        for table in programme.tables:
            told_there = list(_PLACES.get(rule, _of_kind)(rule, programme, table))
            if told_there:
                name = programme.title if len(programme.tables) == 1 else f"{programme.title}, {table.label}"
                yield f"{name}: {'; '.join(told_there)}"


def _name(column: Column) -> str:
    under = f" unter „{column.group[0]}“" if column.group else ""
    return f"„{column.headers[0]}“{under}" if column.headers else f"{column.label} (nennt das Blatt)"


def _of_kind(rule: str, _: Programme, table: Table) -> Iterator[str]:
    """Columns whose kind can break the rule, and row rules."""
    columns = [_name(c) for c in table.delivered if c.kind in _KINDS.get(rule, ()) and c.headers]
    if columns:
        yield german.listing(columns)
    for check in table.schema.checks:
        declared = declared_rule(check)
        if declared is not None and declared.rule == rule:
            yield declared.expected.format(**{name: _name(table.columns[name]) for name in declared.columns})


def _required(_: str, __: Programme, table: Table) -> Iterator[str]:
    yield german.listing([_name(column) for column in table.delivered if column.required])


def _needed(_: str, __: Programme, table: Table) -> Iterator[str]:
    """Columns in which a blank cell is an error; a blank yes or no is no."""
    columns = [c for c in table.delivered if c.required and c.headers and c.kind != "yes_no"]
    yield german.listing([_name(column) for column in columns])


def _optional(_: str, __: Programme, table: Table) -> Iterator[str]:
    columns = [_name(column) for column in table.delivered if not column.required and column.headers]
    if columns:
        yield german.listing(columns)


def _bounds(rule: str, programme: Programme, table: Table) -> Iterator[str]:
    for name, column in table.schema.columns.items():
        if column.checks:
            contract = table.columns[name]
            label = contract.label if contract.derived_from else _name(contract)
            yield f"{label} {bounds_in_words(column.checks)}"
    yield from _of_kind(rule, programme, table)


def _period_date(_: str, programme: Programme, table: Table) -> Iterator[str]:
    if programme.delivery == "period" and table.period_date is not None:
        yield _name(table.columns[table.period_date])


def _future(_: str, __: Programme, table: Table) -> Iterator[str]:
    if table.future_dates:
        yield german.listing([_name(column) for column in table.delivered if column.kind == "date"])


def _reference(_: str, programme: Programme, table: Table) -> Iterator[str]:
    reference = table.reference
    if reference is not None:
        named = german.listing([_name(table.columns[here]) for here, _ in reference.columns])
        other = reference.programme
        yield f"{named} aus {programmes()[other].title if other else f'„{programme.table(reference.table).label}“'}"


def _key(_: str, __: Programme, table: Table) -> Iterator[str]:
    columns = [table.columns[name] for name in table.key]
    yield german.listing([_name(column) for column in columns if column.stated is None])


def _of_official(_: str, programme: Programme, table: Table) -> Iterator[str]:
    if programme.published is not None and programme.published.table == table.name:
        yield "amtliche Tabellen"


def _everywhere(_: str, __: Programme, ___: Table) -> Iterator[str]:
    yield from ()


_Places = Callable[[str, Programme, Table], Iterator[str]]
_PLACES: dict[str, _Places] = {
    "missing_column": _required,
    "missing_value": _needed,
    "absent_column": _optional,
    "out_of_range": _bounds,
    "outside_period": _period_date,
    "future_date": _future,
    "orphan": _reference,
    "duplicate_key": _key,
    **dict.fromkeys((*_REJECTS, "error_cell", "unmapped_column"), _everywhere),
    **dict.fromkeys(_official_entries("", "", ""), _of_official),
}


def _kept_and_lost() -> str:
    lost = "\n".join(f"- {loss.name}" for loss in LOSSES)
    return f"""## Was die Kopie mit den Rückmeldungen enthält

Zu jeder Lieferung mit Befunden schreibt `kim feedback` eine Kopie: die gelieferte Arbeitsmappe mit farbigen Zellen,
einem Kommentar an jeder und dem Blatt „Rückmeldung“ als erstem.
Werte, Formeln, Formate, verbundene Zellen, Auswahllisten, ausgeblendete Zeilen und Blätter, Diagramme und die Makros
einer .xlsm bleiben. Die Zelle mit einem Befund verliert ihre eigene Füllfarbe.
Das Blatt „Rückmeldung“ zählt höchstens {german.number(MOST_LISTED)} Befunde auf; an den Zellen steht jeder.

Aus .xls, .ods, .csv und aus sehr großen Arbeitsmappen wird eine .xlsx mit denselben Werten an denselben Stellen,
ohne Formate und Formeln. Von einer Datei, die sich nicht öffnen lässt, gibt es nur das Blatt „Rückmeldung“.
Das Original in `data_raw/` wird nie verändert.

Nicht übernommen werden kann, und steht dann auf dem Blatt „Rückmeldung“ der Kopie:

{lost}
- Bilder im Format WMF oder EMF; ohne das Paket Pillow alle Bilder"""


def main() -> None:
    """Write the page."""
    write(PAGE, glossary_page().encode())


if __name__ == "__main__":
    main()
