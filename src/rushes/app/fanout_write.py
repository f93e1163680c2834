"""A new file that is proven from the disk before it has its name: there whole and proven, or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from rushes.app.export_folders import told
from rushes.errors import DamagedError, UserError
from rushes.spec.nbflow_graph import GraphTab

_SUFFIX = ".nbflow"


def new_file(file: Path, out: Path | None, tab: GraphTab, *, dry: bool) -> Path:
    """Where the new file goes: beside the old one, unless it is said. Raises UserError for a place that is taken."""
    place = out or file.with_name(f"{file.stem}-fanout{_SUFFIX}")
    if not place.name.endswith(_SUFFIX):
        raise UserError(f"{place} is to be a node graph", next_step=f"end its name with {_SUFFIX}")
    if not dry and (place.exists() or place.is_symlink()):
        raise UserError(f"{place} is there already", next_step="name another with -o; no file is ever written over")
    if place.absolute().parent.resolve() != file.absolute().parent.resolve() and _beside(tab):
        raise UserError(
            f"{tab.name} names files beside {file}, and {place} would be in another folder",
            next_step=f"write it into {file.absolute().parent}",
        )
    return place


def _beside(tab: GraphTab) -> bool:
    addresses = (node.props.get("imageData") for node in tab.nodes.values())
    return any(isinstance(one, str) and one and "://" not in one for one in addresses)


def write_proven(out: Path, data: bytes, prove: Callable[[bytes], list[str]]) -> None:
    """Write a new file. `prove` is given what the disk has and says what is wrong with it: then nothing is left.

    Raises DamagedError for what is not proven, StoreError for what cannot be written, UserError where a file has come
    to be there meanwhile.
    """
    with told(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".building-", suffix=_SUFFIX, dir=out.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            refuse(out, prove(Path(name).read_bytes()))
            Path(name).chmod(0o644)
            os.link(name, out)  # as a rename, but never over a file that is there
        except FileExistsError:
            raise UserError(f"{out} is there already", next_step="name another with -o") from None
        finally:
            Path(name).unlink(missing_ok=True)


def refuse(out: Path, wrong: list[str]) -> None:
    """Raise DamagedError for what is wrong with a new file; nothing when it is proven."""
    if wrong:
        raise DamagedError(
            f"{out} would not be what was declared, and was not written: {'; '.join(wrong[:3])}",
            next_step="this is a fault of Rushes: please report it with the file and the accounts",
        )
