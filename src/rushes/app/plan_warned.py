"""What a plan says besides its steps: that it is costly, that its prices are old, that a simulator stands in."""

from __future__ import annotations

import dataclasses
from datetime import date

from rushes.app.project import Project
from rushes.graph.planned import Plan
from rushes.model.money import show_usd
from rushes.model.workflow import Settings

SIMULATED = " (simulated)"
"""What a plan writes behind the name of a provider that a simulator stands in for."""


def warned(project: Project, plan: Plan, settings: Settings) -> Plan:
    """The plan with all that a person should know of it."""
    return _simulated(project, _dated(project, _costly(plan, settings)))


def _costly(plan: Plan, settings: Settings) -> Plan:
    """The plan, saying so when it may cost more than `warn_threshold`."""
    warn, money = settings.warn_cost, plan.money
    if warn is None or (money.high <= warn and not money.unknown):
        return plan
    most = "an unknown amount" if money.unknown else show_usd(money.high)
    says = f"this may cost {most}, and warn_threshold is {show_usd(warn)}"
    return dataclasses.replace(plan, warnings=(*plan.warnings, says))


def _dated(project: Project, plan: Plan) -> Plan:
    """The plan, saying which of its prices nobody has looked up for a while."""
    asked = {(one.provider, one.model, one.op) for one in plan.nodes if one.provider}
    remote = sorted(one for one in asked if project.remote(one[0]))
    if not remote:
        return plan
    from rushes.app.offers import oldest_price  # prices: for nobody who asks only providers of this machine

    today = date.today()
    old = {model: oldest_price(project.catalogue, provider, model, op, today) for provider, model, op in remote}
    said = [f"{model} ({days} days ago)" for model, days in old.items() if days is not None]
    if not said:
        return plan
    says = f"prices that were looked up a while ago, and may have changed: {', '.join(said)}"
    return dataclasses.replace(plan, warnings=(*plan.warnings, says))


def _simulated(project: Project, plan: Plan) -> Plan:
    """The plan, saying of every provider that a simulator stands in for that it is simulated."""
    if project.simulator is None:
        return plan
    stood_in = {one.provider for one in plan.nodes if one.provider and project.simulated(one.provider)}
    if not stood_in:
        return plan
    nodes = tuple(
        one._replace(provider=one.provider + SIMULATED) if one.provider in stood_in else one for one in plan.nodes
    )
    named = ", ".join(sorted(stood_in)) + SIMULATED
    says = f"{named}: {project.simulator} stands in, nothing is really bought, and its results serve no real run"
    return dataclasses.replace(plan, nodes=nodes, warnings=(*plan.warnings, says))
