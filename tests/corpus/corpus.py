"""The two corpora: requests that a provider refuses, and requests that it takes; how they are read and played."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from tests.providers.cast import WORDS, Cast
from tests.providers.rig import access

from rushes.app.plugins import provider_named
from rushes.catalogue.load import Catalogue
from rushes.model.operation import Operation
from rushes.model.request import Recipe
from rushes.plugin.takes import Takes
from rushes.providers.remote import Remote
from rushes.sim.simulator import Simulator

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One request of a corpus: the model and the work, and what is particular about it.

    `prompt` is words, how many letters it has, or None; `inputs` say how many files a role has, or what its one file
    is (`media_type`, `size`). Of a refused one `names` is what a person has to be told; `wire` is false where a service
    cannot see it: a file's type or size, an input without a field. Of an accepted one `sends` is what is sent, where
    that is written down.
    """

    provider: str
    model: str
    op: str
    params: Mapping[str, Any]
    prompt: str | int | None = WORDS
    inputs: Mapping[str, Any] | None = None
    names: str = ""
    wire: bool = True
    sends: Mapping[str, Any] | None = None

    @property
    def id(self) -> str:
        """How the case is called in a list of tests."""
        about = json.dumps(self.params) if self.params else f"{self.inputs or self.prompt}"
        return f"{self.provider} {self.model} {self.op} {about}"[:110]


@cache
def cases(name: str) -> tuple[Case, ...]:
    """One corpus."""
    return tuple(Case(**one) for one in json.loads((HERE / f"{name}.json").read_bytes())["requests"])


def remote_of(case: Case, sim: Simulator | None = None, *, loose: bool = False) -> Remote:
    """The adapter that a case is about; a `loose` one knows the names of parameters and no rule of any."""
    there = access(case.provider, f"{sim.url}/{case.provider}" if sim is not None else None)
    if loose:
        there = there._replace(takes=lambda endpoint, takes=there.takes: loosened(takes(endpoint)))  # type: ignore[misc]
    made = provider_named(case.provider, lambda: there, _no_room).provider
    assert isinstance(made, Remote)
    return made


def loosened(takes: Takes | None) -> Takes | None:
    """What an endpoint takes, without any rule: what is wrong goes over the wire as it is."""
    if takes is None:
        return None
    free = {name: {} for name in takes.properties}
    return replace(takes, schema={"type": "object", "properties": free}, files=type(takes.files)())


def recipe_of(case: Case, remote: Remote, cast: Cast) -> Recipe:
    """The request of a case."""
    model = Catalogue.default().get(case.model)
    recipe = cast.recipe(remote, model, Operation(case.op), case.params)
    if case.prompt != WORDS:
        recipe = replace(recipe, prompt="a" * case.prompt if isinstance(case.prompt, int) else case.prompt)
    inputs = dict(recipe.inputs)
    for role, wanted in (case.inputs or {}).items():
        if isinstance(wanted, int):
            inputs[role] = (cast.artifact(role),) * wanted
        else:
            inputs[role] = (cast.artifact(role, **wanted),)
    return replace(recipe, inputs={role: many for role, many in inputs.items() if many})


def _no_room() -> Any:
    raise AssertionError("the corpora are about services")
