"""Which time the requests of a plan have, and who says so: one line for all that are alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from rushes.app.plan import Prepared
from rushes.model.operation import Operation
from rushes.model.patience import Patience
from rushes.model.workflow import Node


class TimeLimit(NamedTuple):
    """How long one request of a model may take at its provider, and for how many nodes of the plan that holds."""

    provider: str
    model: str
    nodes: int
    patience: Patience

    def plain(self) -> dict[str, Any]:
        """As JSON; seconds."""
        patience = self.patience
        return {
            "provider": self.provider,
            "model": self.model,
            "nodes": self.nodes,
            "seconds": patience.seconds,
            "most": patience.most,
            "source": patience.source,
            "known": patience.known,
            "says": patience.says,
        }


def time_limits(prepared: Prepared) -> Sequence[TimeLimit]:
    """The times of everything that the plan may ask for, by provider and model, the longest first of each."""
    alike: dict[tuple[str, str, Operation, float | None], list[Node]] = {}
    for node, one in zip(prepared.grid.nodes, prepared.plan.nodes, strict=True):
        if one.most:
            alike.setdefault((one.provider, one.model, node.op, node.timeout), []).append(node)
    found: dict[tuple[str, str, Patience], int] = {}
    for (provider, model, _op, _timeout), nodes in alike.items():
        known = (provider, model, prepared.models.patience(nodes[0]))
        found[known] = found.get(known, 0) + len(nodes)
    limits = [TimeLimit(provider, model, count, patience) for (provider, model, patience), count in found.items()]
    return sorted(limits, key=lambda one: (one.provider, one.model, -one.patience.seconds))
