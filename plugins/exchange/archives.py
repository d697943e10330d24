"""Checks of a workbook before any library opens it: what sort of file it is, and whether it is a bomb.

Runs in the limited child process of `reader`; knows nothing of Smalta.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

ZIP_MAGIC = b"PK\x03\x04"
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
BIFF_MAGICS = (b"\x09\x08\x08\x00", b"\x09\x08\x10\x00", b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00")

MAX_ENTRIES = 5_000
MAX_UNPACKED = 400 * 1024 * 1024
MAX_RATIO = 120
"""Real sheets shrink 5 to 30 times; a file of zeros shrinks 1,000 times."""
RATIO_FROM = 16 * 1024 * 1024
"""Small files may shrink as they like: they cannot hurt."""
CHUNK = 256 * 1024


class Refused(Exception):
    """The file is not read; `code` says why, `values` fill its message."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


@dataclass(frozen=True)
class Unpacked:
    """What a look into the archive found."""

    size: int
    error_cells: int


def sort_of(path: Path) -> str:
    """`xlsx`, `xlsb`, `ods`, `xls` or `csv`, by content and never by name; refuses what is none of them."""
    with path.open("rb") as stream:
        head = stream.read(4096)
    if head.startswith(ZIP_MAGIC):
        return _sort_of_zip(path)
    if head.startswith(OLE_MAGIC) or head.startswith(BIFF_MAGICS):
        return "xls"
    for magic, what in (
        (b"%PDF", "PDF"),
        (b"\x89PNG", "PNG"),
        (b"\xff\xd8\xff", "JPEG"),
        (b"Rar!", "RAR"),
        (b"7z\xbc\xaf", "7z"),
        (b"\x1f\x8b", "gzip"),
    ):
        if head.startswith(magic):
            raise Refused("not_a_table", what=what)
    if head.lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith((b"<?xml", b"<html", b"<!doctype", b"<table")):
        raise Refused("markup")
    if _is_binary(head):
        raise Refused("binary")
    return "csv"


def _is_binary(head: bytes) -> bool:
    """Whether the bytes are no text in any encoding: UTF-16 has a zero in every other byte, other texts have none."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    odd = sum(byte < 9 or 13 < byte < 28 for byte in head)
    wide = max(sum(byte in (0, 4) for byte in head[start:4000:2]) for start in (0, 1)) * 2 > 0.8 * min(len(head), 4000)
    return odd > 0.05 * len(head) and not wide


def _sort_of_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            if len(archive.filelist) > MAX_ENTRIES:
                raise Refused("too_many_entries", count=len(archive.filelist))
            names = {name.replace("\\", "/").casefold() for name in archive.namelist()}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Refused("broken") from error
    if "xl/workbook.bin" in names:
        return "xlsb"
    if "content.xml" in names:
        return "ods"
    if any(name.startswith("xl/") or name.endswith("workbook.xml") for name in names):
        return "xlsx"
    if any(name.startswith("word/") for name in names):
        raise Refused("not_a_table", what="Word")
    raise Refused("archive")


def look_inside(path: Path) -> Unpacked:
    """Unpack every part into nothing, counting; refuses bombs, encrypted parts and XML with declarations of its own."""
    with zipfile.ZipFile(path) as archive:
        _check_directory(archive)
        errors = 0
        for entry in archive.filelist:
            if entry.filename.casefold().endswith((".xml", ".rels")):
                errors += _scan(archive, entry)
        return Unpacked(sum(entry.file_size for entry in archive.filelist), errors)


def _check_directory(archive: zipfile.ZipFile) -> None:
    total = sum(entry.file_size for entry in archive.filelist)
    packed = sum(entry.compress_size for entry in archive.filelist)
    if total > MAX_UNPACKED or (total > RATIO_FROM and total > packed * MAX_RATIO):
        raise Refused("bomb", size=total // 1024 // 1024)
    if any(entry.flag_bits & 1 for entry in archive.filelist):
        raise Refused("password")
    names = [entry.filename for entry in archive.filelist]
    if len(set(names)) != len(names):
        raise Refused("broken")


def _scan(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> int:
    """Read one XML part; an entity declaration is never needed in a workbook, only in an attack."""
    errors = 0
    tail = b""
    try:
        with archive.open(entry) as stream:
            while chunk := stream.read(CHUNK):
                window = tail + chunk
                if b"<!DOCTYPE" in window or b"<!ENTITY" in window:
                    raise Refused("entities")
                errors += window.count(b't="e"')
                tail = chunk[-8:]
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        raise Refused("broken") from error
    except zipfile.zlib.error as error:  # type: ignore[attr-defined]
        raise Refused("broken") from error
    return errors
