"""Fifty accounts that do not say what they take, as data: what hides behind each door, and the work that comes to it.

Nothing here knows a limiter. Lengths are those of real work: pictures of 2 to 30 s, films of 45 to 180 s, an hour or a
few, and three days where an account counts by the day. An account changes no more often than somebody could notice who
may be refused once in a hundred calls: nobody can follow a limit that moves each minute and be refused by it never.
"""

from __future__ import annotations

import random
from typing import NamedTuple

from rushes.model.limit import Unit
from rushes.sim.capacity import Rule
from rushes.sim.capacity_text import capacity_from_text

PICTURE = (2.0, 30.0)
FILM = (45.0, 180.0)
TEXT = (1.0, 6.0)

HOUR, DAY = 3600.0, 86400.0

WAY = 0.2
"""Seconds for which each answer to a submission is under way."""


class Scenario(NamedTuple):
    """One account and the work for it.

    `rules` are what it hides (`rushes.sim.capacity_text`); `seconds` the shortest and the longest call, all between
    them equally likely; `calls` is how many. `sync`: the answer to the submission is the result, so that nothing is
    heard before. `processes` are at the account at once; there is an hour's work for them, as they speak to each other
    five times a second. `errors` is the share of calls that meet an error of the server's; `images` what each call
    weighs where images are counted.
    """

    name: str
    rules: tuple[str, ...]
    seconds: tuple[float, float]
    calls: int
    sync: bool = False
    processes: int = 1
    errors: float = 0.0
    images: int = 1

    def hidden(self) -> list[Rule]:
        """The rules."""
        return [capacity_from_text(one).rule for one in self.rules]

    def takes(self, number: int) -> float:
        """Seconds of the call with this number."""
        low, high = self.seconds
        return random.Random(f"{self.name}/{number}").uniform(low, high)

    def breaks(self, number: int, nth: int) -> bool:
        """Whether the server errs at the nth sending of this call."""
        return self.errors > 0 and random.Random(f"{self.name}/{number}/{nth}").random() < self.errors

    @property
    def weight(self) -> dict[Unit, float]:
        """What a call weighs beside being one."""
        return {Unit.IMAGES: float(self.images)}


def _crowd(name: str, most: int, least: int, every: float, steps: int) -> str:
    """What other people leave of an account: it changes by one or two, at times that nobody can foresee."""
    dice, now, free = random.Random(name), 0.0, most - 1
    points = [f"{free}"]
    for _ in range(steps):
        now += every * dice.uniform(0.5, 1.5)
        free = min(most, max(least, free + dice.choice((-2, -1, 1, 2))))
        points.append(f"{free}@{now:.0f}")
    return "in-flight=" + ",".join(points)


_FIXED = (
    Scenario("1 at once", ("in-flight=1",), PICTURE, 400),
    Scenario("2 at once, answered at once", ("in-flight=2",), PICTURE, 500, sync=True),
    Scenario("5 at once", ("in-flight=5",), PICTURE, 1200),
    Scenario("8 at once, films", ("in-flight=8",), FILM, 500),
    Scenario("20 at once, answered at once", ("in-flight=20",), PICTURE, 4000, sync=True),
    Scenario("40 at once", ("in-flight=40",), PICTURE, 8000),
    Scenario("100 at once, texts", ("in-flight=100",), TEXT, 20000, sync=True),
)
_CHANGING = (
    Scenario("halving", ("in-flight=40,20@1800,10@3600,5@5400",), PICTURE, 8600),
    Scenario("halving, films", ("in-flight=32,16@7200,8@14400,4@21600",), FILM, 3750),
    Scenario("doubling", ("in-flight=5,10@1800,20@3600,40@5400",), PICTURE, 8300),
    Scenario("doubling, films", ("in-flight=4,8@7200,16@14400,32@21600",), FILM, 3800),
    Scenario("halved for a while", ("in-flight=20,10@3600,20@7200",), PICTURE, 11000),
    Scenario("sawtooth, 10 and 4", ("in-flight=10,4@3600~7200",), PICTURE, 6200),
    Scenario("sawtooth, 20 to 5", ("in-flight=20,15@2700,10@5400,5@8100~10800",), PICTURE, 12500, sync=True),
    Scenario("breaking down from 30 to 3", ("in-flight=30,3@3600,30@4800",), PICTURE, 13000),
    Scenario("tiers 1-2-5-20-40", ("in-flight=1,2@3600,5@7200,20@10800,40@14400",), PICTURE, 11000),
    Scenario("tiers 40-20-5-2-1", ("in-flight=40,20@1800,5@3600,2@5400,1@7200",), PICTURE, 7700),
)
_BUCKETS = (
    Scenario("1 a second, 10 saved", ("bucket=1/s:10",), PICTURE, 4000),
    Scenario("1 in 5 seconds, 5 saved", ("bucket=0.2/s:5",), PICTURE, 1500),
    Scenario("2 a second, 60 saved", ("bucket=2/s:60",), PICTURE, 8000, sync=True),
    Scenario("1 a second, none saved", ("bucket=1/s:1",), PICTURE, 4000),
    Scenario("30 a minute, silent", ("bucket=30/min:30 silent",), PICTURE, 3000),
    Scenario("40 images a minute, 4 each", ("bucket=40/min:40 images",), PICTURE, 1200, images=4),
)
_WINDOWS = (
    Scenario("60 a minute", ("60/min begins=25",), PICTURE, 4500),
    Scenario("60 a minute, silent", ("60/min begins=25 silent",), PICTURE, 4500),
    Scenario("10 a minute, films", ("10/min begins=40",), FILM, 900),
    Scenario("600 a minute, texts", ("600/min begins=25",), TEXT, 24000, sync=True),
    Scenario("20 in 10 seconds", ("20/10s begins=3",), PICTURE, 7000),
    Scenario("60 in any minute", ("60/min sliding",), PICTURE, 4500),
    Scenario("1000 an hour", ("1000/hour begins=1500",), PICTURE, 4300),
)
_DAYS = (
    Scenario("1500 a day", ("1500/day begins=30000",), PICTURE, 4000),
    Scenario("5000 a day, silent", ("5000/day begins=30000 silent",), PICTURE, 13000),
    Scenario("300 films a day, 4 at once", ("300/day begins=50000", "in-flight=4"), FILM, 1000),
)
_LATE = (
    Scenario("1 a second, come back after 89 s", ("bucket=1/s:10 wait=89",), PICTURE, 16000),
    Scenario("a 429 every 2 s, once", ("in-flight=20", "overloaded=900-1200"), PICTURE, 4500),
    Scenario("a 429 every 2 s, each half hour", ("in-flight=20", "overloaded=900-1080~1800"), PICTURE, 7000),
    Scenario("a 429 every 2 s, films", ("in-flight=8", "overloaded=900-1200~3600"), FILM, 900),
)
_LINES = (
    Scenario("works on 5, refuses none", ("queue=5",), PICTURE, 1200),
    Scenario("works on 20, refuses beyond 60", ("queue=20", "in-flight=60"), PICTURE, 4200),
)
_TOGETHER = (
    Scenario("10 at once and 30 a minute", ("in-flight=10", "30/min begins=25"), PICTURE, 2000),
    Scenario("20 at once and 1 a second", ("in-flight=20", "bucket=1/s:20"), PICTURE, 4000),
    Scenario("5 at once, 100 a minute", ("in-flight=5", "100/min begins=25"), PICTURE, 1200, sync=True),
)
_SHARED = (
    Scenario("8 processes, 40 at once", ("in-flight=40",), PICTURE, 6000, processes=8),
    Scenario("8 processes, 16 at once, films", ("in-flight=16",), FILM, 800, processes=8),
    Scenario("8 processes, 120 a minute", ("120/min begins=25",), PICTURE, 9000, processes=8),
    Scenario("8 processes, 4 a second", ("bucket=4/s:20",), PICTURE, 10000, processes=8),
    Scenario("beside other people, 12 at once", (_crowd("crowd-12", 12, 4, 900, 12),), PICTURE, 6000),
    Scenario("beside other people, films", (_crowd("crowd-films", 16, 6, 3600, 10),), FILM, 3500),
)
_TROUBLE = (
    Scenario("10 at once, 2 % errors", ("in-flight=10",), PICTURE, 2400, errors=0.02),
    Scenario("60 a minute, 2 % errors", ("60/min begins=25",), PICTURE, 4500, errors=0.02),
)

ALL = (
    *_FIXED,
    *_CHANGING,
    *_BUCKETS,
    *_WINDOWS,
    *_DAYS,
    *_LATE,
    *_LINES,
    *_TOGETHER,
    *_SHARED,
    *_TROUBLE,
)
