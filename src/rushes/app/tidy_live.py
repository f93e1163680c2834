"""What the workflows that are still there would use again: each file of the ledger's runs, planned anew.

A file is planned with the flags of each of its runs, but for those that only chose a part of it. A file that cannot be
planned (a reference is away, a variable is not set) needs everything that its runs ever named: nobody can say less.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from rushes.app.plan import Prepared, prepare_document, read_file
from rushes.app.project import Project
from rushes.errors import RushesError
from rushes.model.ids import BaseKey, Digest
from rushes.model.result import Result
from rushes.model.run import PACE, RunMode, RunOptions, RunRecord

_AT_ONCE = 500  # questions


async def used_again(project: Project, records: Iterable[RunRecord]) -> tuple[set[Digest], set[str]]:
    """The blobs that plans of today reuse, and the files that are there and cannot be planned. Buys nothing."""
    found: set[Digest] = set()
    unplanned: set[str] = set()
    for file, many in _by_file(records).items():
        try:
            near = project.beside(file.parent)
            data = read_file(file)
            for options in many:
                found |= needed(near, await prepare_document(near, file, data, options))
        except RushesError:
            unplanned.add(str(file))
    return found, unplanned


def _by_file(records: Iterable[RunRecord]) -> dict[Path, list[RunOptions]]:
    found: dict[Path, dict[str, RunOptions]] = {}
    for record in records:
        file = Path(record.file)
        if file in found or file.is_file():
            options = _whole(record.options)
            found.setdefault(file, {})[json.dumps(options.plain(), sort_keys=True, default=str)] = options
    return {file: list(many.values()) for file, many in found.items()}


def _whole(options: RunOptions) -> RunOptions:
    """The same, for all of the document and for results that are there already."""
    every = RunOptions()
    part = ("only", "start", "until", "without", "tabs", "failed", "stale", "rerun", "fresh_seed", "prompt", "floors")
    unmoved = (*PACE, "budget", "output_dir", "on_unknown")
    chosen = {name: getattr(every, name) for name in (*part, *unmoved)}
    return dataclasses.replace(options, mode=RunMode.FULL, **chosen)


def needed(project: Project, prepared: Prepared) -> set[Digest]:
    """Every blob that a plan reuses, or that keeps it from asking for more: references, values, answers."""
    found = {one.digest for one in prepared.setting.sources.values()}
    bases: dict[BaseKey, None] = {}
    for outcome in prepared.plan.outcomes:
        if outcome.value is not None:
            found.update(one.digest for one in outcome.value.artifacts)
        if outcome.base is not None:
            bases[outcome.base] = None
    for page in _pages(list(bases)):
        for many in project.ledger.results(page).values():
            held = [one for one in many if all(project.store.holds(artifact) for artifact in one.value.artifacts)]
            found.update(artifact.digest for one in _counted(held) for artifact in one.value.artifacts)
    return found


def _counted(results: Iterable[Result]) -> Iterator[Result]:
    """The results that answer: of each candidate the last clean one and what came after it, or all while none is."""
    by_candidate: dict[int, list[Result]] = {}
    for one in results:
        by_candidate.setdefault(one.candidate, []).append(one)
    for many in by_candidate.values():
        clean = max((one.salt for one in many if not one.verdict.flagged), default=0)
        yield from (one for one in many if one.salt >= clean)


def _pages(bases: list[BaseKey]) -> Iterator[list[BaseKey]]:
    return (bases[start : start + _AT_ONCE] for start in range(0, len(bases), _AT_ONCE))
