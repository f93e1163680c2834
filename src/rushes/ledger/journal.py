"""A run's entries, for whoever walks over them once or twice: however many there are, memory holds one page."""

from __future__ import annotations

from collections.abc import Iterator

from rushes.errors import StoreError
from rushes.ledger.database import Database
from rushes.ledger.entry import Entry
from rushes.ledger.rows import entry_of
from rushes.ledger.skimmed import PAGE
from rushes.model.collector import collector_off
from rushes.model.ids import RunId

_PAGE = "SELECT seq, at, kind, body FROM events WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?"


class Journal:
    """The entries of a run with a number above `after`, in order; read anew each time they are walked over."""

    def __init__(self, database: Database, run: RunId, after: int = 0) -> None:
        self._db, self._run, self._after = database, run, after

    def __iter__(self) -> Iterator[Entry]:
        last = self._after
        while True:
            page = self._page(last)
            yield from page
            if len(page) < PAGE:
                return
            last = page[-1].seq

    def _page(self, last: int) -> list[Entry]:
        rows = self._db.read(_PAGE, (self._run, last, PAGE))
        try:
            with collector_off():
                return [entry_of(*row) for row in rows]
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(
                f"run {self._run} in {self._db.where} holds an event that cannot be read: {error!r}",
                next_step="it may come from another version of rushes; use that one",
            ) from error
