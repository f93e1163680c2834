"""Bytes to text, for every text format: size, encoding, null characters, and places in the text."""

from __future__ import annotations

import codecs
from collections.abc import Iterable

from rushes.model.problem import Mark, Problem
from rushes.spec.codes import problem

MAX_BYTES = 64 * 1024 * 1024
"""No workflow is larger; 100,000 steps take about 20 MB."""

MAX_DEPTH = 64
"""No workflow nests deeper; everything that walks a tree may recurse this far."""

MAX_VALUES = 6_000_000
"""Values in one document, aliases counted as often as they are used: about 500 MB of memory at the worst."""

_OTHER_BOMS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_text(file: str, data: bytes, most: int = MAX_BYTES) -> tuple[str | None, list[Problem]]:
    """The text of a file without its UTF-8 mark, or the reason why there is none."""
    if len(data) > most:
        says = f"the file has more than {most:,} bytes, the most that are read"
        return None, [problem("file-too-large", says, try_="split the workflow, or check that this is the right file")]
    if data.startswith(_OTHER_BOMS):
        return None, [_encoding(file, "the file is in UTF-16 or UTF-32", 1, 1)]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = data.count(b"\n", 0, wrong.start) + 1
        column = wrong.start - data.rfind(b"\n", 0, wrong.start)
        says = f"byte {wrong.start + 1} (0x{data[wrong.start]:02x}) is not UTF-8"
        return None, [_encoding(file, says, line, column)]
    null = text.find("\0")
    if null >= 0:
        return None, [
            problem(
                "file-null-byte",
                "the file holds a null character",
                try_="save it as plain UTF-8 text",
                mark=place(file, text, null),
            )
        ]
    if not text.strip():
        return None, [
            problem("file-empty", "the file holds nothing", try_="write a list of steps", mark=Mark(file, 1, 1))
        ]
    return text, []


def _encoding(file: str, says: str, line: int, column: int) -> Problem:
    return problem("file-encoding", says, try_="save the file as UTF-8", mark=Mark(file, line, column))


def place(file: str, text: str, offset: int) -> Mark:
    """Line and column of an offset into the text."""
    return Mark(file, text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


def places(file: str, text: str, offsets: Iterable[int]) -> dict[int, Mark]:
    """Line and column of many offsets in one pass."""
    found: dict[int, Mark] = {}
    line, at = 1, 0
    for offset in sorted(set(offsets)):
        line += text.count("\n", at, offset)
        at = offset
        found[offset] = Mark(file, line, offset - text.rfind("\n", 0, offset))
    return found


def fits_a_word(value: int) -> bool:
    """Whether a whole number can be sent and stored as written: 64 bits, with or without sign."""
    return -(1 << 63) <= value < 1 << 64


def unsendable(text: str) -> str | None:
    """The code for a text that cannot be sent or stored: a null or half a character."""
    if "\0" in text:
        return "file-null-byte"
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        return "text-broken"
    return None
