"""A bare install has none of the extras: everything that the README begins with works in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ABSENT = ("cryptography", "diffusers", "keyring", "opentelemetry", "prometheus_client", "psycopg", "torch")
"""What `pip install .` does not bring; the tests' own environment has some of it."""

BLOCK = f"""
import sys


class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {ABSENT}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)


sys.meta_path.insert(0, Absent())
"""


@pytest.fixture
def bare(tmp_path: Path) -> Mapping[str, str]:
    """The environment of a process, and of those that it starts, in which no extra can be imported."""
    (tmp_path / "absent").mkdir()
    (tmp_path / "absent/sitecustomize.py").write_text(BLOCK)
    return {**os.environ, "PYTHONPATH": str(tmp_path / "absent"), "RUSHES_HOME": str(tmp_path / "home")}


def python(bare: Mapping[str, str], *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *args], env=bare, capture_output=True, text=True, timeout=120, check=False)


def test_without_extras_a_workflow_is_rehearsed_with_faults_against_the_simulator(
    bare: Mapping[str, str], tmp_path: Path
) -> None:
    film = tmp_path / "film.yaml"
    film.write_text("steps: [{name: still, type: text_to_image, model: flux_schnell, prompt: a fox}]")
    done = python(bare, "-m", "rushes", "chaos", str(film), "--faults", "3", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ok"]


def test_without_its_extra_a_webhook_that_cannot_be_signed_is_refused_with_the_way_out(bare: Mapping[str, str]) -> None:
    asked = """
from rushes.errors import UserError
from rushes.sim.signing import Signer

one = Signer(b"s" * 32)
print(sorted(one.standard("job", 1, b"{}")))
try:
    one.ready()
except UserError as error:
    print(error.next_step)
"""
    done = python(bare, "-c", asked)
    assert done.returncode == 0, done.stderr
    assert "webhook-signature" in done.stdout
    assert "rushes[webhooks]" in done.stdout
