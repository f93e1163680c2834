"""What a run is asked to do, and what the ledger keeps of it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from rushes.model.ids import Digest, RunId
from rushes.model.profile import Profile, profile_of
from rushes.model.workflow import Pick


class RunMode(StrEnum):
    """Which part of a workflow: stills only, the films from the stills there are, or all of it."""

    IMAGES = "images"
    VIDEOS = "videos"
    FULL = "full"


STAND_INS = "auto"
"""In `RunOptions.substitute`: whoever is declared to be equal, for whatever is not to be had."""


class OnUnknown(StrEnum):
    """What to do about a request of which nobody can say whether it was accepted.

    ASK holds its step and lets a person decide; RESUBMIT counts it as paid and buys once more; FAIL gives its step up.
    """

    ASK = "ask"
    RESUBMIT = "resubmit"
    FAIL = "fail"


class RunState(StrEnum):
    """How far a run has come. PARKED waits for a person and holds no process; INTERRUPTED was stopped and resumes.

    PAUSED and STOPPING are driven, and were told to begin nothing paid: until they are told to go on, or for good.
    """

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    PARKED = "parked"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


PACE = ("concurrency", "priority", "timeout", "fail_fast")
"""The `RunOptions` that say how a run is driven, and nothing of what it makes."""

DRIVEN = frozenset({RunState.RUNNING, RunState.PAUSED, RunState.STOPPING})
"""The states of a run that a process drives."""

SHUT = frozenset({RunState.PAUSED, RunState.STOPPING})
"""The states in which no paid call begins."""


class Verb(StrEnum):
    """What a run can be told from elsewhere.

    PAUSE begins nothing until RESUME; DRAIN finishes what is under way, and stops; CANCEL calls it off; SET turns a
    knob.
    """

    PAUSE = "pause"
    RESUME = "resume"
    DRAIN = "drain"
    CANCEL = "cancel"
    SET = "set"


class Knob(StrEnum):
    """What of a run can be set while it is driven; each is the `RunOptions` field of that name."""

    CONCURRENCY = "concurrency"
    PRIORITY = "priority"


PRIORITIES = (-100, 100)
"""The least and the highest priority of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """Everything that flags can say about one run; kept with it, so that a resume means the same.

    Names of nodes may be ids or titles. `floors` asks again: (base key, candidate, least salt). `variables` holds
    the values of `{{input}}`, `{{timestamp}}`, `{{random}}` and `--set`, fixed when the run was made. `substitute` says
    who may stand in for models that are not to be had, `outs` which those are. Of runs that want the same account the
    one with the higher `priority` is served first (-100 to 100).
    """

    provider: str | None = None
    mode: RunMode = RunMode.FULL
    only: tuple[str, ...] = ()
    start: tuple[str, ...] = ()  # --from
    until: tuple[str, ...] = ()
    without: tuple[str, ...] = ()  # --except
    tabs: tuple[str, ...] = ()
    failed: bool = False
    stale: bool = False
    concurrency: int | None = None
    priority: int = 0
    attempts: int | None = None
    candidates: int | None = None
    pick: Pick | None = None
    fail_fast: bool = False
    timeout: float | None = None
    budget: Decimal | None = None  # USD; the ceiling of this run
    variables: dict[str, str] = field(default_factory=dict)
    output_dir: str | None = None
    sim: str | None = (
        None  # the simulator that stood in for remote providers; a resume never takes it for the real ones
    )
    rerun: tuple[str, ...] = ()
    fresh_seed: bool = False
    prompt: str | None = None  # for the nodes of `rerun`
    on_unknown: OnUnknown | None = None
    floors: tuple[tuple[str, int, int], ...] = ()
    substitute: tuple[str, ...] = ()  # STAND_INS, `OLD=NEW`
    similar: float | None = None  # from this score on (0 to 1), what was made for the most alike prompt is taken
    takes: tuple[tuple[str, int | None, str], ...] = ()  # (node, row, how a digest begins): taken instead of bought
    profile: str | None = None  # the name of other means for the same file; None: the file as it stands
    means: Profile | None = None  # what that name meant when the run was made
    outs: tuple[tuple[str, str, str], ...] = ()  # (provider, version or "", why): found not to be had
    rows: Digest | None = None  # a part of a batch: the blob with its rows, each of which runs the whole workflow
    batch: str | None = None  # the batch that this run is a part of
    usual: str | None = None  # who is asked where nobody names anybody; None: the offline painter
    apart: str = ""  # the name under which a benchmark asks everything as if nothing had ever been asked

    def plain(self) -> dict[str, Any]:
        """As JSON; money as a string."""
        return {**dataclasses.asdict(self), "budget": None if self.budget is None else str(self.budget)}

    @classmethod
    def structured(cls, raw: dict[str, Any]) -> RunOptions:
        """From what `plain` wrote."""
        values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in raw.items()}
        values["mode"] = RunMode(values["mode"])
        values["pick"] = None if values["pick"] is None else Pick(values["pick"])
        values["budget"] = None if values.get("budget") is None else Decimal(values["budget"])
        values["on_unknown"] = OnUnknown(said) if (said := values.get("on_unknown")) else None
        values["floors"] = tuple((base, candidate, salt) for base, candidate, salt in values["floors"])
        values["outs"] = tuple((provider, version, why) for provider, version, why in values.get("outs", ()))
        values["means"] = profile_of(raw.get("means"))
        values["takes"] = tuple((node, row, digest) for node, row, digest in values.get("takes", ()))
        return cls(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """A run's row in the ledger. `document` is the workflow file's bytes as they were; times are unix seconds.

    `owner` names the process that drives it, or did when it died.
    """

    id: RunId
    workflow: str
    file: str
    document: Digest
    format: str
    options: RunOptions
    fingerprint: str
    created: float
    state: RunState = RunState.CREATED
    updated: float = 0.0
    owner: str | None = None
