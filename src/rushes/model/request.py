"""A request: exactly what a provider will be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rushes.model.canonical import request_key
from rushes.model.ids import BaseKey, RequestKey
from rushes.model.media import Artifact
from rushes.model.operation import Operation
from rushes.model.workflow import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that makes a base key: the request without its candidate and salt.

    `model` is the version that the provider is asked for; `alias` is what the file said and `stands_in` for whom
    another model was asked, and why: both for people, and not part of the key. `inputs` are artifacts by role, in the
    provider's order.
    """

    op: Operation
    provider: str
    model: str
    prompt: str | None
    params: Mapping[str, Json]
    inputs: Mapping[str, tuple[Artifact, ...]]
    alias: str = ""
    stands_in: str = ""

    def plain(self) -> dict[str, object]:
        """The recipe as JSON: what is hashed, kept beside the key and compared to say *why*."""
        return {
            "op": str(self.op),
            "provider": self.provider,
            "model": self.model,
            "prompt": self.prompt,
            "params": dict(self.params),
            "inputs": {role: [one.digest for one in many] for role, many in self.inputs.items()},
        }

    def kept(self) -> dict[str, object]:
        """The recipe as it is kept beside a result: labelled, where it is not the model that the file names."""
        return {**self.plain(), **({"stands_in": self.stands_in} if self.stands_in else {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One asking: a recipe, the candidate's number and salt, the seed that goes with them, and its key."""

    recipe: Recipe
    base: BaseKey
    candidate: int
    salt: int
    seed: int
    key: RequestKey = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", request_key(self.base, self.candidate, self.salt))
