"""The office's cycle (`docs/vorlagen.md`): template, fill in, break, feedback, correct the return copy, accepted."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from kim_pipeline import cli
from kim_pipeline.office.template.layout import Page
from tests.template_data import enter, open_template, valid_rows

KEY = "sprachhelfer"


def changed(path: Path, target: Path, page: Page, cells: dict[str, Any], as_of: dt.date) -> None:
    """Save a workbook under another name, with another Stand and other values in the first row."""
    book = load_workbook(path)
    book["Deckblatt"]["B5"] = dt.datetime.combine(as_of, dt.time())
    for name, value in cells.items():
        book[page.name][f"{page.letter(name)}{page.first_row}"] = value
    target.parent.mkdir(parents=True, exist_ok=True)
    book.save(target)


def test_from_the_template_to_an_accepted_delivery(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ((page, entered, _),) = valid_rows(KEY, 1)
    place, out = tmp_path / "data_raw" / KEY, tmp_path / "rueckmeldungen"
    assert cli.invoke(["template", KEY, "--period", "2022/23", "--out", str(tmp_path)]) == 0
    template = tmp_path / f"{KEY}_2022-23.xlsx"
    assert open_template(KEY)[0].file_name == template.name

    book = load_workbook(template)
    enter(book[page.name], page, entered, page.first_row)
    book.save(template)
    changed(template, place / "Lieferung.xlsx", page, {"municipality": "Beckumm"}, dt.date(2023, 8, 1))
    capsys.readouterr()
    assert cli.invoke(["check", str(place / "Lieferung.xlsx"), "--programme", KEY]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert f"Zeile {page.first_row}, Spalte C" in said
    assert "„Beckumm“ steht nicht in der Ortsliste. Meinten Sie „Beckum“?" in said

    options = ["--deliveries", str(tmp_path / "data_raw"), "--warehouse", str(tmp_path / "warehouse")]
    assert cli.invoke(["feedback", "--programme", KEY, "--out", str(out), *options]) == 0
    (copy,) = out.rglob("*.xlsx")
    assert load_workbook(copy)[page.name][f"C{page.first_row}"].comment is not None
    changed(copy, place / "Lieferung neu.xlsx", page, {"municipality": "Beckum"}, dt.date(2023, 8, 8))
    assert cli.invoke(["check", str(place / "Lieferung neu.xlsx"), "--programme", KEY]) == 0
    assert f"Angenommene Zeilen: {len(entered)}; in Quarantäne: 0" in " ".join(capsys.readouterr().out.split())
