"""Use case: what would a run of this file do, why, how long and for how much. Buys nothing, writes nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rushes.app.asked import unknown_models, unknown_providers, unreachable_models
from rushes.app.graphs import with_graphs
from rushes.app.held import History, Holdings
from rushes.app.models import AUTO, Models
from rushes.app.output import output_of
from rushes.app.plan_warned import warned
from rushes.app.project import Project
from rushes.app.references import read_references
from rushes.app.refusals import Refusals
from rushes.app.values import fix_moment, values_of, with_files
from rushes.errors import UserError
from rushes.graph.grid import Grid, build_grid
from rushes.graph.plan import Price, make_plan
from rushes.graph.planned import FirstPass, Plan
from rushes.graph.select import flags_of, match, select
from rushes.graph.setting import Setting
from rushes.ledger.fold import fold
from rushes.model.collector import collector_off
from rushes.model.ids import BaseKey, NodeId
from rushes.model.media import Artifact
from rushes.model.problem import Problem, ProblemsError, Severity
from rushes.model.run import RunMode, RunOptions
from rushes.model.workflow import Pick, Workflow
from rushes.plugin.format import Document
from rushes.spec.load import load, with_marks
from rushes.spec.source import MAX_BYTES

if TYPE_CHECKING:
    from rushes.app.profiles import Changed
    from rushes.app.similar import Loans

ATTEMPTS = 3
"""Results that one flagged candidate may cost, when nobody says otherwise."""

APART = " (benchmark)"
"""What the name of a workflow ends with while it is asked apart: its history is not the workflow's own."""


# asyncio.run writes the repr of a task's result into an error that nobody sees: seconds, for a large workflow
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Prepared:
    """A file read, checked and planned: everything that a run needs, and nothing done yet."""

    file: Path
    document: Document
    workflow: Workflow
    grid: Grid
    setting: Setting
    selected: frozenset[int] | None
    models: Models
    options: RunOptions
    concurrency: int | None
    plan: Plan
    problems: tuple[Problem, ...]
    changed: Changed | None = None  # what a profile made of the file


async def prepare(project: Project, file: Path, options: RunOptions) -> Prepared:
    """Read and plan a file. Raises ProblemsError with everything that is wrong, UserError for an unreadable file."""
    return await prepare_new(project, file, read_file(file), options)


async def prepare_new(project: Project, file: Path, data: bytes, options: RunOptions) -> Prepared:
    """`prepare` for a document that was read, or that no file holds; `file` names it, and says where it stands."""
    options = dataclasses.replace(options, sim=project.config.sim.value, usual=options.usual or project.usual)
    if options.substitute:
        from rushes.app.stand_ins import with_outs

        options = with_outs(project, file, options)
    as_it_stands = options
    if options.profile is not None:
        from rushes.app.profiles import meant  # what few runs need

        options = meant(project, options)
    prepared = await prepare_document(project, file, data, options)
    _refuse(prepared.problems)
    output_folder(project, prepared)  # a folder that is refused is refused before anything is bought
    return prepared if prepared.changed is None else await _beside_final(project, file, data, prepared, as_it_stands)


async def _beside_final(project: Project, file: Path, data: bytes, prepared: Prepared, options: RunOptions) -> Prepared:
    """The same, saying what a profile changed, and what the file as it stands would cost."""
    assert prepared.changed is not None
    try:
        final = await prepare_document(project, file, data, dataclasses.replace(options, profile=None))
    except ProblemsError:
        money = None
    else:
        money = None if any(one.severity is Severity.ERROR for one in final.problems) else final.plan.money
    changed = dataclasses.replace(prepared.changed, final=money)
    plan = prepared.plan
    plan = dataclasses.replace(plan, warnings=(*changed.lines(plan.money), *plan.warnings))
    return dataclasses.replace(prepared, changed=changed, plan=plan)


def output_folder(project: Project, prepared: Prepared) -> Path:
    """The folder below which a run writes; UserError for one that a document must not name."""
    return output_of(project, prepared.file, prepared.workflow, prepared.options)


def read_file(file: Path) -> bytes:
    """The bytes of a workflow file; UserError when there is none. A device gives no more than the readers take."""
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}", next_step="name a workflow file") from error


async def prepare_document(project: Project, file: Path, data: bytes, options: RunOptions) -> Prepared:
    """`prepare` for bytes that may be older than the file: a resumed run means the document it began with.

    What providers would refuse is among its `problems` and raises nothing: what a run has begun can always be looked at
    and gone on with.
    """
    project.stand_in(options.sim)
    with collector_off(keep=True):
        loaded = load(str(file), data)
    document, workflow = loaded.document, loaded.workflow
    problems = list(loaded.problems)
    _refuse(problems)
    assert document is not None and workflow is not None
    folder = _folder(file)
    workflow, unread_graphs = with_graphs(workflow, folder)
    _refuse(with_marks(document, unread_graphs))
    workflow = with_files(workflow, options.variables)
    if options.rows is not None:
        from rushes.app.batch_rows import with_rows  # for a part of a batch, and nobody else

        workflow = with_rows(project, workflow, options.rows)
    if options.apart:
        workflow = dataclasses.replace(workflow, name=workflow.name + APART)
    changed = None
    if options.means is not None:
        from rushes.app.profiles import under_profile  # what few runs need

        workflow, changed = under_profile(project, workflow, options, folder)
    options = fix_moment(workflow, options)
    values, missing = values_of(workflow, options, folder)
    with collector_off(keep=True):
        grid, wrong = build_grid(workflow, values)
    models = Models(project, workflow, options, values, folder)
    if options.substitute:
        from rushes.app.stand_ins import StandIns  # what few runs need

        models.allow(StandIns(project, options, date.today()).of)
    problems += missing + wrong + unknown_models(project.catalogue, workflow, models)
    if options.provider is None:  # else it is asked for everything, whoever the file names
        problems += unknown_providers(project, workflow)
    _refuse(with_marks(document, problems))
    if options.provider in (None, AUTO):  # a provider that a flag names and nobody knows is no fault of the file
        problems += unreachable_models(project, workflow, models)
    _refuse(with_marks(document, problems))
    assert grid is not None
    sources, unread = await read_references(project, workflow, folder, models)
    problems += unread
    _refuse(with_marks(document, problems))
    setting = _setting(project, workflow, grid, options, values, sources, models)
    prepared = _planned(
        project, file, document, workflow, grid, setting, models, options, with_marks(document, problems)
    )
    return prepared if changed is None else dataclasses.replace(prepared, changed=changed)


def _folder(file: Path) -> Path:
    return file.absolute().parent


def _refuse(problems: Sequence[Problem]) -> None:
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise ProblemsError(problems)


def _setting(
    project: Project,
    workflow: Workflow,
    grid: Grid,
    options: RunOptions,
    values: dict[str, str],
    sources: dict[str, Artifact],
    models: Models,
) -> Setting:
    config, settings = project.config, workflow.settings
    asked = _named(grid, options.rerun, "rerun")
    return Setting(
        variables=values,
        sources=sources,
        choose=models.choose,
        pick=options.pick or config.pick.value or settings.pick or Pick.ASK,
        pick_wins=options.pick is not None,
        attempts=_first(options.attempts, config.attempts.value, settings.attempts, ATTEMPTS),
        candidates=options.candidates,
        prompts={} if options.prompt is None else {str(name): options.prompt for name in asked},
        floors={(BaseKey(base), candidate): salt for base, candidate, salt in options.floors},
        fresh_seed=options.fresh_seed,
        apart=options.apart,
        stand_in=models.stand_in if options.substitute else None,
        doubtful=_doubtful(project) if options.substitute or _borrows(options) else frozenset(),
        lender=_lender(project, grid, options) if _borrows(options) else None,
    )


def _borrows(options: RunOptions) -> bool:
    return options.similar is not None or bool(options.takes)


def _lender(project: Project, grid: Grid, options: RunOptions) -> Loans:
    from rushes.app.similar import Loans  # what few runs need

    return Loans(project, grid, options)


def _doubtful(project: Project) -> frozenset[BaseKey]:
    from rushes.app.stand_ins import doubtful_in

    return doubtful_in(project)


def _planned(
    project: Project,
    file: Path,
    document: Document,
    workflow: Workflow,
    grid: Grid,
    setting: Setting,
    models: Models,
    options: RunOptions,
    problems: Sequence[Problem],
) -> Prepared:
    concurrency = concurrency_of(project, workflow, options)

    def plan_for(chosen: frozenset[int] | None, price: Price) -> Plan:
        with collector_off(keep=True):
            return make_plan(
                grid,
                setting,
                Holdings(project.ledger, project.store),
                selected=chosen,
                quote=price,
                history=History(project.ledger, workflow.name, project.store),
                parallel=partial(models.parallel, concurrency),
                selection=flags_of(options),
            )

    stale = plan_for(None, models.quote).stale if options.stale else frozenset()
    failed = _failed_before(project, file) if options.failed else frozenset()
    narrowed = dataclasses.replace(options, only=(*options.only, *options.rerun))
    selected, unknown = select(grid, narrowed, failed, stale)
    _refuse(unknown)
    if (options.apart or options.floors) and selected is not None:  # what is not selected is what it was
        as_ever = frozenset(node.id for number, node in enumerate(grid.nodes) if number not in selected)
        setting = setting._replace(as_ever=as_ever)
    refusals = Refusals(project, models)
    plan = warned(project, plan_for(selected, refusals.quote), workflow.settings)
    if options.mode is RunMode.IMAGES:  # a second plan, for those who ask how much a first look takes
        whole, _ = select(grid, dataclasses.replace(narrowed, mode=RunMode.FULL), failed, stale)
        full = plan_for(whole, models.quote)
        plan = dataclasses.replace(plan, first_pass=FirstPass(plan.money, plan.seconds, full.money, full.seconds))
    if setting.lender is not None:
        from rushes.app.similar import with_loans

        plan, refused = with_loans(grid, setting.lender, plan)
        problems = [*problems, *refused]
    return Prepared(
        file=file,
        document=document,
        workflow=workflow,
        grid=grid,
        setting=setting,
        selected=selected,
        models=models,
        options=options,
        concurrency=concurrency,
        plan=plan,
        problems=(*problems, *with_marks(document, refusals.problems)),
    )


def concurrency_of(project: Project, workflow: Workflow, options: RunOptions) -> int | None:
    """How many requests of a run are in flight at most: as the flags say, the project, the file (None: no cap)."""
    if options.concurrency is not None:
        return options.concurrency
    if not workflow.settings.parallel:
        return 1
    return project.config.concurrency.value or workflow.settings.max_workers


def _failed_before(project: Project, file: Path) -> frozenset[NodeId]:
    for record in project.ledger.runs(file=str(file.absolute()), limit=1):
        return frozenset(node for node, _row in fold(project.ledger.events(record.id)).failed)
    return frozenset()


def _named(grid: Grid, names: Sequence[str], flag: str) -> list[NodeId]:
    if not names:
        return []
    numbers, unknown = match(grid, names, flag)
    _refuse(unknown)
    return [grid.nodes[number].id for number in sorted(numbers)]


def _first(*values: int | None) -> int:
    return next(value for value in values if value is not None)
