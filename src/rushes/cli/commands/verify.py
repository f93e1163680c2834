"""`rushes verify`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from rushes.app.project import Project
from rushes.app.tidy import Heap
from rushes.app.verify import Tell, Verified, Wrong
from rushes.app.verify import verify as verify_all
from rushes.cli.exits import Exit
from rushes.cli.say import blobs, clean, count
from rushes.cli.session import common, session
from rushes.model.problem import Problem, Severity
from rushes.model.size import show_seconds

_TOLD_EVERY = 50_000_000  # bytes between two words about how far it is


@click.command()
@click.option("--run", "run_id", metavar="RUN", help="Only what this run made or used.")
@click.option("--quick", is_flag=True, help="Names and sizes only: read no blob.")
@click.option("--repair", is_flag=True, help="Make damaged blobs whole from an intact copy, or move them aside.")
@common
def verify(run_id: str | None, quick: bool, repair: bool) -> int:
    """Read everything again, and say what is not what it was: blobs, the ledger's sums, exported files.

    Exit code 6 when something is wrong. What a person changed among exported files is told, and is not wrong.
    """
    now = session()
    watched = now.for_people and not now.quiet and sys.stderr.isatty()
    tell: Tell = _telling() if watched else lambda _heap: None
    with Project.open(Path.cwd(), home=now.home) as project:
        found = verify_all(project, run_id, quick=quick, repair=repair, tell=tell)
    now.result(found.plain(), ok=found.ok, problems=[_problem(one) for one in found.wrong if not one.whole])
    if now.for_people:
        _show(found)
    return Exit.OK if found.ok else Exit.STORE


def _telling() -> Tell:
    told = 0

    def tell(read: Heap) -> None:
        nonlocal told
        if read.size - told >= _TOLD_EVERY:
            told = read.size
            click.echo(f"\rread {blobs(*read)}  ", err=True, nl=False)

    return tell


def _show(found: Verified) -> None:
    how = "looked at" if found.quick else "read"
    click.echo(f"{how} {blobs(*found.read)} in {show_seconds(found.seconds)}")
    for one in found.wrong:
        click.secho(f"{one.fault}  {one.digest[:16]}  {clean(one.says)}".replace("    ", "  "), fg="red")
        for use in one.uses:
            click.echo(f"    used by {clean(use)}")
        if one.mended is not None:
            click.echo(f"    {clean(one.mended)}")
    for file in found.edited:
        click.echo(f"note: {clean(str(file.path))}: {file.says} since it was exported")
    if found.orphans.number:
        click.echo(f"note: {blobs(*found.orphans)} that no run knows; rushes gc can free them")
    if found.collected:
        click.echo(f"note: {count(found.collected, 'result')} that rushes gc has collected")
    if not found.wrong:
        click.secho("everything is as it was", fg="green")
    elif not found.ok and all(one.mended is None for one in found.wrong if one.digest):
        click.echo("make it whole with: rushes verify --repair")


def _problem(one: Wrong) -> Problem:
    uses = f"used by {'; '.join(one.uses)}" if one.uses else ""
    says = f"{one.digest} {one.says}" if one.digest else one.says
    try_ = "restore the ledger from a backup" if not one.digest else one.mended or "rushes verify --repair"
    return Problem(code=f"verify-{one.fault}", severity=Severity.ERROR, says=says, why=uses, try_=try_)
