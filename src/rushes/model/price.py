"""What a model asks for its work: an amount per unit, under conditions, with its source and date."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

Fact = bool | str
"""A value that a price may depend on: `{"audio": True, "resolution": "1080p"}`."""


class Unit(StrEnum):
    """What is counted."""

    IMAGE = "image"
    MEGAPIXEL = "megapixel"
    SECOND = "second"
    MINUTE = "minute"
    CHARACTER = "character"
    REQUEST = "request"
    TOKEN = "token"  # noqa: S105  no secret: a unit


class Price(NamedTuple):
    """One entry of a price list, in USD (None: not known).

    It holds when every fact in `when` holds. `least` is the smallest number of units that is charged, `plus` a fixed
    amount on top of each request. Of tokens `usd` is for one that is sent and `answered` for one that comes back;
    `kinds` are for those sent that cost otherwise: of a `picture` or a `sound`, `cached` before, `written` to a cache.
    A request of more than `above` tokens costs this and not what one of fewer does, from the first token to the last.
    """

    usd: Decimal | None
    per: Unit
    when: Mapping[str, Fact]
    source: str
    as_of: str
    least: Decimal = Decimal(0)
    plus: Decimal = Decimal(0)
    answered: Decimal = Decimal(0)
    kinds: Mapping[str, Decimal] = MappingProxyType({})
    above: int = 0
