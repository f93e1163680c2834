"""Is an estimate exact where a price is fixed? Each price of the catalogue, beside what the simulator bills for it.

The simulator has a price list of its own, so these are two opinions. Whatever is asked with these parameters and has
one price, and not a range of them, must be billed as estimated, to the cent and below. Target: none is off.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bench.figure import Figure
from rushes.catalogue.load import Catalogue
from rushes.catalogue.model import Listing, Model
from rushes.cost.estimate import quote
from rushes.sim.fal_models import kind_of, operation_of
from rushes.sim.prices import PriceList

ASKED: tuple[dict[str, Any], ...] = (
    {},
    {"duration": 5},
    {"duration": 8},
    {"duration": "10s", "generate_audio": True},
    {"generate_audio": False},
    {"resolution": "1080p"},
    {"resolution": "4K"},
    {"image_size": {"width": 2048, "height": 2048}},
    {"quality": "high"},
)


def measure() -> Iterator[Figure]:
    """How many were looked at, and how many were off."""
    models, checked, off = set(), 0, 0
    for model, listing in _listed():
        for params in ASKED:
            same = _same(model, listing, params)
            if same is not None:
                models.add((listing.provider, listing.endpoint))
                checked += 1
                off += not same
    yield Figure(name="fixed prices checked", value=checked, limit=None, unit="")
    yield Figure(name="  of so many models at a provider", value=len(models), limit=None, unit="")
    yield Figure(name="  billed otherwise than estimated", value=off, limit=0, unit="")


def _listed() -> Iterator[tuple[Model, Listing]]:
    for model in Catalogue.default().models():
        for listing in model.listings():
            if listing.provider == "fal" and model.operations:
                yield model, listing


_PRICES = PriceList()


def _same(model: Model, listing: Listing, params: dict[str, Any]) -> bool | None:
    """Whether the bill is the estimate; None where the catalogue has no price, or a range of them."""
    quoted = quote(listing.prices, params, defaults=model.defaults, durations=model.durations)
    if quoted.low is None or quoted.low != quoted.high:
        return None
    kind = kind_of(operation_of(listing.endpoint, params))
    pixels = 2048 * 2048 if "image_size" in params else 1_000_000
    return _PRICES.price("fal", listing.endpoint, kind, params, pixels=pixels) == quoted.low
