"""The accounts that a run's money is held in, and the ceilings that bind it, each with the place that set it."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from rushes.app.config import PROJECT_FILE, Sourced, load_config
from rushes.app.plan import Prepared
from rushes.app.project import Project
from rushes.model.ids import RunId
from rushes.model.scope import AGENT, BATCH, CLIENT, DAY, NODE, PROJECT, RUN, scope
from rushes.model.workflow import Node

Scopes = Callable[[Node], tuple[str, ...]]


class Ceiling(NamedTuple):
    """The most, in USD, that may be spent in a scope; `source` is what set it, for people."""

    scope: str
    most: Decimal
    source: str


def scopes_of(project: Project, prepared: Prepared, run: RunId) -> Scopes:
    """For a node, the accounts that a request of it is held in, innermost first.

    The day is the one on which the request is made: a run that goes on after midnight is on the new day's account. A
    node has an account of its own where the file gives it a budget. What a simulator charges is no money: a rehearsal
    has accounts of its own, and uses up nothing of the real day.
    """
    agent = project.config.agent.value
    where = _project(prepared)
    whole = (_batch(prepared),) if prepared.options.batch is not None else ()
    by_whom = (_agent(prepared, agent),) if agent else ()
    if project.limit is not None:
        by_whom = (*by_whom, _named(CLIENT, project.limit[0], prepared))

    def scopes(node: Node) -> tuple[str, ...]:
        own = (_of_node(run, node),) if node.budget is not None else ()
        return (*own, scope(RUN, run), *whole, where, _today(prepared), *by_whom)

    return scopes


def ceilings_of(project: Project, prepared: Prepared, run: RunId) -> list[Ceiling]:
    """Every ceiling that binds a run, innermost first.

    `--budget` is the person's last word about this run: it stands in place of what document and project file say of a
    run. Of a batch it bounds all parts together, and so does what is said of a run. Of two others on one scope the
    lower one counts. The project file is the one beside the workflow, wherever the command was called.
    """
    folder = prepared.file.absolute().parent
    settings, amounts = prepared.workflow.settings, load_config(folder, {}, {}).budget
    agent = project.config.agent.value
    found = [
        Ceiling(_of_node(run, node), node.budget, f"the budget of {node.called}")
        for node in prepared.grid.nodes
        if node.budget is not None
    ]
    flag = prepared.options.budget
    whole = scope(RUN, run) if prepared.options.batch is None else _batch(prepared)
    if flag is not None:
        found.append(Ceiling(whole, flag, "--budget"))
    else:
        found += _lower(whole, "run", amounts.get("run"), settings.max_cost, "max_cost")
    found += _lower(_project(prepared), "project", amounts.get("project"), None, "")
    found += _lower(DAY, "day", amounts.get("day"), settings.daily_limit, "daily_limit")
    if agent:
        found += _lower(_agent(prepared, agent), "agent", amounts.get("agent"), None, "")
    if project.limit is not None:
        name, most = project.limit
        found.append(Ceiling(_named(CLIENT, name, prepared), most, "the budget of this client"))
    return found


def account_of(ceiling: Ceiling, prepared: Prepared) -> str:
    """The account that a ceiling is about today: one on a bare kind is about the account of the moment."""
    return _today(prepared) if ceiling.scope == DAY else ceiling.scope


def _lower(name: str, key: str, filed: Sourced[Decimal] | None, said: Decimal | None, setting: str) -> list[Ceiling]:
    both = []
    if filed is not None:
        both.append(Ceiling(name, filed.value, f"{key} of [budget] in {PROJECT_FILE}"))
    if said is not None:
        both.append(Ceiling(name, said, f"{setting} of the document"))
    return [min(both, key=lambda one: one.most)] if both else []


def _of_node(run: RunId, node: Node) -> str:
    return scope(NODE, f"{run}/{node.id}")


def _project(prepared: Prepared) -> str:
    return _named(PROJECT, str(prepared.file.absolute().parent), prepared)


def _batch(prepared: Prepared) -> str:
    return _named(BATCH, prepared.options.batch or "", prepared)


def _agent(prepared: Prepared, name: str) -> str:
    return _named(AGENT, name, prepared)


def _today(prepared: Prepared) -> str:
    return _named(DAY, time.strftime("%Y-%m-%d"), prepared)


def _named(kind: str, name: str, prepared: Prepared) -> str:
    return scope(kind, name if prepared.options.sim is None else f"{name} (simulated)")
