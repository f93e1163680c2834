"""What adapters of remote services share: the model behind a recipe, parameters in its own spelling, uploads.

A subclass knows one wire protocol. What it sends, and what that costs, is what `put` makes of a recipe.
"""

from __future__ import annotations

import asyncio
import json
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from rushes.errors import ErrorClass, RemoteError
from rushes.model.media import Artifact, kind_of_name
from rushes.model.money import Quote
from rushes.model.operation import REMOTE
from rushes.model.problem import Problem, Severity
from rushes.model.request import Recipe, Request
from rushes.model.spelling import DURATION
from rushes.plugin.access import Access, Offer
from rushes.plugin.provider import Context, Facts, Output
from rushes.plugin.takes import Takes
from rushes.providers import said_limits
from rushes.providers.errors import COMMON, Heard, Row, read, unknown
from rushes.providers.http import Answer, Http, NotSent, Unknown, Unreachable
from rushes.providers.said_limits import Meter
from rushes.providers.spelled import Put, put

NOTHING = Takes(schema={}, prompt=None)
"""Of an endpoint that nobody knows nothing is sent; `ready` has refused it before."""

_TYPES = {"image/jpg": "image/jpeg", "audio/mp3": "audio/mpeg", "audio/x-wav": "audio/wav", "audio/wave": "audio/wav"}


class Remote(ABC):
    """The base of an adapter. A subclass knows one wire protocol; it keeps nothing but connections between calls."""

    name: str
    facts: Facts
    meters: tuple[Meter, ...] = ()
    """The headers in which answers to paid requests say what is left of a limit."""

    def __init__(self, access: Access) -> None:
        self.access = access
        self.http = Http(access.url)
        self._uploads: dict[str, asyncio.Lock] = {}
        self._seen: set[str] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def put(self, recipe: Recipe) -> Put:
        """The parameters of a recipe as its endpoint takes them; never raises."""
        takes = self.takes(self.endpoint(recipe))
        if takes is None:
            says = f"what {recipe.alias or recipe.model} takes at {self.name} for {recipe.op} is not known"
            return Put({}, [self.problem(says, "choose another model: rushes models")])
        return put(self, takes, recipe)

    def endpoint(self, recipe: Recipe) -> str:
        """The endpoint of a model for this work: some have others for an edit, or for two frames."""
        offer = self.offer(recipe)
        base = offer.endpoint if offer is not None else recipe.model.removeprefix("sim:")
        takes = self.takes(base)
        for route in takes.routes if takes is not None else ():
            if route.get("op", recipe.op) == recipe.op and ("role" not in route or recipe.inputs.get(route["role"])):
                return route["to"]
        return base

    def takes(self, endpoint: str) -> Takes | None:
        """What one endpoint takes; None when nobody knows."""
        return self.access.takes(endpoint)

    def offer(self, recipe: Recipe) -> Offer | None:
        """The model that a recipe means, as this service offers it."""
        return self.access.offer(recipe.alias, recipe.op)

    def version(self, model: str) -> str:
        """The endpoint; with `sim:` before it under a simulator, whose results must never answer a real request."""
        offers = (self.access.offer(model, op) for op in sorted(REMOTE))
        endpoint = next((offer.endpoint for offer in offers if offer is not None), model)
        return f"sim:{endpoint}" if self.access.simulated else endpoint

    def with_defaults(self, recipe: Recipe, *names: str) -> Recipe:
        """The recipe with the model's usual values where it names none: what a price depends on is not left open.

        `names` are the parameters that are said so; none named: all that have a usual value.
        """
        offer, takes = self.offer(recipe), self.takes(self.endpoint(recipe)) or NOTHING
        said = {"duration" if name in DURATION else name for name, value in recipe.params.items() if value is not None}
        usual = offer.defaults if offer is not None else {}
        open_ = (set(names or usual) & usual.keys() & takes.properties.keys()) - said
        more = {name: str(usual[name]) for name in sorted(open_)}
        return replace(recipe, params={**recipe.params, **more})  # a parameter that is None is not said

    def validate(self, recipe: Recipe) -> Sequence[Problem]:
        """What would be refused, and what would not be sent."""
        return self.put(recipe).problems

    def estimate(self, recipe: Recipe) -> Quote:
        """The price of what would be sent: a picture's size and a film's length as the service is asked for them."""
        offer = self.offer(recipe)
        if offer is None:
            return Quote(None, None, 0.0, f"{self.name} does not offer {recipe.alias or recipe.model}")
        return offer.quote(replace(recipe, params=self.put(recipe).body))

    def key(self, *, of_a_job: bool = False) -> str:
        """The key for a header. RemoteError says how to set one; for want of it no job is said to have cost nothing."""
        if self.access.key is None or not self.access.key.reveal().strip():
            raise RemoteError(
                ErrorClass.AUTH,
                f"there is no key for {self.name}",
                maybe_billed=of_a_job,
                next_step=f"set one: rushes keys set {self.name}",
            )
        return self.access.key.reveal().strip()

    def ready(self, recipe: Recipe) -> dict[str, Any]:
        """The parameters to send. Raises RemoteError for what `validate` would have refused."""
        body, problems = self.put(recipe)
        wrong = next((one for one in problems if one.severity is Severity.ERROR), None)
        if wrong is not None:
            raise RemoteError(ErrorClass.INVALID_INPUT, wrong.says, next_step=wrong.try_)
        return body

    def problem(self, says: str, try_: str, name: str = "", severity: Severity = Severity.ERROR) -> Problem:
        """Something about a recipe that is refused, or (a warning) not sent."""
        path = ("params", name) if name else ()
        return Problem(code=f"{self.name}-parameter", severity=severity, says=says, try_=try_, path=path)

    async def fetch(self, output: Output, context: Context) -> AsyncIterator[bytes]:
        """Stream one result; it lies at a URL, or came with the answer."""
        if output.data is not None:
            yield output.data
        elif output.url is not None:
            headers = self.opening(output.url)
            async for piece in self.http.download(output.url, name=self.name, sleep=context.sleep, headers=headers):
                yield piece

    def opening(self, url: str) -> Mapping[str, str]:
        """Headers that fetching a result takes: the key, of services that guard their results, and to them alone."""
        return {}

    async def close(self) -> None:
        """Let go of connections."""
        self._uploads.clear()
        self._seen.clear()
        await self.http.close()

    async def uploaded(self, artifact: Artifact, context: Context, lives: float) -> str:
        """The URL of an input at the service. Uploaded once by its digest, whoever asks, and again when it may be gone.

        `lives` is in seconds; an upload counts as gone in its last tenth, so that a job that waits in a queue finds it.
        """
        kind = f"upload:{self.name}:{self.access.url or ''}"
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._uploads = loop, {}  # a lock belongs to the loop on which somebody waited for it
        async with self._uploads.setdefault(artifact.digest, asyncio.Lock()):
            known = _note(context.recall(kind, artifact.digest))
            fresh = known is not None and time.time() < known[1] - lives / 10
            # what another process remembers is looked at once: somebody may have deleted it since
            if known is not None and fresh and (known[0] in self._seen or await self._is_there(known[0])):
                self._seen.add(known[0])
                return known[0]
            url = await self.upload(artifact, context)
            self._seen.add(url)
            context.remember(kind, artifact.digest, json.dumps([url, time.time() + lives]))
            return url

    async def _is_there(self, url: str) -> bool:
        return await self.http.is_there(url, self.opening(url))

    async def upload(self, artifact: Artifact, context: Context) -> str:
        """Send an input; returns its URL. Free, so it may be repeated. Raises RemoteError."""
        raise RemoteError(ErrorClass.INVALID_INPUT, f"{self.name} takes no files")

    def body(self, request: Request, ready: Mapping[str, Any]) -> dict[str, Any]:
        """Prompt, parameters and seed under the endpoint's own names, as far as it takes them; inputs are beside."""
        takes = self.takes(self.endpoint(request.recipe)) or NOTHING
        body: dict[str, Any] = {}
        if request.recipe.prompt is not None and takes.prompt is not None:
            body[takes.prompt] = request.recipe.prompt
        return body | dict(ready) | ({"seed": request.seed} if "seed" in takes.properties else {})

    async def inputs(self, recipe: Recipe, context: Context, lives: float) -> dict[str, Any]:
        """Inputs as addresses in the fields of their roles, in the order of the roles; `lives` as in `uploaded`."""
        takes = self.takes(self.endpoint(recipe)) or NOTHING
        fields: dict[str, Any] = {}
        for role, many in recipe.inputs.items():
            field = takes.inputs.get(role, "")
            for artifact in many if field else ():
                url = await self.uploaded(artifact, context, lives)
                if field.endswith("[]"):
                    fields.setdefault(field[:-2], []).append(url)
                else:
                    fields[field] = url
        return fields

    async def known(self, url: str, headers: Mapping[str, str], context: Context) -> dict[str, Any] | None:
        """What a free question finds, as JSON; None for what the service does not know. Raises RemoteError."""
        try:
            return await self.free("GET", url, headers, context)
        except RemoteError as error:
            if error.kind is ErrorClass.RETIRED_MODEL:
                return None
            raise

    async def free(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        context: Context,
        body: bytes = b"",
        rows: Sequence[Row] = COMMON,
    ) -> dict[str, Any]:
        """A step before anything is bought, as JSON: its failures are never in doubt. `rows` say what one means."""
        try:
            answer = await self.http.ask(method, url, headers=headers, body=body, sleep=context.sleep, when=self.when)
        except Unreachable as error:
            raise RemoteError(ErrorClass.TRANSIENT, f"{self.name} cannot be reached: {error}") from None
        said = document(answer.body)
        if not 200 <= answer.status < 300 or not isinstance(said, dict):
            raise read((*rows, Row(None, ErrorClass.TRANSIENT)), self.heard(answer), self.name, self.access.key)
        return said

    @abstractmethod
    def heard(self, answer: Answer) -> Heard:
        """An error answer, read in this service's own shape."""

    def when(self, answer: Answer) -> float | None:
        """Seconds until a service that says busy wants to be asked again, wherever it says so. None: not said."""
        return self.heard(answer).wait

    def wait(self, answer: Answer, says: str = "") -> float | None:
        """Seconds until what was refused may be asked again; `says` are the words of the refusal. None: not said."""
        return said_limits.wait(answer.status, answer.headers, says, self.meters)

    def accepted(self, answer: Answer | NotSent | Unknown, rows: Sequence[Row], context: Context) -> Answer:
        """The 2xx answer to a paid request. Raises RemoteError for everything else; `rows` say what it means.

        What any answer says of limits is passed on first: a refusal says the most about them.
        """
        if isinstance(answer, NotSent):
            raise RemoteError(ErrorClass.TRANSIENT, f"{self.name} was not reached: {answer.says}")
        if isinstance(answer, Unknown):
            raise unknown(f"{self.name} may have accepted this: {answer.says}")
        context.standing(*said_limits.standings(answer.headers, self.meters))
        if not 200 <= answer.status < 300:
            raise read(rows, self.heard(answer), self.name, self.access.key)
        return answer


def document(body: bytes) -> Any:
    """The JSON of an answer, or None for what is none: an answer may be cut, or be a gateway's own page."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def listed(value: object) -> list[Any]:
    """A list of an answer; an empty one for anything else."""
    return value if isinstance(value, list) else []


def day(value: object) -> date | None:
    """A day of an answer, with or without its hour; None for anything else."""
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def pace(at: float, least: float) -> float:
    """Seconds until the next question about a job of that unix time (0: not known).

    A tenth of its age, so that a long job costs few questions and is late by little.
    """
    age = time.time() - at if at else 0.0
    return max(least, min(age / 10, 15.0))


def files_of(said: Mapping[str, Any]) -> Iterator[Output]:
    """Every file of a result, in the order of its answer: `{"images": [{"url": ..., "content_type": ...}]}`."""
    for name in ("images", "image", "video", "videos", "audio", "audio_file"):
        value = said.get(name)
        for one in listed(value) or [value]:
            file = one if isinstance(one, dict) else {}
            url = str(file.get("url") or "")
            if url.startswith(("http://", "https://")):
                yield Output(media_type(file.get("content_type"), url, name.rstrip("s").partition("_")[0]), url=url)


def media_type(said: object, url: str, kind: str) -> str:
    """The media type of a result: what is said, else what its address ends in, else what its kind usually is."""
    told = str(said or "").partition(";")[0].strip().lower()
    if "/" in told and told != "application/octet-stream":
        return _TYPES.get(told, told)
    ending = urlsplit(url).path.rpartition(".")[2].lower()
    known = kind_of_name(urlsplit(url).path)
    if known is None:
        return {"video": "video/mp4", "audio": "audio/mpeg"}.get(kind, "image/png")
    return _TYPES.get(f"{known}/{ending}", f"{known}/{ending}")


def _note(text: str | None) -> tuple[str, float] | None:
    """A remembered upload; None for what cannot be read."""
    try:
        url, until = json.loads(text or "")
        return str(url), float(until)
    except (ValueError, TypeError):
        return None
