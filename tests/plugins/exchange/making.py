"""Files that tests bring: small tables, odd tables, and bombs."""

from __future__ import annotations

import csv
import io
import os
import struct
import zipfile
from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest
import xlsxwriter

SAMPLES = Path(os.environ.get("SMALTA_SAMPLE_DATA") or Path(__file__).resolve().parents[4] / "shared" / "data")
"""Data that is not part of the repository; tests on it are skipped where it is absent."""

needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample data is not here")
needs_deals = pytest.mark.skipif(find_spec("plugins.funnel") is None, reason="the plugin with deals is not here")


def table(path: Path, rows: Iterable[Sequence[str]], *, encoding: str = "utf-8", delimiter: str = ",") -> Path:
    """A CSV file."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    path.write_bytes(out.getvalue().encode(encoding))
    return path


def workbook(path: Path, rows: Sequence[Sequence[object]], **options: object) -> Path:
    """An XLSX file of one sheet."""
    book = xlsxwriter.Workbook(str(path), options)
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, row)
    book.close()
    return path


NAMESPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_P = "http://schemas.openxmlformats.org/package/2006"


def _relations(**targets: str) -> str:
    found = "".join(
        f'<Relationship Id="r{number}" Type="{_R}/{name}" Target="{target}"/>'
        for number, (name, target) in enumerate(targets.items(), 1)
    )
    return f'<Relationships xmlns="{_P}/relationships">{found}</Relationships>'


_TYPES = f'<Types xmlns="{_P}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>'
_BOOK = f'<sheets><sheet xmlns:r="{_R}" name="S" sheetId="1" r:id="r1"/></sheets>'
_PARTS = {
    "[Content_Types].xml": _TYPES,
    "_rels/.rels": _relations(officeDocument="xl/workbook.xml"),
    "xl/workbook.xml": f"<workbook {NAMESPACE}>{_BOOK}</workbook>",
    "xl/_rels/workbook.xml.rels": _relations(worksheet="worksheets/sheet1.xml", sharedStrings="sharedStrings.xml"),
}


def sheet_xml(cells: str, head: str = "") -> str:
    """The XML of a sheet with these rows."""
    return f'<?xml version="1.0"?>{head}<worksheet {NAMESPACE}><sheetData>{cells}</sheetData></worksheet>'


def raw_workbook(path: Path, sheet: str, strings: Callable[[object], None] | None = None) -> Path:
    """A workbook written by hand, as no program would."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in _PARTS.items():
            archive.writestr(name, text)
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
        if strings:
            with archive.open("xl/sharedStrings.xml", "w", force_zip64=True) as stream:
                strings(stream)
    return path


def zip_bomb(path: Path, megabytes: int) -> Path:
    """A workbook whose shared strings unpack to that many megabytes."""

    def write(stream: object) -> None:
        stream.write(f'<?xml version="1.0"?><sst {NAMESPACE}>'.encode())  # type: ignore[attr-defined]
        for _ in range(megabytes):
            stream.write(b"<si><t>" + b"A" * (2**20 - 15) + b"</t></si>")  # type: ignore[attr-defined]
        stream.write(b"</sst>")  # type: ignore[attr-defined]

    return raw_workbook(path, sheet_xml('<row r="1"><c r="A1" t="s"><v>0</v></c></row>'), write)


def lying_bomb(path: Path) -> Path:
    """The same, with a directory that says it is small."""
    content = bytearray(zip_bomb(path, 300).read_bytes())
    place = 0
    while (place := content.find(b"PK\x01\x02", place + 1)) > 0:
        length = struct.unpack("<H", content[place + 28 : place + 30])[0]
        if content[place + 46 : place + 46 + length] == b"xl/sharedStrings.xml":
            content[place + 24 : place + 28] = struct.pack("<I", 5_000)
    path.write_bytes(content)
    return path


def laughs(path: Path) -> Path:
    """A sheet whose entities grow a billion times."""
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    head = f'<!DOCTYPE lolz [<!ENTITY l0 "lol">{entities}]>'
    return raw_workbook(path, sheet_xml('<row r="1"><c r="A1" t="str"><v>&l9;</v></c></row>', head))


def far_cells(path: Path, last: str) -> Path:
    """A sheet of two cells, the second of them far away."""
    row = "".join(char for char in last if char.isdigit())
    return raw_workbook(
        path, sheet_xml(f'<row r="1"><c r="A1"><v>1</v></c></row><row r="{row}"><c r="{last}"><v>1</v></c></row>')
    )


def nested_zip(path: Path) -> Path:
    """Archives in archives."""
    content = b"0" * 1_000_000
    for _ in range(4):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(10):
                archive.writestr(f"{number}.zip", content)
        content = out.getvalue()
    path.write_bytes(content)
    return path
