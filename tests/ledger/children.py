"""What child processes of the ledger's tests do; importable by name, as another process needs it."""

from __future__ import annotations

import asyncio
import random
from decimal import Decimal
from multiprocessing.connection import Connection

from tests.ledger.facts import cell_done, reserved, stored

from rushes.ledger.entry import Batch
from rushes.ledger.open import open_ledger
from rushes.ledger.owner import new_owner
from rushes.ledger.writer import Writer
from rushes.model.event import Done, Reserved, Submitting
from rushes.model.ids import AttemptId, RunId

KEYS = [f"question {number}" for number in range(60)]


def claim(run: RunId, key: str) -> Reserved:
    return reserved(key, attempt=f"{run}/{key}")


def race(where: str, run: RunId, seed: int, pipe: Connection) -> None:
    """Try to reserve every key, in an order of its own, and tell which were won."""
    owner, won = new_owner(), list[str]()
    with open_ledger(where) as ledger:
        order = KEYS[:]
        random.Random(seed).shuffle(order)
        pipe.send("ready")
        pipe.recv()
        for start in range(0, len(order), 4):
            group = order[start : start + 4]
            claims = [Batch(1.0, (claim(run, key),), claim=True) for key in group]
            won += [key for key, had in zip(group, ledger.commit(run, claims, owner), strict=True) if had]
        pipe.send(won)
        pipe.recv()  # alive until every other has tried


def drive(where: str, first: int, pipe: Connection) -> None:
    """Buy without end, at concurrency 20, and tell the parent what is durable."""

    async def buy(writer: Writer, number: int) -> None:
        attempt, name = f"r1/{number}", f"q{number}"
        submitting = Submitting(attempt=AttemptId(attempt), idempotency_key="k")
        assert await writer.reserve(reserved(name, attempt=attempt), submitting)
        pipe.send(("submitting", number))
        await writer.record(stored(name, attempt=attempt), cell_done(f"n{number}", 0, name))
        pipe.send(("stored", number))

    async def main() -> None:
        with open_ledger(where) as ledger:
            owner = new_owner()
            assert ledger.take_run(RunId("r1"), owner, 1.0) is None
            writer = Writer(ledger, RunId("r1"), owner, lambda: 1.0)

            async def worker(lane: int) -> None:
                number = first + lane
                while True:
                    await buy(writer, number)
                    number += 20

            await asyncio.gather(*(worker(lane) for lane in range(20)))

    asyncio.run(main())


def spend(where: str, run: RunId, seed: int, pipe: Connection) -> None:
    """Buy for up to five cents at a time, charged less, until a ceiling refuses and nothing is held any more."""
    luck, owner, number = random.Random(seed), new_owner(), 0
    with open_ledger(where) as ledger:
        pipe.send("ready")
        pipe.recv()
        while True:
            group = []
            for _ in range(luck.randrange(1, 5)):
                number += 1
                worst = Decimal(luck.randrange(1, 6)) / 100
                name = f"{run} {number}"
                event = reserved(name, attempt=f"{run}/{number}", worst=worst, scopes=(f"run:{run}", "project:/films"))
                group.append(event)
            answers = ledger.commit(run, [Batch(1.0, (event,), claim=True) for event in group], owner)
            done = [
                Done(attempt=event.attempt, billed=luck.choice([event.worst, (event.worst or Decimal(0)) / 2]))
                for event, answer in zip(group, answers, strict=True)
                if answer
            ]
            ledger.append(run, done, 1.0)
            refused = [answer.short for answer in answers if answer.short is not None]
            if not done and any(short.left < Decimal("0.05") and not short.held for short in refused):
                break
        pipe.send("refused")
        pipe.recv()
