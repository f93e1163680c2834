"""Below which folder a run writes: a document may name one inside its own, a person any."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath

from rushes.app.expanded import expanded
from rushes.app.project import Project
from rushes.errors import UserError
from rushes.model.run import RunOptions
from rushes.model.workflow import Workflow


def output_of(project: Project, file: Path, workflow: Workflow, options: RunOptions) -> Path:
    """The folder below which a run of a document writes: as a flag or a setting says, else as the document does.

    Raises UserError for one that a document must not name.
    """
    named = options.output_dir or project.config.output_dir.value
    return output_base(file, named or workflow.settings.output_dir, trusted=named is not None)


def output_base(file: Path, output_dir: str | None, *, trusted: bool = True) -> Path:
    """The folder below which everything is written: beside the workflow, or `output_dir` (relative to the workflow).

    A folder that the *document* names (`trusted=False`) must stay below the workflow's own. Raises UserError.
    """
    beside = file.absolute().parent
    if output_dir is None:
        return beside
    if trusted:
        return expanded(output_dir).absolute()
    named = PureWindowsPath(output_dir)
    if named.drive or named.root or PurePosixPath(output_dir).is_absolute() or ".." in named.parts:
        raise UserError(
            f"output_dir is {output_dir!r}: a workflow may only write below its own folder",
            next_step="name a folder inside it, or say where with --output-dir",
        )
    return inside(beside, beside / output_dir)


def inside(base: Path, path: Path) -> Path:
    """`path`, when it is below `base` even with every link followed; UserError when it is not."""
    # resolve() follows links, so a link planted in the tree is seen for what it is
    if not path.resolve().is_relative_to(base.resolve()):
        raise UserError(
            f"{path} leads out of {base}", next_step="remove the link, or name the real folder with --output-dir"
        )
    return path
