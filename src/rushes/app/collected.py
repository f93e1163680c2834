"""What became of results whose bytes are not in the store: `gc` collected them, and may be able to bring them back."""

from __future__ import annotations

import time

from rushes.assets.local import LocalStore
from rushes.assets.trash import Trash
from rushes.ledger.ledger import Ledger
from rushes.model.ids import BaseKey


def what_became(ledger: Ledger, store: LocalStore, base: BaseKey) -> str:
    """In words, of the answers of one question that are missing; "" when nobody collected them."""
    artifacts = [artifact for one in ledger.results([base]).get(base, ()) for artifact in one.value.artifacts]
    traces = Trash(store).traces(one.digest for one in artifacts if not store.holds(one))
    if not traces:
        return ""
    day = time.strftime("%Y-%m-%d", time.gmtime(max(one.at for one in traces.values())))
    if any(one.here for one in traces.values()):
        return f"its bytes were collected on {day}; rushes gc --undo brings them back"
    return f"its bytes were collected on {day}, and have been deleted since"
