"""What an answer of OpenAI's says, read so that nothing in it is too odd: pictures, words, tokens, and why not."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

from rushes.providers.errors import Heard
from rushes.providers.remote import listed


def part(of: object, name: str) -> Mapping[str, Any]:
    """An object inside an object of an answer; an empty one where there is none."""
    found = of.get(name) if isinstance(of, dict) else None
    return found if isinstance(found, dict) else {}


def pictures(said: Mapping[str, Any]) -> Iterator[bytes]:
    """The pictures of an answer. Raises ValueError for one that cannot be read."""
    for one in listed(said.get("data")):
        coded = one.get("b64_json") if isinstance(one, dict) else None
        if coded:
            try:
                yield base64.b64decode(str(coded), validate=True)
            except binascii.Error as error:
                raise ValueError(str(error)) from None


def painted_tokens(said: Mapping[str, Any]) -> tuple[object, object, Mapping[str, object]]:
    """Tokens of a picture's request: in, out, and those of pictures among the first."""
    usage = part(said, "usage")
    of_pictures = part(usage, "input_tokens_details").get("image_tokens")
    return usage.get("input_tokens"), usage.get("output_tokens"), {"picture": of_pictures}


def told_tokens(said: Mapping[str, Any]) -> tuple[object, object, Mapping[str, object]]:
    """Tokens of a question: in, out, and those among the first that a cache gave or took."""
    usage = part(said, "usage")
    details = part(usage, "input_tokens_details")
    kinds = {"cached": details.get("cached_tokens"), "written": details.get("cache_write_tokens")}
    return usage.get("input_tokens"), usage.get("output_tokens"), kinds


def words(said: Mapping[str, Any]) -> str:
    """What a model answered."""
    return "".join(str(one.get("text") or "") for one in _contents(said) if one.get("type") == "output_text")


def refused(said: Mapping[str, Any]) -> Heard | None:
    """Why there is no answer, by OpenAI's word for it; None when there is one."""
    refusal = next((one for one in _contents(said) if one.get("type") == "refusal"), None)
    if refusal is not None:
        return Heard(200, ["refusal"], str(refusal.get("refusal") or "the model declined"))
    status = str(said.get("status") or "")
    if status == "completed":
        return None
    error, incomplete = part(said, "error"), part(said, "incomplete_details")
    code = error.get("code") or incomplete.get("reason") or status or "no_status"
    return Heard(200, [str(code)], str(error.get("message") or f"the answer is {status or 'without a status'}"))


def _contents(said: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for item in listed(said.get("output")):
        for one in listed(item.get("content")) if isinstance(item, dict) and item.get("type") == "message" else ():
            if isinstance(one, dict):
                yield one


def can_be_strict(schema: Mapping[str, Any]) -> bool:
    """Whether OpenAI can hold a model to a schema: an object, in which each names all its fields, requires them, and
    has no other. Source: OpenAI's guide to structured outputs, 2026-11.
    """
    return schema.get("type") == "object" and _is_closed(schema)


def _is_closed(schema: object) -> bool:
    if isinstance(schema, list):
        return all(_is_closed(one) for one in schema)
    if not isinstance(schema, dict):
        return True
    fields = schema.get("properties")
    if schema.get("type") == "object" or fields is not None:
        named = set(fields) if isinstance(fields, dict) else set()
        if schema.get("additionalProperties") is not False or set(listed(schema.get("required"))) != named:
            return False
    inner = [schema.get(name) for name in ("items", "anyOf", "allOf", "oneOf")]
    several = [
        list(found.values())
        for name in ("properties", "$defs", "definitions")
        if isinstance(found := schema.get(name), dict)
    ]
    return not {"allOf", "oneOf"} & schema.keys() and all(_is_closed(one) for one in (*inner, *several))
