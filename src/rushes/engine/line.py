"""Who is worked on at one account, and who waits in a line of its own, as far as it says so.

A little is kept in such a line, so that nobody there has to wait for us; no more, so that the order of work, and
calling it off, stay ours. An account that speaks of a line takes more than it works on: being accepted says nothing
there, and being worked on does.
"""

from __future__ import annotations

_LEAST, _SHARE = 2, 0.25  # so many may wait in it, or this share of what is worked on


class OwnLine:
    """The line of one account. Requests are named by their tickets."""

    def __init__(self) -> None:
        self.told = False
        """Whether it ever spoke of a line."""
        self._waiting: set[int] = set()
        self._working: set[int] = set()
        self._most_worked = 0

    def waits(self, ticket: int) -> None:
        """Nobody works on it yet."""
        self.told = True
        self._waiting.add(ticket)

    def works(self, ticket: int) -> bool:
        """Somebody works on it. True: for the first time, and hardly anybody waits behind it."""
        if ticket in self._working:
            return False
        self._waiting.discard(ticket)
        self._working.add(ticket)
        self._most_worked = max(self._most_worked, len(self._working))
        return len(self._waiting) <= _room(len(self._working)) / 2

    def ends(self, ticket: int) -> bool:
        """It is not there any more. True: it was worked on, and nobody had said so."""
        news = ticket not in self._working and ticket not in self._waiting
        self._waiting.discard(ticket)
        self._working.discard(ticket)
        return news

    def is_full(self, flying: int) -> bool:
        """Whether enough wait in it, of so many that are in flight."""
        return len(self._waiting) > _room(flying - len(self._waiting))

    @property
    def least(self) -> float:
        """In flight at least, where all who were seen at work at once shall have work again."""
        return _enough(self._most_worked)

    def most(self, flying: int) -> float:
        """In flight at most, where so many are."""
        return max(self.least, _enough(flying - len(self._waiting)))


def _enough(working: int) -> float:
    return working + _room(working) + 1


def _room(working: int) -> float:
    return max(_LEAST, working * _SHARE)
