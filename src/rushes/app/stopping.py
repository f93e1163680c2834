"""The wish to stop a run, for doors: they pass it in with `Hooks` and never look inside the engine."""

from __future__ import annotations

from rushes.engine.parts import Stop

__all__ = ["Stop"]
