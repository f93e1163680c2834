"""Which time the requests of a plan have, and who says so: one line for all that are alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from rushes.app.plan import Prepared
from rushes.model.patience import Patience


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
    found: dict[tuple[str, str, Patience], int] = {}
    asked = {one.node: one for one in prepared.plan.nodes if one.most}
    for node in prepared.grid.nodes:
        one = asked.get(node.id)
        if one is not None:
            known = (one.provider, one.model, prepared.models.patience(node))
            found[known] = found.get(known, 0) + 1
    limits = [TimeLimit(provider, model, nodes, patience) for (provider, model, patience), nodes in found.items()]
    return sorted(limits, key=lambda one: (one.provider, one.model, -one.patience.seconds))
