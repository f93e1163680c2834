"""`verify` finds every changed bit, says who uses it, makes whole what it can; what people changed it only tells."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.app.attic import EVERYTHING, Attic, data, digest
from tests.cli.conftest import HELLO

from rushes.app.verify import Fault, Verified, verify
from rushes.assets.local import LocalStore
from rushes.cli.tree import run_command
from rushes.errors import RefusedError, StoreError
from rushes.ledger.audit import damage
from rushes.ledger.open import open_ledger
from rushes.model.ids import Digest
from rushes.model.run import RunState


def verified(attic: Attic, run: str | None = None, *, quick: bool = False, repair: bool = False) -> Verified:
    with attic.project() as project:
        return verify(project, run, quick=quick, repair=repair)


def spoil(path: Path, bit: int) -> None:
    """Flip one bit in place: links of the file see it, too."""
    whole = bytearray(path.read_bytes())
    whole[bit // 8 % len(whole)] ^= 1 << bit % 8
    path.chmod(0o644)
    path.write_bytes(whole)


@settings(max_examples=40)
@given(number=st.integers(0, 3), bit=st.integers(0, 400))
def test_whichever_bit_of_whichever_blob_is_flipped_it_is_found_and_its_users_named(number: int, bit: int) -> None:
    with TemporaryDirectory() as folder:
        attic = Attic(Path(folder), 4)
        attic.run("r1")
        attic.made("r1", "q", [0, 1], inputs=[2])
        attic.let_through("r1", 3, "gate")
        assert verified(attic).ok
        spoil(attic.place(number), bit)
        found = verified(attic)
        (wrong,) = found.wrong
        assert not found.ok and (wrong.fault, wrong.digest) == (Fault.CHANGED, digest(number))
        assert wrong.uses == (f"run r1: {'gate' if number == 3 else 'still'} row 1",)


def test_nothing_is_wrong_with_a_store_that_is_as_it_was(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 3)
    found = verified(attic)
    assert found.ok and found.read.number == 4 and not found.wrong
    assert found.orphans.number == 4, "no run knows of them: said, and not wrong"


def test_a_quick_look_reads_nothing_and_finds_what_has_another_size(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 2)
    attic.run("r1")
    attic.made("r1", "q", [0, 1])
    spoil(attic.place(0), 3)
    assert verified(attic, quick=True).ok
    attic.place(1).chmod(0o644)
    attic.place(1).write_bytes(data(1)[:-1])
    (wrong,) = verified(attic, quick=True).wrong
    assert wrong.digest == digest(1)


def test_a_result_that_nobody_collected_and_that_is_gone_is_missing(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 3)
    attic.run("r1")
    attic.made("r1", "q", [0, 1])
    attic.place(0).unlink()
    attic.tidied(EVERYTHING)  # which takes the other two
    found = verified(attic)
    (wrong,) = found.wrong
    assert (wrong.fault, wrong.digest, found.collected) == (Fault.MISSING, digest(0), 1)
    assert wrong.uses == ("run r1: still row 1",)


class _Unreadable(LocalStore):
    """A disk with a bad sector."""

    def verify(self, name: Digest) -> None:
        if name == digest(0):
            raise StoreError("Input/output error")
        super().verify(name)


def test_a_blob_that_cannot_be_read_is_named_and_the_rest_is_read_all_the_same(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 3)
    with attic.project() as project:
        project.store = _Unreadable(attic.home / "store")
        found = verify(project)
    assert [one.digest for one in found.wrong] == [digest(0)] and found.read.number == 4


def test_a_workflow_or_the_rows_of_a_batch_that_are_damaged_are_named_as_what_they_are(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 1)
    attic.run("part", rows=0)
    spoil(attic.place(0), 1)
    name = attic.document
    spoil(attic.home / "store" / name[:2] / name[2:4] / name, 1)
    uses = {one.digest: one.uses for one in verified(attic).wrong}
    assert uses == {digest(0): ("run part: its rows",), name: ("run part: its workflow",)}


def test_of_one_run_only_what_it_named_is_read(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 3)
    for run, number in (("r1", 0), ("r2", 1)):
        attic.run(run)
        attic.made(run, f"q {run}", [number], inputs=[2])
    spoil(attic.place(1), 0)
    assert verified(attic, "r1").ok and verified(attic, "r1").read.number == 3  # with its input and its workflow
    assert [one.digest for one in verified(attic, "r2").wrong] == [digest(1)]


def test_what_is_damaged_is_made_whole_from_an_intact_copy_and_never_from_another(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 2)
    attic.run("r1")
    attic.made("r1", "q", [0, 1])
    attic.in_manifest([0, 1])
    folder = tmp_path / "Assets" / "gated" / "generated-images" / "v0-1"
    (folder / "0.png").write_bytes(data(0))
    (folder / "1.png").write_bytes(data(1) + b"retouched")
    for number in (0, 1):
        spoil(attic.place(number), 5)
    found = verified(attic, repair=True)
    one = {wrong.digest: wrong for wrong in found.wrong}
    assert one[digest(0)].whole and "made whole from" in (one[digest(0)].mended or "")
    assert not one[digest(1)].whole and "the next run asks again" in (one[digest(1)].mended or "")
    assert not found.ok and attic.here() == {0}
    assert sorted(path.name for path in (attic.home / "store" / "damaged").iterdir()) == sorted(
        f"{digest(number)}.1" for number in (0, 1)
    )
    assert [edited.path for edited in found.edited] == [folder / "1.png"]
    assert (folder / "1.png").read_bytes() == data(1) + b"retouched", "what a person made is never touched"


def test_nothing_is_repaired_under_a_process_that_works_with_the_store(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 1)
    attic.run("r1")
    attic.made("r1", "q", [0])
    spoil(attic.place(0), 0)
    other = LocalStore(attic.home / "store")
    with pytest.raises(RefusedError, match="another process works with"):
        verified(attic, repair=True)
    assert attic.place(0).exists() and not verified(attic).ok
    other.close()
    verified(attic, repair=True)
    assert not attic.place(0).exists()


def test_a_manifest_cannot_name_a_file_outside_its_folder(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 1)
    attic.run("r1")
    attic.in_manifest([0])
    manifest = tmp_path / "Assets" / "gated" / "generated-images" / "v0-1" / "manifest.json"
    manifest.write_text(manifest.read_text().replace("0.png", "../../../../secret"))
    assert verified(attic).edited == ()


# --- the ledger ---------------------------------------------------------------------------------------------------


def test_an_account_that_is_not_the_sum_of_its_requests_is_named(ledger_where: str) -> None:
    from tests.ledger.facts import record, reserved

    with open_ledger(ledger_where) as ledger:
        ledger.create_run(record())
        ledger.reserve(record().id, reserved(scopes=("run:r1", "day:2026")), "owner", 1.0)
        assert damage(ledger) == []
        ledger.database.write(lambda tx: tx.run("UPDATE accounts SET spent = '0.01' WHERE scope = 'day:2026'"))
        (says,) = damage(ledger)
        assert "the account day:2026 says $0.05 held, $0.01 spent" in says and "come to $0.05 held, $0 spent" in says


def test_a_ledger_file_whose_index_does_not_fit_is_named(tmp_path: Path) -> None:
    attic = Attic(tmp_path, 1)
    attic.run("r1", RunState.DONE)
    with sqlite3.connect(attic.home / "ledger.sqlite") as file:
        file.execute("PRAGMA writable_schema = ON")
        file.execute(
            "UPDATE sqlite_schema SET sql = replace(sql, '(created)', '(updated)') WHERE name = 'runs_by_time'"
        )
        file.execute("UPDATE runs SET updated = created + 5")
    found = verified(attic)
    assert [one.fault for one in found.wrong] == [Fault.LEDGER] * len(found.wrong) and found.wrong


# --- the command --------------------------------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUSHES_HOME", str(tmp_path / "home"))
    (tmp_path / "hello.yaml").write_text(HELLO)
    assert run_command(["run", "hello.yaml"]) == 0
    return tmp_path


def _picture(place: Path) -> Path:
    return next(path for path in (place / "home" / "store").glob("??/??/*") if path.read_bytes()[:4] == b"\x89PNG")


def test_a_real_run_is_whole_and_its_damage_ends_in_exit_code_6(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["verify"]) == 0
    assert "everything is as it was" in capsys.readouterr().out
    spoil(_picture(place), 77)
    assert run_command(["verify"]) == 6
    said = capsys.readouterr().out
    assert "used by run" in said and ": picture row 1" in said and "rushes verify --repair" in said


def test_what_was_moved_aside_is_asked_again_by_the_next_run(place: Path) -> None:
    name = _picture(place).name
    spoil(_picture(place), 77)  # the exported file is a link of it: there is no intact copy
    assert run_command(["verify", "--repair"]) == 6
    assert run_command(["run", "hello.yaml"]) == 0
    assert _picture(place).name == name, "sketch makes the same bytes of the same seed"
    assert run_command(["verify"]) == 0


def test_an_exported_file_that_somebody_retouched_is_told_and_is_not_wrong(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = next((place / "Assets").rglob("*.png"))
    retouched = file.read_bytes() + b"retouched"
    file.unlink()
    file.write_bytes(retouched)
    assert run_command(["verify"]) == 0
    assert "it was changed since it was exported" in capsys.readouterr().out
    assert file.read_bytes() == retouched


def test_a_store_is_listed_in_a_stream(tmp_path: Path) -> None:
    """However many blobs there are, no more names are held than lie in one folder."""
    store = LocalStore(tmp_path / "store")
    for number in range(3000):
        store.put([b"%d" % number]) if number < 3 else _planted(store.root, number)
    seen = store.blobs()
    first = next(seen)
    for path in store.root.glob("[89a-f]?/??/*"):
        path.unlink()
    later = [one.digest for one in seen]
    assert first.digest < later[0] and len(later) > 1000
    assert all(one < "8" for one in later), "it had read ahead"


def _planted(root: Path, number: int) -> None:
    name = hashlib.sha256(b"%d" % number).hexdigest()
    folder = root / name[:2] / name[2:4]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"%d" % number)
