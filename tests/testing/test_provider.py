"""The scripted and the instant provider keep every promise of the contract, and do what their script says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from rushes.errors import ErrorClass, RemoteError
from rushes.model.media import Kind
from rushes.model.operation import Operation
from rushes.model.request import Request
from rushes.plugin.provider import Absent, Duplicates, Found, Pending, Provider, Submitted, Unknowable
from rushes.sim.capacity import Course, InFlight, Line, Overload, Window, steady
from rushes.sim.door import Door
from rushes.testing import conformance
from rushes.testing.clock import run_virtual
from rushes.testing.conformance import CHECKS, Check, Subject, finish, read
from rushes.testing.context import PlainContext
from rushes.testing.media import media, png
from rushes.testing.provider import Fault, InstantProvider, ScriptedProvider, Stage
from rushes.testing.requests import artifact_of, recipe_of, request_of

FRAME = png("frame")
FRAME_ARTIFACT = artifact_of(Kind.IMAGE, FRAME)
REQUESTS = (
    request_of(recipe_of(prompt="a fox")),
    request_of(recipe_of(prompt="a hare")),
    request_of(recipe_of(Operation.IMAGE_TO_VIDEO, "it runs", inputs={"start_frame": (FRAME_ARTIFACT,)})),
    request_of(recipe_of(Operation.TEXT_TO_SPEECH, "good morning")),
    request_of(recipe_of(Operation.ANALYZE_IMAGE, "what is it?", inputs={"image": (FRAME_ARTIFACT,)})),
)
KINDS: dict[str, Callable[[], Provider]] = {
    "instant": InstantProvider,
    "polled": lambda: ScriptedProvider(latency=30),
    "answers-at-once": lambda: ScriptedProvider(latency=30, polls=False),
    "idempotent": lambda: ScriptedProvider(duplicates=Duplicates.IDEMPOTENCY_KEY),
    "never-recognises": lambda: ScriptedProvider(duplicates=Duplicates.NEVER),
    "two-outputs": lambda: ScriptedProvider(outputs=2),
}


@pytest.fixture
def context(tmp_path: Path) -> Callable[[str], PlainContext]:
    frame = tmp_path / "frame.png"
    frame.write_bytes(FRAME)
    return lambda key: PlainContext(tmp_path, {FRAME_ARTIFACT.digest: frame}, idempotency_key=key)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_shipped_providers_pass_their_own_suite(
    check: Check, kind: str, context: Callable[[str], PlainContext]
) -> None:
    service = KINDS[kind]()  # one service, however many clients
    run_virtual(_checked(check, Subject(make=lambda: service, requests=REQUESTS, context=context, deterministic=True)))


async def _checked(check: Check, subject: Subject) -> None:
    await check(subject)


class _WrongKind(ScriptedProvider):
    async def submit(self, request, context):  # type: ignore[no-untyped-def]
        video = request_of(recipe_of(Operation.TEXT_TO_VIDEO, request.recipe.prompt), candidate=request.candidate)
        return await super().submit(video, context)


class _Forgetful(ScriptedProvider):
    async def reconcile(self, request, context):  # type: ignore[no-untyped-def]
        return Absent()


class _Fresh(ScriptedProvider):
    def _bytes(self, job, index):  # type: ignore[no-untyped-def]
        self.fetched += 1
        return png(str(self.fetched))


class _Same(ScriptedProvider):
    def _bytes(self, job, index):  # type: ignore[no-untyped-def]
        return FRAME


class _Raises(ScriptedProvider):
    def validate(self, recipe):  # type: ignore[no-untyped-def]
        return super().validate(recipe) if recipe.prompt.strip() else ()


BROKEN = [
    (_WrongKind, conformance.outputs_have_the_kind_of_the_operation),
    (_Forgetful, conformance.reconcile_finds_what_was_accepted),
    (_Fresh, conformance.outputs_can_be_fetched_twice),
    (_Fresh, conformance.equal_requests_have_equal_bytes),
    (_Same, conformance.another_candidate_has_other_bytes),
    (_Same, conformance.a_reroll_has_other_bytes),
    (_Same, conformance.bytes_are_what_their_type_says),
]


@pytest.mark.parametrize(("broken", "check"), BROKEN, ids=lambda value: value.__name__.strip("_"))
def test_the_suite_finds_a_provider_that_breaks_a_promise(
    broken: type[ScriptedProvider], check: Check, context: Callable[[str], PlainContext]
) -> None:
    service = broken()
    subject = Subject(make=lambda: service, requests=REQUESTS, context=context, deterministic=True)
    with pytest.raises(AssertionError):
        run_virtual(_checked(check, subject))


def test_the_suite_finds_a_provider_that_raises_over_odd_recipes(context: Callable[[str], PlainContext]) -> None:
    subject = Subject(make=_Raises, requests=REQUESTS, context=context)
    with pytest.raises(AttributeError):
        run_virtual(_checked(conformance.validate_never_raises, subject))


def test_a_job_is_ready_exactly_after_its_latency(context: Callable[[str], PlainContext]) -> None:
    provider = ScriptedProvider(latency=90)

    async def main() -> float:
        await finish(provider, REQUESTS[0], context("k"))
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == 90
    assert provider.polled == 2


def test_latency_may_depend_on_the_request(context: Callable[[str], PlainContext]) -> None:
    provider = ScriptedProvider(latency=lambda r: 5.0 if r.recipe.prompt == "a fox" else 1.0, polls=False)

    async def main() -> float:
        await finish(provider, REQUESTS[0], context("k"))
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == 5


def test_a_fault_strikes_the_request_it_names_as_often_as_it_says(context: Callable[[str], PlainContext]) -> None:
    provider = ScriptedProvider(faults=[Fault(error=ErrorClass.TRANSIENT, at=1, times=2)])

    async def post(request: Request) -> str:
        try:
            await provider.submit(request, context(request.key))
        except RemoteError as error:
            return str(error.kind)
        return "ok"

    async def main() -> list[str]:
        return [await post(REQUESTS[n]) for n in (0, 1, 0, 1, 1)]

    assert run_virtual(main()) == ["ok", "transient", "ok", "transient", "ok"]
    assert provider.posts == {REQUESTS[0].key: 2, REQUESTS[1].key: 3}
    assert provider.bought == {REQUESTS[0].key: 2, REQUESTS[1].key: 1}


def test_a_fault_may_be_chosen_by_what_is_asked(context: Callable[[str], PlainContext]) -> None:
    faults = [Fault(error=ErrorClass.CONTENT_POLICY, when=lambda r: "hare" in (r.recipe.prompt or ""), times=None)]
    provider = ScriptedProvider(faults=faults)

    async def main() -> None:
        await finish(provider, REQUESTS[0], context("a"))
        for _ in range(3):
            with pytest.raises(RemoteError) as caught:
                await provider.submit(REQUESTS[1], context("b"))
            assert caught.value.kind is ErrorClass.CONTENT_POLICY

    run_virtual(main())


def test_a_lost_reply_has_bought_the_job_and_a_job_list_finds_it(context: Callable[[str], PlainContext]) -> None:
    provider = ScriptedProvider(faults=[Fault(error=ErrorClass.UNKNOWN_OUTCOME, stage=Stage.REPLY)])

    async def main() -> None:
        with pytest.raises(RemoteError):
            await provider.submit(REQUESTS[0], context("k"))
        assert isinstance(await provider.reconcile(REQUESTS[0], context("k")), Found)
        assert isinstance(await provider.reconcile(REQUESTS[0], context("other")), Absent)

    run_virtual(main())
    assert provider.bought[REQUESTS[0].key] == 1


def test_without_a_job_list_nothing_is_known_and_the_idempotency_key_protects(
    context: Callable[[str], PlainContext],
) -> None:
    fault = Fault(error=ErrorClass.UNKNOWN_OUTCOME, stage=Stage.REPLY)
    provider = ScriptedProvider(duplicates=Duplicates.IDEMPOTENCY_KEY, faults=[fault])

    async def main() -> None:
        with pytest.raises(RemoteError):
            await provider.submit(REQUESTS[0], context("k"))
        assert isinstance(await provider.reconcile(REQUESTS[0], context("k")), Unknowable)
        await finish(provider, REQUESTS[0], context("k"))

    run_virtual(main())
    assert provider.posts[REQUESTS[0].key] == 2
    assert provider.bought[REQUESTS[0].key] == 1


@pytest.mark.parametrize("stage", [Stage.POLL, Stage.FETCH])
def test_polls_and_downloads_can_fail_and_be_asked_again(stage: Stage, context: Callable[[str], PlainContext]) -> None:
    provider = ScriptedProvider(faults=[Fault(error=ErrorClass.TRANSIENT, stage=stage)])

    async def main() -> bytes:
        submitted = await provider.submit(REQUESTS[0], context("k"))
        assert isinstance(submitted, Submitted)
        for _ in range(2):
            try:
                state = await provider.poll(submitted.remote, context("k"))
                assert not isinstance(state, Pending)
                return await read(provider, state.outputs[0], context("k"))
            except RemoteError as error:
                assert error.kind is ErrorClass.TRANSIENT
        raise AssertionError("failed twice")

    assert run_virtual(main()) == media(Kind.IMAGE, f"{REQUESTS[0].key}/0")


async def refused_after(provider: ScriptedProvider, request: Request, context: PlainContext) -> float | None:
    with pytest.raises(RemoteError) as caught:
        await provider.submit(request, context)
    assert caught.value.kind is ErrorClass.RATE_LIMIT
    return caught.value.retry_after


def test_who_is_not_let_in_at_the_door_is_refused_and_has_no_job(context: Callable[[str], PlainContext]) -> None:
    provider = ScriptedProvider(latency=5, door=Door([InFlight(most=steady(1)), Window(most=2, seconds=60)]))

    async def main() -> None:
        await provider.submit(REQUESTS[0], context("a"))
        assert await refused_after(provider, REQUESTS[1], context("b")) is None
        await asyncio.sleep(5)  # its job is finished, though nobody has asked about it
        await provider.submit(REQUESTS[1], context("c"))
        await asyncio.sleep(5)
        assert await refused_after(provider, REQUESTS[2], context("d")) == 50

    run_virtual(main())
    assert (provider.door.accepted, provider.door.refused, provider.door.most_in_flight) == (2, 2, 1)
    assert provider.most_in_flight == len(provider.jobs) == 2


def test_a_cancelled_job_has_left_by_the_door_once(context: Callable[[str], PlainContext]) -> None:
    provider = ScriptedProvider(latency=5, door=Door([InFlight(most=steady(1))]))

    async def main() -> None:
        submitted = await provider.submit(REQUESTS[0], context("a"))
        assert isinstance(submitted, Submitted)
        await provider.cancel(submitted.remote, context("a"))
        assert provider.door.in_flight == 0
        await asyncio.sleep(10)
        await provider.submit(REQUESTS[1], context("b"))
        assert provider.door.in_flight == 1

    run_virtual(main())


def test_a_silent_line_lets_in_and_works_on_one_at_a_time(context: Callable[[str], PlainContext]) -> None:
    provider = ScriptedProvider(latency=5, door=Door([Line(at_once=1)]))

    async def main() -> None:
        await provider.submit(REQUESTS[0], context("a"))
        second = await provider.submit(REQUESTS[1], context("b"))
        assert isinstance(second, Submitted)
        assert await provider.poll(second.remote, context("b")) == Pending(5, queued=True)
        await asyncio.sleep(6)
        assert await provider.poll(second.remote, context("b")) == Pending(4)

    run_virtual(main())


def test_a_late_refusal_comes_late(context: Callable[[str], PlainContext]) -> None:
    provider = ScriptedProvider(door=Door([Overload(on=Course(((0.0, 1.0), (60.0, 0.0))))]))

    async def main() -> float:
        assert await refused_after(provider, REQUESTS[0], context("a")) == 89
        assert await refused_after(provider, REQUESTS[1], context("b")) == 89
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == 2


def test_jobs_of_a_journal_outlive_their_process(tmp_path: Path, context: Callable[[str], PlainContext]) -> None:
    journal = tmp_path / "jobs"
    before = ScriptedProvider(latency=60, journal=journal)

    async def first() -> str:
        submitted = await before.submit(REQUESTS[0], context("k"))
        assert isinstance(submitted, Submitted)
        return submitted.remote

    remote = run_virtual(first())
    after = ScriptedProvider(latency=60, journal=journal)

    async def second() -> bytes:
        found = await after.reconcile(REQUESTS[0], context("k"))
        assert found == Found(remote)
        state = await after.poll(remote, context("k"))
        assert not isinstance(state, Pending | Submitted)
        return await read(after, state.outputs[0], context("k"))

    assert run_virtual(second()) == media(Kind.IMAGE, f"{REQUESTS[0].key}/0")
    assert after.bought == before.bought
