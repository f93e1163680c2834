"""How fast is everything read again? As fast as `sha256sum` reads the same files, or nearly.

400 blobs of 2 MB, as `rushes verify` reads them and as the system's own tool does, in turns; and one listing of a
million blobs, whose memory must not grow with their number.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure, median_of
from bench.noop import FASTER
from bench.rig import home
from rushes.app.config import load_config
from rushes.app.project import Project
from rushes.app.verify import verify
from rushes.assets.local import LocalStore

BLOBS = 400
SIZE = 2_000_000
MANY = 1_000_000


def measure() -> Iterator[Figure]:
    """Fill a store, read it both ways, list a large one."""
    with home(FASTER) as place:
        for number in range(BLOBS):
            place.store.put([number.to_bytes(4, "big") * (SIZE // 4)])
        place.store.close()
        ours, theirs = median_of(3, lambda: _verified(place.folder), lambda: _summed(place.folder / "store"))
        total = BLOBS * SIZE / 1e6
        yield Figure(name="sha256sum of 400 blobs of 2 MB", value=total / theirs, limit=None, unit="MB/s")
        yield Figure(name="rushes verify of the same", value=total / ours, limit=None, unit="MB/s")
        yield Figure(name="verify / sha256sum, time", value=ours / theirs, limit=1 / 0.6, unit="x")
    with home(FASTER) as place:
        _plant(place.store)
        began, peak, count = time.perf_counter(), _peak(place.store), MANY
        seconds = time.perf_counter() - began
        yield Figure(name="listing 1,000,000 blobs, memory", value=peak / 1e6, limit=5, unit="MB")
        yield Figure(name="listing 1,000,000 blobs, each", value=seconds / count * 1e6, limit=None, unit="us")


def _verified(folder: Path) -> float:
    began = time.perf_counter()
    with Project(load_config(folder, {"home": str(folder)}, {})) as project:
        found = verify(project)
    assert found.ok and found.read.number == BLOBS
    return time.perf_counter() - began


def _summed(store: Path) -> float:
    files = sorted(str(path) for path in store.glob("??/??/*"))
    began = time.perf_counter()
    subprocess.run(["sha256sum", *files], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def _plant(store: LocalStore) -> None:
    """Names are all that a listing looks at, so the blobs are links of one file in each folder."""
    made: dict[str, str] = {}
    for number in range(MANY):
        name = hashlib.sha256(number.to_bytes(4, "big")).hexdigest()
        folder = f"{store.root}/{name[:2]}/{name[2:4]}"
        path = f"{folder}/{name}"
        if folder in made:
            os.link(made[folder], path)
            continue
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103 - a million times
        made[folder] = path
        with open(path, "wb"):  # noqa: PTH123
            pass


def _peak(store: LocalStore) -> int:
    tracemalloc.start()
    try:
        assert sum(1 for _blob in store.blobs()) == MANY
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
