"""Results are read once, kept privately, proven before use, and made anew when anything they rest on changes."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path, PurePath
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as pq
import pytest

from kim_pipeline.contracts.vocabulary import INDICATOR_LIST, vocabulary
from kim_pipeline.files import Store
from kim_pipeline.intake import cache, fingerprint
from kim_pipeline.intake.deliveries import Delivery, Intake
from kim_pipeline.intake.intake import load_secret_for, take_in
from kim_pipeline.publishing.builds import Warehouse
from kim_pipeline.reading import personal
from kim_pipeline.reading.delivery import read_delivery
from kim_pipeline.settings import PROJECT, Settings
from tests.conftest import direct, put
from tests.here import DirectPool
from tests.workbooks import csv_text, request, requests, small_delivery

P = "sprachmittlerpool"
KEY = b"k" * 32


def only(intake: Intake) -> Delivery:
    (delivery,) = intake.deliveries
    return delivery


def entry_of(settings: Settings) -> Path:
    (found,) = (settings.cache / P).iterdir()
    return found


# --- read once -------------------------------------------------------------------------------------------------------


def test_the_second_run_parses_nothing(settings: Settings) -> None:
    put(settings, P, "a.xlsx", small_delivery("1"))
    put(settings, P, "b.csv", csv_text(requests(request("2"))).encode())
    put(settings, P, "broken.xlsx", b"PK\x03\x04")
    first, second = direct(settings), direct(settings)
    assert [d.parsed for d in first.deliveries] == [True, True, True]
    assert [d.parsed for d in second.deliveries] == [False, False, False]
    assert [d.status for d in first.deliveries] == [d.status for d in second.deliveries]
    assert first.inputs_sha256 == second.inputs_sha256


def test_changed_bytes_are_parsed_again_and_only_they(settings: Settings) -> None:
    put(settings, P, "a.xlsx", small_delivery("1"))
    put(settings, P, "b.xlsx", small_delivery("2"))
    before = direct(settings)
    put(settings, P, "b.xlsx", small_delivery("3"))
    after = direct(settings)
    assert [d.parsed for d in after.deliveries] == [False, True]
    assert after.inputs_sha256 != before.inputs_sha256


def test_a_renamed_workbook_is_not_parsed_again(settings: Settings) -> None:
    put(settings, P, "a.xlsx", small_delivery("1")).rename(settings.deliveries / P / "unused")
    direct(settings)
    (settings.deliveries / P / "unused").rename(settings.deliveries / P / "b.xlsx")
    assert not only(direct(settings)).parsed


def test_a_csv_names_its_sheet_by_its_file_whatever_was_read_before(settings: Settings) -> None:
    content = csv_text(requests(request("1"))).encode()
    for name in ("b.csv", "a.csv"):
        put(settings, P, name, content)
        direct(settings)
    assert [d.accounts[0]["sheet"] for d in direct(settings).deliveries] == ["a", "b"]


def test_the_same_bytes_are_read_once(settings: Settings) -> None:
    for name in ("a.xlsx", "b.xlsx", "sub/c.xlsx"):
        put(settings, P, name, small_delivery("1"))
    pool = DirectPool(settings)
    intake = take_in(settings, pool=pool)
    assert pool.asked == [f"{P}/a.xlsx"]
    assert [d.read is not None for d in intake.deliveries] == [True] * 3


def test_rejections_that_another_night_may_lift_are_not_kept(settings: Settings) -> None:
    path = put(settings, P, "a.xlsx", small_delivery("1"))
    put(settings, P, "b.xlsx", b"no table")
    path.write_bytes(b"x" * (settings.max_file_bytes + 1))
    first = direct(settings)
    assert [d.is_rejected for d in first.deliveries] == [True, True]
    assert len(list((settings.cache / P).iterdir())) == 1
    path.write_bytes(small_delivery("1"))
    assert [d.is_rejected for d in direct(settings).deliveries] == [False, True]


def test_the_same_bytes_give_the_same_files(settings: Settings, tmp_path: Path) -> None:
    put(settings, P, "a.xlsx", small_delivery("1"))
    direct(settings)
    first = {f.name: f.read_bytes() for f in entry_of(settings).iterdir()}
    shutil.rmtree(settings.cache)
    direct(settings)
    assert {f.name: f.read_bytes() for f in entry_of(settings).iterdir()} == first


# --- what a result rests on ------------------------------------------------------------------------------------------


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the code and the county's data on which the fingerprint is taken, to be changed at will."""
    copy = tmp_path / "code"
    for folder in ("contracts", "reading", "intake"):
        shutil.copytree(PROJECT / "kim_pipeline" / folder, copy / folder)
    shutil.copy(PROJECT / "kim_pipeline" / "german.py", copy)
    shutil.copytree(vocabulary().county.folder, copy / "county")
    shutil.copy(INDICATOR_LIST, copy)
    rooms = {vocabulary().county.folder: copy / "county", INDICATOR_LIST.parent: copy}

    def files() -> list[Path]:
        return [rooms.get(f.parent, copy / "contracts/data") / f.name for f in vocabulary().fingerprint_files()]

    monkeypatch.setattr(fingerprint, "_PACKAGE", copy)
    monkeypatch.setattr(fingerprint, "vocabulary", lambda: SimpleNamespace(fingerprint_files=files))
    fingerprint._common_part.cache_clear()
    yield copy
    fingerprint._common_part.cache_clear()


def mark(programme: str = P, key: bytes = KEY, file_bytes: int = 1, unpacked: int = 2) -> str:
    fingerprint._common_part.cache_clear()
    return fingerprint.fingerprint(programme, key, file_bytes, unpacked)


@pytest.mark.parametrize(
    "file",
    [
        "contracts/model.py",
        "contracts/rules.py",
        "contracts/data/languages.csv",
        "contracts/data/nationalities.csv",
        "county/county.toml",
        "county/municipalities.csv",
        "reading/formats/xlsx.py",
        "reading/formats/cells.py",
        "reading/evaluation.py",
        "intake/worker.py",
        "german.py",
        "catalogue.toml",
    ],
)
def test_changed_code_or_vocabulary_changes_every_fingerprint(file: str, code: Path) -> None:
    before = mark(P), mark("fit")
    (code / file).write_bytes((code / file).read_bytes() + b"\n")
    assert all(old != new for old, new in zip(before, (mark(P), mark("fit")), strict=True))


def test_a_changed_contract_changes_its_own_fingerprint_only(code: Path) -> None:
    before = mark(P), mark("fit")
    module = code / "contracts" / "programmes" / f"{P}.py"
    module.write_text(module.read_text() + "\n# another header\n")
    assert mark(P) != before[0]
    assert mark("fit") == before[1]


def test_key_and_limits_change_the_fingerprint(code: Path) -> None:
    assert code.is_dir()
    marks = {mark(), mark(key=b"x" * 32), mark(file_bytes=9), mark(unpacked=9)}
    assert len(marks) == 4


def test_other_programmes_count_where_a_result_holds_something_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The register of measures names programmes, and keeps the numbers that decisions refer to."""
    before = mark("massnahmen"), mark("fit")
    with monkeypatch.context() as patch:
        patch.setattr(fingerprint, "programme_names", lambda: {"Neues Programm": "neu"})
        assert mark("massnahmen") != before[0]
        assert mark("fit") == before[1]
    monkeypatch.setattr(
        fingerprint, "referred_columns", lambda key: {"measures": ["title"]} if key == "massnahmen" else {}
    )
    assert mark("massnahmen") != before[0]
    assert mark("fit") == before[1]


def test_the_fingerprint_does_not_tell_the_key() -> None:
    assert KEY.hex() not in mark()
    assert personal.key_fingerprint(KEY) != personal.key_fingerprint(b"x" * 32)


def test_another_fingerprint_makes_a_delivery_be_parsed_again(settings: Settings) -> None:
    put(settings, P, "a.xlsx", small_delivery("1"))
    direct(settings)
    changed = settings.model_copy(update={"max_file_mib": 99})
    assert only(direct(changed)).parsed
    settings.secret_path.unlink()
    assert only(direct(settings)).parsed


# --- proven before it is used ----------------------------------------------------------------------------------------

Damage = Callable[[Path], None]


def flip(position: float) -> Damage:
    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[int(position * (len(content) - 1))] ^= 0x01
        path.write_bytes(content)

    return damage


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def turn_into_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES: dict[str, Damage] = {
    "missing": Path.unlink,
    "empty": empty,
    "truncated": truncate,
    "first byte": flip(0),
    "middle byte": flip(0.5),
    "last byte": flip(1),
    "a folder": turn_into_folder,
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("file", ["result.json", "0_findings_of_part.parquet", "0_requests.parquet"])
def test_a_damaged_entry_is_rebuilt(
    file: str, damage: str, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    put(settings, P, "a.xlsx", small_delivery("1"))
    direct(settings)
    whole = {f.name: f.read_bytes() for f in entry_of(settings).iterdir()}
    DAMAGES[damage](entry_of(settings) / file)
    again = only(direct(settings))
    assert again.parsed
    assert again.status == "counted"
    assert {f.name: f.read_bytes() for f in entry_of(settings).iterdir()} == whole
    assert "is damaged and will be rebuilt" in caplog.text


def forged(manifest: dict[str, Any]) -> bytes:
    manifest["result"]["as_of"] = "2030-01-01"
    return json.dumps(manifest).encode()


@pytest.mark.parametrize(
    "content",
    [b"{", b"[]", b"null", b'"x"', b"1", b"\xff", b"{}", b'{"sha256": 1, "result": null}', b"[" * 100_000, None],
)
def test_a_manifest_that_is_none_is_rebuilt(content: bytes | None, settings: Settings) -> None:
    put(settings, P, "a.xlsx", small_delivery("1"))
    direct(settings)
    manifest = entry_of(settings) / "result.json"
    manifest.write_bytes(forged(json.loads(manifest.read_bytes())) if content is None else content)
    again = only(direct(settings))
    assert again.parsed
    assert again.read is not None
    assert again.read.as_of is not None
    assert again.read.as_of.year == 2024


def test_an_entry_that_is_a_file_is_rebuilt(settings: Settings) -> None:
    put(settings, P, "a.xlsx", small_delivery("1"))
    direct(settings)
    entry = entry_of(settings)
    shutil.rmtree(entry)
    entry.write_text("in the way")
    assert only(direct(settings)).status == "counted"
    assert entry_of(settings).is_dir()


@pytest.mark.parametrize("moment", ["parquet", "rename"])
@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt, MemoryError])
def test_an_interrupted_store_leaves_nothing(
    moment: str, error: type[BaseException], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(settings, P, "a.xlsx", small_delivery("1"))

    def fail(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        owner, name = {"parquet": (pq, "write_table"), "rename": (Path, "rename")}[moment]
        patch.setattr(owner, name, fail)
        with pytest.raises(BaseException):  # noqa: B017, PT011  (the point is what is left)
            direct(settings)
    assert list((settings.cache / P).iterdir()) == []
    assert only(direct(settings)).parsed


def test_what_a_killed_store_leaves_is_never_read_and_swept_later(settings: Settings) -> None:
    put(settings, P, "a.xlsx", small_delivery("1"))
    direct(settings)
    with Store(settings.warehouse).scratch() as held:
        left = held.with_name("killed")
        for place in (held, left):
            shutil.copytree(entry_of(settings), place / "result")
        assert len(direct(settings).deliveries) == 1
        with Warehouse(settings.warehouse).lock():
            assert not left.exists()
            assert held.exists()  # another command is writing it


def test_the_faster_of_two_readers_wins(settings: Settings) -> None:
    """A result that is whole is never replaced, so that nobody finds it gone."""
    put(settings, P, "a.xlsx", small_delivery("1"))
    delivery = only(direct(settings))
    entry = entry_of(settings)
    before = entry.stat().st_ino
    from kim_pipeline.contracts import programme
    from kim_pipeline.reading.formats.workbook import Limits

    key = personal.programme_key(load_secret_for(settings), P)
    result = read_delivery(PurePath("a.xlsx"), delivery.path.read_bytes(), programme(P), key, Limits(2**20, 2**20))
    cache.store(entry, result, programme(P), {})
    assert entry.stat().st_ino == before
    assert [f.name for f in (settings.cache / P).iterdir()] == [entry.name]


# --- private ---------------------------------------------------------------------------------------------------------


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    previous = os.umask(request.param)
    yield request.param
    os.umask(previous)


def test_nobody_else_can_read_the_cache(umask: int, settings: Settings) -> None:
    put(settings, P, "a.xlsx", small_delivery("1"))
    take_in(settings)
    assert umask >= 0
    found = list(settings.cache.rglob("*"))
    assert len(found) == 5
    for path in (settings.cache, *found):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_a_cache_that_was_open_is_closed(settings: Settings) -> None:
    (settings.cache / P).mkdir(parents=True)
    settings.cache.chmod(0o755)
    (settings.cache / P).chmod(0o777)
    put(settings, P, "a.xlsx", small_delivery("1"))
    direct(settings)
    assert [stat.S_IMODE(p.stat().st_mode) for p in (settings.cache, settings.cache / P)] == [0o700, 0o700]


def test_the_secret_is_made_once_and_for_its_owner(umask: int, settings: Settings) -> None:
    assert umask >= 0
    secret = load_secret_for(settings)
    assert len(secret) == 32
    assert stat.S_IMODE(settings.secret_path.stat().st_mode) == 0o600
    assert load_secret_for(settings) == secret


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o660, 0o644, 0o601])
def test_a_secret_that_others_may_reach_is_refused(mode: int, settings: Settings) -> None:
    load_secret_for(settings)
    settings.secret_path.chmod(mode)
    with pytest.raises(personal.KeyFileError, match="0600"):
        direct(settings)


@pytest.mark.parametrize("content", ["", "abc", "00" * 31, "zz" * 32, "ä" * 64])
def test_a_file_without_a_key_is_refused_and_not_shown(content: str, settings: Settings) -> None:
    settings.warehouse.mkdir()
    settings.secret_path.write_text(content, encoding="utf-8")
    settings.secret_path.chmod(0o600)
    with pytest.raises(personal.KeyFileError, match="keinen gültigen Schlüssel") as caught:
        direct(settings)
    assert not content or content not in str(caught.value)
    assert caught.value.__cause__ is None
