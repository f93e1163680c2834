"""Hearing what runs are told: one thread for all runs of a process, which waits for news of the ledger.

A look at a run in which nothing was written is the look at one row. What the thread costs is waking up, so it wakes for
all runs at once, and the event loop is woken only by a word.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

from rushes.ledger.ledger import Ledger
from rushes.model.event import Told
from rushes.model.ids import RunId

Hear = Callable[[Sequence[Told]], None]
Deaf = Callable[[BaseException], None]


class _Listener(NamedTuple):
    hear: Hear
    deaf: Deaf


class Ear:
    """Who listens for the runs that this process drives."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._listeners: dict[RunId, _Listener] = {}
        self._heard: dict[RunId, int] = {}  # the number up to which each run's journal was looked at
        self._thread: threading.Thread | None = None

    def listen(self, run: RunId, after: int, hear: Hear, deaf: Deaf) -> Callable[[], None]:
        """Hand to `hear` what the run is told after the entry with this number; `deaf` gets what ends that for good.

        Both are called in the ear's thread and must not block. Returns what ends the listening.
        """
        with self._lock:
            self._listeners[run] = _Listener(hear, deaf)
            self._heard[run] = after
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="ledger-ear", daemon=True)
                self._thread.start()

        def leave() -> None:
            with self._lock:
                self._listeners.pop(run, None)
                self._heard.pop(run, None)

        return leave

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._listeners:
                    self._thread = None
                    return
            try:
                self._ledger.database.wait()
                with self._lock:
                    heard = dict(self._heard)
                self._pass_on(self._ledger.told(heard))
            except BaseException as error:
                self._end(error)

    def _pass_on(self, news: dict[RunId, tuple[int, list[Told]]]) -> None:
        with self._lock:
            for run, (last, words) in news.items():
                if run in self._listeners:
                    self._heard[run] = last
                    if words:
                        self._listeners[run].hear(words)

    def _end(self, error: BaseException) -> None:
        with self._lock:
            for one in self._listeners.values():
                one.deaf(error)
            self._listeners.clear()
            self._heard.clear()
