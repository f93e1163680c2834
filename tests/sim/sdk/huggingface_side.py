"""huggingface-hub, unmodified, as its documentation uses it. Runs in a process of its own; see side.py."""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, InferenceClient
from huggingface_hub.errors import HfHubHTTPError

sys.path.insert(0, str(Path(__file__).parent))
from side import serve  # type: ignore[import-not-found]


def client(key: str) -> InferenceClient:
    return InferenceClient(provider="hf-inference", api_key=key)


def paint(key: str = "simulated", **asked: Any) -> list[int]:
    return list(client(key).text_to_image(**asked).size)


def change(image: str, key: str = "simulated", **asked: Any) -> list[int]:
    return list(client(key).image_to_image(base64.b64decode(image), **asked).size)


def whoami() -> str:
    return str(HfApi().whoami(token="simulated")["name"])


def facts(error: Exception) -> dict[str, Any]:
    if not isinstance(error, HfHubHTTPError):
        return {}
    return {"status": error.response.status_code, "says": str(error)}


if __name__ == "__main__":
    serve({"paint": paint, "change": change, "whoami": whoami}, facts)
