"""What Replicate is asked, byte by byte, and what is made of its answers."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.providers.rig import FRAME_ARTIFACT, KEY, SimService, access, asked, context, request_of
from tests.providers.wire import Visit, serving

from rushes.catalogue.endpoints import takes_at
from rushes.errors import ErrorClass, RemoteError
from rushes.model.canonical import digest_of
from rushes.model.operation import Operation
from rushes.model.problem import Severity
from rushes.plugin.provider import Finished, Found, Pending, Unknowable
from rushes.plugin.published import Published
from rushes.providers.replicate import Replicate, _addressed
from rushes.sim.simulator import Simulator
from rushes.testing.subject import await_job, read

PAINT, FILM = Operation.TEXT_TO_IMAGE, Operation.IMAGE_TO_VIDEO
OFF = Replicate(access("replicate", None))
FRAME = (FRAME_ARTIFACT,)


def fox(**params: Any) -> Any:
    return asked(OFF, "flux_schnell", PAINT, "a fox", params)


async def _submitted(answer: bytes, status: int, there: Any, recipe: Any) -> tuple[str, Visit]:
    async def script(visit: Visit) -> None:
        await visit.answer(status, answer)

    async with serving(script) as wire:
        replicate = Replicate(access("replicate", wire.url, simulated=False))
        try:
            return (await replicate.submit(request_of(recipe), there)).remote, wire.visits[0]
        finally:
            await replicate.close()


def submitted(recipe: Any, there: Any, answer: bytes = b'{"id": "gm3qorzd"}', status: int = 201) -> tuple[str, Visit]:
    return asyncio.run(_submitted(answer, status, there, recipe))


def test_a_prediction_as_it_goes_over_the_wire(tmp_path: Path) -> None:
    recipe = fox(aspect_ratio="9:16", steps=4, output_format="png")
    there = context(tmp_path)
    there.webhook = "https://here.example/hook"
    remote, visit = submitted(recipe, there)
    lines = visit.head.decode().split("\r\n")
    assert lines[0] == "POST /v1/models/black-forest-labs/flux-schnell/predictions HTTP/1.1"
    assert f"Authorization: Bearer {KEY}" in lines
    assert "Cancel-After: 1h" in lines
    assert not any(line.lower().startswith(("prefer", "x-rushes")) for line in lines)
    assert json.loads(visit.body) == {
        "input": {
            "prompt": "a fox",
            "aspect_ratio": "9:16",
            "num_inference_steps": 4,
            "output_format": "png",
            "seed": request_of(recipe).seed,
        },
        "webhook": "https://here.example/hook",
        "webhook_events_filter": ["completed"],
    }
    assert json.loads(remote)[0] == "gm3qorzd"


@pytest.mark.parametrize(
    ("endpoint", "path", "body"),
    [
        ("owner/name", "/v1/models/owner/name/predictions", {}),
        ("owner/name:5c7d5dc6", "/v1/predictions", {"version": "5c7d5dc6"}),
        ("deployments/owner/name", "/v1/deployments/owner/name/predictions", {}),
    ],
)
def test_models_versions_and_deployments_have_addresses_of_their_own(
    endpoint: str, path: str, body: dict[str, str]
) -> None:
    assert _addressed(endpoint) == (path, body)


@pytest.mark.parametrize("alias", ["flux_schnell", "flux_dev", "seedream3", "gen4"])
@pytest.mark.parametrize(
    ("params", "ratio"),
    [({"aspect_ratio": "9:16"}, "9:16"), ({"ratio": "16:9"}, "16:9"), ({"width": 768, "height": 1024}, "3:4")],
)
def test_a_shape_is_asked_for_as_each_model_takes_it(alias: str, params: dict[str, Any], ratio: str) -> None:
    body, problems = OFF.put(asked(OFF, alias, PAINT, "a fox", params))
    assert (body, problems) == ({"aspect_ratio": ratio}, [])


@pytest.mark.parametrize(
    ("alias", "op", "params", "severity"),
    [
        ("flux_schnell", PAINT, {"aspect_ratio": "7:1"}, Severity.ERROR),
        ("flux_schnell", PAINT, {"num_inference_steps": 9}, Severity.ERROR),
        ("flux_schnell", PAINT, {"n": 2}, Severity.ERROR),
        ("gen4", PAINT, {"resolution": "4k"}, Severity.ERROR),
        ("kling_2_1", FILM, {"duration": 7}, Severity.ERROR),
        ("kling_2_1", FILM, {"aspect_ratio": "9:16"}, Severity.WARNING),  # its first picture decides
        ("flux_dev", PAINT, {"unheard_of": 1}, Severity.WARNING),
    ],
)
def test_what_cannot_be_had_is_said_before_anything_is_sent(
    alias: str, op: Operation, params: dict[str, Any], severity: Severity
) -> None:
    inputs = {"start_frame": FRAME} if op is FILM else {}
    (problem,) = OFF.validate(asked(OFF, alias, op, "a fox", params, inputs))
    assert (problem.severity, problem.path) == (severity, ("params", *params))


def test_an_edit_costs_by_its_resolution() -> None:
    quotes = [
        OFF.estimate(asked(OFF, "gen4", PAINT, "a fox", {"resolution": one} if one else {})) for one in ("720p", "")
    ]
    assert [str(quote.high) for quote in quotes] == ["0.05", "0.08"]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{",
        b"[]",
        b'{"id": 5}',
        b'{"id": "a/b"}',
        b'{"id": "../x"}',
        b'{"id": ""}',
        b'{"id": "%s"}' % (b"x" * 300),
    ],
)
def test_a_2xx_that_cannot_be_read_is_unknown(answer: bytes, tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        submitted(fox(), context(tmp_path), answer)
    assert (raised.value.kind, raised.value.maybe_billed) == (ErrorClass.UNKNOWN_OUTCOME, True)


def asked_about(remote: str, there: Any, *answers: Any) -> tuple[Any, list[str]]:
    async def one(visit: Visit) -> None:
        await visit.answer(200, json.dumps(answers[min(visit.number, len(answers) - 1)]).encode())

    async def run() -> tuple[Any, list[str]]:
        async with serving(one) as wire:
            replicate = Replicate(access("replicate", wire.url, simulated=False))
            try:
                return await replicate.poll(remote, there), wire.heads()
            finally:
                await replicate.close()

    return asyncio.run(run())


A, B = "https://replicate.delivery/x/out-0.webp", "https://replicate.delivery/x/out-1.mp4"


@pytest.mark.parametrize(
    ("output", "outputs", "text"),
    [
        (A, [("image/webp", A)], None),
        ([A, B], [("image/webp", A), ("video/mp4", B)], None),
        ({"video": B, "preview": A, "seconds": 5}, [("video/mp4", B), ("image/webp", A)], None),
        (["Once ", "upon", " a time"], [], "Once upon a time"),
        ("a fox in the snow", [], "a fox in the snow"),
    ],
)
def test_an_output_is_an_address_a_list_an_object_or_words(
    output: Any, outputs: list[tuple[str, str]], text: str | None, tmp_path: Path
) -> None:
    finished, heads = asked_about("job1", context(tmp_path), {"status": "succeeded", "output": output})
    assert isinstance(finished, Finished)
    assert [(one.media_type, one.url) for one in finished.outputs] == outputs
    assert (finished.text, finished.billed) == (text, None)
    assert heads == ["GET /v1/predictions/job1 HTTP/1.1"]


@pytest.mark.parametrize(
    "said",
    [
        {"status": "succeeded", "output": None},
        {"status": "succeeded", "output": []},
        {"status": "succeeded", "output": 5},
        {"status": "succeeded", "output": A, "data_removed": True},
    ],
)
def test_a_result_that_is_deleted_was_paid_for_all_the_same(said: Any, tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        asked_about("job1", context(tmp_path), said)
    assert (raised.value.kind, raised.value.maybe_billed) == (ErrorClass.BAD_OUTPUT, True)


@pytest.mark.parametrize("said", [{"status": "starting"}, {"status": "processing"}, {"status": "dreaming"}, {}, [], 5])
def test_what_is_not_done_is_asked_about_again(said: Any, tmp_path: Path) -> None:
    pending, _ = asked_about("job1", context(tmp_path), said)
    assert isinstance(pending, Pending) and pending.wait >= Replicate.floor


@pytest.mark.parametrize("remote", ["", "../account", "a/b", "a?b=c", "x" * 201, "é", "[]", '["a/b", 1]', "[1"])
def test_what_is_no_id_is_never_part_of_an_address(remote: str, tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        asked_about(remote, context(tmp_path), {})
    assert raised.value.maybe_billed


def listed(there: Any, page: Callable[[Visit, str], Any]) -> tuple[Any, list[Visit]]:
    """What `reconcile` makes of a list of predictions."""

    async def run() -> tuple[Any, list[Visit]]:
        url = ""

        async def one(visit: Visit) -> None:
            await visit.answer(200, json.dumps(page(visit, url)).encode())

        async with serving(one) as wire:
            url = wire.url
            replicate = Replicate(access("replicate", wire.url, simulated=False))
            kind = f"sent:replicate:{wire.url}"
            if note := there.recall("test", "sent"):
                there.remember(kind, there.idempotency_key, note)
            for id_, key in json.loads(there.recall("test", "known") or "{}").items():
                there.remember(f"job:replicate:{wire.url}", id_, key)
            try:
                return await replicate.reconcile(request_of(fox()), there), wire.visits
            finally:
                await replicate.close()

    return asyncio.run(run())


def sent(there: Any, given: Any, at: float | None = None) -> None:
    there.remember("test", "sent", json.dumps([time.time() if at is None else at, digest_of(given)]))


def one(id_: str, given: Any, at: float | None = None) -> dict[str, Any]:
    when = datetime.fromtimestamp(time.time() if at is None else at, UTC)
    return {"id": id_, "input": given, "created_at": when.isoformat(), "status": "processing"}


MINE = {"prompt": "a fox", "seed": 7}


def test_a_lost_answer_is_found_by_its_input_on_whatever_page(tmp_path: Path) -> None:
    there = context(tmp_path)
    sent(there, MINE)

    def page(visit: Visit, url: str) -> Any:
        if visit.number == 0:
            assert visit.path.startswith("/v1/predictions?created_after=20")
            return {
                "results": [one("other", {**MINE, "seed": 8}), 5, {"id": 5}],
                "next": f"{url}/v1/predictions?cursor=1",
            }
        return {"results": [one("mine", {"seed": 7, "prompt": "a fox"})], "next": None}

    found, visits = listed(there, page)
    assert isinstance(found, Found) and json.loads(found.remote)[0] == "mine"
    assert len(visits) == 2


@pytest.mark.parametrize(
    "results",
    [
        [],
        [one("a", {**MINE, "seed": 8})],
        [one("a", MINE), one("b", MINE)],  # either could be meant
        [one("old", MINE, time.time() - 3600)],  # of an earlier attempt
        [{**one("a", MINE), "created_at": "yesterday"}],
        [one("a/b", MINE)],
        [{**one("a", {}), "data_removed": True}],
    ],
)
def test_where_the_list_is_not_certain_nobody_is_told_so(results: list[Any], tmp_path: Path) -> None:
    there = context(tmp_path)
    sent(there, MINE)
    found, _ = listed(there, lambda visit, url: {"results": results, "next": None})
    assert isinstance(found, Unknowable)


def test_a_job_of_another_asking_is_not_taken_for_this_one(tmp_path: Path) -> None:
    there = context(tmp_path)
    sent(there, MINE)
    there.remember("test", "known", json.dumps({"theirs": "key-of-another"}))
    found, _ = listed(there, lambda visit, url: {"results": [one("theirs", MINE), one("mine", MINE)], "next": None})
    assert isinstance(found, Found) and json.loads(found.remote)[0] == "mine"


def test_the_key_is_not_sent_to_an_address_that_a_page_names(tmp_path: Path) -> None:
    there = context(tmp_path)
    sent(there, MINE)
    found, visits = listed(there, lambda visit, url: {"results": [], "next": "http://127.0.0.1:9/v1/predictions"})
    assert isinstance(found, Unknowable) and len(visits) == 1


def test_a_list_without_end_is_left(tmp_path: Path) -> None:
    there = context(tmp_path)
    sent(there, MINE)
    found, visits = listed(there, lambda visit, url: {"results": [], "next": f"{url}/v1/predictions?cursor=x"})
    assert isinstance(found, Unknowable) and len(visits) == 20


def test_nothing_is_asked_about_what_was_never_sent_or_has_no_seed(tmp_path: Path) -> None:
    found, visits = listed(context(tmp_path), lambda visit, url: {"results": [one("a", MINE)], "next": None})
    assert isinstance(found, Unknowable) and not visits


def test_a_lost_answer_is_found_in_front_of_the_simulator_and_its_picture_with_it(tmp_path: Path) -> None:
    async def run() -> None:
        async with Simulator(seed=4, time_scale=0.001, most_side=64) as sim:
            there, other = context(tmp_path, "key-1"), context(tmp_path, "key-2")
            replicate = Replicate(access("replicate", f"{sim.url}/replicate"))
            request = request_of(fox())
            SimService(sim).strike("close-after")
            with pytest.raises(RemoteError) as raised:
                await replicate.submit(request, there)
            assert raised.value.kind is ErrorClass.UNKNOWN_OUTCOME
            SimService(sim).calm()
            await replicate.submit(dataclasses.replace(request, seed=request.seed + 1), other)
            found = await replicate.reconcile(request, there)
            assert isinstance(found, Found)
            finished = await await_job(replicate, found.remote, there)
            assert await read(replicate, finished.outputs[0], there)
            assert (sim.report()["accepted"], sim.report()["duplicates"]) == (2, [])
            await replicate.close()

    asyncio.run(run())


def test_calls_are_believed_when_signed_and_forged_ones_are_not(tmp_path: Path) -> None:
    calls: asyncio.Queue[Visit] = asyncio.Queue()

    async def called(visit: Visit) -> None:
        await visit.answer(200)
        calls.put_nowait(visit)

    async def run() -> None:
        async with serving(called) as hook, Simulator(seed=4, time_scale=0.001, most_side=64) as sim:
            SimService(sim).strike("webhook-forged", "webhook")
            SimService(sim).strike("webhook-twice", "webhook")
            replicate, there = Replicate(access("replicate", f"{sim.url}/replicate")), context(tmp_path)
            there.webhook = hook.url
            answer = await replicate.submit(request_of(fox()), there)
            believed = []
            async with asyncio.timeout(10):
                while len(believed) < 3:
                    visit = await calls.get()
                    believed.append(await replicate.called(visit.headers, visit.body))
            job = json.loads(answer.remote)[0]
            assert believed == [None, job, job], "the first one is forged"
            await replicate.close()

    asyncio.run(run())


def test_a_job_that_runs_is_stopped_and_what_it_costs_is_not_known(tmp_path: Path) -> None:
    async def run() -> None:
        async with Simulator(seed=4, time_scale=1.0, most_side=64) as sim:
            replicate, there = Replicate(access("replicate", f"{sim.url}/replicate")), context(tmp_path)
            answer = await replicate.submit(request_of(fox()), there)
            assert await replicate.cancel(answer.remote, there) is None
            with pytest.raises(RemoteError) as raised:
                await replicate.poll(answer.remote, there)
            assert (raised.value.kind, raised.value.maybe_billed) == (ErrorClass.CANCELLED, True)
            with pytest.raises(RemoteError) as raised:
                await replicate.cancel("unheard-of", there)
            assert raised.value.maybe_billed
            await replicate.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        ("black-forest-labs/flux-schnell", "schema"),
        ("black-forest-labs/flux-schnell:VERSION", "schema"),
        ("black-forest-labs/flux-schnell:0000", None),
        ("nobody/nothing", None),
        ("deployments/me/mine", "nothing"),
    ],
)
def test_what_a_model_takes_today_is_asked_of_replicate(endpoint: str, said: str | None, tmp_path: Path) -> None:
    async def run() -> Published | None:
        async with Simulator(seed=4) as sim:
            replicate = Replicate(access("replicate", f"{sim.url}/replicate"))
            try:
                version = hashlib.sha256(b"black-forest-labs/flux-schnell").hexdigest()
                return await replicate.published(endpoint.replace("VERSION", version), context(tmp_path))
            finally:
                await replicate.close()

    found = asyncio.run(run())
    takes = takes_at("replicate", "black-forest-labs/flux-schnell")
    assert takes is not None
    if said is None:
        assert found is None
    else:
        assert found is not None and found.usd is None
        assert (found.schema or {}).get("properties") == (takes.properties if said == "schema" else None)


def test_a_key_is_tried_for_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        async with Simulator(seed=4) as sim:
            there = context(tmp_path)
            good, bad = (Replicate(access("replicate", f"{sim.url}/replicate", key)) for key in (KEY, "wrong"))
            await good.check_key(there)
            with pytest.raises(RemoteError) as raised:
                await bad.check_key(there)
            assert raised.value.kind is ErrorClass.AUTH
            assert sim.report()["submissions"] == 0
            await good.close()
            await bad.close()

    asyncio.run(run())
