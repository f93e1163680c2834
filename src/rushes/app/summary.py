"""What a run came to: counts, money, time, one line per node, failures with their next step, gates with their command.

Everything people see at the end of a run (the table, `--json`, `errors.json`, the report's head) is this one value.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from rushes.app.tally import NodeTally, Tally
from rushes.errors import ErrorClass
from rushes.graph.grid import Grid
from rushes.graph.planned import FirstPass
from rushes.graph.value import Outcome, State
from rushes.ledger.books import Balance
from rushes.ledger.entry import Entry
from rushes.model.claim import OUT_OF_BUDGET
from rushes.model.event import Slow
from rushes.model.ids import NodeId
from rushes.model.listed import first_of
from rushes.model.money import ZERO, show_usd
from rushes.model.operation import INLINE
from rushes.model.run import RunRecord, RunState
from rushes.model.workflow import Node


class Counts(NamedTuple):
    """Rows by how they ended; `bought` counts results that this run obtained, candidates and all."""

    total: int = 0
    done: int = 0
    reused: int = 0
    bought: int = 0
    failed: int = 0
    blocked: int = 0
    skipped: int = 0
    waiting: int = 0
    open: int = 0  # not decided: running, or not reached


class NodeLine(NamedTuple):
    """One node in the final table. `seconds` is the sum of its attempts; `spent` is in USD (None: not all known)."""

    node: NodeId
    title: str
    tab: str
    op: str
    model: str | None
    state: str
    rows: int
    done: int
    reused: int
    bought: int
    failed: int
    spent: Decimal | None
    seconds: float
    says: str


class Failure(NamedTuple):
    """A row without a result, and what to do about it. `kind` is the error class, `""` when nothing was tried."""

    node: NodeId
    title: str
    tab: str
    row: int
    kind: str
    attempts: int
    message: str
    next_step: str
    blocks: int


class WaitingRow(NamedTuple):
    """A row that a person must decide, and the command that does.

    Without candidates it is a request in doubt: nobody can say whether it was accepted.
    """

    node: NodeId
    title: str
    tab: str
    row: int
    rows: int
    candidates: int
    flagged: tuple[int, ...]
    says: str
    command: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)  # see `plan.Prepared`
class RunSummary:
    """A run, told to a person; money in USD.

    `spent` counts the worst case where something was charged and nobody said how much (`guessed`). `held` is still set
    aside for requests that are open or in doubt; `over` is what providers charged beyond what they quoted. `unpriced`
    attempts cost, or may cost, something that is in none of these.
    """

    run: str
    workflow: str
    file: str
    mode: str
    state: RunState
    created: float
    seconds: float
    counts: Counts
    spent: Decimal
    unpriced: int
    attempts: int
    nodes: Sequence[NodeLine]
    failures: tuple[Failure, ...]
    waiting: tuple[WaitingRow, ...]
    guessed: Decimal = ZERO
    held: Decimal = ZERO
    over: Decimal = ZERO
    exported: tuple[Path, ...] = ()
    notes: tuple[str, ...] = field(default=())
    profile: str | None = None  # the other means it was made with: it is not the final
    simulator: str | None = None  # the address that stood in for every remote provider: nothing was really bought
    first_pass: FirstPass | None = None  # of a run of the stills alone: what its plan expected

    @property
    def idle(self) -> bool:
        """Whether everything was done before."""
        return self.state is RunState.DONE and self.counts.bought == 0

    def plain(self) -> dict[str, Any]:
        """As JSON: money as strings, paths as text."""
        return {
            "run": self.run,
            "workflow": self.workflow,
            "file": self.file,
            "mode": self.mode,
            "state": str(self.state),
            "created": self.created,
            "seconds": round(self.seconds, 3),
            "counts": self.counts._asdict(),
            "spent_usd": str(self.spent),
            "guessed_usd": str(self.guessed),
            "held_usd": str(self.held),
            "over_usd": str(self.over),
            "unpriced": self.unpriced,
            "attempts": self.attempts,
            "nodes": [_plain_node(one) for one in self.nodes],
            "failures": [plain_failure(one) for one in self.failures],
            "waiting": [{**one._asdict(), "row": one.row + 1, "flagged": list(one.flagged)} for one in self.waiting],
            "exported": [str(path) for path in self.exported],
            "notes": list(self.notes),
            "simulated": self.simulator is not None,
            "simulator": self.simulator,
            **({} if self.first_pass is None else {"first_pass": self.first_pass.plain()}),
            **({"profile": self.profile} if self.profile is not None else {}),
        }


def _plain_node(one: NodeLine) -> dict[str, Any]:
    raw = one._asdict()
    spent = raw.pop("spent")
    return {**raw, "spent_usd": None if spent is None else str(spent), "seconds": round(one.seconds, 3)}


def plain_failure(one: Failure) -> dict[str, Any]:
    """One failure as `errors.json` and `--json` say it; rows count from 1."""
    return {
        "node": one.node,
        "title": one.title,
        "tab": one.tab,
        "row": one.row + 1,
        "class": one.kind,
        "attempts": one.attempts,
        "message": one.message,
        "next_step": one.next_step,
        "blocks": one.blocks,
    }


def summarize(
    record: RunRecord, grid: Grid, outcomes: Sequence[Outcome | None], entries: Iterable[Entry]
) -> RunSummary:
    """The summary of a run, live or over. Linear in cells and entries."""
    tally = Tally(entries)
    counts, money = _counts(grid, outcomes, tally), tally.money
    return RunSummary(
        run=record.id,
        workflow=record.workflow,
        file=record.file,
        mode=str(record.options.mode),
        state=record.state,
        created=record.created,
        seconds=tally.seconds,
        counts=counts,
        spent=money.spent,
        guessed=money.guessed,
        held=money.held,
        over=money.over,
        unpriced=money.unpriced,
        attempts=tally.attempts,
        nodes=_Lines(grid, outcomes, tally.nodes),
        failures=_failures(record, grid, outcomes, tally) if counts.failed else (),
        waiting=_waiting(record, grid, outcomes) if counts.waiting else (),
        notes=(*_of_money(money, tally.wasted), *_of_time(grid, tally.slow)),
        simulator=record.options.sim,
        profile=record.options.profile,
    )


def _of_money(money: Balance, wasted: Decimal) -> Iterator[str]:
    """What a sum of money alone would keep quiet about."""
    if wasted:
        yield f"{show_usd(wasted)} of it brought nothing that is kept: rushes costs --by state"
    if money.over:
        yield f"providers charged {show_usd(money.over)} more than they quoted; the ceilings count it"
    if money.guessed:
        yield f"{show_usd(money.guessed)} of it is counted as quoted, at most: nobody said what was charged"
    if money.held:
        yield f"{show_usd(money.held)} is held for requests that are open or in doubt: rushes unknowns"


def _of_time(grid: Grid, slow: Sequence[Slow]) -> Iterator[str]:
    """Which requests took longer than is usual or allowed, the first few by name."""
    if not slow:
        return
    titles = {node.id: node.called for node in grid.nodes}
    late = {one.attempt for one in slow if one.until is not None}

    def named(many: Iterable[Slow]) -> str:
        return first_of(
            [
                f"{titles.get(one.place.node, one.place.node)} row {one.place.row + 1} (over {_limit(one.limit)})"
                for one in many
            ]
        )

    only_slow = [one for one in slow if one.attempt not in late]
    if only_slow:
        yield f"slow: {named(only_slow)}; see rushes stats"
    if late:
        overdue = named(one for one in slow if one.until is not None)
        yield f"overdue: {overdue}; nobody could stop them, so they were waited for and not bought again"


def _limit(seconds: float) -> str:
    """A limit as it was set, and one that was learned to a tenth."""
    return f"{seconds if seconds < 1 else round(seconds, 1):g} s"


_WORST_FIRST = (State.FAILED, State.WAITING, State.RUN, State.AFTER, State.BLOCKED, State.DONE, State.SKIPPED)
_NOTHING = NodeTally()


class _Lines(Sequence[NodeLine]):
    """One line per node, made when somebody looks: a large run that had nothing to do shows none."""

    def __init__(self, grid: Grid, outcomes: Sequence[Outcome | None], tallies: Mapping[NodeId, NodeTally]) -> None:
        self._from = grid, outcomes, tallies

    @cached_property
    def _made(self) -> tuple[NodeLine, ...]:
        grid, outcomes, tallies = self._from
        lines = []
        for number, node in enumerate(grid.nodes):
            first, rows = grid.first[number], grid.count[number]
            states, says = _states(outcomes[first : first + rows])
            line = _line(node, rows, states, tallies.get(node.id, _NOTHING), says)
            if line.op not in INLINE or line.op == "approve" or line.state != "done":
                lines.append(line)
        return tuple(lines)

    def __len__(self) -> int:
        return len(self._made)

    def __getitem__(self, which: Any) -> Any:
        return self._made[which]

    def __iter__(self) -> Iterator[NodeLine]:
        return iter(self._made)


def _counts(grid: Grid, outcomes: Sequence[Outcome | None], tally: Tally) -> Counts:
    total = dict.fromkeys(State, 0)
    reused = 0
    for number, node in enumerate(grid.nodes):
        first, done = grid.first[number], 0
        for outcome in outcomes[first : first + grid.count[number]]:
            state = State.AFTER if outcome is None else outcome.state
            total[state] += 1
            done += state is State.DONE
        if node.op not in INLINE:
            reused += _earlier(done, tally.nodes.get(node.id, _NOTHING))
    return Counts(
        total=sum(total.values()),
        done=total[State.DONE],
        reused=reused,
        bought=sum(of.bought for of in tally.nodes.values()),
        failed=total[State.FAILED],
        blocked=total[State.BLOCKED],
        skipped=total[State.SKIPPED],
        waiting=total[State.WAITING],
        open=total[State.RUN] + total[State.AFTER],
    )


def _earlier(done: int, of: NodeTally) -> int:
    """A row that is done without a purchase of its own in this run stood in the ledger already."""
    return max(0, done - len(of.rows))


def _states(outcomes: Sequence[Outcome | None]) -> tuple[dict[str, int], str]:
    """How many rows are in each state, and what the last one that is not done says. Keys are plain strings."""
    if all(outcome is not None and outcome.state is State.DONE for outcome in outcomes):
        return {"done": len(outcomes)}, ""
    states: dict[str, int] = {}
    says = ""
    for outcome in outcomes:
        state = "after" if outcome is None else outcome.state.value
        states[state] = states.get(state, 0) + 1
        if outcome is not None and outcome.says and outcome.state is not State.DONE:
            says = outcome.says
    return states, says


def _line(node: Node, rows: int, states: dict[str, int], of: NodeTally, says: str) -> NodeLine:
    op = node.op._value_
    worst = (
        "done" if len(states) == 1 and "done" in states else next(s.value for s in _WORST_FIRST if s.value in states)
    )
    done = states.get("done", 0)
    return NodeLine(
        node.id,
        node.title or node.id,
        node.tab,
        op,
        node.model,
        "open" if worst in ("run", "after") else worst,
        rows,
        done,
        0 if op in INLINE else _earlier(done, of),
        of.bought,
        states.get("failed", 0),
        of.spent,
        of.seconds,
        says,
    )


_MORE_TIME = "allow more time: rushes run {file} --failed --timeout SECONDS"
_NEXT = {
    ErrorClass.CONTENT_POLICY: "reword the prompt, or ask again: rushes rerun {file} {node} --fresh-seed",
    ErrorClass.INVALID_INPUT: "correct what the message names, then: rushes run {file} --failed",
    ErrorClass.AUTH: "check the provider's key, then: rushes resume {run}",
    ErrorClass.QUOTA: "top up, then: rushes resume {run}; or let another provider stand in: --substitute",
    ErrorClass.RATE_LIMIT: "wait a little, then: rushes resume {run}",
    ErrorClass.TRANSIENT: "try again: rushes resume {run}; or let another provider stand in: --substitute",
    ErrorClass.TIMEOUT: "look whether it came after all: rushes resume {run}; or " + _MORE_TIME,
    ErrorClass.RETIRED_MODEL: "let an equivalent stand in: rushes resume {run} --substitute; or name another model",
    ErrorClass.CANCELLED: "go on with: rushes resume {run}",
    ErrorClass.BAD_OUTPUT: "ask again: rushes rerun {file} {node} --fresh-seed",
    ErrorClass.UNKNOWN_OUTCOME: "look at the provider for it, then: rushes unknowns",
}
"""What helps against each class of failure."""

_MORE_FOR_RUN = "go on with more: rushes resume {run} --budget USD"
_MORE = "raise that ceiling, then: rushes resume {run}"


def _failures(record: RunRecord, grid: Grid, outcomes: Sequence[Outcome | None], tally: Tally) -> tuple[Failure, ...]:
    blocks: dict[NodeId, int] = {}
    for event in tally.failed.values():
        if event.blocked_by is not None:
            blocks[event.blocked_by] = blocks.get(event.blocked_by, 0) + 1
    return tuple(
        _failure(record, node, row, says, tally, blocks.get(node.id, 0))
        for node, row, _rows, outcome in _cells(grid, outcomes, State.FAILED)
        for says in (outcome.says,)
    )


def _failure(record: RunRecord, node: Node, row: int, says: str, tally: Tally, blocks: int) -> Failure:
    told = tally.failed.get((node.id, row))
    kind = told.error if told is not None else None
    file, name = shlex.quote(record.file), shlex.quote(str(node.id))
    message = (told.says if told is not None else "") or says or "no result"
    template = _NEXT[kind or ErrorClass.TRANSIENT]
    if kind is ErrorClass.TIMEOUT and (node.id, row) in tally.called_off:
        template = _MORE_TIME  # nothing can come of it any more
    if message.startswith(OUT_OF_BUDGET):
        template = _MORE_FOR_RUN if "--budget" in message else _MORE
    if not Path(record.file).exists():  # a question that no file holds, or a file that is gone: no command names it
        template = template.partition(": rushes run {file}")[0].partition(": rushes rerun {file}")[0]
    step = template.format(file=file, node=name, run=record.id)
    return Failure(
        node=node.id,
        title=node.title or str(node.id),
        tab=node.tab,
        row=row,
        kind=str(kind or ""),
        attempts=(told.attempts if told is not None else 0) or tally.tries.get((node.id, row), 0),
        message=message,
        next_step=step,
        blocks=blocks,
    )


def _waiting(record: RunRecord, grid: Grid, outcomes: Sequence[Outcome | None]) -> tuple[WaitingRow, ...]:
    found = []
    for node, row, rows, outcome in _cells(grid, outcomes, State.WAITING):
        which = f" --row {row + 1}" if rows > 1 else ""
        found.append(
            WaitingRow(
                node=node.id,
                title=node.title or str(node.id),
                tab=node.tab,
                row=row,
                rows=rows,
                candidates=len(outcome.candidates),
                flagged=tuple(one.candidate + 1 for one in outcome.candidates if one.verdict.flagged),
                says=outcome.says,
                command=f"rushes approve {record.id} {shlex.quote(str(node.id))} CANDIDATE{which}"
                if outcome.candidates
                else "rushes unknowns",
            )
        )
    return tuple(found)


def _cells(grid: Grid, outcomes: Sequence[Outcome | None], state: State) -> Iterator[tuple[Node, int, int, Outcome]]:
    for number, node in enumerate(grid.nodes):
        for row, cell in enumerate(grid.cells_of(number)):
            outcome = outcomes[cell]
            if outcome is not None and outcome.state is state:
                yield node, row, grid.count[number], outcome
