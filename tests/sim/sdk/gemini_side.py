"""google-genai, unmodified, as its documentation uses it. Runs in a process of its own; see side.py."""

from __future__ import annotations

import asyncio
import sys
import time
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


def film(**asked: Any) -> dict[str, Any]:
    """An interaction in the background, and no more."""
    client = client_for(None, None)
    return dict(client.interactions.create(**asked).model_dump(mode="json", exclude_none=True))


def watch(**asked: Any) -> dict[str, Any]:
    """An interaction, asked about until it has ended, and the head of the film."""
    client = client_for(None, None)
    said = client.interactions.create(**asked)
    while said.status in ("queued", "in_progress"):
        time.sleep(0.005)
        said = client.interactions.get(said.id)
    plain = dict(said.model_dump(mode="json", exclude_none=True))
    uris = [part.get("uri") for step in plain.get("steps", []) for part in step.get("content", [])]
    films = [client.files.download(file=uri)[4:8].hex() for uri in uris if uri]
    return {**plain, "films": films}


def film_and_cancel(**asked: Any) -> dict[str, Any]:
    client = client_for(None, None)
    said = client.interactions.create(**asked)
    return dict(client.interactions.cancel(said.id).model_dump(mode="json", exclude_none=True))


def upload(path: str, kind: str) -> dict[str, Any]:
    client = client_for(None, None)
    file = client.files.upload(file=path, config=types.UploadFileConfig(mime_type=kind))
    assert file.name is not None
    return dict(client.files.get(name=file.name).model_dump(mode="json", exclude_none=True))


def ask_about(model: str, prompt: str, uri: str, kind: str, told: str) -> dict[str, Any]:
    """A question about a file that was uploaded."""
    client = client_for(None, None)
    config = types.GenerateContentConfig(system_instruction=told, max_output_tokens=2000)
    parts = [types.Part.from_text(text=prompt), types.Part.from_uri(file_uri=uri, mime_type=kind)]
    contents = [types.Content(role="user", parts=parts)]
    return plain(client.models.generate_content(model=model, contents=contents, config=config))


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
    return {"code": getattr(error, "status_code", None)}


if __name__ == "__main__":
    serve(
        {
            "generate": generate,
            "async_generate": async_generate,
            "judge": judge,
            "describe": describe,
            "film": film,
            "watch": watch,
            "film_and_cancel": film_and_cancel,
            "upload": upload,
            "ask_about": ask_about,
            "models": models,
            "model": model,
        },
        facts,
    )
