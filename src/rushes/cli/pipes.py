"""Output that nobody reads any more: `rushes ... | head -1`."""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def let_go_of_closed() -> None:
    """Send what is still said on a closed pipe nowhere: the interpreter would complain about its buffer at exit."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
            with suppress(OSError):
                stream.flush()
