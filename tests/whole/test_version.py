"""The program knows its commit: in a checkout, unpacked from an archive, and never that of another project."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kim_pipeline.settings import PROJECT

FILES = (".gitattributes", "kim_pipeline/__init__.py", "kim_pipeline/version.py", "kim_pipeline/_commit.txt")
CODE = "from kim_pipeline import version; print(version.commit(), version.code_version())"


def git(folder: Path, *arguments: str) -> str:
    own = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    argv = ["git", "-C", str(folder), *own, *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def told(folder: Path) -> tuple[str, str]:
    """Commit and code version of the copy in a folder."""
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); {CODE}"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True, cwd="/")
    commit, version = done.stdout.split()
    return commit, version


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with what the version is made of."""
    if shutil.which("git") is None:
        pytest.skip("needs git")
    folder = tmp_path / "checkout"
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, folder / name)
    (folder / "kim_pipeline" / "_commit.txt").write_text("$Format:%H$\n", encoding="ascii")  # as it is in a checkout
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "first")
    return folder


def test_a_checkout_asks_git(checkout: Path) -> None:
    head = git(checkout, "rev-parse", "HEAD")
    commit, version = told(checkout)
    assert commit == head
    assert version.endswith(f"+{head[:12]}")


def test_an_archive_knows_its_commit(checkout: Path, tmp_path: Path) -> None:
    archive, unpacked = tmp_path / "kim.zip", tmp_path / "unpacked"
    git(checkout, "archive", "--output", str(archive), "HEAD")
    unpacked.mkdir()
    shutil.unpack_archive(archive, unpacked)
    commit, version = told(unpacked)
    assert commit == git(checkout, "rev-parse", "HEAD")
    assert version.endswith(f"+{commit[:12]}")


def test_another_projects_commit_is_not_ours(checkout: Path) -> None:
    inner = checkout / "opt" / "kim"
    for name in FILES:
        (inner / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(checkout / name, inner / name)
    commit, version = told(inner)
    assert commit == "None"
    assert "+" not in version
