"""The JSON Schema of the native document (draft 2020-12), made from the same tables that the reader uses.

A schema sees one value at a time. Beyond it are: names that refer to nothing or to the wrong kind, names used twice,
keys that contradict each other, paths that leave the project, and inputs or prompts that nothing supplies.
"""

from __future__ import annotations

from typing import Any

from rushes.model.operation import SIGNATURES, Operation
from rushes.spec.forms import ENDS, ON_ERROR
from rushes.spec.outline import STRATEGIES
from rushes.spec.settings import COST_KEYS, FLAGS, LOG_LEVELS, PICKS, SETTING_KEYS
from rushes.spec.text import RUN_VARIABLES
from rushes.spec.words import (
    BATCH,
    BATCH_KEYS,
    GROUP,
    GROUP_KEYS,
    GROUP_PARAMS,
    INPUT_TYPES,
    LOCAL,
    LOCAL_PARAMS,
    MEANINGS,
    MEDIA_KEYS,
    TAB_KEYS,
    TOP_KEYS,
    TYPES,
    Means,
)

Schema = dict[str, Any]

_NO_HOLE = r"^(?![\s\S]*\{\{)[\s\S]*$"
_WORD: Schema = {"type": ["string", "null"], "pattern": r"^(?![\s\S]*\{\{)[\s\S]*\S"}
_SOURCE: Schema = {"type": "string", "pattern": r"\S"}
_LABEL: Schema = {"type": ["string", "number", "boolean", "null"]}
_SCALAR: Schema = {"type": ["string", "number", "boolean"], "pattern": _NO_HOLE}
_ROWS: Schema = {"type": "array", "items": _SCALAR, "minItems": 1}
_PROMPT: Schema = {"type": ["string", "number", "null"]}
_STEP_NAME: Schema = {
    "type": ["string", "integer", "null"],
    "maxLength": 200,
    "pattern": r"^[^\s{}\\]([^{}\\\n\r\t]*[^\s{}\\])?$",
}
_NAME: Schema = {"type": ["string", "number", "null"], "maxLength": 200, "pattern": r"\S"}
_FLAG_WORDS = ("yes", "no", "on", "off", "true", "false")


def json_schema() -> Schema:
    """The schema of a whole workflow file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://rushes.invalid/workflow.schema.json",
        "title": "Rushes workflow",
        "description": "A workflow in YAML or JSON. `rushes check` also looks at references, contradictions and paths.",
        **_object(_top(), TOP_KEYS),
        "oneOf": [{"required": ["steps"]}, {"required": ["tabs"]}],
        "$defs": {
            "steps": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/step"}},
            "step": _any_step(),
            "plain": _plain_step(),
            GROUP: _group(),
            BATCH: _batch(),
            **{f"params-{op}": _params(op) for op in Operation},
        },
    }


def _object(properties: Schema, known: frozenset[str] | tuple[str, ...], **more: Any) -> Schema:
    assert set(properties) == set(known), set(properties) ^ set(known)
    return {"type": "object", "properties": properties, "additionalProperties": False, **more}


def _any_case(words: tuple[str, ...] | list[str]) -> str:
    def both(word: str) -> str:
        return "".join(f"[{char.upper()}{char}]" if char.isalpha() else char for char in word)

    return f"^(?:{'|'.join(both(word) for word in words)})$"


def _one_of(words: tuple[str, ...] | list[str]) -> Schema:
    return {"type": ["string", "null"], "pattern": _any_case(words)}


def _flag() -> Schema:
    return {"type": ["boolean", "string", "null"], "pattern": _any_case(_FLAG_WORDS)}


def _approve() -> Schema:
    words = sorted({*PICKS, "first_clean", "yes", "on", "no", "off", "false"})
    return {"type": ["boolean", "string", "null"], "pattern": _any_case(words)}


def _whole(least: int = 1, most: int = 1_000_000) -> Schema:
    return {"type": ["integer", "null"], "minimum": least, "maximum": most}


def _number(zero: bool = False) -> Schema:
    return {"type": ["number", "null"], "minimum" if zero else "exclusiveMinimum": 0, "maximum": 1e9}


def _top() -> Schema:
    return {
        "name": _NAME,
        "description": _LABEL,
        "version": _LABEL,
        "settings": _settings(),
        "variables": {
            "type": ["object", "null"],
            "propertyNames": {
                "pattern": r"^(?!env\.)[^{}]*$",
                "allOf": [{"pattern": r"\S"}, {"not": {"enum": list(RUN_VARIABLES)}}],
            },
            "additionalProperties": {"anyOf": [_SCALAR, _ROWS]},
        },
        "steps": {"$ref": "#/$defs/steps"},
        "tabs": {
            "type": "array",
            "minItems": 1,
            "items": _object(
                {"name": _NAME, "description": True, "steps": {"$ref": "#/$defs/steps"}}, TAB_KEYS, required=["steps"]
            ),
        },
        "output": {"type": ["string", "null"]},
        "output_dir": _WORD,
        "input_image": {"anyOf": [_SOURCE, {"type": "null"}]},
        "input_video": {"anyOf": [_SOURCE, {"type": "null"}]},
        "prompt": {"type": ["string", "null"], "pattern": _NO_HOLE},
        "save_intermediates": _flag(),
        "temp_dir": _WORD,
        "cleanup_temp": _flag(),
        "input_type": _one_of(INPUT_TYPES),
    }


def _settings() -> Schema:
    delays = {"rate_limit_delay": _number(zero=True), "request_delay": _number(zero=True)}
    cost = {
        "max_cost_per_run": _number(zero=True),
        "warn_threshold": _number(zero=True),
        "require_confirmation": _flag(),
        "daily_limit": _number(zero=True),
    }
    properties: Schema = {
        **{key: _flag() for key in FLAGS},
        **{key: _whole() for key in ("max_workers", "attempts", "candidates")},
        **{key: _number() for key in ("timeout", "connection_timeout")},
        **{key: _number(zero=True) for key in ("max_cost", "max_budget", "warn_threshold", "retry_delay")},
        **dict.fromkeys(("output_dir", "output_naming", "log_file", "input_file", "provider"), _WORD),
        **delays,
        "log_level": _one_of(LOG_LEVELS),
        "max_retries": _whole(0),
        "approve": _approve(),
        "cost_management": {**_object(cost, COST_KEYS), "type": ["object", "null"]},
    }
    return {**_object(properties, SETTING_KEYS), "type": ["object", "null"]}


def _any_step() -> Schema:
    """A step of any type; the type decides which keys it has."""
    return {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"enum": [*TYPES, GROUP, BATCH]}},
        "allOf": [
            _when(GROUP, {"$ref": f"#/$defs/{GROUP}"}),
            _when(BATCH, {"$ref": f"#/$defs/{BATCH}"}),
            {
                "if": {"properties": {"type": {"enum": list(TYPES)}}},
                "then": {"$ref": "#/$defs/plain"},
            },
        ],
    }


def _when(kind: str, then: Schema) -> Schema:
    return {"if": {"properties": {"type": {"const": kind}}}, "then": then}


def _plain_step() -> Schema:
    properties: Schema = {
        "type": {"enum": list(TYPES)},
        "params": {"type": ["object", "null"]},
        "prompt": _PROMPT,
        "name": _STEP_NAME,
        "description": _LABEL,
        "model": _WORD,
        "provider": _WORD,
        "input_from": _input_from(),
        "on_error": _one_of(ON_ERROR),
        "condition": _condition(),
        "enabled": _flag(),
        "retry_count": _whole(0, 99),
        "attempts": _whole(1, 100),
        "candidates": _whole(1, 100),
        "timeout": _number(),
        "budget": _number(zero=True),
        "limit": _whole(),
        "approve": _approve(),
        "rows": {"anyOf": [_rows(), {"type": "null"}]},
        "source": _SOURCE,
    }
    by_operation = []
    for op in Operation:
        then: Schema = {"properties": {"params": {"$ref": f"#/$defs/params-{op}"}}}
        if SIGNATURES[op].prompt is False:
            then["properties"]["prompt"] = {"type": "null"}
        if op is not Operation.MEDIA:
            then["properties"]["source"] = False
        names = [name for name, one in TYPES.items() if one is op]
        by_operation.append({"if": {"properties": {"type": {"enum": names}}}, "then": then})
    return _object(properties, MEDIA_KEYS, required=["type"], allOf=by_operation)


def _input_from() -> Schema:
    names = {"type": "array", "minItems": 1, "items": {"type": "string"}}
    return {"anyOf": [{"type": ["string", "null"], "pattern": r"\S"}, names]}


def _condition() -> Schema:
    ends = "|".join(ENDS)
    braced = rf"\{{\{{\s*[^\s{{}}][^{{}}\n]*\.(?:{ends})\s*\}}\}}"
    return {"type": ["string", "null"], "pattern": rf"^(?:{braced}|\s*\S[^\n]*\.(?:{ends})\s*)$"}


def _rows() -> Schema:
    return {"anyOf": [_ROWS, {"type": "string", "pattern": r"^\{\{[^{}]*\}\}$"}]}


def _params(op: Operation) -> Schema:
    """The parameters of an operation; what no table names goes to the model, except in local work."""
    properties: Schema = {}
    for name, means in MEANINGS[op].items():
        properties[name] = _parameter(op, means)
    if op in LOCAL:
        properties.update(dict.fromkeys(LOCAL_PARAMS[op], True))
    return {
        "type": ["object", "null"],
        "properties": properties,
        "additionalProperties": op not in LOCAL,
    }


def _parameter(op: Operation, means: Means | str) -> Schema | bool:
    if means is Means.NO_ROLE:
        if op in LOCAL:
            return False
        return {"anyOf": [{"type": ["boolean", "number", "object", "null"]}, _flag()]}
    if means is Means.PROMPT:
        return {"type": "null"} if SIGNATURES[op].prompt is False else _PROMPT
    if not isinstance(means, Means):
        role: list[Schema] = [_SOURCE, {"type": "array", "items": _SOURCE}, {"type": "null"}]
        return {"anyOf": [*role, {"type": "boolean"}] if means == "audio" else role}
    side = "0*(?:[1-9]|1[0-6])"
    return {
        Means.CANDIDATES: _whole(1, 100),
        Means.WORKERS: _whole(),
        Means.PARALLEL: _flag(),
        Means.PROMPTS: {"anyOf": [_ROWS, {"type": "null"}]},
        Means.GRID: {"type": "string", "pattern": f"^{side}[xX]{side}$"},
        Means.SOURCE: _SOURCE,
        Means.FILE_NAME: _WORD,
    }[means]


def _group() -> Schema:
    ceilings: Schema = {
        "max_workers": _whole(),
        "fail_fast": _flag(),
        "timeout": _number(),
        "merge_strategy": _one_of(STRATEGIES),
    }
    params = _object({"parallel_steps": {"$ref": "#/$defs/steps"}, **ceilings}, GROUP_PARAMS)
    properties: Schema = {
        "type": {"const": GROUP},
        "name": _STEP_NAME,
        "description": True,
        "model": True,
        "steps": {"$ref": "#/$defs/steps"},
        "params": {**params, "type": ["object", "null"]},
        "enabled": _flag(),
        "on_error": _one_of(ON_ERROR),
        "condition": _condition(),
        "input_from": _input_from(),
        **ceilings,
    }
    inner = {"required": ["params"], "properties": {"params": {"type": "object", "required": ["parallel_steps"]}}}
    return _object(properties, GROUP_KEYS, anyOf=[{"required": ["steps"]}, inner])


def _batch() -> Schema:
    properties: Schema = {
        "type": {"const": BATCH},
        "name": _STEP_NAME,
        "description": True,
        "enabled": _flag(),
        "for_each": _rows(),
        "max_workers": _whole(),
        "step": {"$ref": "#/$defs/plain"},
    }
    return _object(properties, BATCH_KEYS, required=["for_each", "step"])
