"""Gemini: pictures and texts by one synchronous call, whose lost answer is a lost result; films by jobs.

Sources: the wire and the types of google-genai 3.4.0, Google's pages on errors and billing, as of 2026-11-20.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from rushes.errors import ErrorClass, RemoteError
from rushes.model.media import Artifact
from rushes.model.problem import Problem
from rushes.model.request import Recipe, Request
from rushes.model.spelling import ASPECT_RATIO, SIZE
from rushes.plugin.access import Access
from rushes.plugin.provider import Context, Duplicates, Facts, Finished, Pending, Submitted
from rushes.providers.errors import COMMON, Heard, plain, read, unknown
from rushes.providers.gemini import films, pictures, texts, veo
from rushes.providers.gemini.files import KEPT, Files, own
from rushes.providers.gemini.said import ACCOUNT, REFUSED, RESULT, SUBMIT, heard
from rushes.providers.http import Answer, Unreachable
from rushes.providers.instructed import Instructed
from rushes.providers.queued import BUSY, Job, Queued
from rushes.providers.remote import document
from rushes.providers.spelled import Put
from rushes.providers.telling import tells

HOST = "https://generativelanguage.googleapis.com"

ANSWER_WITHIN = 300.0
"""Seconds for one call: the result is made meanwhile. Asking twice would be buying twice, so it is patient."""

ACCEPT_WITHIN = 60.0
"""Seconds that a film may take to be accepted: it is made in the background."""

MOST_BODY = 20_000_000
"""Bytes of the largest request with its inputs inside. Source: Google's guides to image and video understanding."""

FLOOR = 5.0
"""Seconds between two questions about one film, at least; Google's examples wait ten, a film takes a minute or two."""


class Gemini(Instructed, Queued):
    """The models of the Gemini API. Nothing is listed and no duplicate recognised, so a lost answer stays unknown."""

    name = "gemini"
    floor = FLOOR
    facts = Facts(
        duplicates=Duplicates.NEVER,
        remembers=86400.0,  # an interaction, of a project that does not pay: those that do are remembered for 55 days
        bills_refusals=True,  # the prompt's tokens
        outputs_live=KEPT,  # of a film; pictures and texts come with the answer and are nowhere else
        in_flight=None,  # limits are per minute and day, by tier, and shown at aistudio.google.com
        polls=None,  # not documented
        by_model=True,  # of a project
    )

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self._host = (access.url or HOST).rstrip("/")
        self._files = Files(self, self._host, self._headers)

    def put(self, recipe: Recipe) -> Put:
        """The parameters as they are sent; a picture's size is `resolution`, for prices know it by that word."""
        ready = super().put(self._decided(recipe))
        ready.problems.extend(self._refused(recipe))
        return ready

    def _decided(self, recipe: Recipe) -> Recipe:
        """A film's length, resolution and shape, where nobody names them: what Google makes then is not documented."""
        if recipe.op not in films.FILMS or recipe.inputs.get("video"):
            return recipe
        recipe = self.with_defaults(recipe)
        frame = next((one for one in recipe.inputs.get("start_frame", ()) if one.width and one.height), None)
        shaped = any(recipe.params.get(name) is not None for name in (*ASPECT_RATIO, *SIZE, "width"))
        if frame is None or shaped:
            return recipe
        upright = (frame.height or 0) > (frame.width or 0)
        return replace(recipe, params={**recipe.params, "aspect_ratio": "9:16" if upright else "16:9"})

    def _refused(self, recipe: Recipe) -> Iterator[Problem]:
        if recipe.op in films.FILMS:
            if veo.is_veo(self.endpoint(recipe)) and self.access.url is None:
                yield self.problem(
                    f"Google shut {self.endpoint(recipe)} down on {veo.SHUT_DOWN}",
                    f"its successor is {veo.SUCCESSOR!r}; others still offer it: rushes models show",
                )
            elif recipe.inputs.get("start_frame") and recipe.inputs.get("reference"):
                yield self.problem("a film is made from a first frame or from references", "leave one of them out")
        if not self._may_be_uploaded(recipe) and not _fits(recipe):
            size = sum(one.size for one in _inputs(recipe))
            yield self.problem(f"the inputs of one request are {size} bytes together", "use smaller or fewer of them")

    def _may_be_uploaded(self, recipe: Recipe) -> bool:
        """Whether inputs may lie in Google's storage: it says so of films and of questions about pictures and films."""
        return tells(recipe) or (recipe.op in films.FILMS and not veo.is_veo(self.endpoint(recipe)))

    async def submit(self, request: Request, context: Context) -> Submitted | Finished:
        """Ask once. Pictures and texts are waited for."""
        recipe = request.recipe
        ready, model = self.ready(recipe), self.endpoint(recipe)
        if recipe.op not in films.FILMS:
            parts = await self._parts(recipe, context)
            if tells(recipe):
                takes = self.takes(model)
                seed = request.seed if takes is not None and "seed" in takes.properties else None
                body = texts.asking(recipe, ready, seed, parts)
            else:
                body = pictures.asking(recipe, ready, parts)
            answer = await self._post(f"v1/models/{model}:generateContent", request, body, context, ANSWER_WITHIN)
            return self._finished(answer, recipe)
        if veo.is_veo(model):
            given = [
                (role, {"bytesBase64Encoded": await self._encoded(one, context), "mimeType": one.media_type})
                for role, many in recipe.inputs.items()
                for one in many
            ]
            body = veo.asking(recipe.prompt or "", ready, given)
            path = f"v1beta/models/{model}:predictLongRunning"
            answer = await self._post(path, request, body, context, ACCEPT_WITHIN)
            return self._submitted(answer, "name")
        body = films.asking(recipe, model, ready, await self._content(recipe, context))
        return self._submitted(await self._post("v1/interactions", request, body, context, ACCEPT_WITHIN), "id")

    async def _post(
        self, path: str, request: Request, body: Mapping[str, Any], context: Context, within: float
    ) -> Answer:
        headers = {**self._headers(), "Content-Type": "application/json"}
        if self.access.simulated:
            headers["x-rushes-asking"] = request.key  # lets the simulator's books tell two candidates from a duplicate
        data = json.dumps(body).encode()
        answer = await self.http.post_once(f"{self._host}/{path}", headers=headers, body=data, within=within)
        return self.accepted(answer, SUBMIT, context)

    def _submitted(self, answer: Answer, name: str) -> Submitted:
        said = document(answer.body)
        id_ = said.get(name) if isinstance(said, dict) else None
        if not isinstance(id_, str) or not self.is_id(id_):
            raise unknown("gemini accepted this, and its answer cannot be read")
        return Submitted(self.remote_of(id_), FLOOR)

    def _finished(self, answer: Answer, recipe: Recipe) -> Finished:
        """The result of a call. A refusal is a 200 without one and must not pass for a success."""
        said = document(answer.body)
        if not isinstance(said, dict):
            raise unknown("gemini answered, and its answer cannot be read: a result may be paid for and lost")
        found = texts.told(said) if tells(recipe) else pictures.finished(said)
        if isinstance(found, Heard):
            raise read(REFUSED, found, self.name, self.access.key)
        return (
            found if isinstance(found, Finished) else self.told(recipe, found, *texts.tokens(said), texts.apart(said))
        )

    async def poll(self, remote: str, context: Context) -> Pending | Finished:
        """Ask about a film. Whatever keeps the answer from us is a reason to ask later, never to buy again."""
        job = self.job(remote)
        said = await self.asked(self._about(job), self._headers(of_a_job=True), job, RESULT, context)
        if isinstance(said, Pending):
            return said
        try:
            if veo.is_operation(job.id):
                return veo.finished(said) if said.get("done") is True else self.later(job)
            state = str(said.get("status"))
            if state == "completed" or state in films.ENDED:
                return films.finished(said, state)
            says = plain(state, self.access.key).replace("_", " ")
            return self.later(job, says, queued=state == "queued")
        except films.NoFilm as none:
            raise read(RESULT, none.heard, self.name, self.access.key) from None

    def passing(self, answer: Answer) -> bool:
        """A 400 about a film that is being made has been seen, and went by; one about the id or the key does not."""
        if answer.status != 400:
            return answer.status in BUSY
        said = self.heard(answer)
        return "invalid_request" in said.codes and "interaction name" not in said.says.lower()

    async def cancel(self, remote: str, context: Context) -> Decimal | None:
        """Stop a film. What is charged for one that was begun is not documented; the older shape knows no stopping."""
        job, headers = self.job(remote), self._headers(of_a_job=True)
        if veo.is_operation(job.id):
            return None
        try:
            answer = await self.http.ask("POST", f"{self._about(job)}/cancel", headers=headers, sleep=context.sleep)
        except Unreachable as error:
            raise RemoteError(ErrorClass.TRANSIENT, f"gemini cannot be reached: {error}", maybe_billed=True) from None
        if 400 <= answer.status < 500 and not self.passing(answer):
            raise RemoteError(ErrorClass.INVALID_INPUT, f"gemini answered {answer.status}", maybe_billed=True)
        return None

    def is_id(self, id_: str) -> bool:
        """Whether a text can be the id of an interaction, or the name of an operation."""
        return super().is_id(id_) or veo.is_operation(id_)

    def _about(self, job: Job) -> str:
        return f"{self._host}/v1beta/{job.id}" if veo.is_operation(job.id) else f"{self._host}/v1/interactions/{job.id}"

    async def _parts(self, recipe: Recipe, context: Context) -> list[dict[str, Any]]:
        """The inputs, in the order of their roles, as parts of `generateContent`: inside it while they fit."""
        found: list[dict[str, Any]] = []
        for one in _inputs(recipe):
            if _fits(recipe):
                data = await self._encoded(one, context)
                found.append({"inlineData": {"mimeType": one.media_type, "data": data}})
            else:
                uri = await self.uploaded(one, context, KEPT)
                found.append({"fileData": {"mimeType": one.media_type, "fileUri": uri}})
        return found

    async def _content(self, recipe: Recipe, context: Context) -> list[dict[str, Any]]:
        """The inputs, in the order of their roles, as content of an interaction: inside it while they fit."""
        found = []
        for one in _inputs(recipe):
            if _fits(recipe):
                where = {"data": await self._encoded(one, context)}
            else:
                where = {"uri": await self.uploaded(one, context, KEPT)}
            found.append(films.content(one.media_type.partition("/")[0], where, one.media_type))
        return found

    async def _encoded(self, artifact: Artifact, context: Context) -> str:
        path = context.path(artifact.digest)
        return await context.work(lambda: base64.b64encode(path.read_bytes()).decode())

    async def upload(self, artifact: Artifact, context: Context) -> str:
        """Send an input to Google's storage."""
        return await self._files.upload(artifact, context)

    async def check_key(self, context: Context) -> None:
        """Try the key with a question that costs nothing: the list of models. Raises RemoteError."""
        url = f"{self._host}/v1/models?pageSize=1"
        await self.free("GET", url, self._headers(), context, rows=(*ACCOUNT, *COMMON))  # a wrong key is a 400 here

    def heard(self, answer: Answer) -> Heard:
        """Google's shape of an error."""
        return heard(answer)

    def opening(self, url: str) -> Mapping[str, str]:
        """Files at Google open with the key."""
        return self._headers(of_a_job=True) if own(self._host, url) else {}

    def _headers(self, *, of_a_job: bool = False) -> dict[str, str]:
        return {"x-goog-api-key": self.key(of_a_job=of_a_job)}


def _inputs(recipe: Recipe) -> list[Artifact]:
    return [one for many in recipe.inputs.values() for one in many]


def _fits(recipe: Recipe) -> bool:
    """Whether the inputs can stand inside the request, where they take a third more room."""
    return sum(one.size for one in _inputs(recipe)) * 4 / 3 <= MOST_BODY
