"""Use case: write a run's results where people look for them. Whole or absent, and for nothing when nothing changed.

::

    Assets/{workflow}/generated-images/v0-N/...     pictures; films, sound and texts in folders beside
    Assets/{workflow}/{profile}/...                 the same, of a run under a profile
    Assets/{workflow}/errors.json                   only when something failed
    Assets/{workflow}/report-{run}.html             see `app/report.py`
    Generations/{name}-generated-{time}.nbflow      for `.nbflow` input
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rushes.app.export_folders import Linker, Shelf, Wanted, told
from rushes.app.export_layout import OutFile, fingerprint, lay_out
from rushes.app.naming import folder_name
from rushes.app.output import inside
from rushes.app.summary import Failure, plain_failure
from rushes.graph.grid import Grid
from rushes.graph.value import Outcome, State
from rushes.model.run import RunMode, RunOptions, RunRecord

STATE = ".rushes-export.json"
"""What the last export into a folder did; only a short cut, and safe to delete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What is on disk for a run. `files` is empty when `unchanged`: then nothing was laid out and nothing written."""

    home: Path
    version: int | None
    folders: tuple[Path, ...]
    errors: Path | None
    unchanged: bool
    fingerprint: str
    files: tuple[OutFile, ...] = ()
    report: Path | None = None
    generated: Path | None = None

    def paths(self) -> tuple[Path, ...]:
        """Everything that a person may want to open."""
        extra = (self.errors, self.generated, self.report)
        return (*self.folders, *(path for path in extra if path is not None))


def export(
    record: RunRecord,
    grid: Grid,
    outcomes: Sequence[Outcome | None],
    failures: Sequence[Failure],
    store: Linker,
    *,
    base: Path,
) -> Exported:
    """Write the folders and `errors.json` of a run. Raises StoreError (disk, permission) and UserError (escapes)."""
    name = folder_name(record.workflow)
    # what was made under a profile lies apart: nobody takes a draft for the final
    home = inside(base, base / "Assets" / name / (record.options.profile or ""))
    print_ = fingerprint(grid, outcomes, record.workflow, _failed(failures))
    before = _read_state(home)
    if before is not None and before.fingerprint == print_:
        return before
    files = lay_out(grid, outcomes)
    for folder in {one.folder for one in files}:
        inside(base, home / folder)
    wanted = Wanted.of(record.id, record.workflow, files, partial=_partial(record.options, outcomes))
    version = None
    folders: tuple[Path, ...] = ()
    if files:
        version, _wrote = Shelf(home, store).place(wanted)
        folders = tuple(home / kind / f"v0-{version}" for kind in wanted.folders)
    exported = Exported(
        home=home,
        version=version,
        folders=folders,
        errors=_write_errors(home, failures),
        unchanged=False,
        fingerprint=print_,
        files=tuple(files),
    )
    remember(exported)
    return exported


def _partial(options: RunOptions, outcomes: Sequence[Outcome | None]) -> bool:
    """Whether what is missing here may be there all the same: it was not selected, or not reached."""
    chosen = options.only or options.start or options.until or options.without or options.tabs
    if chosen or options.failed or options.stale or options.rerun or options.mode is not RunMode.FULL:
        return True
    return any(outcome is None or outcome.state not in (State.DONE, State.SKIPPED) for outcome in outcomes)


def _failed(failures: Sequence[Failure]) -> str:
    return json.dumps([plain_failure(one) for one in failures])


def _write_errors(home: Path, failures: Sequence[Failure]) -> Path | None:
    path = home / "errors.json"
    with told(path):
        if not failures:
            path.unlink(missing_ok=True)
            return None
        write_whole(path, json.dumps([plain_failure(one) for one in failures], indent=2, ensure_ascii=False) + "\n")
    return path


def write_whole(path: Path, content: str | bytes) -> None:
    """Put a file in its place in one step: readers see the old one, the new one or none, never a part."""
    write_pieces(path, (content,))


def write_pieces(path: Path, pieces: Iterable[str | bytes]) -> None:
    """`write_whole` of a file that memory need not hold."""
    with told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".building-", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                for one in pieces:
                    file.write(one if isinstance(one, bytes) else one.encode("utf-8", "replace"))
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


# --- what the last export did -------------------------------------------------------------------------------------


def remember(exported: Exported) -> None:
    """Note what is on disk, so that the next export of the same results costs one small file."""
    raw = {
        "fingerprint": exported.fingerprint,
        "version": exported.version,
        "folders": [[path.relative_to(exported.home).as_posix(), _stamps(path)] for path in exported.folders],
        "errors": exported.errors is not None,
        "report": exported.report.name if exported.report is not None else None,
        "generated": os.path.relpath(exported.generated, exported.home) if exported.generated is not None else None,
    }
    if exported.home.exists():
        write_whole(exported.home / STATE, json.dumps(raw))


def _stamps(folder: Path) -> dict[str, int]:
    """When each folder inside last gained or lost a name: a removed picture shows, and no picture is looked at."""
    manifest = folder / "manifest.json"
    subs = {str(Path(root).relative_to(folder)) for root, _folders, _files in os.walk(folder)}
    return {sub: (folder / sub).stat().st_mtime_ns for sub in sorted(subs)} | {"": manifest.stat().st_mtime_ns}


def _read_state(home: Path) -> Exported | None:
    try:
        raw: dict[str, Any] = json.loads((home / STATE).read_bytes())
        for name, stamps in raw["folders"]:
            for sub, stamp in stamps.items():
                path = home / name / (sub or "manifest.json")
                if path.stat().st_mtime_ns != stamp:
                    return None
        errors = home / "errors.json" if raw["errors"] else None
        report = home / raw["report"] if raw["report"] else None
        generated = Path(os.path.normpath(home / raw["generated"])) if raw["generated"] else None
        if any(path is not None and not path.exists() for path in (errors, report, generated)):
            return None
        return Exported(
            home=home,
            version=raw["version"],
            folders=tuple(home / name for name, _stamps in raw["folders"]),
            errors=errors,
            unchanged=True,
            fingerprint=raw["fingerprint"],
            report=report,
            generated=generated,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
