"""The folder of deliveries as a whole: what is skipped, what is reported, what counts, what refers to what."""

from __future__ import annotations

import datetime as dt
import os
import random
from pathlib import Path
from typing import Any

import pytest

from kim_pipeline.commands.terminal import console, skipped_files
from kim_pipeline.intake.deliveries import Delivery, Intake, all_findings, counts_by_severity
from kim_pipeline.intake.folder import STILL_WRITTEN, Skipped
from kim_pipeline.intake.intake import take_in
from kim_pipeline.intake.settling import settle
from kim_pipeline.settings import Settings, today
from tests.conftest import direct, put
from tests.here import DirectPool
from tests.workbooks import Page, csv_text, day, request, requests, small_delivery, xlsx

P = "sprachmittlerpool"

MEASURE_HEADER = ["Nr.", "Handlungsfeld", "Maßnahme", "KI-Beteiligung", "Status"]
DECISION_HEADER = ["Nr.", "Datum", "Gremium", "Konzept", "Maßnahme-Nr.", "Art"]
OLD, NEW = "Integrationskonzept 2010", "Handlungskonzept 2016"


def register(as_of: str, **sheets: list[str]) -> bytes:
    """A register of measures: per concept (`old`, `new`) the numbers of its measures."""
    names = {"old": OLD, "new": NEW}
    pages = [
        Page(
            names[concept],
            [[f"Stand: {as_of}"], MEASURE_HEADER, *([n, "Sprache", f"Kurs {n}", "ja", "laufend"] for n in numbers)],
        )
        for concept, numbers in sheets.items()
    ]
    return xlsx(pages)


def decisions(as_of: str, *rows: list[Any]) -> bytes:
    return xlsx([Page("Beschlüsse", [[f"Stand: {as_of}"], DECISION_HEADER, *rows])])


def decision(
    number: str | None, measure: str | None, concept: str | None = NEW, kind: str = "Kenntnisnahme"
) -> list[Any]:
    return [number, day("2023-05-05"), "BIKS", concept, measure, kind]


def settled(intake: Intake, file: str) -> list[tuple[str, int | None, str | None]]:
    return [(f.rule, f.row, f.column_name) for f in delivery(intake, file).settled]


def delivery(intake: Intake, file: str) -> Delivery:
    (found,) = [d for d in intake.deliveries if d.file == file]
    return found


def statuses(intake: Intake) -> dict[str, tuple[str, str | None]]:
    return {d.file: (d.status, d.reason) for d in intake.deliveries}


# --- what is there ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["~$Liste.xlsx", ".DS_Store", "Thumbs.db", "sub/~$Liste.xlsx", "sub/Thumbs.db"])
def test_files_of_the_system_are_skipped_and_told(
    name: str, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    put(settings, P, name, b"whatever")
    put(settings, P, "a.xlsx", small_delivery())
    intake = direct(settings)
    assert [d.file for d in intake.deliveries] == ["a.xlsx"]
    assert intake.unknown == []
    assert [(s.programme, s.file) for s in intake.skipped] == [(P, name)]
    skipped_files(console(), [*intake.skipped, Skipped(P, "b.xlsx", STILL_WRITTEN)])
    said = " ".join(capsys.readouterr().out.split())
    assert "Keine Lieferungen, übergangen: 1 Datei oder Ordner" in said
    assert f"Wird noch geschrieben und beim nächsten Lauf gelesen: {P}/b.xlsx" in said


def test_sub_folders_are_read(settings: Settings) -> None:
    put(settings, P, "2023/1. Halbjahr/a.xlsx", small_delivery("1"))
    put(settings, P, "2023/b.xlsx", small_delivery("2"))
    (settings.deliveries / P / "empty").mkdir()
    intake = direct(settings)
    assert [d.file for d in intake.deliveries] == ["2023/1. Halbjahr/a.xlsx", "2023/b.xlsx"]
    assert all(not d.is_rejected for d in intake.deliveries)


def test_a_folder_under_two_names_is_read_once(settings: Settings) -> None:
    put(settings, P, "2023/a.xlsx", small_delivery("1"))
    (settings.deliveries / P / "2023" / "round").symlink_to(settings.deliveries / P)
    (settings.deliveries / P / "same").symlink_to("2023")
    assert len(direct(settings).deliveries) == 1


def test_what_belongs_to_no_programme_is_reported(settings: Settings) -> None:
    put(settings, "Sprachmitler", "a.xlsx", small_delivery())
    (settings.deliveries / "lose.xlsx").write_bytes(small_delivery())
    (settings.deliveries / "fit").write_text("a file and no folder")
    for name in ("Thumbs.db", ".DS_Store", "~$x.xlsx", ".git"):
        (settings.deliveries / name).write_text("x")
    intake = direct(settings)
    assert intake.unknown == ["Sprachmitler", "fit", "lose.xlsx"]
    assert intake.deliveries == []


def test_a_missing_folder_holds_nothing(settings: Settings) -> None:
    settings.deliveries.rmdir()
    intake = direct(settings)
    assert (intake.deliveries, intake.unknown) == ([], [])


def test_only_the_programmes_asked_for_are_read(settings: Settings) -> None:
    put(settings, P, "a.xlsx", small_delivery())
    put(settings, "fit", "b.xlsx", b"x")
    intake = take_in(settings, only=["fit"], pool=DirectPool(settings))
    assert [d.programme for d in intake.deliveries] == ["fit"]


def test_progress_is_told_per_programme(settings: Settings) -> None:
    for i in range(3):
        put(settings, P, f"{i}.xlsx", small_delivery(str(i)))
    put(settings, P, "copy.xlsx", small_delivery("1"))
    put(settings, "fit", "x.xlsx", b"")
    told: list[tuple[str, int, int]] = []
    take_in(settings, lambda *what: told.append(what), pool=DirectPool(settings))
    assert sorted(told) == [("fit", 1, 1), *((P, i, 4) for i in range(1, 5))]
    again: list[tuple[str, int, int]] = []
    take_in(settings, lambda *what: again.append(what), pool=DirectPool(settings))
    assert sorted(again) == sorted(told)


# --- what counts -----------------------------------------------------------------------------------------------------


def test_the_order_in_which_files_arrive_does_not_matter(settings: Settings, tmp_path: Path) -> None:
    files = {
        ("massnahmen", "Register 2023.xlsx"): register("30.06.2023", new=["1", "2"]),
        ("massnahmen", "Register 2024.xlsx"): register("31.01.2024", new=["2", "3"]),
        ("beschluesse", "alt.xlsx"): decisions("30.06.2023", decision("B1", "1")),
        ("beschluesse", "neu.xlsx"): decisions("31.01.2024", decision("B1", "1"), decision("B2", "2")),
        (P, "a.xlsx"): small_delivery("1"),
        (P, "b.xlsx"): small_delivery("1"),
        (P, "c.csv"): csv_text(requests(request("2"))).encode(),
    }
    seen = set()
    for seed in range(4):
        order = list(files)
        random.Random(seed).shuffle(order)
        folder = settings.model_copy(update={"deliveries": tmp_path / f"in{seed}", "warehouse": tmp_path / "out"})
        for moment, (programme, file) in enumerate(order):
            os.utime(put(folder, programme, file, files[programme, file]), (moment, moment))
        intake = direct(folder)
        facts = [
            (d.programme, d.file, d.status, d.reason, tuple(d.settled), tuple(d.excluded)) for d in intake.deliveries
        ]
        seen.add((intake.inputs_sha256, repr(facts), repr(intake.windows)))
    assert len(seen) == 1


def test_of_identical_bytes_the_later_name_is_a_duplicate(settings: Settings) -> None:
    for name in ("b.xlsx", "a.xlsx", "sub/a.xlsx"):
        put(settings, P, name, small_delivery("1"))
    intake = direct(settings)
    assert statuses(intake) == {
        "a.xlsx": ("counted", None),
        "b.xlsx": ("superseded", "duplicate"),
        "sub/a.xlsx": ("superseded", "duplicate"),
    }


def test_of_equal_rank_the_name_that_sorts_last_counts(settings: Settings) -> None:
    put(settings, P, "a.xlsx", small_delivery("1"))
    put(settings, P, "b.xlsx", small_delivery("2"))
    assert statuses(direct(settings)) == {"a.xlsx": ("superseded", "later_name"), "b.xlsx": ("counted", None)}


def test_a_copy_of_a_rejected_file_is_rejected_too(settings: Settings) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        put(settings, P, name, b"no table")
    assert set(statuses(direct(settings)).values()) == {("rejected", "unreadable")}


def test_the_same_bytes_in_two_programmes_are_two_deliveries(settings: Settings) -> None:
    put(settings, P, "a.xlsx", small_delivery("1"))
    put(settings, "fit", "a.xlsx", small_delivery("1"))
    assert [d.status for d in direct(settings).deliveries] == ["rejected", "counted"]


def test_a_rejected_delivery_removes_nothing(settings: Settings) -> None:
    put(settings, "massnahmen", "1.xlsx", register("30.06.2023", new=["1"]))
    put(settings, "massnahmen", "2.xlsx", b"broken")
    assert statuses(direct(settings)) == {"1.xlsx": ("counted", None), "2.xlsx": ("rejected", "unreadable")}


# --- references between programmes -----------------------------------------------------------------------------------


def test_orphans_are_judged_against_the_register_that_counts_in_superseded_deliveries_too(settings: Settings) -> None:
    put(settings, "massnahmen", "1.xlsx", register("30.06.2023", new=["1", "2"]))
    put(settings, "massnahmen", "2.xlsx", register("31.01.2024", new=["2", "3"]))
    put(settings, "beschluesse", "alt.xlsx", decisions("30.06.2023", decision("B1", "1"), decision("B2", "3")))
    put(settings, "beschluesse", "neu.xlsx", decisions("31.01.2024", decision("B1", "2"), decision("B2", "1")))
    intake = direct(settings)
    assert delivery(intake, "alt.xlsx").status == "superseded"
    assert settled(intake, "alt.xlsx") == [("orphan", 3, "Maßnahme-Nr.")]
    assert settled(intake, "neu.xlsx") == [("orphan", 4, "Maßnahme-Nr.")]
    assert delivery(intake, "neu.xlsx").settled[0].raw == "1"
    (account,) = delivery(intake, "neu.xlsx").accounts
    assert (account["rows_read"], account["accepted"], account["quarantined"]) == (2, 1, 1)
    assert delivery(intake, "neu.xlsx").excluded == [("decisions", "Beschlüsse", 4)]
    assert counts_by_severity(delivery(intake, "neu.xlsx"))["error"] == 1


def test_the_concept_belongs_to_the_number_unless_it_is_empty(settings: Settings) -> None:
    put(settings, "massnahmen", "1.xlsx", register("30.06.2023", old=["1"], new=["2"]))
    rows = [
        decision("B1", "1", OLD),
        decision("B2", "1", NEW),  # that concept has no such number
        decision("B3", "1", None),
        decision("B4", "2", None),
        decision("B5", "3", None),  # neither has it
        decision("B6", None, NEW),
        decision("B7", None, None),
    ]
    put(settings, "beschluesse", "x.xlsx", decisions("31.01.2024", *rows))
    assert settled(direct(settings), "x.xlsx") == [("orphan", 4, "Maßnahme-Nr."), ("orphan", 7, "Maßnahme-Nr.")]


@pytest.mark.parametrize("content", [None, b"broken"])
def test_without_a_register_nothing_is_judged(content: bytes | None, settings: Settings) -> None:
    if content is not None:
        put(settings, "massnahmen", "1.xlsx", content)
    put(settings, "beschluesse", "x.xlsx", decisions("31.01.2024", decision("B1", "99"), decision("B1", "98")))
    assert settled(direct(settings), "x.xlsx") == [("duplicate_key", 4, "Nr.")]


def test_an_empty_register_makes_every_reference_an_orphan(settings: Settings) -> None:
    put(settings, "massnahmen", "1.xlsx", register("30.06.2023", new=[]))
    put(settings, "beschluesse", "x.xlsx", decisions("31.01.2024", decision("B1", "99")))
    assert [rule for rule, _, _ in settled(direct(settings), "x.xlsx")] == ["orphan", "nothing_accepted"]


def test_only_a_row_without_an_error_holds_its_key(settings: Settings) -> None:
    put(settings, "massnahmen", "1.xlsx", register("30.06.2023", new=["1"]))
    rows = [
        decision("B1", "9"),  # an orphan holds no key
        decision("B1", "1", kind="Brief"),  # nor does a row with another error
        decision("B1", "1"),  # this one does
        decision("B1", "9"),  # an orphan and a duplicate
        decision("B1", "1"),
        decision(None, "9"),  # no key, and still an orphan
    ]
    put(settings, "beschluesse", "x.xlsx", decisions("31.01.2024", *rows))
    intake = direct(settings)
    assert settled(intake, "x.xlsx") == [
        ("orphan", 3, "Maßnahme-Nr."),
        ("orphan", 6, "Maßnahme-Nr."),
        ("duplicate_key", 6, "Nr."),
        ("duplicate_key", 7, "Nr."),
        ("orphan", 8, "Maßnahme-Nr."),
    ]
    (account,) = delivery(intake, "x.xlsx").accounts
    assert (account["rows_read"], account["accepted"], account["quarantined"]) == (6, 1, 5)


def test_settling_again_changes_nothing(settings: Settings) -> None:
    put(settings, "massnahmen", "1.xlsx", register("30.06.2023", new=["1"]))
    put(settings, "beschluesse", "x.xlsx", decisions("31.01.2024", decision("B1", "9"), decision("B2", "1")))
    intake = direct(settings)
    before = repr([(d.status, d.settled, d.excluded, d.accounts) for d in intake.deliveries])
    settle(intake, today())
    assert repr([(d.status, d.settled, d.excluded, d.accounts) for d in intake.deliveries]) == before


def test_a_new_register_judges_cached_decisions_anew(settings: Settings) -> None:
    put(settings, "massnahmen", "1.xlsx", register("30.06.2023", new=["1"]))
    put(settings, "beschluesse", "x.xlsx", decisions("31.01.2024", decision("B1", "2"), decision("B2", "1")))
    assert len(settled(direct(settings), "x.xlsx")) == 1
    put(settings, "massnahmen", "2.xlsx", register("31.01.2024", new=["1", "2"]))
    again = direct(settings)
    assert settled(again, "x.xlsx") == []
    assert not delivery(again, "x.xlsx").parsed


# --- what must not replace a good delivery ---------------------------------------------------------------------------


def test_a_stand_after_the_day_of_the_run_rejects(settings: Settings) -> None:
    put(settings, P, "gut.xlsx", small_delivery("1", as_of="2024-01-15"))
    put(settings, P, "morgen.xlsx", small_delivery("2", as_of="2042-02-02"))
    intake = take_in(settings, pool=DirectPool(settings), today=dt.date(2042, 2, 1))
    assert statuses(intake) == {"gut.xlsx": ("counted", None), "morgen.xlsx": ("rejected", "as_of_in_future")}
    late = delivery(intake, "morgen.xlsx")
    assert [(f.rule, f.severity) for f in all_findings(late)] == [("as_of_in_future", "rejected")]
    assert late.accounts == []
    assert late.rejected_because.startswith("Der Stand 02.02.2042 liegt nach dem heutigen Tag (01.02.2042).")


def test_the_day_after_it_counts(settings: Settings) -> None:
    put(settings, P, "gut.xlsx", small_delivery("1", as_of="2024-01-15"))
    put(settings, P, "morgen.xlsx", small_delivery("2", as_of="2042-02-02"))
    first = take_in(settings, pool=DirectPool(settings), today=dt.date(2042, 2, 1))
    then = take_in(settings, pool=DirectPool(settings), today=dt.date(2042, 2, 2))
    assert statuses(then) == {"gut.xlsx": ("superseded", "newer_stand"), "morgen.xlsx": ("counted", None)}
    assert first.inputs_sha256 != then.inputs_sha256


def test_a_delivery_without_one_accepted_row_replaces_nothing(settings: Settings) -> None:
    put(settings, P, "gut.xlsx", small_delivery("1", as_of="2024-01-15"))
    put(settings, P, "neu.xlsx", xlsx([requests(request("1", **{"Anfrage am": "gestern"}), as_of="2024-02-15")]))
    intake = direct(settings)
    assert statuses(intake) == {"gut.xlsx": ("counted", None), "neu.xlsx": ("rejected", "nothing_accepted")}
    empty = delivery(intake, "neu.xlsx")
    assert [f.rule for f in all_findings(empty) if f.severity == "error"] == ["nothing_accepted", "invalid_date"]
    assert all_findings(empty)[0].row == 5
    assert [(a["rows_read"], a["accepted"], a["quarantined"]) for a in empty.accounts] == [(1, 0, 1)]
    assert "keine frühere Lieferung" in empty.rejected_because


def test_a_delivery_without_data_rows_counts(settings: Settings) -> None:
    put(settings, P, "leer.xlsx", xlsx([requests()]))
    assert statuses(direct(settings)) == {"leer.xlsx": ("counted", None)}


def test_orphans_alone_replace_nothing(settings: Settings) -> None:
    """Whether a row is an orphan is known only once the register is: then the earlier decisions count on."""
    put(settings, "massnahmen", "1.xlsx", register("30.06.2023", new=["1"]))
    put(settings, "beschluesse", "alt.xlsx", decisions("31.01.2024", decision("B1", "1")))
    put(settings, "beschluesse", "neu.xlsx", decisions("29.02.2024", decision("B1", "9"), decision("B2", "8")))
    found = statuses(direct(settings))
    assert found["alt.xlsx"] == ("counted", None)
    assert found["neu.xlsx"] == ("rejected", "nothing_accepted")


def test_one_empty_table_leaves_the_others(settings: Settings) -> None:
    cases = ["Fallnummer", "Wohnort", "Anmeldung"]
    needs = ["Fallnummer", "Bedarf", "Festgestellt am", "Ergebnis"]

    def list_of(as_of: str, outcome: str) -> bytes:
        return xlsx(
            [
                Page("Fälle", [[f"Stand: {as_of}"], cases, ["F-1", "Ahlen", day("2023-05-05")]]),
                Page("Bedarfe", [needs, ["F-1", "Sprache", day("2023-05-06"), outcome]]),
            ]
        )

    put(settings, "kim_case_management", "a.xlsx", list_of("15.01.2024", "offen"))
    put(settings, "kim_case_management", "b.xlsx", list_of("15.02.2024", "vielleicht"))
    intake = direct(settings)
    assert statuses(intake) == {"a.xlsx": ("counted", None), "b.xlsx": ("counted", None)}
    counting = {table: windows[0].file for (key, table), windows in intake.windows.items() if windows}
    assert counting == {"cases": "b.xlsx", "needs": "a.xlsx"}
