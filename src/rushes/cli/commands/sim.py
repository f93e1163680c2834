"""`rushes sim`, `rushes sim report`."""

from __future__ import annotations

import asyncio
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click

from rushes.app import simulator
from rushes.app.simulator import SimOptions
from rushes.cli.exits import Exit
from rushes.cli.options import Number
from rushes.cli.say import count
from rushes.cli.session import common, session
from rushes.model.money import show_usd

_URL = "http://127.0.0.1:8787"
_FILE = click.Path(path_type=Path)


def _usd(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Decimal | None:
    return None if value is None else _amount(value)


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0:
        raise click.BadParameter(f"{text!r} is no amount in USD, such as 5.00")
    return amount


def _prices(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, Decimal]:
    found = {}
    for value in values:
        endpoint, equals, amount = value.rpartition("=")
        if not equals or not endpoint:
            raise click.BadParameter(f"{value!r} is not ENDPOINT=USD, such as fal-ai/flux/dev=0.03")
        found[endpoint] = _amount(amount)
    return found


@click.group(invoke_without_command=True, subcommand_metavar="[report]")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8787, show_default=True, help="Listen here; 0: anywhere."
)
@click.option("--seed", type=int, default=0, metavar="N", help="Another seed, another fate for every request.")
@click.option(
    "--time-scale",
    type=Number(0, 1000),
    default=1.0,
    metavar="X",
    help="Real seconds for a simulated one; 0.01 is a hundred times as fast.",
)
@click.option("--fault", "faults", multiple=True, metavar="WHAT=RATE[@PLACE]", help="Let this go wrong, that often.")
@click.option("--faults", "faults_file", type=_FILE, metavar="FILE", help="Faults as a JSON list.")
@click.option(
    "--capacity",
    multiple=True,
    metavar="[PROVIDER:]RULE",
    help="What an account takes, e.g. in-flight=5 or fal:60/min.",
)
@click.option("--books", type=_FILE, metavar="FILE", help="Append what happens to this file, as lines of JSON.")
@click.option("--at-once", type=click.IntRange(1), metavar="N", help="Jobs that an account runs at once; 40.")
@click.option("--balance", callback=_usd, metavar="USD", help="The account's money; else there is no end of it.")
@click.option(
    "--price", "prices", multiple=True, callback=_prices, metavar="ENDPOINT=USD", help="Another price per unit."
)
@click.option(
    "--most-side", type=click.IntRange(32), metavar="PX", help="Paint no longer side than this; else as asked."
)
@click.pass_context
@common
def sim(context: click.Context, /, **given: Any) -> int:
    """Serve a simulator of the providers, which misbehaves as you wish and keeps books, until Ctrl-C.

    Its address is the first line of stdout. `rushes sim report` shows the books of one that is running.
    """
    if context.invoked_subcommand is not None:
        return Exit.OK
    now = session()

    def ready(url: str) -> None:
        now.result({"url": url})
        if now.for_people:
            click.echo(url)
        now.talk(f"simulated: nothing here costs money. Use it with --sim {url}; Ctrl-C ends it.")

    books = asyncio.run(simulator.serve(SimOptions(**given), ready))
    for line in _lines(books):
        now.talk(line)
    return Exit.OK


@sim.command()
@click.option("--url", default=_URL, show_default=True, metavar="URL", help="Where the simulator is.")
@common
def report(url: str) -> None:
    """Show the books of a simulator that is running: accepted, billed, asked twice, never fetched."""
    now = session()
    books = simulator.report(url)
    now.result(books)
    if now.for_people:
        for line in _lines(books):
            click.echo(line)


def _lines(books: dict[str, Any]) -> list[str]:
    """The books for people; every page says that they are simulated."""
    duplicates = sum(one["times"] - 1 for one in books["duplicates"])
    unfetched, lost = len(books["unfetched"]), len(books["lost"])
    lines = [
        f"simulated: {count(books['submissions'], 'submission')}, {show_usd(Decimal(books['billed']))} billed",
        f"  accepted  {books['accepted']:>6}   refused   {books['refused']:>6}   running   {books['running']:>6}",
        f"  done      {books['done']:>6}   failed    {books['failed']:>6}   cancelled {books['cancelled']:>6}",
        f"  fetched   {books['fetched']:>6}   unfetched {unfetched:>6}   lost      {lost:>6}",
        f"  bought twice {duplicates:>3}",
    ]
    lines += [f"  refused {times} times: {why}" for why, times in books["refusals"].items()]
    if books["models"]:
        lines.append("  model                                                accepted      billed")
    for name, one in books["models"].items():
        lines.append(f"  {name[:52]:<52} {one['accepted']:>8} {show_usd(Decimal(one['billed'])):>11}")
    for one in books["duplicates"]:
        lines.append(f"  bought twice: {one['model']}, jobs {', '.join(one['jobs'][:4])}")
    return lines
