"""Stopping early: a person's wish, a failure where failing fast was asked for, a group that takes too long."""

from __future__ import annotations

import asyncio

from rushes.engine.attempt import Phase
from rushes.engine.desk import Desk
from rushes.engine.units import Units
from rushes.errors import ErrorClass, RemoteError
from rushes.model.workflow import Node


class Halts:
    """What may end a run, or a part of it, before its work is done."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._begun: set[str] = set()

    def stop(self, units: Units) -> None:
        """A person asked: admit nothing, leave what can be found again, let the rest finish."""
        desk = self._desk
        desk.halted["run"] = "the run was stopped"
        for unit in desk.queue.drain():
            units.ahead.drop(unit)
        for task, unit in desk.running.items():
            if unit.order is not None and unit.order.phase is Phase.POLLING:
                task.cancel()
        desk.wake.set()

    def lost(self, units: Units, node: Node) -> None:
        """A node failed: begin nothing new where that was asked for."""
        if self._desk.job.fail_fast:
            self._halt(units, "run", f"stopped after {node.called} failed (fail fast)")
        for name in self._desk.groups(node):
            if self._desk.specs[name].fail_fast:
                self._halt(units, name, f"its group stopped after {node.called} failed")

    def begins(self, units: Units, name: str) -> None:
        """The first unit under a limit goes: from here the time of a group runs."""
        spec = self._desk.specs.get(name)
        if spec is None or spec.timeout is None or name in self._begun:
            return
        self._begun.add(name)
        why = f"its group {spec.name} ran longer than {spec.timeout:g} s"
        asyncio.get_running_loop().call_later(spec.timeout, self._group_over, units, name, why)

    def _halt(self, units: Units, name: str, why: str) -> None:
        if name in self._desk.halted:
            return
        self._desk.halted[name] = why
        for unit in self._desk.queue.drain(None if name == "run" else name):
            units.ahead.drop(unit)
            units.give_up(unit, RemoteError(ErrorClass.CANCELLED, why))

    def _group_over(self, units: Units, name: str, why: str) -> None:
        self._halt(units, name, why)
        for task, unit in self._desk.running.items():
            if name in unit.lane:
                unit.doom = RemoteError(ErrorClass.TIMEOUT, why)
                task.cancel()
        self._desk.wake.set()
