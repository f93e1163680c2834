"""JSON Schemas that clients send for answers: untrusted, and looked through for what a service does not take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_DEEPEST = 60


def every(schema: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """A schema and all schemas inside it, with where each stands. ValueError for what is none, or has no end."""
    if not isinstance(schema, dict) or len(at) > _DEEPEST:
        raise ValueError(f"{'.'.join(at) or 'schema'} is not of type 'object'")
    yield at, schema
    for word in ("properties", "$defs", "definitions"):
        many = schema.get(word, {})
        if not isinstance(many, dict):
            raise ValueError(f"{'.'.join((*at, word))} is not of type 'object'")
        for name, one in many.items():
            yield from every(one, (*at, word, name))
    for word in ("anyOf", "oneOf", "allOf"):
        several = schema.get(word, [])
        if not isinstance(several, list):
            raise ValueError(f"{'.'.join((*at, word))} is not of type 'array'")
        for number, one in enumerate(several):
            yield from every(one, (*at, word, str(number)))
    if "items" in schema:
        yield from every(schema["items"], (*at, "items"))


def is_closed(schema: Mapping[str, Any]) -> bool:
    """Whether an object takes no other fields than it names; true for what is no object."""
    is_object = schema.get("type") == "object" or "properties" in schema
    return not is_object or schema.get("additionalProperties") is False
