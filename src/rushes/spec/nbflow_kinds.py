"""The node types of `.nbflow` files, their aliases and their slots, as both public dialects write them.

The *importer dialect* has the full LiteGraph envelope, review nodes `nanobanana/Approval` and uploads
`nanobanana/ReferenceImage`; the *wiki dialect* has a smaller envelope, bare gates `Approve` or `Approval` and one
`nanobanana/Media` for everything. One table serves both.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import Final

PREFIX: Final = "nanobanana/"


class NodeKind(StrEnum):
    """What a node of the file is to us."""

    PROMPT = "prompt"
    REFERENCE = "reference"
    APPROVE = "approve"
    PREVIEW = "preview"
    IMAGE = "image generator"
    VIDEO = "video generator"
    UNKNOWN = "unknown"


MEDIA_KINDS: Final = frozenset({NodeKind.REFERENCE, NodeKind.APPROVE, NodeKind.PREVIEW})
GENERATORS: Final = frozenset({NodeKind.IMAGE, NodeKind.VIDEO})

_TYPES: Final = {
    "prompt": NodeKind.PROMPT,
    "media": NodeKind.REFERENCE,  # unless its mode says otherwise
    "referenceimage": NodeKind.REFERENCE,
    "approval": NodeKind.APPROVE,
    "approve": NodeKind.APPROVE,
    "nanobananaapi": NodeKind.IMAGE,
    "veo3": NodeKind.VIDEO,
}
_MODES: Final = {"reference": NodeKind.REFERENCE, "approve": NodeKind.APPROVE, "preview": NodeKind.PREVIEW}

VIDEO_SLOTS: Final = ("prompt", "start frame", "end frame")

PLACEHOLDER: Final = re.compile(r"\{\s*([A-Za-z_][\w .\-]{0,63}?)\s*\}")
"""A hole in a template: `{scene}`. The name is the slot's name and the source's `variableName`."""


def kind_of(type_name: object, mode: object) -> NodeKind | None:
    """The kind for a `type` and the `mode` property of a media node; None when the mode is not one of the three."""
    if not isinstance(type_name, str):
        return NodeKind.UNKNOWN
    kind = _TYPES.get(type_name.removeprefix(PREFIX).lower(), NodeKind.UNKNOWN)
    if kind is NodeKind.REFERENCE and mode is not None:
        return _MODES.get(mode) if isinstance(mode, str) else None
    return kind


def placeholders(text: str) -> list[str]:
    """The names of the holes of a template, each once, in order."""
    return list(dict.fromkeys(PLACEHOLDER.findall(text)))


@lru_cache(maxsize=1024)
def slot_role(kind: NodeKind, index: int, name: str) -> str:
    """The role of a generator's slot: `prompt`, `reference`, `start_frame` or `end_frame`.

    The name decides where it is one of the known names; the index decides for the rest, because files exist whose
    slots were renamed but never moved.
    """
    said = name.strip().lower().replace("_", " ").replace("-", " ")
    if said == "prompt":
        return "prompt"
    if kind is NodeKind.IMAGE:
        return "reference" if index or said.startswith("image") else "prompt"
    if said in ("start frame", "startframe", "first frame"):
        return "start_frame"
    if said in ("end frame", "endframe", "last frame"):
        return "end_frame"
    if said.startswith(("image", "reference")):
        return "reference" if index > 2 else ("start_frame", "start_frame", "end_frame")[index]
    return ("prompt", "start_frame", "end_frame")[index] if index < 3 else "reference"


def expected_slots(kind: NodeKind, text: str = "", images: int = 0) -> tuple[tuple[str, str], ...]:
    """Name and type of the input slots that a node of this kind has in the editor."""
    if kind is NodeKind.PROMPT:
        return tuple((name, "string") for name in placeholders(text))
    if kind is NodeKind.IMAGE:
        return (("prompt", "string"), *((f"image {n}", "image") for n in range(1, images + 1)))
    if kind is NodeKind.VIDEO:
        return tuple((name, "image" if n else "string") for n, name in enumerate(VIDEO_SLOTS))
    if kind in MEDIA_KINDS:
        return (("input", "*"),)
    return ()
