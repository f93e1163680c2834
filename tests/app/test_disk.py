"""Room on the disks: refused before anything is reserved, by name; an estimate that learns from what was made."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cli.conftest import HELLO

from rushes.app.config import load_config
from rushes.app.disk import FLOOR, keep_room, room_left, volumes
from rushes.app.disk_sizes import expected, size_of
from rushes.app.plan import Prepared, prepare
from rushes.app.project import Project
from rushes.app.run import run_file
from rushes.errors import ConfigError, RefusedError
from rushes.model.ids import RunId
from rushes.model.media import Kind
from rushes.model.run import RunOptions
from rushes.model.size import parse_age, parse_bytes, show_bytes


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "hello.yaml"
    path.write_text(HELLO)
    return path


def opened(file: Path, **more: object) -> Project:
    return Project(load_config(file.parent, {"home": str(file.parent / "home"), **more}, {}), checks=())


def planned(project: Project, file: Path) -> Prepared:
    return asyncio.run(prepare(project, file, RunOptions()))


def test_there_is_room_from_exactly_so_many_bytes_on(file: Path) -> None:
    with opened(file) as project:
        prepared = planned(project, file)
        need = expected(project, prepared) + FLOOR
        keep_room(project, prepared, RunId(""), free=lambda _path: need)
        with pytest.raises(RefusedError) as caught:
            keep_room(project, prepared, RunId(""), free=lambda _path: need - 1)
    says = caught.value.message
    assert str(file.parent / "home" / "store") in says and "(the store) has 1.0 GB free" in says
    assert "an estimated 461 kB of results, and 1.0 GB must stay free" in says
    assert "rushes gc" in caught.value.next_step and "--min-free" in caught.value.next_step


def test_a_run_that_has_no_room_reserves_nothing_and_makes_no_run(file: Path) -> None:
    with opened(file, min_free=10**18) as project:
        with pytest.raises(RefusedError, match=r"1000000.0 TB must stay free \(--min-free\)"):
            asyncio.run(run_file(project, file, RunOptions()))
        assert project.ledger.runs() == []
        assert project.ledger.claimants() == []


def test_what_buys_nothing_needs_no_room(file: Path) -> None:
    with opened(file) as project:
        asyncio.run(run_file(project, file, RunOptions()))
    with opened(file, min_free=10**18) as project:
        assert asyncio.run(run_file(project, file, RunOptions())).counts.bought == 0


def test_every_volume_is_looked_at_and_outputs_on_another_one_are_copies(file: Path) -> None:
    shm = Path("/dev/shm")
    if not shm.is_dir() or shm.stat().st_dev == file.stat().st_dev:
        pytest.skip("there is no second volume here")
    with opened(file, output_dir=str(shm / "rushes-no-such-folder")) as project:
        prepared = planned(project, file)
        store, outputs = volumes(project, prepared, 1000)
        assert (store.what, store.expected) == ("the store", 1000)
        assert (outputs.what, outputs.expected) == ("the outputs", 1000)
        with pytest.raises(RefusedError, match=r"rushes-no-such-folder \(the outputs\) has 5 B free"):
            keep_room(project, prepared, RunId(""), free=lambda path: 5 if path.is_relative_to(shm) else 10**15)
        look = room_left(project, prepared, free=lambda path: FLOOR - 1 if path.is_relative_to(shm) else 10**15)
        assert "the outputs" in (look() or "")


def test_while_a_run_goes_on_the_floor_alone_counts(file: Path) -> None:
    with opened(file, min_free=1000) as project:
        prepared = planned(project, file)
        assert room_left(project, prepared, free=lambda _path: 1000)() is None
        says = room_left(project, prepared, free=lambda _path: 999)()
    assert says is not None and "999 B free, less than the 1 kB that must stay free" in says and "resume" in says


def test_what_the_same_model_made_before_says_it_best(file: Path) -> None:
    with opened(file) as project:
        asyncio.run(run_file(project, file, RunOptions()))
        (size,) = [blob.size for blob in project.store.blobs() if blob.size > 1000]
        file.write_text(HELLO.replace("a red fox", "a grey hare"))
        same = expected(project, planned(project, file))
        assert size <= same < 2 * size  # 360 lines are taken for a wide picture
        file.write_text(HELLO.replace("a red fox", "a grey hare").replace("360p", "720p"))
        assert expected(project, planned(project, file)) == pytest.approx(4 * same, rel=0.01)


_PARAMS = st.dictionaries(
    st.sampled_from(["resolution", "duration", "size", "seconds", "seed"]),
    st.text(max_size=12) | st.integers() | st.floats() | st.sampled_from(["4K", "1024x768", "8s", "720p"]),
)


@given(st.sampled_from(list(Kind)), _PARAMS)
def test_whatever_a_file_asks_for_there_is_an_estimate(kind: Kind, params: dict[str, object]) -> None:
    size = size_of(kind, params)
    assert 0 <= size < 10**16


def test_more_pixels_and_more_seconds_are_more_bytes() -> None:
    assert size_of(Kind.IMAGE, {"resolution": "4K"}) == 16 * size_of(Kind.IMAGE, {"resolution": "1K"})
    assert size_of(Kind.VIDEO, {"duration": "8s"}) == 2 * size_of(Kind.VIDEO, {"duration": 4})
    assert size_of(Kind.IMAGE, {"size": "1024x1024"}) == size_of(Kind.IMAGE, {"resolution": "1K"})


@pytest.mark.parametrize(
    ("text", "size"),
    [("1GB", 10**9), ("1 GiB", 2**30), ("1.5m", 1_500_000), ("0", 0), ("x", None), ("-1", None), ("1e9", None)],
)
def test_sizes_are_read_as_people_write_them(text: str, size: int | None) -> None:
    assert parse_bytes(text) == size


def test_ages_are_read_and_sizes_shown_as_people_write_them() -> None:
    assert [parse_age(text) for text in ("7d", "12h", "2w", "7", "d")] == [604_800, 43_200, 1_209_600, None, None]
    assert [show_bytes(n) for n in (0, 999, 1000, 3_400_000, 10**12)] == ["0 B", "999 B", "1 kB", "3.4 MB", "1.0 TB"]


def test_a_floor_that_is_no_size_is_refused_where_it_was_said(file: Path) -> None:
    (file.parent / "rushes.toml").write_text('min_free = "lots"\n')
    with pytest.raises(ConfigError, match=r"min_free is 'lots' .*rushes.toml"):
        opened(file)
    (file.parent / "rushes.toml").write_text('min_free = "2GB"\n')
    assert opened(file).config.min_free.value == 2 * 10**9


def test_a_real_disk_that_fills_up_refuses_then_stops_then_resumes(tmp_path: Path) -> None:
    alone = ["unshare", "-rm"]
    if subprocess.run([*alone, "mount", "-t", "tmpfs", "tmpfs", str(tmp_path)], capture_output=True).returncode:
        pytest.skip("nothing may be mounted here")
    done = subprocess.run(
        [*alone, sys.executable, "-m", "tests.app.small_disk", str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stdout + done.stderr
    refused, none, stopped, fetched, end = done.stdout.splitlines()
    assert "(the store) has 7." in refused and none == "runs: 0 sent: 0"
    assert "must stay free: nothing new was begun" in stopped and end == "done"
    assert fetched == "below the floor: 2 fetched, 0 sent, interrupted"
