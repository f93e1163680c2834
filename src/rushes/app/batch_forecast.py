"""The plan of a whole batch, before its first part: that part is planned exactly, the rest is taken to be like it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from decimal import ROUND_UP, Decimal

from rushes.app.batch_advice import advice
from rushes.app.batch_survey import Survey
from rushes.app.batch_told import Forecast
from rushes.app.ceiling import keep_ceilings
from rushes.app.plan import Prepared
from rushes.app.project import Project
from rushes.errors import RefusedError
from rushes.model.ids import RunId
from rushes.model.money import Estimate, show_usd

_CENT = Decimal("0.01")  # what is projected is no more exact than that


def forecast_of(project: Project, seen: Survey, prepared: Prepared, rows: int, left: int) -> Forecast:
    """What `left` rows come to, of which `rows` were prepared."""
    whole = scaled(prepared, Decimal(left) / rows)
    warnings = [*seen.warnings, *advice(project, prepared), *_foreseen(project, whole), *prepared.plan.warnings]
    return Forecast(
        rows=seen.rows,
        bad=seen.bad,
        left=left,
        planned=rows,
        calls=whole.plan.most,
        money=whole.plan.money,
        seconds=whole.plan.seconds,
        warnings=tuple(dict.fromkeys(warnings)),
        shown=seen.shown,
    )


def _foreseen(project: Project, whole: Prepared) -> Iterator[str]:
    """What the ceilings will say before the end."""
    try:
        kept = keep_ceilings(project, whole, RunId(""))
    except RefusedError as error:
        yield f"the batch will stop before its end: {error.message}"
    else:
        yield from kept.plan.warnings[len(whole.plan.warnings) :]
    warn, money = whole.workflow.settings.warn_cost, whole.plan.money
    if warn is not None and money.high > warn:
        yield f"all of it may cost {show_usd(money.high)}, and warn_threshold is {show_usd(warn)}"


def scaled(prepared: Prepared, factor: Decimal) -> Prepared:
    """The plan of some rows, for as many times as many."""

    def times(money: Estimate) -> Estimate:
        if factor == 1:
            return money
        low, high = ((one * factor).quantize(_CENT, ROUND_UP) for one in (money.low, money.high))
        return Estimate(low, high, round(money.unknown * factor))

    plan = prepared.plan
    plan = dataclasses.replace(
        plan,
        nodes=tuple([one._replace(money=times(one.money), most=round(one.most * factor)) for one in plan.nodes]),
        money=times(plan.money),
        calls=round(plan.calls * factor),
        most=round(plan.most * factor),
        seconds=plan.seconds * float(factor),
    )
    return dataclasses.replace(prepared, plan=plan)
