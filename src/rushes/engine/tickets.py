"""Requests on their way to one account, and which of them it has answered.

A request that it refuses it refuses at once; of one that it has taken it may say nothing before it is done. So who has
heard nothing for a while has been taken, and only so many may be unheard that not too many are refused together: after
a refusal one goes first, then two, and so on.

Pure: time comes in from outside, in seconds of any one clock.
"""

from __future__ import annotations

import math
from typing import NamedTuple

SILENCE = 1.0
"""Seconds without an answer after which a request counts as taken: a refusal comes at once, a picture does not."""

_UNHEARD = 32  # requests nobody has answered yet, beyond which the next waits; later this share of what was taken
_HEARD = 6  # the same, at a service that says at once what it has taken, once it has refused
_SHARE = 1 / 1000


class Sent(NamedTuple):
    """A request on its way or taken: when it was sent, what was in flight with it, whether the pace had held it up, and
    how many had ended by then.
    """

    at: float
    level: int
    held: bool
    ended: int


class Tickets:
    """One for every request that was sent, until it is refused or has ended. `taken` counts what was ever taken."""

    def __init__(self) -> None:
        self.taken = 0
        self._number = 0
        self._flying: dict[int, Sent] = {}
        self._unheard: dict[int, None] = {}  # oldest first
        self._ended = 0
        self._silent = True  # it says nothing of a request before it is done with it
        self._refused = False
        self._ramp = math.inf  # unheard ones at most, one more for each taken

    def __len__(self) -> int:
        return len(self._flying)

    def __contains__(self, ticket: int) -> bool:
        return ticket in self._flying

    def __getitem__(self, ticket: int) -> Sent:
        return self._flying[ticket]

    def send(self, now: float, level: int, held: bool) -> int:
        """One more is on its way; its ticket."""
        ticket = self.adopt(now, level, held)
        self._unheard[ticket] = None
        return ticket

    def adopt(self, now: float, level: int, held: bool = False) -> int:
        """One is there that was taken before; its ticket."""
        self._number += 1
        self._flying[self._number] = Sent(now, level, held, self._ended)
        return self._number

    def says(self, ticket: int) -> bool:
        """The account says that it has it. Whether that is news."""
        if ticket not in self._unheard:
            return False
        self._silent = False
        return True

    def ends(self, ticket: int) -> bool:
        """The account is done with it. Whether nobody had heard before that it was taken."""
        self._ended += 1
        return ticket in self._unheard

    def took(self, ticket: int) -> Sent:
        """It was taken."""
        self._unheard.pop(ticket, None)
        self.taken += 1
        self._ramp += 1.0
        return self._flying[ticket]

    def silent(self, now: float) -> int | None:
        """The oldest of which nothing was heard for so long that it was taken."""
        return next(iter(self._unheard)) if self.silence_ends <= now else None

    @property
    def silence_ends(self) -> float:
        """When the silence of the oldest unheard one will be an answer; infinity where there is none."""
        return self._flying[next(iter(self._unheard))].at + SILENCE if self._unheard else math.inf

    @property
    def wait(self) -> bool:
        """Whether so many are unheard that the next waits for news of one."""
        most = _HEARD if self._refused and not self._silent else _UNHEARD
        return len(self._unheard) >= min(self._ramp, max(most, self.taken * _SHARE))

    @property
    def are_few(self) -> bool:
        """Whether they go a few at a time, as after a refusal."""
        return self._ramp < _UNHEARD

    def one_first(self) -> None:
        """It refuses: one goes first, then two."""
        self._ramp = 1.0

    def surely(self, sent: Sent) -> int:
        """What was in flight with it at the account: what has ended meanwhile had perhaps left it before."""
        return sent.level - (self._ended - sent.ended)

    def refused(self) -> None:
        """One was too much."""
        self._refused = True

    def forget(self, ticket: int) -> Sent | None:
        """It is not there any more; how it had been sent, where it was."""
        self._unheard.pop(ticket, None)
        return self._flying.pop(ticket, None)
