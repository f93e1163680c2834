"""One model of the catalogue, as its data file states it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from rushes.model.operation import Operation
from rushes.model.price import Fact, Price


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A model as one provider lists it: its own name of it there, the work that it does there, and what it asks.

    `imitated`: the provider itself serves it no more, and gateways in front of others still answer in its shape.
    """

    provider: str
    endpoint: str
    operations: tuple[Operation, ...]
    prices: tuple[Price, ...]
    imitated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What a key meant until a day: another endpoint, perhaps of another provider."""

    until: date
    provider: str
    endpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What is known about a model, and from when.

    `provider`, `endpoint` and `prices` are those of the provider that it is asked of first; `offers` are the listings
    of those who offer it too.

    `durations` are the lengths in seconds that it takes and `ratios` the aspect ratios (None: not known); `seconds` is
    its typical time, `timeout` when to give one request up. `defaults` are what it assumes for what is not said and a
    price depends on. `retired` is the day on which it stops; `successor` is another key. `equivalents` are keys that
    may stand in for it when a person allows that, the best first; `drafts` are cheaper keys of the same kind, to try
    things out with (`--profile draft`), the best first. `was` is what the key meant earlier, newest first: an update
    of the catalogue changes no request silently, for the endpoint is part of every request's key.
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
    offers: tuple[Listing, ...] = ()
    equivalents: tuple[str, ...] = ()
    drafts: tuple[str, ...] = ()
    was: tuple[Earlier, ...] = ()

    def listings(self) -> tuple[Listing, ...]:
        """Everybody who offers it, the first one first."""
        first = Listing(provider=self.provider, endpoint=self.endpoint, operations=self.operations, prices=self.prices)
        return (first, *self.offers)

    def listed_by(self, provider: str, op: Operation) -> Listing | None:
        """The model as `provider` lists it for this work; None when it does not.

        The most particular listing counts: an address for this work alone beats one for several.
        """
        fitting = (one for one in self.listings() if one.provider == provider and op in one.operations)
        return min(fitting, key=lambda one: len(one.operations), default=None)

    def providers(self, op: Operation) -> tuple[str, ...]:
        """Everybody who offers it for this work, the first one first."""
        return tuple(dict.fromkeys(one.provider for one in self.listings() if op in one.operations))

    def meant_on(self, day: str) -> Model | None:
        """What the key meant on a day such as `2026-10-01`; None for what is no day. Earlier prices are not known."""
        try:
            then = date.fromisoformat(day)
        except ValueError:
            return None
        earlier = next((one for one in reversed(self.was) if then < one.until), None)
        if earlier is None:
            return replace(self, key=f"{self.key}@{day}")
        return replace(
            self,
            key=f"{self.key}@{day}",
            provider=earlier.provider,
            endpoint=earlier.endpoint,
            prices=(),
            offers=(),
            retired=None,
        )

    def days_left(self, day: date) -> int | None:
        """Days until it stops, counted from that day; None when no end is known."""
        return None if self.retired is None else (self.retired - day).days

    def retired_on(self, day: date) -> bool:
        """Whether the model no longer answers on that day."""
        return self.retired is not None and self.retired <= day

    def gone_from(self, provider: str, op: Operation, day: date, *, gateway: bool) -> bool:
        """Whether a provider no longer answers for it on that day. What is imitated only a `gateway` answers for."""
        listing = self.listed_by(provider, op)
        return not gateway if listing is not None and listing.imitated else self.retired_on(day)
