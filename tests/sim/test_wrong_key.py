"""A wrong key can be rehearsed with every service that takes one."""

from __future__ import annotations

import asyncio
from importlib import import_module
from pathlib import Path

import pytest
from tests.providers.rig import access, context

from rushes.app.plugins import KEYLESS, REMOTE
from rushes.errors import ErrorClass, RemoteError
from rushes.sim.simulator import Simulator

WRONG = {name: "wrong" for name in REMOTE if name not in KEYLESS} | {"fal": "wrong:wrong"}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_key_is_refused_and_buys_nothing(name: str, tmp_path: Path) -> None:
    async def run() -> RemoteError:
        module, _, kind = REMOTE[name].partition(":")
        async with Simulator(seed=1, time_scale=0.001) as sim:
            of = getattr(import_module(module), kind)(access(name, f"{sim.url}/{name}", WRONG[name]))
            try:
                with pytest.raises(RemoteError) as raised:
                    await of.check_key(context(tmp_path))
            finally:
                await of.close()
            assert sim.report()["accepted"] == 0
            return raised.value

    error = asyncio.run(run())
    assert error.kind is ErrorClass.AUTH, error.message
    assert not error.maybe_billed
