"""Parameters as an endpoint spells them: what a recipe asks for, put into what one endpoint takes, and held against it.

`put` turns a recipe's parameters into exactly what is sent and names what it leaves out. Checking, pricing and sending
read the same result, so what was checked and quoted is what is sent.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from rushes.model.operation import Operation
from rushes.model.problem import Problem, Severity
from rushes.model.request import Recipe
from rushes.model.spelling import ASPECT_RATIO, AUDIO, COUNT, DURATION, NAMED_SIZES, SIZE
from rushes.plugin.takes import Takes
from rushes.providers.checked import allowed_words, closest, fitted, tier, why_not

_RATIO = re.compile(r"(\d{1,5})\s*[:x/×*]\s*(\d{1,5})")
_PIXELS = re.compile(r"(\d{2,5})\s*[x×*]\s*(\d{2,5})")
_LENGTH = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*(?:s|sec|secs|seconds?)?")
_NAMED = {"9:16": "portrait_16_9", "16:9": "landscape_16_9", "3:4": "portrait_4_3", "4:3": "landscape_4_3"}
_MOST_OF = 0.75
"""The part of the usual area that a size of exactly the asked ratio has at least."""
_TIERS = frozenset({"0.5k", "1k", "2k", "4k"})
_SHAPELESS = frozenset({Operation.TEXT_TO_IMAGE, Operation.TEXT_TO_VIDEO})
_NAMES = {"negativePrompt": "negative_prompt", "steps": "num_inference_steps", "cfg_scale": "guidance_scale"}
"""Words for a parameter that every model means alike, where an endpoint has the second and not the first."""


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


def put(of: Speaker, takes: Takes, recipe: Recipe) -> Put:
    """The parameters of a recipe in the spelling of one endpoint.

    A value that cannot be had, a parameter that is missing and an input that is refused are errors; a parameter that
    the endpoint does not take is a warning and is not sent.
    """
    out = _Out(of, takes, recipe)
    for name, value in recipe.params.items():
        if value is not None and name != "seed":  # which seed an asking has is decided by the request
            out.put(name, value)
    out.look_at_the_rest()
    return Put(out.body, out.problems)


class _Out:
    """One body while it is written."""

    def __init__(self, of: Speaker, takes: Takes, recipe: Recipe) -> None:
        self.of, self.takes, self.recipe = of, takes, recipe
        self.body: dict[str, Any] = {}
        self.problems: list[Problem] = []
        self._shape = _shape(recipe.params)
        self._said: set[str] = set()

    def put(self, name: str, value: Any) -> None:
        """One parameter of the recipe."""
        takes = self.takes
        if name in DURATION:
            self._put_length(name, value)
        elif name in COUNT:
            self._refuse_many(name, value)
        elif name in AUDIO:
            self._put_as(takes.audio, name, value)
        elif name in ("width", "height") or name in ASPECT_RATIO or name in SIZE:
            self._put_shape(name, value)
        else:
            self._put_as(self._field(name), name, value)

    def _field(self, name: str) -> str | None:
        """The parameter that a word means here; None when the endpoint has none of that kind."""
        for word in (self.takes.names.get(name, name), _NAMES.get(name)):
            if word in self.takes.properties and word not in self.takes.meant():
                return word
        return None

    def _put_length(self, name: str, value: Any) -> None:
        field = self.takes.length
        if field is None:
            self._not_sent(name)
            return
        found = None if isinstance(value, bool) else _LENGTH.fullmatch(str(value).strip().lower())
        schema = self.takes.properties[field]
        as_sent = None if found is None else _length(schema, float(found[1]))
        if as_sent is None:
            self._wrong(name, f"{name}: {value!r} is no length that can be had", schema, value)
        else:
            self._set(field, name, as_sent, value)

    def _refuse_many(self, name: str, value: Any) -> None:
        """One result per request: each has its own attempt, price and fate."""
        if str(value).strip() not in ("1", "1.0"):
            says = f"{name}: {value!r} results in one request"
            self.problems.append(self.of.problem(says, "leave it out and ask for candidates", name))

    def _put_as(self, field: str | None, name: str, value: Any) -> None:
        if field is None:
            self._not_sent(name)
        else:
            named = self.takes.words.get(field, {}).get(str(value).strip().lower(), value)
            self._set(field, name, fitted(self.takes.properties.get(field, {}), named), value)

    def _put_shape(self, name: str, value: Any) -> None:
        field = self.takes.shape
        if name in SIZE and "resolution" in self.takes.properties and tier(value) in _TIERS:
            self._put_as("resolution", name, value)  # what some call a size others call a resolution
        elif field is None and self.recipe.op in _SHAPELESS:  # no input decides it either: what came out would be luck
            says = f"{name}: {value!r} cannot be asked for; the shape of {self.recipe.alias or 'this model'} is its own"
            self._say(name, says, "leave it out, or choose another model")
        elif field is None:
            self._not_sent(name, "; its input decides the shape" if self.recipe.inputs else "")
        elif name not in ASPECT_RATIO and self._shape is None and value not in (self.takes.allowed(field) or ()):
            self._say(name, f"{name}: {value!r} is no size", "such as 1024x1024, or an aspect ratio")
            self._said.add(field)
        elif (as_sent := self._shaped(field, name, value)) is not None and self._takes(field, as_sent):
            self.body.setdefault(field, as_sent)
        else:
            schema = self.takes.properties[field]
            says = f"{name}: {value!r} is no shape that can be had"
            self._wrong(name, says, schema, value, "such as 16:9")
            self._said.add(field)  # it is not missing, whatever the word for it was

    def _takes(self, field: str, value: Any) -> bool:
        return why_not(self.takes.properties[field], value) is None

    def _shaped(self, field: str, name: str, value: Any) -> Any:
        """The value that asks for a shape; None where it cannot be had."""
        takes, pixels = self.takes, None if name in ASPECT_RATIO else self._shape
        if pixels is None:
            ratio = _written(str(value).strip().lower())
        else:
            ratio = "{}:{}".format(*(side // math.gcd(*pixels) for side in pixels))
        schema = takes.properties[field]
        if "anyOf" in schema:  # names and objects of width and height
            return _image_size(takes, ratio, pixels, value)
        if (allowed := takes.allowed(field)) is not None:
            if pixels is not None and (exact := f"{pixels[0]}x{pixels[1]}") in allowed:
                return exact  # another of nearly this shape may stand before it
            return _ratio_in(ratio, allowed, exact=pixels is None)
        if "x" in str(schema.get("pattern", "")):  # any size, written 1024x768
            size = pixels or pixels_of(ratio, takes)
            return None if size is None else f"{size[0]}x{size[1]}"
        return ratio

    def _set(self, field: str, name: str, value: Any, given: Any) -> None:
        """Put a value into the body, when the endpoint's own schema has nothing against it."""
        schema = self.takes.properties.get(field, {})
        if why_not(schema, value) is None:
            self.body[field] = value
        else:
            names = list(self.takes.words.get(field, ()))  # what a person can choose, not the ids behind it
            self._wrong(name, f"{name}: {given!r} cannot be had", {"enum": names} if names else schema, given)
            self._said.add(field)  # it is not missing, whatever the word for it was

    def look_at_the_rest(self) -> None:
        """What is asked beside parameters: words, inputs, and what must not be missing."""
        takes, recipe = self.takes, self.recipe
        for role, many in recipe.inputs.items():
            if many and role not in takes.inputs:
                says = f"{recipe.alias or recipe.model} at {self.of.name} takes no {role}"
                self._say("", says, "choose another model, or leave it out")
                continue  # what its files are does not matter any more
            for one in many:
                self._look_at_file(role, one.media_type, one.size)
        for field, many_of in self._counts().items():
            most = takes.properties.get(field, {}).get("maxItems")
            if most is not None and many_of > most:
                says = f"{many_of} inputs are too many for {recipe.alias or recipe.model} at {self.of.name}"
                self._say("", says, f"it takes {most} at most")
        self._look_at_words()
        for field in takes.schema.get("required", ()):
            self._look_for(field)

    def _look_at_file(self, role: str, media_type: str, size: int) -> None:
        files = self.takes.files
        if files.types and media_type not in files.types:
            says = f"the {role} is {media_type}, which {self.of.name} does not take for this model"
            self._say("", says, f"one of {', '.join(files.types)}")
        if files.bytes is not None and size > files.bytes:
            says = f"the {role} has {size} bytes, and {self.of.name} takes {files.bytes} for this model"
            self._say("", says, "use a smaller file")

    def _counts(self) -> dict[str, int]:
        """How many inputs each list gets, whatever their roles."""
        counts: dict[str, int] = {}
        for role, many in self.recipe.inputs.items():
            field = self.takes.inputs.get(role, "")
            if field.endswith("[]"):
                counts[field[:-2]] = counts.get(field[:-2], 0) + len(many)
        return counts

    def _look_at_words(self) -> None:
        takes, words = self.takes, self.recipe.prompt
        if takes.prompt is None or words is None:
            return
        most = takes.properties.get(takes.prompt, {}).get("maxLength")
        if most is not None and len(words) > most:
            says = f"the prompt has {len(words)} characters, and {self.of.name} takes {most} for this model"
            self._say("", says, "make it shorter")

    def _look_for(self, field: str) -> None:
        """Something that the endpoint must have. What is not decided yet is looked at when it is."""
        takes, recipe = self.takes, self.recipe
        if field == takes.prompt:
            if not (recipe.prompt or "").strip():
                self._say("", f"{recipe.alias or recipe.model} at {self.of.name} needs a prompt", "say what is wanted")
            return
        roles = [role for role, name in takes.inputs.items() if name.removesuffix("[]") == field]
        if roles:
            if not any(recipe.inputs.get(role) for role in roles):
                says = f"{recipe.alias or recipe.model} at {self.of.name} needs {' or '.join(roles)}"
                self._say("", says, f"give it {roles[0]}")
        elif field not in self.body and field != "seed" and "default" not in takes.properties.get(field, {}):
            schema = takes.properties.get(field, {})
            if field not in self._said:
                says = f"{recipe.alias or recipe.model} at {self.of.name} needs {field}"
                self._wrong(field, says, schema, None)

    def _wrong(self, name: str, says: str, schema: Mapping[str, Any], value: Any, otherwise: str = "") -> None:
        """A value that cannot be had: what can, and which of it is nearest."""
        words = allowed_words(schema) or otherwise or "see rushes models show"
        near = closest(schema, value)
        self._say(name, says, f"{words}; the nearest is {near}" if near is not None else words)

    def _say(self, name: str, says: str, try_: str) -> None:
        self._said.add(name)
        self.problems.append(self.of.problem(says, try_, name))

    def _not_sent(self, name: str, why: str = "") -> None:
        says = f"{self.of.name} does not take {name} for this model, so it is not sent{why}"
        problem = self.of.problem(says, "leave it out, or choose another model", name, Severity.WARNING)
        self.problems.append(problem)


def _length(schema: Mapping[str, Any], seconds: float) -> Any:
    """A length in seconds as an endpoint writes it; None where it cannot be had."""
    whole: float | int = int(seconds) if seconds == int(seconds) else seconds
    if "enum" in schema:
        return next((one for one in schema["enum"] if _seconds_of(one) == seconds), None)
    if schema.get("type") in ("integer", "number"):
        return whole if why_not(schema, whole) is None else None
    text = f"{whole}s" if str(schema.get("pattern", "")).endswith("s$") else str(whole)
    return text if why_not(schema, text) is None else None


def _seconds_of(value: Any) -> float | None:
    found = _LENGTH.fullmatch(str(value).strip().lower())
    return None if found is None else float(found[1])


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


def _ratio_in(ratio: str, ratios: Sequence[Any], *, exact: bool) -> Any:
    """The endpoint's own word for a ratio; for a size in pixels the nearest within two per cent."""
    if ratio in ratios:
        return ratio
    wanted = _quotient(ratio)
    if wanted is None:
        return None
    slack = 0.001 if exact else 0.02
    return next((one for one in ratios if (q := _quotient(str(one))) and abs(q / wanted - 1) < slack), None)


def _written(ratio: str) -> str:
    """A ratio as all write it, `16 : 9` and `16/9` too; any other word as it is."""
    found = _RATIO.fullmatch(ratio)
    return f"{int(found[1])}:{int(found[2])}" if found else ratio


def _quotient(ratio: str) -> float | None:
    found = _RATIO.fullmatch(ratio)
    return int(found[1]) / int(found[2]) if found and int(found[1]) and int(found[2]) else None


def _image_size(takes: Takes, ratio: str, shape: tuple[int, int] | None, value: Any) -> str | dict[str, int] | None:
    """A size for endpoints that take pixels: the asked one, a name that they have, or a picture of that shape."""
    if isinstance(value, str) and value in NAMED_SIZES:
        return value
    if shape is None and ratio in _NAMED:
        return _NAMED[ratio]
    size = shape or pixels_of(ratio, takes)
    return None if size is None else {"width": size[0], "height": size[1]}


def pixels_of(ratio: str, takes: Takes) -> tuple[int, int] | None:
    """Width and height of about the usual area; rounded down, so that they stay within what was quoted.

    Exactly of that ratio where the grid has such a size that is not much smaller.
    """
    found, quotient = _RATIO.fullmatch(ratio), _quotient(ratio)
    if found is None or quotient is None or not 1 / 8 <= quotient <= 8:
        return None
    sides = [int(side) // math.gcd(int(found[1]), int(found[2])) for side in found.groups()]
    step = math.lcm(*(takes.grid // math.gcd(takes.grid, side) for side in sides))
    wide, tall = (side * step for side in sides)
    times = math.isqrt(takes.area // (wide * tall))
    if times * times * wide * tall >= _MOST_OF * takes.area:
        return wide * times, tall * times
    height = math.sqrt(takes.area / quotient)
    return int(height * quotient) // takes.grid * takes.grid, int(height) // takes.grid * takes.grid
