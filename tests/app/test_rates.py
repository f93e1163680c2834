"""Rates as people write them, there and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rushes.app.rates import parse_rate, show_rate
from rushes.model.limit import Rate, Unit


@pytest.mark.parametrize(
    ("text", "rate", "shown"),
    [
        ("60/min", Rate(60, 60), "60/min"),
        ("600/h images", Rate(600, 3600, Unit.IMAGES), "600 images/h"),
        ("5/s", Rate(5, 1), "5/s"),
        ("100000 tokens/min", Rate(100_000, 60, Unit.TOKENS), "100000 tokens/min"),
        ("20/day", Rate(20, 86400), "20/day"),
        ("10 usd/day", Rate(10, 86400, Unit.USD), "10 usd/day"),
        ("0.5 usd / hour", Rate(0.5, 3600, Unit.USD), "0.5 usd/h"),
        ("10/5 s", Rate(10, 5), "10/5 s"),
        ("1 image per minute", Rate(1, 60, Unit.IMAGES), "1 images/min"),
        ("600 requests a minute", Rate(600, 60), "600/min"),
        ("48/2 days", None, ""),
        ("0/min", None, ""),
        ("0.5/s", None, ""),
        ("60", None, ""),
        ("60/fortnight", None, ""),
        ("60 apples/min", None, ""),
        ("60 images/min tokens", None, ""),
        ("-1/min", None, ""),
        ("1e9/min", None, ""),
        ("", None, ""),
    ],
)
def test_what_a_text_says(text: str, rate: Rate | None, shown: str) -> None:
    assert parse_rate(text) == rate
    assert rate is None or show_rate(rate) == shown


_whole = st.integers(1, 10**12).map(float)
_dollars = st.integers(1, 10**9).map(lambda cents: cents / 100)
_rates = st.one_of(
    st.builds(
        Rate, _whole, st.integers(1, 10**8).map(float), st.sampled_from([one for one in Unit if one != Unit.USD])
    ),
    st.builds(Rate, _dollars, st.sampled_from([1.0, 60.0, 3600.0, 86400.0]), st.just(Unit.USD)),
)


@given(_rates)
def test_every_rate_is_read_as_it_is_shown(rate: Rate) -> None:
    assert parse_rate(show_rate(rate)) == rate


@given(st.text(max_size=30))
def test_nothing_that_is_written_breaks_the_reading(text: str) -> None:
    rate = parse_rate(text)
    assert rate is None or (rate.most > 0 and rate.seconds > 0)
