"""What adapters of text models share: an answer that is held against a schema, the longest answer, tokens to money.

A step may ask for `schema`, a JSON Schema as an object or as its text. Services promise to keep to one in their own
ways; here the answer is looked at all the same, before anything is built on it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from rushes.errors import ErrorClass, RemoteError
from rushes.model.ids import Digest
from rushes.model.media import Artifact, Kind
from rushes.model.money import Quote
from rushes.model.operation import SIGNATURES
from rushes.model.request import Recipe
from rushes.model.spelling import MOST_TOKENS
from rushes.plugin.provider import Finished
from rushes.providers.checked import unusable, why_not
from rushes.providers.remote import Remote, document
from rushes.providers.spelled import Put

NO_KINDS: Mapping[str, object] = MappingProxyType({})
SCHEMA = "schema"
"""The parameter for the shape of an answer; an endpoint that takes it has a property of this name."""

DESCRIBE = "Describe what can be seen, in a few sentences."
"""The question about a picture for which none is asked."""

_LONGEST = 50_000
"""Characters of the longest schema that is taken: it is sent with each question, and paid for."""

_TYPES = {"enum": ["object", "array", "string", "number", "integer", "boolean", "null"]}
_ANOTHER, _TEXT, _ANY = {"$ref": "#"}, {"type": "string"}, dict[str, Any]()
_COUNT, _NUMBER = {"type": "integer", "minimum": 0}, {"type": "number"}
_SEVERAL = {"type": "array", "minItems": 1, "items": _ANOTHER}
_NAMED = {"type": "object", "additionalProperties": _ANOTHER}
_GRAMMAR: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        **dict.fromkeys(("title", "description"), _TEXT),
        **dict.fromkeys(("$defs", "definitions", "properties"), _NAMED),
        **dict.fromkeys(("anyOf", "oneOf", "allOf"), _SEVERAL),
        **dict.fromkeys(("minItems", "maxItems", "minLength", "maxLength"), _COUNT),
        **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _NUMBER),
        **dict.fromkeys(("default", "const"), _ANY),
        "$ref": {"type": "string", "pattern": "^#/"},  # never an address: nobody is asked for a schema
        "type": {"anyOf": [_TYPES, {"type": "array", "minItems": 1, "items": _TYPES}]},
        "enum": {"type": "array", "minItems": 1},
        "items": _ANOTHER,
        "uniqueItems": {"type": "boolean"},
        "required": {"type": "array", "items": _TEXT},
        "additionalProperties": {"anyOf": [{"type": "boolean"}, _ANOTHER]},
    },
}
"""The words of JSON Schema that a step may use. A file may come from anybody, so what could ask the net (`$id`) or
search for ever (`pattern`) is none of them."""


class Telling(Remote):
    """The base of an adapter that has models which answer in words, beside `Answering` or `Queued`."""

    def put(self, recipe: Recipe) -> Put:
        """The parameters to send; the schema as an object, and the longest answer that is paid for."""
        ready = super().put(recipe)
        if not tells(recipe):
            return ready
        if SCHEMA in ready.body:
            schema, wrong = read_schema(ready.body.pop(SCHEMA))
            if schema is None:
                ready.problems.append(self.problem(f"schema: {wrong}", "give a JSON Schema, as an object", SCHEMA))
            else:
                ready.body[SCHEMA] = schema
        if not (recipe.prompt or "").strip() and not any(recipe.inputs.values()):
            ready.problems.append(self.problem("there is nothing to answer", "give it a prompt, or a picture"))
        self._bound(recipe, ready.body)
        return ready

    def _bound(self, recipe: Recipe, body: dict[str, Any]) -> None:
        """Say how long an answer may be where the step does not: what is quoted as the most is the most."""
        offer, takes = self.offer(recipe), self.takes(self.endpoint(recipe))
        field = next((one for one in MOST_TOKENS if takes is not None and one in takes.properties), None)
        most = (
            None if offer is None else next((offer.defaults[one] for one in MOST_TOKENS if one in offer.defaults), None)
        )
        if field is not None and most is not None:
            body.setdefault(field, most)

    def estimate(self, recipe: Recipe) -> Quote:
        """The price of one question: at most every text that is sent is counted, and each byte of it is a token."""
        return self.priced(recipe, self.put(recipe).body) if tells(recipe) else super().estimate(recipe)

    def priced(self, recipe: Recipe, body: Mapping[str, Any]) -> Quote:
        """The price of a request with these parameters, where tokens are what is paid for."""
        offer = self.offer(recipe)
        if offer is None:
            return super().estimate(recipe)
        texts = [self.question(recipe), *(one for one in body.values() if isinstance(one, str))]
        if isinstance(body.get(SCHEMA), dict):
            texts.append(json.dumps(body[SCHEMA]))
        bytes_ = "".join(texts).encode("utf-8", "surrogatepass")
        asked = replace(recipe, params=body, inputs=_foreseen(recipe))
        least = offer.quote(replace(asked, prompt=self.question(recipe)))
        return offer.quote(replace(asked, prompt=bytes_.decode("latin-1")))._replace(low=least.low)

    def question(self, recipe: Recipe) -> str:
        """What is asked, in words; of a picture alone, what it shows."""
        return recipe.prompt or (DESCRIBE if tells(recipe) else "")

    def told(
        self, recipe: Recipe, text: str, asked: object, answered: object, kinds: Mapping[str, object] = NO_KINDS
    ) -> Finished:
        """The answer, and what it cost by its tokens (`spent`). Raises RemoteError, as paid, for one that is none."""
        if not text.strip():
            raise self._no_answer("it is empty")
        schema = self.ready(recipe).get(SCHEMA)
        if isinstance(schema, dict) and (wrong := _mismatch(schema, text)) is not None:
            raise self._no_answer(f"it does not fit the schema: {wrong[:200]}")
        return Finished(billed=self.spent(recipe, asked, answered, kinds), text=text)

    def spent(
        self, recipe: Recipe, asked: object, answered: object, kinds: Mapping[str, object] = NO_KINDS
    ) -> Decimal | None:
        """USD for so many tokens in and out, as a service counts them; None where it does not say, or no price does.

        `kinds` are those of `asked` that it counts apart, by the words of `Price.kinds`.
        """
        offer, sent, came = self.offer(recipe), counted(asked), counted(answered)
        apart = {kind: counted(many) or 0 for kind, many in kinds.items()}
        return None if offer is None or sent is None or came is None else offer.spent(sent, came, apart)

    def _no_answer(self, says: str) -> RemoteError:
        return RemoteError(ErrorClass.BAD_OUTPUT, f"{self.name} answered, and {says}", maybe_billed=True)


def tells(recipe: Recipe) -> bool:
    """Whether the work of a recipe is answered in words."""
    return SIGNATURES[recipe.op].output is Kind.TEXT


def _foreseen(recipe: Recipe) -> dict[str, tuple[Artifact, ...]]:
    """The inputs, and a picture for each that must come and is not known yet: a plan asks before it is made."""
    slots = SIGNATURES[recipe.op].slots.items()
    to_come = {role: (_UNSEEN,) * slot.least for role, slot in slots if slot.least and not recipe.inputs.get(role)}
    return {**recipe.inputs, **to_come}


_UNSEEN = Artifact(digest=Digest(""), media_type="image/png", size=0)


def counted(value: object) -> int | None:
    """A number of tokens as an answer says it; None for what is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def read_schema(value: object) -> tuple[dict[str, Any] | None, str]:
    """The schema that a step gives, as an object or as text; else None, and why it cannot be used."""
    schema = document(value.encode("utf-8", "replace")) if isinstance(value, str) else value
    if not isinstance(schema, dict) or not schema:
        return None, "this is no JSON Schema"
    wrong = why_not(_GRAMMAR, schema) or unusable(schema)
    if wrong is None and len(json.dumps(schema)) > _LONGEST:
        wrong = f"it has more than {_LONGEST} characters"
    return (schema, "") if wrong is None else (None, wrong.replace("data", "it", 1))


def _mismatch(schema: Mapping[str, Any], text: str) -> str | None:
    """Why an answer is not of the shape that was asked for; None when it is."""
    try:
        value = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return "it is no JSON"
    wrong = why_not(schema, value)
    return None if wrong is None else wrong.replace("data", "it", 1)


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number of JSON")
