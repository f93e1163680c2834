"""ElevenLabs as it is simulated: what it answers, what it refuses and in which words, and what its books say."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import httpx
import pytest

from rushes.providers.cut import is_cut
from rushes.sim.faults import fault_from_text
from rushes.sim.simulator import Simulator
from rushes.testing.media import wav

RACHEL = "21m00Tcm4TlvDq8ikWAM"
Story = Callable[[httpx.AsyncClient, Simulator], Awaitable[None]]


def play(story: Story, *faults: str, key: str = "somebody") -> None:
    async def run() -> None:
        active = [fault_from_text(one) for one in faults]
        async with Simulator(seed=3, time_scale=0.001, faults=active) as sim:
            headers = {"xi-api-key": key} if key else {}
            async with httpx.AsyncClient(base_url=f"{sim.url}/elevenlabs", headers=headers) as http:
                await story(http, sim)

    asyncio.run(run())


async def speak(http: httpx.AsyncClient, voice: str = RACHEL, query: str = "", **body: Any) -> httpx.Response:
    return await http.post(f"/v1/text-to-speech/{voice}{query}", json={"text": "Good morning.", **body})


def detail(answer: httpx.Response) -> dict[str, Any]:
    said: dict[str, Any] = answer.json()["detail"]
    assert {"type", "code", "message", "status", "request_id"} <= set(said)
    return said


def test_a_text_is_spoken_in_the_format_that_is_asked_for() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        mp3 = await speak(http)
        assert (mp3.status_code, mp3.headers["content-type"]) == (200, "audio/mpeg")
        assert (mp3.content[:3], is_cut(mp3.content)) == (b"ID3", False)
        assert (mp3.headers["character-cost"], len(mp3.headers["request-id"])) == ("13", 36)
        wav = await speak(http, query="?output_format=wav_22050")
        assert (wav.headers["content-type"], wav.content[:4]) == ("audio/wav", b"RIFF")
        assert [one["billed"] for one in sim.report()["entries"]] == ["0.00234", "0.00234"]

    play(story)


def test_equal_seeds_say_the_same_and_others_something_else() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        one, again, other = [(await speak(http, seed=seed)).content for seed in (7, 7, 8)]
        assert one == again != other

    play(story)


@pytest.mark.parametrize(
    ("voice", "body", "status", "code", "param"),
    [
        (RACHEL, {"text": ""}, 400, "empty_text", "text"),
        (RACHEL, {"text": None}, 400, "missing_required_field", "text"),
        (RACHEL, {"text": "x" * 10_001}, 400, "text_too_long", "text"),
        (RACHEL, {"voice_settings": {"stability": 3}}, 400, "invalid_voice_settings", "stability"),
        (RACHEL, {"seed": -1}, 400, "invalid_parameters", "seed"),
        ("nobody", {}, 400, "invalid_voice_id", "voice_id"),
        (RACHEL, {"model_id": "eleven_v0"}, 404, "model_not_found", None),
    ],
)
def test_a_body_is_refused_in_its_words(
    voice: str, body: dict[str, Any], status: int, code: str, param: str | None
) -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        answer = await speak(http, voice, **body)
        said = detail(answer)
        assert (answer.status_code, said["code"], said.get("param")) == (status, code, param)
        assert sim.report()["accepted"] == 0

    play(story)


def test_a_body_that_is_no_json_is_refused() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        answer = await http.post(f"/v1/text-to-speech/{RACHEL}", content=b"{")
        assert (answer.status_code, detail(answer)["code"]) == (400, "missing_required_field")

    play(story)


@pytest.mark.parametrize(("key", "code"), [("", "missing_api_key"), ("wrong", "invalid_api_key")])
def test_nobody_is_served_without_a_key(key: str, code: str) -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        for answer in (await speak(http), await http.get("/v1/models")):
            assert (answer.status_code, detail(answer)["code"]) == (401, code)
        assert sim.report()["accepted"] == 0

    play(story, key=key)


@pytest.mark.parametrize(
    ("fault", "status", "code", "billed"),
    [
        ("refused", 403, "content_against_policy", "0"),
        ("refused-billed", 403, "content_against_policy", "0.00234"),
        ("failed", 500, "internal_error", "0"),
        ("no-money", 401, "quota_exceeded", "0"),
        ("429", 429, "concurrent_limit_exceeded", "0"),
        ("retired", 404, "model_not_found", "0"),
    ],
)
def test_what_goes_wrong_is_said_in_its_words(fault: str, status: int, code: str, billed: str) -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        answer = await speak(http)
        assert (answer.status_code, detail(answer)["code"]) == (status, code)
        assert sim.report()["billed"] == billed

    play(story, fault)


def test_what_was_spoken_lies_in_the_history_of_its_account() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        spoken = await speak(http)
        (item,) = (await http.get("/v1/history")).json()["history"]
        assert (item["text"], item["voice_id"], item["source"]) == ("Good morning.", RACHEL, "TTS")
        there = f"/v1/history/{item['history_item_id']}"
        assert (await http.get(there)).json() == item
        assert (await http.get(f"{there}/audio")).content == spoken.content
        other = await http.get(f"{there}/audio", headers={"xi-api-key": "another"})
        assert (other.status_code, detail(other)["code"]) == (404, "history_item_not_found")

    play(story)


def test_models_and_voices_are_listed() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        models = (await http.get("/v1/models")).json()
        assert {one["model_id"]: one["maximum_text_length_per_request"] for one in models}["eleven_v3"] == 5000
        voices = (await http.get("/v1/voices")).json()["voices"]
        assert {"voice_id": RACHEL, "name": "Rachel", "category": "premade", "labels": {}} in voices
        assert (await http.get("/v1/nothing")).status_code == 404

    play(story)


async def hear(http: httpx.AsyncClient, sound: bytes | None = None, **fields: str) -> httpx.Response:
    files = {"file": ("a.wav", wav("a voice", 0.5) if sound is None else sound, "audio/wav")}
    return await http.post("/v1/speech-to-text", data={"model_id": "scribe_v2", **fields}, files=files)


def test_a_sound_is_written_down_at_the_price_of_its_length() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        answer = await hear(http, tag_audio_events="false", seed="7")
        assert answer.status_code == 200 and answer.json()["text"]
        assert answer.json()["words"] == [], "what was measured of a sound was said by nobody"
        assert sim.report()["billed"].startswith("0.00003068")  # 0.502 s at 0.003667 a minute

    play(story)


def test_what_was_spoken_here_is_written_down_with_its_times() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        sound = (await speak(http, query="?output_format=wav_22050")).content
        said = (await hear(http, sound)).json()
        assert "".join(one["text"] for one in said["words"]) == said["text"] == "Good morning."
        assert [one["type"] for one in said["words"]] == ["word", "spacing", "word"]
        assert all(one["start"] <= one["end"] for one in said["words"])
        assert all(a["end"] <= b["start"] for a, b in pairwise(said["words"]))
        assert 0 < said["words"][-1]["end"] <= len(sound) / 2 / 22_050

    play(story)


@pytest.mark.parametrize(
    ("fields", "sound", "status", "code"),
    [
        ({"model_id": "eleven_v3"}, None, 404, "model_not_found"),
        ({"num_speakers": "99"}, None, 400, "invalid_parameters"),
        ({}, b"no sound", 400, "invalid_parameters"),
    ],
)
def test_what_cannot_be_heard_is_refused(fields: dict[str, str], sound: bytes | None, status: int, code: str) -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        answer = await hear(http, sound, **fields)
        assert (answer.status_code, detail(answer)["code"]) == (status, code)
        assert sim.report()["billed"] == "0"

    play(story)


def test_a_transcript_wants_a_file_and_a_voice_a_model_that_speaks() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        bare = await http.post("/v1/speech-to-text", files={"model_id": (None, "scribe_v2")})
        assert (bare.status_code, detail(bare)["code"]) == (400, "missing_required_field")
        torn = await http.post("/v1/speech-to-text", content=b"{}")
        assert (torn.status_code, detail(torn)["code"]) == (404, "model_not_found")
        mute = await speak(http, model_id="scribe_v2")
        assert (mute.status_code, detail(mute)["code"]) == (404, "model_not_found")

    play(story)
