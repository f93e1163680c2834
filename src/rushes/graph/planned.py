"""The plan as a value: what people read, what scripts read, and what a run may be bound to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from rushes.graph.value import Outcome
from rushes.model.ids import BaseKey, NodeId
from rushes.model.money import Estimate
from rushes.model.operation import INLINE, Operation


class Action(StrEnum):
    """What a run would do about a node."""

    RUN = "run"  # ask for something now
    AFTER = "after"  # will be asked when what it needs is there; perhaps its answer exists by then
    WAIT = "wait"  # a person must approve
    BLOCKED = "blocked"  # what it needs cannot come
    SKIP = "skip"  # not wanted: disabled, not selected, its condition does not hold
    REUSE = "reuse"  # everything is here


_REUSE = Action.REUSE  # looked up once


class Unit(NamedTuple):
    """One request that must be bought now: for which cell, which candidate, at which salt."""

    cell: int
    candidate: int
    salt: int
    base: BaseKey


class NodePlan(NamedTuple):
    """One node of a plan. `calls` are certain; `most` counts also those that depend on what comes first.

    `money` in USD; `seconds` is the typical time of one request. `stale` is true when the node was asked something
    else before. A `run` node with 0 calls shares its requests with another node.
    """

    node: NodeId
    tab: str
    title: str
    op: Operation
    action: Action
    reason: str
    rows: int
    calls: int = 0
    most: int = 0
    money: Estimate = Estimate()
    seconds: float = 0.0
    provider: str = ""
    model: str = ""
    stale: bool = False

    def plain(self) -> dict[str, Any]:
        """As JSON; money as strings."""
        return {**self._asdict(), "op": str(self.op), "action": str(self.action), "money": self.money.plain()}


class FirstPass(NamedTuple):
    """What the stills alone take of a full pass, as it is expected: money in USD, times in seconds."""

    money: Estimate
    seconds: float
    full_money: Estimate
    full_seconds: float

    @property
    def of_money(self) -> float | None:
        """Its share of the money, 0 to 1; None where a price is unknown, or nothing costs anything."""
        if self.money.unknown or self.full_money.unknown or not self.full_money.high:
            return None
        return float(self.money.high / self.full_money.high)

    @property
    def of_time(self) -> float | None:
        """Its share of the time, 0 to 1."""
        return self.seconds / self.full_seconds if self.full_seconds else None

    def plain(self) -> dict[str, Any]:
        """As JSON; money as strings."""
        return {
            "money": self.money.plain(),
            "seconds": round(self.seconds, 3),
            "full_money": self.full_money.plain(),
            "full_seconds": round(self.full_seconds, 3),
            "of_money": self.of_money,
            "of_time": self.of_time,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run would do. `outcomes` has one entry per cell of the grid; `units` is what must be bought now.

    `money.low` is certain, `money.high` counts everything that may become necessary; checks that flag results may add
    `rerolls` requests at most. `critical` is the longest chain of work, `chain` its seconds; `seconds` is the least
    time that the run can take on the given number of hands, waiting for people not counted.
    """

    nodes: tuple[NodePlan, ...]
    outcomes: tuple[Outcome, ...]
    units: tuple[Unit, ...]
    calls: int
    most: int
    rerolls: int
    money: Estimate
    critical: tuple[NodeId, ...]
    chain: float
    seconds: float
    warnings: tuple[str, ...]
    fingerprint: str
    selection: str = ""
    first_pass: FirstPass | None = None  # of a plan of the stills alone

    @property
    def counts(self) -> dict[Action, int]:
        """How many nodes each action has; texts, references and gates that need nothing are not counted."""
        found = Counter(one.action for one in self.nodes if one.action is not _REUSE or one.op not in INLINE)
        return {action: found[action] for action in Action}

    @property
    def idle(self) -> bool:
        """Whether everything is here and nothing else is said: no node but reuses what there is."""
        return all(one.action is _REUSE for one in self.nodes)

    @property
    def stale(self) -> frozenset[NodeId]:
        """The nodes whose last answers belong to another question than today's."""
        return frozenset(one.node for one in self.nodes if one.stale)

    def plain(self) -> dict[str, Any]:
        """As JSON: all but the outcomes."""
        return {
            "fingerprint": self.fingerprint,
            "selection": self.selection,
            "counts": {str(action): count for action, count in self.counts.items()},
            "calls": self.calls,
            "most": self.most,
            "rerolls": self.rerolls,
            "money": self.money.plain(),
            "seconds": round(self.seconds, 3),
            "critical": list(self.critical),
            "chain": round(self.chain, 3),
            "warnings": list(self.warnings),
            "nodes": [one.plain() for one in self.nodes],
            "units": [unit._asdict() for unit in self.units],
            **({} if self.first_pass is None else {"first_pass": self.first_pass.plain()}),
        }
