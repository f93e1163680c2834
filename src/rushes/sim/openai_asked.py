"""Reading what OpenAI is asked as strictly as it does: unknown parameters, wrong values and missing ones are errors.

Wordings of errors: OpenAI's answers as they stand in public issue trackers.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from rushes.sim.formats import opened
from rushes.sim.shapes import every, is_closed
from rushes.sim.strict import wrong
from rushes.sim.wire import Part, Request, form

NUMBERS = frozenset({"n", "output_compression", "partial_images", "frame_count", "frame_duration_ms"})
_PICTURE = frozenset(
    {"model", "prompt", "n", "size", "quality", "background", "moderation", "output_format", "output_compression"}
    | {"input_fidelity", "complexity", "user", "safety_identifier", "stream", "partial_images", "response_format"}
)
_WORDS = frozenset(
    {"model", "input", "instructions", "max_output_tokens", "text", "reasoning", "store", "metadata", "user", "stream"}
    | {"safety_identifier", "service_tier", "truncation", "background", "include", "prompt_cache_key", "tools"}
)
_TYPES = frozenset({"image/png", "image/jpeg", "image/webp"})
_FILM = frozenset({"model", "prompt", "seconds", "size", "input_reference"})
_SEEN = _TYPES | {"image/gif"}
_DATA = re.compile(r"data:([\w/+.-]+);base64,(.*)", re.DOTALL)
_MOST_PICTURES, _MOST_MASK = 16, 4_000_000


class BadRequest(Exception):
    """OpenAI would answer 400 with this message, about this parameter, under this code."""

    def __init__(self, says: str, param: str | None, code: str | None) -> None:
        super().__init__(says)
        self.param = param
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture that can be painted: `size` in pixels, `pictures` to start from, `mask` beside them."""

    prompt: str
    size: tuple[int, int]
    quality: str
    format: str
    pictures: tuple[bytes, ...]
    mask: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question that can be answered. `schema` is what the answer has to fit (None: words); `most` its tokens."""

    prompt: str
    pictures: tuple[bytes, ...]
    schema: Mapping[str, Any] | None
    most: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """A film that can be made: `size` in pixels, `seconds` as they are written, `frame` its first picture."""

    prompt: str
    size: str
    seconds: str
    frame: bytes | None


@cache
def served() -> Mapping[str, Mapping[str, Any]]:
    """The models that are served, and what is known of each."""
    found: Mapping[str, Mapping[str, Any]] = json.loads(
        files("rushes.sim").joinpath("data/openai.json").read_text("utf-8")
    )["models"]
    return found


def model_of(request: Request) -> str:
    """The model that a request names, in JSON or in a form; nothing where it names none."""
    parts = form(request)
    if parts is not None:
        return next((one.text for one in parts if one.field == "model"), "")
    named = request.object().get("model")
    return named if isinstance(named, str) else ""


def picture(request: Request, model: str) -> Picture:
    """What a request asks to be painted. Raises BadRequest."""
    parts = form(request) if request.path.endswith("/edits") else None
    if parts is None and request.path.endswith("/edits"):
        raise BadRequest("Invalid body: failed to parse multipart form data.", None, None)
    body = _fields(parts) if parts is not None else _json(request)
    _known(body, _PICTURE)
    many = [one for one in parts or () if one.field in ("image", "image[]")]
    masks = [one for one in parts or () if one.field == "mask"]
    _look_at(many, masks, edits=parts is not None)
    if body.get("n", 1) != 1:
        raise BadRequest("Invalid value: 'n'. This simulator paints one picture a request.", "n", "invalid_value")
    plain = {name: value for name, value in body.items() if value not in ("auto", None)}
    if (found := wrong("openai", model, plain)) is not None:
        raise _of_schema(found.field, found.rule, plain.get(found.field))
    size = str(plain.get("size", "1024x1024"))
    width, height = (int(side) for side in size.split("x"))
    if served()[model].get("sizes") == "any" and not _possible(width, height):
        raise BadRequest(f"Invalid size '{size}'. Width and height must be divisible by 16 and within the model's "
                         "pixel limits.", "size", "invalid_value")  # fmt: skip
    return Picture(
        prompt=str(plain["prompt"]),
        size=(width, height),
        quality=str(plain.get("quality", "medium")),
        format=str(plain.get("output_format", "png")),
        pictures=tuple(one.data for one in many),
        mask=masks[0].data if masks else None,
    )


def _possible(width: int, height: int) -> bool:
    within = width % 16 == 0 and height % 16 == 0 and max(width, height) <= 3840
    return within and max(width, height) <= 3 * min(width, height) and 655_360 <= width * height <= 8_294_400


def _fields(parts: Sequence[Part]) -> dict[str, Any]:
    return {
        one.field: int(one.text) if one.field in NUMBERS and one.text.isdecimal() else one.text
        for one in parts
        if one.file is None
    }


def _look_at(many: Sequence[Part], masks: Sequence[Part], *, edits: bool) -> None:
    if edits and not many:
        raise BadRequest("Missing required parameter: 'image'.", "image", "missing_required_parameter")
    if len(many) > _MOST_PICTURES:
        says = f"Invalid 'image': array too long. Expected an array with maximum length {_MOST_PICTURES}."
        raise BadRequest(says, "image", "array_above_max_length")
    for one in many:
        if one.media_type not in _TYPES:
            says = (f"Invalid file '{one.field}': unsupported mimetype ('{one.media_type}'). "
                    "Supported file formats are 'image/jpeg', 'image/png', and 'image/webp'.")  # fmt: skip
            raise BadRequest(says, one.field, "unsupported_file_mimetype")
    for one in masks:
        if one.media_type != "image/png" or len(one.data) > _MOST_MASK:
            raise BadRequest("Invalid mask image format - mask must be a PNG of less than 4MB.", "mask", "invalid_mask")


def film(request: Request, model: str) -> Film:
    """What a request asks to be filmed, as a form or as JSON. Raises BadRequest."""
    parts = form(request)
    body = _json(request) if parts is None else {one.field: one.text for one in parts if one.file is None}
    _known(body, _FILM)
    if (found := wrong("openai", model, {**body, "input_reference": None})) is not None:
        raise _of_schema(found.field, found.rule, body.get(found.field))
    size = str(body.get("size") or "720x1280")
    frame = _frame(parts or (), body)
    if frame is not None and _sides(frame) != size:
        raise BadRequest("Inpaint image must match the requested width and height", None, None)
    return Film(prompt=str(body["prompt"]), size=size, seconds=str(body.get("seconds") or "4"), frame=frame)


def _frame(parts: Sequence[Part], body: Mapping[str, Any]) -> bytes | None:
    """The first picture of a film: a file of the form, or of JSON an object with its address."""
    files = [one for one in parts if one.file is not None]
    _known({one.field: one for one in files}, frozenset({"input_reference"}))
    for one in files:
        if one.media_type not in _TYPES:
            says = (f"Invalid file '{one.field}': unsupported mimetype ('{one.media_type}'). "
                    "Supported file formats are 'image/jpeg', 'image/png', and 'image/webp'.")  # fmt: skip
            raise BadRequest(says, one.field, "unsupported_file_mimetype")
        return one.data
    given = body.get("input_reference")
    return None if given is None else _data(_object(body, "input_reference").get("image_url"), "input_reference")


def _sides(data: bytes) -> str:
    try:
        return "{}x{}".format(*opened(data).size)
    except (OSError, ValueError):
        raise BadRequest("Invalid image file or mode, please check your image file.", "input_reference",
                         "invalid_image_file") from None  # fmt: skip


def question(request: Request, model: str) -> Question:
    """What a request asks to be answered. Raises BadRequest."""
    body = _json(request)
    _known(body, _WORDS)
    most = body.get("max_output_tokens")
    if most is not None and (not isinstance(most, int) or isinstance(most, bool) or most < 16):
        says = "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16."
        raise BadRequest(says, "max_output_tokens", "integer_below_min_value")
    effort = _object(body, "reasoning").get("effort")
    if effort is not None and (found := wrong("openai", model, {"effort": effort})) is not None:
        raise _of_schema("reasoning.effort", found.rule, effort)
    texts, pictures = _input(body.get("input"))
    if isinstance(body.get("instructions"), str):
        texts.insert(0, body["instructions"])
    return Question(prompt="\n".join(texts), pictures=tuple(pictures), schema=_schema(body), most=most)


def _json(request: Request) -> dict[str, Any]:
    try:
        body = request.json()
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        says = "We could not parse the JSON body of your request."
        raise BadRequest(says, None, None)
    return body


def _known(body: Mapping[str, Any], known: frozenset[str]) -> None:
    for name in body:
        if name not in known:
            raise BadRequest(f"Unknown parameter: '{name[:80]}'.", name[:80], "unknown_parameter")


def _of_schema(field: str, rule: str, value: object) -> BadRequest:
    if rule == "required":
        return BadRequest(f"Missing required parameter: '{field}'.", field, "missing_required_parameter")
    return BadRequest(f"Invalid value: '{str(value)[:80]}' for '{field}'.", field, "invalid_value")


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = body.get(name)
    if found is not None and not isinstance(found, dict):
        raise BadRequest(f"Invalid type for '{name}': expected an object.", name, "invalid_type")
    return found or {}


def _input(value: Any) -> tuple[list[str], list[bytes]]:
    if isinstance(value, str):
        return [value], []
    if not isinstance(value, list) or not value:
        raise BadRequest("Missing required parameter: 'input'.", "input", "missing_required_parameter")
    texts: list[str] = []
    pictures: list[bytes] = []
    for number, item in enumerate(value):
        content = item.get("content") if isinstance(item, dict) else None
        for index, one in enumerate(
            [{"type": "input_text", "text": content}] if isinstance(content, str) else content or []
        ):
            at = f"input[{number}].content[{index}]"
            kind = one.get("type") if isinstance(one, dict) else None
            if kind == "input_text" and isinstance(one.get("text"), str):
                texts.append(one["text"])
            elif kind == "input_image":
                pictures.append(_data(one.get("image_url"), at))
            else:
                raise BadRequest(f"Invalid value: '{str(kind)[:80]}'.", at, "invalid_value")
    return texts, pictures


def _data(url: Any, at: str) -> bytes:
    found = _DATA.fullmatch(str(url))
    if found is None or found[1] not in _SEEN:
        says = f"Invalid '{at}.image_url'. Expected a base64-encoded data URL with an image MIME type."
        raise BadRequest(says, f"{at}.image_url", "invalid_image_url")
    try:
        return base64.b64decode(found[2], validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest("Invalid base64 image_url.", f"{at}.image_url", "invalid_base64") from None


def _schema(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    shape = _object(_object(body, "text"), "format")
    if shape.get("type", "text") == "text":
        return None
    schema = shape.get("schema")
    if shape["type"] != "json_schema" or not isinstance(shape.get("name"), str) or not isinstance(schema, dict):
        raise BadRequest("Missing required parameter: 'text.format.name'.", "text.format", "missing_required_parameter")
    try:
        parts = list(every(schema))  # each is one before anything is read from it
    except ValueError as error:
        raise BadRequest(
            f"Invalid schema for response_format: {error}", "text.format.schema", "invalid_json_schema"
        ) from None
    if shape.get("strict") and schema.get("type") != "object":
        says = "Invalid schema for response_format: schema must be a JSON Schema of 'type: \"object\"'."
        raise BadRequest(says, "text.format.schema", "invalid_json_schema")
    loose = [at for at, one in parts if shape.get("strict") and not _strict(one)]
    if loose:
        says = (f"Invalid schema for response_format '{shape['name'][:64]}': In context={loose[0]}, "
                "'additionalProperties' is required to be supplied and to be false, and 'required' to name every "
                "property.")  # fmt: skip
        raise BadRequest(says, "text.format.schema", "invalid_json_schema")
    return schema


def _strict(schema: Mapping[str, Any]) -> bool:
    required, named = schema.get("required", []), schema.get("properties", {})
    complete = isinstance(required, list) and sorted(map(str, required)) == sorted(named)
    return is_closed(schema) and (complete or "properties" not in schema)
