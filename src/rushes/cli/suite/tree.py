"""The suite's command tree, and the one place where its errors become words and exit codes."""

from __future__ import annotations

import gc
import traceback
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module

import click

from rushes.cli.pipes import let_go_of_closed
from rushes.cli.say import clean, problem_lines
from rushes.cli.session import plain_problem
from rushes.cli.suite.session import Exit, Suite, common, exit_of, problem_of
from rushes.cli.suite.table import COMMANDS, ELSEWHERE, help_text
from rushes.errors import RushesError
from rushes.model.problem import did_you_mean


class Tree(click.Group):
    """The commands, each loaded when it is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        gc.enable()
        now = ctx.find_object(Suite)
        if now is not None:
            now.command = cmd_name
        return command

    def get_help(self, ctx: click.Context) -> str:
        """The same text that the fast path prints."""
        return help_text(ctx.info_name or "aicp").rstrip("\n")

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one was meant, or what is here instead."""
        name = args[0] if args else ""
        if name in ELSEWHERE:
            raise click.UsageError(f"{name} is not here: {ELSEWHERE[name]}", ctx)
        if name and name not in COMMANDS and not name.startswith("-"):
            near = get_close_matches(name, COMMANDS, n=1)
            raise click.UsageError(f"there is no command {name!r}{': ' if near else ''}{did_you_mean(near, '')}", ctx)
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
