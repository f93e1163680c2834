"""`gc` never takes what is approved, pinned, exported or needed; what it takes comes back; and nothing is ever lost."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.app.attic import (
    DOCUMENT,
    EVERYTHING,
    LONG_AGO,
    Attic,
    collect_and_die,
    count_on_a_blob,
    data,
    digest,
    put_and_read,
)
from tests.cli.conftest import GATED, HELLO

from rushes.app.project import Project
from rushes.app.tidy import Wish, empty, undo
from rushes.app.tidy_kept import Why
from rushes.app.tidy_pins import pin_named, unpin_named
from rushes.assets.local import LocalStore
from rushes.assets.trash import KEPT_FOR, Trash
from rushes.cli.tree import run_command
from rushes.errors import NotFound, RefusedError
from rushes.ledger.owner import new_owner
from rushes.model.ids import Digest
from rushes.model.run import RunState
from rushes.model.verdict import Choice

_BLOBS = 8
_NUMBER = st.integers(0, _BLOBS - 1)
_SOME = st.frozensets(_NUMBER, max_size=3)
_ENDED = (RunState.DONE, RunState.FAILED, RunState.CANCELLED)
_DRAWN = st.fixed_dictionaries(
    {
        "pinned": _SOME,
        "linked": _SOME,
        "manifest": _SOME,
        "young": _SOME,
        "runs": st.lists(st.tuples(st.sampled_from(list(RunState)), st.booleans()), min_size=1, max_size=3),
        "made": st.lists(st.tuples(st.integers(0, 2), _SOME, _SOME), max_size=5),
        "gates": st.lists(st.tuples(st.integers(0, 2), _NUMBER, st.sampled_from(["gate", "still"])), max_size=4),
        "decided": st.lists(st.tuples(st.integers(0, 1), _NUMBER, st.sampled_from(list(Choice))), max_size=6),
        "max_age": st.none() | st.sampled_from([0.0, 3600.0, 10**10]),
        "max_size": st.none() | st.integers(0, 300),
    }
)


def _filled(folder: Path, drawn: dict) -> Attic:  # type: ignore[type-arg]
    attic = Attic(folder, _BLOBS)
    live = folder / "live.yaml"
    live.write_text("steps: this cannot be planned, so all that its runs named stays")
    for number, (state, is_live) in enumerate(drawn["runs"]):
        attic.run(f"r{number}", state, file=live if is_live else None)
    for index, (run, outputs, inputs) in enumerate(drawn["made"]):
        attic.made(f"r{run % len(drawn['runs'])}", f"q{index}", sorted(outputs), sorted(inputs))
    for run, number, node in drawn["gates"]:
        attic.let_through(f"r{run % len(drawn['runs'])}", number, node)
    for at, (subject, number, choice) in enumerate(drawn["decided"]):
        attic.decided("r0", f"subject {subject}", number, choice, LONG_AGO + at)
    attic.pinned(drawn["pinned"])
    for number in drawn["linked"]:
        attic.linked(number)
    attic.in_manifest(drawn["manifest"])
    for number in range(_BLOBS):
        attic.age(number, time.time() if number in drawn["young"] else LONG_AGO + number)
    return attic


def _must_stay(drawn: dict) -> set[int]:  # type: ignore[type-arg]
    """The oracle: told from what was drawn, without a look at ledger or store."""
    runs = drawn["runs"]
    stays = set(drawn["pinned"] | drawn["linked"] | drawn["manifest"] | drawn["young"])
    last: dict[tuple[int, int], Choice] = {}
    for subject, number, choice in drawn["decided"]:
        last.pop((subject, number), None)
        last[subject, number] = choice
    rejected = {number for (_subject, number), choice in last.items() if choice is Choice.REJECTED}
    approved = {number for (_subject, number), choice in last.items() if choice is Choice.APPROVED}
    approved |= {number for _run, number, node in drawn["gates"] if node == "gate"} - rejected
    grown = True
    while grown:
        more = {out for _run, outputs, inputs in drawn["made"] if inputs & approved for out in outputs}
        grown = not more <= approved
        approved |= more
    stays |= approved
    for number, (state, is_live) in enumerate(runs):
        if state in _ENDED and not is_live:
            continue
        for run, outputs, inputs in drawn["made"]:
            if run % len(runs) == number and outputs:
                stays |= outputs | inputs
        stays |= {blob for run, blob, _node in drawn["gates"] if run % len(runs) == number}
        stays |= {blob for _subject, blob, _choice in drawn["decided"]} if number == 0 else set()
    return stays


@settings(max_examples=60)
@given(drawn=_DRAWN)
def test_whatever_is_wished_what_must_stay_stays_and_what_goes_can_come_back(drawn: dict) -> None:  # type: ignore[type-arg]
    with TemporaryDirectory() as folder:
        attic = _filled(Path(folder), drawn)
        every, stays = set(range(_BLOBS)), _must_stay(drawn)
        attic.tidied(Wish(max_age=drawn["max_age"], max_size=drawn["max_size"]))
        here = attic.here()
        assert stays <= here, "what must stay was taken"
        assert here | attic.in_trash() == every and not here & attic.in_trash(), "a blob is lost, or there twice"
        with attic.project() as project:
            assert len(Trash(project.store).collections()) == (here != every)
            if here != every:
                undo(project, None)
        assert attic.here() == every and not attic.in_trash()
        for number in every - here:
            attic.age(number, LONG_AGO)
        attic.tidied(EVERYTHING)
        assert attic.here() == stays, "what nobody needs stays"


def test_an_approved_picture_and_all_that_was_made_from_it_stay(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 6)
    attic.run("r")
    attic.made("r", "still", [0, 1])
    attic.made("r", "film", [2], inputs=[0])
    attic.made("r", "larger", [3], inputs=[2])
    attic.made("r", "other film", [4], inputs=[1])
    attic.decided("r", "still", 0, Choice.APPROVED)
    found = attic.tidied(EVERYTHING)
    assert attic.here() == {0, 2, 3}
    assert found.stays[Why.APPROVED].number == 3 and found.collected.number == 3


def test_what_a_policy_let_through_a_gate_stays_until_a_person_rejects_it(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 3)
    attic.run("r")
    attic.let_through("r", 0, "gate")
    attic.let_through("r", 1, "still")  # handed on by a step of its own: nobody decided about it
    attic.let_through("r", 2, "gate")
    attic.decided("r", "still", 2, Choice.REJECTED)
    attic.tidied(EVERYTHING)
    assert attic.here() == {0}


def test_a_pinned_blob_stays_until_it_is_unpinned(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 2)
    with attic.project() as project:
        assert pin_named(project, digest(1)[:12], by="ana").blobs == 1
    attic.tidied(EVERYTHING)
    assert attic.here() == {1}
    with attic.project() as project:
        assert unpin_named(project, digest(1)).blobs == 1
    attic.tidied(EVERYTHING)
    assert attic.here() == set()


def test_runs_and_nodes_are_pinned_by_name_and_what_is_nothing_is_refused(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 4)
    attic.run("20260101-000000-aaaa")
    attic.made("20260101-000000-aaaa", "q", [0, 1], inputs=[2])
    with attic.project() as project:
        assert pin_named(project, "still").blobs == 3  # its results, and what they were made from
        assert unpin_named(project, "still").blobs == 3
        assert pin_named(project, "20260101").blobs == 3
        with pytest.raises(NotFound, match="'nothing' is no blob, no run, and no node of the newest run"):
            pin_named(project, "nothing")
    attic.tidied(EVERYTHING)
    assert attic.here() == {0, 1, 2}
    with attic.project() as project, pytest.raises(NotFound, match="it was collected") as caught:
        pin_named(project, digest(3))
    assert "rushes gc --undo" in caught.value.next_step


def test_exported_files_keep_their_blobs_by_link_and_by_manifest(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 3)
    attic.run("r", file=tmp_path / "gone.yaml")
    attic.linked(0)
    attic.in_manifest([1])
    attic.tidied(EVERYTHING)
    assert attic.here() == {0, 1}


@pytest.mark.parametrize("state", [RunState.PARKED, RunState.INTERRUPTED, RunState.CREATED, RunState.RUNNING])
def test_a_run_that_is_not_over_keeps_all_that_it_named(state: RunState, tmp_path: Path) -> None:
    attic = Attic(tmp_path, 3)
    attic.run("open", state, owner=new_owner() if state is RunState.RUNNING else "")
    attic.made("open", "q", [0], inputs=[1])
    attic.tidied(EVERYTHING)
    assert attic.here() == {0, 1}


def test_of_a_workflow_that_cannot_be_planned_all_that_its_runs_named_stays(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 3)
    live = tmp_path / "live.yaml"
    live.write_text("steps: none of this is a step")
    attic.run("r", file=live)
    attic.made("r", "q", [0], inputs=[1])
    attic.tidied(EVERYTHING)
    assert attic.here() == {0, 1}


def test_the_rows_of_a_batch_stay_like_the_workflow_of_a_run(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 2)
    attic.run("part", rows=1)
    attic.tidied(EVERYTHING)
    assert attic.here() == {1}
    with attic.project() as project:
        assert project.store.has(attic.document)


def test_a_file_whose_folder_has_settings_that_cannot_be_read_is_taken_for_one_that_cannot_be_planned(
    tmp_path: Path,
) -> None:
    attic = Attic(tmp_path, 2)
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "rushes.toml").write_text("this is no setting")
    (folder / "live.yaml").write_bytes(DOCUMENT)
    attic.run("r", file=folder / "live.yaml")
    attic.made("r", "q", [0])
    attic.tidied(EVERYTHING)
    assert attic.here() == {0}


def test_what_was_just_written_stays(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 2)
    attic.age(0, time.time() - 60)
    attic.tidied(EVERYTHING)
    assert attic.here() == {0}


def test_the_longest_unused_goes_first_and_a_run_that_named_it_used_it(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 3)
    attic.run("r")
    attic.made("r", "q", [0])  # named at LONG_AGO: what was written later is younger
    attic.age(0, LONG_AGO - 200)
    attic.age(1, LONG_AGO - 100)
    attic.tidied(Wish(max_size=sum(len(data(n)) for n in (0, 2)) + len(DOCUMENT)))
    assert attic.here() == {0, 2}
    attic.tidied(Wish(max_age=time.time() - LONG_AGO - 1))
    assert attic.here() == {2}


def test_a_look_and_a_rehearsal_take_nothing(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 2)
    assert attic.tidied(Wish()).free.number == 2
    found = attic.tidied(Wish(max_size=0, pretend=True))
    assert (found.collected.number, found.collection, attic.here()) == (2, None, {0, 1})


# --- workflows that are still there -------------------------------------------------------------------------------


def _rushes(*args: str) -> None:
    assert run_command(args) == 0


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUSHES_HOME", str(tmp_path / "home"))
    return tmp_path


def _grow_old(place: Path) -> set[str]:
    """Nothing is exported any more, and everything was written long ago; the pictures in the store."""
    shutil.rmtree(place / "Assets")
    blobs = [path for path in (place / "home" / "store").glob("*/*/*") if path.is_file()]
    for path in blobs:
        os.utime(path, (LONG_AGO, LONG_AGO))
    return {path.name for path in blobs if path.read_bytes()[:4] == b"\x89PNG"}


def _pictures(place: Path) -> set[str]:
    return {path.name for path in (place / "home" / "store").glob("??/??/*") if path.read_bytes()[:4] == b"\x89PNG"}


def test_a_workflow_that_is_still_there_keeps_what_its_plan_would_use_again(place: Path) -> None:
    (place / "hello.yaml").write_text(HELLO)
    _rushes("run", "hello.yaml")
    first = _pictures(place)
    (place / "hello.yaml").write_text(HELLO.replace("a red fox", "a grey hare"))
    _rushes("run", "hello.yaml")
    both = _grow_old(place)
    _rushes("gc", "--max-size", "0B")
    assert _pictures(place) == both - first, "of the older wording nothing is used again"
    (place / "hello.yaml").unlink()
    _rushes("gc", "--max-size", "0B")
    assert _pictures(place) == set()


def test_what_it_says_fits_a_terminal(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "hello.yaml").write_text(HELLO)
    _rushes("run", "hello.yaml")
    capsys.readouterr()
    _rushes("gc")
    assert "exported" in capsys.readouterr().out
    _grow_old(place)
    (place / "hello.yaml").unlink()
    for flags in ((), ("--max-size", "0B", "--dry-run"), ("--max-size", "0B"), (), ("--undo",)):
        _rushes("gc", *flags)
    said = capsys.readouterr().out
    assert "in the trash" in said and "brought back from" in said
    assert max(map(len, said.splitlines())) <= 80


def test_one_thing_at_a_time_and_a_collection_by_its_name(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "hello.yaml").write_text(HELLO)
    _rushes("run", "hello.yaml")
    pictures = _grow_old(place)
    (place / "hello.yaml").unlink()
    for wrong in (("--undo", "--max-age", "1d"), ("--pin", "a", "--unpin", "b"), ("--undo", "--dry-run")):
        assert run_command(["gc", *wrong]) == 2
    for wrong in (("--max-size", "lots"), ("--max-age", "old"), ("--undo", "no-such-collection")):
        assert run_command(["gc", *wrong]) == 2
    _rushes("gc", "--max-size", "0B")
    (name,) = [path.name for path in (place / "home" / "store" / "trash").iterdir()]
    assert run_command(["gc", "--undo", "no-such-collection"]) == 2
    assert f"there are: {name}" in capsys.readouterr().err
    _rushes("gc", "--undo", name)
    assert _pictures(place) == pictures


def test_a_workflow_keeps_the_candidates_that_nobody_picked_yet_and_those_a_person_may_still_choose(
    place: Path,
) -> None:
    (place / "gated.yaml").write_text(GATED)
    assert run_command(["run", "gated.yaml"]) == 4
    _rushes("approve", "last", "pick_1", "2")
    assert run_command(["resume"]) == 0
    both = _grow_old(place)
    assert len(both) == 3
    _rushes("gc", "--max-size", "0B")
    assert _pictures(place) == both
    (place / "gated.yaml").unlink()
    _rushes("gc", "--max-size", "0B")
    assert len(_pictures(place)) == 2, "the approved one and what was made from it, not the other"


def test_a_plan_says_that_bytes_were_collected_when_and_how_they_come_back(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "hello.yaml").write_text(HELLO)
    _rushes("run", "hello.yaml")
    _grow_old(place)
    (place / "hello.yaml").rename(place / "away.yaml")
    _rushes("gc", "--max-size", "0B")
    (place / "away.yaml").rename(place / "hello.yaml")
    capsys.readouterr()
    _rushes("plan", "hello.yaml", "--json")
    day = time.strftime("%Y-%m-%d", time.gmtime())
    assert f"its bytes were collected on {day}; rushes gc --undo brings them back" in capsys.readouterr().out
    _rushes("gc", "--undo")
    capsys.readouterr()
    _rushes("plan", "hello.yaml")
    assert "nothing to do" in capsys.readouterr().out


# --- the trash ----------------------------------------------------------------------------------------------------


def test_what_was_collected_is_deleted_after_thirty_days_or_when_it_is_asked_for(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 3)
    with attic.project() as project, project.store.alone():
        trash = Trash(project.store)
        trash.take([digest(0)], time.time() - KEPT_FOR - 10)
        trash.take([digest(1)], time.time() - KEPT_FOR + 600)
    assert attic.in_trash() == {0, 1}
    assert attic.tidied(Wish(max_age=10**10)).expired.number == 1
    assert attic.in_trash() == {1} and attic.here() == {2}
    with attic.project() as project:
        assert empty(project, pretend=True).number == 1 and attic.in_trash() == {1}
        assert empty(project).number == 1
        with pytest.raises(NotFound, match="the trash is empty"):
            undo(project, None)
    assert attic.in_trash() == set() and attic.here() == {2}


def test_what_was_brought_back_counts_as_used_now(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 2)
    attic.tidied(EVERYTHING)
    with attic.project() as project:
        assert undo(project, None).heap.number == 2
    attic.tidied(Wish(max_age=86_400))
    assert attic.here() == {0, 1}


def test_what_was_made_again_meanwhile_is_brought_back_once(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 1)
    attic.tidied(EVERYTHING)
    with attic.project() as project:
        project.store.put([data(0)])
        undo(project, None)
    assert attic.here() == {0} and not attic.in_trash()


def test_old_temporary_files_go_and_new_ones_stay(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 1)
    with attic.project() as project:
        old, new = project.scratch / "old", project.scratch / "new"
    (old / "deep").mkdir(parents=True)
    (old / "deep" / "half.mp4").write_bytes(b"half a film")
    new.write_bytes(b"under way")
    for path in (old / "deep" / "half.mp4", old / "deep", old):
        os.utime(path, (LONG_AGO, LONG_AGO))
    assert attic.tidied(Wish(max_size=0, pretend=True)).temporary.number == 1
    assert old.exists()
    attic.tidied(Wish(max_size=0))
    assert not old.exists() and new.exists()


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", [1, 2, 4])
def test_killed_in_the_middle_every_blob_is_in_the_store_or_in_the_trash(at: int, after: bool, tmp_path: Path) -> None:
    attic = Attic(tmp_path, 4)
    child = multiprocessing.get_context("forkserver").Process(
        target=collect_and_die, args=(attic.home / "store", [0, 1, 2, 3], at, after)
    )
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert len(attic.in_trash()) == at - (not after)
    assert attic.here() | attic.in_trash() == {0, 1, 2, 3} and not attic.here() & attic.in_trash()
    with attic.project() as project:
        for one in Trash(project.store).collections():
            undo(project, one.id)
    assert attic.here() == {0, 1, 2, 3}


# --- beside others ------------------------------------------------------------------------------------------------


def test_a_blob_that_another_process_has_seen_stays_as_long_as_it_lives(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 1)
    processes = multiprocessing.get_context("forkserver")
    mine, theirs = processes.Pipe()
    child = processes.Process(target=count_on_a_blob, args=(attic.home / "store", digest(0), theirs))
    child.start()
    theirs.close()
    mine.recv()
    with pytest.raises(RefusedError, match="another process works with") as caught:
        attic.tidied(EVERYTHING)
    assert "rushes runs" in caught.value.next_step
    assert attic.tidied(Wish(max_size=0, pretend=True)).collected.number == 1, "a look works beside everybody"
    mine.send("go on")
    assert mine.recv() is True
    child.join()
    attic.tidied(EVERYTHING)
    assert attic.here() == set()


def test_collecting_beside_a_process_that_stores_and_uses_takes_nothing_from_under_it(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 4)
    processes = multiprocessing.get_context("forkserver")
    mine, theirs = processes.Pipe()
    child = processes.Process(target=put_and_read, args=(attic.home / "store", theirs))
    child.start()
    theirs.close()
    mine.recv()
    taken = refused = 0
    until = time.monotonic() + 30
    while not (taken > 2 and refused > 2) and child.is_alive() and time.monotonic() < until:
        try:
            taken += attic.tidied(EVERYTHING).collected.number > 0
        except RefusedError:
            refused += 1
    mine.send("stop")
    child.join()
    assert child.exitcode == 0, "it lost a blob between storing and using it"
    assert taken > 2 and refused > 2
    assert mine.recv() > 0


def test_a_run_in_another_process_is_never_in_the_way_of_a_look(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 1)
    store = LocalStore(attic.home / "store")
    with Project.open(tmp_path, home=str(attic.home)) as project:
        assert len(list(project.store.blobs())) == 2
    store.close()


def test_two_that_empty_the_trash_at_once_delete_every_blob_once_between_them(tmp_path: Path) -> None:
    with Attic(tmp_path, 400).project() as project:
        trash = Trash(project.store)
        trash.take([digest(number) for number in range(400)], LONG_AGO)
        with ThreadPoolExecutor(2) as both:
            counts = [both.submit(trash.delete, before=time.time()) for _ in range(2)]
            looked = both.submit(trash.collections)
        assert sum(one.result()[0] for one in counts) == 400
        assert looked.result() is not None and not trash.collections()


def test_what_is_deleted_while_it_is_brought_back_is_not_said_to_be_back(tmp_path: Path) -> None:
    class Deleted(LocalStore):
        """Somebody empties the trash just before each blob is brought back."""

        def has(self, digest: Digest) -> bool:
            Trash(self).delete(before=time.time())
            return super().has(digest)

    with Attic(tmp_path, 2).project() as project:
        Trash(project.store).take([digest(0), digest(1)], LONG_AGO)
        _id, count, size = Trash(Deleted(project.store.root)).bring_back(None)
        assert (count, size) == (0, 0)


@pytest.mark.parametrize("journal", [b"", b"[" * 100_000, b'{"at": Infinity}', b'{"at": 1e300}', b"\xff", None])
def test_what_was_collected_comes_back_though_its_journal_is_damaged(journal: bytes | None, tmp_path: Path) -> None:
    with Attic(tmp_path, 2).project() as project:
        trash = Trash(project.store)
        name = trash.take([digest(0), digest(1)], LONG_AGO)
        path = project.store.root / "trash" / name / "journal"
        path.unlink() if journal is None else path.write_bytes(journal)
        (taken,) = trash.collections()
        assert (taken.at, taken.blobs) == (LONG_AGO, 2)
        assert trash.traces([digest(0)])[digest(0)].here
        assert trash.bring_back(None)[:2] == (name, 2)
