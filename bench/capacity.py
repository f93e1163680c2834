"""Does the limiter find what an account takes? Fifty accounts that do not say, and others who guess.

Each scenario (`scenarios`) is played as a loop over events with the limiter itself, with three fixed numbers and with
the best-known way to find one (`senders`), and once more by the real engine (`driven`). Where several processes are at
one account, those of Rushes share it (`together`). What could be achieved is played by somebody who knows what is
hidden (`achievable`). The table is docs/limits-proof.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import NamedTuple

from bench.achievable import achievable
from bench.driven import Unwritten, drive_through
from bench.figure import ROOT, Figure
from bench.scenarios import ALL, Scenario
from bench.senders import Aimd, Fixed
from bench.story import Sender, Told, play
from bench.together import play_together
from rushes.engine.finder import Finder

PAGE = ROOT / "docs" / "limits-proof.md"

LEAST_SHARE, MOST_REFUSED = 0.95, 0.01

SENDERS: dict[str, Callable[[], Sender]] = {
    "Rushes": Finder,
    "3": lambda: Fixed(3),
    "5": lambda: Fixed(5),
    "8": lambda: Fixed(8),
    "AIMD": Aimd,
}


class Row(NamedTuple):
    """One scenario: the seconds that could be achieved, how each sender did, and the engine. `strangers` are several
    processes of Rushes without a common ledger.
    """

    scenario: Scenario
    could: float
    told: dict[str, Told]
    driven: Told
    strangers: Told | None = None


def share(told: Told, could: float) -> float:
    """The share of what could be achieved."""
    return told.done * could / told.seconds


def good(told: Told, could: float) -> bool:
    """Whether every promise is kept."""
    kept = share(told, could) >= LEAST_SHARE and told.late_share < MOST_REFUSED
    return kept and not told.early and not told.frozen


def played(scenario: Scenario, make: Callable[[], Sender], could: float) -> Told:
    """The story with one of the senders in each process."""
    return play(scenario, lambda _door, one: [make() for _ in range(one.processes)], could)


def row(scenario: Scenario) -> Row:
    """All that is known of one scenario."""
    could = achievable(scenario)
    told = {name: played(scenario, make, could) for name, make in SENDERS.items()}
    strangers = None
    if scenario.processes > 1:
        strangers, told["Rushes"] = told["Rushes"], play_together(scenario)
    return Row(scenario, could, told, drive_through(scenario, Unwritten), strangers)


def rows() -> list[Row]:
    """Scenario by scenario, on all processors, the longest first: nothing of it is real time."""
    order = sorted(ALL, key=lambda one: -one.processes)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        found = dict(zip(order, pool.map(row, order), strict=True))
    return [found[one] for one in ALL]


def measure() -> Iterator[Figure]:
    """The worst of fifty, of everything that is promised; and how many the others miss."""
    found = rows()
    PAGE.write_text(page(found))
    yield from _promised("limiter", [(row.told["Rushes"], row.could) for row in found])
    yield from _promised("engine", [(row.driven, row.could) for row in found])
    missed = sum(not good(row.driven, row.could) for row in found)
    yield Figure(name="scenarios missed by the engine", value=missed, limit=0, unit=f"of {len(found)}")
    for name in SENDERS:
        missed = sum(not good(row.told[name], row.could) for row in found)
        title = "scenarios missed" if name == "Rushes" else f"scenarios missed with {name}"
        yield Figure(name=title, value=missed, limit=0 if name == "Rushes" else None, unit=f"of {len(found)}")


def _promised(who: str, stories: Sequence[tuple[Told, float]]) -> Iterator[Figure]:
    tolds = [told for told, _ in stories]
    lost = [1 - share(told, could) for told, could in stories]
    yield Figure(name=f"{who}: throughput lost, worst of {len(stories)}", value=max(lost) * 100, limit=5, unit="%")
    yield Figure(name=f"{who}: throughput lost, mean", value=sum(lost) / len(lost) * 100, limit=None, unit="%")
    refused = max(told.late_share for told in tolds)
    yield Figure(name=f"{who}: refused after 60 s, worst of {len(stories)}", value=refused * 100, limit=1, unit="%")
    early = sum(told.early for told in tolds)
    yield Figure(name=f"{who}: before a Retry-After was over", value=early, limit=0, unit="calls")
    if who == "limiter":
        yield Figure(name="limiter: freezes", value=sum(told.frozen for told in tolds), limit=0, unit="freezes")


_HEAD = """# Limits that find themselves: the proof

Fifty accounts that do not say what they take. Each is played with the limiter of Rushes, with a concurrency of 3, 5 and
8, and with the best-known way to find one (AIMD: start at 20, doubling until the first refusal, x 0.8 for each episode,
5 % more for each clean round, 15 s to cool down). Then the real engine drives the same work in virtual time: its jobs
are asked about, so it also hears who stands in a line of the account's own.

This page is written by `sh scripts/bench capacity`, in a quarter of an hour on two processors; the accounts are in
`bench/scenarios.py`. In the table:

- **hidden** is what the account takes, in the words of [the simulator](simulator.md#how-much-an-account-takes); `8 x`
  are so many processes. Those of Rushes keep one ledger, as on one machine or in a team, and share over it what the
  account takes; those of the others do not know of each other.
- **could** is the time in which somebody who knows it does the work.
- For everybody the share of that speed which was reached, and behind it the share of calls that were refused after the
  first 60 seconds.
- **idle** is the longest time in seconds for which the account would have taken a call, one waited, nobody had been
  told to stay away, and none was sent. It is a freeze where it is longer than a minute, than the longest call, and than
  a tenth of the time for which the account had let nobody in before.
- A figure is **bold** where it misses: less than 95 %, or 1 % of calls refused and more.

"""


def page(found: Sequence[Row]) -> str:
    """The table as Markdown."""
    names = list(SENDERS)
    lines = [f"| scenario | hidden | could | {' | '.join(names)} | engine | idle |", "|---" * (len(names) + 5) + "|"]
    for row in found:
        cells = [_cell(row.told[name], row.could) for name in names]
        ours = row.told["Rushes"]
        idle = f"**{ours.idle:.0f}**" if ours.frozen else f"{ours.idle:.0f}"
        hidden = _hidden(row.scenario)
        lines.append(
            f"| {row.scenario.name} | {hidden} | {_time(row.could)} | {' | '.join(cells)}"
            f" | {_cell(row.driven, row.could)} | {idle} |"
        )
    return _HEAD + "\n".join([*lines, "", *_summary(found), "", *_apart(found), ""])


def _summary(found: Sequence[Row]) -> list[str]:
    lines = [
        "| | scenarios in which every promise is kept | calls before a Retry-After was over | freezes |",
        "|---" * 4 + "|",
    ]
    for name in SENDERS:
        told = [(row.told[name], row.could) for row in found]
        lines.append(
            f"| {name} | {sum(good(*one) for one in told)} of {len(told)} | {sum(one.early for one, _ in told)}"
            f" | {sum(one.frozen for one, _ in told)} |"
        )
    kept = sum(good(row.driven, row.could) for row in found)
    lines.append(f"| engine | {kept} of {len(found)} | {sum(row.driven.early for row in found)} | |")
    return lines


def _apart(found: Sequence[Row]) -> list[str]:
    lines = [
        "Processes of Rushes that keep no common ledger are strangers, too. What they reach then is not counted above:",
        "",
    ]
    cells = [(row.scenario.name, _cell(row.strangers, row.could)) for row in found if row.strangers is not None]
    return [*lines, *(f"- {name}: {cell}" for name, cell in cells)]


def _hidden(scenario: Scenario) -> str:
    rules = " and ".join(f"`{one if len(one) < 60 else one[:40] + '...'}`" for one in scenario.rules)
    return f"8 x {rules}" if scenario.processes > 1 else rules


def _cell(told: Told, could: float) -> str:
    reached, refused = share(told, could), told.late_share
    first = f"{reached:.0%}" if reached >= LEAST_SHARE else f"**{reached:.0%}**"
    second = f"{refused:.1%}" if refused < MOST_REFUSED else f"**{refused:.1%}**"
    return f"{first} {second}"


def _time(seconds: float) -> str:
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 86400 else f"{seconds / 86400:.1f} d"
