"""What a service says of a job is shown to people: in one line, and without the key, whatever it writes there."""

from __future__ import annotations

import asyncio
import json
from importlib import import_module
from pathlib import Path

import pytest
from tests.providers.rig import KEY, access, context
from tests.providers.wire import Visit, serving

from rushes.app.plugins import REMOTE
from rushes.errors import RemoteError
from rushes.providers.queued import Queued

JOBS = [
    name
    for name, where in REMOTE.items()
    if issubclass(getattr(import_module(where.partition(":")[0]), where.partition(":")[2]), Queued)
]
ODD = f"{KEY}\x1b[31m\nand more"
FIELDS = ("status", "state", "error", "message", "detail", "failure_reason", "failure", "failureCode", "failure_code")


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("name", JOBS)
def test_a_job_is_told_in_one_line_without_the_key(name: str, status: int, tmp_path: Path) -> None:
    async def script(visit: Visit) -> None:
        said = {**dict.fromkeys(FIELDS, ODD), "abc123": {"status": {"status_str": ODD}}}
        await visit.answer(status, json.dumps(said).encode())

    async def run() -> str:
        async with serving(script) as wire:
            module, _, kind = REMOTE[name].partition(":")
            of = getattr(import_module(module), kind)(access(name, wire.url, simulated=False))
            remote = f"{wire.url}/fal-ai/flux/requests/abc123" if name == "fal" else "abc123"
            try:
                pending = await of.poll(remote, context(tmp_path))
            except RemoteError as error:
                return f"{error.message} {error.next_step}"
            finally:
                await of.close()
            return str(pending.says)

    says = asyncio.run(run())
    assert status != 200 or "and more" in says, "it is told"
    assert KEY not in says
    assert says.isprintable(), repr(says)
