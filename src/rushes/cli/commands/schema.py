"""`rushes schema`."""

from __future__ import annotations

import json
from difflib import get_close_matches

import click

from rushes.app.schema import workflow_schema
from rushes.cli.published import envelope_schema, published
from rushes.cli.session import common, session
from rushes.model.problem import did_you_mean


@click.command()
@click.argument("command", nargs=-1)
@common
def schema(command: tuple[str, ...]) -> None:
    """Print the JSON Schema of workflow files, or of what COMMAND prints with --json.

    For editors and other tools: rushes schema, rushes schema plan, rushes schema models show.
    """
    now = session()
    found = _of(" ".join(command)) if command else workflow_schema()
    now.result(found)
    if now.for_people:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))


def _of(command: str) -> dict[str, object]:
    try:
        return envelope_schema(command)
    except KeyError:
        near = get_close_matches(command, published(), n=1)
        hint = did_you_mean(near, f"one of: {', '.join(published())}")
        raise click.BadArgumentUsage(f"there is no command {command!r} with --json: {hint}") from None
