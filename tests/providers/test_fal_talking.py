"""Voices, portraits and clips reach the fields that an endpoint names for them: fal's adapter at the simulator."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.providers.rig import Quick, access, asked
from tests.providers.studio import Studio

from rushes.catalogue.endpoints import takes_at
from rushes.catalogue.load import Catalogue
from rushes.model.canonical import base_key
from rushes.model.media import Artifact
from rushes.model.operation import Operation
from rushes.model.request import Request
from rushes.model.transcript import joined, transcript_words
from rushes.plugin.provider import Finished
from rushes.providers.fal import Fal
from rushes.sim.simulator import Simulator
from rushes.testing.conformance import finish

AVATAR, V2V, STT = Operation.AVATAR, Operation.VIDEO_TO_VIDEO, Operation.SPEECH_TO_TEXT
WORDS = "Good morning, the harbour is open."


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path)


def done(
    studio: Studio,
    alias: str,
    op: Operation,
    prompt: str | None,
    inputs: Mapping[str, tuple[Artifact, ...]],
    **params: Any,
) -> tuple[Finished, Decimal, Decimal | None]:
    """The result, what the simulator billed, and what was quoted."""

    async def story() -> tuple[Finished, Decimal, Decimal | None]:
        async with Simulator(seed=5, time_scale=0.002, most_side=64) as sim:
            fal = Fal(access("fal", f"{sim.url}/fal"))
            files = {one.digest: studio.path(one.digest) for many in inputs.values() for one in many}
            recipe = asked(fal, alias, op, prompt, params, inputs)
            assert fal.validate(recipe) == []
            request = Request(recipe=recipe, base=base_key(recipe.plain()), candidate=0, salt=0, seed=1)
            try:
                finished = await finish(fal, request, Quick(studio.folder, files, idempotency_key="k"))
            finally:
                await fal.close()
            return finished, Decimal(sim.report()["billed"]), fal.estimate(recipe).high

    return asyncio.run(story())


def face(studio: Studio) -> Artifact:
    return studio.make(Operation.TEXT_TO_IMAGE, "a close portrait", width=64, height=96, seed=1)[0]


def voice(studio: Studio) -> Artifact:
    return studio.make(Operation.TEXT_TO_SPEECH, WORDS, seed=1)[0]


def clip(studio: Studio) -> Artifact:
    start = {"start_frame": [face(studio)]}
    return studio.make(Operation.IMAGE_TO_VIDEO, "pan", inputs=start, duration=1, seed=1)[0]


def test_a_portrait_speaks_and_costs_what_was_quoted(studio: Studio) -> None:
    inputs = {"image": (face(studio),), "audio": (voice(studio),)}
    finished, billed, quoted = done(studio, "omnihuman_v1_5", AVATAR, "She smiles", inputs, resolution="720p")
    assert [one.media_type for one in finished.outputs] == ["video/mp4"]
    assert quoted is not None and billed == pytest.approx(quoted, abs=Decimal("0.0001")) and billed > 0


@pytest.mark.parametrize(
    ("alias", "op", "prompt", "params"),
    [
        ("fabric_1_0_text", AVATAR, WORDS, {"resolution": "480p"}),
        ("multitalk", AVATAR, "They talk", {}),
        ("kling_motion_control", AVATAR, None, {"character_orientation": "video"}),
        ("kling_v2v_edit", V2V, "the same at night", {"keep_audio": True}),
    ],
)
def test_every_role_has_its_field(
    alias: str, op: Operation, prompt: str | None, params: dict[str, Any], studio: Studio
) -> None:
    made = {
        "image": (face(studio),),
        "reference": (face(studio),),
        "audio": (voice(studio),),
        "second_audio": (voice(studio),),
        "video": (clip(studio),),
    }
    takes = takes_at("fal", Catalogue.default().get(alias).endpoint)
    assert takes is not None
    inputs = {role: made[role] for role in takes.inputs}
    finished, _, _ = done(studio, alias, op, prompt, inputs, **params)
    assert [one.media_type for one in finished.outputs] == ["video/mp4"]


def test_what_was_said_comes_back_as_a_text_with_the_times_of_its_words(studio: Studio) -> None:
    sound = voice(studio)
    finished, billed, quoted = done(studio, "scribe_v2", STT, None, {"audio": (sound,)}, language_code="eng")
    (beside,) = finished.outputs
    words = transcript_words(beside.data or b"")
    assert (finished.text, beside.media_type, joined(words)) == (WORDS, "application/json", WORDS)
    assert {one.speaker for one in words} == {"speaker_0"}
    assert sound.seconds is not None and words[0].start >= 0 and words[-1].end <= sound.seconds
    assert quoted is not None and billed == pytest.approx(quoted, abs=Decimal("0.0001")) and billed > 0


def test_a_voice_that_a_model_cannot_hear_is_refused_before_anything_is_sent(studio: Studio) -> None:
    fal = Fal(access("fal", None))
    recipe = asked(
        fal,
        "fabric_1_0_text",
        AVATAR,
        WORDS,
        {"resolution": "480p"},
        {"image": (face(studio),), "audio": (voice(studio),)},
    )
    assert [one.says for one in fal.validate(recipe)] == ["fabric_1_0_text at fal takes no audio"]
