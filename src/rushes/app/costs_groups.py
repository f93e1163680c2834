"""By what costs are added up: the name of the one group that an attempt is in."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from rushes.app.begun import workflow_in
from rushes.app.costs_outcome import Outcome
from rushes.app.plugins import on_this_machine
from rushes.app.project import Project
from rushes.ledger.costs import Bought
from rushes.model.ids import Digest
from rushes.model.operation import SIGNATURES, Operation, Where
from rushes.model.run import RunRecord
from rushes.model.scope import AGENT, BATCH, PROJECT, kind_of

GROUPS = ("model", "provider", "workflow", "tab", "node", "day", "purpose", "run", "account", "state")
"""What costs can be asked about."""

_PURPOSES = {
    Operation.ANALYZE_IMAGE: "judging and analysis",
    Operation.ANALYZE_VIDEO: "judging and analysis",
    Operation.PROMPT_GENERATION: "prompt writing",
    Operation.TEXT_TO_SPEECH: "speech",
    Operation.SPEECH_TO_TEXT: "speech",
}
_WHO = (AGENT, BATCH, PROJECT)
"""On whose account something is bought: the first of these that its money was held in."""

_OF_TABLE = re.compile(r"r\d{6,}\.")  # before the id of a node that was copied for a row of a table


class Called(NamedTuple):
    """What people call a node: its tab, and its title, with its id where several have the same."""

    tab: str
    title: str


Names = Callable[[RunRecord, str], Called]


class Grouping:
    """One way to group."""

    def __init__(self, by: str, names: Names) -> None:
        self._by = by
        self._names = names

    def of(self, one: Bought, record: RunRecord, outcome: Outcome) -> str:
        """The name of its group."""
        match self._by:
            case "provider":
                return one.provider
            case "workflow":
                return record.workflow
            case "tab":
                return self._names(record, one.node).tab
            case "node":
                return f"{record.workflow}/{self._names(record, one.node).title}"
            case "day":
                return _day(int(one.at))
            case "purpose":
                return _purpose(one)
            case "run":
                return record.id
            case "account":
                return _account(one)
            case "state":
                return str(outcome)
        return f"{one.provider}/{one.model}"


def names_of(project: Project) -> Names:
    """What the nodes of a run are called in its document, which is read once."""

    @cache
    def named(document: Digest, file: str) -> dict[str, Called]:
        workflow = workflow_in(project, document, file)
        nodes = [] if workflow is None else list(workflow.nodes())
        titles = Counter(node.title for node in nodes)
        return {
            str(node.id): Called(
                node.tab,
                node.title if titles[node.title] == 1 else f"{node.title} ({node.id})" if node.title else str(node.id),
            )
            for node in nodes
        }

    return lambda record, node: named(record.document, record.file).get(_node(node), Called("(unknown)", _node(node)))


def _node(node: str) -> str:
    return _OF_TABLE.sub("", node, count=1)


@cache
def _day_of_hour(hour: int) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(hour * 900))


def _day(at: int) -> str:
    return _day_of_hour(at // 900)  # every zone is a multiple of a quarter of an hour away


def _purpose(one: Bought) -> str:
    op = Operation(one.op)
    if on_this_machine(one.provider) or SIGNATURES[op].where is Where.LOCAL:
        return "local"
    return _PURPOSES.get(op, "generation")


def _account(one: Bought) -> str:
    for kind in _WHO:
        for scope in one.scopes:
            if kind_of(scope) == kind:
                return scope
    return "(none)"
