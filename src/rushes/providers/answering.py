"""A service that answers at once: the answer to the paid request is the result, so a lost answer is a lost result."""

from __future__ import annotations

from decimal import Decimal

from rushes.errors import ErrorClass, RemoteError
from rushes.model.money import ZERO
from rushes.model.request import Request
from rushes.plugin.provider import Context, Finished, Pending, Unknowable
from rushes.providers.remote import Remote


class Answering(Remote):
    """The base of an adapter without jobs: nothing to ask about, nothing to stop, nothing to find again."""

    async def poll(self, remote: str, context: Context) -> Pending | Finished:
        """There is no job to ask about."""
        raise RemoteError(ErrorClass.INVALID_INPUT, f"{self.name} has no jobs: it answers at once")

    async def cancel(self, remote: str, context: Context) -> Decimal | None:
        """There is no job to stop."""
        return ZERO

    async def reconcile(self, request: Request, context: Context) -> Unknowable:
        """Nothing is kept of what was answered."""
        return Unknowable()
