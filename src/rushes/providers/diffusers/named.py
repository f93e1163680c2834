"""What a model's name means: a folder on this machine, found by its path or in the cache of Hugging Face's hub.

Nothing is ever downloaded here. What a pipeline *is* are the bytes of its files: moved, copied or fetched again it is
the same one, and with other weights it is another one.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

INDEX = "model_index.json"

_HUB = re.compile(r"(?P<id>[\w-][\w.-]*/[\w-][\w.-]*)(?:@(?P<revision>[\w-][\w.-]*(?:/[\w-][\w.-]*)*))?")
_FRESH = 2.0  # seconds: a file that was just written may change again within one tick of its clock
_PIECE = 1 << 20


class NoPipeline(ValueError):
    """A name that leads to no pipeline; `next_step` says what to do."""

    def __init__(self, says: str, next_step: str) -> None:
        super().__init__(says)
        self.next_step = next_step


def whole_name(name: str | None, near: Path) -> str:
    """The absolute path of a folder, or the id of a pipeline at the hub, of what a file in `near` says."""
    text = (name or "").strip()
    if not text or "\0" in text:
        return ""
    try:
        path = near / Path(text).expanduser()
        if text[0] in "./~" or Path(text).is_absolute() or path.is_dir():
            return os.path.normpath(path)
    except (OSError, RuntimeError, ValueError):  # no name that a folder could have, or nobody's home
        return text
    return text


def folder_named(name: str, hub: Path) -> Path:
    """The folder of a pipeline by its whole name. Raises NoPipeline."""
    if not name:
        raise NoPipeline(
            "no pipeline is named", "say which: model: ./my-pipeline, or model: OWNER/NAME of one downloaded"
        )
    if Path(name).is_absolute():
        return _complete(Path(name), name, "correct the path: it is meant from where the file is")
    found = _HUB.fullmatch(name)
    if found is None or ".." in name:
        says = f"there is no folder {name!r} here, and it is no name of the hub's"
        raise NoPipeline(says, "give a folder such as ./my-pipeline, or OWNER/NAME or OWNER/NAME@REVISION")
    download = f"nothing is downloaded by itself; do it once: hf download {found['id']}"
    download += f" --revision {found['revision']}" if found["revision"] else ""
    return _complete(_snapshot(found["id"], found["revision"] or "main", hub), name, download)


def _snapshot(id_: str, revision: str, hub: Path) -> Path:
    """Where the cache has a revision, a branch or a commit; the folder may not be there."""
    repository = hub / f"models--{id_.replace('/', '--')}"
    try:
        commit = (repository / "refs" / revision).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        commit = revision
    return repository / "snapshots" / Path(commit).name


def _complete(folder: Path, name: str, next_step: str) -> Path:
    try:
        if not folder.is_dir():
            raise NoPipeline(f"the pipeline {name!r} is not on this machine", next_step)
        index_of(folder)
    except OSError as error:
        raise NoPipeline(f"the pipeline {name!r} cannot be read: {error.strerror}", next_step) from error
    return folder


def index_of(folder: Path) -> dict[str, object]:
    """What the folder says of itself. Raises NoPipeline, with what is missing or damaged."""
    again = "save it with diffusers' save_pretrained, or download it again"
    try:
        index = json.loads((folder / INDEX).read_bytes())
    except FileNotFoundError:
        raise NoPipeline(f"{folder} is no pipeline: it has no {INDEX}", again) from None
    except (ValueError, RecursionError) as error:
        raise NoPipeline(f"{folder / INDEX} cannot be read: {error}", again) from None
    if not isinstance(index, dict) or not isinstance(index.get("_class_name"), str):
        raise NoPipeline(f"{folder / INDEX} does not name a pipeline: _class_name is missing", again)
    for part in _parts(index):
        if not (folder / part).is_dir():
            raise NoPipeline(f"{folder} lacks {part}/, which its {INDEX} names", again)
    return index


def _parts(index: dict[str, object]) -> list[str]:
    """The components that lie in folders: `"unet": ["diffusers", "UNet2DConditionModel"]`; absent ones are null."""
    named = (name for name, what in index.items() if isinstance(what, list) and len(what) == 2 and what[0])
    return sorted(name for name in named if re.fullmatch(r"\w+", name))


class Identities:
    """The identity of each pipeline: a digest of the files that it is loaded from.

    Files of many gigabytes are read once: their digests are remembered by size and time of change, in `memory`.
    Safe to call from many threads.
    """

    def __init__(self, memory: Path) -> None:
        self._memory = memory
        self._lock = threading.Lock()
        self._known: dict[str, list[object]] | None = None

    def of(self, folder: Path) -> str:
        """Sixty-four hexadecimal digits. Raises NoPipeline, also for what cannot be read."""
        with self._lock:
            known = self._known if self._known is not None else self._recalled()
            self._known = known
            new = False
            whole = hashlib.sha256()
            try:
                for path in _files(folder):
                    digest, read = _digest(path, known)
                    new = new or read
                    whole.update(f"{path.relative_to(folder).as_posix()}\0{digest}\n".encode())
            except OSError as error:
                raise NoPipeline(
                    f"{error.filename} cannot be read: {error.strerror}", "look at its permissions"
                ) from None
            if new:
                self._remember(known)
            return whole.hexdigest()

    def _recalled(self) -> dict[str, list[object]]:
        try:
            known = json.loads(self._memory.read_bytes())
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    def _remember(self, known: dict[str, list[object]]) -> None:
        """Whole or not at all; losing it costs the time of reading the files again."""
        try:
            self._memory.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self._memory.parent, delete=False) as new:
                json.dump(known, new)
            Path(new.name).replace(self._memory)
        except OSError:
            return


def _files(folder: Path) -> Iterator[Path]:
    """What a pipeline is loaded from, sorted: its index and the folders that the index names."""
    yield folder / INDEX
    for part in _parts(index_of(folder)):
        yield from sorted(path for path in (folder / part).rglob("*") if path.is_file() and path.name[0] != ".")


def _digest(path: Path, known: dict[str, list[object]]) -> tuple[str, bool]:
    """The digest of a file, and whether it had to be read."""
    stat = path.stat()
    # the time of the last change of anything too: a copy may bring along the size and the date of what it replaces
    seen = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]
    remembered = known.get(str(path))
    if isinstance(remembered, list) and remembered[:-1] == seen:
        return str(remembered[-1]), False
    digest = hashlib.sha256()
    with path.open("rb") as opened:
        while piece := opened.read(_PIECE):
            digest.update(piece)
    if time.time() - stat.st_ctime > _FRESH:
        known[str(path)] = [*seen, digest.hexdigest()]
    return digest.hexdigest(), True
