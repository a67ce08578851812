"""The analysts' page: every query runs on the sample as `kim sql` runs it, and gives the answer that is printed there.

`python -m tests.analysts.test_analysts` rewrites the answers.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kim_pipeline.analysts.query import Result, run_query
from kim_pipeline.analysts.table import are_numbers
from kim_pipeline.publishing.parquet import write_package
from kim_pipeline.settings import PROJECT
from kim_pipeline.sheets import plain_text
from tests.built import sample_build, sample_settings

PAGE = PROJECT / "docs" / "analysts.md"
QUESTION = re.compile(r"```sql\n(?P<sql>.*?)\n```\n\n?(?P<answer>(?:\|[^\n]*\n)*)\n?", re.DOTALL)


def questions(text: str) -> list[tuple[str, str, str]]:
    """Heading, SQL and printed answer of each query of a page."""
    found = []
    for match in QUESTION.finditer(text):
        heading = re.findall(r"^#+ (.*)$", text[: match.start()], re.MULTILINE)[-1]
        found.append((heading, match["sql"], match["answer"]))
    return found


def answered(published: Path, sql: str) -> str:
    """The answer as a Markdown table."""
    found = run_query(published, sql)
    lines = [found.columns, tuple(_rule(found)), *(tuple(map(_cell, row)) for row in found.rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _rule(found: Result) -> Iterator[str]:
    for number in range(len(found.columns)):
        yield "---:" if are_numbers([row[number] for row in found.rows]) else "---"


def _cell(value: object) -> str:
    return "*leer*" if value is None else plain_text(value).replace("|", "\\|")


QUESTIONS = questions(PAGE.read_text(encoding="utf-8"))


def test_the_page_answers_ten_questions() -> None:
    assert [heading.split(".")[0] for heading, *_ in QUESTIONS[1:]] == [str(n) for n in range(1, 11)]


@pytest.mark.parametrize(("sql", "answer"), [(sql, answer) for _, sql, answer in QUESTIONS], ids=range(len(QUESTIONS)))
def test_the_answer_is_the_one_printed(sql: str, answer: str) -> None:
    _, published = sample_build()
    assert answered(published, sql) == answer, "rewrite the answers with: python -m tests.analysts.test_analysts"


def test_a_hidden_figure_shows_as_missing_and_never_as_nought() -> None:
    _, published = sample_build()
    answer = next(answer for heading, _, answer in QUESTIONS if heading.startswith("4."))
    hidden = [line for line in answer.splitlines() if "geheim" in line]
    assert hidden
    assert all("*leer*" in line for line in hidden)
    listed = run_query(published, "SELECT name FROM area").rows
    assert all(name in answer for (name,) in listed)


def test_the_python_of_the_page_reads_the_same_from_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "warehouse").mkdir()
    shutil.copyfile(sample_build()[1], tmp_path / "warehouse" / "kim.duckdb")
    write_package(sample_build()[1], tmp_path / "warehouse" / "kim", sample_settings().county)
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    first, second = code.rstrip().rsplit("\n", 1)
    known: dict[str, Any] = {}
    exec(first, known)  # noqa: S102
    one = known["gaps"]
    exec(second, known)  # noqa: S102
    assert len(one) == len(known["gaps"]) > 0
    assert list(one.columns) == list(known["gaps"].columns)
    assert one["needs"].sum() == known["gaps"]["needs"].sum()


def rewrite() -> None:
    """Put the answers of the sample into the page."""
    _, published = sample_build()

    def renewed(match: re.Match[str]) -> str:
        return f"```sql\n{match['sql']}\n```\n\n{answered(published, match['sql'])}\n"

    PAGE.write_text(QUESTION.sub(renewed, PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    rewrite()
