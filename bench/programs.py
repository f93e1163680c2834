"""What a program pays for asking through a client: processor time of one question of many at once."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure
from rushes.app.config import load_config
from rushes.app.project import Project
from rushes.python.client import Client
from rushes.testing.provider import InstantProvider

QUESTIONS = 200
AT_ONCE = 50
FRESH, AGAIN = 40.0, 5.0
"""Milliseconds: a question to a provider takes seconds, and this is planning, ledger, checks and files for one."""


async def asked(folder: Path) -> tuple[float, float]:
    """Milliseconds of processor time for one question, and for one that was answered before."""
    config = load_config(folder, {"home": str(folder / "home")}, {})
    async with Client.over(Project(config, {"instant": InstantProvider()}), folder) as client:
        await client.speak("the first one loads what is needed", provider="instant")
        fresh = await _each(client)
        return fresh, await _each(client)


async def _each(client: Client) -> float:
    began = time.process_time()
    for first in range(0, QUESTIONS, AT_ONCE):
        many = (client.speak(f"number {n}", provider="instant") for n in range(first, first + AT_ONCE))
        await asyncio.gather(*many)
    return (time.process_time() - began) / QUESTIONS * 1000


def measure() -> Iterator[Figure]:
    """A fresh question, and one whose answer is there."""
    with tempfile.TemporaryDirectory(prefix="rushes-bench-") as folder:
        fresh, again = asyncio.run(asked(Path(folder)))
    yield Figure(name=f"a program: one of {AT_ONCE} questions at once, CPU", value=fresh, limit=FRESH, unit="ms")
    yield Figure(name="a program: the same question again, CPU", value=again, limit=AGAIN, unit="ms")
