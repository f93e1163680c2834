"""The commands of a table, each loaded when it is named."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import ClassVar

import click

from rushes.model.problem import did_you_mean


class Loading(click.Group):
    """A group whose `table` says by name where each command is (`module:command`), and what the help says about it."""

    table: ClassVar[Mapping[str, tuple[str, str]]] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of the table."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        if cmd_name not in self.table:
            return None
        module, _, name = self.table[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        gc.freeze()
        gc.enable()  # `main` held it off while modules were loading
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one was probably meant."""
        if args and args[0] not in self.table and not args[0].startswith("-"):
            near = get_close_matches(args[0], self.table, n=1)
            raise click.UsageError(
                f"there is no command {args[0]!r}{': ' if near else ''}{did_you_mean(near, '')}", ctx
            )
        return super().resolve_command(ctx, args)
