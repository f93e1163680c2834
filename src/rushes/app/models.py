"""Which provider and which model version each node means today, and what one request of it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from rushes.app.alike import Shape, Watched, shape_of, watched
from rushes.app.config import PROJECT_FILE
from rushes.app.limits_shown import at_once
from rushes.app.plugins import OFF, is_there
from rushes.app.project import DEFAULT_PROVIDER, Project
from rushes.app.timings import Timings
from rushes.catalogue.model import Model
from rushes.errors import ConfigError
from rushes.graph.setting import ModelChoice, StandIn
from rushes.graph.settle import Question
from rushes.model.money import Quote
from rushes.model.operation import Operation, Where
from rushes.model.patience import Patience, at_home, declared, undeclared
from rushes.model.problem import did_you_mean
from rushes.model.request import Recipe
from rushes.model.run import RunOptions
from rushes.model.text import Text
from rushes.model.workflow import Node, Workflow
from rushes.plugin.provider import Duplicates
from rushes.plugin.room import OwnModels

LOCAL = "local"

AUTO = "auto"
"""The word for: each model's own provider."""

_FREE_HANDS = ("sketch", LOCAL)
"""Providers that stand in for every model: the catalogue's prices and times are not theirs."""

_UNKNOWN = 8  # requests at once that a provider is taken to answer of which nothing is known

_NEARER = ("--provider", "RUSHES_PROVIDER")
"""Where a provider is named by whoever sits there now, and not by a file."""


class Models:
    """The models of one document under one set of flags; each node is looked up once.

    `values` are the variables of the run, as far as they are known; `folder` is where the document lies.
    """

    def __init__(
        self, project: Project, workflow: Workflow, options: RunOptions, values: Mapping[str, str], folder: Path
    ) -> None:
        self._project = project
        self._folder = folder
        self._values = values
        self._settings = workflow.settings
        self._options = options
        self._chosen: dict[tuple[str, str | None, Operation], ModelChoice] = {}
        self._chosen_by: dict[tuple[str | None, str | None, Operation], ModelChoice] = {}
        self._offered: dict[tuple[str, str | None, Operation], bool] = {}
        self._named: dict[tuple[str | None, str | None, Operation], str] = {}
        self._owners: dict[str, OwnModels | None] = {}
        self._timings = Timings(project.ledger)
        self._patience: dict[tuple[str, str, Operation], Patience] = {}
        self.alike: dict[Shape, Quote] = {}
        """Quotes for whose sake no prompt was looked at: they hold for all of their shape."""
        self._stand_ins: Callable[[Node, ModelChoice, Recipe], StandIn | None] | None = None

    def choose(self, node: Node) -> ModelChoice:
        """Provider, catalogue key and version for a node whose model is known."""
        said = (node.provider, node.model, node.op)
        choice = self._chosen_by.get(said)
        if choice is None:
            choice = self._choose(node)
            if node.op is not Operation.ADD_AUDIO:  # whose provider also depends on what comes in
                self._chosen_by[said] = choice
        return choice

    def _choose(self, node: Node) -> ModelChoice:
        name = self.provider_of(node)
        known = (name, node.model, node.op)
        choice = self._chosen.get(known)
        if choice is None:
            key = self.own_name(node)
            if key is None:
                key = str(node.op) if name == LOCAL else self._key(node)
            # who does not offer a model knows no version of it; nothing is ever bought under this one
            version = self._project.provider(name).version(key) if self.offered(node) else key
            choice = self._chosen[known] = ModelChoice(name, key, version)
        return choice

    def provider_of(self, node: Node) -> str:
        """The provider's name: the flag's, the step's own, the project's, the document's, or `sketch`.

        The project may name one for a model (`[models]`); where the word is `auto`, that or the model's own is meant.
        """
        where = node.signature.where
        if where is Where.LOCAL or (node.op is Operation.ADD_AUDIO and any(i.role == "audio" for i in node.inputs)):
            return LOCAL
        known = (node.provider, node.model, node.op)
        name = self._named.get(known)
        if name is None:
            name = self._named[known] = self._name(node)
        return name

    def own_name(self, node: Node) -> str | None:
        """What the node's model is called by a provider that has models of its own; None: the catalogue knows them."""
        owner = self._owner(self.provider_of(node))
        return None if owner is None else owner.model_named(node.model, self._folder)

    def owned(self, node: Node) -> bool:
        """Whether the model's name is for a provider to judge that has models of its own: the one that is asked, or
        the one that the document names, so that a rehearsal with another does not fail over it."""
        named = (self.provider_of(node), node.provider, self._settings.provider)
        return any(self._owner(name) is not None for name in named if name)

    def _owner(self, name: str) -> OwnModels | None:
        if name not in self._owners:
            if not (name in self._project.loaded_providers() or is_there(name)):
                return None  # that it is not there, is said elsewhere
            provider = self._project.provider(name)
            self._owners[name] = provider if isinstance(provider, OwnModels) else None
        return self._owners[name]

    def offered(self, node: Node) -> bool:
        """Whether the node's provider has its model. Those that stand in for every model always do."""
        name = self.provider_of(node)
        if name in _FREE_HANDS:
            return True
        known = (name, node.model, node.op)
        offered = self._offered.get(known)
        if offered is None:
            offered = self._offered[known] = self._is_offered(node, name)
        return offered

    def _is_offered(self, node: Node, name: str) -> bool:
        catalogue = self._project.catalogue
        if not self._project.remote(name) or name not in catalogue.providers() or self.own_name(node) is not None:
            return True
        return catalogue.offered(self._key(node), node.op, name) is not None

    def allowed(self, node: Node) -> bool:
        """Whether the node's provider may be asked. One that is off must be named, and by more than a document: by a
        flag, or with its address in the project file. A simulator does no harm."""
        name, configured = self.provider_of(node), self._project.config.provider
        flag = self._options.provider or (configured.value if configured.source in _NEARER else None)
        if name not in OFF or flag == name or self._project.simulator is not None:
            return True
        named = (node.provider, self._of_model(node), configured.value, self._settings.provider)
        return name in named and name in self._project.config.gateways

    def offering(self, node: Node) -> tuple[str, ...]:
        """Who offers the node's model, its own provider first."""
        found = self._project.catalogue.resolve(node.model, node.op)
        return found.providers(node.op) if isinstance(found, Model) else ()

    def stand_in(self, node: Node) -> StandIn | None:
        """Who stands in for the node's own model; None when it can be had, or nobody may."""
        if self._stand_ins is None or self.provider_of(node) in _FREE_HANDS:
            return None
        own = self.choose(node)
        return self._stand_ins(node, own, self._known_of(node, own))

    def allow(self, stand_ins: Callable[[Node, ModelChoice, Recipe], StandIn | None]) -> None:
        """From now on others may stand in for models that are not to be had; `stand_ins` says who."""
        self._stand_ins = stand_ins
        self.alike.clear()

    def quote(self, node: Node, question: Question | None) -> Quote:
        """Price and typical seconds of one request; learned times beat the provider's own."""
        shape = shape_of(node, question)
        quoted = self.alike.get(shape)
        if quoted is None:
            asked = self.watched(node, question)
            quoted = self._quote(node, asked)
            if self.depends_on_shape(asked):
                self.alike[shape] = quoted
        return quoted

    def watched(self, node: Node, question: Question | None) -> Watched:
        """What a node asks, as far as that is known, and whether somebody looks at its prompt."""
        return watched(self.known(node) if question is None else question.recipe())

    def depends_on_shape(self, asked: Watched) -> bool:
        """Whether what was found out about a request holds for all of its shape. Who may stand in is asked for each."""
        return not asked.looked and self._stand_ins is None

    def _quote(self, node: Node, asked: Recipe) -> Quote:
        if asked.provider == self.provider_of(node) and not self.offered(node):
            return Quote(None, None, 1.0, f"{asked.provider} does not offer it")
        quoted = self._project.provider(asked.provider).estimate(asked)
        usual = self._timings.of(asked.provider, asked.model)
        return quoted if usual is None else Quote(quoted.low, quoted.high, usual.half, quoted.source)

    def known(self, node: Node) -> Recipe:
        """What a node will ask, as far as that can be known before its inputs are there: parameters without the open
        ones, and no inputs. Of whoever stands in for its model, if somebody does."""
        stand_in = self.stand_in(node)
        return self._known_of(node, self.choose(node) if stand_in is None else stand_in.choice)

    def _known_of(self, node: Node, choice: ModelChoice) -> Recipe:
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

    def patience(self, node: Node) -> Patience:
        """How long one request may take: what the flag, the node or the document declares; where none of them does,
        what the catalogue says, what was learned, or what its kind of work may take."""
        said = ((self._options.timeout, "flag"), (node.timeout, "step"), (self._settings.timeout, "document"))
        for seconds, source in said:
            if seconds is not None:
                return declared(seconds, source)
        stand_in = self.stand_in(node)
        choice = self.choose(node) if stand_in is None else stand_in.choice
        known = (choice.provider, choice.version, node.op)
        if known not in self._patience:
            self._patience[known] = self._undeclared(choice, node.op)
        return self._patience[known]

    def _undeclared(self, choice: ModelChoice, op: Operation) -> Patience:
        free = choice.provider in _FREE_HANDS
        model = None if free else self._project.catalogue.resolve(choice.model, op)
        listed = model.timeout if isinstance(model, Model) else None
        if free or self._project.provider(choice.provider).facts.duplicates is Duplicates.HARMLESS:
            return at_home(listed)
        usual = self._timings.of(choice.provider, choice.version)
        if usual is None:
            return undeclared(op, catalogue=listed)
        return undeclared(op, catalogue=listed, usual=usual.most, known=usual.known)

    def parallel(self, concurrency: int | None) -> int:
        """How many requests the named providers take at once: what was told or found; where nobody knows, a few."""
        known = at_once(self._project, list(self._project.loaded_providers()))
        most = sum(one or _UNKNOWN for one in known.values()) or 1
        return most if concurrency is None else min(concurrency, most)

    def _name(self, node: Node) -> str:
        configured = self._project.config.provider
        from_file = configured.source not in _NEARER
        own = self._of_model(node)
        nearest_first = (
            self._options.provider,
            node.provider,
            None if from_file else configured.value,
            own,
            configured.value,
            self._settings.provider,
            self._options.usual,
            DEFAULT_PROVIDER,
        )
        named = next(name for name in nearest_first if name)
        if named != AUTO:
            return named
        if own is not None and own != AUTO:
            return own
        offering = sorted(self.offering(node), key=OFF.__contains__)  # what is off is the last that it can mean
        return next((one for one in offering if is_there(one)), offering[0] if offering else DEFAULT_PROVIDER)

    def _of_model(self, node: Node) -> str | None:
        """What the project file says about the node's model, under any of its names."""
        chosen = self._project.config.models
        if not chosen:
            return None
        catalogue, key = self._project.catalogue, self._key(node)
        for name, provider in chosen.items():
            found = catalogue.find(name, node.op)
            if found is None:
                raise ConfigError(
                    f"{provider.source}: models: there is no model {name!r}",
                    next_step=did_you_mean(catalogue.near(name), f"correct it in {PROJECT_FILE}"),
                )
            if found.key == key:
                return provider.value
        return None

    def _key(self, node: Node) -> str:
        found = self._project.catalogue.resolve(node.model, node.op)
        return found.key if isinstance(found, Model) else str(node.op)
