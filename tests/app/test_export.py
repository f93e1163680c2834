"""Exports on a real disk: whole or absent, never twice, and nothing that people have seen is changed."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rushes.app.export import STATE, export
from rushes.app.export_folders import Linker
from rushes.app.output import output_base
from rushes.app.summary import Failure
from rushes.errors import StoreError, UserError
from rushes.graph.value import Outcome, State
from rushes.model.ids import Digest, NodeId

from .world import Studio, approved, gate, grid_of, image, record, tree, waiting


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path / "store")


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def failure(node: str = "scene1") -> Failure:
    return Failure(NodeId(node), "Scene 1", "main", 0, "content_policy", 3, "refused", "reword the prompt", 2)


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(p): (p.lstat().st_ino, p.lstat().st_mtime_ns) for p in sorted(folder.rglob("*"))}


def test_pictures_lie_where_people_look_for_them(studio: Studio, base: Path) -> None:
    grid = grid_of(image("a", title="Scene 1", candidates=2), image("b", title="Scene 2"))
    outcomes = [studio.made("a", 2), studio.made("b")]
    done = export(record(), grid, outcomes, (), studio.store, base=base)
    assert tree(base) == [
        "Assets/Story/generated-images/v0-1/candidates/scene01-c1.png",
        "Assets/Story/generated-images/v0-1/candidates/scene01-c2.png",
        "Assets/Story/generated-images/v0-1/scene01.png",
        "Assets/Story/generated-images/v0-1/scene02.png",
    ]
    picture = done.folders[0] / "scene01.png"
    assert outcomes[0].value is not None
    digest = outcomes[0].value.artifacts[0].digest
    assert picture.samefile(studio.store.path(digest)), "a hard link, not a second copy"
    manifest = json.loads((done.folders[0] / "manifest.json").read_text())
    assert manifest["files"]["scene01.png"]["digest"] == digest
    assert not list(base.rglob(".building-*"))


def test_the_same_results_again_write_nothing(studio: Studio, base: Path) -> None:
    grid = grid_of(image("a", title="Scene 1", candidates=2))
    outcomes = [studio.made("a", 2)]
    first = export(record("run-1"), grid, outcomes, (), studio.store, base=base)
    before = snapshot(base)
    second = export(record("run-2"), grid, outcomes, (), studio.store, base=base)
    assert second.unchanged and not first.unchanged
    assert second.paths() == first.paths()
    assert snapshot(base) == before


def test_without_the_short_cut_the_same_results_find_their_folder(studio: Studio, base: Path) -> None:
    grid = grid_of(image("a", title="Scene 1", candidates=2))
    outcomes = [studio.made("a", 2)]
    first = export(record("run-1"), grid, outcomes, (), studio.store, base=base)
    folder = snapshot(first.folders[0])
    (first.home / STATE).unlink()
    second = export(record("run-2"), grid, outcomes, (), studio.store, base=base)
    assert second.folders == first.folders
    assert snapshot(first.folders[0]) == folder


def test_a_changed_picture_takes_the_next_version_and_leaves_the_last(studio: Studio, base: Path) -> None:
    grid = grid_of(image("a", title="Scene 1"), image("b", title="Scene 2"))
    one = [studio.made("a"), studio.made("b")]
    two = [studio.made("a"), studio.made("b again")]
    first = export(record("run-1"), grid, one, (), studio.store, base=base)
    before = snapshot(first.folders[0])
    second = export(record("run-2"), grid, two, (), studio.store, base=base)
    assert (first.version, second.version) == (1, 2)
    assert snapshot(first.folders[0]) == before
    back = export(record("run-3"), grid, one, (), studio.store, base=base)
    assert back.version == 1, "what is there already is found again"


def test_new_results_complete_a_version_that_loses_nothing(studio: Studio, base: Path) -> None:
    grid = grid_of(image("a", title="Scene 1"), image("b", title="Scene 2"))
    export(record("run-1", only=("a",)), grid, [studio.made("a"), None], (), studio.store, base=base)
    second = export(record("run-2"), grid, [studio.made("a"), studio.made("b")], (), studio.store, base=base)
    assert second.version == 1
    assert [path for path in tree(base) if "v0-1" in path][-1].endswith("scene02.png")
    part = export(record("run-3", only=("a",)), grid, [studio.made("a"), None], (), studio.store, base=base)
    assert part.version == 1 and len(tree(part.folders[0])) == 2, "a selection takes nothing away"


def test_the_same_run_replaces_its_own_version_whole(studio: Studio, base: Path) -> None:
    grid = grid_of(image("a", title="Scene 1", candidates=2), gate("g", "a"))
    subject = studio.made("a", 2)
    first = export(record(), grid, [subject, waiting(subject)], (), studio.store, base=base)
    assert [path.rpartition("/")[2] for path in tree(base)] == ["scene01-c1.png", "scene01-c2.png"]
    export(record(), grid, [subject, approved(subject, 2)], (), studio.store, base=base)
    last = export(record(), grid, [subject, approved(subject, 1)], (), studio.store, base=base)
    assert last.folders == first.folders
    assert (last.folders[0] / "scene01.png").samefile(last.folders[0] / "candidates/scene01-c1.png")


def test_a_scene_that_is_gone_is_not_in_the_new_version(studio: Studio, base: Path) -> None:
    both = grid_of(image("a", title="Scene 1"), image("b", title="Scene 2"))
    export(record("run-1"), both, [studio.made("a"), studio.made("b")], (), studio.store, base=base)
    second = export(
        record("run-2"), grid_of(image("a", title="Scene 1")), [studio.made("a")], (), studio.store, base=base
    )
    assert second.version == 2 and tree(second.folders[0]) == ["scene01.png"]


def test_what_people_put_into_a_folder_stays(studio: Studio, base: Path) -> None:
    grid = grid_of(image("a", title="Scene 1", candidates=2), gate("g", "a"))
    subject = studio.made("a", 2)
    first = export(record(), grid, [subject, waiting(subject)], (), studio.store, base=base)
    (first.folders[0] / "notes").mkdir()
    (first.folders[0] / "notes" / "client.txt").write_text("the left one")
    export(record(), grid, [subject, approved(subject, 2)], (), studio.store, base=base)
    assert (first.folders[0] / "notes" / "client.txt").read_text() == "the left one"
    assert (first.folders[0] / "scene01.png").exists()


def test_a_removed_picture_comes_back(studio: Studio, base: Path) -> None:
    grid = grid_of(image("a", title="Scene 1"), image("b", title="Scene 2"))
    outcomes = [studio.made("a"), studio.made("b")]
    first = export(record("run-1"), grid, outcomes, (), studio.store, base=base)
    (first.folders[0] / "scene02.png").unlink()
    again = export(record("run-2"), grid, outcomes, (), studio.store, base=base)
    assert again.version == 1
    assert tree(again.folders[0]) == ["scene01.png", "scene02.png"]


@pytest.mark.parametrize(("workflow", "version"), [("XYZG1-V0-3", 3), ("XYZG1 v0-12", 12), ("Story", 1), ("V1-3", 1)])
def test_the_version_in_the_name_is_the_version_of_the_folder(
    studio: Studio, base: Path, workflow: str, version: int
) -> None:
    grid = grid_of(image("a", title="Scene 1"))
    done = export(record(workflow=workflow), grid, [studio.made("a")], (), studio.store, base=base)
    assert done.version == version
    changed = export(record("run-2", workflow=workflow), grid, [studio.made("b")], (), studio.store, base=base)
    assert changed.version == version + 1


def test_a_folder_of_someone_else_is_never_touched(studio: Studio, base: Path) -> None:
    theirs = base / "Assets/Story/generated-images/v0-1"
    theirs.mkdir(parents=True)
    (theirs / "mine.png").write_bytes(b"mine")
    done = export(record(), grid_of(image("a", title="Scene 1")), [studio.made("a")], (), studio.store, base=base)
    assert done.version == 2
    assert (theirs / "mine.png").read_bytes() == b"mine"


class FullDisk:
    """A store whose disk is full after some links."""

    def __init__(self, store: Linker, after: int) -> None:
        self.store, self.left = store, after

    def link_or_copy(self, digest: Digest, target: Path) -> None:
        self.left -= 1
        if self.left < 0:
            raise StoreError(f"{target} cannot be written: the disk is full")
        self.store.link_or_copy(digest, target)


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_full_disk_leaves_no_half_folder(studio: Studio, base: Path, after: int) -> None:
    grid = grid_of(image("a", title="Scene 1", candidates=2))
    with pytest.raises(StoreError, match="scene01"):
        export(record(), grid, [studio.made("a", 2)], (), FullDisk(studio.store, after), base=base)
    assert tree(base) == [] and not list(base.rglob(".building-*"))
    done = export(record(), grid, [studio.made("a", 2)], (), studio.store, base=base)
    assert done.version == 1


def test_a_place_that_cannot_be_written_is_named(studio: Studio, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("no folder")
    with pytest.raises(StoreError, match=str(file)) as told:
        export(record(), grid_of(image("a")), [studio.made("a")], (), studio.store, base=file)
    assert "--output-dir" in told.value.next_step


def test_errors_are_listed_beside_the_outputs_only_while_there_are_any(studio: Studio, base: Path) -> None:
    grid = grid_of(image("scene1", title="Scene 1"), image("b", title="Scene 2"))
    lost = Outcome(State.FAILED, says="refused")
    failed = export(record("run-1"), grid, [lost, studio.made("b")], (failure(),), studio.store, base=base)
    assert failed.errors is not None
    assert json.loads(failed.errors.read_text())[0] == {
        "node": "scene1",
        "title": "Scene 1",
        "tab": "main",
        "row": 1,
        "class": "content_policy",
        "attempts": 3,
        "message": "refused",
        "next_step": "reword the prompt",
        "blocks": 2,
    }
    clean = export(record("run-2"), grid, [studio.made("a"), studio.made("b")], (), studio.store, base=base)
    assert clean.errors is None and not (clean.home / "errors.json").exists()


def test_a_run_without_results_makes_no_folder(studio: Studio, base: Path) -> None:
    done = export(record(), grid_of(image("a")), [None], (), studio.store, base=base)
    assert done.folders == () and tree(base) == [] and not (base / "Assets").exists()


def test_a_link_out_of_the_project_is_refused(studio: Studio, base: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    for planted in ("Assets", "Assets/Story", "Assets/Story/generated-images"):
        place = base / planted
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(outside, target_is_directory=True)
        with pytest.raises(UserError, match="leads out of"):
            export(record(), grid_of(image("a")), [studio.made("a")], (), studio.store, base=base)
        place.unlink()
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("named", ["/etc", "../up", "a/../../b", "C:\\x", "\\\\host\\x", "..\\up"])
def test_a_document_may_not_send_its_outputs_away(tmp_path: Path, named: str) -> None:
    with pytest.raises(UserError, match="below its own folder"):
        output_base(tmp_path / "w.yaml", named, trusted=False)


def test_a_document_may_name_a_folder_of_its_own_but_no_link(tmp_path: Path) -> None:
    assert output_base(tmp_path / "w.yaml", "out/put", trusted=False) == tmp_path / "out/put"
    (tmp_path / "link").symlink_to("/")
    with pytest.raises(UserError, match="leads out of"):
        output_base(tmp_path / "w.yaml", "link/x", trusted=False)
    assert output_base(tmp_path / "w.yaml", "/elsewhere") == Path("/elsewhere")
    assert output_base(tmp_path / "w.yaml", None) == tmp_path


def _export_some(folder: str, number: int) -> None:
    studio = Studio(Path(folder) / "store")
    for again in range(5):
        outcomes = [studio.made(f"{number}.{again}", 3)]
        export(
            record(f"run-{number}-{again}"),
            grid_of(image("a", title="Scene 1", candidates=3)),
            outcomes,
            (),
            studio.store,
            base=Path(folder) / "project",
        )


def test_runs_that_export_at_once_never_mix(tmp_path: Path, base: Path) -> None:
    """Twenty exports of twenty results by four workers are twenty whole folders."""
    with ThreadPoolExecutor(4) as workers:
        list(workers.map(_export_some, [str(tmp_path)] * 4, range(4)))
    folders = sorted((base / "Assets/Story/generated-images").iterdir())
    runs = [json.loads((folder / "manifest.json").read_text())["run"] for folder in folders]
    assert len(set(runs)) == len(runs) == 20
    for folder in folders:
        files = json.loads((folder / "manifest.json").read_text())["files"]
        assert sorted(files) == tree(folder) and len(files) == 4
