"""What G-Labs is asked, byte by byte; what it would drop without a word; and whose a task is."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tests.providers.rig import FRAME, FRAME_ARTIFACT, KEY, Quick, SimService, access, asked, context, request_of
from tests.providers.wire import Visit, Wire, serving

from rushes.catalogue.endpoints import endpoints
from rushes.errors import ErrorClass, RemoteError
from rushes.model.media import Artifact
from rushes.model.money import ZERO
from rushes.model.operation import Operation
from rushes.model.problem import Severity
from rushes.model.request import Recipe
from rushes.plugin.provider import Finished, Found, Pending, Unknowable
from rushes.providers.glabs import GLabs
from rushes.sim.simulator import Simulator

T = TypeVar("T")
TEXT, EDIT, FILM, I2V = (
    Operation.TEXT_TO_IMAGE,
    Operation.IMAGE_TO_IMAGE,
    Operation.TEXT_TO_VIDEO,
    Operation.IMAGE_TO_VIDEO,
)
OFF = GLabs(access("glabs", None))
FRAMES = (FRAME_ARTIFACT,)
URI = f"data:image/png;base64,{base64.b64encode(FRAME).decode()}"
ID = "abc12345"


def step(alias: str, op: Operation, inputs: Mapping[str, tuple[Artifact, ...]] | None = None, **params: Any) -> Recipe:
    return asked(OFF, alias, op, params=params, inputs=inputs)


def errors(recipe: Recipe) -> list[str]:
    return [one.says for one in OFF.validate(recipe) if one.severity is Severity.ERROR]


def played(answers: Mapping[str, Any], story: Callable[[GLabs, Wire], Awaitable[T]]) -> T:
    """Answers by path; a pair of status and body, or the body of a 200."""

    async def script(visit: Visit) -> None:
        found = answers.get(visit.path, (404, {"error": "Not found"}))
        status, body = found if isinstance(found, tuple) else (200, found)
        await visit.answer(status, body if isinstance(body, bytes) else json.dumps(body).encode())

    async def run() -> T:
        async with serving(script) as wire:
            glabs = GLabs(access("glabs", wire.url, simulated=False))
            try:
                return await story(glabs, wire)
            finally:
                await glabs.close()

    return asyncio.run(run())


QUEUED = (202, {"task_id": ID, "status": "pending", "message": "queued", "poll_url": f"/api/status/{ID}"})


def sent(recipe: Recipe, route: str, tmp_path: Path) -> dict[str, Any]:
    """The body of a submission, after a look at the rest of it."""

    async def story(glabs: GLabs, wire: Wire) -> Visit:
        answer = await glabs.submit(request_of(recipe), context(tmp_path))
        assert json.loads(answer.remote)[0] == ID
        (visit,) = wire.visits
        return visit

    visit = played({f"/api/{route}/generate": QUEUED}, story)
    lines = visit.head.decode().split("\r\n")
    assert f"X-API-Key: {KEY}" in lines and KEY not in lines[0]
    assert not any(line.lower().startswith("x-rushes") for line in lines)
    return dict(json.loads(visit.body))


PICTURE = {"prompt": "a fox in the snow", "model": "nano_banana_2"}
CLIP = {"prompt": "a fox in the snow", "model": "veo_31_fast", "mode": "text_to_video", "resolution": ["720p"]}


@pytest.mark.parametrize(
    ("recipe", "route", "body"),
    [
        (step("nano_banana_2", TEXT, aspect_ratio="9:16"), "image", PICTURE | {"aspect_ratio": "9:16"}),
        (step("nano_banana_2", TEXT, resolution="1K"), "image", PICTURE),
        (step("nano_banana_2", TEXT, resolution="2k"), "image", PICTURE | {"upscale": ["2K"]}),
        (step("nano_banana_pro", TEXT), "image", PICTURE | {"model": "nano_banana_pro"}),
        (step("nano_banana_2_lite", TEXT), "image", PICTURE | {"model": "nano_banana_2_lite"}),
        (step("nano_banana_2", EDIT, {"image": FRAMES}), "image", PICTURE | {"reference_images": [URI]}),
        (
            step("nano_banana_2", TEXT, {"reference": FRAMES}, names=["red_car"]),
            "image",
            PICTURE | {"reference_images": [{"data": URI, "name": "red_car"}]},
        ),
        (step("veo_3_1_fast", FILM, ratio="9:16"), "video", CLIP | {"aspect_ratio": "9:16"}),
        (step("veo_3_1", FILM, duration="8s"), "video", CLIP | {"model": "veo_31_quality", "video_length": 8}),
        (
            step("veo_3_1_lite", FILM, resolution="1080P"),
            "video",
            CLIP | {"model": "veo_31_lite", "resolution": ["1080p"]},
        ),
        (
            step("veo_3_1_fast", I2V, {"start_frame": FRAMES}),
            "video",
            CLIP | {"mode": "start_image", "reference_images": [URI]},
        ),
        (
            step("veo_3_1_fast", I2V, {"end_frame": FRAMES, "start_frame": FRAMES}),
            "video",
            CLIP | {"mode": "start_end_image", "reference_images": [URI, URI]},
        ),
        (
            step("veo_3_1_fast", FILM, {"reference": FRAMES}, voice="puck"),
            "video",
            CLIP | {"mode": "components", "reference_images": [URI], "voice": "puck"},
        ),
        (step("gemini_omni_flash", FILM, duration=10), "video", CLIP | {"model": "omni_flash", "video_length": 10}),
    ],
    ids=lambda value: f"{value.alias} {dict(value.params)}" if isinstance(value, Recipe) else "",
)
def test_a_submission_as_it_goes_over_the_wire(
    recipe: Recipe, route: str, body: dict[str, Any], tmp_path: Path
) -> None:
    assert sent(recipe, route, tmp_path) == body


@pytest.mark.parametrize("model", sorted(endpoints("glabs")))
def test_nine_to_sixteen_is_nine_to_sixteen_on_every_model(model: str) -> None:
    takes = endpoints("glabs")[model]
    assert takes.shape == "aspect_ratio"
    assert "9:16" in (takes.allowed("aspect_ratio") or ())


TINY = Artifact(FRAME_ARTIFACT.digest, "image/png", 99, 1, 1)
LARGE = Artifact(FRAME_ARTIFACT.digest, "image/png", 30_000_000, 9000, 9000)


@pytest.mark.parametrize(
    ("recipe", "says"),
    [
        (step("nano_banana_2", TEXT, aspect_ratio="21:9"), "'21:9' is no shape"),
        (step("veo_3_1_fast", FILM, aspect_ratio="1:1"), "'1:1' is no shape"),
        (step("veo_3_1_fast", FILM, duration=5), "5 is no length"),
        (step("veo_3_1_fast", FILM, resolution="360p"), "'360p' cannot be had"),
        (step("nano_banana_2", TEXT, resolution="8K"), "'8K' cannot be had"),
        (step("nano_banana_2", TEXT, n=4), "4 results in one request"),
        (step("nano_banana_2", TEXT, {"reference": FRAMES * 11}), "11 inputs are too many"),
        (step("veo_3_1_fast", FILM, {"reference": FRAMES * 4}), "4 inputs are too many"),
        (step("nano_banana_2", TEXT, {"reference": (TINY,)}), "less than 100 bytes"),
        (step("nano_banana_2", TEXT, {"reference": (LARGE, LARGE)}), "too large for one request"),
        (step("nano_banana_2", TEXT, {"reference": (LARGE._replace(media_type="image/gif"),)}), "image/gif"),
        (step("veo_3_1_fast", I2V, {"start_frame": FRAMES, "reference": FRAMES}), "frames or references"),
        (step("nano_banana_2", TEXT, {"reference": FRAMES}, names=["a", "b"]), "2 names are given for 1 pictures"),
        (step("veo_3_1_fast", FILM, voice="puck"), "a voice is heard with references only"),
        (asked(OFF, "nano_banana_2", TEXT, ""), "needs a prompt"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_would_fall_back_without_a_word_is_refused(recipe: Recipe, says: str) -> None:
    assert any(says in one for one in errors(recipe)), errors(recipe)


def test_a_seed_and_what_is_not_wanted_cannot_reach_it_and_that_is_said() -> None:
    problems = OFF.validate(step("veo_3_1_fast", FILM, negative_prompt="blur", seed=7))
    assert [(one.severity, one.path) for one in problems] == [(Severity.WARNING, ("params", "negative_prompt"))]


@pytest.mark.parametrize("odd", [b"", b"[]", b"{", b'{"task_id": 5}', b'{"task_id": "../x"}', b'{"task_id": ""}'])
def test_an_answer_that_cannot_be_read_is_unknown(odd: bytes, tmp_path: Path) -> None:
    async def story(glabs: GLabs, wire: Wire) -> None:
        with pytest.raises(RemoteError) as raised:
            await glabs.submit(request_of(step("nano_banana_2", TEXT)), context(tmp_path))
        assert raised.value.kind is ErrorClass.UNKNOWN_OUTCOME

    played({"/api/image/generate": (202, odd)}, story)


# --- results -------------------------------------------------------------------------------------------------------


def polled(said: Any, remote: str = ID) -> Pending | Finished:
    async def story(glabs: GLabs, wire: Wire) -> Pending | Finished:
        found = await glabs.poll(remote, Quick(Path("no-file-is-needed"), {}, idempotency_key="key-1"))
        if isinstance(found, Finished):
            assert all(one.url is not None and one.url.startswith(wire.url) for one in found.outputs)
        return found

    return played({f"/api/status/{ID}": said}, story)


def completed(*results: Any) -> dict[str, Any]:
    return {"task_id": ID, "type": "image", "status": "completed", "results": list(results)}


@pytest.mark.parametrize(
    ("url", "path", "media_type"),
    [
        ("http://127.0.0.1:8765/api/files/image_001.png", "/api/files/image_001.png", "image/png"),
        ("http://192.168.1.7:8765/api/files/a%20b.jpg", "/api/files/a%20b.jpg", "image/jpeg"),
        ("https://x.trycloudflare.com/t/api/files/v.mp4?x=1", "/api/files/v.mp4", "video/mp4"),
    ],
)
def test_a_result_is_fetched_from_where_the_application_was_reached(url: str, path: str, media_type: str) -> None:
    finished = polled(completed(url))
    assert isinstance(finished, Finished)
    (output,) = finished.outputs
    assert output.url is not None and output.url.endswith(path)
    assert (output.media_type, finished.billed) == (media_type, None)


@pytest.mark.parametrize(
    "results",
    [[], [5], ["http://127.0.0.1:8765/etc/passwd"], ["http://h/api/files/..%2F..%2Fx"], ["/api/files/"], [None]],
    ids=str,
)
def test_an_address_that_is_no_file_of_the_application_is_no_result(results: list[Any]) -> None:
    with pytest.raises(RemoteError) as raised:
        polled(completed(*results))
    assert (raised.value.kind, raised.value.maybe_billed) == (ErrorClass.BAD_OUTPUT, True)


def test_a_task_that_is_not_known_any_more_is_not_made_again_by_itself() -> None:
    with pytest.raises(RemoteError) as raised:
        polled((404, {"error": f"Task {ID} not found"}))
    assert (raised.value.kind, raised.value.maybe_billed) == (ErrorClass.BAD_OUTPUT, True)
    assert "look for the result" in raised.value.next_step


@pytest.mark.parametrize("page", [b"<html>tunnel not found</html>", {"error": "Not found"}, b""])
def test_a_tunnel_that_is_gone_says_nothing_about_a_task(page: Any) -> None:
    assert isinstance(polled((404, page)), Pending)


@pytest.mark.parametrize("state", ["pending", "running", "rehearsing", None, 5])
def test_a_task_that_is_not_over_is_asked_about_four_seconds_later(state: Any) -> None:
    found = polled({"task_id": ID, "status": state})
    assert isinstance(found, Pending)
    assert found.wait >= 4


# --- cancelling ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "stop", "costs"),
    [
        ({"status": "pending"}, {"stopped": [ID], "skipped": [], "count": 1}, ZERO),
        ({"status": "running"}, {"stopped": [ID], "skipped": [], "count": 1}, None),
        ({"status": "pending"}, {"stopped": [], "skipped": [ID], "count": 0}, None),
        ({"status": "pending"}, (404, {"error": "Not found"}), None),  # an older application
        (b"[]", b"{", None),
    ],
)
def test_only_a_task_that_had_not_begun_costs_nothing_when_it_is_stopped(before: Any, stop: Any, costs: Any) -> None:
    async def story(glabs: GLabs, wire: Wire) -> Any:
        return await glabs.cancel(ID, Quick(Path("no-file-is-needed"), {}, idempotency_key="key-1"))

    assert played({f"/api/status/{ID}": before, f"/api/stop/{ID}": stop}, story) == costs


# --- whose a task is -----------------------------------------------------------------------------------------------


def lost(story: Callable[[GLabs, SimService, Quick], Awaitable[T]], folder: Path) -> T:
    """Play against the simulator, with one memory for all."""

    async def run() -> T:
        async with Simulator(seed=5, time_scale=0.001, most_side=64) as sim:
            glabs = GLabs(access("glabs", f"{sim.url}/glabs"))
            try:
                return await story(glabs, SimService(sim), context(folder))
            finally:
                await glabs.close()

    return asyncio.run(run())


def another(before: Quick, key: str) -> Quick:
    """The context of another attempt: the same ledger, and so the same memory."""
    after = Quick(before.scratch, {FRAME_ARTIFACT.digest: before.scratch / "frame.png"}, idempotency_key=key)
    after.__dict__.update({name: value for name, value in before.__dict__.items() if "key" not in name})
    return after


async def send_and_lose(glabs: GLabs, service: SimService, recipe: Recipe, told: Quick, candidate: int = 0) -> None:
    service.strike("close-after")
    with pytest.raises(RemoteError) as raised:
        await glabs.submit(request_of(recipe, candidate=candidate), told)
    assert raised.value.kind is ErrorClass.UNKNOWN_OUTCOME
    service.calm()


def test_a_lost_answer_is_found_when_it_can_be_no_other_task(tmp_path: Path) -> None:
    recipe = step("nano_banana_2", TEXT)

    async def story(glabs: GLabs, service: SimService, told: Quick) -> None:
        kept = await glabs.submit(request_of(recipe), told)
        await send_and_lose(glabs, service, recipe, (second := another(told, "key-2")), 1)
        found = await glabs.reconcile(request_of(recipe, candidate=1), second)
        assert isinstance(found, Found)
        assert json.loads(found.remote)[0] != json.loads(kept.remote)[0]  # the first one is somebody's already
        again = await glabs.reconcile(request_of(recipe, candidate=1), second)
        assert isinstance(again, Found) and json.loads(again.remote)[0] == json.loads(found.remote)[0]

    lost(story, tmp_path)


def test_of_two_lost_answers_neither_is_guessed(tmp_path: Path) -> None:
    recipe = step("nano_banana_2", TEXT)

    async def story(glabs: GLabs, service: SimService, told: Quick) -> None:
        second = another(told, "key-2")
        await send_and_lose(glabs, service, recipe, told)
        await send_and_lose(glabs, service, recipe, second, 1)
        assert isinstance(await glabs.reconcile(request_of(recipe), told), Unknowable)

    lost(story, tmp_path)


def test_the_same_words_with_other_pictures_are_another_request(tmp_path: Path) -> None:
    plain, wide = step("nano_banana_2", TEXT), step("nano_banana_2", TEXT, aspect_ratio="16:9")

    async def story(glabs: GLabs, service: SimService, told: Quick) -> None:
        await glabs.submit(request_of(wide), another(told, "key-2"))
        await send_and_lose(glabs, service, plain, told)
        assert isinstance(await glabs.reconcile(request_of(plain), told), Unknowable)

    lost(story, tmp_path)


def test_words_that_begin_alike_are_not_the_same(tmp_path: Path) -> None:
    begin = "a very long beginning of a prompt that is the same for all scenes, "
    ours, theirs = (asked(OFF, "nano_banana_2", TEXT, begin + end) for end in ("a fox", "an owl"))

    async def story(glabs: GLabs, service: SimService, told: Quick) -> None:
        await send_and_lose(glabs, service, theirs, another(told, "key-2"))
        assert isinstance(await glabs.reconcile(request_of(ours), told), Unknowable)
        await send_and_lose(glabs, service, ours, told)
        assert isinstance(await glabs.reconcile(request_of(ours), told), Found)

    lost(story, tmp_path)


def test_no_task_in_the_list_says_nothing(tmp_path: Path) -> None:
    async def story(glabs: GLabs, service: SimService, told: Quick) -> None:
        assert isinstance(await glabs.reconcile(request_of(step("nano_banana_2", TEXT)), told), Unknowable)

    lost(story, tmp_path)


@pytest.mark.parametrize("odd", ["../x", "a/b", "", "[", "[5", "x" * 50, '["a/b",0]'])
def test_what_is_no_task_is_never_asked_about(odd: str, tmp_path: Path) -> None:
    async def story(glabs: GLabs, wire: Wire) -> None:
        for ask in (glabs.poll, glabs.cancel):
            with pytest.raises(RemoteError):
                await ask(odd, context(tmp_path))
        assert wire.visits == []

    played({}, story)
