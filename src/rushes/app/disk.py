"""Room on the disks, looked at before anything is reserved, and again before anything is begun.

A disk that fills up in the middle of a run loses what is being paid for at that moment. So each volume that a run
writes to must have room for what may be bought, and keep a floor on top: for the ledger's log, for temporary files, for
whatever else this machine does. How many bytes a result will have nobody knows: what the same model made before says
it best, and where it made nothing, a figure for its kind of media; so it is called an estimate.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from rushes.app.plan import Prepared, output_folder
from rushes.app.project import Project
from rushes.errors import RefusedError, StoreError
from rushes.ledger.fold import fold
from rushes.model.ids import RunId
from rushes.model.size import show_bytes

FLOOR = 1_000_000_000
"""Bytes that stay free on every volume, unless `min_free` says otherwise: a long film and its copy, several times."""

Free = Callable[[Path], int]
"""How many bytes a process of this user may still write at a path."""


def free_at(path: Path) -> int:
    """As the file system says; StoreError when it says nothing."""
    try:
        return shutil.disk_usage(_there(path)).free
    except OSError as error:
        raise StoreError(f"the disk of {path} cannot be asked how full it is: {error.strerror or error}") from error


class Volume(NamedTuple):
    """One file system that a run writes to: a place on it, what that is, and the bytes that are expected there."""

    path: Path
    what: str
    expected: int


def keep_room(project: Project, prepared: Prepared, run: RunId, free: Free = free_at) -> None:
    """RefusedError naming the volume, what is free, what is needed and what to do; nothing when there is room.

    A run whose results lie at their providers is let on whatever is free: they are paid for, and soon gone. It buys
    nothing below the floor (`room_left`).
    """
    if not prepared.plan.most:
        return
    from rushes.app.disk_sizes import expected  # for those who buy something

    size = expected(project, prepared)
    for volume in volumes(project, prepared, size):
        have, need = free(volume.path), volume.expected + floor_of(project)
        if have < need:
            if _has_paid(project, run):
                return
            raise RefusedError(
                f"{volume.path} ({volume.what}) has {show_bytes(have)} free, and {_needed(project, volume, need)}",
                next_step="free some space (rushes gc --max-age 30d, then rushes gc --empty-trash), run less (--only),"
                " or lower the floor with --min-free",
            )


def foresee_room(project: Project, prepared: Prepared) -> Prepared:
    """The same for a look at the plan: what would be refused is one more warning."""
    try:
        keep_room(project, prepared, RunId(""))
    except RefusedError as error:
        says = f"a run would be refused: {error.message} ({error.next_step})"
        plan = dataclasses.replace(prepared.plan, warnings=(*prepared.plan.warnings, says))
        return dataclasses.replace(prepared, plan=plan)
    return prepared


def room_left(project: Project, prepared: Prepared, free: Free = free_at) -> Callable[[], str | None]:
    """What a run asks while it goes on: why nothing new may be begun, or None while all volumes are above the floor."""
    floor = floor_of(project)
    watched = volumes(project, prepared, 0)

    def look() -> str | None:
        for volume in watched:
            have = free(volume.path)
            if have < floor:
                return (
                    f"{volume.path} ({volume.what}) has only {show_bytes(have)} free, less than the"
                    f" {show_bytes(floor)} that must stay free: nothing new was begun; free some space, then resume"
                )
        return None

    return look


def floor_of(project: Project) -> int:
    """The bytes that must stay free on every volume."""
    said = project.config.min_free.value
    return FLOOR if said is None else said


def volumes(project: Project, prepared: Prepared, size: int) -> list[Volume]:
    """Each file system once, the store's first. Exports are links, or copies on a volume of their own."""
    home = project.config.home.value
    places = [(project.store.root, "the store", size), (home / "scratch", "temporary files", 0)]
    if "://" not in project.config.ledger.value:
        places.append((Path(project.config.ledger.value).parent, "the ledger", 0))
    places.append((output_folder(project, prepared), "the outputs", size))
    found: dict[int, Volume] = {}
    for path, what, bytes_ in places:
        found.setdefault(_there(path).stat().st_dev, Volume(path, what, bytes_))
    return list(found.values())


def _has_paid(project: Project, run: RunId) -> bool:
    """Whether a run has requests at providers that it can go on with."""
    from rushes.engine.recover import past_of  # for those who have no room

    past = past_of(fold(project.ledger.journal(run)))
    return bool(past.open or past.late)


def _needed(project: Project, volume: Volume, need: int) -> str:
    source = project.config.min_free.source
    stays = f"{show_bytes(floor_of(project))} must stay free" + (f" ({source})" if source != "default" else "")
    if not volume.expected:
        return stays
    return f"this needs {show_bytes(need)}: an estimated {show_bytes(volume.expected)} of results, and {stays}"


def _there(path: Path) -> Path:
    """The path, or the folder nearest to it that is there already."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path
