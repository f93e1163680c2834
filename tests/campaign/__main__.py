"""`python -m tests.campaign [--of usual|parts] [--faults N] [--workers N]`: play episodes until so many faults struck.

Stopped, it goes on where it was. What is tried is a copy of the product's source as it was at the start, so that nobody
who edits it meanwhile changes what is measured. Exit code 1 when a promise was broken.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.campaign.episode import play
from tests.campaign.judge import Judge
from tests.campaign.kinds import PARTS, USUAL, Kind
from tests.campaign.record import commit, record
from tests.campaign.stage import SPEED
from tests.campaign.totals import Kept, Totals, totals

ROOT = Path(__file__).resolve().parents[2]
ROWS = 32
KINDS = {"usual": tuple(USUAL.values()), "parts": tuple(PARTS.values())}


def main(given: Sequence[str]) -> int:
    """Start workers, say how far they are, add up."""
    flags = _flags(given)
    folder = ROOT / "build" / "campaign" / (flags.name or f"{commit()}-{flags.of}")
    if flags.worker is not None:
        return _work(folder, flags.worker, flags.workers, KINDS[flags.of])
    if flags.afresh:
        shutil.rmtree(folder, ignore_errors=True)
    found = _all(folder)
    if found.faults < flags.faults:
        found = _go_on(folder, flags)
    print("\n".join(found.lines()))
    if flags.record:
        tried = (folder / "commit").read_text()
        record("faults" if flags.of == "usual" else "providers", {**found._asdict(), "held_up": found.held_up()}, tried)
    return 0 if found.held_up() and found.faults >= flags.faults else 1


def _flags(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--faults", type=int, default=10_000, help="how many")
    parser.add_argument("--of", choices=KINDS, default="usual", help="kinds of services, or every provider's part")
    parser.add_argument("--workers", type=int, default=2, help="processes that play")
    parser.add_argument("--afresh", action="store_true", help="forget what was played before")
    parser.add_argument("--record", action="store_true", help="append the figures to bench/proofs.jsonl")
    parser.add_argument("--name", help="of the folder that keeps the episodes (else the commit)")
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    return parser.parse_args(given)


def _all(folder: Path) -> Totals:
    return totals(one for path in sorted(folder.glob("*.jsonl")) for one in Kept(path).read())


def _go_on(folder: Path, flags: argparse.Namespace) -> Totals:
    command = [sys.executable, "-m", "tests.campaign", "--workers", str(flags.workers), "--name", folder.name]
    command += ["--of", flags.of]
    env = {**os.environ, "PYTHONPATH": str(_copy_of_source(folder))}
    workers = [subprocess.Popen([*command, "--worker", str(n)], cwd=ROOT, env=env) for n in range(flags.workers)]
    began = time.monotonic()
    first = _all(folder).faults
    try:
        while True:
            time.sleep(0.5)
            found = _all(folder)
            _say(found, flags.faults, first, time.monotonic() - began)
            if found.faults >= flags.faults or found.broken or any(one.poll() is not None for one in workers):
                return found
    finally:
        for one in workers:
            one.kill()
            one.wait()
        print(file=sys.stderr)


def _copy_of_source(folder: Path) -> Path:
    copy = folder / "src"
    if not copy.exists():
        shutil.copytree(ROOT / "src", copy, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "commit").write_text(commit())
    return copy


def _say(found: Totals, wanted: int, first: int, seconds: float) -> None:
    done = found.faults - first
    left = f", about {(wanted - found.faults) * seconds / done / 60:.0f} min left" if done else ""
    line = f"{found.faults:,} of {wanted:,} faults, {found.episodes:,} episodes, {len(found.broken)} broken{left}"
    print(f"\r{line:<78}", end="", file=sys.stderr, flush=True)


def _work(folder: Path, worker: int, workers: int, kinds: Sequence[Kind]) -> int:
    """Play every episode whose number is this worker's, one kind of provider after the other."""
    kept = Kept(folder / f"{worker}-of-{workers}.jsonl")
    number = worker + workers * len(kept.read())
    judge, parent = Judge(1 / SPEED), os.getppid()
    try:
        while os.getppid() == parent:  # whoever asked for it may be killed
            kept.add(play(judge, kinds[number // workers % len(kinds)], number, ROWS))
            number += workers
    finally:
        judge.close()
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
