"""What a remote provider is made with: where its service is, the key, and what the catalogue knows of its models.

A provider sees no environment, no configuration and no catalogue; it is handed this.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple
from urllib.parse import quote

from rushes.model.money import Quote
from rushes.model.operation import Operation
from rushes.model.request import Recipe
from rushes.plugin.takes import Takes


class Secret:
    """A key. It shows itself to nobody who does not ask for it by name: not to logs, reprs, tracebacks or JSON."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The key itself, for the header of a request and nothing else."""
        return self._value

    def is_set(self) -> bool:
        """Whether there is a key at all: some services open without one."""
        return bool(self._value.strip())

    def struck_from(self, text: str) -> str:
        """The text without the key: some services repeat it in what they say, as it is or written for a URL."""
        if not self.is_set():
            return text
        key = self.reveal()
        halves = [half for half in key.split(":") if len(half) >= _TELLING]
        forms = {form for one in (key, *halves) for form in (one, quote(one, safe=""), *_in_base64(one))}
        for form in sorted(forms, key=len, reverse=True):
            text = text.replace(form, "(key)")
        return text

    def __repr__(self) -> str:
        return "Secret(...)"


_TELLING = 8
"""Characters from which on a part of a key tells something; what is shorter stands in many a word."""


def _in_base64(text: str) -> list[str]:
    """How the text looks inside base64, wherever it begins: without the ends, which depend on what is beside it."""
    found = []
    for before in range(3):
        coded = b2a_base64(b"\0" * before + text.encode(), newline=False).decode()
        inside = coded[-(-before * 8 // 6) : len(text.encode()) * 8 // 6 + before]
        found += [inside, inside.replace("+", "-").replace("/", "_")] if len(inside) >= _TELLING else []
    return found


class Offer(NamedTuple):
    """One model as one provider offers it.

    `endpoint` is the provider's own name of it. `seconds` is its typical time; `durations` in seconds and `ratios` are
    what it takes (None: not known). `quote` is the price of one request, worst case included; exact where prices are.
    `spent` is the price in USD of so many tokens in and out, for services that say how many it were (None: not known);
    its third argument counts those sent that have a price of their own, by the words of `Price.kinds`.
    """

    key: str
    endpoint: str
    operations: tuple[Operation, ...]
    seconds: float
    durations: Sequence[int] | None
    ratios: Sequence[str] | None
    defaults: Mapping[str, object]
    quote: Callable[[Recipe], Quote]
    spent: Callable[[int, int, Mapping[str, int]], Decimal | None] = lambda asked, answered, kinds: None


def _nothing(endpoint: str) -> Takes | None:
    return None


class Access(NamedTuple):
    """How to reach one service.

    `url` replaces the service's own address (a gateway, or the simulator); None means the real one. `key` is None when
    none is set: planning needs none. `simulated` is true when a simulator answers: then nothing costs real money, and
    what comes back must never be taken for the real thing, so it is part of every key (`Provider.version`).
    `offer` finds a model by catalogue key and operation; None when this provider does not offer it. `takes` is what an
    endpoint takes, by the provider's own name of it; None when the catalogue does not know.
    """

    url: str | None
    key: Secret | None
    simulated: bool
    offer: Callable[[str, Operation], Offer | None]
    takes: Callable[[str], Takes | None] = _nothing
