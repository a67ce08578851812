"""Reading what people configure, as strictly as what they deliver: TOML and CSV files into models.

Belongs here: encodings, delimiters, lines, and telling in German what a file holds and what is expected instead; all
faults of a folder are collected and told at once. Does not belong here: what any one file holds (`county.py`).
"""

from __future__ import annotations

import csv
import io
import itertools
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from kim_pipeline import german
from kim_pipeline.contracts.normalise import clean_text, comparable
from kim_pipeline.contracts.toml_lines import KeyPath, key_lines
from kim_pipeline.errors import ConfigurationError

_DELIMITERS = (";", ",", "\t")
_LONGEST = 60
_MOST_TOLD = 30
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")
_AS_FORMULA = re.compile(r'="(.*)"')
_NO_TEXT = "eine Textdatei in UTF-8 (mit oder ohne BOM) oder in der Windows-Kodierung cp1252"
_ENTRY = "einen Wert; hier kennt diese Fassung nichts anderes"
_UNKNOWN = "einen Namen, den diese Fassung kennt; sie beachtet ihn nicht, und die nächste weist ihn zurück"


@dataclass(frozen=True)
class Fault:
    """What is wrong with a configured file.

    Attributes:
        file: its name.
        line: 1-based; None where the file has none that could be named.
        key: the key, column or value that it is about; empty for the whole file.
        found: what is there, in German.
        expected: what should be, in German.
        is_warning: whether the file is taken as it is all the same.
    """

    file: str
    line: int | None
    key: str
    found: str
    expected: str
    is_warning: bool = False

    def __str__(self) -> str:
        """All of it in a sentence."""
        return f"{self.place}: {self.found}; erwartet: {self.expected}."

    @property
    def place(self) -> str:
        """File, line and key, as far as there are any."""
        return ", ".join(filter(None, (self.file, f"Zeile {self.line}" if self.line else "", self.key)))


class Entry(BaseModel):
    """Base of what files hold: nothing is converted or ignored; a field's description says what is expected."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def _plain(text: str) -> str:
    cleaned = clean_text(text)
    if not cleaned:
        raise ValueError("leer")
    if any(unicodedata.category(sign) == "Cc" or sign == "\N{REPLACEMENT CHARACTER}" for sign in cleaned):
        raise ValueError("mit Zeichen, die kein Text sind")
    return cleaned


Plain = Annotated[str, AfterValidator(_plain)]
"""A text of at least one letter, without control characters; white space is collapsed."""

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Placed(Generic[Model]):
    """What a file, or a row of one, holds, and where each of it stands."""

    value: Model
    file: str
    lines: Mapping[KeyPath, int]

    def fault(self, key: KeyPath, found: str, expected: str, *, warns: bool = False) -> Fault:
        """A fault at a key."""
        return Fault(self.file, line_of(self.lines, key), _named(key), found, expected, warns)


def line_of(lines: Mapping[KeyPath, int], key: KeyPath) -> int | None:
    """The line of a key, or of what it stands in; None for what stands nowhere."""
    return next((lines[key[:length]] for length in range(len(key), -1, -1) if key[:length] in lines), None)


def decoded(content: bytes) -> tuple[str, str]:
    """The text of a file and its encoding: UTF-8 with or without BOM, else cp1252.

    Raises:
        ValueError: the bytes are no such text.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content:
        raise ValueError("UTF-16 or no text")
    for encoding in ("utf-8-sig" if content.startswith(b"\xef\xbb\xbf") else "utf-8", "cp1252"):
        try:
            return content.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise ValueError("neither UTF-8 nor cp1252")


def delimiter_of(text: str, columns: Iterable[str]) -> tuple[str, int]:
    """What parts the cells of a CSV, and how many lines stand above its header: `sep=;` is obeyed, as Excel does.

    Args:
        text: the file.
        columns: names that the header may have; the delimiter that finds most of them is taken, `;` on ties.
    """
    first = text.split("\n", 1)[0].strip()
    if first.lower().startswith("sep=") and first[4:] in _DELIMITERS:
        return first[4:], 1
    known = {comparable(name) for name in columns}

    def found(delimiter: str) -> int:
        return len(known & {comparable(cell) for cell in next(csv.reader([first], delimiter=delimiter), [])})

    return max(_DELIMITERS, key=found), 0


@dataclass
class FolderReader:
    """Reads the files of one folder; whatever is wrong with them stands in `faults`."""

    folder: Path
    faults: list[Fault] = field(default_factory=list)

    def text(self, name: str, *, is_required: bool = True) -> str | None:
        """A file's text; None where there is none."""
        path = self.folder / name
        try:
            return decoded(path.read_bytes())[0]
        except FileNotFoundError:
            if is_required:
                self.add(Fault(name, None, "", "Die Datei fehlt", f"eine Datei im Ordner {self.folder}"))
        except OSError as error:
            why = german.system_error(error)
            self.add(Fault(name, None, "", f"Die Datei lässt sich nicht lesen ({why})", "eine lesbare Datei"))
        except ValueError:
            self.add(Fault(name, None, "", "Die Datei ist kein lesbarer Text", _NO_TEXT))
        return None

    def toml(self, name: str, *, is_required: bool = True) -> tuple[dict[str, Any], dict[KeyPath, int]] | None:
        """What a TOML file holds, and the lines of its keys; None where it cannot be read."""
        text = self.text(name, is_required=is_required)
        if text is None:
            return None
        try:
            return tomllib.loads(text), key_lines(text.replace("\r\n", "\n"))
        except tomllib.TOMLDecodeError as error:
            at = _AT_LINE.search(str(error))
            line = int(at[1]) if at else text.count("\n") + 1
            self.add(Fault(name, line, "", *_broken_toml(text.splitlines(), line)))
        return None

    def table(self, name: str, model: type[Model], *, is_required: bool = True) -> Placed[Model] | None:
        """What a TOML file holds, as a model; None where it has faults."""
        found = self.toml(name, is_required=is_required)
        return None if found is None else self.validated(model, name, *found)

    def rows(self, name: str, model: type[Model], *, is_required: bool = True) -> list[Placed[Model]]:
        """The rows of a CSV file with a header, each as a model; those with faults are left out."""
        text = self.text(name, is_required=is_required)
        if text is None:
            return []
        records = self._records(name, text, model)
        header = next((record for record in records if any(record[1])), None)
        if header is None:
            self.add(Fault(name, 1, "", "Die Datei ist leer", f"die Spalten {german.listing(model.model_fields)}"))
            return []
        columns = self._columns(name, header, model)
        if columns is None:
            return []
        made = (self._row(name, model, columns, line, cells) for line, cells in records if any(cells))
        return [row for row in made if row is not None]

    def _records(self, name: str, text: str, model: type[BaseModel]) -> Iterator[tuple[int, list[str]]]:
        """Each record's first line and its cells; what is no CSV ends them."""
        delimiter, above = delimiter_of(text, model.model_fields)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                cells = [clean_text(_AS_FORMULA.sub(r"\1", cell)) for cell in next(reader)]
            except StopIteration:
                return
            except csv.Error:
                expected = "Zellen mit geschlossenen Anführungszeichen, eine Zeile je Eintrag"
                self.add(Fault(name, line, "", "Die Anführungszeichen gehen nicht auf", expected))
                return
            if line > above:
                yield line, cells

    def _columns(self, name: str, header: tuple[int, list[str]], model: type[BaseModel]) -> list[str] | None:
        """The field of each column, unknown ones as they are called; None where they do not suffice."""
        line, cells = header
        names = {comparable(known): known for known in model.model_fields}
        columns = [names.get(comparable(cell), cell) for cell in cells]
        known = german.listing(model.model_fields)
        missing = [n for n, f in model.model_fields.items() if f.is_required() and n not in columns]
        twice = [n for n in model.model_fields if columns.count(n) > 1]
        for column in missing:
            self.add(Fault(name, line, column, "Die Spalte fehlt", f"die Spalten {known}"))
        for column in twice:
            self.add(Fault(name, line, column, "Die Spalte steht mehrmals da", f"die Spalten {known}, jede einmal"))
        for column in columns:
            if column and column not in model.model_fields:
                self.add(Fault(name, line, printable(column), "Die Spalte ist unbekannt", _UNKNOWN, is_warning=True))
        return None if missing or twice else columns

    def _row(
        self, name: str, model: type[Model], columns: Sequence[str], line: int, cells: Sequence[str]
    ) -> Placed[Model] | None:
        stray = [cell for column, cell in itertools.zip_longest(columns, cells, fillvalue="") if cell and not column]
        if stray:
            expected = "nur Zellen unter einer Spalte mit Namen; eine Zelle mit Trennzeichen steht in Anführungszeichen"
            self.add(
                Fault(name, line, "", f"{german.in_quotes(printable(stray[0]))} steht unter keiner Spalte", expected)
            )
            return None
        raw = {c: cell for c, cell in zip(columns, cells, strict=False) if cell and c in model.model_fields}
        return self.validated(model, name, raw, {(): line})

    def validated(
        self, model: type[Model], name: str, raw: Mapping[str, Any], lines: Mapping[KeyPath, int], above: KeyPath = ()
    ) -> Placed[Model] | None:
        """What a file holds, as a model; None where it has faults. Unknown keys are warned of and left out.

        Args:
            model: what it should be.
            name: of the file.
            raw: what was read.
            lines: of the keys.
            above: where `raw` stands in the file.
        """
        try:
            return Placed(model.model_validate(raw), name, lines)
        except ValidationError as error:
            faults = error.errors(include_url=False)
        unknown = [each["loc"] for each in faults if each["type"] == "extra_forbidden"]
        for key in unknown:
            path = (*above, *key)
            self.add(
                Fault(name, line_of(lines, path), _named(path), "Der Name ist unbekannt", _UNKNOWN, is_warning=True)
            )
        others = [each for each in faults if each["type"] != "extra_forbidden"]
        for each in others:
            path = (*above, *each["loc"])
            self.add(
                Fault(
                    name, line_of(lines, path), _named(path), found_by(each), expected_of(model, each["loc"]) or _ENTRY
                )
            )
        return None if others else self.validated(model, name, _without(raw, unknown), lines, above)

    def add(self, *faults: Fault) -> None:
        """Keep faults."""
        self.faults += faults

    @property
    def refused(self) -> list[Fault]:
        """Faults that are no mere warnings."""
        return [fault for fault in self.faults if not fault.is_warning]

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """Mere warnings."""
        return tuple(fault for fault in self.faults if fault.is_warning)


def found_by(error: Mapping[str, Any]) -> str:
    """What pydantic found, in German; the text of an error of ours is its reason."""
    given = error["input"]
    if error["type"] == "missing" or given == "":
        return "Die Angabe fehlt"
    reason = f" ({error['ctx']['error']})" if error["type"] == "value_error" else ""
    return f"{_in_words(given)}{reason}"


def expected_of(model: type[BaseModel], key: KeyPath) -> str:
    """What a key should hold: the description of its field, or of the one that it stands in."""
    described = ""
    current: type[BaseModel] | None = model
    for part in key:
        known = current.model_fields.get(str(part)) if current is not None else None
        if known is not None:
            described = known.description or described
            current = _nested(known.annotation)
    return described


def printable(text: str) -> str:
    """A text as one line of a message can hold it."""
    plain = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}…"


def _nested(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation holds, if it holds one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_nested, get_args(annotation))), None)


def _in_words(given: Any) -> str:
    if isinstance(given, bool):
        return "der Wahrheitswert " + ("true" if given else "false")
    if isinstance(given, (int, float)):
        return f"die Zahl {given}"
    if isinstance(given, str):
        return german.in_quotes(printable(given))
    if isinstance(given, dict):
        return "eine Tabelle"
    return "eine Liste" if isinstance(given, (list, tuple)) else german.in_quotes(printable(str(given)))


def _named(key: KeyPath) -> str:
    """A key as people write it; places in lists are counted from 1."""
    parts = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in key]
    return printable("".join(parts).removeprefix("."))


def _without(raw: Mapping[str, Any], unknown: Iterable[KeyPath]) -> dict[str, Any]:
    kept = deepcopy(dict(raw))
    for *above, last in unknown:
        at: Any = kept
        for part in above:
            at = at[part]
        del at[last]
    return kept


def _broken_toml(lines: Sequence[str], line: int) -> tuple[str, str]:
    """What stands in a line that is no TOML, and what should."""
    there = lines[line - 1].strip() if line <= len(lines) else ""
    expected = (
        "Schlüssel = Wert; Texte, auch Ziffern mit führender Null, in geraden Anführungszeichen, jeder Schlüssel einmal"
    )
    return f"{german.in_quotes(printable(there))} ist kein gültiges TOML", expected


def refusal(folder: Path, faults: Sequence[Fault]) -> str:
    """The German text of an error about a folder that has faults."""
    told = "\n".join(f"- {fault}" for fault in faults[:_MOST_TOLD])
    if len(faults) > _MOST_TOLD:
        told += f"\n- weitere Fehler: {len(faults) - _MOST_TOLD}"
    return (
        f"Die Angaben des Kreises im Ordner {folder} sind fehlerhaft; an den Lieferungen liegt es nicht:\n{told}\n"
        "Bitte berichtigen; „kim county check“ zeigt alle Fehler des Ordners."
    )


class CountyError(ConfigurationError):
    """A county's folder has faults; the German message names file, line, key and what is expected."""

    def __init__(self, folder: Path, faults: Sequence[Fault]) -> None:
        """Tell them all."""
        super().__init__(refusal(folder, faults))
        self.faults = tuple(faults)
