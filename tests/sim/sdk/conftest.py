"""One simulator behind a proxy and one process for each SDK: starting them takes longer than any test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.sim.sdk.side import Side, side
from tests.sim.sdk.stage import Stage, behind_a_proxy
from tests.sim.sdk.tls import KNOWN


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with behind_a_proxy(tmp_path_factory.mktemp("stage")) as stage:
        yield stage


@pytest.fixture
def stage(running: Stage) -> Iterator[Stage]:
    """No faults but those of this test; and whoever it let act has reached for nobody else."""
    running.faults()
    running.log.refused.clear()
    yield running
    running.faults()
    assert not running.log.refused
    assert running.log.hosts <= KNOWN


@pytest.fixture(scope="session")
def fal_process(running: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    with side("fal_side.py", running.environment() | {"FAL_KEY": "simulated"}, tmp_path_factory.mktemp("fal")) as one:
        yield one


@pytest.fixture
def fal(stage: Stage, fal_process: Side) -> Side:
    return fal_process


@pytest.fixture(scope="session")
def gemini_process(running: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    with side("gemini_side.py", running.environment(), tmp_path_factory.mktemp("gemini")) as one:
        yield one


@pytest.fixture
def gemini(stage: Stage, gemini_process: Side) -> Side:
    return gemini_process


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two small pictures that differ: a wide one and a tall one."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("pictures")
    files = [folder / "wide.png", folder / "tall.png"]
    Image.linear_gradient("L").convert("RGB").resize((192, 96)).save(files[0])
    Image.new("RGB", (96, 160), (200, 40, 30)).save(files[1])
    return files
