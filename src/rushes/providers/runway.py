"""Runway: tasks for pictures and films, of Runway's own models and of others. It says what each has cost.

Sources: the types of runwayml 5.24.0 and the wire that it sends; Runway's pages on errors, task failures, inputs and
uploads, tiers and limits; as of 2026-11-21.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import urldefrag, urlsplit

from rushes.errors import ErrorClass, RemoteError
from rushes.model.media import Artifact
from rushes.model.money import Quote
from rushes.model.request import Recipe, Request
from rushes.plugin.access import Access
from rushes.plugin.provider import Context, Duplicates, Facts, Finished, Output, Pending, Submitted
from rushes.providers.errors import COMMON, EDGE, LOST, Heard, Row, plain, read, unknown
from rushes.providers.http import Answer, File, Unreachable, form
from rushes.providers.pixels import in_pixels, tier_of
from rushes.providers.queued import Job, Queued
from rushes.providers.remote import document, listed, media_type
from rushes.providers.spelled import Put

HOST = "https://api.dev.runwayml.com"
VERSION = "2024-11-06"
CREDIT = Decimal("0.01")
"""USD of one credit."""

URLS_LIVE = 24 * 3600.0
"""Seconds for which the address of a result can be used, at least; asking about the task again gives a fresh one."""

UPLOADS_LIVE = 24 * 3600.0
ACCEPT_WITHIN = 60.0
MOST_UPLOAD = 200_000_000

_POLICY = "change the prompt or the picture: the same again is refused again"
_USED_UP = "a project may start so many tasks of a model in 24 hours, by its tier: see dev.runwayml.com"
_QUEUED = frozenset({"PENDING", "THROTTLED"})
_WAITING = _QUEUED | {"RUNNING"}
_IMAGES = "referenceImages"

SUBMIT: tuple[Row, ...] = (
    Row("400", ErrorClass.QUOTA, says=r"enough credits", next_step="add credits at dev.runwayml.com"),
    Row("400", ErrorClass.RETIRED_MODEL, code="model", next_step="choose another model: rushes models"),
    Row("429", ErrorClass.RATE_LIMIT, next_step=_USED_UP),
    *EDGE,
    *COMMON,
    *LOST,
)
"""About a submission. Whatever is refused here became no task; too many at once are accepted, and wait. Requests a
minute are not limited, so a 429 is the limit of 24 hours: when the oldest task leaves them, no answer says.
"""

RESULT: tuple[Row, ...] = (
    Row(None, ErrorClass.CANCELLED, code="CANCELLED", billed=True),
    Row(None, ErrorClass.CONTENT_POLICY, code=r"SAFETY\.INPUT\..*", billed=True, next_step=_POLICY),
    Row(None, ErrorClass.CONTENT_POLICY, code=r"(.*\.)?SAFETY(\..*)?", next_step=_POLICY),
    Row(None, ErrorClass.INVALID_INPUT, code=r"ASSET\.INVALID", next_step="use another picture"),
    Row("200", ErrorClass.BAD_OUTPUT),
    Row("404|410", ErrorClass.BAD_OUTPUT, billed=True),
    *COMMON,
)
"""About a task that was accepted. What its answer says of its cost stands above `billed`."""


class Runway(Queued):
    """Tasks. There is no list of them and no idempotency key, so a lost answer stays unknown."""

    name = "runway"
    floor = 5.0  # seconds: Runway's own word for how often a task may be asked about
    facts = Facts(
        duplicates=Duplicates.NEVER,
        remembers=None,  # how long a task can be asked about is not documented
        bills_refusals=True,  # an input that moderation refuses
        outputs_live=URLS_LIVE,
        in_flight=None,  # 1 to 20 by tier; too many are not refused: they wait as THROTTLED
        polls=None,
        by_model=True,  # of a project
    )

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self._host = (access.url or HOST).rstrip("/")

    def put(self, recipe: Recipe) -> Put:
        """The parameters: shape and resolution are one size in pixels, and what a price depends on is said."""
        takes = self.takes(self.endpoint(recipe))
        if takes is None or takes.shape is None:
            return super().put(recipe)
        first = next((one for one in recipe.inputs.get("start_frame", ()) if one.width and one.height), None)
        like = None if first is None else (first.width or 0, first.height or 0)
        return super().put(self.with_defaults(replace(recipe, params=in_pixels(recipe.params, takes, like))))

    def estimate(self, recipe: Recipe) -> Quote:
        """The price of what would be sent; a size in pixels is priced by its resolution."""
        offer, body = self.offer(recipe), self.put(recipe).body
        if offer is None or (tier := tier_of(body.get("ratio"))) is None:
            return super().estimate(recipe)
        return offer.quote(replace(recipe, params={**body, "resolution": body.get("resolution", tier)}))

    async def submit(self, request: Request, context: Context) -> Submitted:
        """Start a task, once."""
        recipe = request.recipe
        ready = self.ready(recipe)
        work, _, model = self.endpoint(recipe).partition("/")
        headers = {**self._headers(), "Content-Type": "application/json"}
        if self.access.simulated:
            headers["x-rushes-asking"] = request.key  # lets the simulator's books tell two candidates from a duplicate
        body = {"model": model, **self.body(request, ready), **await self._pictures(recipe, context)}
        answer = await self.http.post_once(
            f"{self._host}/v1/{work}", headers=headers, body=json.dumps(body).encode(), within=ACCEPT_WITHIN
        )
        said = document(self.accepted(answer, SUBMIT, context).body)
        id_ = said.get("id") if isinstance(said, dict) else None
        if not isinstance(id_, str) or not self.is_id(id_):
            raise unknown("runway accepted this, and its answer cannot be read")
        return Submitted(self.remote_of(id_), self.floor)

    async def _pictures(self, recipe: Recipe, context: Context) -> dict[str, Any]:
        """Inputs as Runway nests them: frames with their positions, references in a list."""
        takes, fields = self.takes(self.endpoint(recipe)), dict[str, Any]()
        for role, many in recipe.inputs.items():
            field = takes.inputs.get(role, "") if takes is not None else ""
            for artifact in many if field else ():
                uri = await self.uploaded(artifact, context, UPLOADS_LIVE)
                if field.endswith("[]"):
                    fields.setdefault(field[:-2], []).append({"uri": uri})
                else:
                    place = "last" if role == "end_frame" else "first"
                    fields.setdefault(field, []).append({"uri": uri, "position": place})
        frames = fields.get("promptImage", ())
        if len(frames) == 1:
            fields["promptImage"] = frames[0]["uri"]
        return fields

    async def poll(self, remote: str, context: Context) -> Pending | Finished:
        """Ask about a task. The addresses in its answer are fresh each time."""
        job = self.job(remote)
        said = await self.asked(self._at(job.id), self._headers(of_a_job=True), job, RESULT, context)
        if isinstance(said, Pending):
            return said
        status = str(said.get("status"))
        if status in ("FAILED", "CANCELLED"):
            raise self._failure(said, status)
        if status != "SUCCEEDED":
            return self._pending(job, said, status)
        outputs = tuple(_outputs(job, said))
        if not outputs:
            raise RemoteError(ErrorClass.BAD_OUTPUT, "runway finished without a result", maybe_billed=True)
        return Finished(outputs, billed=_cost(said))

    def _pending(self, job: Job, said: Mapping[str, Any], status: str) -> Pending:
        progress = said.get("progress")
        known = isinstance(progress, int | float) and not isinstance(progress, bool) and 0 <= progress <= 1
        says = {"THROTTLED": "waits until an earlier one is done"}.get(status, plain(status, self.access.key).lower())
        share = float(progress or 0) if known else None
        return self.later(job, says if status in _WAITING else f"runway says {says}", share, queued=status in _QUEUED)

    def _failure(self, said: Mapping[str, Any], status: str) -> RemoteError:
        code = said.get("failureCode")
        heard = Heard(
            200, [str(code)] if code else [status], str(said.get("failure") or f"the task is {status.lower()}")
        )
        error = read(RESULT, heard, self.name, self.access.key)
        cost = _cost(said)
        error.maybe_billed = error.maybe_billed if cost is None else cost > 0
        return error

    async def fetch(self, output: Output, context: Context) -> AsyncIterator[bytes]:
        """Stream one result. Where its address has expired the task is asked for a fresh one, which costs nothing."""
        url, task = urldefrag(output.url or "")
        begun = False
        try:
            async for piece in super().fetch(output._replace(url=url), context):
                begun = True
                yield piece
        except RemoteError as error:
            fresh = (
                await self._renewed(url, task, context) if error.kind is ErrorClass.BAD_OUTPUT and not begun else None
            )
            if fresh is None:
                raise
        else:
            return
        async for piece in super().fetch(output._replace(url=fresh), context):
            yield piece

    async def _renewed(self, url: str, task: str, context: Context) -> str | None:
        """The address that a result has now; None when its task has none for it any more."""
        id_, _, number = task.partition(".")
        if not self.is_id(id_) or not number.isdecimal():
            return None
        try:
            answer = await self.http.ask(
                "GET", self._at(id_), headers=self._headers(of_a_job=True), sleep=context.sleep
            )
        except Unreachable as error:
            raise RemoteError(ErrorClass.TRANSIENT, f"runway cannot be reached: {error}") from None
        said = document(answer.body)
        outputs = list(_outputs(Job(id_), said)) if isinstance(said, dict) else []
        fresh = urldefrag(outputs[int(number)].url or "")[0] if int(number) < len(outputs) else url
        return fresh if fresh != url else None

    async def cancel(self, remote: str, context: Context) -> Decimal | None:
        """Stop a task that is not done, and never delete one that is. None: whether it is refunded was not said."""
        job, headers = self.job(remote), self._headers(of_a_job=True)
        try:
            before = await self.http.ask("GET", self._at(job.id), headers=headers, sleep=context.sleep)
            said = document(before.body)
            if before.status in (404, 410):
                raise RemoteError(ErrorClass.INVALID_INPUT, "runway does not know this task", maybe_billed=True)
            if isinstance(said, dict) and said.get("status") in _WAITING:
                # of a task that is done the same request deletes the result
                await self.http.ask("DELETE", self._at(job.id), headers=headers, sleep=context.sleep)
                after = await self.http.ask("GET", self._at(job.id), headers=headers, sleep=context.sleep)
                said = document(after.body)
        except Unreachable as error:
            raise RemoteError(ErrorClass.TRANSIENT, f"runway cannot be reached: {error}", maybe_billed=True) from None
        return _cost(said) if isinstance(said, dict) else None

    async def upload(self, artifact: Artifact, context: Context) -> str:
        """Send an input to where Runway says, for a day; returns its `runway://` address."""
        if artifact.size > MOST_UPLOAD:
            raise RemoteError(ErrorClass.INVALID_INPUT, f"an input of {artifact.size} bytes is too large for runway")
        data = await context.work(context.path(artifact.digest).read_bytes)
        name = f"{artifact.digest[:32]}{artifact.suffix}"
        asked = json.dumps({"filename": name, "type": "ephemeral"}).encode()
        headers = {**self._headers(), "Content-Type": "application/json"}
        said = await self.free("POST", f"{self._host}/v1/uploads", headers, context, asked)
        uri, there, fields = (said.get(one) for one in ("runwayUri", "uploadUrl", "fields"))
        own = urlsplit(self._host).scheme
        if not isinstance(there, str) or urlsplit(there).scheme not in ("https", own) or not isinstance(fields, dict):
            raise RemoteError(ErrorClass.TRANSIENT, "runway named no place for an upload")
        if not isinstance(uri, str) or not uri.startswith("runway://"):
            raise RemoteError(ErrorClass.TRANSIENT, "runway gave an upload no address")
        kind, body = form(
            [(str(key), str(value)) for key, value in fields.items()], (File("file", name, data, artifact.media_type),)
        )
        try:  # without the key: it is a storage of its own, which the fields open
            answer = await self.http.ask("POST", there, headers={"Content-Type": kind}, body=body, sleep=context.sleep)
        except Unreachable as error:
            raise RemoteError(ErrorClass.TRANSIENT, f"runway's uploads cannot be reached: {error}") from None
        if not 200 <= answer.status < 300:
            raise RemoteError(ErrorClass.TRANSIENT, f"runway's uploads answered {answer.status}")
        return uri

    async def _is_there(self, url: str) -> bool:
        """Nothing can be asked about an upload; its age is all that is known."""
        return True

    async def check_key(self, context: Context) -> None:
        """Try the key with a question that costs nothing: the organisation's limits. Raises RemoteError."""
        await self.free("GET", f"{self._host}/v1/organization", self._headers(), context)

    def heard(self, answer: Answer) -> Heard:
        """An error with its issues, each with the path of the field that it is about."""
        found = document(answer.body)
        said = found if isinstance(found, dict) else {}
        issues = [one for one in listed(said.get("issues")) if isinstance(one, dict)]
        codes = [".".join(str(part) for part in listed(one.get("path"))) for one in issues]
        texts = [str(said.get("error") or ""), *(str(one.get("message") or "") for one in issues)]
        says = "; ".join(text for text in texts if text)
        return Heard(answer.status, [code for code in codes if code], says, self.wait(answer, says))

    def _headers(self, *, of_a_job: bool = False) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key(of_a_job=of_a_job)}", "X-Runway-Version": VERSION}

    def _at(self, id_: str) -> str:
        return f"{self._host}/v1/tasks/{id_}"


def _outputs(job: Job, said: Mapping[str, Any]) -> Iterator[Output]:
    """The results of a task. Behind each address stands whose it is, so that it can be renewed from anywhere."""
    for number, url in enumerate(listed(said.get("output"))):
        if isinstance(url, str) and url.startswith(("http://", "https://")):
            yield Output(media_type(None, url, ""), url=f"{urldefrag(url)[0]}#{job.id}.{number}")


def _cost(said: Mapping[str, Any]) -> Decimal | None:
    """What a task that has ended has cost, USD; None where its answer does not say."""
    cost = said.get("cost")
    credits = cost.get("credits") if isinstance(cost, dict) else None
    if isinstance(credits, bool) or not isinstance(credits, int | float) or not 0 <= credits < 1e9:
        return None
    return Decimal(str(credits)) * CREDIT
