"""What fal's models take and give: from an endpoint's name and a body to an asking, and from files to an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rushes.model.operation import Operation
from rushes.model.spelling import COUNT
from rushes.sim.asked import inline
from rushes.sim.paint import Asking, Made
from rushes.sim.spoken import spoken
from rushes.sim.strict import wrong

_VIDEO = ("video", "veo", "kling", "sora", "seedance", "hailuo", "wan/")
_AVATAR = ("omnihuman", "fabric", "avatar", "motion-control")
_ROLES = {
    "start_image_url": "start_frame",
    "first_frame_url": "start_frame",
    "image_url": "start_frame",
    "end_image_url": "end_frame",
    "tail_image_url": "end_frame",
    "last_frame_url": "end_frame",
    "image_urls": "image",
    "reference_image_urls": "reference",
    "mask_url": "mask",
    "video_url": "video",
    "audio_url": "audio",
    "first_audio_url": "audio",
    "second_audio_url": "second_audio",
}
"""Fields that hold addresses of inputs, and the role each has for a film; pictures know no frames."""

_FRAMED = (Operation.TEXT_TO_VIDEO, Operation.IMAGE_TO_VIDEO)
_FILMS = (*_FRAMED, Operation.VIDEO_TO_VIDEO, Operation.AVATAR, Operation.UPSCALE_VIDEO, Operation.ADD_AUDIO)
_TEXTS = (Operation.SPEECH_TO_TEXT, Operation.ANALYZE_IMAGE, Operation.PROMPT_GENERATION)
_PROMPTED = (Operation.TEXT_TO_IMAGE, Operation.TEXT_TO_VIDEO, Operation.VIDEO_TO_VIDEO, Operation.TEXT_TO_SPEECH)
_NEEDED = {
    Operation.UPSCALE_IMAGE: "image",
    Operation.UPSCALE_VIDEO: "video",
    Operation.ADD_AUDIO: "video",
    Operation.VIDEO_TO_VIDEO: "video",
    Operation.AVATAR: "image",
    Operation.SPEECH_TO_TEXT: "audio",
}
"""The role without which there is nothing to do; its field is called after it."""

_TIMED = frozenset(_NEEDED) - {Operation.UPSCALE_IMAGE}
_VOICES = ("audio_url", "first_audio_url", "second_audio_url")
_MOVERS = frozenset({"audio", "second_audio", "video"})

MOST_IMAGES = 8


class BadInput(Exception):
    """A field cannot be used; `kind` is the provider's word for why."""

    def __init__(self, field: str, kind: str, message: str) -> None:
        super().__init__(message)
        self.field, self.kind, self.message = field, kind, message


def operation_of(endpoint: str, body: Mapping[str, Any]) -> Operation:
    """What an endpoint does. The simulator knows endpoints by their names: a new one needs no entry anywhere."""
    name = endpoint.lower()
    pictures = any(body.get(field) for field, role in _ROLES.items() if role in ("start_frame", "image", "reference"))
    if "upscale" in name:
        return Operation.UPSCALE_VIDEO if "video" in name else Operation.UPSCALE_IMAGE
    if "thinksound" in name or "add-audio" in name or "video-to-audio" in name:
        return Operation.ADD_AUDIO
    if "speech-to-text" in name or "scribe" in name:
        return Operation.SPEECH_TO_TEXT
    if "tts" in name or "speech" in name:
        return Operation.TEXT_TO_SPEECH
    if any(word in name for word in ("vision", "caption", "moondream", "any-llm")):
        return Operation.ANALYZE_IMAGE if pictures else Operation.PROMPT_GENERATION
    if any(word in name for word in _AVATAR):
        return Operation.AVATAR
    if "video-to-video" in name or "edit-video" in name:
        return Operation.VIDEO_TO_VIDEO
    if any(word in name for word in _VIDEO):
        return Operation.IMAGE_TO_VIDEO if pictures else Operation.TEXT_TO_VIDEO
    return Operation.IMAGE_TO_IMAGE if pictures else Operation.TEXT_TO_IMAGE


def kind_of(op: Operation) -> str:
    """The kind of work for the price list."""
    if op in _FILMS:
        return "video"
    if op is Operation.TEXT_TO_SPEECH:
        return "speech"
    if op in _TEXTS:
        return "text"
    return "image"


_RULES = {
    "required": "missing",
    "enum": "one_of",
    "anyOf": "value_error",
    "minimum": "greater_than_equal",
    "maximum": "less_than_equal",
    "minLength": "string_too_short",
    "maxLength": "string_too_long",
    "minItems": "sequence_too_short",
    "maxItems": "sequence_too_long",
}
_TYPES = {"string": "string_type", "integer": "int_type", "number": "float_type", "boolean": "bool_type"}
"""fal's words for the rules of a schema. Source: fal's page of model errors, and pydantic's own types of errors."""


def hold(endpoint: str, body: Mapping[str, Any]) -> None:
    """Hold a body against the published schema of its endpoint. Raises BadInput for what the provider would refuse."""
    found = wrong("fal", endpoint, body)
    if found is not None:
        wanted = found.says.rpartition(" ")[2]  # `'seed' must be integer`
        kind = _TYPES.get(wanted, "list_type") if found.rule == "type" else _RULES.get(found.rule, "value_error")
        raise BadInput(found.field, kind, found.says)


def askings(
    endpoint: str, body: Mapping[str, Any], seed: int, read: Callable[[str], bytes | None]
) -> tuple[Asking, ...]:
    """What is to be painted for a body, one for each picture it asks for. `read` gives the file behind a URL of ours.

    Raises BadInput for what the provider would refuse.
    """
    op = operation_of(endpoint, body)
    prompt = body.get("prompt", body.get("text", ""))
    if not isinstance(prompt, str):
        raise BadInput("prompt", "string_type", "Input should be a valid string")
    if not prompt.strip() and op in _PROMPTED:
        raise BadInput("prompt", "missing", "Field required")
    inputs = _inputs(op, body, read)
    skipped = {"prompt", *_ROLES, *COUNT, "seed"}
    params = {name: value for name, value in body.items() if name not in skipped}
    count = _count(body) if op in (Operation.TEXT_TO_IMAGE, Operation.IMAGE_TO_IMAGE) else 1
    given = body.get("seed")
    first = given if isinstance(given, int) and not isinstance(given, bool) else seed
    return tuple(Asking(op, endpoint, prompt, params, inputs, (first + number) & 0x7FFFFFFF) for number in range(count))


def timed(op: Operation, body: Mapping[str, Any], read: Callable[[str], bytes | None]) -> list[bytes]:
    """The inputs whose length is paid for: the voices of an avatar, else the clip that is worked on."""
    if op not in _TIMED:
        return []
    fields = [field for field in _VOICES if body.get(field)] or ["video_url"]
    urls = [url for field in fields if isinstance(url := body.get(field), str)]
    return [data for url in urls if (data := inline(url) if url.startswith("data:") else read(url)) is not None]


def shaping(op: Operation, body: Mapping[str, Any], read: Callable[[str], bytes | None]) -> bytes | None:
    """The picture that is changed, whose size is paid for; None where there is none."""
    if op not in (Operation.IMAGE_TO_IMAGE, Operation.UPSCALE_IMAGE):
        return None
    many = body.get("image_urls")
    url = body.get("image_url") or (many[0] if isinstance(many, list) and many else None)
    if not isinstance(url, str):
        return None
    return inline(url) if url.startswith("data:") else read(url)


def _count(body: Mapping[str, Any]) -> int:
    value = next((body[name] for name in COUNT if body.get(name) is not None), 1)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_IMAGES:
        raise BadInput("num_images", "less_than_equal", f"Input should be between 1 and {MOST_IMAGES}")
    return value


def _inputs(
    op: Operation, body: Mapping[str, Any], read: Callable[[str], bytes | None]
) -> dict[str, tuple[bytes, ...]]:
    found: dict[str, list[bytes]] = {}
    for field, role in _ROLES.items():
        if role in ("start_frame", "end_frame") and op not in _FRAMED:
            role = "image"
        value = body.get(field)
        for url in value if isinstance(value, list) else [value] if value else []:
            found.setdefault(role, []).append(_file(field, url, read))
    if op is Operation.IMAGE_TO_VIDEO and "start_frame" not in found:
        pictures = found.pop("image", []) + found.pop("reference", [])
        found["start_frame"], found["reference"] = pictures[:1], pictures[1:]
    if op is Operation.IMAGE_TO_IMAGE and "image" not in found:
        found["image"] = found.pop("reference")
    if op is Operation.VIDEO_TO_VIDEO:
        found["reference"] = found.pop("image", []) + found.pop("reference", [])
    if op in _NEEDED and not found.get(_NEEDED[op]):
        raise BadInput(f"{_NEEDED[op]}_url", "missing", "Field required")
    if op is Operation.AVATAR and not (found.keys() & _MOVERS or body.get("prompt") or body.get("text")):
        raise BadInput("audio_url", "missing", "Field required")
    return {role: tuple(many) for role, many in found.items() if many}


def _file(field: str, url: object, read: Callable[[str], bytes | None]) -> bytes:
    if not isinstance(url, str):
        raise BadInput(field, "string_type", "Input should be a valid string")
    data = inline(url) if url.startswith("data:") else read(url)
    if data is None:
        # a real provider would go and fetch it; the simulator goes nowhere, so inputs must have been uploaded to it
        raise BadInput(field, "file_download_error", "Failed to download the file. It was not uploaded here.")
    return data


def output_fields(
    op: Operation, files: list[dict[str, Any]], told: Made | None, seed: int, prompt: str
) -> dict[str, Any]:
    """A model's answer: its files in the field that models of this kind have them in."""
    if told is not None and op is Operation.SPEECH_TO_TEXT:
        words = spoken(told, speaker="speaker_0")
        return {"text": told.text, "language_code": "eng", "language_probability": 1.0, "words": words}
    if told is not None:
        return {"output": told.text}
    if op in (Operation.TEXT_TO_IMAGE, Operation.IMAGE_TO_IMAGE):
        shown = [{name: value for name, value in one.items() if value} for one in files]
        return {"images": shown, "seed": seed, "has_nsfw_concepts": [False] * len(files), "prompt": prompt}
    field = {"video": "video", "speech": "audio"}.get(kind_of(op), "image")
    return {field: {name: value for name, value in files[0].items() if value}}
