"""Replicate: predictions of models, of versions and of deployments. Submitted once, asked about, cancelled, listed.

`Prefer: wait` is never sent: the id of a job has to be written down before anything is waited for.
Sources: Replicate's reference of its HTTP interface and its pages on the lifecycle of predictions, deadlines, billing,
error codes and webhooks; the wire of its client 1.0.7; as of 2026-11-21.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from rushes.errors import ErrorClass, RemoteError
from rushes.model.canonical import digest_of
from rushes.model.limit import Rate
from rushes.model.media import Artifact
from rushes.model.money import ZERO
from rushes.model.request import Request
from rushes.plugin.access import Access
from rushes.plugin.provider import Context, Duplicates, Facts, Finished, Found, Output, Pending, Submitted, Unknowable
from rushes.plugin.published import Published
from rushes.providers.errors import COMMON, EDGE, LOST, Heard, Row, plain, read, unknown
from rushes.providers.http import Answer, File, Unreachable, form
from rushes.providers.published import parameters
from rushes.providers.queued import Queued
from rushes.providers.remote import document, listed, media_type
from rushes.providers.signing import Shared

HOST = "https://api.replicate.com"

DATA_LIVES = 3600.0
"""Seconds for which Replicate keeps what a job was given and what it made."""

FILES_LIVE = 24 * 3600.0
"""Seconds for which it keeps an uploaded file."""

DEADLINE = "1h"
"""When a job that is not done is stopped: what came later could hardly be fetched before it is deleted."""

ACCEPT_WITHIN = 60.0
MOST_UPLOAD = 100_000_000
MOST_PAGES = 20
"""Pages of a hundred jobs that a lost answer is looked for in."""

SLACK = 120.0
"""Seconds by which Replicate's clock may differ from ours."""

_POLICY = "change the prompt or the picture: the same again is refused again"
_SAYS_POLICY = r"nsfw|sensitive|moderat|content polic|safety|prohibited|E005"
_CODE = re.compile(r"\bE\d{4}\b")
_ENDED = frozenset({"failed", "canceled", "aborted"})
_UNSEEN = frozenset({"starting", "processing"})

SUBMIT: tuple[Row, ...] = (
    Row(
        "422",
        ErrorClass.RETIRED_MODEL,
        says=r"version (does not exist|is disabled)|invalid version",
        next_step="rushes models",
    ),
    *EDGE,
    *COMMON,
    *LOST,
)
"""About a submission. Whatever is refused here became no job."""

RESULT: tuple[Row, ...] = (
    Row(None, ErrorClass.CANCELLED, code="aborted"),  # its deadline came before it began: nothing is charged
    Row(None, ErrorClass.CANCELLED, code="canceled", billed=True),  # the time that it ran is charged
    Row("200", ErrorClass.CONTENT_POLICY, says=_SAYS_POLICY, billed=True, next_step=_POLICY),
    Row("200", ErrorClass.INVALID_INPUT, code="E1001", billed=True, next_step="use smaller inputs"),  # out of memory
    Row("200", ErrorClass.BAD_OUTPUT, code="E6716|E8765"),  # it never began
    Row("200", ErrorClass.BAD_OUTPUT, billed=True),  # a model that is paid by its time is paid until it fails
    Row("404|410", ErrorClass.BAD_OUTPUT, billed=True),
    *COMMON,
)
"""About a job that was accepted. Source of what is billed: `Prediction lifecycle` and `Billing`, as of 2026-11-21."""


class Replicate(Queued):
    """Predictions. There is no idempotency key; the list of jobs finds one by its input when a seed makes it unique."""

    name = "replicate"
    floor = 1.0
    facts = Facts(
        duplicates=Duplicates.NEVER,  # the list can find a job, and cannot rule one out
        remembers=DATA_LIVES,
        bills_refusals=True,  # what is found while a model runs
        outputs_live=DATA_LIVES,
        in_flight=None,  # no limit is documented
        polls=25.0,  # half of the 3000 questions a minute that an account may ask
        rates=(Rate(600, 60.0),),  # jobs that an account may open; fewer where its credit is low, and it says so then
    )

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self._host = (access.url or HOST).rstrip("/")
        self._secret = Shared(self._asked_secret)

    async def submit(self, request: Request, context: Context) -> Submitted:
        """Open a prediction, once."""
        recipe = request.recipe
        ready = self.ready(recipe)
        headers = {**self._headers(), "Content-Type": "application/json", "Cancel-After": DEADLINE}
        if self.access.simulated:
            headers["x-rushes-asking"] = request.key  # lets the simulator's books tell two candidates from a duplicate
        given = self.body(request, ready) | await self.inputs(recipe, context, FILES_LIVE)
        path, body = _addressed(self.endpoint(recipe))
        body["input"] = given
        if context.webhook:
            body |= {"webhook": context.webhook, "webhook_events_filter": ["completed"]}
        if "seed" in given:  # it tells this asking from every other: only then can the list be trusted to find it
            context.remember(self._kind("sent"), context.idempotency_key, json.dumps([time.time(), digest_of(given)]))
        answer = await self.http.post_once(
            self._host + path, headers=headers, body=json.dumps(body).encode(), within=ACCEPT_WITHIN
        )
        said = document(self.accepted(answer, SUBMIT, context).body)
        id_ = said.get("id") if isinstance(said, dict) else None
        if not isinstance(id_, str) or not self.is_id(id_):
            raise unknown("replicate accepted this, and its answer cannot be read")
        context.remember(self._kind("job"), id_, context.idempotency_key)
        return Submitted(self.remote_of(id_), self.floor)

    async def poll(self, remote: str, context: Context) -> Pending | Finished:
        """Ask about a prediction; its answer has the result."""
        job, headers = self.job(remote), self._headers(of_a_job=True)
        said = await self.asked(self._at(job.id), headers, job, RESULT, context)
        if isinstance(said, Pending):
            return said
        status = str(said.get("status"))
        if status in _ENDED:
            text = plain(str(said.get("error") or f"the prediction was {status}"), None)
            raise read(RESULT, Heard(200, [*_CODE.findall(text), status], text), self.name, self.access.key)
        if status != "succeeded":
            says = status if status in _UNSEEN else plain(status, self.access.key)
            return self.later(job, says, queued=status == "starting")
        if said.get("data_removed") is True or not (finished := _finished(said.get("output"))):
            raise RemoteError(
                ErrorClass.BAD_OUTPUT,
                "replicate has no result of this (any more): it keeps one for an hour",
                maybe_billed=True,
            )
        return finished

    async def cancel(self, remote: str, context: Context) -> Decimal | None:
        """Stop a prediction. One that never began costs nothing; of others the time that they ran is charged."""
        url = f"{self._at(self.job(remote).id)}/cancel"
        try:
            answer = await self.http.ask("POST", url, headers=self._headers(of_a_job=True), sleep=context.sleep)
        except Unreachable as error:
            raise RemoteError(
                ErrorClass.TRANSIENT, f"replicate cannot be reached: {error}", maybe_billed=True
            ) from None
        if answer.status in (404, 410):
            raise RemoteError(ErrorClass.INVALID_INPUT, "replicate does not know this prediction", maybe_billed=True)
        said = document(answer.body)
        return ZERO if isinstance(said, dict) and said.get("status") == "aborted" else None

    async def reconcile(self, request: Request, context: Context) -> Found | Unknowable:
        """Look for what was sent under this key in the list of predictions, by its input and by when it was sent.

        Found is one job that has exactly this input and belongs to no other key. Nothing found proves nothing: when a
        new job appears in the list is not documented, and an input is deleted after an hour.
        """
        sent = _note(context.recall(self._kind("sent"), context.idempotency_key))
        if sent is None:
            return Unknowable()
        at, wanted = sent
        found = [id_ async for id_, given in self._since(at - SLACK, context) if digest_of(given) == wanted]
        free = [id_ for id_ in found if self._whose(id_, context) in (None, context.idempotency_key)]
        if len(free) != 1:
            return Unknowable()
        context.remember(self._kind("job"), free[0], context.idempotency_key)
        return Found(self.remote_of(free[0]))

    async def _since(self, at: float, context: Context) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Predictions from that unix time on, newest first, with their inputs."""
        after = datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
        url = f"{self._host}/v1/predictions?{urlencode({'created_after': after})}"
        for _page in range(MOST_PAGES):
            said = await self.free("GET", url, self._headers(of_a_job=True), context)
            for one in listed(said.get("results")):
                id_, given = (one.get("id"), one.get("input")) if isinstance(one, dict) else (None, None)
                if isinstance(id_, str) and self.is_id(id_) and isinstance(given, dict) and _when(one) >= at:
                    yield id_, given
            url = str(said.get("next") or "")
            if not self._is_own(url):  # the last page, or an address that the key does not go to
                return

    def _whose(self, id_: str, context: Context) -> str | None:
        return context.recall(self._kind("job"), id_)

    def _kind(self, what: str) -> str:
        return f"{what}:{self.name}:{self.access.url or ''}"

    async def called(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """The id of the prediction that a call is about, when Replicate signed it, else None. It is a hint to ask."""
        said = document(body) if await self._secret.signed(headers, body) else None
        return str(said["id"]) if isinstance(said, dict) and said.get("id") else None

    async def _asked_secret(self) -> str:
        url = f"{self._host}/v1/webhooks/default/secret"
        try:
            answer = await self.http.ask("GET", url, headers=self._headers(), sleep=asyncio.sleep)
        except Unreachable:
            return ""
        said = document(answer.body)
        return str(said.get("key") or "") if isinstance(said, dict) and answer.status == 200 else ""

    async def upload(self, artifact: Artifact, context: Context) -> str:
        """Send an input to Replicate's files, where its models can read it."""
        if artifact.size > MOST_UPLOAD:
            raise RemoteError(ErrorClass.INVALID_INPUT, f"an input of {artifact.size} bytes is too large for replicate")
        data = await context.work(context.path(artifact.digest).read_bytes)
        file = File("content", f"{artifact.digest}{artifact.suffix}", data, artifact.media_type)
        kind, body = form((), (file,))
        said = await self.free(
            "POST", f"{self._host}/v1/files", {**self._headers(), "Content-Type": kind}, context, body
        )
        urls = said.get("urls")
        placed = urls.get("get") if isinstance(urls, dict) else None
        if not isinstance(placed, str) or not self._is_own(placed):
            raise RemoteError(ErrorClass.TRANSIENT, "replicate's files answered without an address of their own")
        return placed

    async def check_key(self, context: Context) -> None:
        """Try the key with a question that costs nothing: whose it is. Raises RemoteError."""
        await self.free("GET", f"{self._host}/v1/account", self._headers(), context)

    async def published(self, endpoint: str, context: Context) -> Published | None:
        """The input schema of a model's latest version, or of the named one; no prices. Deployments publish nothing."""
        if endpoint.startswith("deployments/"):
            return Published()
        model, _, version = endpoint.partition(":")
        url = f"{self._host}/v1/models/{model}" + (f"/versions/{version}" if version else "")
        said = await self.known(url, self._headers(), context)
        if said is None:
            return None
        latest = said if version else said.get("latest_version")
        return Published(parameters(latest.get("openapi_schema")) if isinstance(latest, dict) else None)

    def heard(self, answer: Answer) -> Heard:
        """A problem of RFC 7807; a throttled request says in its words when to come back."""
        found = document(answer.body)
        said = found if isinstance(found, dict) else {}
        text = ": ".join(str(one) for one in (said.get("title"), said.get("detail")) if one)
        return Heard(answer.status, [], text, self.wait(answer, text))

    def opening(self, url: str) -> Mapping[str, str]:
        """The key, for files that lie at the interface itself; results lie elsewhere, and open."""
        return self._headers(of_a_job=True) if self._is_own(url) else {}

    def _headers(self, *, of_a_job: bool = False) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key(of_a_job=of_a_job)}"}

    def _is_own(self, url: str) -> bool:
        """Whether the key may be sent there: what Replicate returns is followed no further than to its interface."""
        return url.startswith(f"{self._host}/v1/")

    def _at(self, id_: str) -> str:
        return f"{self._host}/v1/predictions/{id_}"


def _addressed(endpoint: str) -> tuple[str, dict[str, Any]]:
    """Path and body for an endpoint: `owner/name`, `owner/name:version` or `deployments/owner/name`."""
    if endpoint.startswith("deployments/"):
        return f"/v1/{endpoint}/predictions", {}
    model, _, version = endpoint.partition(":")
    return ("/v1/predictions", {"version": version}) if version else (f"/v1/models/{model}/predictions", {})


def _finished(output: object) -> Finished | None:
    """What a model gave, in whatever shape: addresses of files, else text, whole or in pieces; None for nothing."""
    leaves = [one for one in _leaves(output) if one]
    urls = [one for one in leaves if one.startswith(("http://", "https://"))]
    if urls:
        return Finished(tuple(Output(media_type(None, url, ""), url=url) for url in urls))
    return Finished((), text="".join(leaves)) if leaves else None


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _leaves(one)


def _when(said: Mapping[str, Any]) -> float:
    """When a prediction was made, unix seconds; 0 for what cannot be read."""
    try:
        return datetime.fromisoformat(str(said.get("created_at"))).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def _note(text: str | None) -> tuple[float, str] | None:
    try:
        at, digest = json.loads(text or "")
        return float(at), str(digest)
    except (ValueError, TypeError):
        return None
