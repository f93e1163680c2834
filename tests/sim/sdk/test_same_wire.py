"""Our adapters and the official SDKs send the same for the same call: both are recorded on their way and compared."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.sim.sdk.recorded import Sent
from tests.sim.sdk.side import Side
from tests.sim.sdk.stage import Stage, in_the_open

from rushes.catalogue.endpoints import takes_at
from rushes.model.ids import Digest
from rushes.model.media import Artifact
from rushes.model.money import FREE
from rushes.model.operation import Operation
from rushes.model.request import Request
from rushes.plugin.access import Access, Offer, Secret
from rushes.plugin.provider import Finished, Pending, Submitted
from rushes.providers.fal import Fal
from rushes.providers.gemini.provider import Gemini
from rushes.testing.context import PlainContext
from rushes.testing.requests import recipe_of, request_of

EDIT = "fal-ai/nano-banana-pro/edit"
PRO = "gemini-3-pro-image"

OWN = {"x-fal-no-retry", "x-fal-object-lifecycle-preference", "x-fal-object-lifecycle"}
"""Headers that we send and fal_client does not by itself: no repeats inside fal, and how long files are kept."""

OF_A_CLIENT = {"host", "user-agent", "accept", "accept-encoding", "connection", "content-length", "x-goog-api-client"}
"""Headers that say who speaks and how, and nothing about what is asked."""


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Stage]:
    with in_the_open(tmp_path) as stage:
        yield stage


def access(stage: Stage, name: str, endpoint: str) -> Access:
    """The real provider as far as the adapter knows, at another address: it sends what the provider would get."""

    def offer(key: str, op: Operation) -> Offer:
        return Offer(key, endpoint, (op,), 1.0, None, None, {}, lambda recipe: FREE)

    url, takes = f"{stage.url}/{name}", partial(takes_at, name)
    return Access(url=url, key=Secret("simulated"), simulated=False, offer=offer, takes=takes)


def edit(picture: Path, **params: Any) -> tuple[Request, dict[Digest, Path]]:
    data = picture.read_bytes()
    digest = Digest(hashlib.sha256(data).hexdigest())
    artifact = Artifact(digest=digest, media_type="image/png", size=len(data), width=192, height=96)
    recipe = recipe_of(Operation.IMAGE_TO_IMAGE, "in ink", params=params, inputs={"image": (artifact,)})
    return request_of(recipe), {digest: picture}


async def do_all(adapter: Fal, request: Request, context: PlainContext) -> Finished:
    """Submit, ask until it is done, and let go."""
    try:
        told = await adapter.submit(request, context)
        assert isinstance(told, Submitted)
        while isinstance(answer := await adapter.poll(told.remote, context), Pending):
            await context.sleep(0.01)
        await adapter.cancel(told.remote, context)
        return answer
    finally:
        await adapter.close()


async def submit(adapter: Gemini, request: Request, context: PlainContext) -> Finished:
    try:
        return await adapter.submit(request, context)
    finally:
        await adapter.close()


def only(sent: list[Sent], method: str, ending: str) -> Sent:
    """The first request of this kind."""
    return next(one for one in sent if one.method == method and one.path.endswith(ending))


def asked(headers: Mapping[str, str], *left_out: str) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in OF_A_CLIENT | OWN | set(left_out)}


def placed(body: Any, url: str) -> Any:
    """A body with the address of the uploaded picture, which the two got at different hosts, as one word."""
    assert body["image_urls"] == [url]
    return {**body, "image_urls": ["the uploaded picture"]}


def test_a_fal_job_with_an_input_goes_over_the_wire_as_the_sdk_sends_it(
    fal: Side, stage: Stage, opened: Stage, pictures: list[Path], tmp_path: Path
) -> None:
    request, files = edit(pictures[0], aspect_ratio="16:9", resolution="1K")
    answer = asyncio.run(do_all(Fal(access(opened, "fal", EDIT)), request, PlainContext(tmp_path, files)))
    ours = opened.sent()
    assert len(answer.outputs) == 1

    before = len(stage.sent())
    url = fal.do("upload", path=str(pictures[0]))
    arguments = {"prompt": "in ink", "aspect_ratio": "16:9", "resolution": "1K", "seed": request.seed}
    arguments["image_urls"] = [url]
    watched = fal.do("watch", model=EDIT, arguments=arguments)
    theirs = stage.sent()[before:]

    for method, ending in (("POST", "/storage/auth/token"), ("POST", "/files/upload"), ("POST", f"/{EDIT}")):
        mine, its = only(ours, method, ending), only(theirs, method, ending)
        assert mine.target == f"/fal{its.target}"
        name = ["x-fal-file-name"] if ending == "/files/upload" else []
        assert asked(mine.headers, *name) == asked(its.headers, *name)
    assert only(ours, "POST", "/files/upload").body == only(theirs, "POST", "/files/upload").body
    given = only(ours, "POST", f"/{EDIT}").json
    assert placed(given, given["image_urls"][0]) == placed(only(theirs, "POST", f"/{EDIT}").json, url)

    of_ours = only(ours, "GET", "/status").path.split("/")[-2]
    for method, ending in (("GET", "/status"), ("GET", "")):
        mine = only(ours, method, f"{of_ours}{ending}")
        its = only(theirs, method, f"{watched['request_id']}{ending}")
        assert mine.path.replace(of_ours, "ID") == f"/fal{its.path.replace(watched['request_id'], 'ID')}"
        assert asked(mine.headers) == asked(its.headers)


def test_a_fal_job_is_cancelled_over_the_wire_as_the_sdk_does_it(
    fal: Side, stage: Stage, opened: Stage, pictures: list[Path], tmp_path: Path
) -> None:
    request, files = edit(pictures[0])
    asyncio.run(do_all(Fal(access(opened, "fal", EDIT)), request, PlainContext(tmp_path, files)))
    mine = only(opened.sent(), "PUT", "/cancel")

    before = len(stage.sent())
    done = fal.do("async_submit_and_cancel", model=EDIT, arguments={"prompt": "cancelled"})
    its = only(stage.sent()[before:], "PUT", "/cancel")

    of_ours = mine.path.split("/")[-2]
    assert mine.path.replace(of_ours, "ID") == f"/fal{its.path.replace(done['request_id'], 'ID')}"
    assert asked(mine.headers) == asked(its.headers)
    assert mine.body == its.body == b""


def test_a_gemini_picture_with_a_reference_is_asked_for_as_the_sdk_asks(
    gemini: Side, stage: Stage, opened: Stage, pictures: list[Path], tmp_path: Path
) -> None:
    request, files = edit(pictures[0], aspect_ratio="16:9", resolution="1k")
    answer = asyncio.run(submit(Gemini(access(opened, "gemini", PRO)), request, PlainContext(tmp_path, files)))
    (mine,) = opened.sent()
    assert len(answer.outputs) == 1

    before = len(stage.sent())
    gemini.do("generate", model=PRO, prompt="in ink", pictures=[str(pictures[0])], ratio="16:9", size="1K")
    (its,) = stage.sent()[before:]

    assert (mine.method, mine.path) == (its.method, f"/gemini{its.path}")
    assert asked(mine.headers) == asked(its.headers)
    assert plain(mine.json) == plain(its.json)


def plain(value: Any) -> Any:
    """JSON as Google's reader takes it: field names in either spelling, bytes in either alphabet."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    fields = {camel(name): plain(inner) for name, inner in value.items()}
    if set(fields) == {"mimeType", "data"}:
        fields["data"] = base64.urlsafe_b64decode(fields["data"].translate(str.maketrans("+/", "-_")))
    return fields


def camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(one.title() for one in others)
