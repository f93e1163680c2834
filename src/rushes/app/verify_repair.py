"""Making a blob whole again from an intact copy, or getting it out of the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from rushes.assets.digest import digest_of_file
from rushes.assets.local import LocalStore
from rushes.errors import StoreError
from rushes.model.ids import Digest

_PIECE = 1 << 20  # bytes


def mend(store: LocalStore, digest: Digest, copies: Iterable[Path]) -> tuple[str, bool]:
    """What was done about a blob that is damaged or missing, in words, and whether it is whole again.

    The store must be the caller's alone. What is moved aside is kept, for whoever may read something out of it.
    """
    aside = _moved_aside(store, digest)
    for copy in copies:
        # a copy may be a link of the damaged file, or have been changed itself
        if _is(copy, digest) and store.put(_pieces(copy))[0] == digest:
            return f"made whole from {copy}", True
    if aside is None:
        return "there is no intact copy: the next run asks again", False
    return f"moved to {aside}, for want of an intact copy: the next run asks again", False


def _moved_aside(store: LocalStore, digest: Digest) -> Path | None:
    folder = store.root / "damaged"
    try:
        folder.mkdir(exist_ok=True)
        number = 1
        while (target := folder / f"{digest}.{number}").exists():
            number += 1
        return target if store.move_out(digest, target) else None
    except OSError as error:
        raise StoreError(f"{digest} cannot be moved aside: {error.strerror or error}") from error


def _is(path: Path, digest: Digest) -> bool:
    try:
        return digest_of_file(path)[0] == digest
    except OSError:
        return False


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
