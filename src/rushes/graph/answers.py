"""What the stored results of a question answer, what is missing, and what a generator hands on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from rushes.graph.grid import Cell
from rushes.graph.setting import Setting
from rushes.graph.value import Outcome, State
from rushes.model.ids import BaseKey
from rushes.model.operation import Operation
from rushes.model.result import GONE, Result, Value

_DONE, _SPLIT = State.DONE, Operation.SPLIT_IMAGE  # looked up once


class Chosen(NamedTuple):
    """What exists for a question and what is missing: (candidate, salt) pairs to ask for."""

    candidates: tuple[Result, ...]
    missing: tuple[tuple[int, int], ...]


def choose(base: BaseKey, wanted: int, attempts: int, results: Sequence[Result], setting: Setting) -> Chosen:
    """For each of the `wanted` candidates its best stored result, or the salt to ask with next.

    A clean result ends the search; a flagged one is asked again until `attempts` results are there, and then
    the best of them stands, flagged. Results below a floor, or whose bytes are gone, do not count as answers, but they
    count for the next salt.
    """
    if not results and not setting.floors:
        return _nothing_yet(wanted)
    if len(results) == wanted and not setting.floors:
        for number, (candidate, salt, value, verdict, _attempt) in enumerate(results):
            if candidate != number or salt or verdict.flagged or value is GONE:
                break
        else:  # as almost always: everything is there, in order, at the first asking
            return Chosen(tuple(results), ())
    kept: list[Result] = []
    missing: list[tuple[int, int]] = []
    by_candidate: dict[int, list[Result]] = {}
    for one in results:
        by_candidate.setdefault(one.candidate, []).append(one)
    for candidate in range(wanted):
        mine = sorted(by_candidate.get(candidate, ()), key=lambda r: r.salt)
        floor = setting.floors.get((base, candidate), 0)
        counted = [r for r in mine if r.salt >= floor and r.value is not GONE]
        clean = [r for r in counted if not r.verdict.flagged]
        if clean:
            kept.append(clean[-1])
        elif len(counted) < attempts:
            missing.append((candidate, max(floor, mine[-1].salt + 1 if mine else 0)))
        else:
            kept.append(max(counted, key=lambda r: r.verdict.score))
    return Chosen(tuple(kept), tuple(missing))


@cache
def _nothing_yet(wanted: int) -> Chosen:
    return Chosen((), tuple((candidate, 0) for candidate in range(wanted)))


def generated(cell: Cell, base: BaseKey, op: Operation, candidates: Sequence[Result]) -> Outcome:
    """The outcome of a generator whose candidates are all there: downstream without a gate gets the first clean one."""
    if not candidates:
        return Outcome(State.FAILED, base=base, says="no candidate could be made")
    if op is _SPLIT:
        # each panel is a row of its own, and a gate behind it must see that panel, not the whole sheet
        candidates = [one for one in (_panel_of(each, cell.panel) for each in candidates) if one is not None]
        if not candidates:
            return Outcome(State.FAILED, base=base, says=f"the picture was cut into fewer than {cell.panel + 1} panels")
    return Outcome(_DONE, first_clean(candidates).value, base, tuple(candidates))


def _panel_of(result: Result, panel: int) -> Result | None:
    artifacts = result.value.artifacts[panel : panel + 1]
    return result._replace(value=Value(artifacts=artifacts)) if artifacts else None


def first_clean(candidates: Sequence[Result]) -> Result:
    """The first candidate that no check flagged, or the best flagged one."""
    for one in candidates:
        if not one.verdict.flagged:
            return one
    return max(candidates, key=lambda r: r.verdict.score)
