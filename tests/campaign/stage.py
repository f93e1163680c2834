"""A home, a workflow of many requests, and what can be done there; each of these runs in a child of its own."""

from __future__ import annotations

import hashlib
import random
import time
from pathlib import Path
from typing import Any, NamedTuple

from tests.campaign.accidents import Accident, Struck, What
from tests.campaign.doorbell import with_doorbell
from tests.campaign.hurry import HurriedClock, run_hurried
from tests.campaign.kinds import Kind
from tests.campaign.studio import KEYED, LISTED, Studio

import rushes.app.drive
from rushes.app.config import load_config
from rushes.app.consent import given
from rushes.app.hooks import Hooks
from rushes.app.project import Project
from rushes.app.run import resume, run_file
from rushes.app.unknowns import Outcome, resolve, unknowns
from rushes.errors import StoreError
from rushes.ledger.fold import fold
from rushes.ledger.writer import Writer
from rushes.model.event import Stored
from rushes.model.money import ZERO
from rushes.model.run import RunOptions, RunState

SPEED = 60.0
"""How much faster the runner's waits pass."""


class Look(NamedTuple):
    """What a ledger and a store look like to whoever opens them: `seconds` is what the opening took.

    `unknown` are attempts that the ledger holds as unknown, `listed` those that `rushes unknowns` names, each with its
    request key; `stored` are request keys with a result, `left` those with an attempt that is not over, `over` those
    with one that has failed or was decided. `damaged` are files that are not what they are said to be; `spent` and
    `held` are the ledger's own sums in USD.
    """

    seconds: float
    unknown: dict[str, str]
    listed: set[str]
    stored: list[str]
    left: dict[str, str]
    over: list[str]
    damaged: list[str]
    spent: str
    held: str


class Stage:
    """One episode's folder. `url` is its simulator."""

    def __init__(self, folder: Path, kind: Kind, url: str, rows: list[str]) -> None:
        self.folder = folder
        self.kind = kind
        self.url = url
        self.home = folder / "home"
        self.notes = folder / "notes"
        self.file = folder / "story.yaml"
        self._began = time.time()
        self.file.write_text(kind.text(rows))

    def project(self) -> Project:
        """The home, opened."""
        config = load_config(self.folder, {"home": str(self.home), "sim": self.url}, {})
        name = self.kind.provider
        mine = {name: Studio(name, self.url)} if name in (LISTED, KEYED) else {}
        project = Project(config, mine, checks=())
        project.share._clock = HurriedClock(SPEED, self._began)  # leases and rates are told by it
        return project

    def drive(self, accident: Accident) -> str:
        """Run the file, or go on with its run, while an accident waits; the state that the run came to."""
        self._strike(accident)
        with self.project() as project:
            left = [one for one in project.ledger.runs() if one.state is not RunState.DONE]
            options = RunOptions(concurrency=5, sim=self.url)
            hooks = Hooks(consent=given)  # whoever plays with money here has agreed to all of it
            going = (
                resume(project, left[0].id, hooks=hooks) if left else run_file(project, self.file, options, hooks=hooks)
            )
            return str(run_hurried(going, SPEED).state)

    def drive_until_full(self, accident: Accident) -> str:
        """As `drive`; a disk that has no room ends the run with an error for people, and nothing else."""
        try:
            return self.drive(accident)
        except (StoreError, OSError) as error:
            return f"stopped: {error}"

    def look(self) -> Look:
        """Open everything and look at all of it."""
        began = time.perf_counter()
        with self.project() as project:
            listed = {str(one.attempt) for one in unknowns(project)}
            seconds = time.perf_counter() - began
            unknown: dict[str, str] = {}
            left: dict[str, str] = {}
            stored: list[str] = []
            over: list[str] = []
            damaged: list[str] = []
            spent = held = ZERO
            for run in project.ledger.runs():
                entries = project.ledger.events(run.id)
                state = fold(entries)
                unknown.update({str(k): str(one.event.key) for k, one in state.unknown.items()})
                left.update({str(k): str(one.event.key) for k, one in state.open.items()})
                ended = ("Failed", "Cancelled", "Resolved")
                over.extend(str(one.event.key) for one in state.attempts.values() if one.stage in ended)
                spent, held = spent + state.money.spent, held + state.money.held
                for entry in entries:
                    if isinstance(entry.event, Stored):
                        stored.append(str(entry.event.key))
                        missing = (str(a.digest) for a in entry.event.artifacts if not project.store.has(a.digest))
                        damaged.extend(missing)
            damaged.extend(_wrong(self.home / "store"))
            return Look(seconds, unknown, listed, stored, left, over, damaged, str(spent), str(held))

    def settle(self, words: dict[str, str]) -> None:
        """Say what became of unknown attempts: `lost`, `paid`, or the job's name at its provider."""

        async def all_of_them() -> None:
            with self.project() as project:
                for attempt, word in words.items():
                    outcome = Outcome(word) if word in ("lost", "paid") else Outcome.ADOPT
                    remote = word if outcome is Outcome.ADOPT else None
                    await resolve(project, attempt, outcome, remote, by="the simulator's books")

        run_hurried(all_of_them(), SPEED)

    def struck(self) -> list[str]:
        """The accidents that have happened here."""
        return self.notes.read_text().splitlines() if self.notes.exists() else []

    def note(self, text: str) -> None:
        """An accident has happened."""
        with self.notes.open("a") as file:
            file.write(text + "\n")

    def _strike(self, accident: Accident) -> None:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            return Struck(Writer(*args, **kwargs), accident, self.note)

        if self.kind.provider == "fal":
            rushes.app.drive.drive = with_doorbell(rushes.app.drive.drive)  # type: ignore[assignment]
        if accident.what is not What.NONE:
            rushes.app.drive.Writer = wrapped  # type: ignore[misc,assignment]


def _wrong(store: Path) -> list[str]:
    """Files that stand under a name that is not the digest of their bytes."""
    blobs = (path for path in store.glob("??/??/*") if path.is_file())
    return [path.name for path in blobs if hashlib.sha256(path.read_bytes()).hexdigest() != path.name]


def some_faults(dice: random.Random) -> list[dict[str, Any]]:
    """A mix of what goes wrong on the wire; each strikes a request so often at most that every run comes to an end."""
    submit = ("close-after", "504-after", "close-mid", "500-after", "truncated", "503", "429", "close-before", "slow")
    later = ("close-mid", "500", "429", "503", "truncated", "unknown-status", "slow", "close-after")
    chosen = [(what, "submit", dice.uniform(0.1, 0.3)) for what in dice.sample(submit, 4)]
    chosen += [(what, "status", dice.uniform(0.2, 0.5)) for what in dice.sample(later, 3)]
    chosen += [(what, "download", dice.uniform(0.2, 0.5)) for what in dice.sample(("close-mid", "500", "slow"), 2)]
    rings = ("webhook-twice", "webhook-late", "webhook-lost", "webhook-forged")
    chosen += [("webhook-twice", "webhook", 0.4), (dice.choice(rings), "webhook", 0.2)]
    return [{"what": what, "place": place, "rate": rate, "first": 3, "seconds": 1.0} for what, place, rate in chosen]
