"""What a run is handed, what earlier processes left of it, and how it ended: the values at the ends of `drive`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from rushes.engine.order import Open
from rushes.engine.retry import RetryPolicy
from rushes.graph.grid import Grid
from rushes.graph.setting import Setting
from rushes.graph.value import Outcome
from rushes.model.event import Told
from rushes.model.ids import AttemptId, RequestKey, RunId
from rushes.model.patience import Patience, declared, undeclared
from rushes.model.run import OnUnknown, RunState
from rushes.model.workflow import LimitSpec, Node


class Past(NamedTuple):
    """What earlier processes of this run left.

    The highest number of an attempt, tries per request, attempts that are open or in doubt, attempts that were given up
    while their provider had the job, attempts that were never sent, whether the run was driven before, the number
    of the last entry, what the run was told up to there, and who drove it last.
    """

    attempts: int = 0
    tries: Mapping[RequestKey, int] = {}
    open: Mapping[RequestKey, Open] = {}
    late: Mapping[RequestKey, Open] = {}
    unsent: tuple[AttemptId, ...] = ()
    resumed: bool = False
    seq: int = 0
    told: tuple[Told, ...] = ()
    owner: str = ""


def _of_its_own(node: Node) -> Patience:
    """What a node says of its time, and else what its kind of work may take."""
    return undeclared(node.op) if node.timeout is None else declared(node.timeout, "step")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to drive.

    `selected` are the numbers of the nodes that may buy, `selection` the flags that said so. `patience` is how long one
    request of a node may take, `seconds` how long it is expected to, for the order of work. `scopes` are the accounts
    that a node's money is held in. `concurrency` caps what is in flight, `usual` is the cap that nobody's flag set;
    `priority` is the run's among others that want the same account, the highest first.
    """

    run: RunId
    grid: Grid
    setting: Setting
    selected: frozenset[int]
    selection: str = ""
    owner: str = ""
    limits: Sequence[LimitSpec] = ()
    concurrency: int | None = None
    usual: int | None = None
    priority: int = 0
    fail_fast: bool = False
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    request_delay: float = 0.0
    patience: Callable[[Node], Patience] = _of_its_own
    seconds: Callable[[Node], float] = lambda _node: 1.0
    scopes: Callable[[Node], tuple[str, ...]] = lambda _node: ()
    on_unknown: OnUnknown = OnUnknown.ASK
    past: Past = field(default_factory=Past)


class RunEnd(NamedTuple):
    """How a run ended and what every cell came to; AFTER marks what was not reached."""

    state: RunState
    outcomes: tuple[Outcome, ...]
