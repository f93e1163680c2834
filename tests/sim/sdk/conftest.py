"""One simulator behind a proxy and one process for each SDK: starting them takes longer than any test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
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
def processes(running: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Side]]:
    """One process for each SDK, started when a test first asks for it: `processes("fal", FAL_KEY="simulated")`."""
    with ExitStack() as stack:
        started: dict[str, Side] = {}

        def start(name: str, **environment: str) -> Side:
            if name not in started:
                folder = tmp_path_factory.mktemp(name)
                started[name] = stack.enter_context(
                    side(f"{name}_side.py", running.environment() | environment, folder)
                )
            return started[name]

        yield start


@pytest.fixture
def fal(stage: Stage, processes: Callable[..., Side]) -> Side:
    return processes("fal", FAL_KEY="simulated")


@pytest.fixture
def gemini(stage: Stage, processes: Callable[..., Side]) -> Side:
    return processes("gemini")


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two small pictures that differ: a wide one and a tall one."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("pictures")
    files = [folder / "wide.png", folder / "tall.png"]
    Image.linear_gradient("L").convert("RGB").resize((192, 96)).save(files[0])
    Image.new("RGB", (96, 160), (200, 40, 30)).save(files[1])
    return files
