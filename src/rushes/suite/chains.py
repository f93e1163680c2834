"""Pipelines as values: a document and where it stands."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rushes.app.reading import about
from rushes.model.money import Estimate
from rushes.model.problem import ProblemsError
from rushes.python.answers import Planned
from rushes.python.sync import SyncClient
from rushes.python.workflow import Workflow, placed

OWN = "auto"
"""Each model at its own provider, unless somebody says who is asked: these calls mean real models."""


@dataclass(frozen=True, slots=True)
class ContentCreationChain:
    """A pipeline."""

    workflow: Workflow

    @classmethod
    def from_config(cls, config: Mapping[str, Any] | Path | str, folder: Path | str = ".") -> ContentCreationChain:
        """A pipeline from a dict, or from a file. Raises UserError when the file cannot be read."""
        if not isinstance(config, Mapping):
            return cls(Workflow.from_file(config))
        name = str(config.get("name") or "unnamed_chain")
        return cls(Workflow(placed(folder) / f"{name.replace('/', '-')}.json", json.dumps(dict(config)).encode()))

    def validate(self) -> list[str]:
        """Everything that is wrong with it; empty when nothing is."""
        try:
            _ = self.workflow.nodes
        except ProblemsError as error:
            return [f"{one.where}: {one.says}" for one in error.problems]
        return []

    def about(self, given: str | None) -> Workflow:
        """The document about this input: a text, or the picture or film that its first step works on."""
        if given is None:
            return self.workflow
        data, variables = about(self.workflow.file, self.workflow.data, given)
        return dataclasses.replace(self.workflow, data=data, variables=variables)

    def estimate_cost(self, input: str | None = None) -> float | None:
        """What a run would cost at most, in USD; None where a price is unknown."""
        return usd(self._planned(input).plan.money)

    def estimate_time(self, input: str | None = None) -> float:
        """The least seconds that a run takes."""
        return self._planned(input).seconds

    def _planned(self, given: str | None) -> Planned:
        folder = self.workflow.file.parent
        with SyncClient(folder) as client:
            client.inner.project.usual = OWN
            return client.plan(self.about(given))


def usd(money: Estimate) -> float | None:
    """The most that an estimate allows for; None where a price is unknown."""
    return None if money.unknown else float(money.high)
