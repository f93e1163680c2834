"""The kit finds an adapter whose safety was cut: each of these is the real one with one promise taken out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.providers.rig import FRAME_ARTIFACT, asked, request_of, subject

from rushes.errors import ErrorClass, RemoteError
from rushes.model.operation import Operation
from rushes.model.request import Request
from rushes.plugin.provider import Absent, Finished, Submitted
from rushes.providers.fal import Fal
from rushes.providers.http import Answer, Http, NotSent, Unknown
from rushes.providers.luma import Luma
from rushes.providers.remote import Remote
from rushes.testing import faulty, lasting
from rushes.testing.context import PlainContext
from rushes.testing.faulty import Check


class _SendsAgain(Http):
    async def post_once(self, url: str, **more: Any) -> Answer | NotSent | Unknown:
        answer = await super().post_once(url, **more)
        busy = isinstance(answer, Answer) and answer.status >= 429
        return await super().post_once(url, **more) if busy or isinstance(answer, Unknown) else answer


class SendsAgain(Fal):
    def __init__(self, access: Any) -> None:
        super().__init__(access)
        self.http = _SendsAgain(access.url)


class _Sure(Http):
    async def post_once(self, url: str, **more: Any) -> Answer | NotSent | Unknown:
        answer = await super().post_once(url, **more)
        return NotSent(answer.says) if isinstance(answer, Unknown) else answer


class CallsALostAnswerHarmless(Fal):
    def __init__(self, access: Any) -> None:
        super().__init__(access)
        self.http = _Sure(access.url)


class _Doubts(Http):
    async def post_once(self, url: str, **more: Any) -> Answer | NotSent | Unknown:
        answer = await super().post_once(url, **more)
        return Unknown(answer.says) if isinstance(answer, NotSent) else answer


class DoubtsWhatIsCertain(Fal):
    def __init__(self, access: Any) -> None:
        super().__init__(access)
        self.http = _Doubts(access.url)


class _Raises(Fal):
    """An adapter whose errors may be changed on the way out."""

    def changed(self, error: RemoteError) -> RemoteError:
        return error

    async def submit(self, request: Any, context: Any) -> Submitted:
        try:
            return await super().submit(request, context)
        except RemoteError as error:
            raise self.changed(error) from None

    async def poll(self, remote: str, context: Any) -> Any:
        try:
            return await super().poll(remote, context)
        except RemoteError as error:
            raise self.changed(error) from None


class ForgetsWhen(_Raises):
    def changed(self, error: RemoteError) -> RemoteError:
        return RemoteError(error.kind, error.message, maybe_billed=error.maybe_billed, next_step=error.next_step)


class SaysItCostsNothing(_Raises):
    def changed(self, error: RemoteError) -> RemoteError:
        error.maybe_billed = False
        return error


class TakesARefusalForAFailure(_Raises):
    def changed(self, error: RemoteError) -> RemoteError:
        if error.kind is ErrorClass.CONTENT_POLICY:
            error.kind = ErrorClass.TRANSIENT
        return error


class ShowsTheKey(_Raises):
    def changed(self, error: RemoteError) -> RemoteError:
        return RemoteError(error.kind, f"{error.message} with {self._headers()}", maybe_billed=error.maybe_billed)


class GivesUpOnAQuestion(Fal):
    async def poll(self, remote: str, context: Any) -> Any:
        answer = await super().poll(remote, context)
        if isinstance(answer, Finished) or "fal" not in answer.says:
            return answer
        raise RemoteError(ErrorClass.TRANSIENT, answer.says)


class AsksWithoutEnd(Fal):
    async def submit(self, request: Any, context: Any) -> Any:
        return (await super().submit(request, context))._replace(wait=0.01)

    async def poll(self, remote: str, context: Any) -> Any:
        answer = await super().poll(remote, context)
        return answer if isinstance(answer, Finished) else answer._replace(wait=0.01)


class SaysThatThereIsNone(Fal):
    async def reconcile(self, request: Any, context: Any) -> Any:
        return Absent()


class UploadsEachTime(Fal):
    async def uploaded(self, artifact: Any, context: Any, lives: float) -> str:
        return await self.upload(artifact, context)


class QuotesWhatIsWritten(Fal):
    def estimate(self, recipe: Any) -> Any:
        quote = super().estimate(recipe)
        return quote._replace(low=quote.low / 2, high=quote.high / 2)


class BelievesEverybody(Fal):
    async def called(self, headers: Any, body: bytes) -> str | None:
        return "x"


class SendsWithoutAKey(Fal):
    def key(self, *, of_a_job: bool = False) -> str:
        return "none"


class ForgetsTheJobWithTheKey(Fal):
    def key(self, *, of_a_job: bool = False) -> str:
        return super().key()


class WaitsLonger(Fal):
    def heard(self, answer: Answer) -> Any:
        heard = super().heard(answer)
        return heard._replace(wait=heard.wait and heard.wait + 60.0)


class KeepsLimitsToItself(Luma):
    def accepted(self, answer: Any, rows: Any, context: Any) -> Answer:
        return super().accepted(answer, rows, PlainContext(context.scratch))


CUT: list[tuple[type[Remote], Check]] = [
    (SendsAgain, faulty.a_rate_limit_says_when),
    (SendsAgain, faulty.a_lost_answer_is_unknown),
    (SendsAgain, faulty.a_reset_connection_is_never_sent_again),
    (SendsAgain, faulty.a_server_error_is_not_sent_again),
    (CallsALostAnswerHarmless, faulty.a_lost_answer_is_unknown),
    (CallsALostAnswerHarmless, faulty.a_reset_connection_is_never_sent_again),
    (DoubtsWhatIsCertain, faulty.an_unreachable_service_is_not_unknown),
    (ForgetsWhen, faulty.a_rate_limit_says_when),
    (WaitsLonger, faulty.a_rate_limit_says_when),
    (KeepsLimitsToItself, faulty.what_answers_tell_of_limits_is_passed_on),
    (SaysItCostsNothing, faulty.a_lost_answer_is_unknown),
    (SaysItCostsNothing, faulty.a_refusal_is_a_matter_of_policy),
    (TakesARefusalForAFailure, faulty.a_refusal_is_a_matter_of_policy),
    (ShowsTheKey, lasting.no_error_shows_the_key),
    (GivesUpOnAQuestion, faulty.a_question_that_fails_is_asked_again),
    (AsksWithoutEnd, faulty.questions_keep_a_distance),
    (SaysThatThereIsNone, lasting.a_lost_answer_cannot_be_reconciled_away),
    (UploadsEachTime, lasting.an_input_is_uploaded_once),
    (QuotesWhatIsWritten, faulty.nothing_costs_more_than_was_quoted),
    (BelievesEverybody, lasting.a_forged_call_is_not_believed),
    (ForgetsTheJobWithTheKey, faulty.a_job_is_not_lost_for_want_of_a_key),
    (SendsWithoutAKey, faulty.without_a_key_nothing_is_sent),
]


def requests(provider: Remote) -> Sequence[Request]:
    picture, edit = ("uni_1", "uni_1_max") if provider.name == "luma" else ("flux_schnell", "nano_banana_2_edit")
    changed = asked(provider, edit, Operation.IMAGE_TO_IMAGE, inputs={"image": (FRAME_ARTIFACT,)})
    return [request_of(asked(provider, picture, Operation.TEXT_TO_IMAGE)), request_of(changed)]


@pytest.mark.parametrize(("cut", "check"), CUT, ids=lambda value: value.__name__)
def test_an_adapter_with_a_wire_cut_is_found(cut: type[Remote], check: Check, tmp_path: Path) -> None:
    async def run() -> None:
        async with subject(cut, requests, tmp_path, floor=1.0) as broken:
            await check(broken)

    with pytest.raises((AssertionError, RemoteError)):
        asyncio.run(run())
