"""`rushes fanout`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from rushes.app.fanout import AccountTab, FanOut, Wish, fan_out_file
from rushes.app.project import Project
from rushes.cli.marks import folded, shown
from rushes.cli.options import names, workflow_file
from rushes.cli.say import clean, count
from rushes.cli.session import common, session
from rushes.model.money import show_estimate
from rushes.model.run import RunOptions

_MOST = 8
"""Values of one account that are shown, unless all are asked for."""

_LINE = "{:<16} {:>4} {:>12} {:>6} {:>9} {:>5} {:>6} {:>10}"


@click.command()
@click.argument("file", type=workflow_file)
@click.option("--accounts", type=workflow_file, required=True, metavar="FILE", help="Who the tab is copied for.")
@click.option("--tab", metavar="NAME", help="The tab to copy; else the one that the accounts name, or the only one.")
@click.option("--only", callback=names, multiple=True, metavar="CODE,...", help="These accounts and no others.")
@click.option("-o", "--out", type=click.Path(path_type=Path), metavar="FILE", help="The new file; else NAME-fanout.")
@click.option("--provider", metavar="NAME", help="Whose prices are said: this provider's, or each model's own: auto.")
@click.option("--dry-run", is_flag=True, help="Prove and say everything, and write nothing.")
@click.option("--all", "every", is_flag=True, help="Every value that an account has of its own.")
@common
def fanout(
    file: Path,
    accounts: Path,
    tab: str | None,
    only: tuple[str, ...],
    out: Path | None,
    provider: str | None,
    dry_run: bool,
    every: bool,
) -> None:
    """Copy a tab of the node graph FILE for other accounts, into a new file.

    Numbers, titles, avatar, words and rows become the account's own; all else is proven to be the same, to the byte,
    by reading the new file again. FILE is not changed.
    """
    now = session()
    wish = Wish(file=file, accounts=accounts, tab=tab, only=only, out=out, dry=dry_run)
    with Project.open(file.absolute().parent, home=now.home, provider=provider) as project:
        found = asyncio.run(fan_out_file(project, wish, RunOptions(provider=provider)))
    now.result(found.plain())
    if now.for_people:
        for note in found.notes:
            now.talk(f"warning: {clean(note)}")
        _show(found, every)


def _show(found: FanOut, every: bool) -> None:
    click.echo(_LINE.format("account", "tab", "ids", "nodes", "standard", "own", "asks", "as source"))
    for one in found.accounts:
        asks = "-" if one.asks is None else f"{one.asks:,}"
        same = "-" if one.shared is None else f"{one.shared:,}"
        own, ids = one.nodes - one.standard, f"{one.offset:+,}"
        click.echo(_LINE.format(clean(one.account)[:16], one.tab + 1, ids, one.nodes, one.standard, own, asks, same))
    for one in found.accounts:
        click.echo("")
        for line in _own(one, every):
            click.echo(line)
    click.echo("")
    for line in _end(found):
        click.echo(line)


def _own(one: AccountTab, every: bool) -> list[str]:
    """What an account has of its own, by node."""
    lines = [f"{clean(one.account)}: {count(len(one.customised), 'value')} of its own"]
    lines += [f"  {count(one.emptied, 'node')} without the results that the source has saved"] if one.emptied else []
    last = ""
    for custom in one.customised if every else one.customised[:_MOST]:
        if custom.node != last:
            lines.append(clean(f"  {custom.title or 'node'} ({custom.node})")[:80])
            last = custom.node
        said = f"{custom.what}: " if custom.what == custom.field else f"{custom.what} {custom.field}: "
        lines += folded(said + shown(custom.old, custom.new), 4)
    more = len(one.customised) - _MOST
    return [*lines, f"  ... and {count(more, 'more value')}: --all"] if more > 0 and not every else lines


def _end(found: FanOut) -> list[str]:
    copies, source = count(len(found.accounts), "copy", "copies"), clean(found.source)
    lines = [*folded(f"proven    {copies} of {source}: standard parts identical to the byte", 0, hanging=10)]
    lines += folded(f"cost      {_cost(found)}", 0, hanging=10)
    others = sum((one.asks or 0) - (one.shared or 0) for one in found.accounts)
    if others:
        why = (
            f"{count(others, 'row')} of the copies ask what {source} does not: with another avatar, or in other words,"
        )
        lines += folded(f"{why} it is another request, however alike all else is", 10, hanging=0)
    return [*lines, f"written   {found.out if found.out is not None else 'nothing: this was a dry run'}"]


def _cost(found: FanOut) -> str:
    if found.money is None:
        return f"not known: {clean(found.unplanned)}"
    said = f"{show_estimate(found.money)} for a run of all of it now, {count(found.requests or 0, 'request')} at most"
    free = not found.money.high and not found.money.unknown and found.requests
    return f"{said} (offline; --provider auto says what the models' own providers take)" if free else said
