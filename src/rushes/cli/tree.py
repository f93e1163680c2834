"""The command tree, and the one place where errors become words and exit codes."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence

import click

from rushes.cli.exits import Exit, exit_of_error
from rushes.cli.loading import Loading
from rushes.cli.pipes import let_go_of_closed
from rushes.cli.say import error_lines
from rushes.cli.session import KEPT, Session
from rushes.cli.table import COMMANDS, help_text
from rushes.errors import RushesError
from rushes.model.problem import Problem, ProblemsError, Severity


class Tree(Loading):
    """The commands of `rushes`."""

    table = COMMANDS

    def get_help(self, ctx: click.Context) -> str:
        """The same text that the fast path prints."""
        return help_text().rstrip("\n")

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; when the reader of its output has seen enough, that is no failure."""
        try:
            answer: object = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:  # caught here, because click would make it exit code 1
            let_go_of_closed()
            return Exit.OK
        return answer


tree = click.version_option(package_name="rushes", message="rushes %(version)s")(
    Tree("rushes", context_settings={"help_option_names": ["-h", "--help"]})
)


def run_command(args: Sequence[str]) -> int:
    """Run one command line; returns the exit code and never raises."""
    KEPT.clear()  # of the command before, where one process runs several
    now = Session(json="--json" in args, debug="--debug" in args)
    try:
        return int(tree.main(args=list(args), prog_name="rushes", standalone_mode=False, obj=now) or 0)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as error:
        return _misused(error, now)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return Exit.INTERRUPTED
    except Exception as error:
        return _failed(error, now)


def _misused(error: click.ClickException, now: Session) -> int:
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path if context is not None else "rushes"
    says = error.format_message()
    click.echo(f"rushes: {says}\n  -> {path} --help", err=True)
    usage = Problem(code="usage", severity=Severity.ERROR, says=says, try_=f"{path} --help")
    now.result(None, ok=False, problems=[usage])
    return Exit.MISTAKE


def _failed(error: Exception, now: Session) -> int:
    if now.debug:
        traceback.print_exception(error)
    expected = isinstance(error, RushesError)
    if isinstance(error, ProblemsError):
        problems = list(error.problems)
    elif isinstance(error, RushesError):
        code = type(error).__name__
        problems = [Problem(code=code, severity=Severity.ERROR, says=error.message, try_=error.next_step)]
    else:
        says = f"{type(error).__name__}: {error}"
        problems = [Problem(code="internal", severity=Severity.ERROR, says=says, try_="run it again with --debug")]
    for line in error_lines(error, problems, expected=expected):
        click.echo(line, err=True)
    now.result(None, ok=False, problems=problems)
    return exit_of_error(error)
