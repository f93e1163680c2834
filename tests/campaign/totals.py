"""What many episodes come to, and where they are kept while a campaign runs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.campaign.episode import Played


class Totals(NamedTuple):
    """The sums; `reopen` is the longest of all openings in seconds."""

    episodes: int
    faults: int
    by_kind: dict[str, int]
    by_provider: dict[str, int]
    accepted: int
    duplicates: int
    unknown: int
    unlisted: int
    held: int
    fetched: int
    damaged: int
    reopen: float
    broken: list[str]

    def held_up(self) -> bool:
        """Whether every promise held."""
        clean = not (self.broken or self.duplicates or self.unlisted or self.damaged)
        return clean and self.held == self.fetched and self.reopen < 2.0

    def lines(self) -> Iterator[str]:
        """For people."""
        listed = self.unknown - self.unlisted
        yield f"injected faults        {self.faults:,} in {self.episodes:,} episodes"
        yield f"  of                   {', '.join(f'{name} {n:,}' for name, n in self.by_provider.items())}"
        for name, times in self.by_kind.items():
            yield f"    {times:>7,}  {name}"
        yield f"jobs accepted          {self.accepted:,}"
        yield f"bought twice           {self.duplicates}"
        yield f"unknown outcomes       {self.unknown:,}, listed {listed:,}"
        yield f"results held           {self.held:,}, fetched {self.fetched:,}"
        yield f"damaged files seen     {self.damaged}"
        yield f"longest reopening      {self.reopen * 1000:.0f} ms"
        for one in self.broken:
            yield f"BROKEN: {one}"


def totals(played: Iterable[Played]) -> Totals:
    """The sums over these episodes."""
    all_of_them = list(played)
    by_kind: Counter[str] = Counter()
    by_provider: Counter[str] = Counter()
    for one in all_of_them:
        by_kind.update(one.faults)
        by_provider[one.kind] += sum(one.faults.values())
    return Totals(
        episodes=len(all_of_them),
        faults=by_kind.total(),
        by_kind=dict(sorted(by_kind.items())),
        by_provider=dict(sorted(by_provider.items())),
        accepted=sum(one.accepted for one in all_of_them),
        duplicates=sum(one.duplicates for one in all_of_them),
        unknown=sum(one.unknown for one in all_of_them),
        unlisted=sum(one.unlisted for one in all_of_them),
        held=sum(one.held for one in all_of_them),
        fetched=sum(one.fetched for one in all_of_them),
        damaged=sum(one.damaged for one in all_of_them),
        reopen=max((one.reopen for one in all_of_them), default=0.0),
        broken=[f"{one.kind} {one.number}: {text}" for one in all_of_them for text in one.broken],
    )


class Kept:
    """Episodes in a file, a line each, so that a campaign that was stopped goes on where it was."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def add(self, played: Played) -> None:
        """Keep one."""
        with self.path.open("a") as file:
            file.write(json.dumps(played._asdict()) + "\n")

    def read(self) -> list[Played]:
        """All that are kept; the last line may be half of one."""
        if not self.path.exists():
            return []
        found = []
        for line in self.path.read_text().splitlines():
            try:
                found.append(Played(**json.loads(line)))
            except ValueError:
                continue
        return found
