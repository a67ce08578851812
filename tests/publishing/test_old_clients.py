"""Analysts' programs bring older versions of DuckDB: these open the published file, and the Parquet files, as well.

The versions come from the package registry once, checked against the hashes in `requirements-client-*.lock`, and are
kept in pytest's cache folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from kim_pipeline.publishing.parquet import write_package
from tests.built import sample_build, sample_settings
from tests.client_reader import read

TESTS = Path(__file__).parents[1]
LOCKS = sorted(TESTS.glob("requirements-client-*.lock"))
OUT_OF_REACH = ("No matching distribution found", "Could not find a version")


@pytest.fixture(params=LOCKS, ids=lambda path: path.stem.rpartition("-")[2])
def client(request: pytest.FixtureRequest) -> tuple[Path, Path]:
    """A lock file and the folder where what it names is installed."""
    lock: Path = request.param
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    home = Path(request.config.cache.mkdir("clients"))
    folder = home / f"{lock.stem}-{digest}-{sys.implementation.cache_tag}"
    if not folder.is_dir():
        with tempfile.TemporaryDirectory(dir=home) as scratch:
            install(lock, Path(scratch) / "new")
            if not folder.is_dir():
                (Path(scratch) / "new").rename(folder)
    return lock, folder


def install(lock: Path, target: Path) -> None:
    """Install exactly what a lock file names; skip the test where the registry has nothing or cannot be reached."""
    done = subprocess.run(
        [
            sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
            "--only-binary", ":all:", "--require-hashes", "--retries", "1", "--timeout", "30",
            "--target", str(target), "-r", str(lock),
        ],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    if done.returncode and any(words in done.stderr for words in OUT_OF_REACH):
        pytest.skip(f"{lock.name}: the package registry cannot be reached, or has nothing for this Python")
    assert done.returncode == 0, done.stderr


def read_with(folder: Path, path: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(TESTS / "client_reader.py"), str(path)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_older_versions_read_the_same(client: tuple[Path, Path], tmp_path: Path) -> None:
    lock, folder = client
    _, published = sample_build()
    mine, theirs = read(published), read_with(folder, published)
    assert theirs["version"] == lock.read_text(encoding="ascii").split()[0].removeprefix("duckdb==")
    assert theirs["version"] != mine["version"]
    assert len(mine["tables"]) > 15
    assert theirs["tables"] == json.loads(json.dumps(mine["tables"]))

    write_package(published, tmp_path / "kim", sample_settings().county)
    assert read_with(folder, tmp_path / "kim")["tables"] == json.loads(json.dumps(read(tmp_path / "kim")["tables"]))
