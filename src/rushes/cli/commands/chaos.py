"""`rushes chaos`."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click

from rushes.app.chaos import Chaos
from rushes.app.chaos import chaos as play
from rushes.cli.exits import Exit
from rushes.cli.options import workflow_file
from rushes.cli.say import clean, count
from rushes.cli.session import Session, common, session
from rushes.model.money import show_usd
from rushes.model.size import show_seconds


@click.command()
@click.argument("file", type=workflow_file)
@click.option("--seed", type=int, default=0, metavar="N", help="Another seed, other accidents.")
@click.option(
    "--faults", type=click.IntRange(1, 100_000), default=100, show_default=True, metavar="N", help="How many, at least."
)
@click.option("--provider", default="auto", metavar="NAME", help="Who is asked; auto: each model's own provider.")
@common
def chaos(file: Path, seed: int, faults: int, provider: str) -> int:
    """Let everything go wrong with FILE, and look whether the promises about money hold. Simulated, and free.

    FILE is run in a throw-away home against a simulator of its own. Answers are dropped, repeated and cut; the run is
    killed without a word, again and again, and resumed until it is done. Exit code 0 only when every promise held.
    """
    now = session()
    now.talk(f"simulated and free: no key is used, and nothing of {clean(file.name)} is kept")
    view = _View(now, faults)
    found = asyncio.run(play(file, seed=seed, faults=faults, provider=provider, say=view.tell))
    view.close()
    now.result(found.plain(), ok=found.good)
    if now.for_people:
        for line in _lines(found):
            click.echo(line)
    return Exit.OK if found.good else Exit.FAILED


class _View:
    """One line that is written over, where somebody looks; else nothing."""

    def __init__(self, now: Session, wanted: int) -> None:
        self._shown = not now.quiet and sys.stderr.isatty()
        self._wanted = wanted
        self._began = time.monotonic()

    def tell(self, found: Chaos, what: str) -> None:
        """How it goes."""
        if self._shown:
            spent = show_seconds(time.monotonic() - self._began)
            line = f"{found.injected:,} of {self._wanted:,} faults, take {found.takes + 1}, {what}, {spent}"
            click.echo(f"\r{line:<78}", nl=False, err=True)

    def close(self) -> None:
        """Clear the line."""
        if self._shown:
            click.echo(f"\r{'':<78}\r", nl=False, err=True)


def _lines(found: Chaos) -> Iterator[str]:
    yield f"{count(found.injected, 'fault')} in {count(found.takes, 'take')}, seed {found.seed}; all of it simulated"
    for name, times in found.faults.most_common():
        yield f"  {times:>6,}  {name}"
    yield f"submissions accepted   {found.accepted:,}"
    yield f"bought twice           {found.duplicates:,}"
    if found.again:
        yield f"bought again           {found.again:,} on purpose: paid for, and the answer was lost for good"
    yield f"unknown outcomes       {found.unknown:,}, each listed; the simulator's books were asked about them"
    yield f"results held, fetched  {found.held:,}, {found.fetched:,}"
    yield f"our books, its books   {show_usd(found.spent)}, {show_usd(found.billed)}"
    yield f"damaged files          {found.damaged:,}"
    yield f"longest reopening      {found.reopen * 1000:.0f} ms"
    for says in found.unfinished:
        yield f"not finished           {clean(says)}"
    for promise, held in found.promises().items():
        yield click.style("held    " if held else "BROKEN  ", fg="green" if held else "red") + promise
