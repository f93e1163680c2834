"""Stopping a batch: the wish reaches the run that goes on now, and no run that is over."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from rushes.app.stopping import Stop


class Stops:
    """The wish to stop, handed on to whichever run goes on now: a run that is over must not be kept for it."""

    def __init__(self, outer: Stop | None) -> None:
        self._outer = outer
        self._now: Stop | None = None
        self._woken = asyncio.Event()
        if outer is not None:
            outer.listen(self._asked)

    @property
    def asked(self) -> bool:
        """Whether anybody wishes it."""
        return self._outer is not None and self._outer.asked

    def fresh(self) -> Stop:
        """For the run that begins now."""
        self._now = Stop()
        return self._now

    def over(self) -> None:
        """The run has ended: what listens for a wish to stop it is all of it."""
        self._now = None

    async def pause(self, seconds: float) -> None:
        """Let some time pass, but not after the wish."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)

    def _asked(self) -> None:
        self._woken.set()
        if self._now is not None and self._outer is not None:
            if self._outer.insisted:
                self._now.insist()
            else:
                self._now.ask()
