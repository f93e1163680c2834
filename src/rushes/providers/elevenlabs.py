"""ElevenLabs: speech, and what was said, by one call. The answer is the sound or the text itself; a lost sound lies in
the account's history.

Sources: the wire and the types of elevenlabs 2.78.0; ElevenLabs' pages on errors (types and codes, 2026-09-17) and its
help on the codes 400, 401 and 429, as of 2026-11-20.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from rushes.errors import ErrorClass, RemoteError
from rushes.model.media import SUFFIX_OF_TYPE
from rushes.model.operation import Operation
from rushes.model.request import Recipe, Request
from rushes.plugin.access import Access
from rushes.plugin.provider import Context, Duplicates, Facts, Finished, Output, Pending
from rushes.providers.answering import Answering
from rushes.providers.cut import is_cut
from rushes.providers.errors import COMMON, EDGE, LOST, Heard, Row, paid, read, unknown
from rushes.providers.http import Answer, File, Unreachable, form
from rushes.providers.remote import document, listed
from rushes.providers.spelled import Put
from rushes.providers.timed import times_of

HOST = "https://api.elevenlabs.io"

ANSWER_WITHIN = 600.0
"""Seconds for one call: the sound is made or heard meanwhile; 40,000 characters are three quarters of an hour of it."""

MOST_SOUND = 300_000_000
"""Bytes of the largest sound that is read: three quarters of an hour of WAV at 48 kHz."""

VOICE = ("voice", "voice_id", "voice_name")
"""How workflows name a voice."""

SETTINGS = ("stability", "similarity_boost", "style", "speed", "use_speaker_boost")
"""Parameters that travel in `voice_settings`."""

_HISTORY = "look into the history at elevenlabs.io; if it is there: rushes resolve ATTEMPT --as adopt HISTORY_ITEM_ID"
_ITEM = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CREDITS = "add credits at elevenlabs.io/app/subscription"
_PLAN = "choose another voice, model or format, or a larger plan"
_BUSY = frozenset({408, 409, 425, 429})
_LATER = 5.0

SUBMIT: tuple[Row, ...] = (
    Row(None, ErrorClass.QUOTA, code="quota_exceeded|insufficient_credits", next_step=_CREDITS),
    Row(
        None,
        ErrorClass.CONTENT_POLICY,
        code="content_against_policy",
        billed=True,  # whether a refused text is charged is not documented
        next_step="change the text: the same again is refused again",
    ),
    Row(
        "401",
        ErrorClass.AUTH,
        code="(detected_)?unusual_activity(_detected)?",
        next_step="the free plan is closed to this machine: use a paid plan",
    ),
    Row(
        "402|403",
        ErrorClass.INVALID_INPUT,
        code="paid_plan_required|subscription_required|feature_not_available|only_for_creator.*|model_access_denied",
        next_step=_PLAN,
    ),
    Row(
        "4..",
        ErrorClass.INVALID_INPUT,
        code="voice_not_found|invalid_voice_id|voice_access_denied",
        next_step="choose another voice, or give the id of one of your own",
    ),
    Row("400|404", ErrorClass.RETIRED_MODEL, code="model_not_found|unsupported_model", next_step="see rushes models"),
    Row("503", ErrorClass.TRANSIENT, code="maintenance"),  # the service itself says that it is closed
    *EDGE,
    *COMMON,
    *LOST,
)
"""About a call, by `detail.code` or, in older answers, `detail.status`. Both kinds of 429, too many at once and
`system_busy`, cost nothing and are asked again later. Whatever else is a 5xx may be a finished sound that was lost."""

HISTORY: tuple[Row, ...] = (
    Row("400|404|422", ErrorClass.INVALID_INPUT, billed=True, next_step="see the id of the item"),
    *COMMON,
)
"""About an item of the history that a person named."""


class ElevenLabs(Answering):
    """Text to speech and back at ElevenLabs. What a credit costs depends on the plan, so no answer says an amount."""

    name = "elevenlabs"
    facts = Facts(
        duplicates=Duplicates.NEVER,
        remembers=None,  # for how long the history keeps an item is not documented
        bills_refusals=None,  # not documented
        outputs_live=None,  # they come with the answer
        in_flight=None,  # by plan: Free 2, Starter 3, Creator 5, Pro 10, Scale and Business 15
    )

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self._host = (access.url or HOST).rstrip("/")

    def put(self, recipe: Recipe) -> Put:
        """The parameters, with the model's usual voice where none is named."""
        offer = self.offer(recipe)
        usual = None if offer is None else offer.defaults.get("voice")
        if usual is not None and not any(recipe.params.get(name) for name in VOICE):
            recipe = replace(recipe, params={**recipe.params, "voice": str(usual)})
        return super().put(recipe)

    async def submit(self, request: Request, context: Context) -> Finished:
        """Ask once and wait for the sound, or for the text."""
        if request.recipe.op is Operation.SPEECH_TO_TEXT:
            return await self._transcribe(request, context)
        body = self.body(request, self.ready(request.recipe)) | {"model_id": self.endpoint(request.recipe)}
        voice, sound = body.pop("voice_id"), body.pop("output_format", None)
        settings = {name: body.pop(name) for name in SETTINGS if name in body}
        if settings:
            body["voice_settings"] = settings
        headers = {**self._headers(), "Content-Type": "application/json"}
        if self.access.simulated:
            headers["x-rushes-asking"] = request.key  # lets the simulator's books tell two candidates from a duplicate
        query = "?" + urlencode({"output_format": sound}) if sound else ""
        answer = await self.http.post_once(
            f"{self._host}/v1/text-to-speech/{voice}{query}",
            headers=headers,
            body=json.dumps(body).encode(),
            within=ANSWER_WITHIN,
            most=MOST_SOUND,
        )
        return Finished((self._sound(self.accepted(answer, SUBMIT, context)),))

    async def _transcribe(self, request: Request, context: Context) -> Finished:
        """What is said in a sound or a film, which travels in a form; and when, word by word."""
        recipe = request.recipe
        asked = {"model_id": self.endpoint(recipe), **self.body(request, self.ready(recipe))}
        fields = [
            (name, str(value).lower() if isinstance(value, bool) else str(value)) for name, value in asked.items()
        ]
        (heard,) = recipe.inputs["audio"]
        data = await context.work(context.path(heard.digest).read_bytes)
        name = f"input{SUFFIX_OF_TYPE.get(heard.media_type, '')}"
        kind, body = await context.work(lambda: form(fields, [File("file", name, data, heard.media_type)]))
        headers = {**self._headers(), "Content-Type": kind}
        if self.access.simulated:
            headers["x-rushes-asking"] = request.key
        answer = await self.http.post_once(
            f"{self._host}/v1/speech-to-text", headers=headers, body=body, within=ANSWER_WITHIN
        )
        said = document(self.accepted(answer, SUBMIT, context).body)
        text = said.get("text") if isinstance(said, dict) else None
        if not isinstance(text, str):
            raise unknown("elevenlabs accepted this, and its answer cannot be read: it may be paid for")
        return Finished(times_of(said), text=text)

    def _sound(self, answer: Answer) -> Output:
        """The sound of an answer. Raises RemoteError, unknown, for what is none or ends early."""
        said = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not answer.body or said.startswith("text/") or said.endswith("json"):
            raise self._lost(f"elevenlabs answered with {said or 'nothing'} and no sound")
        if is_cut(answer.body):
            raise self._lost("elevenlabs sent a sound whose end is missing")
        return Output("audio/wav" if answer.body[:4] == b"RIFF" else "audio/mpeg", data=answer.body)

    @staticmethod
    def _lost(says: str) -> RemoteError:
        error = unknown(f"{says}: it may be paid for")
        error.next_step = _HISTORY
        return error

    async def poll(self, remote: str, context: Context) -> Pending | Finished:
        """The sound of an item of the account's history, by its id: a person adopts what was lost on its way."""
        if not _ITEM.fullmatch(remote):  # it becomes part of an address, and the key goes there
            raise RemoteError(ErrorClass.INVALID_INPUT, "this is no item of elevenlabs' history", maybe_billed=True)
        headers = self._headers(of_a_job=True)
        url = f"{self._host}/v1/history/{remote}/audio"
        try:
            answer = await self.http.ask("GET", url, headers=headers, sleep=context.sleep, most=MOST_SOUND)
        except Unreachable as error:
            return Pending(_LATER, says=f"elevenlabs cannot be reached: {error}")
        if 400 <= answer.status < 500 and answer.status not in _BUSY:
            raise paid(read(HISTORY, self.heard(answer), self.name, self.access.key))
        if answer.status != 200 or is_cut(answer.body):
            wait = max(_LATER, self.when(answer) or 0.0)
            return Pending(wait, says=f"elevenlabs says {answer.status}")
        return Finished((self._sound(answer),))

    async def cancel(self, remote: str, context: Context) -> Decimal | None:
        """There is nothing to stop, and what lies in the history was paid for."""
        return None

    async def check_key(self, context: Context) -> None:
        """Try the key with a question that costs nothing: the list of models. Raises RemoteError."""
        url = f"{self._host}/v1/models"
        try:
            answer = await self.http.ask("GET", url, headers=self._headers(), sleep=context.sleep)
        except Unreachable as error:
            raise RemoteError(ErrorClass.TRANSIENT, f"elevenlabs cannot be reached: {error}") from None
        if answer.status != 200:
            rows = (*SUBMIT, Row(None, ErrorClass.TRANSIENT))
            raise read(rows, self.heard(answer), self.name, self.access.key)

    def heard(self, answer: Answer) -> Heard:
        """ElevenLabs has three shapes: a code and a type under `detail`, a list of what is wrong in a body, a text."""
        said = document(answer.body)
        detail = said.get("detail") if isinstance(said, dict) else None
        one: Mapping[str, Any] = detail if isinstance(detail, dict) else {}
        wrong = [part for part in listed(detail) if isinstance(part, dict)]
        codes = [one.get("code"), one.get("status"), one.get("type"), *(part.get("type") for part in wrong)]
        text = "; ".join(str(part.get("msg", "")) for part in wrong) or (detail if isinstance(detail, str) else "")
        says = str(one.get("message") or text)
        named = [code for code in codes if isinstance(code, str) and code]
        return Heard(answer.status, named, says, self.wait(answer, says))

    def _headers(self, *, of_a_job: bool = False) -> dict[str, str]:
        return {"xi-api-key": self.key(of_a_job=of_a_job)}
