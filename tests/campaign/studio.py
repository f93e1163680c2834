"""Two kinds of service that the built-in adapters do not have: one that lists its jobs, one that knows them by our key.

Both are spoken by the simulator, so its faults are laid over them and its books judge them as they judge the others.
Jobs are made by `POST /jobs` and asked about by `GET /jobs/ID`; `GET /jobs?key=KEY` lists, where there is a list.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any

from rushes.errors import ErrorClass, RemoteError
from rushes.model.money import Quote
from rushes.model.operation import Operation
from rushes.model.problem import Problem
from rushes.model.request import Recipe
from rushes.model.request import Request as Asked
from rushes.plugin.provider import (
    Absent,
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
from rushes.providers.errors import COMMON, LOST, Heard, read
from rushes.providers.http import Answer, Http, NotSent, Unknown, Unreachable
from rushes.providers.said_limits import wait
from rushes.sim.faults import What
from rushes.sim.jobs import State
from rushes.sim.paint import Asking
from rushes.sim.route import Place, Route
from rushes.sim.wire import ASKING, Receipt, Reply, Request, bytes_reply, json_reply
from rushes.sim.world import Call

MODEL = "brush"
PRICE = Decimal("0.04")
"""What the simulator charges for a picture of a model that it does not know."""

LISTED, KEYED = "listed", "keyed"


class StudioSpeaker:
    """The service's side. `keyed`: a submission with a key that is known is the job that is known by it."""

    def __init__(self, name: str, *, keyed: bool) -> None:
        self.name = name
        self.hosts = (f"{name}.studio.test",)
        self._keyed = keyed
        self._by_key: dict[str, list[str]] = {}

    def route(self, request: Request) -> Route | None:
        """Jobs and files."""
        parts = request.path.strip("/").split("/")
        if parts == ["jobs"]:
            if request.method == "POST":
                return Route(Place.SUBMIT, MODEL)
            return None if self._keyed else Route(Place.STATUS, MODEL, request.query.get("key", ""))
        if len(parts) == 2 and parts[0] == "jobs":
            return Route(Place.CANCEL if request.method == "DELETE" else Place.STATUS, MODEL, parts[1])
        if len(parts) == 2 and parts[0] == "files":
            return Route(Place.DOWNLOAD, MODEL, parts[1], open=True)
        return None

    def key(self, request: Request) -> str | None:
        """The account's key."""
        return request.headers.get("authorization")

    def error(self, status: int, request: Request, retry_after: float | None = None) -> Reply:
        """A refusal."""
        headers = () if retry_after is None else (("retry-after", f"{retry_after:g}"),)
        return json_reply({"error": f"status {status}"}, status, headers)

    async def answer(self, call: Call) -> Reply:
        """The answer."""
        place = call.route.place
        if place is Place.SUBMIT:
            return self._submitted(call)
        if place is Place.DOWNLOAD:
            return self._file(call)
        if "key" in call.request.query:
            return json_reply({"jobs": self._by_key.get(call.route.about, [])})
        job = call.world.jobs.get(call.route.about)
        if job is None:
            return self.error(404, call.request)
        if place is Place.CANCEL:
            assert call.account is not None
            call.account.cancel(job)
        body: dict[str, Any] = {"id": job.id, "state": str(job.state), "usd": str(job.price)}
        if job.state is not State.DONE:
            return json_reply(body)
        return json_reply({**body, "url": call.request.own(f"/files/{job.id}")})._replace(
            receipt=Receipt(job.id, answered=True)
        )

    def _submitted(self, call: Call) -> Reply:
        body = call.request.json()
        key = body["idempotency_key"]
        if self._keyed and key in self._by_key:
            known = self._by_key[key][0]
            reply = json_reply({"id": known})._replace(receipt=Receipt(known, told=True))
            return call.refuse(reply, "the key is known")

        async def work() -> bytes:
            number = call.world.chance.number(call.identity, call.nth)
            asking = Asking(Operation.TEXT_TO_IMAGE, MODEL, body["prompt"], {"width": 32, "height": 32}, {}, number)
            return (await call.world.painter.make(asking)).data

        job = call.accept("image", {}, work)
        if job is None:
            return self.error(402, call.request)
        assert call.entry is not None
        call.entry.outputs.add(job.id)
        self._by_key.setdefault(key, []).append(job.id)
        return json_reply({"id": job.id}, 201)._replace(receipt=Receipt(job.id, told=True))

    def _file(self, call: Call) -> Reply:
        job = call.world.jobs.get(call.route.about)
        if job is None or job.state is not State.DONE:
            return self.error(404, call.request)
        reply = bytes_reply(job.result, "image/png")
        if call.strikes(What.EXPIRED):
            return self.error(410, call.request)
        return reply._replace(receipt=Receipt(job.id, output=job.id))


_SUBMIT = (*COMMON, *LOST)


class Studio:
    """The client's side, as a provider."""

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        kind = Duplicates.IDEMPOTENCY_KEY if name == KEYED else Duplicates.JOB_LIST
        self.facts = Facts(kind, 86_400.0, bills_refusals=False, outputs_live=None, in_flight=20, polls=200.0)
        self._url = f"{url}/{name}"
        self._http = Http(self._url)

    def version(self, model: str) -> str:
        """One model."""
        return f"sim:{MODEL}"

    def validate(self, recipe: Recipe) -> Sequence[Problem]:
        """Nothing is refused."""
        return ()

    def estimate(self, recipe: Recipe) -> Quote:
        """A fixed price."""
        return Quote(PRICE, PRICE, 3.0, "the studio's list")

    async def submit(self, request: Asked, context: Context) -> Submitted | Finished:
        """One POST."""
        asked = {"prompt": request.recipe.prompt, "seed": request.seed, "idempotency_key": context.idempotency_key}
        headers = {**self._headers(), ASKING: str(request.key)}
        answer = await self._http.post_once(
            f"{self._url}/jobs", headers=headers, body=json.dumps(asked).encode(), within=900.0
        )
        if isinstance(answer, NotSent):
            raise RemoteError(ErrorClass.TRANSIENT, answer.says)
        if isinstance(answer, Unknown):
            raise RemoteError(ErrorClass.UNKNOWN_OUTCOME, answer.says, maybe_billed=True)
        if answer.status >= 300:
            raise read(_SUBMIT, self._heard(answer), self.name, None)
        try:
            return Submitted(str(json.loads(answer.body)["id"]), wait=1.0)
        except (ValueError, KeyError, TypeError):
            raise RemoteError(ErrorClass.UNKNOWN_OUTCOME, "half an answer", maybe_billed=True) from None

    async def poll(self, remote: str, context: Context) -> Pending | Finished:
        """One GET."""
        told = await self._json(f"/jobs/{remote}", context)
        if told.get("state") in ("failed", "cancelled"):
            raise RemoteError(ErrorClass.CANCELLED, f"the job is {told['state']}")
        if told.get("state") != "done":
            return Pending(1.0)
        return Finished((Output("image/png", url=str(told["url"])),), Decimal(str(told["usd"])))

    def fetch(self, output: Output, context: Context) -> AsyncIterator[bytes]:
        """The file."""
        assert output.url is not None
        return self._http.download(output.url, name=self.name, sleep=context.sleep)

    async def cancel(self, remote: str, context: Context) -> Decimal | None:
        """One DELETE."""
        await self._http.ask("DELETE", f"{self._url}/jobs/{remote}", headers=self._headers(), sleep=context.sleep)
        return None

    async def reconcile(self, request: Asked, context: Context) -> Found | Absent | Unknowable:
        """The list knows everything; without one nobody knows."""
        if self.facts.duplicates is not Duplicates.JOB_LIST:
            return Unknowable()
        jobs = (await self._json(f"/jobs?key={context.idempotency_key}", context))["jobs"]
        return Found(str(jobs[0])) if jobs else Absent()

    async def close(self) -> None:
        """Let go of connections."""
        await self._http.close()

    def _headers(self) -> dict[str, str]:
        return {"authorization": "simulated", "content-type": "application/json"}

    def _heard(self, answer: Answer) -> Heard:
        return Heard(answer.status, (), "", wait(answer.status, answer.headers))

    async def _json(self, path: str, context: Context) -> dict[str, Any]:
        try:
            answer = await self._http.ask("GET", self._url + path, headers=self._headers(), sleep=context.sleep)
        except Unreachable as error:
            raise RemoteError(ErrorClass.TRANSIENT, str(error)) from None
        if answer.status >= 500 or answer.status == 429:
            raise RemoteError(ErrorClass.TRANSIENT, f"it answered {answer.status}")
        try:
            told = json.loads(answer.body)
            assert isinstance(told, dict) and answer.status < 300
        except (ValueError, AssertionError):
            raise RemoteError(ErrorClass.TRANSIENT, "half an answer") from None
        return told
