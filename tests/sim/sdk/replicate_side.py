"""replicate, unmodified, as its documentation uses it. Runs in a process of its own; see side.py.

It takes no notice of proxy variables, because it makes a transport of its own: so it is handed one that does.
"""

from __future__ import annotations

import json
import os
import ssl
import sys
from pathlib import Path
from typing import Any

import httpx
import replicate
from replicate.exceptions import ModelError, ReplicateError

sys.path.insert(0, str(Path(__file__).parent))
from side import serve  # type: ignore[import-not-found]


def client(key: str = "simulated") -> replicate.Client:
    trusted = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    return replicate.Client(key, transport=httpx.HTTPTransport(verify=trusted, proxy=os.environ["HTTPS_PROXY"]))


def plain(prediction: Any) -> dict[str, Any]:
    return dict(json.loads(prediction.json()))


def create(given: dict[str, Any], key: str = "simulated", **where: Any) -> dict[str, Any]:
    return plain(client(key).predictions.create(input=given, **where))


def watch(given: dict[str, Any], **where: Any) -> dict[str, Any]:
    """Create, wait until it is over, and tell it all."""
    mine = client()
    mine.poll_interval = 0.005
    prediction = mine.predictions.create(input=given, **where)
    prediction.wait()
    return plain(prediction)


def run(model: str, given: dict[str, Any]) -> Any:
    output = client().run(model, input=given)
    return [one.url for one in output] if isinstance(output, list) else output.url


def get(id_: str) -> dict[str, Any]:
    return plain(client().predictions.get(id_))


def cancel(id_: str) -> dict[str, Any]:
    return plain(client().predictions.cancel(id_))


def listed() -> dict[str, Any]:
    """The first page of predictions, and how many there are on all."""
    mine = client()
    first = page = mine.predictions.list()
    count = len(page.results)
    while page.next:
        page = mine.predictions.list(page.next)
        count += len(page.results)
    return {"first": [plain(one) for one in first.results], "count": count}


def upload(path: str) -> dict[str, Any]:
    mine = client()
    file = mine.files.create(path)
    again = mine.files.get(file.id)
    return {"id": file.id, "url": file.urls["get"], "size": again.size, "type": again.content_type}


def model(name: str) -> dict[str, Any]:
    found = client().models.get(name)
    return {"name": found.id, "schema": found.latest_version.openapi_schema}


def believes(headers: dict[str, str], body: str) -> bool:
    """Whether the SDK believes a call, by the secret that it asks for."""
    mine = client()
    mine.webhooks.validate(headers=headers, body=body, secret=mine.webhooks.default.secret(), tolerance=60)
    return True


def fetch(url: str) -> dict[str, Any]:
    answer = httpx.get(url)
    return {"status": answer.status_code, "type": answer.headers.get("content-type"), "hex": answer.content.hex()}


def facts(error: Exception) -> dict[str, Any]:
    if isinstance(error, ReplicateError):
        return {"status": error.status, "title": error.title, "detail": error.detail}
    return {"error": error.prediction.error} if isinstance(error, ModelError) else {}


if __name__ == "__main__":
    serve(
        {
            "create": create,
            "watch": watch,
            "run": run,
            "get": get,
            "cancel": cancel,
            "listed": listed,
            "upload": upload,
            "model": model,
            "believes": believes,
            "fetch": fetch,
        },
        facts,
    )
