"""What one provider's wire protocol is to the simulator."""

from __future__ import annotations

from typing import Protocol

from rushes.sim.route import Route
from rushes.sim.wire import Reply, Request
from rushes.sim.world import Call


class Spoken(Protocol):
    """One provider's protocol. It keeps nothing: all state is the world's.

    Transport faults (429, 5xx, dropped connections, slow or cut bodies) are laid over `answer` by the simulator, so a
    protocol is written as if all went well on the way, and asks `Call.strikes` for faults of meaning.
    """

    name: str
    hosts: tuple[str, ...]

    def route(self, request: Request) -> Route | None:
        """What the request is about; None when this protocol has no such address."""
        ...

    def key(self, request: Request) -> str | None:
        """The API key that the request carries; None when it has none."""
        ...

    def error(self, status: int, request: Request, retry_after: float | None = None) -> Reply:
        """How this provider words a refusal or a failure with that HTTP status; `retry_after` in seconds."""
        ...

    async def answer(self, call: Call) -> Reply:
        """The answer when nothing goes wrong on the way."""
        ...
