"""What each endpoint takes: one dated data file per provider, read when that provider is asked for something.

An entry is the JSON Schema that the service publishes for the endpoint, and which parameter means what.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from rushes.model.canonical import canonical_bytes
from rushes.plugin.takes import Files, Takes

_DATA = Path(__file__).parent / "data" / "endpoints"


@cache
def endpoints(provider: str) -> Mapping[str, Takes]:
    """What the endpoints of a provider take, by its own names of them; empty when nothing is known of any."""
    path = _DATA / f"{provider}.json"
    if not path.is_file():
        return {}
    raw = json.loads(path.read_bytes())
    return {endpoint: takes_of(one, raw["source"], raw["as_of"]) for endpoint, one in raw["endpoints"].items()}


def takes_at(provider: str, endpoint: str) -> Takes | None:
    """What one endpoint takes; None when nobody knows."""
    return endpoints(provider).get(endpoint)


def takes_of(raw: Mapping[str, Any], source: str, as_of: str) -> Takes:
    """One endpoint from its JSON; `source` and `as_of` where it has none of its own. TypeError for unknown fields."""
    files = Files(**raw["files"]) if "files" in raw else Files()
    return Takes(**{"source": source, "as_of": as_of, **raw, "files": files})


def hash_of(schema: Mapping[str, Any]) -> str:
    """The name of one state of a schema: a change of a letter that means nothing changes nothing here either."""
    return hashlib.sha256(canonical_bytes(dict(schema))).hexdigest()
