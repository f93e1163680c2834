"""What a provider says it charged: the lines of its usage export, CSV or JSON, read one after the other.

A file comes from outside and may be torn, huge or written for another country. A line whose amount cannot be read is
named with its place and left out; the rest is read all the same.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from rushes.errors import UserError

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "amount": ("amount_usd", "cost_usd", "usd", "amount", "cost", "total_cost", "total", "price", "charge", "charged"),
    "id": ("request_id", "remote_id", "prediction_id", "generation_id", "task_id", "job_id", "response_id", "id"),
    "date": ("created_at", "timestamp", "datetime", "created", "completed_at", "started_at", "date", "time"),
    "model": ("endpoint_id", "endpoint", "model_id", "model", "model_name", "model_version", "app", "sku"),
    "currency": ("currency",),
}
"""What a line is read for, and the names that it is looked for under, the surest first."""

_WHOLE = 64 * 1024 * 1024  # bytes of a JSON document that is read in one piece
_HEAD = 1024 * 1024  # characters of the first line that say what kind of file this is
_MOST = Decimal(10) ** 9
_FINEST = -30  # the power of ten beyond which no price has digits: sums of such a one would have millions of them
_LISTS = ("data", "items", "usage", "records", "results", "line_items", "generations")
_AMOUNT = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?")


class Line(NamedTuple):
    """One charge, or a credit where `usd` is below zero. `place` is `file:line`; `at` unix seconds."""

    place: str
    usd: Decimal
    id: str = ""
    at: float | None = None
    model: str = ""


class Bad(NamedTuple):
    """A line that says no amount, and why."""

    place: str
    says: str


def read_lines(file: Path, names: Mapping[str, str]) -> Iterator[Line | Bad]:
    """The lines of an export; `names` says which column is which where that cannot be guessed. Raises UserError."""
    with _opened(file) as text:
        first = text.readline(_HEAD)
        while first and not first.strip():
            first = text.readline(_HEAD)
        start = first.lstrip()[:1]
    if start not in ("{", "["):
        yield from _csv(file, names)
    elif start == "{" and _listed(_object(first) or {"data": []}) is None:
        yield from _json_lines(file, names)
    else:
        yield from _json(file, names)


@contextmanager
def _opened(file: Path) -> Iterator[TextIO]:
    if file.exists() and not file.is_file():  # a pipe gives its lines once, and is waited for
        raise UserError(f"{file} is no regular file, and an export is read twice", next_step="write it to a file")
    try:
        # what is no UTF-8 stays visible in its own line, and stops no other
        with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
            yield text
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}", next_step="name a usage export") from error


def _csv(file: Path, names: Mapping[str, str]) -> Iterator[Line | Bad]:
    with _opened(file) as text:
        head = text.readline(_HEAD)
        split = max(",;\t", key=head.count)
        try:
            first = next(csv.reader([head], delimiter=split), [])
        except csv.Error as error:
            raise UserError(
                f"{file}:1: the names of its columns cannot be read: {error}", next_step="name a usage export"
            ) from error
        columns, width = _columns(file, first, names), len(first)
        rows = csv.reader(text, delimiter=split)
        while True:
            place = f"{file.name}:{rows.line_num + 2}"
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield Bad(place, str(error))
                continue
            if not any(row):
                continue
            if len(row) != width:
                yield Bad(place, f"{len(row)} columns, and the first line names {width}")
                continue
            yield _line(place, {what: row[number] for what, number in columns.items()})


def _json_lines(file: Path, names: Mapping[str, str]) -> Iterator[Line | Bad]:
    columns: dict[str, str] | None = None
    with _opened(file) as text:
        for number, line in enumerate(text, 1):
            if not line.strip():
                continue
            place, found = f"{file.name}:{number}", _object(line)
            if found is None:
                yield Bad(place, "no JSON object")
                continue
            if columns is None:
                columns = _keys(file, found, names)
            yield _line(place, {what: found.get(key) for what, key in columns.items()})


def _json(file: Path, names: Mapping[str, str]) -> Iterator[Line | Bad]:
    if file.stat().st_size > _WHOLE:
        raise UserError(f"{file} is more than one JSON value can be", next_step="export it as CSV or JSON lines")
    with _opened(file) as text:
        try:
            found = json.loads(text.read(), parse_float=_number)
        except (ValueError, RecursionError) as error:
            raise UserError(f"{file} is no JSON: {error}", next_step="export it again") from error
    if isinstance(found, dict):
        listed = _listed(found)
        found = [found] if listed is None else listed
    columns: dict[str, str] | None = None
    for number, one in enumerate(found, 1):
        place = f"{file.name}:{number}"  # of an array: which entry
        if not isinstance(one, dict):
            yield Bad(place, "no JSON object")
            continue
        if columns is None:
            columns = _keys(file, one, names)
        yield _line(place, {what: one.get(key) for what, key in columns.items()})


def _listed(found: Mapping[str, Any]) -> list[Any] | None:
    """The list of charges that a document holds under one of the usual names."""
    return next((found[key] for key in _LISTS if isinstance(found.get(key), list)), None)


def _object(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line, parse_float=_number)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _number(text: str) -> Decimal | str:
    """The number; what no `Decimal` can be stays a text, so that its line is named and the others are read."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def _keys(file: Path, first: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    keys = list(first)
    return {what: keys[number] for what, number in _columns(file, keys, names).items()}


def _columns(file: Path, head: Sequence[str], names: Mapping[str, str]) -> dict[str, int]:
    """Where what is needed stands. Raises UserError naming what there is."""
    head = [name.encode("utf-8", "replace").decode().strip() for name in head]
    known = [_plain(name) for name in head]
    found: dict[str, int] = {}
    for what, usual in COLUMNS.items():
        wanted = [names[what]] if what in names else usual
        number = next((known.index(_plain(name)) for name in wanted if _plain(name) in known), None)
        if number is not None:
            found[what] = number
        elif what in names:
            raise UserError(f"{file} has no column {names[what]!r}", next_step=f"there are: {', '.join(head[:20])}")
    if "amount" not in found:
        says = f"{file} has no column for the amount"
        raise UserError(says, next_step=f"say --map amount=ONE OF: {', '.join(head[:20])}")
    return found


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.strip().casefold()).strip("_")


def _line(place: str, values: Mapping[str, Any]) -> Line | Bad:
    if any(isinstance(value, str) and not _sound(value) for value in values.values()):
        return Bad(place, "this is no UTF-8")
    currency = str(values.get("currency") or "USD").strip().upper()
    if currency not in ("USD", "US$", "$"):
        return Bad(place, f"the amount is in {currency[:12]}, and the books are in USD")
    usd = amount_of(values["amount"])
    if usd is None:
        return Bad(place, f"{str(values['amount'])[:40]!r} is no amount in USD")
    return Line(
        place, usd, str(values.get("id") or "").strip(), time_of(values.get("date")), str(values.get("model") or "")
    )


def _sound(text: str) -> bool:
    return not any("\ud800" <= sign <= "\udfff" for sign in text) if not text.isascii() else True


def amount_of(value: object) -> Decimal | None:
    """An amount as exports write it: `0.05`, `$1,234.50`, `1.234,50`, `(0.05)` for a credit; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    text = str(value).strip().replace("\u2212", "-").replace("\u00a0", "").replace(" ", "")
    credit = text.startswith("(") and text.endswith(")")
    text = text.strip("()")
    sign, text = ("-", text[1:]) if text.startswith("-") else ("", text)
    text = text.removeprefix("USD").removesuffix("USD").removeprefix("US").removeprefix("$").removesuffix("$")
    text = sign + text
    if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", text):
        text = text.replace(",", "")
    elif re.fullmatch(r"-?\d{1,3}(\.\d{3})*,\d+", text):
        text = text.replace(".", "").replace(",", ".")
    if not text.isascii() or not _AMOUNT.fullmatch(text) or len(text) > 40:
        return None
    try:
        usd = Decimal(text)
    except InvalidOperation:
        return None
    exponent = usd.as_tuple().exponent
    if abs(usd) >= _MOST or not isinstance(exponent, int) or exponent < _FINEST:
        return None
    return -usd if credit else usd


def time_of(value: object) -> float | None:
    """A time as exports write it, in unix seconds: ISO 8601 (UTC where no zone is said), seconds, milliseconds."""
    text = str(value if value is not None else "").strip()
    if re.fullmatch(r"\d{9,11}(\.\d+)?", text):
        return float(text)
    if re.fullmatch(r"\d{12,14}", text):
        return int(text) / 1000
    try:
        found = datetime.fromisoformat(text.removesuffix(" UTC").replace("/", "-"))
        return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
