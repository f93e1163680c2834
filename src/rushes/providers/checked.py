"""One value held against the JSON Schema of one parameter: what is meant by it, why it cannot be had, what can."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

import fastjsonschema

_WORDS = {"512px": "0.5k", "512": "0.5k", "2160p": "4k", "uhd": "4k"}
_TRUE, _FALSE = frozenset({"true", "yes", "on", "1"}), frozenset({"false", "no", "off", "0"})
_SHOWN = 12  # allowed values that a message lists
_MANY = 5  # whole numbers that are told by the first and the last


def tier(value: Any) -> str:
    """A word of a list, whatever its case: `1k` and `1K`, `512px` and `0.5K` are one."""
    text = str(value).strip().lower()
    return _WORDS.get(text, text)


def fitted(schema: Mapping[str, Any], value: Any) -> Any:
    """The value in the type that a parameter has, where its meaning is clear: 5 for "5", "1K" for "1k"."""
    if "enum" in schema and not isinstance(value, bool):
        wanted = tier(value)
        for one in schema["enum"]:
            if wanted in (tier(one), tier(one).removesuffix("p")):
                return one
    kind = schema.get("type")
    if isinstance(value, str):
        return _read(kind, value)
    if isinstance(value, bool):
        return value
    if kind == "string" and isinstance(value, int | float):
        return f"{value:g}"
    if kind == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _read(kind: Any, text: str) -> Any:
    plain = text.strip().lower()
    if kind == "boolean" and plain in _TRUE | _FALSE:
        return plain in _TRUE
    if kind in ("integer", "number"):
        try:
            number = float(plain)
        except ValueError:
            return text
        if number.is_integer() and abs(number) < 2**53:
            return int(number)
        return number if kind == "number" else text
    return text


def why_not(schema: Mapping[str, Any], value: Any) -> str | None:
    """Why a value cannot be had; None when it can."""
    try:
        _check(json.dumps(schema, sort_keys=True))(value)
    except fastjsonschema.JsonSchemaValueException as error:
        return str(error.message)
    except (TypeError, ValueError, OverflowError, RecursionError):  # nothing that JSON has
        return "it cannot be written down"
    return None


def unusable(schema: Mapping[str, Any]) -> str | None:
    """Why nothing can be held against a schema; None when it can."""
    try:
        _check(json.dumps(schema, sort_keys=True))(None)
    except fastjsonschema.JsonSchemaValueException:
        return None
    except fastjsonschema.JsonSchemaException as error:
        return str(error)
    except (TypeError, ValueError, OverflowError):
        return "it cannot be written down"
    except RecursionError:
        return "it leads back to itself"
    except SyntaxError:  # a check is compiled, and Python has bounds of its own
        return "it is nested too deeply"
    return None


@lru_cache(maxsize=1024)
def _check(schema: str) -> Callable[[Any], Any]:
    found: Callable[[Any], Any] = fastjsonschema.compile(json.loads(schema), use_default=False)
    return found


def allowed_words(schema: Mapping[str, Any]) -> str:
    """What can be had instead, for people; nothing where the schema says nothing."""
    values = _values(schema)
    if values and (span := _span(values)) is not None:
        return f"from {span[0]} to {span[1]}"
    if values:
        more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
        return f"one of {', '.join(map(str, values[:_SHOWN]))}{more}"
    least, most = schema.get("minimum", schema.get("minLength")), schema.get("maximum", schema.get("maxLength"))
    of = " characters" if "maxLength" in schema or "minLength" in schema else ""
    if least is not None and most is not None:
        return f"from {least} to {most}{of}"
    if least is not None or most is not None:
        return f"{least} or more{of}" if most is None else f"{most} at most{of}"
    kind = schema.get("type")
    return {"boolean": "true or false", "integer": "a whole number", "number": "a number", "array": "a list"}.get(
        str(kind), ""
    )


def closest(schema: Mapping[str, Any], value: Any) -> Any:
    """The allowed value that is nearest to a wrong one; None where none is near."""
    if isinstance(value, bool) or value is None:
        return None
    number, values = _number(value), _values(schema)
    if number is not None:
        numbers = [one for one in values if _number(one) is not None]
        if numbers:
            return min(numbers, key=lambda one: abs((_number(one) or 0.0) - number))
        if (most := schema.get("maximum")) is not None and number > most:
            return most
        least = schema.get("minimum")
        return least if least is not None and number < least else None
    near = get_close_matches(str(value).lower(), [str(one).lower() for one in values], n=1)
    return next((one for one in values if near and str(one).lower() == near[0]), None)


def _values(schema: Mapping[str, Any]) -> list[Any]:
    parts = [schema, *schema.get("anyOf", ())]
    return [value for part in parts for value in part.get("enum", ())]


def _span(values: list[Any]) -> tuple[int, int] | None:
    """The first and the last of many whole numbers without a gap; None for any others."""
    if len(values) < _MANY or not all(str(one).isdecimal() for one in values):
        return None
    first, last = int(values[0]), int(values[-1])
    return (first, last) if [int(one) for one in values] == list(range(first, last + 1)) else None


def _number(value: Any) -> float | None:
    """A number, a length such as `8s`, a ratio such as `16:9`, lines such as `1080p` and `4k`."""
    text = str(value).strip().lower().removesuffix("s").removesuffix("p")
    left, colon, right = text.partition(":")
    thousands = 1000.0 if left.endswith("k") else 1.0
    try:
        number = float(left) / float(right) if colon else float(left.removesuffix("k")) * thousands
    except (ValueError, ZeroDivisionError):
        return None
    return number if abs(number) < 1e12 else None
