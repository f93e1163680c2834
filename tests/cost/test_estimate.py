"""Quotes to the cent, from the real catalogue."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rushes.catalogue.load import Catalogue
from rushes.cost.estimate import Load, load_of, quote, spent
from rushes.model.ids import Digest
from rushes.model.media import Artifact
from rushes.model.money import Estimate, Quote
from rushes.model.operation import Operation
from rushes.model.price import Price, Unit
from rushes.model.request import Recipe
from rushes.testing.requests import recipe_of


def quoted(key: str, load: Load | None = None, **params: Any) -> Quote:
    model = Catalogue.default().get(key)
    return quote(
        model.prices, params, defaults=model.defaults, durations=model.durations, load=load, seconds=model.seconds
    )


@pytest.mark.parametrize(
    ("key", "params", "low", "high"),
    [
        ("flux_dev", {}, "0.025", "0.025"),
        ("flux_dev", {"width": 1024, "height": 1024}, "0.050", "0.050"),  # started megapixels
        ("flux_dev", {"image_size": "square"}, "0.025", "0.025"),
        ("flux_dev", {"image_size": {"width": 2000, "height": 2000}}, "0.100", "0.100"),
        ("flux_schnell", {"size": "1920x1080"}, "0.009", "0.009"),
        ("nano_banana_2", {}, "0.08", "0.08"),
        ("nano_banana_2", {"resolution": "512px"}, "0.06", "0.06"),
        ("nano_banana_2", {"resolution": "4K"}, "0.16", "0.16"),
        ("nano_banana_pro", {"resolution": "2K", "num_images": 2}, "0.30", "0.30"),
        ("veo_3_1_fast", {}, "1.20", "1.20"),  # with sound: that is what it assumes
        ("veo_3_1_fast", {"duration": "4s"}, "0.60", "0.60"),
        ("veo_3_1_fast", {"duration": "4s", "generate_audio": False}, "0.40", "0.40"),
        ("veo_3_1_fast", {"durationSeconds": "8", "resolution": "1080p"}, "1.20", "1.20"),
        ("veo_3_1_fast", {"duration": 6, "resolution": "4K"}, "2.10", "2.10"),
        ("veo_3_1", {"resolution": "1080"}, "3.20", "3.20"),
        ("kling_2_6_pro", {"duration": "10", "generate_audio": True}, "1.40", "1.40"),
        ("kling_2_6_pro", {"duration": "10", "generate_audio": "false"}, "0.70", "0.70"),
        ("kling_2_6_pro", {"duration": 5}, "0.70", "0.70"),  # with sound: that is what it assumes
        ("kling_o3_standard_i2v", {"duration": 5}, "0.420", "0.560"),  # with sound or without: not said
        ("kling_2_6_pro", {"duration": 5, "voice_ids": ["v"]}, "0.840", "0.840"),
        ("grok_imagine", {"duration": 3}, "0.21", "0.21"),  # 720p: that is what it assumes
        ("grok_imagine", {"duration": 10, "resolution": "480p"}, "0.50", "0.50"),
        ("grok_imagine_i2v", {"duration": 6, "resolution": "480p"}, "0.302", "0.302"),
        ("grok_video_edit", {}, "0.08", "0.64"),  # a clip that is not there yet: up to eight seconds
        ("hailuo", {"duration": "6"}, "0.270", "0.270"),
        ("hailuo_pro", {}, "0.48", "0.48"),
        ("gpt_image_1_5", {}, "0.133", "0.133"),
        ("gpt_image_1_5", {"quality": "low"}, "0.009", "0.009"),
        ("gpt_image_1_5", {"quality": "medium", "image_size": "1024x1536"}, "0.051", "0.051"),
        ("gpt_image_1_5", {"image_size": "1536x1024"}, "0.199", "0.199"),
        ("clarity", {}, "0.12", "0.12"),  # a megapixel becomes four
        ("clarity", {"upscale_factor": 4}, "0.48", "0.48"),
        ("gemini_describe", {}, "0", "0.00512"),  # the longest answer
    ],
)
def test_a_request_costs_what_its_price_list_says(key: str, params: dict[str, Any], low: str, high: str) -> None:
    found = quoted(key, **params)
    assert (found.low, found.high) == (Decimal(low), Decimal(high))
    assert found.source and found.seconds > 0


def test_speech_is_counted_by_the_character() -> None:
    assert quoted("elevenlabs", Load(characters=1000)).high == Decimal("0.18000")
    assert quoted("elevenlabs").high is None, "a text that is not known yet has no price"


def test_a_picture_that_is_not_there_yet_may_be_as_large_as_any() -> None:
    found = quoted("clarity", Load(to_come=True))
    assert (found.low, found.high) == (Decimal("0.12"), Decimal("2.04"))
    assert quoted("clarity", Load(media_pixels=1_572_864)).high == Decimal("0.21")
    to_come = recipe_of(Operation.UPSCALE_IMAGE, None)
    assert load_of(to_come).to_come and not load_of(recipe_of(Operation.TEXT_TO_IMAGE)).to_come


def test_work_on_a_film_is_counted_by_the_length_of_the_film() -> None:
    assert quoted("thinksound", Load(media_seconds=Decimal("8.5"))).high == Decimal("0.0085")
    assert quoted("scribe_v2", Load(media_seconds=Decimal(90))).high == Decimal("0.012")
    assert quoted("scribe_v2", Load(media_seconds=Decimal(90)), keyterms=["Rushes"]).high == Decimal("0.0156")
    assert quoted("multitalk", Load(media_seconds=Decimal(8)), resolution="720p").high == Decimal("4.00")
    assert quoted("thinksound").high is None


def test_an_unknown_price_is_unknown_and_not_nothing() -> None:
    found = quoted("topaz")
    assert (found.low, found.high, found.known) == (None, None, False)
    assert quote([], {}).source == "no price is known"
    only_hd = Price(Decimal(1), Unit.IMAGE, {"resolution": "4k"}, "s", "2026-01-01")
    assert quote([only_hd], {"resolution": "1k"}) == Quote(None, None, 0.0, "no price for these parameters")


def test_tokens_that_cost_otherwise_widen_a_quote_and_are_billed_as_they_are() -> None:
    kinds = {"picture": Decimal(8), "cached": Decimal(1)}
    price = Price(Decimal(5), Unit.TOKEN, {}, "list", "2026-01-01", answered=Decimal(30), kinds=kinds)
    asked = quote([price], {"max_tokens": 2}, load=Load(characters=40))
    assert (asked.low, asked.high) == (Decimal(10), Decimal(40 * 8 + 60))
    assert spent([price], 10, 2) == 110
    assert spent([price], 10, 2, {"picture": 4, "cached": 1, "written": 0}) == 5 * 5 + 4 * 8 + 1 + 60
    assert spent([price], 10, 2, {"written": 1}) is None, "nobody knows what these cost"
    assert spent([price], 3, 2, {"picture": 4}) is None, "more than there are"
    assert spent([], 10, 2) is None


def test_the_most_particular_entry_wins() -> None:
    usual = Price(Decimal("0.10"), Unit.IMAGE, {}, "list", "2026-01-01")
    special = Price(Decimal("0.30"), Unit.IMAGE, {"resolution": "4k"}, "list", "2026-01-01")
    assert quote([usual, special], {"resolution": "4K"}).high == Decimal("0.30")
    assert quote([usual, special], {"resolution": "1K"}).high == Decimal("0.10")
    found = quote([usual, special], {})
    assert (found.low, found.high) == (Decimal("0.10"), Decimal("0.30"))


def test_a_length_that_is_not_said_makes_a_range_over_the_lengths_there_are() -> None:
    price = Price(Decimal("0.10"), Unit.SECOND, {}, "list", "2026-01-01")
    assert quote([price], {}, durations=(5, 10)) == Quote(Decimal("0.50"), Decimal("1.00"), 0.0, "list, 2026-01-01")
    assert quote([price], {"duration": "long"}, durations=(5, 10)).high is None


def test_what_a_recipe_brings_along_is_read_from_its_text_and_its_first_input() -> None:
    clip = Artifact(digest=Digest("0" * 64), media_type="video/mp4", size=1, width=10, height=20, seconds=2.5)
    recipe = Recipe(
        op=Operation.ADD_AUDIO, provider="fal", model="m", prompt="rain", params={}, inputs={"video": (clip,)}
    )
    assert load_of(recipe) == Load(
        characters=4, film_seconds=Decimal("2.5"), media_seconds=Decimal("2.5"), media_pixels=200
    )


def test_an_avatar_is_as_long_as_its_voices_or_as_the_clip_that_it_follows() -> None:
    face = Artifact(digest=Digest("0" * 64), media_type="image/png", size=1, width=10, height=20)
    short, long = (face._replace(media_type="audio/wav", width=None, height=None, seconds=one) for one in (1.5, 4.0))
    clip = face._replace(media_type="video/mp4", seconds=9.0)
    cases = (
        ({}, None),
        ({"video": (clip,)}, Decimal("9.0")),
        ({"audio": (short,)}, Decimal("1.5")),
        ({"audio": (short,), "video": (clip,)}, Decimal("1.5")),
        ({"audio": (short,), "second_audio": (long,)}, Decimal("5.5")),
        ({"audio": (short,), "second_audio": (long._replace(seconds=None),)}, None),
    )
    for more, seconds in cases:
        inputs = {"image": (face,), **more}
        recipe = Recipe(op=Operation.AVATAR, provider="fal", model="m", prompt="", params={}, inputs=inputs)
        assert (load_of(recipe).media_seconds, load_of(recipe).media_pixels) == (seconds, 200), more


def test_minutes_of_a_sound_that_is_still_to_be_made_are_bounded_by_the_lengths_that_can_be_had() -> None:
    price = Price(Decimal("0.60"), Unit.MINUTE, {}, "list", "2026-01-01")
    assert quote([price], {}).high is None
    ahead = quote([price], {}, durations=(1, 120))
    assert (ahead.low, ahead.high) == (Decimal("0.60") / 60, Decimal("1.20"))
    known = quote([price], {"duration": 5}, durations=(1, 120), load=Load(media_seconds=Decimal(90)))
    assert known.high == Decimal("0.90"), "what is there counts, not what is asked"


junk = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.lists(st.integers(), max_size=2)
)
names = st.sampled_from(
    ["duration", "resolution", "width", "height", "image_size", "audio", "n", "quality", "voice_ids"]
)


@given(st.sampled_from([model.key for model in Catalogue.default().models()]), st.dictionaries(names, junk))
def test_no_parameter_makes_a_quote_fail_or_cost_less_than_nothing(key: str, params: dict[str, Any]) -> None:
    found = quoted(key, **params)
    assert (found.low is None) == (found.high is None)
    assert found.low is None or found.high is None or 0 <= found.low <= found.high


def test_unknown_prices_are_counted_beside_the_sum() -> None:
    total = Estimate().plus(Quote(Decimal("0.1"), Decimal("0.2"), 1.0), 3).plus(Quote(None, None, 1.0), 2)
    assert total == Estimate(Decimal("0.3"), Decimal("0.6"), 2)


def test_a_request_of_many_tokens_costs_more_from_the_first_to_the_last() -> None:
    some = Price(Decimal(2), Unit.TOKEN, {}, "a list", "2026-11-21", answered=Decimal(3))
    many = some._replace(usd=Decimal(4), answered=Decimal(5), above=100)
    assert spent([some, many], 100, 1) == 203
    assert spent([some, many], 101, 1) == 409
    short, long = Load(characters=100), Load(characters=101)
    assert quote([some, many], {"max_tokens": 1}, load=short).high == 203
    assert quote([some, many], {"max_tokens": 1}, load=long)[:2] == (25 * 2, 409)
    unknown = many._replace(usd=None)
    assert quote([some, unknown], {"max_tokens": 1}, load=short).known
    assert not quote([some, unknown], {"max_tokens": 1}, load=long).known
    assert spent([some, unknown], 101, 1) is None


def test_a_film_of_a_quarter_of_an_hour_is_quoted_as_google_bills_it() -> None:
    long = Load(characters=10, film_seconds=Decimal(900))
    most = quoted("gemini_3_pro", long, max_tokens=1000).high
    assert most is not None and most >= Decimal("0.000004") * 900 * 263 + Decimal("0.000018") * 1000
