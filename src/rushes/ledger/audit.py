"""Whether a ledger is whole: as its database sees it, and as its own sums say."""

from __future__ import annotations

import json
from decimal import Decimal

from rushes.ledger.accounts import Account, accounts_of
from rushes.ledger.books import Hold, Stand
from rushes.ledger.database import Transaction, safe_text
from rushes.ledger.ledger import Ledger


def damage(ledger: Ledger, *, quick: bool = False) -> list[str]:
    """Everything that is wrong, in words; empty for a whole ledger. `quick` leaves out what compares every index."""
    # in one transaction: a run that goes on meanwhile moves holds and accounts together
    return [*ledger.database.damage(quick=quick), *ledger.database.write(_sums)]


def _sums(tx: Transaction) -> list[str]:
    """Each account that is not the sum of the holds in it."""
    told = accounts_of(tx.read("SELECT scope, held, spent, unpriced FROM accounts"))
    summed: dict[str, Account] = {}
    for worst, scopes, stand, billed in tx.read("SELECT worst, scopes, stand, billed FROM holds"):
        hold = Hold(None if worst is None else Decimal(worst), tuple(json.loads(scopes)), Stand(stand), Decimal(billed))
        for scope in dict.fromkeys(map(safe_text, hold.scopes)):
            was = summed.get(scope, Account())
            summed[scope] = Account(was.held + hold.held, was.spent + hold.spent, was.unpriced + hold.unpriced)
    return [
        f"the account {scope} says {_said(told.get(scope, Account()))}; its requests come to"
        f" {_said(summed.get(scope, Account()))}"
        for scope in sorted(told.keys() | summed.keys())
        if told.get(scope, Account()) != summed.get(scope, Account())
    ]


def _said(account: Account) -> str:
    return f"${account.held:f} held, ${account.spent:f} spent, {account.unpriced} of unknown price"
