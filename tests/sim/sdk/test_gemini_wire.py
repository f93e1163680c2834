"""Our adapter and google-genai send the same for the same film, question and upload."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.providers.rig import FRAME, FRAME_ARTIFACT, access, asked, context, request_of
from tests.sim.sdk.recorded import Sent
from tests.sim.sdk.side import Side
from tests.sim.sdk.stage import Stage, in_the_open
from tests.sim.sdk.test_same_wire import OF_A_CLIENT, plain

from rushes.model.media import Artifact
from rushes.model.operation import Operation
from rushes.plugin.provider import Pending, Submitted
from rushes.providers.gemini.provider import Gemini
from rushes.providers.instructed import TASKS

OMNI, WRITER = "gemini-omni-1.1-flash", "gemini-3.5-flash-lite"
OF_ITS_OWN = {"x-goog-upload-file-name"}
"""What the SDK says beside: the name that a file had on the customer's disk is nobody's business."""


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Stage]:
    with in_the_open(tmp_path) as stage:
        yield stage


def sent_by_us(
    opened: Stage, tmp_path: Path, alias: str, op: Operation, prompt: str, params: Mapping[str, Any], **inputs: Artifact
) -> list[Sent]:
    async def run() -> None:
        there = access("gemini", f"{opened.url}/gemini", "simulated", simulated=False)
        adapter, around = Gemini(there), context(tmp_path)
        given = {role: (one,) for role, one in inputs.items()}
        try:
            told = await adapter.submit(request_of(asked(adapter, alias, op, prompt, params, given)), around)
            if isinstance(told, Submitted):
                while isinstance(await adapter.poll(told.remote, around), Pending):
                    await around.sleep(0.2)
        finally:
            await adapter.close()

    asyncio.run(run())
    return opened.sent()


def said(one: Sent) -> dict[str, str]:
    return {name: value for name, value in one.headers.items() if name not in OF_A_CLIENT | OF_ITS_OWN}


def test_a_film_goes_over_the_wire_as_the_sdk_sends_it(
    gemini: Side, stage: Stage, opened: Stage, tmp_path: Path
) -> None:
    params = {"aspect_ratio": "9:16", "duration": 3, "resolution": "360p"}
    ours = sent_by_us(
        opened, tmp_path, "gemini_omni_flash", Operation.IMAGE_TO_VIDEO, "it runs", params, start_frame=FRAME_ARTIFACT
    )
    before = len(stage.sent())
    frame = {"type": "image", "data": base64.b64encode(FRAME).decode(), "mime_type": "image/png"}
    wanted = {"type": "video", "aspect_ratio": "9:16", "duration": "3s", "resolution": "360p", "delivery": "uri"}
    seen = gemini.do(
        "watch",
        model=OMNI,
        input=[frame, {"type": "text", "text": "it runs"}],
        background=True,
        response_format=[wanted],
        generation_config={"video_config": {"task": "image_to_video"}},
    )
    theirs = stage.sent()[before:]
    assert (ours[0].method, ours[0].path) == (theirs[0].method, f"/gemini{theirs[0].path}")
    assert ours[0].json == theirs[0].json
    assert said(ours[0]) == said(theirs[0])
    own = ours[1].path.rpartition("/")[2]
    assert ours[1].path.replace(own, "ID") == f"/gemini{theirs[1].path.replace(seen['id'], 'ID')}"
    assert said(ours[1]) | {"content-type": "application/json"} == said(theirs[1])  # of a question without a body


def test_a_question_goes_over_the_wire_as_the_sdk_sends_it(
    gemini: Side, stage: Stage, opened: Stage, tmp_path: Path
) -> None:
    large = Artifact(FRAME_ARTIFACT.digest, "image/png", 16_000_000, 64, 64)  # so that it is uploaded
    params = {"max_tokens": 2000}
    ours = sent_by_us(opened, tmp_path, "gemini_qa", Operation.ANALYZE_IMAGE, "is it red?", params, image=large)

    before = len(stage.sent())
    picture = tmp_path / "sdk.png"
    picture.write_bytes(FRAME)
    file = gemini.do("upload", path=str(picture), kind="image/png")
    told = {"uri": file["uri"], "kind": "image/png", "told": TASKS["qa"]}
    gemini.do("ask_about", model=WRITER, prompt="is it red?", **told)
    theirs = [one for one in stage.sent()[before:] if one.method == "POST"]

    for mine, its in zip(ours, theirs, strict=True):
        assert (mine.method, mine.path) == (its.method, f"/gemini{its.path}")
    start, send, question = zip(ours, theirs, strict=True)
    assert {**said(start[0]), "x-goog-upload-header-content-length": "727"} == said(start[1])
    assert {**start[0].json["file"], "sizeBytes": "727"} == {
        name: str(value) for name, value in plain(start[1].json)["file"].items()
    }
    assert said(send[0]).items() <= said(send[1]).items()  # the SDK says there again what it has said before
    assert send[0].body == send[1].body == FRAME
    mine, its = plain(question[0].json), plain(question[1].json)
    for one in (mine, its):
        one["contents"][0]["parts"][1]["fileData"].pop("fileUri")
    assert mine["generationConfig"].pop("seed")
    assert {**mine, "systemInstruction": None} == {**its, "systemInstruction": None}
    assert mine["systemInstruction"]["parts"] == its["systemInstruction"]["parts"]
    assert said(question[0]) == said(question[1])
