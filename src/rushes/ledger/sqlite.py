"""SQLite: what it says differently, and how it is made durable.

Write-ahead log with `synchronous=FULL`: a commit is on disk when it returns, readers never wait for a writer, and a
killed process leaves a file that the next opening repairs. One connection writes, one reads, each behind a lock.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from rushes.errors import StoreError
from rushes.ledger.database import Args, Row, Transaction
from rushes.ledger.schema import MARKER, NEWEST, migrate, refuse_newer, version_of

T = TypeVar("T")

_LOOK_EVERY = 0.075  # seconds between two looks for news: with the look itself, a tenth of a second
_BUSY = 60.0  # seconds to wait for another process that writes
_PRAGMAS = (
    "PRAGMA synchronous=FULL",
    "PRAGMA fullfsync=1",  # macOS: fsync alone does not reach the disk
    "PRAGMA cache_size=-16000",  # KiB
    "PRAGMA journal_size_limit=67108864",
    "PRAGMA temp_store=MEMORY",
)


class _Transaction:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def read(self, sql: str, args: Args = ()) -> list[Row]:
        return self._connection.execute(_dialect(sql), tuple(args)).fetchall()

    def run(self, sql: str, args: Args = ()) -> int:
        return self._connection.execute(_dialect(sql), tuple(args)).rowcount

    def run_many(self, sql: str, rows: Iterable[Args]) -> None:
        self._connection.executemany(_dialect(sql), rows)

    def notify(self) -> None:
        pass  # a file wakes nobody: whoever waits looks again


class SqliteDatabase:
    """A ledger in one file (and its `-wal` and `-shm` beside it)."""

    def __init__(self, path: Path) -> None:
        self.where = str(path)
        self._write_lock = threading.Lock()
        self._read_lock = threading.Lock()
        self._open: list[sqlite3.Connection] = []
        try:
            with self._errors():
                path.parent.mkdir(parents=True, exist_ok=True)
                self._writer = self._connect(path)
                self._prepare()
                self._reader = self._connect(path)
                for pragma in _PRAGMAS:
                    self._reader.execute(pragma)
        except StoreError:
            self.close()
            raise

    def read(self, sql: str, args: Args = ()) -> list[Row]:
        """The rows of a query, from what is committed."""
        with self._read_lock, self._errors():
            return self._reader.execute(_dialect(sql), tuple(args)).fetchall()

    def write(self, function: Callable[[Transaction], T]) -> T:
        """Run `function` as one transaction, on disk when this returns."""
        with self._write_lock, self._errors():
            # IMMEDIATE takes the write lock before the first read, so nothing read in it can be out of date
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                result = function(_Transaction(self._writer))
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise
            return result

    def wait(self) -> None:
        """Wait a little: a file tells nobody that it was written to."""
        time.sleep(_LOOK_EVERY)

    def list_of(self, values: Sequence[str]) -> Any:
        """A list of texts as one argument."""
        return json.dumps(values)

    def damage(self, *, quick: bool) -> list[str]:
        """What SQLite finds wrong with the file; `quick` does not compare the indexes with their tables."""
        try:
            rows = self.read(f"PRAGMA {'quick_check' if quick else 'integrity_check'}")
        except StoreError as error:
            return [error.message]
        return [says for (says,) in rows if says != "ok"]

    def close(self) -> None:
        """Close both connections."""
        with self._write_lock, self._read_lock:
            while self._open:
                self._open.pop().close()

    def _connect(self, path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(path, timeout=_BUSY, isolation_level=None, check_same_thread=False)
        self._open.append(connection)
        return connection

    def _prepare(self) -> None:
        marked = self._marked()  # before anything changes a file that may be someone else's
        self._use_wal()
        for pragma in _PRAGMAS:
            self._writer.execute(pragma)
        if marked:
            found = version_of(_Transaction(self._writer))
            refuse_newer(found, self.where)
            if found == NEWEST:
                return  # whoever only reads waits for no writer
        self._writer.execute("BEGIN IMMEDIATE")
        migrate(_Transaction(self._writer), self._marked(), "WITHOUT ROWID")
        self._writer.execute("COMMIT")

    def _marked(self) -> bool:
        tables = {name for (name,) in self._writer.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables and MARKER not in tables:
            raise StoreError(
                f"{self.where} is a SQLite file of another program, not a ledger of Rushes",
                next_step="choose another home with --home, or move the file away",
            )
        return MARKER in tables

    def _use_wal(self) -> None:
        # SQLite does not wait by itself when two processes change the journal mode of a new file at once
        deadline = time.monotonic() + _BUSY
        while True:
            try:
                self._writer.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.005)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _store_error(error, self.where) from error
        except OSError as error:
            raise StoreError(f"the ledger {self.where} cannot be used: {error.strerror or error}") from error


def _store_error(error: sqlite3.Error, where: str) -> StoreError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return StoreError(
            f"the ledger {where} is damaged or is no ledger: {error}",
            next_step="restore it from a backup, or move it away to begin a new one",
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreError(
            f"the ledger {where} is busy: another process has been writing for {_BUSY:.0f} s",
            next_step="see which process has the file open, then run again; nothing was lost",
        )
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return StoreError(
            f"the ledger {where} cannot be written: {error}",
            next_step="see whether its folder is writable, or choose another home with --home",
        )
    if code == sqlite3.SQLITE_FULL:
        return StoreError(f"the ledger {where} cannot grow: the disk is full", next_step="free some space, run again")
    return StoreError(f"the ledger {where} cannot be used: {error}")


@cache
def _dialect(sql: str) -> str:
    return sql.replace("(??)", "(SELECT value FROM json_each(?))")
