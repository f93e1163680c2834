"""The filled-in `.nbflow`: a copy of the workflow's file with the results in it, for an editor to open."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from rushes.app.export import Exported, write_whole
from rushes.app.naming import folder_name
from rushes.app.picks import shown
from rushes.app.plan import Prepared
from rushes.graph.value import Outcome
from rushes.model.ids import Digest, NodeId
from rushes.model.media import Kind
from rushes.model.operation import Operation
from rushes.spec.nbflow_export import SavedNode, export


def write_generated(prepared: Prepared, outcomes: Sequence[Outcome], exported: Exported, base: Path) -> Path | None:
    """`Generations/{name}-generated-{time}.nbflow` below `base`; None for other formats, and where nothing was made."""
    if prepared.document.format != "nbflow" or not exported.files:
        return None
    folder = base / "Generations"
    stamp = time.strftime("%Y%m%d-%H%M%S")
    label = f"-{prepared.options.profile}" if prepared.options.profile is not None else ""
    target = folder / f"{folder_name(prepared.workflow.name)}{label}-generated-{stamp}.nbflow"
    saved = _saved(prepared, outcomes, exported, folder)
    write_whole(target, export(prepared.document, saved, moved=_moved(prepared, folder)))
    return target


def _moved(prepared: Prepared, folder: Path) -> dict[str, str]:
    """References that are named from the workflow's folder, as they are named from the generated file's."""
    here = prepared.file.absolute().parent
    sources = {node.source for node in prepared.grid.nodes if node.source is not None and "://" not in node.source}
    return {source: Path(os.path.relpath(here / source, folder)).as_posix() for source in sources}


def _saved(
    prepared: Prepared, outcomes: Sequence[Outcome], exported: Exported, folder: Path
) -> dict[NodeId, SavedNode]:
    where = _addresses(exported, folder)
    saved: dict[NodeId, SavedNode] = {}
    for one in shown(prepared.grid, outcomes):
        urls = [where[artifact.digest] for _number, _result, artifact in one.pictures() if artifact.digest in where]
        if not urls or one.kind not in (Kind.IMAGE, Kind.VIDEO):
            continue
        before = saved.get(one.node.id, SavedNode((), one.kind))
        picked = where.get(one.picked) if one.picked is not None else None
        index = len(before.urls) + urls.index(picked) if picked in urls else -1
        saved[one.node.id] = SavedNode((*before.urls, *urls), one.kind, (*before.picked, index))
    for number, node in enumerate(prepared.grid.nodes):
        if node.op is not Operation.APPROVE:
            continue
        parents = prepared.grid.topology.parents[number]
        source = next((saved[prepared.grid.nodes[p].id] for p in parents if prepared.grid.nodes[p].id in saved), None)
        if source is not None:
            saved[node.id] = source
    return saved


def _addresses(exported: Exported, folder: Path) -> dict[Digest, str]:
    """Where each artifact lies, relative to the folder of the generated file: the two may be moved together."""
    found: dict[Digest, str] = {}
    for one in exported.files:
        path = exported.home / one.folder / f"v0-{exported.version}" / one.path
        found.setdefault(Digest(one.digest), _relative(path, folder))
    return found


def _relative(path: Path, folder: Path) -> str:
    return "../" + path.relative_to(folder.parent).as_posix()
