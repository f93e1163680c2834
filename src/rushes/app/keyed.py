"""Use cases: keep a provider's key, say where keys come from, forget one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple, Protocol, runtime_checkable

from rushes.app.keys import how_to_set
from rushes.app.plugins import KEYLESS, REMOTE, is_there, on_this_machine, provider_names
from rushes.app.project import Project
from rushes.engine.clock import SystemClock
from rushes.engine.parts import JobContext
from rushes.errors import ConfigError, RemoteError, UserError
from rushes.plugin.access import Secret
from rushes.plugin.provider import Context


class Kept(NamedTuple):
    """Where a key is now, and the variable of the environment that beats it."""

    provider: str
    where: str
    beaten_by: str | None


class Gone(NamedTuple):
    """Where a key was, and the variable of the environment that still gives one."""

    provider: str
    where: list[str]
    still_in: str | None


class KeyCheck(NamedTuple):
    """What is known about one provider's key. `source` is None when there is none; `live` when nobody was asked.

    `ok` is false for a key that cannot be used, and for one that was asked about and is not there.
    """

    provider: str
    ok: bool
    source: str | None
    live: bool | None
    says: str
    next_step: str = ""


@runtime_checkable
class AsksForFree(Protocol):
    """A provider that can try its key with a question that costs nothing."""

    async def check_key(self, context: Context) -> None:
        """Raises RemoteError: the key is refused, or the provider cannot be reached."""
        ...


def keep_key(project: Project, provider: str, given: Callable[[], str]) -> Kept:
    """Keep what `given` says. Raises UserError for a provider that takes none, ConfigError for what is no key."""
    _takes_keys(provider)
    where = project.keys.keep(provider, Secret(given().strip()))
    return Kept(provider, where, project.keys.variable(provider))


def delete_key(project: Project, provider: str) -> Gone:
    """Forget a key; the environment is not ours to change. Raises UserError, ConfigError, StoreError."""
    return Gone(provider, project.keys.delete(provider), project.keys.variable(provider))


def check_keys(project: Project, provider: str | None, *, live: bool = False) -> list[KeyCheck]:
    """Every provider's key, or one's. Nothing is sent unless `live`. Raises UserError for a provider without keys."""
    if provider is not None:
        _takes_keys(provider)
    every = [provider] if provider is not None else [one for one in REMOTE if one not in KEYLESS]
    return [_checked(project, one, live, named=provider is not None) for one in every]


def _checked(project: Project, provider: str, live: bool, *, named: bool) -> KeyCheck:
    try:
        found = project.keys.find(provider)
    except ConfigError as error:
        return KeyCheck(provider, False, None, None, error.message, error.next_step)
    if found is None and provider in KEYLESS:
        return KeyCheck(provider, True, None, None, "has no key, and needs none")
    if found is None:
        # nobody has a key for every provider: to lack one is a mistake where that one was asked about
        return KeyCheck(provider, not named, None, None, "has no key", how_to_set(provider))
    says = f"has a key, from {found.source}"
    if not live:
        return KeyCheck(provider, True, found.source, None, says)
    try:
        asked = asyncio.run(_ask(project, provider))
    except RemoteError as error:
        return KeyCheck(provider, False, found.source, False, f"{says}; {error.message}", error.next_step)
    return KeyCheck(provider, True, found.source, asked, f"{says}; {'it opens' if asked else 'it was not asked'}")


async def _ask(project: Project, name: str) -> bool | None:
    provider = project.provider(name)
    if project.simulated(name) or not isinstance(provider, AsksForFree):
        return None  # a simulator knows nothing of real keys
    try:
        await provider.check_key(JobContext(project.scratch, "", project.store, SystemClock(), project.ledger))
    finally:
        await provider.close()
    return True


def _takes_keys(provider: str) -> None:
    if on_this_machine(provider) or not is_there(provider):
        named = ", ".join(name for name in provider_names() if not on_this_machine(name))
        raise UserError(f"{provider!r} is no provider that takes a key", next_step=f"there are: {named}")
