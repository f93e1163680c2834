"""Whatever a body asks for, the job ends, and never because the simulator did not know what to do."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sim.near import FLUX, KEY, KONTEXT, Near

from rushes.model.money import ZERO
from rushes.sim.books import Books
from rushes.sim.clock import SimClock
from rushes.sim.door import Door
from rushes.sim.jobs import Account, Job, JobFailed, State
from rushes.sim.simulator import Simulator

MODELS = (
    FLUX,
    KONTEXT,
    "fal-ai/minimax/hailuo-02/pro/text-to-video",
    "fal-ai/clarity-upscaler",
    "fal-ai/topaz/upscale/video",
    "fal-ai/thinksound",
    "fal-ai/some/tts",
    "fal-ai/moondream/caption",
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=12)
    | st.sampled_from(
        ["16:9", "0:0", "1:99999", "512x512", "4K", "8s", "1e9", "data:image/png;base64,AAAA", "data:,", "\ud800", "\0"]
    ),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=8), inner, max_size=2),
    max_leaves=4,
)
PICTURES = ["image_url", "image_urls", "video_url", "audio_url", "mask_url", "end_image_url"]
SIZES = ["image_size", "size", "width", "height", "aspect_ratio", "resolution", "duration", "fps"]
OTHERS = [
    "prompt",
    "text",
    "seed",
    "num_images",
    "generate_audio",
    "strength",
    "voice",
    "speed",
    "quality",
    "voice_ids",
]
NAMES = st.sampled_from([*PICTURES, *SIZES, *OTHERS])
BODIES = st.dictionaries(NAMES | st.text(max_size=6), VALUES, max_size=6)


@settings(max_examples=50)
@given(st.sampled_from(MODELS), BODIES)
def test_any_body_ends_in_a_result_or_in_a_refusal(model: str, body: dict[str, Any]) -> None:
    # films take real time to paint; how long they may be is not what this is about
    body = {**body, "duration": 0.2, "width": 32, "height": 32} if "video" in model else body

    async def story() -> None:
        async with Simulator(time_scale=0, most_side=32) as sim, httpx.AsyncClient(headers=KEY, timeout=60) as http:
            near = Near(sim, http)
            answer = await http.post(f"{near.base}/{model}", content=json.dumps({"prompt": "a fox"} | body).encode())
            if answer.status_code == 422:  # not even JSON: a number beyond all bounds
                return
            assert answer.status_code == 200
            await near.over(answer.json())
            result = await http.get(answer.json()["response_url"])
            assert result.status_code in (200, 422)
            assert result.json()
            assert near.report()["running"] == 0

    asyncio.run(story())


async def _ended(work: Any) -> Job:
    books = Books()
    entry = books.submission("fal", "a", "m", "h", intended=False)
    books.accepted(entry, "job")
    account = Account("a", SimClock(0), 1, None, Door())
    first, second = (
        Job(id=name, entry=entry, model="m", seconds=1, price=ZERO, work=work, on_end=books.ended)
        for name in ("1", "2")
    )
    account.add(first)
    account.add(second)
    await second.over.wait()
    return first


def test_a_job_at_which_the_simulator_itself_fails_is_over_and_its_place_is_free(caplog: Any) -> None:
    async def broken() -> None:
        raise ZeroDivisionError

    job = asyncio.run(_ended(broken))
    assert (job.state, job.failure and job.failure.kind) == (State.FAILED, "internal_server_error")
    assert "the simulator failed" in caplog.text


def test_a_job_that_fails_on_purpose_is_nothing_to_report(caplog: Any) -> None:
    async def refused() -> None:
        raise JobFailed("content_policy_violation", "no")

    assert asyncio.run(_ended(refused)).state is State.FAILED
    assert caplog.text == ""


def test_a_body_that_is_deep_costs_nothing() -> None:
    async def story() -> None:
        async with Simulator(time_scale=0, most_side=32) as sim, httpx.AsyncClient(headers=KEY) as http:
            deep = '{"prompt": "a", "x": ' + "[" * 900 + "]" * 900 + "}"
            answer = await http.post(f"{sim.url}/fal/{FLUX}", content=deep)
            assert answer.status_code in (200, 422)

    asyncio.run(story())


@pytest.mark.parametrize("key", ["Key", "Basic x", "Bearer", "Key \xff"])
def test_any_key_is_an_account_or_none(key: str) -> None:
    async def story() -> int:
        async with Simulator(time_scale=0, most_side=32) as sim, httpx.AsyncClient() as http:
            headers = {"Authorization": key.encode("latin-1")}
            return (await http.post(f"{sim.url}/fal/{FLUX}", json={"prompt": "a"}, headers=headers)).status_code

    assert asyncio.run(story()) == (200 if key == "Key \xff" else 401)
