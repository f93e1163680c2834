"""The money side of a transaction: holds and accounts are read once, changed as events come, and written once.

An account is the sum of its holds, kept beside them so that a ceiling can be looked at without adding up a year. The
rows of accounts are locked in the order of their names before they are read, and the sums are made here, exactly; so
two processes that share a ledger cannot both take the last cent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from rushes.ledger.books import MOVES_MONEY, Hold, Stand, opened, settled, usd
from rushes.ledger.database import Database, Row, Transaction, safe_text
from rushes.ledger.project import to_json
from rushes.model.claim import Short
from rushes.model.event import Event, Reserved, Submitting
from rushes.model.ids import AttemptId, RunId
from rushes.model.money import ZERO
from rushes.model.scope import kind_of

_HOLDS = "SELECT attempt, worst, scopes, stand, billed FROM holds WHERE attempt IN (??)"
_SET_HOLD = (
    "INSERT INTO holds (attempt, run, worst, scopes, stand, billed) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (attempt) DO UPDATE SET stand = excluded.stand, billed = excluded.billed"
)
_LOCK = (
    "INSERT INTO accounts (scope, held, spent, unpriced) VALUES (?, '0', '0', 0)"
    " ON CONFLICT (scope) DO UPDATE SET unpriced = accounts.unpriced"
)
ACCOUNTS = "SELECT scope, held, spent, unpriced FROM accounts WHERE scope IN (??)"
_SET_ACCOUNT = "UPDATE accounts SET held = ?, spent = ?, unpriced = ? WHERE scope = ?"
_MAY_COME_BACK = (
    "SELECT holds.worst, holds.scopes, claims.owner FROM claims JOIN holds ON holds.attempt = claims.attempt"
    " WHERE claims.stage <> 'unknown' AND holds.stand = 0"
)
_LOOKED_UP = MOVES_MONEY | {Submitting}
_NOTHING = Hold(ZERO, stand=Stand.FREED)


class Account(NamedTuple):
    """What is held in a scope and spent from it, in USD; `unpriced` attempts in it have an amount nobody knows."""

    held: Decimal = ZERO
    spent: Decimal = ZERO
    unpriced: int = 0

    def moved(self, before: Hold, after: Hold) -> Account:
        """The account when a hold in it changes."""
        return Account(
            self.held + after.held - before.held,
            self.spent + after.spent - before.spent,
            self.unpriced + after.unpriced - before.unpriced,
        )


class Till:
    """The holds and accounts that one transaction of one run touches."""

    def __init__(self, tx: Transaction, run: RunId, list_of: Callable[[Sequence[str]], Any]) -> None:
        self._tx = tx
        self._run = run
        self._list_of = list_of
        self._ceilings: Mapping[str, Decimal] | None = None
        self._holds: dict[AttemptId, Hold] = {}
        self._accounts: dict[str, Account] = {}
        self._looked: set[AttemptId] = set()
        self._changed: dict[AttemptId, RunId] = {}
        self._moved: set[str] = set()

    def open(self, events: Iterable[Event]) -> None:
        """Read, and lock, everything that these events may move. What is free for certain locks nothing."""
        moving = [event for event in events if type(event) in _LOOKED_UP]
        attempts = sorted({event.attempt for event in moving} - self._looked)  # type: ignore[attr-defined]
        if not attempts:
            return
        self._looked.update(attempts)
        for attempt, worst, scopes, stand, billed in self._tx.read(_HOLDS, (self._list_of(attempts),)):
            amount = None if worst is None else Decimal(worst)
            self._holds[attempt] = Hold(amount, tuple(json.loads(scopes)), Stand(stand), Decimal(billed))
        opening: dict[AttemptId, Hold] = {}
        for event in moving:
            if isinstance(event, Reserved):
                opening.setdefault(event.attempt, opened(event))  # the first is the one that counts
        scopes_of: set[str] = set()
        for event in moving:
            hold = self._holds.get(event.attempt) or opening.get(event.attempt)  # type: ignore[attr-defined]
            if hold is not None and (hold.worst != ZERO or getattr(event, "billed", None)):
                scopes_of.update(map(safe_text, hold.scopes))
        self._lock(sorted(scopes_of - self._accounts.keys()))

    def _lock(self, scopes: Sequence[str]) -> None:
        if scopes:
            self._tx.run_many(_LOCK, [(scope,) for scope in scopes])
            self._accounts.update(accounts_of(self._tx.read(ACCOUNTS, (self._list_of(scopes),))))

    def take(self, event: Event, run: RunId | None = None) -> None:
        """Enter an event of this transaction's run, or of another one; `open` has seen it."""
        if type(event) not in MOVES_MONEY:
            return
        attempt: AttemptId = event.attempt  # type: ignore[attr-defined]
        before = self._holds.get(attempt)
        if before is not None:
            after = settled(before, event)
        elif isinstance(event, Reserved):
            after = opened(event)
        else:
            return
        if after is before:
            return
        self._holds[attempt] = after
        self._changed[attempt] = run or self._run
        was = before or _NOTHING
        if (was.held, was.spent, was.unpriced) != (after.held, after.spent, after.unpriced):
            for scope in dict.fromkeys(map(safe_text, after.scopes)):
                self._accounts[scope] = self._accounts[scope].moved(was, after)
                self._moved.add(scope)

    def refuses(self, event: Reserved) -> str | None:
        """The innermost scope whose ceiling does not allow the worst case of one more request; None when all do.

        What is free for certain is always allowed; an unknown price is under no ceiling.
        """
        worst = usd(event.worst)
        if worst == ZERO:
            return None
        for scope in event.scopes:
            most = self._most(scope)
            if most is None:
                continue
            account = self._accounts[safe_text(scope)]
            if worst is None or account.held + account.spent + worst > most:
                return scope
        return None

    def _most(self, scope: str) -> Decimal | None:
        if self._ceilings is None:
            self._ceilings = ceilings_of(self._tx, self._run)
        return self._ceilings.get(scope, self._ceilings.get(kind_of(scope)))

    def freed(self, attempt: AttemptId) -> bool:
        """Whether what was held for an attempt has been given back."""
        hold = self._holds.get(attempt)
        return hold is not None and hold.stand in (Stand.FREED, Stand.LOST)

    def write(self) -> None:
        """Write what changed since the last time."""
        self._tx.run_many(_SET_HOLD, [self._row(attempt) for attempt in sorted(self._changed)])
        accounts = [(scope, self._accounts[scope]) for scope in sorted(self._moved)]
        self._tx.run_many(_SET_ACCOUNT, [(str(a.held), str(a.spent), a.unpriced, scope) for scope, a in accounts])
        self._changed.clear()
        self._moved.clear()

    def _row(self, attempt: AttemptId) -> Row:
        hold = self._holds[attempt]
        worst = None if hold.worst is None else str(hold.worst)
        return attempt, self._changed[attempt], worst, to_json(hold.scopes), int(hold.stand), str(hold.billed)

    def short(self, event: Reserved, scope: str, waits_for: Callable[[str], bool]) -> Short:
        """The refusal, once all is written. `waits_for` says whether an owner lives and may still settle."""
        most, account = self._most(scope), self._accounts[safe_text(scope)]
        assert most is not None
        held = ZERO
        for worst, scopes, owner in self._tx.read(_MAY_COME_BACK):
            if worst is not None and scope in json.loads(scopes) and waits_for(owner):
                held += Decimal(worst)
        return Short(scope, most, max(most - account.held - account.spent, ZERO), held, usd(event.worst))


def ceilings_of(source: Transaction | Database, run: RunId) -> dict[str, Decimal]:
    """The ceilings that a run is under, by scope or by kind of scope."""
    rows = source.read("SELECT scope, most FROM ceilings WHERE run = ?", (run,))
    return {json.loads(scope): Decimal(most) for scope, most in rows}


def set_ceilings(tx: Transaction, run: RunId, ceilings: Mapping[str, Decimal]) -> None:
    """Put these in place of the ceilings that a run was under."""
    tx.run("DELETE FROM ceilings WHERE run = ?", (run,))
    rows = sorted((run, to_json(scope), str(most)) for scope, most in ceilings.items())
    tx.run_many("INSERT INTO ceilings (run, scope, most) VALUES (?, ?, ?)", rows)


def accounts_of(rows: Iterable[Row]) -> dict[str, Account]:
    """Rows of scope, held, spent, unpriced."""
    return {scope: Account(Decimal(held), Decimal(spent), unpriced) for scope, held, spent, unpriced in rows}
