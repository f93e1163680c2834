"""What a service would refuse of a body, by the schema that it publishes for the endpoint; it ignores what it does not
know, as services do.

Of an endpoint that the catalogue has no schema for nothing is refused here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import fastjsonschema

from rushes.catalogue.endpoints import takes_at


class Wrong(NamedTuple):
    """A parameter that is refused: its name, the rule of the schema that it breaks, and words."""

    field: str
    rule: str
    says: str


def wrong(protocol: str, endpoint: str, body: Mapping[str, Any]) -> Wrong | None:
    """The first thing that a service would refuse in a body; None when there is nothing."""
    takes = takes_at(protocol, endpoint)
    if takes is None:
        return None
    for name in takes.schema.get("required", ()):
        if body.get(name) is None:
            return Wrong(name, "required", "Field required")
    for name, schema in takes.properties.items():
        if body.get(name) is None:
            continue
        try:
            _check(json.dumps(schema, sort_keys=True))(body[name])
        except fastjsonschema.JsonSchemaValueException as error:
            return Wrong(name, str(error.rule), error.message.replace("data", f"'{name}'", 1))
    return None


@lru_cache(maxsize=1024)
def _check(schema: str) -> Callable[[Any], Any]:
    found: Callable[[Any], Any] = fastjsonschema.compile(json.loads(schema), use_default=False)
    return found
