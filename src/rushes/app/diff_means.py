"""What a difference means: which rows of which generators would ask what the old version never asked, and the price.

Decided by request keys, as a run decides, and as if everything that the old version asks had been made: what a store
holds today changes nothing here (`rushes plan` says what a run would buy today).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rushes.app.plan import Prepared
from rushes.graph.asks import Ask, asks
from rushes.model.ids import BaseKey, NodeId
from rushes.model.money import Estimate
from rushes.model.operation import REMOTE


class NewAsks(NamedTuple):
    """A generator of the new version with something to ask: `rows` of all `of`; `more` rows want more candidates."""

    node: str
    title: str
    tab: str
    rows: int
    of: int
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What the new version asks that the old one did not.

    `generators` are the nodes that ask a model; `same` of them ask nothing new. `requests` are what that comes to,
    each once, and `money` their price in USD. `dropped` requests of the old version are not asked any more.
    """

    generators: int
    same: int
    nodes: tuple[NewAsks, ...]
    requests: int
    money: Estimate
    dropped: int

    def plain(self) -> dict[str, Any]:
        """As JSON; money as strings."""
        return {
            "generators": self.generators,
            "same": self.same,
            "nodes": [one._asdict() for one in self.nodes],
            "requests": self.requests,
            "money": self.money.plain(),
            "dropped": self.dropped,
        }


@dataclass(slots=True)
class _Tally:
    rows: int = 0
    new: int = 0
    more: int = 0


@dataclass(slots=True)
class _Sum:
    requests: int = 0
    money: Estimate = field(default_factory=Estimate)


def means(old: Prepared, new: Prepared) -> Means:
    """What `new` asks that `old` does not. Both must have been prepared with the same options."""
    asked = _wanted(_remote(old))
    now = _remote(new)
    nodes: dict[int, _Tally] = {}
    total = _Sum()
    priced: dict[BaseKey, int] = {}
    for ask in now:
        frame, base = ask.question.frame, ask.question.base
        tally = nodes.setdefault(new.grid.cells[ask.cell].node, _Tally())
        tally.rows += 1
        tally.new += base not in asked
        tally.more += 0 < asked.get(base, 0) < frame.wanted
        extra = frame.wanted - max(asked.get(base, 0), priced.get(base, 0))
        if extra > 0:
            quote = new.models.quote(ask.question.node, ask.question if ask.certain else None)
            total.requests += extra
            total.money = total.money.plus(quote, extra)
            priced[base] = frame.wanted
    wanted = _wanted(now)
    found = tuple(_new(new, number, one) for number, one in nodes.items() if one.new or one.more)
    return Means(
        generators=len(nodes),
        same=len(nodes) - len(found),
        nodes=found,
        requests=total.requests,
        money=total.money,
        dropped=sum(max(0, count - wanted.get(base, 0)) for base, count in asked.items()),
    )


def asked_by(prepared: Prepared) -> dict[NodeId, tuple[BaseKey, ...]]:
    """What each node asks, row by row."""
    found: dict[NodeId, list[BaseKey]] = {}
    for one in asks(prepared.grid, prepared.setting):
        found.setdefault(one.question.node.id, []).append(one.question.base)
    return {node: tuple(many) for node, many in found.items()}


def _remote(prepared: Prepared) -> list[Ask]:
    """The rows that ask a model, each part of one sheet once: a split is one question."""
    return [one for one in asks(prepared.grid, prepared.setting) if one.question.frame.op in REMOTE]


def _wanted(many: list[Ask]) -> dict[BaseKey, int]:
    """How many candidates are wanted of each question."""
    found: dict[BaseKey, int] = {}
    for one in many:
        base = one.question.base
        found[base] = max(found.get(base, 0), one.question.frame.wanted)
    return found


def _new(prepared: Prepared, number: int, tally: _Tally) -> NewAsks:
    node = prepared.grid.nodes[number]
    return NewAsks(str(node.id), node.title, node.tab, tally.new, tally.rows, tally.more)
