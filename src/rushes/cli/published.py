"""The published shape of `--json`: the envelope that all commands share, and what is in it for one of them.

A file in `schemas/` is the schema of a command's `data`; `definitions` of `envelope.json` are what several share. Data
of a command that failed is null.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

_SCHEMAS = files("rushes.cli.schemas")
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
    data = _read(command.replace(" ", "-"))
    title = f"rushes {command} --json"
    shared = {**envelope.pop("$defs"), **data.pop("$defs", {})}
    envelope["properties"]["data"] = {"anyOf": [data, {"type": "null"}]}
    return {"$schema": _DRAFT, "title": title, **envelope, "$defs": shared}


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_SCHEMAS / f"{name}.json").read_text("utf-8"))
    return found
