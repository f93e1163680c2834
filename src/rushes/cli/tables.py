"""Plans, summaries and runs as tables that fit a terminal of 80 columns, and stay short for large workflows."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from rushes.app.planned import Action, FirstPass, NodePlan, Plan
from rushes.app.summary import NodeLine, RunSummary, WaitingRow
from rushes.cli.console import Console
from rushes.cli.say import clean, count, moment, nothing_to_do
from rushes.model.listed import first_of
from rushes.model.money import show_estimate, show_most, show_usd, sum_of
from rushes.model.operation import INLINE
from rushes.model.patience import AT_HOME
from rushes.model.run import RunRecord
from rushes.model.size import show_seconds

if TYPE_CHECKING:
    from rushes.app.time_limits import TimeLimit

MOST = 40
"""Nodes that are listed one by one; more are grouped by what they have in common."""

_TIMES = 3  # models whose time is said under a plan
_WIDTH = 80
_STYLE = {
    "run": "cyan",
    "after": "cyan",
    "wait": "yellow",
    "waiting": "yellow",
    "parked": "yellow",
    "paused": "yellow",
    "stopping": "yellow",
    "blocked": "red",
    "failed": "bold red",
    "interrupted": "yellow",
    "done": "green",
    "reuse": "green",
    "skip": "dim",
    "skipped": "dim",
    "open": "cyan",
}


def out() -> Console:
    """The console for results: at most as wide as the terminal, 80 columns where there is none."""
    console = Console(file=sys.stdout, highlight=False, soft_wrap=False)
    if not console.is_terminal:
        console = Console(file=sys.stdout, highlight=False, width=_WIDTH)
    return console


def bare(*, head: bool = True) -> Table:
    """An empty table, as all are here: no lines, a bold head or none."""
    return Table(box=None, pad_edge=False, padding=(0, 1), expand=False, header_style="bold", show_header=head)


def _table(*columns: tuple[str, str]) -> Table:
    table = bare()
    for title, kind in columns:
        match kind:
            case "number":
                table.add_column(title, justify="right", no_wrap=True)
            case "word":
                table.add_column(title, no_wrap=True)
            case "name":
                table.add_column(title, no_wrap=True, overflow="ellipsis", max_width=28)
            case _:
                table.add_column(title, overflow="fold", ratio=1)
    return table


def _named(tab: str, name: str, tabs: bool) -> str:
    """The name, with its tab where there are several and it does not say so itself."""
    return clean(f"{tab}/{name}" if tabs and tab.casefold() not in name.casefold() else name)


def _word(text: str) -> Text:
    return Text(text, style=_STYLE.get(text, ""))


# --- plan ----------------------------------------------------------------------------------------------------------


def show_plan(
    plan: Plan, name: str, console: Console, *, every: bool = False, limits: Sequence[TimeLimit] = ()
) -> None:
    """A plan: what, why, how often, how much, how long; and the fingerprint to run it by."""
    console.print(
        Text(f"Plan for {clean(name)}" + (f"  ({clean(plan.selection)})" if plan.selection else ""), style="bold")
    )
    shown = [one for one in plan.nodes if every or _says_something(one)]
    if len(shown) <= MOST or every:
        console.print(_plan_table(shown))
    else:
        console.print(_plan_groups(shown))
        console.print(Text("one line per node with --all", style="dim"))
    quiet = len(plan.nodes) - len(shown)
    if quiet and not shown:
        console.print("everything is here already")
    for warning in plan.warnings:
        console.print(Text(f"warning: {clean(warning)}", style="yellow"))
    console.print(plan_totals(plan, limits))


def _says_something(one: NodePlan) -> bool:
    return one.action is not Action.REUSE or one.op not in INLINE


def _plan_table(nodes: Sequence[NodePlan]) -> Table:
    tabs = len({one.tab for one in nodes}) > 1
    table = _table(
        ("node", "name"), ("do", "word"), ("why", "text"), ("calls", "number"), ("money", "number"), ("each", "number")
    )
    for one in nodes:
        name = clean(one.title or one.node)
        table.add_row(
            Text(_named(one.tab, name, tabs)),
            _word(str(one.action)),
            Text(clean(one.reason)),
            _calls(one.calls, one.most),
            show_estimate(one.money) if one.most else "",
            show_seconds(one.seconds) if one.most and one.seconds else "",
        )
    return table


def _plan_groups(nodes: Sequence[NodePlan]) -> Table:
    groups: dict[tuple[str, str, str, str], list[NodePlan]] = {}
    for one in nodes:
        groups.setdefault((one.tab, str(one.op), str(one.action), _kind_of(one.reason)), []).append(one)
    table = _table(
        ("nodes", "number"), ("what", "name"), ("do", "word"), ("why", "text"), ("calls", "number"), ("money", "number")
    )
    tabs = len({key[0] for key in groups}) > 1
    for (tab, op, action, why), members in list(groups.items())[:MOST]:
        total = sum_of(one.money for one in members)
        most = sum(one.most for one in members)
        table.add_row(
            f"{len(members):,}",
            Text(_named(tab, op, tabs)),
            _word(action),
            Text(clean(why)),
            _calls(sum(one.calls for one in members), most),
            show_estimate(total) if most else "",
        )
    return table


def _kind_of(reason: str) -> str:
    """What reasons of many nodes have in common: the words before the values."""
    return reason.partition(":")[0].partition(" from ")[0][:40]


def _calls(calls: int, most: int) -> str:
    if not most:
        return ""
    return f"{calls:,}" if calls == most else f"{calls:,}-{most:,}"


def plan_totals(plan: Plan, limits: Sequence[TimeLimit] = ()) -> Text:
    """The lines under a plan."""
    counts = plan.counts
    words = [f"{number:,} {_SAID[action]}" for action, number in counts.items() if number and action in _SAID]
    lines = ["nodes     " + (", ".join(words) if words else "nothing to do")]
    if plan.most:
        more = f", up to {plan.rerolls:,} more if checks flag results" if plan.rerolls else ""
        calls = _calls(plan.calls, plan.most)
        lines.append(f"requests  {calls}{more}")
        lines.append(f"money     {show_estimate(plan.money)}")
        if plan.seconds:
            lines.append(f"time      about {show_seconds(plan.seconds)}")
        lines.extend(_given_up(limits))
        if plan.critical:
            titles = {one.node: one.title or str(one.node) for one in plan.nodes}
            names = [clean(titles.get(node, node)) for node in plan.critical]
            path = " > ".join(names if len(names) <= 6 else [*names[:3], "...", *names[-2:]])
            lines.append(f"longest   {path} ({show_seconds(plan.chain)})")
        if plan.first_pass is not None:
            lines.append(first_pass(plan.first_pass))
    lines.append(f"plan      {plan.fingerprint}")
    return Text("\n".join(lines))


def _given_up(limits: Sequence[TimeLimit]) -> Iterator[str]:
    """When a request of each model is given up, and who says so; nothing of free work that nobody limits."""
    said = [one for one in limits if one.patience.source != "default" or one.patience.seconds != AT_HOME]
    for one in said[:_TIMES]:
        patience = one.patience
        name = clean(f"{one.provider}/{one.model}")
        yield f"timeout   {show_seconds(patience.seconds)} for {name}: {patience.says}"
    if len(said) > _TIMES:
        yield f"timeout   {len(said) - _TIMES:,} more with --json"


def first_pass(found: FirstPass) -> str:
    """`images only: $0.12 of $9.84 (1 %), about 2 min of 14 min (15 %)`."""
    parts = []
    if found.full_money.high or found.full_money.unknown:
        parts.append(f"{show_most(found.money)} of {show_most(found.full_money)}{_share(found.of_money)}")
    if found.full_seconds:
        parts.append(
            f"about {show_seconds(found.seconds)} of {show_seconds(found.full_seconds)}{_share(found.of_time)}"
        )
    return f"images only: {', '.join(parts) or 'nothing is left to make'}"


def _share(share: float | None) -> str:
    return "" if share is None else f" ({share * 100:.0f} %)"


_SAID = {
    Action.RUN: "to run",
    Action.AFTER: "after them",
    Action.WAIT: "waiting for approval",
    Action.BLOCKED: "blocked",
    Action.SKIP: "skipped",
    Action.REUSE: "here already",
}


# --- run -----------------------------------------------------------------------------------------------------------


def show_summary(summary: RunSummary, console: Console, *, every: bool = False) -> None:
    """The end of a run: a line per node, failures with their next step, gates with their command, what was written."""
    # a gate without a question has nothing to say
    nodes = [one for one in summary.nodes if one.op != "approve" or one.state not in ("done", "open")]
    loud = [one for one in nodes if one.bought or one.state != "done"]
    shown = nodes if every or len(nodes) <= MOST else loud[:MOST]
    if every or not summary.idle:
        console.print(_node_table(shown))
        if len(shown) < len(nodes):
            console.print(Text(f"{count(len(nodes) - len(shown), 'more node')}; all of them with --all", style="dim"))
        _show_reasons(shown, console)
    _show_failures(summary, console)
    _show_waiting(summary, console)
    console.print(_totals(summary))
    if summary.first_pass is not None and summary.counts.bought:
        console.print(first_pass(summary.first_pass))
    for path in summary.exported:
        console.print(Text(f"  {path}"), soft_wrap=True)
    for note in summary.notes:
        console.print(Text(clean(note), style="dim"))


def _node_table(nodes: Iterable[NodeLine]) -> Table:
    nodes = list(nodes)
    tabs = len({one.tab for one in nodes}) > 1
    table = _table(
        ("node", "name"),
        ("came to", "word"),
        ("rows", "number"),
        ("made", "number"),
        ("earlier", "number"),
        ("money", "number"),
        ("work", "number"),
    )
    for one in nodes:
        table.add_row(
            Text(_named(one.tab, one.title, tabs)),
            _word(one.state),
            f"{one.done}/{one.rows}" if one.done != one.rows else f"{one.rows}",
            f"{one.bought:,}" if one.bought else "",
            f"{one.reused:,}" if one.reused else "",
            show_usd(one.spent) if one.bought else "",
            show_seconds(one.seconds) if one.bought else "",
        )
    return table


def _show_reasons(nodes: Iterable[NodeLine], console: Console) -> None:
    """Why nodes came to nothing; those with one reason together. Failures and gates have lines of their own."""
    groups: dict[tuple[str, str], list[str]] = {}
    for one in nodes:
        if one.says and one.state not in ("failed", "waiting"):
            groups.setdefault((one.state, one.says), []).append(clean(one.title))
    for (state, says), names in list(groups.items())[:MOST]:
        console.print(Text(f"{state}: {first_of(names)}: {clean(says)}", style="dim"))


def _show_failures(summary: RunSummary, console: Console) -> None:
    for one in summary.failures[:MOST]:
        row = f" row {one.row + 1}" if one.row else ""
        kind = f" ({one.kind}, {count(one.attempts, 'attempt')})" if one.kind else ""
        console.print(Text(f"failed: {clean(one.title)}{row}{kind}: {clean(one.message)}", style="red"), soft_wrap=True)
        more = f", and {count(one.blocks, 'row')} after it wait for that" if one.blocks else ""
        console.print(Text(f"  -> {one.next_step}{more}"), soft_wrap=True)
    if len(summary.failures) > MOST:
        console.print(Text(f"... and {len(summary.failures) - MOST:,} more failures, all in errors.json", style="red"))


def _show_waiting(summary: RunSummary, console: Console) -> None:
    if not summary.waiting:
        return
    gates = [one for one in summary.waiting if one.candidates]
    _show_doubts([one for one in summary.waiting if not one.candidates], console)
    if gates:
        console.print(Text(f"{count(len(gates), 'row waits', 'rows wait')} for your approval:", style="yellow"))
    for one in gates[:MOST]:
        flagged = f", flagged: {', '.join(map(str, one.flagged))}" if one.flagged else ""
        row = f" row {one.row + 1}" if one.rows > 1 else ""
        console.print(Text(f"  {clean(one.title)}{row}: {count(one.candidates, 'candidate')}{flagged}"), soft_wrap=True)
        console.print(Text(f"    {one.command}"), soft_wrap=True)
    if len(gates) > MOST:
        console.print(Text(f"  ... and {len(gates) - MOST:,} more"))
    console.print(Text(f"then: rushes resume {summary.run}"), soft_wrap=True)


def _show_doubts(doubts: Sequence[WaitingRow], console: Console) -> None:
    if doubts:
        rows = count(len(doubts), "row waits", "rows wait")
        console.print(Text(f"{rows} for your word about a request that may have been charged:", style="red"))
    for one in doubts[:MOST]:
        row = f" row {one.row + 1}" if one.rows > 1 else ""
        console.print(Text(f"  {clean(one.title)}{row}: {clean(one.says)}"), soft_wrap=True)
    if len(doubts) > MOST:
        console.print(Text(f"  ... and {len(doubts) - MOST:,} more: rushes unknowns"))


def _totals(summary: RunSummary) -> Text:
    counts = summary.counts
    if summary.idle:
        return Text(nothing_to_do(counts.done, summary.run), style="green")
    words = [
        f"{number:,} {word}"
        for number, word in (
            (counts.bought, "made"),
            (counts.reused, "from earlier"),
            (counts.failed, "failed"),
            (counts.blocked, "blocked"),
            (counts.waiting, "waiting"),
            (counts.open, "not reached"),
        )
        if number
    ]
    unpriced = f" + {summary.unpriced} unpriced" if summary.unpriced else ""
    text = Text(f"run {summary.run} ")
    if summary.simulator is not None:
        text.append("(simulated) ", style="bold yellow")
    if summary.profile is not None:
        text.append(f"({summary.profile}, not the final) ", style="bold yellow")
    text.append_text(_word(str(summary.state)))
    text.append(
        f": {', '.join(words) or 'nothing made'}; {show_usd(summary.spent)}{unpriced}; {show_seconds(summary.seconds)}"
    )
    return text


# --- runs ----------------------------------------------------------------------------------------------------------


def show_runs(records: Sequence[RunRecord], console: Console) -> None:
    """A list of runs."""
    if not records:
        console.print("no runs yet: start one with  rushes run FILE")
        return
    table = _table(("run", "word"), ("began", "word"), ("state", "word"), ("mode", "word"), ("workflow", "name"))
    for one in records:
        began = moment(one.created)
        name = Text(clean(one.workflow))
        if one.options.sim is not None:
            name = Text.assemble(("(simulated) ", "yellow"), name)
        if one.options.profile is not None:
            name = Text.assemble((f"({clean(one.options.profile)}) ", "yellow"), name)
        table.add_row(one.id, began, _word(str(one.state)), str(one.options.mode), name)
    console.print(table)
