"""What a difference is made of, as doors see it: they may read it, and they never make one."""

from __future__ import annotations

from rushes.app.diff_means import Means, NewAsks
from rushes.graph.diff import NodeDiff, Place, TabDiff
from rushes.graph.diff_node import Change

__all__ = ["Change", "Means", "NewAsks", "NodeDiff", "Place", "TabDiff"]
