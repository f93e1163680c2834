"""G-Labs: a local application that works in a person's own logged-in accounts. Off unless a person says otherwise.

Nothing here logs in, and nothing here judges whether those accounts may be used so: that is the person's own business
and risk. Unknown values fall back silently there, so everything is held against the contract before it is sent, and
the model is always named. There is no seed, no negative prompt, and one file per request.

Source: `WEBHOOK_INTEGRATION.en.md` of duckmartians/G-Labs-Studio (application 5.0.8 and later), as read on 2026-11-21.
Nothing was tried against the application itself.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from rushes.errors import ErrorClass, RemoteError
from rushes.model.canonical import digest_of
from rushes.model.media import Artifact, Kind
from rushes.model.money import ZERO
from rushes.model.operation import SIGNATURES
from rushes.model.request import Recipe, Request
from rushes.plugin.access import Access
from rushes.plugin.provider import (
    Context,
    Duplicates,
    Facts,
    Finished,
    Found,
    Output,
    Pending,
    Submitted,
    Unknowable,
)
from rushes.providers.errors import COMMON, LOST, Heard, Row, plain, read, unknown
from rushes.providers.http import Answer, Unreachable
from rushes.providers.queued import Queued
from rushes.providers.remote import document, listed, media_type
from rushes.providers.spelled import Put

HOST = "http://127.0.0.1:8765"
"""Where the application listens when nobody says otherwise."""

FLOOR = 4.0
"""Seconds between two questions about one task: three to five are asked for."""

MOST_BODY = 50 * 1024 * 1024
"""Bytes of the largest body; inputs travel in it, a third larger than they are."""

LEAST_INPUT = 100
"""Bytes of a picture below which it is dropped without a word."""

SHOWN = 50
"""Characters of a prompt that the list of tasks shows."""

_ID = re.compile(r"[0-9a-zA-Z]{4,40}")
_UTF8 = re.compile(r"[^\ud800-\udfff]+")  # half a character is no part of a name
_ACCEPT_WITHIN = 180.0
_FILES = "/api/files/"
_FRAMES = ("start_frame", "end_frame")

_LOGIN = "look after the accounts in G-Labs: logged in, and enabled"
_WAIT = "wait until the quota is back, or enable another account in G-Labs"
_POLICY = "change the prompt or the pictures: the same again is refused again"
_LATE = "look for the result in G-Labs before it is made again"

SUBMIT: tuple[Row, ...] = (
    Row("400", ErrorClass.RETIRED_MODEL, says="^MISSING_MODEL", next_step="choose another model: rushes models"),
    Row("403", ErrorClass.QUOTA, says="plan", next_step="the webhook of G-Labs needs its MAX plan"),
    *COMMON,
    *LOST,
)
"""About a submission. What passes here is a task; all that goes wrong later is told with the task."""

TASK: tuple[Row, ...] = (
    Row("404|410", ErrorClass.BAD_OUTPUT, billed=True, next_step=_LATE),  # restarted, or 200 tasks ago
    Row(
        None, ErrorClass.CANCELLED, code="499", billed=True
    ),  # what was on its way to the model is charged all the same
    Row(None, ErrorClass.QUOTA, code="429", next_step=_WAIT),
    Row(None, ErrorClass.AUTH, code="401|403", next_step=_LOGIN),
    Row(
        None,
        ErrorClass.CONTENT_POLICY,
        code="400",
        says="polic|safety|prohibit|sensitive",
        billed=True,
        next_step=_POLICY,
    ),
    Row(None, ErrorClass.INVALID_INPUT, code="400"),
    Row(None, ErrorClass.BAD_OUTPUT, code="500|502|503"),  # it failed, or never began: another may be made
    Row(None, ErrorClass.AUTH, code="0", says="account", next_step=_LOGIN),
    Row(None, ErrorClass.INVALID_INPUT, code="0", says="^(Missing required|Invalid|reference path)"),
    Row(
        None, ErrorClass.BAD_OUTPUT, code=r"\d+", billed=True, next_step=_LATE
    ),  # 504, a watchdog, a text in any language
    *COMMON,
)
"""About a task, by the number of its error: the words are in the language of the application."""


class GLabs(Queued):
    """The webhook of G-Labs. It knows no keys of ours, and forgets its tasks when it is restarted."""

    name = "glabs"
    floor = FLOOR
    facts = Facts(
        duplicates=Duplicates.NEVER,
        remembers=None,  # in memory: until it is restarted, two hundred finished tasks at most
        bills_refusals=None,
        outputs_live=None,  # cleaned up "over time"
        in_flight=5,  # about so many for one account
        polls=5.0,
    )

    def __init__(self, access: Access) -> None:
        super().__init__(access._replace(url=(access.url or HOST).rstrip("/")))

    def put(self, recipe: Recipe) -> Put:
        """The parameters as the application takes them; what it would drop without a word is refused."""
        put = super().put(recipe)
        given = {role for role, many in recipe.inputs.items() if many}
        problems = list(put.problems)
        if given & set(_FRAMES) and given - set(_FRAMES):
            says = f"{recipe.alias or recipe.model} at glabs takes frames or references, and not both"
            problems.append(self.problem(says, "leave one of them out"))
        files = [one for many in recipe.inputs.values() for one in many]
        if any(one.size < LEAST_INPUT for one in files):
            says = f"a picture of less than {LEAST_INPUT} bytes is left out by glabs without a word"
            problems.append(self.problem(says, "use a real picture"))
        if sum(one.size for one in files) * 4 // 3 + 1_000_000 > MOST_BODY:
            says = f"the pictures are too large for one request: glabs takes {MOST_BODY} bytes, in base64"
            problems.append(self.problem(says, "use smaller pictures"))
        names = put.body.get("names")
        if names is not None and len(names) != len(files):
            says = f"{len(names)} names are given for {len(files)} pictures"
            problems.append(self.problem(says, "give each picture its name, or none of them", "names"))
        if put.body.get("voice") and not recipe.inputs.get("reference"):
            says = "a voice is heard with references only; without one glabs leaves it out without a word"
            problems.append(self.problem(says, "leave it out, or give a reference", "voice"))
        return Put(put.body, problems)

    async def submit(self, request: Request, context: Context) -> Submitted:
        """Queue one task, once."""
        recipe = request.recipe
        ready = self.ready(recipe)
        body = await self._body(request, ready, context)
        headers = {**self._headers(), "Content-Type": "application/json"}
        if self.access.simulated:
            headers["x-rushes-asking"] = request.key  # lets the simulator's books tell two candidates from a duplicate
        self._note_sent(recipe, body, context)
        answer = await self.http.post_once(
            self._at(f"/api/{_route(recipe)}/generate"),
            headers=headers,
            body=json.dumps(body).encode(),
            within=_ACCEPT_WITHIN,
        )
        said = document(self.accepted(answer, SUBMIT, context).body)
        id_ = said.get("task_id") if isinstance(said, dict) else None
        if not isinstance(id_, str) or not self.is_id(id_):
            raise unknown("glabs accepted this, and its answer cannot be read")
        context.remember(self._tasks, id_, context.idempotency_key)
        return Submitted(self.remote_of(id_), FLOOR)

    async def poll(self, remote: str, context: Context) -> Pending | Finished:
        """Ask about a task."""
        job = self.job(remote)
        said = await self.asked(self._at(f"/api/status/{job.id}"), self._headers(of_a_job=True), job, TASK, context)
        if isinstance(said, Pending):
            return said
        state = said.get("status")
        if state == "failed":
            raise read(TASK, _failure(said), self.name, self.access.key)
        if state != "completed":
            return self.later(job, plain(str(state or ""), self.access.key), queued=state == "pending")
        files = [one for url in listed(said.get("results")) if (one := self._output(url)) is not None]
        if not files:
            raise RemoteError(ErrorClass.BAD_OUTPUT, "glabs finished without a result", maybe_billed=True)
        return Finished(tuple(files), None)

    async def cancel(self, remote: str, context: Context) -> Decimal | None:
        """Stop a task. One that had not begun costs nothing; what was on its way is charged and thrown away."""
        job, headers = self.job(remote), self._headers(of_a_job=True)
        try:
            before = await self.http.ask("GET", self._at(f"/api/status/{job.id}"), headers=headers, sleep=context.sleep)
            answer = await self.http.ask("POST", self._at(f"/api/stop/{job.id}"), headers=headers, sleep=context.sleep)
        except Unreachable as error:
            raise RemoteError(ErrorClass.TRANSIENT, f"glabs cannot be reached: {error}", maybe_billed=True) from None
        was, stopped = document(before.body), document(answer.body)
        waited = isinstance(was, dict) and was.get("status") == "pending"
        told = isinstance(stopped, dict) and job.id in listed(stopped.get("stopped"))
        return ZERO if waited and told else None  # an older application has no stop, and goes on

    async def reconcile(self, request: Request, context: Context) -> Found | Unknowable:
        """Look for a task that nobody here claims. Tasks carry nothing of ours, so it must be the only one it can be.

        Never is it said that there is none: a task is forgotten when the application is restarted.
        """
        prompt, kind = request.recipe.prompt or "", _route(request.recipe)
        if len(set(self._sent(request.recipe, context))) != 1:
            return Unknowable()  # the same words were sent with other pictures, or nobody remembers what was
        headers = self._headers(of_a_job=True)
        tasks = (await self.free("GET", self._at("/api/tasks"), headers, context)).get("tasks")
        found = []
        for one in listed(tasks):
            id_ = one.get("task_id") if isinstance(one, dict) else None
            if not isinstance(id_, str) or not self.is_id(id_) or one.get("type") != kind:
                continue
            whose = context.recall(self._tasks, id_)
            if whose == context.idempotency_key:
                return Found(self.remote_of(id_))
            if whose is None and _may_be(prompt, one.get("prompt")) and await self._is_whole(id_, prompt, context):
                found.append(id_)
        if len(found) != 1:
            return Unknowable()
        context.remember(self._tasks, found[0], context.idempotency_key)
        return Found(self.remote_of(found[0]))

    async def _is_whole(self, id_: str, prompt: str, context: Context) -> bool:
        """Whether a task has this very prompt: the list shows its beginning only."""
        said = await self.free("GET", self._at(f"/api/status/{id_}"), self._headers(of_a_job=True), context)
        return said.get("prompt") == prompt

    async def check_key(self, context: Context) -> None:
        """Try the key with a question that costs nothing. Raises RemoteError."""
        await self.free("GET", self._at("/api/tasks"), self._headers(), context)

    def opening(self, url: str) -> Mapping[str, str]:
        """Older applications want the key for files, too."""
        return self._headers(of_a_job=True)

    def is_id(self, id_: str) -> bool:
        """Eight hexadecimal digits, as of today."""
        return _ID.fullmatch(id_) is not None

    def heard(self, answer: Answer) -> Heard:
        """A refusal of the webhook: `{"error": "..."}`."""
        said = document(answer.body)
        text = said.get("error") if isinstance(said, dict) else None
        says = text if isinstance(text, str) else ""
        return Heard(answer.status, [], says, self.wait(answer, says))

    def passing(self, answer: Answer) -> bool:
        """A 404 that is not the application's own word for a task is a tunnel's: the task may be there all the same."""
        return super().passing(answer) or (answer.status == 404 and not self.heard(answer).says.startswith("Task "))

    async def _body(self, request: Request, ready: Mapping[str, Any], context: Context) -> dict[str, Any]:
        recipe = request.recipe
        body: dict[str, Any] = {**self.body(request, ready), "model": self.endpoint(recipe)}
        names = body.pop("names", None)
        size = body.pop("resolution", None)
        roles = sorted(recipe.inputs, key=lambda role: _FRAMES.index(role) if role in _FRAMES else len(_FRAMES))
        files = [one for role in roles for one in recipe.inputs[role]]
        if files:
            sent = [await _inline(one, context) for one in files]
            body["reference_images"] = (
                sent if names is None else [{"data": one, "name": name} for one, name in zip(sent, names, strict=True)]
            )
        if _route(recipe) == "video":
            given = {role for role, many in recipe.inputs.items() if many}
            body["mode"] = _mode(given)
            body["resolution"] = [size or "720p"]
        elif size not in (None, "1K"):
            body["upscale"] = [size]  # then the one file is the larger one
        return body

    def _output(self, url: object) -> Output | None:
        """A result by its name: the address says where the application believes to be, which may be behind a tunnel."""
        path = urlsplit(url).path if isinstance(url, str) else ""
        _before, found, name = path.rpartition(_FILES)
        plain_name = unquote(name)
        if not found or not name or "/" in plain_name or ".." in plain_name or not _UTF8.fullmatch(plain_name):
            return None
        there = self._at(_FILES + quote(plain_name))
        return Output(media_type(None, there, "image"), url=there)

    @property
    def _tasks(self) -> str:
        """Under which whose tasks are whose is remembered."""
        return f"{self.name}:tasks:{self.access.url}"

    def _sent(self, recipe: Recipe, context: Context) -> list[str]:
        """What was sent so far with these words: digests of whole bodies."""
        known = context.recall(f"{self.name}:sent:{self.access.url}", _words(recipe))
        try:
            return [str(one) for one in listed(json.loads(known or "[]"))]
        except ValueError:
            return []

    def _note_sent(self, recipe: Recipe, body: Mapping[str, Any], context: Context) -> None:
        """Before it is sent: afterwards nobody may be there to do it."""
        sent = list(dict.fromkeys([*self._sent(recipe, context), digest_of(dict(body))]))
        context.remember(f"{self.name}:sent:{self.access.url}", _words(recipe), json.dumps(sent))

    def _headers(self, *, of_a_job: bool = False) -> dict[str, str]:
        return {"X-API-Key": self.key(of_a_job=of_a_job)}

    def _at(self, path: str) -> str:
        return f"{self.access.url}{path}"


def _route(recipe: Recipe) -> str:
    """Which of the two routes makes it; tasks are of that type, too."""
    return "video" if SIGNATURES[recipe.op].output is Kind.VIDEO else "image"


def _mode(given: set[str]) -> str:
    """How pictures are meant. A word that is not known would make a film without them."""
    if "end_frame" in given:
        return "start_end_image"
    if "start_frame" in given:
        return "start_image"
    return "components" if given else "text_to_video"


async def _inline(artifact: Artifact, context: Context) -> str:
    data = await context.work(context.path(artifact.digest).read_bytes)
    return f"data:{artifact.media_type};base64,{base64.b64encode(data).decode()}"


def _words(recipe: Recipe) -> str:
    """The name under which is remembered what was sent with these words: they are not written down themselves."""
    return hashlib.sha256(f"{_route(recipe)}\0{recipe.prompt or ''}".encode("utf-8", "surrogatepass")).hexdigest()


def _may_be(prompt: str, shown: object) -> bool:
    """Whether a task of the list may have this prompt: it shows the beginning, perhaps with dots behind it."""
    return isinstance(shown, str) and prompt.startswith(shown.removesuffix("...").removesuffix("…")[:SHOWN])


def _failure(said: Mapping[str, Any]) -> Heard:
    """How a task failed: by a number, and in words that may be in any language."""
    code = said.get("error_code")
    text = str(said.get("error_detail") or said.get("error") or "")
    word = str(said.get("error") or "")
    number = str(code) if isinstance(code, int) and not isinstance(code, bool) and code >= 0 else "0"
    return Heard(200, [number], text if text.startswith(word) or not word else f"{word}: {text}")
