"""The suite's command tree, and the one place where its errors become words and exit codes."""

from __future__ import annotations

import traceback
from collections.abc import Sequence

import click

from rushes.cli.loading import Loading
from rushes.cli.pipes import let_go_of_closed
from rushes.cli.say import clean, problem_lines
from rushes.cli.session import plain_problem
from rushes.cli.suite.session import Exit, Suite, common, exit_of, problem_of
from rushes.cli.suite.table import COMMANDS, ELSEWHERE, help_text
from rushes.errors import RushesError


class Tree(Loading):
    """The commands of the suite."""

    table = COMMANDS

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command, and keep its name for the envelope."""
        command = super().get_command(ctx, cmd_name)
        now = ctx.find_object(Suite)
        if command is not None and now is not None:
            now.command = cmd_name
        return command

    def get_help(self, ctx: click.Context) -> str:
        """The same text that the fast path prints."""
        return help_text(ctx.info_name or "aicp").rstrip("\n")

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one was meant, or what is here instead."""
        if args and args[0] in ELSEWHERE:
            raise click.UsageError(f"{args[0]} is not here: {ELSEWHERE[args[0]]}", ctx)
        return super().resolve_command(ctx, args)


@click.command(cls=Tree, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rushes", message="rushes %(version)s")
@common
def tree() -> None:
    """The commands of the AI content pipeline."""


def run_command(args: Sequence[str], called: str = "aicp") -> int:
    """Run one command line; returns the exit code and never raises."""
    now = Suite(json="--json" in args, debug="--debug" in args)
    try:
        return int(tree.main(args=list(args), prog_name=called, standalone_mode=False, obj=now) or 0)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as error:
        return _misused(error, now, called)
    except BrokenPipeError:
        let_go_of_closed()
        return Exit.OK
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return Exit.INTERRUPTED
    except Exception as error:
        return _failed(error, now)


def _misused(error: click.ClickException, now: Suite, called: str) -> int:
    context = error.ctx if isinstance(error, click.UsageError) else None
    says = error.format_message()
    click.echo(f"{called}: {says}\n  -> {context.command_path if context else called} --help", err=True)
    now.failed(says, ())
    return Exit.ARGUMENTS


def _failed(error: Exception, now: Suite) -> int:
    if now.debug:
        traceback.print_exception(error)
    problems = problem_of(error)
    for line in problem_lines(problems):
        click.echo(line, err=True)
    if isinstance(error, RushesError):
        says, step = error.message, error.next_step
    else:
        says, step = f"this is a fault of Rushes: {type(error).__name__}: {error}", "run it again with --debug"
    click.echo(clean(says), err=True)
    if step and not problems:
        click.echo(f"  -> {clean(step)}", err=True)
    now.failed(says if problems or not step else f"{says} ({step})", [plain_problem(one) for one in problems])
    return exit_of(error)
