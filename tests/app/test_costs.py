"""Costs: every cent is in exactly one group, simulated money is apart, and what came to nothing is named."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ledger.facts import base, cell_done, decided, record, reserved, sha, stored

from rushes.app.config import load_config
from rushes.app.costs import Costs, costs
from rushes.app.costs_groups import GROUPS
from rushes.app.project import Project
from rushes.app.run import run_file
from rushes.app.tally import Tally
from rushes.errors import ErrorClass
from rushes.ledger.books import Holds, total
from rushes.model.event import (
    Cancelled,
    CellDone,
    Done,
    Event,
    Failed,
    Place,
    Released,
    Resolved,
    Submitting,
    Unknown,
    Waiting,
)
from rushes.model.ids import AttemptId, NodeId, RunId
from rushes.model.operation import Operation
from rushes.model.run import RunOptions
from rushes.model.verdict import Choice, Verdict
from rushes.model.workflow import Pick
from rushes.testing.provider import ScriptedProvider

USD = Decimal
PLACE = Place(node=NodeId("scene"))
RUN = RunId("r1")
WAITS = "waits for a choice"


@pytest.fixture
def project(ledger_where: str, tmp_path: Path) -> Iterator[Project]:
    flags = {"home": tmp_path / "home", "ledger": ledger_where}
    with Project(load_config(tmp_path, flags, {})) as opened:
        yield opened


def filled(project: Project, events: list[Event], name: str = "r1", sim: str | None = None, at: float = 100.0) -> None:
    project.ledger.create_run(record(name, options=RunOptions(sim=sim), created=at))
    project.ledger.append(RunId(name), events, at)


def asked(question: str, attempt: str = "r1/1", **more: Any) -> Event:
    return reserved(question, attempt, **more)


def told(attempt: str, usd: str | None) -> Event:
    return Done(attempt=AttemptId(attempt), billed=None if usd is None else USD(usd))


def failed(attempt: str, maybe: bool = True) -> Event:
    return Failed(attempt=AttemptId(attempt), place=PLACE, error=ErrorClass.TIMEOUT, says="", maybe_billed=maybe)


def only(found: Costs) -> tuple[str, ...]:
    return tuple(line.name for line in found.lines)


AMOUNTS = st.none() | st.integers(0, 5_000_000).map(lambda micros: Decimal(micros) / 1_000_000)


@st.composite
def facts(draw: st.DrawFn) -> list[Event]:
    """Events of a few attempts in any order, many of which make no sense together."""
    events: list[Event] = []
    for number in draw(st.lists(st.integers(1, 4), max_size=16)):
        name, question, amount = AttemptId(f"r1/{number}"), draw(st.sampled_from("abc")), draw(AMOUNTS)
        scopes = tuple(draw(st.lists(st.sampled_from(["run:r1", "project:/films", "agent:ana"]), max_size=3)))
        op, maker = draw(st.sampled_from(list(Operation)[3:])), draw(st.sampled_from(["fal", "sketch", "gemini"]))
        choices: list[Event] = [
            reserved(question, name, worst=amount, scopes=scopes, op=op, provider=maker),
            reserved(question, name, worst=amount, scopes=scopes, op=op, provider=maker),
            Done(attempt=name, billed=amount),
            Cancelled(attempt=name, place=PLACE, billed=amount),
            failed(name, amount is None),
            Unknown(attempt=name, place=PLACE, says=""),
            Resolved(attempt=name, outcome=draw(st.sampled_from(["paid", "lost", "adopt"])), by="ana"),
            Released(attempt=name),
            stored(question, name, verdict=Verdict(draw(st.booleans()), 0.5)),
            decided(question, f"{question} 0 0", draw(st.sampled_from(list(Choice)))),
            cell_done(draw(st.sampled_from(["scene", "gate"])), 0, question),
            Waiting(place=PLACE, subject=base(question), shown=()),
        ]
        events.append(choices[draw(st.integers(0, len(choices) - 1))])
    return events


COUNT = itertools.count()


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(real=facts(), play=facts(), by=st.sampled_from(GROUPS))
def test_the_groups_add_up_to_the_books_to_the_cent(
    project: Project, real: list[Event], play: list[Event], by: str
) -> None:
    number = next(COUNT)
    before = {world: costs(project, by=by, simulated=world) for world in (False, True)}
    for simulated, events in ((False, real), (True, play)):
        name = f"n{number}-{'play' if simulated else 'real'}"
        mine = [_renamed(event, name) for event in events]
        filled(project, mine, name, "http://127.0.0.1:1" if simulated else None)
        books = Holds()
        for event in mine:
            books.take(event)
        want, was, now = total(books.holds.values()), before[simulated], costs(project, by=by, simulated=simulated)
        for field, amount in {
            "estimated": want.reserved,
            "held": want.held,
            "billed": want.spent,
            "guessed": want.guessed,
            "unknown": want.unpriced,
            "attempts": len(books.holds),
        }.items():
            assert getattr(now.total, field) - getattr(was.total, field) == amount, field
            assert sum(getattr(line, field) for line in now.lines) == getattr(now.total, field), field
        for field in ("wasted", "results", "accepted", "doubts"):
            assert sum(getattr(line, field) for line in now.lines) == getattr(now.total, field), field
        assert now.total.wasted <= now.total.billed and now.total.accepted <= now.total.results
        assert len(set(only(now))) == len(now.lines)


def _renamed(event: Event, run: str) -> Event:
    if not hasattr(event, "attempt"):
        return event
    return dataclasses.replace(event, attempt=AttemptId(f"{run}/{event.attempt}"))


@pytest.mark.parametrize(
    ("events", "outcome", "wasted"),
    [
        ([told("r1/1", "0.03"), stored("a")], "accepted", "0"),
        ([told("r1/1", "0.03"), stored("a", verdict=Verdict(True, 0.1))], "rejected", "0.03"),
        ([stored("a", verdict=Verdict(True, 0.1)), decided("a", "a 0 0")], "accepted", "0"),
        ([stored("a"), decided("a", "a 0 0", Choice.REJECTED)], "rejected", "0.05"),
        ([stored("a"), decided("a", "another")], "not chosen", "0"),
        ([stored("a"), Waiting(place=PLACE, subject=base("a"), shown=())], WAITS, "0"),
        ([stored("a", verdict=Verdict(True, 0.1)), Waiting(place=PLACE, subject=base("a"), shown=())], WAITS, "0"),
        ([failed("r1/1")], "failed", "0.05"),
        ([failed("r1/1", maybe=False)], "failed", "0"),
        ([failed("r1/1"), stored("a")], "accepted", "0"),  # it came in spite of all
        ([Cancelled(attempt=AttemptId("r1/1"), place=PLACE, billed=USD("0.01"))], "cancelled", "0.01"),
        ([Unknown(attempt=AttemptId("r1/1"), place=PLACE, says="")], "in doubt", "0"),
        ([Resolved(attempt=AttemptId("r1/1"), outcome="paid", by="ana")], "failed", "0.05"),
        ([Resolved(attempt=AttemptId("r1/1"), outcome="adopt", by="ana", remote="j")], "under way", "0"),
        ([Submitting(attempt=AttemptId("r1/1"), idempotency_key="k")], "under way", "0"),
        ([Released(attempt=AttemptId("r1/1"))], "never sent", "0"),
    ],
)
def test_what_became_of_an_attempt_says_whether_its_money_was_wasted(
    project: Project, events: list[Event], outcome: str, wasted: str
) -> None:
    filled(project, [asked("a"), *events])
    found = costs(project, by="state")
    assert only(found) == (outcome,) and found.total.wasted == USD(wasted)
    assert Tally(project.ledger.events(RUN)).wasted == USD(wasted), "the run's own summary says the same"


def test_what_a_gate_of_a_later_run_let_through_is_accepted_and_the_others_were_not_chosen(project: Project) -> None:
    two = [asked("a"), stored("a"), asked("a", "r1/2", candidate=1), stored("a", "r1/2", candidate=1)]
    filled(project, two, at=100.0)
    pick = CellDone(place=Place(node=NodeId("pick")), base=base("a"), artifact=sha("a 1 0"), reused=False)
    filled(project, [pick], "r2", at=200.0)
    by_state = {line.name: line for line in costs(project, by="state").lines}
    assert {name: line.attempts for name, line in by_state.items()} == {"accepted": 1, "not chosen": 1}
    (line,) = costs(project).lines
    assert line.per_accepted == USD("0.10"), "both were paid for one that is kept"


def test_what_a_policy_passed_over_after_it_had_waited_is_wasted_in_the_summary_too(
    project: Project,
) -> None:
    flagged = [asked("a"), stored("a", verdict=Verdict(True, 0.1))]
    clean = [asked("a", "r1/2", candidate=1), stored("a", "r1/2", candidate=1)]
    pick = CellDone(place=Place(node=NodeId("pick")), base=base("a"), artifact=sha("a 1 0"), reused=False)
    filled(project, [*flagged, *clean, Waiting(place=PLACE, subject=base("a"), shown=()), pick])
    assert costs(project).total.wasted == USD("0.05")
    assert Tally(project.ledger.events(RUN)).wasted == USD("0.05")


def test_an_unknown_amount_is_beside_the_sum_and_no_zero(project: Project) -> None:
    filled(project, [asked("a", worst=None), stored("a"), asked("b", "r1/2"), stored("b", "r1/2")])
    (line,) = costs(project).lines
    assert (line.billed, line.unknown, line.per_accepted) == (USD("0.05"), 1, None)
    assert line.guessed == USD("0.05"), "nobody said what the other was charged"


def test_simulated_money_is_in_no_sum_with_real_money(project: Project) -> None:
    filled(project, [asked("a"), stored("a")])
    filled(project, [asked("b", "r2/1"), stored("b", "r2/1")], "r2", sim="http://127.0.0.1:1")
    real, play = costs(project), costs(project, simulated=True)
    assert (real.total.attempts, real.total.billed, real.other.billed) == (1, USD("0.05"), USD("0.05"))
    assert (play.total.attempts, play.runs, play.other.attempts) == (1, 1, 1)


def test_a_period_counts_what_was_asked_in_it(project: Project) -> None:
    filled(project, [asked("a")], at=100.0)
    project.ledger.append(RUN, [asked("b", "r1/2")], 200.0)
    project.ledger.append(RUN, [asked("c", "r1/3")], 300.0)
    assert costs(project, since=200.0, until=300.0).total.attempts == 1
    assert costs(project, since=200.0).total.attempts == 2


def test_every_way_to_group_names_its_groups(project: Project) -> None:
    scopes = ("node:r1/scene", "run:r1", "project:/films", "day:2026-11-21", "agent:ana")
    filled(project, [
        asked("a", provider="fal", model="m1", op=Operation.TEXT_TO_VIDEO, scopes=scopes),
        asked("b", "r1/2", provider="gemini", model="m2", op=Operation.ANALYZE_IMAGE, scopes=scopes[:3],
              place=Place(node=NodeId("r000123.judge"))),
    ])  # fmt: skip
    want = {
        "model": {"fal/m1", "gemini/m2"},
        "provider": {"fal", "gemini"},
        "workflow": {"story"},
        "tab": {"(unknown)"},
        "node": {"story/scene", "story/judge"},
        "purpose": {"generation", "judging and analysis"},
        "run": {"r1"},
        "account": {"agent:ana", "project:/films"},
        "state": {"under way"},
    }
    assert {by: set(only(costs(project, by=by))) for by in want} == want


TABS = """\
name: story
steps:
  - {name: fox, type: text_to_image, prompt: a fox, candidates: 2}
  - {name: pick, type: approve, input_from: fox}
  - {name: film, type: image_to_video, prompt: it runs, input_from: pick}
"""


def test_a_real_run_is_found_under_its_tab_and_day(project: Project, tmp_path: Path) -> None:
    (tmp_path / "story.yaml").write_text(TABS)
    provider = ScriptedProvider(price=USD("0.10"))
    config = load_config(tmp_path, {"home": tmp_path / "own"}, {})
    with Project(config, {"scripted": provider}, checks=()) as own:
        options = RunOptions(provider="scripted")
        asyncio.run(run_file(own, tmp_path / "story.yaml", options))
        waits = costs(own, by="state")
        asyncio.run(run_file(own, tmp_path / "story.yaml", dataclasses.replace(options, pick=Pick.FIRST_CLEAN)))
        tab, node, day, state = (costs(own, by=by) for by in ("tab", "node", "day", "state"))
    assert only(waits) == ("waits for a choice",)
    assert tab.lines[0].billed == USD("0.30") and tab.lines[0].name not in ("", "(unknown)")
    assert set(only(node)) == {"story/fox", "story/film"}
    assert len(day.lines) == 1 and day.lines[0].name.startswith("20") and "UTC" in day.zone
    assert {line.name: line.attempts for line in state.lines} == {"accepted": 2, "not chosen": 1}
