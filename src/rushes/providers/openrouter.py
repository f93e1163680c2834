"""OpenRouter: models of many makers behind one key. Pictures and texts are answered at once, films are jobs.

Sources: the wire and the types of openrouter 1.3.84, OpenRouter's pages on video generation and errors, as of
2026-11-20. There is no list of jobs, and a film cannot be called off.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urljoin, urlsplit

from rushes.errors import ErrorClass, RemoteError
from rushes.model.limit import Unit
from rushes.model.media import Artifact
from rushes.model.operation import Operation
from rushes.model.request import Recipe, Request
from rushes.plugin.access import Access
from rushes.plugin.provider import Context, Duplicates, Facts, Finished, Output, Pending, Submitted
from rushes.providers.errors import COMMON, EDGE, LOST, Heard, Row, plain, read, unknown
from rushes.providers.http import Answer
from rushes.providers.instructed import INSTRUCTION, Instructed
from rushes.providers.queued import Queued
from rushes.providers.remote import document, listed
from rushes.providers.said_limits import meter
from rushes.providers.spelled import Put
from rushes.providers.telling import SCHEMA, tells

HOST = "https://openrouter.ai"

ANSWER_WITHIN = 300.0
"""Seconds for a picture or a text: it is made meanwhile. Asking twice would be buying twice, so it is patient."""

ACCEPT_WITHIN = 60.0
"""Seconds that a film may take to be accepted."""

FLOOR = 10.0
"""Seconds between two questions about one film, at least. Source: OpenRouter's page on video generation."""

_FILMS = frozenset({Operation.TEXT_TO_VIDEO, Operation.IMAGE_TO_VIDEO})
_FRAMES = {"start_frame": "first_frame", "end_frame": "last_frame"}

_CREDIT = "add credit at openrouter.ai/credits"
_POLICY = "change the prompt or the pictures: the same again is refused again"
_FLAGGED = r"moderation|flagged|content (policy|filter)|safety|prohibited"

SUBMIT: tuple[Row, ...] = (
    Row("402", ErrorClass.QUOTA, next_step=_CREDIT),
    Row("403", ErrorClass.CONTENT_POLICY, code="flagged", next_step=_POLICY),
    Row("400|403|422", ErrorClass.CONTENT_POLICY, says=_FLAGGED, next_step=_POLICY),
    Row("400", ErrorClass.RETIRED_MODEL, says="not a valid model", next_step="choose another model: rushes models"),
    Row("404", ErrorClass.RETIRED_MODEL, next_step="choose another model: rushes models"),
    Row("408", ErrorClass.UNKNOWN_OUTCOME, billed=True),  # "your request timed out": the maker may have been asked
    Row("529", ErrorClass.TRANSIENT, next_step="try again later"),  # the maker's service took nothing more
    *EDGE,
    *COMMON,
    *LOST,
)
"""About a request. A 502 says that the maker's answer was no good: what was done there, and charged, it does not."""

RESULT: tuple[Row, ...] = (
    Row(None, ErrorClass.CONTENT_POLICY, says=_FLAGGED, billed=True, next_step=_POLICY),
    Row(None, ErrorClass.CANCELLED, code="cancelled", billed=True),
    Row("404|410", ErrorClass.BAD_OUTPUT, billed=True),  # the job is no longer known: it was paid for all the same
    Row(None, ErrorClass.BAD_OUTPUT, code="uncharged"),  # its usage says so: a new one may be bought
    *COMMON,
    Row(None, ErrorClass.BAD_OUTPUT, billed=True),
)
"""About a film that was accepted, by its state and the words of its error; and about an answer without a result."""


class OpenRouter(Instructed, Queued):
    """OpenRouter's interface. No duplicate is recognised, so a lost answer stays unknown."""

    name = "openrouter"
    floor = FLOOR
    meters = (meter(Unit.REQUESTS, "x-ratelimit-{}"),)
    facts = Facts(
        duplicates=Duplicates.NEVER,
        remembers=None,  # not documented
        bills_refusals=None,  # not documented; what it charged is in the usage of an answer
        outputs_live=None,  # each film says until when; how long that is, is not documented
        in_flight=None,
        polls=None,
        by_model=True,  # "different rate limits for different models"; those of the makers behind it, too
    )

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self._api = f"{(access.url or HOST).rstrip('/')}/api/v1"

    def put(self, recipe: Recipe) -> Put:
        """The parameters; a film's length is always said: seconds are paid for, and how many are usual is not known."""
        return super().put(self.with_defaults(recipe, "duration") if recipe.op in _FILMS else recipe)

    async def submit(self, request: Request, context: Context) -> Submitted | Finished:
        """Ask once. Pictures and texts are waited for."""
        recipe = request.recipe
        ready = self.ready(recipe)
        if tells(recipe):
            asked = await self._question(request, ready, context)
            return self._told(recipe, await self._asked("/chat/completions", request, asked, context))
        body = {"model": self.endpoint(recipe), **self.body(request, ready), **await self._pictures(recipe, context)}
        if recipe.op not in _FILMS:
            return self._painted(await self._asked("/images", request, body, context))
        id_ = (await self._asked("/videos", request, body, context, ACCEPT_WITHIN)).get("id")
        if not isinstance(id_, str) or not self.is_id(id_):
            raise unknown("openrouter accepted this, and its answer cannot be read")
        return Submitted(self.remote_of(id_), FLOOR)

    async def _asked(
        self, path: str, request: Request, body: Mapping[str, Any], context: Context, within: float = ANSWER_WITHIN
    ) -> Mapping[str, Any]:
        headers = {**self._headers(), "Content-Type": "application/json"}
        if self.access.simulated:
            headers["x-rushes-asking"] = request.key  # lets the simulator's books tell two candidates from a duplicate
        data = json.dumps(body).encode()
        answer = await self.http.post_once(f"{self._api}{path}", headers=headers, body=data, within=within)
        told = self.accepted(answer, SUBMIT, context)
        said = document(told.body)
        if not isinstance(said, dict):
            raise unknown("openrouter answered, and its answer cannot be read: a result may be paid for and lost")
        if isinstance(said.get("error"), dict):  # a maker that fails after the headers are out fails inside a 200
            raise read(RESULT, _heard(said, told.status), self.name, self.access.key)
        return said

    async def _question(self, request: Request, ready: Mapping[str, Any], context: Context) -> dict[str, Any]:
        """A question: what to do as the system's words; the step's words and then the pictures as the user's."""
        recipe = request.recipe
        content: list[dict[str, Any]] = [{"type": "text", "text": recipe.prompt}] if recipe.prompt else []
        content += [_picture(await self._inline(one, context)) for many in recipe.inputs.values() for one in many]
        messages: list[dict[str, Any]] = [{"role": "user", "content": content}]
        if INSTRUCTION in ready:
            messages.insert(0, {"role": "system", "content": ready[INSTRUCTION]})
        plain = {name: value for name, value in ready.items() if name not in (INSTRUCTION, SCHEMA)}
        if SCHEMA in ready:
            wanted = {"name": "answer", "strict": True, "schema": ready[SCHEMA]}
            plain["response_format"] = {"type": "json_schema", "json_schema": wanted}
        return {"model": self.endpoint(recipe), "messages": messages, **plain, "seed": request.seed}

    async def _pictures(self, recipe: Recipe, context: Context) -> dict[str, Any]:
        """Inputs inside the request: frames by their place in the film, everything else as references."""
        found: dict[str, list[dict[str, Any]]] = {}
        for role, many in recipe.inputs.items():
            for one in many:
                picture = _picture(await self._inline(one, context))
                if role in _FRAMES:
                    found.setdefault("frame_images", []).append({**picture, "frame_type": _FRAMES[role]})
                else:
                    found.setdefault("input_references", []).append(picture)
        return dict(found)

    async def _inline(self, artifact: Artifact, context: Context) -> str:
        path = context.path(artifact.digest)
        encoded = await context.work(lambda: base64.b64encode(path.read_bytes()).decode())
        return f"data:{artifact.media_type};base64,{encoded}"

    def _told(self, recipe: Recipe, said: Mapping[str, Any]) -> Finished:
        """The words of an answer, with what OpenRouter says that it cost."""
        choice = next((one for one in listed(said.get("choices")) if isinstance(one, dict)), {})
        message, ended = choice.get("message"), choice.get("finish_reason")
        if isinstance(choice.get("error"), dict) or ended in ("error", "content_filter", "length"):
            heard = _heard(choice, 200)
            words = heard.says or {"content_filter": "content filter", "length": "the answer is longer than asked"}.get(
                str(ended), "the maker failed"
            )
            raise read(
                RESULT, heard._replace(codes=[*_charge(said), str(ended)], says=words), self.name, self.access.key
            )
        text = message.get("content") if isinstance(message, dict) else None
        usage = _usage(said)
        found = self.told(
            recipe, text if isinstance(text, str) else "", usage.get("prompt_tokens"), usage.get("completion_tokens")
        )
        cost = _cost(said)
        return found if cost is None else found._replace(billed=cost)

    def _painted(self, said: Mapping[str, Any]) -> Finished:
        try:
            outputs = tuple(_outputs(said))
        except (ValueError, binascii.Error):
            says = "openrouter sent a picture that cannot be read"
            raise RemoteError(ErrorClass.BAD_OUTPUT, says, maybe_billed=True) from None
        if not outputs:
            raise read(RESULT, Heard(200, _charge(said), "no picture came"), self.name, self.access.key)
        return Finished(outputs, _cost(said))

    async def poll(self, remote: str, context: Context) -> Pending | Finished:
        """Ask about a film. The address is made of its id: none that an answer names gets the key."""
        job = self.job(remote)
        said = await self.asked(f"{self._api}/videos/{job.id}", self._headers(True), job, RESULT, context)
        if isinstance(said, Pending):
            return said
        state = said.get("status")
        if state == "completed":
            if outputs := tuple(self._films(said)):
                return Finished(outputs, _cost(said))
            raise read(RESULT, Heard(200, _charge(said), "no film came"), self.name, self.access.key)
        if state in ("failed", "cancelled", "expired"):
            says = said.get("error")
            heard = Heard(200, [str(state), *_charge(said)], says if isinstance(says, str) else f"the film is {state}")
            raise read(RESULT, heard, self.name, self.access.key)
        says = plain(str(state or ""), self.access.key).replace("_", " ")
        return self.later(job, says, queued=state == "pending")

    def _films(self, said: Mapping[str, Any]) -> Iterator[Output]:
        """Where the films are: at signed addresses, which need no key, else at OpenRouter's own, which do."""
        for url in listed(said.get("urls")) or listed(said.get("unsigned_urls")):
            if isinstance(url, str) and url:
                yield Output("video/mp4", url=urljoin(f"{self._api}/", url))

    async def cancel(self, remote: str, context: Context) -> Decimal | None:
        """A film cannot be called off: it runs on, and what it will cost is not known yet."""
        self.job(remote)
        return None

    async def check_key(self, context: Context) -> None:
        """Try the key with a question that costs nothing: what it may spend. Raises RemoteError."""
        await self.free("GET", f"{self._api}/key", self._headers(), context)

    def heard(self, answer: Answer) -> Heard:
        """OpenRouter's shape of an error; `metadata` has what moderation or a maker said, and headers of limits."""
        found = document(answer.body)
        said = found if isinstance(found, dict) else {}
        heard = _heard(said, answer.status)
        told = answer._replace(headers={**_headers(said), **answer.headers})
        return heard._replace(wait=self.wait(told, heard.says))

    def opening(self, url: str) -> Mapping[str, str]:
        """Films at OpenRouter itself open with the key."""
        there, here = urlsplit(url), urlsplit(self._api)
        own = (there.scheme, there.netloc) == (here.scheme, here.netloc) and there.path.startswith(f"{here.path}/")
        return self._headers(True) if own else {}

    def _headers(self, of_a_job: bool = False) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key(of_a_job=of_a_job)}"}


def _picture(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def _outputs(said: Mapping[str, Any]) -> Iterator[Output]:
    for one in listed(said.get("data")):
        data = one.get("b64_json") if isinstance(one, dict) else None
        if isinstance(data, str) and data:
            yield Output(str(one.get("media_type") or "image/png"), data=base64.b64decode(data, validate=True))


def _usage(said: Mapping[str, Any]) -> Mapping[str, Any]:
    usage = said.get("usage")
    return usage if isinstance(usage, dict) else {}


def _cost(said: Mapping[str, Any]) -> Decimal | None:
    """What OpenRouter charged, USD; None where it does not say, or where the maker sends a bill of its own."""
    usage = _usage(said)
    cost = usage.get("cost")
    if usage.get("is_byok") or isinstance(cost, bool) or not isinstance(cost, int | float | str):
        return None
    try:
        amount = Decimal(str(cost))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount >= 0 else None


def _charge(said: Mapping[str, Any]) -> list[str]:
    return ["uncharged"] if _cost(said) == 0 else []


def _about(said: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The `error` of a document, and what is beside it."""
    error = said.get("error")
    error = error if isinstance(error, dict) else {}
    about = error.get("metadata")
    return error, about if isinstance(about, dict) else {}


def _headers(said: Mapping[str, Any]) -> dict[str, str]:
    """The headers about limits that a refusal has in its body. Others may be a maker's, and not OpenRouter's."""
    found = _about(said)[1].get("headers")
    headers = {name.lower(): str(value) for name, value in found.items()} if isinstance(found, dict) else {}
    return {name: value for name, value in headers.items() if name.startswith("x-ratelimit-")}


def _heard(said: Mapping[str, Any], status: int) -> Heard:
    """The `error` of a document. Its `code` is a status; moderation is told by its reasons."""
    error, about = _about(said)
    codes = ["flagged"] if "reasons" in about or "flagged_input" in about else []
    named = [about.get("error_type"), error.get("type")]
    words = [str(one) for one in (error.get("message"), about.get("raw")) if isinstance(one, str) and one]
    return Heard(status, [*codes, *(one for one in named if isinstance(one, str))], "; ".join(words))
