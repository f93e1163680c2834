"""fal's calls from the simulator: signed, repeated, forged; each only a hint to ask."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from tests.providers.rig import SimService, access, asked, context, request_of
from tests.providers.wire import Visit, serving

from rushes.model.operation import Operation
from rushes.providers.fal import Fal
from rushes.sim.simulator import Simulator
from rushes.testing.subject import await_job, read


def test_calls_are_believed_when_signed_and_bring_one_result_however_often_they_come(tmp_path: Path) -> None:
    calls: asyncio.Queue[Visit] = asyncio.Queue()

    async def called(visit: Visit) -> None:
        await visit.answer(200)
        calls.put_nowait(visit)

    async def run() -> None:
        async with serving(called) as hook, Simulator(seed=4, time_scale=0.001, most_side=64) as sim:
            SimService(sim).strike("webhook-forged", "webhook")
            SimService(sim).strike("webhook-twice", "webhook")
            fal, there = Fal(access("fal", f"{sim.url}/fal")), context(tmp_path)
            there.webhook = hook.url
            request = request_of(asked(fal, "flux_schnell", Operation.TEXT_TO_IMAGE))
            answer = await fal.submit(request, there)
            job = json.loads(answer.remote)[0]
            believed = []
            async with asyncio.timeout(10):
                while len(believed) < 3:
                    visit = await calls.get()
                    believed.append(await fal.called(visit.headers, visit.body))
            assert believed[0] is None, "the forged one"
            assert believed[1:] == [job, job]
            results = [await await_job(fal, answer.remote, there) for _ in believed]
            assert results[0] == results[1] == results[2]
            assert await read(fal, results[0].outputs[0], there)
            await fal.close()
            assert (sim.report()["accepted"], sim.report()["duplicates"]) == (1, [])

    asyncio.run(run())
