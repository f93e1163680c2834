"""From a service's own OpenAPI document to the JSON Schema of one endpoint's parameters, without references."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_DEEPEST = 12
_KEPT = frozenset(
    {
        *("type", "enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
        *("minLength", "maxLength", "pattern", "minItems", "maxItems", "items"),
        *("anyOf", "properties", "required", "default"),
    }
)
"""The words of a schema that say what can be sent."""


def parameters(document: object, suffix: str = "Input") -> dict[str, Any] | None:
    """The schema whose name ends in `suffix`, as an object of parameters; None where there is none that can be read."""
    schemas = _within(document, "components", "schemas")
    name = next((one for one in schemas if one.endswith(suffix)), None)
    found = _plain(schemas.get(name), schemas, 0) if name is not None else None
    return found if found is not None and isinstance(found.get("properties"), dict) else None


def _within(document: object, *path: str) -> Mapping[str, Any]:
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}


def _plain(schema: object, schemas: Mapping[str, Any], depth: int) -> dict[str, Any] | None:
    """A schema with what it refers to put in its place; None for what is none, or refers to itself without end."""
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return None
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _plain(schemas.get(reference.rpartition("/")[2]), schemas, depth + 1)
    only = schema.get("allOf")
    if isinstance(only, list) and len(only) == 1:  # how a reference with a description beside it is written
        beside = {name: value for name, value in schema.items() if name != "allOf"}
        return (_plain(only[0], schemas, depth + 1) or {}) | (_plain(beside, schemas, depth + 1) or {})
    found = {name: value for name, value in schema.items() if name in _KEPT}
    if isinstance(found.get("properties"), dict):
        inner = {name: _plain(one, schemas, depth + 1) for name, one in found["properties"].items()}
        found["properties"] = {name: one for name, one in inner.items() if one is not None}
    if "items" in found:
        found["items"] = _plain(found["items"], schemas, depth + 1) or {}
    if isinstance(found.get("anyOf"), list):
        found["anyOf"] = [one for part in found["anyOf"] if (one := _plain(part, schemas, depth + 1)) is not None]
    return found
