"""One run from its grid to its end; the file to read first.

The loop is short: settle every cell whose needs are settled, admit what the limits allow, wait until something
changed. A cell that needs nothing bought is settled in the loop itself; a cell that buys becomes units, each a task
of its own; the cell is decided when its last unit is. There are no stages: a film starts the moment its own still
is decided, whatever the other scenes do.

`drive` is re-entrant. It decides everything anew from what the ledger knows, so it makes no difference whether an
earlier process of this run was killed, or which other run bought a result.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import NamedTuple

from rushes.engine.attempt import Held, Left, Open, Order, Phase, adopt, buy, claim
from rushes.engine.dispatch import Dispatch
from rushes.engine.limits import Lane, Limits
from rushes.engine.parts import Parts
from rushes.engine.retry import RetryPolicy, wait_before_next
from rushes.engine.work import CellWork, Unit, request_for
from rushes.errors import ErrorClass, RemoteError
from rushes.graph.answers import choose, generated
from rushes.graph.gates import gate_subject, settle_gate, shown_as
from rushes.graph.grid import Grid
from rushes.graph.setting import Setting
from rushes.graph.settle import Question, Settler
from rushes.graph.topology import remaining_path
from rushes.graph.value import LOST, Outcome, State, left_out, unselected
from rushes.model.event import (
    Cancelled,
    CellDone,
    CellFailed,
    CellSkipped,
    Event,
    Failed,
    Place,
    RunEnded,
    RunParked,
    RunStarted,
    Unknown,
    Waiting,
)
from rushes.model.ids import AttemptId, NodeId, RequestKey, RunId
from rushes.model.money import ZERO
from rushes.model.operation import INLINE, Operation
from rushes.model.problem import Severity
from rushes.model.request import Recipe
from rushes.model.result import Result
from rushes.model.run import RunState
from rushes.model.workflow import LimitSpec, Node

_DECISION_POLL = 0.5  # seconds between looks for a person's decision while other work goes on
_AHEAD = 32  # requests that are claimed while they wait for a slot
_AT_ONCE = 100  # cells that are settled before what may go is sent on its way
_KEPT_AT_ONCE = 32  # results on their way into the store beside those that hold a token: a bound on memory
_HELD_POLL = 0.2  # seconds between looks for a result that another process is buying


class Past(NamedTuple):
    """What earlier processes of this run left.

    The number of attempts, tries per request, attempts that are still open, requests of which nobody can say whether
    they were accepted, and whether the run was driven before.
    """

    attempts: int = 0
    tries: Mapping[RequestKey, int] = {}
    open: Mapping[RequestKey, Open] = {}
    unknown: frozenset[RequestKey] = frozenset()
    resumed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to drive.

    `selected` are the numbers of the nodes that may buy, `selection` the flags that said so. `seconds` is the expected
    time of one unit of a node, for priorities only.
    """

    run: RunId
    grid: Grid
    setting: Setting
    selected: frozenset[int]
    selection: str = ""
    owner: str = ""
    limits: Sequence[LimitSpec] = ()
    concurrency: int | None = None
    fail_fast: bool = False
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    request_delay: float = 0.0
    timeout: Callable[[Node], float | None] = lambda node: node.timeout
    seconds: Callable[[Node], float] = lambda _node: 1.0
    past: Past = field(default_factory=Past)


class RunEnd(NamedTuple):
    """How a run ended and what every cell came to; AFTER marks what was not reached."""

    state: RunState
    outcomes: tuple[Outcome, ...]
    waits: Mapping[str, int]


async def drive(job: Job, parts: Parts) -> RunEnd:
    """Drive a run until it is done, failed, parked at its gates, or asked to stop. Raises StoreError."""
    return await _Run(job, parts).go()


class _Run:
    def __init__(self, job: Job, parts: Parts) -> None:
        grid = job.grid
        self.job, self.parts, self.grid = job, parts, grid
        self.settler = Settler(grid, job.setting)
        self.limits = Limits()
        self.queue: Dispatch[Unit] = Dispatch(self.limits)
        self.outcomes: list[Outcome | None] = [None] * len(grid.cells)
        self.left = [len(cell.needs) for cell in grid.cells]
        self.dependents: list[list[int]] = [[] for _ in grid.cells]
        for number, cell in enumerate(grid.cells):
            for need in cell.needs:
                self.dependents[need].append(number)
        self.ready: deque[int] = deque(number for number in grid.order if self.left[number] == 0)
        self.units: dict[RequestKey, Unit] = {}
        self.running: dict[asyncio.Task[None], Unit] = {}
        self.sleeping = 0  # units that wait for a retry or for another process
        self.held: dict[int, Outcome] = {}  # gates that wait for a person
        self.cause: dict[int, NodeId] = {}  # of a blocked cell: the node that failed first
        self.halted: dict[str, str] = {}  # limit name ("run" for all) -> why nothing more is admitted under it
        self.specs = {_group(spec.name): spec for spec in job.limits}
        self.begun: set[str] = set()
        self.ahead: set[Unit] = set()  # claimed, or being claimed, and not yet admitted
        self.dropped: list[Unit] = []  # claimed, and never to be sent
        self.keeping: set[Unit] = set()  # answered, and not yet stored
        self.open = dict(job.past.open)
        self.attempts = job.past.attempts
        self.failed = self.done = self.reused = 0
        self.fatal: BaseException | None = None
        self.wake = asyncio.Event()
        self.paths = self._paths()
        self._set_limits()

    # --- the loop -----------------------------------------------------------------------------------------------

    async def go(self) -> RunEnd:
        self.parts.stop.listen(self._stop)
        self.parts.gauge(lambda: self.queue.reasons(self._now()))
        await self._record(RunStarted(owner=self.job.owner, resumed=self.job.past.resumed))
        if self.parts.stop.asked:
            self._stop()
        while True:
            self.wake.clear()
            self._settle_ready()
            self._admit()
            if self.ready:  # the first of many are on their way before the last are looked at
                await asyncio.sleep(0)  # they begin, and wait for their claims
                await self.parts.journal.flush()  # which are on disk now
                continue
            if not self.running and not self.ready and (self.parts.stop.asked or not self._may_go_on()):
                break
            await self._wait()
            if self.fatal is not None:
                await self._abandon()
        return await self._end()

    def _may_go_on(self) -> bool:
        paused = len(self.queue) > 0 and self.limits.next_free(self._now()) is not None
        return self.sleeping > 0 or paused

    async def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        timers = []
        free = self.limits.next_free(loop.time())
        if free is not None and len(self.queue):
            timers.append(loop.call_at(free, self.wake.set))
        if self.held:
            timers.append(loop.call_later(_DECISION_POLL, self._look_again))
        await self.wake.wait()
        for timer in timers:
            timer.cancel()

    def _look_again(self) -> None:
        self.ready.extend(self.held)
        self.wake.set()

    async def _abandon(self) -> None:
        # a broken store or ledger: nothing new is begun, but what is at a provider's door is not torn away from it
        self._stop()
        if self.running:
            await asyncio.wait(self.running)
        assert self.fatal is not None
        raise self.fatal

    async def _end(self) -> RunEnd:
        waits = self.queue.reasons(self._now())
        await self._let_go()
        if self.parts.stop.asked and (self.left_over() or len(self.queue)):
            state = RunState.INTERRUPTED
        elif self.failed or self._missed():
            state = RunState.FAILED
        elif self.held:
            state = RunState.PARKED
        else:
            state = RunState.DONE
        if state is RunState.PARKED:
            await self._record(RunParked(waiting=len(self.held)))
        await self._record(RunEnded(state=str(state), done=self.done, failed=self.failed, reused=self.reused))
        for number, outcome in self.held.items():
            self.outcomes[number] = outcome
        after = Outcome(State.AFTER)
        return RunEnd(state, tuple(outcome if outcome is not None else after for outcome in self.outcomes), waits)

    def _missed(self) -> bool:
        """Whether a step is without a result for a failure that was forgiven, and nothing went on without it."""
        return any(
            outcome is not None
            and outcome.forgiven
            and not self._node(number).keep_going
            and not any((later := self.outcomes[one]) and later.state is State.DONE for one in self.dependents[number])
            for number, outcome in enumerate(self.outcomes)
        )

    def left_over(self) -> bool:
        return any(outcome is None and number not in self.held for number, outcome in enumerate(self.outcomes))

    # --- settling cells -----------------------------------------------------------------------------------------

    def _settle_ready(self) -> None:
        looked = 0
        while self.ready and looked < _AT_ONCE:
            wave = list(dict.fromkeys(islice(self.ready, _AT_ONCE)))
            for _ in range(min(len(self.ready), _AT_ONCE)):
                self.ready.popleft()
            looked += len(wave)
            asked: list[tuple[int, Question]] = []
            gates: list[int] = []
            for number in wave:
                if self.outcomes[number] is not None:
                    continue
                if self._node(number).op is Operation.APPROVE:
                    gates.append(number)
                    continue
                settled = self.settler.settle(number, self.outcomes)
                if isinstance(settled, Question):
                    asked.append((number, settled))
                else:
                    self._finish(number, self._chosen(number, settled))
            self._begin_all(asked)
            self._settle_gates(gates)

    def _begin_all(self, asked: Sequence[tuple[int, Question]]) -> None:
        if not asked:
            return
        known = self.parts.known.results(list({question.base: None for _, question in asked}))
        for number, question in asked:
            self._begin(number, question, known.get(question.base, ()))

    def _begin(self, number: int, question: Question, results: Sequence[Result]) -> None:
        """Take what is stored; where something is missing, begin to buy it, or say why not."""
        cell, frame, base = self.grid.cells[number], question.frame, question.base
        chosen = choose(base, frame.wanted, frame.attempts, results, self.job.setting)
        wanted = cell.node in self.job.selected
        if not chosen.missing or (chosen.candidates and not wanted):
            self._finish(number, generated(cell, base, frame.op, chosen.candidates), reused=True)
            return
        if not wanted:
            self._finish(number, unselected(self.job.selection))
            return
        lane = self._lane(frame.node, frame.choice.provider)
        halted = next((self.halted[name] for name in lane if name in self.halted), None)
        if halted is not None:
            if not self.parts.stop.asked:
                self._finish(number, Outcome(State.BLOCKED, base=base, says=halted))
            return
        recipe = question.recipe()
        refused = self._refusals(recipe)
        if refused:
            self._finish(number, Outcome(State.FAILED, base=base, says=refused), error=ErrorClass.INVALID_INPUT)
            return
        self._start(CellWork(number, cell, frame, base, recipe, list(results)), lane)

    def _refusals(self, recipe: Recipe) -> str:
        """What the provider would refuse, found without asking it."""
        found = self.parts.provider(recipe.provider).validate(recipe)
        errors = [problem for problem in found if problem.severity is Severity.ERROR]
        return "; ".join(f"{one.says} ({one.try_})" if one.try_ else one.says for one in errors)

    def _settle_gates(self, gates: Sequence[int]) -> None:
        subjects = {number: gate_subject(self.grid, number, self.outcomes) for number in gates}
        bases = list({o.base: None for o in subjects.values() if o is not None and o.base is not None})
        decisions = self.parts.known.decisions(bases) if bases else {}
        for number, subject in subjects.items():
            about = decisions.get(subject.base, ()) if subject is not None and subject.base is not None else ()
            outcome = self._chosen(number, settle_gate(self.grid, number, self.outcomes, about, self.job.setting))
            if outcome.state is not State.WAITING:
                self.held.pop(number, None)
                self._finish(number, outcome)
            elif number not in self.held:
                self.held[number] = outcome
                assert outcome.base is not None
                shown = tuple(shown_as(one.value) for one in outcome.candidates)
                self._put(Waiting(place=self._place(number), subject=outcome.base, shown=shown))

    def _chosen(self, number: int, outcome: Outcome) -> Outcome:
        selected = self.grid.cells[number].node in self.job.selected
        return outcome if selected else left_out(outcome, self.job.selection)

    def _finish(
        self, number: int, outcome: Outcome, *, reused: bool = False, error: ErrorClass | None = None, tries: int = 0
    ) -> None:
        self.outcomes[number] = outcome
        node = self._node(number)
        match outcome.state:
            case State.DONE:
                self._count_done(number, node, outcome, reused)
            case State.SKIPPED:
                self._put(CellSkipped(place=self._place(number), says=outcome.says))
            case _:
                self._count_failed(number, node, outcome, error, tries)
        for dependent in self.dependents[number]:
            self.left[dependent] -= 1
            if self.left[dependent] == 0:
                self.ready.append(dependent)

    def _count_done(self, number: int, node: Node, outcome: Outcome, reused: bool) -> None:
        self.done += 1
        if node.op in INLINE and node.op is not Operation.APPROVE:
            return
        self.reused += reused
        artifacts = outcome.value.artifacts if outcome.value is not None else ()
        artifact = artifacts[0].digest if artifacts else None
        self._put(CellDone(place=self._place(number), base=outcome.base, artifact=artifact, reused=reused))

    def _count_failed(self, number: int, node: Node, outcome: Outcome, error: ErrorClass | None, tries: int) -> None:
        blocked_by = None
        if outcome.state is State.BLOCKED:
            for need in self.grid.cells[number].needs:
                state = self.outcomes[need]
                if state is not None and state.state in LOST:
                    blocked_by = self.cause.get(need, self._node(need).id)
                    self.cause[number] = blocked_by
                    break
        elif not node.keep_going:
            self.failed += 1
            self._fail_fast(node)
        self._put(
            CellFailed(
                place=self._place(number),
                error=error,
                says=outcome.says,
                attempts=tries,
                blocked_by=blocked_by,
            )
        )

    # --- buying -------------------------------------------------------------------------------------------------

    def _start(self, work: CellWork, lane: Lane) -> None:
        for candidate, salt in work.wanted(self.job.setting):
            work.pending.add((candidate, salt))
            request = request_for(work, candidate, salt, self.job.setting)
            unit = self.units.get(request.key)
            if unit is not None:
                unit.works.append(work)
                continue
            tries = self.job.past.tries.get(request.key, 0)
            unit = Unit(request, work.frame.node, work.cell.row, lane, self.paths[work.cell.node], [work], tries)
            self.units[request.key] = unit
            self._push(unit)

    def _push(self, unit: Unit) -> None:
        self.queue.push(unit, lane=unit.lane, tab=unit.node.tab, path=unit.path)

    def _admit(self) -> None:
        loop = asyncio.get_running_loop()
        while (admitted := self.queue.pop(loop.time())) is not None:
            unit, lane = admitted
            if self.job.request_delay:
                self.limits.pause(lane[1], loop.time() + self.job.request_delay)
            for name in lane:
                self._begin_group(name)
            task = loop.create_task(self._carry(unit))
            self.running[task] = unit
            task.add_done_callback(self._landed)
        self._claim_ahead()

    def _claim_ahead(self) -> None:
        """Claim what is next while it waits, so that a free slot need not wait for the disk."""
        for unit in self.queue.heads(_AHEAD):
            if len(self.ahead) >= _AHEAD:
                return
            if unit.ahead is None and unit.order is None and unit.key not in self.open:
                self.attempts += 1
                unit.order = self._order(unit, AttemptId(f"{self.job.run}/{self.attempts}"))
                unit.ahead = asyncio.get_running_loop().create_task(claim(unit.order, self.parts))
                unit.ahead.add_done_callback(self._claimed)
                self.ahead.add(unit)

    def _claimed(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, Held) and self.fatal is None:
            self.fatal = error
            self.wake.set()

    def _drop(self, unit: Unit) -> None:
        """It will not be sent: its claim, if it has one, is let go at the end."""
        if unit in self.ahead:
            self.ahead.discard(unit)
            self.dropped.append(unit)

    async def _let_go(self) -> None:
        for unit in self.dropped:
            assert unit.ahead is not None and unit.order is not None
            await asyncio.wait([unit.ahead])
            if unit.order.claimed:
                self._put(Cancelled(attempt=unit.order.attempt, place=unit.order.place, billed=ZERO))

    def _landed(self, task: asyncio.Task[None]) -> None:
        self.running.pop(task, None)
        if not task.cancelled() and task.exception() is not None and self.fatal is None:
            self.fatal = task.exception()
        self.wake.set()

    async def _carry(self, unit: Unit) -> None:
        """One try of one unit, from its tokens to its result or to the decision about its failure."""
        unit.admitted = True
        try:
            result = await self._try(unit)
        except Held:
            stuck = self.parts.stuck(unit.key)
            if stuck is None:
                self._later(unit, _HELD_POLL)
            else:
                self._give_up(unit, RemoteError(ErrorClass.UNKNOWN_OUTCOME, stuck, maybe_billed=True))
        except Left:
            pass  # its cell stays undecided, its attempt open
        except RemoteError as error:
            self._failed(unit, error)
        except asyncio.CancelledError:
            if unit.doom is not None:
                self._failed(unit, unit.doom)
            elif not self.parts.stop.asked:
                raise
        else:
            self._bought(unit, result)
        finally:
            self._give(unit)
            self.keeping.discard(unit)

    async def _try(self, unit: Unit) -> Result:
        if unit.key in self.job.past.unknown:
            raise Held
        self.ahead.discard(unit)
        if unit.ahead is not None:
            ahead, unit.ahead = unit.ahead, None
            await ahead
            assert unit.order is not None
            return await buy(unit.order, self.parts)
        elsewhere = self._found_elsewhere(unit) if unit.order is not None else None
        if elsewhere is not None:
            return elsewhere
        open_ = self.open.pop(unit.key, None)
        if open_ is not None:
            unit.order = self._order(unit, open_.attempt)
            result = await adopt(unit.order, open_, self.parts)
            if result is not None:
                return result
            says = "it never reached the provider"
            self._put(Failed(attempt=open_.attempt, place=unit.order.place, error=ErrorClass.TRANSIENT, says=says))
        self.attempts += 1
        unit.order = self._order(unit, AttemptId(f"{self.job.run}/{self.attempts}"))
        return await buy(unit.order, self.parts)

    def _order(self, unit: Unit, attempt: AttemptId) -> Order:
        place = Place(node=unit.node.id, row=unit.row, candidate=unit.request.candidate)
        return Order(
            attempt=attempt,
            place=place,
            request=unit.request,
            timeout=self.job.timeout(unit.node),
            answered=partial(self._answered, unit),
        )

    def _answered(self, unit: Unit) -> None:
        """The provider is free for the next request while this one is stored and checked; only so many at once.

        Not where somebody waits for the result: its slot would go to lesser work a moment before the greater is ready.
        """
        awaited = any(self.dependents[work.number] for work in unit.works)
        if not awaited and len(self.keeping) < _KEPT_AT_ONCE:
            self.keeping.add(unit)
            self._give(unit)
            self._admit()  # now, not when the loop comes round: meanwhile the slot would stand empty

    def _give(self, unit: Unit) -> None:
        if unit.admitted:
            unit.admitted = False
            self.limits.give(unit.lane)

    def _found_elsewhere(self, unit: Unit) -> Result | None:
        request = unit.request
        for result in self.parts.known.results([request.base]).get(request.base, ()):
            if (result.candidate, result.salt) == (request.candidate, request.salt):
                return result
        return None

    def _bought(self, unit: Unit, result: Result) -> None:
        del self.units[unit.key]
        for work in unit.works:
            work.results.append(result)
            work.bought += 1
            self._advance(work, unit)

    def _failed(self, unit: Unit, error: RemoteError) -> None:
        assert unit.order is not None
        unit.tries += error.kind is not ErrorClass.RATE_LIMIT
        wait = wait_before_next(error, unit.tries, self.job.retry, unit.key)
        if unit.doom is not None or any(name in self.halted for name in unit.lane):
            wait = None
        attempt, place = unit.order.attempt, unit.order.place
        if error.kind is ErrorClass.UNKNOWN_OUTCOME:
            self._put(Unknown(attempt=attempt, place=place, says=error.message))
        else:
            self._put(
                Failed(
                    attempt=attempt,
                    place=place,
                    error=error.kind,
                    says=error.message,
                    maybe_billed=error.maybe_billed,
                    final=wait is None,
                )
            )
        if wait is None:
            self._give_up(unit, error)
        elif error.kind is ErrorClass.RATE_LIMIT:
            self.limits.pause(unit.lane[1], self._now() + wait)
            self._push(unit)
        else:
            self._later(unit, wait)

    def _give_up(self, unit: Unit, error: RemoteError) -> None:
        self.units.pop(unit.key, None)
        for work in unit.works:
            work.failed[unit.request.candidate] = error
            self._advance(work, unit)

    def _advance(self, work: CellWork, unit: Unit) -> None:
        """A unit of a cell has ended: start what it still wants, or decide the cell."""
        work.pending.discard((unit.request.candidate, unit.request.salt))
        if self.parts.stop.asked:
            if work.pending or work.wanted(self.job.setting):
                return  # not decided: a resume goes on from the results there are
        elif not any(name in self.halted for name in unit.lane):
            self._start(work, unit.lane)
        if work.pending:
            return
        outcome = work.outcome(self.job.setting)
        error = next(iter(work.failed.values()), None)
        self._finish(
            work.number, outcome, reused=not work.bought, error=error.kind if error else None, tries=unit.tries
        )

    def _later(self, unit: Unit, seconds: float) -> None:
        self.sleeping += 1

        def back() -> None:
            self.sleeping -= 1
            if self.halted.get("run") is None:
                self._push(unit)
            elif not self.parts.stop.asked:
                self._give_up(unit, RemoteError(ErrorClass.CANCELLED, self.halted["run"]))
            self.wake.set()

        asyncio.get_running_loop().call_later(seconds, back)

    # --- stopping early -----------------------------------------------------------------------------------------

    def _stop(self) -> None:
        """A person asked: admit nothing, leave what can be found again, let the rest finish."""
        self.halted["run"] = "the run was stopped"
        for unit in self.queue.drain():
            self._drop(unit)
        for task, unit in self.running.items():
            if unit.order is not None and unit.order.phase is Phase.POLLING:
                task.cancel()
        self.wake.set()

    def _fail_fast(self, node: Node) -> None:
        if self.job.fail_fast:
            self._halt("run", f"stopped after {node.called} failed (fail fast)")
        for name in self._groups(node):
            if self.specs[name].fail_fast:
                self._halt(name, f"its group stopped after {node.called} failed")

    def _halt(self, name: str, why: str) -> None:
        if name in self.halted:
            return
        self.halted[name] = why
        for unit in self.queue.drain(None if name == "run" else name):
            self._drop(unit)
            self._give_up(unit, RemoteError(ErrorClass.CANCELLED, why))

    def _begin_group(self, name: str) -> None:
        spec = self.specs.get(name)
        if spec is None or spec.timeout is None or name in self.begun:
            return
        self.begun.add(name)
        why = f"its group {spec.name} ran longer than {spec.timeout:g} s"
        asyncio.get_running_loop().call_later(spec.timeout, self._group_over, name, why)

    def _group_over(self, name: str, why: str) -> None:
        self._halt(name, why)
        for task, unit in self.running.items():
            if name in unit.lane:
                unit.doom = RemoteError(ErrorClass.TIMEOUT, why)
                task.cancel()
        self.wake.set()

    # --- small things -------------------------------------------------------------------------------------------

    def _set_limits(self) -> None:
        self.limits.set("run", self.job.concurrency)
        for name, spec in self.specs.items():
            self.limits.set(name, spec.in_flight)

    def _lane(self, node: Node, provider: str) -> Lane:
        account = f"provider:{provider}"
        if account not in self.begun:
            self.begun.add(account)
            self.limits.set(account, self.parts.provider(provider).facts.in_flight)
        return ("run", account, *self._groups(node))

    def _groups(self, node: Node) -> list[str]:
        names: list[str] = []
        name = node.limit
        while name is not None:
            names.append(_group(name))
            name = self.specs[_group(name)].parent
        return names

    def _paths(self) -> list[float]:
        weight = [0.0 if node.op in INLINE else self.job.seconds(node) for node in self.grid.nodes]
        return remaining_path(self.grid.topology, weight)

    def _node(self, number: int) -> Node:
        return self.grid.nodes[self.grid.cells[number].node]

    def _place(self, number: int) -> Place:
        return Place(node=self._node(number).id, row=self.grid.cells[number].row)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _put(self, event: Event) -> None:
        self.parts.journal.put(event)
        self.parts.watch(event)

    async def _record(self, event: Event) -> None:
        await self.parts.journal.record(event)
        self.parts.watch(event)


def _group(name: str) -> str:
    return f"group:{name}"
