"""`--since` and `--until`: times of the past as people write them, the same wherever something is counted."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, datetime, timedelta

import click

from rushes.model.size import parse_age

_Read = Callable[[click.Context, click.Parameter, str | None], float | None]


def moment(*, end: bool = False) -> _Read:
    """A callback: `7d` ago, or a day of this machine's zone, from its beginning or up to its end; `all` is no limit.

    In unix seconds.
    """

    def read(context: click.Context, parameter: click.Parameter, given: str | None) -> float | None:
        if given is None or given == "all":
            return None
        found = _ago(given)
        if found is None:
            found = _day(given, end)
        if found is None:
            says = f"{given!r} is no time, such as 7d, 12h, 2026-11-01 or all"
            raise click.BadParameter(says, context, parameter)
        return found

    return read


def _ago(given: str) -> float | None:
    span = parse_age(given)
    at = None if span is None else time.time() - span
    return at if at is not None and at > 0 else None  # before there were clocks, it was a slip of the finger


def _day(given: str, end: bool) -> float | None:
    try:
        day = date.fromisoformat(given) + timedelta(days=1 if end else 0)
        return datetime(day.year, day.month, day.day).astimezone().timestamp()
    except (ValueError, OverflowError):
        return None
