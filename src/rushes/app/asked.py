"""What a document asks of models, held against what the catalogue knows of them.

Under `sketch`, which stands in for every model, what only the model itself would refuse is a warning: a rehearsal goes
on, and says what the performance will not. With any other provider it is an error, before anything is paid for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from difflib import get_close_matches

from rushes.app.graphs import GRAPH
from rushes.app.models import AUTO, Models
from rushes.app.plugins import OFF, is_there, provider_names
from rushes.app.project import DEFAULT_PROVIDER, Project
from rushes.catalogue.load import Catalogue
from rushes.catalogue.model import Model
from rushes.catalogue.params import PARAMS
from rushes.errors import UserError
from rushes.model.operation import Operation, Where
from rushes.model.problem import Path, Problem, Severity
from rushes.model.request import Recipe
from rushes.model.spelling import ASPECT_RATIO, DURATION
from rushes.model.workflow import Node, Workflow
from rushes.spec.words import MEANINGS

_SECONDS = re.compile(r"(\d+(?:\.0+)?)\s*(?:s|sec|seconds?)?")
SOON = 30
"""Days before a model's last one from which on plans say so."""

_NEAR = 0.8  # `durations` and `aspect_ration` are mistakes; `fps_mode` may be a name of its own
_WHY = "the model itself would refuse it, or make something else than you mean"


def unknown_models(catalogue: Catalogue, workflow: Workflow, models: Models) -> list[Problem]:
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
        if isinstance(wrong, Problem) and not models.owned(node):
            found.append(replace(wrong, path=(*node.path, "model"), tab=node.tab, node=str(node.id)))
    return found


def unknown_providers(project: Project, workflow: Workflow) -> list[Problem]:
    """A problem for every provider that the document names and that is not there."""
    named: dict[str, tuple[Path, Node | None]] = {}
    if workflow.settings.provider is not None:
        named[workflow.settings.provider] = ("settings", "provider"), None
    for node in workflow.nodes():
        if node.provider is not None:
            named.setdefault(node.provider, ((*node.path, "provider"), node))
    named.pop(AUTO, None)
    found: list[Problem] = []
    for name, (path, first) in named.items():
        try:
            project.provider(name)
        except UserError as error:
            try_ = f"{error.next_step} (--provider beats the file)"
            found.append(_nobody(error.message, try_, path, first))
    return found


def unreachable_models(project: Project, workflow: Workflow, models: Models) -> list[Problem]:
    """A problem for every model whose own provider, or the one that the project chose for it, is not there."""
    found: dict[tuple[str, str | None], Problem] = {}
    for node in workflow.nodes():
        if node.signature.where is not Where.REMOTE:
            continue
        name = models.provider_of(node)
        if not models.allowed(node):
            found[name, node.model] = _off(name, node)
            continue
        if (name, node.model) in found or name in project.loaded_providers() or is_there(name):
            continue
        said = f"{node.called}: its model is offered by {' and '.join(models.offering(node)) or 'nobody'}"
        try_ = f"Rushes can ask {', '.join(provider_names())}; choose another model, or rehearse with --provider sketch"
        found[name, node.model] = _nobody(f"{said}; there is no provider {name!r}", try_, (*node.path, "model"), node)
    return list(found.values())


def not_offered(node: Node, models: Models) -> Problem:
    """The problem of a model that the chosen provider does not have."""
    name, offering = models.provider_of(node), models.offering(node)
    here = [one for one in offering if is_there(one) and one not in OFF]
    says = f"{name} does not offer {models.choose(node).model!r} for {node.op}"
    if here:
        try_ = (
            f"{' and '.join(here)} {'does' if len(here) == 1 else 'do'}: --provider auto asks each model's own provider"
        )
    else:
        try_ = "choose another model" + (f"; {' and '.join(offering)} would have it" if offering else "")
    return _problem(node, ("model",), "model-not-offered", Severity.ERROR, says, try_)


def _off(name: str, node: Node) -> Problem:
    return Problem(
        code="provider-off",
        severity=Severity.ERROR,
        says=f"{node.called}: {name} works in accounts of your own, and is off until you say otherwise",
        why="whether those accounts may be used so is between you and whoever gave them to you",
        try_=f'say --provider {name}, or name it and write [providers.{name}] url = "..." into rushes.toml',
        path=(*node.path, "model"),
        tab=node.tab,
        node=str(node.id),
    )


def _nobody(says: str, try_: str, path: Path, node: Node | None) -> Problem:
    return Problem(
        code="provider-unknown",
        severity=Severity.ERROR,
        says=says,
        why="there is nobody to ask",
        try_=try_,
        path=path,
        tab=node and node.tab,
        node=node and str(node.id),
    )


def doubts(
    catalogue: Catalogue, node: Node, recipe: Recipe, today: date, *, listed: bool = True, gateway: bool = False
) -> Iterator[Problem]:
    """What the catalogue has against a request of this node; `recipe` is what is known of it.

    A model that is not `listed` is its provider's own, whatever its name means to the catalogue. A `gateway` may serve
    what its provider serves no more.
    """
    if node.signature.where is not Where.REMOTE or recipe.op not in PARAMS:
        return
    yield from _unknown_params(node)
    model = catalogue.resolve(recipe.alias or node.model, node.op) if listed else None
    if not isinstance(model, Model):
        return
    severity = Severity.WARNING if recipe.provider == DEFAULT_PROVIDER else Severity.ERROR
    if model.gone_from(recipe.provider, node.op, today, gateway=gateway):
        says = f"the model {node.model or model.key!r} {_ended(model, recipe.provider)}"
        yield _problem(node, ("model",), "model-retired", severity, says, _instead(catalogue, node.op, model, today))
    elif (left := model.days_left(today)) is not None and 0 < left <= SOON:
        says = f"the model {node.model or model.key!r} is retired on {model.retired}, in {left} days"
        instead = _instead(catalogue, node.op, model, today)
        yield _problem(node, ("model",), "model-retiring", Severity.WARNING, says, instead)
    if severity is Severity.ERROR:
        return  # whoever is really asked holds every value against its own schema, and says so once
    for names, can, unit in ((DURATION, model.durations, " seconds"), (ASPECT_RATIO, model.ratios, "")):
        name = next((name for name in names if name in recipe.params), None)
        if can is None or name is None or _plain(recipe.params[name]) in (None, *map(str, can)):
            continue
        says = f"{model.key} takes no {name} of {recipe.params[name]}"
        takes = f"it takes {', '.join(map(str, can))}{unit}"
        yield _problem(node, ("params", name), "param-value", severity, says, takes)


def _ended(model: Model, provider: str) -> str:
    if model.retired is not None:
        return f"was retired on {model.retired}"
    return f"is no longer served by {provider}: only a gateway in front of it may have it"


def _instead(catalogue: Catalogue, op: Operation, model: Model, today: date) -> str:
    if model.successor is not None:
        return f"its successor is {model.successor!r}: name it in the file, or allow it with --substitute"
    if model.equivalents:
        return f"{', '.join(model.equivalents[:3])} do the same work: --substitute lets one stand in"
    others = [one.key for one in catalogue.models() if op in one.operations and not one.retired_on(today)]
    return f"it has no successor; for {op} there are: {', '.join(others[:4])}"


def _plain(value: object) -> str | None:
    """A length or a ratio as the catalogue writes it; None for what the provider must judge."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value).strip().lower()
    length = _SECONDS.fullmatch(text)
    if length is not None:
        return str(int(float(length[1])))
    return text if ":" in text else None


def _unknown_params(node: Node) -> Iterator[Problem]:
    """Names that nothing is known to take: nearly right ones are mistakes, the others may be news."""
    if GRAPH in node.params:
        return  # which words a graph takes stands in the graph
    known = PARAMS[node.op]
    for name in node.params:
        if name in known or name in MEANINGS[node.op]:
            continue
        near = get_close_matches(name, (*known, *MEANINGS[node.op]), n=1, cutoff=_NEAR)
        says = f"{node.op} has no parameter {name!r}"
        if near:
            yield _problem(node, ("params", name), "param-unknown", Severity.ERROR, says, f"did you mean {near[0]!r}?")
            continue
        elsewhere = [str(op) for op, names in PARAMS.items() if name in names]
        says = f"no model is known to take {name!r} for {node.op}"
        try_ = f"it is for {' and '.join(elsewhere[:2])}; remove it" if elsewhere else "see that it is spelt right"
        yield _problem(node, ("params", name), "param-unknown", Severity.WARNING, says, try_)


def _problem(node: Node, path: Path, code: str, severity: Severity, says: str, try_: str) -> Problem:
    return Problem(
        code=code,
        severity=severity,
        says=f"{node.called}: {says}",
        why=_WHY,
        try_=try_,
        path=(*node.path, *path),
        tab=node.tab,
        node=str(node.id),
    )
