"""What a provider allows in a time: the units that are counted, a declared rate, and what an answer says is left."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Unit(StrEnum):
    """What is counted."""

    REQUESTS = "requests"
    IMAGES = "images"
    TOKENS = "tokens"
    CHARACTERS = "characters"
    USD = "usd"


_PER = {1.0: "a second", 60.0: "a minute", 3600.0: "an hour", 86400.0: "a day"}


class Rate(NamedTuple):
    """At most so many units in any stretch of so many seconds."""

    most: float
    seconds: float
    of: Unit = Unit.REQUESTS

    @property
    def says(self) -> str:
        """In words: `600 requests a minute`."""
        return f"{self.most:g} {self.of} {_PER.get(self.seconds, f'in {self.seconds:g} s')}"


class Standing(NamedTuple):
    """What an answer said of a limit: how much it allows in all, what is left of it, in how many seconds it is whole
    again. None: not said.
    """

    of: Unit
    most: float | None = None
    left: float | None = None
    resets: float | None = None


class Allowed(NamedTuple):
    """What an account, or a model at it, may be asked at most: at once, and in a time. None: nobody has said."""

    in_flight: int | None = None
    rates: tuple[Rate, ...] = ()

    def over(self, other: Allowed) -> Allowed:
        """This, and the other's word where this says nothing."""
        return Allowed(self.in_flight or other.in_flight, self.rates or other.rates)
