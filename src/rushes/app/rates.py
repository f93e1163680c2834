"""Rates as people write them: `60/min`, `600/h images`, `100000 tokens/min`, `10 usd/day`, `10/5 s`."""

from __future__ import annotations

import re

from rushes.model.limit import Rate, Unit

HOW = "write a rate such as 60/min, 5/s, 600/h images, 100000 tokens/min or 10 usd/day"
"""What to do about one that is none."""

_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, "day": 86400.0}
_SPELLED = {
    **_SECONDS,
    "sec": 1.0,
    "second": 1.0,
    "m": 60.0,
    "minute": 60.0,
    "hour": 3600.0,
    "d": 86400.0,
}
_UNITS = {**{str(unit): unit for unit in Unit}, **{str(unit).removesuffix("s"): unit for unit in Unit}}
_MOST = 1e12
_RATE = re.compile(
    r"(\d{1,13}(?:\.\d{1,6})?)\s*([a-z]+)?\s*(?:/|per|an?)\s*(\d{1,9}(?:\.\d{1,6})?)?\s*([a-z]+)(?:\s+([a-z]+))?",
    re.IGNORECASE | re.ASCII,
)


def parse_rate(text: str) -> Rate | None:
    """The rate that a text says; requests where it names no unit; None for what is no rate.

    What is counted comes before or behind the time. Only dollars have parts: of the others at least one goes, and
    whole ones.
    """
    match = _RATE.fullmatch(text.strip())
    if match is None:
        return None
    most, before, times, per, behind = match.groups()
    unit = _UNITS.get((before or behind or Unit.REQUESTS).lower())
    seconds = _SPELLED.get(per.lower())
    if unit is None or seconds is None or (before and behind):
        return None
    rate = Rate(float(most), seconds * float(times or 1), unit)
    whole = rate.of is Unit.USD or rate.most == int(rate.most)
    return rate if whole and 0 < rate.most <= _MOST and rate.seconds > 0 else None


def show_rate(rate: Rate) -> str:
    """The shortest text that `parse_rate` reads as this rate: `60/min`, `100000 tokens/min`, `10/5 s`."""
    times, per = _time(rate.seconds)
    of = "" if rate.of is Unit.REQUESTS else f" {rate.of}"
    return f"{_number(rate.most)}{of}/{'' if times == 1 else _number(times) + ' '}{per}"


def _time(seconds: float) -> tuple[float, str]:
    """In the largest unit of which it is a whole number, else in seconds."""
    for name, each in reversed(_SECONDS.items()):
        if seconds >= each and seconds % each == 0:
            return seconds / each, name
    return seconds, "s"


def _number(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")
