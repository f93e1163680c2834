"""A run's entries for whoever adds them up: page by page, and of most of them no more than the attempt's name.

A hundred thousand attempts are half a million entries: memory holds a page of them, and most bodies are never decoded.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from rushes.ledger.books import Hold, Stand
from rushes.ledger.database import Database, Row
from rushes.model.ids import RunId

PAGE = 5_000
"""Entries that are read at once."""

_ATTEMPT = '{"attempt":"'  # how the body of an event begins that is about an attempt
_ALL = "SELECT seq, at, kind, body FROM events WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?"
_SOME = "SELECT seq, at, kind, body FROM events WHERE run = ? AND seq > ? AND kind IN (??) ORDER BY seq LIMIT ?"
_HOLDS = "SELECT attempt, worst, stand, billed FROM holds WHERE attempt IN (??)"
_decode = json.JSONDecoder().raw_decode  # what `loads` does besides takes its time where texts are so short


def pages(database: Database, run: RunId, kinds: Sequence[str] = ()) -> Iterator[Sequence[Row]]:
    """The entries of a run in order, of these kinds only if any are named: `seq`, `at`, `kind` and `body` of each."""
    wanted = (database.list_of(kinds),) if kinds else ()
    last = 0
    while True:
        rows = database.read(_SOME if wanted else _ALL, (run, last, *wanted, PAGE))
        yield rows
        if len(rows) < PAGE:
            return
        last = rows[-1][0]


def head_of(body: str, end: str | None) -> dict[str, Any]:
    """The fields of a body that stand before the mark `end`: within a text its quotes would be escaped."""
    if end is not None:
        head, mark, _rest = body.partition(end)
        body = head + "}" if mark else body
    raw: dict[str, Any] = _decode(body)[0]
    return raw


def attempt_of(body: str) -> str:
    """The attempt that an event is about, by its first field; `""` where it is about none."""
    if not body.startswith(_ATTEMPT):
        return ""
    name = body[len(_ATTEMPT) : body.index('"', len(_ATTEMPT))]
    return name if "\\" not in name else str(json.loads(body)["attempt"])


def holds_of(database: Database, attempts: Sequence[str]) -> Iterator[tuple[str, Hold]]:
    """Where the money of these attempts is, as far as they have any."""
    for name, worst, stand, billed in database.read(_HOLDS, (database.list_of(attempts),)) if attempts else ():
        yield name, _hold(worst, stand, billed)


@lru_cache(maxsize=4096)
def _hold(worst: str | None, stand: int, billed: str) -> Hold:
    """A row of the table; most requests of a ledger cost one of a few amounts."""
    return Hold(None if worst is None else Decimal(worst), (), Stand(stand), Decimal(billed))
