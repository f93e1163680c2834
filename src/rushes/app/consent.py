"""Consent: whether a run may spend what its plan says without anybody's word, and whose word it takes if not.

A ceiling says what is never spent; this says what is not spent *unseen*. Up to a threshold nobody is asked. Above it
whoever is there is asked once, before anything is bought, and where nobody is there nothing is. Every use case that
buys goes through here, so that no door (a shell, a page, an agent, a program) can forget it.

What costs nothing needs no word, nor does a rehearsal: simulated money is no money.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from rushes.app.ceiling import worst_of
from rushes.app.config import ABOVE, PROJECT_FILE, load_config
from rushes.app.plan import Prepared
from rushes.app.plan_warned import SIMULATED
from rushes.app.project import Project
from rushes.app.scopes import ceilings_of
from rushes.errors import RefusedError
from rushes.graph.planned import NodePlan
from rushes.model.ids import RunId
from rushes.model.money import ZERO, show_usd, sum_of
from rushes.model.scope import NODE, kind_of

THRESHOLD = Decimal("1.00")
"""USD that a run may cost at most without being asked about, where nobody says otherwise: a few stills and no film."""

_ALLOW = f"buy it with --yes, say with --budget how much, or set {ABOVE} of [consent] in {PROJECT_FILE}"
_UNHELD = "require_confirmation: false counts under a ceiling, such as max_cost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What somebody is asked about, in USD: `expected` if no result is made again, `most` whatever happens.

    `most` is None where a price is unknown; `unknown` counts those requests, and `expected` is without them.
    `above` is the threshold that it goes over, `source` what set it, `before` what was bought without a word already.
    """

    requests: int
    expected: Decimal
    most: Decimal | None
    unknown: int
    above: Decimal
    source: str
    before: Decimal = ZERO

    @property
    def above_it(self) -> bool:
        """Whether somebody must agree."""
        return self.most is None or self.before + self.most > self.above

    @property
    def says(self) -> str:
        """What it may cost, as part of a sentence."""
        if self.most is None:
            known = f"{show_usd(self.expected)} and " if self.expected else ""
            return f"{known}an unknown amount for {self.unknown:,} of {self.requests:,} requests"
        if self.most == self.expected:
            return show_usd(self.most)
        return f"{show_usd(self.expected)}, and up to {show_usd(self.most)} where results are flagged and made again"


Answer = Callable[[Spending], bool]
"""Whoever is there: true lets it be bought."""


def given(_spending: Spending) -> bool:
    """Consent that was given beforehand: `--yes`."""
    return True


def keep_consent(project: Project, prepared: Prepared, run: RunId, answer: Answer | None) -> None:
    """Ask about what a plan may spend, if it must be asked about. Raises RefusedError: no, or nobody there (None).

    What a program bought before without a word counts: a loop of small runs is one large one.
    """
    spending = _held_against(project, prepared, 1, sum(project.unasked.values(), ZERO))
    if spending is None:
        return
    if not spending.above_it:
        assert spending.most is not None
        project.unasked[run] = project.unasked.get(run, ZERO) + spending.most
        return
    agree(spending, answer)


def has_cost(project: Project, run: RunId, usd: Decimal) -> None:
    """A run that nobody was asked about has ended, and came to this: what it might have cost besides is free again."""
    if run in project.unasked:
        project.unasked[run] = min(project.unasked[run], usd)


def agree(spending: Spending, answer: Answer | None) -> None:
    """Have somebody agree to this; None: nobody is there. Raises RefusedError where nobody does."""
    if answer is None:
        raise RefusedError(f"{_needed(spending)}, and nobody is here to be asked", next_step=_ALLOW)
    if not answer(spending):
        raise RefusedError("nobody agreed, and nothing is bought", next_step="see what it would do with: rushes plan")


def foresee_consent(project: Project, prepared: Prepared) -> Prepared:
    """The same for a look at the plan, with a warning where a run of it asks first."""
    spending = spending_of(project, prepared)
    if spending is None:
        return prepared
    says = f"a run asks first: {_needed(spending)} (where nobody is asked: {_ALLOW})"
    plan = dataclasses.replace(prepared.plan, warnings=(*prepared.plan.warnings, says))
    return dataclasses.replace(prepared, plan=plan)


def _needed(spending: Spending) -> str:
    limit = f"{show_usd(spending.above)} ({spending.source})"
    after = f", after {show_usd(spending.before)} that nobody was asked about" if spending.before else ""
    return f"this costs {spending.says}{after}, and above {limit} somebody must agree"


def spending_of(project: Project, prepared: Prepared, *, times: int = 1, before: Decimal = ZERO) -> Spending | None:
    """What must be agreed to before this plan is carried out `times` times; None: nothing.

    Whoever asks once for several runs (a benchmark, a table) hands on `given` to each of them. `before` is what
    was bought without a word as part of the same, in USD: many small parts are one large whole.
    """
    spending = _held_against(project, prepared, times, before)
    return spending if spending is not None and spending.above_it else None


def _held_against(project: Project, prepared: Prepared, times: int, before: Decimal) -> Spending | None:
    """What is held against the threshold; None: nothing, it costs nothing or has somebody's word."""
    nodes = [one for one in prepared.plan.nodes if _costs(one) and not _simulated(project, one)]
    if not nodes:
        return None
    # a ceiling on all of a run bounds what it spends; one on a step does not bound the others
    ceilings = [one for one in ceilings_of(project, prepared, RunId("")) if kind_of(one.scope) != NODE]
    threshold = _threshold(project, prepared, bool(ceilings))
    if threshold is None:
        return None
    above, source = threshold
    money = sum_of(one.money for one in nodes)
    most = None if money.unknown else min([worst_of(nodes, prepared), *(one.most for one in ceilings)]) * times
    return Spending(
        requests=sum(one.most for one in nodes) * times,
        expected=money.high * times if most is None else min(money.high * times, most),
        most=most,
        unknown=money.unknown * times,
        above=above,
        source=source,
        before=before,
    )


def _costs(node: NodePlan) -> bool:
    return bool(node.money.high or node.money.unknown)


def _simulated(project: Project, node: NodePlan) -> bool:
    return project.simulated(node.provider.removesuffix(SIMULATED))


def _threshold(project: Project, prepared: Prepared, bound: bool) -> tuple[Decimal, str] | None:
    """Above what a run is asked about, and what says so; None: it is not. `bound`: a ceiling holds it.

    A document is often somebody else's: it can be stricter than the person who runs it, and less strict only where a
    ceiling holds it and that person has said nothing. `--budget` is that person's word about this very run.
    """
    confirm = prepared.workflow.settings.confirm
    if confirm:
        return ZERO, "require_confirmation of the document"
    if prepared.options.budget is not None or project.limit is not None:
        return None
    filed = load_config(prepared.file.absolute().parent, {}, {}).consent.get(ABOVE)
    if filed is not None:
        return filed.value, f"{ABOVE} of [consent] in {PROJECT_FILE}"
    if confirm is False and bound:
        return None
    return THRESHOLD, "the usual limit" if confirm is None else f"the usual limit; {_UNHELD}"
