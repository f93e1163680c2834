"""A home filled by hand: blobs of long ago, and everything that may keep one, drawn or said."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import time
from collections.abc import Iterable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from rushes.app.config import load_config
from rushes.app.project import Project
from rushes.app.tidy import Tidied, Wish, tidy
from rushes.assets.local import LocalStore
from rushes.assets.trash import Trash
from rushes.ledger.pins import Pin, pin
from rushes.model.canonical import base_key, request_key
from rushes.model.event import CellDone, Decided, Place, Stored
from rushes.model.ids import AttemptId, BaseKey, Digest, NodeId, RunId
from rushes.model.media import Artifact
from rushes.model.run import RunOptions, RunRecord, RunState
from rushes.model.verdict import Choice, Verdict

LONG_AGO = 1_600_000_000.0
DOCUMENT = b"""\
name: gated
steps:
  - {name: still, type: text_to_image, prompt: a red fox}
  - {name: gate, type: approve, input_from: still}
"""


def data(number: int) -> bytes:
    """The bytes of a blob: each of its own, and of its own size."""
    return f"blob {number} ".encode() * (number + 1)


def digest(number: int) -> Digest:
    """Its name."""
    return Digest(hashlib.sha256(data(number)).hexdigest())


def question(name: str) -> BaseKey:
    """A base key."""
    return base_key({"question": name})


class Attic:
    """A home, and the words that fill it. Numbers stand for blobs."""

    def __init__(self, folder: Path, blobs: int) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.blobs = blobs
        store = LocalStore(self.home / "store")
        for number in range(blobs):
            store.put([data(number)])
            self.age(number, LONG_AGO + number)
        self.document = store.put([DOCUMENT])[0]
        store.close()
        self._attempts = 0

    def project(self) -> Project:
        """The home, opened."""
        return Project(load_config(self.folder, {"home": str(self.home)}, {}), {}, checks=())

    def place(self, number: int) -> Path:
        """Where a blob lies in the store."""
        name = digest(number)
        return self.home / "store" / name[:2] / name[2:4] / name

    def age(self, number: int, at: float) -> None:
        """It was written then."""
        os.utime(self.place(number), (at, at))

    def run(
        self,
        name: str,
        state: RunState = RunState.DONE,
        *,
        file: Path | None = None,
        owner: str = "",
        rows: int | None = None,
    ) -> None:
        """A run of long ago; its document has a gate called `gate`, and a blob may hold its rows of a batch."""
        record = RunRecord(
            id=RunId(name),
            workflow="gated",
            file=str(file or self.folder / "gone.yaml"),
            document=self.document,
            format="yaml",
            options=RunOptions(rows=None if rows is None else digest(rows)),
            fingerprint="",
            created=LONG_AGO,
            state=state,
        )
        with self.project() as project:
            project.ledger.create_run(record)
            if owner:
                project.ledger.take_run(RunId(name), owner, time.time())

    def made(self, run: str, asked: str, outputs: Sequence[int], inputs: Sequence[int] = ()) -> None:
        """A question was answered with blobs, one for each candidate; it was asked with others."""
        for candidate, number in enumerate(outputs):
            self._attempts += 1
            event = Stored(
                attempt=AttemptId(f"{run}/{self._attempts}"),
                place=Place(node=NodeId("still"), candidate=candidate),
                key=request_key(question(asked), candidate, 0),
                base=question(asked),
                candidate=candidate,
                salt=0,
                artifacts=(Artifact(digest=digest(number), media_type="image/png", size=len(data(number))),),
                verdict=Verdict(),
                recipe={"op": "text_to_image", "inputs": {"reference": [digest(one) for one in inputs]}},
            )
            with self.project() as project:
                project.ledger.append(RunId(run), [event], LONG_AGO)

    def let_through(self, run: str, number: int, node: str = "gate") -> None:
        """A node handed these bytes on."""
        event = CellDone(place=Place(node=NodeId(node)), base=question("any"), artifact=digest(number), reused=False)
        with self.project() as project:
            project.ledger.append(RunId(run), [event], LONG_AGO)

    def decided(self, run: str, asked: str, number: int, choice: Choice, at: float = LONG_AGO) -> None:
        """A person decided about exact bytes."""
        place = Place(node=NodeId("gate"))
        event = Decided(place=place, subject=question(asked), artifact=digest(number), choice=choice, by="ana")
        with self.project() as project:
            project.ledger.append(RunId(run), [event], at)

    def pinned(self, numbers: Iterable[int]) -> None:
        """A person pinned them."""
        with self.project() as project:
            pin(project.ledger, [Pin(digest(number), LONG_AGO, "ana", "by hand") for number in numbers])

    def linked(self, number: int) -> None:
        """An exported file is a link of it."""
        target = self.folder / "exported" / str(number)
        target.parent.mkdir(exist_ok=True)
        target.hardlink_to(self.place(number))

    def in_manifest(self, numbers: Iterable[int]) -> None:
        """A folder of copies names them, and says so."""
        folder = self.folder / "Assets" / "gated" / "generated-images" / "v0-1"
        folder.mkdir(parents=True, exist_ok=True)
        files = {f"{number}.png": {"digest": digest(number)} for number in numbers}
        manifest = {"schema": "rushes-export/1", "workflow": "gated", "run": "r", "runs": ["r"], "files": files}
        (folder / "manifest.json").write_text(json.dumps(manifest))

    def tidied(self, wish: Wish) -> Tidied:
        """Tidy up."""
        with self.project() as project:
            return asyncio.run(tidy(project, wish))

    def here(self) -> set[int]:
        """The blobs that are in the store, whole."""
        return {
            number
            for number in range(self.blobs)
            if self.place(number).is_file() and self.place(number).read_bytes() == data(number)
        }

    def in_trash(self) -> set[int]:
        """The blobs that are in the trash, whole."""
        found = set()
        for number in range(self.blobs):
            for path in (self.home / "store" / "trash").glob(f"*/{digest(number)}"):
                assert path.read_bytes() == data(number)
                found.add(number)
        return found


EVERYTHING = Wish(max_size=0)
"""Take all that may go."""


# --- what other processes do: importable by name ----------------------------------------------------------------


class Dying(LocalStore):
    """A store whose process is killed before or after it moves a certain blob."""

    def __init__(self, root: Path, at: int, after: bool) -> None:
        super().__init__(root)
        self._at, self._after, self._moved = at, after, 0

    def move_out(self, name: Digest, target: Path) -> bool:
        self._moved += 1
        if self._moved == self._at and not self._after:
            os.kill(os.getpid(), signal.SIGKILL)
        moved = super().move_out(name, target)
        if self._moved == self._at:
            os.kill(os.getpid(), signal.SIGKILL)
        return moved


def collect_and_die(root: Path, numbers: list[int], at: int, after: bool) -> None:
    store = Dying(root, at, after)
    with store.alone():
        Trash(store).take([digest(number) for number in numbers], LONG_AGO)


def count_on_a_blob(root: Path, name: Digest, pipe: Connection) -> None:
    store = LocalStore(root)
    assert store.put([data(0)])[0] == name  # it is there already: nothing is written, and it is relied on
    pipe.send("counts on it")
    pipe.recv()
    pipe.send(store.path(name).read_bytes() == data(0))


def put_and_read(root: Path, pipe: Connection) -> None:
    """What a run does, again and again: put what may be there already, and use it."""
    done = 0
    pipe.send("begun")
    while not pipe.poll():
        store = LocalStore(root)
        for number in range(4):
            name, _size = store.put([data(number)])
            os.utime(store.path(name), (LONG_AGO, LONG_AGO))  # or it would stay for being young
            assert store.path(name).read_bytes() == data(number)
        store.close()
        done += 1
    pipe.send(done)
