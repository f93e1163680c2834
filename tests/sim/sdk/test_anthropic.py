"""anthropic 2.12.0, unmodified, as a client of the simulator; our adapter sends the same."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.sim.sdk.recorded import Sent
from tests.sim.sdk.side import Raised, Side
from tests.sim.sdk.stage import Stage, in_the_open

from rushes.catalogue.endpoints import endpoints, takes_at
from rushes.model.ids import Digest
from rushes.model.media import Artifact
from rushes.model.money import FREE
from rushes.model.operation import Operation
from rushes.plugin.access import Access, Offer, Secret
from rushes.plugin.provider import Finished
from rushes.providers.anthropic import Anthropic, narrowed
from rushes.testing.context import PlainContext
from rushes.testing.requests import recipe_of, request_of

HAIKU, OPUS = "claude-haiku-5-5", "claude-opus-5-5"
SCORE = {
    "type": "object",
    "properties": {"score": {"type": "integer"}, "why": {"type": "string"}},
    "required": ["score", "why"],
    "additionalProperties": False,
}
OF_A_CLIENT = {"host", "user-agent", "accept", "accept-encoding", "connection", "content-length"}
"""Headers that say who speaks and how, and nothing about what is asked."""


@pytest.fixture
def anthropic(stage: Stage, processes: Callable[..., Side]) -> Side:
    return processes("anthropic")


def entries(stage: Stage, model: str, known: list[dict[str, Any]]) -> list[dict[str, Any]]:
    before = {(one["asked"], one["nth"]) for one in known}
    return [one for one in stage.entries(model) if (one["asked"], one["nth"]) not in before]


def test_a_question_is_answered_and_billed_by_its_tokens(anthropic: Side, stage: Stage, pictures: list[Path]) -> None:
    known = stage.entries(OPUS)

    answer = anthropic.do("ask", model=OPUS, prompt="What is it?", pictures=[str(pictures[0])])

    assert answer["text"].startswith("simulated: ")
    assert answer["why"] == "end_turn"
    (entry,) = entries(stage, OPUS, known)
    sent, came = answer["usage"]
    assert float(entry["billed"]) == pytest.approx((sent * 4 + came * 20) / 1e6)
    assert answer["request_id"] == f"req_{entry['remote'].replace('-', '')}"


def test_an_answer_fits_the_schema(anthropic: Side, pictures: list[Path]) -> None:
    answer = anthropic.do("ask", model=HAIKU, prompt="How sharp?", pictures=[str(pictures[0])], schema=SCORE)
    verdict = json.loads(answer["text"])
    assert isinstance(verdict["score"], int)
    assert verdict["why"].startswith("simulated: ")


def test_an_answer_that_is_too_long_is_cut(anthropic: Side) -> None:
    answer = anthropic.do("ask", model=HAIKU, prompt="a long story", most=5)
    assert (answer["why"], answer["usage"][1]) == ("max_tokens", 5)


def test_models_are_listed(anthropic: Side) -> None:
    assert {HAIKU, OPUS} <= set(anthropic.do("models"))
    assert anthropic.do("model", name=HAIKU) == HAIKU


def test_what_the_catalogue_takes_is_in_the_types_of_the_sdk(anthropic: Side) -> None:
    """A new SDK that has dropped a value, or a model, is noticed here."""
    values = anthropic.do("values")
    assert {"model", "max_tokens", "messages", "system", "output_config"} <= set(values["fields"])
    for name, takes in endpoints("anthropic").items():
        assert name in values["model"]
        assert takes.properties["effort"]["enum"] == values["effort"]
        assert set(takes.files.types) == set(values["media_type"])


WRONG: list[tuple[str, dict[str, Any], int, str]] = [
    ("ask", {"model": "claude-3-opus", "prompt": "x"}, 404, "not_found_error"),
    ("ask", {"model": HAIKU, "prompt": "x", "key": "wrong"}, 401, "authentication_error"),
    ("ask", {"model": HAIKU, "prompt": ""}, 400, "invalid_request_error"),
    ("ask", {"model": HAIKU, "prompt": "x", "extra_body": {"seed": 7}}, 400, "invalid_request_error"),
    ("ask", {"model": HAIKU, "prompt": "x", "schema": {"type": "object"}}, 400, "invalid_request_error"),
    ("ask", {"model": HAIKU, "prompt": "x", "schema": {"type": "integer", "minimum": 1}}, 400, "invalid_request_error"),
    ("model", {"name": "claude-3-opus"}, 404, "not_found_error"),
]


@pytest.mark.parametrize(("command", "given", "status", "kind"), WRONG, ids=str)
def test_what_is_wrong_is_said_as_anthropic_says_it(
    anthropic: Side, command: str, given: dict[str, Any], status: int, kind: str
) -> None:
    with pytest.raises(Raised) as raised:
        anthropic.do(command, **given)
    assert (raised.value.facts["status"], raised.value.facts["type"]) == (status, kind), raised.value.facts


def test_a_refusal_half_way_is_a_200_that_is_billed(anthropic: Side, stage: Stage) -> None:
    known = stage.entries(HAIKU)
    stage.faults({"what": "refused-billed"})
    answer = anthropic.do("ask", model=HAIKU, prompt="not nice")
    assert (answer["why"], answer["text"]) == ("refusal", "")
    assert float(entries(stage, HAIKU, known)[0]["billed"]) > 0


def test_an_account_without_money_is_told_so(anthropic: Side, stage: Stage) -> None:
    stage.faults({"what": "no-money"})
    with pytest.raises(Raised, match="credit balance is too low"):
        anthropic.do("ask", model=HAIKU, prompt="dear")


@pytest.mark.parametrize("command", ["ask", "async_ask"])
def test_the_books_show_what_the_default_retries_of_the_sdk_buy(anthropic: Side, stage: Stage, command: str) -> None:
    known = stage.entries(HAIKU)
    stage.faults({"what": "close-after", "place": "submit", "first": 2})
    anthropic.do(command, model=HAIKU, prompt=f"bought three times by {command}")
    assert [one["accepted"] for one in entries(stage, HAIKU, known)] == [True, True, True]


SCHEMAS: list[dict[str, Any]] = [
    SCORE,
    {"type": "array", "items": SCORE},
    {"anyOf": [SCORE, {"type": "null"}]},
    {"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": SCORE}},
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda one: str(one)[:40])
def test_a_schema_is_narrowed_as_the_sdk_narrows_it(anthropic: Side, schema: dict[str, Any]) -> None:
    assert plain(narrowed(schema)) == plain(anthropic.do("narrowed", schema=schema))


def plain(schema: Any) -> Any:
    """A schema without the words that say nothing: the SDK calls every text one of the format `text`."""
    if isinstance(schema, list):
        return [plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: plain(one) for name, one in schema.items() if (name, one) != ("format", "text")}


def submit(stage: Stage, picture: Path, folder: Path, **params: Any) -> Finished:
    def offer(key: str, op: Operation) -> Offer:
        return Offer(key, OPUS, (op,), 1.0, None, None, {"max_tokens": 900}, lambda recipe: FREE)

    takes = partial(takes_at, "anthropic")
    adapter = Anthropic(Access(f"{stage.url}/anthropic", Secret("simulated"), False, offer, takes))
    digest = Digest(hashlib.sha256(picture.read_bytes()).hexdigest())
    artifact = Artifact(digest=digest, media_type="image/png", size=picture.stat().st_size, width=192, height=96)
    recipe = recipe_of(Operation.ANALYZE_IMAGE, "How sharp?", params=params, inputs={"image": (artifact,)})
    return asyncio.run(adapter.submit(request_of(recipe), PlainContext(folder, {digest: picture})))


def headers(sent: Sent) -> Mapping[str, str]:
    return {
        name: value
        for name, value in sent.headers.items()
        if name not in OF_A_CLIENT and not name.startswith("x-stainless")
    }


def test_a_question_is_asked_as_the_sdk_asks(
    anthropic: Side, stage: Stage, pictures: list[Path], tmp_path: Path
) -> None:
    with in_the_open(tmp_path) as opened:
        finished = submit(opened, pictures[0], tmp_path, schema=SCORE, system="be strict")
        (mine,) = opened.sent()
    assert finished.text is not None

    before = len(stage.sent())
    given = {"prompt": "How sharp?", "pictures": [str(pictures[0])], "schema": SCORE, "system": "be strict"}
    anthropic.do("ask", model=OPUS, **given)
    (its,) = stage.sent()[before:]

    assert (mine.method, mine.path) == (its.method, f"/anthropic{its.path}")
    assert headers(mine) == headers(its)
    assert mine.json == its.json
