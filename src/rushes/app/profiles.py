"""Other means for the same file: `--profile draft` to see whether it will be any good, then the file as it stands.

A profile changes the workflow before anything is asked, as its author would have: another model, fewer candidates, a
lower resolution. So everything else holds as for every file: what is asked otherwise has another key, an approval of a
draft is none of the final, and the final buys only what differs from what there is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from rushes.app.models import Models
from rushes.app.plugins import is_there
from rushes.app.project import Project
from rushes.app.smaller import RESOLUTION, resolutions_for
from rushes.catalogue.endpoints import takes_at
from rushes.catalogue.model import Listing, Model
from rushes.errors import ConfigError, UserError
from rushes.model.listed import first_of
from rushes.model.money import Estimate, show_most
from rushes.model.operation import REMOTE
from rushes.model.problem import Problem, Severity, did_you_mean
from rushes.model.profile import DRAFT, FINAL, Profile
from rushes.model.run import RunOptions
from rushes.model.spelling import DURATION
from rushes.model.workflow import Node, Workflow

_ROUNDS = 8  # parameters of one node that may turn out not to be had


class Swap(NamedTuple):
    """What a profile did to one node. `old` and `new` are keys of the catalogue, the same where the model stays.

    `says` are its words: parameters that were changed or left out, or why the model stays.
    """

    node: str
    title: str
    old: str
    new: str
    says: tuple[str, ...]

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {**self._asdict(), "says": list(self.says)}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What a profile made of a workflow; `final` is what the file as it stands would cost (None: it cannot be run)."""

    profile: Profile
    swaps: tuple[Swap, ...]
    final: Estimate | None = None

    def lines(self, mine: Estimate) -> Iterator[str]:
        """For people: both prices, then what is asked instead of what."""
        final = "cannot be run as it stands" if self.final is None else show_most(self.final)
        yield f"profile {self.profile.name}: {self.profile.name} {show_most(mine)}, {FINAL} {final}"
        groups: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
        for one in self.swaps:
            groups.setdefault((one.old, one.new, one.says), []).append(one.title or one.node)
        for (old, new, says), names in groups.items():
            what = f"{new} instead of {old}" if new != old else f"{old} stays"
            yield "; ".join([f"{first_of(names)}: {what}", *says])

    def plain(self, mine: Estimate) -> dict[str, Any]:
        """As JSON; money as strings, of everything that may become necessary."""
        final = None if self.final is None or self.final.unknown else str(self.final.high)
        own = None if mine.unknown else str(mine.high)
        return {"name": self.profile.name, "usd": own, "final_usd": final, "swaps": [one.plain() for one in self.swaps]}


def meant(project: Project, options: RunOptions) -> RunOptions:
    """The options with what the name of a profile means today. Raises UserError for a name that nobody gave."""
    name = options.profile
    if name in (None, FINAL):
        return dataclasses.replace(options, profile=None, means=None)
    own = {one: sourced.value for one, sourced in project.config.profiles.items()}
    known = {DRAFT.name: DRAFT, **own}
    if name not in known:
        hint = did_you_mean(get_close_matches(str(name), known, n=1), f"there are: {', '.join([*known, FINAL])}")
        raise UserError(f"--profile {name!r}: there is no such profile", next_step=hint)
    means = known[name]
    return dataclasses.replace(options, means=means, provider=options.provider or means.provider)


def under_profile(project: Project, workflow: Workflow, options: RunOptions, folder: Path) -> tuple[Workflow, Changed]:
    """The workflow under the profile of these options. Raises ConfigError for a model that nobody knows."""
    assert options.means is not None
    change = _Change(project, workflow, options, options.means, folder)
    tabs = tuple(tab._replace(nodes=tuple([change.of(node) for node in tab.nodes])) for tab in workflow.tabs)
    return dataclasses.replace(workflow, tabs=tabs), Changed(profile=options.means, swaps=tuple(change.swaps))


class _Change:
    """The nodes of one workflow, one after the other."""

    def __init__(
        self, project: Project, workflow: Workflow, options: RunOptions, profile: Profile, folder: Path
    ) -> None:
        self._project, self._options, self._profile = project, options, profile
        self._models = Models(project, workflow, options, {}, folder)
        self._wishes = [self._wish(old, new) for old, new in profile.models]
        self.swaps: list[Swap] = []

    def _wish(self, old: str, new: str) -> tuple[Model, str]:
        catalogue = self._project.catalogue
        for name in (old, new):
            if catalogue.find(name) is None:
                hint = did_you_mean(catalogue.near(name), "see: rushes models")
                where = f"profiles.{self._profile.name}.models"
                raise ConfigError(f"{where}: there is no model {name!r}", next_step=hint)
        found = catalogue.find(old)
        assert found is not None
        return found, new

    def of(self, node: Node) -> Node:
        """The node under the profile, as it is where nothing of it is asked of a model."""
        if node.op not in REMOTE or not node.enabled or not self._is_there(self._models.provider_of(node)):
            return node  # whoever is not there is told of elsewhere
        own = self._project.catalogue.resolve(node.model, node.op)
        if not isinstance(own, Model) or self._models.own_name(node) is not None:
            return self._lessened(node, None, [])
        why = "it has no draft" if self._profile.drafts else ""
        for model in self._instead(own, node):
            other, why, said = self._as(node, model)
            if other is not None:
                return self._lessened(other, Swap(str(node.id), node.title, own.key, model.key, ()), said)
        swap = Swap(str(node.id), node.title, own.key, own.key, ()) if why else None
        node, small = self._smaller(node)
        return self._lessened(node, swap, [why, *small])

    def _instead(self, own: Model, node: Node) -> Iterator[Model]:
        """Who may be asked instead of a node's own model, the best first."""
        catalogue = self._project.catalogue
        for old, new in self._wishes:
            if old.key == own.key or getattr(catalogue.find(old.key, node.op), "key", None) == own.key:
                found = catalogue.find(new, node.op)
                yield from [found] if found is not None else []
                return
        if self._profile.drafts:
            yield from (catalogue.get(key) for key in own.drafts)

    def _as(self, node: Node, model: Model) -> tuple[Node | None, str, list[str]]:
        """The node with another model, what was changed for it; or None and why it cannot be."""
        if node.op not in model.operations:
            return None, f"{model.key} does no {node.op}", []
        other = node._replace(model=model.key)
        provider = self._models.provider_of(other)
        if not self._is_there(provider) or not self._models.offered(other):
            return None, f"{provider} does not offer {model.key}", []
        listing = model.listed_by(provider, node.op) or next(
            one for one in model.listings() if node.op in one.operations
        )
        lacking = _lacking(node, listing)
        if lacking:
            return None, f"{model.key} takes no {lacking}", []
        other, said = self._with_length(other, model)
        for _round in range(_ROUNDS):
            refused = self._refused(other)
            if refused is None:
                other, small = self._smaller(other)
                said += small
                return (
                    (None, f"{model.key} costs more for this", []) if self._dearer(other, node) else (other, "", said)
                )
            name = str(refused.path[1]) if refused.path[:1] == ("params",) and len(refused.path) > 1 else None
            if name is None or name not in other.params:
                return None, f"{model.key}: {refused.says}", []
            other = other._replace(params={one: value for one, value in other.params.items() if one != name})
            said.append(f"{name} left out")
        return None, f"{model.key} takes too little of what is asked", []

    def _with_length(self, node: Node, model: Model) -> tuple[Node, list[str]]:
        """The node with the nearest length that the model has, where it has not that of the file."""
        name = next((name for name in DURATION if name in node.params), None)
        length = _seconds(node.params[name]) if name is not None else None
        if name is None or length is None or not model.durations or length in model.durations:
            return node, []
        nearest = min(model.durations, key=lambda one: (abs(one - length), one))
        says = f"{name} {nearest} instead of {node.params[name]}"
        return node._replace(params={**node.params, name: nearest}), [says]

    def _smaller(self, node: Node) -> tuple[Node, list[str]]:
        """The node in the resolution that the profile wants, or the nearest that can be had at a known price."""
        found: list[tuple[Node, Any]] = []
        for value in resolutions_for(self._project, self._models, node, self._profile.resolution):
            smaller = node._replace(params={**node.params, RESOLUTION: value})
            if self._refused(smaller) is None:
                found.append((smaller, value))
        known = [one for one in found if self._models.quote(one[0], None).high is not None]
        if not found or (not known and self._models.quote(node, None).high is not None):
            return node, []
        smaller, value = (known or found)[0]
        return smaller, [f"{RESOLUTION} {value}"] if value != node.params.get(RESOLUTION) else []

    def _dearer(self, one: Node, other: Node) -> bool:
        """Whether a draft would cost more, or an amount that nobody knows; what a person named may."""
        if any(new == one.model for _old, new in self._wishes):
            return False
        mine, theirs = self._models.quote(one, None).high, self._models.quote(other, None).high
        return theirs is not None and (mine is None or mine > theirs)

    def _is_there(self, provider: str) -> bool:
        return provider in self._project.loaded_providers() or is_there(provider)

    def _refused(self, node: Node) -> Problem | None:
        """The first thing that the node's provider would refuse, or not send."""
        recipe = self._models.known(node)
        found = self._project.provider(recipe.provider).validate(recipe)
        about = [one for one in found if one.path[:1] in (("params",), ("model",))]
        errors = [one for one in about if one.severity is Severity.ERROR]
        return next(iter([*errors, *(one for one in about if one.path[:1] == ("params",))]), None)

    def _lessened(self, node: Node, swap: Swap | None, says: Sequence[str]) -> Node:
        """Fewer candidates, fewer attempts: what the flags did not say otherwise."""
        profile, options, said = self._profile, self._options, list(filter(None, says))
        if profile.candidates is not None and options.candidates is None and node.candidates > profile.candidates:
            said.append(f"{profile.candidates} of {node.candidates} candidates")
            node = node._replace(candidates=profile.candidates)
        if profile.attempts is not None and options.attempts is None:
            node = node._replace(attempts=min(profile.attempts, node.attempts or profile.attempts))
        if swap is not None or said:
            key = swap or Swap(str(node.id), node.title, node.model or "", node.model or "", ())
            self.swaps.append(key._replace(says=tuple(said)))
        return node


def _lacking(node: Node, listing: Listing) -> str:
    """The first role of a node that an endpoint does not take; nothing where it takes all, or nobody knows."""
    takes = takes_at(listing.provider, listing.endpoint)
    if takes is None:
        return ""
    roles = {**takes.inputs, **{one["role"]: "" for one in takes.routes if "role" in one}}
    for one in node.inputs:
        if one.role not in roles:
            return one.role
        if len(one.refs) > 1 and not roles[one.role].endswith("[]"):
            return f"several of {one.role}"
    return ""


def _seconds(value: object) -> float | None:
    try:
        return float(str(value).strip().lower().rstrip("s"))
    except ValueError:
        return None
