"""The tables, as numbered migrations that are never edited once released; a change is the next number.

`BIGINT`, `DOUBLE PRECISION` and `TEXT` mean the same in SQLite and PostgreSQL. `{clustered}` puts a table's rows into
its primary key, where the database can. Money is TEXT, times are unix seconds.
"""

from __future__ import annotations

from rushes.errors import StoreError
from rushes.ledger.database import Transaction

_FIRST = """
CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    workflow TEXT NOT NULL,
    file TEXT NOT NULL,
    state TEXT NOT NULL,
    owner TEXT,
    last_seq BIGINT NOT NULL,
    created DOUBLE PRECISION NOT NULL,
    updated DOUBLE PRECISION NOT NULL,
    record TEXT NOT NULL
);
CREATE INDEX runs_by_time ON runs (created);
CREATE TABLE events (
    run TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at DOUBLE PRECISION NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (run, seq)
) {clustered};
CREATE TABLE results (
    base TEXT NOT NULL,
    candidate BIGINT NOT NULL,
    salt BIGINT NOT NULL,
    attempt TEXT NOT NULL,
    digest TEXT,
    size BIGINT,
    media TEXT,
    flagged BIGINT NOT NULL,
    score DOUBLE PRECISION,
    rest TEXT,
    PRIMARY KEY (base, candidate, salt)
) {clustered};
CREATE TABLE recipes (
    base TEXT PRIMARY KEY,
    body TEXT NOT NULL
) {clustered};
CREATE TABLE artifacts (
    digest TEXT PRIMARY KEY,
    media_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    width BIGINT,
    height BIGINT,
    seconds DOUBLE PRECISION
) {clustered};
CREATE TABLE decisions (
    subject TEXT NOT NULL,
    run TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at DOUBLE PRECISION NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (subject, run, seq)
) {clustered};
CREATE TABLE asked (
    workflow TEXT NOT NULL,
    node TEXT NOT NULL,
    place_row BIGINT NOT NULL,
    base TEXT NOT NULL,
    PRIMARY KEY (workflow, node, place_row)
) {clustered};
CREATE TABLE claims (
    request TEXT PRIMARY KEY,
    attempt TEXT NOT NULL,
    run TEXT NOT NULL,
    owner TEXT NOT NULL,
    stage TEXT NOT NULL
) {clustered};
CREATE INDEX claims_by_attempt ON claims (attempt);
CREATE TABLE owners (
    owner TEXT PRIMARY KEY,
    beat DOUBLE PRECISION NOT NULL
);
CREATE TABLE timings (
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    slot BIGINT NOT NULL,
    seconds DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (provider, model, slot)
) {clustered};
CREATE TABLE memos (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, name)
) {clustered};
"""

_MONEY = """
CREATE TABLE holds (
    attempt TEXT PRIMARY KEY,
    run TEXT NOT NULL,
    worst TEXT,
    scopes TEXT NOT NULL,
    stand BIGINT NOT NULL,
    billed TEXT NOT NULL
) {clustered};
CREATE TABLE accounts (
    scope TEXT PRIMARY KEY,
    held TEXT NOT NULL,
    spent TEXT NOT NULL,
    unpriced BIGINT NOT NULL
) {clustered};
CREATE TABLE ceilings (
    run TEXT NOT NULL,
    scope TEXT NOT NULL,
    most TEXT NOT NULL,
    PRIMARY KEY (run, scope)
) {clustered};
CREATE INDEX claims_by_run ON claims (run);
"""

_PINS = """
CREATE TABLE pins (
    digest TEXT PRIMARY KEY,
    at DOUBLE PRECISION NOT NULL,
    who TEXT NOT NULL,
    why TEXT NOT NULL
) {clustered};
"""

_PERMITS = """
CREATE TABLE limits (
    name TEXT PRIMARY KEY,
    at DOUBLE PRECISION NOT NULL,
    body TEXT NOT NULL
) {clustered};
CREATE TABLE permits (
    name TEXT NOT NULL,
    owner TEXT NOT NULL,
    held BIGINT NOT NULL,
    used BIGINT NOT NULL,
    wants BIGINT NOT NULL,
    priority BIGINT NOT NULL,
    until DOUBLE PRECISION NOT NULL,
    leads BIGINT NOT NULL,
    taken BIGINT NOT NULL,
    refusals TEXT NOT NULL,
    PRIMARY KEY (name, owner)
) {clustered};
"""

MIGRATIONS: tuple[str, ...] = (_FIRST, _MONEY, _PINS, _PERMITS)
"""Number n is at index n - 1."""

NEWEST = len(MIGRATIONS)
"""The number that this version writes."""

MARKER = "rushes_schema"
"""The table that says a database is ours, and which number it has."""


def version_of(tx: Transaction) -> int:
    """The number of the last migration that a marked database has had."""
    return int(tx.read(f"SELECT version FROM {MARKER}")[0][0])  # noqa: S608 - a constant of this file


def refuse_newer(found: int, where: str) -> None:
    """StoreError when the database is from a later Rushes than this one."""
    if found > NEWEST:
        raise StoreError(
            f"the ledger {where} was written by a newer Rushes (schema {found}; this one knows {NEWEST})",
            next_step="upgrade rushes, or choose another home with --home",
        )


def migrate(tx: Transaction, marked: bool, clustered: str) -> None:
    """Bring a database to the newest schema; the caller's transaction makes it all or nothing."""
    if not marked:
        tx.run(f"CREATE TABLE {MARKER} (version BIGINT NOT NULL)")
        tx.run(f"INSERT INTO {MARKER} (version) VALUES (0)")  # noqa: S608
    for script in MIGRATIONS[version_of(tx) :]:
        for statement in script.format(clustered=clustered).split(";"):
            if statement.strip():
                tx.run(statement)
    tx.run(f"UPDATE {MARKER} SET version = ?", (NEWEST,))  # noqa: S608
