"""The published shape of `--json`: the envelope that all commands share, and what is in it for one of them.

A file in `schemas/` is the schema of a command's `data`; `$defs` of `envelope.json` are what several share. Data
of a command that failed is null.
"""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

_SCHEMAS = files("rushes.cli.schemas")
_REFERENCE = re.compile(r'"#/\$defs/(\w+)"')
_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def published() -> list[str]:
    """The commands whose envelope is published, by name: `run`, `models show`."""
    names = (entry.name.removesuffix(".json") for entry in _SCHEMAS.iterdir() if entry.name.endswith(".json"))
    return sorted(name.replace("-", " ") for name in names if name != "envelope")


def envelope_schema(command: str) -> dict[str, Any]:
    """The whole schema of what a command prints with `--json`; KeyError when there is no such command."""
    if command not in published():
        raise KeyError(command)
    envelope = _read("envelope")
    shared: dict[str, Any] = envelope.pop("$defs")
    data = _read(command.replace(" ", "-"))
    envelope["properties"]["data"] = {"anyOf": [data, {"type": "null"}]}
    title = f"rushes {command} --json"
    return {"$schema": _DRAFT, "title": title, **envelope, "$defs": _used(envelope, shared)}


def _used(schema: dict[str, Any], shared: dict[str, Any]) -> dict[str, Any]:
    """Those of the shared definitions that a schema refers to, and that they refer to."""
    found: dict[str, Any] = {}
    while names := set(_REFERENCE.findall(json.dumps([schema, found]))) - found.keys():
        found |= {name: shared[name] for name in names}
    return dict(sorted(found.items()))


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_SCHEMAS / f"{name}.json").read_text("utf-8"))
    return found
