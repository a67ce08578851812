"""What a person decides about a night: what waits, and saying yes, no, or that it was an error.

Belongs here: one decision from what was asked for to the kept word, for the terminal and the control room alike. Does
not belong here: the rule (`guard/judging.py`), and how it is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from kim_pipeline import german
from kim_pipeline.board.page import renew_board
from kim_pipeline.contracts import programmes
from kim_pipeline.guard.acceptances import (
    Acceptance,
    AcceptanceError,
    AcceptanceKind,
    Acceptances,
    added,
    checked_words,
    ended,
    load_acceptances,
    save_acceptances,
)
from kim_pipeline.guard.basis import Basis, UsedInput, basis_before
from kim_pipeline.guard.configuration import configuration_of, hash_of_all
from kim_pipeline.guard.erasure import erase
from kim_pipeline.guard.holds import end_holds
from kim_pipeline.guard.judging import Judgement
from kim_pipeline.guard.kept import file_of
from kim_pipeline.guard.lost_build import hash_of_new_begin
from kim_pipeline.intake.deliveries import Delivery
from kim_pipeline.night import Night, TakenIn, judged, take_in
from kim_pipeline.settings import Settings, today


@dataclass(frozen=True)
class Decision:
    """What a person says.

    Attributes:
        kind: what it is about, see `Acceptance`.
        programme: None for a change.
        file: below the programme's folder; None for a change, and for all that is missing of a programme.
        by, because: who says it, and why.
        undo: whether an earlier word of this kind is taken back instead.
        erase: whether everything that was made of missing deliveries is removed at once.
    """

    kind: AcceptanceKind
    programme: str | None
    file: str | None
    by: str
    because: str
    undo: bool = False
    erase: bool = False


@dataclass
class Waiting:
    """What waits for a decision, as the next night would find it.

    Attributes:
        taken: the deliveries.
        before: what the published build says; None without one.
        judgement: what would be set aside, and what would stop the night.
        configuration: what the next build depends on besides its deliveries.
        acceptances: what people have said so far.
    """

    taken: TakenIn
    before: Basis | None
    judgement: Judgement
    configuration: dict[str, str]
    acceptances: Acceptances = field(default_factory=Acceptances)

    @property
    def missing(self) -> list[UsedInput]:
        """What counts in the published build and is not there any more."""
        present = {(d.programme, d.sha256) for d in self.taken.intake.deliveries if not d.is_kept}
        inputs = self.before.inputs if self.before else ()
        return [i for i in inputs if i.is_counted and (i.programme, i.sha256) not in present]


def waiting(night: Night) -> Waiting:
    """Look at the deliveries as the next night would; the caller holds the warehouse."""
    taken, configuration = take_in(night), configuration_of(night.settings)
    acceptances = load_acceptances(night.warehouse.store)
    judgement = judged(taken, acceptances, configuration)
    return Waiting(taken, basis_before(night.warehouse), judgement, configuration, acceptances)


def decide(decision: Decision, settings: Settings) -> str:
    """Keep what a person says; what was done, in German.

    Raises:
        AcceptanceError: there is nothing to decide, or something is missing in the decision.
        WarehouseBusyError: another run holds the warehouse.
        OSError: the folder cannot be written to.
    """
    by, because = checked_words(decision.by, decision.because)
    if decision.erase and decision.kind != "missing":
        raise AcceptanceError("Gelöscht wird nur, was aus fehlenden Lieferungen entstanden ist („missing“).")
    if decision.undo and decision.kind != "withdrawn":
        raise AcceptanceError("Aufgehoben wird nur, dass eine Lieferung zurückgezogen ist („withdrawn“).")
    night = Night(settings=settings, as_of=today())
    with night.warehouse.lock():
        found = waiting(night)
        subjects = _subjects(decision, found)
        at = night.started_at.replace(microsecond=0)
        if decision.undo:
            now = ended(found.acceptances, decision.kind, [(s.programme, s.sha256) for s in subjects], at)
        else:
            new = [Acceptance(decision.kind, s.programme, s.file, s.sha256, by, because, at) for s in subjects]
            now = added(found.acceptances, new)
        save_acceptances(night.warehouse.store, now)
        gone = erase(night.warehouse, settings, _inputs(subjects, found)) if decision.erase else None
        end_holds(night.warehouse.store, _ended(decision, subjects))
        renew_board(settings, night.as_of, night.started_at)
    return _said(decision, subjects, None if gone is None else len(gone))


def _ended(decision: Decision, subjects: Sequence[_Subject]) -> set[tuple[str, str | None, str]]:
    """What does not wait any more; of a programme whose missing files were named one by one the next night says it."""
    if decision.undo or (decision.kind == "missing" and decision.file is not None):
        return set()
    if decision.kind in ("file", "withdrawn"):
        return {("file", s.programme, s.sha256) for s in subjects}
    return {(decision.kind, s.programme, "") for s in subjects}


@dataclass(frozen=True)
class _Subject:
    """What a decision is about."""

    programme: str | None
    file: str | None
    sha256: str


def _subjects(decision: Decision, found: Waiting) -> list[_Subject]:
    if decision.kind == "change":
        return [_change(found)]
    if decision.programme is None or decision.programme not in programmes():
        raise AcceptanceError(f"„{decision.programme or ''}“ ist kein Programm. Es gibt: {', '.join(programmes())}.")
    if decision.kind == "missing":
        return _missing(decision, found)
    if decision.file is None:
        raise AcceptanceError("Bitte die Datei nennen, bezogen auf den Ordner des Programms.")
    return [_delivery(decision, found)]


def _change(found: Waiting) -> _Subject:
    if not any(not q.missing for q in found.judgement.questions):
        raise AcceptanceError("Keine Änderung nimmt veröffentlichte Angaben weg; es ist nichts zu bestätigen.")
    if any(q.is_lost for q in found.judgement.questions):
        return _Subject(None, None, hash_of_new_begin(found.taken.intake.inputs_sha256))
    return _Subject(None, None, hash_of_all(found.configuration))


def _missing(decision: Decision, found: Waiting) -> list[_Subject]:
    ours = [i for i in found.missing if i.programme == decision.programme]
    named = [i for i in ours if decision.file is None or file_of(i.file) == _plain(decision.file)]
    if not named:
        there = german.quoted_listing(sorted({file_of(i.file) for i in ours}))
        rest = f" Es {german.plural(len(ours), 'fehlt', 'fehlen')}: {there}." if ours else ""
        sentence = f"Von {_title(decision)} fehlt das nicht, was bisher zählte."
        raise AcceptanceError(f"{sentence}{rest}", sentence)
    return list(dict.fromkeys(_Subject(i.programme, file_of(i.file), i.sha256) for i in named))


def _delivery(decision: Decision, found: Waiting) -> _Subject:
    name = _plain(decision.file or "")
    given = f"Die genannte Datei von {_title(decision)}"
    ours = [d for d in found.taken.intake.of(decision.programme or "") if d.file == name and not d.is_kept]
    if not ours:
        raise AcceptanceError(f"Die Datei „{name}“ gibt es im Ordner von {_title(decision)} nicht.", f"{given} fehlt.")
    sha256 = ours[0].sha256
    if sha256 is None:
        raise AcceptanceError(f"Die Datei „{name}“ lässt sich nicht lesen.", f"{given} lässt sich nicht lesen.")
    if decision.kind == "file" and not any(d.held for d in ours):
        state = "ist nicht angehalten; es ist nichts zu bestätigen."
        raise AcceptanceError(f"Die Datei „{name}“ {state}", f"{given} {state}")
    is_withdrawn = (decision.programme, sha256) in found.acceptances.holding("withdrawn")
    if decision.kind == "withdrawn" and decision.undo != is_withdrawn:
        state = "schon" if is_withdrawn else "nicht"
        raise AcceptanceError(f"Die Datei „{name}“ ist {state} zurückgezogen.", f"{given} ist {state} zurückgezogen.")
    return _Subject(decision.programme, name, sha256)


def _plain(file: str) -> str:
    return PurePosixPath(file).as_posix()


def _title(decision: Decision) -> str:
    return programmes()[decision.programme].title if decision.programme in programmes() else ""


def _inputs(subjects: Sequence[_Subject], found: Waiting) -> list[UsedInput]:
    wanted = {(s.programme, s.sha256) for s in subjects}
    return [i for i in (found.before.inputs if found.before else ()) if (i.programme, i.sha256) in wanted]


def done(decision: Decision) -> str:
    """What a decision that was kept means, in German, for those who are not told names of files."""
    ours = f"Lieferung von {_title(decision)}"
    meant = {
        "file": f"Bestätigt: die angehaltene {ours} darf veröffentlichte Angaben ersetzen.",
        "missing": f"Bestätigt: die fehlende {ours} darf fehlen, bis sie wieder da ist.",
        "change": "Bestätigt: die Änderung an Programm, Kreisordner oder Einstellungen gilt.",
        "withdrawn": f"Zurückgezogen: eine {ours} zählt nicht mehr.",
    }[decision.kind]
    if decision.undo:
        meant = f"Aufgehoben: die zurückgezogene {ours} zählt wieder."
    return f"{meant} Es gilt mit dem nächsten Lauf."


def _said(decision: Decision, subjects: Sequence[_Subject], removed: int | None) -> str:
    names = german.quoted_listing([s.file for s in subjects if s.file])
    done = {
        "file": f"Bestätigt: {names} darf veröffentlichte Angaben ersetzen.",
        "missing": f"Bestätigt: {names} darf fehlen, bis die Datei wieder da ist.",
        "change": "Bestätigt: die Änderung gilt.",
        "withdrawn": f"Zurückgezogen: {names} zählt ab dem nächsten Lauf nicht mehr.",
    }[decision.kind]
    if decision.undo:
        done = f"Aufgehoben: {names} zählt ab dem nächsten Lauf wieder."
    erased = (
        ""
        if removed is None
        else (
            f" Gelöscht ist, was daraus entstanden war ({german.counted(removed, 'Eintrag', 'Einträge')}); bis zum "
            "nächsten Lauf kann internal.duckdb fehlen."
        )
    )
    return f"{done}{erased} Es gilt mit dem nächsten Lauf (kim run)."


def effect_of(delivery: Delivery, found: Waiting) -> list[str]:
    """What a held delivery would take away, sentence by sentence."""
    falls = found.judgement.falls.get((delivery.programme, *delivery.owner), [])
    return list(dict.fromkeys(fall.told for fall in falls)) or [delivery.held or ""]
