"""`rushes ctl`: what can be said to which run, what cannot, and what is said about it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rushes.ledger.ledger import Ledger
from rushes.ledger.open import open_ledger
from rushes.ledger.owner import new_owner
from rushes.ledger.permit import Refusal
from rushes.ledger.permits import Ask, Permits
from rushes.model.event import RunStarted, Told
from rushes.model.ids import RunId
from rushes.model.run import RunState

from .conftest import Rushes

FILE = "name: fox\nsteps:\n  - {name: still, type: text_to_image, prompt: a fox}\n"


@pytest.fixture
def done(place: Path, rushes: Rushes) -> RunId:
    """A run that is over."""
    (place / "fox.yaml").write_text(FILE)
    return RunId(rushes("run", "fox.yaml", "--json").json["data"]["run"])


@pytest.fixture
def ledger(place: Path) -> Iterator[Ledger]:
    with open_ledger(place.parent / "home" / "ledger.sqlite") as opened:
        yield opened


@pytest.fixture
def driven(done: RunId, ledger: Ledger) -> RunId:
    """A run that a living process, this one, drives."""
    owner = new_owner()
    ledger.take_run(done, owner, time.time())
    ledger.append(done, [RunStarted(owner=owner, resumed=True)], time.time())
    return done


def test_the_status_of_a_driven_run_says_what_its_process_waits_for(
    driven: RunId, ledger: Ledger, rushes: Rushes
) -> None:
    found = {"most": 20.0, "free": False, "pace": None}
    now = time.time()
    ask = Ask("fal@simulated", 20, 12, refusals=(Refusal(now, now + 89.0),), found=found)
    Permits(ledger, new_owner()).exchange([ask], now)
    shown = " ".join(rushes("status").out.split())
    assert "waiting: 12 for fal@simulated (20 of 20 in flight; it said to wait, 1 min 2" in shown
    leader = Permits(ledger, new_owner())
    for _ in range(2):
        leader.exchange([Ask("gemini@simulated", 0, 3, paused=now + 40.0)], now)
    assert "3 for gemini@simulated (0 in flight; it refuses, " in " ".join(rushes("status").out.split())
    Permits(ledger, "elsewhere:1:1:x").exchange([Ask("luma@simulated", 1, 7)], now)
    assert "luma" not in rushes("status").out, "another process waits for that"


def _words(ledger: Ledger, run: RunId) -> list[str]:
    return [str(one.event.verb) for one in ledger.events(run) if isinstance(one.event, Told)]


def test_a_pause_names_who_and_since_when_wherever_the_run_is_shown(
    driven: RunId, ledger: Ledger, rushes: Rushes
) -> None:
    said = rushes("ctl", driven, "pause", "--by", "ana")
    assert said.code == 0 and f"rushes ctl {driven} resume" in said.out
    assert ledger.run(driven).state is RunState.PAUSED
    for command in ("runs", "status"):
        shown = " ".join(rushes(command).out.split())
        assert "paused by ana since 20" in shown and f"rushes ctl {driven} resume" in shown
    told = rushes("runs", "--json").json["data"][0]["told"]
    assert (told["verb"], told["by"]) == ("pause", "ana")
    assert rushes("ctl", driven, "resume").code == 0
    assert rushes("runs", "--json").json["data"][0]["told"] is None
    assert "paused by" not in rushes("status").out


def test_said_twice_it_is_said_once_and_the_first_to_say_so_stands(
    driven: RunId, ledger: Ledger, rushes: Rushes
) -> None:
    rushes("ctl", "last", "pause", "--by", "ana")
    again = rushes("ctl", "last", "pause", "--by", "bo", "--json").json["data"]
    assert (again["before"], again["by"], again["state"]) == (True, "ana", "paused")
    assert "is paused by ana since" in rushes("ctl", "last", "pause").out
    rushes("ctl", "last", "resume")
    assert rushes("ctl", "last", "resume", "--json").json["data"]["before"]
    assert "was not paused" in rushes("ctl", "last", "resume").out
    assert _words(ledger, driven) == ["pause", "resume"]


def test_a_run_that_drains_can_still_be_cancelled_and_nothing_else(
    driven: RunId, ledger: Ledger, rushes: Rushes
) -> None:
    assert rushes("ctl", "last", "drain").code == 0
    assert rushes("ctl", "last", "drain", "--json").json["data"]["before"]
    for verb in ("pause", "resume"):
        said = rushes("ctl", "last", verb)
        assert said.code == 2 and "is stopping already" in said.err and f"rushes resume {driven}" in said.err
    assert rushes("ctl", "last", "cancel").code == 0
    assert _words(ledger, driven) == ["drain", "cancel"]
    assert rushes("runs", "--json").json["data"][0]["state"] == "stopping"


def test_a_paused_run_cannot_be_resumed_by_a_second_process_which_is_told_what_helps(
    driven: RunId, rushes: Rushes
) -> None:
    rushes("ctl", driven, "pause")
    said = rushes("resume", driven)
    assert said.code == 2 and f"rushes ctl {driven} resume" in said.err


@pytest.mark.parametrize("verb", ["pause", "resume", "drain", "cancel", "set"])
def test_a_run_that_is_over_is_told_nothing(verb: str, done: RunId, ledger: Ledger, rushes: Rushes) -> None:
    said = rushes("ctl", done, verb, *(("priority=1",) if verb == "set" else ()))
    assert said.code == 2 and f"run {done} is over (done)" in said.err and f"rushes status {done}" in said.err
    assert _words(ledger, done) == []


@pytest.mark.parametrize("verb", ["pause", "resume", "drain", "cancel"])
def test_a_run_that_nobody_drives_is_gone_on_with_by_a_resume(
    verb: str, driven: RunId, ledger: Ledger, rushes: Rushes
) -> None:
    owner = ledger.run(driven).owner
    assert owner is not None
    ledger.leave_run(driven, owner, RunState.INTERRUPTED, time.time())
    said = rushes("ctl", driven, verb)
    assert said.code == 2 and "nobody drives run" in said.err and f"rushes resume {driven}" in said.err
    assert _words(ledger, driven) == []


def test_a_run_whose_process_died_is_driven_by_nobody(done: RunId, ledger: Ledger, rushes: Rushes) -> None:
    ledger.take_run(done, new_owner().replace(":", ":9", 1), time.time())  # a process that is not there
    said = rushes("ctl", done, "pause")
    assert said.code == 2 and "it is interrupted" in said.err
    turned = rushes("ctl", done, "set", "concurrency=3", "--json").json["data"]
    assert (turned["driven"], turned["state"], turned["set"]) == (False, "interrupted", {"concurrency": 3})
    assert ledger.run(done).options.concurrency == 3


def test_an_unknown_run_names_what_is_near(done: RunId, rushes: Rushes) -> None:
    said = rushes("ctl", "20991231-000000-dead", "pause")
    assert said.code == 2 and "there is no run '20991231-000000-dead'" in said.err and done in said.err


def test_before_there_is_any_run_the_newest_is_none(rushes: Rushes) -> None:
    said = rushes("ctl", "last", "pause")
    assert said.code == 2 and "there are no runs yet" in said.err


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("set",), "set needs what to set"),
        (("pause", "concurrency=3"), "nothing else takes it"),
        (("set", "concurrency=0"), "at least 1, not 0"),
        (("set", "concurrency=-4"), "at least 1, not -4"),
        (("set", "priority=101"), "from -100 to 100, not 101"),
        (("set", "priority=-101"), "from -100 to 100"),
        (("set", "concurrency=1e9"), "with a whole number or none"),
        (("set", "concurrency=nan"), "with a whole number or none"),
        (("set", "concurrency="), "with a whole number or none"),
        (("set", "concurrency"), "with a whole number or none"),
        (("set", "budget=5"), "concurrency=N or priority=N"),
        (("set", "=5"), "concurrency=N or priority=N"),
        (("set", "\x1b[2Jpriority=5"), "concurrency=N or priority=N"),
        (("halt",), "halt"),
        (("PAUSE",), "PAUSE"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(
    args: tuple[str, ...], says: str, driven: RunId, ledger: Ledger, rushes: Rushes
) -> None:
    said = rushes("ctl", driven, *args)
    assert said.code == 2 and says in said.err.replace("\n", " ")
    assert "\x1b[2J" not in said.err and "Traceback" not in said.err
    assert _words(ledger, driven) == [] and ledger.run(driven).state is RunState.RUNNING


@pytest.mark.parametrize("run", ["", "'; DROP TABLE runs; --", "\x00", "%", "../..", "\ud800", "x" * 5000])
def test_whatever_a_run_is_called_it_is_not_there(run: str, done: RunId, ledger: Ledger, rushes: Rushes) -> None:
    said = rushes("ctl", run, "pause")
    assert said.code == 2 and "Traceback" not in said.err
    assert ledger.run(done).state is RunState.DONE


def test_a_name_that_would_write_on_the_terminal_is_shown_without(driven: RunId, rushes: Rushes) -> None:
    rushes("ctl", driven, "pause", "--by", "\x1b[31mana\nbo")
    shown = rushes("runs").out + rushes("status").out + rushes("ctl", driven, "pause").out
    assert "\x1b[31m" not in shown and "ana" in shown


@pytest.mark.parametrize("command", ["run", "rerun", "resume", "batch"])
@pytest.mark.parametrize("priority", ["101", "-101", "high", "1.5"])
def test_a_priority_is_a_whole_number_from_minus_100_to_100(command: str, priority: str, rushes: Rushes) -> None:
    said = rushes(command, "--priority", priority, "fox.yaml")
    assert said.code == 2 and "--priority" in said.err


def test_a_priority_is_kept_with_its_run_and_means_no_other_run(place: Path, ledger: Ledger, rushes: Rushes) -> None:
    (place / "fox.yaml").write_text(FILE)
    run = RunId(rushes("run", "fox.yaml", "--priority", "7", "--json").json["data"]["run"])
    assert ledger.run(run).options.priority == 7
    assert rushes("run", "fox.yaml", "--priority", "-7", "--json").json["data"]["run"] == run
    assert rushes("resume", run, "--priority", "9").code == 0
    assert ledger.run(run).options.priority == 9
