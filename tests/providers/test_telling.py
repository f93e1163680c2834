"""What adapters of text models share: schemas that a file gives, answers held against them, tokens as money."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.providers.rig import FRAME_ARTIFACT, KEY

from rushes.errors import ErrorClass, RemoteError
from rushes.model.money import Quote
from rushes.model.operation import Operation
from rushes.model.problem import Severity
from rushes.model.request import Recipe, Request
from rushes.plugin.access import Access, Offer, Secret
from rushes.plugin.provider import Context, Duplicates, Facts, Finished
from rushes.plugin.takes import Takes
from rushes.providers.answering import Answering
from rushes.providers.errors import Heard
from rushes.providers.http import Answer
from rushes.providers.telling import Telling, counted, read_schema
from rushes.testing.requests import recipe_of

JUDGE, WRITE = Operation.ANALYZE_IMAGE, Operation.PROMPT_GENERATION
TAKES = Takes(
    schema={
        "type": "object",
        "required": ["prompt"],
        "properties": {
            "prompt": {"type": "string"},
            "schema": {},
            "system": {"type": "string"},
            "max_output_tokens": {"type": "integer", "minimum": 16},
        },
    },
    names={"max_tokens": "max_output_tokens"},
    inputs={"image": "content[]"},
)
VERDICT = {
    "type": "object",
    "required": ["score"],
    "properties": {"score": {"type": "integer", "minimum": 0, "maximum": 10}, "why": {"type": "string"}},
    "additionalProperties": False,
}


class Oracle(Telling, Answering):
    """A service of words, as far as this module is concerned."""

    name = "oracle"
    facts = Facts(duplicates=Duplicates.NEVER, remembers=None, bills_refusals=None, outputs_live=None)

    async def submit(self, request: Request, context: Context) -> Finished:
        return self.told(request.recipe, "", 0, 0)

    def heard(self, answer: Answer) -> Heard:
        return Heard(answer.status, [], "")


def offer(_key: str, op: Operation) -> Offer | None:
    def quoted(recipe: Recipe) -> Quote:
        seconds = 1.0 + sum(len(many) for many in recipe.inputs.values())  # one more for each picture that is quoted
        source = f"{recipe.params.get('max_output_tokens')}"
        return Quote(Decimal(0), Decimal(len(recipe.prompt or "")), seconds, source)

    def spent(asked: int, answered: int, kinds: Mapping[str, int]) -> Decimal:
        return Decimal(asked) + 1000 * Decimal(answered) + 1_000_000 * kinds.get("cached", 0)

    return Offer("sibyl", "sibyl", (op,), 1.0, None, None, {"max_tokens": 500}, quoted, spent)


ORACLE = Oracle(Access(None, Secret(KEY), False, offer, lambda _endpoint: TAKES))


def asked(params: Mapping[str, Any] | None = None, op: Operation = WRITE, prompt: str | None = "why?") -> Recipe:
    inputs = {"image": (FRAME_ARTIFACT,)} if op is JUDGE else None
    plain = recipe_of(op, prompt, provider="oracle", model="sibyl", params=params, inputs=inputs)
    return replace(plain, alias="sibyl")


def test_the_longest_answer_is_always_said() -> None:
    assert ORACLE.ready(asked()) == {"max_output_tokens": 500}
    assert ORACLE.ready(asked({"max_tokens": "70"})) == {"max_output_tokens": 70}
    assert ORACLE.estimate(asked({"max_tokens": 70})).source == "70"


@pytest.mark.parametrize("given", [VERDICT, json.dumps(VERDICT)], ids=["object", "text"])
def test_a_schema_is_an_object_or_its_text(given: object) -> None:
    assert ORACLE.ready(asked({"schema": given}, JUDGE))["schema"] == VERDICT


NO_SCHEMAS: list[Any] = [
    "{",
    "",
    {},
    5,
    [VERDICT],
    {"type": "objekt"},
    {"$id": "http://127.0.0.1:9/never-asked", "type": "object"},
    {"$ref": "http://127.0.0.1:9/never-asked"},
    {"$ref": "#/$defs/none"},
    {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}},
    {"type": "string", "pattern": "(a+)+$"},
    {"required": 5},
    {"description": "x" * 60_000},
    "[" * 9999,
]


@pytest.mark.parametrize("given", NO_SCHEMAS, ids=lambda value: str(value)[:40])
def test_what_is_no_schema_is_refused_before_anything_is_asked(given: object) -> None:
    (problem,) = ORACLE.validate(asked({"schema": given}))
    assert (problem.severity, problem.path) == (Severity.ERROR, ("params", "schema"))
    with pytest.raises(RemoteError):
        ORACLE.ready(asked({"schema": given}))


def test_a_schema_without_end_is_refused() -> None:
    deep: dict[str, Any] = {"type": "object"}
    for _ in range(40):
        deep = {"type": "array", "items": deep}
    assert read_schema(deep) == (None, "it is nested too deeply")
    for _ in range(2000):
        deep = {"type": "array", "items": deep}
    assert read_schema(deep)[0] is None


def test_an_answer_and_what_it_cost() -> None:
    finished = ORACLE.told(asked({"schema": VERDICT}), '{"score": 7}', 12, 3)
    assert finished == Finished(billed=Decimal(3012), text='{"score": 7}')
    assert ORACLE.told(asked(), "because", 12, 3).text == "because"


@pytest.mark.parametrize(
    "text", ['{"score": 11}', '{"why": "so"}', '{"score": 7, "more": 1}', '```json\n{"score": 7}\n```', "no", "NaN", ""]
)
def test_an_answer_that_does_not_fit_was_paid_for(text: str) -> None:
    with pytest.raises(RemoteError) as raised:
        ORACLE.told(asked({"schema": VERDICT}), text, 12, 3)
    assert (raised.value.kind, raised.value.maybe_billed) == (ErrorClass.BAD_OUTPUT, True)


@pytest.mark.parametrize("odd", [None, "12", 1.5, True, -1, [], {}])
def test_a_count_that_is_none_bills_nothing_that_is_known(odd: object) -> None:
    assert counted(odd) is None
    assert ORACLE.told(asked(), "because", odd, 3).billed is None


def test_tokens_that_are_counted_apart_are_billed_apart() -> None:
    assert ORACLE.told(asked(), "because", 12, 3, {"cached": 2, "written": None}).billed == Decimal(2_003_012)


def test_every_text_that_is_sent_is_quoted() -> None:
    plain = ORACLE.estimate(asked(prompt="a" * 100)).high
    assert plain == 100
    with_all = ORACLE.estimate(asked({"system": "b" * 40, "schema": VERDICT}, prompt="a" * 100)).high
    assert with_all == 140 + len(json.dumps(VERDICT))


def test_a_picture_that_is_to_come_is_quoted_before_it_is_there() -> None:
    asking = replace(asked(op=JUDGE), inputs={})
    assert ORACLE.estimate(asking).seconds == ORACLE.estimate(asked(op=JUDGE)).seconds == 1.0 + 1
    assert ORACLE.estimate(asked(op=WRITE)).seconds == 1.0


def test_a_letter_of_several_bytes_can_be_several_tokens() -> None:
    assert ORACLE.estimate(asked(prompt="🦊" * 10)).high == 40
    assert ORACLE.estimate(asked(prompt="\ud800")).high == 3


_NAMES = st.text(max_size=6) | st.sampled_from(["{x}", '"', "\\", '\\"', "'''", "\n", "{0}", "%s", "]", "\u2028"])


@given(name=_NAMES, value=_NAMES)
def test_no_name_in_a_schema_is_taken_for_anything_else(name: str, value: str) -> None:
    schema, _ = read_schema(
        {"type": "object", "properties": {name: {"enum": [value]}}, "required": [name], "additionalProperties": False}
    )
    assert schema is not None
    recipe = asked({"schema": schema})
    assert ORACLE.told(recipe, json.dumps({name: value}), 1, 1).text is not None
    for other in ({name: value + "x"}, {name + "x": value}, {}):
        with pytest.raises(RemoteError):
            ORACLE.told(recipe, json.dumps(other), 1, 1)
