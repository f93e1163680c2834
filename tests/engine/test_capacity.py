"""The real engine before accounts that do not say what they take: it finds out, and annoys nobody."""

from __future__ import annotations

import pytest

from bench.achievable import achievable
from bench.driven import drive_through
from bench.scenarios import ALL
from bench.together import play_together

DRIVEN = (
    "1 at once",
    "2 at once, answered at once",
    "8 at once, films",
    "10 a minute, films",
    "30 a minute, silent",
    "40 images a minute, 4 each",
    "300 films a day, 4 at once",
    "a 429 every 2 s, films",
    "works on 5, refuses none",
)


@pytest.mark.parametrize("name", DRIVEN)
def test_the_engine_finds_what_an_account_takes(name: str) -> None:
    scenario = next(one for one in ALL if one.name == name)
    told = drive_through(scenario)
    assert told.done == 1
    assert achievable(scenario) / told.seconds >= 0.95
    assert told.late_share < 0.01
    assert told.early == 0


SHARED = {"8 processes, 40 at once": 400, "8 processes, 4 a second": 1200}


@pytest.mark.parametrize("name", SHARED)
def test_processes_that_share_a_ledger_use_what_an_account_takes(name: str) -> None:
    scenario = next(one for one in ALL if one.name == name)._replace(calls=SHARED[name])
    told = play_together(scenario)
    assert told.done * achievable(scenario) / told.seconds >= 0.9, "three minutes, of which one is finding out"
    assert told.late_share < 0.02
    assert (told.early, told.frozen) == (0, 0)


def test_the_engines_of_several_processes_share_one_ledger() -> None:
    scenario = next(one for one in ALL if one.name == "8 processes, 16 at once, films")._replace(calls=32)
    told = drive_through(scenario)
    assert told.refused <= 8, "strangers are refused a hundred times"
    assert (told.most_in_flight, told.early) == (16, 0)
