"""The names of accounts: whoever asks a provider with the same key shares what it allows."""

from __future__ import annotations

from hashlib import sha256
from typing import Protocol

from rushes.app.keys import Keys
from rushes.app.plugins import KEYLESS
from rushes.errors import ConfigError

SIMULATED = "simulated"
"""Whose account it is where a simulator answers."""

NOBODYS = "-"
"""Whose account it is where there is no key."""

_DIGITS = 8


class Asker(Protocol):
    """Who asks: a project."""

    @property
    def keys(self) -> Keys:
        """The keys that it asks with."""
        ...

    def remote(self, name: str) -> bool:
        """Whether this provider is elsewhere. Raises UserError: there is none of this name."""
        ...

    def simulated(self, name: str) -> bool:
        """Whether a simulator answers for it."""
        ...


def account_name(project: Asker, provider: str) -> str:
    """What the account at a provider is called wherever processes agree about it: `fal@1a2b3c4d`.

    The end is a digest of the key, never a part of it; `fal@simulated` under a simulator, `fal@-` without a key. No
    keyring is asked for a provider that needs no key. Raises UserError: there is no such provider.
    """
    return f"{provider}@{_whose(project, provider)}"


def _whose(project: Asker, provider: str) -> str:
    if project.simulated(provider):
        return SIMULATED
    if not project.remote(provider) or provider in KEYLESS:
        return NOBODYS
    try:
        found = project.keys.find(provider)
    except ConfigError:  # a key that can be none: whoever asks with it is told
        return NOBODYS
    return NOBODYS if found is None else sha256(found.secret.reveal().encode()).hexdigest()[:_DIGITS]
