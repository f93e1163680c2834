"""Requests of which nobody can say whether they were accepted, and what the run's policy makes of them.

`ask` holds the step and everything after it, and lets the rest of the run go on. `resubmit` writes down that the worst
case counts as spent, and only then buys once more: a crash between the two costs nothing. `fail` gives the step up.
Whatever the policy, nothing is sent a second time as the same attempt.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from rushes.engine.desk import Desk
from rushes.engine.work import Unit
from rushes.errors import RemoteError
from rushes.graph.value import Outcome, State
from rushes.model.event import Resolved, Unknown
from rushes.model.ids import RequestKey
from rushes.model.money import show_usd
from rushes.model.run import OnUnknown


class Doubts:
    """The units that wait for somebody's word."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._held: dict[RequestKey, tuple[Unit, str]] = {}

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, key: RequestKey) -> bool:
        return key in self._held

    def hold(self, unit: Unit, says: str) -> bool:
        """Hold a unit, if that is the policy; says whether it is."""
        if self._desk.job.on_unknown is not OnUnknown.ASK:
            return False
        self._held[unit.key] = unit, says
        return True

    def write_down(self, unit: Unit, error: RemoteError, *, may_go_on: bool) -> bool:
        """An attempt is in doubt: on record first; then what the policy says. True: buy once more, as a new attempt."""
        order = unit.order
        assert order is not None
        worst = show_usd(self._worst(unit))
        self._desk.put(Unknown(attempt=order.attempt, place=order.place, says=error.message))
        resolve = f"rushes resolve {order.attempt} --as paid|lost|adopt"
        if self.hold(unit, f"{error.message}; it may have been charged (at most {worst}). Decide with: {resolve}"):
            return False
        if self._desk.job.on_unknown is OnUnknown.FAIL or not may_go_on:
            return False
        note = f"bought once more, as --on-unknown resubmit says; this may have cost {worst} extra"
        self._desk.put(Resolved(attempt=order.attempt, outcome="paid", by="policy", note=note))
        return True

    def outcomes(self) -> Iterator[tuple[int, Outcome]]:
        """What the held cells are at the end of the run: they wait, like a gate."""
        for unit, says in self._held.values():
            for work in unit.works:
                yield work.number, Outcome(State.WAITING, base=work.base, says=says)

    def _worst(self, unit: Unit) -> Decimal | None:
        recipe = unit.request.recipe
        return self._desk.parts.provider(recipe.provider).estimate(recipe).high
