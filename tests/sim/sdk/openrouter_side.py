"""openrouter, unmodified, as its documentation uses it. Runs in a process of its own; see side.py."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import httpx
from openrouter import OpenRouter, errors

sys.path.insert(0, str(Path(__file__).parent))
from side import serve  # type: ignore[import-not-found]


def picture(**asked: Any) -> dict[str, Any]:
    with OpenRouter(api_key="simulated") as client:
        return dict(client.images.generate(**asked).model_dump(mode="json"))


def talk(**asked: Any) -> dict[str, Any]:
    with OpenRouter(api_key="simulated") as client:
        return dict(client.chat.send(**asked).model_dump(mode="json", by_alias=True))


def film(**asked: Any) -> dict[str, Any]:
    """Submit, and no more."""
    with OpenRouter(api_key="simulated") as client:
        return dict(client.video_generation.generate(**asked).model_dump(mode="json"))


def watch(**asked: Any) -> dict[str, Any]:
    """Submit, ask until it is over, and fetch what came, with the key and by the signed address."""
    with OpenRouter(api_key="simulated") as client:
        job = client.video_generation.generate(**asked)
        while job.status not in ("completed", "failed", "cancelled", "expired"):
            time.sleep(0.005)
            job = client.video_generation.get_generation(job_id=job.id)
        if job.status != "completed":
            return dict(job.model_dump(mode="json"))
        content = client.video_generation.get_video_content(job_id=job.id)
        signed = httpx.get((job.urls or [""])[0])
        found = [{"type": one.headers["content-type"], "head": one.read()[4:8].hex()} for one in (content, signed)]
        return {**job.model_dump(mode="json"), "files": found}


def facts(error: Exception) -> dict[str, Any]:
    if isinstance(error, errors.OpenRouterError):
        return {"status": error.status_code, "body": error.body}
    return {}


if __name__ == "__main__":
    serve({"picture": picture, "talk": talk, "film": film, "watch": watch}, facts)
