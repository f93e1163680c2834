"""Tables of errors under test: what an answer means by them, and which of their rows no case has met."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from tests.providers.rig import KEY, access

from rushes.errors import ErrorClass, RemoteError
from rushes.plugin.access import Secret
from rushes.providers.errors import COMMON, EDGE, LOST, Heard, Row, read
from rushes.providers.http import Answer
from rushes.providers.remote import Remote

SHARED: tuple[Row, ...] = (*COMMON, *EDGE, *LOST)
"""Rows that every service shares: met once, with the first."""


class Case(NamedTuple):
    """One answer, and what it must mean."""

    status: int
    body: Any
    headers: dict[str, str]
    kind: ErrorClass
    billed: bool


def heard(of: type[Remote], status: int, body: Any, headers: dict[str, str]) -> Heard:
    """An answer as the adapter hears it; a body that is no text is sent as JSON."""
    data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return of(access(of.name, None)).heard(Answer(status, headers, data))


def error(of: type[Remote], rows: Sequence[Row], case: Case) -> RemoteError:
    """The error that an answer is by a table."""
    return read(rows, heard(of, case.status, case.body, case.headers), of.name, Secret(KEY))


def means(of: type[Remote], rows: Sequence[Row], case: Case) -> None:
    """AssertionError when an answer means another class, or is billed otherwise, than the case says."""
    found = error(of, rows, case)
    assert (found.kind, found.maybe_billed) == (case.kind, case.billed), found.message
    assert str(case.status) in found.message


def untested(of: type[Remote], rows: Sequence[Row], cases: Iterable[Case]) -> list[Row]:
    """Rows of a table, beside the shared ones, that no case meets first."""
    said = [heard(of, case.status, case.body, case.headers) for case in cases]
    met = {next((row for row in rows if row.fits(one)), None) for one in said}
    return [row for row in rows if row not in met and row not in SHARED]
