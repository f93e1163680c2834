"""Use case: one wish to several models, side by side: how long, for how much, how large, how good, and what it is.

Every model is asked what any workflow would ask it, over the ordinary engine: planned and quoted first, under the same
ceilings, kept by content. What is here already costs nothing; its time and its price are those of when it was made.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rushes.app.compare_work import takes_pictures, work_for
from rushes.app.compared import Comparison, Contender, Taken
from rushes.app.expanded import expanded
from rushes.app.hooks import NO_HOOKS, Hooks
from rushes.app.made import Made, paid_in, seconds_of
from rushes.app.naming import folder_name, slug
from rushes.app.one_off import Answered, Question, ask
from rushes.app.output import inside, output_base
from rushes.app.plan_warned import SIMULATED
from rushes.app.project import Project
from rushes.app.summary import RunSummary
from rushes.errors import UserError
from rushes.graph.planned import Plan
from rushes.ledger.fold import fold
from rushes.model.ids import AttemptId, NodeId, RunId
from rushes.model.operation import SIGNATURES, Operation
from rushes.model.problem import ProblemsError
from rushes.model.result import Result
from rushes.model.run import RunOptions

_LONGEST = 48  # letters of the wish in a folder's name


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked of each of `models`: `count` results of `op` (None: what most of them can do) from a prompt, from
    pictures (files or URLs), or both. `fresh` asks anew what is here already."""

    models: Sequence[str]
    prompt: str | None = None
    pictures: Sequence[str] = ()
    op: Operation | None = None
    count: int = 1
    params: Mapping[str, Any] = field(default_factory=dict)
    fresh: bool = False


async def compare_models(
    project: Project, wish: Wish, options: RunOptions, *, folder: Path, hooks: Hooks = NO_HOOKS
) -> Comparison:
    """Ask all models, and hold what they made side by side; outputs and contact sheet go below `folder`.

    A model that fails does not stop the others. Raises UserError for a wish that cannot be asked, ProblemsError naming
    every model that cannot do it, and what `run_file` raises.
    """
    models = list(dict.fromkeys(wish.models))
    op = wish.op or work_for(project.catalogue, models, picture=bool(wish.pictures))
    questions = _questions(wish, op, models)
    name = _named(wish, op)
    options = dataclasses.replace(
        options,
        attempts=1,  # a flagged result is a finding of the comparison, and no reason to ask again
        rerun=tuple(models) if wish.fresh else (),
    )
    asked_of: dict[str, str] = {}

    def planned(plan: Plan) -> None:
        asked_of.update({str(one.node): one.provider.removesuffix(SIMULATED) for one in plan.nodes})
        hooks.planned(plan)

    try:
        answered = await ask(project, name, questions, options, folder=folder, hooks=hooks._replace(planned=planned))
    except ProblemsError as error:  # places in a document that nobody wrote would only puzzle
        said = [dataclasses.replace(one, mark=None, path=()) for one in error.problems]
        raise ProblemsError(said, what="the comparison") from error
    found = _compared(project, name, wish, op, {model: asked_of.get(model, "") for model in models}, answered)
    base = output_base(folder / name, options.output_dir or project.config.output_dir.value)
    return _with_sheet(project, found, inside(base, base / "Assets" / folder_name(name)))


def _questions(wish: Wish, op: Operation, models: Iterable[str]) -> list[Question]:
    role = takes_pictures(op)
    if wish.pictures and role is None:
        raise UserError(f"{op} takes no picture", next_step="leave --image out, or say with --op what is to be done")
    if SIGNATURES[op].prompt is True and not (wish.prompt or "").strip():
        raise UserError(f"{op} needs a prompt", next_step="say in words what the models are to make")
    inputs = {role: tuple(map(_address, wish.pictures))} if wish.pictures and role is not None else {}
    return [
        Question(
            op=op,
            name=model,
            model=model,
            prompt=wish.prompt,
            inputs=inputs,
            params=dict(wish.params),
            candidates=wish.count,
        )
        for model in models
    ]


def _address(picture: str) -> str:
    return picture if "://" in picture else str(expanded(picture).absolute())


def _named(wish: Wish, op: Operation) -> str:
    """The same wish has the same name, so that what is left of it is found, and its outputs have one place."""
    about = wish.prompt or (Path(wish.pictures[0]).stem if wish.pictures else "")
    name = slug(about)
    if len(name) > _LONGEST:  # long wishes often differ at their end only, and each has a folder of its own
        name = f"{name[:_LONGEST].strip('-')}-{hashlib.sha256(about.encode()).hexdigest()[:6]}"
    return f"compare-{name or slug(str(op))}"


def _compared(
    project: Project, name: str, wish: Wish, op: Operation, asked_of: Mapping[str, str], answered: Answered
) -> Comparison:
    summary = answered.summary
    taken = _taken(project, name, answered.made)
    return Comparison(
        run=summary.run,
        state=summary.state,
        op=op,
        prompt=wish.prompt or "",
        contenders=tuple(_contender(one, of, wish.count, taken, summary) for one, of in asked_of.items()),
        spent=summary.spent,
        unpriced=summary.unpriced,
        simulated=summary.simulator is not None,
        notes=summary.notes,
    )


def _contender(model: str, of: str, wanted: int, taken: Sequence[Taken], summary: RunSummary) -> Contender:
    mine = tuple(one for one in taken if one.made.node == model)
    line = next(one for one in summary.nodes if one.node == model)
    why = next((one.message for one in summary.failures if one.node == model), "")
    if not why and len(mine) < wanted:
        why = line.says or line.state
    provider = next((one.made.provider for one in mine if one.made.provider), of)
    return Contender(model=model, provider=provider, wanted=wanted, taken=mine, spent=line.spent, why=why)


def _taken(project: Project, name: str, made: Sequence[Made]) -> list[Taken]:
    """Each result with its time and its price; of what was here before those that are on record."""
    before = _made_before(project, name, [one for one in made if one.reused])
    runs = {RunId(attempt.rpartition("/")[0]) for attempt in before.values()}
    entries = {run: project.ledger.events(run) for run in runs}
    attempts = {name: state for many in entries.values() for name, state in fold(many).attempts.items()}
    paid = {attempt: usd for many in entries.values() for attempt, usd in paid_in(many).items()}
    found = []
    for one in made:
        attempt = before.get((one.node, one.candidate))
        if attempt is None or attempt not in attempts:
            found.append(Taken(one, one.took, None if one.reused else one.usd))
            continue
        recorded = attempts[attempt]
        one = one._replace(provider=recorded.event.provider)
        found.append(Taken(one, seconds_of(recorded), paid.get(attempt)))
    return found


def _made_before(project: Project, name: str, reused: Sequence[Made]) -> dict[tuple[NodeId, int], AttemptId]:
    """By node and candidate, the attempt that once made a result."""
    asked = project.ledger.asked(name, [(one.node, one.row) for one in reused])
    results = project.ledger.results(list(asked.values()))
    found: dict[tuple[NodeId, int], AttemptId] = {}
    for one in reused:
        base = asked.get((one.node, one.row))
        for result in results.get(base, ()) if base is not None else ():
            if result.attempt is not None and _is(result, one):
                found[one.node, one.candidate] = result.attempt
    return found


def _is(result: Result, one: Made) -> bool:
    if result.candidate != one.candidate:
        return False
    if one.artifact is None:
        return result.value.text == one.text
    return bool(result.value.artifacts) and result.value.artifacts[0].digest == one.artifact.digest


def _with_sheet(project: Project, found: Comparison, home: Path) -> Comparison:
    if not found.taken:
        return found
    # Pillow and PyAV: for those who have something to look at
    from rushes.app.compare_page import write_page
    from rushes.app.contact_sheet import write_sheet

    return dataclasses.replace(
        found, sheet=write_sheet(found, project.store, home), page=write_page(found, project.store, home)
    )
