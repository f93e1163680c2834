"""`rushes keys set`, `rushes keys check`, `rushes keys delete`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from rushes.app.keyed import check_keys, delete_key, keep_key
from rushes.app.keys import LONGEST
from rushes.app.project import Project
from rushes.cli.exits import Exit
from rushes.cli.say import clean
from rushes.cli.session import common, session
from rushes.errors import UserError


@click.group(subcommand_metavar="set|check|delete")
def keys() -> None:
    """Keep the keys of providers, check them, delete them.

    A key is never an argument: `set` asks for it and shows nothing, or reads it from stdin.
    """


@keys.command("set")
@click.argument("provider")
@common
def set_(provider: str) -> int:
    """Keep the key of PROVIDER: in the system's keyring where there is one, else in a file that only you can read.

    In a script: rushes keys set fal < FILE.
    """
    now = session()
    with Project.open(Path.cwd(), home=now.home) as project:
        kept = keep_key(project, provider, lambda: given_key(provider))
    now.result(kept._asdict())
    now.talk(f"the key of {provider} is kept in {clean(kept.where)}")
    if kept.beaten_by:
        now.talk(f"  but {kept.beaten_by} is set, and the environment wins")
    return Exit.OK


@keys.command()
@click.argument("provider", required=False)
@click.option("--live", is_flag=True, help="Ask the provider too, with a question that costs nothing.")
@common
def check(provider: str | None, live: bool) -> int:
    """Say where each key comes from and whether it can be one. Nothing is sent anywhere without --live."""
    now = session()
    with Project.open(Path.cwd(), home=now.home) as project:
        found = check_keys(project, provider, live=live)
    ok = all(one.ok for one in found)
    now.result([one._asdict() for one in found], ok=ok)
    if now.for_people:
        for one in found:
            line = f"{one.provider:<12} {clean(one.says)}"
            click.echo(line + (f"\n{'':<13}-> {clean(one.next_step)}" if one.next_step else ""))
    return Exit.OK if ok else Exit.MISTAKE


@keys.command()
@click.argument("provider")
@common
def delete(provider: str) -> int:
    """Forget the key of PROVIDER wherever it was kept."""
    now = session()
    with Project.open(Path.cwd(), home=now.home) as project:
        gone = delete_key(project, provider)
    now.result(gone._asdict())
    where = " and ".join(gone.where)
    now.talk(f"the key of {provider} is gone from {clean(where)}" if where else f"no key of {provider} was kept")
    if gone.still_in:
        now.talk(f"  {gone.still_in} still gives one: unset it to take that away too")
    return Exit.OK


def given_key(provider: str) -> str:
    """The key as the person gives it: typed unseen, or the first line of stdin."""
    if sys.stdin.isatty():
        typed: str = click.prompt(f"key of {provider} (not shown)", hide_input=True, err=True)
        return typed
    line = sys.stdin.readline(LONGEST + 2)
    if not line.strip():
        raise UserError("stdin gave no key", next_step=f"write it there, or call rushes keys set {provider} by hand")
    return line
