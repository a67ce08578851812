"""The job by which a person decides in the control room what `kim accept` and `kim withdraw` decide on the terminal.

Belongs here: its form, and telling what became of it without names of files. Does not belong here: what a decision does
(`deciding.py`).
"""

import enum

import dagster as dg
from pydantic import Field

from kim_pipeline.deciding import Decision, decide, done
from kim_pipeline.errors import KimError, explained
from kim_pipeline.orchestration.metadata import declared_metadata
from kim_pipeline.settings import Settings

ACCEPT = "accept"


class Subject(enum.Enum):
    """Worum es geht; wie `Acceptance.kind`."""

    file = "file"
    missing = "missing"
    change = "change"
    withdrawn = "withdrawn"


class DecisionForm(dg.Config):
    """Was entschieden wird."""

    kind: Subject = Field(
        default=Subject.file,
        description="„file“: eine angehaltene Lieferung darf zählen. „missing“: was bisher zählte, darf fehlen. "
        "„change“: die Änderung an Programm, Kreisordner oder Einstellungen gilt. „withdrawn“: eine falsche Lieferung "
        "zählt nicht mehr.",
    )
    programme: str = Field(default="", description="Schlüssel des Programms; leer bei „change“.")
    file: str = Field(
        default="",
        description="Datei, bezogen auf den Ordner des Programms; leer bei „change“, und bei „missing“, wenn alles "
        "Fehlende gemeint ist.",
    )
    by: str = Field(default="", description="Wer es entscheidet; nötig.")
    because: str = Field(default="", description="Warum; nötig.")
    undo: bool = Field(default=False, description="Nur bei „withdrawn“: die Datei zählt wieder.")
    erase: bool = Field(
        default=False,
        description="Nur bei „missing“: sofort löschen, was aus den fehlenden Lieferungen entstanden ist.",
    )

    def decision(self) -> Decision:
        """The same as it is decided."""
        return Decision(
            self.kind.value,
            self.programme or None,
            self.file or None,
            self.by,
            self.because,
            undo=self.undo,
            erase=self.erase,
        )


def accept_job(settings: Settings) -> dg.JobDefinition:
    """One decision as a run, so that it queues behind a night, and stays in the control room's history."""

    @dg.op(description="Hält eine Entscheidung fest; sie gilt mit dem nächsten Lauf.")
    def decision(context: dg.OpExecutionContext, config: DecisionForm) -> None:
        said = config.decision()
        try:
            decide(said, settings)
        except (KimError, OSError) as error:
            sentence = explained(error, settings.warehouse, to_all=True)
            if sentence is None:
                raise
            raise dg.Failure(sentence, allow_retries=False) from None
        context.log.info(done(said))
        context.add_output_metadata(declared_metadata({"Ergebnis": done(said)}, "decision"))

    @dg.job(
        name=ACCEPT,
        executor_def=dg.in_process_executor,
        description="Bestätigt, dass ein Lauf veröffentlichte Angaben ersetzen oder wegnehmen darf, oder nimmt eine "
        "falsche Lieferung zurück. kim accept --list zeigt, was wartet.",
    )
    def accept() -> None:
        decision()

    return accept
