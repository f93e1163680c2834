"""`aicp set-key`, `get-key`, `check-keys`, `delete-key`, `setup`: keys, by the names of their variables."""

from __future__ import annotations

import click

from rushes.app.keyed import KeyCheck, check_keys, delete_key, keep_key
from rushes.app.keys import VARIABLES
from rushes.cli.commands.keys import given_key
from rushes.cli.say import clean
from rushes.cli.suite.driving import project_at
from rushes.cli.suite.session import Exit, common, suite
from rushes.errors import UserError

_PROVIDERS = {variable: provider for provider, names in VARIABLES.items() for variable in names}


@click.command("set-key")
@click.argument("name")
@click.option("--stdin", is_flag=True, help="Read it from stdin, which is done anyhow where nobody types.")
@common
def set_key(name: str, stdin: bool) -> int:
    """Keep the key NAME, such as FAL_KEY: in the system's keyring, else in a file that only you can read.

    A key is never an argument: it is asked for and not shown, or read from stdin.
    """
    now = suite()
    provider = _provider(name)
    with project_at(now.folder, now) as project:
        kept = keep_key(project, provider, lambda: given_key(provider))
    now.tell({"success": True, "name": name, **kept._asdict()})
    now.talk(f"{name} is kept in {clean(kept.where)}")
    if kept.beaten_by:
        now.talk(f"  but {kept.beaten_by} is set, and the environment wins")
    return Exit.OK


@click.command("get-key")
@click.argument("name")
@click.option("--reveal", is_flag=True, help="Not here: a key is shown to nobody.")
@common
def get_key(name: str, reveal: bool) -> int:
    """Say where the key NAME is kept, and whether it can be one. The key itself is never shown."""
    if reveal:
        raise UserError(
            "a key is never printed: what is printed is kept in scrollbacks and logs",
            next_step="look where it is kept: aicp get-key NAME",
        )
    now = suite()
    with project_at(now.folder, now) as project:
        (found,) = check_keys(project, _provider(name), live=False)
    now.tell({"success": found.ok, "name": name, **found._asdict()})
    if now.for_people:
        click.echo(_line(found))
    return Exit.OK if found.ok else Exit.MISSING


@click.command("check-keys")
@common
def check_all() -> int:
    """Say for each provider whether its key is there, and where. Nothing is sent anywhere."""
    return _checked()


@click.command("delete-key")
@click.argument("name")
@common
def forget_key(name: str) -> int:
    """Forget the key NAME wherever it was kept."""
    now = suite()
    with project_at(now.folder, now) as project:
        gone = delete_key(project, _provider(name))
    now.tell({"success": True, "name": name, **gone._asdict()})
    where = " and ".join(gone.where)
    now.talk(f"{name} is gone from {clean(where)}" if where else f"{name} was not kept")
    if gone.still_in:
        now.talk(f"  {gone.still_in} still gives one: unset it to take that away too")
    return Exit.OK


@click.command("setup")
@click.option("--output-dir", metavar="DIR", help="Understood; has no effect: keys are kept in no project folder.")
@common
def setup(output_dir: str | None) -> int:
    """Say what is missing before the first run: which keys are there, and how to give the others.

    No `.env` file is written or read: a key in a project folder ends up in somebody's archive.
    """
    return _checked()


def _checked() -> int:
    now = suite()
    with project_at(now.folder, now) as project:
        found = check_keys(project, None, live=False)
    now.listing([one._asdict() for one in found])
    if now.for_people:
        for one in found:
            click.echo(_line(one))
    return Exit.OK


def _line(one: KeyCheck) -> str:
    variable = next(iter(VARIABLES.get(one.provider, ())), "")
    step = f"\n{'':<13}-> aicp set-key {variable}" if one.source is None and variable else ""
    return f"{one.provider:<12} {clean(one.says)}{step}"


def _provider(name: str) -> str:
    """Whose key this is: by its variable, or by the provider's own name."""
    return _PROVIDERS.get(name.upper(), name.lower())
