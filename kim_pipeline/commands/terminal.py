"""What people see in the terminal: progress, the summary of a run, the findings of one workbook. German throughout.

Belongs here: layout and words; each command shows its own with it, so it imports nothing heavy. Colour only repeats
what a word says. Does not belong here: any decision.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from kim_pipeline import german
from kim_pipeline.contracts import programmes

if TYPE_CHECKING:  # nothing of these is needed but by the command that has loaded it
    from kim_pipeline.intake.deliveries import Delivery
    from kim_pipeline.intake.folder import Skipped
    from kim_pipeline.night import CheckResult, ProgrammeSummary
    from kim_pipeline.protection.hiding import Protection
    from kim_pipeline.warehouse.trace import Trace

_PLAIN_WIDTH = 120
_LOUD = ("rejected", "error")
"""Severities that are written in capitals."""
_STYLE = {"rejected": "bold red", "error": "red", "warning": "yellow", "notice": "dim"}


def console(*, stderr: bool = False) -> Console:
    """A console; where output goes to a file, lines are not cut at 80."""
    made = Console(stderr=stderr, highlight=False, soft_wrap=False)
    return made if made.is_terminal else Console(stderr=stderr, highlight=False, width=_PLAIN_WIDTH, no_color=True)


class RunProgress:
    """Progress of a run: a bar per programme in a terminal, else a line when a programme is done."""

    def __init__(self, out: Console, chosen: Sequence[str]) -> None:
        """Prepare the bars.

        Args:
            out: where to.
            chosen: programmes that are shown.
        """
        from kim_pipeline.night import TABLES  # noqa: PLC0415

        self._out, self._chosen, self._of_tables = out, frozenset(chosen), TABLES
        self._bars = Progress(
            TextColumn("{task.description}"), BarColumn(bar_width=30), MofNCompleteColumn(),
            console=out, transient=True, disable=not out.is_terminal,
        )  # fmt: skip
        titles = {key: _short(programmes()[key].title, 30) for key in chosen}
        self._tasks: dict[str, TaskID] = {}
        for key, title in {**titles, TABLES: "Tabellen bauen"}.items():
            self._tasks[key] = self._bars.add_task(title, total=None)

    def __enter__(self) -> RunProgress:
        """Show the bars."""
        self._bars.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """Take the bars away."""
        self._bars.stop()

    def __call__(self, name: str, done: int, total: int) -> None:
        """Tell that `done` of `total` of a programme's deliveries, or of the tables, are done."""
        if name not in self._tasks:
            return
        self._bars.update(self._tasks[name], completed=done, total=total)
        if done == total and not self._out.is_terminal:
            self._out.print(f"{total} Tabellen gebaut" if name == self._of_tables else _done_line(name, total))
        if name == self._of_tables and done == 1:
            for key in self._chosen:
                task = self._bars.tasks[self._tasks[key]]
                self._bars.update(task.id, total=task.total or 0)


def _done_line(name: str, total: int) -> str:
    return f"{programmes()[name].title}: {german.counted(total, 'Lieferung', 'Lieferungen')}"


def run_summary(out: Console, lines: Sequence[ProgrammeSummary]) -> None:
    """The table at the end of a run."""
    layout = next(found for found in _LAYOUTS if out.width >= found.least_width)
    gap = 2 if layout.has_late_column else 1
    table = Table(box=None, padding=(0, gap, 0, 0), header_style="bold", pad_edge=False)
    used = sum(width + gap for _, width in layout.columns)
    title_width = min(out.width - used, max(len(line.title) for line in lines))
    table.add_column("Programm", no_wrap=True, width=title_width, vertical="top")
    for number, (header, width) in enumerate(layout.columns):
        table.add_column(header, justify="right" if number < _NUMBERS else "left", no_wrap=True, width=width)
    for line in lines:
        table.add_row(_short(line.title, title_width), *_summary_cells(line, layout))
    table.add_section()
    table.add_row(*_total_cells(lines), style="bold")
    out.print(table)


@dataclass(frozen=True)
class _Layout:
    """How wide the columns beside the title are; dates have two-digit years where there is little room."""

    least_width: int
    columns: tuple[tuple[str, int], ...]
    has_late_column: bool = True
    day: Callable[[dt.date], str] = german.day


_NUMBERS = 6
_DATES = (("Stand", 10), ("fällig am", 10), ("überfällig", 10))
_LAYOUTS = (
    _Layout(
        146,
        (
            ("geliefert", 9), ("zählt", 6), ("ersetzt", 7), ("zurückgewiesen", 14), ("Zeilen", 9),
            ("in Quarantäne", 13), *_DATES,
        ),
    ),
    _Layout(
        104,
        (
            ("gelie-\nfert", 6), ("\nzählt", 5), ("er-\nsetzt", 5), ("zurück-\ngewiesen", 8), ("\nZeilen", 9),
            ("in Qua-\nrantäne", 8), *((f"\n{name}", width) for name, width in _DATES),
        ),
    ),
    _Layout(
        0,
        (
            ("gelie-\nfert", 6), ("\nzählt", 5), ("er-\nsetzt", 5), ("zurück-\ngew.", 7), ("\nZeilen", 6),
            ("Quaran-\ntäne", 7), ("\nStand", 8), ("\nfällig am", 10),
        ),
        has_late_column=False,
        day=german.short_day,
    ),
)  # fmt: skip


def _summary_cells(line: ProgrammeSummary, layout: _Layout) -> list[str | Text]:
    numbers = (line.delivered, line.counted, line.superseded, line.rejected, line.rows, line.quarantined)
    stand = layout.day(line.as_of) if line.as_of else "–"
    cells: list[str | Text] = [*map(german.number, numbers), stand]
    due = layout.day(line.due_on) if line.due_on else "–"
    if layout.has_late_column:
        return [*cells, due, Text("ja", style="bold red") if line.is_late else "nein"]
    return [*cells, Text(due).append("\nüberfällig", style="bold red") if line.is_late else due]


def _total_cells(lines: Sequence[ProgrammeSummary]) -> list[str]:
    names = ("delivered", "counted", "superseded", "rejected", "rows", "quarantined")
    return ["Summe", *(german.number(sum(getattr(line, name) for line in lines)) for name in names)]


def rejected_deliveries(out: Console, deliveries: Iterable[Delivery]) -> None:
    """A line per rejected delivery with its reason."""
    rejected = [d for d in deliveries if d.status == "rejected"]
    if not rejected:
        return
    out.print()
    out.print(f"Zurückgewiesen ({len(rejected)}):", style="bold")
    for d in rejected:
        name = f"{d.file} ({d.part})" if d.part else d.file
        out.print(Text(f"  {d.programme}/{name}"), soft_wrap=True)
        out.print(Padding(Text(rejection_reason(d)), (0, 0, 0, 4), expand=False))


def held_deliveries(out: Console, held: Sequence[Delivery]) -> None:
    """A line per delivery that is set aside until a person decides, with the reason."""
    if not held:
        return
    out.print()
    out.print(
        f"Angehalten ({len(held)}), bis jemand entscheidet; was bisher zählte, zählt weiter:", style="bold yellow"
    )
    for d in held:
        name = f"{d.file} ({d.part})" if d.part else d.file
        out.print(Text(f"  {d.programme}/{name}"), soft_wrap=True)
        out.print(Padding(Text(d.held or ""), (0, 0, 0, 4), expand=False))
    out.print(Text("  kim accept --list zeigt die Folgen und wie man bestätigt."), soft_wrap=True)


def rejection_reason(delivery: Delivery) -> str:
    """Why a delivery is rejected."""
    return delivery.rejected_because or "nicht lesbar"


def unknown_folders(out: Console, folder: Path, unknown: Sequence[str]) -> None:
    """What lies in the folder of deliveries and belongs to no programme."""
    if unknown:
        out.print()
        out.print(Text(f"Gehört zu keinem Programm und wurde nicht gelesen: {', '.join(unknown)} (in {folder})"))


def skipped_files(out: Console, skipped: Sequence[Skipped]) -> None:
    """How much in the folders is no delivery, and which files the next run reads, with the reason."""
    from kim_pipeline.intake.folder import LEFT, STILL_WRITTEN  # noqa: PLC0415

    later = {
        STILL_WRITTEN: "Wird noch geschrieben und beim nächsten Lauf gelesen",
        LEFT: "Die Zeit zum Lesen (KIM_READING_MINUTES) war um; beim nächsten Lauf wird gelesen",
    }
    number = sum(1 for s in skipped if s.reason not in later)
    if number:
        out.print()
        told = german.counted(number, "Datei oder Ordner", "Dateien oder Ordner")
        out.print(Text(f"Keine Lieferungen, übergangen: {told}"))
    for reason, told in later.items():
        if names := ", ".join(f"{s.programme}/{s.file}" for s in skipped if s.reason == reason):
            out.print()
            out.print(Text(f"{told}: {names}"))


def conspicuous(out: Console, warned: Sequence[CheckResult]) -> None:
    """Checks that keep nothing from being published and found something to look at."""
    if warned:
        out.print()
        out.print("Auffällig, bitte ansehen:", style="bold")
        places_found(out, warned)


def places_found(out: Console, results: Sequence[CheckResult]) -> None:
    """What checks found, and where: the control room shows neither."""
    from kim_pipeline.warehouse.checks import MOST_ROWS  # noqa: PLC0415

    for result in results:
        number = len(result.rows)
        many = "oder mehr Stellen" if number == MOST_ROWS else german.plural(number, "Stelle", "Stellen")
        text = f"{result.check.description} {number} {many} (Prüfung {result.check.name})"
        out.print(Padding(Text(text), (0, 0, 0, 2), expand=False))
        for row in result.rows:
            told = ", ".join(f"{name} {german.day(v) if isinstance(v, dt.date) else v}" for name, v in row.items())
            out.print(Padding(Text(told), (0, 0, 0, 4), expand=False))


def results(out: Console, warehouse: Path, log: Path, protection: Protection) -> None:
    """Where the results are, and that what is hidden has been audited."""
    out.print()
    hidden, cells = german.number(protection.hidden), german.number(protection.cells)
    known = f"neu verloren {german.number(protection.exposed)}, die jemand trotzdem zu genau kennt (kim audit)"
    risk = known if protection.exposed else "keine weitere ist gefährdet"
    lines = {
        "Geheimhaltung": f"{hidden} von {cells} geschützten Zahlen bleiben geheim; geprüft, {risk}",
        "Ergebnisse": f"{warehouse / 'kim.duckdb'} (für Auswertungen)",
        "Intern": f"{warehouse / 'internal.duckdb'} (nur für Berechtigte, mit Fallangaben)",
        "Protokoll": str(log),
    }
    for label, text in lines.items():
        out.print(Text(f"{label + ':':<15}{text}"), soft_wrap=True)


def findings(out: Console, parts: Sequence[Delivery], rows: Sequence[dict[str, object]], limit: int) -> None:
    """The findings of one workbook, by sheet, and the account of each sheet."""
    accounts = _accounts_of_sheets(parts)
    whole = [r for r in rows if r["sheet"] is None and r["severity"] != "rejected"]
    if whole:
        out.print()
        _finding_lines(out, whole, "", limit)
    sheets = list(dict.fromkeys([*accounts, *(str(r["sheet"]) for r in rows if r["sheet"] is not None)]))
    for sheet in sheets:
        ours = [r for r in rows if r["sheet"] == sheet]
        out.print()
        out.print(
            Text(f"Blatt „{sheet}“", style="bold").append(f" – {_account(accounts.get(sheet))}", style="not bold")
        )
        _finding_lines(out, ours, f"Blatt „{sheet}“, ", limit)
    ignored = [sheet for part in parts if part.read for sheet in part.read.ignored_sheets]
    if ignored:
        out.print()
        out.print(Text(f"Nicht gelesen, weil keine Tabelle dieses Programms: {', '.join(f'„{s}“' for s in ignored)}"))


def _accounts_of_sheets(parts: Sequence[Delivery]) -> dict[str, dict[str, Any]]:
    """Sheet → what became of its rows, all tables on it together."""
    found: dict[str, dict[str, Any]] = {}
    for account in (account for part in parts for account in part.accounts):
        summed = found.setdefault(str(account["sheet"]), dict.fromkeys(_COUNTS, 0))
        for name in _COUNTS:
            summed[name] += account[name]
    return found


_COUNTS = ("rows_read", "accepted", "quarantined", "total", "note")


def _account(account: dict[str, Any] | None) -> str:
    if account is None:
        return "nicht gelesen"
    return german.rows_told(account, ": ")


def _finding_lines(out: Console, rows: Sequence[dict[str, object]], prefix: str, limit: int) -> None:
    if not rows:
        out.print("  Keine Befunde.")
        return
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True, min_width=max(map(len, map(_severity, german.SEVERITIES))))
    table.add_column(overflow="fold")
    for row in rows[:limit]:
        severity = str(row["severity"])
        table.add_row(Text(_severity(severity), style=_STYLE[severity]), Text(str(row["message"]).removeprefix(prefix)))
    out.print(Padding(table, (0, 0, 0, 2), expand=False))
    if len(rows) > limit:
        more = len(rows) - limit
        told = german.counted(more, "weiterer Befund", "weitere Befunde")
        out.print(f"  … und {told} (mit --limit mehr zeigen)")


def legend(out: Console, rows: Sequence[dict[str, object]]) -> None:
    """What follows from each kind of finding that there is."""
    found = {row["severity"] for row in rows} - {"rejected"}
    told = [f"{words.one}: {words.follows}." for name, words in german.SEVERITIES.items() if name in found]
    if told:
        out.print(Text(" ".join(told), style="dim"))


def traced(out: Console, found: Trace) -> None:
    """A value, what it means, and the rows behind it."""
    indicator = found.indicator
    member = f", {found.breakdown}" if found.breakdown else ""
    out.print(Text(f"{indicator['label']} – {found.area_name} ({found.area}), {found.period}{member}", style="bold"))
    unit = german.one_of(indicator["unit"]) if found.value == 1 else indicator["unit"]
    out.print(f"Wert: {_decimal(found.value)} {unit}", markup=False)
    if found.denominator is not None:
        parts = (
            f"{indicator['numerator']}: {_decimal(found.numerator)}",
            (f"{indicator['denominator']}: {_decimal(found.denominator)}"),
        )
        out.print(Padding(Text("\n".join(parts)), (0, 0, 0, 2), expand=False))
    out.print(f"Beruht auf n = {_decimal(found.n)}", markup=False)
    out.print(f"Definition: {indicator['definition']}", markup=False)
    out.print(f"Zu beachten: {indicator['caveat']}", markup=False)
    for path in found.sql_files:
        out.print(f"SQL: {path.parent.parent.name}/{path.parent.name}/{path.name}", markup=False, soft_wrap=True)
    for source in found.sources:
        period = f"Zeitraum {source.period}, " if source.period else ""
        out.print()
        out.print(Text(f"{source.programme}/{source.file}"))
        out.print(
            Padding(
                Text(f"{period}Stand {german.day(source.as_of)}, SHA-256 {source.sha256[:12]}…"),
                (0, 0, 0, 2),
                expand=False,
            )
        )
        rows = german.plural(len(source.rows), "Zeile", "Zeilen")
        out.print(Padding(Text(f"Blatt „{source.sheet}“, {rows}: {source.spans}"), (0, 0, 0, 2), expand=False))
    if not found.sources:
        out.print("Keine Zeile: es ist nichts geschehen, oder nichts gemeldet.", markup=False)


def _decimal(value: float | None) -> str:
    if value is None:
        return "keine Angabe"
    return german.exact(value)


def counts_line(rows: Sequence[dict[str, object]]) -> str:
    """How many findings there are, by severity."""
    found = [r["severity"] for r in rows if r["severity"] != "rejected"]
    words = german.SEVERITIES.items()
    parts = [german.counted(found.count(name), told.one, told.many) for name, told in words if name in found]
    return ", ".join(parts) or "keine Befunde"


def _severity(name: str) -> str:
    word = german.SEVERITIES[name].one
    return word.upper() if name in _LOUD else word


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"
