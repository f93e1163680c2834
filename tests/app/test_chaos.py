"""`rushes chaos`: what it injects, what it judges, what it refuses, and that a broken promise is no success."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rushes.app.chaos import Chaos, chaos
from rushes.errors import UserError

STORM = """\
name: storm
steps:
  - {name: still, type: text_to_image, model: flux_schnell, rows: [a fox, a hare, an owl], prompt: "{{item}}"}
  - {name: best, type: approve, input_from: still}
  - {name: again, type: image_to_image, model: nano_banana_2_1, input_from: best, prompt: in the snow}
"""


def test_a_workflow_survives_and_the_books_agree(tmp_path: Path) -> None:
    (tmp_path / "storm.yaml").write_text(STORM)
    ledger = tmp_path / "not-this-one.sqlite"
    (tmp_path / "rushes.toml").write_text(f'ledger = "{ledger}"\nhome = "not-this-one"\n')
    command = [sys.executable, "-m", "rushes", "chaos", "storm.yaml", "--faults", "5", "--seed", "3", "--json"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("RUSHES_")}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    data = told["data"]
    assert told["ok"] and data["simulated"] and all(data["promises"].values())
    assert data["injected"] >= 5 and data["held"] == data["fetched"] > 0
    assert data["spent"] == data["billed"] != "0"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["rushes.toml", "storm.yaml"], "something was left here"


def test_a_workflow_that_asks_nobody_is_refused_with_the_next_step(tmp_path: Path) -> None:
    file = tmp_path / "local.yaml"
    file.write_text("name: local\nsteps:\n  - {name: still, type: text_to_image, prompt: a fox}\n")
    with pytest.raises(UserError, match="nothing of a remote provider") as caught:
        asyncio.run(chaos(file, seed=0, faults=1, provider="sketch", say=lambda _found, _what: None))
    assert "fal" in caught.value.next_step


@pytest.mark.parametrize(
    "broken",
    [
        {"duplicates": 1},
        {"unlisted": 1},
        {"held": 2, "fetched": 1},
        {"spent": 1},
        {"damaged": 1},
        {"reopen": 2.5},
        {"unfinished": ["take 1"]},
    ],
    ids=lambda broken: next(iter(broken)),
)
def test_one_broken_promise_is_enough(broken: dict[str, object]) -> None:
    assert Chaos(seed=0).good
    found = Chaos(seed=0, **broken)  # type: ignore[arg-type]
    assert not found.good
    assert list(found.promises().values()).count(False) == 1
