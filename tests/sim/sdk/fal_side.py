"""fal_client, unmodified, as its documentation uses it. Runs in a process of its own; see side.py."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import fal_client
import httpx
from fal_client.client import MultipartUpload

sys.path.insert(0, str(Path(__file__).parent))
from side import serve  # type: ignore[import-not-found]


def status_of(status: Any) -> dict[str, Any]:
    return {"is": type(status).__name__, **dataclasses.asdict(status)}


def submit(model: str, arguments: dict[str, Any], **options: Any) -> dict[str, Any]:
    handle = fal_client.SyncClient().submit(model, arguments, **options)
    return {
        "request_id": handle.request_id,
        "response_url": handle.response_url,
        "status_url": handle.status_url,
        "cancel_url": handle.cancel_url,
    }


def status(model: str, request_id: str, with_logs: bool = False) -> dict[str, Any]:
    return status_of(fal_client.SyncClient().status(model, request_id, with_logs=with_logs))


def watch(model: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Submit, look at every event until the end, and take the result: by the handle's own URLs."""
    handle = fal_client.SyncClient().submit(model, arguments)
    events = [status_of(one) for one in handle.iter_events(with_logs=True, interval=0.005)]
    return {"request_id": handle.request_id, "events": events, "result": handle.get()}


def result(model: str, request_id: str) -> Any:
    return fal_client.SyncClient().result(model, request_id)


def cancel(model: str, request_id: str) -> None:
    fal_client.SyncClient().cancel(model, request_id)


def run(model: str, arguments: dict[str, Any]) -> Any:
    return fal_client.SyncClient().run(model, arguments)


def subscribe(model: str, arguments: dict[str, Any]) -> dict[str, Any]:
    queued: list[str] = []
    seen: list[str] = []
    answer = fal_client.SyncClient().subscribe(
        model,
        arguments,
        with_logs=True,
        interval=0.005,
        on_enqueue=queued.append,
        on_queue_update=lambda status: seen.append(type(status).__name__),
    )
    return {"answer": answer, "queued": queued, "seen": seen}


def upload(path: str) -> str:
    return str(fal_client.SyncClient().upload_file(Path(path)))


def upload_by_rest(path: str) -> str:
    """The other way of uploading, which the SDK takes when the first fails: an address is asked for, and filled."""
    return str(fal_client.SyncClient().upload(Path(path).read_bytes(), "image/png", "some.png", repository="fal"))


def upload_in_parts(path: str, size: int) -> str:
    """What the SDK does with more than 100 MB; here in parts of `size` bytes, so that a small file has several."""
    client = fal_client.SyncClient()
    with client._get_cdn_client() as cdn:
        return MultipartUpload.save_file(
            client=cdn, token_manager=client._token_manager, file_path=path, chunk_size=size, content_type="image/png"
        )


def fetch(url: str) -> dict[str, Any]:
    """What lies at a URL, as a user of the SDK would download it."""
    answer = httpx.get(url)
    return {"status": answer.status_code, "type": answer.headers.get("content-type"), "hex": answer.content.hex()}


def must_reach(url: str) -> int:
    """The status of a page; raises when the way to it is closed."""
    return httpx.get(url).raise_for_status().status_code


def awaited(work: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
    return lambda **given: asyncio.run(work(fal_client.AsyncClient(), **given))  # type: ignore[arg-type]


async def async_watch(client: Any, model: str, arguments: dict[str, Any]) -> dict[str, Any]:
    handle = await client.submit(model, arguments)
    events = [status_of(one) async for one in handle.iter_events(with_logs=True, interval=0.005)]
    return {"request_id": handle.request_id, "events": events, "result": await handle.get()}


async def async_subscribe(client: Any, model: str, arguments: dict[str, Any]) -> Any:
    return await client.subscribe(model, arguments, interval=0.005)


async def async_submit_and_cancel(client: Any, model: str, arguments: dict[str, Any]) -> dict[str, Any]:
    handle = await client.submit(model, arguments)
    await handle.cancel()
    return {"request_id": handle.request_id, "status": status_of(await handle.status(with_logs=True))}


async def async_upload(client: Any, path: str) -> str:
    return str(await client.upload_file(Path(path)))


def facts(error: Exception) -> dict[str, Any]:
    if isinstance(error, fal_client.FalClientHTTPError):
        return {
            "status": error.status_code,
            "message": error.message,
            "error_type": error.error_type,
            "headers": {name.lower(): value for name, value in error.response_headers.items()},
        }
    return {}


if __name__ == "__main__":
    serve(
        {
            "submit": submit,
            "status": status,
            "watch": watch,
            "result": result,
            "cancel": cancel,
            "run": run,
            "subscribe": subscribe,
            "upload": upload,
            "upload_by_rest": upload_by_rest,
            "upload_in_parts": upload_in_parts,
            "fetch": fetch,
            "must_reach": must_reach,
            "async_watch": awaited(async_watch),
            "async_subscribe": awaited(async_subscribe),
            "async_submit_and_cancel": awaited(async_submit_and_cancel),
            "async_upload": awaited(async_upload),
        },
        facts,
    )
