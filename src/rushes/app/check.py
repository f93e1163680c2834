"""Use case: is this file in order? All problems at once, and the safe ones mended when asked."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rushes.app.asked import unknown_models, unknown_providers, unreachable_models
from rushes.app.export import write_whole
from rushes.app.graphs import with_graphs
from rushes.app.models import Models
from rushes.app.plan import read_file
from rushes.app.project import Project
from rushes.app.refusals import Refusals
from rushes.errors import UserError
from rushes.graph.grid import build_grid
from rushes.lint.run import lint
from rushes.model.operation import Where
from rushes.model.problem import Problem, Severity
from rushes.model.run import RunOptions
from rushes.model.workflow import Workflow
from rushes.plugin.format import Document
from rushes.spec.load import load, with_marks
from rushes.spec.nbflow_repair import repair

_LONGEST_LINE = 2000  # characters of a line that a difference is shown of


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCheck:
    """One file's problems after any mending; `fixed` says in words what was mended, `diff` shows it where lines do."""

    file: Path
    problems: tuple[Problem, ...]
    fixed: tuple[str, ...] = ()
    diff: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing here would stop a run."""
        return all(problem.severity is not Severity.ERROR for problem in self.problems)


def check_files(project: Project, files: Sequence[Path], *, fix: bool = False) -> list[FileCheck]:
    """Check every file. With `fix` the safe faults of `.nbflow` files are mended in place, each file whole or not."""
    return [_check(project, file, fix) for file in files]


def _check(project: Project, file: Path, fix: bool) -> FileCheck:
    try:
        data = read_file(file)
    except UserError as error:
        unreadable = Problem(code="file-unreadable", severity=Severity.ERROR, says=error.message, try_=error.next_step)
        return FileCheck(file=file, problems=(unreadable,))
    loaded = load(str(file), data)
    fixed: list[str] = []
    diff = ""
    if fix and loaded.document is not None and loaded.document.format == "nbflow":
        mended, fixed = repair(loaded.document)
        if mended != data:
            diff = _diff(file, data, mended)
            write_whole(file, mended)
            loaded = load(str(file), mended)
    problems = list(loaded.problems)
    if loaded.document is not None and loaded.workflow is not None:
        problems += _deeper(project, file, loaded.document, loaded.workflow, problems)
    return FileCheck(file=file, problems=tuple(problems), fixed=tuple(fixed), diff=diff)


def _deeper(
    project: Project, file: Path, document: Document, workflow: Workflow, before: Sequence[Problem]
) -> list[Problem]:
    """What only the graph, the catalogue and the rules can see; nothing that the reader has said already."""
    workflow, unread = with_graphs(workflow, file.absolute().parent)
    grid, found = build_grid(workflow, {"input_lines": "-", **workflow.variables})
    del grid
    models = Models(project, workflow, RunOptions(), workflow.variables, file.absolute().parent)
    unknown = [*unknown_models(project.catalogue, workflow, models), *unknown_providers(project, workflow)]
    found = [
        *found,
        *unread,
        *(unknown or unread or _refused(project, workflow, models)),
        *_absent(file, workflow),
        *lint(document, workflow),
    ]
    said = {(problem.code, problem.node, problem.path) for problem in before}
    fresh = [problem for problem in found if (problem.code, problem.node, problem.path) not in said]
    return list(with_marks(document, fresh))


def _absent(file: Path, workflow: Workflow) -> list[Problem]:
    """References to files that are not there. What is in a file or behind an address, only a plan looks at."""
    folder = file.absolute().parent
    return [
        node.problem(
            "reference-unreadable",
            f"{node.called}: there is no file {node.source}",
            why="what needs it cannot be made",
            try_="correct the path, or put the file there",
        )
        for node in workflow.nodes()
        if node.source and "://" not in node.source and not _there(folder / node.source)
    ]


def _there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # no name that a file could have
        return False


def _refused(project: Project, workflow: Workflow, models: Models) -> list[Problem]:
    """What can be said about parameters without planning."""
    unreachable = unreachable_models(project, workflow, models)
    if unreachable:
        return unreachable
    refusals = Refusals(project, models)
    for node in workflow.nodes():
        if node.enabled and node.signature.where is not Where.INLINE:
            refusals.look(node)
    return refusals.problems


def _diff(file: Path, before: bytes, after: bytes) -> str:
    lines = (data.decode("utf-8", "replace").splitlines(keepends=True) for data in (before, after))
    old, new = lines
    if any(len(line) > _LONGEST_LINE for line in (*old, *new)):
        return ""  # everything stands on one line: what `fixed` says is all that a person can read
    shown = difflib.unified_diff(old, new, str(file), f"{file} (mended)")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in shown)
