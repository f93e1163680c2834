"""The order of facts and acts of a paid call: each fact is on disk before the act that follows from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rushes.model.event import Accepted, Done, Event, Reserved, Submitting
from rushes.model.request import Request
from rushes.model.run import RunState
from rushes.plugin.provider import Context, Duplicates, Finished, Output, Pending, Submitted
from rushes.testing.provider import ScriptedProvider

from . import rig as rig_module
from .direct import DirectJournal
from .rig import Rig, still, workflow


class Disk:
    """What is on disk for certain: what was waited for, and not what was only handed over."""

    def __init__(self) -> None:
        self.facts: list[type[Event]] = []

    def journal(self, *args: Any) -> DirectJournal:
        disk = self

        class Watched(DirectJournal):
            async def record(self, *events: Event) -> None:
                await super().record(*events)
                disk.facts += [type(one) for one in events]

            async def intend(self, event: Submitting) -> Any:
                claim = await super().intend(event)
                disk.facts.append(type(event))
                return claim

            async def reserve(self, event: Reserved, *then: Submitting) -> Any:
                claim = await super().reserve(event, *then)
                disk.facts += [type(one) for one in (event, *then)]
                return claim

        return Watched(*args)


class Careful(ScriptedProvider):
    """Counts which facts are on disk each time that it is asked to act."""

    def __init__(self, disk: Disk) -> None:
        super().__init__(latency=1.0, duplicates=Duplicates.NEVER, price=Decimal("0.04"))
        self.disk = disk
        self.seen: dict[str, list[Counter[type[Event]]]] = {"submit": [], "poll": [], "fetch": []}

    async def submit(self, request: Request, context: Context) -> Submitted | Finished:
        self.seen["submit"].append(Counter(self.disk.facts))
        return await super().submit(request, context)

    async def poll(self, remote: str, context: Context) -> Pending | Finished:
        self.seen["poll"].append(Counter(self.disk.facts))
        return await super().poll(remote, context)

    async def fetch(self, output: Output, context: Context) -> AsyncIterator[bytes]:
        self.seen["fetch"].append(Counter(self.disk.facts))
        async for piece in super().fetch(output, context):
            yield piece


Seen = dict[str, list[Counter[type[Event]]]]


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Seen:
    """One request after the other, the later ones claimed while they wait for their slot."""
    disk = Disk()
    monkeypatch.setattr(rig_module, "DirectJournal", disk.journal)
    provider = Careful(disk)
    stills = [still(name) for name in "abcd"]
    assert Rig(tmp_path, provider).go(workflow(*stills), concurrency=1).state is RunState.DONE
    return provider.seen


def test_the_money_is_held_and_the_intention_written_before_anything_is_sent(seen: Seen) -> None:
    assert len(seen["submit"]) == 4
    for sent, facts in enumerate(seen["submit"], 1):
        assert facts[Reserved] >= sent and facts[Submitting] >= sent


def test_an_acceptance_is_on_disk_before_anything_is_done_about_it(seen: Seen) -> None:
    assert all(facts[Accepted] == facts[Submitting] for facts in seen["poll"])


def test_where_the_outputs_lie_is_on_disk_before_they_are_fetched(seen: Seen) -> None:
    assert all(facts[Done] >= number for number, facts in enumerate(seen["fetch"], 1))
