"""Cuts wires and looks whether their tests notice."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from tests.mutations.wires import ROOT, Copy, Wire

_PATIENCE = 120
"""Seconds for one test under a cut: a run that hangs has noticed too, but says it later."""

_TESTS_FAILED = 1
"""pytest's exit code for tests that ran and failed; a file that does not load is another one and proves nothing."""


class Verdict(StrEnum):
    """What a test said about a cut wire."""

    NOTICED = "noticed"
    UNNOTICED = "NOT NOTICED"
    BROKEN = "BROKEN"  # the test did not run: the edit is no program any more, or the test has another name


class Outcome(NamedTuple):
    """One wire, and what became of it; `seconds` is what the test took."""

    wire: Wire
    verdict: Verdict
    seconds: float
    said: str = ""


def try_wire(wire: Wire, copy: Copy) -> Outcome:
    """Cut it, run its test, mend it."""
    copy.cut(wire.cuts)
    began = time.monotonic()
    try:
        code, said = pytest_in(copy.source, [wire.test])
    finally:
        copy.mend(wire.cuts)
    return Outcome(wire, _verdict(code, said), time.monotonic() - began, said)


def all_hold(wires: Sequence[Wire], copy: Copy) -> tuple[bool, str]:
    """Whether every named test passes while nothing is cut: otherwise a failure would prove nothing."""
    code, said = pytest_in(copy.source, sorted({one.test for one in wires}))
    return code == 0, said


def pytest_in(source: Path, tests: Sequence[str]) -> tuple[int, str]:
    """Run tests against the source in a folder; the exit code and what was said."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", f"--timeout={_PATIENCE}"]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env["PYTHONPATH"] = str(source)  # before the place where the package is installed
    done = subprocess.run(
        [*command, *tests], cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return done.returncode, done.stdout


def _verdict(code: int, said: str) -> Verdict:
    if code == 0:
        return Verdict.UNNOTICED
    return Verdict.NOTICED if code == _TESTS_FAILED and "Timeout >" not in said else Verdict.BROKEN
