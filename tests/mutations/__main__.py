"""`python -m tests.mutations [WORD...]`: cut every wire (or those with a word in their name), and show who noticed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.campaign.record import record
from tests.mutations.runner import Outcome, Verdict, all_hold, try_wire
from tests.mutations.table import WIRES
from tests.mutations.wires import Copy


def main(words: Sequence[str]) -> int:
    """The table; exit code 1 when a wire was cut and nobody noticed."""
    wires = [one for one in WIRES if not words or any(word in one.name for word in words)]
    with TemporaryDirectory(prefix="rushes-mutations-") as folder:
        copy = Copy(Path(folder))
        good, said = all_hold(wires, copy)
        if not good:
            print(f"{said}\nthe tests must pass while nothing is cut", file=sys.stderr)
            return 1
        outcomes = [_shown(try_wire(one, copy)) for one in wires]
    noticed = sum(one.verdict is Verdict.NOTICED for one in outcomes)
    print(f"{len(outcomes)} wires cut, {noticed} noticed")
    if not words:
        left = [one.wire.name for one in outcomes if one.verdict is not Verdict.NOTICED]
        record("mutations", {"wires": len(outcomes), "noticed": noticed, "unnoticed": left})
    return 0 if noticed == len(outcomes) else 1


def _shown(outcome: Outcome) -> Outcome:
    test = outcome.wire.test.rpartition("/")[2]
    print(f"{outcome.verdict:<12} {outcome.seconds:5.1f} s  {outcome.wire.name}\n{'':22}{test}", flush=True)
    if outcome.verdict is not Verdict.NOTICED:
        print(outcome.said[-1500:], file=sys.stderr)
    return outcome


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
