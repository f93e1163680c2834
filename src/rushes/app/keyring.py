"""Keys in the operating system's keyring, where the extra `keyring` is installed and a keyring works."""

from __future__ import annotations

from contextlib import suppress
from importlib.util import find_spec
from typing import Any

from rushes.errors import StoreError
from rushes.plugin.access import Secret

SERVICE = "rushes"
"""Under this name the keys lie in the keyring; they belong to the person, not to one home."""


class Keyring:
    """The person's keyring. Loaded at the first question, because that takes as long as a small plan."""

    def __init__(self) -> None:
        self._backend: Any = None
        self._looked = False

    def works(self) -> bool:
        """Whether keys can be kept here: the library is there, and found a keyring that is one."""
        if not self._looked:
            self._looked = True
            self._backend = _backend() if find_spec("keyring") is not None else None
        return self._backend is not None

    def name(self) -> str:
        """What it is called, for people."""
        return f"the keyring ({self._backend.name})"

    def find(self, provider: str) -> Secret | None:
        """The key of a provider. Raises StoreError: the keyring is locked, or does not answer."""
        key = self._asked("read", lambda ring: ring.get_password(SERVICE, provider))
        return Secret(key) if isinstance(key, str) else None

    def keep(self, provider: str, secret: Secret) -> None:
        """Add or replace one key. Raises StoreError."""
        self._asked("written", lambda ring: ring.set_password(SERVICE, provider, secret.reveal()))

    def drop(self, provider: str) -> bool:
        """Forget one key; whether it was there. Raises StoreError."""
        if self.find(provider) is None:
            return False
        self._asked("written", lambda ring: ring.delete_password(SERVICE, provider))
        return True

    def _asked(self, verb: str, question: Any) -> Any:
        try:
            return question(self._backend)
        except Exception as error:  # every keyring has errors of its own; their texts are not ours to print
            raise StoreError(
                f"{self.name()} cannot be {verb}: {type(error).__name__}",
                next_step="unlock it, or give the key in the environment",
            ) from None


def _backend() -> Any:
    """The best keyring there is; None for none, and for those that keep nothing."""
    with suppress(Exception):  # a broken keyring is no keyring: there is still the file
        import keyring
        from keyring.backends import fail, null

        found = keyring.get_keyring()
        if not isinstance(found, fail.Keyring | null.Keyring) and found.priority > 0:
            return found
    return None
