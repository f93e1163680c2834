"""Films by the Interactions API: what is asked in the background, and what is made of the answers about it.

Sources: the types of google-genai 3.4.0 (`interactions`), Google's model card of Omni Flash, and answers that an
open-source client recorded in October 2026, as of 2026-11-20.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rushes.errors import ErrorClass, RemoteError
from rushes.model.operation import Operation
from rushes.model.request import Recipe
from rushes.plugin.provider import Finished, Output
from rushes.providers.errors import Heard
from rushes.providers.gemini.said import heard_of
from rushes.providers.remote import listed, media_type

FILMS = frozenset({Operation.TEXT_TO_VIDEO, Operation.IMAGE_TO_VIDEO, Operation.VIDEO_TO_VIDEO})

WAITING = frozenset({"queued", "in_progress"})
ENDED = frozenset({"failed", "cancelled", "incomplete", "budget_exceeded", "requires_action", "requires_continuation"})
"""States of an interaction; `completed` is left. The last two wait for somebody, and nobody here answers."""


class NoFilm(Exception):
    """There is none, and `heard` is why."""

    def __init__(self, heard: Heard) -> None:
        super().__init__(heard.says)
        self.heard = heard


def asking(recipe: Recipe, model: str, ready: Mapping[str, Any], given: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The body of an interaction; `given` are the inputs as its content, before the words about them."""
    words = {"type": "text", "text": recipe.prompt or ""}
    return {
        "model": model,
        "input": [{"type": "user_input", "content": [*given, words]}] if given else recipe.prompt or "",
        "background": True,  # without it the answer takes as long as the film
        "response_format": [{"type": "video", **ready, "delivery": "uri"}],
        "generation_config": {"video_config": {"task": _task(recipe)}},
    }


def _task(recipe: Recipe) -> str:
    """What is to be done with the inputs, said aloud: otherwise the model guesses it from them."""
    if recipe.inputs.get("video"):
        return "edit"
    if recipe.inputs.get("start_frame"):
        return "image_to_video"
    return "reference_to_video" if recipe.inputs.get("reference") else "text_to_video"


def content(kind: str, where: Mapping[str, str], media_type: str) -> dict[str, Any]:
    """An input: `where` is its `data` or its `uri`."""
    return {"type": kind, **where, "mime_type": media_type}


def finished(said: Mapping[str, Any], status: str) -> Finished:
    """The films of an interaction that has ended. Raises NoFilm with the reason, RemoteError for one in pieces."""
    if status != "completed":
        raise NoFilm(_why(said, status))
    try:
        films = tuple(_films(said))
    except (ValueError, binascii.Error):
        says = "gemini sent a film that cannot be read"
        raise RemoteError(ErrorClass.BAD_OUTPUT, says, maybe_billed=True) from None
    if films:
        return Finished(films)
    words = " ".join(str(one["text"]) for one in _contents(said) if one.get("type") == "text" and one.get("text"))
    # a refusal is completed and has words only; where tokens of a film are charged there was one
    code = "unreadable" if _charged_for_film(said) else "declined"
    raise NoFilm(Heard(200, [code], words or "no film came"))


def _why(said: Mapping[str, Any], status: str) -> Heard:
    errors = [said.get("error"), *listed(said.get("errors"))]
    found = [heard_of(200, {"error": one}) for one in errors if isinstance(one, dict)]
    codes = [code for one in found for code in one.codes]
    return Heard(200, [*codes, status], "; ".join(one.says for one in found if one.says) or f"the film is {status}")


def _films(said: Mapping[str, Any]) -> Iterator[Output]:
    for one in _contents(said):
        if one.get("type") != "video":
            continue
        uri, data = one.get("uri"), one.get("data")
        kind = media_type(one.get("mime_type"), str(uri or ""), "video")
        if isinstance(uri, str) and uri.startswith(("http://", "https://")):
            yield Output(kind, url=uri)
        elif isinstance(data, str) and data:  # some answers have it inside, whatever delivery was asked for
            yield Output(kind, data=base64.b64decode(data, validate=True))


def _contents(said: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for step in listed(said.get("steps")):
        if isinstance(step, dict) and step.get("type") == "model_output":
            yield from (one for one in listed(step.get("content")) if isinstance(one, dict))


def _charged_for_film(said: Mapping[str, Any]) -> bool:
    usage = said.get("usage")
    counted = listed(usage.get("output_tokens_by_modality")) if isinstance(usage, dict) else []
    return any(isinstance(one, dict) and one.get("modality") == "video" and one.get("tokens") for one in counted)
