"""Parameters as an endpoint spells them: what a recipe asks for, put into what one endpoint takes.

`Takes` says what one endpoint takes; `put` turns a recipe's parameters into exactly that and names what it leaves out.
Checking, pricing and sending read the same result, so what was checked and quoted is what is sent.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple, Protocol

from rushes.model.problem import Problem, Severity
from rushes.model.request import Recipe
from rushes.model.spelling import ASPECT_RATIO, AUDIO, COUNT, DURATION, NAMED_SIZES, SIZE

_RATIO = re.compile(r"(\d{1,4})\s*[:x/]\s*(\d{1,4})")
_PIXELS = re.compile(r"(\d{2,5})\s*[x×*]\s*(\d{2,5})")
_NAMED = {"9:16": "portrait_16_9", "16:9": "landscape_16_9", "3:4": "portrait_4_3", "4:3": "landscape_4_3"}
_MEGAPIXEL = 1_000_000
_TIERS = {"512px": "0.5k", "512": "0.5k", "0.5k": "0.5k", "1k": "1k", "2k": "2k", "4k": "4k", "2160p": "4k"}


class Takes(NamedTuple):
    """What one endpoint takes beside a prompt.

    `ratio` is the field that a shape is asked for with (None: it takes none), `ratios` its values (None: any). `form`
    is how a length in seconds is written (`text` "5", `s` "5s", `number` 5). `takes` are parameters that are passed as
    they are, `only` the values of some. `audio` is the switch for sound. `inputs` are the fields of roles; `[]` behind
    a field says that it is a list. `routes` are endpoints of the same model for other work.
    """

    ratio: str | None = None
    ratios: Sequence[str] | None = None
    form: str | None = None
    durations: Sequence[int] | None = None
    takes: Sequence[str] = ()
    only: Mapping[str, Sequence[str]] = {}
    audio: str | None = None
    inputs: Mapping[str, str] = {}
    routes: Sequence[Mapping[str, str]] = ()


class Put(NamedTuple):
    """Parameters as they are sent, and what is to be said about those that are not."""

    body: dict[str, Any]
    problems: list[Problem]


class Speaker(Protocol):
    """Whose endpoint it is: its name, and its way to word a problem."""

    name: str

    def problem(self, says: str, try_: str, name: str = "", severity: Severity = Severity.ERROR) -> Problem:
        """Something about a recipe that is refused, or (a warning) not sent."""
        ...


@cache
def endpoints(name: str) -> Mapping[str, Takes]:
    """What the endpoints of a service take, from the data file of that name."""
    raw = json.loads(files("rushes.providers").joinpath(f"{name}.json").read_bytes())
    return {endpoint: Takes(**one) for endpoint, one in raw["endpoints"].items()}


def put(of: Speaker, takes: Takes, recipe: Recipe) -> Put:
    """The parameters of a recipe in the spelling of one endpoint.

    A value that cannot be had is an error; a parameter that the endpoint does not take is a warning and is not sent.
    """
    out = Put({}, [])
    shape = _shape(recipe.params)
    for name, value in recipe.params.items():
        if value is None or name == "seed":
            continue  # which seed an asking has is decided by the request
        if name in DURATION:
            _put_length(of, takes, name, value, out)
        elif name in COUNT:
            _refuse_many(of, name, value, out)
        elif name in AUDIO:
            _put_as(of, takes.audio, name, value, recipe, out)
        elif name in ("width", "height") or name in ASPECT_RATIO or name in SIZE:
            _put_shape(of, takes, name, value, shape, recipe, out)
        elif name in takes.takes and name in takes.only:
            _put_one_of(of, takes, name, name, value, out)
        else:
            _put_as(of, name if name in takes.takes else None, name, value, recipe, out)
    for role, many in recipe.inputs.items():
        if many and role not in takes.inputs:
            says = f"{recipe.alias or recipe.model} at {of.name} takes no {role}"
            out.problems.append(of.problem(says, "choose another model, or leave it out"))
    return out


def _put_length(of: Speaker, takes: Takes, name: str, value: Any, out: Put) -> None:
    found = re.fullmatch(r"(\d{1,6})(?:\.0+)?\s*(?:s|sec|seconds)?", str(value).strip().lower())
    if takes.form is None:
        _not_sent(of, name, out)
        return
    seconds = 0 if found is None or isinstance(value, bool) else int(found[1])
    if seconds not in (takes.durations or ()):
        some = ", ".join(map(str, takes.durations or ()))
        out.problems.append(of.problem(f"{name}: {value!r} is no length that can be had", f"one of {some} s", name))
        return
    out.body["duration"] = {"text": str(seconds), "s": f"{seconds}s", "number": seconds}[takes.form]


def _refuse_many(of: Speaker, name: str, value: Any, out: Put) -> None:
    """One result per request: each has its own attempt, price and fate."""
    if str(value).strip() not in ("1", "1.0"):
        says = f"{name}: {value!r} results in one request"
        out.problems.append(of.problem(says, "leave it out and ask for candidates", name))


def _put_as(of: Speaker, field: str | None, name: str, value: Any, recipe: Recipe, out: Put) -> None:
    if field is None:
        _not_sent(of, name, out)
    else:
        out.body[field] = value


def _put_one_of(of: Speaker, takes: Takes, field: str, name: str, value: Any, out: Put) -> None:
    """A value as the endpoint spells it, whatever its case: `1k` and `1K`, `512px` and `0.5K` are one."""
    wanted = _tier(value)
    for allowed in takes.only[field]:
        if _tier(allowed) == wanted:
            out.body[field] = allowed
            return
    some = ", ".join(takes.only[field])
    out.problems.append(of.problem(f"{name}: {value!r} cannot be had", f"one of {some}", name))


def _tier(value: Any) -> str:
    text = str(value).strip().lower()
    return _TIERS.get(text, text)


def _shape(params: Mapping[str, Any]) -> tuple[int, int] | None:
    """Width and height that the parameters ask for together, in pixels; None where they ask for none."""
    width, height = params.get("width"), params.get("height")
    for name in SIZE:
        size = params.get(name)
        if isinstance(size, Mapping):
            width, height = size.get("width"), size.get("height")
        elif isinstance(size, str) and size in NAMED_SIZES:
            return NAMED_SIZES[size]
        elif isinstance(size, str) and (found := _PIXELS.fullmatch(size.strip().lower())):
            width, height = int(found[1]), int(found[2])
    pair = [int(str(one)) for one in (width, height) if str(one).isdecimal() and 0 < int(str(one)) < 20_000]
    return (pair[0], pair[1]) if len(pair) == 2 else None


def _put_shape(
    of: Speaker, takes: Takes, name: str, value: Any, shape: tuple[int, int] | None, recipe: Recipe, out: Put
) -> None:
    if name in SIZE and "resolution" in takes.only and _tier(value) in _TIERS.values():
        _put_one_of(of, takes, "resolution", name, value, out)  # what some call a size others call a resolution
        return
    if takes.ratio is None:
        _not_sent(of, name, out, "; its input decides the shape" if recipe.inputs else "")
        return
    if name in ASPECT_RATIO:
        ratio = str(value).strip().lower()
    elif shape is not None:
        ratio = "{}:{}".format(*(side // math.gcd(*shape) for side in shape))
    else:
        out.problems.append(of.problem(f"{name}: {value!r} is no size", "such as 1024x1024, or an aspect ratio", name))
        return
    if takes.ratio == "image_size":
        size = _image_size(ratio, None if name in ASPECT_RATIO else shape, value)
        if size is not None:
            out.body.setdefault("image_size", size)
            return
    elif (near := _ratio_in(ratio, takes.ratios, exact=name in ASPECT_RATIO)) is not None:
        out.body[takes.ratio] = near
        return
    some = f"one of {', '.join(takes.ratios)}" if takes.ratios else "such as 16:9"
    out.problems.append(of.problem(f"{name}: {value!r} is no shape that can be had", some, name))


def _ratio_in(ratio: str, ratios: Sequence[str] | None, *, exact: bool) -> str | None:
    """The endpoint's own word for a ratio; for a size in pixels the nearest within two per cent."""
    if ratios is None or ratio in ratios:
        return ratio
    wanted = _quotient(ratio)
    if wanted is None:
        return None
    slack = 0.001 if exact else 0.02
    return next((one for one in ratios if (q := _quotient(one)) and abs(q / wanted - 1) < slack), None)


def _quotient(ratio: str) -> float | None:
    found = _RATIO.fullmatch(ratio)
    return int(found[1]) / int(found[2]) if found and int(found[1]) and int(found[2]) else None


def _image_size(ratio: str, shape: tuple[int, int] | None, value: Any) -> str | dict[str, int] | None:
    """A size for endpoints that take pixels: the asked one, a name that they have, or a megapixel of that shape."""
    if isinstance(value, str) and value in NAMED_SIZES:
        return value
    if shape is not None:
        return {"width": shape[0], "height": shape[1]}
    quotient = _quotient(ratio)
    if quotient is None or not 1 / 8 <= quotient <= 8:
        return None
    if ratio in _NAMED:
        return _NAMED[ratio]
    height = math.sqrt(_MEGAPIXEL / quotient)
    # rounded down, so that it stays within the megapixel that was quoted
    return {"width": int(height * quotient) // 8 * 8, "height": int(height) // 8 * 8}


def _not_sent(of: Speaker, name: str, out: Put, why: str = "") -> None:
    says = f"{of.name} does not take {name} for this model, so it is not sent{why}"
    out.problems.append(of.problem(says, "leave it out, or choose another model", name, Severity.WARNING))
