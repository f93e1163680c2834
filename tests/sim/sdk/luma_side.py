"""luma-agents, unmodified, as its documentation uses it. Runs in a process of its own; see side.py."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import httpx
import luma_agents

sys.path.insert(0, str(Path(__file__).parent))
from side import serve  # type: ignore[import-not-found]


def client(key: str, retries: int | None) -> luma_agents.Luma:
    options: dict[str, Any] = {} if retries is None else {"max_retries": retries}
    return luma_agents.Luma(auth_token=key, **options)


def create(key: str = "simulated", retries: int | None = None, **asked: Any) -> dict[str, Any]:
    return client(key, retries).generations.create(**asked).model_dump(mode="json")


def watch(key: str = "simulated", **asked: Any) -> dict[str, Any]:
    """Submit, ask until it is over, and download what came."""
    luma = client(key, None)
    generation = luma.generations.create(**asked)
    while generation.state not in ("completed", "failed"):
        time.sleep(0.005)
        generation = luma.generations.get(generation.id)
    files = [httpx.get(one.url) for one in generation.output or []]
    return {
        **generation.model_dump(mode="json"),
        "files": [{"type": one.headers["content-type"], "size": len(one.content)} for one in files],
    }


def files() -> int:
    return len(client("simulated", None).files.list(limit=1).data)


def facts(error: Exception) -> dict[str, Any]:
    return {"status": error.status_code, "body": error.body} if isinstance(error, luma_agents.APIStatusError) else {}


if __name__ == "__main__":
    serve({"create": create, "watch": watch, "files": files}, facts)
