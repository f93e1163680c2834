"""A table, read row by row: each is a good row or a bad one with its line and its reason, and none is lost.

::

    prompts.csv      a header, one record a row; also with `;` or tabs between the values
    prompts.jsonl    one JSON object a line
    prompts.txt      one text a line: the value of `{{input}}`

Never more than one row is in memory. What cannot be read ends no table: the row is bad, and the next one is read.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from rushes.errors import UserError
from rushes.graph.rows import Wants
from rushes.model.media import Kind, kind_of_name

MOST_BYTES = 1_000_000
"""Bytes of one line; a longer one is a bad row."""

FORMATS = (".csv", ".tsv", ".jsonl", ".ndjson", ".txt")
_ID = "id"
_INPUT = ("prompt", "text")  # what people call `{{input}}`
_LONGEST_ID = 200  # characters


class Row(NamedTuple):
    """A good row. `number` and `line` count from 1, as people do; `values` are by variable."""

    number: int
    line: int
    id: str
    values: dict[str, str]


class Bad(NamedTuple):
    """A row that cannot be used, and why."""

    number: int
    line: int
    says: str


class Columns(NamedTuple):
    """What a workflow makes of columns: what it `wants`, which of that has a value without a table, the folder of the
    table, below which files are named, and what kind of file a variable names, where that is known."""

    wants: Wants
    given: frozenset[str]
    folder: Path
    kinds: dict[str, Kind]

    def variable(self, column: str) -> str | None:
        """The variable that a column gives a value to; None for one that gives none."""
        if column in self.wants.texts or column in self.wants.files:
            return column
        return "input" if column in _INPUT and "input" in self.wants.texts else None

    def used(self, column: str) -> bool:
        """Whether a column changes anything at all."""
        return column == _ID or self.variable(column) is not None

    def near(self, column: str) -> list[str]:
        """Names that a column may have been meant to have."""
        return get_close_matches(column, [*self.wants.texts, *self.wants.files, *_INPUT, _ID], n=2, cutoff=0.75)

    def needed(self) -> list[str]:
        """The variables that every row has to give."""
        return sorted((self.wants.texts | self.wants.files) - self.given)


class _Wrong(ValueError):
    """Why a row is bad."""


def read_table(table: Path, columns: Columns, met: Callable[[Sequence[str], int], None]) -> Iterator[Row | Bad]:
    """Every row. `met` is told the columns of a header, or of each object, with their line. Raises UserError."""
    kind = table.suffix.lower()
    read = {".csv": _records, ".tsv": _records, ".txt": _texts}.get(kind, _objects)
    if kind not in FORMATS:
        raise UserError(f"{table} is no table that is known here", next_step=f"name a file that ends {_or(FORMATS)}")
    try:
        with table.open("rb") as file:
            for number, (line, fields) in enumerate(read(file, table, met), start=1):
                try:
                    if isinstance(fields, _Wrong):
                        raise fields
                    yield _row(number, line, fields, columns)
                except _Wrong as wrong:
                    yield Bad(number, line, str(wrong))
    except OSError as error:
        raise UserError(f"{table} cannot be read: {error.strerror}", next_step="name a table with --table") from error


_Met = Callable[[Sequence[str], int], None]
_Fields = dict[str, str] | _Wrong
_NOT_TEXT = "it is not UTF-8 text"
_TOO_LONG = f"it is longer than {MOST_BYTES:,} bytes"


def _texts(file: BinaryIO, _table: Path, met: _Met) -> Iterator[tuple[int, _Fields]]:
    met(["input"], 1)
    for line, text in _lines(file):
        if isinstance(text, _Wrong):
            yield line, text
        elif text.strip():
            yield line, {"input": text.rstrip("\r\n")}


def _objects(file: BinaryIO, _table: Path, met: _Met) -> Iterator[tuple[int, _Fields]]:
    for line, text in _lines(file):
        if isinstance(text, _Wrong):
            yield line, text
        elif text.strip():
            try:
                fields = _object(text)
            except _Wrong as wrong:
                yield line, wrong
            else:
                met(list(fields), line)
                yield line, fields


def _object(text: str) -> dict[str, str]:
    try:
        raw = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except RecursionError:
        raise _Wrong("it is nested too deeply") from None
    except _Wrong:
        raise
    except ValueError as error:
        raise _Wrong(f"it is no JSON: {error}") from None
    if not isinstance(raw, dict):
        raise _Wrong("it is no JSON object")
    return {name: said for name, value in raw.items() if (said := _scalar(name, value)) is not None}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Wrong("it has a name twice")
    return found


def _no_constant(name: str) -> None:
    raise _Wrong(f"{name} is no JSON")


def _scalar(name: str, value: Any) -> str | None:
    if isinstance(value, list | dict):
        raise _Wrong(f"{name!r} is a {'list' if isinstance(value, list) else 'mapping'}, and it takes a text or number")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        raise _Wrong(f"{name!r} is larger than any number can be")
    return None if value is None else str(value)


def _records(file: BinaryIO, table: Path, met: _Met) -> Iterator[tuple[int, _Fields]]:
    lines = _Told(_lines(file))
    header = next(lines, "")
    if lines.wrong is not None:
        raise UserError(f"{table}:1: {lines.wrong}", next_step="save the table as UTF-8, its columns named first")
    try:
        first = next(csv.reader([header], delimiter=(between := _between(header))), [])
    except csv.Error as error:
        raise UserError(
            f"{table}:1: its columns cannot be read: {error}", next_step="name the columns in its first line"
        ) from error
    names = [name.strip() for name in first]
    _check_header(names, table)
    met([name for name in names if name], 1)
    reader = csv.reader(lines, delimiter=between, strict=True)
    while True:
        lines.wrong = None
        began = lines.line + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield began, _Wrong(f"it is no record: {error}")
            continue
        if lines.wrong is not None:
            yield began, lines.wrong
        elif len(values) != len(names) and values:
            has = "1 value" if len(values) == 1 else f"{len(values)} values"
            yield began, _Wrong(f"it has {has}, and the header names {len(names)}")
        elif any(values):
            yield began, {name: value for name, value in zip(names, values, strict=True) if name}


def _between(header: str) -> str:
    return max(",;\t", key=header.count)


def _check_header(names: Sequence[str], table: Path) -> None:
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if not any(names):
        raise UserError(f"{table} has no header", next_step="name the columns in its first line")
    if twice:
        raise UserError(f"{table}:1: two columns are called {twice[0]!r}", next_step="rename one")


class _Told:
    """Lines for a reader that knows only texts: what is wrong with one is remembered beside it."""

    def __init__(self, lines: Iterator[tuple[int, str | _Wrong]]) -> None:
        self._lines = lines
        self.line = 0
        self.wrong: _Wrong | None = None

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.line, text = next(self._lines)
        if isinstance(text, _Wrong):
            self.wrong = text
            return "-\n"
        return text


def _lines(file: BinaryIO) -> Iterator[tuple[int, str | _Wrong]]:
    """Every line, from 1, with its end; without a byte order mark."""
    number = 0
    while raw := file.readline(MOST_BYTES + 1):
        number += 1
        if len(raw) > MOST_BYTES:
            while raw and not raw.endswith(b"\n"):
                raw = file.readline(MOST_BYTES)
            yield number, _Wrong(_TOO_LONG)
            continue
        try:
            yield number, raw.removeprefix(b"\xef\xbb\xbf" if number == 1 else b"").decode("utf-8")
        except UnicodeDecodeError:
            yield number, _Wrong(_NOT_TEXT)


def _row(number: int, line: int, fields: dict[str, str], columns: Columns) -> Row:
    values: dict[str, str] = {}
    for column, value in fields.items():
        variable = columns.variable(column)
        if variable is None or not value.strip():
            continue  # an empty field gives nothing: what the workflow says itself stands
        if variable in values:
            raise _Wrong(f"two of its columns give {variable!r} a value")
        values[variable] = _file(variable, value.strip(), columns) if variable in columns.wants.files else _text(value)
    lacks = [name for name in columns.needed() if name not in values]
    if "input_lines" in lacks and "input" in values:
        lacks.remove("input_lines")
    if lacks:
        raise _Wrong(f"it has no value for {' and '.join(map(repr, lacks))}")
    return Row(number, line, _text(fields.get(_ID, "").strip())[:_LONGEST_ID], values)


def _text(value: str) -> str:
    if "\0" in value:
        raise _Wrong("it holds a null character, which no prompt and no path can")
    if not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise _Wrong("it holds half a character, which no text can") from None
    return value


def _file(variable: str, value: str, columns: Columns) -> str:
    """A URL as it is, and a path so that it means the same wherever the workflow lies."""
    if any(ord(char) < 32 for char in _text(value)):
        raise _Wrong(f"{variable!r} holds control characters")
    wanted, named = columns.kinds.get(variable), kind_of_name(value)
    if wanted is not None and named is not None and wanted is not named:
        raise _Wrong(f"{variable!r} is {value}, and {wanted} is wanted")
    return value if "://" in value else str((columns.folder / value).absolute())


def _or(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + f" or {names[-1]}"
