"""OpenAI: pictures by the Images API, judging or describing them by the Responses API, both at once; films by jobs.

Films are for gateways: see `filmed`. Sources: the wire and the types of openai 3.54.0, OpenAI's guides to image
generation, structured outputs, rate limits and error codes, as of 2026-11-20.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from rushes.errors import ErrorClass, RemoteError
from rushes.model.limit import Unit
from rushes.model.media import Artifact
from rushes.model.money import Quote
from rushes.model.problem import Problem, Severity
from rushes.model.request import Recipe, Request
from rushes.plugin.access import Access
from rushes.plugin.provider import Context, Duplicates, Facts, Finished, Output, Pending, Submitted
from rushes.plugin.published import Published
from rushes.providers.errors import COMMON, EDGE, LOST, Heard, Row, plain, read, unknown
from rushes.providers.http import Answer, File, form
from rushes.providers.openai import filmed, painted, said
from rushes.providers.queued import Queued
from rushes.providers.remote import NOTHING, day, document
from rushes.providers.said_limits import meter
from rushes.providers.spelled import Put
from rushes.providers.telling import SCHEMA, Telling, tells

HOST = "https://api.openai.com"

ANSWER_WITHIN = 300.0
"""Seconds for one call. OpenAI speaks of two minutes for a difficult picture; asking twice would be buying twice."""

ACCEPT_WITHIN = 60.0
"""Seconds that a film may take to be accepted: it is made in the background."""

MOST_MASK = 4_000_000
"""Bytes of the largest mask. Source: the types of openai 3.54.0."""

_BILLING = "see the billing of the account at platform.openai.com"
_POLICY = "change the prompt or the pictures: the same again is refused again"
_KEY = "see the key: rushes keys check; some models need a verified organization"

SUBMIT: tuple[Row, ...] = (
    Row(None, ErrorClass.CONTENT_POLICY, code="stage_input", next_step=_POLICY),  # nothing was made yet
    Row("400", ErrorClass.CONTENT_POLICY, code="moderation_blocked|.*_policy_violation|invalid_prompt", billed=True,
        next_step=_POLICY),
    Row("400|402|403|429", ErrorClass.QUOTA, code="insufficient_quota|billing_(hard_limit_reached|not_active)",
        next_step=_BILLING),
    Row("400", ErrorClass.RETIRED_MODEL, code="model_not_found", next_step="choose another model: rushes models"),
    Row("403", ErrorClass.AUTH, next_step=_KEY),
    *EDGE,
    *COMMON,
    *LOST,
)  # fmt: skip
"""About a call. Whether a picture is charged that was painted and then held back is not established: it may be."""

REFUSED: tuple[Row, ...] = (
    Row(None, ErrorClass.CONTENT_POLICY, code="refusal|content_filter|invalid_prompt|.*_policy_violation", billed=True,
        next_step=_POLICY),
    Row(None, ErrorClass.BAD_OUTPUT, code="max_output_tokens", billed=True, next_step="allow more max_tokens"),
    Row(None, ErrorClass.BAD_OUTPUT, billed=True),
)  # fmt: skip
"""About a 200 without an answer, by its `incomplete_details`, its `error`, or `refusal`. The tokens are charged."""


class OpenAI(Telling, Queued):
    """The image models of OpenAI, those that look at pictures, and films of gateways."""

    name = "openai"
    floor = filmed.FLOOR
    meters = tuple(
        meter(of, f"x-ratelimit-{{}}-{word}")
        for of, word in ((Unit.REQUESTS, "requests"), (Unit.TOKENS, "tokens"), (Unit.TOKENS, "project-tokens"))
    )  # of pictures a minute, which are limited too, it says nothing
    facts = Facts(
        duplicates=Duplicates.NEVER,  # an Idempotency-Key can be sent; nothing says that it is heeded
        remembers=None,  # of films; each gateway has its own rule
        bills_refusals=None,  # not established
        outputs_live=None,  # of films it is said by each; pictures and words come with the answer and are nowhere else
        in_flight=None,  # limits are per minute and tier, and the service says them with every answer
        by_model=True,
    )

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self._host = (access.url or HOST).rstrip("/").removesuffix("/v1")

    def put(self, recipe: Recipe) -> Put:
        """The parameters; what a price depends on is never left to the service."""
        ready = super().put(recipe)
        takes = self.takes(self.endpoint(recipe))
        if takes is None or tells(recipe):
            return ready
        offer = self.offer(recipe)
        if recipe.op in filmed.FILMS:
            frame = next(iter(recipe.inputs.get("start_frame", ())), None)
            ready.body.setdefault("size", filmed.size(frame, takes))
            ready.body.setdefault("seconds", str(offer.defaults.get("duration", 4) if offer is not None else 4))
            ready.problems.extend(self._wrong_film(recipe, ready.body))
            return ready
        first = next(iter(recipe.inputs.get("image", ())), None)
        shape = (first.width, first.height) if first is not None and first.width and first.height else None
        ready.body.setdefault("size", painted.like(shape, takes))
        ready.body.setdefault("quality", offer.defaults.get("quality", "medium") if offer is not None else "medium")
        ready.problems.extend(self._wrong(recipe, ready.body, any_size=takes.allowed("size") is None))
        return ready

    def _wrong(self, recipe: Recipe, body: Mapping[str, Any], *, any_size: bool) -> Iterator[Problem]:
        """What the schema of one parameter cannot say."""
        if any_size and (why := painted.wrong(body["size"])) is not None:
            yield self.problem(
                f"size: {body['size']} cannot be had: {why}", f"the nearest is {painted.nearest(body['size'])}", "size"
            )
        if body.get("background") == "transparent" and body.get("output_format") == "jpeg":
            yield self.problem("a jpeg cannot be transparent", "output_format: png or webp", "background")
        if "output_compression" in body and body.get("output_format") not in ("jpeg", "webp"):
            yield self.problem("only a jpeg or a webp is compressed", "output_format: jpeg", "output_compression")
        for mask in recipe.inputs.get("mask", ()):
            if mask.media_type != "image/png" or mask.size > MOST_MASK:
                yield self.problem("a mask is a PNG of at most 4 MB", "transparent where the picture may change")
            first = next(iter(recipe.inputs.get("image", ())), mask)
            if (first.width, first.height) != (mask.width, mask.height):
                yield self.problem("the mask is not as large as the picture", "give it the size of the first picture")

    def _wrong_film(self, recipe: Recipe, body: Mapping[str, Any]) -> Iterator[Problem]:
        if self.access.url is None:
            yield self.problem(
                f"OpenAI shut {self.endpoint(recipe)} down on {filmed.SHUT_DOWN}",
                f'for a gateway that still has it write [providers.{self.name}] url = "..." into rushes.toml; '
                "others offer it, too: rushes models show",
            )
        for frame in recipe.inputs.get("start_frame", ()):
            if (why := filmed.unlike(frame, body["size"])) is not None:
                yield self.problem(why, f"make it {body['size']}", severity=Severity.WARNING)

    def estimate(self, recipe: Recipe) -> Quote:
        """A picture has so many tokens as its size and quality say, in the best case and in the worst."""
        offer = self.offer(recipe)
        if offer is None or tells(recipe) or recipe.op in filmed.FILMS:
            return super().estimate(recipe)
        body = self.put(recipe).body
        endpoint = self.endpoint(recipe)
        many = painted.tokens(endpoint, str(body.get("size")), str(body.get("quality"))) if "size" in body else None
        if many is None:
            return Quote(None, None, offer.seconds, f"how many tokens a picture of {endpoint} has is not known")
        quote = self.priced(recipe, {"max_tokens": many})
        answer = offer.spent(0, many, {})
        return quote if quote.low is None or answer is None else quote._replace(low=quote.low + answer)

    async def submit(self, request: Request, context: Context) -> Submitted | Finished:
        """Ask once. Pictures and words are waited for."""
        ready = self.ready(request.recipe)
        if tells(request.recipe):
            return await self._tell(request, ready, context)
        if request.recipe.op in filmed.FILMS:
            return await self._film(request, ready, context)
        return await self._paint(request, ready, context)

    async def _paint(self, request: Request, ready: Mapping[str, Any], context: Context) -> Finished:
        recipe = request.recipe
        asked = {"model": self.endpoint(recipe), **self.body(request, ready)}
        files = await self._files(recipe, context)
        if files:
            media_type, body = form([(name, str(value)) for name, value in asked.items()], files)
            answer = await self._post("/v1/images/edits", request, media_type, body, context)
        else:
            body = json.dumps(asked).encode()
            answer = await self._post("/v1/images/generations", request, "application/json", body, context)
        found = self._read(answer)
        try:
            pictures = tuple(said.pictures(found))
        except ValueError:
            raise RemoteError(
                ErrorClass.BAD_OUTPUT, "openai sent a picture that cannot be read", maybe_billed=True
            ) from None
        if not pictures:
            raise RemoteError(ErrorClass.BAD_OUTPUT, "openai answered without a picture", maybe_billed=True)
        media_type = f"image/{ready.get('output_format', 'png')}"
        return Finished(
            tuple(Output(media_type, data=one) for one in pictures),
            billed=self.spent(recipe, *said.painted_tokens(found)),
        )

    async def _film(self, request: Request, ready: Mapping[str, Any], context: Context) -> Submitted:
        asked = {"model": self.endpoint(request.recipe), **self.body(request, ready)}
        files = await self._files(request.recipe, context)
        media_type, body = form([(name, str(value)) for name, value in asked.items()], files)
        answer = await self._post("/v1/videos", request, media_type, body, context, ACCEPT_WITHIN)
        id_ = self._read(answer).get("id")
        if not isinstance(id_, str) or not self.is_id(id_):
            raise unknown("openai accepted this, and its answer cannot be read")
        return Submitted(self.remote_of(id_), self.floor)

    async def poll(self, remote: str, context: Context) -> Pending | Finished:
        """Ask about a film. The address is made of its id: none that an answer names gets the key."""
        job = self.job(remote)
        if self.access.url is None:  # it was a gateway's, and OpenAI's own "no such film" would end what is not over
            raise RemoteError(
                ErrorClass.TRANSIENT,
                "OpenAI makes no films any more, so this one is a gateway's, and none is named",
                next_step=f"name it again: [providers.{self.name}] url in rushes.toml, then rushes resume",
            )
        url = f"{self._host}{filmed.address(job.id)}"
        found = await self.asked(url, self._headers(of_a_job=True), job, filmed.RESULT, context)
        if isinstance(found, Pending):
            return found
        state = found.get("status")
        if state == "completed":
            return Finished((Output("video/mp4", url=f"{url}/content?variant=video"),))
        if state == "failed":
            raise read(filmed.RESULT, filmed.why(found), self.name, self.access.key)
        says = plain(str(state or ""), self.access.key).replace("_", " ")[:40]
        later = self.later(job, says, filmed.progress(found), queued=state == "queued")
        return later._replace(wait=max(later.wait, found[filmed.AFTER]))

    def about(self, answer: Answer) -> object:
        """The film, and beside it when the service wants to be asked about it again."""
        return filmed.asked_again(document(answer.body), answer.headers)

    async def cancel(self, remote: str, context: Context) -> Decimal | None:
        """A film runs to its end: only one that has ended can be deleted, and what is deleted was paid for."""
        self.job(remote)
        return None

    async def fetch(self, output: Output, context: Context) -> AsyncIterator[bytes]:
        """Stream one result. Raises RemoteError, as paid, where a gateway has words and no film."""
        known = output.url is None
        async for piece in super().fetch(output, context):
            if not known and filmed.is_words(piece):  # kept as a film they would be flagged, and another one bought
                says = "openai's gateway answered with words instead of a film"
                raise RemoteError(
                    ErrorClass.BAD_OUTPUT, says, maybe_billed=True, next_step="look for it at the gateway, by its id"
                )
            known = True
            yield piece

    def is_id(self, id_: str) -> bool:
        """Whether a text can be the id of a film."""
        return filmed.is_id(id_)

    def opening(self, url: str) -> Mapping[str, str]:
        """Films open with the key, at the service itself and nowhere else."""
        there, here = urlsplit(url), urlsplit(self._host)
        own = (there.scheme, there.netloc) == (here.scheme, here.netloc) and there.path.startswith(f"{here.path}/v1/")
        return self._headers(of_a_job=True) if own else {}

    async def _files(self, recipe: Recipe, context: Context) -> list[File]:
        """The pictures of a form, in the order of their roles; a mask has a field of its own."""
        takes, files = self.takes(self.endpoint(recipe)) or NOTHING, []
        for role, many in recipe.inputs.items():
            for number, artifact in enumerate(many if role in takes.inputs else (), 1):
                data = await context.work(context.path(artifact.digest).read_bytes)
                files.append(File(takes.inputs[role], f"{role}-{number}{artifact.suffix}", data, artifact.media_type))
        return files

    async def _tell(self, request: Request, ready: Mapping[str, Any], context: Context) -> Finished:
        recipe = request.recipe
        content: list[dict[str, Any]] = [{"type": "input_text", "text": self.question(recipe)}]
        for artifact in (one for many in recipe.inputs.values() for one in many):
            url = f"data:{artifact.media_type};base64,{await self._coded(artifact, context)}"
            # how many tokens a picture has is bounded by the detail, so the detail is said
            content.append({"type": "input_image", "image_url": url, "detail": ready.get("detail", "high")})
        asked: dict[str, Any] = {
            "model": self.endpoint(recipe),
            "input": [{"role": "user", "content": content}],
            "max_output_tokens": ready["max_output_tokens"],
            "store": False,
        }
        if "instructions" in ready:
            asked["instructions"] = ready["instructions"]
        if "effort" in ready:
            asked["reasoning"] = {"effort": ready["effort"]}
        if SCHEMA in ready:
            shape = {"type": "json_schema", "name": "answer", "schema": ready[SCHEMA]}
            asked["text"] = {"format": {**shape, "strict": said.can_be_strict(ready[SCHEMA])}}
        body = json.dumps(asked).encode()
        found = self._read(await self._post("/v1/responses", request, "application/json", body, context))
        if (heard := said.refused(found)) is not None:
            raise read(REFUSED, heard, self.name, self.access.key)
        return self.told(recipe, said.words(found), *said.told_tokens(found))

    async def _coded(self, artifact: Artifact, context: Context) -> str:
        data = await context.work(context.path(artifact.digest).read_bytes)
        return base64.b64encode(data).decode()

    async def _post(
        self, path: str, request: Request, media_type: str, body: bytes, context: Context, within: float = ANSWER_WITHIN
    ) -> Answer:
        headers = {**self._headers(), "Content-Type": media_type}
        if self.access.simulated:
            headers["x-rushes-asking"] = request.key  # lets the simulator's books tell two candidates from a duplicate
        answer = await self.http.post_once(f"{self._host}{path}", headers=headers, body=body, within=within)
        return self.accepted(answer, SUBMIT, context)

    def _read(self, answer: Answer) -> Mapping[str, Any]:
        found = document(answer.body)
        if not isinstance(found, dict):
            raise unknown("openai answered, and its answer cannot be read: what was paid for may be lost")
        return found

    async def check_key(self, context: Context) -> None:
        """Try the key with a question that costs nothing: the list of models. Raises RemoteError."""
        await self.free("GET", f"{self._host}/v1/models", self._headers(), context)

    async def published(self, endpoint: str, context: Context) -> Published | None:
        """What OpenAI says of a model: the day on which it shuts down, where one is announced."""
        found = await self.known(f"{self._host}/v1/models/{endpoint}", self._headers(), context)
        return None if found is None else Published(ends=day(found.get("shutdown_date")))

    def heard(self, answer: Answer) -> Heard:
        """OpenAI's shape of an error: a code, a type, and of moderation the stage at which it said no."""
        error = said.part(document(answer.body), "error")
        stage = said.part(error, "moderation_details").get("moderation_stage")
        codes = [error.get("code"), error.get("type"), f"stage_{stage}" if stage else None]
        says = str(error.get("message") or "")
        return Heard(answer.status, [str(code) for code in codes if code], says, self.wait(answer, says))

    def _headers(self, *, of_a_job: bool = False) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key(of_a_job=of_a_job)}"}
