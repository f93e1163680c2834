"""What a program gets back: a plan, what a run came to, the answer to one question."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from rushes.app.made import Made
from rushes.app.planned import Plan
from rushes.app.summary import RunSummary
from rushes.errors import ErrorClass, NotFound, RemoteError
from rushes.model.problem import Problem
from rushes.model.run import RunState
from rushes.model.verdict import Verdict

if TYPE_CHECKING:
    from rushes.python.workflow import Workflow


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Planned:
    """What a run of this workflow would do. `plan` has it all; money in USD, times in seconds."""

    workflow: Workflow
    plan: Plan
    problems: tuple[Problem, ...] = ()

    @property
    def fingerprint(self) -> str:
        """What a run may be bound to: `client.run(..., plan=planned)`."""
        return self.plan.fingerprint

    @property
    def calls(self) -> int:
        """Requests that are certain."""
        return self.plan.calls

    @property
    def least(self) -> Decimal:
        """What is certain to be spent, as far as prices are known."""
        return self.plan.money.low

    @property
    def most(self) -> Decimal | None:
        """What it costs if everything uncertain becomes necessary; None where a price is unknown."""
        return None if self.plan.money.unknown else self.plan.money.high

    @property
    def seconds(self) -> float:
        """The least time that it can take."""
        return self.plan.seconds

    @property
    def reasons(self) -> dict[str, str]:
        """Why each step would run, be used again or wait, by its id."""
        return {str(one.node): one.reason for one in self.plan.nodes}

    def __repr__(self) -> str:
        return f"Planned({self.workflow.file.name}, calls={self.calls}, most={self.most}, {self.fingerprint})"

    def _repr_html_(self) -> str:
        from rushes.python.display import plan_html

        return plan_html(self.workflow.file, self.plan)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Ran:
    """What a run came to: its summary, and each result that it has, those of earlier runs too."""

    summary: RunSummary
    results: tuple[Made, ...]

    @property
    def ok(self) -> bool:
        """Whether everything that was wanted is there."""
        return self.summary.state is RunState.DONE

    @property
    def cost(self) -> Decimal | None:
        """What the run was charged, in USD; None where nobody knows all of it. See `simulated`."""
        return None if self.summary.unpriced else self.summary.spent

    @property
    def simulated(self) -> bool:
        """Whether a simulator stood in, so that `cost` is play money."""
        return self.summary.simulator is not None

    @property
    def picked(self) -> tuple[Made, ...]:
        """The results that stand: of several candidates the one that was chosen."""
        return tuple(one for one in self.results if one.picked)

    def of(self, node: str) -> tuple[Made, ...]:
        """The results of one step, by its id or title. Raises NotFound."""
        found = tuple(one for one in self.results if node in (one.node, one.title))
        if not found:
            there = ", ".join(dict.fromkeys(str(one.node) for one in self.results)) or "none"
            raise NotFound(f"there is no result of {node!r}", next_step=f"there are results of: {there}")
        return found

    def __repr__(self) -> str:
        return f"Ran({self.summary.run}, {self.summary.state}, results={len(self.results)}, cost={self.cost})"

    def _repr_html_(self) -> str:
        from rushes.python.display import ran_html

        return ran_html(self.summary, self.results)


class Answer(Ran):
    """The answer to one question: what it says is said of the result that stands. The others are in `results`."""

    __slots__ = ()

    @property
    def result(self) -> Made:
        """The result that stands."""
        return next((one for one in self.results if one.picked), self.results[0])

    @property
    def path(self) -> Path:
        """Its file."""
        path = self.result.path
        assert path is not None, "what an operation makes is exported"
        return path

    @property
    def text(self) -> str | None:
        """Its text, where it is one."""
        return self.result.text

    @property
    def verdict(self) -> Verdict:
        """What the checks made of it."""
        return self.result.verdict

    @property
    def seconds(self) -> float | None:
        """From asking to having it; None where it was there before."""
        return self.result.took

    @property
    def model(self) -> str:
        """The version that was asked."""
        return self.result.model

    @property
    def reused(self) -> bool:
        """Whether it was there before, and cost nothing now."""
        return self.result.reused

    def __repr__(self) -> str:
        said = repr(self.text) if self.text is not None else str(self.path)
        return f"Answer({said}, cost={self.cost}, reused={self.reused})"


def answer_of(ran: Ran) -> Answer:
    """The answer that a run of one question is. Raises RemoteError where there is none."""
    if ran.results and ran.summary.state is RunState.DONE:
        return Answer(summary=ran.summary, results=ran.results)
    raise _why_not(ran.summary)


def _why_not(summary: RunSummary) -> RemoteError:
    if summary.failures:
        first = summary.failures[0]
        kind = ErrorClass(first.kind) if first.kind else ErrorClass.CANCELLED
        # what the summary says names a file, and there is none
        step = first.next_step if summary.run in first.next_step else "ask again, or ask for something else"
        return RemoteError(kind, first.message, maybe_billed=bool(summary.spent), next_step=step)
    if summary.waiting:
        held = summary.waiting[0]
        return RemoteError(ErrorClass.UNKNOWN_OUTCOME, held.says, maybe_billed=True, next_step=held.command)
    step = f"go on with: rushes resume {summary.run}"
    return RemoteError(ErrorClass.CANCELLED, f"run {summary.run} was stopped", next_step=step)
