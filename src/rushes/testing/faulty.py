"""Conformance under faults: what a provider does with money when the wire, the service or the key fails.

Each check has the service to itself. What arrived and what was accepted is read in the service's books, not in the
provider's words.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, cast

from rushes.errors import ErrorClass, RemoteError
from rushes.model.limit import Standing, Unit
from rushes.plugin.provider import Context, Finished, Pending, Submitted
from rushes.testing.requests import request_of
from rushes.testing.subject import Books, Subject, await_job, finish, read

Check = Callable[[Subject], Awaitable[None]]

LOST = ("close-after", "close-mid", "truncated", "500-after", "502-after", "503-after", "504-after")
"""Faults under which a submission is accepted and its answer is not had."""

_Strike = tuple[str, str]
_ON_THE_WAY: tuple[_Strike, ...] = tuple(
    (fault, place)
    for place in ("status", "result")
    for fault in ("429", "500", "502", "503", "504", "close-before", "close-after", "close-mid", "truncated")
)


async def refused(
    subject: Subject, fault: str, *, seconds: float = 0.0, asking: int = 0
) -> tuple[RemoteError, Books] | None:
    """The error of a submission under a fault, and the books after it; None without a service."""
    recipe = subject.requests[0].recipe
    service = subject.service
    if service is None:
        return None
    service.strike(fault, seconds=seconds)
    provider, context = subject.make(), subject.context(f"fault-{fault}")
    try:
        answer = await provider.submit(request_of(recipe, candidate=asking), context)
    except RemoteError as error:
        return error, service.books()
    finally:
        service.calm()
        await provider.close()
    raise AssertionError(f"under {fault} a submission answered {answer!r}")


async def _failed(subject: Subject, fault: str, *, asking: int = 0) -> tuple[RemoteError, Books] | None:
    """As `refused`, for faults of which some services tell at the submission and others when the job is done."""
    service = subject.service
    if service is None:
        return None
    service.strike(fault)
    service.strike(fault, "result")
    provider, context = subject.make(), subject.context(f"failed-{fault}")
    try:
        await finish(provider, request_of(subject.requests[0].recipe, candidate=asking), context)
    except RemoteError as error:
        return error, service.books()
    finally:
        service.calm()
        await provider.close()
    raise AssertionError(f"under {fault} a request was fulfilled")


async def a_rate_limit_says_when(subject: Subject) -> None:
    """RATE_LIMIT, not before the service said, nothing bought, and asked once: the engine decides when again."""
    if (got := await refused(subject, "429", seconds=3.0)) is not None:
        error, books = got
        assert error.kind is ErrorClass.RATE_LIMIT, f"429 is {error.kind}"
        # to the second: earlier annoys an account, and later leaves it idle
        assert error.retry_after is not None, "3 s were said, and nothing was heard"
        assert 3 <= error.retry_after < 4, f"retry after {error.retry_after}, 3 were said"
        assert not error.maybe_billed, "a refusal by rate is said to cost"
        assert (books.posts, books.accepted) == (1, 0), f"{books.posts} submissions of one request"


async def a_bare_rate_limit_is_one(subject: Subject) -> None:
    """Without a time too."""
    if (got := await refused(subject, "429-bare")) is not None:
        error, books = got
        assert error.kind is ErrorClass.RATE_LIMIT, f"429 is {error.kind}"
        assert not error.maybe_billed, "a refusal by rate is said to cost"
        assert books.posts == 1, f"{books.posts} submissions of one request"


class _Listening:
    """A context that notes what is told of limits, and is another one in everything else."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.heard: list[Standing] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def standing(self, *heard: Standing) -> None:
        self.heard.extend(heard)


async def what_answers_tell_of_limits_is_passed_on(subject: Subject) -> None:
    """By answers to what is taken, and by refusals: nobody has to be refused to know that little is left."""
    service, request = subject.service, subject.requests[0]
    if service is None or not subject.tells:
        return
    service.allow(1)
    provider, told = subject.make(), _Listening(subject.context("limits"))
    for wanted in ("taken", "refused"):
        told.heard.clear()
        try:
            await provider.submit(request, cast("Context", told))
        except RemoteError as error:
            assert wanted == "refused" and error.kind is ErrorClass.RATE_LIMIT, f"one of one a day was {error.kind}"
            assert error.retry_after, "a limit of a day that is used up is said to be free at once"
        else:
            assert wanted == "taken", "two of one a day were taken"
        of = [one for one in told.heard if one.of is Unit.REQUESTS]
        assert [(one.most, one.left) for one in of] == [(1.0, 0.0)], f"when {wanted}, {told.heard} was passed on"
        assert all(one.resets is None or one.resets > 0 for one in of), f"{of} is whole again already"
    await provider.close()


async def a_lost_answer_is_unknown(subject: Subject) -> None:
    """The request was accepted and nobody heard of it: the one class that is never sent again by itself."""
    for number, fault in enumerate(LOST):
        if (got := await refused(subject, fault, asking=number)) is None:
            return
        error, books = got
        assert error.kind is ErrorClass.UNKNOWN_OUTCOME, f"{fault} is {error.kind}: it would be bought twice"
        assert error.maybe_billed, f"{fault} is said to cost nothing"
        assert books.duplicates == 0, f"{fault} led to a duplicate"
    assert subject.service is not None
    assert subject.service.books().posts == len(LOST), "a submission was sent again"


async def a_reset_connection_is_never_sent_again(subject: Subject) -> None:
    """Nothing was accepted, and nobody can know that."""
    if (got := await refused(subject, "close-before")) is not None:
        error, books = got
        assert error.kind is ErrorClass.UNKNOWN_OUTCOME, f"a reset is {error.kind}"
        assert books.posts == 1, f"{books.posts} submissions of one request"


async def a_server_error_is_not_sent_again(subject: Subject) -> None:
    """A 5xx about a submission says nothing about what was accepted; whoever is sure names a class that is sure."""
    for number, status in enumerate(("500", "502", "503", "504")):
        if (got := await refused(subject, status, asking=number)) is None:
            return
        error, _books = got
        assert error.kind in (ErrorClass.UNKNOWN_OUTCOME, ErrorClass.TRANSIENT), f"{status} is {error.kind}"
    assert subject.service is not None
    assert subject.service.books().posts == 4, "a submission was sent again"


async def an_unreachable_service_is_not_unknown(subject: Subject) -> None:
    """No byte was sent, so it is safe to try again, and nobody has to decide anything."""
    if subject.unreachable is None:
        return
    provider = subject.unreachable()
    try:
        await provider.submit(subject.requests[0], subject.context("unreachable"))
    except RemoteError as error:
        assert error.kind is ErrorClass.TRANSIENT, f"a refused connection is {error.kind}"
        assert not error.maybe_billed, "a refused connection is said to cost"
    else:
        raise AssertionError("a service that is not there answered")
    finally:
        await provider.close()


async def without_a_key_nothing_is_sent(subject: Subject) -> None:
    """AUTH, with the step that helps."""
    if subject.keyless is None:
        return
    provider = subject.keyless()
    try:
        await provider.submit(subject.requests[0], subject.context("keyless"))
    except RemoteError as error:
        assert error.kind is ErrorClass.AUTH, f"no key is {error.kind}"
        assert error.next_step, "no key, and no word about how to set one"
    else:
        raise AssertionError("a request without a key was accepted")
    finally:
        await provider.close()
    assert subject.service is None or subject.service.books().posts == 0, "a request without a key was sent"


async def a_job_is_not_lost_for_want_of_a_key(subject: Subject) -> None:
    """A resume where no key is set: what was bought is not said to have cost nothing."""
    if subject.keyless is None:
        return
    context = subject.context("keyless-job")
    answer = await subject.make().submit(subject.requests[0], context)
    if isinstance(answer, Submitted):
        try:
            await subject.keyless().poll(answer.remote, context)
        except RemoteError as error:
            assert error.maybe_billed, "a job that cannot be asked about is said to have cost nothing"
        await await_job(subject.make(), answer.remote, context)


async def planning_needs_no_key(subject: Subject) -> None:
    """Versions, checks and quotes come without one."""
    if subject.keyless is not None:
        provider = subject.keyless()
        for request in subject.requests:
            assert provider.version(request.recipe.alias)
            assert list(provider.validate(request.recipe)) == list(subject.make().validate(request.recipe))
            assert provider.estimate(request.recipe) == subject.make().estimate(request.recipe)


async def a_slow_answer_is_an_answer(subject: Subject) -> None:
    """Patience is cheaper than doubt."""
    if (service := subject.service) is not None:
        service.strike("slow", seconds=0.2)
        await finish(subject.make(), subject.requests[0], subject.context("slow"))
        service.calm()
        assert service.books().accepted == 1


async def a_question_that_fails_is_asked_again(subject: Subject) -> None:
    """Whatever happens to questions about a job, it is fetched in the end and bought once."""
    service = subject.service
    if service is None:
        return
    provider, request = subject.make(), subject.requests[0]
    answer = await provider.submit(request, subject.context("ask-again"))
    if isinstance(answer, Finished):
        return
    for fault, place in _ON_THE_WAY:
        service.strike(fault, place, seconds=0.1)
        state = await provider.poll(answer.remote, subject.context("ask-again"))
        assert place != "status" or isinstance(state, Pending), f"{fault} at {place} answered {state!r}"
        service.calm()
    finished = await await_job(provider, answer.remote, subject.context("ask-again"))
    assert finished.outputs, "the job was lost"
    for fault, place in _ON_THE_WAY:
        service.strike(fault, place, seconds=0.1)
        state = await provider.poll(answer.remote, subject.context("ask-again"))
        assert isinstance(state, Pending) or state.outputs, f"{fault} at {place} of a finished job answered {state!r}"
        service.calm()
    books = service.books()
    assert (books.posts, books.accepted) == (1, 1), "a failed question bought again"
    await provider.close()


async def an_unknown_state_is_pending(subject: Subject) -> None:
    """A word that no documentation names is no failure, and no result either."""
    service = subject.service
    if service is None:
        return
    provider, context = subject.make(), subject.context("state")
    answer = await provider.submit(subject.requests[0], context)
    if isinstance(answer, Submitted):
        service.strike("unknown-status", "status")
        state = await provider.poll(answer.remote, context)
        assert isinstance(state, Pending), f"an unknown state is {state!r}"
        service.calm()
        await await_job(provider, answer.remote, context)


async def questions_keep_a_distance(subject: Subject) -> None:
    """At least `floor` seconds between two questions about one job, from the first."""
    provider, context = subject.make(), subject.context("floor")
    submitted = await provider.submit(subject.requests[0], context)
    if not isinstance(submitted, Submitted):
        return
    wait: float | None = submitted.wait
    while wait is not None:
        assert wait >= subject.floor, f"a question after {wait} s; {subject.floor} is the least"
        await context.sleep(wait)
        state = await provider.poll(submitted.remote, context)
        wait = state.wait if isinstance(state, Pending) else None


async def a_broken_download_is_begun_again(subject: Subject) -> None:
    """Fetching what was paid for survives a break, and a busy moment."""
    service = subject.service
    if service is None:
        return
    provider, context = subject.make(), subject.context("broken")
    finished = await finish(provider, subject.requests[0], context)
    whole = [await read(provider, output, context) for output in finished.outputs]
    for fault in ("close-mid", "close-before", "503"):
        service.strike(fault, "download", first=1)
        again = [await read(subject.make(), output, context) for output in finished.outputs]
        service.calm()
        assert again == whole, f"after {fault} other bytes came"


async def a_result_that_expired_was_paid_for(subject: Subject) -> None:
    """Fetching it fails, and must not lead to buying it again by itself."""
    service = subject.service
    if service is None:
        return
    service.strike("expired", "download")
    service.strike("expired", "result")
    provider, context = subject.make(), subject.context("expired")
    finished = await finish(provider, subject.requests[0], context)
    await context.sleep(60.0)
    for output in finished.outputs:
        try:
            await read(provider, output, context)
        except RemoteError as error:
            assert error.maybe_billed, "a result that has expired is said to have cost nothing"
        else:
            assert output.data is not None, "an expired result was fetched"
    service.calm()


async def a_refusal_is_a_matter_of_policy(subject: Subject) -> None:
    """CONTENT_POLICY is never tried again unchanged; it says what could be changed."""
    for number, fault in enumerate(("refused", "refused-billed")):
        if (got := await _failed(subject, fault, asking=number)) is None:
            return
        error, books = got
        assert error.kind is ErrorClass.CONTENT_POLICY, f"{fault} is {error.kind}"
        assert error.next_step, "a refusal without a word about what to do"
        assert error.maybe_billed or not books.billed, "a refusal that was billed is said to cost nothing"
        assert books.duplicates == 0


async def a_failed_job_is_not_for_nothing(subject: Subject) -> None:
    """A failure of the model's: known, and its cost is not said to be less than it was."""
    if (got := await _failed(subject, "failed")) is not None:
        error, books = got
        assert error.kind is not ErrorClass.CONTENT_POLICY, f"a failure is {error.kind}"
        assert error.maybe_billed or not books.billed, "a failure that was billed is said to cost nothing"


async def a_retired_model_is_said_to_be_one(subject: Subject) -> None:
    """So that its successor can be named."""
    if (got := await refused(subject, "retired")) is not None:
        error, books = got
        assert error.kind is ErrorClass.RETIRED_MODEL, f"a retired model is {error.kind}"
        assert (books.accepted, error.maybe_billed) == (0, False), "a retired model is said to cost"


async def an_empty_account_is_a_matter_of_quota(subject: Subject) -> None:
    """Trying again does not fill it."""
    if (got := await refused(subject, "no-money")) is not None:
        error, _books = got
        assert error.kind is ErrorClass.QUOTA, f"an empty account is {error.kind}"
        assert not error.maybe_billed


async def nothing_costs_more_than_was_quoted(subject: Subject) -> None:
    """What the service bills is within the quote, and is the quote where that is one amount."""
    service = subject.service
    if service is None:
        return
    for number, request in enumerate(subject.requests):
        before, provider = service.books().billed, subject.make()
        quote = provider.estimate(request.recipe)
        await finish(provider, request, subject.context(f"price-{number}"))
        billed = service.books().billed - before
        assert quote.high is None or billed <= quote.high, f"{billed} billed, {quote.high} quoted"
        assert quote.low is None or billed >= quote.low, f"{billed} billed, {quote.low} quoted"


async def cancelling_says_no_less_than_it_bills(subject: Subject) -> None:
    """What `cancel` names is at least what the service bills for the job in the end."""
    service = subject.service
    if service is None:
        return
    provider, context = subject.make(), subject.context("cancel-bills")
    answer = await provider.submit(subject.requests[0], context)
    if isinstance(answer, Submitted):
        said: Decimal | None = await provider.cancel(answer.remote, context)
        await context.sleep(60.0)
        billed = service.books().billed
        assert said is None or said >= billed, f"cancelling is said to cost {said}, and {billed} was billed"


CHECKS: tuple[Check, ...] = (
    a_rate_limit_says_when,
    a_bare_rate_limit_is_one,
    what_answers_tell_of_limits_is_passed_on,
    a_lost_answer_is_unknown,
    a_reset_connection_is_never_sent_again,
    a_server_error_is_not_sent_again,
    an_unreachable_service_is_not_unknown,
    without_a_key_nothing_is_sent,
    a_job_is_not_lost_for_want_of_a_key,
    planning_needs_no_key,
    a_slow_answer_is_an_answer,
    a_question_that_fails_is_asked_again,
    an_unknown_state_is_pending,
    questions_keep_a_distance,
    a_broken_download_is_begun_again,
    a_result_that_expired_was_paid_for,
    a_refusal_is_a_matter_of_policy,
    a_failed_job_is_not_for_nothing,
    a_retired_model_is_said_to_be_one,
    an_empty_account_is_a_matter_of_quota,
    nothing_costs_more_than_was_quoted,
    cancelling_says_no_less_than_it_bills,
)
"""Beside the checks of `rushes.testing.conformance`, which has them all."""
