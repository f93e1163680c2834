"""Which display a run gets: the live panel on a terminal, else plain lines, JSON lines or silence."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import Protocol

from rushes.app.planned import Plan
from rushes.cli.plain import LogView, QuietView, StreamView
from rushes.cli.session import Session
from rushes.model.event import Event
from rushes.model.wait import Wait


class View(Protocol):
    """A display of one run. `tick` is called a few times a second; nothing here may block."""

    def open(self) -> None:
        """Begin."""
        ...

    def close(self) -> None:
        """End, and leave the terminal as it was; may be called twice."""
        ...

    def planned(self, plan: Plan) -> None:
        """The plan is known."""
        ...

    def gauge(self, ask: Callable[[], Mapping[str, Wait]]) -> None:
        """The run can be asked how many requests wait for which limit."""
        ...

    def watch(self, event: Event) -> None:
        """One event."""
        ...

    def stopping(self) -> None:
        """The person asked the run to stop."""
        ...

    def tick(self) -> None:
        """Draw, if there is something to draw."""
        ...


def live_wanted(session: Session, environ: Mapping[str, str], terminal: bool) -> bool:
    """Whether the panel may move the cursor: a terminal that is no CI's and that nobody asked to be plain."""
    plain = environ.get("CI") or "NO_COLOR" in environ or environ.get("TERM") in ("dumb", "unknown")
    return terminal and not plain and not session.json and not session.stream


def view_for(session: Session) -> View:
    """The display for this invocation."""
    if session.stream:
        return StreamView()
    if session.quiet:
        return QuietView()
    if live_wanted(session, os.environ, sys.stderr.isatty()):
        # rich costs a tenth of a second to load, and a pipe or a script never needs it
        from rushes.cli.console import Console
        from rushes.cli.live import LiveView

        return LiveView(Console(stderr=True))
    return LogView()
