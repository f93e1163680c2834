"""`rushes version`."""

from __future__ import annotations

import platform
from importlib.metadata import version as installed

import click

from rushes.cli.session import common, session


@click.command()
@common
def version() -> None:
    """Print the version."""
    now = session()
    number = installed("rushes")
    now.result({"rushes": number, "python": platform.python_version()})
    if now.for_people:
        click.echo(f"rushes {number} (Python {platform.python_version()})")
