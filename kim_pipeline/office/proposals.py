"""A new spelling for the vocabulary, as a proposal: which line of which file would change, and what speaks against it.

Belongs here: one alias at a time. Nothing is written before somebody has seen the proposal and asked for it.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from kim_pipeline import german
from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.configured import decoded, delimiter_of
from kim_pipeline.contracts.county import CategoryValue, Municipality
from kim_pipeline.contracts.county_folder import MUNICIPALITIES_FILE
from kim_pipeline.contracts.normalise import clean_text, comparable
from kim_pipeline.contracts.vocabulary import DATA, Vocabulary, vocabulary
from kim_pipeline.errors import KimError
from kim_pipeline.files import write
from kim_pipeline.reading.suggest import nearest
from kim_pipeline.settings import PROJECT

_REVIEWED_NATIONALITIES = PROJECT / "tools" / "nationalities_reviewed.csv"
_SEPARATOR = "|"
_ALIASES = "aliases"
_COLUMNS = (*Municipality.model_fields, *CategoryValue.model_fields)
"""Of the county's files that may get a spelling."""
_SPLITS_LISTS = re.compile(r"[,;]|\sund\s")
_KEEP_IN_STEP = (
    "Die Liste gilt für alle Kreise: docs/deliveries.md und tests/contract/ müssen dasselbe sagen; ./dev test prüft es."
)


class ProposalError(KimError):
    """The alias cannot be added; the message says why, in German."""


@dataclass(frozen=True)
class Proposal:
    """One line of one file.

    Attributes:
        path: the file.
        line: its number, 1-based; where a line is added, the number that it will have.
        before: the line as it is; None where one is added.
        after: the line as it would be.
        notes: what to do or to know besides.
    """

    path: Path
    line: int
    before: str | None
    after: str
    notes: tuple[str, ...] = ()


def kinds() -> dict[str, str]:
    """What an alias can be added to: code → German name; categories with the headers they stand under."""
    found = {
        "language": "Sprache",
        "municipality": "Gemeinde oder Ortsteil",
        "nationality": "Staat",
        "yes_no": "„ja“ oder „nein“",
        "empty": "Zeichen für „keine Angabe“",
    }
    for programme in programmes().values():
        for table in programme.tables:
            for column in table.delivered:
                if column.category:
                    label = f"Auswahl „{column.label}“"
                    found.setdefault(column.category, label)
    return found


def propose(kind: str, alias: str, canonical: str) -> Proposal:
    """The line that would make `alias` mean the same as `canonical`.

    Args:
        kind: one of `kinds`.
        alias: the new spelling.
        canonical: a spelling that is known already.

    Raises:
        ProposalError: the kind or the known spelling does not exist, or the alias means something already.
    """
    text = clean_text(alias)
    if kind not in kinds():
        raise ProposalError(f"„{kind}“ gibt es nicht. Es gibt: {'; '.join(f'{k} – {n}' for k, n in kinds().items())}.")
    if not text or _SEPARATOR in text or any(ord(letter) < 32 for letter in alias):
        raise ProposalError("Eine Schreibweise darf nicht leer sein und weder „|“ noch Zeilenumbrüche enthalten.")
    words = vocabulary()
    if kind == "empty":
        return _propose_empty(words, text)
    if comparable(text) in words.empty_tokens:
        raise ProposalError(f"„{text}“ gilt überall als leere Angabe und kann nichts anderes heißen.")
    return _PROPOSERS.get(kind, _propose_category(kind))(words, text, canonical)


def apply(proposal: Proposal) -> None:
    """Write a proposal; the rest of the file stays byte for byte.

    Raises:
        ProposalError: the file is not what it was when the proposal was made.
    """
    text, encoding = decoded(proposal.path.read_bytes())
    lines = text.splitlines(keepends=True)
    at = proposal.line - 1
    if proposal.before is None:
        ending = "\r\n" if "\r\n" in text else "\n"
        lines = [line if line.endswith("\n") else line + ending for line in lines]
        lines.insert(at, proposal.after + ending)
    elif at < len(lines) and lines[at].rstrip("\r\n") == proposal.before:
        lines[at] = lines[at].replace(proposal.before, proposal.after)
    else:
        raise ProposalError(f"{proposal.path} hat sich geändert. Bitte den Vorschlag neu machen.")
    try:
        write(proposal.path, "".join(lines).encode(encoding))
    except UnicodeEncodeError:
        raise ProposalError(
            f"{proposal.path} ist in der Kodierung {encoding} gespeichert und kann diese Schreibweise nicht fassen. "
            "Bitte die Datei als „CSV UTF-8“ speichern und erneut versuchen."
        ) from None


# --- one kind each ----------------------------------------------------------------------------------------------------

_T = TypeVar("_T")
_Proposer = Callable[[Vocabulary, str, str], Proposal]


def _propose_language(words: Vocabulary, alias: str, canonical: str) -> Proposal:
    code = _settle(words.language_spellings, alias, canonical, "Sprache")
    note = "In Zellen mit mehreren Sprachen trennen Komma, Semikolon und „und“: dort gilt diese Schreibweise nicht."
    notes = (_KEEP_IN_STEP, note) if _SPLITS_LISTS.search(alias) else (_KEEP_IN_STEP,)
    return _longer_list(DATA / "languages.csv", {"iso639_3": code}, "aliases", alias, notes)


def _propose_municipality(words: Vocabulary, alias: str, canonical: str) -> Proposal:
    key = _settle(words.municipality_spellings, alias, canonical, "Gemeinde")
    if words.municipality(comparable(alias)) == key:
        raise ProposalError(f"„{alias}“ ist schon bekannt und heißt dasselbe wie „{canonical}“.")
    folder = words.county.folder
    if key == words.county.key:
        return _longer_toml_list(folder / "county.toml", "aliases", alias)
    path = folder / MUNICIPALITIES_FILE
    if _ALIASES in map(comparable, _rows(path)[0][1]):
        return _longer_list(path, {"ags": key}, _ALIASES, alias)
    note = f"„{alias}“ gilt danach als Ortsteil, auch zusammen mit dem Namen der Gemeinde."
    return _longer_list(path, {"ags": key}, "districts", alias, (note,))


def _propose_nationality(words: Vocabulary, alias: str, canonical: str) -> Proposal:
    code = _settle(words.nationality_spellings, alias, canonical, "Staat")
    form = "adjective" if alias[:1].islower() else "short"
    note = "Danach tools/make_nationalities.py ausführen: es bildet aus dieser Datei die Liste der Staaten."
    return _new_row(_REVIEWED_NATIONALITIES, [alias, code or "", form if code else "none", "reviewed"], (note,))


def _propose_yes_no(words: Vocabulary, alias: str, canonical: str) -> Proposal:
    value = _settle(words.yes_no, alias, canonical, "Angabe")
    row = {"value": "true" if value else "false"}
    return _longer_list(DATA / "yes_no.csv", row, "spellings", alias, (_KEEP_IN_STEP,))


def _propose_empty(words: Vocabulary, alias: str) -> Proposal:
    if comparable(alias) in words.empty_tokens:
        raise ProposalError(f"„{alias}“ gilt schon als leere Angabe.")
    lists: list[Mapping[str, object]] = [
        words.languages, words.municipalities, words.nationalities, words.yes_no,
        *(words.category(name) for name in words.category_names()),
    ]  # fmt: skip
    if any(comparable(alias) in known for known in lists):
        raise ProposalError(f"„{alias}“ ist schon eine Angabe und kann nicht als leer gelten.")
    return _new_row(DATA / "empty_tokens.csv", [alias], (_KEEP_IN_STEP,))


def _propose_category(name: str) -> _Proposer:
    def proposer(words: Vocabulary, alias: str, canonical: str) -> Proposal:
        spellings = {s: value for value, several in words.spellings(name).items() for s in several}
        value = _settle(spellings, alias, canonical, "Auswahl")
        own = words.county.folder / "categories.csv"
        is_own = any(row[0] == name for _, row in _rows(own))
        path, notes = (own, ()) if is_own else (DATA / "categories.csv", (_KEEP_IN_STEP,))
        return _longer_list(path, {"category": name, "value": value}, "spellings", alias, notes)

    return proposer


_PROPOSERS: dict[str, _Proposer] = {
    "language": _propose_language,
    "municipality": _propose_municipality,
    "nationality": _propose_nationality,
    "yes_no": _propose_yes_no,
}


def _settle(spellings: Mapping[str, _T], alias: str, canonical: str, noun: str) -> _T:
    """What the canonical spelling stands for, if the alias does not stand for something yet."""
    known = {comparable(spelling): value for spelling, value in spellings.items()}
    wanted, new = comparable(canonical), comparable(alias)
    if wanted not in known:
        near = nearest(canonical, spellings)
        hint = f" Meinten Sie „{near}“?" if near else ""
        raise ProposalError(f"„{canonical}“ ist als {noun} nicht bekannt.{hint}")
    if new in known and known[new] == known[wanted]:
        raise ProposalError(f"„{alias}“ ist schon bekannt und heißt dasselbe wie „{canonical}“.")
    if new in known:
        other = next(spelling for spelling, value in spellings.items() if value == known[new])
        said = "ist selbst schon eine Angabe" if comparable(other) == new else f"steht schon für „{other}“"
        raise ProposalError(f"„{alias}“ {said} und kann nicht zugleich „{canonical}“ heißen.")
    return known[wanted]


# --- files ------------------------------------------------------------------------------------------------------------


def _longer_list(
    path: Path, wanted: Mapping[str, str], field: str, alias: str, notes: tuple[str, ...] = ()
) -> Proposal:
    """The row with these values, with an alias more in a field of several."""
    (_, header), *rows = _rows(path)
    for number, row in rows:
        record = dict(itertools.zip_longest(map(comparable, header), row, fillvalue=""))
        if all(clean_text(record[name]) == value for name, value in wanted.items()):
            before, delimiter = _lines(path)[number - 1].rstrip("\r\n"), _delimiter(path)
            record[field] = _SEPARATOR.join(filter(None, [*record[field].split(_SEPARATOR), alias]))
            return Proposal(path, number, before, _line(record.values(), delimiter), notes)
    raise ProposalError(f"In {path} fehlt die Zeile zu {german.listing(wanted.values())}.")


def _new_row(path: Path, row: list[str], notes: tuple[str, ...]) -> Proposal:
    return Proposal(path, len(_lines(path)) + 1, None, _line(row, _delimiter(path)), notes)


def _longer_toml_list(path: Path, name: str, alias: str) -> Proposal:
    """The line of a TOML file that lists texts, with one more at its end."""
    for number, line in enumerate(_lines(path), start=1):
        if re.match(rf"{name}\s*=\s*\[.*\]", line):
            before = line.rstrip("\r\n")
            escaped = alias.replace("\\", "\\\\").replace('"', '\\"')
            end = before.rindex("]")
            comma = ", " if before[:end].rstrip()[-1] != "[" else ""
            return Proposal(path, number, before, f'{before[:end]}{comma}"{escaped}"{before[end:]}')
    raise ProposalError(f"In {path} fehlt die Zeile „{name} = […]“.")


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """The rows of a CSV file with the numbers of their lines, the header first."""
    delimiter = _delimiter(path)
    return [
        (number, next(csv.reader([line], delimiter=delimiter)))
        for number, line in enumerate(_lines(path), start=1)
        if line.strip() and not line.lower().startswith("sep=")
    ]


def _delimiter(path: Path) -> str:
    """What parts the cells; only a county's own files have another than ours."""
    if path.parent in (DATA, _REVIEWED_NATIONALITIES.parent):
        return ","
    return delimiter_of("".join(_lines(path)[:1]), _COLUMNS)[0]


def _lines(path: Path) -> list[str]:
    return decoded(path.read_bytes())[0].splitlines(keepends=True)


def _line(row: Iterable[str], delimiter: str) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="").writerow(row)
    return text.getvalue()
