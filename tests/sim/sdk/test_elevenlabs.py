"""elevenlabs 2.78.0, unmodified, as a client of the simulator; our adapter sends what it sends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from tests.providers.rig import access, asked, request_of
from tests.sim.sdk.recorded import Sent
from tests.sim.sdk.side import Raised, Side
from tests.sim.sdk.stage import Stage, in_the_open

from rushes.model.ids import Digest
from rushes.model.media import Kind
from rushes.model.operation import Operation
from rushes.providers.elevenlabs import ElevenLabs
from rushes.sim.wire import Request as Arrived
from rushes.sim.wire import form
from rushes.testing.context import PlainContext
from rushes.testing.media import wav
from rushes.testing.requests import artifact_of

RACHEL, BRIAN = "21m00Tcm4TlvDq8ikWAM", "nPczCjzI2devNBz1zQrb"
V2 = "eleven_multilingual_v2"


@pytest.fixture
def elevenlabs(stage: Stage, processes: Callable[..., Side]) -> Side:
    return processes("elevenlabs")


def said(sent: Sent) -> dict[str, str]:
    """The headers that say something about what is asked; the two have keys of their own."""
    of_a_client = {"host", "user-agent", "accept", "accept-encoding", "connection", "content-length"}
    return {
        name: "the key" if name == "xi-api-key" else value
        for name, value in sent.headers.items()
        if name not in of_a_client and not name.startswith("x-fern-")
    }


def test_a_text_is_spoken_and_found_again_in_the_history(elevenlabs: Side, stage: Stage) -> None:
    answer = elevenlabs.do("speak", voice=RACHEL, text="An SDK says this.", model_id=V2)
    sound = bytes.fromhex(answer["hex"])
    assert sound[:3] == b"ID3"
    assert answer["headers"]["character-cost"] == "17"
    (item,) = [one for one in elevenlabs.do("history") if one["text"] == "An SDK says this."]
    assert item["model"] == V2
    assert bytes.fromhex(elevenlabs.do("audio", item=item["id"])) == sound


def test_what_was_said_is_heard_with_the_time_of_each_word(elevenlabs: Side) -> None:
    answer = elevenlabs.do("speak", voice=RACHEL, text="An SDK says this. And that.", model_id=V2)
    heard = elevenlabs.do("timed", sound=answer["hex"], model_id="scribe_v2")
    words = [one for one in heard if one["type"] == "word"]
    assert [one["text"] for one in words] == ["An", "SDK", "says", "this.", "And", "that."]
    assert all(a["end"] <= b["start"] for a, b in pairwise(heard)) and words[0]["start"] < words[-1]["end"]
    assert {(one["speaker_id"], one["logprob"]) for one in heard} == {(None, 0.0)}


def test_models_are_listed(elevenlabs: Side) -> None:
    assert V2 in elevenlabs.do("models")


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"text": "", "voice": RACHEL}, 400, "empty_text"),
        ({"text": "a", "voice": "nobody"}, 400, "invalid_voice_id"),
        ({"text": "a", "voice": RACHEL, "model_id": "eleven_v0"}, 404, "model_not_found"),
        ({"text": "a", "voice": RACHEL, "key": "wrong"}, 401, "invalid_api_key"),
    ],
)
def test_a_refusal_reaches_the_sdk_as_it_is(elevenlabs: Side, given: dict[str, str], status: int, code: str) -> None:
    with pytest.raises(Raised) as raised:
        elevenlabs.do("speak", **given)
    assert (raised.value.facts["status"], raised.value.facts["body"]["detail"]["code"]) == (status, code)


@pytest.mark.parametrize("fault", ["429", "500", "close-after"])
def test_the_sdk_buys_nothing_twice_by_itself(elevenlabs: Side, stage: Stage, fault: str) -> None:
    def count() -> tuple[int, int]:
        said = stage.report()
        return said["submissions"], len(said["duplicates"])

    posts, duplicates = count()
    stage.faults({"what": fault, "place": "submit", "first": 2})
    with pytest.raises(Raised):
        elevenlabs.do("speak", voice=RACHEL, text=f"Lost by {fault}.", model_id=V2)
    assert count() == (posts + 1, duplicates)


def test_the_adapter_sends_what_the_sdk_sends(elevenlabs: Side, stage: Stage, tmp_path: Path) -> None:
    with in_the_open(tmp_path) as opened:
        adapter = ElevenLabs(access("elevenlabs", f"{opened.url}/elevenlabs", simulated=False))
        params = {"voice": "brian", "output_format": "mp3_44100_64", "stability": 0.4, "use_speaker_boost": True}
        request = request_of(asked(adapter, "elevenlabs_v3", Operation.TEXT_TO_SPEECH, "Both say this.", params))

        async def run() -> None:
            try:
                await adapter.submit(request, PlainContext(tmp_path, {}))
            finally:
                await adapter.close()

        asyncio.run(run())
        (mine,) = opened.sent()

    before = len(stage.sent())
    elevenlabs.do(
        "speak",
        voice=BRIAN,
        text="Both say this.",
        model_id="eleven_v3",
        output_format="mp3_44100_64",
        seed=request.seed,
        settings={"stability": 0.4, "use_speaker_boost": True},
    )
    (its,) = stage.sent()[before:]

    assert (mine.method, mine.target) == (its.method, f"/elevenlabs{its.target}")
    assert mine.json == its.json
    assert said(mine) == said(its)


def test_the_adapter_sends_the_form_that_the_sdk_sends(elevenlabs: Side, stage: Stage, tmp_path: Path) -> None:
    data = wav("a voice", 0.5)
    sound = artifact_of(Kind.AUDIO, data)
    (tmp_path / "sound.wav").write_bytes(data)
    with in_the_open(tmp_path) as opened:
        adapter = ElevenLabs(access("elevenlabs", f"{opened.url}/elevenlabs", simulated=False))
        params = {"language_code": "en", "tag_audio_events": False, "num_speakers": 2}
        request = request_of(asked(adapter, "scribe_v2", Operation.SPEECH_TO_TEXT, None, params, {"audio": (sound,)}))

        async def run() -> None:
            try:
                await adapter.submit(request, PlainContext(tmp_path, {Digest(sound.digest): tmp_path / "sound.wav"}))
            finally:
                await adapter.close()

        asyncio.run(run())
        (mine,) = opened.sent()

    before = len(stage.sent())
    assert elevenlabs.do("hear", sound=data.hex(), model_id="scribe_v2", seed=request.seed, **params)
    (its,) = stage.sent()[before:]

    assert (mine.method, mine.target) == (its.method, f"/elevenlabs{its.target}")
    assert parts(mine) == parts(its)


def parts(sent: Sent) -> dict[str, tuple[str | None, bytes, str]]:
    """The parts of a form by their fields; the SDK says `null` for three of which nothing was asked."""
    arrived = Arrived(sent.method, "", sent.path, {}, sent.headers, sent.body)
    return {part.field: (part.file, part.data, part.media_type) for part in form(arrived) or () if part.data != b"null"}
