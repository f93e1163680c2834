"""The command `rushes`. Only the standard library is imported here: asking for help must cost nothing.

A command's module, and everything it needs, is loaded when the command is named.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading
from contextlib import suppress
from typing import NoReturn

from rushes.cli.table import help_text


def main() -> None:
    """The entry point: runs a command and exits with its code."""
    args = sys.argv[1:]
    if args in ([], ["--help"], ["-h"], ["help"]) and "_RUSHES_COMPLETE" not in os.environ:
        sys.stdout.write(help_text())
        sys.exit(0)
    # modules are no garbage: the collector would only look through them again and again while they load
    gc.disable()
    # click costs as much as all else together, so it is loaded only for a command
    try:
        from rushes.cli.tree import run_command

        code = run_command(args)
    except KeyboardInterrupt:  # while it loads; later a command knows better what to do about it
        sys.stderr.write("interrupted\n")
        code = 130
    leave(code)


def leave(code: int) -> NoReturn:
    """Exit without taking everything apart first: a large plan would be freed value by value, for nobody.

    Threads and exit handlers end as they always do; only then is the process gone.
    """
    threading._shutdown()  # type: ignore[attr-defined]  # what the interpreter itself begins its exit with
    atexit._run_exitfuncs()
    with suppress(OSError):  # a reader that has gone has been dealt with
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)
