"""Keys in a file of the home: `keys.toml`, one line for each provider, readable by its owner and nobody else."""

from __future__ import annotations

import json
import os
import stat
import tomllib
from pathlib import Path

from rushes.errors import ConfigError, StoreError
from rushes.plugin.access import Secret

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_LARGEST = 256 * 1024  # bytes


class KeyFile:
    """The file at `path`, read anew at each call. Written whole or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def find(self, provider: str) -> Secret | None:
        """The key of a provider. Raises ConfigError for a file that others can read, or that is damaged."""
        return self._read().get(provider)

    def keep(self, provider: str, secret: Secret) -> None:
        """Add or replace one key. Raises ConfigError for an unsafe place, StoreError when it cannot be written."""
        self._write({**self._read(), provider: secret})

    def drop(self, provider: str) -> bool:
        """Forget one key; whether it was there."""
        kept = self._read()
        if kept.pop(provider, None) is None:
            return False
        self._write(kept)
        return True

    def _read(self) -> dict[str, Secret]:
        try:
            # no link is followed and what is looked at is what is read: nobody can swap the file in between
            handle = os.open(self.path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        except FileNotFoundError:
            return {}
        except OSError as error:
            says = f"the keys in {self.path} cannot be read: {error.strerror}"
            raise ConfigError(says, next_step="it must be a plain file of your own") from error
        with os.fdopen(handle, "rb") as file:
            self._refuse_shared(os.fstat(file.fileno()))
            data = file.read(_LARGEST + 1)
        return _parsed(self.path, data)

    def _refuse_shared(self, found: os.stat_result) -> None:
        if not hasattr(os, "getuid"):  # Windows: the home is in the person's own profile
            return
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid():
            raise ConfigError(f"{self.path} is no file of yours", next_step="remove it and set the keys again")
        if found.st_mode & _OTHERS:
            says = f"{self.path} can be read by others (mode {stat.S_IMODE(found.st_mode):04o})"
            raise ConfigError(says, next_step=f"chmod 600 {self.path}, and think of the keys in it as known")

    def _write(self, keys: dict[str, Secret]) -> None:
        folder = self.path.parent
        fresh = folder / f".keys.{os.getpid()}.part"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _refuse_open_folder(folder)
            fresh.unlink(missing_ok=True)
            # made with its mode: at no moment is there a file that others can read
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.writelines(f"{_quoted(name)} = {_quoted(one.reveal())}\n" for name, one in sorted(keys.items()))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise StoreError(
                f"the keys cannot be kept in {self.path}: {error.strerror}",
                next_step="name another home with --home, or set the key in the environment",
            ) from error


def _quoted(text: str) -> str:
    """A TOML string. Keys are printable ASCII, where JSON and TOML write the same."""
    return json.dumps(text, ensure_ascii=True)


def _parsed(path: Path, data: bytes) -> dict[str, Secret]:
    # a parser's message may repeat the line it stumbled over, and that line is a key: it is not passed on
    broken = ConfigError(f"{path} is damaged", next_step="remove it and set the keys again: rushes keys set PROVIDER")
    if len(data) > _LARGEST:
        raise broken
    try:
        raw = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise broken from None
    if not all(isinstance(value, str) for value in raw.values()):
        raise broken
    return {name: Secret(value) for name, value in raw.items()}


def _refuse_open_folder(folder: Path) -> None:
    """Who may write the folder may put another file in the place of ours."""
    if not hasattr(os, "getuid"):
        return
    found = folder.stat()
    if found.st_uid != os.getuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        says = f"others can write to {folder}, the home: a key that is kept there is not yours alone"
        raise ConfigError(says, next_step=f"chmod go-w {folder}, or name another home with --home")
