"""openai 3.54.0, unmodified, as a client of the simulator; our adapter sends the same."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.providers.rig import Quick
from tests.sim.sdk.recorded import Sent
from tests.sim.sdk.side import Raised, Side
from tests.sim.sdk.stage import Stage, in_the_open

from rushes.catalogue.endpoints import endpoints, takes_at
from rushes.model.ids import Digest
from rushes.model.media import Artifact
from rushes.model.money import FREE
from rushes.model.operation import Operation
from rushes.plugin.access import Access, Offer, Secret
from rushes.plugin.provider import Finished
from rushes.providers.openai.provider import OpenAI
from rushes.sim.wire import Request as Came
from rushes.sim.wire import form
from rushes.testing.conformance import finish
from rushes.testing.context import PlainContext
from rushes.testing.requests import recipe_of, request_of

FLARE, PLAIN, JUDGE = "gpt-image-2.5-flare", "gpt-image-2", "gpt-6-luna"
SMALL = {"size": "816x816", "quality": "low"}
SCORE = {
    "type": "object",
    "properties": {"score": {"type": "integer", "minimum": 0, "maximum": 10}, "why": {"type": "string"}},
    "required": ["score", "why"],
    "additionalProperties": False,
}
OF_A_CLIENT = {"host", "user-agent", "accept", "accept-encoding", "connection", "content-length"}
"""Headers that say who speaks and how, and nothing about what is asked."""


@pytest.fixture
def openai(stage: Stage, processes: Callable[..., Side]) -> Side:
    return processes("openai")


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Stage]:
    with in_the_open(tmp_path) as one:
        yield one


def entries(stage: Stage, model: str, known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    before = {(one["asked"], one["nth"]) for one in known}
    return [one for one in stage.entries(model) if (one["asked"], one["nth"]) not in before]


@pytest.mark.parametrize(
    ("given", "kind", "pixels", "tokens"),
    [
        ({"size": "720x1280", "quality": "low"}, "PNG", (720, 1280), 106),
        ({"size": "1024x1024", "quality": "medium", "output_format": "jpeg"}, "JPEG", (1024, 1024), 439),
        ({"quality": "low", "n": 1, "moderation": "low", "size": "auto"}, "PNG", (1024, 1024), 196),
    ],
)
def test_a_picture_is_generated(
    openai: Side, stage: Stage, given: dict[str, Any], kind: str, pixels: tuple[int, int], tokens: int
) -> None:
    known = stage.entries(FLARE)

    answer = openai.do("generate", model=FLARE, prompt="a lighthouse", **given)

    (picture,) = answer["pictures"]
    with Image.open(io.BytesIO(bytes.fromhex(picture))) as one:
        assert (one.format, one.size) == (kind, pixels)
    assert (answer["size"], answer["quality"]) == (f"{pixels[0]}x{pixels[1]}", given["quality"])
    assert answer["usage"]["output_tokens"] == tokens
    assert answer["usage"]["input_tokens_details"]["image_tokens"] == 0
    (entry,) = entries(stage, FLARE, known)
    assert (entry["accepted"], entry["fetched"], entry["ended"]) == (True, True, "done")
    assert answer["request_id"] == f"req_{entry['remote'].replace('-', '')}"


def test_pictures_are_edited_behind_a_mask(openai: Side, pictures: list[Path]) -> None:
    files = [str(one) for one in pictures]

    answer = openai.do("edit", model=PLAIN, prompt="in ink", pictures=files, mask=files[0], **SMALL)

    assert len(answer["pictures"]) == 1
    assert answer["usage"]["input_tokens_details"]["image_tokens"] == 20 + 15  # 192 x 96 and 96 x 160, in fives


def test_an_answer_fits_the_schema(openai: Side, pictures: list[Path]) -> None:
    answer = openai.do("judge", model=JUDGE, prompt="How sharp is it?", pictures=[str(pictures[0])], schema=SCORE)

    verdict = json.loads(answer["text"])
    assert 0 <= verdict["score"] <= 10
    assert verdict["why"].startswith("simulated: ")
    assert answer["status"] == "completed"
    assert answer["usage"][2] == sum(answer["usage"][:2])


def test_an_answer_that_is_too_long_is_incomplete(openai: Side) -> None:
    answer = openai.do("judge", model=JUDGE, prompt="a long story", pictures=[], max_output_tokens=16)

    assert (answer["status"], answer["why"], answer["usage"][1]) == ("incomplete", "max_output_tokens", 16)


def test_the_models_say_when_they_end(openai: Side) -> None:
    ends = {one["id"]: one["ends"] for one in openai.do("models")}

    assert (ends["gpt-image-1.5"], ends[FLARE]) == ("2026-12-01", None)
    assert openai.do("model", name=FLARE) == FLARE


def test_what_the_catalogue_takes_is_in_the_types_of_the_sdk(openai: Side) -> None:
    """A new SDK that has dropped a value, or a model, is noticed here."""
    values = openai.do("values")
    for name, takes in endpoints("openai").items():
        if takes.length is not None:
            assert name in values["film model"]
            assert set(takes.properties["size"]["enum"]) <= set(values["film size"])
            assert set(takes.properties["seconds"]["enum"]) == set(values["seconds"])
            continue
        paints = takes.shape is not None
        assert not paints or name in values["model"]
        for field, schema in takes.properties.items():
            if field in values and (paints or field == "effort"):
                of_a_size = field == "size" and "pattern" in schema
                assert of_a_size or set(schema.get("enum", ())) <= set(values[field]), (name, field)
            assert not paints or field in values, (name, field)


WRONG: list[tuple[str, dict[str, Any], int, str]] = [
    ("generate", {"model": "gpt-image-1", "prompt": "x"}, 404, "model_not_found"),
    ("generate", {"model": JUDGE, "prompt": "x"}, 404, "model_not_found"),
    ("generate", {"model": FLARE, "prompt": "x", "size": "1080x1920"}, 400, "invalid_value"),
    ("generate", {"model": PLAIN, "prompt": "x", "quality": "max"}, 400, "invalid_value"),
    ("generate", {"model": FLARE, "prompt": "x", "extra_body": {"seed": 7}}, 400, "unknown_parameter"),
    ("generate", {"model": FLARE, "prompt": "x", "key": "wrong"}, 401, "invalid_api_key"),
    (
        "judge",
        {"model": JUDGE, "prompt": "x", "pictures": [], "schema": {"type": "object"}},
        400,
        "invalid_json_schema",
    ),
    ("judge", {"model": JUDGE, "prompt": "x", "pictures": [], "max_output_tokens": 1}, 400, "integer_below_min_value"),
    ("model", {"name": "gpt-image-1"}, 404, "model_not_found"),
]


@pytest.mark.parametrize(("command", "given", "status", "code"), WRONG, ids=str)
def test_what_is_wrong_is_said_as_openai_says_it(
    openai: Side, command: str, given: dict[str, Any], status: int, code: str
) -> None:
    with pytest.raises(Raised) as raised:
        openai.do(command, **given)
    assert (raised.value.facts["status"], raised.value.facts["code"]) == (status, code), raised.value.facts


@pytest.mark.parametrize(("what", "billed"), [("refused", False), ("refused-billed", True)])
def test_moderation_says_no(openai: Side, stage: Stage, what: str, billed: bool) -> None:
    known = stage.entries(FLARE)
    stage.faults({"what": what})

    with pytest.raises(Raised) as raised:
        openai.do("generate", model=FLARE, prompt=f"not nice: {what}", **SMALL)

    assert raised.value.facts["code"] == "moderation_blocked"
    assert raised.value.facts["type"] == "image_generation_user_error"
    assert (float(entries(stage, FLARE, known)[0]["billed"]) > 0) is billed


def test_an_account_without_money_is_told_so_in_a_429_that_no_waiting_mends(openai: Side, stage: Stage) -> None:
    stage.faults({"what": "no-money"})
    with pytest.raises(Raised) as raised:
        openai.do("generate", retries=0, model=FLARE, prompt="dear", **SMALL)
    assert (raised.value.facts["status"], raised.value.facts["code"]) == (429, "insufficient_quota")


@pytest.mark.parametrize("command", ["generate", "async_generate"])
def test_the_books_show_what_the_default_retries_of_the_sdk_buy(openai: Side, stage: Stage, command: str) -> None:
    known = stage.entries(FLARE)
    stage.faults({"what": "close-after", "place": "submit", "first": 2})

    openai.do(command, model=FLARE, prompt=f"bought three times by {command}", **SMALL)

    bought = entries(stage, FLARE, known)
    assert [one["accepted"] for one in bought] == [True, True, True]
    assert sorted(one["told"] for one in bought) == [False, False, True]


async def submit(
    stage: Stage, endpoint: str, op: Operation, files: list[Path], folder: Path, **params: Any
) -> Finished:
    def offer(key: str, op: Operation) -> Offer:
        return Offer(key, endpoint, (op,), 1.0, None, None, {"max_tokens": 900}, lambda recipe: FREE)

    takes = partial(takes_at, "openai")
    adapter = OpenAI(Access(f"{stage.url}/openai", Secret("simulated"), False, offer, takes))
    paths = {Digest(hashlib.sha256(one.read_bytes()).hexdigest()): one for one in files}
    many = tuple(
        Artifact(digest=digest, media_type="image/png", size=one.stat().st_size, width=192, height=96)
        for digest, one in paths.items()
    )
    recipe = recipe_of(op, "in ink", params=params, inputs={"image": many} if many else {})
    try:
        return await adapter.submit(request_of(recipe), PlainContext(folder, paths))
    finally:
        await adapter.close()


def headers(sent: Sent) -> Mapping[str, str]:
    left_out = {name for name in sent.headers if name.startswith("x-stainless")}
    left_out |= {"content-type"} if "boundary" in sent.headers.get("content-type", "") else set()  # made up each time
    return {name: value for name, value in sent.headers.items() if name not in OF_A_CLIENT | left_out}


def parts(sent: Sent) -> list[Any]:
    """The parts of a form, whatever their order: what separates them is made up."""
    found = form(Came(sent.method, "", sent.path, {}, sent.headers, sent.body))
    assert found is not None
    return sorted(found)


def test_a_picture_is_asked_for_as_the_sdk_asks(openai: Side, stage: Stage, opened: Stage, tmp_path: Path) -> None:
    asyncio.run(submit(opened, FLARE, Operation.TEXT_TO_IMAGE, [], tmp_path, **SMALL))
    (mine,) = opened.sent()

    before = len(stage.sent())
    openai.do("generate", model=FLARE, prompt="in ink", **SMALL)
    (its,) = stage.sent()[before:]

    assert (mine.method, mine.path) == (its.method, f"/openai{its.path}")
    assert headers(mine) == headers(its)
    assert mine.json == its.json


def test_an_edit_is_asked_for_as_the_sdk_asks(
    openai: Side, stage: Stage, opened: Stage, pictures: list[Path], tmp_path: Path
) -> None:
    asyncio.run(submit(opened, PLAIN, Operation.IMAGE_TO_IMAGE, pictures, tmp_path, **SMALL))
    (mine,) = opened.sent()

    before = len(stage.sent())
    openai.do("edit", model=PLAIN, prompt="in ink", pictures=[str(one) for one in pictures], **SMALL)
    (its,) = stage.sent()[before:]

    assert (mine.method, mine.path) == (its.method, f"/openai{its.path}")
    assert headers(mine) == headers(its)
    assert parts(mine) == parts(its)


def test_a_question_is_asked_as_the_sdk_asks(
    openai: Side, stage: Stage, opened: Stage, pictures: list[Path], tmp_path: Path
) -> None:
    finished = asyncio.run(
        submit(opened, JUDGE, Operation.ANALYZE_IMAGE, pictures[:1], tmp_path, schema=SCORE, system="be strict")
    )
    (mine,) = opened.sent()
    assert finished.text is not None

    before = len(stage.sent())
    more = {"instructions": "be strict", "max_output_tokens": 900}
    openai.do("judge", model=JUDGE, prompt="in ink", pictures=[str(pictures[0])], schema=SCORE, **more)
    (its,) = stage.sent()[before:]

    assert (mine.method, mine.path) == (its.method, f"/openai{its.path}")
    assert headers(mine) == headers(its)
    assert mine.json == its.json


FILM, PRO = "sora-2", "sora-2-pro"


@pytest.fixture(scope="module")
def frame(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture that is as large as a film."""
    file = tmp_path_factory.mktemp("frame") / "frame.png"
    Image.new("RGB", (720, 1280), (200, 40, 30)).save(file)
    return file


def test_a_film_is_asked_about_fetched_listed_and_deleted(openai: Side, stage: Stage, frame: Path) -> None:
    known = stage.entries(FILM)

    seen = openai.do("watch", model=FILM, prompt="it runs", seconds="4", size="720x1280", frame=str(frame))

    assert (seen["status"], seen["seconds"], seen["size"], seen["error"]) == ("completed", "4", "720x1280", None)
    assert (seen["poll_after"], seen["listed"]) == ("10000", 1)
    assert seen["file"] == ["video/mp4", b"ftyp".hex()]
    assert seen["deleted"] == {"id": seen["id"], "object": "video.deleted", "deleted": True}
    (entry,) = entries(stage, FILM, known)
    assert (entry["billed"], entry["told"], entry["fetched"]) == ("0.40", True, True)
    assert seen["id"] == entry["remote"]
    with pytest.raises(Raised) as raised:
        openai.do("delete", id=seen["id"])
    assert raised.value.facts["status"] == 404


def test_a_film_without_words_about_its_size_is_what_the_types_of_the_sdk_say(openai: Side, stage: Stage) -> None:
    known = stage.entries(PRO)
    said = openai.do("film", model=PRO, prompt="it runs")
    assert (said["seconds"], said["size"], said["object"]) == ("4", "720x1280", "video")
    assert [one["accepted"] for one in entries(stage, PRO, known)] == [True]


WRONG_FILMS: list[tuple[dict[str, Any], int, str | None]] = [
    ({"seconds": "5"}, 400, "invalid_value"),
    ({"size": "1024x1792"}, 400, "invalid_value"),
    ({"extra_body": {"seed": 7}}, 400, "unknown_parameter"),
    ({"model": "sora-1"}, 404, "model_not_found"),
    ({"size": "1280x720", "frame": "frame"}, 400, None),
]


@pytest.mark.parametrize(("given", "status", "code"), WRONG_FILMS, ids=str)
def test_a_film_that_cannot_be_had_is_refused(
    openai: Side, frame: Path, given: dict[str, Any], status: int, code: str | None
) -> None:
    given = {**given, "frame": str(frame)} if "frame" in given else given
    with pytest.raises(Raised) as raised:
        openai.do("film", **{"model": FILM, "prompt": "x", **given})
    assert (raised.value.facts["status"], raised.value.facts["code"]) == (status, code), raised.value.facts


def test_a_film_that_is_still_made_is_not_deleted(openai: Side, stage: Stage) -> None:
    scale, stage.simulator.world.clock.scale = stage.simulator.world.clock.scale, 1000.0
    try:
        id_ = openai.do("film", model=PRO, prompt="a long one")["id"]
        with pytest.raises(Raised) as raised:
            openai.do("delete", id=id_)
    finally:
        stage.simulator.world.clock.scale = scale
    assert raised.value.facts["status"] == 400


@pytest.mark.parametrize(("what", "code"), [("refused", "moderation_blocked"), ("failed", "internal_error")])
def test_a_film_that_does_not_come_says_why(openai: Side, stage: Stage, what: str, code: str) -> None:
    stage.faults({"what": what})
    seen = openai.do("watch", model=FILM, prompt=f"not to be: {what}")
    assert (seen["status"], seen["error"]["code"]) == ("failed", code)


def test_the_books_show_that_the_sdk_buys_a_film_three_times(openai: Side, stage: Stage) -> None:
    known = stage.entries(FILM)
    stage.faults({"what": "close-after", "place": "submit", "first": 2})

    openai.do("film", model=FILM, prompt="bought three times")

    bought = entries(stage, FILM, known)
    assert [one["accepted"] for one in bought] == [True, True, True]
    assert sorted(one["told"] for one in bought) == [False, False, True]


def test_a_film_is_asked_for_asked_about_and_fetched_as_the_sdk_does(
    openai: Side, stage: Stage, opened: Stage, frame: Path, tmp_path: Path
) -> None:
    def offer(key: str, op: Operation) -> Offer:
        return Offer(key, FILM, (op,), 1.0, None, None, {"duration": 4}, lambda recipe: FREE)

    digest = Digest(hashlib.sha256(frame.read_bytes()).hexdigest())
    picture = Artifact(digest=digest, media_type="image/png", size=frame.stat().st_size, width=720, height=1280)
    recipe = recipe_of(Operation.IMAGE_TO_VIDEO, "it runs", inputs={"start_frame": (picture,)})
    there = Quick(tmp_path, {digest: frame})

    async def ours() -> None:
        takes = partial(takes_at, "openai")
        adapter = OpenAI(Access(f"{opened.url}/openai", Secret("simulated"), False, offer, takes))
        try:
            finished = await finish(adapter, request_of(recipe), there)
            assert len([piece async for piece in adapter.fetch(finished.outputs[0], there)]) > 0
        finally:
            await adapter.close()

    asyncio.run(ours())
    mine = opened.sent()
    before = len(stage.sent())
    openai.do("watch", model=FILM, prompt="it runs", seconds="4", size="720x1280", frame=str(frame))
    its = stage.sent()[before:]

    assert (mine[0].method, mine[0].path) == (its[0].method, f"/openai{its[0].path}")
    assert headers(mine[0]) == headers(its[0])
    assert parts(mine[0]) == parts(its[0])
    assert [shape(mine[1]), shape(mine[-1])] == [
        ("GET", "/v1/videos/ID"),
        ("GET", "/v1/videos/ID/content?variant=video"),
    ]
    for one in (mine[1], mine[-1]):
        like = next(other for other in its if shape(other) == shape(one))
        assert headers(one) == headers(like)


def shape(sent: Sent) -> tuple[str, str]:
    """What a request is for, whoever's film it is about."""
    return sent.method, re.sub(r"/videos/[\w-]+", "/videos/ID", sent.target.removeprefix("/openai"))
