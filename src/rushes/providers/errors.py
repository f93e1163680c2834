"""What an error answer means, as data: rows of (status, the provider's own code, words) -> error class and money.

A provider has a table for its paid request and one for questions about a job; the first row that fits says what
happened. One function reads them, and every row has a test. `COMMON` ends each table; what no row knows is an unknown
outcome when it answers a paid request: a guess there is a picture paid for twice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from rushes.errors import ErrorClass, RemoteError
from rushes.plugin.access import Secret


class Row(NamedTuple):
    """Answers that mean one thing: `status` and `code` are patterns for the whole of it, `says` for a part of the text.

    A None fits everything. `billed` is true where the provider may charge although there is no result. `waits` makes
    the row fit only where the provider says when to come back: only a service that is alive does.
    """

    status: str | None
    kind: ErrorClass
    code: str | None = None
    says: str | None = None
    billed: bool = False
    waits: bool = False
    next_step: str = ""

    def fits(self, heard: Heard) -> bool:
        """Whether this row is about that answer."""
        if self.status is not None and not re.fullmatch(self.status, str(heard.status)):
            return False
        if self.code is not None and not any(re.fullmatch(self.code, code) for code in heard.codes):
            return False
        if self.waits and heard.wait is None:
            return False
        return self.says is None or re.search(self.says, heard.says, re.IGNORECASE) is not None


class Heard(NamedTuple):
    """An error answer, read in the provider's own shape: `codes` are its names for it, `wait` in seconds."""

    status: int
    codes: Sequence[str]
    says: str
    wait: float | None = None


_LATER = "try again later"
_KEY = "see the key with rushes keys check"

COMMON: tuple[Row, ...] = (
    Row("401", ErrorClass.AUTH, next_step=_KEY),
    Row("402", ErrorClass.QUOTA, next_step="add credit to the account"),
    Row("403", ErrorClass.AUTH, next_step=_KEY),
    Row("404|410", ErrorClass.RETIRED_MODEL, next_step="choose another model: rushes models"),
    Row("408", ErrorClass.TRANSIENT),  # the request itself did not arrive in time: it was not taken up
    Row("409|425", ErrorClass.TRANSIENT),
    Row("413", ErrorClass.INVALID_INPUT, next_step="use smaller pictures"),
    Row("429", ErrorClass.RATE_LIMIT),
    Row("4..", ErrorClass.INVALID_INPUT),
    Row("3..", ErrorClass.INVALID_INPUT, next_step="see the address of the service"),
)
"""What the statuses of HTTP mean where a provider says no more. Source: RFC 9110, RFC 6585, RFC 8470."""

EDGE: tuple[Row, ...] = (
    Row("521|523|525|526|530", ErrorClass.TRANSIENT, next_step=_LATER),  # the service itself was never reached
    # it was reached, and its answer was not; a 522 may be said of a connection that stood and a request that was sent
    Row("520|522|524", ErrorClass.UNKNOWN_OUTCOME, billed=True),
    Row("303", ErrorClass.UNKNOWN_OUTCOME, billed=True),  # what was asked is done, and its answer lies elsewhere
)
"""Answers of an edge network in front of a service, about a paid request. Sources: Cloudflare's 5xx error pages, and
RFC 9110 about 303."""

LOST: tuple[Row, ...] = (
    Row("503", ErrorClass.TRANSIENT, waits=True),
    Row("5..", ErrorClass.UNKNOWN_OUTCOME, billed=True),
)
"""A 5xx about a paid request: a gateway says it after the service has accepted, too. Only a service that refuses and
names its hour is believed to have done nothing."""


def read(rows: Sequence[Row], heard: Heard, name: str, key: Secret | None) -> RemoteError:
    """The error that an answer is. `key` is taken out of the text: some services repeat it."""
    row = next((row for row in rows if row.fits(heard)), None)
    if row is None:
        row = Row(None, ErrorClass.UNKNOWN_OUTCOME, billed=True)
    code = f" {heard.codes[0]}" if heard.codes else ""
    text = plain(heard.says, key)
    return RemoteError(
        row.kind,
        f"{name} answered {heard.status}{code}" + (f": {text}" if text else ""),
        maybe_billed=row.billed,
        retry_after=heard.wait,
        next_step=row.next_step,
    )


def unknown(says: str) -> RemoteError:
    """Nobody can say whether it was accepted."""
    return RemoteError(ErrorClass.UNKNOWN_OUTCOME, says, maybe_billed=True)


def paid(error: RemoteError) -> RemoteError:
    """A failed question about a job does not undo that it was bought."""
    error.maybe_billed = True
    return error


def plain(text: str, key: Secret | None) -> str:
    """A provider's words for people: one line, bounded, without the key and without control characters."""
    if key is not None:
        text = key.struck_from(text)
    line = " ".join("".join(c if c.isprintable() else " " for c in text[:2000]).split())
    return line if len(line) <= 300 else line[:297] + "..."
