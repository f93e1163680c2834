"""One model of the catalogue, as its data file states it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from rushes.model.operation import Operation
from rushes.model.price import Fact, Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What is known about a model, and from when.

    `durations` are the lengths in seconds that it takes and `ratios` the aspect ratios (None: not known); `seconds` is
    its typical time, `timeout` when to give one request up. `defaults` are what it assumes for what is not said and a
    price depends on. `retired` is the day on which it stops; `successor` is another key.
    """

    key: str
    maker: str
    category: str
    operations: tuple[Operation, ...]
    provider: str
    endpoint: str
    aliases: tuple[str, ...]
    prices: tuple[Price, ...]
    durations: tuple[int, ...] | None
    ratios: tuple[str, ...] | None
    defaults: Mapping[str, Fact | int]
    seconds: float
    timeout: float
    retired: date | None
    successor: str | None
    note: str | None

    def retired_on(self, day: date) -> bool:
        """Whether the model no longer answers on that day."""
        return self.retired is not None and self.retired <= day
