"""Reading what Anthropic is asked as strictly as it does: unknown fields and what its schemas cannot say are errors.

Wordings of errors: Anthropic's answers as they stand in public issue trackers.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rushes.sim.shapes import every, is_closed
from rushes.sim.strict import wrong
from rushes.sim.wire import Request

_TOP = frozenset(
    {"model", "max_tokens", "messages", "system", "output_config", "metadata", "stop_sequences", "stream", "thinking"}
    | {"temperature", "top_k", "top_p", "service_tier", "tools", "tool_choice", "cache_control", "inference_geo"}
)
_TYPES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
_MOST_CODED = 5 * 1024 * 1024
_MOST_PICTURES = 600
_NO_WORDS = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength"}
                      | {"maxLength", "maxItems", "uniqueItems", "oneOf"})  # fmt: skip


class BadRequest(Exception):
    """Anthropic would answer 400 invalid_request_error with this message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question that can be answered. `schema` is what the answer has to fit (None: words); `most` its tokens."""

    prompt: str
    pictures: tuple[bytes, ...]
    schema: Mapping[str, Any] | None
    most: int


def model_of(request: Request) -> str:
    """The model that a request names; nothing where it names none."""
    named = request.object().get("model")
    return named if isinstance(named, str) else ""


def question(request: Request, model: str) -> Question:
    """What a request asks. Raises BadRequest."""
    try:
        body = request.json()
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise BadRequest("The request body is not valid JSON.")
    for name in body:
        if name not in _TOP:
            raise BadRequest(f"{name[:80]}: Extra inputs are not permitted")
    for name in ("max_tokens", "messages"):
        if body.get(name) is None:
            raise BadRequest(f"{name}: Field required")
    output = body.get("output_config") or {}
    effort = output.get("effort") if isinstance(output, dict) else None
    plain = {"max_tokens": body["max_tokens"]} | ({"effort": effort} if effort is not None else {})
    if (found := wrong("anthropic", model, plain)) is not None:
        raise BadRequest(f"{found.field}: {found.says}")
    texts, pictures = _messages(body["messages"])
    if isinstance(body.get("system"), str):
        texts.insert(0, body["system"])
    return Question(
        prompt="\n".join(texts), pictures=tuple(pictures), schema=_schema(output), most=int(body["max_tokens"])
    )


def _messages(value: Any) -> tuple[list[str], list[bytes]]:
    if not isinstance(value, list) or not value:
        raise BadRequest("messages: at least one message is required")
    texts: list[str] = []
    pictures: list[bytes] = []
    for number, message in enumerate(value):
        if not isinstance(message, dict) or message.get("role") not in ("user", "assistant"):
            raise BadRequest(f"messages.{number}.role: Input should be 'user' or 'assistant'")
        content = message.get("content")
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        for index, block in enumerate(blocks if isinstance(blocks, list) else []):
            at = f"messages.{number}.content.{index}"
            kind = block.get("type") if isinstance(block, dict) else None
            if kind == "text" and isinstance(block.get("text"), str):
                if not block["text"]:
                    raise BadRequest("messages: text content blocks must be non-empty")
                texts.append(block["text"])
            elif kind == "image":
                pictures.append(_picture(block.get("source"), f"{at}.image.source.base64"))
            else:
                raise BadRequest(f"{at}: Input tag '{str(kind)[:40]}' found using 'type' does not match any of the "
                                 "expected tags")  # fmt: skip
    if len(pictures) > _MOST_PICTURES:
        raise BadRequest(f"messages: too many images: {len(pictures)} > {_MOST_PICTURES}")
    return texts, pictures


def _picture(source: Any, at: str) -> bytes:
    if not isinstance(source, dict) or source.get("type") != "base64":
        raise BadRequest(f"{at}: this simulator takes pictures in base64 only")
    if source.get("media_type") not in _TYPES:
        raise BadRequest(f"{at}.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'")
    data = str(source.get("data"))
    if len(data) > _MOST_CODED:
        raise BadRequest(f"{at}: image exceeds 5 MB maximum: {len(data)} bytes > {_MOST_CODED} bytes")
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest(f"{at}.data: Invalid base64 data") from None


def _schema(output: Any) -> Mapping[str, Any] | None:
    shape = output.get("format") if isinstance(output, dict) else None
    if shape is None:
        return None
    if not isinstance(shape, dict) or shape.get("type") != "json_schema" or not isinstance(shape.get("schema"), dict):
        raise BadRequest("output_config.format.schema: Field required")
    _narrow(shape["schema"])
    found: Mapping[str, Any] = shape["schema"]
    return found


def _narrow(schema: Any) -> None:
    """Raise BadRequest for what Anthropic's structured outputs do not take."""
    try:
        parts = [one for _at, one in every(schema)]
    except ValueError as error:
        raise BadRequest(f"output_config.format.schema: {error}") from None
    for one in parts:
        if named := _NO_WORDS & one.keys():
            says = f"For '{one.get('type')}' type, property '{min(named)}' is not supported"
            raise BadRequest(f"output_config.format.schema: {says}")
        if not is_closed(one):
            says = "For 'object' type, 'additionalProperties' must be explicitly set to false"
            raise BadRequest(f"output_config.format.schema: {says}")
