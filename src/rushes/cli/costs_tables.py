"""Costs, and an export beside the books, as tables that fit 80 columns."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from rich.table import Table
from rich.text import Text

from rushes.app.costs import Costs, Sum
from rushes.app.usage import Different, Ours, Usage
from rushes.app.usage_lines import Bad, Line
from rushes.cli.console import Console
from rushes.cli.say import clean, count, moment
from rushes.cli.tables import bare, out
from rushes.model.money import show_usd

MOST = 40
"""Groups or lines that are shown; all of them are in --json, the groups in --csv."""

_NAME = 26
_COLUMNS = ("estimate", "held", "billed", "wasted", "kept", "each")


def show_costs(found: Costs) -> None:
    """The groups, dearest first, and what must be said beside the sums."""
    console = out()
    simulated = " (simulated: nobody pays this)" if found.simulated else ""
    console.print(Text(f"{count(found.runs, 'run')} {_period(found)}{simulated}", style="bold"))
    if not found.lines:
        console.print("nothing was asked for: look further back with --since, or begin with  rushes run FILE")
    else:
        console.print(_table(found))
    for line in _beside(found):
        console.print(Text(line), soft_wrap=True)


def _period(found: Costs) -> str:
    since = "ever" if found.since is None else f"since {moment(found.since)}"
    until = "" if found.until is None else f" until {moment(found.until)}"
    return f"{since}{until}, times in {found.zone}"


def _table(found: Costs) -> Table:
    table = bare()
    table.add_column(found.by, no_wrap=True, max_width=_NAME)
    for name in _COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    for line in found.lines[:MOST]:
        table.add_row(*_row(line))
    if len(found.lines) > MOST:
        table.add_row(Text(f"and {len(found.lines) - MOST:,} more", style="dim"))
    if len(found.lines) > 1:
        table.add_row(*_row(found.total), style="bold")
    return table


def _row(line: Sum) -> list[Text | str]:
    name = clean(line.name)
    # of a long name the end says more than its beginning
    return [
        Text(name if len(name) <= _NAME else "…" + name[1 - _NAME :]),
        _usd(line.estimated),
        _usd(line.held),
        _usd(line.billed) + ("+?" if line.unknown else ""),
        _usd(line.wasted),
        f"{line.accepted:,}/{line.results:,}",
        _usd(line.per_accepted) if line.per_accepted is not None else "?" if line.unknown else "",
    ]


def _usd(amount: Decimal | None) -> str:
    """To the cent where it is dollars, exact below: eight columns."""
    if amount is None or not amount:
        return "" if not amount else "?"
    return f"${amount:,.2f}" if amount >= 10 else show_usd(round(amount, 4))


def _beside(found: Costs) -> list[str]:
    total, said = found.total, []
    if total.unknown:
        said.append(f"+?: {count(total.unknown, 'request')} of an unknown amount, in no sum")
    if total.guessed:
        said.append(f"{show_usd(total.guessed)} of it is a worst case: nobody said what was charged")
    if total.doubts:
        doubts = count(total.doubts, "request is", "requests are")
        said.append(f"{doubts} in doubt, held at the worst case: rushes unknowns")
    if found.other.attempts:
        other = "simulated" if not found.simulated else "real"
        how = "--simulated shows it" if not found.simulated else "in no sum here"
        said.append(f"{other}: {show_usd(found.other.billed)} for {count(found.other.attempts, 'request')} ({how})")
    return said


def show_usage(found: Usage) -> None:
    """Both sums, and what only one side knows."""
    console = out()
    head = f"{found.provider}: {count(found.lines, 'line')}, {found.matched:,} found by id, {found.alike:,} by amount"
    console.print(Text(head, style="bold"))
    table = bare(head=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    unknown = f" + {found.unknown} unknown" if found.unknown else ""
    for name, amount in (
        ("they charged", _signed(found.theirs_usd)),
        ("we entered", f"{_signed(found.ours_usd)}{unknown}"),
        ("difference", _signed(found.difference)),
    ):
        table.add_row(name, amount)
    console.print(table)
    _list("charged another amount than we entered:", [_different(one) for one in found.different], console)
    _list("only they know:", [_line(one) for one in found.only_theirs], console)
    _list("only we know:", [_ours(one) for one in found.only_ours], console)
    _list("could not be read:", [_bad(one) for one in found.bad], console)
    if found.unlisted:
        console.print(Text(f"... and {found.unlisted:,} more lines that are not listed", style="dim"))


def _list(title: str, lines: Sequence[str], console: Console) -> None:
    if not lines:
        return
    console.print(Text(title, style="yellow"))
    for line in lines[:MOST]:
        console.print(Text(f"  {clean(line)}"), soft_wrap=True)
    if len(lines) > MOST:
        console.print(Text(f"  ... and {len(lines) - MOST:,} more: --json", style="dim"))


def _signed(amount: Decimal) -> str:
    return f"-{show_usd(-amount)}" if amount < 0 else show_usd(amount)


def _different(one: Different) -> str:
    guessed = " (a worst case)" if one.ours.guessed else ""
    return f"{one.place}: {_signed(one.usd)}, we have {show_usd(one.ours.usd)}{guessed} for {one.ours.attempt}"


def _line(one: Line) -> str:
    when = "" if one.at is None else f" {moment(one.at)}"
    return f"{one.place}: {_signed(one.usd)}{when} {one.model[:60]} {one.id[:60]}".rstrip()


def _ours(one: Ours) -> str:
    guessed = " (a worst case)" if one.guessed and one.usd is not None else ""
    return f"{one.attempt}: {show_usd(one.usd)}{guessed} {moment(one.at)} {one.model}"


def _bad(one: Bad) -> str:
    return f"{one.place}: {one.says}"
