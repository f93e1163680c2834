"""Stopping early: a person's wish, a failure where failing fast was asked for, a group that takes too long."""

from __future__ import annotations

import asyncio

from rushes.engine.desk import Desk
from rushes.engine.order import Phase
from rushes.engine.units import Units
from rushes.errors import ErrorClass, RemoteError
from rushes.model.workflow import Node


class Halts:
    """What may end a run, or a part of it, before its work is done."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._begun: set[str] = set()

    def stop(self, units: Units) -> None:
        """A person asked: admit nothing, leave what can be found again, let the rest finish.

        When they insist, what a provider is at is called off, whatever it charges.
        """
        desk = self._desk
        desk.halted["run"] = desk.parts.stop.why or "the run was stopped"
        units.hold_back()
        if desk.parts.stop.insisted:
            self._call_off(None, RemoteError(ErrorClass.CANCELLED, "the run was stopped"))
        elif not desk.parts.stop.patient:
            for task, unit in desk.running.items():
                if unit.order is not None and unit.order.phase is Phase.POLLING:
                    task.cancel()  # in the middle of a question, which costs nothing
        desk.wake.set()

    def lost(self, units: Units, node: Node) -> None:
        """A node failed: begin nothing new where that was asked for, and call off what is under way."""
        if self._desk.job.fail_fast:
            self._fail_fast(units, "run", f"stopped after {node.called} failed (fail fast)")
        for name in self._desk.groups(node):
            if self._desk.specs[name].fail_fast:
                self._fail_fast(units, name, f"its group stopped after {node.called} failed")

    def begins(self, units: Units, name: str) -> None:
        """The first unit under a limit goes: from here the time of a group runs."""
        spec = self._desk.specs.get(name)
        if spec is None or spec.timeout is None or name in self._begun:
            return
        self._begun.add(name)
        why = f"its group {spec.name} ran longer than {spec.timeout:g} s"
        asyncio.get_running_loop().call_later(spec.timeout, self._group_over, units, name, why)

    def _fail_fast(self, units: Units, name: str, why: str) -> None:
        if self._halt(units, name, why):
            self._call_off(name, RemoteError(ErrorClass.CANCELLED, why))

    def _group_over(self, units: Units, name: str, why: str) -> None:
        self._halt(units, name, why)
        self._call_off(name, RemoteError(ErrorClass.TIMEOUT, why))
        self._desk.wake.set()

    def _halt(self, units: Units, name: str, why: str) -> bool:
        if name in self._desk.halted:
            return False
        self._desk.halted[name] = why
        limit = None if name == "run" else name
        waiting = [*self._desk.queue.drain(limit), *(unit for unit, _short in units.purse.drain(limit))]
        for unit in waiting:
            units.ahead.drop(unit)
            units.give_up(unit, RemoteError(ErrorClass.CANCELLED, why))
        return True

    def _call_off(self, name: str | None, why: RemoteError) -> None:
        """Mark what is under way: each ends between two questions, so that no submission is torn in the middle."""
        for unit in self._desk.running.values():
            if unit.order is not None and (name is None or name in unit.lane):
                unit.order.doom = unit.order.doom or why
                if unit.order.remote is not None:
                    self._desk.parts.pace.wakes.wake(unit.order.remote)
