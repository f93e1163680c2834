"""Use cases: say what each account may be asked and who waits for it, set that, forget what was found."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from rushes.app.accounts import SIMULATED, account_name
from rushes.app.limit_names import limit_named
from rushes.app.plugins import is_there
from rushes.app.project import Project
from rushes.app.rates import show_rate
from rushes.errors import NotFound
from rushes.ledger.limits import Seen, allow, forget, seen
from rushes.ledger.owner import process_of
from rushes.model.limit import Allowed, Rate
from rushes.model.size import show_seconds

_AUTO = "auto"


class By(StrEnum):
    """Who says what a limit is."""

    SET = "set"  # a person, for every process: rushes limits set
    PROJECT = "project"  # this folder's rushes.toml
    DECLARED = "declared"  # the provider's own documents
    FOUND = "found"  # by asking


class Found(NamedTuple):
    """What was found by asking: requests at once, and requests a second (None: any number). `refused`: it is the most;
    else nothing was ever refused for being too many, and more may go.
    """

    most: int
    pace: float | None
    refused: bool


class LimitLine(NamedTuple):
    """One limit: of an account, or of a model at it (`model`).

    `in_flight` and `waiting` are requests of all `processes` at it; `most` of them at once, and `rates`, are what holds
    now, and `most_by` and `rates_by` who says so (None: nobody). `paused` is in seconds from now, `told` whether the
    account named that time; `seen` is in unix seconds (None: never).
    """

    name: str
    provider: str
    model: str | None
    in_flight: int
    waiting: int
    processes: int
    most: int | None
    most_by: By | None
    rates: tuple[Rate, ...]
    rates_by: By | None
    found: Found | None
    paused: float | None
    told: bool
    seen: float | None

    @property
    def speaks(self) -> bool:
        """Whether it says anything that its account does not say."""
        own = (self.most, self.found, self.paused, self.in_flight or None, self.waiting or None)
        return self.model is None or bool(self.rates) or any(one is not None for one in own)

    def plain(self) -> dict[str, Any]:
        """As JSON; rates as they are written in files and flags."""
        return {
            **self._asdict(),
            "rates": [show_rate(one) for one in self.rates],
            "found": None if self.found is None else self.found._asdict(),
        }


def limits(project: Project, provider: str | None = None) -> list[LimitLine]:
    """Every limit that was asked under, or that this project's settings name; of one provider only, if named.

    Raises UserError: there is no such provider.
    """
    if provider is not None:
        _limit(project, provider)
    now = time.time()
    known = {one.name: one for one in seen(project.ledger, now)}
    names = sorted({*known, *_named(project)} | ({account_name(project, provider)} if provider is not None else set()))
    lines = [_line(project, name, known.get(name), now) for name in names]
    return [one for one in lines if provider in (None, one.provider) and one.speaks]


def at_once(project: Project, providers: Iterable[str]) -> dict[str, int | None]:
    """How many requests each provider takes at once, as far as anybody says or it was found; None: nobody knows.

    Of several accounts it is the one that was asked last. No key is looked for: planning needs none.
    """
    now = time.time()
    latest = _asked_last(project, now)
    worlds = {name: latest.get((name, project.simulated(name))) for name in providers}
    return {name: _line(project, name, one, now).most for name, one in worlds.items()}


def found_of(project: Project) -> dict[tuple[str, bool], Found]:
    """What was found of each provider's account, of several the one that was asked last; real ones (False) and
    simulated ones (True).
    """
    return {key: _found(one.found) for key, one in _asked_last(project, time.time()).items() if one.found}


def _asked_last(project: Project, now: float) -> dict[tuple[str, bool], Seen]:
    """The account that was asked last, by provider and by whether it is simulated."""
    latest: dict[tuple[str, bool], Seen] = {}
    for one in sorted(seen(project.ledger, now), key=lambda one: one.at):
        account, slash, _model = one.name.partition("/")
        provider, _at, whose = account.partition("@")
        if not slash:
            latest[provider, whose == SIMULATED] = one
    return latest


def held_up(project: Project, owner: str) -> list[str]:
    """In words what the process of a run's owner, and whoever shares its accounts, waits for at this moment."""
    now, process = time.time(), process_of(owner)
    known = [one for one in seen(project.ledger, now) if process in map(process_of, one.owners)]
    lines = [_line(project, one.name, one, now) for one in known if one.wants or one.paused > now]
    return [_waits(line) for line in lines if line.model is None or line.most is not None or line.rates]


def _waits(line: LimitLine) -> str:
    most = f" of {line.most:,}" if line.most is not None else ""
    says = "it said to wait" if line.told else "it refuses"
    told = f"; {says}, {show_seconds(line.paused)} left" if line.paused is not None else ""
    shared = f", by {line.processes:,} processes" if line.processes > 1 else ""
    return f"{line.waiting:,} for {line.name} ({line.in_flight:,}{most} in flight{shared}{told})"


def limit_line(project: Project, name: str) -> LimitLine:
    """The limit of that name in the ledger."""
    now = time.time()
    known = {one.name: one for one in seen(project.ledger, now)}
    return _line(project, name, known.get(name), now)


def set_limit(project: Project, name: str, most: int | None, rates: tuple[Rate, ...]) -> LimitLine:
    """Set what all processes may ask of `fal` or `fal/flux_dev`: what is given here, the rest stays as it was set.

    Raises UserError: there is no such provider or model.
    """
    there = ledger_name(project, name)
    before = next((one.set for one in seen(project.ledger, time.time()) if one.name == there), None) or Allowed()
    allow(project.ledger, there, Allowed(most, rates).over(before))
    return limit_line(project, there)


def clear_limit(project: Project, name: str) -> LimitLine:
    """Take back what was set. Raises UserError, NotFound: there is no such provider or model, or nothing was set."""
    there = ledger_name(project, name)
    if not any(one.name == there and one.set for one in seen(project.ledger, time.time())):
        raise NotFound(f"nothing was set for {there}", next_step="who says what, says: rushes limits")
    allow(project.ledger, there, None)
    return limit_line(project, there)


def forget_limit(project: Project, name: str) -> LimitLine:
    """Forget what was found out of a limit; the next run begins anew. Raises UserError, NotFound."""
    there = ledger_name(project, name)
    if not forget(project.ledger, [there]):
        raise NotFound(f"nothing was found of {there}", next_step="what was, says: rushes limits")
    return limit_line(project, there)


def ledger_name(project: Project, name: str) -> str:
    """What a limit is called in the ledger: `fal/flux_dev` means the account that this project asks with, and
    `fal@1a2b3c4d/flux_dev` that one. Raises UserError, NotFound: there is no such provider, model or account.
    """
    account, slash, model = name.partition("/")
    provider, _at, whose = account.partition("@")
    provider, slash, model = _limit(project, f"{provider}{slash}{model}").partition("/")
    if not whose:
        account = account_name(project, provider)
    elif whose != SIMULATED and account not in {one.name.partition("/")[0] for one in seen(project.ledger, 0.0)}:
        raise NotFound(f"no account {account} was ever asked", next_step="which were, says: rushes limits")
    return f"{account}{slash}{model}"


def _limit(project: Project, name: str) -> str:
    return limit_named(name, lambda: project.catalogue, project.loaded_providers())


def _named(project: Project) -> set[str]:
    """The limits that the project's settings speak of."""
    config = project.config
    providers = {config.provider.value, *(one.value for one in config.models.values())} - {None, _AUTO}
    told = {*project.told_limits, *(one for one in providers if one is not None and is_there(one))}
    return {ledger_name(project, one) for one in told}


def _line(project: Project, name: str, one: Seen | None, now: float) -> LimitLine:
    account, _slash, model = name.partition("/")
    provider = account.partition("@")[0]
    told = _told(project, provider, model, one)
    most, most_by = next(((allowed.in_flight, by) for by, allowed in told.items() if allowed.in_flight), (None, None))
    rates, rates_by = next(((allowed.rates, by) for by, allowed in told.items() if allowed.rates), ((), None))
    found = _found(one.found) if one is not None and one.found else None
    if found is not None and (most is None or found.most < most):
        most, most_by = found.most, By.FOUND
    return LimitLine(
        name=name,
        provider=provider,
        model=model or None,
        in_flight=one.used if one is not None else 0,
        waiting=one.wants if one is not None else 0,
        processes=len(one.owners) if one is not None else 0,
        most=most,
        most_by=most_by,
        rates=rates,
        rates_by=rates_by,
        found=found,
        paused=one.paused - now if one is not None and one.paused > now else None,
        told=one is not None and one.told and one.paused > now,
        seen=one.at or None if one is not None else None,
    )


def _told(project: Project, provider: str, model: str, one: Seen | None) -> dict[By, Allowed]:
    """What is said of a limit, the nearest word first."""
    name = f"{provider}/{model}" if model else provider
    said = {By.SET: one.set if one is not None else None, By.PROJECT: project.told_limits.get(name)}
    if provider in project.loaded_providers() or is_there(provider):
        facts = project.provider(provider).facts
        if facts.by_model == bool(model):
            said[By.DECLARED] = Allowed(facts.in_flight, facts.rates)
    return {by: allowed for by, allowed in said.items() if allowed is not None}


def _found(raw: Mapping[str, Any]) -> Found:
    return Found(math.floor(raw["most"]), raw.get("pace"), not raw.get("free", False))
