"""One thread hears what all runs of a process are told, over both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

import pytest
from tests.ledger.facts import record
from tests.ledger.test_words import SKIPPED, word
from tests.postgres import Server

import rushes.ledger.postgres as rushes_postgres
from rushes.errors import StoreError
from rushes.ledger.ear import Ear
from rushes.ledger.ledger import Ledger
from rushes.ledger.open import open_ledger
from rushes.model.event import Told
from rushes.model.ids import RunId
from rushes.model.run import Verb

PATIENCE = 10.0
"""Seconds for what takes a tenth of one on a machine that does nothing else."""


class Listener:
    """Somebody who listens for one run, and what he heard."""

    def __init__(self, ear: Ear, run: str, after: int = 0) -> None:
        self._said = SimpleQueue[Sequence[Told]]()
        self._end = SimpleQueue[BaseException]()
        self.leave = ear.listen(RunId(run), after, self._said.put, self._end.put)

    def hears(self) -> list[Verb]:
        return [one.verb for one in self._said.get(timeout=PATIENCE)]

    def heard_nothing(self) -> bool:
        return self._said.empty()

    def deaf(self) -> BaseException:
        return self._end.get(timeout=PATIENCE)


@pytest.fixture
def ear(ledger: Ledger) -> Ear:
    for name in ("r1", "r2"):
        ledger.create_run(record(name))
        ledger.append(RunId(name), [word(Verb.PAUSE), SKIPPED], 1.0)
    return Ear(ledger)


def _ears() -> int:
    return sum(one.name == "ledger-ear" for one in threading.enumerate())


def _until(what: Callable[[], bool]) -> None:
    waiting = threading.Event()
    for _ in range(int(PATIENCE / 0.02)):
        if what():
            return
        waiting.wait(0.02)
    raise AssertionError("it did not come to that")


def test_each_run_hears_its_own_words_once_and_none_from_before(ear: Ear, ledger: Ledger) -> None:
    one, other = Listener(ear, "r1", 2), Listener(ear, "r2", 2)
    ledger.append(RunId("r1"), [SKIPPED, word(Verb.DRAIN)], 2.0)
    assert one.hears() == [Verb.DRAIN]
    ledger.append(RunId("r2"), [word(Verb.RESUME)], 3.0)
    assert other.hears() == [Verb.RESUME]
    ledger.append(RunId("r1"), [word(Verb.CANCEL)], 4.0)
    assert one.hears() == [Verb.CANCEL]
    assert one.heard_nothing() and other.heard_nothing()
    one.leave()
    other.leave()


def test_one_thread_listens_for_all_and_is_gone_when_nobody_wants_to_know(ear: Ear, ledger: Ledger) -> None:
    before = _ears()
    one, other = Listener(ear, "r1", 2), Listener(ear, "r2", 2)
    assert _ears() == before + 1
    one.leave()
    ledger.append(RunId("r2"), [word(Verb.DRAIN)], 2.0)
    assert other.hears() == [Verb.DRAIN]
    other.leave()
    _until(lambda: _ears() == before)
    again = Listener(ear, "r1", 2)
    ledger.append(RunId("r1"), [word(Verb.DRAIN)], 3.0)
    assert again.hears() == [Verb.DRAIN]
    again.leave()


def test_who_has_left_hears_nothing(ear: Ear, ledger: Ledger) -> None:
    gone, stays = Listener(ear, "r1", 2), Listener(ear, "r2", 2)
    gone.leave()
    for name in ("r1", "r2"):
        ledger.append(RunId(name), [word(Verb.DRAIN)], 2.0)
    assert stays.hears() == [Verb.DRAIN]
    stays.leave()
    with pytest.raises(Empty):
        gone._said.get_nowait()


def test_a_server_tells_at_once(postgres_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks every now and then: with an hour between two looks a word is heard all the same."""
    monkeypatch.setattr(rushes_postgres, "_NEWS_EVERY", 3600.0)
    with open_ledger(postgres_server.fresh()) as ledger:
        ledger.create_run(record("r1"))
        listener = Listener(Ear(ledger), "r1")
        for verb in (Verb.PAUSE, Verb.RESUME, Verb.DRAIN):
            ledger.append(RunId("r1"), [word(verb)], 2.0)
            assert listener.hears() == [verb]
        listener.leave()
        ledger.append(RunId("r1"), [word()], 2.0)  # lets the thread see that nobody listens any more
        _until(lambda: not _ears())


def test_a_ledger_that_cannot_be_asked_is_told_to_all_who_listen(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_ledger: Ledger, _after: object) -> None:
        raise StoreError("the server is gone")

    monkeypatch.setattr(Ledger, "told", gone)
    one, other = Listener(ear, "r1", 2), Listener(ear, "r2", 2)
    assert str(one.deaf()) == str(other.deaf()) == "the server is gone"
