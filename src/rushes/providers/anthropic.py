"""Anthropic: judging and describing pictures, and writing prompts, by the Messages API. It answers at once.

Sources: the wire and the types of anthropic 2.12.0, Anthropic's pages on errors, vision, structured outputs and models,
as of 2026-11-20.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

from rushes.errors import ErrorClass
from rushes.model.limit import Unit
from rushes.model.problem import Problem
from rushes.model.request import Recipe, Request
from rushes.plugin.access import Access
from rushes.plugin.provider import Context, Duplicates, Facts, Finished
from rushes.plugin.published import Published
from rushes.providers.answering import Answering
from rushes.providers.errors import COMMON, EDGE, LOST, Heard, Row, read, unknown
from rushes.providers.http import Answer
from rushes.providers.remote import day, document, listed
from rushes.providers.said_limits import meter
from rushes.providers.spelled import Put
from rushes.providers.telling import SCHEMA, Telling, counted

HOST = "https://api.anthropic.com"
VERSION = "2026-10-21"
"""The `anthropic-version` that anthropic 2.12.0 sends; what is read here is what that version answers."""

ANSWER_WITHIN = 600.0
"""Seconds for one call: a model may think first. Asking twice would be buying twice, so it is patient."""

MOST_SIDE = 8000
"""Pixels of the longest side of a picture, for up to 20 of them. Source: Anthropic's guide to vision."""

MOST_BODY = 32_000_000
"""Bytes of the largest request, with its pictures in base64. Source: Anthropic's page on request size limits."""

_BILLING = "see the billing of the account at platform.claude.com"
_POLICY = "change the question or the pictures: the same again is refused again"
_LATER = "try again later"
_ROOM = 1_000_000  # bytes of a request that are kept for words and a schema

SUBMIT: tuple[Row, ...] = (
    Row("400|403|429", ErrorClass.QUOTA, code=".*spend_limit_reached|.*billing_unavailable", next_step=_BILLING),
    Row("400", ErrorClass.QUOTA, says="credit balance is too low|spend limit", next_step=_BILLING),
    Row("400", ErrorClass.CONTENT_POLICY, says="content filtering policy", billed=True, next_step=_POLICY),
    Row("529", ErrorClass.TRANSIENT, code="overloaded_error", next_step=_LATER),  # turned away at the door
    *EDGE,
    *COMMON,
    *LOST,
)
"""About a call. Source: Anthropic's page on errors; the words of its 400s as issue trackers quote them."""

REFUSED: tuple[Row, ...] = (
    Row(None, ErrorClass.CONTENT_POLICY, code="refusal", billed=True, next_step=_POLICY),
    Row(None, ErrorClass.BAD_OUTPUT, code="max_tokens", billed=True, next_step="allow more max_tokens"),
    Row(None, ErrorClass.BAD_OUTPUT, billed=True),
)
"""About a 200 that is no whole answer, by its `stop_reason`. The tokens are charged."""

_KEPT = ("type", "enum", "const", "description", "title", "required", "$ref")
_SEVERAL = {"anyOf": "anyOf", "oneOf": "anyOf", "allOf": "allOf"}


class Anthropic(Telling, Answering):
    """The models of Anthropic."""

    name = "anthropic"
    meters = tuple(
        meter(of, f"anthropic-ratelimit-{word}-{{}}")
        for of, word in (
            (Unit.REQUESTS, "requests"),
            (Unit.TOKENS, "tokens"),  # of the limits of tokens the nearest, where there are several
            (Unit.TOKENS, "input-tokens"),
            (Unit.TOKENS, "output-tokens"),
        )
    )
    facts = Facts(
        duplicates=Duplicates.NEVER,
        remembers=None,
        bills_refusals=True,  # the tokens of the question, and of what was said before it stopped
        outputs_live=None,  # they come with the answer and are nowhere else
        in_flight=None,  # limits are per minute and tier, and the service says them with every answer
        by_model=True,
    )

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self._host = (access.url or HOST).rstrip("/").removesuffix("/v1")

    def put(self, recipe: Recipe) -> Put:
        """The parameters, and what is wrong with pictures and schema that the endpoint's own schema cannot say."""
        ready = super().put(recipe)
        ready.problems.extend(self._wrong(recipe, ready.body))
        return ready

    def _wrong(self, recipe: Recipe, body: Mapping[str, Any]) -> Iterator[Problem]:
        for one in recipe.inputs.get("image", ()):
            if max(one.width or 0, one.height or 0) > MOST_SIDE:
                says = f"a picture of {one.width}x{one.height} is too large for {self.name}"
                yield self.problem(says, f"a side has at most {MOST_SIDE} pixels")
        size = sum(one.size for one in recipe.inputs.get("image", ()))
        if size * 4 / 3 + _ROOM > MOST_BODY:
            says = f"the pictures have {size} bytes together, and {self.name} takes {MOST_BODY} with all that is asked"
            yield self.problem(says, "use smaller or fewer of them")
        if isinstance(body.get(SCHEMA), dict) and not _typed(body[SCHEMA]):
            yield self.problem(f"schema: {self.name} needs a type for each part of it", "add type", SCHEMA)

    async def submit(self, request: Request, context: Context) -> Finished:
        """Ask once and wait for the answer."""
        recipe, ready = request.recipe, self.ready(request.recipe)
        content: list[dict[str, Any]] = []
        for artifact in (one for many in recipe.inputs.values() for one in many):
            data = await context.work(context.path(artifact.digest).read_bytes)
            source = {"type": "base64", "media_type": artifact.media_type, "data": base64.b64encode(data).decode()}
            content.append({"type": "image", "source": source})  # pictures first: Anthropic says that it answers better
        content.append({"type": "text", "text": self.question(recipe)})
        asked: dict[str, Any] = {
            "model": self.endpoint(recipe),
            "max_tokens": ready["max_tokens"],
            "messages": [{"role": "user", "content": content}],
        }
        if "system" in ready:
            asked["system"] = ready["system"]
        output: dict[str, Any] = {"effort": ready["effort"]} if "effort" in ready else {}
        if SCHEMA in ready:
            output["format"] = {"type": "json_schema", "schema": narrowed(ready[SCHEMA])}
        if output:
            asked["output_config"] = output
        headers = {**self._headers(), "Content-Type": "application/json"}
        if self.access.simulated:
            headers["x-rushes-asking"] = request.key  # lets the simulator's books tell two candidates from a duplicate
        answer = await self.http.post_once(
            f"{self._host}/v1/messages", headers=headers, body=json.dumps(asked).encode(), within=ANSWER_WITHIN
        )
        return self._finished(recipe, self.accepted(answer, SUBMIT, context))

    def _finished(self, recipe: Recipe, answer: Answer) -> Finished:
        """The answer. One that was cut short, or refused half way, is a 200 too and must not pass for a success."""
        said = document(answer.body)
        if not isinstance(said, dict):
            raise unknown("anthropic answered, and its answer cannot be read: what was paid for may be lost")
        reason = said.get("stop_reason")
        if reason not in ("end_turn", "stop_sequence"):
            details = said.get("stop_details")
            says = details.get("explanation") if isinstance(details, dict) else None
            heard = Heard(200, [str(reason or "no_stop_reason")], str(says or "the answer is not whole"))
            raise read(REFUSED, heard, self.name, self.access.key)
        blocks = [one for one in listed(said.get("content")) if isinstance(one, dict) and one.get("type") == "text"]
        found = said.get("usage")
        usage = found if isinstance(found, dict) else {}
        # these are counted beside input_tokens; nothing is cached unless it is asked for, and it is not
        kinds = {"cached": usage.get("cache_read_input_tokens"), "written": usage.get("cache_creation_input_tokens")}
        asked = counted(usage.get("input_tokens"))
        whole = None if asked is None else asked + sum(counted(many) or 0 for many in kinds.values())
        text = "".join(str(one.get("text") or "") for one in blocks)
        return self.told(recipe, text, whole, usage.get("output_tokens"), kinds)

    async def check_key(self, context: Context) -> None:
        """Try the key with a question that costs nothing: the list of models. Raises RemoteError."""
        await self.free("GET", f"{self._host}/v1/models?limit=1", self._headers(), context)

    async def published(self, endpoint: str, context: Context) -> Published | None:
        """What Anthropic says of a model: the day on which it retires, where one is set."""
        found = await self.known(f"{self._host}/v1/models/{endpoint}", self._headers(), context)
        return None if found is None else Published(ends=day(found.get("retires_at")))

    def heard(self, answer: Answer) -> Heard:
        """Anthropic's shape of an error: a type, and in its details a code."""
        said = document(answer.body)
        error = said.get("error") if isinstance(said, dict) else None
        error = error if isinstance(error, dict) else {}
        details = error.get("details")
        codes = [details.get("error_code") if isinstance(details, dict) else None, error.get("type")]
        says = str(error.get("message") or "")
        return Heard(answer.status, [str(code) for code in codes if code], says, self.wait(answer, says))

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key()}", "anthropic-version": VERSION}


def narrowed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema in the words that Anthropic takes; the others are said to the model, and the answer is held against all.

    Source: what `transform_schema` of anthropic 2.12.0 makes of one.
    """
    if isinstance(schema.get("type"), list):
        return {"anyOf": [narrowed({**schema, "type": one}) for one in schema["type"]]}
    found: dict[str, Any] = {word: schema[word] for word in _KEPT if word in schema}
    for word in ("$defs", "definitions", "properties"):
        if isinstance(schema.get(word), dict):
            found[word] = {name: narrowed(one) for name, one in schema[word].items()}
    for word, as_ in _SEVERAL.items():
        if word in schema:
            found[as_] = [narrowed(one) for one in schema[word]]
    if isinstance(schema.get("items"), dict):
        found["items"] = narrowed(schema["items"])
    if schema.get("type") == "object" or "properties" in schema:
        found["additionalProperties"] = False
    if schema.get("minItems") in (0, 1):
        found["minItems"] = schema["minItems"]
    rest = {
        word: schema[word] for word in schema if word not in found and word not in (*_SEVERAL, "additionalProperties")
    }
    if rest:
        said = found.get("description", "")
        found["description"] = f"{said}\n\n{json.dumps(rest)}".strip()
    return found


def _typed(schema: Mapping[str, Any]) -> bool:
    """Whether each part of a schema says what it is."""
    parts = [one for word in ("properties", "$defs", "definitions") for one in (schema.get(word) or {}).values()]
    parts += [one for word in _SEVERAL for one in schema.get(word, ())]
    parts += [schema["items"]] if isinstance(schema.get("items"), dict) else []
    says = {"type", "enum", "const", "$ref", *_SEVERAL} & schema.keys()
    return bool(says) and all(_typed(one) for one in parts)
