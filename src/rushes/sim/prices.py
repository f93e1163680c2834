"""What the simulated providers charge and how long their models take. Data: `data/prices`, one list per provider.

The list is the simulator's own and is read by nothing else, so that books and estimates are two opinions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from functools import cache
from importlib.resources import files
from typing import Any

from rushes.model.money import ZERO
from rushes.model.spelling import AUDIO, COUNT, DURATION
from rushes.sim.chance import Chance

_LENGTH = Decimal(5)
"""Seconds of a film or a sound of which nothing says how long it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """One model: USD per unit (`image megapixel second minute request character token`), typical seconds.

    `usual` is the length in seconds of a film for which none is asked (None: as long as its input), `fewest` the least
    number of units that is charged, `plus` a fixed amount on top; `scale` is how much larger a picture becomes when
    nothing is said. `when` has other prices, by what a request says: `audio`, `720p`, `4k` and so on; the first that
    fits counts. Of tokens `usd` is for one that is sent and `answered` for one that comes back.
    """

    usd: Decimal
    per: str
    least: float
    most: float
    usual: Decimal | None = None
    fewest: Decimal = ZERO
    plus: Decimal = ZERO
    scale: Decimal = Decimal(1)
    when: Mapping[str, Decimal] | None = None
    answered: Decimal = ZERO


class PriceList:
    """Terms by protocol and endpoint. A model that is not listed costs what its kind of work usually does."""

    def __init__(self, changed: Mapping[str, Decimal] | None = None) -> None:
        self._changed = dict(changed or {})

    def changed(self, endpoint: str) -> Decimal | None:
        """USD per unit where an endpoint shall cost something else than its list says."""
        return self._changed.get(endpoint)

    def terms(self, protocol: str, endpoint: str, kind: str) -> Terms:
        """The terms of a model, or of its kind: `image`, `video`, `speech`, `text`."""
        return listed(f"prices/{protocol}", "models").get(endpoint) or listed("kinds", "kinds")[kind]

    def price(
        self,
        protocol: str,
        endpoint: str,
        kind: str,
        params: Mapping[str, Any],
        *,
        pixels: int = 1_000_000,
        length: float = 0.0,
        tokens: tuple[int, int] = (0, 0),
    ) -> Decimal:
        """USD for one request; `pixels` of one picture, `length` of its inputs (seconds), or `tokens` in and out."""
        terms = self.terms(protocol, endpoint, kind)
        if terms.per == "token":
            return terms.usd * tokens[0] + terms.answered * tokens[1] + terms.plus
        usd = self._changed.get(endpoint)
        if usd is None:
            usd = next((other for words, other in (terms.when or {}).items() if _says(params, words)), terms.usd)
        return usd * max(_units(terms, params, pixels, Decimal(str(length))), terms.fewest) + terms.plus

    def seconds(self, protocol: str, endpoint: str, kind: str, chance: Chance, key: object) -> float:
        """How long one request takes, simulated seconds."""
        terms = self.terms(protocol, endpoint, kind)
        return round(terms.least + (terms.most - terms.least) * chance.lot("seconds", key), 3)


@cache
def listed(file: str, part: str) -> Mapping[str, Terms]:
    """One list of the data; empty when there is none."""
    path = files("rushes.sim").joinpath(f"data/{file}.json")
    raw = json.loads(path.read_text("utf-8"))[part] if path.is_file() else {}
    return {name: _terms(one) for name, one in raw.items()}


def _terms(raw: Mapping[str, Any]) -> Terms:
    least, most = raw["seconds"]
    return Terms(
        usd=Decimal(raw["usd"]),
        per=raw["per"],
        least=float(least),
        most=float(most),
        usual=Decimal(raw["usual"]) if "usual" in raw else None,
        fewest=Decimal(raw.get("least", 0)),
        plus=Decimal(raw.get("plus", 0)),
        scale=Decimal(raw.get("scale", 1)),
        when={word: Decimal(usd) for word, usd in raw["when"].items()} if "when" in raw else None,
        answered=Decimal(raw.get("answered", 0)),
    )


def _units(terms: Terms, params: Mapping[str, Any], pixels: int, length: Decimal) -> Decimal:
    images = _first(params, COUNT) or Decimal(1)
    if terms.per == "second":
        return _first(params, DURATION) or terms.usual or length or _LENGTH
    if terms.per == "minute":
        return (length or _LENGTH) / 60
    if terms.per == "image":
        return images
    if terms.per == "megapixel":
        larger = _first(params, ("upscale_factor",)) or terms.scale
        return images * (pixels * larger**2 / 1_000_000).to_integral_value(ROUND_CEILING)
    if terms.per == "character":
        return Decimal(len(str(params.get("text") or params.get("prompt") or "")))
    return Decimal(1)


_WORDS = ("resolution", "quality", "duration", "pictures", "image_size", "size")
"""Parameters whose value is the word."""


def _says(params: Mapping[str, Any], words: str) -> bool:
    """Whether a request says all of `4k silent`."""
    return all(_says_word(params, word) for word in words.split())


def _says_word(params: Mapping[str, Any], word: str) -> bool:
    if word == "audio":
        return any(params.get(name) in (True, "true") for name in AUDIO)
    if word == "silent":
        return any(params.get(name) in (False, "false") for name in AUDIO)
    if word == "voice":
        return bool(params.get("voice_ids"))
    if word == "keyterms":
        return bool(params.get("keyterms"))
    return any(str(params.get(name, "")).lower() == word for name in _WORDS)


def _first(params: Mapping[str, Any], names: tuple[str, ...]) -> Decimal | None:
    for name in names:
        value = params.get(name)
        if value is None or isinstance(value, bool):
            continue
        try:
            number = Decimal(str(value).strip().lower().removesuffix("s"))
        except InvalidOperation:
            continue
        if number.is_finite() and 0 < number <= 100_000:
            return number
    return None
