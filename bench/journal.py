"""The floor under every durable run: SQLite rows with an fsync, one by one and in groups.

Nothing is promised here; the figures are what `overhead` compares the engine with, measured on the same disk.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figure import Figure, median_of

ROWS = 300


def seconds_per_row(group: int) -> float:
    """One row of 300 bytes, `group` rows to a commit."""
    with TemporaryDirectory() as folder:
        database = sqlite3.connect(Path(folder) / "floor.db", isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, body TEXT)")
        began = time.perf_counter()
        for _ in range(ROWS // group):
            database.execute("BEGIN")
            database.executemany("INSERT INTO rows (body) VALUES (?)", [("x" * 300,)] * group)
            database.execute("COMMIT")
        spent = time.perf_counter() - began
        database.close()
    return spent / ROWS


def measure() -> Iterator[Figure]:
    """The two floors."""
    single, grouped = median_of(3, lambda: seconds_per_row(1), lambda: seconds_per_row(20))
    yield Figure(name="floor: a durable row", value=single * 1000, limit=None, unit="ms")
    yield Figure(name="floor: a durable row, 20 to a commit", value=grouped * 1000, limit=None, unit="ms")
