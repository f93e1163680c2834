"""Who stands in for a model that is not to be had, when a person allows it: declared equivalents and nobody else.

A model is not to be had after its last day, and when the run before said so: the provider no longer serves it, has no
credit left, or could not be reached. What the own model made stays as it is (`graph/looked_up.py`); what is bought of
another is quoted like everything else, and says in the plan, in the ledger and in the report for whom it stands in.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from rushes.app.plugins import KEYLESS, OFF, is_there
from rushes.app.project import Project
from rushes.catalogue.load import Catalogue
from rushes.catalogue.model import Model
from rushes.errors import ErrorClass, UserError
from rushes.graph.setting import ModelChoice, StandIn
from rushes.ledger.fold import RunFold, fold
from rushes.model.ids import BaseKey, RunId
from rushes.model.operation import Operation
from rushes.model.problem import Severity
from rushes.model.request import Recipe
from rushes.model.run import STAND_INS, RunOptions
from rushes.model.workflow import Node

_WHY = {
    ErrorClass.RETIRED_MODEL: "is no longer served by {provider}",
    ErrorClass.QUOTA: "cannot be paid: the account at {provider} has no credit",
    ErrorClass.TRANSIENT: "cannot be had: {provider} could not be reached",
}


class Out(NamedTuple):
    """What is not to be had: a provider's model by its version, or all of a provider's (`version` empty); and why."""

    provider: str
    version: str
    why: str


class Wish(NamedTuple):
    """One `OLD=NEW` of a person: keys of the catalogue, and the provider of the new one where it was named."""

    old: str
    new: str
    provider: str | None


class StandIns:
    """The stand-ins of one document under one set of flags; each (model, operation) is looked up once."""

    def __init__(self, project: Project, options: RunOptions, today: date) -> None:
        self._project = project
        self._today = today
        self._auto = STAND_INS in options.substitute
        self._wishes = wishes_of(project.catalogue, options.substitute)
        self._outs = [Out(*one) for one in options.outs]
        self._found: dict[tuple[ModelChoice, Operation, object], StandIn | None] = {}

    def of(self, node: Node, own: ModelChoice, known: Recipe) -> StandIn | None:
        """Who stands in for a node's own model; None when it can be had, or nobody may. `known` is what it asks."""
        if not self._project.remote(own.provider):
            return None
        asked = (own, node.op, str(sorted(known.params.items(), key=str)))
        if asked not in self._found:
            self._found[asked] = self._look(node, own, known)
        return self._found[asked]

    def _look(self, node: Node, own: ModelChoice, known: Recipe) -> StandIn | None:
        model = self._project.catalogue.find(own.model, node.op)
        if model is None:
            return None
        wish = next((one for one in self._wishes if one.old == model.key), None)
        out = self._why_out(own, model, node.op) if self._auto else None
        why = "is replaced, as you said" if wish is not None else out
        if why is None:
            return None
        others = [(name, other) for name, other in self._others(model, node.op, wish) if self._is_there(name)]
        # whoever has a key comes first; without any the run is refused later, with the way to set one
        for provider, other in sorted(others, key=lambda one: not self._opens(one[0])):
            choice = self._choice(provider, other, known)
            if choice is not None and choice != own:
                return StandIn(choice, f"{provider}'s {other.key} stands in for {model.key}, which {why}")
        return None

    def _why_out(self, own: ModelChoice, model: Model, op: Operation) -> str | None:
        if self._gone(model, own.provider, op):
            ended = f"was retired on {model.retired}" if model.retired is not None else None
            return ended or f"is no longer served by {own.provider}"
        for out in self._outs:
            if out.provider == own.provider and out.version in ("", own.version):
                return out.why
        return None

    def _others(self, model: Model, op: Operation, wish: Wish | None) -> Iterator[tuple[str, Model]]:
        """Who may stand in, the best first: the same model elsewhere, then its successor, then its equivalents.

        A person's own machines and accounts stand in for nobody by themselves.
        """
        if wish is not None:
            other = self._project.catalogue.get(wish.new)
            yield from ((one, other) for one in other.providers(op) if wish.provider in (None, one))
            return
        for key in declared(model):
            other = self._project.catalogue.get(key)
            yield from ((one, other) for one in other.providers(op) if one not in OFF | KEYLESS)

    def _choice(self, provider: str, model: Model, known: Recipe) -> ModelChoice | None:
        """The choice of a stand-in; None where it cannot be had either, or would refuse what is asked."""
        if model.retired_on(self._today) or self._gone(model, provider, known.op):
            return None  # what only a gateway still has is for those who name it
        asked = self._project.provider(provider)
        choice = ModelChoice(provider, model.key, asked.version(model.key))
        if any(out.provider == provider and out.version in ("", choice.version) for out in self._outs):
            return None
        recipe = Recipe(
            op=known.op,
            provider=provider,
            model=choice.version,
            alias=model.key,
            prompt=known.prompt,
            params=known.params,
            inputs={},
        )
        # its inputs may not be there yet, so nothing is said here about those
        about = (("params",), ("model",))
        refused = (p for p in asked.validate(recipe) if p.severity is Severity.ERROR and p.path[:1] in about)
        return None if any(refused) else choice

    def _gone(self, model: Model, provider: str, op: Operation) -> bool:
        return model.gone_from(provider, op, self._today, gateway=self._project.elsewhere(provider))

    def _is_there(self, provider: str) -> bool:
        return is_there(provider) and self._project.remote(provider)

    def _opens(self, provider: str) -> bool:
        return self._project.simulator is not None or self._project.keys.find(provider) is not None


def declared(model: Model) -> Sequence[str]:
    """The keys that may stand in for a model, the best first; its own, for other providers have it too."""
    return list(dict.fromkeys([model.key, *([model.successor] if model.successor else []), *model.equivalents]))


def wishes_of(catalogue: Catalogue, texts: Iterable[str]) -> list[Wish]:
    """What `--stand-in OLD=NEW` says. Raises UserError for a name nobody knows and for what is not declared equal."""
    found = []
    for text in texts:
        if text == STAND_INS:
            continue
        old, equals, new = text.partition("=")
        provider, colon, key = new.strip().rpartition(":")
        first = catalogue.find(old.strip())
        second = catalogue.find(key.strip(), first.operations[0] if first is not None and first.operations else None)
        if not equals or first is None or second is None:
            near = catalogue.near(old.strip() if first is None else key.strip())
            hint = f"did you mean {near[0]!r}?" if near else "see rushes models"
            raise UserError(f"--stand-in {text!r}: give OLD=NEW with models that there are", next_step=hint)
        if second.key not in declared(first):
            others = [one for one in declared(first) if one != first.key]
            hint = f"declared are: {', '.join(others)}" if others else "name another model in the file"
            raise UserError(f"--stand-in: {second.key} is not declared to be equal to {first.key}", next_step=hint)
        found.append(Wish(first.key, second.key, provider or None if colon else None))
    return found


def outs_of(folded: RunFold) -> list[Out]:
    """What a run said is not to be had: by the steps that failed for good because of it."""
    outs: dict[tuple[str, str], Out] = {}
    last = {attempt.event.place: attempt.event for attempt in folded.attempts.values()}
    for spot, failed in folded.failed.items():
        attempt = last.get(failed.place)
        if failed.error not in _WHY or attempt is None or spot in folded.done:
            continue
        provider = attempt.provider
        version = attempt.model if failed.error is ErrorClass.RETIRED_MODEL else ""
        outs[provider, version] = Out(provider, version, _WHY[failed.error].format(provider=provider))
    return list(outs.values())


def with_outs(project: Project, file: Path, options: RunOptions) -> RunOptions:
    """The options with what the run before said is not to be had; as they are where nobody may stand in."""
    if STAND_INS not in options.substitute or options.outs:
        return options
    for record in project.ledger.runs(file=str(file.absolute()), limit=1):
        before = record.options.outs if STAND_INS in record.options.substitute else ()
        return joined(options, before, outs_of(fold(project.ledger.events(record.id))))
    return options


def outs_after(project: Project, run: RunId, options: RunOptions) -> RunOptions | None:
    """The options to go on with after a run that failed; None when it told nothing new about what is to be had."""
    if STAND_INS not in options.substitute:
        return None
    more = joined(options, options.outs, outs_of(fold(project.ledger.events(run))))
    return more if more.outs != options.outs else None


def joined(options: RunOptions, before: Sequence[tuple[str, str, str]], more: Sequence[Out]) -> RunOptions:
    """The options with both, each once."""
    known = {one[:2] for one in before}
    fresh = [(one.provider, one.version, one.why) for one in more if (one.provider, one.version) not in known]
    return dataclasses.replace(options, outs=(*before, *fresh))


def doubtful_in(project: Project) -> frozenset[BaseKey]:
    """Questions that were sent and have no end: nobody stands in for what may have been bought, or is being made."""
    sent = project.ledger.doubtful()
    folded = {run: fold(project.ledger.events(run)) for run in dict.fromkeys(run for run, _attempt in sent)}
    found = (folded[run].attempts.get(attempt) for run, attempt in sent)
    return frozenset(one.event.base for one in found if one is not None)
