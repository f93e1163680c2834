"""Use case: what was bought in a period, added up by whatever it is asked about, and what of it came to nothing.

Every attempt is in exactly one group, so the groups add up to what the ledger's own books say, to the cent. What a
simulator charged is never in a sum with real money.
"""

from __future__ import annotations

import csv
import io
import time
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from rushes.app.costs_groups import Grouping, names_of
from rushes.app.costs_outcome import Outcome, outcome_of
from rushes.app.project import Project
from rushes.ledger.books import Hold, Stand
from rushes.ledger.costs import Bought, Purchases, choices, purchases, runs_since
from rushes.model.money import ZERO

_FINEST = Decimal("0.000001")


@dataclass(slots=True)
class Sum:
    """What some attempts came to, in USD.

    `estimated` is the worst case of all of them, `held` what of it is still set aside, `billed` what was charged: the
    worst case where nobody said how much (`guessed`). `wasted` is the part of `billed` that brought nothing that is
    kept. `unknown` attempts cost, or may cost, an amount that nobody knows and that is in none of these.
    """

    name: str
    estimated: Decimal = ZERO
    held: Decimal = ZERO
    billed: Decimal = ZERO
    guessed: Decimal = ZERO
    wasted: Decimal = ZERO
    attempts: int = 0
    results: int = 0
    accepted: int = 0
    doubts: int = 0
    unknown: int = 0

    @property
    def per_accepted(self) -> Decimal | None:
        """USD for each accepted result, all that was billed included; None where there is none, or an unknown part."""
        if not self.accepted or self.unknown:
            return None
        return (self.billed / self.accepted).quantize(_FINEST)

    def take(self, hold: Hold, outcome: Outcome) -> None:
        """Enter one attempt."""
        self.attempts += 1
        self.results += outcome.result
        self.accepted += outcome is Outcome.ACCEPTED
        self.doubts += outcome is Outcome.DOUBT
        self.unknown += hold.unpriced
        if hold.worst == ZERO and hold.stand is not Stand.TOLD:
            return
        self.estimated += hold.reserved
        self.held += hold.held
        self.billed += hold.spent
        if hold.guessed:
            self.guessed += hold.spent
        if outcome.waste:
            self.wasted += hold.spent

    def add(self, other: Sum) -> None:
        """Enter all of another sum."""
        for name in _SUMMED:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def plain(self) -> dict[str, Any]:
        """As JSON; money as strings."""
        per = self.per_accepted
        return {
            "name": self.name,
            "estimated_usd": str(self.estimated),
            "held_usd": str(self.held),
            "billed_usd": str(self.billed),
            "guessed_usd": str(self.guessed),
            "wasted_usd": str(self.wasted),
            "unknown": self.unknown,
            "attempts": self.attempts,
            "results": self.results,
            "accepted": self.accepted,
            "in_doubt": self.doubts,
            "per_accepted_usd": None if per is None else str(per),
        }


_SUMMED = tuple(one.name for one in fields(Sum) if one.name != "name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """The groups, dearest first, and all of them together. `other` is what the other world came to, if anything.

    Times are unix seconds (None: no limit); days are those of `zone`. `simulated`: this is what simulators charged.
    """

    by: str
    since: float | None
    until: float | None
    zone: str
    simulated: bool
    runs: int
    lines: tuple[Sum, ...]
    total: Sum
    other: Sum

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "by": self.by,
            "since": self.since,
            "until": self.until,
            "zone": self.zone,
            "simulated": self.simulated,
            "runs": self.runs,
            "groups": [one.plain() for one in self.lines],
            "total": self.total.plain(),
            "other_world": self.other.plain(),
        }


def costs(
    project: Project,
    *,
    by: str = "model",
    since: float | None = None,
    until: float | None = None,
    simulated: bool = False,
) -> Costs:
    """Add up what was reserved from `since` on and before `until` (unix seconds). `by` is one of `GROUPS`."""
    grouping = Grouping(by, names_of(project))
    sums: dict[str, Sum] = {}
    total, other = Sum("together"), Sum("simulated" if not simulated else "real")
    picked: dict[str, set[str]] = {}
    runs = 0
    for record in runs_since(project.ledger.database, since or 0.0):
        found = purchases(project.ledger.database, record.id)
        for question, digests in found.picked.items():
            picked.setdefault(question, set()).update(digests)
        mine = [one for one in found.attempts if (since or 0.0) <= one.at and (until is None or one.at < until)]
        ours = (record.options.sim is not None) == simulated
        runs += ours and bool(mine)
        for one, outcome in _outcomes(project, mine, found, picked):
            if not ours:
                other.take(one.hold, outcome)
                continue
            name = grouping.of(one, record, outcome)
            into = sums.get(name)
            if into is None:
                into = sums[name] = Sum(name)
            into.take(one.hold, outcome)
    for line in sums.values():
        total.add(line)
    lines = sorted(sums.values(), key=_by_day if by == "day" else _dearest_first)
    zone = time.strftime("%Z (UTC%z)")
    return Costs(
        by=by, since=since, until=until, zone=zone, simulated=simulated, runs=runs, lines=tuple(lines), total=total,
        other=other,
    )  # fmt: skip


def _by_day(line: Sum) -> tuple[object, ...]:
    return (line.name,)


def _dearest_first(line: Sum) -> tuple[object, ...]:
    return -(line.billed + line.held), -line.attempts, line.name


_ASKED = 5_000  # questions that are looked up at once


def _outcomes(
    project: Project, attempts: list[Bought], found: Purchases, picked: dict[str, set[str]]
) -> list[tuple[Bought, Outcome]]:
    judged = []
    for start in range(0, len(attempts), _ASKED):
        some = attempts[start : start + _ASKED]
        said = choices(project.ledger.database, list({one.base for one in some}))
        judged += [
            (one, outcome_of(one, said.get(one.base), picked.get(one.base), waits=one.base in found.waits))
            for one in some
        ]
    return judged


def costs_csv(found: Costs) -> str:
    """The groups as CSV, with the names of the JSON; no cell begins as a formula of a spreadsheet."""
    text = io.StringIO()
    rows = [one.plain() for one in found.lines]
    writer = csv.DictWriter(text, fieldnames=list(found.total.plain()), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        name = row["name"]
        writer.writerow({**row, "name": f"'{name}" if name[:1] in "=+-@\t\r" else name})
    return text.getvalue()
