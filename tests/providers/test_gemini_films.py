"""What Gemini is asked for films and texts, byte by byte; and that inputs, results and the key stay with Google."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.providers.rig import FRAME, FRAME_ARTIFACT, KEY, access, asked, context, request_of
from tests.providers.wire import Script, Visit, Wire, serving

from rushes.errors import ErrorClass, RemoteError
from rushes.model.operation import Operation
from rushes.model.request import Recipe
from rushes.plugin.provider import Finished, Output, Submitted
from rushes.providers.gemini import files
from rushes.providers.gemini.provider import Gemini

FILM, FROM_FRAME, TELL = Operation.TEXT_TO_VIDEO, Operation.IMAGE_TO_VIDEO, Operation.ANALYZE_IMAGE
OFF = Gemini(access("gemini", None))
ENCODED = base64.b64encode(FRAME).decode()


def scripted(scripts: Sequence[Script] | Script, folder: Path, recipe: Recipe) -> tuple[Submitted | Finished, Wire]:
    async def run() -> tuple[Submitted | Finished, Wire]:
        async with serving(scripts) as wire:
            gemini = Gemini(access("gemini", wire.url, simulated=False))
            try:
                return await gemini.submit(request_of(recipe), context(folder)), wire
            finally:
                await gemini.close()

    return asyncio.run(run())


def saying(said: Any) -> Script:
    async def script(visit: Visit) -> None:
        await visit.answer(200, said if isinstance(said, bytes) else json.dumps(said).encode())

    return script


@pytest.mark.parametrize(
    ("op", "inputs", "task"),
    [
        (FILM, (), "text_to_video"),
        (FROM_FRAME, ("start_frame",), "image_to_video"),
        (FROM_FRAME, ("reference",), "reference_to_video"),
    ],
)
def test_a_film_as_it_is_asked_for(op: Operation, inputs: tuple[str, ...], task: str, tmp_path: Path) -> None:
    params = {"aspect_ratio": "9:16", "duration": 4, "resolution": "360p"}
    given = dict.fromkeys(inputs, (FRAME_ARTIFACT,))
    recipe = asked(OFF, "gemini_omni_flash", op, "it moves", params, given)
    submitted, wire = scripted(saying({"id": "v1_abc", "status": "in_progress"}), tmp_path, recipe)
    (visit,) = wire.visits
    assert visit.path == "/v1/interactions"
    assert f"x-goog-api-key: {KEY}" in visit.head.decode().split("\r\n")
    frames = [{"type": "image", "data": ENCODED, "mime_type": "image/png"} for _ in inputs]
    assert json.loads(visit.body) == {
        "model": "gemini-omni-1.1-flash",
        "input": [*frames, {"type": "text", "text": "it moves"}] if frames else "it moves",
        "background": True,
        "response_format": [
            {"type": "video", "aspect_ratio": "9:16", "duration": "4s", "resolution": "360p", "delivery": "uri"}
        ],
        "generation_config": {"video_config": {"task": task}},
    }
    assert isinstance(submitted, Submitted)
    assert json.loads(submitted.remote)[0] == "v1_abc"


@pytest.mark.parametrize("said", [b"", b"{", [], {}, {"id": 5}, {"id": "../files/1"}, {"id": "a b"}, {"name": "x"}])
def test_a_film_whose_acceptance_cannot_be_read_may_have_been_bought(said: Any, tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        scripted(saying(said), tmp_path, asked(OFF, "gemini_omni_flash", FILM))
    assert raised.value.kind is ErrorClass.UNKNOWN_OUTCOME
    assert raised.value.maybe_billed


def test_a_question_about_a_picture_as_it_is_asked_and_what_it_cost(tmp_path: Path) -> None:
    shape = {"type": "object", "properties": {"score": {"type": "number"}}, "required": ["score"]}
    given = {"image": (FRAME_ARTIFACT,)}
    recipe = asked(OFF, "gemini_3_pro", TELL, "how good is it?", {"schema": shape, "instruction": "Judge."}, given)
    answer = {
        "candidates": [{"content": {"parts": [{"text": '{"score": 7}'}]}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 1000, "candidatesTokenCount": 10, "thoughtsTokenCount": 500},
    }
    finished, wire = scripted(saying(answer), tmp_path, recipe)
    said = json.loads(wire.visits[0].body)
    assert wire.visits[0].path == "/v1/models/gemini-3.1-pro-preview:generateContent"
    assert said["contents"] == [
        {
            "role": "user",
            "parts": [{"text": "how good is it?"}, {"inlineData": {"mimeType": "image/png", "data": ENCODED}}],
        }
    ]
    assert said["generationConfig"]["responseJsonSchema"] == shape
    assert said["generationConfig"]["maxOutputTokens"] == 8192, "what is quoted as the longest answer is the longest"
    assert said["systemInstruction"]["parts"][0]["text"].startswith("Judge.")
    assert isinstance(finished, Finished)
    assert finished.text == '{"score": 7}'
    billed = OFF.spent(recipe, 1000, 510)
    assert billed is not None and finished.billed == billed, "thoughts are paid for like words"


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("https://generativelanguage.googleapis.com/v1beta/files/x:download?alt=media", True),
        ("https://generativelanguage.googleapis.com.evil.test/x", False),
        ("https://generativelanguage.googleapis.com:444/x", False),
        ("http://generativelanguage.googleapis.com/x", False),
        ("https://storage.googleapis.com/x", False),
    ],
)
def test_the_key_opens_results_at_google_and_is_sent_nowhere_else(url: str, own: bool) -> None:
    assert OFF.opening(url) == ({"x-goog-api-key": KEY} if own else {})


def test_a_result_elsewhere_is_fetched_without_the_key(tmp_path: Path) -> None:
    async def run() -> tuple[Wire, bytes]:
        async with serving(saying(b"film")) as there, serving(saying({})) as google:
            gemini = Gemini(access("gemini", google.url, simulated=False))
            try:
                pieces = [one async for one in gemini.fetch(Output("video/mp4", url=there.url), context(tmp_path))]
            finally:
                await gemini.close()
            return there, b"".join(pieces)

    there, data = asyncio.run(run())
    assert data == b"film"
    assert KEY.encode() not in there.visits[0].head


def large(monkeypatch: pytest.MonkeyPatch) -> Recipe:
    """A film from a frame that does not fit into a request."""
    monkeypatch.setattr("rushes.providers.gemini.provider.MOST_BODY", len(FRAME))
    return asked(OFF, "gemini_omni_flash", FROM_FRAME, "it moves", inputs={"start_frame": (FRAME_ARTIFACT,)})


def placed(at: str | None = None, uri: str | None = None) -> list[Script]:
    """Google's storage: where to send a file, the file once it is there, and then a film that is accepted."""

    async def place(visit: Visit) -> None:
        host = next(line for line in visit.head.decode().split("\r\n") if line.lower().startswith("host:"))[6:]
        await visit.answer(200, b"{}", f"x-goog-upload-url: {at or f'http://{host}/upload/1'}")

    async def keep(visit: Visit) -> None:
        host = next(line for line in visit.head.decode().split("\r\n") if line.lower().startswith("host:"))[6:]
        file = {"uri": uri or f"http://{host}/v1beta/files/abc", "state": "ACTIVE"}
        await visit.answer(200, json.dumps({"file": file}).encode())

    return [place, keep, saying({"id": "v1_abc"})]


def test_what_does_not_fit_is_sent_to_googles_storage_and_named_by_its_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, wire = scripted(placed(), tmp_path, large(monkeypatch))
    start, data, film = wire.visits
    assert start.path == "/upload/v1/files"
    assert data.body == FRAME
    (frame, _words) = json.loads(film.body)["input"]
    assert frame == {"type": "image", "uri": f"{wire.url}/v1beta/files/abc", "mime_type": "image/png"}


@pytest.mark.parametrize(("at", "uri"), [("http://127.0.0.1:1/steal", None), (None, "http://127.0.0.1:1/steal")])
def test_an_input_is_sent_to_no_place_but_googles_and_nothing_is_bought(
    at: str | None, uri: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RemoteError) as raised:
        scripted(placed(at, uri), tmp_path, large(monkeypatch))
    assert raised.value.kind is ErrorClass.TRANSIENT
    assert not raised.value.maybe_billed
    assert "place of its own" in raised.value.message or "address of its own" in raised.value.message


def test_a_film_is_watched_until_google_has_looked_through_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PAUSE", 0.0)
    states = iter(("PROCESSING", "PROCESSING", "ACTIVE"))
    place, _keep, film = placed()

    async def look(visit: Visit) -> None:
        host = next(line for line in visit.head.decode().split("\r\n") if line.lower().startswith("host:"))[6:]
        file = {"uri": f"http://{host}/v1beta/files/abc", "state": next(states)}
        await visit.answer(200, json.dumps(file).encode())

    _, wire = scripted([place, look, look, look, film], tmp_path, large(monkeypatch))
    assert [visit.path for visit in wire.visits][1:] == ["/upload/1", *["/v1beta/files/abc"] * 2, "/v1/interactions"]
