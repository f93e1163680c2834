"""What is left of a hidden capacity, as services tell it in their headers; the others tell nothing."""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest

from rushes.model.limit import Standing, Unit
from rushes.providers.said_limits import duration, until
from rushes.sim.capacity_text import capacity_from_text
from rushes.sim.door import Door
from rushes.sim.simulator import Simulator
from rushes.sim.told_limits import in_spans, told

REQUESTS = Standing(Unit.REQUESTS, 60.0, 12.7, 30.0)
TOKENS = Standing(Unit.TOKENS, 90_000.0, 0.0, 361.0)


def left(*texts: str, calls: tuple[float, ...] = (), now: float = 0.0) -> tuple[Standing, ...]:
    door = Door([capacity_from_text(text).rule for text in texts])
    for when in calls:
        door.enter(when, {Unit.TOKENS: 100.0})
    return door.stands(now)


@pytest.mark.parametrize(
    ("text", "calls", "now", "stands"),
    [
        ("60/min", (), 5.0, Standing(Unit.REQUESTS, 60.0, 60.0, 0.0)),
        ("60/min", (1.0, 2.0), 5.0, Standing(Unit.REQUESTS, 60.0, 58.0, 55.0)),
        ("60/min", (1.0, 2.0), 65.0, Standing(Unit.REQUESTS, 60.0, 60.0, 0.0)),
        ("60/min sliding", (1.0, 2.0), 5.0, Standing(Unit.REQUESTS, 60.0, 58.0, 57.0)),
        ("60/min sliding", (1.0, 2.0), 61.5, Standing(Unit.REQUESTS, 60.0, 59.0, 0.5)),
        ("bucket=2/s:10", (0.0, 0.0, 0.0), 0.5, Standing(Unit.REQUESTS, 10.0, 8.0, 1.0)),
        ("90000/min tokens", (1.0,), 5.0, Standing(Unit.TOKENS, 90_000.0, 89_900.0, 55.0)),
    ],
)
def test_what_is_left_of_a_rule(text: str, calls: tuple[float, ...], now: float, stands: Standing) -> None:
    assert left(text, calls=calls, now=now) == (stands,)


def test_of_what_is_in_flight_and_of_silent_rules_nothing_is_told() -> None:
    assert left("in-flight=5", "queue=3", "overloaded=10-20", "60/min silent") == ()


def test_openai_tells_spans() -> None:
    assert dict(told("openai", (REQUESTS, TOKENS), 1.0, refused=True)) == {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "12",
        "x-ratelimit-reset-requests": "30s",
        "x-ratelimit-limit-tokens": "90000",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "6m1s",
    }


def test_of_two_limits_that_count_the_same_the_nearer_one_is_told() -> None:
    day = Standing(Unit.REQUESTS, 1000.0, 10.0, 3600.0)
    assert dict(told("openai", (REQUESTS, day), 1.0, refused=True))["x-ratelimit-limit-requests"] == "1000"


def test_anthropic_and_openrouter_tell_moments_none_too_early() -> None:
    before = time.time()
    anthropic = dict(told("anthropic", (REQUESTS, TOKENS), 0.1, refused=True))
    assert anthropic["anthropic-ratelimit-input-tokens-remaining"] == "0"
    assert (until(anthropic["anthropic-ratelimit-requests-reset"], before) or 0) >= 3.0
    openrouter = dict(told("openrouter", (REQUESTS, TOKENS), 0.1, refused=True))
    assert openrouter.keys() == {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"}
    assert 3.0 <= (until(openrouter["x-ratelimit-reset"], before) or 0) < 60.0


def test_openrouter_tells_of_limits_only_when_it_refuses() -> None:
    assert told("openrouter", (REQUESTS,), 1.0, refused=False) == ()
    assert told("openai", (REQUESTS,), 1.0, refused=False) == told("openai", (REQUESTS,), 1.0, refused=True)


@pytest.mark.parametrize("service", ["fal", "gemini", "replicate", "runway", "elevenlabs", "huggingface", "comfyui"])
def test_a_service_that_is_not_known_to_tell_says_nothing(service: str) -> None:
    assert told(service, (REQUESTS, TOKENS), 1.0, refused=True) == ()


@pytest.mark.parametrize("seconds", [0.0, 0.2501, 1.0, 59.0, 60.0, 3600.0, 3725.0])
def test_a_span_that_is_written_is_read_and_no_shorter(seconds: float) -> None:
    assert seconds <= (duration(in_spans(seconds)) or 0.0) <= seconds + 0.001


def test_a_refusal_tells_what_is_left_and_when_in_each_of_its_ways() -> None:
    async def run() -> httpx.Response:
        rules = [capacity_from_text("1/hour")]
        async with (
            Simulator(seed=1, time_scale=0.01, capacity=rules, most_side=64) as sim,
            httpx.AsyncClient() as client,
        ):
            body = {"model": "gpt-image-2.5-flare", "prompt": "a fox", "size": "1024x1024", "quality": "low"}
            for _ in range(2):
                answer = await client.post(
                    f"{sim.url}/openai/v1/images/generations", json=body, headers={"authorization": "Bearer sk-x"}
                )
        return answer

    answer = asyncio.run(run())
    assert answer.status_code == 429
    assert answer.headers["x-ratelimit-limit-requests"] == "1"
    assert answer.headers["x-ratelimit-remaining-requests"] == "0"
    seconds = float(answer.headers["retry-after"])
    assert 30 <= seconds <= 36, "an hour, a hundred times as fast"
    assert float(answer.headers["retry-after-ms"]) == seconds * 1000
    assert f"try again in {seconds:g}s" in answer.json()["error"]["message"]
