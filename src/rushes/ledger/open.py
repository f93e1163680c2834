"""Where the ledger is: a file, or a PostgreSQL server."""

from __future__ import annotations

from pathlib import Path

from rushes.errors import ConfigError
from rushes.ledger.database import Database
from rushes.ledger.ledger import Ledger

_SCHEMES = ("postgresql://", "postgres://")


def open_ledger(where: str | Path) -> Ledger:
    """Open, create or upgrade a ledger: a path is a SQLite file, `postgresql://...` a server.

    StoreError names a file that is damaged, foreign or from a newer version; ConfigError an URL of another kind.
    """
    if isinstance(where, str) and where.startswith(_SCHEMES):
        return Ledger(_postgres(where))
    if isinstance(where, str) and "://" in where:
        raise ConfigError(
            f"a ledger cannot be at {where.partition('://')[0]}://...", next_step="give a path, or postgresql://..."
        )
    from rushes.ledger.sqlite import SqliteDatabase  # a command that needs no ledger does not pay for sqlite3

    return Ledger(SqliteDatabase(Path(where)))


def _postgres(url: str) -> Database:
    try:
        from rushes.ledger.postgres import PostgresDatabase
    except ImportError as error:
        raise ConfigError(
            "a ledger on PostgreSQL needs the package psycopg", next_step="pip install 'rushes[team]'"
        ) from error
    return PostgresDatabase(url)
