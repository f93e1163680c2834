"""With `RUSHES_LOCAL`, a virtual environment that has the extra `local`, its Python and tiny pipelines made with it."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.providers.diffusers.rig import room

from rushes.providers.diffusers.provider import Diffusers


@pytest.fixture(scope="session")
def extra() -> Iterator[Path]:
    """The virtual environment with the extra; torch works with one thread, which a busy machine does not slow down."""
    named = os.environ.get("RUSHES_LOCAL")
    if named is None:
        pytest.skip("needs the extra local: sh scripts/local")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield Path(named)


@pytest.fixture(scope="session")
def python(extra: Path) -> str:
    """A Python that has torch."""
    return str(extra / "bin" / "python")


@pytest.fixture(scope="session")
def pipelines(python: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the pipelines of `tiny.py`."""
    folder = tmp_path_factory.mktemp("pipelines")
    tiny = Path(__file__).parent / "tiny.py"
    made = subprocess.run([python, "-P", str(tiny), str(folder)], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture(scope="session")
def shared(python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Diffusers]:
    """One provider for many tests, for its workers take seconds to start."""
    provider = Diffusers(room(tmp_path_factory.mktemp("shared"), python))
    yield provider
    asyncio.run(provider.close())


@pytest.fixture
def alone(python: str, tmp_path: Path) -> Iterator[Diffusers]:
    """A provider with a room of its own."""
    provider = Diffusers(room(tmp_path, python))
    yield provider
    asyncio.run(provider.close())
