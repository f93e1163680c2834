"""What is being bought, summed up while it happens: for programs that ask what a part of theirs has cost.

The amounts are those of the ledger's own books; this only says which of them belong together.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from decimal import Decimal

from rushes.ledger.books import Balance, Holds, total
from rushes.model.event import Event, Reserved, Stored
from rushes.model.ids import AttemptId


class Costs:
    """What was bought since this began, in USD; it goes on counting while what it saw begin is under way.

    What a simulator charged is play money, and counted apart from the rest. May be read from any thread.
    """

    def __init__(self, simulated: Callable[[str], bool]) -> None:
        self._is_simulated = simulated
        self._lock = threading.Lock()
        self._holds = Holds()
        self._asked: dict[AttemptId, Reserved] = {}
        self._play: set[AttemptId] = set()
        self._results = 0

    def take(self, event: Event) -> None:
        """Count one event of a run."""
        with self._lock:
            self._holds.take(event)
            if isinstance(event, Reserved):
                self._asked[event.attempt] = event
                if self._is_simulated(event.provider):
                    self._play.add(event.attempt)
            elif isinstance(event, Stored) and event.attempt in self._asked:
                self._results += 1

    @property
    def total(self) -> Decimal:
        """What was really spent; the worst case where something was charged and nobody said how much."""
        return self._balance(play=False).spent

    @property
    def simulated(self) -> Decimal:
        """What simulators charged: nobody pays it."""
        return self._balance(play=True).spent

    @property
    def held(self) -> Decimal:
        """What is still set aside for requests under way or in doubt."""
        return self._balance(play=False).held

    @property
    def unpriced(self) -> int:
        """Requests that cost, or may cost, an amount that nobody knows and that is in no sum here."""
        return self._balance(play=False).unpriced

    @property
    def results(self) -> int:
        """How many results were obtained, simulated ones too; what was there before is not counted."""
        return self._results

    @property
    def by_model(self) -> Mapping[str, Decimal]:
        """`total` by the version of the model that was asked."""
        return self._by(lambda one: one.model)

    @property
    def by_provider(self) -> Mapping[str, Decimal]:
        """`total` by the provider that was asked."""
        return self._by(lambda one: one.provider)

    def __repr__(self) -> str:
        more = f", simulated={self.simulated}" if self._play else ""
        return f"Costs(total={self.total}, results={self.results}, unpriced={self.unpriced}{more})"

    def _balance(self, *, play: bool) -> Balance:
        with self._lock:
            return total(hold for name, hold in self._holds.holds.items() if (name in self._play) is play)

    def _by(self, named: Callable[[Reserved], str]) -> dict[str, Decimal]:
        sums: dict[str, Decimal] = {}
        with self._lock:
            for attempt, hold in self._holds.holds.items():
                if attempt not in self._play:
                    name = named(self._asked[attempt])
                    sums[name] = sums.get(name, Decimal(0)) + hold.spent
        return sums
