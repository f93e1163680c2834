"""How many requests at once make sense, by what they make: said when a batch goes far beyond it.

More at once than a provider works on only wait in its queue, where they can be refused, and come back late when the
batch is stopped. The figures are for one account at a usual provider.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rushes.app.limits_shown import at_once
from rushes.app.plan import Prepared
from rushes.app.project import Project
from rushes.model.media import Kind
from rushes.model.operation import Where
from rushes.model.workflow import Node


class Sensible(NamedTuple):
    """Requests at once: usual from `low` to `high`, and never more than `most`."""

    what: str
    low: int
    high: int
    most: int


_SENSIBLE = {
    Kind.IMAGE: Sensible("images", 10, 20, 50),
    Kind.VIDEO: Sensible("videos", 3, 5, 10),
    Kind.TEXT: Sensible("analyses", 20, 50, 100),
}


def advice(project: Project, prepared: Prepared) -> Iterator[str]:
    """One sentence for each kind of work of which more is asked at once than makes sense."""
    said: set[Kind] = set()
    asked = {one.op for one in prepared.plan.nodes if one.provider}
    for node in prepared.workflow.nodes():
        kind = node.signature.output
        if kind is None or kind in said or node.signature.where is not Where.REMOTE or node.op not in asked:
            continue
        said.add(kind)
        sensible = _SENSIBLE.get(kind)
        at_once = _at_once(project, prepared, node)
        if sensible is not None and at_once is not None and at_once > sensible.most:
            yield (
                f"{at_once} {sensible.what} at once: {sensible.low} to {sensible.high} are usual, and more than"
                f" {sensible.most} gain nothing; --concurrency says how many"
            )


def _at_once(project: Project, prepared: Prepared, node: Node) -> int | None:
    """How many requests of a node may be in flight, as far as anybody says or it was found."""
    provider = prepared.models.provider_of(node)
    known = [one for one in (prepared.concurrency, at_once(project, [provider])[provider]) if one is not None]
    return min(known, default=None)
