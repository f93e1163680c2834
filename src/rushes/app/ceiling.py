"""The plan held against the ceilings, before anything is bought.

Three answers. What costs more for certain than is left is refused, and so is an unknown price: nobody can keep a
ceiling on it, and it is never counted as zero. What may cost more, should everything that is uncertain come true, goes
on and says so: the ledger stops buying exactly at the ceiling (`Ledger.commit`), and what was made until then is kept.
All the rest goes on in silence.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from decimal import Decimal

from rushes.app.plan import Prepared
from rushes.app.project import Project
from rushes.app.scopes import Ceiling, account_of, ceilings_of
from rushes.errors import RefusedError
from rushes.graph.planned import NodePlan
from rushes.ledger.books import balance
from rushes.model.ids import RunId
from rushes.model.listed import first_of
from rushes.model.money import ZERO, Estimate, show_usd, sum_of
from rushes.model.scope import BATCH, NODE, RUN, kind_of


def keep_ceilings(project: Project, prepared: Prepared, run: RunId, *, times: int = 1) -> Prepared:
    """The same, with a warning in its plan for each ceiling that the run may meet.

    With `times` it is about so many runs, where a ceiling is on more than one of them. Raises RefusedError naming the
    ceiling, what is left of it, what is needed and what to do.
    """
    ceilings = ceilings_of(project, prepared, run) if _costs(prepared.plan.money) else []
    warnings = []
    for ceiling in ceilings:
        nodes = _under(ceiling, prepared, run)
        runs = 1 if kind_of(ceiling.scope) in (NODE, RUN) else times
        money = _total(nodes).times(runs)
        if not _costs(money):
            continue
        left = _left(project, ceiling, account_of(ceiling, prepared), run)
        _refuse(ceiling, nodes, money, left)
        worst = worst_of(nodes, prepared) * runs
        if worst > left:
            warnings.append(_warning(ceiling, money.high, worst, left))
    if not warnings:
        return prepared
    plan = dataclasses.replace(prepared.plan, warnings=(*prepared.plan.warnings, *warnings))
    return dataclasses.replace(prepared, plan=plan)


def foresee(project: Project, prepared: Prepared) -> Prepared:
    """`keep_ceilings` for a look at the plan: what would be refused is one more warning."""
    try:
        return keep_ceilings(project, prepared, RunId(""))
    except RefusedError as error:
        says = f"a run would be refused: {error.message} ({error.next_step})"
        plan = dataclasses.replace(prepared.plan, warnings=(*prepared.plan.warnings, says))
        return dataclasses.replace(prepared, plan=plan)


def _under(ceiling: Ceiling, prepared: Prepared, run: RunId) -> list[NodePlan]:
    if kind_of(ceiling.scope) != NODE:
        return list(prepared.plan.nodes)
    return [one for one in prepared.plan.nodes if ceiling.scope == f"{NODE}:{run}/{one.node}"]


def _total(nodes: Sequence[NodePlan]) -> Estimate:
    return sum_of(one.money for one in nodes)


def _costs(money: Estimate) -> bool:
    return bool(money.high or money.unknown)


def worst_of(nodes: Sequence[NodePlan], prepared: Prepared) -> Decimal:
    """USD for every request that may become necessary, each candidate flagged until its attempts are used up."""
    own = {node.id: node.attempts for node in prepared.grid.nodes}
    return sum((one.money.high * (own.get(one.node) or prepared.setting.attempts) for one in nodes), ZERO)


def _left(project: Project, ceiling: Ceiling, name: str, run: RunId) -> Decimal:
    """What a ceiling still allows. What this run holds for requests it left open is for what its plan counts again."""
    account = project.ledger.accounts([name])[name]
    held = account.held
    if held:
        held = max(held - balance(project.ledger.events(run)).held, ZERO)
    return max(ceiling.most - account.spent - held, ZERO)


def _refuse(ceiling: Ceiling, nodes: Sequence[NodePlan], money: Estimate, left: Decimal) -> None:
    if money.unknown:
        unknown = [one.title or str(one.node) for one in nodes if one.money.unknown]
        raise RefusedError(
            f"{money.unknown} requests have no known price ({first_of(unknown)}),"
            f" and {ceiling.source} is {show_usd(ceiling.most)}: nothing without a price is bought under a ceiling",
            next_step="choose models with a known price, leave these out with --except, or take the ceiling away",
        )
    if money.low > left:
        raise RefusedError(
            f"this costs {show_usd(money.low)} at least, and {_allows(ceiling, left)}",
            next_step=f"run less (--only, --mode images), or raise {_raised(ceiling)}",
        )


def _warning(ceiling: Ceiling, high: Decimal, worst: Decimal, left: Decimal) -> str:
    again = f" ({show_usd(high)}, and more where results are flagged and made again)" if worst != high else ""
    return f"this may cost {show_usd(worst)}{again}, and {_allows(ceiling, left)}: what comes after that is not bought"


def _allows(ceiling: Ceiling, left: Decimal) -> str:
    if left == ceiling.most:
        return f"{ceiling.source} is {show_usd(ceiling.most)}"
    return f"{ceiling.source}, {show_usd(ceiling.most)} in all, allows {show_usd(left)} more"


def _raised(ceiling: Ceiling) -> str:
    return "the ceiling with --budget" if kind_of(ceiling.scope) in (RUN, BATCH) else ceiling.source
