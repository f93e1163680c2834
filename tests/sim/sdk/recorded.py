"""What a client really sent: requests read back from the bytes of its connections."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import h11


class Sent(NamedTuple):
    """One request as it went over the wire; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


def requests_in(connections: Iterable[bytes | bytearray]) -> list[Sent]:
    """The complete requests of these connections, in the order of the connections."""
    return [one for data in connections for one in _of_connection(bytes(data))]


def _of_connection(data: bytes) -> Iterator[Sent]:
    while data:
        side = h11.Connection(h11.SERVER)  # one for each request: h11 would wait for the answer before the next
        side.receive_data(data)
        head, body = side.next_event(), bytearray()
        if not isinstance(head, h11.Request):
            return
        while isinstance(event := side.next_event(), h11.Data):
            body += event.data
        if not isinstance(event, h11.EndOfMessage):
            return
        headers = {name.decode().lower(): value.decode() for name, value in head.headers}
        yield Sent(head.method.decode(), head.target.decode(), headers, bytes(body))
        data = side.trailing_data[0]
