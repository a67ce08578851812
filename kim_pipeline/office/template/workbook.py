"""`kim template`: a programme's workbook, ready to fill in, made from its contract alone.

Belongs here: the workbook as a whole, and its bytes. The same contract gives the same bytes.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile

from openpyxl import Workbook
from openpyxl.writer.excel import ExcelWriter

from kim_pipeline.office.template.checks import add_checks
from kim_pipeline.office.template.cover import write_cover, write_explanation
from kim_pipeline.office.template.lists import write_lists
from kim_pipeline.office.template.plan import Plan
from kim_pipeline.office.template.sheets import write_page

_MADE = dt.datetime.combine(dt.date(2000, 1, 1), dt.time())
"""Written as the day of making: a template is known by its content, not by when it was made."""
_ZIP_DAY = (1980, 1, 1, 0, 0, 0)
_READABLE = 0o644 << 16


def template(plan: Plan) -> bytes:
    """The .xlsx of a programme."""
    book = Workbook()
    book.remove(book.active)
    write_cover(book, plan)
    for page in plan.pages:
        write_page(book, plan, page)
    write_explanation(book, plan)
    write_lists(book, list(plan.lists.values()))
    add_checks(book, plan)
    _describe(book, plan)
    return _bytes_of(book)


def _describe(book: Workbook, plan: Plan) -> None:
    """Title and a fixed day; no person's name."""
    properties = book.properties
    properties.title = f"{plan.programme.title}: Vorlage für eine Lieferung"
    properties.creator, properties.language = "kim template", "de-DE"
    properties.created = properties.modified = _MADE


def _bytes_of(book: Workbook) -> bytes:
    """The workbook as .xlsx, with fixed days in the package, so that equal workbooks have equal bytes."""
    written, fixed = io.BytesIO(), io.BytesIO()
    ExcelWriter(book, zipfile.ZipFile(written, "w")).save()
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(fixed, "w") as target:
        for part in source.namelist():
            info = zipfile.ZipInfo(part, _ZIP_DAY)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, _READABLE
            target.writestr(info, source.read(part))
    return fixed.getvalue()
