"""What a run adds to a document: values, references, models, defaults, and what is asked again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from rushes.graph.loan import Lender
from rushes.model.ids import BaseKey, NodeId
from rushes.model.media import Artifact
from rushes.model.workflow import Node, Pick


class ModelChoice(NamedTuple):
    """What an alias stands for today: provider, catalogue key, and the version that enters the key."""

    provider: str
    model: str
    version: str


class StandIn(NamedTuple):
    """Who may be asked in the place of a node's own model: a declared equivalent; and why, in words for people."""

    choice: ModelChoice
    why: str


class Setting(NamedTuple):
    """What a run adds to a document: values of variables, the artifacts of references, defaults, overrides.

    `prompts` replaces the prompt of a node for this run; `floors` asks again: for a (question, candidate), only
    results with at least that salt count. `choose` is called once per node and may read anything of it; so is
    `stand_in`, which is None where the person allows none. `doubtful` are questions with an unknown outcome: nobody
    stands in for what may have been bought. `lender` is who may answer with what was made for another prompt; None
    where the person allows nobody.
    """

    variables: Mapping[str, str]
    sources: Mapping[str, Artifact]
    choose: Callable[[Node], ModelChoice]
    pick: Pick = Pick.ASK
    pick_wins: bool = False  # the run's pick beats the one in the file
    attempts: int = 3
    candidates: int | None = None
    prompts: Mapping[str, str] = {}
    floors: Mapping[tuple[BaseKey, int], int] = {}
    fresh_seed: bool = False  # askings above a floor ignore a seed that the file pins
    stand_in: Callable[[Node], StandIn | None] | None = None
    doubtful: frozenset[BaseKey] = frozenset()
    apart: str = ""  # a name under which everything is asked as if nothing had ever been asked
    as_ever: frozenset[NodeId] = frozenset()  # these nodes know nothing of `apart` and `floors`
    lender: Lender | None = None
