"""Hidden capacities as the command line and JSON have them: `in-flight=5`, `fal:60/min`, `bucket=2/s:10 silent`."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from rushes.errors import UserError
from rushes.model.limit import Unit
from rushes.sim.capacity import Bucket, Course, InFlight, Line, Overload, Rule, Window

FORMS = "in-flight=5, 60/min, bucket=2/s:10, queue=5 or overloaded=60-120"
_PER = {"s": 1.0, "min": 60.0, "hour": 3600.0, "day": 86400.0}
_WHO = re.compile(r"([a-z][\w-]*)(?:/(\w+))?:(.+)", re.DOTALL)
_NUMBER = r"[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?"
_WINDOW = re.compile(rf"({_NUMBER})/({_NUMBER})?(s|min|hour|day)")
_BUCKET = re.compile(rf"({_NUMBER})/(s|min|hour|day):({_NUMBER})")
_STEP = re.compile(rf"({_NUMBER})(?:@({_NUMBER}))?")
_SPAN = re.compile(rf"({_NUMBER})-({_NUMBER})")
_MOST_STEPS = 1000


class Capacity(NamedTuple):
    """A rule and whom it binds: every account, those of one provider, or one account (by its name in the books)."""

    rule: Rule
    provider: str = ""
    account: str = ""

    def binds(self, provider: str, account: str) -> bool:
        """Whether it stands before this account."""
        return self.provider in ("", provider) and self.account in ("", account)

    @property
    def text(self) -> str:
        """In the form that `capacity_from_text` reads."""
        who = self.provider + (f"/{self.account}" if self.account else "")
        return f"{who}:{_text(self.rule)}" if who else _text(self.rule)


def capacity_from_text(text: str) -> Capacity:
    """A capacity from `[PROVIDER[/ACCOUNT]:]RULE [WORD...]`. Raises UserError, which names what cannot be read.

    A rule is `in-flight=N` (or a course `8,4@600,2@1200`, repeated with `~1800`), `N/min` (s, min, hour, day; or any
    stretch of time: `N/5min`), `bucket=RATE/s:BURST`, `queue=N`, `overloaded=FROM-UNTIL`. Words: a unit (`images`,
    `tokens`, `characters`, `usd`), `sliding`, `silent` (refusals do not say when to come back), `begins=S`,
    `wait=S` (the least Retry-After), `late=S` (between two refusals). Times are in seconds.
    """
    stripped = text.strip().lower()
    provider = account = ""
    if (found := _WHO.fullmatch(stripped)) is not None:
        provider, account, stripped = found[1], found[2] or "", found[3]
    name, *words = stripped.split() or [""]
    return Capacity(_worded(_rule(name, text), words, text), provider, account)


def capacities(texts: Sequence[Any]) -> tuple[Capacity, ...]:
    """Several, from a list as JSON has it."""
    odd = next((one for one in texts if not isinstance(one, str)), None)
    if odd is not None:
        raise UserError(f"{odd!r} is no capacity", next_step=f"give texts such as {FORMS}")
    return tuple(capacity_from_text(one) for one in texts)


def _rule(name: str, text: str) -> Rule:
    kind, equals, value = name.partition("=")
    if kind == "in-flight" and equals:
        return InFlight(most=_course(value, text))
    if kind == "queue" and value.isascii() and value.isdecimal() and 0 < int(value) < 1e9:
        return Line(at_once=int(value))
    if kind == "bucket" and (found := _BUCKET.fullmatch(value)):
        return Bucket(rate=_positive(found[1], text) / _PER[found[2]], burst=_positive(found[3], text))
    if kind == "overloaded" and equals:
        return Overload(on=_spans(value, text))
    if not equals and (found := _WINDOW.fullmatch(name)):
        return Window(most=_positive(found[1], text), seconds=_positive(found[2] or "1", text) * _PER[found[3]])
    raise _unread(text, "no rule of a capacity")


def _worded(rule: Rule, words: Sequence[str], text: str) -> Rule:
    changed: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if name in ("wait", "late", "begins") and equals:
            changed[name] = _number(value, text)
        elif word in ("silent", "sliding"):
            changed[word] = True
        elif word in tuple(Unit):
            changed["of"] = Unit(word)
        else:
            raise _unread(text, f"{word!r} is no word about a capacity")
    if changed.keys() & {"begins", "sliding"} and not isinstance(rule, Window):
        raise _unread(text, "only a rate has windows")
    if "of" in changed and not isinstance(rule, Window | Bucket) and changed["of"] is not Unit.REQUESTS:
        raise _unread(text, "only a rate counts units")
    return replace(rule, **changed)  # type: ignore[type-var]


def _course(value: str, text: str) -> Course:
    steps, _, period = value.partition("~")
    points: list[tuple[float, float]] = []
    for step in steps.split(","):
        found = _STEP.fullmatch(step)
        if found is None or (found[2] is None) != (not points) or len(points) >= _MOST_STEPS:
            raise _unread(text, "no course of numbers, such as 8,4@600,2@1200")
        points.append((_number(found[2] or "0", text), _number(found[1], text)))
    if points != sorted(points, key=lambda one: one[0]):
        raise _unread(text, "the steps of a course come in the order of their times")
    return Course(tuple(points), _repeated(period, points[-1][0], text) if period else None)


def _spans(value: str, text: str) -> Course:
    spans, _, period = value.partition("~")
    points: list[tuple[float, float]] = [(0.0, 0.0)]
    for span in spans.split(","):
        found = _SPAN.fullmatch(span)
        if found is None or len(points) >= _MOST_STEPS:
            raise _unread(text, "no spans of seconds, such as 60-120")
        begin, end = _number(found[1], text), _number(found[2], text)
        if not points[-1][0] <= begin < end:
            raise _unread(text, "spans of seconds come in order, each with its end after its beginning")
        points += [(begin, 1.0), (end, 0.0)]
    return Course(tuple(points), _repeated(period, points[-1][0], text) if period else None)


def _repeated(period: str, last: float, text: str) -> float:
    seconds = _positive(period, text)
    if seconds <= last:
        raise _unread(text, f"it is repeated every {seconds:g} s, and its last step comes at {last:g} s")
    return seconds


def _number(value: str, text: str) -> float:
    if re.fullmatch(_NUMBER, value) is None or not math.isfinite(float(value)) or float(value) > 1e12:
        raise _unread(text, f"{value!r} is no number that can be used")
    return float(value)


def _positive(value: str, text: str) -> float:
    number = _number(value, text)
    if number <= 0:
        raise _unread(text, f"{value!r} is not above zero")
    return number


def _unread(text: str, why: str) -> UserError:
    return UserError(f"the capacity {text!r} cannot be read: {why}", next_step=f"give one such as {FORMS}")


def _text(rule: Rule) -> str:
    match rule:
        case InFlight():
            words = [f"in-flight={_of_course(rule.most)}"]
        case Line():
            words = [f"queue={rule.at_once}"]
        case Bucket():
            words = [f"bucket={_said(rule.rate)}/s:{_said(rule.burst)}"]
        case Window():
            words = [_of_window(rule)]
            words += ["sliding"] * rule.sliding
            words += [f"begins={_said(rule.begins)}"] * (rule.begins != 0.0)
        case Overload():
            words = [f"overloaded={_of_spans(rule.on)}"]
        case _:
            raise AssertionError(f"{rule!r} has no words")
    if rule.of is not Unit.REQUESTS:
        words.append(rule.of)
    plain = _UNWORDED[type(rule)]
    words += ["silent"] * (rule.silent and not plain.silent)
    words += [f"wait={_said(rule.wait)}"] * (rule.wait != plain.wait)
    words += [f"late={_said(rule.late)}"] * (rule.late != plain.late)
    return " ".join(words)


_UNWORDED: dict[type, Rule] = {
    type(one): one
    for one in (
        InFlight(most=Course(((0.0, 1.0),))),
        Line(at_once=1),
        Bucket(rate=1.0, burst=1.0),
        Window(most=1.0, seconds=1.0),
        Overload(on=Course(((0.0, 0.0),))),
    )
}
"""What a rule is without further words."""


def _of_window(rule: Window) -> str:
    name = next((name for name, seconds in _PER.items() if seconds == rule.seconds), None)
    return f"{_said(rule.most)}/{name}" if name else f"{_said(rule.most)}/{_said(rule.seconds)}s"


def _of_course(course: Course) -> str:
    (_, first), *rest = course.points
    steps = ",".join([_said(first), *(f"{_said(value)}@{_said(when)}" for when, value in rest)])
    return steps + (f"~{_said(course.period)}" if course.period is not None else "")


def _of_spans(course: Course) -> str:
    times = [when for when, _ in course.points[1:]]
    spans = ",".join(f"{_said(a)}-{_said(b)}" for a, b in zip(times[::2], times[1::2], strict=True))
    return spans + (f"~{_said(course.period)}" if course.period is not None else "")


def _said(number: float) -> str:
    return f"{number:.0f}" if number == int(number) and number < 1e12 else repr(number)
