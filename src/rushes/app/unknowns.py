"""Use case: requests of which nobody can say whether they were accepted, and a person's word about one.

What is unknown is told from the ledger, over all runs. A word is written only if the attempt is in doubt at that very
moment, in the transaction that looks; so two people, or a person and a running process, cannot both decide.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from rushes.app.project import Project
from rushes.app.review import person
from rushes.errors import NotFound, RemoteError, RushesError, UserError
from rushes.ledger.entry import Entry
from rushes.ledger.fold import AttemptState, RunFold, fold
from rushes.model.event import Resolved, RunStarted, Unknown
from rushes.model.ids import AttemptId, RunId
from rushes.model.operation import SIGNATURES
from rushes.model.run import RunRecord
from rushes.plugin.provider import Duplicates

_ENDED = {
    "Reserved": "it was never sent",
    "Submitting": "it is being sent",
    "Accepted": "its provider has it, and a resume fetches it",
    "Running": "its provider is at it",
    "Done": "its provider has finished it, and a resume fetches it",
    "Stored": "its result is in the store",
    "Failed": "it failed",
    "Cancelled": "it was cancelled",
    "Released": "it was never sent",
}
"""What to say about an attempt that is not unknown."""


class Outcome(StrEnum):
    """What became of a request, as a person found out at the provider."""

    PAID = "paid"  # it was charged, and no result will come
    LOST = "lost"  # it was never accepted: nothing was charged
    ADOPT = "adopt"  # it was accepted, and here it is


class UnknownAttempt(NamedTuple):
    """One request in doubt. `at` is when it was sent (unix seconds), `worst` what it may have cost in USD.

    `asked` is false when its process died before it could ask the provider: a resume does that first. `key` is our
    idempotency key; `keyed` says that its provider takes one, so that it can be looked for there.
    """

    attempt: AttemptId
    run: RunId
    workflow: str
    file: str
    node: str
    row: int
    candidate: int
    op: str
    provider: str
    model: str
    at: float
    worst: Decimal | None
    key: str
    asked: bool
    says: str
    keyed: bool = False

    @property
    def look_for(self) -> str:
        """What to look for at the provider."""
        when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(self.at))
        key = f", idempotency key {self.key}" if self.keyed else ""
        return f"a request to {self.model} at {self.provider}, sent {when}{key}"

    def plain(self) -> dict[str, Any]:
        """As JSON; rows and candidates count from 1."""
        worst = None if self.worst is None else str(self.worst)
        counted = {"row": self.row + 1, "candidate": self.candidate + 1, "worst": worst}
        return {**self._asdict(), **counted, "look_for": self.look_for}


class Resolution(NamedTuple):
    """A word about an attempt that was written, or stood there already."""

    attempt: AttemptId
    run: RunId
    outcome: Outcome
    remote: str | None
    before: bool


def unknowns(project: Project) -> list[UnknownAttempt]:
    """Every request in doubt, of every run, oldest first: those nobody can speak for, and those nobody asked about."""
    found: list[UnknownAttempt] = []
    wanted: dict[RunId, set[AttemptId]] = {}
    for run, attempt in project.ledger.doubtful():
        wanted.setdefault(run, set()).add(attempt)
    for run, attempts in wanted.items():
        record = project.ledger.run(run)
        dead = record.owner is None or project.ledger.dead(record.owner, time.time())
        state = fold(project.ledger.events(run))
        found.extend(
            _told(record, one)._replace(keyed=_takes_keys(project, one.event.provider))
            for name in sorted(attempts)
            if (one := state.attempts.get(name)) is not None and _in_doubt(one, dead)
        )
    return sorted(found, key=lambda one: (one.at, one.attempt))


async def resolve(
    project: Project,
    attempt: str,
    outcome: Outcome,
    remote: str | None = None,
    *,
    by: str | None = None,
    note: str = "",
) -> Resolution:
    """Write down what became of an attempt in doubt. Said twice it is said once.

    `remote` belongs to ADOPT: the provider's id of the job, or the URL of its result, which is fetched now. Raises
    NotFound, UserError for an attempt that is not in doubt, RefusedError and StoreError for a URL that cannot be used.
    """
    if (outcome is Outcome.ADOPT) != bool(remote):
        raise UserError(
            "adopt needs the job's id at the provider or the URL of its result, and nothing else takes one",
            next_step=f"rushes resolve {attempt} --as adopt ID-OR-URL",
        )
    record, name = _run_of(project, attempt)
    state = _known(project, fold(project.ledger.events(record.id)), name)
    if _same_word(state, outcome):
        return Resolution(name, record.id, outcome, state.remote, before=True)
    _refuse_certain(state)
    if remote is not None and remote.startswith(("http://", "https://")):
        remote = await _at(project, state, remote)
    word = Resolved(attempt=name, outcome=str(outcome), by=by or person(), remote=remote, note=note)

    def look(entries: Sequence[Entry], owner: str | None) -> None:
        _refuse_certain(fold(entries).attempts[name])
        if owner is not None and not _left_alone(entries, name):
            raise UserError(
                f"run {record.id} is asking the provider about {name} at this moment",
                next_step="wait for it to end, or stop it with Ctrl-C",
            )

    project.ledger.append_if(record.id, [word], time.time(), look)
    return Resolution(name, record.id, outcome, remote, before=False)


def _in_doubt(one: AttemptState, dead: bool) -> bool:
    return one.stage == "Unknown" or (dead and one.stage == "Submitting" and not one.event.harmless)


def _takes_keys(project: Project, provider: str) -> bool:
    try:
        return project.provider(provider).facts.duplicates is Duplicates.IDEMPOTENCY_KEY
    except RushesError:
        return False  # a plug-in that is not here any more


def _told(record: RunRecord, one: AttemptState) -> UnknownAttempt:
    event, asked = one.event, one.stage == "Unknown"
    says = one.says if asked else f"its process died while it was sent; rushes resume {record.id} asks the provider"
    return UnknownAttempt(
        attempt=event.attempt,
        run=record.id,
        workflow=record.workflow,
        file=record.file,
        node=str(event.place.node),
        row=event.place.row,
        candidate=event.place.candidate,
        op=str(event.op),
        provider=event.provider,
        model=event.model,
        at=one.sent or one.since,
        worst=event.worst,
        key=one.idempotency_key or "",
        asked=asked,
        says=says,
    )


def _run_of(project: Project, attempt: str) -> tuple[RunRecord, AttemptId]:
    run, slash, number = attempt.rpartition("/")
    if not slash or not number.isdecimal():
        raise NotFound(f"{attempt!r} is no attempt: they are called RUN/NUMBER", next_step="see: rushes unknowns")
    record = project.ledger.run(RunId(run))
    return record, AttemptId(f"{record.id}/{int(number)}")


def _known(project: Project, state: RunFold, name: AttemptId) -> AttemptState:
    found = state.attempts.get(name)
    if found is None:
        near = ", ".join(one.attempt for one in unknowns(project)[:5])
        raise NotFound(
            f"there is no attempt {name}", next_step=f"in doubt are: {near}" if near else "nothing is in doubt"
        )
    return found


def _same_word(state: AttemptState, outcome: Outcome) -> bool:
    return state.stage == "Resolved" and state.outcome == outcome


def _refuse_certain(state: AttemptState) -> None:
    if state.stage == Unknown.__name__:
        return
    name = state.event.attempt
    if state.stage == "Submitting":
        raise UserError(
            f"nobody has asked about {name} yet",
            next_step=f"rushes resume {name.rpartition('/')[0]} does, first of all",
        )
    says = f"it was resolved as {state.outcome}" if state.stage == "Resolved" else _ENDED.get(state.stage, state.stage)
    raise UserError(f"{name} is not unknown: {says}", next_step="see what is: rushes unknowns")


def _left_alone(entries: Iterable[Entry], name: AttemptId) -> bool:
    """Whether the process that drives the run has asked about it already, and only waits for a word."""
    asked = False
    for entry in entries:
        if isinstance(entry.event, RunStarted):
            asked = False
        elif isinstance(entry.event, Unknown) and entry.event.attempt == name:
            asked = True
    return asked


async def _at(project: Project, state: AttemptState, url: str) -> str:
    """What a URL stands for: the provider's own address of the job, or a file, which is in the store from here on."""
    # a person's word is rare: what it needs is loaded when it comes
    from rushes.assets.sources import read_url
    from rushes.engine.clock import SystemClock
    from rushes.engine.order import GIVEN
    from rushes.engine.parts import JobContext

    provider = project.provider(state.event.provider)
    context = JobContext(project.scratch, "", project.store, SystemClock(), project.ledger)
    try:
        await provider.poll(url, context)
        return url
    except RemoteError:
        pass  # none of its own: a file, then
    finally:
        await provider.close()
    artifact = await read_url(url, project.store, project.ledger)
    wanted = SIGNATURES[state.event.op].output
    if wanted is not None and artifact.kind is not wanted:
        raise UserError(f"there is {artifact.media_type} at this URL, and {state.event.op} makes {wanted}")
    return f"{GIVEN}{artifact.digest}"
