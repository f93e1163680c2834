"""Every command's `--json`: its shape is published, it is what the schema says, and it is what it was.

`RUSHES_GOLDEN=write pytest tests/cli/envelopes` writes the golden files anew; what changed is then in the diff.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import re
from collections.abc import Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest
from tests.cli.conftest import Rushes

from rushes.cli.published import envelope_schema, published
from rushes.cli.table import COMMANDS
from rushes.cli.tree import tree

GOLDEN = Path(__file__).parent / "golden"

_CHANGING = (
    (re.compile(r"\b\d{8}-\d{6}-[0-9a-f]{4}\b"), "<run>"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<digest>"),
    (re.compile(r"\b\d{8}-\d{6}\b"), "<time>"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^\s\"]*"), "<time>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"), "<time>"),
    (re.compile(r"\brushes-[0-9a-f]{40}\b"), "<idempotency key>"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"\b\d+\.\d+ (ms|s)\b"), r"<number> \1"),
    (re.compile(r"(127\.0\.0\.1|localhost):\d+"), r"\1:<port>"),
)
VOLATILE = frozenset({"size", "bytes", "pid", "python", "rushes", "days"})
"""Whole numbers and versions that another machine, another day or another library makes different."""


def leaves() -> Iterator[str]:
    """Every command that does something, by the words it is called with."""
    for name in COMMANDS:
        command = tree.get_command(click.Context(tree), name)
        if isinstance(command, click.Group):
            yield from (f"{name} {sub}" for sub in command.commands)
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield name


def steady(value: Any, place: Path, changing: Container[str] = VOLATILE, key: str = "") -> Any:
    """What stays the same from run to run: times, sizes, ids and folders are named by what they are."""
    if key in changing and value is not None:
        return f"<{key}>"
    if isinstance(value, dict):
        return {name: steady(one, place, changing, name) for name, one in value.items()}
    if isinstance(value, list):
        return [steady(one, place, changing) for one in value]
    if isinstance(value, float):
        return "<number>"
    if isinstance(value, str):
        text = value.replace(str(place), "<place>").replace(str(place.parent), "<folder>")
        for pattern, name in _CHANGING:
            text = pattern.sub(name, text)
        return text
    return value


@pytest.mark.parametrize("command", sorted(leaves()))
def test_what_a_command_prints_is_published_and_is_what_it_was(command: str, place: Path, rushes: Rushes) -> None:
    name = command.replace(" ", "-")
    case = importlib.import_module(f"tests.cli.envelopes.cases.{name.replace('-', '_')}")
    said = _said(case, place, rushes)
    jsonschema.validate(said, envelope_schema(command))
    assert said["data"] is not None, said["problems"]
    golden = GOLDEN / f"{name}.json"
    changing = VOLATILE | getattr(case, "CHANGING", frozenset())
    text = json.dumps(steady(said, place, changing), indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("RUSHES_GOLDEN") == "write":
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")


def _said(case: Any, place: Path, rushes: Rushes) -> Any:
    """The envelope; a case that has to stay (a simulator) yields what is called, one that serves says it itself."""
    if hasattr(case, "said"):
        return case.said(place)
    if not inspect.isgeneratorfunction(case.args):
        return rushes(*case.args(place, rushes), "--json").json
    with contextmanager(case.args)(place, rushes) as args:
        return rushes(*args, "--json").json


def test_nothing_is_published_that_is_no_command() -> None:
    assert published() == sorted(leaves())
    assert {path.stem for path in GOLDEN.glob("*.json")} == {name.replace(" ", "-") for name in published()}


@pytest.mark.parametrize("command", sorted(leaves()))
def test_a_schema_says_everything_that_it_allows(command: str) -> None:
    schema = envelope_schema(command)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert not list(_open(schema["properties"]["data"], command)), "an object without its properties"


def _open(schema: Any, where: str) -> Iterator[str]:
    """Objects that would let anything through: neither closed nor a map of one kind of value, nor said to be open."""
    if isinstance(schema, list):
        for one in schema:
            yield from _open(one, where)
    elif isinstance(schema, dict):
        if schema.get("type") == "object" and "additionalProperties" not in schema and "description" not in schema:
            yield where
        for name, one in schema.items():
            yield from _open(one, f"{where}.{name}")


def test_the_schema_of_a_command_can_be_asked_for(rushes: Rushes) -> None:
    assert json.loads(rushes("schema", "check").out) == envelope_schema("check")
    assert rushes("schema", "chekc").code == 2 and "did you mean 'check'" in rushes("schema", "chekc").err
