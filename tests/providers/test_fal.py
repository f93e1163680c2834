"""What fal is asked, byte by byte, and what is made of its answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.providers.rig import FRAME_ARTIFACT, KEY, Quick, SimService, access, asked, context, request_of
from tests.providers.wire import Visit, Wire, serving

from rushes.catalogue.endpoints import endpoints
from rushes.errors import ErrorClass, RemoteError
from rushes.model.media import Kind
from rushes.model.money import ZERO
from rushes.model.operation import Operation
from rushes.model.problem import Severity
from rushes.model.request import Recipe
from rushes.plugin.access import Access, Offer
from rushes.plugin.provider import Finished, Pending, Submitted
from rushes.providers.fal import Fal
from rushes.sim.simulator import Simulator
from rushes.testing.conformance import finish
from rushes.testing.requests import artifact_of
from rushes.testing.subject import await_job

T = TypeVar("T")
OFF = Fal(access("fal", None))
TEXT, EDIT, FILM, I2V = (
    Operation.TEXT_TO_IMAGE,
    Operation.IMAGE_TO_IMAGE,
    Operation.TEXT_TO_VIDEO,
    Operation.IMAGE_TO_VIDEO,
)
FRAMES = {"start_frame": (FRAME_ARTIFACT,)}


# --- parameters ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("alias", "op", "params", "body"),
    [
        ("flux_dev", TEXT, {"aspect_ratio": "9:16"}, {"image_size": "portrait_16_9"}),
        ("flux_schnell", TEXT, {"aspectRatio": "16:9"}, {"image_size": "landscape_16_9"}),
        ("flux_dev", TEXT, {"aspect_ratio": "1:1"}, {"image_size": {"width": 1000, "height": 1000}}),
        ("flux_dev", TEXT, {"aspect_ratio": "21:9"}, {"image_size": {"width": 1512, "height": 648}}),
        ("flux_dev", TEXT, {"image_size": "square_hd"}, {"image_size": "square_hd"}),
        ("flux_dev", TEXT, {"size": "1024x768"}, {"image_size": {"width": 1024, "height": 768}}),
        ("flux_dev", TEXT, {"width": 640, "height": 480}, {"image_size": {"width": 640, "height": 480}}),
        ("flux_dev", TEXT, {"num_images": 1, "guidance_scale": 3}, {"guidance_scale": 3}),
        (
            "nano_banana_pro",
            TEXT,
            {"aspect_ratio": "9:16", "resolution": "2k"},
            {"aspect_ratio": "9:16", "resolution": "2K"},
        ),
        ("nano_banana_2", TEXT, {"imageSize": "512px"}, {"resolution": "0.5K"}),
        ("nano_banana_2", TEXT, {"size": "1080x1920"}, {"aspect_ratio": "9:16"}),
        ("kling_2_6_pro", FILM, {"duration": 5, "aspect_ratio": "9:16"}, {"duration": "5", "aspect_ratio": "9:16"}),
        ("kling_2_6_pro", FILM, {"duration": "10s", "audio": False}, {"duration": "10", "generate_audio": False}),
        ("veo_3_1_fast", FILM, {"duration": 8, "ratio": "9:16"}, {"duration": "8s", "aspect_ratio": "9:16"}),
        (
            "veo_3_1_fast",
            FILM,
            {"durationSeconds": "6", "resolution": "1080P"},
            {"duration": "6s", "resolution": "1080p"},
        ),
        ("grok_imagine", FILM, {"duration": "8s"}, {"duration": 8}),
        ("hailuo", I2V, {"resolution": "768p", "duration": "6"}, {"resolution": "768P", "duration": "6"}),
        (
            "gpt_image_1_5",
            TEXT,
            {"aspect_ratio": "2:3", "quality": "Medium"},
            {"image_size": "1024x1536", "quality": "medium"},
        ),
        ("gpt_image_1_5", TEXT, {"size": "1536x1024"}, {"image_size": "1536x1024"}),
        ("gpt_image_1_5_edit", EDIT, {"image_size": "auto"}, {"image_size": "auto"}),
        ("kontext", EDIT, {"aspect_ratio": "9:16"}, {"resolution_mode": "9:16"}),
        ("seedream_v3", TEXT, {"aspect_ratio": "9:16"}, {"image_size": "portrait_16_9"}),
        ("veo_3_1", FILM, {"resolution": "4K", "duration": "4"}, {"resolution": "4k", "duration": "4s"}),
        ("kling_3_pro", FILM, {"cfg_scale": "0.5", "duration": 12}, {"cfg_scale": 0.5, "duration": "12"}),
        ("kling_3_pro", FILM, {"guidance_scale": 1}, {"cfg_scale": 1}),
        ("wan_2_6", I2V, {"duration": 15.0, "multi_shots": "true"}, {"duration": "15", "multi_shots": True}),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_parameter_is_asked_for_as_the_endpoint_takes_it(
    alias: str, op: Operation, params: dict[str, Any], body: dict[str, Any]
) -> None:
    given = {I2V: FRAMES, EDIT: {"image": (FRAME_ARTIFACT,)}}.get(op)
    ready = OFF.put(asked(OFF, alias, op, params=params, inputs=given))
    assert (ready.body, ready.problems) == (body, [])


@pytest.mark.parametrize(
    ("alias", "op", "params"),
    [
        ("nano_banana_pro", TEXT, {"aspect_ratio": "7:4"}),
        ("kling_2_6_pro", FILM, {"duration": 7}),
        ("kling_2_6_pro", FILM, {"duration": True}),
        ("veo_3_1_fast", FILM, {"resolution": "8k"}),
        ("flux_dev", TEXT, {"num_images": 4}),
        ("flux_dev", TEXT, {"aspect_ratio": "0:0"}),
        ("flux_dev", TEXT, {"size": "large"}),
        ("gpt_image_1_5", TEXT, {"aspect_ratio": "9:16"}),
        ("hailuo_pro", FILM, {"aspect_ratio": "9:16"}),
        ("seedream_v3", TEXT, {"size": "4096x4096"}),
    ],
)
def test_a_value_that_cannot_be_had_is_refused_by_its_name(alias: str, op: Operation, params: dict[str, Any]) -> None:
    (problem,) = OFF.validate(asked(OFF, alias, op, params=params))
    assert problem.severity is Severity.ERROR
    assert problem.path == ("params", *params)
    assert problem.try_


def test_what_an_endpoint_does_not_take_is_named_and_not_sent() -> None:
    recipe = asked(OFF, "kling_2_6_pro_i2v", I2V, params={"aspect_ratio": "9:16", "loras": []}, inputs=FRAMES)
    ready = OFF.put(recipe)
    assert ready.body == {}
    assert [(one.severity, one.path[-1]) for one in ready.problems] == [
        (Severity.WARNING, "aspect_ratio"),
        (Severity.WARNING, "loras"),
    ]


@pytest.mark.parametrize(
    ("alias", "inputs", "body"),
    [
        ("kling_motion_control", ("image", "video"), {"character_orientation": "video"}),
        ("fabric_1_0", ("image", "audio"), {"resolution": "720p"}),
    ],
)
def test_what_an_endpoint_must_have_is_sent_although_nobody_says_it(
    alias: str, inputs: tuple[str, ...], body: dict[str, Any]
) -> None:
    kinds = {"image": Kind.IMAGE, "audio": Kind.AUDIO, "video": Kind.VIDEO}
    given = {role: (artifact_of(kinds[role], b"x"),) for role in inputs}
    ready = OFF.put(asked(OFF, alias, Operation.AVATAR, None, inputs=given))
    assert (ready.body, ready.problems) == (body, [])


def test_a_role_that_an_endpoint_has_no_field_for_is_refused() -> None:
    (problem,) = OFF.validate(asked(OFF, "kling_2_1", I2V, inputs=FRAMES | {"end_frame": (FRAME_ARTIFACT,)}))
    assert problem.severity is Severity.ERROR
    assert "end_frame" in problem.says


@pytest.mark.parametrize(
    ("alias", "op", "roles", "endpoint"),
    [
        ("veo_3_1_fast", I2V, ["start_frame"], "fal-ai/veo3.1/fast/image-to-video"),
        ("veo_3_1_fast", I2V, ["start_frame", "end_frame"], "fal-ai/veo3.1/fast/first-last-frame-to-video"),
        ("veo_3_1_fast", FILM, [], "fal-ai/veo3.1/fast"),
        ("veo_3_1", FILM, ["reference"], "fal-ai/veo3.1/reference-to-video"),
        ("veo_3_1_lite", FILM, [], "fal-ai/veo3.1/lite"),
        ("veo_3_1_lite", I2V, ["start_frame", "end_frame"], "fal-ai/veo3.1/lite/first-last-frame-to-video"),
        ("kling_o3_pro_ref", FILM, ["reference"], "fal-ai/kling-video/o3/pro/reference-to-video"),
        ("nano_banana_pro", TEXT, [], "fal-ai/nano-banana-pro"),
        ("nano_banana_pro", TEXT, ["reference"], "fal-ai/nano-banana-pro/edit"),
    ],
)
def test_a_model_has_an_endpoint_for_each_kind_of_work(
    alias: str, op: Operation, roles: list[str], endpoint: str
) -> None:
    recipe = asked(OFF, alias, op, inputs=dict.fromkeys(roles, (FRAME_ARTIFACT,)))
    assert OFF.endpoint(recipe) == endpoint
    assert OFF.validate(recipe) == []


def test_an_edit_whose_price_is_not_known_is_not_hidden_behind_a_picture_whose_price_is() -> None:
    recipe = asked(OFF, "gpt_image_1_5", TEXT, inputs={"reference": (FRAME_ARTIFACT,)})
    assert [one.says for one in OFF.validate(recipe)] == ["gpt_image_1_5 at fal takes no reference"]


def test_every_endpoint_in_the_data_is_one_that_a_model_has_or_leads_to() -> None:
    table = endpoints("fal")
    led = {route["to"] for takes in table.values() for route in takes.routes}
    assert led <= set(table)


def test_the_version_is_the_endpoint_and_a_simulated_one_is_another() -> None:
    assert Fal(access("fal", None, simulated=False)).version("flux_dev") == "fal-ai/flux/dev"
    assert OFF.version("flux_dev") == "sim:fal-ai/flux/dev"


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
WORDS = "aspect_ratio size width height duration audio num_images resolution seed prompt x"
NAMES = st.sampled_from(WORDS.split())


@given(st.dictionaries(NAMES, JSONS, max_size=4), st.sampled_from(["flux_dev", "veo_3_1_fast", "nano_banana_2"]))
def test_whatever_a_file_says_is_checked_quoted_and_sent_alike(params: dict[str, Any], alias: str) -> None:
    recipe = asked(OFF, alias, FILM if alias.startswith("veo") else TEXT, params=params)
    ready = OFF.put(recipe)
    takes = endpoints("fal")[OFF.endpoint(recipe)]
    assert set(ready.body) <= set(takes.properties), "something is sent that the endpoint is not known to take"
    OFF.estimate(recipe)


# --- the wire ------------------------------------------------------------------------------------------------------


def accepted(visit_url: str, job: str = "job-1") -> bytes:
    base = f"{visit_url}/fal-ai/flux/requests/{job}"
    return json.dumps(
        {"request_id": job, "response_url": base, "status_url": f"{base}/status", "cancel_url": f"{base}/cancel"}
    ).encode()


def scripted(script: Callable[[Visit, Wire], Awaitable[None]], use: Callable[[Fal, Wire], Awaitable[T]]) -> T:
    async def run() -> T:
        wires: list[Wire] = []

        async def one(visit: Visit) -> None:
            await script(visit, wires[0])

        async with serving(one) as wire:
            wires.append(wire)
            fal = Fal(access("fal", wire.url, simulated=False))
            try:
                return await use(fal, wire)
            finally:
                await fal.close()

    return asyncio.run(run())


def flux(fal: Fal) -> Recipe:
    return asked(fal, "flux_dev", TEXT, params={"aspect_ratio": "9:16"})


def test_a_submission_as_it_goes_over_the_wire(tmp_path: Path) -> None:
    async def script(visit: Visit, wire: Wire) -> None:
        await visit.answer(200, accepted(wire.url))

    async def use(fal: Fal, wire: Wire) -> None:
        request = request_of(flux(fal))
        there = context(tmp_path)
        there.webhook = "https://hook.example/fal?run=1&x=2"
        answer = await fal.submit(request, there)
        assert answer.wait == 1.0
        assert json.loads(answer.remote)[:4] == [
            "job-1",
            f"{wire.url}/fal-ai/flux/requests/job-1/status",
            f"{wire.url}/fal-ai/flux/requests/job-1",
            f"{wire.url}/fal-ai/flux/requests/job-1/cancel",
        ]
        (visit,) = wire.visits
        assert visit.path == "/fal-ai/flux/dev?fal_webhook=https%3A%2F%2Fhook.example%2Ffal%3Frun%3D1%26x%3D2"
        lines = visit.head.decode().lower().split("\r\n")
        assert f"authorization: key {KEY}" in lines
        assert "x-fal-no-retry: 1" in lines
        assert 'x-fal-object-lifecycle-preference: {"expiration_duration_seconds": 86400}' in lines
        assert not any(line.startswith("x-rushes") for line in lines), "the real service is told nothing of ours"
        assert json.loads(visit.body) == {
            "prompt": "a fox in the snow",
            "image_size": "portrait_16_9",
            "seed": request.seed,
        }

    scripted(script, use)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"request_id": "x"}',
        accepted("https://evil.example"),
        accepted("http://127.0.0.1:1"),
        accepted("http://user@127.0.0.1"),
    ],
)
def test_an_acceptance_that_cannot_be_used_is_unknown_and_the_key_goes_nowhere_else(
    body: bytes, tmp_path: Path
) -> None:
    async def script(visit: Visit, wire: Wire) -> None:
        await visit.answer(200, body)

    async def use(fal: Fal, wire: Wire) -> None:
        with pytest.raises(RemoteError) as raised:
            await fal.submit(request_of(flux(fal)), context(tmp_path))
        assert raised.value.kind is ErrorClass.UNKNOWN_OUTCOME
        assert raised.value.maybe_billed

    scripted(script, use)


@pytest.mark.parametrize("remote", ["x", "[]", '["a"]', "{}", "https://evil.example/requests/1", '["a",1,2,3]', "null"])
def test_a_job_that_is_not_fals_is_asked_nowhere(remote: str, tmp_path: Path) -> None:
    for ask in (OFF.poll, OFF.cancel):
        with pytest.raises(RemoteError) as raised:
            asyncio.run(ask(remote, context(tmp_path)))  # type: ignore[arg-type]
        assert raised.value.kind is ErrorClass.INVALID_INPUT


def polled(tmp_path: Path, status: Any, result: tuple[int, Any] = (200, {})) -> Pending | Finished:
    async def script(visit: Visit, wire: Wire) -> None:
        if visit.path.endswith("/status"):
            await visit.answer(200, json.dumps(status).encode())
        else:
            await visit.answer(result[0], json.dumps(result[1]).encode())

    async def use(fal: Fal, wire: Wire) -> Pending | Finished:
        return await fal.poll(f"{wire.url}/fal-ai/flux/requests/1", context(tmp_path))

    return scripted(script, use)


DONE = {"status": "COMPLETED"}


@pytest.mark.parametrize(
    ("said", "types"),
    [
        ({"images": [{"url": "https://x/a.png", "content_type": "image/png"}]}, ["image/png"]),
        ({"image": {"url": "https://x/a.jpg", "content_type": "image/jpg"}}, ["image/jpeg"]),
        ({"images": [{"url": "https://x/a.webp"}, {"url": "https://x/b"}]}, ["image/webp", "image/png"]),
        ({"video": {"url": "https://x/a.mp4?sig=1", "content_type": "application/octet-stream"}}, ["video/mp4"]),
        ({"video": {"url": "https://x/a"}}, ["video/mp4"]),
        ({"audio": {"url": "https://x/a.mp3"}}, ["audio/mpeg"]),
        ({"audio_file": {"url": "https://x/a.wav", "content_type": "audio/x-wav; q=1"}}, ["audio/wav"]),
    ],
)
def test_every_file_of_a_result_is_found_with_its_type(said: dict[str, Any], types: list[str], tmp_path: Path) -> None:
    answer = polled(tmp_path, DONE, (200, said))
    assert isinstance(answer, Finished)
    assert [output.media_type for output in answer.outputs] == types
    assert answer.billed is None


@pytest.mark.parametrize(
    "said", [{"text": "Good morning.", "language_code": "eng", "words": []}, {"output": "Good morning."}]
)
def test_a_text_is_a_result(said: dict[str, Any], tmp_path: Path) -> None:
    assert polled(tmp_path, DONE, (200, said)) == Finished((), text="Good morning.")


def test_the_place_in_the_queue_is_said(tmp_path: Path) -> None:
    answer = polled(tmp_path, {"status": "IN_QUEUE", "queue_position": 3})
    assert isinstance(answer, Pending)
    assert answer.says == "3 before it in the queue"


def test_a_black_picture_that_stands_in_for_a_refused_one_is_a_refusal(tmp_path: Path) -> None:
    said = {"images": [{"url": "https://x/a.png"}], "has_nsfw_concepts": [True]}
    with pytest.raises(RemoteError) as raised:
        polled(tmp_path, DONE, (200, said))
    assert raised.value.kind is ErrorClass.CONTENT_POLICY
    assert raised.value.maybe_billed


def test_a_failure_that_a_gateway_garbles_is_still_the_failure(tmp_path: Path) -> None:
    status = {"status": "COMPLETED", "error": "flagged", "error_type": "content_policy_violation"}
    with pytest.raises(RemoteError) as raised:
        polled(tmp_path, status, (502, "<html>"))
    assert raised.value.kind is ErrorClass.CONTENT_POLICY


@pytest.mark.parametrize(
    "result",
    [(200, {}), (200, {"text": None}), (200, {"images": []}), (200, {"images": [{"url": "file:///etc/passwd"}]})],
)
def test_a_finished_job_without_a_result_was_paid_for(result: tuple[int, Any], tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        polled(tmp_path, DONE, result)
    assert raised.value.kind is ErrorClass.BAD_OUTPUT
    assert raised.value.maybe_billed


CANCELLED = [
    ("IN_QUEUE", "OK", ZERO),
    ("IN_PROGRESS", "OK", None),
    ("IN_QUEUE", "CANCELLATION_REQUESTED", None),
    ("COMPLETED", "ALREADY_COMPLETED", None),
]


@pytest.mark.parametrize(("before", "said", "charged"), CANCELLED)
def test_only_what_left_the_queue_is_sure_to_cost_nothing(before: str, said: str, charged: Any, tmp_path: Path) -> None:
    async def script(visit: Visit, wire: Wire) -> None:
        state = before if visit.path.endswith("/status") else said
        await visit.answer(200 if visit.path.endswith("/status") else 202, json.dumps({"status": state}).encode())

    async def use(fal: Fal, wire: Wire) -> Any:
        answer = await fal.cancel(f"{wire.url}/fal-ai/flux/requests/1", context(tmp_path))
        assert wire.heads()[-1].startswith("PUT /fal-ai/flux/requests/1/cancel ")
        return answer

    assert scripted(script, use) == charged


# --- with the simulator --------------------------------------------------------------------------------------------


def simulated(use: Callable[[Simulator, Access], Awaitable[T]]) -> T:
    async def run() -> T:
        async with Simulator(seed=9, time_scale=0.005, most_side=96) as sim:
            return await use(sim, access("fal", f"{sim.url}/fal"))

    return asyncio.run(run())


def test_another_process_goes_on_with_the_remote_id_or_with_the_address_alone(tmp_path: Path) -> None:
    async def use(sim: Simulator, there: Access) -> None:
        answer = await Fal(there).submit(request_of(flux(Fal(there))), context(tmp_path))
        first = await await_job(Fal(there), answer.remote, context(tmp_path))
        by_address = json.loads(answer.remote)[2]
        assert await await_job(Fal(there), by_address, context(tmp_path)) == first
        assert sim.report()["accepted"] == 1

    simulated(use)


def edit(fal: Fal) -> Recipe:
    return asked(fal, "nano_banana_2_edit", EDIT, inputs={"image": (FRAME_ARTIFACT,)})


def test_an_input_is_uploaded_once_for_ever_and_anew_when_it_is_gone(tmp_path: Path) -> None:
    async def use(sim: Simulator, there: Access) -> None:
        notes: Quick = context(tmp_path)
        first = Fal(there)
        await asyncio.gather(*(finish(first, request_of(edit(first), candidate=n), notes) for n in range(4)))
        assert sim.report()["uploads"] == 1
        await finish(Fal(there), request_of(edit(first), candidate=9), notes)
        assert sim.report()["uploads"] == 1, "another process knows where it lies"
        (kind, name), note = next(iter(notes._notes.items()))
        url, _until = json.loads(note)
        notes.remember(kind, name, json.dumps([url, 0.0]))
        await finish(Fal(there), request_of(edit(first), candidate=10), notes)
        assert sim.report()["uploads"] == 2, "its time was over"
        notes.remember(kind, name, json.dumps([url + "gone", 9e12]))
        await finish(Fal(there), request_of(edit(first), candidate=11), notes)
        assert sim.report()["uploads"] == 3, "somebody deleted it"

    simulated(use)


@pytest.mark.parametrize("fault", ["500", "429", "close-after", "truncated", "close-before"])
def test_a_broken_upload_is_tried_again_and_buys_nothing_meanwhile(fault: str, tmp_path: Path) -> None:
    async def use(sim: Simulator, there: Access) -> None:
        SimService(sim).strike(fault, "upload", first=1, seconds=0.1)
        try:
            await Fal(there).submit(request_of(edit(Fal(there))), context(tmp_path))
        except RemoteError as error:
            assert error.kind is ErrorClass.TRANSIENT, error.message
            assert not error.maybe_billed
            assert sim.report()["submissions"] == 0

    simulated(use)


def test_two_candidates_of_a_model_without_a_seed_are_no_duplicate_in_the_books(tmp_path: Path) -> None:
    async def use(sim: Simulator, there: Access) -> None:
        fal = Fal(there)
        recipe = asked(fal, "kling_2_1", I2V, inputs=FRAMES)
        for candidate in range(2):
            assert isinstance(await fal.submit(request_of(recipe, candidate=candidate), context(tmp_path)), Submitted)
        assert sim.report()["duplicates"] == []

    simulated(use)


def test_an_offer_that_nobody_makes_is_neither_priced_nor_sent(tmp_path: Path) -> None:
    def none(_alias: str, _op: Operation) -> Offer | None:
        return None

    fal = Fal(access("fal", None)._replace(offer=none))
    recipe = asked(fal, "no_such_model", TEXT)
    assert not fal.estimate(recipe).known
    assert [one.severity for one in fal.validate(recipe)] == [Severity.ERROR]
    with pytest.raises(RemoteError) as raised:
        asyncio.run(fal.submit(request_of(recipe), context(tmp_path)))
    assert raised.value.kind is ErrorClass.INVALID_INPUT
