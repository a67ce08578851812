"""What the control room shows to everybody: declared, in classes, and nothing that a delivery holds (`privacy.md`)."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import dagster as dg
import duckdb
import pytest

from kim_pipeline.orchestration.decisions import ACCEPT
from kim_pipeline.orchestration.definitions import build_defs
from kim_pipeline.orchestration.metadata import declared_metadata
from kim_pipeline.protection.declared import (
    ControlRoomPage,
    UndeclaredError,
    label_declaration,
    label_declarations,
    refuse_undeclared_labels,
)
from kim_pipeline.settings import Settings
from kim_pipeline.warehouse import checks
from kim_pipeline.warehouse.checks import Check
from tests.nights import SAMPLE, run
from tests.nights_held import DAY, HELD, held_sample

CLASSES = ("0", "1–9", "10–49", "50–249", "250+")
MARKED = Check("marked_on_purpose", "Findet immer etwas.", "SELECT 'Pfarrgasse' AS place", "core.dim_area")
LOGGED = {"python_logs": {"managed_python_loggers": ["kim_pipeline"], "python_log_level": "INFO"}}
"""As in `dagster.yaml`."""

Shown = Mapping[str, dg.MetadataValue]


@dataclass(frozen=True)
class Night:
    """What a night has shown: each page with its metadata, the lines of its log, and the text of all its events."""

    settings: Settings
    pages: list[tuple[ControlRoomPage, Shown]]
    lines: list[str]
    told: str


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """A night with counted, rejected, held and skipped files, a check that finds something, and a decision."""
    with pytest.MonkeyPatch.context() as patch, dg.DagsterInstance.ephemeral(settings=LOGGED) as instance:
        settings = held_sample(tmp_path_factory.mktemp("shown"))
        for programme in ("angebote", "patenprojekt"):
            shutil.copytree(SAMPLE / programme, settings.deliveries / programme)
        (settings.deliveries / "komm_an" / "~$Antrag.xlsx").write_bytes(b"x")
        patch.setattr("kim_pipeline.night.plausibility_checks", lambda: [MARKED])
        patch.setattr(checks, "plausibility_checks", lambda: [MARKED])
        patch.setattr("kim_pipeline.orchestration.checks.plausibility_checks", lambda: [MARKED])
        result = run(settings, instance, as_of=str(DAY))
        assert result.success
        said = {"programme": "sprachmittlerpool", "file": HELD, "by": "A", "because": "B"}
        decided = (
            build_defs(settings)
            .resolve_job_def(ACCEPT)
            .execute_in_process(instance=instance, run_config={"ops": {"decision": {"config": said}}})
        )
        events = [*instance.all_logs(result.run_id), *instance.all_logs(decided.run_id)]
        lines = [event.user_message for event in events]
        yield Night(settings, list(pages_of(result, decided)), lines, "\n".join(map(text_of, events)))


def text_of(event: dg.EventLogEntry) -> str:
    """All that the UI gets of an entry of the event log."""
    text = json.loads(event.to_json())  # type: ignore[no-untyped-call]
    return f"{event.user_message}\n{json.dumps(text, ensure_ascii=False)}"


def pages_of(*results: dg.ExecuteInProcessResult) -> Iterator[tuple[ControlRoomPage, Shown]]:
    for result in results:
        for event in result.get_asset_materialization_events():
            assert event.asset_key is not None
            yield page_of(event.asset_key), event.materialization.metadata
        for evaluation in result.get_asset_check_evaluations():
            yield "check", evaluation.metadata
        for event in result.all_events:
            if event.event_type == dg.DagsterEventType.STEP_OUTPUT:
                yield "decision", event.step_output_data.metadata or {}


def page_of(key: dg.AssetKey) -> ControlRoomPage:
    match key.path[0]:
        case "deliveries":
            return "deliveries"
        case "published":
            return "published"
        case _:
            return "table"


def test_every_label_is_declared(night: Night) -> None:
    shown = {(page, label) for page, metadata in night.pages for label in metadata}
    assert len({label for _, label in shown}) > 40
    assert {entry for entry in shown if label_declaration(*entry) is None} == set()


def test_what_is_declared_is_shown(night: Night) -> None:
    shown = {(page, label) for page, metadata in night.pages for label in metadata}
    graph = build_defs(night.settings).resolve_asset_graph()
    shown |= {("definition", label) for key in graph.get_all_asset_keys() for label in graph.get(key).metadata}
    headline = next(label for page, label in label_declarations() if page == "published" and label.startswith("{"))
    assert set(label_declarations()) - shown == {("published", headline)}


def test_what_everybody_sees_before_a_run_is_declared() -> None:
    graph = build_defs().resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        refuse_undeclared_labels("definition", graph.get(key).metadata)


@pytest.mark.parametrize("page", ["deliveries", "table", "published", "check", "decision", "definition"])
def test_a_label_that_nobody_declared_is_refused_and_told_where_to_declare_it(page: ControlRoomPage) -> None:
    with pytest.raises(UndeclaredError, match=rf"Neue Zahl.*control_room\.toml, Abschnitt {page}"):
        declared_metadata({"Neue Zahl": 7}, page)


def test_only_headline_figures_have_labels_of_their_own() -> None:
    assert label_declaration("published", "FIT-Gruppen, 2022/23") is not None
    assert label_declaration("published", "Geheime Gruppen, 2022/23") is None
    assert label_declaration("table", "FIT-Gruppen, 2022/23") is None


def test_numbers_of_rows_and_findings_are_classes(night: Night) -> None:
    """A number that is declared an interval is a class, also in the columns of a table."""
    found = 0
    for page, metadata in night.pages:
        for label, value in metadata.items():
            declaration = label_declaration(page, label)
            if declaration is None or declaration.tells != "interval":
                continue
            if isinstance(value, dg.MarkdownMetadataValue):
                columns = 2 if label == "Befunde" else 3
                rows = [
                    line.strip("| ").split(" | ") for line in str(value.value).splitlines()[2:] if line.startswith("|")
                ]
                cells = {cell for row in rows for cell in row[-columns:]}
                found += len(rows)
            else:
                cells = {str(value.value)}
            assert cells <= set(CLASSES), (page, label)
    assert found > 5


def test_no_sentence_of_a_finding_and_no_cell_is_shown(night: Night) -> None:
    with duckdb.connect(str(night.settings.warehouse / "internal.duckdb"), read_only=True) as connection:
        told = connection.execute(
            'SELECT DISTINCT message, raw FROM quality.finding WHERE "row" IS NOT NULL'
        ).fetchall()
    assert len(told) > 5
    assert [message for message, _ in told if message in night.told] == []
    quoted = {raw for _, raw in told if raw and len(raw) > 8}
    assert [raw for raw in sorted(quoted) if raw in night.told] == []


def test_no_offending_row_of_a_check_is_shown(night: Night) -> None:
    assert MARKED.name in night.told
    assert "Pfarrgasse" not in night.told


def test_what_a_night_logs_tells_rows_in_classes(night: Night) -> None:
    """Its log lines are events of its run, which everybody sees."""
    taken_in = [line for line in night.lines if re.match(r"\d+ Lieferungen, davon \d+ neu gelesen\. ", line)]
    assert taken_in
    for line in taken_in:
        parts = line.partition(". ")[2].replace("Befunde: ", "Befunde ").split("; ")
        told = dict(part.split(": ") for part in parts)
        assert set(told) > {"Zeilen gelesen", "Zeilen angenommen", "Befunde Fehler"}
        assert {told[name] for name in told if not name.startswith("Lieferungen")} <= set(CLASSES)
    compared = [line.partition(": ")[2] for line in night.lines if line.startswith("differences from ")]
    assert {part.split(" ")[-1] for told in compared for part in told.split(", ")} <= {*CLASSES, "none"}
    assert compared
