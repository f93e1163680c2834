"""Fan-outs for tests: a file, a tab, accounts, and what comes of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from rushes.model.problem import Problem
from rushes.plugin.format import Document
from rushes.spec.accounts import Account, Accounts, read_accounts
from rushes.spec.fanout import Fanned, fan_out, wrong_in
from rushes.spec.fanout_custom import wrong_with
from rushes.spec.fanout_proof import Drift, drifts
from rushes.spec.nbflow_graph import GraphTab, read_graph

from .nbflow_files import TabBuilder, document, parsed

NEW = "LIGHT-V1"


class Fan(NamedTuple):
    """A document, the tab that is copied, and for whom."""

    document: Document
    tab: GraphTab
    accounts: Accounts
    chosen: Sequence[Account]

    def out(self) -> Fanned:
        """The new file; what is asked for must be in order."""
        assert not self.wrong(), self.wrong()
        return fan_out(self.document, self.tab, self.accounts, self.chosen, NEW)

    def wrong(self) -> list[Problem]:
        """Everything that is wrong with it."""
        return [*wrong_in(self.document, self.tab), *wrong_with(self.tab, self.accounts, self.chosen)]

    def drifts(self, fanned: Fanned, written: bytes | None = None) -> list[Drift]:
        """What the proof finds."""
        return drifts(self.document, fanned, fanned.data if written is None else written, NEW)


def fan(
    *tabs: TabBuilder,
    accounts: Sequence[dict[str, Any]] = ({"code": "PEARL"},),
    source: int = 0,
    indent: int | None = 1,
    **top: Any,
) -> Fan:
    """Tab number `source` of a file with these tabs, for these accounts; `top` goes to the top of their file."""
    return fan_of(document(*tabs, indent=indent), accounts=accounts, source=source, **top)


def fan_of(document: Document, *, accounts: Sequence[dict[str, Any]], source: int = 0, **top: Any) -> Fan:
    """The same for a document that is there."""
    said, problems = read_accounts("accounts.json", json.dumps({**top, "accounts": list(accounts)}).encode())
    assert said is not None, problems
    graph, _ = read_graph(document.tree, document.file)
    assert graph is not None
    tab = graph.tabs[source]
    return Fan(document, tab, said, [one for one in said.accounts if one.code != tab.name])


def tabs_of(fanned: Fanned) -> list[dict[str, Any]]:
    """The tabs of the new file, as plain values."""
    found: list[dict[str, Any]] = parsed(fanned.data).tree["tabs"]
    return found


def node_of(tab: dict[str, Any], number: int) -> dict[str, Any]:
    """A node of a tab by its place, from 1."""
    node: dict[str, Any] = tab["graphData"]["nodes"][number - 1]
    return node
