"""Gemini's protocol: `generateContent`, which answers on the connection it was asked on, and the list of models.

A client that loses the connection loses what it has paid for: there is no id to ask again by. Films have one
(`gemini_films.py`), and what is too large for a request is uploaded (`gemini_files.py`). Sources: what google-genai
3.4.0 sends and reads; Google's reference of the image models; its errors as issue trackers quote them.
"""

from __future__ import annotations

import base64
import re
from typing import Any

from rushes.model.operation import Operation
from rushes.sim import gemini_films
from rushes.sim.faults import What
from rushes.sim.gemini_asked import Asked, BadRequest, models, read
from rushes.sim.gemini_files import FILE, OUTPUT, UPLOADS, looked_up, upload, uploaded
from rushes.sim.jobs import Job, JobFailed, State
from rushes.sim.judge import MARK, in_words
from rushes.sim.making import download
from rushes.sim.paint import Asking, Made, Unpaintable
from rushes.sim.plant import planted
from rushes.sim.route import Place, Route
from rushes.sim.wire import Piece, Receipt, Reply, Request, json_reply
from rushes.sim.world import Call

HOST = "generativelanguage.googleapis.com"
WRONG_KEY = "wrong"
"""A key that the simulator knows to be no key, so that a client can rehearse what it does with one. Any other opens
an account."""

_GENERATE = re.compile(r"/(v1|v1beta)/models/([\w./-]+):generateContent")
_MODELS = re.compile(r"/(v1|v1beta)/models(?:/([\w./-]+))?")
_TYPES = "type.googleapis.com/google.rpc."
_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_SAYS = {
    403: "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or "
    "other form of API consumer identity to call this API.",
    404: "Requested entity was not found.",
    429: "You exceeded your current quota, please check your plan and billing details. For more information on this "
    "error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.",
    500: "An internal error has occurred. Please retry or report it.",
    503: "The model is overloaded. Please try again later.",
    504: "The service is unable to finish processing within the deadline.",
}
_NO_FILE = "You do not have permission to access the File or it may not exist."

_TEXT_TOKENS = 4
"""Characters that make a token, about (Google)."""

_PICTURE_TOKENS = 1120
"""Tokens of an input picture (Google, Gemini 3.1 Flash Image)."""

_FILM_TOKENS = 100
"""Tokens of a second of a film that is looked at: a frame of 70 and its sound (Google, Gemini 3, usual resolution)."""


class Gemini:
    """Google's Gemini interface, by its host or under `/gemini`."""

    name = "gemini"
    hosts: tuple[str, ...] = (HOST,)

    def route(self, request: Request) -> Route | None:
        """Where a request belongs."""
        if request.method == "POST" and (asked := _GENERATE.fullmatch(request.path)):
            return Route(Place.SUBMIT, asked[2])
        if (film := gemini_films.route(request)) is not None:
            return film
        if request.method == "POST" and UPLOADS.fullmatch(request.path):
            return Route(Place.UPLOAD, open="upload_id" in request.query)  # whoever has the place may send there
        if request.method in ("GET", "HEAD"):
            return _file_route(request)
        return None

    def key(self, request: Request) -> str | None:
        """The key of the header, or of the query, as Google takes it."""
        return request.headers.get("x-goog-api-key") or request.query.get("key") or None

    def error(self, status: int, request: Request, retry_after: float | None = None) -> Reply:
        """Google's errors. There is no Retry-After: how long to wait stands in the body. A call without a key is
        PERMISSION_DENIED, and a bad gateway speaks HTML."""
        if status == 401:
            status = 403
        if status == 502:
            page = b"<!DOCTYPE html><html lang=en><title>Error 502 (Server Error)!!1</title></html>"
            return Reply(502, (("content-type", "text/html; charset=UTF-8"),), (Piece(page),))
        if retry_after is None:
            return _error(status, _SAYS.get(status, "Error"))
        wait = f"{retry_after:g}s"
        return _error(
            status,
            f"{_SAYS.get(status, 'Error')} \nPlease retry in {wait}.",
            {"@type": f"{_TYPES}Help", "links": [{"description": "Learn more about Gemini API quotas"}]},
            {"@type": f"{_TYPES}RetryInfo", "retryDelay": wait},
        )

    async def answer(self, call: Call) -> Reply:
        """Everything that Google answers."""
        if self.key(call.request) == WRONG_KEY:
            reply = _wrong_key()
            return call.refuse(reply, "wrong key") if call.entry is not None else reply
        if call.route.place is Place.SUBMIT:
            return self._film(call) if gemini_films.is_film(call.request) else await self._generate(call)
        if call.route.place is Place.UPLOAD:
            return upload(call)
        if call.route.place is Place.DOWNLOAD:
            return download(call, _error(404, _SAYS[404]))
        if gemini_films.route(call.request) is not None:
            return gemini_films.looked_up(call)
        if FILE.fullmatch(call.request.path):
            return looked_up(call) or _error(403, _NO_FILE)
        return _listed(call)

    def _film(self, call: Call) -> Reply:
        found = gemini_films.submit(call)
        return gemini_films.told(call, found) if isinstance(found, Job) else found

    async def _generate(self, call: Call) -> Reply:
        model = call.route.model
        retired = call.world.faults.strikes(What.RETIRED, Place.SUBMIT, model, model)
        if model not in models() or retired:
            return call.refuse(_unknown(call), "no such model")
        try:
            asked = read(_body(call.request), models()[model], lambda uri: uploaded(call, uri))
        except BadRequest as bad:
            return call.refuse(_error(400, str(bad)), "bad request")
        work = _Work(call, asked)
        kind, params = ("image", {"resolution": _priced(asked.size)}) if asked.paints else ("text", {})
        job = call.accept(kind, params, work.done, tokens=(work.sent, asked.most), kept=False)
        if job is None:
            return _error(429, "Your prepayment credits are depleted. Please go to AI Studio to manage your billing.")
        work.job = job
        # from here on it costs, whether the client is still there or not
        await job.over.wait()
        return _over(call, asked, work)


class _Work:
    """What a model does for one call. `sent` are the tokens of the question; `job` is set as soon as there is one."""

    job: Job

    def __init__(self, call: Call, asked: Asked) -> None:
        self._call = call
        self._asked = asked
        self.words = len(asked.prompt + asked.instruction) // _TEXT_TOKENS + 1
        self.looked_at = len(asked.pictures) * _PICTURE_TOKENS
        lengths = (call.world.painter.seconds(film) or 0.0 for film in asked.films)
        self.watched = sum(round(seconds * _FILM_TOKENS) for seconds in lengths)

    @property
    def sent(self) -> int:
        """Tokens of the question."""
        return self.words + self.looked_at + self.watched

    async def done(self) -> list[dict[str, Any]]:
        """The parts of the answer. Raises JobFailed for a refusal or a failure."""
        call, asked = self._call, self._asked
        if not asked.paints:
            call.counted(self.job, (self.sent, 0))  # a refusal costs what was asked
        billed = call.strikes(What.REFUSED_BILLED)
        if billed or call.strikes(What.REFUSED):
            # what is painted before it is refused is charged; a refused prompt is not
            raise JobFailed("IMAGE_SAFETY" if billed else "prompt", "refused", billed=billed is not None)
        if call.strikes(What.FAILED):
            raise JobFailed("IMAGE_OTHER" if asked.paints else "OTHER", "failed")
        try:
            return await (self._painted() if asked.paints else self._said())
        except Unpaintable:
            raise JobFailed("unreadable", "Provided image is not valid.") from None

    async def _painted(self) -> list[dict[str, Any]]:
        call, asked = self._call, self._asked
        size = dict(zip(("width", "height"), asked.pixels, strict=True)) if asked.pixels else {"resolution": asked.size}
        made = await call.world.painter.make(
            Asking(
                Operation.IMAGE_TO_IMAGE if asked.pictures else Operation.TEXT_TO_IMAGE,
                call.route.model,
                asked.prompt,
                size,
                {"image": asked.pictures[:1], "reference": asked.pictures[1:]} if asked.pictures else {},
                _seed(call, asked),
            )
        )
        part = _inline(planted(call, made), call.world.chance.word(call.identity, call.nth, length=32))
        return [{"text": f"{MARK}here is the picture."}, part] if asked.says else [part]

    async def _said(self) -> list[dict[str, Any]]:
        call, asked = self._call, self._asked
        op, inputs = _looked_at(asked)
        seen = Asking(op, call.route.model, asked.prompt, {}, inputs, _seed(call, asked))
        words = (await call.world.painter.make(seen)).text or ""
        # the words follow from the pictures and the question, so equal pictures are judged equally
        text = in_words(asked.schema, words, call.world.chance, asked.prompt)[: asked.most * _TEXT_TOKENS]
        call.counted(self.job, (self.sent, _tokens_of(text)))
        return [{"text": text}]


def _looked_at(asked: Asked) -> tuple[Operation, dict[str, tuple[bytes, ...]]]:
    """What is done with inputs: a film is watched, pictures are looked at, words are thought about."""
    if asked.films:
        return Operation.ANALYZE_VIDEO, {"video": asked.films[:1]}
    if asked.pictures:
        return Operation.ANALYZE_IMAGE, {"image": asked.pictures}
    return Operation.PROMPT_GENERATION, {}


def _tokens_of(text: str) -> int:
    return -(-len(text) // _TEXT_TOKENS)


def _file_route(request: Request) -> Route | None:
    if found := OUTPUT.fullmatch(request.path):
        return Route(Place.DOWNLOAD, about=f"o/{found[2]}/0.mp4")
    if found := FILE.fullmatch(request.path):
        return Route(Place.STATUS, about=found[2])
    found = _MODELS.fullmatch(request.path)
    return Route(Place.STATUS, about=found[2] or "models") if found else None


def _body(request: Request) -> Any:
    try:
        return request.json()
    except (ValueError, RecursionError):
        raise BadRequest("Invalid JSON payload received. Expected a value.") from None


def _seed(call: Call, asked: Asked) -> int:
    if asked.seed is not None:
        return asked.seed & 0x7FFFFFFF
    return call.world.chance.number(call.identity, call.nth)


def _inline(made: Made, signature: str) -> dict[str, Any]:
    data = {"mimeType": made.media_type, "data": base64.b64encode(made.data).decode()}
    # Gemini 3 signs its pictures; a client that sends one back must send the signature with it
    return {"inlineData": data, "thoughtSignature": base64.b64encode(signature.encode()).decode()}


def _priced(size: str) -> str:
    """The price list's word for a size."""
    return "0.5k" if size == "512" else size.lower()


def _over(call: Call, asked: Asked, work: _Work) -> Reply:
    """The answer once the model is done. Refusals and failures are 200 too."""
    job = work.job
    plain: dict[str, Any] = {"modelVersion": call.route.model, "responseId": job.id}
    failure = job.failure
    if job.state is State.DONE:
        written = sum(_tokens_of(part.get("text", "")) for part in job.result)
        cut = not asked.paints and written >= asked.most
        content = {"role": "model", "parts": job.result}
        plain["candidates"] = [{"content": content, "finishReason": "MAX_TOKENS" if cut else "STOP", "index": 0}]
        plain["usageMetadata"] = _usage(work, written, asked.tokens)
    elif failure is None:
        return _error(499, "The operation was cancelled.")
    elif failure.kind == "unreadable":
        return _error(400, failure.message)
    elif failure.kind == "internal_server_error":
        return _error(500, _SAYS[500])
    else:
        plain["usageMetadata"] = _usage(work, 0, 0)
        if failure.kind == "prompt":
            plain["promptFeedback"] = {"blockReason": "PROHIBITED_CONTENT"}
        else:
            says = "Unable to show the generated image."
            plain["candidates"] = [{"finishReason": failure.kind, "finishMessage": says, "index": 0}]
    return json_reply(plain)._replace(receipt=Receipt(job.id, told=True, answered=job.state is State.DONE))


def _usage(work: _Work, written: int, painted: int) -> dict[str, Any]:
    asked = {"TEXT": work.words, "IMAGE": work.looked_at, "VIDEO": work.watched}
    given = {"TEXT": written, "IMAGE": painted}
    return {
        "promptTokenCount": work.sent,
        "candidatesTokenCount": written + painted,
        "totalTokenCount": work.sent + written + painted,
        "promptTokensDetails": [{"modality": one, "tokenCount": many} for one, many in asked.items() if many],
        "candidatesTokensDetails": [{"modality": one, "tokenCount": many} for one, many in given.items() if many],
    }


def _listed(call: Call) -> Reply:
    listed = [_model(name) for name in sorted(models())]
    if call.route.about == "models":
        return json_reply({"models": listed})
    found = next((one for one in listed if one["name"] == f"models/{call.route.about}"), None)
    return json_reply(found) if found is not None else _unknown(call)


def _model(name: str) -> dict[str, Any]:
    return {
        "name": f"models/{name}",
        "displayName": f"{name} (simulated)",
        "version": name,
        "inputTokenLimit": 131072,
        "outputTokenLimit": 32768,
        "supportedGenerationMethods": ["generateContent"],
    }


def _unknown(call: Call) -> Reply:
    version = call.request.path.split("/")[1]
    name = call.route.model or call.route.about
    return _error(
        404,
        f"models/{name} is not found for API version {version}, or is not supported for generateContent. "
        "Call ListModels to see the list of available models and their supported methods.",
    )


def _wrong_key() -> Reply:
    says = "API key not valid. Please pass a valid API key."
    return _error(
        400,
        says,
        {
            "@type": f"{_TYPES}ErrorInfo",
            "reason": "API_KEY_INVALID",
            "domain": "googleapis.com",
            "metadata": {"service": HOST},
        },
        {"@type": f"{_TYPES}LocalizedMessage", "locale": "en-US", "message": says},
    )


def _error(status: int, message: str, *details: dict[str, Any]) -> Reply:
    said: dict[str, Any] = {"code": status, "message": message, "status": _STATUS.get(status, "UNKNOWN")}
    if details:
        said["details"] = list(details)
    return json_reply({"error": said}, status)
