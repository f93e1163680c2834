"""What Gemini is asked for a film, byte by byte, in both shapes; and what is made of the answers about one."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.providers.rig import FRAME, FRAME_ARTIFACT, KEY, access, asked, context, request_of
from tests.providers.wire import Script, Visit, serving

from rushes.errors import ErrorClass, RemoteError
from rushes.model.media import Artifact
from rushes.model.operation import Operation
from rushes.model.problem import Severity
from rushes.plugin.provider import Finished, Pending, Submitted
from rushes.providers.gemini.provider import Gemini
from rushes.providers.remote import document

TEXT, FRAMED = Operation.TEXT_TO_VIDEO, Operation.IMAGE_TO_VIDEO
OFF = Gemini(access("gemini", None))
GATEWAY = Gemini(access("gemini", "https://gateway.example", simulated=False))
SECRET = f"x-goog-api-key: {KEY}"


def says(body: object, status: int = 200, *headers: str) -> Script:
    async def script(visit: Visit) -> None:
        await visit.answer(status, json.dumps(body).encode(), *headers)

    return script


def film(scripts: Sequence[Script], tmp_path: Path, recipe: Any) -> tuple[list[Any], list[Visit]]:
    """Submit, and ask once for each answer that is left."""

    async def run() -> tuple[list[Any], list[Visit]]:
        async with serving(scripts) as wire:
            gemini = Gemini(access("gemini", wire.url, simulated=False))
            there = context(tmp_path)
            try:
                told = await gemini.submit(request_of(recipe), there)
                assert isinstance(told, Submitted)
                return [told, *[await gemini.poll(told.remote, there) for _ in scripts[1:]]], wire.visits
            finally:
                await gemini.close()

    return asyncio.run(run())


def test_a_film_from_a_first_frame_as_it_goes_over_the_wire(tmp_path: Path) -> None:
    params = {"aspect_ratio": "9:16", "duration": "4s", "resolution": "1080P"}
    recipe = asked(OFF, "gemini_omni_flash", FRAMED, "the fox runs", params, {"start_frame": (FRAME_ARTIFACT,)})
    running = says({"id": "v1_abc", "status": "in_progress"})
    done = {"type": "video", "uri": "https://elsewhere.example/f.mp4", "mime_type": "video/mp4"}
    ended = says({"id": "v1_abc", "status": "completed", "steps": [{"type": "model_output", "content": [done]}]})
    (told, pending, finished), visits = film([running, running, ended], tmp_path, recipe)
    assert visits[0].head.startswith(b"POST /v1/interactions ")
    assert SECRET in visits[0].head.decode() and SECRET in visits[1].head.decode()
    frame = {"type": "image", "data": base64.b64encode(FRAME).decode(), "mime_type": "image/png"}
    assert json.loads(visits[0].body) == {
        "model": "gemini-omni-1.1-flash",
        "input": [{"type": "user_input", "content": [frame, {"type": "text", "text": "the fox runs"}]}],
        "background": True,
        "response_format": [
            {"type": "video", "aspect_ratio": "9:16", "duration": "4s", "resolution": "1080p", "delivery": "uri"}
        ],
        "generation_config": {"video_config": {"task": "image_to_video"}},
    }
    assert visits[1].head.startswith(b"GET /v1/interactions/v1_abc ")
    assert json.loads(told.remote)[0] == "v1_abc"
    assert isinstance(pending, Pending) and pending.says == "in progress" and pending.wait >= 5
    assert [(one.media_type, one.url) for one in finished.outputs] == [("video/mp4", done["uri"])]
    assert finished.billed is None


def test_a_film_that_comes_inside_the_answer_is_a_film(tmp_path: Path) -> None:
    inside = {"type": "video", "data": base64.b64encode(b"mp4").decode(), "mime_type": "video/mp4"}
    ended = says({"status": "completed", "steps": [{"type": "model_output", "content": [inside]}]})
    recipe = asked(OFF, "gemini_omni_flash", TEXT)
    (_, finished), visits = film([says({"id": "v1_abc"}), ended], tmp_path, recipe)
    assert finished.outputs[0].data == b"mp4"
    assert json.loads(visits[0].body)["input"] == "a fox in the snow"
    assert json.loads(visits[0].body)["generation_config"] == {"video_config": {"task": "text_to_video"}}


@pytest.mark.parametrize("broken", ["%%%", "a"])
def test_a_film_in_pieces_was_paid_for(broken: str, tmp_path: Path) -> None:
    inside = {"type": "video", "data": broken}
    ended = says({"status": "completed", "steps": [{"type": "model_output", "content": [inside]}]})
    with pytest.raises(RemoteError) as raised:
        film([says({"id": "v1_abc"}), ended], tmp_path, asked(OFF, "gemini_omni_flash", TEXT))
    assert (raised.value.kind, raised.value.maybe_billed) == (ErrorClass.BAD_OUTPUT, True)


@pytest.mark.parametrize("odd", [[], {}, {"id": 5}, {"id": "a/../b"}, {"id": ""}, {"id": "x" * 999}])
def test_an_answer_without_an_id_that_is_one_is_an_unknown_outcome(odd: object, tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        film([says(odd)], tmp_path, asked(OFF, "gemini_omni_flash", TEXT))
    assert (raised.value.kind, raised.value.maybe_billed) == (ErrorClass.UNKNOWN_OUTCOME, True)


def test_a_400_that_goes_by_does_not_lose_a_film_and_one_about_its_id_or_the_key_is_a_no(tmp_path: Path) -> None:
    def refused(message: str, code: str = "invalid_request", **more: Any) -> Script:
        return says({"error": {"code": code, "message": message, **more}}, 400)

    recipe, told = asked(OFF, "gemini_omni_flash", TEXT), says({"id": "v1_abc"})
    passing = refused("Multiple authentication credentials received. Please pass only one.")
    (_, pending), _ = film([told, passing], tmp_path, recipe)
    assert isinstance(pending, Pending)
    gone = refused("Invalid interaction name: interactions/v1_abc")
    key = refused("API key not valid.", "", status="INVALID_ARGUMENT", details=[{"reason": "API_KEY_INVALID"}])
    for script, kind in ((gone, ErrorClass.BAD_OUTPUT), (key, ErrorClass.AUTH)):
        with pytest.raises(RemoteError) as raised:
            film([told, script], tmp_path, recipe)
        assert (raised.value.kind, raised.value.maybe_billed) == (kind, True)


def test_a_film_is_fetched_with_the_key_at_google_and_without_it_elsewhere() -> None:
    google = "https://generativelanguage.googleapis.com/v1beta/files/x:download?alt=media"
    assert OFF.opening(google) == {"x-goog-api-key": KEY}
    for url in ("https://elsewhere.example/f.mp4", google.replace("https", "http"), google.replace(".com", ".com.x")):
        assert OFF.opening(url) == {}


def test_a_film_is_called_off_by_its_id_and_nobody_knows_what_it_costs(tmp_path: Path) -> None:
    async def run() -> tuple[Any, list[str]]:
        async with serving(says({"id": "v1_abc", "status": "cancelled"})) as wire:
            gemini = Gemini(access("gemini", wire.url, simulated=False))
            try:
                return await gemini.cancel("v1_abc", context(tmp_path)), wire.heads()
            finally:
                await gemini.close()

    charged, heads = asyncio.run(run())
    assert charged is None
    assert heads == ["POST /v1/interactions/v1_abc/cancel HTTP/1.1"]


@pytest.mark.parametrize("remote", ["", "a b", "../../models", "models/x/operations/../y", "[]", '["a/b"]', "x" * 300])
def test_what_is_no_id_of_a_film_is_asked_about_nowhere(remote: str, tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        asyncio.run(OFF.poll(remote, context(tmp_path)))
    assert (raised.value.kind, raised.value.maybe_billed) == (ErrorClass.INVALID_INPUT, True)


CASES: list[tuple[str, Mapping[str, Any], Mapping[str, Any]]] = [
    ("gemini_omni_flash", {"aspect_ratio": "9:16"}, {"aspect_ratio": "9:16"}),
    ("gemini_omni_flash", {"width": 1080, "height": 1920}, {"aspect_ratio": "9:16"}),
    ("gemini_omni_flash", {"duration": 3}, {"duration": "3s"}),
    ("gemini_omni_flash", {"duration_seconds": "10"}, {"duration": "10s"}),
    ("gemini_omni_flash", {"resolution": "4K"}, {"resolution": "4k"}),
    ("veo_3_1", {"ratio": "9:16", "duration": "8s"}, {"aspectRatio": "9:16", "durationSeconds": 8}),
    ("veo_3_1_fast", {"negative_prompt": "rain"}, {"negativePrompt": "rain"}),
]


@pytest.mark.parametrize(("alias", "params", "sent"), CASES, ids=lambda value: str(value)[:60])
def test_words_of_workflows_reach_the_parameters_of_films(
    alias: str, params: Mapping[str, Any], sent: Mapping[str, Any]
) -> None:
    put = GATEWAY.put(asked(GATEWAY, alias, TEXT, params=params))
    usual = {"duration": "8s", "resolution": "720p"} if alias == "gemini_omni_flash" else {"resolution": "720p"}
    assert (put.body, put.problems) == (usual | sent, []), "what a price depends on is said"


@pytest.mark.parametrize(("width", "height", "shape"), [(768, 1376, "9:16"), (1376, 768, "16:9"), (600, 600, "16:9")])
def test_a_film_has_the_shape_of_its_first_frame_where_none_is_asked_for(width: int, height: int, shape: str) -> None:
    given = {"start_frame": (Artifact(FRAME_ARTIFACT.digest, "image/png", 1000, width, height),)}
    assert OFF.put(asked(OFF, "gemini_omni_flash", FRAMED, inputs=given)).body["aspect_ratio"] == shape
    asked_for = asked(OFF, "gemini_omni_flash", FRAMED, params={"aspect_ratio": "9:16"}, inputs=given)
    assert OFF.put(asked_for).body["aspect_ratio"] == "9:16"


def test_a_film_that_is_edited_keeps_the_length_that_it_has() -> None:
    given = {"video": (Artifact(FRAME_ARTIFACT.digest, "video/mp4", 1000, 720, 1280, seconds=4.0),)}
    assert OFF.put(asked(OFF, "gemini_omni_flash", Operation.VIDEO_TO_VIDEO, "in red", inputs=given)).body == {}


@pytest.mark.parametrize(
    ("alias", "params"),
    [
        ("gemini_omni_flash", {"aspect_ratio": "1:1"}),
        ("gemini_omni_flash", {"duration": 2}),
        ("gemini_omni_flash", {"duration": 12}),
        ("gemini_omni_flash", {"resolution": "480p"}),
        ("veo_3_1_lite", {"resolution": "4k"}),
        ("veo_3_1", {"duration": 5}),
    ],
)
def test_what_a_film_cannot_be_is_refused_by_name_before_it_is_asked_for(alias: str, params: dict[str, Any]) -> None:
    (problem,) = GATEWAY.validate(asked(GATEWAY, alias, TEXT, params=params))
    assert (problem.severity, problem.path) == (Severity.ERROR, ("params", *params))


def test_a_last_frame_and_a_frame_beside_references_are_refused() -> None:
    frame = (FRAME_ARTIFACT,)
    for inputs in ({"start_frame": frame, "end_frame": frame}, {"start_frame": frame, "reference": frame}):
        (problem,) = OFF.validate(asked(OFF, "gemini_omni_flash", FRAMED, inputs=inputs))
        assert problem.severity is Severity.ERROR


def test_google_serves_no_veo_and_says_since_when_and_what_to_take_instead() -> None:
    (problem,) = OFF.validate(asked(OFF, "veo_3_1_fast", TEXT))
    assert problem.severity is Severity.ERROR
    assert "2026-10-22" in problem.says and "gemini_omni_flash" in problem.try_
    assert not GATEWAY.validate(asked(GATEWAY, "veo_3_1_fast", TEXT))


def test_a_gateway_is_asked_for_veo_in_the_older_shape(tmp_path: Path) -> None:
    inputs = {"start_frame": (FRAME_ARTIFACT,), "end_frame": (FRAME_ARTIFACT,)}
    recipe = asked(GATEWAY, "veo_3_1", FRAMED, "it runs", {"aspect_ratio": "9:16", "duration": 6}, inputs)
    name = "models/veo-3.1-generate-preview/operations/op1"
    sample = {"video": {"uri": "https://elsewhere.example/v.mp4"}}
    done = says({"name": name, "done": True, "response": {"generateVideoResponse": {"generatedSamples": [sample]}}})
    (told, pending, finished), visits = film([says({"name": name}), says({"name": name}), done], tmp_path, recipe)
    assert visits[0].head.startswith(b"POST /v1beta/models/veo-3.1-generate-preview:predictLongRunning ")
    frame = {"bytesBase64Encoded": base64.b64encode(FRAME).decode(), "mimeType": "image/png"}
    assert json.loads(visits[0].body) == {
        "instances": [{"prompt": "it runs", "image": frame, "lastFrame": frame}],
        "parameters": {"resolution": "720p", "aspectRatio": "9:16", "durationSeconds": 6},
    }
    assert visits[1].head.startswith(f"GET /v1beta/{name} ".encode())
    assert isinstance(told, Submitted) and isinstance(pending, Pending)
    assert finished == Finished(finished.outputs)
    assert finished.outputs[0].url == "https://elsewhere.example/v.mp4"

    of_references = asked(GATEWAY, "veo_3_1", TEXT, inputs={"reference": (FRAME_ARTIFACT,)})
    _, (visit,) = film([says({"name": name})], tmp_path, of_references)
    assert json.loads(visit.body)["instances"][0]["referenceImages"] == [{"image": frame, "referenceType": "asset"}]


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"error": {"code": 13, "message": "broken", "status": "INTERNAL"}}, ErrorClass.BAD_OUTPUT),
        (
            {"response": {"generateVideoResponse": {"raiMediaFilteredReasons": ["blocked"]}}},
            ErrorClass.CONTENT_POLICY,
        ),
        ({"response": 5}, ErrorClass.CONTENT_POLICY),
        ({"response": {"generateVideoResponse": {"generatedSamples": [5, {"video": 5}]}}}, ErrorClass.CONTENT_POLICY),
    ],
)
def test_an_operation_without_a_film_says_why(said: dict[str, Any], kind: ErrorClass, tmp_path: Path) -> None:
    name = "models/veo-3.1-generate-preview/operations/op1"
    with pytest.raises(RemoteError) as raised:
        film([says({"name": name}), says({"done": True, **said})], tmp_path, asked(GATEWAY, "veo_3_1", TEXT))
    assert (raised.value.kind, raised.value.maybe_billed) == (kind, True)


# --- inputs that are too large for a request --------------------------------------------------------------------------

LARGE = Artifact(FRAME_ARTIFACT.digest, "video/mp4", 16_000_000, 64, 64, 2.0)


def uploading(
    tmp_path: Path, files: Sequence[Mapping[str, Any]], place: str = "{url}/upload/v1/files?upload_id=1"
) -> list[Visit]:
    """A film is edited that has to be uploaded before; `files` is what is said of it, one after the other."""

    async def run() -> list[Visit]:
        async def answer(visit: Visit) -> None:
            said = [dict(one) | {"uri": str(one.get("uri", "{url}")).format(url=f"{wire.url}/f/1")} for one in files]
            if visit.number == 0:
                await visit.answer(200, b"", f"x-goog-upload-url: {place.format(url=wire.url)}")
            elif visit.number <= len(said):
                body = {"file": said[0]} if visit.number == 1 else said[visit.number - 1]
                await visit.answer(200, json.dumps(body).encode())
            else:
                await visit.answer(200, b'{"id": "v1_abc"}')

        async with serving(answer) as wire:
            gemini = Gemini(access("gemini", wire.url, simulated=False))
            recipe = asked(gemini, "gemini_omni_flash", Operation.VIDEO_TO_VIDEO, inputs={"video": (LARGE,)})
            try:
                await gemini.submit(request_of(recipe), context(tmp_path))
            finally:
                await gemini.close()
            return wire.visits

    return asyncio.run(run())


def test_a_large_input_is_uploaded_and_waited_for_before_the_film_is_asked_for(tmp_path: Path) -> None:
    visits = uploading(tmp_path, [{"state": "PROCESSING"}, {"state": "PROCESSING"}, {"state": "ACTIVE"}])
    heads = [visit.head.decode() for visit in visits]
    assert [head.split(" HTTP")[0] for head in heads] == [
        "POST /upload/v1/files",
        "POST /upload/v1/files?upload_id=1",
        "GET /f/1",
        "GET /f/1",
        "POST /v1/interactions",
    ]
    assert "X-Goog-Upload-Protocol: resumable" in heads[0] and "X-Goog-Upload-Command: start" in heads[0]
    assert "X-Goog-Upload-Header-Content-Length: 16000000" in heads[0]
    assert "X-Goog-Upload-Header-Content-Type: video/mp4" in heads[0]
    assert "X-Goog-Upload-Command: upload, finalize" in heads[1] and "X-Goog-Upload-Offset: 0" in heads[1]
    assert [SECRET in head for head in heads] == [True, False, True, True, True]
    assert visits[1].body == FRAME
    ((given, _),) = [step["content"] for step in document(visits[4].body)["input"]]
    assert (given["type"], given["mime_type"], given["uri"].endswith("/f/1")) == ("video", "video/mp4", True)


@pytest.mark.parametrize(
    ("files", "place", "kind"),
    [
        ([{"state": "FAILED"}], "{url}/upload", ErrorClass.INVALID_INPUT),
        ([{"uri": "https://elsewhere.example/f"}], "{url}/upload", ErrorClass.TRANSIENT),
        ([], "https://elsewhere.example/upload", ErrorClass.TRANSIENT),
        ([], "", ErrorClass.TRANSIENT),
    ],
)
def test_an_upload_goes_to_the_service_and_nowhere_else(
    files: list[dict[str, Any]], place: str, kind: ErrorClass, tmp_path: Path
) -> None:
    with pytest.raises(RemoteError) as raised:
        uploading(tmp_path, files, place)
    assert (raised.value.kind, raised.value.maybe_billed) == (kind, False)
    assert kind is ErrorClass.INVALID_INPUT or "of its own" in raised.value.message, "nobody else was even asked"


def test_an_input_that_is_larger_than_is_sent_is_refused_before_anything_is() -> None:
    huge = Artifact(LARGE.digest, "video/mp4", 300_000_000, 64, 64, 2.0)
    problems = OFF.validate(asked(OFF, "gemini_omni_flash", Operation.VIDEO_TO_VIDEO, inputs={"video": (huge,)}))
    assert [one.severity for one in problems] == [Severity.ERROR]
