"""google-genai 3.4.0, unmodified, as a client of the simulator."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from PIL import Image
from tests.sim.sdk.side import Raised, Side
from tests.sim.sdk.stage import Stage

PRO = "gemini-3-pro-image"
FLASH = "gemini-nano-banana-2.1"
WRITER = "gemini-2.5-flash"
VERDICT = {
    "type": "object",
    "properties": {
        "score": {"type": "number", "minimum": 0, "maximum": 10},
        "flagged": {"type": "boolean"},
        "fault": {"type": "string", "enum": ["none", "hands", "text", "blur"]},
        "findings": {"type": "array", "items": {"$ref": "#/$defs/finding"}, "minItems": 2},
        "why": {"type": "string"},
    },
    "required": ["score", "flagged", "fault", "findings", "why"],
    "$defs": {"finding": {"type": "object", "properties": {"at": {"type": "integer"}}, "required": ["at"]}},
}


def size_of(answer: dict[str, Any]) -> tuple[int, int]:
    (picture,) = answer["pictures"]
    with Image.open(io.BytesIO(bytes.fromhex(picture["hex"]))) as opened:
        assert (opened.format, picture["type"]) == ("PNG", "image/png")
        return opened.size


def newest(stage: Stage, model: str, known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What came into the books of a model; entries are sorted by what was asked, so new ones are found by identity."""
    before = {(one["asked"], one["nth"]) for one in known}
    return [one for one in stage.entries(model) if (one["asked"], one["nth"]) not in before]


@pytest.mark.parametrize(
    ("ratio", "size", "pixels"),
    [
        ("16:9", None, (1376, 768)),
        ("9:16", "1K", (768, 1376)),
        ("21:9", "2K", (3168, 1344)),
        (None, None, (1024, 1024)),
    ],
)
def test_a_picture_comes_in_the_asked_ratio_and_size(
    gemini: Side, stage: Stage, ratio: str | None, size: str | None, pixels: tuple[int, int]
) -> None:
    known = stage.entries(PRO)

    answer = gemini.do("generate", model=PRO, prompt="a lighthouse", ratio=ratio, size=size)

    assert size_of(answer) == pixels
    assert (answer["reasons"], answer["blocked"], answer["texts"]) == (["STOP"], None, [])
    assert answer["usage"]["candidates_token_count"] == 1120
    assert answer["usage"]["candidates_tokens_details"] == [{"modality": "IMAGE", "token_count": 1120}]
    assert answer["model_version"] == PRO
    (entry,) = newest(stage, PRO, known)
    assert entry["remote"] == answer["response_id"]
    assert (entry["billed"], entry["told"], entry["fetched"]) == ("0.134", True, True)


def test_input_pictures_are_in_the_request_and_change_the_answer(
    gemini: Side, stage: Stage, pictures: list[Path]
) -> None:
    wide, tall = map(str, pictures)

    one = gemini.do("generate", model=FLASH, prompt="in ink", pictures=[wide])
    two = gemini.do("generate", model=FLASH, prompt="in ink", pictures=[tall, wide])

    assert size_of(one)[0] == 2 * size_of(one)[1]
    assert size_of(two)[0] < size_of(two)[1]
    assert one["pictures"] != two["pictures"]
    assert two["usage"]["prompt_token_count"] - one["usage"]["prompt_token_count"] == 1120


def test_both_versions_of_the_interface_and_both_kinds_of_client_are_served(gemini: Side, stage: Stage) -> None:
    assert gemini.do("generate", model=FLASH, prompt="beta", version="v1beta", size="512", ratio="1:1")["pictures"]
    assert gemini.do("async_generate", model=FLASH, prompt="awaited")["pictures"]

    paths = [one.path for one in stage.sent()]
    assert f"/v1beta/models/{FLASH}:generateContent" in paths
    assert f"/v1/models/{FLASH}:generateContent" in paths


def test_a_refused_prompt_is_a_200_without_a_picture_and_costs_nothing(gemini: Side, stage: Stage) -> None:
    known = stage.entries(PRO)
    stage.faults({"what": "refused"})

    answer = gemini.do("generate", model=PRO, prompt="not nice")

    assert (answer["pictures"], answer["reasons"], answer["blocked"]) == ([], [], "PROHIBITED_CONTENT")
    (entry,) = newest(stage, PRO, known)
    assert (entry["ended"], entry["billed"]) == ("failed", "0")


def test_a_picture_that_is_refused_after_it_was_painted_is_a_200_with_another_reason_and_costs(
    gemini: Side, stage: Stage
) -> None:
    known = stage.entries(PRO)
    stage.faults({"what": "refused-billed"})

    answer = gemini.do("generate", model=PRO, prompt="not nice either")

    assert (answer["pictures"], answer["reasons"], answer["blocked"]) == ([], ["IMAGE_SAFETY"], None)
    (entry,) = newest(stage, PRO, known)
    assert (entry["ended"], entry["billed"]) == ("failed", "0.134")


def test_a_model_that_fails_is_a_200_without_a_picture(gemini: Side, stage: Stage) -> None:
    stage.faults({"what": "failed"})

    answer = gemini.do("generate", model=PRO, prompt="no luck")

    assert (answer["pictures"], answer["reasons"]) == ([], ["IMAGE_OTHER"])


def test_429_says_in_its_body_how_long_to_wait_and_nothing_was_accepted(gemini: Side, stage: Stage) -> None:
    known = stage.entries(PRO)
    stage.faults({"what": "429", "seconds": 17})

    with pytest.raises(Raised) as raised:
        gemini.do("generate", model=PRO, prompt="busy")

    assert raised.value.kind == "ClientError"
    assert (raised.value.facts["code"], raised.value.facts["status"]) == (429, "RESOURCE_EXHAUSTED")
    waits = [one["retryDelay"] for one in raised.value.facts["details"]["error"]["details"] if "retryDelay" in one]
    assert waits == ["17s"]
    (entry,) = newest(stage, PRO, known)  # and one only: this SDK leaves it to its user to ask again
    assert (entry["accepted"], entry["status"]) == (False, 429)


@pytest.mark.parametrize(
    ("what", "code", "status", "accepted"),
    [
        ("503", 503, "UNAVAILABLE", False),
        ("500", 500, "INTERNAL", False),
        ("504-after", 504, "DEADLINE_EXCEEDED", True),
        ("502", 502, "Bad Gateway", False),  # a page of a proxy on the way, and no JSON
    ],
)
def test_errors_of_the_service_are_server_errors(
    gemini: Side, stage: Stage, what: str, code: int, status: str, accepted: bool
) -> None:
    known = stage.entries(PRO)
    stage.faults({"what": what})

    with pytest.raises(Raised) as raised:
        gemini.do("generate", model=PRO, prompt=f"error {what}")

    assert raised.value.kind == "ServerError"
    assert (raised.value.facts["code"], raised.value.facts["status"]) == (code, status)
    (entry,) = newest(stage, PRO, known)
    assert (entry["accepted"], float(entry["billed"]) > 0) == (accepted, accepted)


@pytest.mark.parametrize("command", ["generate", "async_generate"])
@pytest.mark.parametrize("what", ["close-after", "close-mid", "truncated"])
def test_a_picture_whose_answer_is_lost_is_bought_once_and_lost(
    gemini: Side, stage: Stage, what: str, command: str
) -> None:
    known = stage.entries(PRO)
    stage.faults({"what": what})

    with pytest.raises(Raised):
        gemini.do(command, model=PRO, prompt=f"{command} is lost by {what}")

    (entry,) = newest(stage, PRO, known)
    assert (entry["accepted"], entry["billed"], entry["told"], entry["fetched"]) == (True, "0.134", False, False)
    assert entry["remote"] in stage.report()["untold"]


def test_a_slow_answer_is_an_answer(gemini: Side, stage: Stage) -> None:
    stage.faults({"what": "slow", "seconds": 20})

    assert gemini.do("generate", model=FLASH, prompt="slowly")["pictures"]


def test_a_wrong_key_is_an_invalid_argument_with_a_reason(gemini: Side, stage: Stage) -> None:
    with pytest.raises(Raised) as raised:
        gemini.do("generate", model=PRO, prompt="a key", key="wrong")

    assert (raised.value.facts["code"], raised.value.facts["status"]) == (400, "INVALID_ARGUMENT")
    assert raised.value.facts["details"]["error"]["details"][0]["reason"] == "API_KEY_INVALID"


@pytest.mark.parametrize("model", ["gemini-9", "imagen-4.0-generate-001"])
def test_a_model_that_is_unknown_or_shut_down_is_not_found(gemini: Side, model: str) -> None:
    with pytest.raises(Raised) as raised:
        gemini.do("generate", model=model, prompt="nobody")

    assert (raised.value.facts["code"], raised.value.facts["status"]) == (404, "NOT_FOUND")
    assert model in raised.value.facts["message"]


def test_a_model_can_be_retired_while_the_simulator_runs(gemini: Side, stage: Stage) -> None:
    stage.faults({"what": "retired", "model": FLASH})

    with pytest.raises(Raised) as raised:
        gemini.do("generate", model=FLASH, prompt="too late")
    assert raised.value.facts["code"] == 404


def test_without_money_there_is_no_picture(gemini: Side, stage: Stage) -> None:
    known = stage.entries(FLASH)
    stage.faults({"what": "no-money"})

    with pytest.raises(Raised) as raised:
        gemini.do("generate", model=FLASH, prompt="poor")

    assert (raised.value.facts["code"], "credits" in raised.value.facts["message"]) == (429, True)
    assert [one["accepted"] for one in newest(stage, FLASH, known)] == [False]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"ratio": "7:5"}, "aspect_ratio"),
        ({"size": "2k"}, "image_size"),
        ({"size": "512"}, "image_size"),
        ({"model": WRITER, "ratio": "1:1"}, "response modalities"),
    ],
)
def test_what_a_model_does_not_take_is_refused(gemini: Side, stage: Stage, given: dict[str, str], says: str) -> None:
    with pytest.raises(Raised) as raised:
        gemini.do("generate", **{"model": PRO, "prompt": "impossible", **given})

    assert (raised.value.facts["code"], says in raised.value.facts["message"]) == (400, True)


def test_a_file_that_is_no_picture_is_refused_and_costs_nothing(gemini: Side, stage: Stage, tmp_path: Path) -> None:
    known = stage.entries(FLASH)
    (tmp_path / "no.png").write_bytes(b"no picture")

    with pytest.raises(Raised) as raised:
        gemini.do("generate", model=FLASH, prompt="what is it", pictures=[str(tmp_path / "no.png")])

    assert (raised.value.facts["code"], raised.value.facts["message"]) == (400, "Provided image is not valid.")
    assert [one["billed"] for one in newest(stage, FLASH, known)] == ["0"]


def test_a_judgement_fits_its_schema_follows_from_the_picture_and_says_that_it_is_simulated(
    gemini: Side, pictures: list[Path]
) -> None:
    def judged(picture: Path) -> Any:
        return gemini.do("judge", model=WRITER, prompt="Is it sharp?", pictures=[str(picture)], schema=VERDICT)

    wide, tall = judged(pictures[0]), judged(pictures[1])

    jsonschema.validate(wide["parsed"], VERDICT)
    jsonschema.validate(tall["parsed"], VERDICT)
    assert judged(pictures[0])["parsed"] == wide["parsed"]
    assert wide["parsed"] != tall["parsed"]
    assert wide["parsed"]["why"].startswith("simulated: ")


def test_a_description_says_what_was_measured(gemini: Side, pictures: list[Path]) -> None:
    (text,) = gemini.do("describe", model=WRITER, prompt="Describe it.", pictures=[str(pictures[0])])["texts"]

    assert text.startswith("simulated: ")
    assert "192 × 96" in text


def test_the_models_are_listed_without_those_that_were_shut_down(gemini: Side) -> None:
    listed = {one["name"]: one["actions"] for one in gemini.do("models")}

    assert listed[f"models/{PRO}"] == ["generateContent"]
    assert "models/imagen-4.0-generate-001" not in listed
    assert gemini.do("model", name=WRITER)["name"] == f"models/{WRITER}"


OMNI = "gemini-omni-1.1-flash"


def shot(prompt: str, **format_: Any) -> dict[str, Any]:
    """An interaction as Google's page on Omni has it."""
    film = {"type": "video", "delivery": "uri", "aspect_ratio": "9:16", "duration": "3s", "resolution": "360p"}
    return {"model": OMNI, "input": prompt, "background": True, "response_format": [{**film, **format_}]}


def test_a_film_is_made_in_the_background_and_fetched(gemini: Side, stage: Stage) -> None:
    known = stage.entries(OMNI)
    seen = gemini.do("watch", **shot("a lighthouse at night"))
    assert (seen["status"], seen["films"]) == ("completed", [b"ftyp".hex()])
    assert seen["usage"]["output_tokens_by_modality"] == [{"modality": "video", "tokens": 17376}]
    (entry,) = newest(stage, OMNI, known)
    assert (entry["remote"], entry["billed"], entry["fetched"]) == (seen["id"], "0.09", True)


def test_a_refused_film_is_completed_in_words_and_a_failed_one_says_so(gemini: Side, stage: Stage) -> None:
    stage.faults({"what": "refused"})
    refused = gemini.do("watch", **shot("not nice"))
    assert (refused["status"], refused["films"]) == ("completed", [])
    stage.faults({"what": "failed"})
    assert gemini.do("watch", **shot("no luck"))["status"] == "failed"


def test_a_film_is_called_off(gemini: Side, stage: Stage) -> None:
    known = stage.entries(OMNI)
    assert gemini.do("film_and_cancel", **shot("too long", duration="10s"))["status"] == "cancelled"
    (entry,) = newest(stage, OMNI, known)
    assert (entry["cancelled"], entry["billed"]) == (True, "0")


@pytest.mark.parametrize(
    "wrong", [{"duration": "2s"}, {"aspect_ratio": "1:1"}, {"resolution": "8k"}, {"delivery": "pigeon"}]
)
def test_a_film_that_cannot_be_is_refused_and_not_bought(gemini: Side, stage: Stage, wrong: dict[str, str]) -> None:
    known = stage.entries(OMNI)
    with pytest.raises(Raised) as raised:
        gemini.do("film", **shot(f"a film of {wrong}", **wrong))
    assert raised.value.facts["code"] == 400
    (entry,) = newest(stage, OMNI, known)
    assert not entry["accepted"]


def test_the_books_show_what_the_sdk_buys_twice_after_a_503(gemini: Side, stage: Stage) -> None:
    known = stage.entries(OMNI)
    stage.faults({"what": "503-after", "first": 1, "place": "submit"})
    gemini.do("film", **shot("bought twice"))
    assert [one["accepted"] for one in newest(stage, OMNI, known)] == [True, True]


def test_a_file_is_uploaded_and_asked_about(gemini: Side, stage: Stage, pictures: list[Path]) -> None:
    before = stage.report()["uploads"]
    file = gemini.do("upload", path=str(pictures[0]), kind="image/png")
    assert (file["state"], file["mime_type"], file["size_bytes"]) == (
        "ACTIVE",
        "image/png",
        pictures[0].stat().st_size,
    )
    assert stage.report()["uploads"] == before + 1
    told = {"uri": file["uri"], "kind": "image/png", "told": "Answer briefly."}
    answer = gemini.do("ask_about", model=WRITER, prompt="what is it?", **told)
    inside = gemini.do("describe", model=WRITER, prompt="what is it?", pictures=[str(pictures[0])])
    assert answer["texts"] == inside["texts"]
    assert answer["usage"]["prompt_token_count"] > inside["usage"]["prompt_token_count"]  # the instruction counts
