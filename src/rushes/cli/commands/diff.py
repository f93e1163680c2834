"""`rushes diff`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import click

from rushes.app.diff import Compared, compare
from rushes.app.differences import Change, Means, NodeDiff, TabDiff
from rushes.app.project import Project
from rushes.cli.exits import Exit
from rushes.cli.marks import folded, shown, written
from rushes.cli.options import assignments
from rushes.cli.say import clean, count
from rushes.cli.session import common, session
from rushes.model.money import show_estimate
from rushes.model.run import RunOptions
from rushes.model.wording import Share

DIFFERENT = 1
"""What `--exit-code` says of two versions that differ: what `diff` says, and `git diff --exit-code`."""

_MOST = 40
"""Nodes that are told one by one, unless all are asked for."""


@click.command()
@click.argument("old", metavar="A")
@click.argument("new", metavar="B")
@click.option("--all", "every", is_flag=True, help="Every node, and what differs without changing any result.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 where they differ.")
@click.option("--provider", metavar="NAME", help="Who would be asked: this provider, or each model's own: auto.")
@click.option(
    "--set", "variables", callback=assignments, multiple=True, metavar="NAME=VALUE", help="Set a variable of both."
)
@click.option("--input", "text", metavar="TEXT", help="The text of {{input}}.")
@common
def diff(
    old: str,
    new: str,
    every: bool,
    exit_code: bool,
    provider: str | None,
    variables: dict[str, str],
    text: str | None,
) -> int:
    """Say in words what is different between two versions of a workflow, A and B, and what would be asked anew.

    A and B are files in any format, or runs: an id, or run:ID, means the workflow as that run began with it.
    """
    now = session()
    if text is not None:
        variables = {**variables, "input": text}
    near = next((Path(one).absolute().parent for one in (new, old) if Path(one).is_file()), Path.cwd())
    with Project.open(near, home=now.home, provider=provider) as project:
        found = asyncio.run(compare(project, old, new, RunOptions(provider=provider, variables=variables)))
    now.result(found.plain())
    if now.for_people:
        for line in _lines(found, every):
            click.echo(line)
    return DIFFERENT if exit_code and not found.same else Exit.OK


def _lines(found: Compared, every: bool) -> Iterator[str]:
    yield from folded(f"{clean(found.old.name)} -> {clean(found.new.name)}", 0)
    if found.same:
        yield "the same workflow"
    for change in found.diff.workflow:
        yield from _change(change, 2)
    for tab in found.diff.tabs:
        yield from folded(_tab(tab), 0)
    nodes = found.diff.nodes if every else found.diff.nodes[:_MOST]
    last = ""
    for node in nodes:
        place = node.new or node.old
        if place is not None and place.tab != last:
            yield from ("", *folded(f"tab {clean(place.tab)}", 0))
            last = place.tab
        yield from _node(node)
    if len(nodes) < len(found.diff.nodes):
        yield f"... and {count(len(found.diff.nodes) - len(nodes), 'more node')}: --all"
    yield ""
    yield from _end(found, every)


def _tab(tab: TabDiff) -> str:
    if tab.old is None:
        return f"+ tab {clean(tab.new or '')}: {count(tab.nodes, 'node')}"
    if tab.new is None:
        return f"- tab {clean(tab.old)}: {count(tab.nodes, 'node')}"
    return f"~ tab {clean(tab.old)} is called {clean(tab.new)} now"


def _node(node: NodeDiff) -> Iterator[str]:
    place = node.new or node.old
    assert place is not None
    sign = "~" if node.new and node.old else "+" if node.new else "-"
    name = f"{place.title} ({place.id})" if place.title else place.id
    does = "" if node.new and node.old else f": {node.op.replace('_', ' ')}"
    only = {change.field for change in node.changes} <= {"id", "title", "tab"}
    says = ", the same under another name" if node.changes and only else ""
    yield from folded(clean(f"{sign} {name}{does}{says}"), 2)
    for change in node.changes:
        yield from _change(change, 6)


def _change(change: Change, indent: int) -> Iterator[str]:
    field, old, new = change.field.replace("_", " "), change.old, change.new
    tail = f"  ({change.share.changed} of {count(change.share.words, 'word')})" if change.share is not None else ""
    if isinstance(old, list) and isinstance(new, list) and field.startswith("input "):
        came, went = [f"+ {one}" for one in new if one not in old], [f"- {one}" for one in old if one not in new]
        said = clean(", ".join([*came, *went])) or "another order"
    elif field.startswith("row ") and (old is None or new is None):
        said = f"added: {written(new)}" if old is None else f"removed: {written(old)}"
        tail = ""
    elif change.says and old == new:
        said = written(new)
    elif field == "rows":
        said = count(len(new), "row")
    else:
        said = shown(old, new)
    yield from folded(f"{field}: {said}{tail}{f'  ({change.says})' if change.says else ''}", indent)


def _end(found: Compared, every: bool) -> Iterator[str]:
    yield from _words(found.words, found.spoken)
    if every and found.unseen:
        listed = ", ".join(f"{clean(name)} of {count(number, 'node')}" for name, number in sorted(found.unseen.items()))
        yield from folded(f"unseen    {listed}: no result depends on it", 0, hanging=10)
    elif found.unseen:
        yield from folded("unseen    positions, colours, saved results and the like differ, too: --all", 0, hanging=10)
    if found.means is None:
        yield from folded(f"means     not known: {clean(found.unknown)}", 0, hanging=10)
    else:
        yield from _means(found.means, every)


def _words(words: Share, spoken: Share) -> Iterator[str]:
    if words.changed:
        yield f"words     {words.changed:,} of {words.words:,} rewritten, {words.percent} %"
    if spoken.changed:
        yield f"spoken    {spoken.changed:,} of {spoken.words:,} words in quotes rewritten, {spoken.percent} %"


def _means(means: Means, every: bool) -> Iterator[str]:
    fresh = means.generators - means.same
    if not fresh:
        all_ = count(means.generators, "generator")
        yield from folded(f"means     nothing: of {all_} none would ask what was not asked before", 0, hanging=10)
        return
    asks = f"{fresh:,} of {count(means.generators, 'generator')} would ask something new"
    price = f"{count(means.requests, 'request')}, {show_estimate(means.money)}"
    stay = f"; {means.same:,} {'stays as it is' if means.same == 1 else 'stay as they are'}" if means.same else ""
    yield from folded(f"means     {asks}: {price}{stay}", 0, hanging=10)
    shown_ = means.nodes if every else means.nodes[:_MOST]
    several = len({one.tab for one in means.nodes}) > 1
    for one in shown_:
        rows = "" if one.of == 1 and one.rows else f": {one.rows:,} of {count(one.of, 'row')}" if one.rows else ""
        more = f": {count(one.more, 'row')} with more candidates" if one.more else ""
        name = one.title or one.node
        tab = f"{one.tab}/" if several and one.tab.casefold() not in name.casefold() else ""
        yield from folded(clean(f"{tab}{name}{rows}{more}"), 10)
    if len(shown_) < len(means.nodes):
        yield f"          ... and {len(means.nodes) - len(shown_):,} more: --all"
    if means.dropped:
        yield from folded(f"not asked any more: {count(means.dropped, 'request')} of the old version", 10)
