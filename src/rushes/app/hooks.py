"""What a door may hang on a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from rushes.engine.parts import Stop
from rushes.graph.planned import Plan
from rushes.model.event import Event

Watch = Callable[[Event], None]
Tell = Callable[[Plan], None]
Gauge = Callable[[Callable[[], Mapping[str, int]]], None]


class Hooks(NamedTuple):
    """What a door may hang on a run: every event, why requests wait, the plan before it starts, the wish to stop.

    `webhooks` is the public address at which providers may call, and where to listen (`app/webhooks.py`).
    """

    watch: Watch = lambda _event: None
    gauge: Gauge = lambda _waits: None
    planned: Tell = lambda _plan: None
    stop: Stop | None = None
    webhooks: str | None = None


NO_HOOKS = Hooks()
