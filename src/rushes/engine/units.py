"""Units being bought: from the queue through their tokens and their attempt to a result, a retry or a failure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from rushes.engine.ahead import Ahead
from rushes.engine.attempt import adopt, buy, look_back
from rushes.engine.desk import BEGIN, Desk, spacing
from rushes.engine.doubts import Doubts
from rushes.engine.late import Late
from rushes.engine.limits import Lane, is_account
from rushes.engine.order import Beyond, CalledOff, Held, Left, Order, Phase, Shut
from rushes.engine.purse import Purse, hopeless, refusal
from rushes.engine.retry import wait_before_next
from rushes.engine.tokens import Tokens
from rushes.engine.weights import weight
from rushes.engine.work import CellWork, Unit, request_for
from rushes.errors import ErrorClass, RemoteError
from rushes.graph.value import Outcome
from rushes.ledger.owner import process_of
from rushes.model.event import Cancelled, Failed, Place, Released
from rushes.model.ids import AttemptId, RequestKey
from rushes.model.limit import Standing
from rushes.model.limit import Unit as Counted
from rushes.model.result import Result

_KEPT_AT_ONCE = 32  # results on their way into the store beside those that hold a token: a bound on memory
_HELD_POLL = 0.2  # seconds between looks for a result that another process is buying


class Decide(Protocol):
    """What hears that a cell's last unit has ended."""

    def __call__(self, number: int, outcome: Outcome, *, reused: bool, error: ErrorClass | None, tries: int) -> None:
        """The cell with this number has come to this."""
        ...


class Units:
    """What is bought in one run. `begins` hears of every limit under which a unit goes; `decide` of decided cells."""

    def __init__(self, desk: Desk, begins: Callable[[str], None]) -> None:
        self._desk, self._begins = desk, begins
        self.decide: Decide = _nobody
        self.ahead = Ahead(desk, self._next_order)
        self.purse = Purse()
        self.doubts = Doubts(desk)
        self.late = Late(desk)
        self.left: list[Unit] = []  # that the run went away from while their provider had the job
        self.sleeping = 0  # units that wait for a retry or for another process
        self._units: dict[RequestKey, Unit] = {}
        self._keeping: set[Unit] = set()  # answered, and not yet stored
        self._open = dict(desk.job.past.open)
        self._late = dict(desk.job.past.late)
        self._attempts = desk.job.past.attempts

    def start(self, work: CellWork, lane: Lane) -> None:
        """Queue what a cell still wants; who asks what another cell asks already waits for the same unit.

        In a run that stops for want of room only what is paid for.
        """
        desk = self._desk
        for candidate, salt in work.wanted(desk.job.setting):
            request = request_for(work, candidate, salt, desk.job.setting)
            if desk.parts.stop.asked and not self._is_paid(request.key):
                continue
            work.pending.add((candidate, salt))
            unit = self._units.get(request.key)
            if unit is not None:
                unit.works.append(work)
                continue
            tries = desk.job.past.tries.get(request.key, 0)
            path = desk.path(work.number, candidate)
            unit = Unit(request, desk.node(work.number), work.cell.row, lane, path, [work], tries)
            self._units[request.key] = unit
            self._push(unit)

    def admit(self) -> None:
        """Send on their way all that the limits allow."""
        desk, loop = self._desk, asyncio.get_running_loop()
        short = desk.parts.room() if len(desk.queue) and not desk.parts.stop.asked else None
        if short is not None:
            desk.parts.stop.drain(short)
        for unit in self.purse.again():
            self._push(unit)
        while (admitted := desk.queue.pop(loop.time())) is not None:
            unit, unit.tokens = admitted
            self._adopt(unit, unit.tokens)
            if desk.job.request_delay:
                self._space(unit)
            for name in unit.lane:
                self._begins(name)
            task = loop.create_task(self._carry(unit))
            desk.running[task] = unit
            task.add_done_callback(self._landed)
        desk.limits.line_up(desk.queue.lanes(), loop.time())
        self.ahead.look(lambda unit: not self._is_paid(unit.key))

    def hold_back(self) -> None:
        """The run stops: nothing that waits is begun. Where it is for want of room, what is paid for is fetched all the
        same: it does not lie at its provider for ever.
        """
        for unit in self._desk.queue.drain():
            if self._desk.parts.stop.patient and self._is_paid(unit.key):
                self._push(unit)
            else:
                self.ahead.drop(unit)
        self.purse.drain()

    def give_up(self, unit: Unit, error: RemoteError) -> None:
        """There will be no result of this unit in this run."""
        self._units.pop(unit.key, None)
        for work in unit.works:
            work.failed[unit.request.candidate] = error
            self._advance(work, unit)

    def refuse_the_rest(self) -> None:
        """No money will come back: what waits for it ends, and says which ceiling refused it."""
        for unit, short in self.purse.drain():
            self.give_up(unit, refusal(short))

    def _is_paid(self, key: RequestKey) -> bool:
        """Whether an earlier process sent it, so that its result may lie at the provider."""
        return key in self._open or key in self._late

    def _was_accepted(self, key: RequestKey) -> bool:
        """Whether the ledger says that a provider has it: then it waits for no room there."""
        left = self._open.get(key)
        return left is not None and (left.remote is not None or bool(left.urls))

    def _adopt(self, unit: Unit, tokens: Tokens) -> None:
        if self._was_accepted(unit.key):
            desk, accounts = self._desk, [name for name in unit.lane if is_account(name)]
            desk.limits.adopt(tokens, accounts, process_of(desk.job.past.owner), desk.now())

    def _push(self, unit: Unit) -> None:
        lane = unit.lane if self._is_paid(unit.key) else (BEGIN, *unit.lane)
        if self._was_accepted(unit.key):
            lane = tuple(name for name in lane if not is_account(name))
        self._desk.queue.push(unit, lane=lane, tab=unit.node.tab, path=unit.path, weigh=partial(self._weigh, unit))

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._desk.running.pop(task, None)
        self._desk.broken(None if task.cancelled() else task.exception())
        self._desk.wake.set()

    async def _carry(self, unit: Unit) -> None:
        """One try of one unit, from its tokens to its result or to the decision about its failure."""
        try:
            result = await self._try(unit)
        except Held:
            self._held(unit)
        except Shut:
            self._put_off(unit)
        except Beyond as beyond:
            self._beyond(unit, beyond)
        except Left:
            self.left.append(unit)  # its cell stays undecided, its attempt open
        except CalledOff as off:
            self._called_off(unit, off)
        except RemoteError as error:
            self._failed(unit, error)
        except asyncio.CancelledError:
            if not self._desk.parts.stop.asked:
                raise
            self.left.append(unit)
        else:
            self._bought(unit, result)
        finally:
            if unit.tokens is not None and (unit.order is None or unit.order.phase is Phase.QUEUED):
                unit.tokens.lost()  # nothing was sent
            self._give(unit)
            self._keeping.discard(unit)

    async def _try(self, unit: Unit) -> Result:
        parts = self._desk.parts
        if await self.ahead.take(unit):
            assert unit.order is not None
            return await buy(unit.order, parts)
        elsewhere = self._found_elsewhere(unit) if unit.order is not None else None
        if elsewhere is not None:
            return elsewhere
        left = await self._left_before(unit)
        if left is None and parts.stop.asked:
            raise Left  # nothing is left of it but to buy it
        return left or await buy(self._next_order(unit), parts)

    async def _left_before(self, unit: Unit) -> Result | None:
        """What an earlier process left of this request; None when it left nothing that can be gone on with."""
        parts = self._desk.parts
        open_ = self._open.pop(unit.key, None)
        if open_ is not None:
            unit.order = self._order(unit, open_.attempt)
            result = await adopt(unit.order, open_, parts)
            if result is not None:
                return result
            never = RemoteError(ErrorClass.TRANSIENT, "it never reached the provider")
            self._note_failure(unit.order, never, final=False)
        late = self._late.pop(unit.key, None)
        if late is None:
            return None
        unit.order = self._order(unit, late.attempt)
        return await look_back(unit.order, late, parts)

    def _next_order(self, unit: Unit) -> Order:
        self._attempts += 1
        unit.order = self._order(unit, AttemptId(f"{self._desk.job.run}/{self._attempts}"))
        return unit.order

    def _order(self, unit: Unit, attempt: AttemptId) -> Order:
        place = Place(node=unit.node.id, row=unit.row, candidate=unit.request.candidate)
        return Order(
            attempt=attempt,
            place=place,
            request=unit.request,
            patience=self._desk.job.patience(unit.node),
            answered=partial(self._answered, unit),
            let_go=partial(self._let_go, unit),
            taken=partial(self._taken, unit),
            heard=partial(self._heard, unit),
            scopes=self._desk.job.scopes(unit.node),
        )

    def _answered(self, unit: Unit) -> None:
        """The provider is free for the next request while this one is stored and checked; only so many at once.

        Not where somebody waits for the result: its slot would go to lesser work a moment before the greater is ready.
        """
        awaited = any(self._desk.dependents[work.number] for work in unit.works)
        if not awaited and len(self._keeping) < _KEPT_AT_ONCE:
            self._keeping.add(unit)
            self._give(unit)
            self.admit()  # now, not when the loop comes round: meanwhile the slot would stand empty

    def _let_go(self, unit: Unit) -> None:
        """Its time is over and its job may go on: it stays ours, and nobody waits for its slot."""
        self._give(unit)
        self.admit()

    def _taken(self, unit: Unit, queued: bool | None) -> None:
        """Its provider has it: room for the next one may be found."""
        if unit.tokens is not None and unit.tokens.took(self._desk.now(), queued):
            self._desk.wake.set()

    def _heard(self, unit: Unit, standings: Sequence[Standing]) -> None:
        if unit.tokens is not None:
            unit.tokens.heard(standings)

    def _give(self, unit: Unit) -> None:
        if unit.tokens is not None:
            tokens, unit.tokens = unit.tokens, None
            tokens.give(self._desk.now())

    def _weigh(self, unit: Unit, counted: Counted) -> float:
        return weight(unit.request.recipe, counted, self._desk.parts.provider)

    def _space(self, unit: Unit) -> None:
        delay, provider = self._desk.job.request_delay, unit.request.recipe.provider
        why = f"the file wants {delay:g} s between two requests"
        self._desk.limits.pause(spacing(provider), self._desk.now() + delay, why)

    def _found_elsewhere(self, unit: Unit) -> Result | None:
        request = unit.request
        for result in self._desk.parts.known.results([request.base]).get(request.base, ()):
            if (result.candidate, result.salt) == (request.candidate, request.salt):
                return result
        return None

    def _bought(self, unit: Unit, result: Result) -> None:
        self._settled()
        del self._units[unit.key]
        for work in unit.works:
            work.results.append(result)
            work.bought += 1
            self._advance(work, unit)

    def _settled(self) -> None:
        """Money that was held may be free again."""
        self.purse.settled()
        self.ahead.settled()

    def _put_off(self, unit: Unit) -> None:
        """The run was told to begin nothing a moment ago: this waits with the others from here on."""
        if unit.order is not None and unit.order.claimed:
            self._desk.put(Released(attempt=unit.order.attempt))
        unit.order = None
        self._later(unit, _HELD_POLL)

    def _held(self, unit: Unit) -> None:
        stuck = self._desk.parts.stuck(unit.key)
        if stuck is None:
            self._later(unit, _HELD_POLL)
        elif not self.doubts.hold(unit, stuck):
            self.give_up(unit, RemoteError(ErrorClass.UNKNOWN_OUTCOME, stuck, maybe_billed=True))

    def _beyond(self, unit: Unit, beyond: Beyond) -> None:
        if hopeless(beyond.short):
            self.give_up(unit, refusal(beyond.short))
        else:
            unit.order = None  # nothing was written down, and nobody else was asked: it is as fresh as before
            self.purse.wait(unit, beyond.short)

    def _called_off(self, unit: Unit, off: CalledOff) -> None:
        assert unit.order is not None
        self._desk.put(Cancelled(attempt=unit.order.attempt, place=unit.order.place, billed=off.billed))
        self._settled()
        if not self._desk.parts.stop.asked:  # else its cell stays undecided: a resume makes it
            self.give_up(unit, off.why)

    def _failed(self, unit: Unit, error: RemoteError) -> None:
        assert unit.order is not None
        unit.tries += error.kind is not ErrorClass.RATE_LIMIT
        if error.kind is ErrorClass.UNKNOWN_OUTCOME:
            self._unknown(unit, error)
            return
        wait = wait_before_next(error, unit.tries, self._desk.job.retry, unit.key)
        if unit.order.doom is not None or self._desk.why_halted(unit.lane) is not None:
            wait = None
        self._note_failure(unit.order, error, final=wait is None)
        self._settled()
        paced = self._tell_limits(unit, unit.order, error)
        if wait is None:
            self.late.gave_up(unit.order, error)
            self.give_up(unit, error)
        elif paced:
            self._push(unit)
        else:
            self._later(unit, wait)

    def _tell_limits(self, unit: Unit, order: Order, error: RemoteError) -> bool:
        """What a failed submission says of what its account takes; what comes later says nothing of it. True: the limit
        of the account knows when the next may go.
        """
        if unit.tokens is None or order.remote is not None:
            return False
        if error.kind is ErrorClass.RATE_LIMIT:
            return unit.tokens.refused(self._desk.now(), error.retry_after)
        if error.kind is ErrorClass.TRANSIENT:
            unit.tokens.erred(self._desk.now(), error.retry_after)
            unit.tokens.lost()
        return False

    def _unknown(self, unit: Unit, error: RemoteError) -> None:
        may_go_on = unit.tries < self._desk.job.retry.tries and self._desk.why_halted(unit.lane) is None
        if self.doubts.write_down(unit, error, may_go_on=may_go_on):
            self._later(unit, wait_before_next(error, unit.tries, self._desk.job.retry, unit.key) or 0.0)
        elif unit.key not in self.doubts:
            self.give_up(unit, error)

    def _note_failure(self, order: Order, error: RemoteError, *, final: bool) -> None:
        self._desk.put(
            Failed(
                attempt=order.attempt,
                place=order.place,
                error=error.kind,
                says=error.message,
                maybe_billed=error.maybe_billed,
                final=final,
            )
        )

    def _advance(self, work: CellWork, unit: Unit) -> None:
        """A unit of a cell has ended: start what it still wants, or decide the cell."""
        setting = self._desk.job.setting
        work.pending.discard((unit.request.candidate, unit.request.salt))
        if self._desk.parts.stop.asked:
            if work.pending or work.wanted(setting):
                return  # not decided: a resume goes on from the results there are
        elif self._desk.why_halted(unit.lane) is None:
            self.start(work, unit.lane)
        if work.pending:
            return
        error = next(iter(work.failed.values()), None)
        kind = error.kind if error else None
        self.decide(work.number, work.outcome(setting), reused=not work.bought, error=kind, tries=unit.tries)

    def _later(self, unit: Unit, seconds: float) -> None:
        self.sleeping += 1

        def back() -> None:
            self.sleeping -= 1
            halted = self._desk.why_halted(unit.lane)
            if halted is None:
                self._push(unit)
            elif not self._desk.parts.stop.asked:
                self.give_up(unit, RemoteError(ErrorClass.CANCELLED, halted))
            self._desk.wake.set()

        asyncio.get_running_loop().call_later(seconds, back)


def _nobody(number: int, outcome: Outcome, *, reused: bool, error: ErrorClass | None, tries: int) -> None:
    raise AssertionError(f"nobody hears that cell {number} is decided")
