"""What stands of what a run was told, and what its providers are at: for those who tell it, and for those who look.

Nothing here reads a run whole: whoever wants a run of a hundred thousand steps to wait does not wait himself.
"""

from __future__ import annotations

import json

from rushes.ledger.database import Database
from rushes.ledger.skimmed import attempt_of, pages
from rushes.model.event import Reserved, Told, Word, from_plain
from rushes.model.ids import RunId
from rushes.model.run import Verb

_LAST = "SELECT at, body FROM events WHERE run = ? AND kind = ? ORDER BY seq DESC LIMIT ?"
_PAGE = 16  # times as many, when all that were looked at turned knobs
_SENT = "SELECT attempt FROM claims WHERE run = ? AND stage = 'sent'"


def last_word(database: Database, run: RunId) -> Word | None:
    """The last that a run was told about going on; knobs that were turned since are passed over."""
    most = 1  # the search ends where it finds so many: one more is looked for through all of a run's entries
    while True:
        rows = database.read(_LAST, (run, Told.__name__, most))
        for at, body in rows:
            said = from_plain(Told.__name__, json.loads(body))
            if isinstance(said, Told) and said.verb is not Verb.SET:
                return Word(at, said)
        if len(rows) < most:
            return None
        most *= _PAGE


def sent(database: Database, run: RunId) -> list[Reserved]:
    """The requests of a run that were sent, or are being sent, and have no end yet, in the order of their attempts."""
    attempts = {name for (name,) in database.read(_SENT, (run,))}
    found: list[Reserved] = []
    for page in pages(database, run, [Reserved.__name__]) if attempts else ():
        for _seq, _at, kind, body in page:
            if attempt_of(body) in attempts:
                event = from_plain(kind, json.loads(body))
                assert isinstance(event, Reserved)
                found.append(event)
    return found
