"""What a run would do, before it does it: per node the action and the reason; calls, money, time; a fingerprint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set

from rushes.graph.critical import longest_chain, makespan
from rushes.graph.fingerprint import fingerprint_of
from rushes.graph.grid import Grid
from rushes.graph.planned import Action, NodePlan, Plan, Unit
from rushes.graph.reasons import Reasons
from rushes.graph.setting import ModelChoice, Setting
from rushes.graph.settle import Question
from rushes.graph.value import History, Known, Outcome, State
from rushes.graph.walk import Walked, walk
from rushes.model.collector import collector_off
from rushes.model.ids import BaseKey
from rushes.model.listed import first_of
from rushes.model.money import Estimate, Quote
from rushes.model.operation import INLINE, Operation
from rushes.model.workflow import Node

Price = Callable[[Node, Question | None], Quote]
"""Price and typical seconds of one request of a node; without a question its inputs are not known yet."""

_ACTIONS = {  # of a node whose rows differ, the first that any row has
    State.RUN: Action.RUN,
    State.AFTER: Action.AFTER,
    State.WAITING: Action.WAIT,
    State.FAILED: Action.BLOCKED,
    State.BLOCKED: Action.BLOCKED,
    State.DONE: Action.REUSE,
    State.SKIPPED: Action.SKIP,
}
_IN_THE_FILE = (Operation.PROMPT, Operation.MEDIA)
_NOTHING = Estimate()
_ASKS = (Action.RUN, Action.AFTER)
_DONE, _AFTER, _WAITING, _REUSE = State.DONE, State.AFTER, State.WAITING, Action.REUSE  # looked up once


def make_plan(
    grid: Grid,
    setting: Setting,
    known: Known,
    *,
    selected: Set[int] | None,
    quote: Price,
    history: History | None,
    parallel: Callable[[], int],
    selection: str = "",
) -> Plan:
    """The plan of a run of `grid` under `setting`.

    `selected` are the node numbers that may run (None: all) and `selection` the flags that said so, for reasons;
    `history` explains what changed since earlier runs; `parallel` says how many requests run at once; it is
    asked at the end, because that depends on whom they are put to.
    """
    with collector_off():
        walked = walk(grid, setting, known, selected, selection)
        return _plan(grid, setting, walked, selected, quote, history, parallel, selection)


def _plan(
    grid: Grid,
    setting: Setting,
    walked: Walked,
    selected: Set[int] | None,
    quote: Price,
    history: History | None,
    parallel: Callable[[], int],
    selection: str,
) -> Plan:
    tally = _Tally(grid, walked, quote)
    reasons = Reasons(grid, setting, walked, history, tally.owners)
    nodes = tuple(_nodes(grid, walked, tally, reasons))
    chain, cells = longest_chain(grid, tally.seconds)
    money = tally.total()
    return Plan(
        nodes=nodes,
        outcomes=tuple(walked.outcomes),
        units=tuple(tally.units),
        calls=len(tally.units),
        most=len(tally.units) + tally.later,
        rerolls=tally.rerolls,
        money=money,
        critical=tuple(dict.fromkeys(grid.nodes[grid.cells[cell].node].id for cell in cells)),
        chain=chain,
        seconds=makespan(chain, tally.work, parallel()),
        warnings=tuple(_warnings(grid, walked, tally, money, selected)),
        fingerprint=fingerprint_of(grid, setting, walked, tally.units, tally.quotes, selected),
        selection=selection,
    )


class _Tally:
    """Requests, money and seconds, by node number and by cell; equal requests of several places count once."""

    def __init__(self, grid: Grid, walked: Walked, quote: Price) -> None:
        self.units: list[Unit] = []
        self.owners: dict[BaseKey, int] = {}
        self.calls: dict[int, int] = {}
        self.most: dict[int, int] = {}
        self.money: dict[int, Estimate] = {}
        # by cell for what runs now, by first cell for what comes after; they live as long as what is counted by them
        self.quotes: dict[int, Quote] = {}
        self.seconds: dict[int, float] = {}
        self.typical: dict[int, float] = {}
        self.work = 0.0
        self.later = 0
        self.shared = 0
        self.rerolls = 0
        self._quote = quote
        self._grid = grid
        # most nodes of a plan cost the same; a quote by its place in memory, because a Decimal is slow to look up
        self._sums: dict[tuple[int, int, bool], Estimate] = {}
        self._nodes: dict[tuple[int, int, bool], int] = {}  # how many nodes each of them was counted for
        self._now(walked)
        self._later(walked)

    def _now(self, walked: Walked) -> None:
        asked: dict[BaseKey, tuple[tuple[int, int], ...]] = {}
        quotes: dict[BaseKey, Quote] = {}
        for number in sorted(walked.misses):
            question, chosen, _results = walked.misses[number]
            base, frame = question.base, question.frame
            before = asked.get(base)
            if before is None:
                quoted = quotes[base] = self._quote(question.node, question)
                fresh = asked[base] = chosen.missing
                self.owners[base] = number
            else:  # another place asks the same
                quoted = quotes[base]
                fresh = tuple([pair for pair in chosen.missing if pair not in before])
                asked[base] = before + fresh
                self.shared += len(chosen.missing) - len(fresh)
            self.units += [Unit(number, candidate, salt, base) for candidate, salt in fresh]
            self.rerolls += len(fresh) * (frame.attempts - 1)
            self.quotes[number] = quoted
            self._count(self._grid.cells[number].node, quoted, len(fresh), certain=True)
            self.seconds[number] = quoted.seconds
            self.work += quoted.seconds * len(fresh)

    def _later(self, walked: Walked) -> None:
        quotes: dict[int, Quote] = {}
        for number, outcome in enumerate(walked.outcomes):
            if outcome.state is not _AFTER and outcome.state is not _WAITING:
                continue
            cell = self._grid.cells[number]
            node = self._grid.nodes[cell.node]
            self.seconds[number] = 0.0
            if node.op in INLINE or outcome.state is _WAITING:
                continue
            quoted = quotes.get(cell.node)
            if quoted is None:
                quoted = quotes[cell.node] = self.quotes[number] = self._quote(node, None)
            self.seconds[number] = quoted.seconds
            if cell.panel:
                continue  # one request cuts all panels
            frame = walked.settler.frame(cell.node)
            self.later += frame.wanted
            self.rerolls += frame.wanted * (frame.attempts - 1)
            self._count(cell.node, quoted, frame.wanted, certain=False)
            self.work += quoted.seconds * frame.wanted

    def _count(self, node: int, quoted: Quote, times: int, *, certain: bool) -> None:
        self.typical[node] = max(quoted.seconds, self.typical.get(node, 0.0))
        self.most[node] = self.most.get(node, 0) + times
        if certain:
            self.calls[node] = self.calls.get(node, 0) + times
        counted = (id(quoted), times, certain)
        summed = self._sums.get(counted)
        if summed is None:
            if not certain and quoted.low:
                # the answer may turn out to exist, when what comes first turns out as it was
                quoted = quoted._replace(low=quoted.low * 0)
            summed = self._sums[counted] = Estimate().plus(quoted, times)
        self._nodes[counted] = self._nodes.get(counted, 0) + 1
        mine = self.money.get(node)
        self.money[node] = summed if mine is None else mine + summed

    def total(self) -> Estimate:
        """The money of all nodes."""
        money = Estimate()
        for counted, nodes in self._nodes.items():
            money += self._sums[counted].times(nodes)
        return money


def _nodes(grid: Grid, walked: Walked, tally: _Tally, reasons: Reasons) -> list[NodePlan]:
    outcomes = walked.outcomes
    found: list[NodePlan] = []
    for number, node in enumerate(grid.nodes):
        first, count = grid.first[number], grid.count[number]
        outcome = outcomes[first]
        op = node.op
        if outcome.state is _DONE and (count == 1 or _all_done(outcomes, first, count)):
            says = "in the file" if op in _IN_THE_FILE else outcome.says or "unchanged"
            choice = walked.settler.frame(number).choice
            found.append(
                NodePlan(
                    node.id,
                    node.tab,
                    node.title,
                    op,
                    _REUSE,
                    says,
                    count,
                    0,
                    0,
                    _NOTHING,
                    0.0,
                    choice[0],
                    choice[1],
                )
            )
            continue
        found.append(_node(grid, number, walked, tally, reasons))
    return found


def _all_done(outcomes: Sequence[Outcome], first: int, count: int) -> bool:
    return all(outcome.state is _DONE for outcome in outcomes[first : first + count])


def _node(grid: Grid, number: int, walked: Walked, tally: _Tally, reasons: Reasons) -> NodePlan:
    node, first, rows = grid.nodes[number], grid.first[number], grid.count[number]
    state = walked.outcomes[first].state
    if rows == 1:
        reason, stale = reasons.of(first), reasons.stale(first)
    else:
        cells = range(first, first + rows)
        states = [walked.outcomes[cell].state for cell in cells]
        state = next(one for one in _ACTIONS if one in states)
        first = cells[states.index(state)]
        reason = f"{reasons.of(first)} ({states.count(state)} of {rows} rows)"
        stale = any(reasons.stale(cell) for cell in cells)
    action = _ACTIONS[state]
    provider, model = "", node.model or ""
    if action in _ASKS and node.op not in INLINE:
        choice, stands_in = _asked(number, first, walked)
        provider, model = choice.provider, choice.model
        reason = f"{stands_in}; {reason}" if stands_in else reason
    return NodePlan(
        node.id,
        node.tab,
        node.title,
        node.op,
        action,
        reason,
        rows,
        tally.calls.get(number, 0),
        tally.most.get(number, 0),
        tally.money.get(number, _NOTHING),
        tally.typical.get(number, 0.0),
        provider,
        model,
        stale,
    )


def _asked(number: int, cell: int, walked: Walked) -> tuple[ModelChoice, str]:
    """Who is asked for a node, and why it is not its own model (nothing where it is)."""
    miss = walked.misses.get(cell)
    if miss is not None:
        return miss.question.frame.choice, miss.question.frame.stands_in
    settler = walked.settler
    stand_in = settler.setting.stand_in
    # what comes later will meet the same
    other = stand_in(settler.grid.nodes[number]) if stand_in is not None else None
    return (settler.frame(number).choice, "") if other is None else (other.choice, other.why)


def _warnings(grid: Grid, walked: Walked, tally: _Tally, money: Estimate, selected: Set[int] | None) -> list[str]:
    said = []
    if selected is not None and not selected:
        said.append("nothing is selected")
    if money.unknown:
        said.append(
            f"{money.unknown} requests have no known price" if money.unknown > 1 else "1 request has no known price"
        )
    if tally.shared:
        many = tally.shared > 1
        said.append(
            f"{tally.shared} requests are equal to another one and are asked once"
            if many
            else "1 request is equal to another one and is asked once"
        )
    twins = _twins(grid, walked)
    if twins:
        names = ", ".join(twins[:3]) + (f" and {len(twins) - 3} more" if len(twins) > 3 else "")
        said.append(
            f"{names} {'asks' if len(twins) == 1 else 'ask'} the same as what is asked again: from the next run on the "
            "new results are theirs, too; what a person approved of the old ones stands"
        )
    waiting = _gates(grid, walked)
    if waiting:
        said.append(f"a person must approve at {first_of(waiting)}")
    return said


def _twins(grid: Grid, walked: Walked) -> list[str]:
    """The nodes that are not asked again, and have a row that asks what is."""
    setting = walked.settler.setting
    again = {base for base, _candidate in setting.floors}
    if not again or not setting.as_ever:
        return []
    return _called(
        grid,
        (
            cell.node
            for cell, one in zip(grid.cells, walked.outcomes, strict=True)
            if one.base in again
            and grid.nodes[cell.node].id in setting.as_ever
            and grid.nodes[cell.node].op not in INLINE
        ),
    )


def _gates(grid: Grid, walked: Walked) -> list[str]:
    return _called(
        grid,
        (cell.node for cell, one in zip(grid.cells, walked.outcomes, strict=True) if one.state is _WAITING),
    )


def _called(grid: Grid, numbers: Iterable[int]) -> list[str]:
    nodes = [grid.nodes[number] for number in dict.fromkeys(numbers)]
    tabs = len({node.tab for node in nodes}) > 1
    return [f"{node.called} of tab {node.tab}" if tabs and node.title else node.called for node in nodes]
