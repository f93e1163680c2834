"""Conformance over time: uploads, lost answers, closed clients, other loops, and what may never show.

As in `rushes.testing.faulty`, each check has the service to itself.
"""

from __future__ import annotations

import asyncio
import traceback

from rushes.errors import RemoteError
from rushes.plugin.provider import Finished, Submitted, Unknowable
from rushes.testing.faulty import Check, refused
from rushes.testing.subject import Subject, await_job, finish, read


async def an_input_is_uploaded_once(subject: Subject) -> None:
    """Two submissions of one input at the same time, and another later, upload it once; what was deleted, again."""
    service = subject.service
    request = next((one for one in subject.requests if any(one.recipe.inputs.values())), None)
    if service is None or request is None:
        return
    files = {one.digest for many in request.recipe.inputs.values() for one in many}
    provider, context = subject.make(), subject.context("upload")
    await asyncio.gather(provider.submit(request, context), provider.submit(request, context))
    await subject.make().submit(request, context)
    assert service.books().uploads in (0, len(files)), f"{service.books().uploads} uploads of {len(files)} files"


async def a_lost_answer_cannot_be_reconciled_away(subject: Subject) -> None:
    """After a lost answer `reconcile` finds the job or does not know; it never says that there is none."""
    service = subject.service
    if service is None:
        return
    service.strike("close-after")
    context = subject.context("lost")
    try:
        await subject.make().submit(subject.requests[0], context)
    except RemoteError:
        service.calm()
        found = await subject.make().reconcile(subject.requests[0], context)
        assert isinstance(found, Unknowable) or hasattr(found, "remote"), "an accepted job is said to be absent"


async def a_closed_client_goes_on(subject: Subject) -> None:
    """`close` lets go of connections and of nothing else."""
    provider, context = subject.make(), subject.context("closed")
    answer = await provider.submit(subject.requests[0], context)
    await provider.close()
    await provider.close()
    if isinstance(answer, Submitted):
        answer = await await_job(provider, answer.remote, context)
    await provider.close()
    for output in answer.outputs:
        assert await read(provider, output, context)


async def another_loop_goes_on(subject: Subject) -> None:
    """One client serves one event loop after the other: a resume in the same process has a new one."""
    if subject.service is None:
        return
    provider, context = subject.make(), subject.context("loops")
    answer = await provider.submit(subject.requests[0], context)

    async def elsewhere() -> Finished:
        if isinstance(answer, Finished):
            return await finish(provider, subject.requests[1], context)
        finished = await await_job(provider, answer.remote, context)
        await provider.close()
        return finished

    await asyncio.to_thread(lambda: asyncio.run(elsewhere()))
    await finish(provider, subject.requests[1], context)
    await provider.close()


async def no_error_shows_the_key(subject: Subject) -> None:
    """Not in its text, not in its traceback, not in what a client shows of itself."""
    if not subject.secret:
        return
    assert subject.secret not in repr(vars(subject.make())), "the client shows the key"
    for fault in ("429", "500", "close-after", "close-mid", "truncated", "retired", "no-money"):
        got = await refused(subject, fault)
        if got is not None:
            shown = "".join(traceback.format_exception(got[0])) + repr(got[0]) + got[0].next_step
            assert subject.secret not in shown, f"the key shows in the error of {fault}"
    if subject.unreachable is not None:
        try:
            await subject.unreachable().submit(subject.requests[0], subject.context("shown"))
        except RemoteError as error:
            assert subject.secret not in "".join(traceback.format_exception(error)), "the key shows in an error"


async def no_result_shows_the_key(subject: Subject) -> None:
    """What goes into the ledger, the remote id and the addresses of results, is no place for it."""
    provider, context = subject.make(), subject.context("ledger")
    answer = await provider.submit(subject.requests[0], context)
    said = repr(answer)
    if isinstance(answer, Submitted):
        said += repr(await await_job(provider, answer.remote, context))
    assert not subject.secret or subject.secret not in said, "the key shows in what is written down"


async def a_forged_call_is_not_believed(subject: Subject) -> None:
    """A webhook without a good signature means nothing, whatever it looks like."""
    called = getattr(subject.make(), "called", None)
    if called is not None:
        body = b'{"request_id": "x", "status": "OK"}'
        for headers in ({}, {"x-fal-webhook-signature": "00"}, {"webhook-signature": "v1,AAAA", "webhook-id": "x"}):
            assert await called(headers, body) is None, "a call that nobody signed was believed"


CHECKS: tuple[Check, ...] = (
    an_input_is_uploaded_once,
    a_lost_answer_cannot_be_reconciled_away,
    a_closed_client_goes_on,
    another_loop_goes_on,
    no_error_shows_the_key,
    no_result_shows_the_key,
    a_forged_call_is_not_believed,
)
"""Beside the checks of `rushes.testing.conformance`, which has them all."""
