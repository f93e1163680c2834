"""What adapters of remote services share: the model behind a recipe, parameters in its own spelling, uploads.

`Takes` says what one endpoint takes; `put` turns a recipe's parameters into exactly that and names what it leaves out.
Checking, pricing and sending read the same result, so what was checked and quoted is what is sent.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from rushes.errors import ErrorClass, RemoteError
from rushes.model.media import Artifact, kind_of_name
from rushes.model.money import Quote
from rushes.model.operation import REMOTE
from rushes.model.problem import Problem, Severity
from rushes.model.request import Recipe
from rushes.model.spelling import ASPECT_RATIO, AUDIO, COUNT, DURATION, NAMED_SIZES, SIZE
from rushes.plugin.access import Access, Offer
from rushes.plugin.provider import Context, Facts, Output
from rushes.providers.errors import COMMON, Heard, Row, read, unknown
from rushes.providers.http import Answer, Http, NotSent, Unknown, Unreachable

_RATIO = re.compile(r"(\d{1,4})\s*[:x/]\s*(\d{1,4})")
_PIXELS = re.compile(r"(\d{2,5})\s*[x×*]\s*(\d{2,5})")
_NAMED = {"9:16": "portrait_16_9", "16:9": "landscape_16_9", "3:4": "portrait_4_3", "4:3": "landscape_4_3"}
_MEGAPIXEL = 1_000_000
_TYPES = {"image/jpg": "image/jpeg", "audio/mp3": "audio/mpeg", "audio/x-wav": "audio/wav", "audio/wave": "audio/wav"}
_TIERS = {"512px": "0.5k", "512": "0.5k", "0.5k": "0.5k", "1k": "1k", "2k": "2k", "4k": "4k", "2160p": "4k"}


class Takes(NamedTuple):
    """What one endpoint takes beside a prompt.

    `ratio` is the field that a shape is asked for with (None: it takes none), `ratios` its values (None: any). `form`
    is how a length in seconds is written (`text` "5", `s` "5s", `number` 5). `takes` are parameters that are passed as
    they are, `only` the values of some. `audio` is the switch for sound. `inputs` are the fields of roles; `[]` behind
    a field says that it is a list. `routes` are endpoints of the same model for other work.
    """

    ratio: str | None = None
    ratios: Sequence[str] | None = None
    form: str | None = None
    durations: Sequence[int] | None = None
    takes: Sequence[str] = ()
    only: Mapping[str, Sequence[str]] = {}
    audio: str | None = None
    inputs: Mapping[str, str] = {}
    routes: Sequence[Mapping[str, str]] = ()


class Put(NamedTuple):
    """Parameters as they are sent, and what is to be said about those that are not."""

    body: dict[str, Any]
    problems: list[Problem]


class Remote(ABC):
    """The base of an adapter. A subclass knows one wire protocol; it keeps nothing but connections between calls."""

    name: str
    facts: Facts

    def __init__(self, access: Access) -> None:
        self.access = access
        self.http = Http(access.url)
        self._uploads: dict[str, asyncio.Lock] = {}
        self._seen: set[str] = set()

    @abstractmethod
    def put(self, recipe: Recipe) -> Put:
        """The parameters of a recipe as this service takes them; never raises."""

    def offer(self, recipe: Recipe) -> Offer | None:
        """The model that a recipe means, as this service offers it."""
        return self.access.offer(recipe.alias, recipe.op)

    def version(self, model: str) -> str:
        """The endpoint; with `sim:` before it under a simulator, whose results must never answer a real request."""
        offers = (self.access.offer(model, op) for op in sorted(REMOTE))
        endpoint = next((offer.endpoint for offer in offers if offer is not None), model)
        return f"sim:{endpoint}" if self.access.simulated else endpoint

    def validate(self, recipe: Recipe) -> Sequence[Problem]:
        """What would be refused, and what would not be sent."""
        return self.put(recipe).problems

    def estimate(self, recipe: Recipe) -> Quote:
        """The price of what would be sent: a picture's size and a film's length as the service is asked for them."""
        offer = self.offer(recipe)
        if offer is None:
            return Quote(None, None, 0.0, f"{self.name} does not offer {recipe.alias or recipe.model}")
        return offer.quote(replace(recipe, params=self.put(recipe).body))

    def key(self) -> str:
        """The key for a header; RemoteError says how to set one."""
        if self.access.key is None or not self.access.key.reveal().strip():
            raise RemoteError(
                ErrorClass.AUTH, f"there is no key for {self.name}", next_step=f"set one: rushes keys set {self.name}"
            )
        return self.access.key.reveal().strip()

    def unsound(self, problems: Sequence[Problem]) -> RemoteError | None:
        """The refusal of what `validate` would have refused, before anything is sent."""
        wrong = next((one for one in problems if one.severity is Severity.ERROR), None)
        return None if wrong is None else RemoteError(ErrorClass.INVALID_INPUT, wrong.says, next_step=wrong.try_)

    def problem(self, says: str, try_: str, name: str = "", severity: Severity = Severity.ERROR) -> Problem:
        """Something about a recipe that is refused, or (a warning) not sent."""
        path = ("params", name) if name else ()
        return Problem(code=f"{self.name}-parameter", severity=severity, says=says, try_=try_, path=path)

    async def fetch(self, output: Output, context: Context) -> AsyncIterator[bytes]:
        """Stream one result; it lies at a URL, or came with the answer."""
        if output.data is not None:
            yield output.data
        elif output.url is not None:
            async for piece in self.http.download(output.url, name=self.name, sleep=context.sleep):
                yield piece

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
        async with self._uploads.setdefault(artifact.digest, asyncio.Lock()):
            known = _note(context.recall(kind, artifact.digest))
            fresh = known is not None and time.time() < known[1] - lives / 10
            # what another process remembers is looked at once: somebody may have deleted it since
            if known is not None and fresh and (known[0] in self._seen or await self.http.is_there(known[0])):
                self._seen.add(known[0])
                return known[0]
            url = await self.upload(artifact, context)
            self._seen.add(url)
            context.remember(kind, artifact.digest, json.dumps([url, time.time() + lives]))
            return url

    async def upload(self, artifact: Artifact, context: Context) -> str:
        """Send an input; returns its URL. Free, so it may be repeated. Raises RemoteError."""
        raise RemoteError(ErrorClass.INVALID_INPUT, f"{self.name} takes no files")

    async def inputs(self, takes: Takes, recipe: Recipe, context: Context, lives: float) -> dict[str, Any]:
        """Inputs as addresses in the fields of their roles, in the order of the roles; `lives` as in `uploaded`."""
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

    async def free(
        self, method: str, url: str, headers: Mapping[str, str], context: Context, body: bytes = b""
    ) -> dict[str, Any]:
        """A step before anything is bought, as JSON: its failures are never in doubt."""
        try:
            answer = await self.http.ask(method, url, headers=headers, body=body, sleep=context.sleep)
        except Unreachable as error:
            raise RemoteError(ErrorClass.TRANSIENT, f"{self.name} cannot be reached: {error}") from None
        said = document(answer.body)
        if not 200 <= answer.status < 300 or not isinstance(said, dict):
            raise read((*COMMON, Row(None, ErrorClass.TRANSIENT)), self.heard(answer), self.name, self.access.key)
        return said

    @abstractmethod
    def heard(self, answer: Answer) -> Heard:
        """An error answer, read in this service's own shape."""

    def accepted(self, answer: Answer | NotSent | Unknown, rows: Sequence[Row]) -> Answer:
        """The 2xx answer to a paid request. Raises RemoteError for everything else; `rows` say what it means."""
        if isinstance(answer, NotSent):
            raise RemoteError(ErrorClass.TRANSIENT, f"{self.name} was not reached: {answer.says}")
        if isinstance(answer, Unknown):
            raise unknown(f"{self.name} may have accepted this: {answer.says}")
        if not 200 <= answer.status < 300:
            raise read(rows, self.heard(answer), self.name, self.access.key)
        return answer


@cache
def endpoints(name: str) -> Mapping[str, Takes]:
    """What the endpoints of a service take, from the data file of that name."""
    raw = json.loads(files("rushes.providers").joinpath(f"{name}.json").read_bytes())
    return {endpoint: Takes(**one) for endpoint, one in raw["endpoints"].items()}


def document(body: bytes) -> Any:
    """The JSON of an answer, or None for what is none: an answer may be cut, or be a gateway's own page."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


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


def put(of: Remote, takes: Takes, recipe: Recipe) -> Put:
    """The parameters of a recipe in the spelling of one endpoint.

    A value that cannot be had is an error; a parameter that the endpoint does not take is a warning and is not sent.
    """
    out = Put({}, [])
    shape = _shape(recipe.params)
    for name, value in recipe.params.items():
        if value is None or name == "seed":
            continue  # which seed an asking has is decided by the request
        if name in DURATION:
            _put_length(of, takes, name, value, out)
        elif name in COUNT:
            _refuse_many(of, name, value, out)
        elif name in AUDIO:
            _put_as(of, takes.audio, name, value, recipe, out)
        elif name in ("width", "height") or name in ASPECT_RATIO or name in SIZE:
            _put_shape(of, takes, name, value, shape, recipe, out)
        elif name in takes.takes and name in takes.only:
            _put_one_of(of, takes, name, name, value, out)
        else:
            _put_as(of, name if name in takes.takes else None, name, value, recipe, out)
    for role, many in recipe.inputs.items():
        if many and role not in takes.inputs:
            says = f"{recipe.alias or recipe.model} at {of.name} takes no {role}"
            out.problems.append(of.problem(says, "choose another model, or leave it out"))
    return out


def _put_length(of: Remote, takes: Takes, name: str, value: Any, out: Put) -> None:
    found = re.fullmatch(r"(\d{1,6})(?:\.0+)?\s*(?:s|sec|seconds)?", str(value).strip().lower())
    if takes.form is None:
        _not_sent(of, name, out)
        return
    seconds = 0 if found is None or isinstance(value, bool) else int(found[1])
    if seconds not in (takes.durations or ()):
        some = ", ".join(map(str, takes.durations or ()))
        out.problems.append(of.problem(f"{name}: {value!r} is no length that can be had", f"one of {some} s", name))
        return
    out.body["duration"] = {"text": str(seconds), "s": f"{seconds}s", "number": seconds}[takes.form]


def _refuse_many(of: Remote, name: str, value: Any, out: Put) -> None:
    """One result per request: each has its own attempt, price and fate."""
    if str(value).strip() not in ("1", "1.0"):
        says = f"{name}: {value!r} results in one request"
        out.problems.append(of.problem(says, "leave it out and ask for candidates", name))


def _put_as(of: Remote, field: str | None, name: str, value: Any, recipe: Recipe, out: Put) -> None:
    if field is None:
        _not_sent(of, name, out)
    else:
        out.body[field] = value


def _put_one_of(of: Remote, takes: Takes, field: str, name: str, value: Any, out: Put) -> None:
    """A value as the endpoint spells it, whatever its case: `1k` and `1K`, `512px` and `0.5K` are one."""
    wanted = _tier(value)
    for allowed in takes.only[field]:
        if _tier(allowed) == wanted:
            out.body[field] = allowed
            return
    some = ", ".join(takes.only[field])
    out.problems.append(of.problem(f"{name}: {value!r} cannot be had", f"one of {some}", name))


def _tier(value: Any) -> str:
    text = str(value).strip().lower()
    return _TIERS.get(text, text)


def _shape(params: Mapping[str, Any]) -> tuple[int, int] | None:
    """Width and height that the parameters ask for together, in pixels; None where they ask for none."""
    width, height = params.get("width"), params.get("height")
    for name in SIZE:
        size = params.get(name)
        if isinstance(size, Mapping):
            width, height = size.get("width"), size.get("height")
        elif isinstance(size, str) and size in NAMED_SIZES:
            return NAMED_SIZES[size]
        elif isinstance(size, str) and (found := _PIXELS.fullmatch(size.strip().lower())):
            width, height = int(found[1]), int(found[2])
    pair = [int(str(one)) for one in (width, height) if str(one).isdecimal() and 0 < int(str(one)) < 20_000]
    return (pair[0], pair[1]) if len(pair) == 2 else None


def _put_shape(
    of: Remote, takes: Takes, name: str, value: Any, shape: tuple[int, int] | None, recipe: Recipe, out: Put
) -> None:
    if name in SIZE and "resolution" in takes.only and _tier(value) in _TIERS.values():
        _put_one_of(of, takes, "resolution", name, value, out)  # what some call a size others call a resolution
        return
    if takes.ratio is None:
        _not_sent(of, name, out, "; its input decides the shape" if recipe.inputs else "")
        return
    if name in ASPECT_RATIO:
        ratio = str(value).strip().lower()
    elif shape is not None:
        ratio = "{}:{}".format(*(side // math.gcd(*shape) for side in shape))
    else:
        out.problems.append(of.problem(f"{name}: {value!r} is no size", "such as 1024x1024, or an aspect ratio", name))
        return
    if takes.ratio == "image_size":
        size = _image_size(ratio, None if name in ASPECT_RATIO else shape, value)
        if size is not None:
            out.body.setdefault("image_size", size)
            return
    elif (near := _ratio_in(ratio, takes.ratios, exact=name in ASPECT_RATIO)) is not None:
        out.body[takes.ratio] = near
        return
    some = f"one of {', '.join(takes.ratios)}" if takes.ratios else "such as 16:9"
    out.problems.append(of.problem(f"{name}: {value!r} is no shape that can be had", some, name))


def _ratio_in(ratio: str, ratios: Sequence[str] | None, *, exact: bool) -> str | None:
    """The endpoint's own word for a ratio; for a size in pixels the nearest within two per cent."""
    if ratios is None or ratio in ratios:
        return ratio
    wanted = _quotient(ratio)
    if wanted is None:
        return None
    slack = 0.001 if exact else 0.02
    return next((one for one in ratios if (q := _quotient(one)) and abs(q / wanted - 1) < slack), None)


def _quotient(ratio: str) -> float | None:
    found = _RATIO.fullmatch(ratio)
    return int(found[1]) / int(found[2]) if found and int(found[1]) and int(found[2]) else None


def _image_size(ratio: str, shape: tuple[int, int] | None, value: Any) -> str | dict[str, int] | None:
    """A size for endpoints that take pixels: the asked one, a name that they have, or a megapixel of that shape."""
    if isinstance(value, str) and value in NAMED_SIZES:
        return value
    if shape is not None:
        return {"width": shape[0], "height": shape[1]}
    quotient = _quotient(ratio)
    if quotient is None or not 1 / 8 <= quotient <= 8:
        return None
    if ratio in _NAMED:
        return _NAMED[ratio]
    height = math.sqrt(_MEGAPIXEL / quotient)
    # rounded down, so that it stays within the megapixel that was quoted
    return {"width": int(height * quotient) // 8 * 8, "height": int(height) // 8 * 8}


def _not_sent(of: Remote, name: str, out: Put, why: str = "") -> None:
    says = f"{of.name} does not take {name} for this model, so it is not sent{why}"
    out.problems.append(of.problem(says, "leave it out, or choose another model", name, Severity.WARNING))


def _note(text: str | None) -> tuple[str, float] | None:
    """A remembered upload; None for what cannot be read."""
    try:
        url, until = json.loads(text or "")
        return str(url), float(until)
    except (ValueError, TypeError):
        return None
