"""Providers on this machine: free, answered at once, and nothing is ever in doubt."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from pathlib import Path

from rushes.errors import ErrorClass, RemoteError
from rushes.model.ids import Digest
from rushes.model.money import ZERO
from rushes.model.problem import Path as At
from rushes.model.problem import Problem, Severity
from rushes.model.request import Request
from rushes.plugin.provider import Absent, Context, Duplicates, Facts, Finished, Output, Pending


class BadParam(ValueError):
    """A parameter has a value that cannot be used; `name` is the parameter."""

    def __init__(self, name: str, says: str) -> None:
        super().__init__(says)
        self.name = name


class AnswersAtOnce(ABC):
    """A provider that does the work itself: `submit` gives the outputs, and asking twice costs nothing.

    Safe to call from many threads; keeps nothing between calls.
    """

    name: str
    facts = Facts(
        duplicates=Duplicates.HARMLESS,
        remembers=None,
        bills_refusals=False,
        outputs_live=None,
        in_flight=os.cpu_count() or 1,
    )

    @abstractmethod
    def make(self, request: Request, path: Callable[[Digest], Path], scratch: Path) -> Finished:
        """The work itself, blocking; `path` gives the file of an input's digest. Raises BadParam, RemoteError."""

    async def submit(self, request: Request, context: Context) -> Finished:
        """Do the work in a worker thread."""
        try:
            return await context.work(lambda: self.make(request, context.path, context.scratch))
        except BadParam as error:
            says = f"{error.name}: {error}"
            raise RemoteError(ErrorClass.INVALID_INPUT, says, next_step="change the parameter") from error

    async def poll(self, remote: str, context: Context) -> Pending | Finished:
        """Nothing is ever pending here."""
        raise RemoteError(ErrorClass.INVALID_INPUT, f"{self.name} has no job {remote!r}: it answers at once")

    async def fetch(self, output: Output, context: Context) -> AsyncIterator[bytes]:
        """The bytes that came with the answer."""
        if output.data is None:
            raise RemoteError(ErrorClass.BAD_OUTPUT, "this output has no bytes")
        yield output.data

    async def cancel(self, remote: str, context: Context) -> Decimal | None:
        """Nothing runs on and nothing is charged."""
        return ZERO

    async def reconcile(self, request: Request, context: Context) -> Absent:
        """Nothing was accepted anywhere: asking again is the first asking."""
        return Absent()

    async def close(self) -> None:  # noqa: B027 - nothing has to be done, by anybody
        """There is nothing to let go of."""

    def problem(self, says: str, try_: str, path: At = ()) -> Problem:
        """Something in a recipe that cannot be made here."""
        return Problem(code=f"{self.name}-parameter", severity=Severity.ERROR, says=says, try_=try_, path=path)

    def bad(self, wrong: BadParam) -> Problem:
        """The problem that a parameter is."""
        return self.problem(f"{wrong.name}: {wrong}", "change the parameter, or leave it out", ("params", wrong.name))
