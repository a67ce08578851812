"""What a night sets aside, and what stops it: no figure that is published goes without a person's word.

Belongs here: the rule of `deliveries.md` §4a, as a deterministic loop: settle, compare with the published build, set
aside the newest delivery that a fall comes from, and again. Does not belong here: what a fall is (`falls.py`), what
people have said (`acceptances.py`).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kim_pipeline import german
from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.limits import HoldLimits
from kim_pipeline.contracts.vocabulary import vocabulary
from kim_pipeline.errors import KimError
from kim_pipeline.files import Store
from kim_pipeline.guard import configuration
from kim_pipeline.guard.acceptances import Acceptances
from kim_pipeline.guard.basis import Basis, UsedInput, basis_of_trial
from kim_pipeline.guard.falls import Fall, falls, programme_tables, told_together
from kim_pipeline.guard.kept import KeptRows, file_of, find_kept, kept_deliveries
from kim_pipeline.guard.lost_build import hash_of_new_begin, remembers_a_build
from kim_pipeline.intake.deliveries import Delivery, Intake
from kim_pipeline.intake.settling import rivals_of, settle
from kim_pipeline.settings import Settings

_DERIVED = "foreigners_rate"
"""What figures per 1,000 are divided by belongs to the programme of this indicator."""
_LONGEST_LIST = 5
_LOST = (
    "Im Ordner state liegt, was frühere Läufe hinterlassen haben, aber kein Datenbestand ist lesbar, mit dem sich "
    "vergleichen ließe. Bitte die Sicherung ganz zurückspielen."
)


class HeldNightError(KimError):
    """A night that would take figures away, and nothing that could be set aside; the German message says what to do."""

    def __init__(self, message: str, public: str) -> None:
        """Keep both texts: the one for the office, with names and numbers, and the one for all."""
        super().__init__(message)
        self._public = public

    @property
    def public(self) -> str:
        """The same without names of files and numbers."""
        return self._public


@dataclass(frozen=True)
class Question:
    """What a person must decide before a night can publish.

    Attributes:
        missing: inputs of the published build that are gone, and that the falls come from; none where the
            configuration has changed.
        changes: parts of the configuration that differ, where no delivery is new or gone.
        falls: what would be gone.
        is_lost: whether there is state, and no build that can be compared with; then there is nothing else.
    """

    missing: tuple[UsedInput, ...] = ()
    changes: tuple[str, ...] = ()
    falls: tuple[Fall, ...] = ()
    is_lost: bool = False


@dataclass
class Judgement:
    """What becomes of a night.

    Attributes:
        held: deliveries that are set aside; each says why (`Delivery.held`).
        falls: file and part of a held delivery with its programme → what it would take away.
        kept: rows that count although their bytes are gone.
        questions: what stops the night.
    """

    held: list[Delivery] = field(default_factory=list)
    falls: dict[tuple[str, str, str], list[Fall]] = field(default_factory=dict)
    kept: list[KeptRows] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)


@dataclass(frozen=True)
class Case:
    """What is judged: the published build's word, the deliveries of the night, what people have said.

    Attributes:
        before: what the published build rests on and shows.
        intake: the deliveries of the night; held ones and kept rows are written into it.
        settings: folders.
        as_of: day of the run.
        acceptances: what people have said.
        limits: programme → from when on a fall is one.
        may_be_missing: programmes of which everything that counted may be gone in this run.
        now: what this night depends on besides its deliveries.
        scratch: where a trial build may be written.
    """

    before: Basis
    intake: Intake
    settings: Settings
    as_of: dt.date
    acceptances: Acceptances
    limits: dict[str, HoldLimits]
    may_be_missing: frozenset[str]
    now: dict[str, str]
    scratch: Path


def judge(case: Case) -> Judgement:
    """Set aside what takes published figures away, and find what stops the night.

    The deliveries of the case are settled as they will count: held ones aside, kept rows in the place of bytes that
    are gone.
    """
    return _Judge(case).judge()


def told_question(question: Question) -> str:
    """One question as a German text: what would be gone, what it comes from, how to decide."""
    if question.is_lost:
        return f"{_LOST} Soll ohne Vergleich neu gebaut werden: kim accept --change --by NAME --because GRUND"
    effect = told_together(question.falls)
    if not question.missing:
        return (
            f"Keine Lieferung ist neu oder fehlt, und doch wären veröffentlichte Angaben nicht mehr da: {effect} "
            f"Geändert hat sich: {configuration.told_changes(question.changes)}. Ist das gewollt: "
            "kim accept --change --by NAME --because GRUND"
        )
    by_programme: dict[str, list[str]] = {}
    for item in question.missing:
        by_programme.setdefault(item.programme, []).append(file_of(item.file))
    which = german.listing(
        f"{_first(files)} ({programmes()[key].title}, Ordner {key})" for key, files in by_programme.items()
    )
    accept = " oder ".join(f"kim accept {key} --missing --by NAME --because GRUND" for key in by_programme)
    return (
        f"Es fehlen Lieferungen, die bisher zählten: {which}. {effect} Bitte prüfen, ob der Ordner der Lieferungen "
        f"eingebunden ist und ob Dateien gelöscht wurden. Soll der Datenbestand ohne sie erscheinen: {accept}"
    )


def without_a_build(store: Store, acceptances: Acceptances, inputs_sha256: str) -> Judgement:
    """What becomes of a night that has no build to compare with: a first one may pass, any other needs a word.

    Args:
        store: the warehouse.
        acceptances: what people have said.
        inputs_sha256: of the deliveries of the night.
    """
    is_accepted = (None, hash_of_new_begin(inputs_sha256)) in acceptances.holding("change")
    if is_accepted or not remembers_a_build(store, acceptances):
        return Judgement()
    return Judgement(questions=[Question(is_lost=True)])


def _first(files: Iterable[str]) -> str:
    """The first few names in quotation marks, and how many more there are."""
    names = sorted(set(files))
    more = len(names) - _LONGEST_LIST
    shown = [german.in_quotes(name) for name in names[:_LONGEST_LIST]]
    return german.listing([*shown, german.counted(more, "weitere", "weitere")] if more > 0 else shown)


def stopped(questions: Sequence[Question]) -> HeldNightError:
    """The error of a night that such questions stop."""
    begin = "Der Lauf hat angehalten, bevor etwas veröffentlicht wurde."
    keys = dict.fromkeys(item.programme for question in questions for item in question.missing)
    which = german.listing(f"{programmes()[key].title} (Ordner {key})" for key in keys)
    missing = f" Es fehlen Lieferungen, die bisher zählten, von {which}." if keys else ""
    changes = [name for question in questions for name in question.changes]
    changed = f" Geändert hat sich: {configuration.told_changes(changes)}." if changes else ""
    lost = f" {_LOST}" if any(question.is_lost for question in questions) else ""
    public = f"{begin}{missing}{changed}{lost} kim accept --list zeigt, was das wegnähme und wie man entscheidet."
    return HeldNightError(" ".join((begin, *(told_question(question) for question in questions))), public)


def limits_of_county() -> dict[str, HoldLimits]:
    """Programme → from when on a fall of its rows is one."""
    county = vocabulary().county
    return {key: county.limits(key) for key in programmes()}


class _Judge:
    def __init__(self, case: Case) -> None:
        self._case = case
        self._found = Judgement()
        self._accepted = case.acceptances.holding("file")
        self._missing = case.acceptances.holding("missing")
        self._present = frozenset((d.programme, d.sha256) for d in case.intake.deliveries)
        self._names = frozenset((d.programme, d.file) for d in case.intake.deliveries)
        self._waiting = frozenset((s.programme, s.file) for s in case.intake.skipped)
        self._gone = tuple(
            i for i in case.before.inputs if i.is_counted and (i.programme, i.sha256) not in self._present
        )
        self._changed = configuration.changed_parts(case.before.configuration, case.now)

    def judge(self) -> Judgement:
        if self._nothing_new():
            return self._found
        while self._hold_rivals():
            self._settle()
        while True:
            found = [fall for fall in self._falls() if not self._is_withdrawn(fall)]
            decided: set[str] = set()
            open_questions: list[tuple[Fall, Question]] = []
            for fall in found:
                if fall.programme not in decided and self._set_aside(fall, found):
                    decided.add(fall.programme)
            if decided:
                self._settle()
                continue
            for fall in found:
                question = self._question(fall)
                if question is not None:
                    open_questions.append((fall, question))
            self._found.questions = _together(open_questions)
            return self._found

    def _nothing_new(self) -> bool:
        """Whether nothing can have fallen: the same deliveries, and nothing else has changed."""
        is_new = any(self._is_new(d) for d in self._case.intake.deliveries if d.status in ("counted", "superseded"))
        used = {(d.programme, d.sha256) for d in self._case.intake.deliveries if d.status == "counted"}
        counted = {(i.programme, i.sha256) for i in self._case.before.inputs if i.is_counted}
        return not is_new and counted <= used and not self._changed

    def _settle(self) -> None:
        settle(self._case.intake, self._case.as_of)

    def _falls(self) -> list[Fall]:
        case = self._case
        after = basis_of_trial(case.intake, case.settings, case.as_of, case.scratch)
        new = frozenset(
            (d.programme, d.file) for d in case.intake.deliveries if d.status == "counted" and self._is_new(d)
        )
        return falls(case.before, after, new, case.limits)

    def _is_withdrawn(self, fall: Fall) -> bool:
        """Whether what falls rested on a delivery that a person has taken out."""
        withdrawn = self._case.intake.withdrawn
        return any(
            (i.programme, i.sha256) in withdrawn and self._counted_on(i, fall)
            for programme in self._programmes_of(fall)
            for i in self._case.before.inputs
            if i.programme == programme and i.is_counted
        )

    def _is_new(self, delivery: Delivery) -> bool:
        return (delivery.programme, delivery.sha256) not in self._case.before.known

    def _is_accepted(self, delivery: Delivery) -> bool:
        return (delivery.programme, delivery.sha256) in self._accepted

    def _hold_rivals(self) -> bool:
        """Set aside what may be the other part of a list: the same table, Stand and days, and no key in common."""
        for programme in programmes().values():
            for loser, winner, common in rivals_of(self._case.intake, programme):
                new = [d for d in (loser, winner) if self._is_new(d) and not self._is_accepted(d)]
                if common == 0 and new and not any(map(self._is_accepted, (loser, winner))):
                    other = winner if new[0] is loser else loser
                    self._hold(new[0], _rival_told(other), [])
                    return True
        return False

    def _set_aside(self, fall: Fall, found: Sequence[Fall]) -> bool:
        """Hold the newest delivery that a fall comes from, or bring back rows whose bytes were overwritten."""
        for programme in self._programmes_of(fall):
            sources = [d for d in self._new_sources(programme, fall) if not self._is_accepted(d)]
            if sources:
                newest = max(sources, key=_newest)
                overwrote = [i for i in self._overwritten(programme) if file_of(i.file) == newest.file]
                together = [d for d in sources if d.owner == newest.owner or (overwrote and d.file == newest.file)]
                for delivery in together:
                    theirs = [f for f in found if f.programme == fall.programme and self._comes_from(delivery, f)]
                    self._hold(delivery, told_together(theirs or [fall]), theirs or [fall])
                self._bring_back(overwrote)
                return True
            if any(self._is_accepted(d) for d in self._new_sources(programme, fall)):
                return False
            if self._bring_back(i for i in self._overwritten(programme) if self._counted_on(i, fall)):
                return True
        return False

    def _programmes_of(self, fall: Fall) -> list[str]:
        """The programmes whose deliveries a fall may come from, its own first."""
        derived = self._case.before.indicators.get(_DERIVED, ("", ""))[0]
        others = [derived] if fall.figure and derived in programmes() and derived != fall.programme else []
        return [fall.programme, *others]

    def _new_sources(self, programme: str, fall: Fall) -> list[Delivery]:
        """New deliveries that count on the days of a fall, or that overwrote one which did."""
        ours = self._case.intake.of(programme)
        return [d for d in ours if self._is_new(d) and d.held is None and self._comes_from(d, fall)]

    def _comes_from(self, delivery: Delivery, fall: Fall) -> bool:
        windows = (w for key in programme_tables(delivery.programme) for w in self._case.intake.windows.get(key, ()))
        counts = any(w.owner == delivery.owner and fall.touches(w.days) for w in windows)
        return counts or (
            not delivery.is_rejected
            and any(
                file_of(i.file) == delivery.file and self._counted_on(i, fall)
                for i in self._overwritten(delivery.programme)
            )
        )

    def _counted_on(self, item: UsedInput, fall: Fall) -> bool:
        """Whether an input of the published build counted on the days of a fall."""
        if not self._case.before.spans:
            return True
        spans = (s for key in programme_tables(item.programme) for s in self._case.before.spans.get(key, ()))
        return any((s.file, s.part) == (item.file, item.part) and fall.touches(s.days) for s in spans)

    def _overwritten(self, programme: str) -> list[UsedInput]:
        """Inputs whose bytes are gone while their file's name is there, and whose rows were not brought back."""
        there = self._names | self._waiting
        kept = {(k.programme, k.sha256) for k in self._found.kept}
        return [
            i
            for i in self._gone
            if i.programme == programme
            and (programme, file_of(i.file)) in there
            and (programme, i.sha256) not in kept | self._missing
        ]

    def _hold(self, delivery: Delivery, reason: str, found: Sequence[Fall]) -> None:
        delivery.held = reason
        self._found.held.append(delivery)
        self._found.falls[delivery.programme, *delivery.owner] = list(found)

    def _bring_back(self, items: Iterable[UsedInput]) -> bool:
        """Let kept rows count again; whether there are any."""
        found = False
        for item in {(i.programme, i.sha256): i for i in items}.values():
            kept = find_kept(self._case.settings, item.programme, item.sha256, file_of(item.file))
            if kept is not None:
                self._case.intake.deliveries += kept_deliveries(kept)
                self._found.kept.append(kept)
                found = True
        self._case.intake.deliveries.sort(key=lambda d: (d.programme, d.file, d.part))
        return found

    def _question(self, fall: Fall) -> Question | None:
        """What a person must decide about a fall; None where that is decided."""
        for programme in self._programmes_of(fall):
            if any(self._is_accepted(d) for d in self._new_sources(programme, fall)):
                return None
            were = [i for i in self._still_gone(programme) if self._counted_on(i, fall)]
            missing = tuple(i for i in were if not self._may_be_missing(i))
            if missing:
                return Question(missing, (), (fall,))
            if were:
                return None
        accepted = (None, configuration.hash_of_all(self._case.now)) in self._case.acceptances.holding("change")
        return None if accepted else Question((), tuple(self._changed), (fall,))

    def _still_gone(self, programme: str) -> list[UsedInput]:
        """Inputs that are gone and whose rows were not brought back."""
        kept = {(k.programme, k.sha256) for k in self._found.kept}
        return [i for i in self._gone if i.programme == programme and (i.programme, i.sha256) not in kept]

    def _may_be_missing(self, item: UsedInput) -> bool:
        return item.programme in self._case.may_be_missing or (item.programme, item.sha256) in self._missing


def _newest(delivery: Delivery) -> tuple[dt.date, str, str]:
    as_of = delivery.read.as_of if delivery.read else None
    return as_of or dt.date.min, delivery.file, delivery.part


def _rival_told(other: Delivery) -> str:
    return (
        f"Die Datei „{other.file}“ hat denselben Stand und Zeitraum, und keine Nummer steht in beiden; es können zwei "
        "Teile einer Liste sein. Bitte mit der Stelle klären."
    )


def _together(found: Sequence[tuple[Fall, Question]]) -> list[Question]:
    """Questions about the same missing deliveries, or about the configuration, as one each."""
    together: dict[tuple[object, ...], Question] = {}
    for fall, question in found:
        key = (frozenset(i.programme for i in question.missing), question.changes)
        known = together.get(key)
        if known is None:
            together[key] = question
        else:
            missing = tuple(dict.fromkeys((*known.missing, *question.missing)))
            together[key] = dataclasses.replace(known, missing=missing, falls=(*known.falls, fall))
    return list(together.values())
