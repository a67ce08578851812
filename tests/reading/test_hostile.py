"""Files that harm readers are rejected deliveries with a sentence that a clerk understands; no other is harmed."""

from __future__ import annotations

import io
import os
import re
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kim_pipeline.intake.deliveries import Delivery, Intake
from kim_pipeline.intake.folder import shown_name
from kim_pipeline.intake.intake import find_deliveries, take_in
from kim_pipeline.settings import Settings
from tests.conftest import odd_pool, put
from tests.workbooks import (
    Page,
    Spelling,
    edited,
    ods,
    ods_package,
    package,
    raw_xlsx,
    request,
    requests,
    small_delivery,
    xls,
)

pytestmark = [pytest.mark.processes, pytest.mark.slow]

P = "sprachmittlerpool"
SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
MIB = 2**20

DAMAGED = "beschädigt oder unvollständig"
BROKEN_OFF = "Leseprogramm abgebrochen|mehr als 1024 MB Speicher|innerhalb von|beschädigt"
PROTECTED = "mit einem Passwort geschützt"
NO_TABLE = "keine Tabelle"
ENTITIES = "XML-Entitäten"


@dataclass(frozen=True)
class Part:
    """A part of a zip package as its raw bytes, with the size and checksum that the package claims."""

    deflated: bytes
    size: int
    checksum: int = 0


def deflated_blanks(head: bytes, mebibytes: int, tail: bytes) -> bytes:
    """A deflate stream of `head`, as many blanks, and `tail`; made without ever holding the blanks."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    start = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(b" " * MIB) + packer.flush(zlib.Z_FULL_FLUSH)
    return start + block * mebibytes + packer.compress(tail) + packer.flush()


def raw_package(parts: dict[str, bytes | Part]) -> bytes:
    """A zip package of which single parts may claim anything."""
    body, directory = b"", b""
    for name, content in parts.items():
        part = content if isinstance(content, Part) else _honest(content)
        facts = struct.pack(
            "<HHHHHIIIHH", 20, 0, 8, 0, 0x5821, part.checksum, len(part.deflated), part.size, len(name), 0
        )
        directory += b"PK\x01\x02\x14\x00" + facts + struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + name.encode()
        body += b"PK\x03\x04" + facts + name.encode() + part.deflated
    end = struct.pack("<HHHHIIH", 0, 0, len(parts), len(parts), len(directory), len(body), 0)
    return body + directory + b"PK\x05\x06" + end


def _honest(content: bytes) -> Part:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return Part(packer.compress(content) + packer.flush(), len(content), zlib.crc32(content))


def parts_of(content: bytes) -> dict[str, bytes | Part]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def blown_up(content: bytes, name: str, mebibytes: int, claimed: int | None = None) -> bytes:
    """A package of which one part unpacks to as many mebibytes of blanks more; `claimed` is the size it states."""
    parts = parts_of(content)
    part = parts[name]
    assert isinstance(part, bytes)
    at = part.rindex(b"</")
    stream = deflated_blanks(part[:at], mebibytes, part[at:])
    size = len(part) + mebibytes * MIB
    return raw_package(parts | {name: Part(stream, size if claimed is None else claimed)})


def by_hand() -> bytes:
    return raw_xlsx([requests(request("A-1"))])


def with_part(name: str, change: Callable[[bytes], bytes], content: bytes | None = None) -> bytes:
    return edited(content or by_hand(), lambda part, data: change(data) if part == name else data)


LAUGHS = (
    '<!DOCTYPE lolz [<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10)) + "]>"
)


def laughing(part: bytes) -> bytes:
    """Billion laughs: the entity is declared before the root, and used in the first text."""
    text = part.decode()
    head, rest = (
        ("", text) if not text.startswith("<?xml") else (text[: text.index("?>") + 2], text[text.index("?>") + 2 :])
    )
    used = re.sub(r"(<t>|<text:p>)", r"\1&a9;", rest, count=1)
    if used == rest:
        used = rest.replace("></sst>", "><si><t>&a9;</t></si></sst>")
    return (head + LAUGHS + used).encode()


def protected_xlsx() -> bytes:
    import msoffcrypto

    target = io.BytesIO()
    msoffcrypto.OfficeFile(io.BytesIO(small_delivery())).encrypt("geheim", target)
    return target.getvalue()


def protected_xls(record: bytes) -> bytes:
    """An .xls with a FILEPASS record ([MS-XLS] 2.4.117), put where WRITEACCESS with its 112 bytes was."""
    content = xls([requests(request("A-1"))])
    at = content.index(b"\x5c\x00\x70\x00")
    filler = 112 - len(record) - 4
    replaced = b"\x2f\x00" + struct.pack("<H", len(record)) + record
    replaced += b"\x5c\x00" + struct.pack("<H", filler) + b" " * filler
    return content[:at] + replaced + content[at + 116 :]


XOR_RECORD = struct.pack("<HHH", 0, 0x1234, 0x5678)
RC4_RECORD = struct.pack("<HHH", 1, 1, 1) + bytes(range(48))


def ods_of_many() -> bytes:
    """One filled row, repeated to the end of the sheet, of one cell repeated to its last column."""
    filled = '<table:table-cell table:number-columns-repeated="16384" office:value-type="float" office:value="1"/>'
    row = f'<table:table-row table:number-rows-repeated="1048570">{filled}</table:table-row>'
    return edited(
        ods([requests(request("A-1"))]),
        lambda name, part: (
            part.replace(b"</table:table>", row.encode() + b"</table:table>") if name == "content.xml" else part
        ),
    )


def protected_ods() -> bytes:
    return ods_package("\x8f\x11not XML", "<manifest:encryption-data/>")


def corner() -> bytes:
    row = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    return with_part(SHEET, lambda part: part.replace(b"</sheetData>", row))


def far_blank() -> bytes:
    row = b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t> </t></is></c></row></sheetData>'
    return with_part(SHEET, lambda part: part.replace(b"</sheetData>", row))


def two_corners() -> bytes:
    """One filled cell in the last row, and one in the last column."""
    return with_cells(("XFD9", "<v>1</v>"), ("A1048576", "<v>1</v>"))


def with_cells(*cells: tuple[str, str]) -> bytes:
    """Cells behind the table, in rows of their own: where they stand, and what the XML says of them."""
    typed = ((at, ' t="inlineStr"' if "<is>" in content else "", content) for at, content in cells)
    rows = "".join(f'<row><c r="{at}"{kind}>{content}</c></row>' for at, kind, content in typed)
    return with_part(SHEET, lambda part: part.replace(b"</sheetData>", rows.encode() + b"</sheetData>"))


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def claiming() -> bytes:
    return raw_xlsx([requests(request("A-1"))], Spelling(dimension="A1:XFD1048576"))


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty.xlsx": (lambda: b"", "leer"),
    "empty.csv": (lambda: b"", "leer"),
    "truncated.xlsx": (lambda: half(small_delivery()), DAMAGED),
    "truncated.xls": (lambda: half(xls([requests(request("A-1"))])), DAMAGED),
    "truncated.ods": (lambda: half(ods([requests(request("A-1"))])), DAMAGED),
    "cut_part.xlsx": (lambda: with_part(SHEET, half), f"{DAMAGED}|{NO_TABLE}"),
    "no_sheet.xlsx": (lambda: edited(by_hand(), lambda n, p: None if n == SHEET else p), DAMAGED),
    "bomb.xlsx": (lambda: blown_up(by_hand(), SHEET, 2100), "entpackt 21.. MB"),
    "bomb.ods": (lambda: blown_up(ods([requests(request("A-1"))]), "content.xml", 2100), "entpackt 21.. MB"),
    "liar_sheet.xlsx": (lambda: blown_up(by_hand(), SHEET, 3000, claimed=5000), BROKEN_OFF),
    "liar_book.xlsx": (lambda: blown_up(by_hand(), "xl/workbook.xml", 3000, claimed=400), BROKEN_OFF),
    "liar.ods": (lambda: blown_up(ods([requests(request("A-1"))]), "content.xml", 3000, claimed=5000), BROKEN_OFF),
    "laughs_sheet.xlsx": (lambda: with_part(SHEET, laughing), ENTITIES),
    "laughs_strings.xlsx": (lambda: with_part(STRINGS, laughing), ENTITIES),
    "laughs_book.xlsx": (lambda: with_part("xl/workbook.xml", laughing), ENTITIES),
    "laughs.ods": (lambda: with_part("content.xml", laughing, ods([requests(request("A-1"))])), ENTITIES),
    "corner.xlsx": (corner, "Blatt „Einsätze“ ist zu groß: .* die Zelle XFD1048576 gefüllt"),
    "corner.ods": (ods_of_many, "Blatt „Einsätze“ ist zu groß: .* die Zelle XFD10485.. gefüllt"),
    "two_corners.xlsx": (two_corners, "Blatt „Einsätze“ ist zu groß: .* die Zellen A1048576 und XFD9 gefüllt"),
    "protected.xlsx": (protected_xlsx, PROTECTED),
    "protected_rc4.xls": (lambda: protected_xls(RC4_RECORD), PROTECTED),
    "protected_xor.xls": (lambda: protected_xls(XOR_RECORD), PROTECTED),
    "protected.ods": (protected_ods, PROTECTED),
    "page.xls": (lambda: b"<html><table><tr><td>Nr.</td></tr></table></html>", NO_TABLE),
    "page_with_mark.xls": (lambda: b"\xef\xbb\xbf\r\n<!DOCTYPE html><table></table>", NO_TABLE),
    "letter.pdf": (lambda: b"%PDF-1.7\n1 0 obj", NO_TABLE),
    "letter.xlsx": (lambda: package({"word/document.xml": "<w/>"}), NO_TABLE),
    "noise.xls": (lambda: bytes(range(256)) * 400, NO_TABLE),
    "only_signature.xls": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 3000, DAMAGED),
    "only_signature.xlsx": (lambda: b"PK\x03\x04" + b"\x00" * 3000, DAMAGED),
    "nul.csv": (lambda: b"Nr.;Datum\r\n1;\x00\r\n", NO_TABLE),
    "late_nul.csv": (lambda: b"Nr.;Datum\r\n" * 10_000 + b"\x00", "keine lesbare Tabelle"),
    "utf16.csv": (lambda: "Nr.;Datum\r\n1;2\r\n".encode("utf-16"), NO_TABLE),
    "long_line.csv": (lambda: b"Nr.;Datum\r\n1;" + b"x" * 100 * MIB, "Zelle der Datei ist länger"),
    "wide_line.csv": (lambda: b"Nr.;Datum\r\n" + b"1;2,3" * 1_000_000, "mehr als 16\\.384 Spalten"),
    "open_quote.csv": (lambda: b'Nr.;Datum\r\n1;"offen' + b";1\r\n" * MIB, NO_TABLE),
    "letter.txt": (lambda: b"Sehr geehrte Damen und Herren", "keine Tabelle"),
    "other_table.xlsx": (lambda: raw_xlsx([Page("Tabelle1", [["Nr.", "Farbe"], [1, "rot"]])]), NO_TABLE),
}

HARMLESS: dict[str, tuple[Callable[[], bytes], int]] = {
    "claim.xlsx": (claiming, 0),
    "far_blank.xlsx": (far_blank, 1),
    "blank_in_last_column.xlsx": (lambda: with_cells(("XFD9", "<is><t> </t></is>")), 0),
    "format_in_last_column.xlsx": (lambda: with_cells(("XFD1048576", "")), 0),
    "note_in_last_column.xlsx": (lambda: with_cells(("XFD9", "<is><t>x</t></is>")), 0),
    "note_in_last_row.xlsx": (lambda: with_cells(("A1048576", "<is><t>x</t></is>")), 0),
    "note_in_last_row_behind.xlsx": (lambda: with_cells(("DX1048576", "<is><t>x</t></is>")), 1),
    "liar_strings.xlsx": (lambda: blown_up(by_hand(), STRINGS, 3000, claimed=300), 1),
}
"""What looks hostile and is read, with the number of sheets that only one reader could read."""

GOOD = [
    "good.xlsx",
    "neue\nZeile.xlsx",
    "mit 'Quote\" und `.xlsx",
    "📊 Einsätze – Kopie (1).xlsx",
    "a;b,c%20[x]*?.xlsx",
]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Intake]:
    """All of it in one folder, read in one run."""
    folder = tmp_path_factory.mktemp("hostile")
    settings = Settings(
        deliveries=folder / "in", warehouse=folder / "out", key_file=None, reader_mib=1024, reader_seconds=20, readers=2
    )
    for file, (content, _) in BAD.items():
        put(settings, P, file, content())
    for file, (content, _) in HARMLESS.items():
        put(settings, P, file, content())
    for number, file in enumerate(GOOD):
        put(settings, P, file, small_delivery(f"A-{number}"))
    here = settings.deliveries / P
    (here / os.fsdecode(b"f\xfcr caf\xe9.xlsx")).write_bytes(small_delivery("B-1"))
    _add_what_is_no_file(here)
    yield take_in(settings)
    shutil.rmtree(folder, ignore_errors=True)


NO_FILES = {
    "folder.xlsx": "Das ist ein Ordner",
    "fifo.xlsx": "keine gewöhnliche Datei",
    "device.xlsx": "Verknüpfung und keine Datei",
    "loop.xlsx": "Verknüpfung und keine Datei",
    "dangling.xlsx": "Verknüpfung und keine Datei",
    "sparse.xlsx": "größer als 256 MB",
}


def _add_what_is_no_file(here: Path) -> None:
    (here / "folder.xlsx").mkdir()
    os.mkfifo(here / "fifo.xlsx")
    (here / "device.xlsx").symlink_to("/dev/zero")
    (here / "loop.xlsx").symlink_to("loop.xlsx")
    (here / "dangling.xlsx").symlink_to("nowhere.xlsx")
    (here / "round").symlink_to("..")
    with (here / "sparse.xlsx").open("wb") as file:
        file.truncate(2**40)


def delivery(intake: Intake, file: str) -> Delivery:
    (found,) = [d for d in intake.deliveries if d.file == file]
    return found


def message_of(found: Delivery) -> str:
    message = found.problem or (found.read.message if found.read else None)
    assert message is not None
    return message


@pytest.mark.parametrize("file", [*BAD, *NO_FILES])
def test_it_is_rejected_with_a_sentence(file: str, hostile: Intake) -> None:
    found = delivery(hostile, file)
    assert (found.status, found.reason) == ("rejected", "unreadable")
    message = message_of(found)
    assert re.search(BAD[file][1] if file in BAD else NO_FILES[file], message), message
    assert message.endswith(".")
    assert "Bitte" in message
    assert not re.search(r"Error|Exception|None|Errno|unerwarteter", message)


@pytest.mark.parametrize("file", GOOD)
def test_all_others_are_read(file: str, hostile: Intake) -> None:
    found = delivery(hostile, shown_name(file))
    assert found.status in ("counted", "superseded")
    assert found.accounts[0]["accepted"] == 1


@pytest.mark.parametrize("file", HARMLESS)
def test_what_looks_hostile_is_read(file: str, hostile: Intake) -> None:
    read = delivery(hostile, file).read
    assert read is not None
    assert read.tables["requests"].accepted == 1
    assert len(read.lone_sheets) == HARMLESS[file][1]


def test_a_file_name_that_is_no_text_is_spelled_out(hostile: Intake) -> None:
    found = delivery(hostile, r"f\xfcr caf\xe9.xlsx")
    assert found.accounts[0]["accepted"] == 1
    assert len(hostile.inputs_sha256) == 64


def test_every_file_is_told_once(hostile: Intake) -> None:
    """A link to a folder above leads round in a circle."""
    files = [d.file for d in hostile.deliveries]
    assert len(files) == len(set(files)) == len(BAD) + len(HARMLESS) + len(GOOD) + len(NO_FILES) + 1


def test_what_is_unreadable_for_good_is_cached_and_the_rest_is_not(hostile: Intake) -> None:
    """A sentence about time, memory or the file system may be different the next night."""
    for found in hostile.deliveries:
        cached = found.read is not None
        assert cached == (found.problem is None)
        if cached:
            assert not re.search("Speicher|Sekunden|Rechte", message_of(found) if found.is_rejected else "")
    cached_ones = {d.file for d in hostile.deliveries if d.read is not None}
    assert {"truncated.xlsx", "bomb.xlsx", "laughs.ods", "protected_xor.xls", "long_line.csv"} <= cached_ones


@pytest.fixture
def as_nobody() -> Iterator[Path]:
    """A folder that everybody may enter, and a process that may not read everything: tests may run as root."""
    folder = Path(tempfile.mkdtemp(prefix="kim-test-"))
    folder.chmod(0o777)
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(65534)
    try:
        yield folder
    finally:
        if was_root:
            os.seteuid(0)
        shutil.rmtree(folder)


def test_files_and_folders_without_read_permission(as_nobody: Path) -> None:
    settings = Settings(deliveries=as_nobody / "in", warehouse=as_nobody / "out", key_file=None)
    path = put(settings, P, "closed.xlsx", small_delivery())
    inner = put(settings, P, "closed folder/x.xlsx", small_delivery())
    for target in (path, inner.parent):
        target.chmod(0)
    try:
        intake = take_in(settings)
    finally:
        inner.parent.chmod(0o700)
    assert [d.file for d in intake.deliveries] == ["closed folder", "closed.xlsx"]
    assert all("Leserechte fehlen" in message_of(d) for d in intake.deliveries)


@pytest.mark.parametrize("moment", [-1e18, -1.0, 0.0, 2.0**40])
def test_a_file_of_any_age(moment: float, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(settings, P, "x.xlsx", small_delivery())
    real = Path.stat

    def stat(self: Path, **options: bool) -> os.stat_result:
        facts = list(real(self, **options))
        facts[8] = moment
        return os.stat_result(facts)

    monkeypatch.setattr(Path, "stat", lambda self, **o: stat(self, **o) if self == path else real(self, **o))
    assert find_deliveries(settings.deliveries, P)[0].received_at.tzinfo is not None


def test_a_run_survives_everything_at_once(settings: Settings) -> None:
    """Readers that hang, crash, are killed, eat memory or print garbage cost their own delivery only."""
    odd = ["loop", "kill", "abort", "garbage", "hog", "gone"]
    for name in odd:
        put(settings, P, f"{name}.xlsx", small_delivery(name))
    put(settings, P, "changed.xlsx", small_delivery("old"))
    put(settings, "fit", "ignored.new", b"")
    put(settings, P, "good.xlsx", small_delivery("good"))
    new = small_delivery("new")
    (settings.deliveries / P / "changed.new").write_bytes(new)
    intake = take_in(settings, pool=odd_pool(settings, seconds=5, patience=30))
    for name in odd:
        found = delivery(intake, f"{name}.xlsx")
        assert found.status == "rejected"
        assert "Bitte" in message_of(found)
    assert delivery(intake, "good.xlsx").accounts[0]["accepted"] == 1
    changed = delivery(intake, "changed.xlsx")
    assert changed.accounts[0]["accepted"] == 1
    assert changed.sha256 == delivery(intake, "changed.new").sha256  # the bytes that were read
