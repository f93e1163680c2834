"""Every model of the YAML registry, and every spelling of it, runs: its endpoint is asked, and it costs what it says.

The 74 keys, and the figures of the second table, are played through the real adapters against the simulator. The
costs are written down here, in USD, so that the catalogue, the adapter and the simulator's own list have to agree with
a third opinion.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from tests.catalogue.test_catalogue import REGISTRY
from tests.providers.cast import WORDS, Cast
from tests.providers.rig import access, request_of

from rushes.app.plugins import provider_named
from rushes.catalogue.endpoints import takes_at
from rushes.catalogue.load import Catalogue
from rushes.catalogue.model import Model
from rushes.catalogue.params import PARAMS
from rushes.model.money import Quote
from rushes.model.operation import Operation
from rushes.model.price import Unit
from rushes.model.problem import Severity
from rushes.model.request import Recipe
from rushes.providers.remote import Remote
from rushes.sim.simulator import Simulator
from rushes.testing.conformance import finish

TOKENS = "by tokens"
"""Of answers nobody knows the length ahead: billed within what was quoted, and to the cent what the answer says."""

LIKE_ONE = {"aspect_ratio": "1:1", "strength": 0.5}

KEYS: dict[str, tuple[dict[str, Any], str | None]] = {
    # text to video
    "hailuo_pro": ({}, "0.48"),
    "veo3": ({}, "3.20"),
    "veo3_fast": ({}, "1.20"),
    "kling_2_6_pro": ({}, "0.70"),
    "kling_3_standard": ({}, "0.63"),
    "kling_3_pro": ({}, "0.84"),
    "kling_o3_pro_t2v": ({"audio": False}, "1.12"),
    "sora_2": ({}, "0.40"),
    "sora_2_pro": ({}, "2.00"),
    "grok_imagine": ({}, "0.42"),
    # image to video
    "hailuo": ({}, "0.27"),
    "kling_2_1": ({}, "0.28"),
    "kling_2_6_pro_i2v": ({}, "0.70"),
    "kling_3_standard_i2v": ({}, "0.63"),
    "kling_3_pro_i2v": ({}, "0.84"),
    "kling_o3_standard_i2v": ({"audio": False}, "0.42"),
    "kling_o3_pro_i2v": ({"audio": True}, "1.40"),
    "kling_o3_standard_ref": ({"audio": False}, "0.42"),
    "kling_o3_pro_ref": ({"audio": True}, "1.40"),
    "seedance_1_5_pro": ({}, "0.261"),
    "sora_2_i2v": ({}, "0.40"),
    "sora_2_pro_i2v": ({}, "2.00"),
    "veo_3_1_fast": ({}, "1.20"),
    "wan_2_6": ({}, "0.75"),
    "grok_imagine_i2v": ({}, "0.422"),
    # image to image
    "photon": (LIKE_ONE, "0.005"),
    "photon_base": (LIKE_ONE, "0.019"),
    "kontext": ({}, "0.025"),
    "kontext_multi": ({}, "0.08"),
    "seededit": ({}, "0.02"),
    "clarity": ({}, "0.12"),
    "nano_banana_pro_edit": ({}, "0.15"),
    "nano_banana_2_edit": ({}, "0.08"),
    "gpt_image_1_5_edit": ({}, None),
    # avatars and clips
    "omnihuman_v1_5": ({}, "0.64"),
    "fabric_1_0": ({}, "0.60"),
    "fabric_1_0_fast": ({}, "0.76"),
    "fabric_1_0_text": ({}, None),
    "kling_ref_to_video": ({}, "0.42"),
    "kling_v2v_reference": ({}, "0.63"),
    "kling_v2v_edit": ({}, "0.504"),
    "kling_motion_control": ({}, "0.28"),
    "multitalk": ({}, "1.00"),
    "grok_video_edit": ({}, "0.32"),
    "kling_o3_standard_edit": ({}, "1.008"),
    "kling_o3_pro_edit": ({}, "1.344"),
    "kling_o3_standard_v2v_ref": ({}, "1.008"),
    "kling_o3_pro_v2v_ref": ({}, "1.344"),
    "thinksound": ({}, "0.004"),
    "topaz": ({}, None),
    # text to image
    "flux_dev": ({}, "0.025"),
    "flux_schnell": ({}, "0.003"),
    "imagen4": ({}, "0.04"),
    "seedream_v3": ({}, "0.03"),
    "seedream3": ({}, "0.03"),
    "gen4": ({}, "0.08"),
    "nano_banana_pro": ({}, "0.15"),
    "gpt_image_1_5": ({}, "0.133"),
    # words
    "elevenlabs": ({}, "0.00954"),
    "elevenlabs_turbo": ({}, "0.00477"),
    "elevenlabs_v3": ({}, "0.00954"),
    "gemini_describe": ({}, TOKENS),
    "gemini_detailed": ({}, TOKENS),
    "gemini_classify": ({}, TOKENS),
    "gemini_objects": ({}, TOKENS),
    "gemini_ocr": ({}, TOKENS),
    "gemini_composition": ({}, TOKENS),
    "gemini_qa": ({}, TOKENS),
    "openrouter_video_prompt": ({}, TOKENS),
    "openrouter_video_cinematic": ({}, TOKENS),
    "openrouter_video_realistic": ({}, TOKENS),
    "openrouter_video_artistic": ({}, TOKENS),
    "openrouter_video_dramatic": ({}, TOKENS),
    "scribe_v2": ({}, "0.000533"),
}
"""Key, parameters, and USD; None where the price is not known."""

ASKED: list[tuple[str, dict[str, Any], str]] = [
    ("veo_3_1_fast", {"duration": 4, "resolution": "4k"}, "1.40"),
    ("veo_3_1_fast", {"duration": "6s", "audio": False}, "0.60"),
    ("veo_3_1_fast", {"duration": 8, "resolution": "1080p"}, "1.20"),
    ("veo_3_1", {"duration": 8, "resolution": "4k", "generate_audio": False}, "3.20"),
    ("veo_3_1_lite", {"duration": 6, "resolution": "1080p"}, "0.48"),
    ("veo3", {"duration": 4, "audio": "false"}, "0.80"),
    ("kling_2_6_pro", {"duration": 10, "audio": False}, "0.70"),
    ("kling_2_6_pro_i2v", {"duration": "10", "voice_ids": ["a"]}, "1.68"),
    ("kling_3_standard", {"duration": 3}, "0.378"),
    ("kling_3_pro", {"duration": 12, "audio": False}, "1.344"),
    ("kling_o3_standard_ref", {"duration": 15, "audio": True}, "1.68"),
    ("sora_2_pro", {"duration": 20, "resolution": "720p"}, "6.00"),
    ("seedance_1_5_pro", {"duration": 10, "resolution": "1080p", "audio": False}, "0.587"),
    ("seedance_1_5_pro", {"duration": 12, "resolution": "480p"}, "0.2808"),
    ("wan_2_6", {"duration": 15, "resolution": "720p"}, "1.50"),
    ("grok_imagine", {"duration": 15, "resolution": "480p"}, "0.75"),
    ("grok_imagine_i2v", {"duration": 1, "resolution": "480p"}, "0.052"),
    ("grok_video_edit", {"resolution": "480p"}, "0.24"),
    ("hailuo", {"duration": 10, "resolution": "512P"}, "0.17"),
    ("fabric_1_0", {"resolution": "480p"}, "0.32"),
    ("fabric_1_0_fast", {"resolution": "480p"}, "0.40"),
    ("multitalk", {"resolution": "720p"}, "2.00"),
    ("kling_o3_pro_v2v_ref", {"duration": 8}, "2.688"),
    ("kling_v2v_reference", {"duration": 10}, "1.26"),
    ("scribe_v2", {"keyterms": ["Rushes"]}, "0.000693"),
    ("flux_dev", {"size": "2048x2048"}, "0.125"),
    ("flux_schnell", {"image_size": "square_hd"}, "0.006"),
    ("nano_banana_2", {"resolution": "512px"}, "0.06"),
    ("nano_banana_2", {"resolution": "4K"}, "0.16"),
    ("nano_banana_pro_edit", {"resolution": "4k"}, "0.30"),
    ("gpt_image_1_5", {"quality": "low", "aspect_ratio": "3:2"}, "0.013"),
    ("gpt_image_1_5", {"quality": "medium", "aspect_ratio": "2:3"}, "0.051"),
    ("gpt_image_1_5", {"size": "1536x1024"}, "0.199"),
    ("clarity", {"factor": 4}, "0.48"),
    ("seedvr2", {"factor": 4}, "0.016"),
    ("gen4", {"resolution": "720p"}, "0.05"),
]
"""The same by length, resolution, sound, quality and size."""

SPELLINGS: list[tuple[str, Operation, str]] = [
    (spelling, op, key)
    for op, pairs in {
        Operation.TEXT_TO_IMAGE: "auto flux_dev | nano_banana_2 nano_banana_2 | gpt_image_1_5 gpt_image_1_5",
        Operation.TEXT_TO_VIDEO: "kling_2_6_pro kling_2_6_pro | sora_2 sora_2 | sora_2_pro sora_2_pro | veo_3 veo3 | "
        "kling_3 kling_3_standard | kling_o3_pro kling_o3_pro_t2v",
        Operation.IMAGE_TO_VIDEO: "kling_2_6_pro kling_2_6_pro_i2v | kling_3_standard kling_3_standard_i2v | "
        "kling_3_pro kling_3_pro_i2v | sora_2 sora_2_i2v | sora_2_pro sora_2_pro_i2v | grok_imagine grok_imagine_i2v | "
        "kling kling_2_1 | kling_o3_standard kling_o3_standard_i2v | kling_o3_pro kling_o3_pro_i2v | "
        "seedance seedance_1_5_pro",
        Operation.IMAGE_TO_IMAGE: "photon_flash photon | flux_kontext kontext | flux_kontext_multi kontext_multi | "
        "seededit_v3 seededit | clarity_upscaler clarity | nano_banana_pro nano_banana_pro_edit | "
        "nano_banana_2 nano_banana_2_edit | gpt_image_1_5 gpt_image_1_5_edit",
        Operation.AVATAR: "omnihuman omnihuman_v1_5 | replicate_multitalk multitalk",
        Operation.SPEECH_TO_TEXT: "scribe scribe_v2",
    }.items()
    for spelling, key in (pair.split() for pair in pairs.split("|"))
]
"""What the registry and its documents write, and which of its models is meant by it for this work."""


class Played(NamedTuple):
    """What became of one asking."""

    endpoint: str
    asked: str
    quoted: Quote
    billed: Decimal
    outputs: int
    text: str | None
    problems: list[str]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Played]]:
    """Every asking, played once, in one simulation."""
    cast = Cast(tmp_path_factory.mktemp("cast"))

    async def all_of_them() -> dict[str, Played]:
        found = {}
        async with Simulator(seed=5, time_scale=0.0005, most_side=48) as sim:
            for key, (params, _) in KEYS.items():
                found[key] = await _play(sim, cast, key, params)
            for number, (key, params, _) in enumerate(ASKED):
                found[f"{key} {number}"] = await _play(sim, cast, key, params)
        return found

    yield asyncio.run(all_of_them())


async def _play(sim: Simulator, cast: Cast, key: str, params: Mapping[str, Any]) -> Played:
    model = Catalogue.default().get(key)
    made = provider_named(model.provider, lambda: access(model.provider, f"{sim.url}/{model.provider}"), _no_room)
    remote = made.provider
    assert isinstance(remote, Remote)
    recipe = cast.recipe(remote, model, model.operations[0], params)
    before = len(sim.world.books._entries)
    try:
        finished = await finish(remote, request_of(recipe), cast.context())
    finally:
        await remote.close()
    (entry,) = sim.world.books._entries[before:]
    return Played(
        entry.model,
        remote.endpoint(recipe),
        remote.estimate(recipe),
        entry.billed,
        len(finished.outputs),
        finished.text,
        [one.says for one in remote.validate(recipe)],
    )


def _no_room() -> Any:
    raise AssertionError("no model of the registry works on this machine")


def test_there_is_a_cost_for_each_of_the_74_keys() -> None:
    assert set(KEYS) == REGISTRY


@pytest.mark.parametrize("key", KEYS)
def test_a_key_asks_the_endpoint_that_the_catalogue_names(key: str, played: Mapping[str, Played]) -> None:
    one, model = played[key], Catalogue.default().get(key)
    assert (one.endpoint, one.asked) == (model.endpoint, model.endpoint)
    assert one.problems == []
    assert bool(one.text) if one.outputs == 0 else one.outputs == 1


@pytest.mark.parametrize("key", KEYS)
def test_a_key_costs_what_was_quoted(key: str, played: Mapping[str, Played]) -> None:
    _check(played[key], KEYS[key][1])


@pytest.mark.parametrize("number", range(len(ASKED)), ids=lambda number: f"{ASKED[number][0]} {ASKED[number][1]}")
def test_a_length_a_resolution_and_sound_cost_what_was_quoted(number: int, played: Mapping[str, Played]) -> None:
    key, _, usd = ASKED[number]
    _check(played[f"{key} {number}"], usd)


def _check(one: Played, usd: str | None) -> None:
    low, high = one.quoted.low, one.quoted.high
    if usd is None:
        assert (low, high) == (None, None), "a price that is not known is not guessed"
        return
    assert low is not None and high is not None
    if usd == TOKENS:
        assert low < one.billed <= high
        return
    exact = Decimal("0.000001")
    assert (low.quantize(exact), high.quantize(exact), one.billed.quantize(exact)) == (
        Decimal(usd).quantize(exact),
    ) * 3


@pytest.mark.parametrize(("spelling", "op", "key"), SPELLINGS, ids=lambda one: str(one))
def test_a_documented_spelling_means_a_model_that_does_this_work(spelling: str, op: Operation, key: str) -> None:
    model = Catalogue.default().resolve(spelling, op)
    assert isinstance(model, Model)
    assert (model.key, op in model.operations) == (key, True)


@pytest.mark.parametrize("key", KEYS)
def test_the_name_that_the_provider_has_for_a_model_is_a_spelling_of_it(key: str) -> None:
    model = Catalogue.default().get(key)
    found = Catalogue.default().find(model.endpoint, model.operations[0])
    assert found is not None
    assert found.endpoint == model.endpoint


def test_who_stands_in_for_a_model_does_the_same_work_and_still_answers() -> None:
    catalogue = Catalogue.default()
    for model in catalogue.models():
        for key in (*model.equivalents, *([model.successor] if model.successor else [])):
            other = catalogue.get(key)
            assert set(model.operations) & set(other.operations), (model.key, key)
            assert other.key != model.key
        for key in model.equivalents:
            assert catalogue.get(key).retired is None, (model.key, key)


def test_a_draft_is_of_the_same_kind_is_cheaper_and_still_answers() -> None:
    catalogue = Catalogue.default()
    drafted = [(model, catalogue.get(key)) for model in catalogue.models() for key in model.drafts]
    assert len(drafted) > 50
    for model, other in drafted:
        assert set(model.operations) & set(other.operations), (model.key, other.key)
        assert other.retired is None and other.key != model.key, (model.key, other.key)
        mine, theirs = (_least(one) for one in (model, other))
        for per in mine.keys() & theirs.keys():
            assert theirs[per] < mine[per], (model.key, other.key)


def _least(model: Model) -> dict[Unit, Decimal]:
    """The least price by unit: what a model costs where it costs least; of tokens, those that it answers with."""
    found: dict[Unit, Decimal] = {}
    for one in model.prices:
        if one.usd is not None:
            found[one.per] = min(found.get(one.per, Decimal("Infinity")), one.usd + one.answered)
    return found


def test_no_key_of_the_registry_is_refused_for_want_of_a_schema() -> None:
    for key in REGISTRY:
        model = Catalogue.default().get(key)
        remote = provider_named(model.provider, lambda name=model.provider: access(name, None), _no_room).provider  # type: ignore[misc]
        assert isinstance(remote, Remote)
        recipe = Recipe(
            op=model.operations[0], provider=remote.name, model=key, prompt=WORDS, params={}, inputs={}, alias=key
        )
        says = [one.says for one in remote.validate(recipe) if one.severity is Severity.ERROR]
        assert not any("is not known" in one for one in says), (key, says)


def test_no_parameter_that_fal_publishes_is_called_unknown() -> None:
    for model in Catalogue.default().models():
        for listing in model.listings():
            takes = takes_at("fal", listing.endpoint)
            for op in listing.operations if listing.provider == "fal" and takes is not None else ():
                assert takes is not None
                meant = takes.meant() | {"model"}  # which of several snapshots; `model` is the key of a step, too
                assert set(takes.properties) - meant <= PARAMS[op], (model.key, op)
