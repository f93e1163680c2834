"""Films in the older shape, `predictLongRunning`: Google itself serves no Veo any more, gateways still imitate it.

Sources: the wire of google-genai 2.34.0, which still sends it; Google's deprecations, as of 2026-11-20.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rushes.plugin.provider import Finished, Output
from rushes.providers.errors import Heard
from rushes.providers.gemini.films import NoFilm
from rushes.providers.gemini.said import heard_of
from rushes.providers.remote import listed, media_type

SHUT_DOWN = "2026-10-22"
"""The day on which Google shut the Veo models of the Gemini API down."""

SUCCESSOR = "gemini_omni_flash"

_OPERATION = re.compile(r"models/[\w.-]{1,80}/operations/[\w.-]{1,160}")
_FIELDS = {"start_frame": "image", "end_frame": "lastFrame"}


def is_veo(model: str) -> bool:
    """Whether a model is asked in the older shape."""
    return model.startswith("veo-")


def is_operation(name: str) -> bool:
    """Whether a text can be the name of an operation."""
    return _OPERATION.fullmatch(name) is not None and ".." not in name


def asking(prompt: str, ready: Mapping[str, Any], given: Sequence[tuple[str, Mapping[str, str]]]) -> dict[str, Any]:
    """The body; `given` are roles with their pictures as `{bytesBase64Encoded, mimeType}`."""
    instance: dict[str, Any] = {"prompt": prompt}
    for role, picture in given:
        if role in _FIELDS:
            instance[_FIELDS[role]] = dict(picture)
        else:
            instance.setdefault("referenceImages", []).append({"image": dict(picture), "referenceType": "asset"})
    return {"instances": [instance], "parameters": dict(ready)}


def finished(said: Mapping[str, Any]) -> Finished:
    """The films of an operation that is done. Raises NoFilm with the reason."""
    if isinstance(said.get("error"), dict):
        raise NoFilm(heard_of(200, said))
    if films := tuple(_films(said)):
        return Finished(films)
    response = _part(said.get("response"), "generateVideoResponse")
    reasons = [str(one) for one in listed(response.get("raiMediaFilteredReasons"))]
    raise NoFilm(Heard(200, ["declined"], "; ".join(reasons) or "no film came"))


def _films(said: Mapping[str, Any]) -> Iterator[Output]:
    response = _part(said.get("response"), "generateVideoResponse")
    for one in listed(response.get("generatedSamples")):
        video = _part(one, "video")
        uri = video.get("uri")
        if isinstance(uri, str) and uri.startswith(("http://", "https://")):
            yield Output(media_type(video.get("encoding"), uri, "video"), url=uri)


def _part(value: object, name: str) -> Mapping[str, Any]:
    inner = value.get(name) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}
