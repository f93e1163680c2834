"""What one endpoint takes: the JSON Schema of its parameters, and which of them is meant by a shape, a length, a role.

The schema is the service's own, as it was published on a day. The rest is ours: it says under which names the words of
workflows travel, so that `9:16`, `8s` and `1024x768` reach every endpoint in its own spelling.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What an input file may be: media types (none named: any), and the most bytes of one (None: not known)."""

    types: Sequence[str] = ()
    bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Takes:
    """What one endpoint takes.

    `schema` is an object of JSON Schema (draft 7, without references): every property is a parameter. Some have a
    meaning of their own: `prompt`, `shape` (an aspect ratio, or a size in pixels), `length` (in seconds), `audio` (the
    switch for sound) name the property that carries it; None: there is none. `names` are other words that workflows
    use for a property, `words` names for its values, in small letters (`rachel` for the id of a voice). `inputs` are
    the properties of roles; `[]` behind one says that it is a list. `routes` are endpoints of the same model for other
    work: `{"role": "end_frame", "to": "..."}` or `{"op": "...", "to": "..."}`.
    `grid` and `area` are for endpoints that take any size: sides are multiples of `grid` pixels, and a shape without
    a size has about `area` pixels. `files` says what inputs may be.
    """

    schema: Mapping[str, Any]
    prompt: str | None = "prompt"
    shape: str | None = None
    length: str | None = None
    audio: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    routes: Sequence[Mapping[str, str]] = ()
    grid: int = 8
    area: int = 1_000_000
    files: Files = field(default_factory=Files)
    source: str = ""
    as_of: str = ""

    @property
    def properties(self) -> Mapping[str, Mapping[str, Any]]:
        """Every parameter and its schema."""
        found: Mapping[str, Mapping[str, Any]] = self.schema.get("properties", {})
        return found

    def allowed(self, name: str | None) -> Sequence[Any] | None:
        """The values that a parameter can have, when they are few; None when they are not listed."""
        found = self.properties.get(name or "", {}).get("enum")
        return found if isinstance(found, list | tuple) else None

    def meant(self) -> frozenset[str]:
        """The parameters with a meaning of their own, which no other word reaches."""
        roles = (one.removesuffix("[]") for one in self.inputs.values())
        return frozenset(one for one in (self.prompt, self.shape, self.length, self.audio, *roles) if one)
