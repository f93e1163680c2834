"""Who is asked in an episode, and for what: steps of a workflow, each at one provider.

`USUAL` are the kinds of service that there are. `PARTS` are all providers with the eight scenes of the example, as far
as they can do them: stills, films from stills, the narration, or a word about each.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from tests.campaign.studio import KEYED, LISTED
from tests.providers.comfy_graphs import picture


class Kind(NamedTuple):
    """One workflow. `step` has `ROWS` where its rows stand; `at_once`: the provider's answer is the result."""

    name: str
    provider: str
    step: str
    at_once: bool = False

    def text(self, rows: list[str]) -> str:
        """The workflow file."""
        listed = "[" + ", ".join(f'"{row}"' for row in rows) + "]"
        return "name: story\nsteps:\n" + self.step.replace("ROWS", listed).replace("PROVIDER", self.provider)


def _still(model: str) -> str:
    return _words("text_to_image", model)


def _film(model: str, seconds: int = 5, still: str = "") -> str:
    """Films from stills that cost nothing."""
    asked = f", params: {{{still}}}" if still else ""
    return (
        f'  - {{name: still, type: text_to_image, provider: sketch, rows: ROWS, prompt: "{{{{item}}}}"{asked}}}\n'
        f"  - {{name: film, type: image_to_video, provider: PROVIDER, model: {model}, input_from: still, "
        f'prompt: "it moves", params: {{duration: {seconds}}}}}\n'
    )


def _looked_at(model: str) -> str:
    """A word about each of a few stills that cost nothing."""
    made = '  - {name: still, type: text_to_image, provider: sketch, rows: ROWS, prompt: "{{item}}"}\n'
    return made + (
        f"  - {{name: told, type: analyze_image, provider: PROVIDER, model: {model}, input_from: still, "
        'prompt: "what is it?"}\n'
    )


def _words(op: str, model: str) -> str:
    return f'  - {{name: said, type: {op}, provider: PROVIDER, model: {model}, rows: ROWS, prompt: "{{{{item}}}}"}}\n'


def _graph() -> str:
    """Stills of a graph on a server of one's own."""
    graph = json.dumps(picture())
    return (
        "  - {name: still, type: text_to_image, provider: PROVIDER, rows: ROWS, "
        f'prompt: "{{{{item}}}}", params: {{graph: {graph}}}}}\n'
    )


def _of(*kinds: Kind) -> dict[str, Kind]:
    return {one.name: one for one in kinds}


USUAL = _of(
    Kind("fal", "fal", _still("flux_schnell")),
    Kind("gemini", "gemini", _still("nano_banana_2_1"), at_once=True),
    Kind(LISTED, LISTED, _still("flux_schnell")),
    Kind(KEYED, KEYED, _still("flux_schnell")),
)

PARTS = _of(
    Kind("fal", "fal", _still("flux_schnell")),
    Kind("fal films", "fal", _film("kling_2_1")),
    Kind("gemini", "gemini", _still("nano_banana_2_1"), at_once=True),
    Kind("gemini films", "gemini", _film("gemini_omni_flash")),
    Kind("gemini words", "gemini", _looked_at("gemini_describe"), at_once=True),
    Kind("elevenlabs", "elevenlabs", _words("text_to_speech", "elevenlabs"), at_once=True),
    Kind("replicate", "replicate", _still("flux_schnell")),
    Kind("openai", "openai", _still("gpt_image_2_5"), at_once=True),
    Kind("openai films", "openai", _film("sora_2", 4, still="width: 720, height: 1280")),
    Kind("openai words", "openai", _looked_at("gpt_6_luna"), at_once=True),
    Kind("luma", "luma", _still("uni_1")),
    Kind("runway", "runway", _still("gen4")),
    Kind("anthropic", "anthropic", _looked_at("claude_haiku_5_5"), at_once=True),
    Kind("openrouter", "openrouter", _still("nano_banana_pro"), at_once=True),
    Kind("openrouter films", "openrouter", _film("wan_2_6")),
    Kind("huggingface", "huggingface", _still("flux_schnell"), at_once=True),
    Kind("glabs", "glabs", _still("nano_banana_2")),
    Kind("comfyui", "comfyui", _graph()),
    Kind("luma films", "luma", _film("ray_3_2")),
)

SCENES = (
    "a lighthouse at dusk",
    "a small boat at sea",
    "a keeper climbs the stairs",
    "a lamp is lit",
    "fog over dark water",
    "a gull on the rail",
    "a letter on a table",
    "the first light of morning",
)
"""The eight scenes, in a few words."""


def kind_named(name: str) -> Kind:
    """The kind of that name; one of `PARTS` beats one of `USUAL` only by its rows, so they share names."""
    return PARTS.get(name) or USUAL[name]
