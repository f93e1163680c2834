"""openai, unmodified, as its documentation uses it. Runs in a process of its own; see side.py."""

from __future__ import annotations

import asyncio
import base64
import sys
import time
import warnings
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import openai
from openai.types import VideoModel, VideoSeconds, VideoSize
from openai.types.image_edit_params import ImageEditParamsBase
from openai.types.image_generate_params import ImageGenerateParamsBase
from openai.types.shared_params.reasoning import Reasoning

sys.path.insert(0, str(Path(__file__).parent))
from side import serve  # type: ignore[import-not-found]


def client(key: str | None = None, retries: int | None = None) -> openai.OpenAI:
    """As it comes: with its default retries, unless a test says otherwise."""
    options = {} if retries is None else {"max_retries": retries}
    return openai.OpenAI(api_key=key or "simulated", **options)


def plain(answer: Any) -> dict[str, Any]:
    """Everything that the SDK understood of an answer; pictures as hex."""
    usage = answer.usage
    return {
        "pictures": [base64.b64decode(one.b64_json).hex() for one in answer.data or []],
        "format": answer.output_format,
        "quality": answer.quality,
        "size": answer.size,
        "usage": usage.model_dump(mode="json", exclude_none=True) if usage else None,
        "request_id": answer._request_id,
    }


def generate(key: str | None = None, retries: int | None = None, **given: Any) -> dict[str, Any]:
    return plain(client(key, retries).images.generate(**given))


def async_generate(**given: Any) -> dict[str, Any]:
    async def ask() -> Any:
        async with openai.AsyncOpenAI(api_key="simulated") as one:
            return await one.images.generate(**given)

    return plain(asyncio.run(ask()))


def edit(pictures: list[str], mask: str | None = None, **given: Any) -> dict[str, Any]:
    opened = [(f"image-{number}.png", Path(one).read_bytes(), "image/png") for number, one in enumerate(pictures, 1)]
    if mask is not None:
        given["mask"] = ("mask-1.png", Path(mask).read_bytes(), "image/png")
    return plain(client().images.edit(image=opened, **given))


def judge(model: str, prompt: str, pictures: list[str], schema: dict[str, Any] | None = None, **more: Any) -> Any:
    content: list[Any] = [{"type": "input_text", "text": prompt}]
    for one in pictures:
        url = f"data:image/png;base64,{base64.b64encode(Path(one).read_bytes()).decode()}"
        content.append({"type": "input_image", "image_url": url, "detail": "high"})
    if schema is not None:
        more["text"] = {"format": {"type": "json_schema", "name": "answer", "schema": schema, "strict": True}}
    answer = client().responses.create(model=model, input=[{"role": "user", "content": content}], store=False, **more)
    usage = answer.usage
    return {
        "text": answer.output_text,
        "status": answer.status,
        "why": answer.incomplete_details and answer.incomplete_details.reason,
        "usage": usage and [usage.input_tokens, usage.output_tokens, usage.total_tokens],
        "id": answer.id,
    }


def film(frame: str | None = None, retries: int | None = None, **given: Any) -> dict[str, Any]:
    """Submit, and no more."""
    if frame is not None:
        given["input_reference"] = ("start_frame-1.png", Path(frame).read_bytes(), "image/png")
    return dict(client(retries=retries).videos.create(**given).model_dump(mode="json"))


def watch(frame: str | None = None, **given: Any) -> dict[str, Any]:
    """Submit, ask until it is over, fetch what came, and delete it."""
    one = client()
    id_ = film(frame, **given)["id"]
    told = one.videos.with_raw_response.retrieve(id_)
    while told.parse().status not in ("completed", "failed"):
        time.sleep(0.005)
        told = one.videos.with_raw_response.retrieve(id_)
    said = dict(told.parse().model_dump(mode="json"))
    said["poll_after"] = told.headers.get("openai-poll-after-ms")
    if said["status"] == "completed":
        content = one.videos.download_content(id_, variant="video")
        said["file"] = [content.response.headers["content-type"], content.read()[4:8].hex()]
    said["listed"] = [each.id for each in one.videos.list()].count(id_)
    said["deleted"] = one.videos.delete(id_).model_dump(mode="json")
    return said


def delete(id: str) -> Any:
    return client().videos.delete(id).model_dump(mode="json")


def models() -> list[dict[str, Any]]:
    return [{"id": one.id, "ends": one.shutdown_date} for one in client().models.list()]


def model(name: str) -> str:
    return client().models.retrieve(name).id


def values() -> dict[str, list[str]]:
    """What the types of the SDK let a request for a picture say, and the efforts that a model can be asked for."""

    def literals(hint: Any) -> list[str]:
        inner = [one for part in get_args(hint) for one in literals(part)]
        return [str(one) for one in get_args(hint)] if get_origin(hint) is Literal else inner

    hints = get_type_hints(ImageGenerateParamsBase) | get_type_hints(ImageEditParamsBase)
    efforts = literals(get_type_hints(Reasoning)["effort"])
    films = {"film model": literals(VideoModel), "film size": literals(VideoSize), "seconds": literals(VideoSeconds)}
    return {name: literals(hint) for name, hint in hints.items()} | {"effort": efforts} | films


def facts(error: Exception) -> dict[str, Any]:
    if isinstance(error, openai.APIStatusError):
        return {"status": error.status_code, "code": error.code, "type": error.type, "param": error.param}
    return {}


if __name__ == "__main__":
    warnings.simplefilter("ignore", DeprecationWarning)  # of all that is about films, since OpenAI shut them down
    serve(
        {
            "generate": generate,
            "async_generate": async_generate,
            "edit": edit,
            "film": film,
            "watch": watch,
            "delete": delete,
            "judge": judge,
            "models": models,
            "values": values,
            "model": model,
        },
        facts,
    )
