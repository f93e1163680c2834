"""Use case: a provider's usage export beside our books: what both know, what only one of them knows, the difference.

A line is ours by the id that the provider gave the job; several lines of one job (a charge and its refund) are one
charge. What has no such id is matched one to one by model, amount and time. Looking changes nothing in the ledger.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from rushes.app.plugins import provider_names
from rushes.app.project import Project
from rushes.app.usage_lines import Bad, Line, read_lines
from rushes.errors import UserError
from rushes.ledger.books import Hold, Stand
from rushes.ledger.costs import Bought, purchases, runs_since
from rushes.model.money import ZERO
from rushes.model.problem import did_you_mean

WINDOW = 3600.0
"""Seconds that a line without our id may lie from the request that it is for."""

MOST = 10_000
"""Lines of either kind that are kept to be listed; sums count all of them."""

_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{5,}")


class Ours(NamedTuple):
    """A request of ours that the provider may have charged; `usd` is what was entered, or is still held, for it.

    None where nobody knows; `guessed` where it is a worst case.
    """

    attempt: str
    at: float
    model: str
    usd: Decimal | None
    guessed: bool
    remote: str


class Different(NamedTuple):
    """A job that both know, with what they charged (all its lines together) and what we entered, in USD."""

    place: str
    ours: Ours
    usd: Decimal


@dataclass(slots=True)
class Usage:
    """What a comparison came to. Sums are in USD; `difference` is theirs less ours."""

    file: str
    provider: str
    lines: int = 0
    matched: int = 0  # requests that were found by their id
    alike: int = 0  # requests that were found by model, amount and time
    theirs_usd: Decimal = ZERO
    ours_usd: Decimal = ZERO
    unknown: int = 0  # requests of ours whose amount nobody knows
    different: list[Different] = field(default_factory=list)
    only_theirs: list[Line] = field(default_factory=list)
    only_ours: list[Ours] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)
    unlisted: int = 0  # lines beyond `MOST`

    @property
    def difference(self) -> Decimal:
        """What they charged beyond what we entered."""
        return self.theirs_usd - self.ours_usd

    def plain(self) -> dict[str, Any]:
        """As JSON; money as strings."""
        return {
            "file": self.file,
            "provider": self.provider,
            "lines": self.lines,
            "matched_by_id": self.matched,
            "matched_by_amount": self.alike,
            "theirs_usd": str(self.theirs_usd),
            "ours_usd": str(self.ours_usd),
            "difference_usd": str(self.difference),
            "unknown": self.unknown,
            "different": [
                {"place": one.place, "theirs_usd": str(one.usd), **_plain(one.ours)} for one in self.different
            ],
            "only_theirs": [
                {"place": one.place, "usd": str(one.usd), "id": one.id, "at": one.at, "model": one.model}
                for one in self.only_theirs
            ],
            "only_ours": [_plain(one) for one in self.only_ours],
            "unreadable": [one._asdict() for one in self.bad],
            "unlisted": self.unlisted,
        }


def usage(
    project: Project,
    file: Path,
    provider: str,
    *,
    since: float | None = None,
    until: float | None = None,
    names: Mapping[str, str] | None = None,
) -> Usage:
    """Hold an export against the real requests to a provider in a period (unix seconds; None: that of the export).

    The export is read twice, a line at a time. Raises UserError.
    """
    found = Usage(str(file), provider)
    ours = {one.attempt: one for one in _ours(project, provider, since, until)}
    known = _by_id(ours.values())

    def lines() -> Iterator[Line | Bad]:
        for line in read_lines(file, names or {}):
            if isinstance(line, Bad) or _within(line.at, since, until):
                yield line

    charged, span = _first_pass(lines(), known, found)
    first = since if since is not None else span[0] - WINDOW
    last = until if until is not None else span[1] + WINDOW
    expected = {name: one for name, one in ours.items() if name in charged or first <= one.at < last}
    rest = _Unfound([one for name, one in expected.items() if name not in charged])
    _second_pass(lines(), known, rest, found)
    found.alike = len(rest.taken)
    found.matched = len(charged)
    found.different = [
        Different(place, ours[name], usd) for name, (place, usd) in charged.items() if _differs(ours[name].usd, usd)
    ]
    found.only_ours = [one for one in rest.left() if one.usd != ZERO]
    found.ours_usd = sum((one.usd or ZERO for one in expected.values()), ZERO)
    found.unknown = sum(one.usd is None for one in expected.values())
    return found


def provider_of(file: Path, named: str | None) -> str:
    """Whose export it is: as named, or as its file is called (`fal-2026-11.csv`). Raises UserError."""
    there = provider_names()
    if named is not None and named not in there:
        near = did_you_mean(get_close_matches(named, there, n=1), f"there are: {', '.join(there)}")
        raise UserError(f"there is no provider {named!r}", next_step=near)
    called = [name for name in there if name in re.split(r"[^a-z0-9]+", file.stem.casefold())]
    if named is None and len(called) != 1:
        raise UserError(f"whose usage {file.name} is cannot be told by its name", next_step="say it with --provider")
    return named or called[0]


def _first_pass(
    lines: Iterator[Line | Bad], known: Mapping[str, str], found: Usage
) -> tuple[dict[str, tuple[str, Decimal]], tuple[float, float]]:
    """What was charged for each of our requests that is named by its id, and the time of the first and last line."""
    charged: dict[str, tuple[str, Decimal]] = {}
    earliest, latest = float("inf"), float("-inf")
    for line in lines:
        if isinstance(line, Bad):
            _keep(found, found.bad, line)
            continue
        found.lines += 1
        found.theirs_usd += line.usd
        if line.at is not None:
            earliest, latest = min(earliest, line.at), max(latest, line.at)
        name = known.get(line.id)
        if name is not None:
            place, usd = charged.get(name, (line.place, ZERO))
            charged[name] = (place, usd + line.usd)
    # an export without times is about all that is there
    return charged, (earliest, latest) if earliest <= latest else (float("-inf"), float("inf"))


def _second_pass(lines: Iterator[Line | Bad], known: Mapping[str, str], rest: _Unfound, found: Usage) -> None:
    """Every line without an id of ours takes the nearest request that it can be for, or is theirs alone."""
    for line in lines:
        if not isinstance(line, Bad) and line.id not in known and not rest.take(line):
            _keep(found, found.only_theirs, line)


def _keep(found: Usage, where: list[Any], line: Line | Bad) -> None:
    if len(where) < MOST:
        where.append(line)
    else:
        found.unlisted += 1


class _Unfound:
    """Our requests that no line names by its id, in the order of time, to be taken one by one.

    They lie in a pile for each amount and model, so that the nearest in time is a neighbour, however many there are.
    """

    def __init__(self, ours: list[Ours]) -> None:
        self._ours = sorted(ours, key=lambda one: one.at)
        self._piles: dict[Decimal, dict[str, list[Ours]]] = {}
        for one in self._ours:
            if one.usd is not None:
                self._piles.setdefault(one.usd.normalize(), {}).setdefault(one.model, []).append(one)
        self.taken: set[str] = set()

    def take(self, line: Line) -> bool:
        """Take the nearest in time of the same model that was charged the same; false where there is none."""
        if line.at is None or line.usd <= ZERO:
            return False
        near: tuple[float, int, list[Ours]] | None = None
        for model, pile in self._piles.get(line.usd.normalize(), {}).items():
            if pile and _same_model(line.model, model):
                number = _nearest(pile, line.at)
                away = abs(pile[number].at - line.at)
                if away <= WINDOW and (near is None or away < near[0]):
                    near = away, number, pile
        if near is None:
            return False
        _away, number, pile = near
        self.taken.add(pile.pop(number).attempt)
        return True

    def left(self) -> list[Ours]:
        return [one for one in self._ours if one.attempt not in self.taken]


def _nearest(pile: Sequence[Ours], at: float) -> int:
    after = bisect_left(pile, at, key=lambda one: one.at)
    near = (number for number in (after - 1, after) if 0 <= number < len(pile))
    return min(near, key=lambda number: abs(pile[number].at - at))


def _ours(project: Project, provider: str, since: float | None, until: float | None) -> Iterator[Ours]:
    database = project.ledger.database
    for record in runs_since(database, since or 0.0):
        if record.options.sim is not None:
            continue
        for one in purchases(database, record.id, remotes=True).attempts:
            if one.provider == provider and _within(one.at, since, until) and _charged(one.hold):
                yield _our(one)


def _charged(hold: Hold) -> bool:
    """Whether the provider may have charged it: what it was never sent, or refused, it did not."""
    return hold.stand not in (Stand.FREED, Stand.LOST)


def _our(one: Bought) -> Ours:
    hold = one.hold
    usd = None if hold.unpriced else hold.spent + hold.held
    return Ours(one.attempt, one.at, one.model, usd, hold.guessed or hold.stand is Stand.HELD, one.remote or "")


def _by_id(ours: Iterable[Ours]) -> dict[str, str]:
    """By all that a provider may call a job; what would mean two of them means none."""
    found: dict[str, str | None] = {}
    for one in ours:
        for part in {one.remote, *_PART.findall(one.remote)}:
            found[part] = one.attempt if part not in found else None
    return {part: name for part, name in found.items() if name is not None and part}


@lru_cache(maxsize=4096)
def _same_model(theirs: str, ours: str) -> bool:
    if not theirs:
        return True
    one, other = theirs.casefold().strip("/"), ours.casefold().strip("/")
    return one == other or other.endswith("/" + one) or one.endswith("/" + other)


def _differs(ours: Decimal | None, theirs: Decimal) -> bool:
    """Whether two amounts are different: an export may have fewer digits than a price."""
    if ours is None:
        return True
    exponent = theirs.as_tuple().exponent
    digits = max(-exponent if isinstance(exponent, int) else 0, 2)
    return abs(ours - theirs) > Decimal(1).scaleb(-digits) / 2


def _within(at: float | None, since: float | None, until: float | None) -> bool:
    return at is None or ((since is None or since <= at) and (until is None or at < until))


def _plain(one: Ours) -> dict[str, Any]:
    return {
        "attempt": one.attempt,
        "at": one.at,
        "model": one.model,
        "ours_usd": None if one.usd is None else str(one.usd),
        "guessed": one.guessed,
        "id": one.remote,
    }
