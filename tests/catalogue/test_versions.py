"""A key of the catalogue may come to mean another endpoint; what it meant on a day can always be said."""

from __future__ import annotations

from typing import Any

import pytest

from rushes.catalogue.load import Catalogue, model_of
from rushes.model.operation import Operation

OP = Operation.TEXT_TO_IMAGE
RAW: dict[str, Any] = {
    "key": "paint",
    "maker": "Test",
    "category": "text_to_image",
    "operations": ["text_to_image"],
    "provider": "fal",
    "endpoint": "fal-ai/paint/3",
    "aliases": ["painter"],
    "prices": [{"usd": "0.04", "per": "image", "source": "test", "as_of": "2026-11-20"}],
    "durations": None,
    "ratios": None,
    "defaults": {},
    "seconds": 5,
    "timeout": 60,
    "retired": None,
    "successor": None,
    "note": None,
    "was": [
        {"until": "2026-10-01", "provider": "fal", "endpoint": "fal-ai/paint/2"},
        {"until": "2026-03-01", "provider": "replicate", "endpoint": "acme/paint"},
    ],
}


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue([model_of(RAW)])


@pytest.mark.parametrize(
    ("spelling", "provider", "endpoint"),
    [
        ("paint", "fal", "fal-ai/paint/3"),
        ("paint@2026-11-20", "fal", "fal-ai/paint/3"),
        ("paint@2026-10-01", "fal", "fal-ai/paint/3"),
        ("paint@2026-09-30", "fal", "fal-ai/paint/2"),
        ("Painter@2026-03-01", "fal", "fal-ai/paint/2"),
        ("paint@2026-02-28", "replicate", "acme/paint"),
    ],
)
def test_a_key_with_a_day_is_what_it_meant_then(
    catalogue: Catalogue, spelling: str, provider: str, endpoint: str
) -> None:
    model = catalogue.find(spelling, OP)
    assert model is not None
    assert (model.provider, model.endpoint) == (provider, endpoint)
    offered = catalogue.offered(model.key, OP, provider)
    assert offered is not None and offered[1].endpoint == endpoint


def test_the_price_of_what_it_meant_earlier_is_not_known(catalogue: Catalogue) -> None:
    then, now = catalogue.find("paint@2026-09-30", OP), catalogue.find("paint", OP)
    assert then is not None and then.prices == ()
    assert now is not None and now.prices != ()


@pytest.mark.parametrize("spelling", ["paint@", "paint@yesterday", "paint@2026-13-01", "nobody@2026-01-01"])
def test_what_is_no_day_or_no_model_is_not_found(catalogue: Catalogue, spelling: str) -> None:
    assert catalogue.find(spelling, OP) is None
