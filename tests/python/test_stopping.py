"""Whoever goes away stops a run as a person does: what was paid for is not lost, and nobody pays for it twice."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.python.rig import PAID, SMALL, client_over, drawing

from rushes.model.event import Accepted, Event, Submitting
from rushes.model.run import RunOptions, RunState
from rushes.plugin.provider import Duplicates
from rushes.python.client import Client
from rushes.python.workflow import Workflow
from rushes.testing.provider import ScriptedProvider

ROOT = Path(__file__).parents[2]


def when_accepted() -> tuple[asyncio.Event, Callable[[Event], None]]:
    """A wish, and a progress callback that fulfils it when the provider has a job."""
    come = asyncio.Event()
    return come, lambda event: come.set() if isinstance(event, Accepted) else None


def states(client: Client) -> list[RunState]:
    return [record.state for record in client.project.ledger.runs()]


async def test_a_cancelled_call_is_gone_on_with_by_the_next_and_bought_once(tmp_path: Path) -> None:
    provider = ScriptedProvider(latency=3600.0)
    async with client_over(tmp_path, provider) as client:
        come, progress = when_accepted()
        task = asyncio.create_task(client.generate_image("a fox", progress=progress, **PAID))
        await come.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert states(client) == [RunState.INTERRUPTED], "it has stopped when the caller goes on"
        for job in provider.jobs.values():
            job.ready = 0.0
        fox = await client.generate_image("a fox", **PAID)
        assert fox.path.is_file() and provider.posts.total() == 1
        assert states(client) == [RunState.DONE]


async def test_what_a_cancelled_call_left_is_named_where_another_document_wants_it(tmp_path: Path) -> None:
    """Nobody waits for it: the program lives on, and would wait for itself."""
    provider = ScriptedProvider(latency=3600.0)
    async with client_over(tmp_path, provider) as client:
        come, progress = when_accepted()
        task = asyncio.create_task(client.generate_image("a fox", progress=progress, **PAID))
        await come.wait()
        task.cancel()
        await asyncio.wait([task])
        [left] = client.project.ledger.runs()
        steps = "steps: [{name: a, type: text_to_image, prompt: a fox}, {name: b, type: text_to_image, prompt: a hare}]"
        both = Workflow.from_text(steps, tmp_path / "both.yaml")
        provider._latency = 0.0
        async with asyncio.timeout(60):
            ran = await client.run(both, RunOptions(provider="scripted"))
        waits = [one.says for one in ran.summary.waiting]
        assert provider.posts.total() == 2 and any(f"rushes resume {left.id}" in says for says in waits), waits


async def test_a_request_on_its_way_is_not_torn(tmp_path: Path) -> None:
    provider = ScriptedProvider(latency=0.3, polls=False, duplicates=Duplicates.NEVER)
    async with client_over(tmp_path, provider) as client:
        come = asyncio.Event()
        sent: Callable[[Event], None] = lambda event: come.set() if isinstance(event, Submitting) else None  # noqa: E731
        task = asyncio.create_task(client.generate_image("a fox", progress=sent, **PAID))
        await come.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        fox = await client.generate_image("a fox", **PAID)
    assert fox.path.is_file() and provider.posts.total() == 1


async def test_a_time_out_of_the_caller_stops_the_run(tmp_path: Path) -> None:
    provider = ScriptedProvider(latency=3600.0)
    async with client_over(tmp_path, provider) as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await client.generate_image("a fox", **PAID)
        assert RunState.RUNNING not in states(client)


async def test_one_cancelled_call_of_many_leaves_the_others_alone(tmp_path: Path) -> None:
    provider = ScriptedProvider(latency=0.3)
    async with client_over(tmp_path, provider) as client:
        come, progress = when_accepted()
        gone = asyncio.create_task(client.generate_image("gone", progress=progress, **PAID))
        others = [asyncio.create_task(client.generate_image(f"fox {n}", **PAID)) for n in range(3)]
        await come.wait()
        gone.cancel()
        answers = await asyncio.gather(*others)
        assert gone.cancelled() or await asyncio.wait([gone])
    assert all(one.path.is_file() for one in answers)


async def test_closing_stops_what_is_under_way(tmp_path: Path) -> None:
    provider = ScriptedProvider(latency=3600.0)
    client = client_over(tmp_path, provider)
    come, progress = when_accepted()
    task = asyncio.create_task(client.generate_image("a fox", progress=progress, **PAID))
    await come.wait()
    await client.close()
    with pytest.raises((asyncio.CancelledError, Exception)):
        await task
    async with client_over(tmp_path, provider) as after:
        assert states(after) == [RunState.INTERRUPTED]


async def test_connections_are_let_go_of_when_the_last_run_is_over(tmp_path: Path) -> None:
    class Closing(ScriptedProvider):
        def __init__(self) -> None:
            super().__init__(latency=lambda request: 3600.0 if request.recipe.prompt == "slow" else 0.0)
            self.closed_under: list[int] = []

        async def close(self) -> None:
            self.closed_under.append(self.now_in_flight)

    provider = Closing()
    async with client_over(tmp_path, provider) as client:
        come, progress = when_accepted()
        slow = asyncio.create_task(client.generate_image("slow", progress=progress, **PAID))
        await come.wait()
        await client.generate_image("quick", **PAID)
        assert not provider.closed_under, "the other run's are in use"
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow
        assert len(provider.closed_under) == 1


NOTEBOOK = """
import asyncio, sys
import rushes

async def cell():
    with rushes.SyncClient({folder!r}, home={home!r}) as client:
        return client.generate_image("a red fox", params={{"resolution": "360p"}})

print(asyncio.run(cell()).path)
"""


def test_without_await_it_works_where_a_loop_is_running(tmp_path: Path) -> None:
    script = NOTEBOOK.format(folder=str(tmp_path), home=str(tmp_path / "home"))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()).is_file()


INTERRUPTED = """
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from rushes.model.event import Accepted
from rushes.python.sync import SyncClient
from rushes.testing.provider import ScriptedProvider
from tests.python.rig import PAID, client_over

client = SyncClient.__new__(SyncClient)
client.inner = client_over(Path({folder!r}), ScriptedProvider(latency=3600.0))
with client:
    try:
        said = lambda event: isinstance(event, Accepted) and print("accepted", flush=True)
        client.generate_image("a fox", progress=said, **PAID)
    except KeyboardInterrupt:
        print([str(record.state) for record in client.inner.project.ledger.runs()], flush=True)
"""


def test_ctrl_c_stops_in_order(tmp_path: Path) -> None:
    script = INTERRUPTED.format(root=str(ROOT), folder=str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "accepted\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "['interrupted']\n"
    assert process.returncode == 0


PLAIN = """
import asyncio, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from rushes.model.event import Accepted
from rushes.testing.provider import ScriptedProvider
from tests.python.rig import PAID, client_over

async def main():
    async with client_over(Path({folder!r}), ScriptedProvider(latency=3600.0)) as client:
        said = lambda event: isinstance(event, Accepted) and print("accepted", flush=True)
        try:
            await client.generate_image("a fox", progress=said, **PAID)
        finally:
            print([str(record.state) for record in client.project.ledger.runs()], flush=True)

asyncio.run(main())
"""


def test_ctrl_c_in_a_program_with_a_loop_stops_in_order(tmp_path: Path) -> None:
    script = PLAIN.format(root=str(ROOT), folder=str(tmp_path))
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline() == "accepted\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "['interrupted']\n"
        assert "KeyboardInterrupt" in process.stderr.read()


async def test_who_waits_for_the_same_document_can_go_at_once(tmp_path: Path) -> None:
    provider = ScriptedProvider(latency=3600.0)
    async with client_over(tmp_path, provider) as client:
        come, progress = when_accepted()
        first = asyncio.create_task(client.generate_image("a fox", progress=progress, **PAID))
        await come.wait()
        second = asyncio.create_task(client.generate_image("a fox", **PAID))
        await asyncio.sleep(0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        assert not first.done() and len(states(client)) == 1, "nothing was begun for it"
        first.cancel()


KILLED = """
import asyncio, os, signal, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from rushes.model.event import Accepted
from rushes.testing.provider import ScriptedProvider
from tests.python.rig import PAID, client_over

async def main():
    folder, seen = Path({folder!r}), []
    provider = ScriptedProvider(latency={latency}, journal=folder / "journal")

    def progress(event):
        seen.append(isinstance(event, Accepted))
        if sum(seen) == {die}:
            os.kill(os.getpid(), signal.SIGKILL)

    async with client_over(folder, provider) as client:
        asked = (client.speak(f"number {{n}}", progress=progress, **PAID) for n in range(8))
        print(len([answer.path for answer in await asyncio.gather(*asked)]))

asyncio.run(main())
"""


@pytest.mark.parametrize("die", [1, 4, 8])
def test_a_killed_program_that_is_started_again_pays_for_nothing_twice(tmp_path: Path, die: int) -> None:
    def run(latency: float, die: int) -> subprocess.CompletedProcess[str]:
        script = KILLED.format(root=str(ROOT), folder=str(tmp_path), latency=latency, die=die)
        return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)

    assert run(3600.0, die).returncode == -signal.SIGKILL
    again = run(0.0, -1)
    assert again.stdout == "8\n", again.stderr
    assert len((tmp_path / "journal").read_text().splitlines()) == 8, "each was bought once, by one of the two"


OWN_THREAD = """
import rushes
client = rushes.SyncClient({folder!r}, home={home!r})
said = []

def progress(event):
    if not said:
        said.append(True)
        try:
            client.plan("absent.yaml")
        except rushes.UserError as error:
            said.append(error.next_step)

client.generate_image("a red fox", params={{"resolution": "360p"}}, progress=progress)
print(said[1])
"""


def test_asking_from_the_clients_own_thread_is_refused_and_one_left_open_ends_with_its_program(tmp_path: Path) -> None:
    script = OWN_THREAD.format(folder=str(tmp_path), home=str(tmp_path / "home"))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert "when the call has returned" in done.stdout and not done.stderr


async def test_one_client_serves_several_loops_and_threads(tmp_path: Path) -> None:
    async with drawing(tmp_path) as client:
        ask = lambda n: asyncio.run(client.generate_image(f"fox {n}", params=SMALL))  # noqa: E731
        answers = await asyncio.gather(*(asyncio.to_thread(ask, n) for n in range(4)))
    assert len({one.path for one in answers}) == 4
