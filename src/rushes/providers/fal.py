"""fal: models behind one queue. Submitted once, asked about by the addresses that it returned, fetched, or cancelled.

Sources: fal's documentation of queue, webhooks, errors and storage, and the wire of its client 1.0.3, as of 2026-11-20.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from rushes.errors import ErrorClass, RemoteError
from rushes.model.media import Artifact
from rushes.model.money import ZERO
from rushes.model.request import Recipe, Request
from rushes.plugin.access import Access
from rushes.plugin.provider import Context, Duplicates, Facts, Finished, Pending, Submitted, Unknowable
from rushes.plugin.published import Published
from rushes.providers.errors import COMMON, EDGE, LOST, Heard, Row, paid, plain, read, unknown
from rushes.providers.http import Answer, Unreachable
from rushes.providers.published import parameters
from rushes.providers.remote import Remote, document, files_of, listed, pace
from rushes.providers.signing import Keys
from rushes.providers.spelled import Put
from rushes.providers.timed import times_of

QUEUE, REST, CDN = "https://queue.fal.run", "https://rest.fal.ai", "https://v3.fal.media"
SITE, PLATFORM = "https://fal.ai", "https://api.fal.ai"

KEEP = 24 * 3600.0
"""Seconds for which results and uploads are asked to be kept; how long without asking is not documented."""

ACCEPT_WITHIN = 60.0
"""Seconds that a submission may take: it only enters a queue."""

_LIFECYCLE = json.dumps({"expiration_duration_seconds": int(KEEP)})
MOST_UPLOAD = 100_000_000
BUSY = frozenset({408, 409, 425, 429})
FLOOR = 1.0
"""Seconds between two questions about one job, at least: polite, and more often brings nothing."""

_POLICY = "change the prompt or the picture: the same again is refused again"
_MODEL: tuple[Row, ...] = (
    Row(None, ErrorClass.CONTENT_POLICY, code="content_policy_violation", billed=True, next_step=_POLICY),
    Row("403", ErrorClass.QUOTA, says=r"balance|locked|exhausted|credit", next_step="add credit at fal.ai/dashboard"),
)
SUBMIT: tuple[Row, ...] = (*_MODEL, *EDGE, *COMMON, *LOST)
"""About a submission. Whatever is refused here never entered the queue."""

RESULT: tuple[Row, ...] = (
    *_MODEL,
    Row("499", ErrorClass.CANCELLED, billed=True),
    Row(None, ErrorClass.CANCELLED, code=r"(request_|client_)?cancel+ed", billed=True),
    Row("422", ErrorClass.BAD_OUTPUT, code="no_media_generated", billed=True),
    Row("422", ErrorClass.INVALID_INPUT, billed=True),  # a runner may have worked before it found the mistake
    Row("404|410", ErrorClass.BAD_OUTPUT, billed=True),  # the job is no longer known: it was paid for all the same
    Row("5..|408|409|425|429", ErrorClass.BAD_OUTPUT),  # the model failed, and that is never billed: a new one may help
    *COMMON,
    Row(None, ErrorClass.BAD_OUTPUT, billed=True),
)
"""About a job that was accepted. Source of what is billed: fal's FAQ, `Do you charge for failed requests?`"""


class Job(NamedTuple):
    """All that is needed to ask about a job: the addresses that fal returned, and when (unix seconds)."""

    id: str
    status: str
    response: str
    cancel: str
    at: float = 0.0


class Fal(Remote):
    """The queue of fal. Duplicates are not recognised and jobs not listed, so a lost answer stays unknown."""

    name = "fal"
    facts = Facts(
        duplicates=Duplicates.NEVER,
        remembers=30 * 86400.0,  # the JSON of a result
        bills_refusals=True,  # a 422 after a runner has worked
        outputs_live=KEEP,
        in_flight=None,  # the queue never refuses; how many run at once, 2 to 40, the account's purchases decide
        polls=20.0,  # no limit is documented; this is polite, and cheap for both sides
    )

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self._queue, self._rest, self._cdn = ((access.url or "").rstrip("/") or host for host in (QUEUE, REST, CDN))
        self._site, self._platform = ((access.url or "").rstrip("/") or host for host in (SITE, PLATFORM))
        self._keys = Keys(partial(self.http.published, f"{self._rest}/.well-known/jwks.json"))

    def put(self, recipe: Recipe) -> Put:
        """The parameters of a recipe; what an endpoint must have and a recipe leaves out is as the catalogue has it."""
        takes, offer = self.takes(self.endpoint(recipe)), self.offer(recipe)
        if takes is not None and offer is not None:
            needed = takes.schema.get("required", ())
            usual = {name: str(value) for name, value in offer.defaults.items() if name in needed}
            recipe = replace(recipe, params={**usual, **recipe.params})
        return super().put(recipe)

    async def submit(self, request: Request, context: Context) -> Submitted:
        """Enter the queue, once."""
        recipe, endpoint = request.recipe, self.endpoint(request.recipe)
        ready = self.ready(recipe)
        headers = {
            **self._headers(),
            "Content-Type": "application/json",
            "x-fal-no-retry": "1",  # whether a failed job is bought again is decided here
            "X-Fal-Object-Lifecycle-Preference": _LIFECYCLE,
        }
        if self.access.simulated:
            headers["x-rushes-asking"] = request.key  # lets the simulator's books tell two candidates from a duplicate
        body = self.body(request, ready) | await self.inputs(recipe, context, KEEP)
        query = "?" + urlencode({"fal_webhook": context.webhook}) if context.webhook else ""
        answer = await self.http.post_once(
            f"{self._queue}/{endpoint}{query}", headers=headers, body=json.dumps(body).encode(), within=ACCEPT_WITHIN
        )
        return Submitted(self._remote(self.accepted(answer, SUBMIT, context)), FLOOR)

    def _remote(self, answer: Answer) -> str:
        """All that is needed to ask about the job, from any process."""
        said = document(answer.body)
        try:
            id_, *urls = (str(said[name]) for name in ("request_id", "status_url", "response_url", "cancel_url"))
        except (KeyError, TypeError):
            raise unknown("fal accepted this, and its answer cannot be read") from None
        if not all(self._is_own(url) for url in urls):
            name = plain(id_, self.access.key)
            raise unknown(f"fal accepted this as {name}, and names addresses that are not its own")
        return json.dumps([id_, *urls, round(time.time(), 3)], separators=(",", ":"))

    async def poll(self, remote: str, context: Context) -> Pending | Finished:
        """Ask about a job. Whatever keeps the answer from us is a reason to ask later, never to buy again."""
        job, headers = self._job(remote), self._headers(of_a_job=True)
        try:
            answer = await self.http.ask("GET", job.status, headers=headers, sleep=context.sleep, when=self.when)
            said = document(answer.body)
            state = said.get("status") if isinstance(said, dict) and answer.status in (200, 202) else None
            if state == "COMPLETED":
                answer = await self.http.ask("GET", job.response, headers=headers, sleep=context.sleep, when=self.when)
                return self._finished(answer, said)
        except Unreachable as error:
            return Pending(pace(job.at, 5.0), says=f"fal cannot be reached: {error}")
        if state is None and 400 <= answer.status < 500 and answer.status not in BUSY:
            raise paid(read(RESULT, self.heard(answer), self.name, self.access.key))
        if state is None and answer.status >= 400:
            wait = max(pace(job.at, 5.0), self.when(answer) or 0.0)
            return Pending(wait, says=f"fal says {answer.status}")
        if state in ("CANCELLED", "CANCELED"):
            raise RemoteError(ErrorClass.CANCELLED, "fal cancelled the job", maybe_billed=True)
        place = said.get("queue_position") if isinstance(said, dict) else None
        says = plain(str(state), self.access.key)
        if isinstance(place, int) and place:
            says = f"{place} before it in the queue"
        says = says.lower().replace("_", " ") if state else ""
        return Pending(pace(job.at, FLOOR), says=says, queued=state == "IN_QUEUE")

    def _finished(self, answer: Answer, status: Mapping[str, Any]) -> Pending | Finished:
        """The outputs; a failed job is COMPLETED too, and its result has the status and the words of the failure."""
        said = document(answer.body)
        error = status.get("error_type") or status.get("error")
        if answer.status == 200 and isinstance(said, dict):
            if True in listed(said.get("has_nsfw_concepts")):  # a black picture stands in for what was held back
                heard = Heard(200, ["content_policy_violation"], "the result was held back")
                raise read(RESULT, heard, self.name, self.access.key)
            if outputs := tuple(files_of(said)):
                return Finished(outputs)
            if isinstance(text := said.get("text", said.get("output")), str):
                return Finished(times_of(said), text=text)
            if not error:
                raise RemoteError(ErrorClass.BAD_OUTPUT, "fal finished without a result", maybe_billed=True)
        elif not error and (answer.status == 200 or answer.status >= 500 or answer.status in BUSY):
            return Pending(5.0, says="fal has the result and cannot give it yet")  # the way to it failed, not the job
        heard = self.heard(answer)
        if error:  # what the status says was not garbled by whatever stands between
            heard = heard._replace(codes=[str(error), *heard.codes], says=heard.says or str(status.get("error") or ""))
            raise read(RESULT, heard, self.name, self.access.key)
        raise paid(read(RESULT, heard, self.name, self.access.key))

    async def cancel(self, remote: str, context: Context) -> Decimal | None:
        """Stop a job. Nothing is charged for one that fal takes out of its queue; for others it does not say."""
        job, headers = self._job(remote), self._headers(of_a_job=True)
        try:
            before = document((await self.http.ask("GET", job.status, headers=headers, sleep=context.sleep)).body)
            answer = await self.http.ask("PUT", job.cancel, headers=headers, sleep=context.sleep)
        except Unreachable as error:
            raise RemoteError(ErrorClass.TRANSIENT, f"fal cannot be reached: {error}", maybe_billed=True) from None
        said = document(answer.body)
        state = said.get("status") if isinstance(said, dict) else None
        if answer.status == 404 or state == "NOT_FOUND":
            raise RemoteError(ErrorClass.INVALID_INPUT, "fal does not know this job", maybe_billed=True)
        return ZERO if state == "OK" and isinstance(before, dict) and before.get("status") == "IN_QUEUE" else None

    async def reconcile(self, request: Request, context: Context) -> Unknowable:
        """fal has no list of jobs that a request could be found in."""
        return Unknowable()

    async def called(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """The id of the job that a call is about, when fal signed it, else None. It is a hint to ask."""
        said = document(body) if await self._keys.signed(headers, body) else None
        return str(said["request_id"]) if isinstance(said, dict) and said.get("request_id") else None

    async def upload(self, artifact: Artifact, context: Context) -> str:
        """Send an input to fal's storage."""
        if artifact.size > MOST_UPLOAD:
            raise RemoteError(ErrorClass.INVALID_INPUT, f"an input of {artifact.size} bytes is too large for fal")
        data = await context.work(context.path(artifact.digest).read_bytes)
        token = await self._token(context)
        headers = {
            "Authorization": f"{token.get('token_type', 'Bearer')} {token.get('token', '')}",
            "Content-Type": artifact.media_type,
            "X-Fal-File-Name": f"{artifact.digest}{artifact.suffix}",
            "X-Fal-Object-Lifecycle": _LIFECYCLE,
        }
        placed = (await self.free("POST", f"{self._cdn}/files/upload", headers, context, data)).get("access_url")
        if not isinstance(placed, str) or urlsplit(placed).scheme not in ("http", "https"):
            raise RemoteError(ErrorClass.TRANSIENT, "fal's storage answered without an address")
        return placed

    async def check_key(self, context: Context) -> None:
        """Try the key with a question that costs nothing: a token for uploads. Raises RemoteError."""
        await self._token(context)

    async def published(self, endpoint: str, context: Context) -> Published | None:
        """What fal publishes about an endpoint: its OpenAPI document, to everybody, and its price, to who has a key."""
        asked = urlencode({"endpoint_id": endpoint})
        found = await self.known(f"{self._site}/api/openapi/queue/openapi.json?{asked}", {}, context)
        if found is None:
            return None
        told = await self._pricing(asked, context)
        price: dict[str, Any] = next(
            (one for one in listed(told.get("prices")) if one.get("endpoint_id") == endpoint), {}
        )
        usd = price.get("unit_price") if price.get("currency") == "USD" else None
        amount = Decimal(str(usd)) if isinstance(usd, int | float) else None
        return Published(parameters(found), amount, str(price.get("unit") or ""))

    async def _pricing(self, asked: str, context: Context) -> Mapping[str, Any]:
        """fal's price list; nothing without a key."""
        try:
            return await self.free("GET", f"{self._platform}/v1/models/pricing?{asked}", self._headers(), context)
        except RemoteError as error:
            if error.kind in (ErrorClass.AUTH, ErrorClass.RETIRED_MODEL):
                return {}
            raise

    async def _token(self, context: Context) -> dict[str, Any]:
        asked = {**self._headers(), "Content-Type": "application/json"}
        return await self.free(
            "POST", f"{self._rest}/storage/auth/token?storage_type=fal-cdn-v3", asked, context, b"{}"
        )

    def heard(self, answer: Answer) -> Heard:
        """fal has two shapes: a list of typed details from models, a text with `error_type` from the platform."""
        found = document(answer.body)
        said = found if isinstance(found, dict) else {}
        detail = said.get("detail")
        parts = [one for one in listed(detail) if isinstance(one, dict)]
        codes = [one.get("type") for one in parts] + [said.get("error_type"), answer.headers.get("x-fal-error-type")]
        texts = [str(one.get("msg", "")) for one in parts] or [str(detail or said.get("error") or "")]
        says = "; ".join(texts)
        return Heard(answer.status, [str(code) for code in codes if code], says, self.wait(answer, says))

    def _headers(self, *, of_a_job: bool = False) -> dict[str, str]:
        return {"Authorization": f"Key {self.key(of_a_job=of_a_job)}"}

    def _is_own(self, url: str) -> bool:
        """Whether the key may be sent there: what fal returns is followed no further than to fal."""
        there, here = urlsplit(url), urlsplit(self._queue)
        return (there.scheme, there.netloc) == (here.scheme, here.netloc)

    def _job(self, remote: str) -> Job:
        """The job of a remote id; a person who adopts one gives the address of its result."""
        if remote.startswith(("http://", "https://")):
            base = remote.rstrip("/").removesuffix("/status").removesuffix("/cancel")
            job = Job(base.rpartition("/")[2], f"{base}/status", base, f"{base}/cancel")
        else:
            try:
                job = Job(*json.loads(remote))
                job = job._replace(at=float(job.at))
            except (ValueError, TypeError):
                raise RemoteError(ErrorClass.INVALID_INPUT, "this is no job of fal's") from None
        if not all(isinstance(url, str) and self._is_own(url) for url in job[1:4]):
            raise RemoteError(ErrorClass.INVALID_INPUT, "this job's addresses are not fal's")
        return job
