"""Workers die, runners die, jobs are called off: no finished picture is lost, and nothing is left running."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.providers.diffusers.rig import FRAME_ARTIFACT, Quick, asked, context, room

from rushes.errors import ErrorClass, RemoteError
from rushes.model.operation import Operation
from rushes.model.request import Request
from rushes.plugin.provider import Finished, Found, Pending
from rushes.providers.diffusers.provider import Diffusers
from rushes.testing.requests import request_of
from rushes.testing.subject import await_job, finish

LONG = {"num_inference_steps": 900}
PATIENCE = 200.0  # seconds after which something never happens


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)


def running(pid: int) -> bool:
    """Whether a process is there; one that nobody has buried yet is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def worker_of(provider: Diffusers, remote: str) -> int:
    return provider._given[remote]._process.pid


async def at_work(provider: Diffusers, request: Request, given: Quick) -> str:
    """The job of a request, when its worker is some steps into it."""
    remote = (await provider.submit(request, given)).remote
    for _ in range(20_000):
        state = await provider.poll(remote, given)
        assert isinstance(state, Pending)
        if state.progress:
            assert not state.queued, "it waits for its turn, and is some steps into it"
            return remote
        await given.sleep(0.1)
    raise AssertionError("it never began")


async def failed(provider: Diffusers, request: Request, given: Quick) -> RemoteError:
    with pytest.raises(RemoteError) as caught:
        await finish(provider, request, given)
    assert not caught.value.maybe_billed
    return caught.value


def test_a_picture_that_was_finished_while_nobody_listened_is_found(
    shared: Diffusers, pipelines: Path, tmp_path: Path
) -> None:
    request, given = request_of(asked(shared, pipelines / "still")), context(tmp_path, "unheard")

    async def run() -> None:
        remote = (await shared.submit(request, given)).remote
        until(lambda: shared._job(remote).made() is not None)
        later = Diffusers(shared._room._replace(python="/nowhere/python"))  # it could not make anything itself
        assert await later.reconcile(request, given) == Found(remote)
        assert isinstance(await later.poll(remote, given), Finished)

    asyncio.run(run())


def test_a_job_whose_runner_is_gone_is_done_by_the_next_with_the_same_bytes(
    shared: Diffusers, alone: Diffusers, pipelines: Path, tmp_path: Path
) -> None:
    request, given = request_of(asked(shared, pipelines / "still")), context(tmp_path, "left")

    async def run() -> None:
        expected = await finish(shared, request, given)
        remote = (await alone.submit(request, given)).remote
        await alone.close()
        later = Diffusers(alone._room)
        try:
            assert await await_job(later, remote, given) == expected
        finally:
            await later.close()

    asyncio.run(run())


def test_a_worker_dies_with_its_runner(python: str, pipelines: Path, tmp_path: Path) -> None:
    code = f"""
import asyncio
from pathlib import Path
from tests.providers.diffusers.rig import asked, context, room
from tests.providers.diffusers.test_workers import LONG, at_work, worker_of
from rushes.providers.diffusers.provider import Diffusers
from rushes.testing.requests import request_of

async def run():
    provider = Diffusers(room(Path({str(tmp_path)!r}), {python!r}))
    request = request_of(asked(provider, {str(pipelines / "still")!r}, params=LONG))
    remote = await at_work(provider, request, context(Path({str(tmp_path)!r})))
    print(worker_of(provider, remote), flush=True)
    await asyncio.sleep(3600)

asyncio.run(run())
"""
    runner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert runner.stdout is not None
    with runner.stdout:
        pid = int(runner.stdout.readline())
        assert running(pid)
        runner.kill()
        runner.wait()
    until(lambda: not running(pid))


def test_a_worker_that_is_killed_fails_its_job_and_the_next_gets_a_new_one(
    alone: Diffusers, pipelines: Path, tmp_path: Path
) -> None:
    async def run() -> None:
        request, given = request_of(asked(alone, pipelines / "still", params=LONG)), context(tmp_path)
        remote = await at_work(alone, request, given)
        behind = (await alone.submit(request_of(asked(alone, pipelines / "still")), given)).remote
        os.kill(worker_of(alone, remote), signal.SIGKILL)
        with pytest.raises(RemoteError, match="was ended by signal 9") as caught:
            await await_job(alone, remote, given)
        assert caught.value.kind is ErrorClass.BAD_OUTPUT and not caught.value.maybe_billed
        assert (await await_job(alone, behind, given)).outputs  # what waited behind it is not its fault
        with pytest.raises(RemoteError, match="was ended by signal 9"):  # and the answer stays the same
            await Diffusers(alone._room).poll(remote, given)

    asyncio.run(run())


def test_a_job_that_is_called_off_stops_between_two_steps(alone: Diffusers, pipelines: Path, tmp_path: Path) -> None:
    async def run() -> None:
        request, given = request_of(asked(alone, pipelines / "still", params=LONG)), context(tmp_path)
        remote = await at_work(alone, request, given)
        waiting = (await alone.submit(request_of(request.recipe, candidate=1), given)).remote
        state = await alone.poll(waiting, given)
        assert isinstance(state, Pending) and state.queued, "one worker makes one picture after the other"
        pid = worker_of(alone, remote)
        for one in (remote, waiting):
            assert await alone.cancel(one, given) == 0
            with pytest.raises(RemoteError) as caught:
                await alone.poll(one, given)
            assert caught.value.kind is ErrorClass.CANCELLED
        assert (await finish(alone, request_of(asked(alone, pipelines / "still")), given)).outputs
        assert [one.pid for one in (w._process for w in alone._workers._workers.values())] == [pid]
        _says, share = alone._job(remote).progress()
        assert share is not None and share < 1 and not alone._job(waiting).begun()

    asyncio.run(run())


def test_progress_is_told_step_by_step(shared: Diffusers, pipelines: Path, tmp_path: Path) -> None:
    async def run() -> None:
        params = {"num_inference_steps": 30, "style": "ink"}
        request, given = request_of(asked(shared, pipelines / "still", params=params)), context(tmp_path, "steps")
        remote = (await shared.submit(request, given)).remote
        shares, said = [], set()
        while isinstance(state := await shared.poll(remote, given), Pending):
            shares.append(state.progress or 0.0)
            said.add(state.says)
            await given.sleep(0.01)
        assert shares == sorted(shares) and all(0 <= one <= 1 for one in shares)
        assert any(one.startswith("step ") and one.endswith(" of 30") for one in said), said

    asyncio.run(run())


def test_a_worker_that_nobody_asks_gives_its_memory_back(python: str, pipelines: Path, tmp_path: Path) -> None:
    provider = Diffusers(room(tmp_path, python), idle=0.1)

    async def run() -> None:
        request = request_of(asked(provider, pipelines / "still"))
        for key in ("first", "second"):
            given = context(tmp_path, key)
            remote = (await provider.submit(request, given)).remote
            pid = worker_of(provider, remote)
            assert (await await_job(provider, remote, given)).outputs
            until(lambda pid=pid: not running(pid))  # type: ignore[misc]
        await provider.close()

    asyncio.run(run())


def test_too_little_memory_is_said_and_other_pipelines_make_room_first(
    alone: Diffusers, pipelines: Path, tmp_path: Path
) -> None:
    huge = {"num_frames": 4_000_000_001, "width": 32, "height": 32}

    async def run() -> None:
        given = context(tmp_path)
        still = await alone.submit(request_of(asked(alone, pipelines / "still")), given)
        await await_job(alone, still.remote, given)
        pid = worker_of(alone, still.remote)
        film = request_of(asked(alone, pipelines / "moving", Operation.TEXT_TO_VIDEO, params=huge))
        error = await failed(alone, film, given)
        assert error.kind is ErrorClass.INVALID_INPUT and "not enough memory" in error.message
        assert "smaller size or fewer frames" in error.next_step
        assert not running(pid)

    asyncio.run(run())


def test_broken_weights_are_said_and_nothing_is_tried_again(alone: Diffusers, pipelines: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(pipelines / "still", broken)
    (weights,) = (broken / "unet").glob("*.safetensors")
    weights.write_bytes(weights.read_bytes()[:1000])
    error = asyncio.run(failed(alone, request_of(asked(alone, broken)), context(tmp_path)))
    assert error.kind is ErrorClass.INVALID_INPUT and "cannot be loaded" in error.message


@pytest.mark.parametrize(
    ("pipeline", "op", "roles", "says"),
    [
        ("still", Operation.TEXT_TO_VIDEO, {}, "makes pictures"),
        ("moving", Operation.TEXT_TO_IMAGE, {}, "makes films"),
        ("moving", Operation.IMAGE_TO_VIDEO, {"start_frame": (FRAME_ARTIFACT,)}, "takes no start_frame"),
        ("still", Operation.TEXT_TO_IMAGE, {"reference": (FRAME_ARTIFACT,)}, "takes no reference"),
    ],
)
def test_what_a_pipeline_cannot_do_is_said_by_the_first_run_and_by_every_plan_after_it(
    pipeline: str, op: Operation, roles: dict, says: str, shared: Diffusers, pipelines: Path, tmp_path: Path
) -> None:
    async def run() -> None:
        given = context(tmp_path, f"{pipeline}-{op}")
        request = request_of(asked(shared, pipelines / pipeline, op, inputs=roles))
        error = await failed(shared, request, given)
        assert error.kind is ErrorClass.INVALID_INPUT and says in error.message
        assert any(says in one.says for one in shared.validate(request.recipe))

    asyncio.run(run())


def test_what_a_pipeline_refuses_is_said_in_its_own_words(shared: Diffusers, pipelines: Path, tmp_path: Path) -> None:
    request = request_of(asked(shared, pipelines / "still", params={"width": 33, "height": 33}))
    error = asyncio.run(failed(shared, request, context(tmp_path, "odd")))
    assert error.kind is ErrorClass.INVALID_INPUT and "divisible by 8" in error.message


def test_a_film_goes_on_from_its_first_picture(shared: Diffusers, pipelines: Path, tmp_path: Path) -> None:
    film = {"num_frames": 5, "width": 32, "height": 32, "fps": 8}
    recipe = asked(
        shared,
        pipelines / "onward",
        Operation.IMAGE_TO_VIDEO,
        params=film,
        inputs={"start_frame": (FRAME_ARTIFACT,)},
    )
    (output,) = asyncio.run(finish(shared, request_of(recipe), context(tmp_path, "onward"))).outputs
    assert output.media_type == "video/mp4" and output.data


def test_a_part_of_a_picture_is_painted_anew(shared: Diffusers, pipelines: Path, tmp_path: Path) -> None:
    roles = {"image": (FRAME_ARTIFACT,), "mask": (FRAME_ARTIFACT,)}
    recipe = asked(shared, pipelines / "still", Operation.IMAGE_TO_IMAGE, inputs=roles)
    (output,) = asyncio.run(finish(shared, request_of(recipe), context(tmp_path, "masked"))).outputs
    assert output.media_type == "image/png" and output.data


class Payload:
    """What a pickle may do when it is opened carelessly."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.trace,)


def test_nothing_in_a_folder_of_weights_is_run(alone: Diffusers, pipelines: Path, tmp_path: Path) -> None:
    """Neither a pickle in the place of weights, nor a module that the index names."""
    trace = tmp_path / "it-was-run"
    pickled, coded = tmp_path / "pickled", tmp_path / "coded"
    for folder in (pickled, coded):
        shutil.copytree(pipelines / "still", folder)
    (weights,) = (pickled / "unet").glob("*.safetensors")
    weights.unlink()
    (pickled / "unet" / "diffusion_pytorch_model.bin").write_bytes(pickle.dumps(Payload(trace)))
    index = json.loads((coded / "model_index.json").read_text())
    (coded / "model_index.json").write_text(json.dumps({**index, "unet": ["theirs", "Theirs"]}))
    for place in (coded, coded / "unet"):
        (place / "theirs.py").write_text(f"open({str(trace)!r}, 'w')\nclass Theirs: ...\n")

    async def run() -> None:
        for folder in (pickled, coded):
            error = await failed(alone, request_of(asked(alone, folder)), context(tmp_path, folder.name))
            assert "cannot be loaded" in error.message
            assert not trace.exists()

    asyncio.run(run())


def test_a_job_that_is_taken_over_is_not_made_with_other_weights(
    alone: Diffusers, pipelines: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(pipelines / "still", folder)

    async def run() -> None:
        given = context(tmp_path)
        remote = (await alone.submit(request_of(asked(alone, folder, params=LONG)), given)).remote
        await alone.close()
        shutil.copytree(pipelines / "other" / "unet", folder / "unet", dirs_exist_ok=True)
        with pytest.raises(RemoteError, match="have changed since this was planned"):
            await Diffusers(alone._room).poll(remote, given)

    asyncio.run(run())


def test_what_came_of_weights_that_changed_meanwhile_is_not_kept(
    alone: Diffusers, pipelines: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(pipelines / "still", folder)

    async def run() -> None:
        given = context(tmp_path)
        remote = await at_work(alone, request_of(asked(alone, folder, params={"num_inference_steps": 200})), given)
        shutil.copytree(pipelines / "other" / "unet", folder / "unet", dirs_exist_ok=True)
        with pytest.raises(RemoteError, match="changed"):
            await await_job(alone, remote, given)
        assert alone._job(remote).made() is None

    asyncio.run(run())


def test_a_picture_that_the_pipeline_itself_blanks_is_refused_and_not_kept(
    alone: Diffusers, pipelines: Path, tmp_path: Path
) -> None:
    error = asyncio.run(failed(alone, request_of(asked(alone, pipelines / "stern")), context(tmp_path)))
    assert error.kind is ErrorClass.CONTENT_POLICY and "own safety checker" in error.message
