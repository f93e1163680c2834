"""What the simulator charges is what the catalogue expects, unless somebody changes it; the lists are kept apart."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from rushes.catalogue.load import Catalogue
from rushes.catalogue.model import Listing, Model
from rushes.cost.estimate import quote
from rushes.sim.chance import Chance
from rushes.sim.fal_models import kind_of, operation_of
from rushes.sim.prices import PriceList

ASKED: list[dict[str, Any]] = [
    {},
    {"num_images": 3},
    {"duration": 6},
    {"duration": "10s", "generate_audio": True},
    {"generate_audio": False},
    {"resolution": "1080p"},
    {"resolution": "4K"},
    {"image_size": {"width": 2048, "height": 2048}},
    {"quality": "high"},
]


def _listed() -> Iterator[tuple[Model, Listing]]:
    for model in Catalogue.default().models():
        for listing in model.listings():
            if listing.provider == "fal" and model.operations and any(one.usd is not None for one in listing.prices):
                yield model, listing


@pytest.mark.parametrize(("model", "listing"), list(_listed()), ids=lambda one: getattr(one, "endpoint", None))
def test_a_model_costs_what_was_estimated(model: Model, listing: Listing) -> None:
    prices = PriceList()
    for params in ASKED:
        expected = quote(listing.prices, params, defaults=model.defaults, durations=model.durations)
        if expected.low is None or expected.high is None:
            continue  # the catalogue does not know, and says so
        kind = kind_of(operation_of(listing.endpoint, params))
        pixels = 2048 * 2048 if "image_size" in params else 1_000_000
        asked = prices.price("fal", listing.endpoint, kind, params, pixels=pixels)
        assert expected.low <= asked <= expected.high, params


def test_a_model_that_is_not_listed_costs_what_its_kind_does() -> None:
    prices = PriceList()
    assert prices.price("fal", "somebody/new-image-model", "image", {"num_images": 2}) == Decimal("0.08")
    assert prices.price("fal", "somebody/new-video-model", "video", {"duration": "4s"}) == Decimal("0.40")
    assert prices.price("fal", "somebody/new-voice", "speech", {"text": "a" * 1000}) == Decimal("0.18")
    assert prices.price("fal", "somebody/new-llm", "text", {}) == Decimal("0.002")


@pytest.mark.parametrize("nonsense", ["", "eight", -3, True, "1e99", "nan", None, [], {}])
def test_a_number_that_is_none_is_not_billed_as_one(nonsense: object) -> None:
    assert PriceList().price("fal", "new", "video", {"duration": nonsense}) == Decimal("0.50")


@pytest.mark.parametrize(
    ("endpoint", "least", "most"),
    [
        ("fal-ai/flux/schnell", 2, 4),
        ("fal-ai/imagen4/preview", 8, 15),
        ("fal-ai/nano-banana-2", 8, 12),
        ("fal-ai/kling-video/v2.6/pro/text-to-video", 45, 90),
        ("fal-ai/veo3", 60, 180),
        ("fal-ai/sora-2/text-to-video", 120, 300),
    ],
)
def test_a_model_takes_its_typical_time(endpoint: str, least: float, most: float) -> None:
    prices, chance = PriceList(), Chance(7)
    times = [prices.seconds("fal", endpoint, "video", chance, number) for number in range(200)]
    assert least <= min(times) < max(times) <= most
    assert max(times) - min(times) > (most - least) * 0.9
