"""Units that a ceiling refused, while money is held that may come back.

They are tried again when an attempt of this run has settled, a few at a time, in turn; not otherwise, so that waiting
costs nothing. A ceiling that can never allow a unit, whatever comes back, refuses it at once.
"""

from __future__ import annotations

from collections import Counter, deque

from rushes.engine.work import Unit
from rushes.errors import ErrorClass, RemoteError
from rushes.model.claim import Short
from rushes.model.money import ZERO
from rushes.model.wait import Wait

_AT_ONCE = 8  # units that are tried again when one attempt has settled: what came back reaches few
_TOGETHER = 64  # when nothing else settles, and all must have been tried


class Purse:
    """What waits for money, by the account that lacks it."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Unit, Short]] = deque()
        self._now = 0  # of those, how many are to be tried now
        self._untried = 0  # how many were not tried since money came back for the last time

    def __len__(self) -> int:
        return len(self._waiting)

    def wait(self, unit: Unit, short: Short) -> None:
        """It was refused; `again` brings it back."""
        self._waiting.append((unit, short))

    def settled(self) -> None:
        """An attempt has settled: what it held and did not spend is there again."""
        self._untried = len(self._waiting)
        self._now = min(self._untried, _AT_ONCE)

    def try_the_rest(self) -> bool:
        """Nothing else settles any more: whether some were not tried since, which are tried now."""
        self._now = min(self._untried, _TOGETHER)
        return self._now > 0

    def again(self) -> list[Unit]:
        """Units to try now."""
        count, self._now = min(self._now, len(self._waiting)), 0
        self._untried -= count
        return [self._waiting.popleft()[0] for _ in range(count)]

    def drain(self, limit: str | None = None) -> list[tuple[Unit, Short]]:
        """Take out everything that waits (under one limit, if named)."""
        taken = [one for one in self._waiting if limit is None or limit in one[0].lane]
        self._waiting = deque(one for one in self._waiting if not (limit is None or limit in one[0].lane))
        self._untried = min(self._untried, len(self._waiting))
        self._now = min(self._now, self._untried)
        return taken

    def reasons(self) -> dict[str, Wait]:
        """How many wait for money of which kind of account: `budget of run`."""
        counts = Counter(_kind(short) for _unit, short in self._waiting)
        why = "what others hold of it may come back"
        return {f"budget of {kind}": Wait(number, why) for kind, number in counts.items()}


def hopeless(short: Short) -> bool:
    """Whether waiting makes no sense: nothing is held that could come back, or not enough."""
    return short.needs is None or short.held <= ZERO or short.needs > short.left + short.held


def refusal(short: Short) -> RemoteError:
    """What is said about a unit that a ceiling refused for good."""
    return RemoteError(ErrorClass.QUOTA, short.says)


def _kind(short: Short) -> str:
    return short.scope.partition(":")[0]
