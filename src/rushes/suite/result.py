"""What a call came to, in the words that the suite has for it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rushes.app.chain import Chain, chain_of
from rushes.python.answers import Ran


@dataclass(frozen=True, slots=True)
class Result:
    """What a call came to. Costs are USD as floats, None where nobody knows; times are seconds."""

    ran: Ran

    @property
    def chain(self) -> Chain:
        """The run, step by step."""
        return chain_of(self.ran.summary, self.ran.results)

    @property
    def success(self) -> bool:
        """Whether everything that was wanted is there."""
        return self.ran.ok

    @property
    def usd(self) -> Decimal | None:
        """The cost, exactly."""
        return self.ran.cost

    @property
    def total_cost(self) -> float | None:
        """The cost."""
        return None if self.usd is None else float(self.usd)

    cost = total_cost

    @property
    def total_time(self) -> float:
        """How long the run was driven."""
        return self.ran.summary.seconds

    @property
    def steps_completed(self) -> int:
        """How many steps have all their results."""
        return self.chain.completed

    @property
    def total_steps(self) -> int:
        """How many steps there are."""
        return len(self.chain.steps)

    @property
    def output_path(self) -> str | None:
        """The file of the last step that made one."""
        paths = [str(one.path) for one in self.ran.picked if one.path is not None]
        return paths[-1] if paths else None

    @property
    def text(self) -> str | None:
        """The text of the last step that made one."""
        texts = [one.text for one in self.ran.picked if one.text is not None]
        return texts[-1] if texts else None

    @property
    def outputs(self) -> dict[str, list[str]]:
        """What each step made, by its name: paths, or texts."""
        return self.chain.outputs

    @property
    def step_results(self) -> list[dict[str, Any]]:
        """Each step: name, type, model, success, outputs, cost, time, error."""
        found: list[dict[str, Any]] = self.chain.plain()["step_results"]
        return found

    @property
    def error(self) -> str | None:
        """The first thing that went wrong, with its next step."""
        return self.chain.error

    def _repr_html_(self) -> str:
        return self.ran._repr_html_()
