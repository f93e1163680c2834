"""`python -m tests.campaign.budget [RUNS]`: random runs under six nested ceilings, 1,000 unless told otherwise.

What a run is, and what is checked at every prefix of its ledger, is in `bench/ceilings.py`. Exit code 1 when anything
went over.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from multiprocessing import get_context

from tests.campaign.record import record

from bench.ceilings import Came, campaigns

RUNS = 1000
USABLE = Decimal("0.98")
"""How much of a ceiling that refused something must have been used."""

_PART = 20


def main(given: Sequence[str]) -> int:
    """Play, say how far, add up, record."""
    runs = int(given[0]) if given else RUNS
    came: list[Came] = []
    parts = [range(first, min(first + _PART, runs)) for first in range(0, runs, _PART)]
    with ProcessPoolExecutor(min(os.cpu_count() or 1, 4), mp_context=get_context("spawn")) as workers:
        for many in workers.map(_some, parts):
            came.extend(many)
            print(f"\r{len(came):,} of {runs:,} runs", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    over = max(one.over for one in came)
    used = min((share for one in came for share in one.used), default=Decimal(1))
    figures = {
        "runs": len(came),
        "requests": sum(one.requests for one in came),
        "in_flight": max(one.in_flight for one in came),
        "refused": sum(one.refused for one in came),
        "spent_usd": str(sum((one.spent for one in came), Decimal(0))),
        "over_usd": str(over),
        "least_used": str(round(used, 6)),
        "held_up": over <= 0 and used >= USABLE,
    }
    for name, value in figures.items():
        print(f"{name:<12} {value}")
    record("budget", figures)
    return 0 if figures["held_up"] else 1


def _some(seeds: range) -> list[Came]:
    return list(campaigns(seeds))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
