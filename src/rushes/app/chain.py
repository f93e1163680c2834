"""A run told as a chain of steps: what each made, where it lies, what it cost. The words of the YAML suite's own tools.

Their commands and their Python calls both speak this way; nothing here runs anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rushes.app.made import Made
from rushes.app.summary import NodeLine, RunSummary
from rushes.graph.value import State
from rushes.model.operation import Operation
from rushes.model.run import RunState

SILENT = (str(Operation.PROMPT), str(Operation.MEDIA))
"""Nodes that make nothing of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTold:
    """One step. `outputs` are paths, or texts where that is what it makes. USD (None: not known), seconds."""

    name: str
    type: str
    model: str | None
    success: bool
    skipped: bool  # not wanted: its condition did not hold, or it was not selected
    outputs: tuple[str, ...]
    cost: Decimal | None
    seconds: float
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """A whole run. `error` is the first thing that went wrong, with its next step."""

    run: str
    success: bool
    stopped: bool
    simulated: bool
    steps: tuple[StepTold, ...]
    cost: Decimal
    seconds: float
    error: str | None

    @property
    def completed(self) -> int:
        """How many steps have all that they should make."""
        return sum(one.success for one in self.steps)

    @property
    def outputs(self) -> dict[str, list[str]]:
        """What each step made, by its name."""
        return {one.name: list(one.outputs) for one in self.steps}

    @property
    def last(self) -> str | None:
        """What the chain came to: the output of its last step that has one."""
        return next((one.outputs[-1] for one in reversed(self.steps) if one.outputs), None)

    def plain(self) -> dict[str, Any]:
        """As JSON; amounts as numbers, because that is what these tools print."""
        return {
            "success": self.success,
            "steps_completed": self.completed,
            "total_steps": len(self.steps),
            "total_cost": float(self.cost),
            "total_time": round(self.seconds, 3),
            "output_path": self.last,
            "outputs": self.outputs,
            "step_results": [
                {
                    "step": one.name,
                    "type": one.type,
                    "model": one.model,
                    "success": one.success,
                    "outputs": list(one.outputs),
                    "cost": None if one.cost is None else float(one.cost),
                    "time": round(one.seconds, 3),
                    "error": one.error,
                }
                for one in self.steps
            ],
            "error": self.error,
            "run": self.run,
            "simulated": self.simulated,
        }


def chain_of(summary: RunSummary, made: Sequence[Made]) -> Chain:
    """A finished run and all that it made, as a chain."""
    outputs: dict[str, list[str]] = {}
    for one in made:
        if one.picked:
            # what is written for people to read is told, not where it lies
            said = one.text if one.text is not None else str(one.path) if one.path is not None else None
            outputs.setdefault(str(one.node), []).extend([said] if said is not None else [])
    wrong = {str(one.node): one.message for one in reversed(summary.failures)}
    steps = tuple(_step(line, outputs, wrong) for line in summary.nodes if line.op not in SILENT)
    return Chain(
        run=summary.run,
        success=summary.state is RunState.DONE,
        stopped=summary.state is RunState.INTERRUPTED,
        simulated=summary.simulator is not None,
        steps=steps,
        cost=summary.spent,
        seconds=summary.seconds,
        error=_error(summary),
    )


def _step(line: NodeLine, outputs: dict[str, list[str]], wrong: dict[str, str]) -> StepTold:
    name = str(line.node)
    return StepTold(
        name=name,
        type=line.op,
        model=line.model,
        success=line.done == line.rows,
        skipped=line.state == State.SKIPPED,
        outputs=tuple(outputs.get(name, ())),
        cost=line.spent,
        seconds=line.seconds,
        error=None if line.done == line.rows else wrong.get(name) or line.says or None,
    )


def _error(summary: RunSummary) -> str | None:
    for failure in summary.failures:
        return f"{failure.node}: {failure.message} ({failure.next_step})"
    for waiting in summary.waiting:
        return f"{waiting.node}: {waiting.says} ({waiting.command})"
    return None if summary.state is RunState.DONE else f"the run is {summary.state}: rushes resume {summary.run}"
