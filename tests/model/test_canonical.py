"""Canonical bytes: one form for each JSON value, and none for what JSON cannot say."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rushes.model.canonical import base_key, canonical_bytes, digest_of, request_key, seed_for
from rushes.model.ids import BaseKey
from rushes.model.money import show_usd

jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def shuffled(value: Any) -> Any:
    """The same value with its keys in the opposite order."""
    if isinstance(value, dict):
        return {key: shuffled(value[key]) for key in reversed(value)}
    return [shuffled(one) for one in value] if isinstance(value, list) else value


@given(jsons)
def test_the_order_of_keys_does_not_count_and_the_bytes_read_back(value: Any) -> None:
    written = canonical_bytes(value)
    assert canonical_bytes(shuffled(value)) == written
    assert json.loads(written.decode("utf-8", "surrogatepass")) == value


@given(jsons, jsons)
def test_equal_bytes_mean_equal_values_of_equal_types(one: Any, two: Any) -> None:
    assert (canonical_bytes(one) == canonical_bytes(two)) == (
        json.dumps(one, sort_keys=True) == json.dumps(two, sort_keys=True)
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1: 2}, {"a": {True: 1}}, [{None: 1}], {"a": {1, 2}}])
def test_what_json_cannot_say_has_no_bytes(value: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        canonical_bytes(value)


def test_keys_have_not_changed_since_the_first_release() -> None:
    recipe = {
        "op": "text_to_image",
        "provider": "sketch",
        "model": "sketch-1",
        "prompt": "a red fox — Füchse",
        "params": {"seed": 1, "ratio": "9:16", "strength": 0.5},
        "inputs": {"reference": ["ab" * 32]},
    }
    base = base_key(recipe)
    assert base == "bk1:82ddd6afe2a0d61a40d4496fdd402ec6b1baa1a91739aece2211019cf1e7f07a"
    assert request_key(base, 3, 1) == "rk1:b1878112daab2749716571897b79588010bb299d5838b633d438e537b96f15c8"
    assert seed_for(base, 3, 1) == 2073369175


@given(st.integers(0, 50), st.integers(0, 50))
def test_a_seed_has_31_bits_and_belongs_to_its_asking(candidate: int, salt: int) -> None:
    base = BaseKey("bk1:x")
    assert 0 <= seed_for(base, candidate, salt) < 2**31
    assert seed_for(base, candidate, salt) == seed_for(base, candidate, salt)
    assert seed_for(base, candidate, salt) != seed_for(base, candidate, salt + 1)


def test_a_digest_is_64_hexadecimal_digits() -> None:
    assert len(digest_of({})) == 64 and int(digest_of({}), 16) >= 0


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, "unknown"),
        ("0", "$0.00"),
        ("12", "$12.00"),
        ("0.039", "$0.039"),
        ("1.50", "$1.50"),
        ("0.0000001", "$0.00"),
    ],
)
def test_money_is_shown_with_two_decimals_or_as_many_as_it_has(amount: str | None, text: str) -> None:
    assert show_usd(None if amount is None else Decimal(amount)) == text
