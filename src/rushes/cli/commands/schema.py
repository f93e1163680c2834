"""`rushes schema`."""

from __future__ import annotations

import json

import click

from rushes.app.schema import workflow_schema
from rushes.cli.session import common, session


@click.command()
@common
def schema() -> None:
    """Print the JSON Schema of YAML and JSON workflow files, for editors and other tools."""
    now = session()
    found = workflow_schema()
    now.result(found)
    if now.for_people:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
