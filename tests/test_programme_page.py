"""The page about the programmes is what the contracts say."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

from kim_pipeline.contracts import programmes
from tests.helpers_tables import TABLES, table_of

TOOL = Path(__file__).resolve().parents[1] / "tools" / "make_programmes.py"


def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_programmes", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date() -> None:
    """After a change of a contract: `python tools/make_programmes.py`."""
    assert tool().page() == tool().TARGET.read_text(encoding="utf-8")
    assert tool().data_protection_page() == tool().DATA_PROTECTION.read_text(encoding="utf-8")


def test_what_is_checked_and_not_stored_is_listed_in_the_data_protection_page() -> None:
    page = tool().DATA_PROTECTION.read_text(encoding="utf-8")
    assert "| KIM Case Management | Stationen | Behörde oder Stelle |" in page
    assert "| KIM Case Management | Bedarfe |" not in page


def test_every_programme_and_every_header_is_on_it() -> None:
    page = tool().page()
    for programme in programmes().values():
        assert f"## {programme.title} (`{programme.key}`)" in page
    for programme_key, table in TABLES:
        for delivered in table_of(programme_key, table).delivered:
            assert all(f"„{header}“" in page for header in (*delivered.headers, *delivered.minutes, *delivered.group))
