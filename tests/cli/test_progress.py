"""The numbers behind the display, and the picture drawn from them."""

from __future__ import annotations

import dataclasses
import io
import json
import sys
from decimal import Decimal
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from rushes.app.batch_told import Totals
from rushes.app.planned import Action, NodePlan, Plan
from rushes.cli.batch_view import BatchView
from rushes.cli.live import LIMITS, ROWS, LiveView, picture
from rushes.cli.plain import LINES_PER_SECOND, LogView, StreamView
from rushes.cli.progress import Progress
from rushes.cli.session import Session
from rushes.cli.views import live_wanted
from rushes.errors import ErrorClass
from rushes.model.event import (
    Accepted,
    CellDone,
    CellFailed,
    Done,
    Event,
    Failed,
    Place,
    Reserved,
    RunEnded,
    Running,
    Stored,
    Told,
    Waiting,
)
from rushes.model.ids import AttemptId, BaseKey, Digest, NodeId, RequestKey
from rushes.model.money import Estimate
from rushes.model.operation import Operation
from rushes.model.run import Knob, Verb
from rushes.model.verdict import Verdict
from rushes.model.wait import Wait


def place(n: int, node: str = "scene") -> Place:
    return Place(node=NodeId(f"{node}{n}"))


def reserved(n: int, node: str = "scene") -> Reserved:
    return Reserved(
        attempt=AttemptId(f"a{n}"),
        place=place(n, node),
        key=RequestKey(f"rk1:{n}"),
        base=BaseKey(f"bk1:{n}"),
        candidate=0,
        salt=0,
        op=Operation.TEXT_TO_IMAGE,
        provider="p",
        model="m",
        worst=None,
    )


def stored(n: int) -> Stored:
    return Stored(
        attempt=AttemptId(f"a{n}"),
        place=place(n),
        key=RequestKey(f"rk1:{n}"),
        base=BaseKey(f"bk1:{n}"),
        candidate=0,
        salt=0,
        artifacts=(),
        verdict=Verdict(),
        recipe={},
    )


def failed(n: int, final: bool) -> Failed:
    return Failed(attempt=AttemptId(f"a{n}"), place=place(n), error=ErrorClass.TRANSIENT, says="x", final=final)


def plan_of(nodes: int, title: str = "") -> Plan:
    each = Estimate(Decimal("0.04"), Decimal("0.04"))
    return Plan(
        nodes=tuple(
            NodePlan(
                NodeId(f"scene{n}"), "tab", title, Operation.TEXT_TO_IMAGE, Action.RUN, "never run", 1, 1, 1, each, 2.0
            )
            for n in range(nodes)
        ),
        outcomes=(),
        units=(),
        calls=nodes,
        most=nodes,
        rerolls=0,
        money=Estimate(Decimal("0.04") * nodes, Decimal("0.04") * nodes),
        critical=(),
        chain=2.0,
        seconds=2.0 * nodes,
        warnings=(),
        fingerprint="pl1:0",
    )


def feed(progress: Progress, *events: Event, at: float = 1.0) -> None:
    for event in events:
        progress.feed(event, at)


def test_a_request_is_waiting_then_running_then_made() -> None:
    progress = Progress(0.0)
    progress.planned(plan_of(3))
    assert (progress.share, progress.running) == (0.0, 0) and progress.waits.inputs == 3
    feed(progress, reserved(0), Accepted(attempt=AttemptId("a0"), remote="r"))
    assert progress.running == 1 and progress.waits.inputs == 2
    feed(progress, Done(attempt=AttemptId("a0"), billed=Decimal("0.04")), stored(0))
    assert (progress.bought, progress.running, progress.spent) == (1, 0, Decimal("0.04"))
    assert round(progress.share, 2) == 0.33


def test_waiting_says_why() -> None:
    progress = Progress(0.0)
    progress.planned(plan_of(9))
    full = Wait(1, "all 4 at once are in flight")
    progress.gauge(lambda: {"provider:sketch": Wait(4, "it said to wait so long", 41.0), "run": full})
    feed(progress, reserved(0), failed(0, final=False), reserved(1), failed(1, final=True))
    feed(progress, Waiting(place=place(5), subject=BaseKey("b"), shown=(Digest("d"),)))
    waits = progress.waits
    assert (waits.limit, waits.retry, waits.approval, waits.inputs) == (5, 1, 1, 2)
    text = picture(progress, 1.0, 100).plain
    assert "1 for your approval" in text and "2 for what comes before" in text
    assert "waiting: 4 for sketch (it said to wait so long, 41 s left)" in text
    assert "waiting: 1 for --concurrency (all 4 at once are in flight)" in text
    feed(progress, reserved(0))
    assert progress.waits.retry == 0, "it is being tried again"
    feed(progress, CellDone(place=place(5), base=None, artifact=None, reused=False))
    assert progress.waits.approval == 0, "somebody decided"


def test_a_paused_run_says_who_lets_it_wait_how_much_waits_and_what_lets_it_go_on() -> None:
    progress, out = Progress(0.0), io.StringIO()
    log = LogView(out)
    waits = {"begin": Wait(4, "paused by ana")}
    for one in (progress, log.progress):
        one.planned(plan_of(5))
        one.gauge(lambda: waits)
        feed(one, dataclasses.replace(reserved(0), attempt=AttemptId("r1/1")))
    paused = Told(verb=Verb.PAUSE, by="a\x1b[2Jna")
    feed(progress, paused, Told(verb=Verb.SET, by="bo", knob=Knob.CONCURRENCY, value=8))
    text = picture(progress, 1.0, 100).plain
    assert "paused by a[2Jna: 4 wait; go on with: rushes ctl r1 resume" in text.replace("\ufffd", "")
    assert "free slot" not in text and "\x1b" not in text
    feed(progress, Told(verb=Verb.RESUME, by="ana"))
    waits.clear()
    assert "paused" not in picture(progress, 1.0, 100).plain
    log.watch(paused)
    log.watch(Told(verb=Verb.SET, by="bo", knob=Knob.CONCURRENCY))
    assert "told    pause, by a" in out.getvalue() and "told    concurrency none, by bo" in out.getvalue()
    assert "\x1b" not in out.getvalue() and log.progress.paused_by


def test_time_left_follows_the_plan_first_and_the_pace_later() -> None:
    progress = Progress(0.0)
    progress.planned(plan_of(10))
    assert progress.left(4.0) == 16.0
    for n in range(5):
        feed(progress, reserved(n), stored(n))
    assert progress.left(10.0) == 10.0
    for n in range(5, 10):
        feed(progress, reserved(n), stored(n))
    assert progress.left(20.0) is None and progress.share == 1.0


def test_re_rolls_beyond_the_plan_never_pass_the_end() -> None:
    progress = Progress(0.0)
    progress.planned(plan_of(1))
    for n in range(4):
        feed(progress, reserved(n), stored(n))
        assert 0 <= progress.share <= 1
    assert progress.waits.inputs == 0


def test_the_longest_running_come_first() -> None:
    progress = Progress(0.0)
    progress.planned(plan_of(30))
    for n in range(20):
        progress.feed(reserved(n), float(n))
    feed(progress, stored(0), stored(3), Running(attempt=AttemptId("a1"), says="queued"))
    assert [now.place.node for now in progress.longest(3)] == ["scene1", "scene2", "scene4"]
    assert next(progress.longest(1)).says == "queued"


events = st.one_of(
    st.builds(reserved, st.integers(0, 6)),
    st.builds(stored, st.integers(0, 6)),
    st.builds(failed, st.integers(0, 6), st.booleans()),
    st.builds(lambda n: Running(attempt=AttemptId(f"a{n}"), says="..."), st.integers(0, 6)),
    st.builds(lambda n: Done(attempt=AttemptId(f"a{n}")), st.integers(0, 6)),
    st.builds(lambda n: Waiting(place=place(n), subject=BaseKey("b"), shown=()), st.integers(0, 6)),
    st.builds(lambda n: CellDone(place=place(n), base=None, artifact=None, reused=True), st.integers(0, 6)),
    st.builds(lambda: RunEnded(state="done", done=1, failed=0, reused=0)),
)


@given(st.lists(events, max_size=60), st.integers(0, 9), st.integers(20, 200))
def test_any_order_of_events_gives_a_picture_that_fits(many: list[Event], nodes: int, width: int) -> None:
    """Also one that no run would write: a display must never end a run."""
    progress = Progress(0.0)
    progress.planned(plan_of(nodes))
    for n, event in enumerate(many):
        progress.feed(event, float(n))
        assert min(progress.waits[:4]) >= 0 and progress.running >= 0
    lines = picture(progress, 60.0, width).plain.split("\n")
    assert len(lines) <= 5 + LIMITS + ROWS and all(cell_len(line) <= max(20, width) for line in lines)


@settings(max_examples=60)
@given(st.text(max_size=80), st.text(max_size=80))
def test_no_title_and_no_message_can_move_the_cursor(title: str, says: str) -> None:
    progress = Progress(0.0)
    progress.planned(plan_of(2, title))
    feed(progress, reserved(0), Running(attempt=AttemptId("a0"), says=says))
    text = picture(progress, 1.0, 80).plain
    assert all(char.isprintable() or char == "\n" for char in text)
    out = io.StringIO()
    view = LogView(out)
    view.planned(plan_of(2, title))
    view.watch(CellFailed(place=place(0), error=None, says=says))
    assert len(out.getvalue().splitlines()) == 2 and "\x1b" not in out.getvalue()


def calls_made(progress: Progress) -> int:
    """How many Python calls one picture and one event take."""
    count = 0

    def seen(_frame: FrameType, what: str, _arg: object) -> None:
        nonlocal count
        count += what in ("call", "c_call")

    sys.setprofile(seen)
    try:
        picture(progress, 5.0, 80)
        progress.feed(Running(attempt=AttemptId("a5"), says="half"), 5.0)
    finally:
        sys.setprofile(None)
    return count


def test_a_picture_of_ten_thousand_nodes_costs_what_one_of_twenty_costs() -> None:
    def busy(nodes: int) -> Progress:
        progress = Progress(0.0)
        progress.planned(plan_of(nodes))
        for n in range(nodes):
            progress.feed(reserved(n), 0.0)
        return progress

    small, large = calls_made(busy(20)), calls_made(busy(10_000))
    assert large <= small * 1.2 + 20 and large < 2000


def test_the_panel_prints_failures_above_itself_and_leaves_no_trace() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=80, color_system=None)
    view = LiveView(console)
    view.tick()
    assert out.getvalue() == "", "nothing is drawn before the plan is known"
    view.planned(plan_of(100))
    view.open()
    for n in range(100):
        view.watch(CellFailed(place=place(n), error=ErrorClass.TIMEOUT, says="late"))
    view.tick()
    view.close()
    view.close()
    text = out.getvalue()
    assert text.count("failed  scene") == 40 and "... and more" in text and "100 failed" in text


def test_the_log_is_rated_but_never_loses_a_failure() -> None:
    out = io.StringIO()
    view = LogView(out)
    for n in range(500):
        view.watch(CellDone(place=place(n), base=None, artifact=None, reused=False))
        if n % 100 == 0:
            view.watch(CellFailed(place=place(n), error=None, says="x"))
    view.close()
    lines = out.getvalue().splitlines()
    assert sum(line.startswith("failed") for line in lines) == 5
    assert len(lines) <= 6 + 4 * LINES_PER_SECOND
    assert "more row" in lines[-1]


def test_the_panel_is_for_terminals_that_nobody_asked_to_be_plain() -> None:
    plain = Session()
    assert live_wanted(plain, {"TERM": "xterm"}, True)
    assert not live_wanted(plain, {"TERM": "xterm"}, False)
    assert not live_wanted(plain, {"TERM": "dumb"}, True)
    assert not live_wanted(plain, {"TERM": "xterm", "CI": "true"}, True)
    assert not live_wanted(plain, {"TERM": "xterm", "NO_COLOR": ""}, True)
    assert not live_wanted(Session(json=True), {"TERM": "xterm"}, True)
    assert not live_wanted(Session(stream=True), {"TERM": "xterm"}, True)


def test_the_log_says_what_waits_when_the_reason_changes_and_counts_it_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out, now, waits = io.StringIO(), [0.0], {"run": Wait(36, "all 4 at once")}
    monkeypatch.setattr("rushes.cli.plain.time.monotonic", lambda: now[0])
    view = LogView(out)
    view.gauge(lambda: waits)
    for second in range(13):
        now[0] = float(second)
        view.tick()
        if second == 3:
            waits["run"] = Wait(30, "all 5 at once")
        if second == 5:
            waits["provider:fal"] = Wait(3, "it said to wait so long", 41.0)
    lines = [line for line in out.getvalue().splitlines() if line.startswith("waits")]
    assert lines == [
        "waits   36 for --concurrency (all 4 at once)",
        "waits   3 for fal (it said to wait so long, 41 s left)",
    ]
    assert "  waiting: 30 for --concurrency (all 5 at once)\n  waiting: 3 for fal" in out.getvalue()


def test_a_stream_says_what_waits_as_one_line_whenever_that_is_news(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    monkeypatch.setattr("rushes.cli.plain.time.monotonic", lambda: now[0])
    view = StreamView()
    view.gauge(lambda: {"provider:fal": Wait(3, "it said to wait so long", 41.0)})
    for second in range(5):
        now[0] = float(second)
        view.tick()
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    wait = {"limit": "provider:fal", "number": 3, "why": "it said to wait so long", "seconds": 41.0}
    assert line["type"] == "waits" and line["waits"] == [wait]


def test_a_batch_says_what_its_rows_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    now, out = [0.0], io.StringIO()
    monkeypatch.setattr("rushes.cli.batch_view.time.monotonic", lambda: now[0])
    view = BatchView(Session(), lambda _canary: True, out)
    view.told.begins(Totals(200))
    view.gauge(lambda: {"provider:fal": Wait(3, "it said to wait so long", 41.0)})
    now[0] = 11.0
    view.tick()
    assert "  waiting: 3 for fal (it said to wait so long, 41 s left)\n" in out.getvalue()
