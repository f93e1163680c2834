"""Opening a ledger: new, old, damaged, foreign, from the future, or not there at all."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from tests import postgres
from tests.ledger.facts import base, cell_done, record, stored

from rushes.errors import ConfigError, StoreError
from rushes.ledger.ledger import Ledger
from rushes.ledger.open import open_ledger
from rushes.ledger.postgres import PostgresDatabase
from rushes.ledger.schema import MIGRATIONS
from rushes.ledger.sqlite import SqliteDatabase
from rushes.model.ids import RunId


def filled(path: Path) -> Path:
    with open_ledger(path) as ledger:
        ledger.create_run(record())
        for number in range(200):
            ledger.append(RunId("r1"), [stored(f"q{number}", attempt=f"r1/{number}"), cell_done()], 1.0)
    return path


def test_a_new_ledger_makes_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "ledger.sqlite"
    with open_ledger(path) as ledger:
        assert ledger.runs() == []
        assert ledger.where == str(path)


def test_many_may_open_a_new_ledger_at_once(ledger_where: str) -> None:
    failures: list[BaseException] = []

    def work(name: str) -> None:
        try:
            with open_ledger(ledger_where) as ledger:
                ledger.create_run(record(name))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(f"run-{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with open_ledger(ledger_where) as ledger:
        assert len(ledger.runs()) == 8


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_file_that_is_no_database_is_named_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"notes\.txt is damaged or is no ledger"):
        open_ledger(path)
    assert path.read_bytes() == content


def test_another_programs_database_is_named_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "places.sqlite"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"places\.sqlite is a SQLite file of another program"):
        open_ledger(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("kept", [100, 5000, 40_000])
def test_a_cut_off_file_is_a_damaged_ledger(tmp_path: Path, kept: int) -> None:
    path = filled(tmp_path / "ledger.sqlite")
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(StoreError, match=r"ledger\.sqlite is damaged"), open_ledger(path) as ledger:
        ledger.events(RunId("r1"))
        ledger.results([base(f"q{number}") for number in range(200)])


def test_overwritten_pages_are_found_when_they_are_read(tmp_path: Path) -> None:
    path = filled(tmp_path / "ledger.sqlite")
    data = bytearray(path.read_bytes())
    for start in range(3 * 4096, len(data), 4096):
        data[start : start + 200] = b"\xa5" * 200
    path.write_bytes(data)
    with pytest.raises(StoreError, match=r"ledger\.sqlite"), open_ledger(path) as ledger:
        ledger.run(RunId("r1"))
        ledger.events(RunId("r1"))
        ledger.results([base(f"q{number}") for number in range(200)])


def test_an_event_of_an_unknown_kind_is_a_clear_error(tmp_path: Path) -> None:
    path = filled(tmp_path / "ledger.sqlite")
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE events SET kind = 'Teleported' WHERE seq = 1")
    raw.close()
    with open_ledger(path) as ledger, pytest.raises(StoreError, match=r"run r1 in .*ledger\.sqlite holds an event"):
        ledger.events(RunId("r1"))


def test_a_folder_is_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=str(tmp_path)):
        open_ledger(tmp_path)


def test_a_path_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match=r"ledger\.sqlite"):
        open_ledger(tmp_path / "file" / "ledger.sqlite")


def raw_run(where: str, statement: str) -> None:
    if where.startswith("postgresql"):
        with psycopg.connect(where, autocommit=True) as server:
            server.execute(statement.replace("rushes_schema", "rushes.rushes_schema").encode())
    else:
        with sqlite3.connect(where) as file:
            file.execute(statement)
        file.close()


def test_a_ledger_from_a_newer_version_is_refused(ledger_where: str) -> None:
    open_ledger(ledger_where).close()
    raw_run(ledger_where, "UPDATE rushes_schema SET version = 99")
    with pytest.raises(StoreError, match=f"newer Rushes .schema 99; this one knows {len(MIGRATIONS)}") as caught:
        open_ledger(ledger_where)
    assert "upgrade" in caught.value.next_step


def test_a_schema_of_that_name_that_is_no_ledger_is_refused(postgres_server: postgres.Server) -> None:
    where = postgres_server.fresh()
    with psycopg.connect(where, autocommit=True) as server:
        server.execute("CREATE SCHEMA rushes")
        server.execute("CREATE TABLE rushes.other (a int)")
    with pytest.raises(StoreError, match="not a ledger of Rushes"):
        open_ledger(where)


def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(StoreError) as caught:
        open_ledger("postgresql://ana:secret@127.0.0.1:1/films")
    assert "postgresql://127.0.0.1:1/films" in caught.value.message
    assert "secret" not in caught.value.message


def test_a_server_that_closed_the_connections_is_used_again(postgres_server: postgres.Server) -> None:
    """One question may fail; the next one finds the server."""
    where = postgres_server.fresh()
    with open_ledger(where) as ledger:
        ledger.create_run(record())
        ledger.runs()
        with psycopg.connect(postgres_server.url("postgres"), autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (where.rpartition("/")[2],)
            )
        for question in (ledger.runs, lambda: ledger.beat("o", 1.0)):
            with pytest.raises(StoreError, match="cannot be used"):
                question()
        assert [run.id for run in ledger.runs()] == ["r1"]
        ledger.append(RunId("r1"), [cell_done()], 2.0)


@pytest.mark.parametrize("where", ["mysql://host/db", "https://host/ledger"])
def test_another_kind_of_address_is_refused(where: str) -> None:
    with pytest.raises(ConfigError, match="a ledger cannot be at"):
        open_ledger(where)


def test_an_address_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        open_ledger("postgresql://host/db?nonsense=1")


@pytest.mark.long
def test_a_ledger_of_a_million_events_opens_in_two_seconds_after_a_crash(tmp_path: Path) -> None:
    """The worst case: everything is still in the write-ahead log."""
    path = tmp_path / "ledger.sqlite"
    open_ledger(path).close()
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("PRAGMA wal_autocheckpoint=0")
    raw.execute("BEGIN")
    raw.executemany(
        "INSERT INTO events (run, seq, at, kind, body) VALUES (?, ?, 1.0, 'RunParked', '{\"waiting\":1}')",
        ((f"run-{number // 10_000}", number % 10_000) for number in range(1_000_000)),
    )
    raw.execute("COMMIT")
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    for suffix in ("", "-wal"):
        (crashed / f"ledger.sqlite{suffix}").write_bytes((tmp_path / f"ledger.sqlite{suffix}").read_bytes())
    raw.close()
    began = time.process_time()  # of this process alone: a busy machine is not a slow ledger
    with open_ledger(crashed / "ledger.sqlite") as ledger:
        assert len(ledger.events(RunId("run-99"), after=9_989)) == 10
        assert time.process_time() - began < 2.0


def test_a_commit_waits_for_the_disk(tmp_path: Path, postgres_server: postgres.Server) -> None:
    """Killing a process does not show it and a test cannot cut the power: so what the databases say of themselves."""
    for database, question, answer in (
        (SqliteDatabase(tmp_path / "ledger.sqlite"), "PRAGMA synchronous", 2),
        (SqliteDatabase(tmp_path / "ledger.sqlite"), "PRAGMA journal_mode", "wal"),
        (PostgresDatabase(postgres_server.fresh()), "SHOW synchronous_commit", "on"),
    ):
        assert database.write(lambda tx, question=question: tx.read(question)) == [(answer,)]  # type: ignore[misc]
        database.close()


def test_closing_twice_is_allowed(ledger: Ledger) -> None:
    ledger.close()
    ledger.close()


def test_reading_an_opened_ledger_waits_for_no_writer(tmp_path: Path) -> None:
    """`rushes status` answers while another process is in the middle of a long transaction."""
    path = tmp_path / "ledger.sqlite"
    open_ledger(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with open_ledger(path) as ledger:
            assert ledger.runs() == []
        assert time.monotonic() - began < 30  # it would wait for a minute


def test_a_ledger_that_cannot_be_written_says_so_and_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.mkdir()  # as a folder it cannot be opened, whoever asks
    with pytest.raises(StoreError, match="cannot be written: unable to open database file") as caught:
        open_ledger(path)
    assert "--home" in caught.value.next_step
