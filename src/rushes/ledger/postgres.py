"""PostgreSQL: what it says differently. One connection writes, one reads, one waits for news where anybody does; all
tables are in the schema `rushes`.
"""

from __future__ import annotations

import select
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

from rushes.errors import ConfigError, StoreError
from rushes.ledger.database import Args, Row, Transaction
from rushes.ledger.schema import MARKER, migrate, refuse_newer, version_of

T = TypeVar("T")

_CONNECT_TIMEOUT = 10  # seconds
_MIGRATION_LOCK = 0x72757368  # "rush"
_ATTEMPTS = 5
_NEWS_EVERY = 1.0  # seconds after which whoever waits for news looks without any: one that was lost is late, not gone
_CONFLICTS = (errors.DeadlockDetected, errors.SerializationFailure)


class _Transaction:
    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def read(self, sql: str, args: Args = ()) -> list[Row]:
        return self._connection.execute(_dialect(sql), tuple(args)).fetchall()

    def run(self, sql: str, args: Args = ()) -> int:
        return self._connection.execute(_dialect(sql), tuple(args)).rowcount

    def run_many(self, sql: str, rows: Iterable[Args]) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany(_dialect(sql), rows)

    def notify(self) -> None:
        self._connection.execute("NOTIFY rushes_told")


class PostgresDatabase:
    """A ledger on a server, shared by several machines."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.where = _without_password(url)
        self._write_lock = threading.Lock()
        self._read_lock = threading.Lock()
        self._writer: psycopg.Connection | None = None
        self._reader: psycopg.Connection | None = None
        self._waiter: psycopg.Connection | None = None
        try:
            self.write(self._prepare)
        except BaseException:
            self.close()
            raise

    def read(self, sql: str, args: Args = ()) -> list[Row]:
        """The rows of a query, from what is committed."""
        with self._read_lock, self._errors():
            self._reader = self._connected(self._reader)
            return _Transaction(self._reader).read(sql, args)

    def write(self, function: Callable[[Transaction], T]) -> T:
        """Run `function` as one transaction, committed when this returns; again after a conflict with another."""
        with self._write_lock, self._errors():
            for attempt in range(1, _ATTEMPTS + 1):
                self._writer = self._connected(self._writer)
                try:
                    with self._writer.transaction():
                        return function(_Transaction(self._writer))
                except _CONFLICTS:
                    if attempt == _ATTEMPTS:
                        raise
            raise AssertionError("unreachable")

    def wait(self) -> None:
        """Return when somebody was notified, or a second later; the first time at once. For one thread at a time."""
        with self._errors():
            if self._waiter is None or self._waiter.closed:
                self._waiter = self._connected(None)
                self._waiter.execute("LISTEN rushes_told")
                return  # what was said before is looked for once
            select.select([self._waiter], [], [], _NEWS_EVERY)  # psycopg itself would look ten times a second
            for _news in self._waiter.notifies(timeout=0):
                pass

    def list_of(self, values: Sequence[str]) -> Any:
        """A list of texts as one argument."""
        return list(values)

    def damage(self, *, quick: bool) -> list[str]:
        """Nothing: the server has its own checksums and says so itself."""
        return []

    def close(self) -> None:
        """Close both connections."""
        with self._write_lock, self._read_lock:
            for connection in (self._writer, self._reader, self._waiter):
                if connection is not None:
                    connection.close()

    def _connected(self, connection: psycopg.Connection | None) -> psycopg.Connection:
        """The same connection while it lives, else a new one: a server that came back is used again."""
        if connection is not None and not connection.closed:
            return connection
        connection = psycopg.connect(self._url, autocommit=True, connect_timeout=_CONNECT_TIMEOUT)
        # a commit that was acknowledged is on disk, whatever the server's default is
        connection.execute("SET search_path TO rushes")
        connection.execute("SET synchronous_commit TO on")
        connection.execute("SET client_encoding TO 'UTF8'")
        return connection

    def _prepare(self, tx: Transaction) -> None:
        tx.read("SELECT pg_advisory_xact_lock(?)", (_MIGRATION_LOCK,))  # two machines may open a new ledger at once
        known = tx.read("SELECT 1 FROM pg_namespace WHERE nspname = 'rushes'")
        if not known:
            tx.run("CREATE SCHEMA rushes")
        tables = {name for (name,) in tx.read("SELECT tablename FROM pg_tables WHERE schemaname = 'rushes'")}
        if tables and MARKER not in tables:
            raise StoreError(
                f"{self.where} has a schema named rushes that is not a ledger of Rushes",
                next_step="choose another database",
            )
        if MARKER in tables:
            refuse_newer(version_of(tx), self.where)
        migrate(tx, MARKER in tables, "")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            says = str(error).strip().partition("\n")[0]
            raise StoreError(
                f"the ledger {self.where} cannot be used: {says}",
                next_step="see whether the server runs and takes connections from here",
            ) from error


def _without_password(url: str) -> str:
    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error as error:
        raise ConfigError(
            "the address of the PostgreSQL ledger cannot be read", next_step="write postgresql://user@host:port/name"
        ) from error
    return f"postgresql://{parts.get('host', 'localhost')}:{parts.get('port', 5432)}/{parts.get('dbname', '')}"


@cache
def _dialect(sql: str) -> bytes:
    return sql.replace("IN (??)", "= ANY(?)").replace("%", "%%").replace("?", "%s").encode("ascii")
