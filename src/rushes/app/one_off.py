"""A workflow that nobody wrote: some questions to some models, as the document that a person would have written.

What is asked from a program, or in one line of a shell, goes the way of every file: planned, under the same ceilings,
kept by content, resumable. The document is text of this project's own dialect, so that there is no second way.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from rushes.app.hooks import NO_HOOKS, Hooks
from rushes.app.made import Made
from rushes.app.project import Project
from rushes.app.run import rerun_document, run_document
from rushes.app.summary import RunSummary
from rushes.model.operation import Operation
from rushes.model.run import RunOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One step: what a model is asked to do. `inputs` are files or URLs by role (`image`, `start_frame`, `video`, ...).

    `candidates` are the results wanted of it.
    """

    op: Operation
    name: str
    model: str | None = None
    prompt: str | None = None
    inputs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    candidates: int = 1


class Answered(NamedTuple):
    """What a run of questions came to: its summary, and each result in the order of the questions."""

    summary: RunSummary
    made: tuple[Made, ...]


async def ask(
    project: Project,
    name: str,
    questions: Sequence[Question],
    options: RunOptions,
    *,
    folder: Path,
    hooks: Hooks = NO_HOOKS,
) -> Answered:
    """Run questions as one workflow called `name`; outputs go below `folder`. Those that `options.rerun` names are
    asked again. Raises what `run_file` raises.
    """
    made: list[Made] = []

    def keep(results: Sequence[Made]) -> None:
        made[:] = results
        if hooks.made is not None:
            hooks.made(results)

    data, words = written(name, questions)
    meant = dataclasses.replace(options, variables={**options.variables, **words})
    run = rerun_document if meant.rerun else run_document
    summary = await run(project, folder / f"{name}.json", data, meant, hooks=hooks._replace(made=keep))
    return Answered(summary, tuple(made))


def written(name: str, questions: Sequence[Question]) -> tuple[bytes, dict[str, str]]:
    """The document of these questions, and the values that its variables are to have."""
    words = _braced(questions)
    return _document(name, questions, words), words


def _braced(questions: Sequence[Question]) -> dict[str, str]:
    """Prompts with braces, as values of variables: what stands in them is asked as it is, and names nothing here."""
    return {f"words_{n}": one.prompt for n, one in enumerate(questions) if one.prompt and "{{" in one.prompt}


def _document(name: str, questions: Sequence[Question], words: Mapping[str, str]) -> bytes:
    steps = [_step(one, f"words_{number}", words) for number, one in enumerate(questions)]
    declared = {"variables": dict.fromkeys(words, "")} if words else {}
    return json.dumps({"name": name, **declared, "steps": steps}, indent=1).encode()


def _step(one: Question, variable: str, words: Mapping[str, str]) -> dict[str, Any]:
    step: dict[str, Any] = {"name": one.name, "type": str(one.op)}
    if one.model is not None:
        step["model"] = one.model
    if one.prompt is not None:
        step["prompt"] = f"{{{{{variable}}}}}" if variable in words else one.prompt
    inputs = {role: list(files) if len(files) != 1 else files[0] for role, files in one.inputs.items()}
    params = {**one.params, **inputs}
    if params:
        step["params"] = params
    if one.candidates != 1:
        step["candidates"] = one.candidates
    return step
