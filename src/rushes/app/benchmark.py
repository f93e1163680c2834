"""Use case: run a workflow several times, and say how long it takes, why, and for how much.

Every run asks everything *apart* (`model/canonical.py`): it is really made, in this very home, under the same ceilings,
and kept like everything that was paid for; but it stands in the place of nothing, so that what was made and approved
before is after the benchmark what it was. A throw-away home would throw away what was paid for, and forget it in the
account of the day. `warm` runs are runs as ever: what is here is used.
"""

from __future__ import annotations

import dataclasses
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from rushes.app.benchmark_path import way_of
from rushes.app.benchmarked import Before, Benchmark, Round
from rushes.app.ceiling import keep_ceilings
from rushes.app.consent import agree, given, spending_of
from rushes.app.hooks import NO_HOOKS, Hooks
from rushes.app.key_guard import require_keys
from rushes.app.plan import APART, Prepared, prepare_new, read_file
from rushes.app.project import Project
from rushes.app.run import run_document
from rushes.app.summary import RunSummary
from rushes.errors import RefusedError, UserError
from rushes.graph.gates import pick_of
from rushes.graph.grid import Grid
from rushes.graph.planned import Action
from rushes.graph.select import flags_of
from rushes.graph.value import State
from rushes.ledger.fold import Spot
from rushes.model.ids import RunId
from rushes.model.money import ZERO, Estimate, show_usd
from rushes.model.operation import Operation
from rushes.model.run import RunOptions, RunState
from rushes.model.workflow import Pick

_MEMO = "benchmark"

Opened = Callable[[], AbstractContextManager[Project]]
"""Opens the project: each run has its own connections, as each command has."""

Tell = Callable[[int, Round], None]
"""Hears of each run, by its number from 1."""

Quoted = Callable[[Estimate], None]
"""Hears beforehand what all runs together may cost."""


async def benchmark(
    opened: Opened,
    file: Path,
    options: RunOptions,
    *,
    times: int,
    warm: bool = False,
    hooks: Hooks = NO_HOOKS,
    tell: Tell = lambda _number, _round: None,
    quoted: Quoted = lambda _money: None,
) -> Benchmark:
    """Run a file `times` times. `options.budget` is the ceiling of all runs together.

    Raises RefusedError where nobody agreed to what all runs may cost, UserError for a workflow that waits for a person,
    and what `run_file` raises. It ends early with a run that did not come to its end.
    """
    bench = _Bench(opened, file, options, times, warm, hooks)
    missing = await bench.prepare(quoted)
    if warm and missing:
        first = await bench.round(0)  # it makes what is missing, and is not measured
        if first.state is not RunState.DONE:
            return bench.result([first])
    rounds = []
    for number in range(1, times + 1):
        try:
            rounds.append(await bench.round(number))
        except RefusedError as error:  # what is left of a ceiling does not suffice for one more
            if not rounds:
                raise
            return bench.result(rounds, f"run {number} was not begun: {error.message}")
        tell(number, rounds[-1])
        if rounds[-1].state is not RunState.DONE:
            break
    return bench.result(rounds)


class _Bench:
    """One benchmark: what it runs, and what all of its runs have spent of its budget."""

    _prepared: Prepared
    _quoted: Estimate
    _key: str
    _before: Before | None

    def __init__(self, opened: Opened, file: Path, options: RunOptions, times: int, warm: bool, hooks: Hooks) -> None:
        self._opened, self._file, self._data = opened, file, read_file(file)
        self._options, self._times, self._warm, self._hooks = options, times, warm, hooks
        self._name = f"benchmark-{secrets.token_hex(4)}"
        self._gone = ZERO  # spent, and held for what is open or in doubt

    async def prepare(self, quoted: Quoted) -> bool:
        """Plan, refuse, quote and ask, once for all runs; true when the first has something to make."""
        with self._opened() as project:
            _refuse_of_before(self._options, self._warm)
            first = await prepare_new(project, self._file, self._data, self._meant(1))
            _refuse_people(first)
            _refuse_blocked(first)
            paid = 1 if self._warm else self._times  # warm runs buy once what is missing, and then nothing
            self._quoted = first.plan.money.times(paid)
            require_keys(project, first)
            self._refuse_beyond_budget()
            keep_ceilings(project, first, RunId(""), times=paid)
            quoted(self._quoted)
            spending = spending_of(project, first, times=paid)
            if spending is not None:
                agree(spending, self._hooks.consent)
            self._key = _key(first, self._warm)
            self._before = Before.read(project.ledger.memo(_MEMO, [self._key]).get(self._key, ""))
        self._prepared = first
        return bool(first.plan.most)

    async def round(self, number: int) -> Round:
        """One run, from planning it to its last written file."""
        hooks = self._hooks._replace(consent=given, planned=lambda _plan: None, made=None)
        with self._opened() as project, self._outputs(project) as folder:
            options = dataclasses.replace(self._meant(number), output_dir=folder)
            if self._options.budget is not None:
                options = dataclasses.replace(options, budget=max(self._options.budget - self._gone, ZERO))
            began, clock = time.time(), time.perf_counter()
            summary = await run_document(project, self._place(), self._data, options, hooks=hooks)
            seconds = time.perf_counter() - clock
            # a run that had nothing to do is told as the one before it: none of its facts are this one's
            entries = [one for one in project.ledger.events(RunId(summary.run)) if one.at >= began]
        self._gone += summary.spent + summary.held if entries else ZERO
        return Round(
            run=summary.run,
            state=summary.state,
            seconds=seconds,
            way=way_of(entries, _needs(self._prepared.grid), began, began + seconds),
            bought=summary.counts.bought if entries else 0,
            spent=summary.spent if entries else ZERO,
            unpriced=summary.unpriced if entries else 0,
            why=_why(summary),
        )

    def result(self, rounds: Sequence[Round], why: str = "") -> Benchmark:
        """What it came to; noted for the next one, if every run came to its end."""
        found = Benchmark(
            workflow=self._prepared.workflow.name.removesuffix(APART),
            warm=self._warm,
            wanted=self._times,
            rounds=tuple(rounds),
            quoted=self._quoted,
            simulated=self._prepared.options.sim is not None,
            before=self._before,
            why=why,
            titles={node.id: node.title or str(node.id) for node in self._prepared.grid.nodes},
        )
        if found.good:
            note = Before(time.time(), found.measured, str(found.each))
            with self._opened() as project:
                project.ledger.memoize(_MEMO, {self._key: note.text()})
        return found

    def _meant(self, number: int) -> RunOptions:
        return self._options if self._warm else dataclasses.replace(self._options, apart=f"{self._name}/{number}")

    def _place(self) -> Path:
        """The file, or one that is not there, beside it: a benchmark's runs are not among those of its file."""
        return self._file if self._warm else self._file.with_name(f"{self._name}-{self._file.name}")

    @contextmanager
    def _outputs(self, project: Project) -> Iterator[str | None]:
        """Where a run writes: what is made apart is no version of what the workflow makes, and is not left there."""
        if self._warm or self._options.output_dir is not None:
            yield self._options.output_dir
            return
        with TemporaryDirectory(prefix="benchmark-", dir=project.scratch) as folder:  # on the disk of the store
            yield folder

    def _refuse_beyond_budget(self) -> None:
        most, low = self._options.budget, self._quoted.low
        if most is not None and low > most:
            raise RefusedError(
                f"{self._times} runs cost {show_usd(low)} at least, and --budget is {show_usd(most)}",
                next_step="measure fewer runs with -n, or raise the ceiling with --budget",
            )


def _refuse_of_before(options: RunOptions, warm: bool) -> None:
    """What is made anew has no last time, in which something failed or was another question."""
    said = [flag for flag, on in (("--failed", options.failed), ("--stale", options.stale)) if on and not warm]
    if said:
        raise UserError(
            f"{said[0]} is about the last run, and a benchmark makes everything anew",
            next_step="name the nodes with --only, or measure with --warm",
        )


def _refuse_blocked(prepared: Prepared) -> None:
    """What cannot come to its end says nothing about how long it takes."""
    for one in prepared.plan.nodes:
        if one.action is Action.BLOCKED:
            raise UserError(
                f"{one.title or one.node} cannot be made: {one.reason}",
                next_step="make what it needs first, or select it too: --until NAME",
            )


def _refuse_people(prepared: Prepared) -> None:
    """A benchmark waits for nobody, so that nobody may have to decide at its gates."""
    nodes, selected = prepared.grid.nodes, prepared.selected
    for number, node in enumerate(nodes):
        if node.op is not Operation.APPROVE or not node.enabled or (selected is not None and number not in selected):
            continue
        first = prepared.grid.first[number]
        outcomes = prepared.plan.outcomes[first : first + prepared.grid.count[number]]
        decided = all(one.state is State.DONE for one in outcomes)
        if pick_of(node, prepared.setting) is Pick.ASK and not decided:
            raise UserError(
                f"{node.called} waits for a person, and a benchmark waits for nobody",
                next_step="let a policy decide: --pick first-clean, or --pick best",
            )


def _key(prepared: Prepared, warm: bool) -> str:
    """What has to be alike for two benchmarks to be compared."""
    options = prepared.options
    alike = (
        str(prepared.file.absolute().parent),
        prepared.workflow.name.removesuffix(APART),
        "warm" if warm else "cold",
        flags_of(options),
        options.provider or "",
        "simulated" if options.sim is not None else "",
        str(prepared.concurrency or ""),
    )
    return "\n".join(alike)


def _needs(grid: Grid) -> Callable[[Spot], Iterable[Spot]]:
    spots = [(grid.nodes[cell.node].id, cell.row) for cell in grid.cells]
    numbers = {spot: number for number, spot in enumerate(spots)}
    return lambda spot: (spots[one] for one in grid.cells[numbers[spot]].needs) if spot in numbers else ()


def _why(summary: RunSummary) -> str:
    """Why a run did not come to its end; nothing where it did."""
    if summary.failures:
        return f"{summary.failures[0].title}: {summary.failures[0].message}"
    return "" if summary.state is RunState.DONE else str(summary.state)
