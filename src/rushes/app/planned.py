"""The plan as doors see it: they may read it, and they never make one."""

from __future__ import annotations

from rushes.graph.planned import Action, FirstPass, NodePlan, Plan

__all__ = ["Action", "FirstPass", "NodePlan", "Plan"]
