"""Requests of any work for any model of the catalogue, with real inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.providers.rig import Quick
from tests.providers.studio import Studio

from rushes.catalogue.model import Model
from rushes.model.ids import Digest
from rushes.model.media import Artifact, Kind
from rushes.model.operation import Operation
from rushes.model.request import Recipe
from rushes.providers.remote import Remote
from rushes.testing.media import png, wav

SECONDS = 4
"""How long the voice and the clip are that avatars, edits and transcripts are given."""

WORDS = "Good morning. The harbour is open, and so is the sea."

KINDS = {
    "start_frame": Kind.IMAGE,
    "end_frame": Kind.IMAGE,
    "image": Kind.IMAGE,
    "reference": Kind.IMAGE,
    "mask": Kind.IMAGE,
    "video": Kind.VIDEO,
    "audio": Kind.AUDIO,
    "second_audio": Kind.AUDIO,
}
"""What each role is filled with."""

_NEEDED = {
    Operation.IMAGE_TO_VIDEO: ("start_frame",),
    Operation.IMAGE_TO_IMAGE: ("image",),
    Operation.UPSCALE_IMAGE: ("image",),
    Operation.ANALYZE_IMAGE: ("image",),
    Operation.AVATAR: ("image", "audio", "video"),
    Operation.VIDEO_TO_VIDEO: ("video",),
    Operation.ANALYZE_VIDEO: ("video",),
    Operation.UPSCALE_VIDEO: ("video",),
    Operation.ADD_AUDIO: ("video",),
    Operation.SPEECH_TO_TEXT: ("audio",),
}
"""What a work is given; an avatar what its endpoint has a field for."""

_HEAD = 0.002
"""Seconds that every tone of `wav` has on top, by which it differs from those of other names."""


class Cast:
    """What requests are given, made once: a picture of a megapixel, a clip and a voice of four seconds."""

    def __init__(self, folder: Path) -> None:
        self.studio = Studio(folder)
        small = {"start_frame": [self.studio.keep(png("small"))]}
        self.by_kind = {
            Kind.IMAGE: self.studio.keep(png("a harbour", 1000)),
            Kind.VIDEO: self.studio.make(Operation.IMAGE_TO_VIDEO, "pan", inputs=small, duration=SECONDS)[0],
            Kind.AUDIO: self.studio.keep(wav("voice", SECONDS - _HEAD)),
        }

    def context(self) -> Quick:
        """What an adapter is handed."""
        files = {Digest(one.digest): self.studio.path(one.digest) for one in self.by_kind.values()}
        return Quick(self.studio.folder, files, idempotency_key="k")

    def recipe(
        self, remote: Remote, model: Model, op: Operation, params: Mapping[str, Any], prompt: str | None = WORDS
    ) -> Recipe:
        """A request for a model with the inputs that its work needs, and a prompt where it takes one."""
        offer = remote.access.offer(model.key, op)
        base = remote.takes(offer.endpoint) if offer is not None else None
        assert base is not None, f"what {model.key} takes at {remote.name} is not known"
        roles = (
            role for role in _NEEDED.get(op, ()) if op is not Operation.AVATAR or role == "image" or role in base.inputs
        )
        recipe = Recipe(
            op=op,
            provider=remote.name,
            model=remote.version(model.key),
            prompt=prompt,
            params=dict(params),
            inputs={role: (self.by_kind[KINDS[role]],) for role in roles},
            alias=model.key,
        )
        takes = remote.takes(remote.endpoint(recipe))
        return replace(recipe, prompt=None) if takes is not None and takes.prompt is None else recipe

    def artifact(self, role: str, **other: Any) -> Artifact:
        """What fills a role, said to be otherwise: `media_type`, `size`."""
        return self.by_kind[KINDS[role]]._replace(**other)
