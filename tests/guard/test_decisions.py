"""What people say: accepting, withdrawing, erasing; and what it does not let pass."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from kim_pipeline import cli, night
from kim_pipeline.files import Store
from kim_pipeline.guard import basis, effect
from kim_pipeline.guard.acceptances import AcceptanceError, load_acceptances
from kim_pipeline.guard.basis import UsedInput
from kim_pipeline.guard.erasure import erase
from kim_pipeline.guard.falls import Fall
from kim_pipeline.guard.judging import Question, told_question
from kim_pipeline.publishing.builds import Warehouse
from tests.guard.nights import SEQUENCES, WORDS, House, house
from tests.quick_nights import NOTHING_FOUND


@pytest.fixture(scope="module", autouse=True)
def unaudited() -> Iterator[None]:
    """What is decided here is what counts; that nights are audited `test_sequences.py` shows of the same deliveries."""
    with mock.patch.object(night, "audit_build", return_value=NOTHING_FOUND):
        yield


@pytest.fixture(scope="module")
def published_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("decisions")
    place = house(folder)
    place.add("overwritten", "night1")
    place.add("file_deleted", "night1")
    assert place.run() == 0
    return folder


@pytest.fixture
def place(published_once: Path, tmp_path: Path) -> House:
    shutil.copytree(published_once, tmp_path, symlinks=True, dirs_exist_ok=True)
    return House(tmp_path, nights=1)


def everything_of(folder: Path, sha256: str) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if sha256 in path.name)


def sha256_of(place: House, programme: str, file: str) -> str:
    ((found,),) = place.ask("SELECT sha256 FROM quality.delivery WHERE programme = ? AND file = ?", programme, file)
    return str(found)


def test_an_empty_share_stops_the_night_and_removes_nothing(place: House, capsys: pytest.CaptureFixture[str]) -> None:
    build, cached = place.build(), set(place.settings.cache.glob("*/*"))
    shutil.rmtree(place.deliveries)
    place.deliveries.mkdir()
    assert place.kim("run", "--full") == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "„2023.xlsx“ (Sprachmittlerpool, Ordner sprachmittlerpool)" in said
    assert "kim accept komm_an --missing" in said
    assert place.build() == build
    assert set(place.settings.cache.glob("*/*")) == cached


def test_what_is_told_to_all_names_no_file_and_no_number(place: House) -> None:
    (place.deliveries / "sprachmittlerpool" / "2023.xlsx").unlink()
    assert place.run() == 1
    told = (place.settings.logs / "alerts.log").read_text(encoding="utf-8")
    assert "Sprachmittlerpool" in told
    assert "2023.xlsx" not in told
    assert "40" not in told


def test_missing_ends_when_the_bytes_are_back(place: House) -> None:
    path = place.deliveries / "komm_an" / "2022.xlsx"
    content = path.read_bytes()
    path.unlink()
    assert place.kim("accept", "komm_an", "--missing", *WORDS) == 0
    assert place.run() == 0
    assert place.figure("komm_an_projects", "2022") is None
    path.write_bytes(content)
    assert place.run() == 0
    assert place.figure("komm_an_projects", "2022") == 22
    path.unlink()
    assert place.run() == 1


def test_the_accepted_bytes_pass_and_others_do_not(place: House) -> None:
    place.add("overwritten", "night2")
    assert place.run() == 0
    assert place.status("sprachmittlerpool")["2023.xlsx"] == "held"
    assert place.kim("accept", "sprachmittlerpool", "2023.xlsx", *WORDS) == 0
    assert place.run() == 0
    assert place.figure("smp_requests", "2023") == 2
    assert not list((place.warehouse / "state").glob("kept/*/*"))


def test_kept_rows_last_without_the_cache(place: House) -> None:
    place.add("overwritten", "night2")
    assert place.run() == 0
    shutil.rmtree(place.settings.cache)
    assert place.run() == 0
    assert place.figure("smp_requests", "2023") == 40
    status = place.status("sprachmittlerpool")
    assert sorted(status.values()) == ["counted", "held"]
    assert any("gelesen mit Version" in name for name in status)
    kept = place.warehouse / "state" / "kept"
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept.rglob("*"))


def test_a_broken_file_over_a_good_one_stops_nothing(place: House) -> None:
    (place.deliveries / "sprachmittlerpool" / "2023.xlsx").write_bytes(b"broken")
    assert place.run() == 0
    assert place.status("sprachmittlerpool")["2023.xlsx"] == "rejected"
    assert place.figure("smp_requests", "2023") == 40


def test_withdrawn_it_does_not_count_until_that_is_undone(place: House) -> None:
    assert place.kim("withdraw", "sprachmittlerpool", "2023.xlsx", *WORDS) == 0
    assert place.run() == 0
    assert place.status("sprachmittlerpool")["2023.xlsx"] == "rejected"
    assert place.figure("smp_requests", "2023") is None
    assert place.kim("withdraw", "sprachmittlerpool", "2023.xlsx", "--undo", *WORDS) == 0
    assert place.run() == 0
    assert place.figure("smp_requests", "2023") == 40


def test_what_replaces_a_withdrawn_delivery_is_not_held(place: House) -> None:
    assert place.kim("withdraw", "sprachmittlerpool", "2023.xlsx", *WORDS) == 0
    place.add("wrong_year_mixed", "night2")
    assert place.run() == 0
    assert place.status("sprachmittlerpool")["korrigiert.ods"] == "counted"


def test_erased_nothing_is_left_of_the_bytes(place: House) -> None:
    sha256 = sha256_of(place, "sprachmittlerpool", "2023.xlsx")
    assert everything_of(place.warehouse, sha256)
    place.add("overwritten", "night2")
    assert place.run() == 0
    assert any("kept" in path.parts for path in everything_of(place.warehouse, sha256))
    (place.deliveries / "sprachmittlerpool" / "2023.xlsx").unlink()
    assert place.kim("accept", "sprachmittlerpool", "2023.xlsx", "--missing", "--erase", *WORDS) == 0
    assert everything_of(place.warehouse, sha256) == []
    assert not list((place.warehouse / "builds").glob("internal_*"))
    assert place.run() == 0
    assert place.figure("smp_requests", "2023") is None
    assert place.figure("komm_an_projects", "2022") == 22


def test_a_change_of_the_configuration_stops_the_night(
    place: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    models = [
        dataclasses.replace(
            model, sql=model.sql.replace("FROM core.fact_grant AS f", "FROM (FROM core.fact_grant LIMIT 0) AS f")
        )
        if model.name == "value_komm_an"
        else model
        for model in night.table_models()
    ]
    build = place.build()
    monkeypatch.setattr(night, "table_models", lambda: tuple(models))
    monkeypatch.setattr(basis, "load_models", lambda _: models)
    monkeypatch.setenv("KIM_MAX_FILE_MIB", "255")
    assert place.run() == 1
    assert "Einstellung: KIM_MAX_FILE_MIB" in " ".join(capsys.readouterr().err.split())
    assert place.build() == build
    assert place.kim("accept", "--change", *WORDS) == 0
    assert place.run() == 0
    assert place.figure("komm_an_granted_eur", "2022") in (None, 0)


@pytest.mark.parametrize(
    "arguments",
    [
        ("sprachmittlerpool", "2023.xlsx", *WORDS),  # not held
        ("sprachmittlerpool", "fehlt.xlsx", *WORDS),
        ("sprachmittlerpool", "--missing", *WORDS),  # nothing is
        ("--change", *WORDS),
    ],
)
def test_what_needs_no_decision_is_not_decided(place: House, arguments: tuple[str, ...]) -> None:
    assert place.kim("accept", *arguments) == 1
    assert load_acceptances(Store(place.warehouse)).all == ()


@pytest.mark.parametrize("words", [(), ("--by", "X"), ("--because", "Y"), ("--by", " ", "--because", "Y")])
def test_a_decision_has_a_name_and_a_reason(place: House, words: tuple[str, ...]) -> None:
    (place.deliveries / "komm_an" / "2022.xlsx").unlink()
    assert place.kim("accept", "komm_an", "--missing", *words) == 1


def test_damaged_acceptances_stop_the_night(place: House) -> None:
    path = place.warehouse / "state" / "acceptances.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps([{"kind": "file"}]), encoding="utf-8")
    with pytest.raises(AcceptanceError):
        load_acceptances(Store(place.warehouse))
    assert place.run() == 1


def test_check_says_what_a_file_would_replace(
    place: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:

    monkeypatch.setenv("KIM_DELIVERIES", str(place.deliveries))
    monkeypatch.setenv("KIM_WAREHOUSE", str(place.warehouse))
    file = SEQUENCES / "wrong_year_mixed" / "night2" / "sprachmittlerpool" / "korrigiert.ods"
    before = sorted(path for path in place.warehouse.rglob("*") if "scratch" not in path.parts)
    cli.invoke(["check", str(file), "--programme", "sprachmittlerpool", "--effect"])
    said = " ".join(capsys.readouterr().out.split())
    assert "ersetzt „2023.xlsx“ mit 40 Zeilen; die Datei bringt 3 Zeilen" in said
    assert "würde angehalten" in said
    assert "Durchgeführte Einsätze 2023 40 3" in said
    assert sorted(path for path in place.warehouse.rglob("*") if "scratch" not in path.parts) == before
    cli.invoke(["check", str(place.deliveries / "komm_an" / "2022.xlsx"), "--programme", "komm_an"])
    *_, told, blank, verdict = capsys.readouterr().out.splitlines()
    assert (told, blank) == ("Diese Datei ist schon im Datenbestand.", "")
    assert verdict.startswith("Ergebnis: ")


def test_a_file_of_the_build_is_judged_again_only_where_it_may_be_read_otherwise(
    place: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    judging = mock.Mock(wraps=effect.effect_of_file)
    monkeypatch.setattr(effect, "effect_of_file", judging)
    monkeypatch.setenv("KIM_DELIVERIES", str(place.deliveries))
    monkeypatch.setenv("KIM_WAREHOUSE", str(place.warehouse))
    for days, times in ((None, 0), ("21", 1)):
        if days:
            monkeypatch.setenv("KIM_GRACE_DAYS", days)
        cli.invoke(["check", str(place.deliveries / "komm_an" / "2022.xlsx"), "--programme", "komm_an"])
        assert "Diese Datei ist schon im Datenbestand." in capsys.readouterr().out
        assert judging.call_count == times


def test_an_erasure_finds_copies_whatever_their_delivery_is_called(tmp_path: Path) -> None:
    place = house(tmp_path)
    warehouse = Warehouse(place.warehouse)
    names = ["Liste [neu]_Rückmeldung.xlsx", "Liste [neu]_csv_Rückmeldung.xlsx", "Liste_Rückmeldung.xlsx", "Notiz.txt"]
    with warehouse.lock():
        folder = place.settings.feedback / "fit"
        folder.mkdir(parents=True)
        for name in names:
            (folder / name).write_bytes(b"x")
        gone = erase(warehouse, place.settings, [UsedInput("fit", "Liste [neu].xlsx", "", "0" * 64, is_counted=True)])
    assert {path.name for path in gone} == set(names[:2])


def test_many_missing_files_are_told_by_the_first_and_their_number() -> None:
    missing = tuple(UsedInput("fit", f"{n}.xlsx", "", str(n), is_counted=True) for n in range(8))
    told = told_question(Question(missing, (), (Fall("fit", None, "Etwas fiele weg."),)))
    assert "„0.xlsx“, „1.xlsx“, „2.xlsx“, „3.xlsx“, „4.xlsx“ und 3 weitere (FIT" in told
