"""What every provider must do, as checks that any provider's tests can run.

::

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_conformance(check, tmp_path):
        asyncio.run(check(Subject(make=MyProvider, requests=REQUESTS, context=...)))

A check is an async function that raises AssertionError with a sentence. It makes no assumption about time:
under `run_virtual` a provider that polls for minutes is checked in milliseconds. With `Subject.service`, the other side
of the wire, faults are switched on and the service's books are read (`testing/faulty.py`); each check then needs a
service of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import re
from collections.abc import Callable, Iterator
from decimal import Decimal

from rushes.errors import ErrorClass, RemoteError
from rushes.model.ids import Digest
from rushes.model.media import SUFFIX_OF_TYPE, Kind, kind_of_type
from rushes.model.operation import SIGNATURES
from rushes.model.problem import Severity
from rushes.model.request import Recipe, Request
from rushes.plugin.provider import (
    Absent,
    Context,
    Duplicates,
    Found,
    Pending,
    Submitted,
    Unknowable,
)
from rushes.testing import faulty, lasting
from rushes.testing.requests import request_of
from rushes.testing.subject import Service, Subject, await_job, finish, read, results

__all__ = ["CHECKS", "Check", "Service", "Subject", "finish", "read", "results"]

Check = faulty.Check

MAGIC: dict[str, Callable[[bytes], bool]] = {
    "image/png": lambda data: data.startswith(b"\x89PNG\r\n\x1a\n"),
    "image/jpeg": lambda data: data.startswith(b"\xff\xd8\xff"),
    "image/webp": lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP",
    "video/mp4": lambda data: data[4:8] == b"ftyp",
    "audio/wav": lambda data: data[:4] == b"RIFF" and data[8:12] == b"WAVE",
}


def odd(recipe: Recipe) -> Iterator[Recipe]:
    """Recipes that a file could lead to and that no provider expects."""
    yield dataclasses.replace(recipe, prompt=None)
    yield dataclasses.replace(recipe, prompt="")
    yield dataclasses.replace(recipe, prompt="x" * 100_000)
    yield dataclasses.replace(recipe, prompt="\u0000\ud7ff\U0001f98a")
    yield dataclasses.replace(recipe, params={"seed": "not a number", "aspect_ratio": "0:0", "": None})
    yield dataclasses.replace(recipe, params={"width": -1, "duration": 1e308, "size": [], "n": {}})
    yield dataclasses.replace(recipe, inputs={})
    yield dataclasses.replace(recipe, model="no-such-model")


async def name_is_a_plain_word(subject: Subject) -> None:
    """Files and flags name it: lower case, digits, `.`, `_`, `-`."""
    name = subject.make().name
    assert re.fullmatch(r"[a-z0-9][a-z0-9._-]*", name), f"{name!r} is not a plain lower-case word"


async def facts_are_in_range(subject: Subject) -> None:
    """Seconds and counts are positive, or None for unknown."""
    facts = subject.make().facts
    for label in ("remembers", "outputs_live", "in_flight"):
        value = getattr(facts, label)
        assert value is None or value > 0, f"facts.{label} is {value}; use None for unknown"


async def versions_are_stable(subject: Subject) -> None:
    """A version enters the key, so two clients must agree on it."""
    model = subject.requests[0].recipe.model
    first, second = subject.make().version(model), subject.make().version(model)
    assert isinstance(first, str) and first, "version() gave no text"
    assert first == second, f"two clients name two versions: {first!r} and {second!r}"


async def good_requests_are_valid(subject: Subject) -> None:
    """What it can do it does not refuse."""
    provider = subject.make()
    for request in subject.requests:
        errors = [p.says for p in provider.validate(request.recipe) if p.severity is Severity.ERROR]
        assert not errors, f"a request that must work is refused: {errors}"


async def validate_never_raises(subject: Subject) -> None:
    """Odd recipes lead to problems, not to exceptions."""
    provider = subject.make()
    for request in subject.requests:
        for recipe in odd(request.recipe):
            provider.validate(recipe)


async def validate_answers_the_same_twice(subject: Subject) -> None:
    """A plan and its run must hear the same."""
    provider = subject.make()
    for request in subject.requests:
        for recipe in odd(request.recipe):
            assert list(provider.validate(recipe)) == list(provider.validate(recipe)), "two answers to one recipe"


async def problems_have_a_code_and_words(subject: Subject) -> None:
    """Programs read the code, people the words."""
    provider = subject.make()
    for request in subject.requests:
        for recipe in odd(request.recipe):
            for problem in provider.validate(recipe):
                assert re.fullmatch(r"[a-z0-9.-]+", problem.code), f"{problem.code!r} is no code"
                assert problem.says, f"{problem.code} says nothing"


async def estimates_are_in_range(subject: Subject) -> None:
    """Money is Decimal or None, low is not above high, seconds are not negative."""
    provider = subject.make()
    for request in subject.requests:
        quote = provider.estimate(request.recipe)
        for amount in (quote.low, quote.high):
            assert amount is None or (isinstance(amount, Decimal) and amount >= 0), f"{amount!r} is no amount"
        assert (quote.low is None) == (quote.high is None), "one end of the price is known and the other is not"
        assert quote.low is None or quote.high is None or quote.low <= quote.high, "low is above high"
        assert quote.seconds >= 0, f"{quote.seconds} seconds"


async def estimate_never_raises(subject: Subject) -> None:
    """A plan quotes whatever the file says."""
    provider = subject.make()
    for request in subject.requests:
        for recipe in odd(request.recipe):
            provider.estimate(recipe)


async def estimates_have_no_effect(subject: Subject) -> None:
    """Quoting often changes neither the quote nor the answer."""
    provider, request = subject.make(), subject.requests[0]
    before = provider.estimate(request.recipe)
    for _ in range(20):
        provider.estimate(request.recipe)
    reconciled = await provider.reconcile(request, subject.context("estimate-only"))
    assert not isinstance(reconciled, Found), "an estimate bought a job"
    await finish(provider, request, subject.context("estimate"))
    assert provider.estimate(request.recipe) == before, "the quote changed after a job"


async def every_request_is_fulfilled(subject: Subject) -> None:
    """Each gives at least one output, or a text."""
    for number, request in enumerate(subject.requests):
        finished = await finish(subject.make(), request, subject.context(f"fulfil-{number}"))
        assert finished.outputs or finished.text is not None, f"{request.recipe.op} gave nothing"


async def outputs_have_the_kind_of_the_operation(subject: Subject) -> None:
    """A picture where a picture was asked for, with a media type that the store knows."""
    for number, request in enumerate(subject.requests):
        finished = await finish(subject.make(), request, subject.context(f"kind-{number}"))
        wanted = SIGNATURES[request.recipe.op].output
        if wanted is Kind.TEXT:
            assert finished.text is not None or finished.outputs, "a text was asked for"
            continue
        for output in finished.outputs:
            assert output.media_type in SUFFIX_OF_TYPE, f"the store does not know {output.media_type!r}"
            assert kind_of_type(output.media_type) is wanted, f"{wanted} was asked for, {output.media_type} came"


async def bytes_are_what_their_type_says(subject: Subject) -> None:
    """The first bytes agree with the media type."""
    for number, request in enumerate(subject.requests):
        provider, context = subject.make(), subject.context(f"magic-{number}")
        for output in (await finish(provider, request, context)).outputs:
            data = await read(provider, output, context)
            assert data, f"an output of {request.recipe.op} is empty"
            looks = MAGIC.get(output.media_type)
            assert looks is None or looks(data), f"these bytes are not {output.media_type}: {data[:16]!r}"


async def outputs_have_a_url_or_bytes(subject: Subject) -> None:
    """One of the two, so that they can be fetched after a crash or right now."""
    for number, request in enumerate(subject.requests):
        for output in (await finish(subject.make(), request, subject.context(f"url-{number}"))).outputs:
            assert (output.url is None) != (output.data is None), "an output needs a URL or bytes, and not both"


async def outputs_can_be_fetched_twice(subject: Subject) -> None:
    """A download that broke is begun again."""
    provider, context = subject.make(), subject.context("twice")
    for output in (await finish(provider, subject.requests[0], context)).outputs:
        first, second = await read(provider, output, context), await read(provider, output, context)
        assert first == second, "the second download has other bytes"


async def billing_is_an_amount_or_unknown(subject: Subject) -> None:
    """What was charged is Decimal USD, or None; never negative."""
    for number, request in enumerate(subject.requests):
        billed = (await finish(subject.make(), request, subject.context(f"bill-{number}"))).billed
        assert billed is None or (isinstance(billed, Decimal) and billed >= 0), f"{billed!r} is no amount"


async def asking_again_is_free(subject: Subject) -> None:
    """A finished job can be asked about again and answers the same."""
    provider, context = subject.make(), subject.context("again")
    answer = await provider.submit(subject.requests[0], context)
    if isinstance(answer, Submitted):
        first = await await_job(provider, answer.remote, context)
        assert await await_job(provider, answer.remote, context) == first, "the second answer is another"


async def another_client_can_ask(subject: Subject) -> None:
    """`remote` is all that a new process needs."""
    context = subject.context("other")
    answer = await subject.make().submit(subject.requests[0], context)
    if isinstance(answer, Submitted):
        assert isinstance(answer.remote, str) and answer.remote, "remote is no text"
        await await_job(subject.make(), answer.remote, context)


async def an_unknown_job_is_a_remote_error(subject: Subject) -> None:
    """`poll` and `cancel` of a job that never was raise RemoteError, or say nothing is charged."""
    provider, context = subject.make(), subject.context("unknown")
    try:
        answer = await provider.poll("no-such-job", context)
    except RemoteError:
        pass
    else:
        raise AssertionError(f"poll of an unknown job answered {answer!r}")
    with contextlib.suppress(RemoteError):
        await provider.cancel("no-such-job", context)


async def a_cancelled_job_ends(subject: Subject) -> None:
    """After `cancel` a job is finished or cancelled, and what it costs is an amount or unknown."""
    provider, context = subject.make(), subject.context("cancel")
    answer = await provider.submit(subject.requests[0], context)
    if not isinstance(answer, Submitted):
        return
    charged = await provider.cancel(answer.remote, context)
    assert charged is None or (isinstance(charged, Decimal) and charged >= 0), f"{charged!r} is no amount"
    try:
        await await_job(provider, answer.remote, context)
    except RemoteError as error:
        assert error.kind is ErrorClass.CANCELLED, f"a cancelled job failed with {error.kind}"


async def a_cancelled_task_stops(subject: Subject) -> None:
    """`submit` lets the engine's own cancellation through."""
    provider, context = subject.make(), subject.context("task")
    task = asyncio.ensure_future(provider.submit(subject.requests[0], context))
    await asyncio.sleep(0)
    if task.cancel():
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert task.cancelled() or task.exception() is None, "the cancellation became another error"


async def equal_requests_have_equal_bytes(subject: Subject) -> None:
    """Where it is declared deterministic."""
    if subject.deterministic:
        for number, request in enumerate(subject.requests):
            first = await results(subject, request, f"equal-{number}-a")
            assert first == await results(subject, request, f"equal-{number}-b"), f"{request.recipe.op} differs"


async def another_candidate_has_other_bytes(subject: Subject) -> None:
    """Four candidates that are one picture are no choice. Texts may agree."""
    for number, request in enumerate(subject.requests):
        if SIGNATURES[request.recipe.op].output is Kind.TEXT:
            continue
        other = request_of(request.recipe, candidate=request.candidate + 1, salt=request.salt)
        first, second = await results(subject, request, f"c{number}-a"), await results(subject, other, f"c{number}-b")
        assert first != second, f"two candidates of {request.recipe.op} have the same bytes"


async def a_reroll_has_other_bytes(subject: Subject) -> None:
    """The next salt is a new asking."""
    request = next((r for r in subject.requests if SIGNATURES[r.recipe.op].output is not Kind.TEXT), None)
    if request is not None:
        other = request_of(request.recipe, candidate=request.candidate, salt=request.salt + 1)
        assert await results(subject, request, "salt-a") != await results(subject, other, "salt-b"), "same bytes"


async def inputs_are_left_alone(subject: Subject) -> None:
    """Input files belong to the store."""
    for number, request in enumerate(subject.requests):
        context = subject.context(f"inputs-{number}")
        digests = [one.digest for many in request.recipe.inputs.values() for one in many]
        before = {digest: _bytes(context, digest) for digest in digests}
        await finish(subject.make(), request, context)
        assert {digest: _bytes(context, digest) for digest in digests} == before, "an input file was changed"


def _bytes(context: Context, digest: Digest) -> bytes:
    return context.path(digest).read_bytes()


async def requests_at_once_do_not_mix(subject: Subject) -> None:
    """One client serves several requests at a time, and each gets its own answer."""
    provider = subject.make()

    async def one(number: int, request: Request) -> tuple[bytes, ...]:
        context = subject.context(f"at-once-{number}")
        finished = await finish(provider, request, context)
        return tuple([await read(provider, output, context) for output in finished.outputs])

    together = await asyncio.gather(*(one(n, request) for n, request in enumerate(subject.requests)))
    if subject.deterministic:
        for number, request in enumerate(subject.requests):
            if SIGNATURES[request.recipe.op].output is not Kind.TEXT:
                alone = await results(subject, request, f"alone-{number}")
                assert together[number] == alone, "a request got another answer in company"


async def reconcile_finds_nothing_before_a_submission(subject: Subject) -> None:
    """Finding a job that was never bought would lose a picture."""
    provider = subject.make()
    found = await provider.reconcile(subject.requests[0], subject.context("never-sent"))
    assert isinstance(found, Absent | Unknowable), "a job was found that nobody submitted"
    if provider.facts.duplicates is Duplicates.JOB_LIST:
        assert isinstance(found, Absent), "a provider that lists its jobs must be certain"


async def reconcile_finds_what_was_accepted(subject: Subject) -> None:
    """After a crash between the submission and its answer; Absent would buy it twice."""
    provider, context = subject.make(), subject.context("sent")
    answer = await provider.submit(subject.requests[0], context)
    found = await subject.make().reconcile(subject.requests[0], context)
    if provider.facts.duplicates is Duplicates.HARMLESS:
        return
    assert not isinstance(found, Absent), "a job that was bought is said to be absent"
    if provider.facts.duplicates is Duplicates.JOB_LIST and isinstance(answer, Submitted):
        assert isinstance(found, Found), "a provider that lists its jobs did not find one"
        assert found.remote == answer.remote, f"found {found.remote!r}, submitted {answer.remote!r}"


async def an_idempotency_key_buys_once(subject: Subject) -> None:
    """Where the provider says that it recognises the key."""
    provider, context = subject.make(), subject.context("idempotent")
    if provider.facts.duplicates is not Duplicates.IDEMPOTENCY_KEY:
        return
    first = await provider.submit(subject.requests[0], context)
    second = await provider.submit(subject.requests[0], context)
    if isinstance(first, Submitted) and isinstance(second, Submitted):
        assert first.remote == second.remote, "one key bought two jobs"


async def pending_waits_are_said(subject: Subject) -> None:
    """`wait` is never negative and progress lies between 0 and 1."""
    provider, context = subject.make(), subject.context("pending")
    answer = await provider.submit(subject.requests[0], context)
    if isinstance(answer, Submitted):
        assert answer.wait >= 0, f"Submitted.wait is {answer.wait}"
        state = await provider.poll(answer.remote, context)
        if isinstance(state, Pending) and state.progress is not None:
            assert 0 <= state.progress <= 1, f"progress is {state.progress}"


CHECKS: tuple[Check, ...] = (
    name_is_a_plain_word,
    facts_are_in_range,
    versions_are_stable,
    good_requests_are_valid,
    validate_never_raises,
    validate_answers_the_same_twice,
    problems_have_a_code_and_words,
    estimates_are_in_range,
    estimate_never_raises,
    estimates_have_no_effect,
    every_request_is_fulfilled,
    outputs_have_the_kind_of_the_operation,
    bytes_are_what_their_type_says,
    outputs_have_a_url_or_bytes,
    outputs_can_be_fetched_twice,
    billing_is_an_amount_or_unknown,
    asking_again_is_free,
    another_client_can_ask,
    an_unknown_job_is_a_remote_error,
    a_cancelled_job_ends,
    a_cancelled_task_stops,
    equal_requests_have_equal_bytes,
    another_candidate_has_other_bytes,
    a_reroll_has_other_bytes,
    inputs_are_left_alone,
    requests_at_once_do_not_mix,
    reconcile_finds_nothing_before_a_submission,
    reconcile_finds_what_was_accepted,
    an_idempotency_key_buys_once,
    pending_waits_are_said,
    *faulty.CHECKS,
    *lasting.CHECKS,
)
