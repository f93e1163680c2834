"""Tables fit a terminal of 80 columns, stay short for large workflows, and hide nothing that needs a person."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from rushes.app.planned import Action, NodePlan, Plan
from rushes.app.summary import Counts, Failure, NodeLine, RunSummary, WaitingRow
from rushes.cli.tables import MOST, show_plan, show_summary
from rushes.model.ids import NodeId
from rushes.model.money import Estimate, show_estimate
from rushes.model.operation import Operation
from rushes.model.run import RunState

from .test_progress import plan_of


def shown(draw: object, value: object, **more: object) -> list[str]:
    """What a table prints on 80 columns."""
    out = io.StringIO()
    draw(value, Console(file=out, width=80, highlight=False), **more)  # type: ignore[operator]
    return out.getvalue().splitlines()


def plan_lines(plan: Plan, **more: object) -> list[str]:
    out = io.StringIO()
    show_plan(plan, "w", Console(file=out, width=80, highlight=False), **more)  # type: ignore[arg-type]
    return out.getvalue().splitlines()


def summary(
    nodes: tuple[NodeLine, ...] = (),
    failures: tuple[Failure, ...] = (),
    waiting: tuple[WaitingRow, ...] = (),
    state: RunState = RunState.DONE,
    bought: int = 1,
) -> RunSummary:
    return RunSummary(
        run="run-1",
        workflow="w",
        file="w.yaml",
        mode="full",
        state=state,
        created=0.0,
        seconds=3.0,
        counts=Counts(total=len(nodes), done=len(nodes), bought=bought, failed=len(failures), waiting=len(waiting)),
        spent=Decimal("1.5"),
        unpriced=0,
        attempts=1,
        nodes=nodes,
        failures=failures,
        waiting=waiting,
        exported=(Path("/very/long") / ("x" * 120),),
    )


def line(n: int, state: str = "done", bought: int = 1, says: str = "", title: str = "") -> NodeLine:
    name = NodeId(f"n{n}")
    return NodeLine(
        name, title or f"Scene {n}", "tab", "text_to_image", "m", state, 1, 1, 0, bought, 0, Decimal("0.04"), 2.0, says
    )


words = st.text(max_size=70)


@settings(max_examples=60)
@given(st.lists(st.tuples(words, words, words, st.sampled_from(Action), st.integers(0, 10**6)), max_size=50))
def test_a_plan_never_leaves_its_80_columns(rows: list[tuple[str, str, str, Action, int]]) -> None:
    nodes = tuple(
        NodePlan(NodeId(f"n{i}"), tab, title, Operation.TEXT_TO_IMAGE, action, reason, 1, 0, calls, Estimate(), 1.0)
        for i, (tab, title, reason, action, calls) in enumerate(rows)
    )
    plan = plan_of(0)
    told = Plan(**{**{name: getattr(plan, name) for name in plan.__slots__}, "nodes": nodes, "most": 3})
    assert all(cell_len(text) <= 80 for text in plan_lines(told))


@settings(max_examples=60)
@given(
    st.lists(st.tuples(words, words, st.sampled_from(["done", "failed", "blocked", "waiting", "open"])), max_size=50)
)
def test_a_summary_never_breaks_its_columns(rows: list[tuple[str, str, str]]) -> None:
    told = summary(tuple(line(i, state, says=says, title=title) for i, (title, says, state) in enumerate(rows)))
    long = [text for text in shown(show_summary, told) if cell_len(text) > 80]
    assert all("/very/long" in text for text in long), "only paths are left whole, to be copied"


def test_why_nodes_came_to_nothing_is_said_once_for_each_reason() -> None:
    lines = tuple(line(i, "skipped", bought=0, says="not selected (--mode images)") for i in range(5))
    (said,) = [text for text in shown(show_summary, summary(lines)) if "not selected" in text]
    assert said.startswith("skipped: Scene 0, Scene 1, Scene 2 and 2 more: not selected")


def test_a_large_plan_is_grouped_and_says_how_to_see_all() -> None:
    lines = plan_lines(plan_of(10_000))
    assert len(lines) < 15 and any("10,000" in text for text in lines) and any("--all" in text for text in lines)
    assert len(plan_lines(plan_of(200), every=True)) > 200


def test_a_large_summary_shows_what_is_not_ordinary() -> None:
    nodes = (*(line(n, bought=0) for n in range(5000)), line(5000, "failed"), line(5001, "waiting"))
    lines = shown(show_summary, summary(nodes))
    assert len(lines) < 12
    assert any("Scene 5000" in text for text in lines) and any("Scene 5001" in text for text in lines)


def test_an_idle_run_is_one_line_and_its_folders() -> None:
    lines = shown(show_summary, summary((line(1, bought=0),), bought=0))
    assert lines[0].startswith("nothing to do") and len(lines) == 2


def test_failures_and_gates_are_shown_with_their_commands_up_to_a_number() -> None:
    many = MOST + 5
    failures = tuple(
        Failure(NodeId(f"n{n}"), f"Scene {n}", "tab", 0, "timeout", 3, "late", "rushes resume run-1", 2)
        for n in range(many)
    )
    gates = tuple(
        WaitingRow(NodeId(f"g{n}"), f"Gate {n}", "tab", 0, 1, 4, (2,), "", f"rushes approve run-1 g{n} CANDIDATE")
        for n in range(many)
    )
    text = "\n".join(shown(show_summary, summary(failures=failures, waiting=gates, state=RunState.FAILED)))
    assert "failed: Scene 0 (timeout, 3 attempts): late" in text and "rushes resume run-1, and 2 rows after it" in text
    assert "rushes approve run-1 g0 CANDIDATE" in text and "flagged: 2" in text
    assert text.count("and 5 more") == 2


def test_money_is_exact_a_range_or_unknown() -> None:
    assert show_estimate(Estimate()) == "$0.00"
    assert show_estimate(Estimate(Decimal("0.1"), Decimal("0.39"))) == "$0.10-0.39"
    assert show_estimate(Estimate(Decimal(0), Decimal(0), 3)) == "unknown"
    assert show_estimate(Estimate(Decimal("0.1"), Decimal("0.1"), 3)) == "$0.10 + 3 unknown"
