"""What gateways in OpenAI's shape are asked for a film, byte by byte; and what is made of their answers about one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.providers.rig import FRAME, FRAME_ARTIFACT, KEY, access, asked, context, request_of
from tests.providers.rows import Case, means, untested
from tests.providers.wire import Script, Visit, serving

from rushes.errors import ErrorClass, RemoteError
from rushes.model.operation import Operation
from rushes.model.problem import Severity
from rushes.plugin.provider import Output, Pending, Submitted, Unknowable
from rushes.providers.openai.filmed import FLOOR, RESULT
from rushes.providers.openai.provider import OpenAI
from rushes.providers.said_limits import LONGEST_WAIT
from rushes.sim.wire import Request as Came
from rushes.sim.wire import form

E = ErrorClass
TEXT, FRAMED = Operation.TEXT_TO_VIDEO, Operation.IMAGE_TO_VIDEO
OFF = OpenAI(access("openai", None))
GATEWAY = OpenAI(access("openai", "https://gateway.example/v1", simulated=False))
SECRET = f"Authorization: Bearer {KEY}"
TALL = FRAME_ARTIFACT._replace(width=720, height=1280)
LONG = "video_bGl0ZWxsbTpjdXN0b21fbGxtX3Byb3ZpZGVyOm9wZW5haTttb2RlbF9pZDo7dmlkZW9faWQ6dmlkZW9f" + "aB+/" * 40 + "=="
"""An id as LiteLLM makes them: base64, with all of its signs, and longer than those of any service."""


def says(body: object, status: int = 200, *headers: str) -> Script:
    async def script(visit: Visit) -> None:
        await visit.answer(status, json.dumps(body).encode(), *headers)

    return script


def film(scripts: Sequence[Script], folder: Path, recipe: Any, under: str = "/v1") -> tuple[list[Any], list[Visit]]:
    """Submit, and ask once for each answer that is left."""

    async def run() -> tuple[list[Any], list[Visit]]:
        async with serving(scripts) as wire:
            openai = OpenAI(access("openai", wire.url + under, simulated=False))
            there = context(folder)
            try:
                told = await openai.submit(request_of(recipe), there)
                assert isinstance(told, Submitted)
                return [told, *[await openai.poll(told.remote, there) for _ in scripts[1:]]], wire.visits
            finally:
                await openai.close()

    return asyncio.run(run())


def parts(visit: Visit) -> list[tuple[str, str | None, str, bytes]]:
    kind = next(one for one in visit.head.decode().split("\r\n") if one.lower().startswith("content-type"))
    found = form(Came("POST", "", "", {}, {"content-type": kind.partition(": ")[2]}, visit.body))
    assert found is not None
    return [(one.field, one.file, one.media_type, one.data) for one in found]


@pytest.mark.parametrize("under", ["", "/v1", "/tenant/v1/"])
def test_a_film_from_a_first_frame_as_it_goes_over_the_wire(under: str, tmp_path: Path) -> None:
    params = {"aspect_ratio": "9:16", "duration": "8s"}
    recipe = asked(GATEWAY, "sora_2_i2v", FRAMED, "the fox runs", params, {"start_frame": (TALL,)})
    running = says({"id": "video_1", "status": "in_progress", "progress": 33})
    ended = says({"id": "video_1", "status": "completed", "progress": 100})
    (told, pending, finished), visits = film([says({"id": "video_1"}), running, ended], tmp_path, recipe, under)
    prefix = under.rstrip("/").removesuffix("/v1")
    assert visits[0].head.startswith(f"POST {prefix}/v1/videos ".encode())
    assert SECRET in visits[0].head.decode() and SECRET in visits[1].head.decode()
    assert b"x-rushes" not in visits[0].head.lower()
    assert parts(visits[0]) == [
        ("model", None, "text/plain", b"sora-2"),
        ("prompt", None, "text/plain", b"the fox runs"),
        ("size", None, "text/plain", b"720x1280"),
        ("seconds", None, "text/plain", b"8"),
        ("input_reference", "start_frame-1.png", "image/png", FRAME),
    ]
    assert visits[1].head.startswith(f"GET {prefix}/v1/videos/video_1 ".encode())
    assert json.loads(told.remote)[0] == "video_1"
    assert isinstance(pending, Pending)
    assert (pending.says, pending.progress, pending.wait >= 5) == ("in progress", 0.33, True)
    (output,) = finished.outputs
    assert (output.media_type, output.data) == ("video/mp4", None)
    assert output.url.endswith(f"{prefix}/v1/videos/video_1/content?variant=video")
    assert finished.billed is None


def test_an_id_of_a_gateway_is_asked_about_as_one_part_of_an_address(tmp_path: Path) -> None:
    """A film is not lost because its id has the signs of a path, as a third of LiteLLM's may."""
    (told, _), visits = film([says({"id": LONG}), says({"status": "queued"})], tmp_path, asked(GATEWAY, "sora_2", TEXT))
    assert json.loads(told.remote)[0] == LONG
    assert visits[1].path == f"/v1/videos/{LONG.replace('/', '%2F')}"


@pytest.mark.parametrize(
    "odd",
    [
        [],
        {},
        {"id": 5},
        {"id": ""},
        {"id": "a/../b"},
        {"id": "../files"},
        {"id": "/x"},
        {"id": "a b"},
        {"id": "x" * 999},
    ],
)
def test_an_answer_without_an_id_that_is_one_is_an_unknown_outcome(odd: object, tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        film([says(odd)], tmp_path, asked(GATEWAY, "sora_2", TEXT))
    assert (raised.value.kind, raised.value.maybe_billed) == (E.UNKNOWN_OUTCOME, True)


@pytest.mark.parametrize("remote", ["", "a b", "../../models", "[]", '["/a"]', "x?y", "x#y", "x%2e", "x" * 600])
def test_what_is_no_id_of_a_film_is_asked_about_nowhere(remote: str, tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        asyncio.run(GATEWAY.poll(remote, context(tmp_path)))
    assert (raised.value.kind, raised.value.maybe_billed) == (E.INVALID_INPUT, True)


ODD: list[Any] = [
    {},
    {"status": None},
    {"status": ["completed"]},
    {"status": "rehearsing", "progress": "most"},
    {"status": "in_progress", "progress": True},
    {"status": "queued", "progress": 1e999},
    {"status": "in\u0000progress " * 99, "progress": -4},
]


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_a_state_that_nobody_knows_is_waited_for(odd: Any, tmp_path: Path) -> None:
    (_, pending), _ = film([says({"id": "video_1"}), says(odd)], tmp_path, asked(GATEWAY, "sora_2", TEXT))
    assert isinstance(pending, Pending)
    assert pending.progress is None and len(pending.says) <= 40 and pending.says.isprintable()


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("openai-poll-after-ms: 12500", 12.5),
        ("openai-poll-after-ms: 999999999999", LONGEST_WAIT),
        ("openai-poll-after-ms: 10", FLOOR),
        ("openai-poll-after-ms: soon", FLOOR),
        ("x-nothing: 1", FLOOR),
    ],
)
def test_a_film_is_asked_about_no_earlier_than_its_gateway_says(header: str, wait: float, tmp_path: Path) -> None:
    odd = {"status": "in_progress", "openai-poll-after-ms": "a field of that name is none of ours"}
    (_, pending), _ = film([says({"id": "video_1"}), says(odd, 200, header)], tmp_path, asked(GATEWAY, "sora_2", TEXT))
    assert isinstance(pending, Pending)
    assert pending.wait == wait


@pytest.mark.parametrize("odd", [{"error": 5}, {"error": {"code": 5, "message": None}}, {"error": {"code": ["x"]}}, {}])
def test_a_film_that_has_failed_is_a_failure_however_odd_its_reason(odd: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        film([says({"id": "video_1"}), says({"status": "failed", **odd})], tmp_path, asked(GATEWAY, "sora_2", TEXT))
    assert (raised.value.kind, raised.value.maybe_billed) == (E.BAD_OUTPUT, True)


def failed(code: str, message: str = "no") -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


ABOUT = [
    Case(200, failed("moderation_blocked"), {}, E.CONTENT_POLICY, True),
    Case(200, failed("sentinel_block"), {}, E.CONTENT_POLICY, True),
    Case(200, failed("content_policy_violation"), {}, E.CONTENT_POLICY, True),
    Case(200, failed("insufficient_quota"), {}, E.QUOTA, False),
    Case(429, failed("billing_hard_limit_reached"), {}, E.QUOTA, False),
    Case(404, failed("not_found"), {}, E.BAD_OUTPUT, True),
    Case(410, "", {}, E.BAD_OUTPUT, True),
    Case(401, failed("invalid_api_key"), {}, E.AUTH, False),
    Case(200, failed("internal_error", "the model failed"), {}, E.BAD_OUTPUT, True),
]


@pytest.mark.parametrize("case", ABOUT, ids=lambda case: f"{case.status} {case.body}"[:60])
def test_an_answer_about_a_film(case: Case) -> None:
    means(OpenAI, RESULT, case)


def test_no_row_is_without_a_test() -> None:
    assert untested(OpenAI, RESULT, ABOUT) == []


@pytest.mark.parametrize(("status", "kind"), [(404, E.BAD_OUTPUT), (401, E.AUTH), (400, E.INVALID_INPUT)])
def test_a_definite_no_about_a_film_was_paid_for(status: int, kind: ErrorClass, tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        film([says({"id": "video_1"}), says(failed("no"), status)], tmp_path, asked(GATEWAY, "sora_2", TEXT))
    assert (raised.value.kind, raised.value.maybe_billed) == (kind, True)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"<html>", b"[" * 9999])
def test_an_answer_about_a_film_that_cannot_be_read_is_asked_for_again(body: bytes, tmp_path: Path) -> None:
    async def script(visit: Visit) -> None:
        await visit.answer(200, body)

    (_, pending), _ = film([says({"id": "video_1"}), script], tmp_path, asked(GATEWAY, "sora_2", TEXT))
    assert isinstance(pending, Pending)


def test_a_film_is_fetched_with_the_key_at_its_gateway_and_without_it_elsewhere() -> None:
    own = "https://gateway.example/v1/videos/video_1/content?variant=video"
    assert GATEWAY.opening(own) == {"Authorization": f"Bearer {KEY}"}
    for url in ("https://elsewhere.example/f.mp4", own.replace("https", "http"), own.replace(".example", ".example.x")):
        assert GATEWAY.opening(url) == {}
    tenant = OpenAI(access("openai", "https://gateway.example/mine/v1", simulated=False))
    assert tenant.opening(own) == {}, "what is beside our part of a gateway is not ours"


def test_a_film_that_is_called_off_is_left_alone_for_what_is_deleted_was_paid_for(tmp_path: Path) -> None:
    async def run() -> tuple[Any, list[str]]:
        async with serving(says({})) as wire:
            openai = OpenAI(access("openai", wire.url, simulated=False))
            try:
                return await openai.cancel("video_1", context(tmp_path)), wire.heads()
            finally:
                await openai.close()

    assert asyncio.run(run()) == (None, [])
    with pytest.raises(RemoteError):
        asyncio.run(GATEWAY.cancel("a b", context(tmp_path)))


def test_a_film_of_a_gateway_that_is_not_named_any_more_is_not_given_up(tmp_path: Path) -> None:
    """OpenAI itself would say that there is no such film, and then it would count as lost."""
    with pytest.raises(RemoteError) as raised:
        asyncio.run(OFF.poll("video_1", context(tmp_path)))
    assert (raised.value.kind, raised.value.maybe_billed) == (E.TRANSIENT, False)
    assert "[providers.openai]" in raised.value.next_step


@pytest.mark.parametrize("alias", ["sora_2", "sora_2_pro"])
@pytest.mark.parametrize("op", [TEXT, FRAMED])
def test_openai_makes_no_films_and_says_since_when_and_what_to_do(alias: str, op: Operation) -> None:
    given = {"start_frame": (TALL,)} if op is FRAMED else None
    (problem,) = OFF.validate(asked(OFF, alias, op, inputs=given))
    assert problem.severity is Severity.ERROR
    assert "2026-09-24" in problem.says and "[providers.openai] url" in problem.try_
    assert not GATEWAY.validate(asked(GATEWAY, alias, op, inputs=given))
    with pytest.raises(RemoteError) as raised:
        OFF.ready(asked(OFF, alias, op, inputs=given))
    assert (raised.value.kind, raised.value.maybe_billed) == (E.INVALID_INPUT, False)


CASES: list[tuple[str, Mapping[str, Any], Mapping[str, Any]]] = [
    ("sora_2", {}, {"size": "720x1280", "seconds": "4"}),
    ("sora_2", {"aspect_ratio": "9:16"}, {"size": "720x1280", "seconds": "4"}),
    ("sora_2", {"ratio": "16 : 9", "duration": "12s"}, {"size": "1280x720", "seconds": "12"}),
    ("sora_2", {"width": 1080, "height": 1920}, {"size": "720x1280", "seconds": "4"}),
    ("sora_2", {"size": "1280x720", "seconds": 8.0}, {"size": "1280x720", "seconds": "8"}),
    ("sora_2_pro", {"aspect_ratio": "9:16"}, {"size": "720x1280", "seconds": "4"}),
    ("sora_2_pro", {"size": "1024x1792", "video_length": 8}, {"size": "1024x1792", "seconds": "8"}),
    ("sora_2_pro", {"width": 1792, "height": 1024}, {"size": "1792x1024", "seconds": "4"}),
]


@pytest.mark.parametrize(("alias", "params", "sent"), CASES, ids=str)
def test_words_of_workflows_reach_the_parameters_of_films(
    alias: str, params: Mapping[str, Any], sent: Mapping[str, Any]
) -> None:
    put = GATEWAY.put(asked(GATEWAY, alias, TEXT, params=params))
    assert (put.body, put.problems) == (sent, [])


@pytest.mark.parametrize(
    ("alias", "params"),
    [
        ("sora_2", {"aspect_ratio": "1:1"}),
        ("sora_2", {"size": "1024x1792", "aspect_ratio": "4:3"}),
        ("sora_2", {"duration": 5}),
        ("sora_2", {"duration": 16}),
        ("sora_2_pro", {"aspect_ratio": "21:9"}),
        ("sora_2_pro", {"seconds": "long"}),
    ],
)
def test_what_a_film_cannot_be_is_refused_by_name_before_it_is_asked_for(alias: str, params: dict[str, Any]) -> None:
    problems = GATEWAY.validate(asked(GATEWAY, alias, TEXT, params=params))
    assert problems and {one.severity for one in problems} == {Severity.ERROR}
    assert {one.path[1] for one in problems} <= set(params)


@pytest.mark.parametrize(
    ("alias", "width", "height", "size", "fits"),
    [
        ("sora_2_i2v", 720, 1280, "720x1280", True),
        ("sora_2_i2v", 1280, 720, "1280x720", True),
        ("sora_2_i2v", 1024, 1792, "720x1280", False),
        ("sora_2_pro_i2v", 1024, 1792, "1024x1792", True),
        ("sora_2_pro_i2v", 1344, 768, "1280x720", False),
        ("sora_2_i2v", 64, 64, "720x1280", False),
    ],
)
def test_a_film_is_as_large_as_its_first_frame_or_says_that_it_is_not(
    alias: str, width: int, height: int, size: str, fits: bool
) -> None:
    frame = {"start_frame": (FRAME_ARTIFACT._replace(width=width, height=height),)}
    put = GATEWAY.put(asked(GATEWAY, alias, FRAMED, inputs=frame))
    assert put.body["size"] == size
    assert [one.severity for one in put.problems] == ([] if fits else [Severity.WARNING])
    assert fits or (f"{width}x{height}" in put.problems[0].says and size in put.problems[0].try_)


@pytest.mark.parametrize(
    ("alias", "params", "usd"),
    [
        ("sora_2", {}, "0.40"),
        ("sora_2", {"duration": 12, "aspect_ratio": "16:9"}, "1.20"),
        ("sora_2_pro", {}, "1.20"),
        ("sora_2_pro", {"duration": 8, "size": "1792x1024"}, "4.00"),
    ],
)
def test_a_film_is_quoted_by_its_length_and_its_size(alias: str, params: dict[str, Any], usd: str) -> None:
    quote = GATEWAY.estimate(asked(GATEWAY, alias, TEXT, params=params))
    assert (quote.low, quote.high) == (Decimal(usd), Decimal(usd))


def test_a_first_frame_of_another_type_is_refused() -> None:
    frame = {"start_frame": (TALL._replace(media_type="image/gif"),)}
    (problem,) = GATEWAY.validate(asked(GATEWAY, "sora_2_i2v", FRAMED, inputs=frame))
    assert problem.severity is Severity.ERROR and "image/gif" in problem.says


def test_there_is_no_list_that_a_lost_film_could_be_found_in(tmp_path: Path) -> None:
    assert isinstance(
        asyncio.run(GATEWAY.reconcile(request_of(asked(GATEWAY, "sora_2", TEXT)), context(tmp_path))), Unknowable
    )


def fetched(body: bytes, folder: Path) -> tuple[bytes, Visit]:
    async def content(visit: Visit) -> None:
        await visit.answer(200, body, "content-type: video/mp4")

    async def run() -> tuple[bytes, Visit]:
        async with serving(content) as wire:
            openai = OpenAI(access("openai", wire.url, simulated=False))
            output = Output("video/mp4", url=f"{wire.url}/v1/videos/video_1/content?variant=video")
            try:
                got = b"".join([piece async for piece in openai.fetch(output, context(folder))])
                return got, wire.visits[0]
            finally:
                await openai.close()

    return asyncio.run(run())


def test_a_film_is_fetched_from_its_gateway_whole(tmp_path: Path) -> None:
    film = b"\0\0\0 ftypisom" + b"{" * 200_000
    got, visit = fetched(film, tmp_path)
    assert got == film and SECRET in visit.head.decode()


@pytest.mark.parametrize("body", [b'{"url": "https://elsewhere.example/f.mp4"}', b"[]", b"\n <html>"])
def test_words_in_the_place_of_a_film_are_not_kept_as_one_and_no_other_is_bought(body: bytes, tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        fetched(body, tmp_path)
    assert (raised.value.kind, raised.value.maybe_billed) == (E.BAD_OUTPUT, True)
