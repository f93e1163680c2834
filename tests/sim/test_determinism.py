"""The same seed and the same requests give the same answers, files, fates and books, in whatever order they arrive."""

from __future__ import annotations

import asyncio
import random
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sim.near import FLUX, KLING, KONTEXT, Near, simulated

from rushes.sim.chance import Chance
from rushes.sim.wire import ASKING, Part, Request, form, plain_body

FAULTS = ("429=0.2@submit", "503=0.15", "504-after=0.1", "refused=0.15", "refused-billed=0.1", "blank=0.2", "price=0.3")
MODELS = (FLUX, "fal-ai/flux/dev", "fal-ai/imagen4/preview")


def _requests(count: int) -> list[tuple[str, dict[str, Any]]]:
    # the last third repeats: a request that comes again is its own second occurrence, whichever of the two was first
    return [(MODELS[number % 3], {"prompt": f"a fox {number % (count * 2 // 3)}"}) for number in range(count)]


async def _asked(near: Near, model: str, body: dict[str, Any]) -> list[object]:
    """Everything that one asking brings, for as long as it takes."""
    answer = await near.submit(model, **body)
    told: list[object] = [answer.status_code, answer.content if answer.status_code != 200 else b""]
    if answer.status_code != 200:
        return told
    job = answer.json()
    await near.over(job)
    while (result := await near.http.get(job["response_url"])).status_code == 503:
        pass
    told += [job["request_id"], result.status_code, result.content.replace(near.sim.url.encode(), b"")]
    for one in result.json().get("images", ()) if result.status_code == 200 else ():
        while (file := await near.http.get(one["url"])).status_code == 503:
            pass
        told.append(file.content)
    return told


def _world(order: int, seed: int = 3) -> tuple[list[str], dict[str, Any]]:
    async def story(near: Near) -> tuple[list[str], dict[str, Any]]:
        requests = _requests(30)
        random.Random(order).shuffle(requests)
        near.http.timeout = httpx.Timeout(60)
        told = await asyncio.gather(*(_asked(near, model, body) for model, body in requests))
        # those that nobody was told of, too
        await asyncio.gather(*(job.over.wait() for job in near.sim.world.jobs.values()))
        return sorted(map(repr, told)), near.report()

    return simulated(story, *FAULTS, seed=seed, at_once=5)


def test_answers_files_and_books_do_not_depend_on_the_order_of_arrival() -> None:
    told, books = _world(1)
    assert books["refused"] > 0
    assert books["untold"]
    assert books["failed"] > 0
    assert Decimal(books["billed"]) > 0
    assert _world(2) == (told, books)


def test_another_seed_is_another_world() -> None:
    assert _world(1) != _world(1, seed=4)


def test_an_uploaded_input_makes_the_same_request_at_every_port() -> None:
    async def story(near: Near) -> str:
        up = await near.http.post(f"{near.base}/files/upload", content=b"\x89PNG nothing")
        answer = await near.submit(KONTEXT, image_url=up.json()["access_url"])
        return str(answer.json()["request_id"])

    assert simulated(story) == simulated(story)


def test_a_film_is_the_same_film_again() -> None:
    async def story(near: Near) -> bytes:
        said = (await near.result(KLING.replace("image-to", "text-to"), duration=1, prompt="a fox runs")).json()
        return (await near.http.get(said["video"]["url"])).content

    assert simulated(story) == simulated(story)


def test_an_asking_has_its_own_fate() -> None:
    async def story(near: Near) -> list[int]:
        return [(await near.submit(headers={ASKING: f"rk1:{number}"})).status_code for number in range(40)]

    assert len(set(simulated(story, "503=0.5@submit"))) == 2


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=4), st.randoms())
def test_the_order_of_fields_is_nothing_that_is_asked(body: dict[str, Any], shuffler: random.Random) -> None:
    import json

    items = list(body.items())
    shuffler.shuffle(items)
    assert plain_body(sent(json.dumps(body).encode())) == plain_body(sent(json.dumps(dict(items), indent=2).encode()))


@given(st.binary(max_size=200))
def test_any_body_has_a_plain_form(body: bytes) -> None:
    assert isinstance(plain_body(sent(body)), bytes)


def test_parts_of_a_purpose_do_not_run_into_each_other() -> None:
    chance = Chance(1)
    assert chance.lot("a", "bc") != chance.lot("ab", "c")
    assert chance.lot("a") == Chance(1).lot("a") != Chance(2).lot("a")
    assert all(0 <= chance.lot(number) < 1 for number in range(200))


def sent(body: bytes, content_type: str = "application/json") -> Request:
    return Request("POST", "queue.fal.run", "/x", {}, {"content-type": content_type}, body)


def a_form(boundary: str) -> Request:
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="prompt"\r\n\r\na fox\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="image[]"; filename="a.png"\r\n'
        f"Content-Type: image/png\r\n\r\n\x89PNG\r\n\r\n\r\n--{boundary}--\r\n"
    )
    return sent(body.encode("latin-1"), f"multipart/form-data; boundary={boundary}")


def test_two_forms_that_ask_the_same_are_one_asking_whatever_separates_their_parts() -> None:
    one, other = a_form("abc123"), a_form("another-boundary")
    assert plain_body(one) == plain_body(other)
    assert (
        form(one)
        == form(other)
        == [
            Part("prompt", b"a fox"),
            Part("image[]", b"\x89PNG\r\n\r\n", "a.png", "image/png"),
        ]
    )


@pytest.mark.parametrize("cut", [5, 30, 90, 150])
def test_a_torn_form_is_none(cut: int) -> None:
    whole = a_form("abc123")
    assert form(whole._replace(body=whole.body[:-cut])) is None
