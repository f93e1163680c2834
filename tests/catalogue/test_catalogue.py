"""Every documented spelling is known, and the data files keep to their schema."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import rushes.catalogue.load as loading
from rushes.catalogue.load import DEFAULTS, Catalogue
from rushes.catalogue.model import Model
from rushes.model.operation import SIGNATURES, Operation, Where
from rushes.model.price import Unit
from rushes.model.problem import Problem

FILES = sorted((Path(loading.__file__).parent / "data" / "models").glob("*.json"))
PRICE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["usd", "per", "source", "as_of"],
    "properties": {
        "usd": {"type": ["string", "null"], "pattern": r"^\d+(\.\d+)?$"},
        "per": {"enum": [str(one) for one in Unit]},
        "when": {"type": "object", "additionalProperties": {"type": ["string", "boolean"]}},
        "least": {"type": "integer", "minimum": 1},
        "plus": {"type": "string", "pattern": r"^\d+(\.\d+)?$"},
        "answered": {"type": "string", "pattern": r"^\d+(\.\d+)?$"},
        "above": {"type": "integer", "minimum": 1},
        "kinds": {
            "type": "object",
            "propertyNames": {"enum": ["picture", "sound", "cached", "written"]},
            "additionalProperties": {"type": "string", "pattern": r"^\d+(\.\d+)?$"},
        },
        "source": {"type": "string", "minLength": 3},
        "as_of": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
    },
}
OFFER = {
    "type": "object",
    "additionalProperties": False,
    "required": ["of", "endpoint", "prices"],
    "properties": {
        "of": {"type": "string"},
        "endpoint": {"type": "string", "minLength": 1},
        "operations": {"type": "array", "items": {"enum": [str(one) for one in Operation]}, "minItems": 1},
        "imitated": {"const": True},
        "prices": {"type": "array", "items": PRICE, "minItems": 1},
    },
}
EARLIER = {
    "type": "object",
    "additionalProperties": False,
    "required": ["until", "provider", "endpoint"],
    "properties": {
        "until": {"type": "string", "format": "date"},
        "provider": {"type": "string"},
        "endpoint": {"type": "string", "minLength": 1},
    },
}
MODEL = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "key": {"type": "string", "pattern": "^[a-z0-9_]+$"},
        "maker": {"type": "string"},
        "category": {"type": "string"},
        "operations": {"type": "array", "items": {"enum": [str(one) for one in Operation]}},
        "provider": {"type": "string"},
        "endpoint": {"type": "string", "minLength": 1},
        "aliases": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        "prices": {"type": "array", "items": PRICE, "minItems": 1},
        "durations": {"type": ["array", "null"], "items": {"type": "integer"}, "minItems": 1},
        "ratios": {"type": ["array", "null"], "items": {"type": "string", "pattern": r"^\d+:\d+$"}},
        "defaults": {"type": "object"},
        "seconds": {"type": "number", "exclusiveMinimum": 0},
        "timeout": {"type": "number", "exclusiveMinimum": 0},
        "retired": {"type": ["string", "null"], "format": "date"},
        "successor": {"type": ["string", "null"]},
        "note": {"type": ["string", "null"]},
        "equivalents": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        "drafts": {"type": "array", "items": {"type": "string"}, "uniqueItems": True, "minItems": 1},
        "was": {"type": "array", "items": EARLIER, "minItems": 1},
    },
}
OPTIONAL = {"drafts", "equivalents", "was"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["family", "models"],
    "properties": {
        "family": {"type": "string"},
        "models": {"type": "array", "items": {**MODEL, "required": sorted({*MODEL["properties"]} - OPTIONAL)}},  # type: ignore[misc]
        "offers": {"type": "array", "items": OFFER, "minItems": 1},
    },
}

REGISTRY = set(
    """
    hailuo_pro veo3 veo3_fast kling_2_6_pro kling_3_standard kling_3_pro kling_o3_pro_t2v sora_2 sora_2_pro
    grok_imagine hailuo kling_2_1 kling_2_6_pro_i2v kling_3_standard_i2v kling_3_pro_i2v kling_o3_standard_i2v
    kling_o3_pro_i2v kling_o3_standard_ref kling_o3_pro_ref seedance_1_5_pro sora_2_i2v sora_2_pro_i2v
    veo_3_1_fast wan_2_6 grok_imagine_i2v photon photon_base kontext kontext_multi seededit clarity
    nano_banana_pro_edit nano_banana_2_edit gpt_image_1_5_edit omnihuman_v1_5 fabric_1_0 fabric_1_0_fast
    fabric_1_0_text kling_ref_to_video kling_v2v_reference kling_v2v_edit kling_motion_control multitalk
    grok_video_edit thinksound topaz kling_o3_standard_edit kling_o3_pro_edit kling_o3_standard_v2v_ref
    kling_o3_pro_v2v_ref flux_dev flux_schnell imagen4 seedream_v3 seedream3 gen4 nano_banana_pro gpt_image_1_5
    elevenlabs elevenlabs_turbo elevenlabs_v3 gemini_describe gemini_detailed gemini_classify gemini_objects
    gemini_ocr gemini_composition gemini_qa openrouter_video_prompt openrouter_video_cinematic
    openrouter_video_realistic openrouter_video_artistic openrouter_video_dramatic scribe_v2
    """.split()  # noqa: SIM905 - a list of 74 words is read, not typed
)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_data_file_keeps_to_its_schema(file: Path) -> None:
    document = json.loads(file.read_bytes())
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert document["family"] == file.stem
    assert {one["provider"] for one in document["models"]} <= {file.stem}
    known = {model.key for model in Catalogue.default().models()}
    assert {one["of"] for one in document.get("offers", ())} <= known


def test_all_74_models_of_the_yaml_registry_are_known_by_their_keys() -> None:
    assert len(REGISTRY) == 74
    assert [key for key in REGISTRY if Catalogue.default().find(key) is None] == []
    assert all(Catalogue.default().get(key).key == key for key in REGISTRY)


@pytest.mark.parametrize(
    ("spelling", "op", "key"),
    [
        ("auto", Operation.TEXT_TO_IMAGE, "flux_dev"),
        ("FLUX-Dev", Operation.TEXT_TO_IMAGE, "flux_dev"),
        ("fal-ai/flux/dev", Operation.TEXT_TO_IMAGE, "flux_dev"),
        ("nano_banana", Operation.TEXT_TO_IMAGE, "nano_banana"),
        ("nano_banana_2", Operation.TEXT_TO_IMAGE, "nano_banana_2"),
        ("nano_banana_2", Operation.IMAGE_TO_IMAGE, "nano_banana_2_edit"),
        ("nano-banana-pro", Operation.IMAGE_TO_IMAGE, "nano_banana_pro_edit"),
        ("gemini-3.1-flash-image-preview", Operation.TEXT_TO_IMAGE, "nano_banana_2"),
        ("gemini-3-pro-image", Operation.TEXT_TO_IMAGE, "nano_banana_pro"),
        ("nano_banana_2_lite", Operation.TEXT_TO_IMAGE, "nano_banana_2_lite"),
        ("nano_pics", Operation.TEXT_TO_IMAGE, "nano_pics"),
        ("veo-3.1-fast-generate-preview", Operation.IMAGE_TO_VIDEO, "veo_3_1_fast"),
        ("veo_31_fast", Operation.TEXT_TO_VIDEO, "veo_3_1_fast"),
        ("veo_31_quality", Operation.IMAGE_TO_VIDEO, "veo_3_1"),
        ("veo_31_lite_relaxed", Operation.IMAGE_TO_VIDEO, "veo_3_1_lite"),
        ("omni_flash", Operation.TEXT_TO_VIDEO, "gemini_omni_flash"),
        ("omni_vids", Operation.TEXT_TO_VIDEO, "gemini_omni_flash"),
        ("kling", Operation.IMAGE_TO_VIDEO, "kling_2_1"),
        ("kling_2_6_pro", Operation.TEXT_TO_VIDEO, "kling_2_6_pro"),
        ("kling_2_6_pro", Operation.IMAGE_TO_VIDEO, "kling_2_6_pro_i2v"),
        ("kling_3_standard", Operation.IMAGE_TO_VIDEO, "kling_3_standard_i2v"),
        ("grok_imagine", Operation.IMAGE_TO_VIDEO, "grok_imagine_i2v"),
        ("sora_2_pro", Operation.IMAGE_TO_VIDEO, "sora_2_pro_i2v"),
        ("photon_flash", Operation.IMAGE_TO_IMAGE, "photon"),
        ("flux_kontext", Operation.IMAGE_TO_IMAGE, "kontext"),
        ("flux_kontext_multi", Operation.IMAGE_TO_IMAGE, "kontext_multi"),
        ("seededit_v3", Operation.IMAGE_TO_IMAGE, "seededit"),
        ("clarity_upscaler", Operation.IMAGE_TO_IMAGE, "clarity"),
        ("gemini-2.5-flash", Operation.ANALYZE_VIDEO, "gemini_2_5_flash"),
    ],
)
def test_a_spelling_means_the_model_that_does_the_work(spelling: str, op: Operation, key: str) -> None:
    model = Catalogue.default().find(spelling, op)
    assert model is not None and model.key == key


def test_keys_and_plain_spellings_of_keys_are_unique() -> None:
    models = Catalogue.default().models()
    plain = [re.sub("[^a-z0-9]", "", model.key) for model in models]
    assert len(set(plain)) == len(models)


def test_two_models_that_share_a_spelling_do_different_work() -> None:
    catalogue = Catalogue.default()
    for model in catalogue.models():
        for alias in (model.key, *model.aliases):
            for op in model.operations:
                found = catalogue.find(alias, op)
                assert found is not None
                assert found.key == model.key or model.key != alias, f"{alias} for {op} hides {model.key}"


def test_every_successor_is_a_model_that_is_not_retired_and_does_the_same() -> None:
    catalogue = Catalogue.default()
    for model in catalogue.models():
        if model.successor is not None:
            after = catalogue.get(model.successor)
            assert after.retired is None
            assert set(model.operations) <= set(after.operations)


def test_a_retired_model_says_since_when_and_what_follows() -> None:
    sora = Catalogue.default().get("sora_2")
    assert sora.retired_on(date(2026, 9, 24)) and not sora.retired_on(date(2026, 9, 23))
    assert Catalogue.default().get("gpt_image_1_5").successor == "gpt_image_2_5"


def test_every_remote_operation_has_a_default_that_does_it_and_is_not_retired() -> None:
    remote = {op for op, signature in SIGNATURES.items() if signature.where is Where.REMOTE}
    assert set(DEFAULTS) == remote
    for op in remote:
        model = Catalogue.default().default_for(op)
        assert model is not None and op in model.operations and model.retired is None
    assert Catalogue.default().default_for(Operation.CONCAT_VIDEOS) is None


def test_an_unknown_model_is_a_problem_that_names_the_near_ones() -> None:
    problem = Catalogue.default().resolve("flux_dve", Operation.TEXT_TO_IMAGE)
    assert isinstance(problem, Problem)
    assert (problem.code, "'flux_dev'" in problem.try_) == ("model-unknown", True)
    assert Catalogue.default().near("kling 9") != []


def test_a_model_of_other_work_is_a_problem_that_says_what_it_does() -> None:
    problem = Catalogue.default().resolve("elevenlabs", Operation.TEXT_TO_IMAGE)
    assert isinstance(problem, Problem) and problem.code == "model-operation"
    assert problem.says == "the model 'elevenlabs' does text_to_speech, not text_to_image"


def test_a_step_without_a_model_has_its_default() -> None:
    model = Catalogue.default().resolve(None, Operation.TEXT_TO_IMAGE)
    assert isinstance(model, Model) and model.key == "flux_dev"
    assert Catalogue.default().resolve(None, Operation.SPLIT_IMAGE) is None


def test_a_model_may_be_offered_by_several_each_under_its_own_name_and_price() -> None:
    catalogue = Catalogue.default()
    found = {name: catalogue.offered("nano_banana_2", Operation.TEXT_TO_IMAGE, name) for name in ("fal", "gemini")}
    assert {name: one and one[1].endpoint for name, one in found.items()} == {
        "fal": "fal-ai/nano-banana-2",
        "gemini": "gemini-3.1-flash-image",
    }
    assert found["fal"] and found["gemini"] and found["fal"][1].prices != found["gemini"][1].prices
    pro = catalogue.get("nano_banana_pro")
    assert pro.providers(Operation.TEXT_TO_IMAGE)[:2] == ("fal", "gemini"), "its first provider comes first"
    assert catalogue.offered("flux_dev", Operation.TEXT_TO_IMAGE, "gemini") is None


def test_a_key_that_does_other_work_stands_for_its_namesake_in_an_offer() -> None:
    found = Catalogue.default().offered("nano_banana_2", Operation.IMAGE_TO_IMAGE, "fal")
    assert found is not None and found[1].endpoint == "fal-ai/nano-banana-2/edit"


def test_an_address_for_one_kind_of_work_beats_one_for_several() -> None:
    catalogue = Catalogue.default()
    for op, endpoint in (
        (Operation.TEXT_TO_VIDEO, "fal-ai/veo3.1/fast"),
        (Operation.IMAGE_TO_VIDEO, "fal-ai/veo3.1/fast/image-to-video"),
    ):
        found = catalogue.offered("veo_31_fast", op, "fal")
        assert found is not None and found[1].endpoint == endpoint


def test_every_price_says_where_it_comes_from_and_is_exact() -> None:
    for model in Catalogue.default().models():
        for price in (price for one in model.listings() for price in one.prices):
            assert price.source and date.fromisoformat(price.as_of) <= date(2026, 11, 21)
            assert price.usd is None or isinstance(price.usd, Decimal)


def test_the_catalogue_is_read_once_and_brings_no_heavy_library() -> None:
    assert Catalogue.default() is Catalogue.default()
    code = (
        "import sys; from rushes.catalogue.load import Catalogue; Catalogue.default();"
        "print([m for m in ('yaml', 'numpy', 'PIL', 'httpx', 'tomllib', 'rich') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
