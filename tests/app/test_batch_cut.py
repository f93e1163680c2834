"""A stopped batch that is gone on with in parts of another size, and its old part after that."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.app.batches import Shop, states

from rushes.app.batch import Ways
from rushes.app.hooks import Hooks
from rushes.app.run import resume
from rushes.app.stopping import Stop
from rushes.model.event import Accepted, Event
from rushes.testing.provider import ScriptedProvider


@pytest.mark.parametrize("first", [Ways(part_rows=4), Ways(part_rows=4, canary=3)])
def test_every_row_stands_once_though_its_rows_were_cut_otherwise_meanwhile(first: Ways, tmp_path: Path) -> None:
    shop, stop = Shop(tmp_path, provider=ScriptedProvider(latency=3600.0)), Stop()

    def watch(event: Event) -> None:
        if isinstance(event, Accepted):
            stop.ask()

    table = shop.prompts(8)
    left = shop.run(table, first, stop=stop, watch=watch)
    assert left.interrupted and shop.provider.jobs
    for job in shop.provider.jobs.values():
        job.ready = 0.0
    shop.provider._latency = 0.0
    held = shop.run(table, Ways(part_rows=6))
    assert "waiting" in states(held).values(), "what the stopped part has at its provider is for it to fetch"
    with shop.project() as project:
        asyncio.run(resume(project, left.runs[0], hooks=Hooks()))
    assert list(states(held)) == list(range(1, 9))
    whole = shop.run(table, Ways(part_rows=6))
    assert whole.whole and whole.totals.done == 8 and list(states(whole)) == list(range(1, 9))
    assert shop.asked == 8 and set(shop.provider.bought.values()) == {1}
