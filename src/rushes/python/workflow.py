"""A workflow document as a value: read once, so that what was looked at is what is planned and run."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rushes.app.expanded import expanded
from rushes.app.plan import read_file
from rushes.app.reading import read_workflow
from rushes.model.workflow import Node


def placed(path: Path | str) -> Path:
    """A path from the root: threads have no working folder of their own, and a resume may come from another."""
    return expanded(path).absolute()


@dataclass(frozen=True, slots=True)
class Workflow:
    """A document and the values of its variables.

    `file` names it: its ending says the format, its folder is where references are looked for and outputs go.
    """

    file: Path
    data: bytes = field(repr=False)
    variables: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_file(cls, file: Path | str) -> Workflow:
        """The workflow of a file: YAML, JSON or `.nbflow`. Raises UserError when it cannot be read."""
        path = placed(file)
        return cls(path, read_file(path))

    @classmethod
    def from_text(cls, text: str, file: Path | str = "workflow.yaml") -> Workflow:
        """The workflow of a text; nothing is written at `file`, which only names it."""
        return cls(placed(file), text.encode())

    def with_variables(self, **values: object) -> Workflow:
        """The same with other values of variables; `input` is the text of `{{input}}`."""
        said = {name: str(value) for name, value in values.items()}
        return dataclasses.replace(self, variables={**self.variables, **said})

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The steps, in the order of the document. Raises ProblemsError with everything that is wrong."""
        return tuple(read_workflow(self.file, self.data).nodes())
