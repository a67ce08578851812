"""Regenerates `kim_pipeline/contracts/data/nationalities.csv`: German state names and adjectives to ISO 3166-1 alpha-3.

Belongs here: taking the names from CLDR (by Babel) and iso-codes (by pycountry), joining the hand-reviewed rows of
`nationalities_reviewed.csv`, and refusing what is ambiguous. New names go into that file, never into the generated one.
Does not belong here: how the pipeline looks names up (`kim_pipeline.contracts.vocabulary`).

Run `python tools/make_nationalities.py` to write the file, with `--check` to compare only (exit code 1 if it is stale).
Last generated with Babel 2.18 and pycountry 26.2.16.
"""

from __future__ import annotations

import argparse
import csv
import gettext
import io
import logging
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import pycountry
from babel import Locale

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "kim_pipeline" / "contracts" / "data" / "nationalities.csv"
REVIEWED = Path(__file__).resolve().with_name("nationalities_reviewed.csv")

FORMS = frozenset({"short", "long", "adjective", "none"})
KOSOVO = ("XK", "XKX")
"""The one territory without an ISO 3166-1 code: CLDR's code and the user-assigned alpha-3 in common use."""

LEFT_OUT = {
    # Ambiguous between two states: an office that writes one of these is asked (notice `unknown_nationality`).
    "Kongo": "COD or COG; iso-codes and the Foreign Office mean COG, most people in Germany come from COD",
    "kongolesisch": "COD or COG; the forms with a bracket are accepted",
    "Korea": "KOR or PRK",
    "koreanisch": "KOR or PRK",
    "nigerisch": "NER or NGA; `nigrisch` and `nigerianisch` are accepted",
    "Guayana": "GUY or GUF",
    "Jungferninseln": "VGB or VIR",
    "Saint Martin": "MAF or SXM; `St. Martin` is CLDR's name of MAF",
    "Saint-Martin": "MAF or SXM",
    "Republik China": "TWN officially, often CHN; `Republik China (Taiwan)` is accepted",
    # No state, but a part of one, a continent, a region or a people.
    "England": "part of GBR",
    "englisch": "part of GBR, or the language",
    "Schottland": "part of GBR",
    "schottisch": "part of GBR",
    "Wales": "part of GBR",
    "walisisch": "part of GBR",
    "Nordirland": "part of GBR",
    "nordirisch": "part of GBR",
    "Amerika": "a continent",
    "Afrika": "a continent",
    "afrikanisch": "a continent",
    "Balkan": "a region",
    "Kurdistan": "a region of several states",
    "kurdisch": "a people and a language of several states",
    "arabisch": "a language of many states",
    "tamilisch": "a people and a language of several states",
    "bengalisch": "a language, and a region of BGD and IND",
    "persisch": "a language of several states",
    "malaiisch": "a people and a language of several states",
    "herzegowinisch": "a region of BIH",
    # States that no longer exist.
    "Jugoslawien": "a former state",
    "jugoslawisch": "a former state",
    "Serbien und Montenegro": "a former state",
    "Sowjetunion": "a former state",
    "sowjetisch": "a former state",
    "Tschechoslowakei": "a former state",
    "tschechoslowakisch": "a former state",
    "DDR": "a former state",
    "Zaire": "a former state",
    # Names in iso-codes that are not German or not right; `nationalities_reviewed.csv` has the right ones.
    "Commonwealth Nördliche Mariana-Inseln": "half translated",
    "South Georgia und die Südlichen Sandwichinseln": "half translated",
    "United States Minor Outlying Islands": "not translated",
    "Vereinigung der Komoren": "officially `Union der Komoren`",
    "Weihnachtsinseln": "plural of a single island",
}
"""Names that must not be in the file, with the reason; also the comment list for whoever wants to add one."""

_KIND_OF_STATE = re.compile(r"[,(]|\b(?:Republik|Volksrepublik|Föderation)\b")
_WHITE_SPACE = re.compile(r"\s+")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Row:
    """One line of the file: a name, its code (empty if it states no nationality), the kind of name, its source."""

    name: str
    alpha3: str
    form: str
    source: str


def key(name: str) -> str:
    """The form in which two names are the same: NFKC, case-folded, white space collapsed."""
    return _WHITE_SPACE.sub(" ", unicodedata.normalize("NFKC", name).casefold()).strip()


LEFT_OUT_KEYS = frozenset(key(name) for name in LEFT_OUT)


def alpha3_codes() -> dict[str, str]:
    """Alpha-2 to alpha-3 for every ISO 3166-1 country, and Kosovo."""
    return {country.alpha_2: country.alpha_3 for country in pycountry.countries} | dict([KOSOVO])


def cldr_rows() -> Iterator[Row]:
    """CLDR's German names; regions and codes that ISO 3166-1 does not have are passed over."""
    codes = alpha3_codes()
    for alpha2, name in Locale("de").territories.items():
        if alpha2 in codes:
            yield Row(name, codes[alpha2], "short", "cldr")


def iso_rows() -> Iterator[Row]:
    """The German translations of iso-codes: name, official name and common name of each country."""
    german = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=["de"])
    for country in pycountry.countries:
        for field in ("name", "official_name", "common_name"):
            original: str | None = getattr(country, field, None)
            if original is None or key(name := german.gettext(original)) in LEFT_OUT_KEYS:
                continue
            is_long = field == "official_name" or _KIND_OF_STATE.search(name)
            yield Row(name, country.alpha_3, "long" if is_long else "short", "iso-codes")


def reviewed_rows() -> Iterator[Row]:
    """The hand-reviewed rows; what CLDR and iso-codes lack."""
    with REVIEWED.open(encoding="utf-8", newline="") as file:
        for record in csv.DictReader(file):
            yield Row(**record)


def fault(row: Row, codes: frozenset[str]) -> str | None:
    """What is wrong with a row by itself, None if nothing is."""
    if row.name != row.name.strip() or not row.name:
        return "the name is empty or has blanks around it"
    if key(row.name) in LEFT_OUT_KEYS:
        return "the name is one of LEFT_OUT"
    if row.form not in FORMS:
        return f"the form is none of {sorted(FORMS)}"
    if row.alpha3 not in codes and not (row.form == "none" and row.alpha3 == ""):
        return "the code is not in ISO 3166-1"
    return None


def joined(rows: Iterable[Row]) -> list[Row]:
    """The rows in the file's order, the first of those with an equal name.

    Args:
        rows: All rows, those of the source that prevails first.

    Returns:
        The rows sorted by form, code and name.

    Raises:
        ValueError: A row is faulty, or a name stands for two codes.
    """
    codes = frozenset(alpha3_codes().values())
    found: dict[str, Row] = {}
    for row in rows:
        if problem := fault(row, codes):
            raise ValueError(f"{row}: {problem}; correct {REVIEWED.name}")
        first = found.setdefault(key(row.name), row)
        if first.alpha3 != row.alpha3:
            raise ValueError(f"{row}: the name already stands for {first}; add it to LEFT_OUT or qualify it")
        if first is not row and row.source == "reviewed":
            logger.warning("%s: superfluous, the name comes from %s", row, first.source)
    return sorted(found.values(), key=lambda row: (row.form, row.alpha3, row.name))


def generated() -> str:
    """The whole file as it should be."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(Row))
    writer.writerows(astuple(row) for row in joined([*cldr_rows(), *iso_rows(), *reviewed_rows()]))
    return text.getvalue()


def differences(expected: str, actual: str) -> list[str]:
    """The lines that only one of two files has: `+` is missing from the actual one, `-` is too much."""
    wanted, present = set(expected.splitlines()), set(actual.splitlines())
    return [f"+ {line}" for line in sorted(wanted - present)] + [f"- {line}" for line in sorted(present - wanted)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the file, or compare it with `--check`.

    Args:
        arguments: The command line without the program's name; None for the real one.

    Returns:
        The exit code: 1 if `--check` found the file stale, else 0.
    """
    parser = argparse.ArgumentParser(description="Regenerates the German names and adjectives of nationalities.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if the file is stale")
    check: bool = parser.parse_args(arguments).check
    expected = generated()
    if not check:
        TARGET.write_bytes(expected.encode())
        return 0
    actual = TARGET.read_bytes().decode() if TARGET.exists() else ""
    if actual == expected:
        return 0
    changed = "\n".join(differences(expected, actual))
    logger.error("%s is stale; run tools/make_nationalities.py\n%s", TARGET.relative_to(ROOT), changed)
    return 1


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    sys.exit(main())
