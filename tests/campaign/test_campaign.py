"""The short form of the campaign: episodes over each kind of provider. The full form: sh scripts/campaign faults."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.campaign.episode import Played
from tests.campaign.kinds import PARTS, USUAL
from tests.campaign.totals import totals

ROOT = Path(__file__).resolve().parents[2]

SHORT = """
import json, sys
from tests.campaign.episode import play
from tests.campaign.judge import Judge
from tests.campaign.kinds import kind_named
from tests.campaign.stage import SPEED

if __name__ == "__main__":
    judge = Judge(1 / SPEED)
    print(json.dumps([play(judge, kind_named(sys.argv[1]), int(number), 24)._asdict() for number in sys.argv[2:]]))
    judge.close()
"""


def _played(kind: str, numbers: Sequence[int], folder: Path) -> list[Played]:
    """Episodes in a process without threads, from which it can fork."""
    script = folder / "short.py"
    script.write_text(SHORT)
    command = [sys.executable, str(script), kind, *map(str, numbers)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    return [Played(**one) for one in json.loads(done.stdout)]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", [*USUAL, *(name for name in PARTS if name not in USUAL)])
def test_whatever_goes_wrong_nothing_is_bought_twice_lost_or_damaged(kind: str, tmp_path: Path) -> None:
    episodes = (101, 102) if kind in USUAL else (101,)  # all of a kind in full: sh scripts/campaign providers
    found = totals(_played(kind, episodes, tmp_path))
    assert found.held_up(), found
    assert found.accepted >= 10 * len(episodes), found
    assert found.faults >= 5 * len(episodes), "hardly anything went wrong"
