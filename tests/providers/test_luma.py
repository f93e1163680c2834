"""What Luma is asked, byte by byte, and what is made of its answers."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pytest
from tests.providers.rig import FRAME, FRAME_ARTIFACT, KEY, access, asked, context, request_of
from tests.providers.wire import Visit, serving

from rushes.errors import ErrorClass, RemoteError
from rushes.model.media import Artifact
from rushes.model.operation import Operation
from rushes.model.problem import Severity
from rushes.plugin.provider import Finished, Pending, Submitted, Unknowable
from rushes.providers.luma import FLOOR, Luma

T2I, I2I = Operation.TEXT_TO_IMAGE, Operation.IMAGE_TO_IMAGE
T2V, I2V, V2V = Operation.TEXT_TO_VIDEO, Operation.IMAGE_TO_VIDEO, Operation.VIDEO_TO_VIDEO
OFF = Luma(access("luma", None))
ID = "d290f1ee-6c54-4b01-90e6-d701748f0851"
INSIDE = {"data": base64.b64encode(FRAME).decode(), "media_type": "image/png"}
ONE = (FRAME_ARTIFACT,)


def told(**more: Any) -> dict[str, Any]:
    return {"id": ID, "type": "image", "state": "queued", "model": "uni-1", "output": [], **more}


def talk(tmp_path: Path, recipe: Any, *answers: tuple[int, Any]) -> tuple[Any, list[Visit]]:
    """Submit when there is a recipe, else ask about the job; the answers come one after the other."""

    async def script(visit: Visit) -> None:
        status, body = answers[min(visit.number, len(answers) - 1)]
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        await visit.answer(status, data, "content-type: application/json")

    async def run() -> tuple[Any, list[Visit]]:
        async with serving(script) as wire:
            luma = Luma(access("luma", wire.url, simulated=False))
            try:
                if isinstance(recipe, str):
                    return await luma.poll(recipe, context(tmp_path)), wire.visits
                return await luma.submit(request_of(recipe), context(tmp_path)), wire.visits
            finally:
                await luma.close()

    return asyncio.run(run())


def test_a_picture_as_it_goes_over_the_wire(tmp_path: Path) -> None:
    recipe = asked(OFF, "uni_1", T2I, "a fox", {"aspect_ratio": "9:16", "style": "manga", "output_format": "png"})
    submitted, (visit,) = talk(tmp_path, recipe, (201, told()))
    assert isinstance(submitted, Submitted)
    assert (json.loads(submitted.remote)[0], submitted.wait) == (ID, FLOOR)
    lines = visit.head.decode().split("\r\n")
    assert lines[0] == "POST /v1/generations HTTP/1.1"
    assert f"Authorization: Bearer {KEY}" in lines
    assert not any(line.lower().startswith("x-rushes") for line in lines)
    assert json.loads(visit.body) == {
        "prompt": "a fox",
        "model": "uni-1",
        "type": "image",
        "aspect_ratio": "9:16",
        "style": "manga",
        "output_format": "png",
    }


BODIES: list[tuple[str, Operation, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("uni_1_max", T2I, {}, {"reference": ONE}, {"model": "uni-1-max", "type": "image", "image_ref": [INSIDE]}),
    (
        "uni_1",
        I2I,
        {},
        {"image": ONE, "reference": ONE},
        {"model": "uni-1", "type": "image_edit", "source": INSIDE, "image_ref": [INSIDE]},
    ),
    (
        "ray_3_2",
        T2V,
        {"ratio": "9:16", "seconds": 10},
        {},
        {
            "model": "ray-3.2",
            "type": "video",
            "aspect_ratio": "9:16",
            "video": {"duration": "10s", "resolution": "720p"},
        },
    ),
    (
        "ray_3_2",
        I2V,
        {"resolution": "1080P"},
        {"start_frame": ONE, "end_frame": ONE},
        {
            "model": "ray-3.2",
            "type": "video",
            "video": {"duration": "5s", "resolution": "1080p", "start_frame": INSIDE, "end_frame": INSIDE},
        },
    ),
]


@pytest.mark.parametrize(("alias", "op", "params", "inputs", "body"), BODIES)
def test_every_kind_of_work_has_its_body(
    alias: str,
    op: Operation,
    params: dict[str, Any],
    inputs: dict[str, Any],
    body: dict[str, Any],
    tmp_path: Path,
) -> None:
    _, (visit,) = talk(tmp_path, asked(OFF, alias, op, "a fox", params, inputs), (201, told()))
    assert json.loads(visit.body) == {"prompt": "a fox", **body}


def film(seconds: float | None) -> tuple[Artifact, ...]:
    return (Artifact(FRAME_ARTIFACT.digest, "video/mp4", len(FRAME), 64, 64, seconds),)


def test_a_film_is_edited(tmp_path: Path) -> None:
    recipe = asked(OFF, "ray_3_2", V2V, "at night", {"strength": "flex_2"}, {"video": film(9.0)})
    _, (visit,) = talk(tmp_path, recipe, (201, told()))
    assert json.loads(visit.body) == {
        "prompt": "at night",
        "model": "ray-3.2",
        "type": "video_edit",
        "source": {**INSIDE, "media_type": "video/mp4"},
        "video": {"resolution": "720p", "edit": {"strength": "flex_2"}},
    }
    assert OFF.estimate(recipe).high is None, "what an edit costs is not established"


@pytest.mark.parametrize(
    ("alias", "op", "params", "inputs", "words"),
    [
        ("uni_1", T2I, {"aspect_ratio": "4:3"}, {}, "4:3"),
        ("uni_1", T2I, {"aspect_ratio": "16:9", "style": "manga"}, {}, "manga"),
        ("uni_1", I2I, {}, {"image": ONE * 2}, "one picture"),
        ("uni_1", I2I, {}, {"image": ONE, "mask": ONE}, "mask"),
        ("uni_1", I2I, {}, {"image": ONE, "reference": ONE * 9}, "9 inputs"),
        ("uni_1", T2I, {}, {"reference": ONE * 10}, "10 inputs"),
        ("ray_3_2", T2V, {"aspect_ratio": "2:1"}, {}, "2:1"),
        ("ray_3_2", T2V, {"duration": 6}, {}, "6"),
        ("ray_3_2", T2V, {"duration": 10, "loop": True}, {}, "loop"),
        ("ray_3_2", T2V, {}, {"reference": ONE}, "reference"),
        ("ray_3_2", I2V, {"duration": 10}, {"start_frame": ONE}, "10"),
        ("ray_3_2", I2V, {"loop": True}, {"start_frame": ONE, "end_frame": ONE}, "loop"),
        ("ray_3_2", V2V, {}, {"video": film(19.0)}, "19 s"),
    ],
)
def test_what_cannot_be_had_is_refused_before_anything_is_sent(
    alias: str, op: Operation, params: dict[str, Any], inputs: dict[str, Any], words: str
) -> None:
    problems = OFF.validate(asked(OFF, alias, op, "a fox", params, inputs))
    (problem,) = [one for one in problems if one.severity is Severity.ERROR]
    assert words in problem.says, problem


def test_an_edit_keeps_its_shape_and_says_so() -> None:
    (problem,) = OFF.validate(asked(OFF, "uni_1", I2I, "in red", {"aspect_ratio": "9:16"}, {"image": ONE}))
    assert problem.severity is Severity.WARNING
    assert "its input decides the shape" in problem.says


@pytest.mark.parametrize(
    ("alias", "op", "params", "inputs", "usd"),
    [
        ("uni_1", T2I, {}, {}, "0.0404"),
        ("uni_1", T2I, {}, {"reference": ONE * 9}, "0.0674"),
        ("uni_1", I2I, {}, {"image": ONE}, "0.0434"),
        ("uni_1_max", I2I, {}, {"image": ONE, "reference": ONE}, "0.1060"),
        ("ray_3_2", T2V, {}, {}, "0.30"),
        ("ray_3_2", T2V, {"duration": "10s", "resolution": "1080p"}, {}, "3.60"),
        ("ray_3_2", I2V, {"resolution": "540p"}, {"start_frame": ONE}, "0.15"),
    ],
)
def test_what_is_sent_is_what_is_quoted(
    alias: str, op: Operation, params: dict[str, Any], inputs: dict[str, Any], usd: str
) -> None:
    quote = OFF.estimate(asked(OFF, alias, op, "a fox", params, inputs))
    assert (str(quote.low), str(quote.high)) == (usd, usd)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", {"state": "queued"}, {"id": 5}, {"id": "../files"}, {"id": "a/b"}])
def test_an_acceptance_that_cannot_be_read_is_unknown(body: Any, tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        talk(tmp_path, asked(OFF, "uni_1", T2I), (201, body))
    assert (raised.value.kind, raised.value.maybe_billed) == (ErrorClass.UNKNOWN_OUTCOME, True)


def test_a_finished_job_gives_its_addresses(tmp_path: Path) -> None:
    urls = ["https://s3.example/o/1.png?X-Amz-Expires=3600", "https://s3.example/o/2.jpeg?a=b"]
    output: list[Any] = [{"type": "image", "url": url} for url in urls]
    answer = told(state="completed", output=[*output, {"type": "image"}, 5, {"url": "file:///etc/passwd"}])
    finished, visits = talk(tmp_path, ID, (200, answer))
    assert isinstance(finished, Finished)
    assert [(one.media_type, one.url) for one in finished.outputs] == [("image/png", urls[0]), ("image/jpeg", urls[1])]
    assert finished.billed is None
    assert visits[0].path == f"/v1/generations/{ID}"


def test_a_film_without_an_ending_in_its_address_is_a_film(tmp_path: Path) -> None:
    answer = told(state="completed", output=[{"type": "video", "url": "https://s3.example/o/1"}])
    finished, _ = talk(tmp_path, ID, (200, answer))
    assert finished.outputs[0].media_type == "video/mp4"


@pytest.mark.parametrize("answer", [told(), told(state="processing"), told(state="dreaming"), {}, told(state=5)])
def test_whatever_is_not_over_is_asked_about_again(answer: dict[str, Any], tmp_path: Path) -> None:
    pending, _ = talk(tmp_path, ID, (200, answer))
    assert isinstance(pending, Pending) and pending.wait >= FLOOR


@pytest.mark.parametrize("output", [None, [], 5, [{"type": "image", "url": None}]])
def test_a_finished_job_without_a_result_was_paid_for(output: Any, tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        talk(tmp_path, ID, (200, told(state="completed", output=output)))
    assert (raised.value.kind, raised.value.maybe_billed) == (ErrorClass.BAD_OUTPUT, True)


@pytest.mark.parametrize("remote", ["", "../files", "a/b", "a?b", "[]", '["../files", 1]', "[1"])
def test_what_is_no_id_is_never_part_of_an_address(remote: str, tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        talk(tmp_path, remote, (200, told()))
    assert raised.value.maybe_billed
    with pytest.raises(RemoteError):
        asyncio.run(OFF.cancel(remote, context(tmp_path)))


def test_a_job_cannot_be_stopped_nor_found(tmp_path: Path) -> None:
    there = context(tmp_path)
    assert asyncio.run(OFF.cancel(ID, there)) is None
    assert isinstance(asyncio.run(OFF.reconcile(request_of(asked(OFF, "uni_1", T2I)), there)), Unknowable)
