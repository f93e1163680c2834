"""The keys of providers: where they are looked for, kept and deleted. A key is a `Secret` from where it is read.

The environment wins; then the operating system's keyring, if the extra `keyring` is installed and a keyring works; then
the file `keys.toml` of the home, which nobody else may read. A key is never an argument of a command, and never part of
a setting, a request's recipe or a message.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from rushes.app.keyfile import KeyFile
from rushes.app.keyring import Keyring
from rushes.errors import ConfigError, ErrorClass, RemoteError, UserError
from rushes.plugin.access import Secret

VARIABLES: Mapping[str, tuple[str, ...]] = {
    "anthropic": ("ANTHROPIC_API_KEY",),  # as anthropic reads it
    "elevenlabs": ("ELEVENLABS_API_KEY",),  # as elevenlabs reads it
    "fal": ("FAL_KEY",),  # as fal-client reads it
    "gemini": ("GOOGLE_API_KEY", "GEMINI_API_KEY"),  # as google-genai reads them; the first wins
    "openai": ("OPENAI_API_KEY",),  # as openai reads it
    "replicate": ("REPLICATE_API_TOKEN",),  # as replicate reads it
    "runway": ("RUNWAYML_API_SECRET",),  # as runwayml reads it
    "luma": ("LUMA_AGENTS_API_KEY",),  # as luma-agents reads it
    "huggingface": ("HF_TOKEN",),  # as huggingface-hub reads it
    "openrouter": ("OPENROUTER_API_KEY",),  # as openrouter reads it
}
"""The variables that a provider's own tools read. `RUSHES_KEY_NAME` is read for every provider, before these."""

LONGEST = 4096
"""Characters of the longest key that is taken."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class Found(NamedTuple):
    """A key, and where it is: a variable's name, `keyring`, or the file's path."""

    secret: Secret
    source: str


class Late(Secret):
    """A key that is looked for when it is needed: planning needs none, and asks no keyring for one."""

    __slots__ = ("_keys", "_name")

    def __init__(self, keys: Keys, name: str) -> None:
        super().__init__("")
        self._keys = keys
        self._name = name

    def is_set(self) -> bool:
        """Whether there is one now."""
        return self._keys.find(self._name) is not None

    def reveal(self) -> str:
        """The key itself; RemoteError(AUTH) when there is none (any more)."""
        found = self._keys.find(self._name)
        if found is None:
            raise RemoteError(ErrorClass.AUTH, f"{self._name} has no key", next_step=how_to_set(self._name))
        return found.secret.reveal()


class Keys:
    """The keys that this home can use. Each is looked for once."""

    def __init__(self, home: Path, environ: Mapping[str, str] | None = None) -> None:
        self._environ = os.environ if environ is None else environ
        self._file = KeyFile(home / "keys.toml")
        self._ring = Keyring()
        self._known: dict[str, Found | None] = {}

    def late(self, provider: str) -> Secret:
        """The key of a provider, looked for when it is revealed."""
        return Late(self, provider)

    def find(self, provider: str) -> Found | None:
        """The key of a provider; None when there is none. Raises ConfigError: it is there, and cannot be used."""
        if provider not in self._known:
            found = self._find(provider)
            if found is not None:
                _check(provider, found)
            self._known[provider] = found
        return self._known[provider]

    def keep(self, provider: str, secret: Secret) -> str:
        """Keep a key from now on; returns where. Raises UserError, ConfigError, StoreError."""
        _named(provider)
        _check(provider, Found(secret, "what was given"))
        self._known.pop(provider, None)
        if self._ring.works():
            self._ring.keep(provider, secret)
            self._file.drop(provider)  # else an older key would lie about, and come back with the keyring gone
            return self._ring.name()
        self._file.keep(provider, secret)
        return str(self._file.path)

    def delete(self, provider: str) -> list[str]:
        """Forget a key wherever it was kept; returns where it was. A variable of the environment stays."""
        _named(provider)
        self._known.pop(provider, None)
        gone = [self._ring.name()] if self._ring.works() and self._ring.drop(provider) else []
        return [*gone, str(self._file.path)] if self._file.drop(provider) else gone

    def variable(self, provider: str) -> str | None:
        """The variable of the environment that gives this provider's key; None when none does."""
        return next((name for name in variables_of(provider) if self._environ.get(name, "").strip()), None)

    def _find(self, provider: str) -> Found | None:
        name = self.variable(provider)
        if name is not None:
            return Found(Secret(self._environ[name].strip()), name)
        kept = self._ring.find(provider) if self._ring.works() else None
        if kept is not None:
            return Found(kept, self._ring.name())
        kept = self._file.find(provider)
        return None if kept is None else Found(kept, str(self._file.path))


def variables_of(provider: str) -> tuple[str, ...]:
    """The variables that may hold a provider's key, in the order in which they are looked at."""
    return (f"RUSHES_KEY_{provider.upper().replace('-', '_')}", *VARIABLES.get(provider, ()))


def is_key_variable(name: str) -> bool:
    """Whether a variable of the environment holds a key, so that nothing may be filled in from it."""
    return name.startswith("RUSHES_KEY_") or any(name in names for names in VARIABLES.values())


def how_to_set(provider: str) -> str:
    """What to do about a missing key."""
    return f"rushes keys set {provider}"


def _named(provider: str) -> None:
    if not _NAME.fullmatch(provider):
        raise UserError(f"{provider!r} is no name of a provider", next_step="small letters, digits, - and _")


def _check(provider: str, found: Found) -> None:
    """Refuse what can be no key: it would make a header that is no header, or be sent to be refused."""
    key, says = found.secret.reveal(), ""
    if not key:
        says = "is empty"
    elif len(key) > LONGEST:
        says = f"is longer than {LONGEST} characters"
    elif not key.isascii() or not key.isprintable() or " " in key:
        says = "has spaces or other signs that no key has"
    elif provider == "fal" and ":" not in key:
        says = "is not ID:SECRET, as fal's keys are"
    if says:
        where = f"the key of {provider} ({found.source})"
        raise ConfigError(f"{where} {says}", next_step=f"copy it again, whole, then: {how_to_set(provider)}")
