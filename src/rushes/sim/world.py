"""What all protocols share: time, chance, faults, accounts, jobs, files, books, a painter, and one call in progress."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from rushes.model.limit import Standing
from rushes.sim.blobs import Blobs
from rushes.sim.books import Books, Entry
from rushes.sim.capacity import Rule
from rushes.sim.capacity_text import Capacity
from rushes.sim.chance import Chance
from rushes.sim.clock import SimClock
from rushes.sim.door import Door, Refusal
from rushes.sim.faults import Fault, Faults, What
from rushes.sim.hooks import Hooks
from rushes.sim.jobs import Account, Job
from rushes.sim.paint import Painter
from rushes.sim.prices import PriceList
from rushes.sim.route import Place, Route
from rushes.sim.signing import Signer
from rushes.sim.weight import weight
from rushes.sim.wire import AGAIN, ASKING, Reply, Request, plain_body

AT_ONCE = 40
"""Jobs that one account runs at once: what fal grants at most without talking to anybody."""

WAY = 0.25
"""Real seconds that an answer may take to a client, and its next call back: who calls in them is not too early."""


class World:
    """One simulated world. Everything in it follows from the seed and from what clients ask."""

    def __init__(
        self,
        *,
        seed: int,
        scale: float,
        scratch: Path,
        faults: Iterable[Fault] = (),
        capacity: Iterable[Capacity] = (),
        at_once: int = AT_ONCE,
        balance: Decimal | None = None,
        prices: Mapping[str, Decimal] | None = None,
        most_side: int | None = None,
        write: Callable[[str], object] | None = None,
    ) -> None:
        self.clock = SimClock(scale)
        self.chance = Chance(seed)
        self.faults = Faults(self.chance, faults)
        self.books = Books(write)
        self.blobs = Blobs(self.clock)
        self.books.holds = lambda name: self.blobs.get(name) is not None
        self.painter = Painter(scratch, most_side)
        self.hooks = Hooks(self.clock, Signer(self.chance.digest("true key")), Signer(self.chance.digest("false key")))
        self.prices = PriceList(prices)
        self.jobs: dict[str, Job] = {}
        self.seen: Counter[str] = Counter()
        self._capacity = tuple(capacity)
        self._at_once = at_once
        self._balance = balance
        self._accounts: dict[tuple[str, str], Account] = {}

    def account(self, protocol: str, key: str) -> Account:
        """The account that a key opens. Its name is a digest: no key is ever written down."""
        name = hashlib.sha256(key.encode()).hexdigest()[:8]
        found = self._accounts.get((protocol, name))
        if found is None:
            door = Door(self._rules(protocol, name), way=WAY / (self.clock.scale or 1.0))
            found = self._accounts[protocol, name] = Account(name, self.clock, self._at_once, self._balance, door)
        return found

    @property
    def capacity(self) -> tuple[Capacity, ...]:
        """What accounts really take. Set it, and it holds for those who call from now on."""
        return self._capacity

    @capacity.setter
    def capacity(self, capacity: Iterable[Capacity]) -> None:
        self._capacity = tuple(capacity)
        for (protocol, name), account in self._accounts.items():
            account.door.change(self._rules(protocol, name))

    def doors(self) -> dict[str, Door]:
        """The door of each account that has called, by provider and account."""
        return {f"{protocol}/{name}": one.door for (protocol, name), one in sorted(self._accounts.items())}

    def _rules(self, protocol: str, name: str) -> list[Rule]:
        return [one.rule for one in self._capacity if one.binds(protocol, name)]

    def call(self, protocol: str, key: str | None, route: Route, request: Request) -> Call:
        """A request that has just arrived, with the number of its occurrence."""
        account = self.account(protocol, key) if key is not None else None
        identity = _identity(protocol, account, route, request)
        nth = self.seen[identity]
        self.seen[identity] += 1
        entry = None
        if route.place is Place.SUBMIT:
            intended = AGAIN in request.headers
            name = account.name if account is not None else ""
            asking = request.headers.get(ASKING, "")
            entry = self.books.submission(protocol, name, route.model, identity, intended=intended, asking=asking)
        return Call(self, protocol, request, route, account, identity, nth, entry)

    async def close(self) -> None:
        """Stop all jobs and calls, and let the painters go."""
        await self.hooks.close()
        for account in self._accounts.values():
            await account.close()
        await asyncio.to_thread(self.painter.close)


class Call(NamedTuple):
    """One request in the world.

    `identity` is the hash of what is asked (endpoint, body, asking; or place and name), `nth` the number of its
    occurrence from 0. `account` is None where no key is needed; `entry` is there for submissions.
    """

    world: World
    protocol: str
    request: Request
    route: Route
    account: Account | None
    identity: str
    nth: int
    entry: Entry | None

    def strikes(self, what: What, part: int = 0) -> Fault | None:
        """The fault of this kind when it hits this request, or one part of what it asks for."""
        key = f"{self.identity}/{part}" if part else self.identity
        return self.world.faults.strikes(what, self.route.place, self.route.model, key, self.nth)

    def knock(self) -> Refusal | None:
        """Ask a submission in at its account's door; when it may come in and opens no job, `turn_back` is owed."""
        if self.entry is None or self.account is None:
            return None
        door = self.account.door
        return door.enter(self.world.clock.passed(), weight(self.request) if door.weighs else {})

    def stands(self) -> tuple[Standing, ...]:
        """What is left of the limits of the account that a submission is for."""
        if self.entry is None or self.account is None:
            return ()
        return self.account.door.stands(self.world.clock.passed())

    def turn_back(self) -> None:
        """A submission that was let in has opened no job: its place at the door is free again."""
        if self.entry is not None and self.account is not None and not self.entry.accepted:
            self.account.door.leave()

    def refuse(self, reply: Reply, reason: str) -> Reply:
        """Note that a submission was refused, and hand the reply on."""
        assert self.entry is not None
        self.world.books.refused(self.entry, reply.status, reason)
        return reply

    def accept(
        self,
        kind: str,
        params: Mapping[str, Any],
        work: Callable[[], Awaitable[Any]],
        *,
        pixels: int = 1_000_000,
        length: float = 0.0,
        tokens: tuple[int, int] = (0, 0),
        kept: bool = True,
    ) -> Job | None:
        """Open a job for this submission and queue it; None when the account cannot pay (noted as refused).

        `kind` is image, video, speech or text; `length` the seconds of its inputs, where these are paid for; `work`
        makes the result while the job runs. Raise `JobFailed` in it. `kept` is false for a result that comes with the
        answer to the submission, and never again.
        """
        assert self.entry is not None
        assert self.account is not None
        world, model = self.world, self.route.model
        price = world.prices.price(self.protocol, model, kind, params, pixels=pixels, length=length, tokens=tokens)
        if not self.account.affords(price) or self.strikes(What.NO_MONEY):
            world.books.refused(self.entry, 403, "no money")
            return None
        changed = self.strikes(What.PRICE)
        factor = Decimal(str(changed.factor)) if changed else Decimal(1)
        remote = world.chance.uuid(self.identity, self.nth)
        seconds = world.prices.seconds(self.protocol, model, kind, world.chance, (self.identity, self.nth))
        job = Job(
            id=remote,
            entry=self.entry,
            model=model,
            seconds=seconds,
            price=price * factor,
            work=work,
            on_end=world.books.ended,
            factor=factor,
        )
        self.entry.kept = kept
        world.jobs[remote] = job
        world.books.accepted(self.entry, remote)
        self.account.add(job)
        return job

    def counted(self, job: Job, tokens: tuple[int, int]) -> None:
        """Charge a job by the tokens that it took in and gave, once they are known; it was accepted for the most."""
        prices = self.world.prices
        job.price = prices.price(self.protocol, self.route.model, "text", {}, tokens=tokens) * job.factor


def _identity(protocol: str, account: Account | None, route: Route, request: Request) -> str:
    name = account.name if account is not None else ""
    parts: list[bytes] = [protocol.encode(), name.encode(), route.place.encode(), route.model.encode()]
    if route.place in (Place.SUBMIT, Place.UPLOAD):
        # which port this simulator happens to have is nothing that was asked
        body = plain_body(request).replace(request.origin.encode(), b"")
        parts += [request.path.encode(), body, request.headers.get(ASKING, "").encode()]
    else:
        parts += [request.method.encode(), route.about.encode()]
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "big") + part)
    return whole.hexdigest()
