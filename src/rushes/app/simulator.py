"""Rehearsing against a simulator: serve one, and read its books."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from http.client import HTTPException
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

from rushes.errors import StoreError, UserError

_MOST = 256 * 1024 * 1024
_PATIENCE = 30.0
_FAULTS_MOST = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SimOptions:
    """How to serve a simulator.

    `time_scale` is real seconds for one simulated second; `capacity` are texts such as `fal:in-flight=5`, what accounts
    take without telling; `faults` are texts such as `429=0.2@submit`, `faults_file` a
    JSON list of them; `books` is a file that gets the books as lines; `at_once` the jobs that an account runs at once;
    `balance` its money in USD and `prices` USD per unit by endpoint; `most_side` bounds what is painted, in pixels.
    """

    port: int = 0
    seed: int = 0
    time_scale: float = 1.0
    faults: tuple[str, ...] = ()
    faults_file: Path | None = None
    capacity: tuple[str, ...] = ()
    books: Path | None = None
    at_once: int | None = None
    balance: Decimal | None = None
    prices: Mapping[str, Decimal] = field(default_factory=dict)
    most_side: int | None = None


async def serve(options: SimOptions, ready: Callable[[str], None]) -> dict[str, Any]:
    """Serve until SIGINT or SIGTERM; `ready` is told the URL. Returns the books.

    Raises UserError for a fault that does not exist or a port that is taken, StoreError when the books cannot be
    written any more: a rehearsal without its judge is none.
    """
    sim = import_module("rushes.sim.simulator")  # painting and HTTP: for nobody who does not rehearse
    words = import_module("rushes.sim.faults")
    hidden = import_module("rushes.sim.capacity_text")
    faults = [words.fault_of(raw) for raw in _listed(options.faults_file)]
    faults += [words.fault_from_text(text) for text in options.faults]
    stop = asyncio.Event()
    with _Books(options.books, stop) as books:
        async with sim.Simulator(
            seed=options.seed,
            time_scale=options.time_scale,
            faults=faults,
            capacity=hidden.capacities(options.capacity),
            balance=options.balance,
            prices=options.prices,
            most_side=options.most_side,
            port=options.port,
            write=books.write if options.books is not None else None,
            **({} if options.at_once is None else {"at_once": options.at_once}),
        ) as running:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, stop.set)
            ready(running.url)
            await stop.wait()
            report: dict[str, Any] = running.report()
        books.check()
    return report


def report(url: str) -> dict[str, Any]:
    """The books of a simulator that is running. Raises UserError when there is none at that address."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UserError(f"{url!r} is no address", next_step="give one such as http://127.0.0.1:8787")
    try:
        # no proxy stands between this machine and itself
        with build_opener(ProxyHandler({})).open(f"{url.rstrip('/')}/_sim/report", timeout=_PATIENCE) as answer:
            found = json.loads(answer.read(_MOST))
    except (URLError, HTTPException, OSError, ValueError) as error:
        why = getattr(error, "reason", None) or type(error).__name__
        raise UserError(f"no simulator answers at {url}: {why}", next_step="start one: rushes sim") from error
    if not isinstance(found, dict) or found.get("simulated") is not True:
        raise UserError(f"what answers at {url} is no simulator", next_step="start one: rushes sim")
    return found


def _listed(file: Path | None) -> list[Mapping[str, Any]]:
    if file is None:
        return []
    try:
        with file.open("rb") as opened:
            raw = json.loads(opened.read(_FAULTS_MOST))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(
            f"{file} cannot be read: {error}", next_step='it holds [{"what": "429", "rate": 0.2}]'
        ) from error
    listed = raw.get("faults") if isinstance(raw, dict) else raw
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise UserError(f"{file} holds no list of faults", next_step='it holds [{"what": "429", "rate": 0.2}]')
    return listed


class _Books:
    """A file that lines are appended to, each at once; stops the simulator when that fails."""

    def __init__(self, file: Path | None, stop: asyncio.Event) -> None:
        self._file = file
        self._stop = stop
        self._error: OSError | None = None

    def __enter__(self) -> _Books:
        try:
            self._opened = self._file.open("ab", buffering=0) if self._file is not None else None
        except OSError as error:
            raise UserError(
                f"{self._file} cannot be written: {error.strerror}", next_step="name another file"
            ) from error
        return self

    def __exit__(self, *_: object) -> None:
        if self._opened is not None:
            self._opened.close()

    def write(self, line: str) -> None:
        """Append a line."""
        assert self._opened is not None
        try:
            self._opened.write(line.encode())
        except OSError as error:
            self._error = error
            self._stop.set()

    def check(self) -> None:
        """Raise what writing met."""
        if self._error is not None:
            raise StoreError(f"{self._file} could not be written: {self._error.strerror}") from self._error
