"""Use case: tell a run something while another process drives it: to pause, to go on, to stop, to turn a knob.

What is told is a fact of the run's journal, written only if it makes sense at that very moment; the process that drives
the run hears it within a tenth of a second. What keeps a paused run from buying is the ledger itself.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from rushes.app.project import Project
from rushes.app.review import person
from rushes.app.show import run_named
from rushes.errors import UserError
from rushes.ledger.words import last_word, sent
from rushes.model.event import Reserved, Told
from rushes.model.ids import AttemptId, RunId
from rushes.model.money import ZERO
from rushes.model.run import DRIVEN, PRIORITIES, Knob, RunState, Verb

Knobs = Mapping[Knob, int | None]

_LEAVES_IN_FLIGHT = (Verb.PAUSE, Verb.DRAIN, Verb.CANCEL)


class InFlight(NamedTuple):
    """A request that its provider has, or is being sent. `worst` is the most that it costs, in USD (None: unknown)."""

    attempt: AttemptId
    node: str
    row: int
    candidate: int
    provider: str
    model: str
    worst: Decimal | None

    def plain(self) -> dict[str, Any]:
        """As JSON; rows and candidates count from 1."""
        worst = None if self.worst is None else str(self.worst)
        return {**self._asdict(), "row": self.row + 1, "candidate": self.candidate + 1, "worst": worst}


class Answer(NamedTuple):
    """What came of telling a run something.

    `before`: that stood already, and nothing was written. `by` and `at` (unix seconds) are of the word that stands.
    `driven`: a process drives it; else `knobs` are for whoever resumes it. `in_flight` is what its providers are at, of
    a run that begins nothing more: it is finished and kept, or, where it is cancelled, may be charged all the same.
    """

    run: RunId
    verb: Verb
    by: str
    at: float
    before: bool
    driven: bool
    state: RunState
    knobs: Knobs
    in_flight: tuple[InFlight, ...]

    @property
    def worst(self) -> Decimal:
        """The most that what is in flight costs, in USD, but for what has no known price."""
        return sum((one.worst or ZERO for one in self.in_flight), ZERO)

    @property
    def unpriced(self) -> int:
        """How many of the requests in flight have no known price."""
        return sum(one.worst is None for one in self.in_flight)

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "run": self.run,
            "verb": str(self.verb),
            "by": self.by,
            "at": self.at,
            "before": self.before,
            "driven": self.driven,
            "state": str(self.state),
            "set": {str(knob): value for knob, value in self.knobs.items()},
            "in_flight": [one.plain() for one in self.in_flight],
            "worst_usd": str(self.worst),
            "unpriced": self.unpriced,
        }


def tell(project: Project, run: str | None, verb: Verb, knobs: Knobs | None = None, *, by: str | None = None) -> Answer:
    """Tell a run (the newest, when none is named) what to do. Said twice it is said once.

    Raises NotFound, and UserError for a run that is over, that nobody drives, or that is stopping already, and for a
    knob that cannot be turned so far.
    """
    turned = dict(knobs or {})
    _check(verb, turned)
    record, who, now = run_named(project, run), by or person(), time.time()
    driven: list[bool] = []

    def say(state: RunState, owner: str | None) -> Sequence[Told]:
        _refuse(record.id, state if owner or state not in DRIVEN else RunState.INTERRUPTED, owner, verb)
        driven.append(owner is not None)
        if verb is Verb.SET:
            return [Told(verb=verb, by=who, owner=owner, knob=knob, value=value) for knob, value in turned.items()]
        return [] if _stands(state, verb) else [Told(verb=verb, by=who, owner=owner)]

    written = project.ledger.tell(record.id, say, now)
    said = None if written else last_word(project.ledger.database, record.id)
    stood = said if said is not None and said.said.verb is verb else None
    asked = sent(project.ledger.database, record.id) if verb in _LEAVES_IN_FLIGHT else []
    return Answer(
        run=record.id,
        verb=verb,
        by=who if stood is None else stood.said.by,
        at=now if stood is None else stood.at,
        before=not written,
        driven=driven[-1],
        state=project.ledger.run(record.id).state if driven[-1] else record.state,
        knobs=turned,
        in_flight=tuple(map(_in_flight, asked)),
    )


def _check(verb: Verb, knobs: Knobs) -> None:
    if (verb is Verb.SET) != bool(knobs):
        raise UserError(
            "set needs what to set, and nothing else takes it",
            next_step="such as: rushes ctl RUN set concurrency=8",
        )
    least, most = PRIORITIES
    for knob, value in knobs.items():
        if knob is Knob.CONCURRENCY and value is not None and value < 1:
            raise UserError(
                f"concurrency is at least 1, not {value}", next_step="to begin nothing: rushes ctl RUN pause"
            )
        if knob is Knob.PRIORITY and value is not None and not least <= value <= most:
            raise UserError(f"priority is from {least} to {most}, not {value}", next_step="the highest is served first")


def _refuse(run: RunId, state: RunState, owner: str | None, verb: Verb) -> None:
    """UserError for what cannot be said to a run in this state."""
    if state in (RunState.DONE, RunState.CANCELLED) or (owner and state not in DRIVEN):
        raise UserError(f"run {run} is over ({state})", next_step=f"see: rushes status {run}")
    if owner is None and verb is not Verb.SET:
        raise UserError(f"nobody drives run {run}: it is {state}", next_step=_NOBODY[verb].format(run=run))
    if state is RunState.STOPPING and verb in (Verb.PAUSE, Verb.RESUME):
        raise UserError(
            f"run {run} is stopping already", next_step=f"when it has stopped, go on with: rushes resume {run}"
        )


_GO_ON = "go on with it: rushes resume {run}"
_NOBODY = {
    Verb.PAUSE: "it buys nothing; " + _GO_ON,
    Verb.RESUME: _GO_ON,
    Verb.DRAIN: "it buys nothing; what its providers have is fetched when you " + _GO_ON,
    Verb.CANCEL: "it buys nothing; what its providers have is fetched when you " + _GO_ON,
}
"""What to do instead with a run that nobody drives."""


def _stands(state: RunState, verb: Verb) -> bool:
    """Whether the run does so already. Who is told to finish may still be told to call everything off."""
    at_rest = {Verb.PAUSE: RunState.PAUSED, Verb.RESUME: RunState.RUNNING, Verb.DRAIN: RunState.STOPPING}
    return state is at_rest.get(verb)


def _in_flight(event: Reserved) -> InFlight:
    place = event.place
    return InFlight(event.attempt, place.node, place.row, place.candidate, event.provider, event.model, event.worst)
