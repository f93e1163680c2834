"""Processes of a fault suite: the simulator that outlives the others, and runs that are killed without a word."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from rushes.errors import UserError

TIME_SCALE = 0.02
"""Real seconds for a simulated one."""

_MOST_SIDE = 256  # pixels: what is painted matters to nobody here
_LINE = 64 * 1024 * 1024
_HANGS = 300.0  # seconds after which a run that nobody kills counts as hanging
_READY = 30.0


class Child(NamedTuple):
    """When a process is killed: as soon as it has told so many events, or after so many seconds."""

    event: int | None = None
    seconds: float | None = None


@asynccontextmanager
async def simulator_of(seed: int, folder: Path) -> AsyncIterator[str]:
    """The address of a simulator of its own, gone afterwards."""
    command = ["sim", "--port", "0", "--seed", str(seed), "--time-scale", str(TIME_SCALE)]
    command += ["--most-side", str(_MOST_SIDE), "--at-once", "40"]
    process = await asyncio.create_subprocess_exec(
        *_python(command),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=folder,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_READY):
            url = (await process.stdout.readline()).decode().strip()
        if not url:
            raise UserError("the simulator did not start", next_step="see why with: rushes sim --port 0")
        yield url
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def child_of(command: Sequence[str], environ: Mapping[str, str], end: Child | None) -> tuple[int | None, str]:
    """Run `rushes` with these arguments; its exit code (None: it was killed) and the last that it said to people."""
    process = await asyncio.create_subprocess_exec(
        *_python(command),
        env={**os.environ, **environ},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=_LINE,
    )
    said: deque[str] = deque(maxlen=20)
    talking = asyncio.create_task(_listen(process, said))
    seconds = _HANGS if end is None or end.seconds is None else end.seconds
    try:
        async with asyncio.timeout(seconds):
            killed = await _watch(process, None if end is None else end.event)
            if not killed:
                await process.wait()
    except TimeoutError:
        if end is None or end.seconds is None:
            raise UserError(f"a run did not end within {_HANGS:g} s") from None
        killed = True
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        await talking
    return (None if killed else process.returncode), "\n".join(said)


async def _watch(process: asyncio.subprocess.Process, most: int | None) -> bool:
    """Follow a run's stream of events; true as soon as there were so many, false at its end."""
    assert process.stdout is not None
    events = 0
    async for line in process.stdout:
        events += b'"type":"event"' in line
        if most is not None and events >= most:
            return True
    return False


async def _listen(process: asyncio.subprocess.Process, said: deque[str]) -> None:
    assert process.stderr is not None
    async for line in process.stderr:
        said.append(line.decode(errors="replace").rstrip())


def _python(command: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "rushes", *command]
