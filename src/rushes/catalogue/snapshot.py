"""What services said about themselves on a day, beside what the data files say; kept in the home, one file each.

A snapshot that is newer than the data file beats it: its parameters, if everything that has a meaning is still there,
its price, where we have one price in the same unit, and its last day. Identity does not depend on any of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple

from rushes.catalogue.model import Listing, Model
from rushes.model.price import Price, Unit
from rushes.plugin.takes import Takes

_WORDS = {
    "image": Unit.IMAGE,
    "images": Unit.IMAGE,
    "megapixel": Unit.MEGAPIXEL,
    "megapixels": Unit.MEGAPIXEL,
    "second": Unit.SECOND,
    "seconds": Unit.SECOND,
    "minute": Unit.MINUTE,
    "minutes": Unit.MINUTE,
    "character": Unit.CHARACTER,
    "characters": Unit.CHARACTER,
    "request": Unit.REQUEST,
    "video": Unit.REQUEST,
    "generation": Unit.REQUEST,
}
"""A service's word for what it counts. Source: fal's page on its pricing interface, 2026-11-21."""


class Seen(NamedTuple):
    """One endpoint as its service described it on a day."""

    at: date
    schema: Mapping[str, Any] | None
    usd: Decimal | None
    unit: Unit | None
    ends: date | None


def unit_of(word: str) -> Unit | None:
    """Our unit for a service's word; None where we have none."""
    return _WORDS.get(word.strip().lower().removeprefix("per ").strip())


def read_snapshot(folder: Path, provider: str) -> dict[str, Seen]:
    """What was seen of a provider's endpoints; what is torn or was never seen is simply not there."""
    try:
        raw = json.loads((folder / f"{provider}.json").read_bytes())
        return {name: _seen(one) for name, one in raw["endpoints"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, InvalidOperation):
        return {}


def _seen(raw: Mapping[str, Any]) -> Seen:
    return Seen(
        at=date.fromisoformat(raw["at"]),
        schema=raw["schema"],
        usd=None if raw["usd"] is None else Decimal(raw["usd"]),
        unit=None if raw["unit"] is None else Unit(raw["unit"]),
        ends=None if raw["ends"] is None else date.fromisoformat(raw["ends"]),
    )


def snapshot_text(seen: Mapping[str, Seen]) -> str:
    """The file of a snapshot."""
    plain = {
        name: {
            "at": one.at.isoformat(),
            "schema": one.schema,
            "usd": None if one.usd is None else str(one.usd),
            "unit": one.unit,
            "ends": None if one.ends is None else one.ends.isoformat(),
        }
        for name, one in sorted(seen.items())
    }
    return json.dumps({"endpoints": plain}, indent=1, sort_keys=True) + "\n"


def takes_as_seen(takes: Takes, seen: Seen | None) -> Takes:
    """What an endpoint takes, by the newer of the two."""
    if seen is None or seen.schema is None or seen.at.isoformat() <= takes.as_of:
        return takes
    there = seen.schema.get("properties", {})
    if not takes.meant() - ({takes.prompt} if takes.prompt not in takes.properties else set()) <= set(there):
        return takes  # something that we send has another name now: `rushes models doctor` says so
    return replace(takes, schema=seen.schema, source="published by the service", as_of=seen.at.isoformat())


def models_as_seen(models: Iterator[Model], seen: Mapping[str, Mapping[str, Seen]]) -> Iterator[Model]:
    """The models with the newer prices and last days; `seen` by provider and endpoint."""
    for model in models:
        own = seen.get(model.provider, {}).get(model.endpoint)
        offers = tuple(_listing(one, seen.get(one.provider, {}).get(one.endpoint)) for one in model.offers)
        prices = _prices(model.prices, own)
        retired = own.ends if own is not None and own.ends is not None else model.retired
        changed = (prices, offers, retired) != (model.prices, model.offers, model.retired)
        yield replace(model, prices=prices, offers=offers, retired=retired) if changed else model


def _listing(listing: Listing, seen: Seen | None) -> Listing:
    return replace(listing, prices=_prices(listing.prices, seen))


def _prices(prices: tuple[Price, ...], seen: Seen | None) -> tuple[Price, ...]:
    if seen is None or seen.usd is None or len(prices) != 1 or prices[0].when or prices[0].per is not seen.unit:
        return prices
    if seen.at.isoformat() <= prices[0].as_of:
        return prices
    return (prices[0]._replace(usd=seen.usd, source="published by the service", as_of=seen.at.isoformat()),)
