"""How small a step can be: the lowest resolution that its model has, or the one that is nearest to a wish."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from rushes.app.models import Models
from rushes.app.project import Project
from rushes.catalogue.endpoints import takes_at
from rushes.model.media import Kind
from rushes.model.operation import Operation
from rushes.model.profile import SMALLEST
from rushes.model.spelling import SIZE
from rushes.model.workflow import Node

_MADE = frozenset(
    {
        Operation.TEXT_TO_IMAGE,
        Operation.IMAGE_TO_IMAGE,
        Operation.TEXT_TO_VIDEO,
        Operation.IMAGE_TO_VIDEO,
        Operation.VIDEO_TO_VIDEO,
        Operation.AVATAR,
    }
)
_HERE = {Kind.IMAGE: "512px", Kind.VIDEO: "360p"}
"""What `smallest` means to a provider of this machine, which draws any size."""

RESOLUTION = "resolution"

_NUMBER = re.compile(r"(\d+(?:\.\d+)?)\s*(k|px|p)?")


def resolutions_for(project: Project, models: Models, node: Node, wish: str | None) -> Sequence[Any]:
    """The resolutions that a node may be asked in, the best to this wish first; none where it has none to choose."""
    if wish is None or node.op not in _MADE or any(name in node.params for name in (*SIZE, "width", "height")):
        return ()
    provider = models.provider_of(node)
    if not project.remote(provider):
        return (wish if wish != SMALLEST else _HERE[node.signature.output or Kind.IMAGE],)
    found = project.catalogue.offered(models.choose(node).model, node.op, provider)
    takes = None if found is None else takes_at(provider, found[1].endpoint)
    allowed = [one for one in (takes.allowed(RESOLUTION) or () if takes is not None else ()) if lines_of(one)]
    wanted = 0 if wish == SMALLEST else lines_of(wish)
    return sorted(allowed, key=lambda one: abs(lines_of(one) - wanted))


def lines_of(text: object) -> float:
    """How high a picture of that resolution is, about: `720p`, `1K` (its longer side), `512px`; 0 for other words."""
    found = _NUMBER.fullmatch(str(text).strip().lower())
    if found is None:
        return 0
    number = float(found[1])
    return number if found[2] == "p" else (number * 1024 if found[2] == "k" else number) * 9 / 16
