"""`kim check`, the return copy and the control room's list of findings say the same of a delivery, word for word."""

from __future__ import annotations

import datetime as dt
import re

import duckdb
import openpyxl
import pytest

from kim_pipeline import cli
from kim_pipeline.intake.intake import take_in
from kim_pipeline.reading.returned import RETURN_SHEET
from kim_pipeline.settings import Settings
from tests.built import build_internal
from tests.conftest import put
from tests.office.test_feedback import broken_page, only_copy
from tests.workbooks import Page, request, requests, xlsx

PLACE = re.compile(r"^Blatt „[^“]*“(?:, [^:]*)?: ")
"""Where it is; each of the three shows that in columns of its own."""


def foreign_page() -> Page:
    page = requests(request("A-1"))
    page.grid[:] = [["Spalte 1", "Spalte 2", "Ort"], [1, 2, "Ahlen"], [3, 4, "Beckum"]]
    return page


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("page", [broken_page(), foreign_page()], ids=["cells", "rejected"])
def test_all_three_say_the_same(
    settings: Settings, page: Page, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(settings, "sprachmittlerpool", "SMP_2024.xlsx", xlsx([page]))
    build_internal(settings.warehouse / "i.duckdb", take_in(settings), dt.date(2024, 6, 1), grace_days=14)
    with duckdb.connect(str(settings.warehouse / "i.duckdb"), read_only=True) as connection:
        messages = [text for (text,) in connection.execute("SELECT message FROM quality.finding").fetchall()]
    assert messages
    said = [squeezed(PLACE.sub("", message)) for message in messages]
    monkeypatch.setenv("KIM_DELIVERIES", str(settings.deliveries))
    monkeypatch.setenv("KIM_WAREHOUSE", str(settings.warehouse))
    cli.invoke(["check", "--programme", "sprachmittlerpool", str(path)])
    said_here = capsys.readouterr()
    assert squeezed(said_here.out), said_here.err
    checked = squeezed(said_here.out)
    assert [text for text in said if text not in checked] == []
    sheet = openpyxl.load_workbook(only_copy(settings))[RETURN_SHEET]
    copied = "\n".join(squeezed(str(cell)) for row in sheet.iter_rows(values_only=True) for cell in row if cell)
    assert [text for text in said if text not in copied] == []
