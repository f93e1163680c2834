"""`docs/commands.md` names every command and every flag with the words of its help."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from rushes.cli.table import COMMANDS
from rushes.cli.tree import tree

TEXT = (Path(__file__).parents[2] / "docs" / "commands.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", TEXT, re.M | re.S))


def test_every_command_has_its_section() -> None:
    assert list(SECTIONS) == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_flag_is_explained(name: str) -> None:
    command = tree.get_command(click.Context(tree), name)
    assert command is not None
    like_plan = SECTIONS["plan"] if name in ("run", "batch", "rerun", "bench") else ""
    told = SECTIONS[name] + like_plan + TEXT.partition("## ")[0]
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert f"`{parameter.opts[-1]}" in told, parameter.opts
            if parameter.opts[-1] not in ("--json", "--quiet", "--debug", "--home"):
                assert parameter.help is not None and parameter.help in told
