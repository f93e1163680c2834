"""A scenario through the real engine in virtual time: runs and provider as they are, with the ledger or without.

No disk enters what an account takes, and three hundred thousand calls of the ledger's thread are a quarter of an hour
of waiting for it: so a scenario is played without it, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from bench.rig import home, independent, run, workflow
from bench.scenarios import WAY, Scenario
from bench.story import WARM, Told
from bench.together import FASTER, sharing
from rushes.engine.limits import Accounts
from rushes.engine.parts import Journal
from rushes.errors import ErrorClass, RemoteError
from rushes.model.claim import WON, Claim
from rushes.model.event import Event, Reserved, Submitting
from rushes.model.operation import Operation
from rushes.model.request import Request
from rushes.plugin.provider import Context, Finished, Submitted
from rushes.sim.door import Door
from rushes.testing.clock import VirtualClock, run_virtual
from rushes.testing.journal import StillJournal
from rushes.testing.provider import Fault, ScriptedProvider


class Unwritten:
    """A journal in which every claim is won and nothing is written."""

    def __init__(self, _journal: Journal) -> None:
        pass

    def put(self, *events: Event) -> None:
        """Forget."""

    async def record(self, *events: Event) -> None:
        """Forget."""

    async def intend(self, event: Submitting) -> Claim:
        """Nobody forbids it."""
        return WON

    async def reserve(self, event: Reserved, *then: Submitting) -> Claim:
        """Nobody else wants it."""
        return WON

    async def flush(self) -> None:
        """There is nothing to wait for."""


class _Account:
    """The scenario's account as one process sees it; what that process heard, and how it behaved."""

    def __init__(self, account: ScriptedProvider) -> None:
        self._account = account
        self._until = 0.0
        self.sent = self.sent_late = self.refused = self.late = self.early = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._account, name)

    async def submit(self, request: Request, context: Context) -> Submitted | Finished:
        """Once, and noted."""
        loop = asyncio.get_running_loop()
        late = loop.time() > WARM
        self.sent += 1
        self.sent_late += late
        self.early += loop.time() < self._until - 1e-6
        try:
            return await self._account.submit(request, context)
        except RemoteError as error:
            if error.kind is ErrorClass.RATE_LIMIT:
                self.refused += 1
                self.late += late
                if error.retry_after is not None:
                    # it counts from the answer, and the door counts it from the refusal: the way lies between
                    self._until = max(self._until, loop.time() + error.retry_after)
            raise


def drive_through(scenario: Scenario, journal: Callable[[Journal], Journal] = StillJournal) -> Told:
    """The story of a scenario as the engine makes it. `idle` and `frozen` are not looked at here."""
    door = Door(scenario.hidden(), way=WAY)
    nth: dict[int, int] = {}

    def breaks(request: Request) -> bool:
        number = _number(request)
        nth[number] = nth.get(number, -1) + 1
        return scenario.breaks(number, nth[number])

    account = ScriptedProvider(
        latency=lambda request: scenario.takes(_number(request)),
        polls=not scenario.sync,
        door=door,
        way=WAY,
        weigh=lambda _request: scenario.weight,
        faults=[Fault(error=ErrorClass.TRANSIENT, when=breaks, times=None)] if scenario.errors else [],
    )
    seen = [_Account(account) for _ in range(scenario.processes)]
    seconds = run_virtual(_all(scenario, seen, journal))
    return Told(
        seconds=seconds,
        done=sum(one.ready <= seconds for one in account.jobs.values()) / scenario.calls,
        sent=sum(one.sent for one in seen),
        sent_late=sum(one.sent_late for one in seen),
        refused=sum(one.refused for one in seen),
        late=sum(one.late for one in seen),
        early=sum(one.early for one in seen),
        most_in_flight=door.most_in_flight,
        idle=0.0,
        frozen=0,
    )


async def _all(scenario: Scenario, seen: list[_Account], journal: Callable[[Journal], Journal]) -> float:
    """Seconds until the first process has nothing left: each has work of its own, and what the others still do they
    share with fewer. Several processes keep one ledger, over which they share what the account takes.
    """
    nodes = independent(scenario.calls, Operation.PROMPT_GENERATION).tabs[0].nodes
    with ExitStack() as stack:
        place = stack.enter_context(home(FASTER))

        async def process(number: int) -> float:
            accounts, flow = Accounts(), workflow(nodes[number :: len(seen)])
            going = run(
                place,
                seen[number],
                flow,
                name=f"run-{number}",
                clock=VirtualClock(),
                wrap=journal,
                accounts=accounts,
            )
            if len(seen) == 1:
                return (await going)[1]
            async with sharing(accounts, place.ledger, number).taking_part():
                return (await going)[1]

        return min(await asyncio.gather(*map(process, range(len(seen)))))


def _number(request: Request) -> int:
    return int(str(request.recipe.prompt).rpartition(" n")[2])
