"""A voice, a portrait that speaks it, the film in another light, and what was said: at the simulated fal."""

from __future__ import annotations

import base64
import io
from decimal import Decimal
from itertools import pairwise
from typing import Any

import av
import pytest
from tests.sim.near import Near, simulated
from tests.sim.test_fal import png

VOICE, HOST, PAIR = "fal-ai/somebody/tts", "fal-ai/bytedance/omnihuman/v1.5", "fal-ai/ai-avatar/multi"
LED, EDIT = "fal-ai/kling-video/v2.6/standard/motion-control", "fal-ai/kling-video/o1/standard/video-to-video/edit"
SCRIBE = "fal-ai/elevenlabs/speech-to-text/scribe-v2"
FACE = f"data:image/png;base64,{base64.b64encode(png(size=(64, 96))).decode()}"
WORDS = "Good morning, the harbour is open."


async def of(near: Near, model: str, **body: Any) -> dict[str, Any]:
    answer = await near.result(model, **body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def film(near: Near, url: str) -> tuple[int, int, float]:
    with av.open(io.BytesIO((await near.http.get(url)).content)) as container:
        stream = container.streams.video[0]
        return stream.width, stream.height, float(container.duration or 0) / 1e6


async def spoken(near: Near, text: str = WORDS) -> tuple[str, float]:
    url = (await of(near, VOICE, prompt=text))["audio"]["url"]
    with av.open(io.BytesIO((await near.http.get(url)).content)) as container:
        return url, float(container.duration or 0) / 1e6


def billed(near: Near) -> Decimal:
    return Decimal(near.report()["billed"])


def test_a_portrait_speaks_a_voice_for_as_long_as_it_lasts_and_is_billed_by_its_seconds() -> None:
    async def story(near: Near) -> None:
        voice, seconds = await spoken(near)
        before = billed(near)
        host = await of(near, HOST, prompt="She smiles", image_url=FACE, audio_url=voice)
        wide, tall, lasts = await film(near, host["video"]["url"])
        assert wide < tall and seconds <= lasts < seconds + 0.1
        assert billed(near) - before == pytest.approx(Decimal("0.16") * Decimal(str(seconds)), abs=Decimal("0.0001"))
        answer, more = await spoken(near, "Is it?")
        pair = await of(near, PAIR, image_url=FACE, first_audio_url=voice, second_audio_url=answer)
        assert (await film(near, pair["video"]["url"]))[2] == pytest.approx(seconds + more, abs=0.1)

    simulated(story)


def test_a_clip_is_followed_and_put_into_another_light() -> None:
    async def story(near: Near) -> None:
        voice, seconds = await spoken(near)
        host = (await of(near, HOST, image_url=FACE, audio_url=voice))["video"]["url"]
        led = await of(near, LED, image_url=FACE, video_url=host, character_orientation="video")
        assert (await film(near, led["video"]["url"]))[2] == pytest.approx(seconds, abs=0.1)
        before = billed(near)
        night = await of(near, EDIT, prompt="the same at night", video_url=host, image_urls=[FACE], keep_audio=True)
        wide, tall, lasts = await film(near, night["video"]["url"])
        assert wide < tall and lasts == pytest.approx(seconds, abs=0.1)
        assert billed(near) - before > Decimal("0.1") * Decimal(str(lasts)), "by the seconds of the clip"

    simulated(story)


def test_what_was_said_is_written_down_and_billed_by_the_minute() -> None:
    async def story(near: Near) -> None:
        voice, seconds = await spoken(near)
        before = billed(near)
        said = await of(near, SCRIBE, audio_url=voice)
        assert said["text"] == WORDS and (said["language_code"], said["language_probability"]) == ("eng", 1.0)
        heard = [one for one in said["words"] if one["type"] == "word"]
        assert [one["text"] for one in heard] == WORDS.split()
        assert "".join(one["text"] for one in said["words"]) == WORDS
        assert all(a["start"] < a["end"] <= b["start"] for a, b in pairwise(heard)) and heard[-1]["end"] <= seconds
        least = Decimal("0.008") * Decimal(str(seconds)) / 60
        assert billed(near) - before == pytest.approx(least, abs=Decimal("0.0001"))

    simulated(story)


@pytest.mark.parametrize(
    ("model", "body", "field"),
    [
        (HOST, {"audio_url": FACE}, "image_url"),
        (LED, {"image_url": FACE, "prompt": "", "character_orientation": "video"}, ("audio_url", "video_url")),
        (EDIT, {"prompt": "snow"}, "video_url"),
        (EDIT, {"prompt": "", "video_url": FACE}, "prompt"),
        (SCRIBE, {}, "audio_url"),
        (SCRIBE, {"audio_url": FACE}, "audio"),
    ],
    ids=lambda one: str(one)[-30:],
)
def test_what_is_missing_or_cannot_be_used_is_named(model: str, body: dict[str, Any], field: str | tuple[str]) -> None:
    async def story(near: Near) -> None:
        answer = await near.result(model, **body)
        assert answer.status_code == 422
        assert answer.json()["detail"][0]["loc"][-1] in (field if isinstance(field, tuple) else (field,))

    simulated(story)
