"""Use case: a table times a workflow, part by part.

A part is some rows in a row, and one ordinary run of the workflow that does for each of them what the file does once
(`graph/rows.py`). So whatever holds of a run holds of a batch: what is here already is not bought, a killed process
leaves nothing that the next one does not find, ceilings bind. What is left of a part when it has ended is one file of
results; that it is there is how the next call knows where to go on, and nothing else is kept anywhere.

One part is in memory at a time, whatever the length of the table.
"""

from __future__ import annotations

import dataclasses
import gc
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from rushes.app.batch_canary import Canary, canary_of, every_nth
from rushes.app.batch_consent import Word
from rushes.app.batch_forecast import forecast_of
from rushes.app.batch_lines import (
    BAD,
    CANARY,
    FAILED,
    OPEN,
    RESULTS,
    WAITING,
    Line,
    bad_lines,
    join,
    part_path,
    put_lines,
    read_lines,
)
from rushes.app.batch_lock import alone_with
from rushes.app.batch_parts import Covered, Span, covered_by, fresh_rows, prepared_part, spans
from rushes.app.batch_results import batch_home
from rushes.app.batch_rows import Part
from rushes.app.batch_stops import Stops
from rushes.app.batch_survey import SHOWN, Survey, columns_of, identity, survey
from rushes.app.batch_table import Bad, Row
from rushes.app.batch_told import BatchSummary, Told, Totals
from rushes.app.consent import given
from rushes.app.hooks import NO_HOOKS, Hooks
from rushes.app.naming import slug
from rushes.app.output import output_of
from rushes.app.plan import Prepared, read_file
from rushes.app.project import Project
from rushes.app.reading import read_workflow
from rushes.app.run import run_prepared
from rushes.errors import RefusedError
from rushes.graph.rows import wants_of
from rushes.model.claim import OUT_OF_BUDGET
from rushes.model.money import ZERO, show_usd
from rushes.model.run import RunOptions, RunState
from rushes.model.workflow import Workflow

PART_ROWS = 1000
"""Rows of a part, of a workflow with few steps: a part ends when its last request does, and with some tens at once that
one wait is a few hundredths of it. A larger part would gain little, and lose more when it is stopped."""

_PART_CELLS = 20_000  # steps of all rows of a part, which bound its memory
_LEAST = 20  # rows
_MEMO = "batch"  # its name -> what `{{timestamp}}` and `{{random}}` are in it


class Ways(NamedTuple):
    """How a batch is gone through: rows of a part, seconds between two parts, rows of the canary, and whether rows that
    failed or were bad are tried again."""

    part_rows: int | None = None
    delay: float = 0.0
    canary: int | None = None
    failed: bool = False


async def run_batch(
    project: Project,
    file: Path,
    table: Path,
    options: RunOptions,
    ways: Ways = Ways(),  # noqa: B008 - a frozen value
    *,
    hooks: Hooks = NO_HOOKS,
    told: Told = Told(),  # noqa: B008 - a frozen value
) -> BatchSummary:
    """Run a workflow for every row of a table. What earlier calls finished is not looked at again.

    Raises ProblemsError and UserError for a workflow or a table that cannot be used, RefusedError when nothing at all
    may be bought, StoreError.
    """
    data = read_file(file)
    workflow = read_workflow(file, data)
    options = dataclasses.replace(options, sim=project.config.sim.value)
    seen = survey(table, columns_of(workflow, table, options))
    key = identity(file, data, seen, options)
    name = f"{slug(table.stem)[:40] or 'table'}-{key[:8]}"
    options = dataclasses.replace(options, batch=name, variables=_moment(project, workflow, options, name, key))
    home = batch_home(output_of(project, file, workflow, options), workflow.name, name)
    with alone_with(home):
        batch = _Batch(project, file, data, options, ways, hooks, told, seen, home, _part_rows(workflow, ways))
        try:
            await batch.go()
        except RefusedError as error:
            if not batch.runs:
                raise
            batch.refused = error
        finally:
            if home.is_dir() and any(home.iterdir()):
                join(home)
    return batch.summary(workflow)


def _moment(project: Project, workflow: Workflow, options: RunOptions, name: str, key: str) -> dict[str, str]:
    """The values of flags, and of what every run decides anew: here once for all parts and all calls."""
    used = wants_of(workflow).texts & {"timestamp", "random"} - options.variables.keys()
    if not used:
        return dict(options.variables)
    known = project.ledger.memo(_MEMO, [name]).get(name)
    fresh = {"timestamp": time.strftime("%Y%m%d-%H%M%S"), "random": key[-8:]}
    moment: dict[str, str] = json.loads(known) if known is not None else fresh
    if known is None:
        project.ledger.memoize(_MEMO, {name: json.dumps(moment)})
    return {**options.variables, **{one: moment[one] for one in used}}


def _part_rows(workflow: Workflow, ways: Ways) -> int:
    if ways.part_rows is not None:
        return ways.part_rows
    steps = max(1, sum(1 for _node in workflow.nodes()))
    return max(_LEAST, min(PART_ROWS, _PART_CELLS // steps))


class _Batch:
    def __init__(
        self,
        project: Project,
        file: Path,
        data: bytes,
        options: RunOptions,
        ways: Ways,
        hooks: Hooks,
        told: Told,
        seen: Survey,
        home: Path,
        part_rows: int,
    ) -> None:
        self._project, self._file, self._data, self._options = project, file, data, options
        self._ways, self._hooks, self._told, self._seen = ways, hooks, told, seen
        self._home, self._part_rows = home, part_rows
        self.stops = Stops(hooks.stop)
        self.runs: dict[str, None] = {}
        self.notes: list[str] = []
        self.canary: Canary | None = None
        self.held_back = False
        self.refused: RefusedError | None = None
        self.bad: set[Bad] = set(seen.shown)
        self._word = Word(hooks.consent)
        self._forecast_told = False
        self._over = False  # something failed, and failing fast was asked for
        self._again_states = {OPEN, WAITING, FAILED, BAD} if ways.failed else {OPEN, WAITING}
        self._totals = Totals(seen.rows)
        self._covered = covered_by(home, self._again_states, self._totals)

    def summary(self, workflow: Workflow) -> BatchSummary:
        """What it came to, all calls together."""
        return BatchSummary(
            batch=self._options.batch or "",
            workflow=workflow.name,
            file=str(self._file.absolute()),
            table=str(self._seen.table.absolute()),
            folder=self._home,
            results=self._home / RESULTS,
            totals=self._totals,
            runs=tuple(self.runs),
            bad=tuple(sorted(self.bad)),
            canary=self.canary,
            interrupted=self.stops.asked,
            held_back=self.held_back,
            refused=self.refused,
            notes=tuple(dict.fromkeys(self.notes)),
            simulator=self._options.sim,
        )

    async def go(self) -> None:
        """Every part that is not done, in the order of the table; the canary first."""
        self._told.begins(dataclasses.replace(self._totals))
        if self._ways.canary is not None and not await self._sing(self._ways.canary):
            return
        pending = False
        for span in self._spans():
            if pending and self._ways.delay:
                await self.stops.pause(self._ways.delay)
            if self.stops.asked or not await self._run(span):
                return
            pending = True

    def _spans(self) -> Iterator[Span]:
        canary = self._lines_of(CANARY)
        again = self._again(canary)
        if again:
            yield from spans(
                self._seen.read(), [Covered(CANARY, 1, self._seen.rows, True)], lambda _name: again, 0, set()
            )
        taken = {one.row for one in canary}
        yield from spans(self._seen.read(), self._covered, self._wanted, self._part_rows, taken)

    def _wanted(self, name: str) -> set[int]:
        return self._again(self._lines_of(name))

    def _lines_of(self, name: str) -> Sequence[Line]:
        return read_lines(part_path(self._home, name)) or ()

    def _again(self, lines: Sequence[Line]) -> set[int]:
        """The rows to look at once more: what was not reached or waits, and what failed if that was asked for."""
        return {one.row for one in lines if one.state in self._again_states}

    def _left(self) -> int:
        """The rows that are still to be run, as far as anybody knows: bad ones are taken for what they were read as."""
        totals = self._totals
        unmet = max(0, self._seen.bad - totals.bad)
        again = totals.failed + totals.bad if self._ways.failed else 0
        return max(0, totals.open + totals.waiting + again - unmet)

    def _fresh(self) -> Iterator[Row]:
        return fresh_rows(self._seen.read(), self._covered)

    async def _sing(self, count: int) -> bool:
        """The canary, if it has not sung yet and there are rows for it; whether the batch goes on."""
        if not self._lines_of(CANARY):
            places = every_nth(count, sum(1 for _row in self._fresh()))
            rows = tuple(row for place, row in enumerate(self._fresh()) if place in places)
            if not rows:
                return True
            if not await self._run(Span(CANARY, rows, ())):
                return False
        lines = self._lines_of(CANARY)
        self.canary = canary_of(lines, self._left(), self._home)
        self.held_back = not self._told.canary(self.canary)
        if not self.held_back and self.canary.spent != ZERO:  # what cost nothing says nothing about money
            self._word.given()
        return not self.held_back

    async def _run(self, span: Span) -> bool:
        """One part, from its rows to its results; whether the batch goes on."""
        self._seen.still()
        before = {one.row: one for one in self._lines_of(span.name)}
        part = Part(name=span.name, table=str(self._seen.table.absolute()), rows=span.rows, bad=span.bad)
        prepared, part = await prepared_part(self._project, self._file, self._data, self._options, part)
        self.bad.update(part.bad[: max(0, SHOWN - len(self.bad))])
        ended = True
        if prepared is None:
            put_lines(self._home, part.name, bad_lines(part.bad))
        else:
            self._tell(prepared, len(part.rows), canary=part.name == CANARY)
            self._told.running(len(part.rows), len(prepared.grid.cells))
            ended = await self._drive(prepared, canary=part.name == CANARY)
        del prepared
        _let_go()
        if not ended:
            return False
        wanted = {row.number for row in part.rows} | {row.number for row in part.bad}
        lines = [one for one in self._lines_of(part.name) if one.row in wanted]
        self._totals.count((before[row] for row in wanted if row in before), -1)
        self._totals.count(lines)
        self._told.part(lines, dataclasses.replace(self._totals))
        return not self._over and not any(one.problem.startswith(OUT_OF_BUDGET) for one in lines)

    async def _drive(self, prepared: Prepared, *, canary: bool) -> bool:
        """The run of a part; whether it came to its end, failures and all."""
        consent = self._hooks.consent if canary else given  # which was looked at for all of it
        hooks = self._hooks._replace(stop=self.stops.fresh(), consent=consent, planned=lambda _plan: None, made=None)
        summary = await run_prepared(self._project, prepared, hooks=hooks)
        self.stops.over()
        self.runs[summary.run] = None
        if (
            summary.state is RunState.INTERRUPTED and summary.counts.bought
        ):  # its rows have no lines yet, and what they cost is in no total
            made = f"{summary.counts.bought:,} made for {show_usd(summary.spent)}"
            self.notes.append(f"not counted yet: {made} in the part that was stopped ({summary.run}); it is kept")
        self.notes += summary.notes
        fails_fast = self._options.fail_fast or prepared.workflow.settings.fail_fast
        self._over = self._over or (fails_fast and summary.state is RunState.FAILED)
        return summary.state is not RunState.INTERRUPTED

    def _tell(self, prepared: Prepared, rows: int, *, canary: bool) -> None:
        """The plan of everything that is left, once, from the first part; and the word for it. A canary needs one for
        itself alone.
        """
        left = max(rows, self._left())
        if not self._forecast_told:
            self._forecast_told = True
            self._told.forecast(forecast_of(self._project, self._seen, prepared, rows, left))
        if canary:
            self._word.planned(prepared)
        else:
            self._word.keep(self._project, prepared, rows, left)


def _let_go() -> None:
    """What a part was made of lives as long as the command, if the collector is not told that it was the last."""
    gc.unfreeze()
    gc.collect()
