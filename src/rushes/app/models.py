"""Which provider and which model version each node means today, and what one request of it takes."""

from __future__ import annotations

from collections.abc import Mapping

from rushes.app.project import DEFAULT_PROVIDER, Project
from rushes.catalogue.model import Model
from rushes.graph.setting import ModelChoice
from rushes.model.money import Quote
from rushes.model.operation import Operation, Where
from rushes.model.request import Recipe
from rushes.model.run import RunOptions
from rushes.model.text import Text
from rushes.model.workflow import Node, Workflow

LOCAL = "local"

_FREE_HANDS = ("sketch", LOCAL)
"""Providers that stand in for every model: the catalogue's prices and times are not theirs."""


class Models:
    """The models of one document under one set of flags; each node is looked up once.

    `values` are the variables of the run, as far as they are known.
    """

    def __init__(self, project: Project, workflow: Workflow, options: RunOptions, values: Mapping[str, str]) -> None:
        self._project = project
        self._values = values
        self._settings = workflow.settings
        self._options = options
        self._chosen: dict[tuple[str, str | None, Operation], ModelChoice] = {}
        self._learned: dict[tuple[str, str], float] | None = None

    def choose(self, node: Node) -> ModelChoice:
        """Provider, catalogue key and version for a node whose model is known."""
        name = self.provider_of(node)
        known = (name, node.model, node.op)
        choice = self._chosen.get(known)
        if choice is None:
            key = str(node.op) if name == LOCAL else self._key(node)
            choice = self._chosen[known] = ModelChoice(name, key, self._project.provider(name).version(key))
        return choice

    def provider_of(self, node: Node) -> str:
        """The provider's name: the flag's, the step's own, the project's, the document's, or `sketch`."""
        where = node.signature.where
        if where is Where.LOCAL or (node.op is Operation.ADD_AUDIO and any(i.role == "audio" for i in node.inputs)):
            return LOCAL
        named = self._options.provider or node.provider or self._project.config.provider.value
        return named or self._settings.provider or DEFAULT_PROVIDER

    def quote(self, node: Node, recipe: Recipe | None) -> Quote:
        """Price and typical seconds of one request; learned times beat the provider's own."""
        choice = self.choose(node)
        quoted = self._project.provider(choice.provider).estimate(recipe or self.known(node))
        learned = self._times().get((choice.provider, choice.version))
        return quoted if learned is None else Quote(quoted.low, quoted.high, learned, quoted.source)

    def known(self, node: Node) -> Recipe:
        """What a node will ask, as far as that can be known before its inputs are there: parameters without the open
        ones, and no inputs."""
        choice = self.choose(node)
        params = {
            name: value.filled(self._values) if isinstance(value, Text) else value
            for name, value in node.params.items()
        }
        return Recipe(
            op=node.op,
            provider=choice.provider,
            model=choice.version,
            alias=choice.model,
            prompt=node.prompt.filled(self._values) if node.prompt is not None else None,
            params={name: value for name, value in params.items() if value is not None},
            inputs={},
        )

    def seconds(self, node: Node) -> float:
        """The expected time of one request, for priorities."""
        return max(self.quote(node, None).seconds, 1e-3)

    def timeout(self, node: Node) -> float | None:
        """Seconds that one attempt may take: the flag's, the node's, the document's, the catalogue's."""
        if self._options.timeout is not None:
            return self._options.timeout
        if node.timeout is not None:
            return node.timeout
        if self._settings.timeout is not None or self.provider_of(node) in _FREE_HANDS:
            return self._settings.timeout
        model = self._project.catalogue.resolve(node.model, node.op)
        return model.timeout if isinstance(model, Model) else None

    def parallel(self, concurrency: int | None) -> int:
        """How many requests the named providers take at once."""
        most = sum(provider.facts.in_flight or 8 for provider in self._project.loaded_providers().values()) or 1
        return most if concurrency is None else min(concurrency, most)

    def _key(self, node: Node) -> str:
        found = self._project.catalogue.resolve(node.model, node.op)
        return found.key if isinstance(found, Model) else str(node.op)

    def _times(self) -> dict[tuple[str, str], float]:
        if self._learned is None:
            self._learned = self._project.ledger.typical_seconds()
        return self._learned
