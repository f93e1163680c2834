"""Pictures and films that are looked at, and texts about them, by `generateContent`: what is asked, what was said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rushes.model.request import Recipe
from rushes.providers.errors import Heard
from rushes.providers.gemini.said import first, parts, reason
from rushes.providers.instructed import INSTRUCTION
from rushes.providers.remote import listed
from rushes.providers.telling import SCHEMA

_NAMES = {"max_tokens": "maxOutputTokens"}


def asking(
    recipe: Recipe, ready: Mapping[str, Any], seed: int | None, given: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The body of a call: what to do as the instruction; the words of the step and then the inputs beside it."""
    config: dict[str, Any] = {} if seed is None else {"seed": seed}
    for name, value in ready.items():
        if name == SCHEMA:
            config |= {"responseMimeType": "application/json", "responseJsonSchema": value}
        elif name == "thinking_level":
            config["thinkingConfig"] = {"thinkingLevel": value}
        elif name != INSTRUCTION:
            config[_NAMES.get(name, name)] = value
    words = [{"text": recipe.prompt}] if recipe.prompt else []
    body: dict[str, Any] = {"contents": [{"role": "user", "parts": [*words, *given]}], "generationConfig": config}
    if INSTRUCTION in ready:
        body["systemInstruction"] = {"parts": [{"text": ready[INSTRUCTION]}]}
    return body


def told(said: Mapping[str, Any]) -> str | Heard:
    """The words of an answer, or why there are none. One that was cut is none: it says half of what it means."""
    text = "".join(str(part["text"]) for part in parts(first(said)) if part.get("text"))
    return text if text and first(said).get("finishReason", "STOP") == "STOP" else reason(said)


def tokens(said: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Tokens in and out, thoughts among those that came; None where Google does not say."""
    usage = said.get("usageMetadata")
    counts = usage if isinstance(usage, dict) else {}
    return (
        _sum(counts, "promptTokenCount", "toolUsePromptTokenCount"),
        _sum(counts, "candidatesTokenCount", "thoughtsTokenCount"),
    )


def apart(said: Mapping[str, Any]) -> Mapping[str, int]:
    """Tokens of what was sent that some models charge otherwise: those of the sound of a film."""
    usage = said.get("usageMetadata")
    details = listed(usage.get("promptTokensDetails")) if isinstance(usage, dict) else []
    heard = [one.get("tokenCount") for one in details if isinstance(one, dict) and one.get("modality") == "AUDIO"]
    return {"sound": sum(one for one in heard if isinstance(one, int))}


def _sum(counts: Mapping[str, Any], first_: str, beside: str) -> int | None:
    many, more = counts.get(first_), counts.get(beside, 0)
    known = all(isinstance(one, int) and not isinstance(one, bool) and one >= 0 for one in (many, more))
    return many + more if known else None
