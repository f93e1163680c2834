"""What a service refuses is found before anything is sent, and named; what it takes is let through, however spelled.

Both corpora are held against the simulated services too: a request that we call wrong is refused on the wire when it is
sent as it is, and one that we call right is done.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import pytest
from tests.corpus.corpus import Case, cases, recipe_of, remote_of
from tests.providers.cast import Cast
from tests.providers.rig import request_of

from rushes.errors import ErrorClass, RemoteError
from rushes.model.canonical import digest_of
from rushes.model.problem import Severity
from rushes.sim.simulator import Simulator
from rushes.testing.conformance import finish

REFUSED, ACCEPTED = cases("refused"), cases("accepted")
WIRED = [case for case in REFUSED if case.wire]


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Cast:
    return Cast(tmp_path_factory.mktemp("cast"))


def test_there_are_two_hundred_of_each_and_none_is_there_twice() -> None:
    for corpus in (REFUSED, ACCEPTED):
        assert len(corpus) >= 200
        assert len({repr(case) for case in corpus}) == len(corpus)
    assert len(WIRED) >= 200


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.id)
def test_what_a_service_refuses_is_found_and_named_before_anything_is_sent(case: Case, cast: Cast) -> None:
    remote = remote_of(case)
    found = [one for one in remote.validate(recipe_of(case, remote, cast)) if one.severity is Severity.ERROR]
    assert any(case.names in one.path or case.names in one.says for one in found), found
    assert all(one.says and one.try_ for one in found)


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case.id)
def test_what_a_service_takes_is_let_through_in_its_own_spelling(case: Case, cast: Cast) -> None:
    remote = remote_of(case)
    recipe = recipe_of(case, remote, cast)
    assert list(remote.validate(recipe)) == []
    assert case.sends is None or remote.put(recipe).body == case.sends


class Ended(NamedTuple):
    """How a request ended: the error, and what the books say of it (status, state, USD billed)."""

    error: RemoteError | None
    status: int
    ended: str
    billed: str


async def _play(sim: Simulator, case: Case, cast: Cast, *, loose: bool) -> Ended:
    remote, error = remote_of(case, sim, loose=loose), None
    before = len(sim.world.books._entries)
    try:
        await finish(remote, request_of(recipe_of(case, remote, cast)), cast.context())
    except RemoteError as failed:
        error = failed
    finally:
        await remote.close()
    (entry,) = sim.world.books._entries[before:]
    return Ended(error, entry.status, entry.ended, str(entry.billed))


def test_a_service_refuses_what_is_wrong_too_and_bills_nothing(cast: Cast) -> None:
    async def story() -> list[tuple[str, Ended]]:
        async with Simulator(seed=5, time_scale=0.0005, most_side=32) as sim:
            return [(case.id, await _play(sim, case, cast, loose=True)) for case in WIRED]

    def is_refused(one: Ended) -> bool:
        at_once, later = one.status >= 400, one.ended == "failed"
        return one.error is not None and one.error.kind is ErrorClass.INVALID_INPUT and (at_once or later)

    ended = asyncio.run(story())
    assert [(case, one) for case, one in ended if not is_refused(one)] == []
    assert {one.billed for _, one in ended} == {"0"}


def test_a_service_takes_what_is_right_too(cast: Cast) -> None:
    async def story() -> list[tuple[str, Ended]]:
        once = {_wire(case): case for case in ACCEPTED}  # many spellings are one on the wire
        async with Simulator(seed=5, time_scale=0.0005, most_side=32) as sim:
            return [(case.id, await _play(sim, case, cast, loose=False)) for case in once.values()]

    assert [(case, one) for case, one in asyncio.run(story()) if (one.error, one.ended) != (None, "done")] == []


def _wire(case: Case) -> str:
    sent = dict(case.params if case.sends is None else case.sends)
    return digest_of([case.provider, case.model, case.op, sent, dict(case.inputs or {})])
