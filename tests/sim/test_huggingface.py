"""Hugging Face as it is simulated: what it answers, what it refuses and in which words, and what its books say."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from PIL import Image

from rushes.sim.faults import fault_from_text
from rushes.sim.simulator import Simulator
from rushes.testing.media import png

Story = Callable[[httpx.AsyncClient, Simulator], Awaitable[None]]
SCHNELL, PIX2PIX = "black-forest-labs/FLUX.1-schnell", "timbrooks/instruct-pix2pix"
PICTURE = base64.b64encode(png("a fox")).decode()


def play(story: Story, *faults: str, key: str = "somebody") -> None:
    async def run() -> None:
        active = [fault_from_text(one) for one in faults]
        async with Simulator(seed=3, time_scale=0.001, faults=active) as sim:
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            async with httpx.AsyncClient(base_url=f"{sim.url}/huggingface", headers=headers) as http:
                await story(http, sim)

    asyncio.run(run())


async def paint(http: httpx.AsyncClient, model: str = SCHNELL, inputs: Any = "a fox", **said: Any) -> httpx.Response:
    return await http.post(f"/hf-inference/models/{model}", json={"inputs": inputs, "parameters": said})


def test_a_picture_is_made_in_the_asked_size() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        answer = await paint(http, width=144, height=256)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
        assert Image.open(io.BytesIO(answer.content)).size == (144, 256)
        assert sim.report()["billed"] == "0.0006"

    play(story)


def test_equal_seeds_paint_the_same_and_others_something_else() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        one, again, other = [(await paint(http, seed=seed, width=64, height=64)).content for seed in (7, 7, 8)]
        assert one == again != other

    play(story)


def test_a_picture_is_changed() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        answer = await paint(http, PIX2PIX, PICTURE, prompt="in ink")
        assert (answer.status_code, answer.content[:4]) == (200, b"\x89PNG")

    play(story)


@pytest.mark.parametrize(
    ("model", "inputs", "said", "words"),
    [
        ("nobody/nothing", "a fox", {}, "not supported by provider hf-inference"),
        (SCHNELL, None, {}, "Field required"),
        (SCHNELL, "", {}, "inputs"),
        (SCHNELL, "a fox", {"num_inference_steps": 0}, "num_inference_steps"),
        (SCHNELL, "a fox", {"width": 10**9, "height": 64}, "Invalid size"),
        (SCHNELL, "a fox", {"width": "64"}, "Invalid size"),
        (PIX2PIX, PICTURE, {}, "prompt"),
        (PIX2PIX, "no base64!", {"prompt": "in ink"}, "cannot identify image file"),
        (PIX2PIX, "AAAA", {"prompt": "in ink"}, "cannot be read"),
    ],
)
def test_a_call_is_refused_and_costs_nothing(model: str, inputs: Any, said: dict[str, Any], words: str) -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        answer = await paint(http, model, inputs, **said)
        assert answer.status_code == 400
        assert words in str(answer.json()["error"])
        assert sim.report()["billed"] == "0"

    play(story)


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"inputs": "a", "parameters": 5}', b""])
def test_a_body_that_cannot_be_read_is_refused(body: bytes) -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        answer = await http.post(f"/hf-inference/models/{SCHNELL}", content=body)
        assert (answer.status_code, answer.json()) == (400, {"error": "Body needs to provide a inputs key"})

    play(story)


@pytest.mark.parametrize("key", ["", "wrong"])
def test_nobody_is_served_without_a_key(key: str) -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        for answer in (await paint(http), await http.get("/api/whoami-v2")):
            assert (answer.status_code, answer.json()) == (401, {"error": "Invalid username or password."})

    play(story, key=key)


def test_the_hub_says_what_a_model_does_and_whose_a_key_is() -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        tasks = [(await http.get(f"/api/models/{one}")).json()["pipeline_tag"] for one in (SCHNELL, PIX2PIX)]
        assert tasks == ["text-to-image", "image-to-image"]
        assert (await http.get("/api/models/nobody/nothing")).status_code == 401
        assert (await http.get("/api/whoami-v2")).json()["name"] == "somebody"

    play(story)


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        ("refused", 400, "NSFW"),
        ("failed", 500, "Internal Server Error"),
        ("no-money", 402, "monthly included credits"),
        ("retired", 400, "not supported by provider"),
    ],
)
def test_what_goes_wrong_is_said_in_its_shape(fault: str, status: int, words: str) -> None:
    async def story(http: httpx.AsyncClient, sim: Simulator) -> None:
        answer = await paint(http)
        assert answer.status_code == status and words in answer.json()["error"]

    play(story, fault)
