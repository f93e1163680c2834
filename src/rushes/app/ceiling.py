"""Ceilings that a document sets, held against the plan: what could go over is refused before anything is bought.

The worst case is meant: every request that may become necessary, each candidate flagged until its attempts are used
up. An unknown price cannot be kept under a ceiling, so it is refused under one; it is never counted as zero.
"""

from __future__ import annotations

import time
from decimal import Decimal

from rushes.app.plan import Prepared
from rushes.app.project import Project
from rushes.errors import RefusedError
from rushes.graph.planned import NodePlan
from rushes.ledger.fold import fold
from rushes.model.money import ZERO, Estimate, show_usd


def keep_ceilings(project: Project, prepared: Prepared) -> None:
    """Raises RefusedError naming the ceiling, the worst case and what to do."""
    settings, plan = prepared.workflow.settings, prepared.plan
    attempts = prepared.setting.attempts
    _hold("the run", plan.money, attempts, settings.max_cost, "settings.max_cost")
    budgets = {node.id: node for node in prepared.grid.nodes if node.budget is not None}
    for one in plan.nodes:
        if one.node in budgets:
            node = budgets[one.node]
            _hold(_named(one), one.money, node.attempts or attempts, node.budget, "its budget")
    if settings.daily_limit is not None and _costs(plan.money):
        left = max(settings.daily_limit - _spent_today(project), ZERO)
        _hold("the run", plan.money, attempts, left, f"what is left of daily_limit {show_usd(settings.daily_limit)}")


def _hold(what: str, money: Estimate, attempts: int, ceiling: Decimal | None, name: str) -> None:
    if ceiling is None or not _costs(money):
        return
    if money.unknown:
        raise RefusedError(
            f"{what} has {money.unknown} requests without a known price, and {name} is {show_usd(ceiling)}",
            next_step="choose models with a known price, or take the ceiling away",
        )
    worst = money.high * attempts
    if worst > ceiling:
        raise RefusedError(
            f"{what} may cost {show_usd(worst)} ({show_usd(money.high)}, each flagged result made up to {attempts}"
            f" times), and {name} is {show_usd(ceiling)}",
            next_step="run less (--only, --mode images), allow fewer --attempts, or raise the ceiling",
        )


def _costs(money: Estimate) -> bool:
    return bool(money.high or money.unknown)


def _named(one: NodePlan) -> str:
    return one.title or str(one.node)


def _spent_today(project: Project) -> Decimal:
    now = time.localtime()
    midnight = time.mktime((now.tm_year, now.tm_mon, now.tm_mday, 0, 0, 0, 0, 0, -1))
    spent = ZERO
    for record in project.ledger.runs(limit=10_000):
        if record.updated >= midnight:
            today = (entry for entry in project.ledger.events(record.id) if entry.at >= midnight)
            money = fold(today).money
            spent += money.billed + money.held
    return spent
