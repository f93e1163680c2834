"""The commands `ai-content-pipeline` and `aicp`. Only the standard library is imported: help must cost nothing."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

from rushes.cli.main import leave
from rushes.cli.suite.table import help_text


def main() -> None:
    """The entry point: runs a command and exits with its code."""
    args = sys.argv[1:]
    called = Path(sys.argv[0]).name
    if args in ([], ["--help"], ["-h"], ["help"]):
        sys.stdout.write(help_text(called))
        sys.exit(0)
    gc.disable()  # as `rushes` does: modules are no garbage
    try:
        from rushes.cli.suite.tree import run_command

        code = run_command(args, called)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        code = 130
    leave(code)
