"""Reading the body of a `generateContent` call as strictly as Google does: an unknown field is an error.

Names are taken in both spellings, `inlineData` and `inline_data`, as Google's JSON reader does. Wordings of errors:
Google's answers as they stand in public issue trackers.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

PICTURES_AT_MOST = 14
"""Input pictures of one call (Google, Gemini 3 image models)."""

PICTURE_TYPES = frozenset({"image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"})
"""Media types of input pictures (Google, Gemini 3 image models)."""

FILM_TYPES = frozenset(
    {"video/mp4", "video/mpeg", "video/mov", "video/quicktime", "video/avi", "video/x-msvideo", "video/x-flv"}
    | {"video/mpg", "video/webm", "video/wmv", "video/3gpp"}
)
"""Media types of films that are looked at (Google's guide to video understanding)."""

LONGEST_ANSWER = 65_536
"""Tokens of the longest answer of the models that write (Google's model pages)."""

# fmt: off
_TOP = (
    "contents", "generationConfig", "systemInstruction", "safetySettings", "tools", "toolConfig", "cachedContent",
    "labels", "model", "serviceTier", "store", "continuationToken",
)
_CONFIG = (
    "responseModalities", "imageConfig", "responseMimeType", "responseSchema", "responseJsonSchema",
    "candidateCount", "seed", "temperature", "topP", "topK", "maxOutputTokens", "stopSequences", "thinkingConfig",
    "mediaResolution", "presencePenalty", "frequencyPenalty", "speechConfig", "responseLogprobs", "logprobs",
    "enableEnhancedCivicAnswers", "audioTranscriptionConfig",
)
# fmt: on
_IMAGE = ("aspectRatio", "imageSize")
_CONTENT = ("role", "parts")
_PART = ("text", "inlineData", "fileData", "thought", "thoughtSignature", "mediaResolution", "videoMetadata")
_BLOB = ("mimeType", "data", "displayName")
_FILE = ("mimeType", "fileUri", "displayName")
Find = Callable[[str], bytes | None]
"""The bytes of a file that was uploaded, by its address; None for an address that is none of ours."""


class BadRequest(Exception):
    """Google would answer 400 INVALID_ARGUMENT with this message."""


class Family(NamedTuple):
    """What a family of image models paints: pixels at 1K by ratio; by size the factor on them and the tokens of one.

    `odd` are the pixels of those (`SIZE RATIO`) that do not follow from this.
    """

    ratios: Mapping[str, tuple[int, int]]
    sizes: Mapping[str, tuple[float, int]]
    odd: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A call that can be answered.

    `pictures` and `films` are the input files in order. `pixels` is the size to paint (None: as the first input, else
    square) and `size` its name (`1K`). `schema` is what a JSON answer has to fit: None when plain text is wanted, and
    an empty one fits anything. `instruction` is what the system is told, `most` the tokens that an answer may have.
    `seed` is None when none is given.
    """

    prompt: str
    instruction: str
    most: int
    pictures: tuple[bytes, ...]
    films: tuple[bytes, ...]
    paints: bool
    says: bool
    pixels: tuple[int, int] | None
    size: str
    tokens: int
    schema: Mapping[str, Any] | None
    seed: int | None


@lru_cache(maxsize=1)
def models() -> Mapping[str, Family | None]:
    """The models that are served; None for those that only write."""
    raw = json.loads(files("rushes.sim").joinpath("data/gemini.json").read_text("utf-8"))
    families = {
        name: Family(
            {ratio: (wide, high) for ratio, (wide, high) in one["ratios"].items()},
            {size: (factor, tokens) for size, (factor, tokens) in one["sizes"].items()},
            {both: (wide, high) for both, (wide, high) in one.get("odd", {}).items()},
        )
        for name, one in raw["families"].items()
    }
    gone = set(raw["shut_down"])
    return {name: families[of] if of else None for name, of in raw["models"].items() if name not in gone}


def read(body: Any, family: Family | None, find: Find = lambda uri: None) -> Asked:
    """What a call asks of a model, from the JSON of its body. Raises BadRequest."""
    top = _names(body, "", _TOP)
    config = _names(top.get("generationConfig", {}), "generation_config", _CONFIG)
    types = PICTURE_TYPES if family is not None else PICTURE_TYPES | FILM_TYPES
    prompt, given = _contents(top.get("contents"), types, find)
    pictures = tuple(data for kind, data in given if kind in PICTURE_TYPES)
    if family is not None and len(pictures) > PICTURES_AT_MOST:
        raise BadRequest(f"Number of images exceeds the limit of {PICTURES_AT_MOST}")
    ways = _modalities(config, family)
    pixels, size, tokens = _picture(config, family)
    seed = config.get("seed")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        raise BadRequest(f"Invalid value at 'generation_config.seed' (TYPE_INT32), {json.dumps(seed)[:80]}")
    if config.get("candidateCount", 1) != 1:
        raise BadRequest("Multiple candidates is not enabled for this model")
    return Asked(
        prompt=prompt,
        instruction=_instruction(top.get("systemInstruction")),
        most=_most(config),
        pictures=pictures,
        films=tuple(data for kind, data in given if kind in FILM_TYPES),
        paints="IMAGE" in ways,
        says="TEXT" in ways,
        pixels=pixels,
        size=size,
        tokens=tokens,
        schema=_schema(config, family),
        seed=seed,
    )


def _names(value: Any, where: str, known: Iterable[str]) -> dict[str, Any]:
    """The fields under their own names, whichever way they were spelt."""
    if not isinstance(value, dict):
        raise BadRequest("Invalid JSON payload received. Root element must be a message.")
    spelt = {name: name for name in known} | {_snake(name): name for name in known}
    found: dict[str, Any] = {}
    for name, inner in value.items():
        if name not in spelt:
            at = f" at '{where}'" if where else ""
            raise BadRequest(f'Invalid JSON payload received. Unknown name "{name[:80]}"{at}: Cannot find field.')
        if inner is not None:
            found[spelt[name]] = inner
    return found


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _contents(value: Any, types: frozenset[str], find: Find) -> tuple[str, list[tuple[str, bytes]]]:
    """The words of a call, and its files with their media types."""
    many = value if isinstance(value, list) else [value]
    if not value:
        raise BadRequest("* GenerateContentRequest.contents: contents is not specified")
    texts: list[str] = []
    given: list[tuple[str, bytes]] = []
    for number, one in enumerate(many):
        content = _names(one, f"contents[{number}]", _CONTENT)
        parts = content.get("parts", [])
        for index, raw in enumerate(parts if isinstance(parts, list) else [parts]):
            at = f"contents[{number}].parts[{index}]"
            part = _names(raw, at, _PART)
            if isinstance(text := part.get("text"), str):
                texts.append(_sound(text))
            elif "inlineData" in part:
                given.append(_blob(part["inlineData"], f"{at}.inline_data", types))
            elif "fileData" in part:
                given.append(_file(part["fileData"], f"{at}.file_data", types, find))
            else:
                field = "required oneof field 'data' must have one initialized field"
                raise BadRequest(f"* GenerateContentRequest.{at}.data: {field}")
    return "\n".join(texts), given


def _instruction(value: Any) -> str:
    """What the system is told: a content, or its text alone."""
    if value is None or isinstance(value, str):
        return _sound(value or "")
    parts = _names(value, "system_instruction", _CONTENT).get("parts", [])
    read_ = [_names(one, "system_instruction.parts", _PART) for one in (parts if isinstance(parts, list) else [parts])]
    return "\n".join(_sound(text) for one in read_ if isinstance(text := one.get("text"), str))


def _most(config: Mapping[str, Any]) -> int:
    most = config.get("maxOutputTokens", LONGEST_ANSWER)
    if isinstance(most, bool) or not isinstance(most, int) or not 1 <= most <= LONGEST_ANSWER:
        raise BadRequest(
            f"Unable to submit request because it has a maxOutputTokens value of {json.dumps(most)[:40]} but the "
            f"supported range is from 1 (inclusive) to {LONGEST_ANSWER + 1} (exclusive)."
        )
    return most


def _sound(text: str) -> str:
    """A text without halves of characters, which JSON can spell and nothing can write."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadRequest("Invalid JSON payload received. Invalid unicode escape.") from None
    return text


def _blob(value: Any, where: str, types: frozenset[str]) -> tuple[str, bytes]:
    blob = _names(value, where, _BLOB)
    kind, data = _type(blob, types), blob.get("data")
    try:
        # bytes fields of Google's JSON come in either alphabet; google-genai sends the one that is safe in addresses
        return kind, base64.b64decode(str(data).translate(_URL_SAFE), validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest(f"Invalid value at '{where}.data' (TYPE_BYTES), Base64 decoding failed") from None


def _file(value: Any, where: str, types: frozenset[str], find: Find) -> tuple[str, bytes]:
    file = _names(value, where, _FILE)
    kind, data = _type(file, types), find(str(file.get("fileUri", "")))
    if data is None:
        raise BadRequest(f"Unsupported file URI type: {str(file.get('fileUri'))[:80]}")
    return kind, data


def _type(value: Mapping[str, Any], types: frozenset[str]) -> str:
    kind = value.get("mimeType")
    if not isinstance(kind, str) or kind not in types:
        raise BadRequest(f"Unsupported MIME type: {str(kind)[:80]}")
    return kind


_URL_SAFE = str.maketrans("-_", "+/")


def _modalities(config: Mapping[str, Any], family: Family | None) -> frozenset[str]:
    asked = config.get("responseModalities")
    if asked is None:
        return frozenset({"TEXT"} if family is None else {"TEXT", "IMAGE"})
    if not isinstance(asked, list) or not all(isinstance(one, str) for one in asked):
        raise BadRequest("Invalid value at 'generation_config.response_modalities'")
    ways = frozenset(one.upper() for one in asked)
    wrong = ways - ({"TEXT"} if family is None else {"TEXT", "IMAGE"})
    if wrong or not ways:
        names = ",".join(sorted(one.lower() for one in wrong or ways))[:80]
        raise BadRequest(f"Model does not support the requested response modalities: {names}")
    return ways


def _picture(config: Mapping[str, Any], family: Family | None) -> tuple[tuple[int, int] | None, str, int]:
    image = _names(config.get("imageConfig", {}), "generation_config.image_config", _IMAGE)
    if family is None:
        if image:
            raise BadRequest("Aspect ratio is not enabled for this model")
        return None, "", 0
    size = image.get("imageSize", "1K")
    if not isinstance(size, str) or size not in family.sizes:
        raise BadRequest(f"Invalid value at 'generation_config.image_config.image_size': {json.dumps(size)[:80]}")
    factor, tokens = family.sizes[size]
    ratio = image.get("aspectRatio")
    if ratio is None:
        return None, size, tokens
    if not isinstance(ratio, str) or ratio not in family.ratios:
        raise BadRequest(f"Invalid value at 'generation_config.image_config.aspect_ratio': {json.dumps(ratio)[:80]}")
    wide, high = family.ratios[ratio]
    odd = family.odd.get(f"{size} {ratio}")
    return odd or (round(wide * factor), round(high * factor)), size, tokens


def _schema(config: Mapping[str, Any], family: Family | None) -> Mapping[str, Any] | None:
    kind = config.get("responseMimeType", "text/plain")
    schema = config.get("responseJsonSchema", config.get("responseSchema"))
    if kind not in ("text/plain", "application/json"):
        raise BadRequest(
            f"* GenerateContentRequest.generation_config.response_mime_type: not allowed: {str(kind)[:80]}"
        )
    if kind == "text/plain":
        if schema is not None:
            raise BadRequest("* GenerateContentRequest.generation_config.response_schema: needs application/json")
        return None
    if family is not None:
        raise BadRequest("JSON mode is not enabled for this model")
    if schema is not None and not isinstance(schema, dict):
        raise BadRequest("Invalid value at 'generation_config.response_schema'")
    return schema or {}
