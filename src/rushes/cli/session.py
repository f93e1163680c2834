"""One invocation: how it was asked to speak, and the two places it speaks to.

Results go to stdout, talk goes to stderr. With `--json` there is one envelope on stdout and nothing else there.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from rushes.model.problem import Problem

F = TypeVar("F", bound=Callable[..., Any])

KEPT: list[object] = []
"""What a command made, for as long as its process lives: taking it apart would take as long as making it did."""

SCHEMA = "rushes/1"
"""The name of the envelope's shape; a change that breaks a reader takes the next number."""


@dataclass(slots=True)
class Session:
    """The flags that every command has. `said` is true once the envelope is out."""

    json: bool = False
    stream: bool = False
    quiet: bool = False
    debug: bool = False
    home: str | None = None
    webhooks: str | None = None
    metrics: str | None = None
    min_free: int | None = None
    said: bool = False

    def result(self, data: Any, *, ok: bool = True, problems: Sequence[Problem] = ()) -> None:
        """Print the envelope, if this is `--json`."""
        if self.json and not self.said:
            self.said = True
            print_json({"schema": SCHEMA, "ok": ok, "data": data, "problems": [plain_problem(one) for one in problems]})

    def talk(self, text: str) -> None:
        """Say something to the person; never on stdout."""
        if not self.quiet:
            click.echo(text, err=True)

    @property
    def for_people(self) -> bool:
        """Whether stdout is for reading, not for parsing."""
        return not self.json and not self.stream


def print_json(value: Any) -> None:
    """One line of JSON on stdout, flushed: somebody may be reading along."""
    sys.stdout.write(json.dumps(value, ensure_ascii=True, separators=(",", ":"), default=str) + "\n")
    sys.stdout.flush()


def plain_problem(problem: Problem) -> dict[str, Any]:
    """A problem as JSON."""
    mark = problem.mark
    return {
        "code": problem.code,
        "severity": str(problem.severity),
        "says": problem.says,
        "why": problem.why,
        "try": problem.try_,
        "where": problem.where,
        "file": mark.file if mark is not None else None,
        "line": mark.line if mark is not None else None,
        "column": mark.column if mark is not None else None,
        "tab": problem.tab,
        "node": problem.node,
        "path": list(problem.path),
        "fixable": bool(problem.fix),
    }


def session() -> Session:
    """The session of the command that is running."""
    found = click.get_current_context().find_object(Session)
    assert found is not None
    return found


def _set(name: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    def callback(context: click.Context, _parameter: click.Parameter, value: Any) -> Any:
        if value:
            setattr(context.ensure_object(Session), name, value)
        return value

    return callback


def metrics(command: F) -> F:
    """Where what is driven says how it goes, in Prometheus' words."""
    return click.option(
        "--metrics",
        metavar="HOST:PORT",
        expose_value=False,
        callback=_set("metrics"),
        help="Serve Prometheus metrics here while it runs, such as 127.0.0.1:9464.",
    )(command)


def common(command: F) -> F:
    """The options that every command has; they end up in the session."""
    flags = (
        click.option(
            "--json", is_flag=True, expose_value=False, callback=_set("json"), help="One JSON value on stdout."
        ),
        click.option("-q", "--quiet", is_flag=True, expose_value=False, callback=_set("quiet"), help="Say less."),
        click.option("--debug", is_flag=True, expose_value=False, callback=_set("debug"), help="Show tracebacks."),
        click.option(
            "--home",
            metavar="DIR",
            expose_value=False,
            callback=_set("home"),
            help="Where ledger and store live (else RUSHES_HOME, rushes.toml, the user's data folder).",
        ),
    )
    for flag in reversed(flags):
        command = flag(command)
    return command
