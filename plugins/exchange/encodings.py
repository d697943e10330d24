"""Which encoding a text file is in. Russian encodings are told apart by our own counts, since they are one byte apart.

Runs in the limited child process of `reader`; knows nothing of Smalta.
"""

from __future__ import annotations

import codecs
import re
from itertools import pairwise
from pathlib import Path

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CYRILLIC = ("windows-1251", "koi8-r", "cp866", "x-mac-cyrillic", "iso8859-5", "koi8-u")
KNOWN = (
    "utf-8",
    "windows-1251",
    "koi8-r",
    "cp866",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "windows-1252",
    "iso8859-5",
    "x-mac-cyrillic",
    "koi8-u",
    "windows-1250",
    "iso8859-15",
    "big5",
    "gb18030",
    "shift_jis",
    "euc-kr",
)
"""What a person may choose from."""

EAST_ASIAN = ("shift_jis", "euc-jp", "gb18030", "big5", "euc-kr")

CHUNK = 1024 * 1024
SAMPLE = 256 * 1024
FREQUENT = frozenset("оеаинтсрвлкмдпу")
"""The fifteen letters that make up four fifths of any Russian text."""
_WORD = re.compile(r"[^\W\d_]+")
_python_name = {
    "x-mac-cyrillic": "mac_cyrillic",
    "windows-1251": "cp1251",
    "windows-1252": "cp1252",
    "windows-1250": "cp1250",
}


def codec(name: str) -> str:
    """Python's name of the encoding; LookupError where there is none or it is no text encoding."""
    found = codecs.lookup(_python_name.get(name.lower(), name))
    if not getattr(found, "_is_text_encoding", True):
        raise LookupError(name)
    return found.name


def detect(path: Path) -> str:
    """The encoding of the file: by its mark, by zeros, by validity, by the look of the letters."""
    with path.open("rb") as stream:
        head = stream.read(CHUNK)
    for mark, name in BOMS:
        if head.startswith(mark):
            return name
    if name := _wide(head):
        return name
    sample = _non_ascii_lines(path)
    if not sample or _is_utf8(path):
        return "utf-8"
    cyrillic = max((score(sample, name), -place, name) for place, name in enumerate(CYRILLIC))
    if cyrillic[0] > 0.6:
        return cyrillic[2]
    return "utf-8" if _nearly_utf8(sample) else _guess(sample)


def _wide(head: bytes) -> str:
    """UTF-16 without a mark: every other byte of plain text is zero, or the high byte of Cyrillic, four."""
    if len(head) < 4 or not head.count(0):
        return ""
    even, odd = head[0:4000:2], head[1:4000:2]
    high_even = sum(byte in (0, 4) for byte in even) / len(even)
    high_odd = sum(byte in (0, 4) for byte in odd) / len(odd)
    if high_odd > 0.8 > high_even:
        return "utf-16-le"
    return "utf-16-be" if high_even > 0.8 > high_odd else ""


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _nearly_utf8(sample: bytes) -> bool:
    """Whether only few characters of an UTF-8 text are broken, as in a file that was cut or joined."""
    text = sample.decode("utf-8", "replace")
    wide = sum(char > "\x7f" for char in text)
    return wide > 20 and text.count("\ufffd") / wide < 0.05


def _non_ascii_lines(path: Path) -> bytes:
    """The lines that can tell encodings apart, up to a sample's worth."""
    kept: list[bytes] = []
    size = 0
    with path.open("rb") as stream:
        while size < SAMPLE and (line := stream.readline(64 * 1024)):
            if not line.isascii():
                kept.append(line)
                size += len(line)
    return b"".join(kept)[:SAMPLE]


def score(sample: bytes, name: str) -> float:
    """How much the sample looks like Russian in this encoding: 1 is a plain text, below 0.6 something else."""
    text = sample.decode(codec(name), "replace")
    high = sum(char > "\x7f" for char in text)
    letters = [char for char in text if "Ѐ" <= char <= "ӿ"]
    if not letters or not high:
        return 0.0
    russian = sum(char in "ёЁ" or "А" <= char <= "я" for char in letters) / high
    lower = [char.lower() for char in letters]
    frequent = sum(char in FREQUENT for char in lower) / len(lower)
    return russian * min(1.0, frequent / 0.72) * (1 - _odd_words(text))


def _odd_words(text: str) -> float:
    """The share of words no one writes: letters of two alphabets, or a capital after a small letter."""
    words = [word for word in _WORD.findall(text[:40_000]) if not word.isascii()]
    if not words:
        return 1.0
    odd = 0
    for word in words:
        mixed = any("a" <= char.lower() <= "z" for char in word) and len(word) > 2
        jumps = any(a.islower() and b.isupper() for a, b in pairwise(word))
        odd += mixed or jumps
    return odd / len(words)


def _guess(sample: bytes) -> str:
    """East Asian letters are pairs of high bytes; a Western file has few, far apart."""
    high = re.findall(rb"[\x80-\xff]+", sample)
    paired = sum(len(run) for run in high if len(run) > 1) / sum(map(len, high))
    if paired > 0.6 and len(sample) > 64:
        for name in EAST_ASIAN:
            if _decodes(sample, name):
                return name
    from charset_normalizer import from_bytes

    best = from_bytes(sample[: 64 * 1024]).best()
    name = best.encoding.replace("_", "-") if best else "cp1252"
    if (
        best
        and name in {"cp1250", "iso8859-2"}
        and best.language not in {"Polish", "Czech", "Slovak", "Hungarian", "Croatian", "Slovene"}
    ):
        name = "cp1252"
    # Western files come from Windows; its code page holds the same letters as the others and more signs.
    return (
        name
        if name in {"cp1250", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "iso8859-2"} and len(sample) > 200
        else "windows-1252"
    )


def _decodes(sample: bytes, name: str) -> bool:
    """Whether the sample, but for a character cut at its end, is valid and made of words of that script."""
    text = sample.decode(name, "replace")
    wide = [char for char in text if char > "\x7f"]
    common = sum("\u3000" <= char <= "\u9fff" or "\uac00" <= char <= "\ud7a3" or char > "\uff00" for char in wide)
    return text.count("\ufffd") <= 1 + len(wide) // 200 and common > 0.9 * len(wide)
