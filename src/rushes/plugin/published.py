"""What a service publishes about its own endpoints, for those adapters that can ask: parameters, prices, last days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, Protocol, runtime_checkable

from rushes.plugin.provider import Context


class Published(NamedTuple):
    """What a service says of one endpoint today; None for what it does not say.

    `schema` is the JSON Schema of the parameters, without references. `usd` is the price of one `unit`, which is the
    service's own word. `ends` is the last day.
    """

    schema: Mapping[str, Any] | None = None
    usd: Decimal | None = None
    unit: str = ""
    ends: date | None = None


@runtime_checkable
class Publishes(Protocol):
    """A provider whose service publishes something about its endpoints. Asking is free."""

    async def published(self, endpoint: str, context: Context) -> Published | None:
        """What the service says of an endpoint; None when it does not know it. Raises RemoteError."""
        ...
