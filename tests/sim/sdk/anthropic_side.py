"""anthropic, unmodified, as its documentation uses it. Runs in a process of its own; see side.py."""

from __future__ import annotations

import asyncio
import base64
import sys
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import anthropic
from anthropic.types import Base64ImageSourceParam, Model, OutputConfigParam
from anthropic.types.message_create_params import MessageCreateParamsBase

sys.path.insert(0, str(Path(__file__).parent))
from side import serve  # type: ignore[import-not-found]


def content_of(prompt: str, pictures: list[str]) -> list[Any]:
    coded = [base64.b64encode(Path(one).read_bytes()).decode() for one in pictures]
    sources = [{"type": "base64", "media_type": "image/png", "data": one} for one in coded]
    return [*({"type": "image", "source": one} for one in sources), {"type": "text", "text": prompt}]


def plain(answer: Any) -> dict[str, Any]:
    """Everything that the SDK understood of an answer."""
    return {
        "text": "".join(one.text for one in answer.content if one.type == "text"),
        "why": answer.stop_reason,
        "details": answer.stop_details and answer.stop_details.explanation,
        "usage": [answer.usage.input_tokens, answer.usage.output_tokens],
        "id": answer.id,
        "request_id": answer._request_id,
    }


def ask(
    model: str,
    prompt: str,
    pictures: list[str] = [],  # noqa: B006 - only read
    schema: dict[str, Any] | None = None,
    most: int = 900,
    key: str | None = None,
    retries: int | None = None,
    **more: Any,
) -> dict[str, Any]:
    options = {} if retries is None else {"max_retries": retries}
    client = anthropic.Anthropic(api_key=key or "simulated", **options)
    if schema is not None:
        more["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
    messages: Any = [{"role": "user", "content": content_of(prompt, pictures)}]
    return plain(client.messages.create(model=model, max_tokens=most, messages=messages, **more))


def async_ask(model: str, prompt: str) -> dict[str, Any]:
    async def one() -> Any:
        async with anthropic.AsyncAnthropic(api_key="simulated") as client:
            messages: Any = [{"role": "user", "content": prompt}]
            return await client.messages.create(model=model, max_tokens=900, messages=messages)

    return plain(asyncio.run(one()))


def narrowed(schema: dict[str, Any]) -> dict[str, Any]:
    """What the SDK makes of a schema before it sends one."""
    return anthropic.transform_schema(schema)


def models() -> list[str]:
    return [one.id for one in anthropic.Anthropic(api_key="simulated").models.list()]


def model(name: str) -> str:
    return anthropic.Anthropic(api_key="simulated").models.retrieve(name).id


def values() -> dict[str, list[str]]:
    """What the types of the SDK let a question say."""

    def literals(hint: Any) -> list[str]:
        inner = [one for part in get_args(hint) for one in literals(part)]
        return [str(one) for one in get_args(hint)] if get_origin(hint) is Literal else inner

    output, source = get_type_hints(OutputConfigParam), get_type_hints(Base64ImageSourceParam)
    return {
        "model": literals(Model),
        "effort": literals(output["effort"]),
        "media_type": literals(source["media_type"]),
        "fields": sorted(get_type_hints(MessageCreateParamsBase)),
    }


def facts(error: Exception) -> dict[str, Any]:
    if isinstance(error, anthropic.APIStatusError):
        body = error.body if isinstance(error.body, dict) else {}
        return {"status": error.status_code, "type": body.get("error", {}).get("type")}
    return {}


if __name__ == "__main__":
    serve(
        {"values": values, "ask": ask, "async_ask": async_ask, "narrowed": narrowed, "models": models, "model": model},
        facts,
    )
