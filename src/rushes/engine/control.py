"""What a driven run is told from elsewhere: to pause, to go on, to stop, to turn a knob.

Words are facts of the ledger (`model.event.Told`), and here they are heard and done. That nothing paid begins after a
pause does not hang on how soon it is heard: the ledger refuses the intention itself (`Journal.intend`). Hearing it
keeps the queue from asking in vain, and the display from keeping quiet about it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from rushes.engine.desk import BEGIN, Desk
from rushes.model.event import Told
from rushes.model.run import Knob, Verb


class Control:
    """Who listens for one run. `paused` says whether it waits for the word to go on."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.paused = False

    def listen(self) -> Callable[[], None]:
        """Do what the run is told, until what this returns is called. A run that cannot hear any more cannot be
        stopped: that ends it.
        """
        desk, loop = self._desk, asyncio.get_running_loop()
        if desk.parts.listen is None:
            return lambda: None
        self._do(desk.job.past.told)

        def hear(words: Sequence[Told]) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody is there any more
                loop.call_soon_threadsafe(self._do, words)

        def deaf(error: BaseException) -> None:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(desk.broken, error)

        return desk.parts.listen(desk.job.past.seq, hear, deaf)

    def let_go(self) -> None:
        """Whoever waits may begin."""
        self.paused = False
        self._desk.limits.release(BEGIN)

    def _do(self, words: Sequence[Told]) -> None:
        for word in words:
            if word.owner == self._desk.job.owner:  # what an earlier process was told died with it
                self._do_one(word)
                self._desk.parts.watch(word)
                self._desk.wake.set()

    def _do_one(self, word: Told) -> None:
        stop = self._desk.parts.stop
        match word.verb:
            case Verb.PAUSE if not stop.asked:
                self.paused = True
                self._desk.limits.hold(
                    BEGIN, f"paused by {word.by}; go on with: rushes ctl {self._desk.job.run} resume"
                )
            case Verb.RESUME:
                self.let_go()
            case Verb.DRAIN:
                stop.drain(f"drained by {word.by}")
            case Verb.CANCEL:
                stop.insist(f"cancelled by {word.by}")
            case Verb.SET if word.knob is Knob.CONCURRENCY:
                self._desk.limits.set("run", word.value or self._desk.job.usual)
            case Verb.SET if word.knob is Knob.PRIORITY:
                self._desk.limits.priority = word.value or 0
