"""What goes over the wire, as values: a request that has arrived, and how it is answered."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from rushes.model.canonical import canonical_bytes

ASKING = "x-rushes-asking"
"""A header that a simulated adapter may send with a submission: which asking it is (the request key).

Two candidates of a model that takes no seed have the same body and are two askings all the same: with it the books
can tell them from a duplicate, and each gets its own picture whichever arrives first. Real providers never see it.
"""

AGAIN = "x-rushes-again"
"""A header that says: this submission is known to repeat an earlier one, and is meant to (`resubmit`)."""

OWN_FIELDS = frozenset({"webhook", "webhook_url", "webhook_config", "webhookConfig", "idempotency_key", "fal_webhook"})
"""Top-level fields of a body that are about the call and not about what is asked; no part of the request hash."""


class End(StrEnum):
    """What happens to the connection after the answer."""

    KEEP = "keep"  # it may be used again
    CLOSE = "close"  # the answer says that it closes
    HANG_UP = "hang-up"  # closed after the answer, which does not say so
    SILENT = "silent"  # no answer at all: closed politely
    RESET = "reset"  # no answer at all: torn down
    CUT = "cut"  # torn down where the pieces end, although more was announced


class Piece(NamedTuple):
    """Bytes of a body, and simulated seconds to wait before they are sent."""

    data: bytes
    delay: float = 0.0


class Receipt(NamedTuple):
    """What a client knows or has once an answer was sent whole: told of a job, its result, one of its files."""

    remote: str
    told: bool = False
    answered: bool = False
    output: str = ""


class Reply(NamedTuple):
    """An answer. `length` is the size that is announced in bytes (None: the size of the pieces)."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    pieces: tuple[Piece, ...] = ()
    end: End = End.KEEP
    length: int | None = None
    receipt: Receipt | None = None

    @property
    def body(self) -> bytes:
        """All pieces together."""
        return b"".join(one.data for one in self.pieces)

    def with_headers(self, *more: tuple[str, str]) -> Reply:
        """The same answer with more headers."""
        return self._replace(headers=(*self.headers, *more)) if more else self

    def header(self, name: str) -> str | None:
        """The value of a header, by any spelling."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class Request(NamedTuple):
    """A request that has arrived whole.

    `host` is the protocol's own host that is meant (`queue.fal.run`); `path` is what follows it, decoded. `origin` is
    where this simulator was reached and `prefix` is true when the protocol was named by the path and not by the host.
    Header names are in lower case.
    """

    method: str
    host: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    origin: str = ""
    prefix: str = ""

    def own(self, path: str, host: str | None = None) -> str:
        """The simulator's own address for a path of this protocol: what stands in answers instead of the real one."""
        if self.prefix:
            return f"{self.origin}{self.prefix}{path}"
        scheme = self.origin.partition("://")[0]
        return f"{scheme}://{host or self.host}{path}"

    def authorization(self, *schemes: str) -> str | None:
        """The key of the header `Authorization`, under one of these schemes in lower case; None when there is none."""
        scheme, _, key = self.headers.get("authorization", "").partition(" ")
        return key.strip() or None if scheme.lower() in schemes else None

    def json(self) -> Any:
        """The body as JSON; ValueError when it is none. NaN and numbers beyond all bounds are none either."""
        return json.loads(self.body.decode("utf-8"), parse_constant=_finite, parse_float=_finite)

    def object(self) -> dict[str, Any]:
        """The body as an object of JSON; an empty one for a body that is none."""
        try:
            body = self.json()
        except (ValueError, RecursionError):
            return {}
        return body if isinstance(body, dict) else {}


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no number of JSON")
    return number


def json_reply(value: object, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """A JSON answer: sorted keys, so that equal answers are equal bytes; ASCII, so that any text can be said."""
    data = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    return Reply(status, (("content-type", "application/json"), *headers), (Piece(data),))


def come_back(seconds: float | None) -> tuple[tuple[str, str], ...]:
    """The header that says when to come back; none where nothing is said."""
    return () if seconds is None else (("retry-after", f"{seconds:g}"),)


def bytes_reply(data: bytes, media_type: str, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """A file."""
    return Reply(200, (("content-type", media_type), *headers), (Piece(data),))


def plain_body(request: Request) -> bytes:
    """The canonical bytes of what a body asks: JSON without our own fields and in one order, anything else as it is.

    What separates the parts of a form is made up anew by each client for each request, and asks nothing.
    """
    body = request.body
    if (boundary := boundary_of(request)) is not None:
        return body.replace(boundary, b"")
    try:
        value = json.loads(body)
        if isinstance(value, dict):
            value = {name: inner for name, inner in value.items() if name not in OWN_FIELDS}
        return canonical_bytes(value)
    except (ValueError, TypeError, RecursionError):
        return body


class Part(NamedTuple):
    """One part of a form: its field, and of a file its name and media type."""

    field: str
    data: bytes
    file: str | None = None
    media_type: str = "text/plain"

    @property
    def text(self) -> str:
        """The part as text."""
        return self.data.decode("utf-8", "replace")


def boundary_of(request: Request) -> bytes | None:
    """What separates the parts of a form; None for a body that is none."""
    found = _BOUNDARY.fullmatch(request.headers.get("content-type", ""))
    return None if found is None else (found[1] or found[2]).encode("latin-1")


def form(request: Request) -> list[Part] | None:
    """The parts of a form in their order; None for a body that is none, or is torn."""
    boundary = boundary_of(request)
    if boundary is None:
        return None
    first, *parts = request.body.split(b"--" + boundary)
    if first.strip() or not parts or not parts[-1].startswith(b"--"):
        return None
    found = []
    for part in parts[:-1]:
        head, cut, data = part.partition(b"\r\n\r\n")
        told = _FIELD.search(head.decode("utf-8", "replace"))
        if not cut or told is None or not data.endswith(b"\r\n"):
            return None
        text = head.decode("utf-8", "replace")
        file, kind = _FILE.search(text), _TYPE.search(text)
        found.append(Part(told[1], data[:-2], file and file[1], kind[1].strip() if kind else "text/plain"))
    return found


_BOUNDARY = re.compile(r"multipart/form-data;.*?boundary=(?:\"([^\"]{1,200})\"|([^;,\s]{1,200})).*", re.IGNORECASE)
_FIELD = re.compile(r"content-disposition:[^\r\n]*?[; ]name=\"?([^\";\r\n]+)\"?", re.IGNORECASE)
_FILE = re.compile(r"content-disposition:[^\r\n]*?filename=\"?([^\";\r\n]+)\"?", re.IGNORECASE)
_TYPE = re.compile(r"content-type:([^\r\n]+)", re.IGNORECASE)
