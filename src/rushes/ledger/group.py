"""What one commit decides: which claims are won, which of them can be paid for, and what is written.

Requests are claimed first, in the order of their keys, and money is counted in the order in which things were handed
over, so that at every prefix of the journal no ceiling is passed. A claim that a ceiling refuses is looked at once more
when everything else of the commit is counted: what came back a line later is there for it. Only then is it refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from rushes.errors import StoreError
from rushes.ledger.accounts import Till
from rushes.ledger.claims import Unsent, change_claims, claim_all, drop_dead, is_alive, unclaim
from rushes.ledger.database import Transaction
from rushes.ledger.entry import Batch, Entry
from rushes.ledger.project import claim_changes
from rushes.model.claim import TAKEN, WON, Claim
from rushes.model.event import Event, Released, Reserved, Submitting
from rushes.model.ids import RunId


class Written(NamedTuple):
    """What is to be written, in its order; what was dropped on the way; and an answer for every batch handed over."""

    batches: list[Batch]
    unsent: list[Unsent]
    answers: list[Claim]


def write_group(
    tx: Transaction, run: RunId, batches: Sequence[Batch], owner: str, list_of: Callable[[Sequence[str]], Any]
) -> Written:
    """Decide about the claims of a group and move its claims and money; the entries are the caller's to write."""
    if not batches:
        return Written([], [], [])
    change_claims(tx, claim_changes(event for batch in batches if not batch.claim for event in batch.events))
    claimed = claim_all(tx, run, [(_reserved(batch), batch.at) for batch in batches if batch.claim], owner)
    had = [batch for batch in batches if not batch.claim or _reserved(batch).attempt in claimed.won]
    till = Till(tx, run, list_of)
    till.open(event for batch in had for event in batch.events)
    if owner:
        _refuse_released(till, batches)
    unsent = claimed.unsent
    release(till, unsent)
    short = [batch for batch in had if not _enter(till, batch)]
    if short:
        # nobody is told that there is not enough money while what a dead process held for nothing can be had back
        dead = drop_dead(tx, owner, batches[-1].at)
        release(till, dead)
        unsent = unsent + dead
        late = [batch for batch in short if _enter(till, batch)]
        refused = [batch for batch in short if not any(batch is one for one in late)]
    else:
        late, refused = [], []
    till.write()
    for batch in refused:
        unclaim(tx, _reserved(batch), claimed.won[_reserved(batch).attempt])
    first = [batch for batch in had if not any(batch is one for one in short)]
    written = first + late
    change_claims(tx, claim_changes(event for batch in written if batch.claim for event in batch.events[1:]))
    answers = _answers(tx, till, batches, had, refused, owner)
    return Written(written, unsent, answers)


def _enter(till: Till, batch: Batch) -> bool:
    """Count a batch, unless it is a claim that a ceiling refuses."""
    if batch.claim and till.refuses(_reserved(batch)) is not None:
        return False
    for event in batch.events:
        till.take(event)
    return True


def _answers(
    tx: Transaction, till: Till, batches: Sequence[Batch], had: Sequence[Batch], refused: Sequence[Batch], owner: str
) -> list[Claim]:
    at = batches[-1].at
    kept, no = {id(batch) for batch in had}, {id(batch) for batch in refused}
    alive: dict[str, bool] = {owner: True}

    def waits_for(one: str) -> bool:
        if one not in alive:
            alive[one] = is_alive(tx, one, at)
        return alive[one]

    answers: list[Claim] = []
    for batch in batches:
        if id(batch) in no:
            scope = till.refuses(_reserved(batch))
            assert scope is not None, "nothing came back since it was refused"
            answers.append(Claim(False, till.short(_reserved(batch), scope, waits_for)))
        else:
            answers.append(WON if id(batch) in kept else TAKEN)
    return answers


def release(till: Till, unsent: Iterable[Unsent]) -> None:
    """Give back what was held for attempts that were never sent."""
    many = [(one.run, Released(attempt=one.attempt)) for one in unsent]
    till.open(event for _run, event in many)
    for run, event in many:
        till.take(event, run)


def _refuse_released(till: Till, batches: Iterable[Batch]) -> None:
    """A process that slept so long that it was taken for dead must not send what was given back meanwhile."""
    for batch in batches:
        for event in batch.events:
            if isinstance(event, Submitting) and till.freed(event.attempt):
                raise StoreError(
                    f"attempt {event.attempt} was given up by another process while this one did not answer",
                    next_step="nothing was sent; go on with: rushes resume",
                )


def numbered(batches: Iterable[Batch], last: int) -> list[Entry]:
    """The entries of these batches, numbered after `last`. Numbers of claims that were lost stay unused."""
    entries: list[Entry] = []
    for batch in batches:
        for event in batch.events:
            last += 1
            entries.append(Entry(last, batch.at, event))
    return entries


def _reserved(batch: Batch) -> Reserved:
    event: Event = batch.events[0]
    assert isinstance(event, Reserved)
    return event
