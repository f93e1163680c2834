"""Use case: a tab of a node graph for other accounts: a new file with a copy of the tab for each, proven and priced.

The old file is read and never written. The new one is written beside its place, read back, proven, and only then given
its name: it is there whole and proven, or not at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from rushes.app.fanout_accounts import chosen_of, placed, read_accounts_file, tab_of
from rushes.app.fanout_write import new_file, refuse, write_proven
from rushes.app.plan import Prepared, prepare_new, read_file
from rushes.app.project import Project
from rushes.errors import RushesError, UserError
from rushes.graph.asks import asks
from rushes.graph.grid import build_grid
from rushes.model.money import Estimate
from rushes.model.problem import Path as At
from rushes.model.problem import Problem, ProblemsError, Severity
from rushes.model.run import RunOptions
from rushes.plugin.format import Document
from rushes.spec.fanout import Copied, Fanned, fan_out, wrong_in
from rushes.spec.fanout_change import What
from rushes.spec.fanout_custom import wrong_with
from rushes.spec.fanout_proof import drifts
from rushes.spec.load import load, with_marks
from rushes.spec.nbflow_graph import GraphTab, read_graph


class Custom(NamedTuple):
    """A field of a node that is the account's own, with the source's value and this one."""

    node: str
    title: str
    what: str
    field: str
    old: Any
    new: Any


class AccountTab(NamedTuple):
    """A copy: its nodes, how many of them are the source's to the byte but for numbers and title, and what is not.

    `emptied` counts nodes whose saved results were left behind. `asks` are the rows of its generators, `shared` those
    of them that ask what the source asks, too.
    """

    account: str
    tab: int
    offset: int
    nodes: int
    standard: int
    emptied: int
    customised: tuple[Custom, ...]
    asks: int | None = None
    shared: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FanOut:
    """What a fan-out came to. `out` is None when nothing was to be written.

    `money` is what a run of the new file would cost now, in USD, and `requests` how many it would make at most; None,
    with the reason in `unplanned`, where it cannot be planned as it is.
    """

    file: Path
    source: str
    out: Path | None
    name: str
    bytes: int
    accounts: tuple[AccountTab, ...]
    notes: tuple[str, ...]
    money: Estimate | None = None
    requests: int | None = None
    unplanned: str = ""

    def plain(self) -> dict[str, Any]:
        """As JSON; tabs count from 1, money as strings."""
        return {
            "file": str(self.file),
            "source": self.source,
            "out": None if self.out is None else str(self.out),
            "bytes": self.bytes,
            "accounts": [_plain(one) for one in self.accounts],
            "notes": list(self.notes),
            "requests": self.requests,
            "money": None if self.money is None else self.money.plain(),
            "unplanned": self.unplanned,
        }


def _plain(one: AccountTab) -> dict[str, Any]:
    return {**one._asdict(), "tab": one.tab + 1, "customised": [custom._asdict() for custom in one.customised]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is wanted: `tab` and `only` (codes of accounts) narrow it, `out` names the new file, `dry` writes none."""

    file: Path
    accounts: Path
    tab: str | None = None
    only: tuple[str, ...] = ()
    out: Path | None = None
    dry: bool = False


async def fan_out_file(project: Project, wish: Wish, options: RunOptions) -> FanOut:
    """Copy a tab for other accounts into a new file.

    Raises ProblemsError with all that is wrong with the file and the accounts, UserError for a place where nothing can
    be written, DamagedError when what was written is not what was declared: then nothing is left.
    """
    document, tabs = _graph_of(wish.file)
    accounts = read_accounts_file(wish.accounts)
    tab = tab_of(tabs, wish.tab, accounts)
    out = new_file(wish.file, wish.out, tab, dry=wish.dry)
    accounts = placed(accounts, wish.accounts, out)
    chosen = chosen_of(accounts, tab, tabs, wish.only)
    problems = with_marks(document, wrong_in(document, tab))
    problems += with_marks(accounts.document, wrong_with(tab, accounts, chosen))
    _refuse(problems, "what is asked for")
    name = out.name.removesuffix(".nbflow")
    try:
        fanned = fan_out(document, tab, accounts, chosen, name)
    except ValueError as error:
        raise UserError(str(error), next_step="number its nodes from 1, in its editor") from error
    _readable(out, fanned.data)
    prepared, unplanned = await _planned(project, out, fanned.data, options)
    if wish.dry:
        refuse(out, _unproven(document, fanned, fanned.data, name))
    else:
        await asyncio.to_thread(write_proven, out, fanned.data, lambda data: _unproven(document, fanned, data, name))
    plan = None if prepared is None else prepared.plan
    return FanOut(
        file=wish.file,
        source=tab.name,
        out=None if wish.dry else out,
        name=name,
        bytes=len(fanned.data),
        accounts=tuple(_told(tab, fanned, prepared)),
        notes=fanned.notes,
        money=None if plan is None else plan.money,
        requests=None if plan is None else plan.most,
        unplanned=unplanned,
    )


def _graph_of(file: Path) -> tuple[Document, list[GraphTab]]:
    loaded = load(str(file), read_file(file))
    document = loaded.document
    if document is not None and document.format != "nbflow":
        raise UserError(
            f"{file} is no node graph: it has no tabs to copy",
            next_step="in YAML and JSON a table of accounts is one more input: rushes batch FILE --table ACCOUNTS.csv",
        )
    _refuse(loaded.problems, str(file))
    assert document is not None
    graph, _ = read_graph(document.tree, document.file)
    assert graph is not None
    return document, graph.tabs


def _refuse(problems: Sequence[Problem], what: str) -> None:
    errors = [one for one in problems if one.severity is Severity.ERROR]
    if errors:
        raise ProblemsError(errors, what=what)


def _readable(out: Path, data: bytes) -> None:
    """The new file as its readers will see it: what the accounts say may not fit together."""
    loaded = load(str(out), data)
    _refuse(loaded.problems, "the new file")
    assert loaded.workflow is not None and loaded.document is not None
    _grid, problems = build_grid(loaded.workflow, loaded.workflow.variables)
    _refuse(with_marks(loaded.document, problems), "the new file")


def _unproven(document: Document, fanned: Fanned, data: bytes, name: str) -> list[str]:
    """What is wrong with the bytes of the new file, in words; nothing when they are proven."""
    tabs = {copy.number: copy.account.code for copy in fanned.copies}
    found = []
    for drift in drifts(document, fanned, data, name):
        where = tabs.get(drift.tab, "outside the copies") if drift.tab is not None else "outside the copies"
        found.append(f"{where}, {_dotted(drift.path)}: {drift.says}")
    return found


async def _planned(project: Project, out: Path, data: bytes, options: RunOptions) -> tuple[Prepared | None, str]:
    try:
        return await prepare_new(project, out, data, options), ""
    except ProblemsError as error:
        return None, "; ".join(f"{one.says}" for one in error.problems[:3])
    except RushesError as error:
        return None, error.message


def _told(tab: GraphTab, fanned: Fanned, prepared: Prepared | None) -> list[AccountTab]:
    rows = _asked(prepared)
    mine = set(rows.get(tab.name, ()))
    found = []
    for copy in fanned.copies:
        customised = _customised(tab, copy)
        emptied = {change.path[:3] for change in copy.changes if change.what is What.SAVED}
        asked = rows.get(copy.account.code)
        found.append(
            AccountTab(
                account=copy.account.code,
                tab=copy.number,
                offset=copy.offset,
                nodes=len(tab.nodes),
                standard=len(tab.nodes) - len({one.node for one in customised}),
                emptied=len(emptied),
                customised=customised,
                asks=None if asked is None else len(asked),
                shared=None if asked is None else sum(base in mine for base in asked),
            )
        )
    return found


def _asked(prepared: Prepared | None) -> dict[str, list[str]]:
    """By tab, what the rows of its generators would ask."""
    found: dict[str, list[str]] = {}
    if prepared is not None:
        for ask in asks(prepared.grid, prepared.setting):
            found.setdefault(ask.question.node.tab, []).append(ask.question.base)
    return found


def _customised(tab: GraphTab, copy: Copied) -> tuple[Custom, ...]:
    nodes = {node.path[2:]: node for node in tab.nodes.values()}
    found = []
    for change in copy.changes:
        if change.what.customised:
            node = nodes[change.path[:3]]
            field = _dotted(change.path[3:]).removeprefix("properties.")
            found.append(Custom(node.key, node.title, str(change.what), field, change.old, change.new))
    return tuple(found)


def _dotted(path: At) -> str:
    """A path as people write it: `dynamicRows[3]`."""
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".") or "the file"
