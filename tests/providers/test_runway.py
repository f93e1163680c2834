"""What Runway is asked, byte by byte, and what is made of its answers."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.providers.rig import FRAME, FRAME_ARTIFACT, KEY, SimService, access, asked, context, request_of
from tests.providers.wire import Visit, serving

from rushes.errors import ErrorClass, RemoteError
from rushes.model.money import ZERO
from rushes.model.operation import Operation
from rushes.model.problem import Severity
from rushes.plugin.provider import Finished, Output, Pending, Unknowable
from rushes.providers.runway import Runway
from rushes.sim.simulator import Simulator
from rushes.testing.subject import await_job, read

PAINT, EDIT = Operation.TEXT_TO_IMAGE, Operation.IMAGE_TO_IMAGE
WRITE, FILM = Operation.TEXT_TO_VIDEO, Operation.IMAGE_TO_VIDEO
OFF = Runway(access("runway", None))
FRAME_ = (FRAME_ARTIFACT,)
TALL = (FRAME_ARTIFACT._replace(width=1080, height=1920),)
ID = "17f20503-6c24-4c16-946b-35dbbce2af2f"


def submitted(recipe: Any, there: Any, answer: bytes = b'{"id": "%s"}' % ID.encode()) -> tuple[str, list[Visit]]:
    async def run() -> tuple[str, list[Visit]]:
        url = ""

        async def script(visit: Visit) -> None:
            if visit.path == "/v1/uploads":
                placed = {
                    "runwayUri": "runway://one",
                    "uploadUrl": f"{url}/store",
                    "fields": {"key": "k", "policy": "p"},
                }
                await visit.answer(200, json.dumps(placed).encode())
            elif visit.path == "/store":
                await visit.answer(204)
            else:
                await visit.answer(200, answer)

        async with serving(script) as wire:
            url = wire.url
            runway = Runway(access("runway", wire.url, simulated=False))
            try:
                return (await runway.submit(request_of(recipe), there)).remote, wire.visits
            finally:
                await runway.close()

    return asyncio.run(run())


def test_a_picture_as_it_goes_over_the_wire(tmp_path: Path) -> None:
    recipe = asked(OFF, "gen4", PAINT, "a fox", {"aspect_ratio": "9:16", "resolution": "1080p"})
    remote, (visit,) = submitted(recipe, context(tmp_path))
    lines = visit.head.decode().split("\r\n")
    assert lines[0] == "POST /v1/text_to_image HTTP/1.1"
    assert f"Authorization: Bearer {KEY}" in lines and "X-Runway-Version: 2024-11-06" in lines
    assert not any(line.lower().startswith("x-rushes") for line in lines)
    seed = request_of(recipe).seed
    assert json.loads(visit.body) == {"model": "gen4_image", "promptText": "a fox", "ratio": "1080:1920", "seed": seed}
    assert json.loads(remote)[0] == ID


def test_a_film_between_two_frames_and_where_its_picture_goes(tmp_path: Path) -> None:
    inputs = {"start_frame": FRAME_, "end_frame": FRAME_}
    recipe = asked(
        OFF, "veo_3_1", FILM, "she turns", {"duration": "8s", "aspect_ratio": "9:16", "audio": False}, inputs
    )
    _, (asking, store, task) = submitted(recipe, context(tmp_path))
    name = f"{FRAME_ARTIFACT.digest[:32]}.png"
    assert json.loads(asking.body) == {"filename": name, "type": "ephemeral"}
    assert KEY not in store.head.decode(), "the storage is opened by its form"
    assert store.body.count(b'name="key"') == store.body.count(b'name="policy"') == 1
    assert FRAME in store.body and f'filename="{name}"'.encode() in store.body
    assert store.body.index(b'name="policy"') < store.body.index(b'name="file"'), "what follows the file is not read"
    assert json.loads(task.body) == {
        "model": "veo3.1",
        "promptText": "she turns",
        "promptImage": [
            {"uri": "runway://one", "position": "first"},
            {"uri": "runway://one", "position": "last"},
        ],
        "ratio": "720:1280",
        "duration": 8,
        "audio": False,
        "seed": request_of(recipe).seed,
    }
    assert task.path == "/v1/image_to_video"


def test_one_frame_is_an_address_and_references_are_a_list(tmp_path: Path) -> None:
    film = asked(OFF, "gen4_turbo", FILM, "she turns", {"duration": 5}, {"start_frame": FRAME_})
    assert json.loads(submitted(film, context(tmp_path))[1][-1].body)["promptImage"] == "runway://one"
    edit = asked(OFF, "gen4_image_turbo", EDIT, "in ink", {}, {"image": FRAME_, "reference": FRAME_})
    body = json.loads(submitted(edit, context(tmp_path))[1][-1].body)
    assert body["referenceImages"] == [{"uri": "runway://one"}, {"uri": "runway://one"}]


def test_the_same_model_has_another_address_for_words_alone(tmp_path: Path) -> None:
    recipe = asked(OFF, "gen4_5", WRITE, "a fox", {"duration": 5, "aspect_ratio": "9:16"})
    _, (visit,) = submitted(recipe, context(tmp_path))
    assert visit.path == "/v1/text_to_video"
    assert json.loads(visit.body)["ratio"] == "720:1280"


@pytest.mark.parametrize(
    ("alias", "op", "params", "size"),
    [
        ("gen4", PAINT, {"aspect_ratio": "9:16"}, "720:1280"),
        ("gen4", PAINT, {}, "1280:720"),
        ("gen4", PAINT, {"width": 1024, "height": 1024}, "1024:1024"),
        ("veo_3_1_fast", WRITE, {"aspect_ratio": "9:16", "resolution": "1080p"}, "1080:1920"),
        ("kling_3_pro", WRITE, {"aspect_ratio": "9:16"}, "1080:1920"),
        ("kling_3_standard", WRITE, {"aspect_ratio": "9:16"}, "720:1280"),
        ("hailuo_3", WRITE, {"aspect_ratio": "9:16"}, "9:16"),
    ],
)
def test_a_shape_is_asked_for_as_each_model_takes_it(
    alias: str, op: Operation, params: dict[str, Any], size: str
) -> None:
    body, problems = OFF.put(asked(OFF, alias, op, "a fox", params))
    assert (body["ratio"], problems) == (size, [])


@pytest.mark.parametrize("alias", ["gen4_turbo", "gen4_5", "veo_3_1"])
def test_a_film_of_a_tall_picture_is_tall(alias: str) -> None:
    body, problems = OFF.put(asked(OFF, alias, FILM, "she turns", {}, {"start_frame": TALL}))
    assert (body["ratio"], problems) == ("720:1280", [])


@pytest.mark.parametrize(
    ("alias", "op", "params", "severity"),
    [
        ("gen4", PAINT, {"aspect_ratio": "7:1"}, Severity.ERROR),
        ("gen4_5", WRITE, {"aspect_ratio": "1:1", "duration": 5}, Severity.ERROR),  # it films words in two shapes
        ("veo_3_1", WRITE, {"duration": 5}, Severity.ERROR),
        ("gen4", PAINT, {"n": 2}, Severity.ERROR),
        ("gen4", PAINT, {"unheard_of": 2}, Severity.WARNING),
    ],
)
def test_what_cannot_be_had_is_said_before_anything_is_sent(
    alias: str, op: Operation, params: dict[str, Any], severity: Severity
) -> None:
    problems = OFF.validate(asked(OFF, alias, op, "a fox", params))
    assert {one.severity for one in problems} == {severity}
    assert any(name in one.path for name in params for one in problems)


@pytest.mark.parametrize(
    ("alias", "sent", "usd"),
    [("gen4_5", {"duration": 5}, "0.60"), ("veo_3_1", {"duration": 8, "audio": True}, "3.20")],
)
def test_what_nobody_asks_for_and_a_price_depends_on_is_said_as_it_is_quoted(
    alias: str, sent: dict[str, Any], usd: str
) -> None:
    recipe = asked(OFF, alias, WRITE, "a fox", {})
    assert OFF.put(recipe) == ({"ratio": "1280:720", **sent}, [])
    assert OFF.estimate(recipe).high == Decimal(usd)


@pytest.mark.parametrize("params", [{"aspect_ratio": "2:3"}, {"size": "tall"}])
def test_a_shape_that_cannot_be_had_is_not_said_to_be_missing_too(params: dict[str, Any]) -> None:
    (problem,) = OFF.validate(asked(OFF, "gen4", PAINT, params=params))
    assert problem.path == ("params", *params)


def test_where_no_length_is_known_none_is_made_up() -> None:
    recipe = asked(OFF, "hailuo_3", WRITE, "a fox", {})
    assert OFF.put(recipe) == ({"resolution": "768p"}, [])
    assert not OFF.estimate(recipe).known, "what it makes then is its own business, and so is the price"


@pytest.mark.parametrize(
    ("alias", "op", "params", "usd"),
    [
        ("gen4", PAINT, {"aspect_ratio": "9:16"}, "0.05"),
        ("gen4", PAINT, {"aspect_ratio": "9:16", "resolution": "1080p"}, "0.08"),
        ("gen4_5", WRITE, {"duration": 5}, "0.60"),
        ("veo_3_1", WRITE, {"duration": 8}, "3.20"),
        ("hailuo_3", WRITE, {"duration": 6}, "0.60"),
        ("hailuo_3", WRITE, {"duration": 6, "resolution": "2k"}, None),
        ("kling_3_pro", WRITE, {"duration": 5}, None),
    ],
)
def test_what_is_quoted_is_the_price_of_what_is_sent(
    alias: str, op: Operation, params: dict[str, Any], usd: str | None
) -> None:
    assert OFF.estimate(asked(OFF, alias, op, "a fox", params)).high == (None if usd is None else Decimal(usd))


@pytest.mark.parametrize("answer", [b"", b"{", b"[]", b'{"id": 5}', b'{"id": "a/b"}', b'{"id": "../x"}', b'{"id": ""}'])
def test_a_2xx_that_cannot_be_read_is_unknown(answer: bytes, tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        submitted(asked(OFF, "gen4", PAINT), context(tmp_path), answer)
    assert (raised.value.kind, raised.value.maybe_billed) == (ErrorClass.UNKNOWN_OUTCOME, True)


def asked_about(remote: str, there: Any, said: Any) -> tuple[Any, list[str]]:
    async def one(visit: Visit) -> None:
        await visit.answer(200, json.dumps(said).encode())

    async def run() -> tuple[Any, list[str]]:
        async with serving(one) as wire:
            runway = Runway(access("runway", wire.url, simulated=False))
            try:
                return await runway.poll(remote, there), wire.heads()
            finally:
                await runway.close()

    return asyncio.run(run())


def test_a_task_that_is_done_says_what_it_has_cost(tmp_path: Path) -> None:
    said = {"status": "SUCCEEDED", "output": ["https://cdn.example/a.mp4?_jwt=x"], "cost": {"credits": 25}}
    finished, heads = asked_about(ID, context(tmp_path), said)
    url = f"https://cdn.example/a.mp4?_jwt=x#{ID}.0"
    assert finished == Finished((Output("video/mp4", url=url),), billed=Decimal("0.25"))
    assert heads == [f"GET /v1/tasks/{ID} HTTP/1.1"]


@pytest.mark.parametrize(
    "cost", [None, {}, {"credits": "5"}, {"credits": -1}, {"credits": True}, {"credits": 1e300}, 5]
)
def test_a_cost_that_cannot_be_read_is_not_known(cost: Any, tmp_path: Path) -> None:
    said = {"status": "SUCCEEDED", "output": ["https://cdn.example/a.png"], "cost": cost}
    assert asked_about(ID, context(tmp_path), said)[0].billed is None


@pytest.mark.parametrize("output", [None, [], "https://x.example", [5], ["ftp://x"]])
def test_a_task_without_a_result_was_paid_for(output: Any, tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        asked_about(ID, context(tmp_path), {"status": "SUCCEEDED", "output": output})
    assert (raised.value.kind, raised.value.maybe_billed) == (ErrorClass.BAD_OUTPUT, True)


@pytest.mark.parametrize(
    ("said", "progress"),
    [
        ({"status": "THROTTLED"}, None),
        ({"status": "PENDING", "progress": "half"}, None),
        ({"status": "RUNNING", "progress": 0.25}, 0.25),
        ({"status": "RUNNING", "progress": 7}, None),
        ({"status": "DREAMING"}, None),
        ({}, None),
        ([], None),
    ],
)
def test_what_is_not_done_is_asked_about_again_and_not_too_soon(
    said: Any, progress: float | None, tmp_path: Path
) -> None:
    pending, _ = asked_about(ID, context(tmp_path), said)
    assert isinstance(pending, Pending)
    assert pending.wait >= 5.0 and pending.progress == progress


@pytest.mark.parametrize("remote", ["", "../x", "a/b", "a?b", "é", "x" * 201, "[1", '["a b", 1]'])
def test_what_is_no_id_is_never_part_of_an_address(remote: str, tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        asked_about(remote, context(tmp_path), {})
    assert raised.value.maybe_billed


def simulated(story: Any, tmp_path: Path, scale: float = 0.001) -> None:
    async def run() -> None:
        async with Simulator(seed=4, time_scale=scale, most_side=64) as sim:
            runway = Runway(access("runway", f"{sim.url}/runway"))
            try:
                await story(runway, sim, context(tmp_path))
            finally:
                await runway.close()

    asyncio.run(run())


def test_an_address_that_has_expired_is_renewed_for_nothing_by_any_process(tmp_path: Path) -> None:
    async def story(runway: Runway, sim: Simulator, there: Any) -> None:
        answer = await runway.submit(request_of(asked(runway, "gen4", PAINT)), there)
        finished = await await_job(runway, answer.remote, there)
        fresh = await read(runway, finished.outputs[0], there)
        sim.world.clock.jump(3 * 86400.0)
        other = Runway(runway.access)
        assert await read(other, finished.outputs[0], there) == fresh
        await other.close()
        assert (sim.report()["submissions"], sim.report()["billed"]) == (1, "0.05")

    simulated(story, tmp_path)


@pytest.mark.parametrize("tail", ["", "#", "#x", "#../x.0", f"#{ID}", f"#{ID}.0", f"#{ID}.9999"])
def test_an_address_that_cannot_be_renewed_is_gone_and_was_paid_for(tail: str, tmp_path: Path) -> None:
    async def story(runway: Runway, sim: Simulator, there: Any) -> None:
        with pytest.raises(RemoteError) as raised:
            await read(runway, Output("image/png", url=f"{sim.url}/runway/files/o/gone.png{tail}"), there)
        assert (raised.value.kind, raised.value.maybe_billed) == (ErrorClass.BAD_OUTPUT, True)

    simulated(story, tmp_path)


def test_a_task_that_runs_is_stopped_for_its_price_and_one_that_waits_for_nothing(tmp_path: Path) -> None:
    async def story(runway: Runway, sim: Simulator, there: Any) -> None:
        sim.world.account("runway", KEY)._at_once = 1
        first, second = [
            await runway.submit(request_of(asked(runway, "gen4", PAINT, prompt)), there) for prompt in ("one", "two")
        ]
        waiting = await runway.poll(second.remote, there)
        assert isinstance(waiting, Pending) and "waits" in waiting.says
        assert await runway.cancel(second.remote, there) == ZERO
        assert await runway.cancel(first.remote, there) == Decimal("0.05")
        with pytest.raises(RemoteError) as raised:
            await runway.poll(first.remote, there)
        assert (raised.value.kind, raised.value.maybe_billed) == (ErrorClass.CANCELLED, True)
        assert sim.report()["billed"] == "0.05"

    simulated(story, tmp_path, 1.0)


def test_a_task_that_is_done_is_not_deleted_by_cancelling_it(tmp_path: Path) -> None:
    async def story(runway: Runway, sim: Simulator, there: Any) -> None:
        answer = await runway.submit(request_of(asked(runway, "gen4", PAINT)), there)
        finished = await await_job(runway, answer.remote, there)
        assert await runway.cancel(answer.remote, there) == Decimal("0.05")
        assert await runway.poll(answer.remote, there) == finished
        with pytest.raises(RemoteError) as raised:
            await runway.cancel("unheard-of", there)
        assert raised.value.maybe_billed

    simulated(story, tmp_path)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"runwayUri": "runway://x", "uploadUrl": "file:///etc/passwd", "fields": {}},
        {"runwayUri": "runway://x", "uploadUrl": 5, "fields": {}},
        {"runwayUri": "runway://x", "uploadUrl": "http://127.0.0.1:9/x", "fields": 5},
        {"runwayUri": "https://elsewhere.example", "uploadUrl": "http://127.0.0.1:9/x", "fields": {}},
        {"runwayUri": "runway://x", "uploadUrl": "http://127.0.0.1:9/x", "fields": {}},
    ],
)
def test_an_upload_that_goes_nowhere_buys_nothing(said: Any, tmp_path: Path) -> None:
    async def run() -> list[str]:
        async def one(visit: Visit) -> None:
            await visit.answer(200, json.dumps(said).encode())

        async with serving(one) as wire:
            runway = Runway(access("runway", wire.url, simulated=False))
            recipe = asked(OFF, "gen4_turbo", FILM, "she turns", {}, {"start_frame": FRAME_})
            with pytest.raises(RemoteError) as raised:
                await runway.submit(request_of(recipe), context(tmp_path))
            assert (raised.value.kind, raised.value.maybe_billed) == (ErrorClass.TRANSIENT, False)
            await runway.close()
            return wire.heads()

    assert asyncio.run(run()) == ["POST /v1/uploads HTTP/1.1"]


def test_a_key_is_tried_for_nothing(tmp_path: Path) -> None:
    async def story(runway: Runway, sim: Simulator, there: Any) -> None:
        await runway.check_key(there)
        bad = Runway(access("runway", f"{sim.url}/runway", "wrong"))
        with pytest.raises(RemoteError) as raised:
            await bad.check_key(there)
        assert raised.value.kind is ErrorClass.AUTH
        await bad.close()
        assert sim.report()["submissions"] == 0

    simulated(story, tmp_path)


def test_a_lost_answer_stays_unknown(tmp_path: Path) -> None:
    async def story(runway: Runway, sim: Simulator, there: Any) -> None:
        request = request_of(asked(runway, "gen4", PAINT))
        SimService(sim).strike("close-after")
        with pytest.raises(RemoteError) as raised:
            await runway.submit(request, there)
        assert raised.value.kind is ErrorClass.UNKNOWN_OUTCOME
        assert isinstance(await runway.reconcile(request, there), Unknowable)

    simulated(story, tmp_path)
