"""ElevenLabs' protocol: text to speech, which answers with the sound itself, and its history; speech to text; models.

Sources: what elevenlabs 2.78.0 sends and reads; ElevenLabs' pages on errors, their types and codes, as of 2026-11-20.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from rushes.catalogue.endpoints import endpoints
from rushes.model.operation import Operation
from rushes.model.workflow import Json
from rushes.plugin.takes import Takes
from rushes.providers.media.mp3 import mp3_bytes
from rushes.sim.faults import What
from rushes.sim.jobs import Job, JobFailed, State
from rushes.sim.making import FAILED, REFUSED, made
from rushes.sim.paint import Asking, Made
from rushes.sim.route import Place, Route
from rushes.sim.spoken import spoken
from rushes.sim.strict import Wrong, wrong
from rushes.sim.wire import Receipt, Reply, Request, bytes_reply, come_back, form, json_reply
from rushes.sim.world import Call

HOST = "api.elevenlabs.io"
WRONG_KEY = "wrong"
"""A key that the simulator knows to be no key, so that a client can rehearse what it does with one. Any other opens
an account."""

USUAL = "eleven_multilingual_v2"
"""The model of a call that names none."""

_HEAR = "/v1/speech-to-text"
_SPEAK = re.compile(r"/v1/text-to-speech/([^/]+)")
_HISTORY = re.compile(r"/v1/history(?:/([\w-]+)(/audio)?)?")
_SETTINGS = ("stability", "similarity_boost", "style", "speed", "use_speaker_boost")
_TYPES = {
    400: "validation_error",
    401: "authentication_error",
    402: "payment_required",
    403: "authorization_error",
    404: "not_found",
    409: "conflict",
    429: "rate_limit_error",
    500: "internal_error",
    503: "service_unavailable",
}
_SAYS = {
    401: ("missing_api_key", "No API key was provided in the request."),
    404: ("not_found", "Not Found"),
    429: ("concurrent_limit_exceeded", "Maximum number of concurrent requests exceeded."),
    500: ("internal_error", "An unexpected error occurred."),
    502: ("internal_error", "Bad gateway"),
    503: ("service_unavailable", "The service is temporarily unavailable. Try again later."),
    504: ("internal_error", "Gateway timeout"),
}
_CODES = {"minLength": "empty_text", "maxLength": "text_too_long", "required": "missing_required_field"}


class ElevenLabs:
    """ElevenLabs, by its host or under `/elevenlabs`."""

    name = "elevenlabs"
    hosts: tuple[str, ...] = (HOST,)

    def route(self, request: Request) -> Route | None:
        """Where a request belongs."""
        if request.method == "POST" and _SPEAK.fullmatch(request.path):
            return Route(Place.SUBMIT, str(request.object().get("model_id") or USUAL))
        if request.method == "POST" and request.path == _HEAR:
            return Route(Place.SUBMIT, str(_fields(request).get("model_id") or "none"))
        if request.method == "GET" and (item := _HISTORY.fullmatch(request.path)):
            return Route(Place.RESULT if item[2] else Place.STATUS, about=item[1] or "history")
        if request.method == "GET" and request.path in ("/v1/models", "/v1/voices"):
            return Route(Place.STATUS, about=request.path)
        return None

    def key(self, request: Request) -> str | None:
        """The key of the header."""
        return request.headers.get("xi-api-key") or None

    def error(self, status: int, request: Request, retry_after: float | None = None) -> Reply:
        """ElevenLabs' errors: one object under `detail`."""
        code, message = _SAYS.get(status, ("bad_request", "Error"))
        headers = come_back(retry_after)
        return _error(status, code, message)._replace(headers=(("content-type", "application/json"), *headers))

    async def answer(self, call: Call) -> Reply:
        """Everything that ElevenLabs answers."""
        if self.key(call.request) == WRONG_KEY:
            reply = _error(401, "invalid_api_key", "The provided API key is invalid.")
            return call.refuse(reply, "wrong key") if call.entry is not None else reply
        if call.route.place is Place.SUBMIT:
            return await (self._hear(call) if call.request.path == _HEAR else self._speak(call))
        if call.route.about == "/v1/models":
            return json_reply([_model(name, takes) for name, takes in sorted(endpoints(self.name).items())])
        if call.route.about == "/v1/voices":
            return json_reply({"voices": [_voice(name, id_) for name, id_ in sorted(_voices().items())]})
        return _history(call)

    async def _speak(self, call: Call) -> Reply:
        model = call.route.model
        if (no := self._no_model(call, speaks=True)) is not None:
            return no
        body = call.request.object()
        asked = _asked(call.request, body)
        if (one := wrong(self.name, model, asked)) is not None:
            return call.refuse(_refused(one), "bad request")

        async def work() -> bytes:
            seed = int(body.get("seed", call.world.chance.number(call.identity, call.nth)))
            # the offline voice knows no seed: another tempo is another reading of the same text
            tempo = float(asked.get("speed", 1.0)) * (0.85 + seed % 401 / 1000)
            how: dict[str, Json] = {"voice": _name_of(asked["voice_id"]), "speed": tempo}
            words = Asking(Operation.TEXT_TO_SPEECH, model, body["text"], how, {}, seed & 0x7FFFFFFF)
            (sound,) = await made(call, [words])
            return _in_the_format(sound.data, str(asked.get("output_format", "mp3_44100_128")))

        job = call.accept("speech", asked, work, kept=False)
        if job is None:
            return _error(401, "quota_exceeded", "This request exceeds your quota.")
        job.facts.update(account=call.account, asked=asked, model=model, at=call.world.clock.now())
        # from here on it costs, whether the client is still there or not
        await job.over.wait()
        return _over(job)

    async def _hear(self, call: Call) -> Reply:
        if (no := self._no_model(call, speaks=False)) is not None:
            return no
        asked = _fields(call.request)
        sound = next((part.data for part in form(call.request) or () if part.field == "file" and part.file), b"")
        if (one := wrong(self.name, call.route.model, asked)) is not None:
            return call.refuse(_refused(one), "bad request")

        async def work() -> Made:
            (told,) = await made(
                call, [Asking(Operation.SPEECH_TO_TEXT, call.route.model, "", {}, {"audio": (sound,)}, 0)]
            )
            return told

        length = call.world.painter.seconds(sound) or 0.0
        job = call.accept("text", asked, work, length=length, kept=False)
        if job is None:
            return _error(401, "quota_exceeded", "This request exceeds your quota.")
        await job.over.wait()
        if job.state is not State.DONE:
            return _over(job)
        words = [{**one, "logprob": 0.0} for one in spoken(job.result, speaker=None)]
        said = {"language_code": "eng", "language_probability": 1.0, "text": job.result.text, "words": words}
        reply = json_reply({**said, "transcription_id": job.id})
        return reply._replace(receipt=Receipt(job.id, told=True, answered=True))

    def _no_model(self, call: Call, *, speaks: bool) -> Reply | None:
        model = call.route.model
        takes = endpoints(self.name).get(model)
        retired = call.world.faults.strikes(What.RETIRED, Place.SUBMIT, model, model)
        if takes is not None and ("text" in takes.properties) == speaks and not retired:
            return None
        return call.refuse(_error(404, "model_not_found", f"A model with ID {model} does not exist"), "no such model")


def _fields(request: Request) -> dict[str, Any]:
    """The fields of a form as the published schema has them; a file is its name."""
    found: dict[str, Any] = {}
    for part in form(request) or ():
        said = part.file or part.data.decode("utf-8", "replace")
        try:
            found[part.field] = said if part.file or part.field.endswith("_id") else json.loads(said)
        except (ValueError, RecursionError):
            found[part.field] = said
    return {name: value for name, value in found.items() if value is not None}


def _asked(request: Request, body: Mapping[str, Any]) -> dict[str, Any]:
    """A call as the published schema has it: what stands in the path, the query and the settings beside the rest."""
    settings = body.get("voice_settings")
    said = {**body, **({name: settings.get(name) for name in _SETTINGS} if isinstance(settings, dict) else {})}
    voice = _SPEAK.fullmatch(request.path)
    said["voice_id"] = voice[1] if voice else ""
    if "output_format" in request.query:
        said["output_format"] = request.query["output_format"]
    return {name: value for name, value in said.items() if value is not None}


def _refused(one: Wrong) -> Reply:
    code = "invalid_parameters"
    if one.field == "text" or one.rule == "required":
        code = _CODES.get(one.rule, code)
    elif one.field == "voice_id":
        code = "invalid_voice_id"
    elif one.field == "output_format":
        code = "invalid_output_format"
    elif one.field in _SETTINGS:
        code = "invalid_voice_settings"
    return _error(400, code, one.says, one.field)


def _in_the_format(wav: bytes, name: str) -> bytes:
    kind, rate, *kbps = name.split("_")
    return wav if kind == "wav" or not wav.startswith(b"RIFF") else mp3_bytes(wav, int(rate), int(kbps[0]))


def _over(job: Job) -> Reply:
    """The answer once the model is done."""
    failure = job.failure
    if job.state is State.DONE:
        headers = (("request-id", job.id), ("character-cost", str(len(job.facts["asked"]["text"]))))
        media_type = "audio/wav" if job.result[:4] == b"RIFF" else "audio/mpeg"
        reply = bytes_reply(job.result, media_type, headers)
        return reply._replace(receipt=Receipt(job.id, told=True, answered=True))
    if isinstance(failure, JobFailed) and failure.kind == REFUSED:
        says = "We are sorry but text you are trying to use may violate our Terms of Service and has been blocked."
        return _error(403, "content_against_policy", says)
    if isinstance(failure, JobFailed) and failure.kind != FAILED:
        return _error(400, "invalid_parameters", failure.message)
    return _error(500, *_SAYS[500])


def _history(call: Call) -> Reply:
    """Items of the account's history, newest first; or one of them, or its sound."""
    items = [
        job
        for job in call.world.jobs.values()
        if job.facts.get("account") is call.account and "asked" in job.facts and job.state is State.DONE
    ]
    if call.route.about == "history":
        return json_reply({"history": [_item(job) for job in reversed(items)], "has_more": False})
    job = next((one for one in items if one.id == call.route.about), None)
    if job is None:
        return _error(404, "history_item_not_found", "The specified history item does not exist.")
    return _over(job) if call.route.place is Place.RESULT else json_reply(_item(job))


def _item(job: Job) -> dict[str, Any]:
    asked = job.facts["asked"]
    return {
        "history_item_id": job.id,
        "request_id": job.id,
        "voice_id": asked["voice_id"],
        "model_id": job.facts["model"],
        "text": asked["text"],
        "date_unix": int(job.facts["at"]),
        "character_count_change_from": 0,
        "character_count_change_to": len(asked["text"]),
        "content_type": "audio/wav" if job.result[:4] == b"RIFF" else "audio/mpeg",
        "state": "created",
        "source": "TTS",
        "output_format": asked.get("output_format", "mp3_44100_128"),
    }


def _voices() -> Mapping[str, str]:
    return endpoints("elevenlabs")[USUAL].words["voice_id"]


def _name_of(voice_id: str) -> str:
    return next((name for name, id_ in _voices().items() if id_ == voice_id), voice_id)


def _voice(name: str, id_: str) -> dict[str, Any]:
    return {"voice_id": id_, "name": name.title(), "category": "premade", "labels": {}}


def _model(name: str, takes: Takes) -> dict[str, Any]:
    said = {"model_id": name, "name": f"{name} (simulated)", "can_do_text_to_speech": "text" in takes.properties}
    return {**said, "maximum_text_length_per_request": takes.properties.get("text", {}).get("maxLength", 0)}


def _error(status: int, code: str, message: str, param: str | None = None) -> Reply:
    said = {"type": _TYPES.get(status, "internal_error"), "code": code, "message": message, "status": code}
    said |= {"request_id": "simulated"} | ({"param": param} if param else {})
    return json_reply({"detail": said}, status)
