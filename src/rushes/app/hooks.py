"""What a door may hang on a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from rushes.engine.parts import Stop
from rushes.graph.planned import Plan
from rushes.model.event import Event
from rushes.model.wait import Wait

if TYPE_CHECKING:
    from rushes.app.consent import Answer
    from rushes.app.made import Made

Watch = Callable[[Event], None]
Tell = Callable[[Plan], None]
Gauge = Callable[[Callable[[], Mapping[str, Wait]]], None]


class Hooks(NamedTuple):
    """What a door may hang on a run: every event, why requests wait, the plan before it starts, the wish to stop.

    `made` is called with every result when the run has written its files; a run that goes on with stand-ins calls it
    again. `webhooks` is the public address at which providers may call, and where to listen (`app/webhooks.py`).
    `consent` is whoever may agree to what a run costs (`app/consent.py`); None: nobody is there.
    """

    watch: Watch = lambda _event: None
    gauge: Gauge = lambda _waits: None
    planned: Tell = lambda _plan: None
    stop: Stop | None = None
    made: Callable[[Sequence[Made]], None] | None = None
    webhooks: str | None = None
    consent: Answer | None = None


NO_HOOKS = Hooks()
