"""google-genai, unmodified, as its documentation uses it. Runs in a process of its own; see side.py."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from google import genai
from google.genai import errors, types

sys.path.insert(0, str(Path(__file__).parent))
from side import serve  # type: ignore[import-not-found]


def client_for(key: str | None, version: str | None) -> genai.Client:
    options = types.HttpOptions(api_version=version) if version else None
    return genai.Client(api_key=key or "simulated", http_options=options)


def contents_of(prompt: str, pictures: list[str]) -> list[Any]:
    read = [types.Part.from_bytes(data=Path(one).read_bytes(), mime_type="image/png") for one in pictures]
    return [types.Content(role="user", parts=[types.Part.from_text(text=prompt), *read])]


def image_config(ratio: str | None, size: str | None) -> types.GenerateContentConfig:
    image = types.ImageConfig(aspect_ratio=ratio, image_size=size) if ratio or size else None
    return types.GenerateContentConfig(response_modalities=["IMAGE"], image_config=image)


def plain(answer: types.GenerateContentResponse) -> dict[str, Any]:
    """Everything that the SDK understood of an answer; pictures as hex."""
    pictures, texts, reasons = [], [], []
    for candidate in answer.candidates or []:
        reasons.append(candidate.finish_reason.value if candidate.finish_reason else None)
        for part in (candidate.content and candidate.content.parts) or []:
            if part.inline_data is not None and part.inline_data.data is not None:
                pictures.append({"type": part.inline_data.mime_type, "hex": part.inline_data.data.hex()})
            if part.text is not None:
                texts.append(part.text)
    usage, feedback = answer.usage_metadata, answer.prompt_feedback
    return {
        "pictures": pictures,
        "texts": texts,
        "reasons": reasons,
        "blocked": feedback.block_reason.value if feedback and feedback.block_reason else None,
        "usage": usage.model_dump(mode="json", exclude_none=True) if usage else None,
        "response_id": answer.response_id,
        "model_version": answer.model_version,
    }


def generate(
    model: str,
    prompt: str,
    pictures: list[str] = [],  # noqa: B006 - only read
    ratio: str | None = None,
    size: str | None = None,
    key: str | None = None,
    version: str | None = None,
) -> dict[str, Any]:
    client = client_for(key, version)
    config = image_config(ratio, size)
    return plain(client.models.generate_content(model=model, contents=contents_of(prompt, pictures), config=config))


def async_generate(model: str, prompt: str) -> dict[str, Any]:
    async def ask() -> types.GenerateContentResponse:
        client = client_for(None, None)
        return await client.aio.models.generate_content(
            model=model, contents=contents_of(prompt, []), config=image_config(None, None)
        )

    return plain(asyncio.run(ask()))


def judge(model: str, prompt: str, pictures: list[str], schema: dict[str, Any]) -> dict[str, Any]:
    client = client_for(None, None)
    config = types.GenerateContentConfig(response_mime_type="application/json", response_json_schema=schema)
    answer = client.models.generate_content(model=model, contents=contents_of(prompt, pictures), config=config)
    return {**plain(answer), "parsed": answer.parsed}


def describe(model: str, prompt: str, pictures: list[str]) -> dict[str, Any]:
    client = client_for(None, None)
    return plain(client.models.generate_content(model=model, contents=contents_of(prompt, pictures)))


def models() -> list[dict[str, Any]]:
    client = client_for(None, None)
    return [{"name": one.name, "actions": one.supported_actions} for one in client.models.list()]


def model(name: str) -> dict[str, Any]:
    client = client_for(None, None)
    found = client.models.get(model=name)
    return {"name": found.name, "actions": found.supported_actions}


def facts(error: Exception) -> dict[str, Any]:
    if isinstance(error, errors.APIError):
        return {"code": error.code, "status": error.status, "message": error.message, "details": error.details}
    return {}


if __name__ == "__main__":
    serve(
        {
            "generate": generate,
            "async_generate": async_generate,
            "judge": judge,
            "describe": describe,
            "models": models,
            "model": model,
        },
        facts,
    )
