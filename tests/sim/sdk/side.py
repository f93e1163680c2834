"""The side of an official SDK: a process of its own that imports the SDK once and then does what it is told.

The process is given a script such as `fal_side.py`; that script knows nothing of Rushes and imports the SDK as its
users do. Commands and answers are lines of JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any

LONGEST = 40.0
"""Seconds after which a command that does not answer is given up."""


class Raised(Exception):
    """The SDK raised: `kind` is the name of the class, `facts` what it carried."""

    def __init__(self, kind: str, facts: dict[str, Any]) -> None:
        super().__init__(f"{kind}: {facts}")
        self.kind = kind
        self.facts = facts


class Side:
    """A running SDK process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def do(self, command: str, **given: Any) -> Any:
        """Run one command of the script; what it returned. Raises Raised with what the SDK raised."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": command, "with": given}) + "\n")
        self._process.stdin.flush()
        watch = Timer(LONGEST, self._process.kill)
        watch.start()
        try:
            line = self._process.stdout.readline()
        finally:
            watch.cancel()
        assert line, f"the process of the SDK ended while it did {command}"
        answer = json.loads(line)
        if "raised" in answer:
            raise Raised(answer["raised"], answer["facts"])
        return answer["returned"]


@contextmanager
def side(script: str, environment: Mapping[str, str], home: Path) -> Iterator[Side]:
    """A process that runs the script of this folder with this environment and nothing of ours."""
    clean = {"PATH": "/usr/bin:/bin", "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1", **environment}
    with subprocess.Popen(
        [sys.executable, "-P", str(Path(__file__).with_name(script))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=clean,
        cwd=home,
    ) as process:
        try:
            yield Side(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


def serve(commands: Mapping[str, Callable[..., Any]], facts: Callable[[Exception], dict[str, Any]]) -> None:
    """The loop of the SDK's process: read a command, answer it; whatever the SDK raises is an answer too."""
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = {"returned": commands[asked["do"]](**asked["with"])}
        except Exception as error:
            answer = {"raised": type(error).__name__, "facts": {"says": str(error)[:2000], **facts(error)}}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
