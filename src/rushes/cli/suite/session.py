"""One invocation of the suite's command: its envelope, its exit codes, the flags that all its commands have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, TypeVar

import click

from rushes.app.expanded import expanded
from rushes.cli.session import Session, print_json
from rushes.cli.session import common as every_command
from rushes.errors import RefusedError, RemoteError, UserError
from rushes.model.problem import Problem, ProblemsError

F = TypeVar("F", bound=Callable[..., Any])

SCHEMA_VERSION = "1"


class Exit(IntEnum):
    """What the suite's exit codes mean. Success is never said of what failed."""

    OK = 0
    GENERAL = 1
    ARGUMENTS = 2  # a flag, or what a pipeline file says
    MISSING = 3  # a file or a setting that is not there
    PROVIDER = 4
    PIPELINE = 5  # it ran and has not all its results, or a guard kept it from running
    INTERRUPTED = 130


class MissingError(UserError):
    """A file that a flag names is not there."""


@dataclass(slots=True)
class Suite(Session):
    """The flags; `command` is what was called. `base` is the folder that outputs go to."""

    command: str = ""
    base: str | None = None

    @property
    def folder(self) -> Path:
        """The folder to work in."""
        return Path(self.base or ".").absolute()

    def tell(self, data: dict[str, Any]) -> None:
        """Print the envelope of one thing, if this is `--json`."""
        self._print({"data": data})

    def listing(self, items: Sequence[Any]) -> None:
        """Print the envelope of a list, if this is `--json`."""
        self._print({"items": list(items)})

    def failed(self, says: str, problems: Sequence[dict[str, Any]]) -> None:
        """Print the envelope of a failure, if this is `--json`."""
        self._print({"data": {"success": False, "error": says, "problems": list(problems)}})

    def _print(self, body: dict[str, Any]) -> None:
        if self.json and not self.said:
            self.said = True
            print_json({"schema_version": SCHEMA_VERSION, "command": self.command, **body})


def suite() -> Suite:
    """The session of the command that is running."""
    found = click.get_current_context().find_object(Suite)
    assert found is not None
    return found


def common(command: F) -> F:
    """The flags that may stand before and behind every command."""

    def keep(name: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
        def callback(context: click.Context, _parameter: click.Parameter, value: Any) -> None:
            if value:
                setattr(context.find_object(Suite), name, value)

        return callback

    def idle(context: click.Context, parameter: click.Parameter, value: Any) -> None:
        if value:
            now = context.find_object(Suite)
            assert now is not None
            now.talk(f"{parameter.opts[0]} has no effect: everything is kept in one home (--state-dir)")

    folder = click.Path(path_type=str)
    flags = (
        click.option("--base-dir", type=folder, expose_value=False, callback=keep("base"), help="Work in this folder."),
        click.option(
            "--state-dir", type=folder, expose_value=False, callback=keep("home"), help="Keep everything here."
        ),
        click.option("--config-dir", expose_value=False, callback=idle, help="Understood; has no effect."),
        click.option("--cache-dir", expose_value=False, callback=idle, help="Understood; has no effect."),
    )
    for flag in reversed(flags):
        command = flag(command)
    return every_command(command)


def exit_of(error: BaseException) -> Exit:
    """The exit code of a command that ended with this error."""
    if isinstance(error, MissingError):
        return Exit.MISSING
    if isinstance(error, ProblemsError | UserError):
        return Exit.ARGUMENTS
    if isinstance(error, RemoteError):
        return Exit.PROVIDER
    if isinstance(error, RefusedError):
        return Exit.PIPELINE
    if isinstance(error, KeyboardInterrupt):
        return Exit.INTERRUPTED
    return Exit.GENERAL


def existing(given: str, flag: str, *, hint: str = "name a file that is there") -> Path:
    """A file that a flag names. Raises MissingError, with `hint` as its next step."""
    path = expanded(given)
    if not path.is_file():
        raise MissingError(f"{flag}: there is no file {given}", next_step=hint)
    return path


def problem_of(error: Exception) -> Sequence[Problem]:
    """The problems that an error carries."""
    return error.problems if isinstance(error, ProblemsError) else ()
