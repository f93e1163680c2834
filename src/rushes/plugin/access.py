"""What a remote provider is made with: where its service is, the key, and what the catalogue knows of its models.

A provider sees no environment, no configuration and no catalogue; it is handed this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from rushes.model.money import Quote
from rushes.model.operation import Operation
from rushes.model.request import Recipe


class Secret:
    """A key. It shows itself to nobody who does not ask for it by name: not to logs, reprs, tracebacks or JSON."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The key itself, for the header of a request and nothing else."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(...)"


class Offer(NamedTuple):
    """One model as one provider offers it.

    `endpoint` is the provider's own name of it. `seconds` is its typical time; `durations` in seconds and `ratios` are
    what it takes (None: not known). `quote` is the price of one request, worst case included; exact where prices are.
    """

    key: str
    endpoint: str
    operations: tuple[Operation, ...]
    seconds: float
    durations: Sequence[int] | None
    ratios: Sequence[str] | None
    defaults: Mapping[str, object]
    quote: Callable[[Recipe], Quote]


class Access(NamedTuple):
    """How to reach one service.

    `url` replaces the service's own address (a gateway, or the simulator); None means the real one. `key` is None when
    none is set: planning needs none. `simulated` is true when a simulator answers: then nothing costs real money, and
    what comes back must never be taken for the real thing, so it is part of every key (`Provider.version`).
    `offer` finds a model by catalogue key and operation; None when this provider does not offer it.
    """

    url: str | None
    key: Secret | None
    simulated: bool
    offer: Callable[[str, Operation], Offer | None]
