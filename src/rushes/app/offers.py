"""The catalogue as one provider sees it: its models under its own names, and what a request of them costs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import partial

from rushes.catalogue.load import Catalogue
from rushes.catalogue.model import Listing, Model
from rushes.cost.estimate import load_of, quote, spent
from rushes.model.money import Quote
from rushes.model.operation import Operation
from rushes.model.price import Price
from rushes.model.request import Recipe
from rushes.plugin.access import Offer

OLD = 30
"""Days after which a price is said to be old: providers change theirs a few times a year."""


class Offers:
    """What one provider offers: callable as an `Access.offer`. Each offer is made once."""

    def __init__(self, catalogue: Catalogue, provider: str, today: date) -> None:
        self._catalogue = catalogue
        self._provider = provider
        self._today = today
        self._made: dict[tuple[str, Operation], Offer | None] = {}

    def __call__(self, key: str, op: Operation) -> Offer | None:
        """The model that a catalogue key means for this work; None when this provider does not offer it."""
        known = (key, op)
        if known not in self._made:
            found = self._catalogue.offered(key, op, self._provider)
            self._made[known] = None if found is None else _offer(*found, self._today)
        return self._made[known]


def _offer(model: Model, listing: Listing, today: date) -> Offer:
    def quoted(recipe: Recipe) -> Quote:
        asked = quote(
            listing.prices,
            recipe.params,
            defaults=model.defaults,
            durations=model.durations,
            load=load_of(recipe),
            seconds=model.seconds,
        )
        return asked._replace(source=asked.source + age) if age else asked

    age = _age(listing.prices, today)
    return Offer(
        key=model.key,
        endpoint=listing.endpoint,
        operations=listing.operations,
        seconds=model.seconds,
        durations=model.durations,
        ratios=model.ratios,
        defaults=model.defaults,
        quote=quoted,
        spent=partial(spent, listing.prices),
    )


def _age(prices: Iterable[Price], today: date) -> str:
    """What is said of prices that nobody has looked at for a while; nothing of fresh ones."""
    days = max((days_old(price, today) for price in prices), default=0)
    return f" (looked up {days} days ago)" if days > OLD else ""


def oldest_price(catalogue: Catalogue, provider: str, key: str, op: Operation, today: date) -> int | None:
    """Days since the oldest price of a model was looked up; None when they are fresh, or nobody offers it here."""
    found = catalogue.offered(key, op, provider)
    days = max((days_old(price, today) for price in found[1].prices), default=0) if found is not None else 0
    return days if days > OLD else None


def days_old(price: Price, today: date) -> int:
    """How many days ago a price was looked up."""
    return (today - date.fromisoformat(price.as_of)).days
