"""Which provider and which model version each node means today, and what one request of it takes."""

from __future__ import annotations

from dataclasses import replace

from rushes.app.project import DEFAULT_PROVIDER, Project
from rushes.catalogue.load import Catalogue
from rushes.catalogue.model import Model
from rushes.graph.setting import ModelChoice
from rushes.model.money import Quote
from rushes.model.operation import Operation, Where
from rushes.model.problem import Problem
from rushes.model.request import Recipe
from rushes.model.run import RunOptions
from rushes.model.text import Text
from rushes.model.workflow import Node, Workflow

LOCAL = "local"

_FREE_HANDS = ("sketch", LOCAL)
"""Providers that stand in for every model: the catalogue's prices and times are not theirs."""


class Models:
    """The models of one document under one set of flags; each node is looked up once."""

    def __init__(self, project: Project, workflow: Workflow, options: RunOptions) -> None:
        self._project = project
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
        """The provider's name: the flag's, the node's, the document's, the project's, or `sketch`."""
        where = node.signature.where
        if where is Where.LOCAL or (node.op is Operation.ADD_AUDIO and any(i.role == "audio" for i in node.inputs)):
            return LOCAL
        named = self._options.provider or node.provider or self._settings.provider
        return named or self._project.config.provider.value or DEFAULT_PROVIDER

    def quote(self, node: Node, recipe: Recipe | None) -> Quote:
        """Price and typical seconds of one request; learned times beat the provider's own."""
        choice = self.choose(node)
        quoted = self._project.provider(choice.provider).estimate(recipe or self._blank(node, choice))
        learned = self._times().get((choice.provider, choice.version))
        return quoted if learned is None else Quote(quoted.low, quoted.high, learned, quoted.source)

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

    def _blank(self, node: Node, choice: ModelChoice) -> Recipe:
        # what is known before the inputs are: enough for a price by duration, resolution or count
        params = {name: value for name, value in node.params.items() if not isinstance(value, Text)}
        prompt = node.prompt.literal if node.prompt is not None else None
        return Recipe(
            op=node.op,
            provider=choice.provider,
            model=choice.version,
            alias=choice.model,
            prompt=prompt,
            params=params,
            inputs={},
        )

    def _times(self) -> dict[tuple[str, str], float]:
        if self._learned is None:
            self._learned = self._project.ledger.typical_seconds()
        return self._learned


def unknown_models(catalogue: Catalogue, workflow: Workflow) -> list[Problem]:
    """A problem for every model name that nothing knows, or that does something else."""
    found: list[Problem] = []
    known: dict[tuple[str, Operation], Model | Problem | None] = {}
    for node in workflow.nodes():
        if node.model is None or node.signature.where is not Where.REMOTE:
            continue
        asked = (node.model, node.op)
        if asked not in known:
            known[asked] = catalogue.resolve(*asked)
        wrong = known[asked]
        if isinstance(wrong, Problem):
            found.append(replace(wrong, path=(*node.path, "model"), tab=node.tab, node=str(node.id)))
    return found
