"""A simulator beside a case, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

FILM = """
name: film
steps:
  - {name: still, type: text_to_image, model: flux_schnell, prompt: a red fox}
"""


@contextmanager
def simulator(*flags: str) -> Iterator[str]:
    """The address of a simulator that runs as long as the block."""
    command = [sys.executable, "-m", "rushes", "sim", "--port", "0", "--seed", "7", "--time-scale", "0.001", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as serving:
        assert serving.stdout is not None
        try:
            yield serving.stdout.readline().strip()
        finally:
            serving.terminate()
