"""The command `rushes`. Only the standard library is imported here: asking for help must cost nothing.

A command's module, and everything it needs, is loaded when the command is named.
"""

from __future__ import annotations

import os
import sys

from rushes.cli.table import help_text


def main() -> None:
    """The entry point: runs a command and exits with its code."""
    args = sys.argv[1:]
    if args in ([], ["--help"], ["-h"], ["help"]) and "_RUSHES_COMPLETE" not in os.environ:
        sys.stdout.write(help_text())
        sys.exit(0)
    # click costs as much as all else together, so it is loaded only for a command
    try:
        from rushes.cli.tree import run_command

        code = run_command(args)
    except KeyboardInterrupt:  # while it loads; later a command knows better what to do about it
        sys.stderr.write("interrupted\n")
        code = 130
    sys.exit(code)
