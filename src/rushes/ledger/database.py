"""What the ledger asks of a database: to read, and to run one function as one transaction.

Queries are written once, with `?` for a value and `IN (??)` for a list of values. Whatever else two databases say
differently is in `sqlite.py` and `postgres.py`, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
Row = tuple[Any, ...]
Args = Sequence[Any]


class Transaction(Protocol):
    """An open transaction; it ends with the function it was handed to."""

    def read(self, sql: str, args: Args = ()) -> list[Row]:
        """The rows of a query."""
        ...

    def run(self, sql: str, args: Args = ()) -> int:
        """Run a statement; returns how many rows it changed."""
        ...

    def run_many(self, sql: str, rows: Iterable[Args]) -> None:
        """Run a statement once for each row of arguments."""
        ...

    def notify(self) -> None:
        """Wake whoever waits for news, when this is committed."""
        ...


class Database(Protocol):
    """One database, usable from several threads. Everything raises StoreError that names `where`."""

    where: str

    def read(self, sql: str, args: Args = ()) -> list[Row]:
        """The rows of a query, from what is committed; never waits for a writer."""
        ...

    def write(self, function: Callable[[Transaction], T]) -> T:
        """Run `function` as one transaction, on disk when this returns; it may be run again after a conflict."""
        ...

    def wait(self) -> None:
        """Return when there may be news: a tenth of a second after a `notify` at the latest, and now and then."""
        ...

    def list_of(self, values: Sequence[str]) -> Any:
        """The argument for one `IN (??)`."""
        ...

    def damage(self, *, quick: bool) -> list[str]:
        """What the database itself finds wrong with its pages, in words; a server looks after its own."""
        ...

    def close(self) -> None:
        """Let go of the database; a later call opens nothing again."""
        ...


def safe_text(text: str) -> str:
    """`text` as any database can hold it, for columns that are searched and not read back.

    PostgreSQL has no NUL in its texts and neither database has half a surrogate pair; a file name can have both.
    """
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")
