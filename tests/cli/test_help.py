"""Asking for help costs nothing, fits a terminal and tells the truth."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys

import click
import pytest

from rushes.cli.table import COMMANDS, GROUPS, help_text
from rushes.cli.tree import tree

from .conftest import Rushes

HEAVY = {"rich", "numpy", "sqlite3", "asyncio", "PIL", "av", "httpx", "yaml", "psycopg", "click", "platformdirs"}

PROBE = """
import atexit, sys
sys.argv = ["rushes", *{args!r}]
atexit.register(lambda: print(sorted(name for name in sys.modules if name in {heavy!r}), file=sys.stderr))
from rushes.cli.main import main
main()
"""


def loaded(*args: str) -> set[str]:
    """Which heavy libraries a command line loads."""
    code = PROBE.format(args=args, heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(eval(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("args", [("--help",), ("-h",), (), ("help",)])
def test_help_loads_nothing_heavy(args: tuple[str, ...]) -> None:
    assert loaded(*args) == set()


def test_the_version_and_the_help_of_a_command_load_only_what_they_need() -> None:
    assert loaded("--version") == {"click"}
    assert loaded("version") == {"click"}


def test_help_costs_less_than_100_ms_of_cpu() -> None:
    def spent() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "rushes", "--help"], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(spent() for _ in range(5)) < 0.1


def test_help_fits_a_terminal_of_80_by_24() -> None:
    lines = help_text().splitlines()
    assert len(lines) < 24 and max(map(len, lines)) <= 80


def test_help_names_every_command_once() -> None:
    grouped = [name for names in GROUPS.values() for name in names]
    assert len(set(grouped)) == len(grouped) and set(grouped) <= set(COMMANDS)
    for name in COMMANDS:
        assert re.search(rf"\b{name}\b", help_text().partition("\n\n")[2]), name


def test_help_is_the_same_on_every_way(rushes: Rushes) -> None:
    assert rushes("--help").out.strip() == help_text().strip()
    assert rushes("-h").code == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_loads_and_explains_itself(name: str, rushes: Rushes) -> None:
    said = rushes(name, "--help")
    assert said.code == 0 and said.out.startswith(f"Usage: rushes {name}")
    assert max(map(len, said.out.splitlines())) <= 80
    command = tree.get_command(click.Context(tree), name)
    assert command is not None and command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"--{parameter.name} says nothing"


def test_a_misspelt_command_is_recognised(rushes: Rushes) -> None:
    said = rushes("rnu", "x.yaml")
    assert said.code == 2 and "did you mean 'run'?" in said.err and said.out == ""


def test_a_misspelt_option_is_recognised(rushes: Rushes, hello: object) -> None:
    said = rushes("run", "hello.yaml", "--provder", "sketch")
    assert said.code == 2 and "--provider" in said.err


def test_completion_is_still_there() -> None:
    environment = {**os.environ, "_RUSHES_COMPLETE": "bash_source"}
    done = subprocess.run([sys.executable, "-m", "rushes"], env=environment, capture_output=True, text=True)
    assert "_rushes" in done.stdout or done.returncode == 0
