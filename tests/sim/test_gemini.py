"""Gemini's protocol in the simulator: what it takes, what it refuses, and what is bought when nobody waits for it."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from rushes.sim.chance import Chance
from rushes.sim.faults import fault_of
from rushes.sim.gemini_asked import Asked, BadRequest, models, read
from rushes.sim.judge import fitting
from rushes.sim.simulator import Simulator

PRO, FLASH, WRITER = "gemini-3-pro-image", "gemini-nano-banana-2.1", "gemini-2.5-flash"
SMALL: dict[str, Any] = {"time_scale": 0.001, "most_side": 64}
KEY = {"x-goog-api-key": "simulated"}


def picture(colour: str = "red", kind: str = "PNG", size: tuple[int, int] = (40, 20)) -> dict[str, Any]:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    return {"inlineData": {"mimeType": f"image/{kind.lower()}", "data": base64.b64encode(out.getvalue()).decode()}}


def body(prompt: str = "a fox", *parts: Mapping[str, Any], **config: Any) -> dict[str, Any]:
    return {"contents": [{"parts": [{"text": prompt}, *parts]}], "generationConfig": config}


async def ask(sim: Simulator, model: str, asked: Any, **options: Any) -> httpx.Response:
    async with httpx.AsyncClient(timeout=30) as http:
        url = f"{sim.url}/gemini/v1/models/{model}:generateContent"
        given = {"headers": KEY, **({"content": asked} if isinstance(asked, bytes) else {"json": asked}), **options}
        return await http.post(url, **given)


def once(model: str, asked: Any, **options: Any) -> tuple[httpx.Response, dict[str, Any]]:
    """One call to a simulator of its own; the answer and the books."""

    async def main() -> tuple[httpx.Response, dict[str, Any]]:
        async with Simulator(seed=3, **SMALL) as sim:
            return await ask(sim, model, asked, **options), sim.report()

    return asyncio.run(main())


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while True:
            if holds():
                return
            await asyncio.sleep(0.005)


def test_equal_requests_get_equal_answers_and_books_in_whatever_order_they_come() -> None:
    calls = [
        (PRO, body("a fox", responseModalities=["IMAGE"], imageConfig={"aspectRatio": "16:9"})),
        (PRO, body("a fox", responseModalities=["IMAGE"], imageConfig={"aspectRatio": "9:16"})),
        (FLASH, body("in ink", picture())),
        (WRITER, body("what is it?", picture(), responseMimeType="application/json")),
        (WRITER, body("what is it?")),
        (PRO, {"contents": []}),
    ]

    async def main(order: list[int]) -> tuple[list[bytes], str]:
        async with Simulator(seed=3, **SMALL) as sim:
            answers = await asyncio.gather(*(ask(sim, *calls[one]) for one in order))
            by_call = [
                answer.content for _, answer in sorted(zip(order, answers, strict=True), key=lambda pair: pair[0])
            ]
            return by_call, json.dumps(sim.report())

    assert asyncio.run(main([0, 1, 2, 3, 4, 5])) == asyncio.run(main([5, 3, 1, 4, 2, 0]))


def test_the_same_request_again_is_another_picture_and_a_duplicate_in_the_books() -> None:
    async def main() -> tuple[bytes, bytes, dict[str, Any]]:
        async with Simulator(seed=3, **SMALL) as sim:
            one, two = await ask(sim, PRO, body()), await ask(sim, PRO, body())
            return one.content, two.content, sim.report()

    one, two, report = asyncio.run(main())

    assert one != two
    assert [found["times"] for found in report["duplicates"]] == [2]
    assert report["billed"] == "0.268"


def test_whoever_hangs_up_while_the_model_works_has_bought_the_picture() -> None:
    async def main() -> dict[str, Any]:
        async with Simulator(seed=3, time_scale=0.02, most_side=64) as sim:
            data = json.dumps(body()).encode()
            head = f"POST /gemini/v1/models/{PRO}:generateContent HTTP/1.1\r\nHost: sim\r\nx-goog-api-key: k\r\n"
            _, writer = await asyncio.open_connection("127.0.0.1", urlsplit(sim.url).port)
            writer.write(f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data)
            await writer.drain()
            await until(lambda: sim.report()["running"] == 1)
            writer.transport.abort()
            await until(lambda: sim.report()["running"] == 0)
            return sim.report()

    report = asyncio.run(main())

    (entry,) = report["entries"]
    assert (entry["ended"], entry["billed"], entry["told"], entry["fetched"]) == ("done", "0.134", False, False)
    assert report["untold"] == [entry["remote"]]


def test_an_answer_may_have_words_beside_the_picture_and_signs_it() -> None:
    answer, _ = once(PRO, body())

    words, painted = answer.json()["candidates"][0]["content"]["parts"]
    assert words["text"].startswith("simulated: ")
    assert painted["inlineData"]["mimeType"] == "image/png"
    assert painted["thoughtSignature"]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_input_pictures_come_in_the_types_that_google_takes(kind: str) -> None:
    answer, _ = once(FLASH, body("in ink", picture(kind=kind), responseModalities=["IMAGE"]))

    data = base64.b64decode(answer.json()["candidates"][0]["content"]["parts"][0]["inlineData"]["data"])
    with Image.open(io.BytesIO(data)) as opened:
        assert opened.width == 2 * opened.height


def test_a_seed_gives_its_picture_again() -> None:
    async def main() -> list[str]:
        async with Simulator(seed=3, **SMALL) as sim:
            answers = [await ask(sim, PRO, body(responseModalities=["IMAGE"], seed=seed)) for seed in (7, 8, 7)]
            return [one.json()["candidates"][0]["content"]["parts"][0]["inlineData"]["data"] for one in answers]

    one, other, again = asyncio.run(main())

    assert one == again
    assert one != other


def test_every_input_picture_counts() -> None:
    def painted(*colours: str) -> dict[str, Any]:
        inputs = [picture(colour) for colour in colours]
        answer, _ = once(FLASH, body("in ink", *inputs, responseModalities=["IMAGE"], seed=7))
        found: dict[str, Any] = answer.json()["candidates"][0]["content"]["parts"][0]["inlineData"]
        return found

    assert painted("red", "blue") == painted("red", "blue")
    assert painted("red", "blue") != painted("red", "green")
    assert painted("red", "blue") != painted("blue", "red")


def test_either_spelling_of_names_is_read() -> None:
    asked = {
        "contents": [{"parts": [{"text": "a fox"}, {"inline_data": {"mime_type": "image/png", "data": ""}}]}],
        "generation_config": {"response_modalities": ["IMAGE"], "image_config": {"aspect_ratio": "1:1"}},
    }

    assert read(asked, models()[PRO]).pixels == (1024, 1024)


def test_sizes_are_those_of_googles_table() -> None:
    def pixels(model: str, ratio: str, size: str) -> tuple[int, int] | None:
        image = {"aspectRatio": ratio, "imageSize": size}
        return read(body(imageConfig=image), models()[model]).pixels

    assert pixels(PRO, "16:9", "4K") == (5504, 3072)
    assert pixels(FLASH, "2:3", "512") == (424, 632)
    assert pixels(FLASH, "21:9", "512") == (792, 168)
    assert pixels("gemini-2.5-flash-image", "16:9", "1K") == (1344, 768)


@pytest.mark.parametrize(
    ("model", "asked", "says"),
    [
        (PRO, b"{", "Invalid JSON payload received. Expected a value."),
        (PRO, b'{"contents": NaN}', "Invalid JSON payload received. Expected a value."),
        (PRO, b"[]", "Root element must be a message"),
        (PRO, {}, "contents is not specified"),
        (PRO, {"prompt": "a fox"}, 'Unknown name "prompt": Cannot find field.'),
        (PRO, body(aspectRatio="1:1"), "Unknown name \"aspectRatio\" at 'generation_config': Cannot find field."),
        (PRO, body("a", {}), "must have one initialized field"),
        (PRO, body("a", {"fileData": {"mimeType": "image/png", "fileUri": "https://a.example/a"}}), "file URI type"),
        (PRO, body("a", {"inlineData": {"mimeType": "image/gif", "data": ""}}), "Unsupported MIME type: image/gif"),
        (PRO, body("a", {"inlineData": {"mimeType": "image/png", "data": "!"}}), "Base64 decoding failed"),
        (PRO, body("a", *[picture(size=(4, 4))] * 15), "exceeds the limit of 14"),
        (PRO, body(candidateCount=4), "Multiple candidates is not enabled"),
        (PRO, body(responseModalities=["AUDIO"]), "requested response modalities: audio"),
        (PRO, body(responseMimeType="application/json"), "JSON mode is not enabled"),
        (PRO, body(seed="7"), "generation_config.seed"),
        (PRO, body(imageConfig={"imageSize": ["1K"]}), "image_size"),
        (WRITER, body(imageConfig={"aspectRatio": "1:1"}), "Aspect ratio is not enabled for this model"),
        (WRITER, body(responseJsonSchema={}), "needs application/json"),
        (WRITER, b'{"contents": [{"parts": [{"text": "\\ud800"}]}]}', "Invalid unicode escape"),
    ],
)
def test_what_google_would_not_take_is_refused_and_not_bought(model: str, asked: Any, says: str) -> None:
    answer, report = once(model, asked)

    error = answer.json()["error"]
    assert (answer.status_code, error["status"]) == (400, "INVALID_ARGUMENT")
    assert says in error["message"]
    assert (report["refused"], report["billed"]) == (1, "0")


def test_a_key_may_stand_in_the_address_and_must_stand_somewhere() -> None:
    allowed, _ = once(PRO, body(), headers={}, params={"key": "simulated"})
    refused, report = once(PRO, body(), headers={})

    assert allowed.status_code == 200
    assert (refused.status_code, refused.json()["error"]["status"]) == (403, "PERMISSION_DENIED")
    assert report["submissions"] == 0


@pytest.mark.parametrize("what", ["blank", "letterbox", "broken-file", "wrong-type"])
def test_faults_are_planted_in_pictures(what: str) -> None:
    async def main() -> tuple[dict[str, Any], dict[str, Any]]:
        answers = []
        for faults in ([], [fault_of({"what": what})]):
            async with Simulator(seed=3, faults=faults, **SMALL) as sim:
                answer = await ask(sim, PRO, body(responseModalities=["IMAGE"]))
                answers.append(answer.json()["candidates"][0]["content"]["parts"][0]["inlineData"])
        return answers[0], answers[1]

    good, bad = asyncio.run(main())

    assert good["data"] != bad["data"]
    assert (bad["mimeType"] == "image/png") is (what != "wrong-type")


def test_an_account_that_is_empty_buys_nothing() -> None:
    async def main() -> tuple[int, str, dict[str, Any]]:
        from decimal import Decimal

        async with Simulator(seed=3, balance=Decimal("0.20"), **SMALL) as sim:
            await ask(sim, PRO, body("one"))
            answer = await ask(sim, PRO, body("two"))
            return answer.status_code, answer.json()["error"]["message"], sim.report()

    status, says, report = asyncio.run(main())

    assert (status, "credits are depleted" in says) == (429, True)
    assert (report["accepted"], report["billed"]) == (1, "0.134")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
FIELDS = [
    "contents",
    "parts",
    "text",
    "inlineData",
    "mimeType",
    "data",
    "generationConfig",
    "generation_config",
    "role",
]
FIELDS += ["imageConfig", "aspectRatio", "imageSize", "seed", "responseModalities", "responseMimeType"]
FIELDS += ["responseSchema", "candidateCount", "role"]
BODIES = st.recursive(
    JSON | st.sampled_from(["IMAGE", "1K", "16:9", "image/png", "application/json", "QUFB"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, min_size=1, max_size=5),
    max_leaves=30,
)


@settings(max_examples=150)
@given(asked=BODIES, model=st.sampled_from([PRO, FLASH, WRITER]))
def test_any_body_is_read_or_refused(asked: Any, model: str) -> None:
    for tried in (asked, {"contents": asked}, {"contents": "", "generationConfig": asked}, body("a", {"text": asked})):
        try:
            assert isinstance(read(tried, models()[model]), Asked)
        except BadRequest as bad:
            assert str(bad)


def between(kind: str, low: float, more: float) -> dict[str, Any]:
    return {"type": kind, "minimum": low, "maximum": low + more}


def as_long(least: int, more: int) -> dict[str, Any]:
    return {"type": "string", "minLength": least, "maxLength": least + more}


LEAVES = st.one_of(
    st.builds(between, st.sampled_from(["integer", "number"]), st.integers(-1000, 1000), st.integers(0, 1000)),
    st.builds(between, st.just("number"), st.floats(0, 1), st.floats(0, 1e-3)),
    st.builds(as_long, st.integers(0, 90), st.integers(0, 90)),
    st.builds(lambda choices: {"enum": choices}, st.lists(st.text(max_size=5), min_size=1, max_size=4)),
    st.sampled_from([{"type": "boolean"}, {"type": "string"}, {"type": "null"}, {"type": ["string", "null"]}]),
    st.sampled_from([{"const": 7}, {"$ref": "#/$defs/named"}]),
)
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(
            lambda fields: {"type": "object", "properties": fields, "required": sorted(fields)},
            st.dictionaries(st.text(min_size=1, max_size=5), inner, max_size=4),
        ),
        st.builds(lambda items, least: {"type": "array", "items": items, "minItems": least}, inner, st.integers(0, 4)),
        st.builds(lambda one: {"anyOf": [{"type": "null"}, one]}, inner),
    ),
    max_leaves=12,
)


@settings(max_examples=200)
@given(schema=SCHEMAS, words=st.text(max_size=60), seed=st.integers(0, 9))
def test_a_judgement_fits_any_schema_that_it_reads(schema: dict[str, Any], words: str, seed: int) -> None:
    whole = {**schema, "$defs": {"named": {"type": "integer", "minimum": 3, "maximum": 4}}}

    answer = fitting(whole, words, Chance(seed), "a question")

    jsonschema.validate(answer, whole)
    assert answer == fitting(whole, words, Chance(seed), "a question")


def test_a_schema_that_names_itself_ends() -> None:
    fields = {f"again{number}": {"$ref": "#"} for number in range(10)}

    answer = fitting({"type": "object", "properties": fields}, "words", Chance(1), "")

    assert set(answer) == set(fields)
    assert len(json.dumps(answer)) < 200_000
