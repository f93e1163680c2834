"""runwayml, unmodified, as its documentation uses it. Runs in a process of its own; see side.py."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import httpx
from runwayml import APIStatusError, RunwayML, TaskFailedError

sys.path.insert(0, str(Path(__file__).parent))
from side import serve  # type: ignore[import-not-found]


def client(key: str = "simulated") -> RunwayML:
    return RunwayML(api_key=key)


def create(work: str, given: dict[str, Any], key: str = "simulated", tries: int | None = None) -> dict[str, Any]:
    mine = client(key) if tries is None else client(key).with_options(max_retries=tries)
    task = getattr(mine, work).create(**given)
    return {"id": task.id, "credits": task.estimated_cost.credits}


def plain(task: Any) -> dict[str, Any]:
    return dict(task.model_dump(mode="json"))


def get(id_: str) -> dict[str, Any]:
    return plain(client().tasks.retrieve(id_))


def delete(id_: str) -> None:
    client().tasks.delete(id_)


def watch(work: str, given: dict[str, Any]) -> dict[str, Any]:
    """Create and ask until it is over, as often as the simulated time lets us."""
    mine = client()
    task = getattr(mine, work).create(**given)
    while (found := mine.tasks.retrieve(task.id)).status in ("PENDING", "THROTTLED", "RUNNING"):
        time.sleep(0.005)
    return plain(found)


def wait(id_: str) -> dict[str, Any]:
    """The SDK's own way to wait, of a task that is over."""
    return plain(client().tasks.retrieve(id_).wait_for_task_output(timeout=5))


def upload(path: str) -> str:
    return client().uploads.create_ephemeral(file=Path(path)).uri


def organization() -> dict[str, Any]:
    return dict(client().organization.retrieve().model_dump(mode="json"))


def fetch(url: str) -> dict[str, Any]:
    answer = httpx.get(url)
    return {"status": answer.status_code, "type": answer.headers.get("content-type"), "hex": answer.content.hex()}


def facts(error: Exception) -> dict[str, Any]:
    if isinstance(error, APIStatusError):
        return {"status": error.status_code, "body": error.body}
    return {"task": plain(error.task_details)} if isinstance(error, TaskFailedError) else {}


if __name__ == "__main__":
    serve(
        {
            "create": create,
            "get": get,
            "delete": delete,
            "watch": watch,
            "wait": wait,
            "upload": upload,
            "organization": organization,
            "fetch": fetch,
        },
        facts,
    )
