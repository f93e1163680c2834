"""From a price list and a request to money: USD from low to high, or unknown.

Nothing is guessed downwards. A condition that the request does not decide makes a range; a quantity that is not known
and that no default gives makes the price unknown, and unknown is never counted as nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from rushes.model.media import Artifact
from rushes.model.money import Quote
from rushes.model.operation import Operation
from rushes.model.price import Price, Unit
from rushes.model.request import Recipe
from rushes.model.spelling import AUDIO, COUNT, DURATION, MOST_TOKENS, NAMED_SIZES, SIZE

_MEGA = Decimal(1_000_000)
_LARGEST = 17_000_000
"""Pixels of the largest picture that a model makes: 4096 x 4096, or 5504 x 3072. Source: Google's image guide, 2026."""

_LETTERS = 4
"""Characters of a usual token; one letter can be one, in the worst case. Source: the guides of OpenAI and Google."""

_PICTURE = (1, 6821)
"""Tokens of a picture that is looked at, from the cheapest way of three services to the dearest.

The dearest is OpenAI's way with a picture that is edited at high fidelity, as its newer models always do: 65, four
tiles of 129, and 6240 for one that is not square.
Sources: the image guides of OpenAI, Anthropic and Google, 2026-11-20."""

_FILM = (66, 300)
"""Tokens of a second of a film that is looked at, a frame a second: in its lowest resolution, and in the usual one with
sound.

Source: Google's guide to video understanding, 2026-11-20."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a request brings along besides its parameters (None: not known yet).

    `characters` of the text to speak or to read; `pictures` and `film_seconds` beside it (0 where there is no film);
    `media_seconds` and `media_pixels` of the main input, of an avatar the seconds of what it speaks or follows;
    `to_come` is true of a picture that will be changed and is not there.
    """

    characters: int | None = None
    pictures: int = 0
    film_seconds: Decimal | None = Decimal(0)
    media_seconds: Decimal | None = None
    media_pixels: int | None = None
    to_come: bool = False


def load_of(recipe: Recipe) -> Load:
    """What a recipe brings along: the length of its text, and the facts of its first input that has any."""
    first = next((many[0] for many in recipe.inputs.values() if many), None)
    seconds = _seconds_of([first] if first is not None else [])
    if recipe.op is Operation.AVATAR:  # its portrait has no length: it lasts as long as what it speaks or follows
        voices = [one for role in ("audio", "second_audio") for one in recipe.inputs.get(role, ())]
        seconds = _seconds_of(voices or recipe.inputs.get("video", ()))
    pixels = None if first is None or not first.width or not first.height else first.width * first.height
    characters = len(recipe.prompt) if recipe.prompt is not None else None
    every = [one for many in recipe.inputs.values() for one in many]
    films = [one for one in every if one.media_type.startswith("video/")]
    return Load(
        characters=characters,
        pictures=sum(one.media_type.startswith("image/") for one in every),
        film_seconds=_seconds_of(films) if films else Decimal(0),
        media_seconds=seconds,
        media_pixels=pixels,
        to_come=pixels is None and recipe.op in (Operation.IMAGE_TO_IMAGE, Operation.UPSCALE_IMAGE),
    )


def _seconds_of(many: Sequence[Artifact]) -> Decimal | None:
    """How long inputs last, one after the other; None when there are none, or when it is not known of one."""
    lengths = [Decimal(str(one.seconds)) for one in many if one.seconds is not None]
    return sum(lengths, Decimal(0)) if many and len(lengths) == len(many) else None


def quote(
    prices: Sequence[Price],
    params: Mapping[str, Any],
    *,
    defaults: Mapping[str, Any] | None = None,
    durations: Sequence[int] | None = None,
    load: Load | None = None,
    seconds: float = 0.0,
) -> Quote:
    """The quote of one request.

    `defaults` stand in for parameters that are not given, `durations` are the lengths the model can have when none is
    named, `seconds` is its typical time and goes into the quote as it is.
    """
    given = _with_defaults(params, defaults or {})
    open_ = _possible(prices, _facts(given, load or Load()))
    if not open_:
        return Quote(None, None, seconds, "no price for these parameters" if prices else "no price is known")
    source = "; ".join(dict.fromkeys(f"{one.source}, {one.as_of}" for one in open_))
    lows, highs = [], []
    for price in open_:
        span = _units(price.per, given, durations, load or Load())
        answer = _answer(price, given)
        if price.above and span is not None and span[1] <= price.above:
            continue
        if price.usd is None or span is None or answer is None:
            return Quote(None, None, seconds, source)
        each = (price.usd, *price.kinds.values())  # of which kind a token will be is the service's business
        lows.append(min(each) * max(span[0], price.least) + price.plus)
        highs.append(max(each) * max(span[1], price.least) + price.plus + answer)
    return Quote(min(lows), max(highs), seconds, source)


def spent(
    prices: Sequence[Price], asked: int, answered: int, kinds: Mapping[str, int] = MappingProxyType({})
) -> Decimal | None:
    """USD for so many tokens in and out; None where no price says what a token costs.

    `kinds` are those of `asked` that a service counts apart, by the words of `Price.kinds`.
    """
    fitting = [one for one in prices if one.per is Unit.TOKEN and not one.when and (not one.above or asked > one.above)]
    price = max(fitting, key=lambda one: one.above, default=None)
    if price is None or price.usd is None or sum(kinds.values()) > asked:
        return None
    if any(many and kind not in price.kinds for kind, many in kinds.items()):
        return None
    apart = sum((price.kinds[kind] * many for kind, many in kinds.items() if many), Decimal(0))
    return price.usd * (asked - sum(kinds.values())) + apart + price.answered * answered


_SPELLINGS = (DURATION, AUDIO, COUNT, MOST_TOKENS, ("resolution", "imageSize"))


def _with_defaults(params: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """What is asked. A default stands in only for what is not said under any of its spellings."""
    said = {name: value for name, value in params.items() if value is not None}
    covered = {name for names in _SPELLINGS if any(one in said for one in names) for name in names}
    return {**{name: value for name, value in defaults.items() if name not in covered}, **said}


def _possible(prices: Sequence[Price], facts: Mapping[str, bool | str]) -> list[Price]:
    """The entries that hold, or may hold for all that is known; of those that hold, the most particular ones."""
    fitting = [one for one in prices if all(facts.get(name, value) == value for name, value in one.when.items())]
    sure = [one for one in fitting if all(name in facts for name in one.when)]
    unsure = [one for one in fitting if not all(name in facts for name in one.when)]
    most = max((len(one.when) for one in sure), default=0)
    return [one for one in sure if len(one.when) == most] + unsure


def _facts(given: Mapping[str, Any], load: Load) -> dict[str, bool | str]:
    """What prices may depend on: parameters, some in the spelling of the price lists, and how many pictures come."""
    facts: dict[str, bool | str] = {"pictures": str(load.pictures)}
    facts |= {
        name: value if isinstance(value, bool) else str(value).strip().lower()
        for name, value in given.items()
        if isinstance(value, bool | str | int)
    }
    facts |= {name: bool(value) for name, value in given.items() if isinstance(value, list)}  # whether there are any
    for name in AUDIO:
        if name in given:
            facts["audio"] = _truth(given[name])
            break
    resolution = given.get("resolution", given.get("imageSize"))
    if resolution is not None:
        facts["resolution"] = _resolution(str(resolution))
    if "quality" in given:
        facts["quality"] = str(given["quality"]).strip().lower()
    if given.get("voice_ids"):
        facts["voice_control"] = True
    elif "voice_control" in given:
        facts["voice_control"] = _truth(given["voice_control"])
    return facts


def _truth(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().lower() not in ("", "false", "no", "off", "0")
    return bool(value)


def _resolution(text: str) -> str:
    plain = text.strip().lower()
    plain = {"512px": "0.5k", "512": "0.5k", "2160p": "4k", "uhd": "4k"}.get(plain, plain)
    return f"{plain}p" if plain.isdecimal() else plain


def _units(
    unit: Unit, given: Mapping[str, Any], durations: Sequence[int] | None, load: Load
) -> tuple[Decimal, Decimal] | None:
    """Least and most units of one request, or None when nobody can say."""
    if unit is Unit.REQUEST:
        return Decimal(1), Decimal(1)
    if unit is Unit.CHARACTER:
        return _same(None if load.characters is None else Decimal(load.characters))
    if unit is Unit.TOKEN:
        return _tokens(load)
    if unit is Unit.MINUTE:
        span = _lengths({}, durations, load)
        return None if span is None else (span[0] / 60, span[1] / 60)
    if unit is Unit.SECOND:
        return _lengths(given, durations, load)
    images = next((_number(given[name]) for name in COUNT if name in given), None) or Decimal(1)
    if unit is Unit.IMAGE:
        return _same(images)
    least, most = _megapixels(given, load)
    return least * images, most * images


def _tokens(load: Load) -> tuple[Decimal, Decimal] | None:
    """Least and most tokens of what is sent; None while the length of a film is not known."""
    if load.film_seconds is None:
        return None
    letters = load.characters or 0
    least, most = (load.pictures * one + load.film_seconds * two for one, two in zip(_PICTURE, _FILM, strict=True))
    return least + letters // _LETTERS, most + letters


def _answer(price: Price, given: Mapping[str, Any]) -> Decimal | None:
    """USD of the longest answer; nothing but of tokens, None when nothing bounds it."""
    if price.per is not Unit.TOKEN:
        return Decimal(0)
    most = next((_number(given[name]) for name in MOST_TOKENS if name in given), None)
    return None if most is None else most * price.answered


def _same(amount: Decimal | None) -> tuple[Decimal, Decimal] | None:
    return None if amount is None else (amount, amount)


def _lengths(given: Mapping[str, Any], durations: Sequence[int] | None, load: Load) -> tuple[Decimal, Decimal] | None:
    for name in DURATION:
        if name in given:
            return _same(_number(given[name]))
    if load.media_seconds is not None:
        return _same(load.media_seconds)
    return (Decimal(min(durations)), Decimal(max(durations))) if durations else None


def _megapixels(given: Mapping[str, Any], load: Load) -> tuple[Decimal, Decimal]:
    """Started megapixels of one picture: what it is asked to be, else what comes in, else one; larger by its factor.

    One that comes in and is not there yet may be as large as any that the models of the catalogue make.
    """
    factor = _number(given.get("upscale_factor")) or Decimal(1)
    pixels = _pixels(given) or load.media_pixels
    span = (pixels, pixels) if pixels else (1_000_000, _LARGEST if load.to_come else 1_000_000)
    least, most = ((one * factor**2 / _MEGA).to_integral_value(ROUND_CEILING) for one in span)
    return least, most


def _pixels(given: Mapping[str, Any]) -> int | None:
    width, height = _number(given.get("width")), _number(given.get("height"))
    for name in SIZE:
        size = given.get(name)
        if isinstance(size, dict):
            width, height = _number(size.get("width")), _number(size.get("height"))
        elif isinstance(size, str) and size in NAMED_SIZES:
            return NAMED_SIZES[size][0] * NAMED_SIZES[size][1]
        elif isinstance(size, str) and (found := re.fullmatch(r"(\d{1,5})\s*[x×*]\s*(\d{1,5})", size.lower())):
            return int(found[1]) * int(found[2])
    return int(width * height) if width and height else None


def _number(value: Any) -> Decimal | None:
    """A positive number below a thousand million, written as 8, 8.0, "8" or "8s"; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = Decimal(
            str(value).strip().lower().removesuffix("seconds").removesuffix("sec").removesuffix("s").strip()
        )
    except (InvalidOperation, ValueError):
        return None
    return number if number.is_finite() and 0 < number < 1_000_000_000 else None
