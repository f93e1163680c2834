"""Settings, each with the place it came from: flag, environment, project file, document, default.

The environment is read here and nowhere else.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from platformdirs import user_data_path

from rushes.errors import ConfigError
from rushes.model.problem import did_you_mean
from rushes.model.workflow import Pick

T = TypeVar("T")

PROJECT_FILE = "rushes.toml"


class Sourced(NamedTuple, Generic[T]):
    """A value and where it came from, for people: `--home`, `RUSHES_HOME`, `rushes.toml`, `default`."""

    value: T
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What one command works with. `ledger` is a file or a `postgresql://` address."""

    home: Sourced[Path]
    ledger: Sourced[str]
    provider: Sourced[str | None]
    concurrency: Sourced[int | None]
    attempts: Sourced[int | None]
    pick: Sourced[Pick | None]
    output_dir: Sourced[str | None]


_KEYS = ("home", "ledger", "provider", "concurrency", "attempts", "pick", "output_dir")


def load_config(near: Path, flags: Mapping[str, object], environ: Mapping[str, str] | None = None) -> Config:
    """The settings for files in the folder `near`. Raises ConfigError naming value, place and what is allowed."""
    environ = os.environ if environ is None else environ
    found: dict[str, Sourced[Any]] = {}
    file = near / PROJECT_FILE
    for key, value in _project_file(file).items():
        found[key] = Sourced(value, str(file))
    for key in _KEYS:
        name = f"RUSHES_{key.upper()}"
        if environ.get(name):
            found[key] = Sourced(environ[name], name)
        if flags.get(key) is not None:
            found[key] = Sourced(flags[key], "--" + key.replace("_", "-"))
    home = _home(found.get("home"), file)
    return Config(
        home=home,
        ledger=found.get("ledger") or Sourced(str(home.value / "ledger.sqlite"), home.source),
        provider=found.get("provider") or Sourced(None, "default"),
        concurrency=_whole(found.get("concurrency"), "concurrency"),
        attempts=_whole(found.get("attempts"), "attempts"),
        pick=_pick(found.get("pick")),
        output_dir=found.get("output_dir") or Sourced(None, "default"),
    )


def _project_file(file: Path) -> dict[str, object]:
    try:
        raw = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{file}: {error}", next_step="correct the file or remove it") from error
    for key in raw:
        if key not in _KEYS:
            near = get_close_matches(key, _KEYS, n=1)
            known = f"known settings: {', '.join(_KEYS)}"
            raise ConfigError(f"{file}: {key!r} is no setting", next_step=did_you_mean(near, known))
    return raw


def _home(found: Sourced[Any] | None, file: Path) -> Sourced[Path]:
    if found is None:
        return Sourced(user_data_path("rushes", appauthor=False), "default")
    path = Path(str(found.value)).expanduser()
    if found.source == str(file) and not path.is_absolute():
        path = file.parent / path
    return Sourced(path.absolute(), found.source)


def _whole(found: Sourced[Any] | None, name: str) -> Sourced[int | None]:
    if found is None:
        return Sourced(None, "default")
    try:
        value = int(found.value)
    except (TypeError, ValueError):
        value = 0
    if value < 1:
        raise ConfigError(f"{name} is {found.value!r} ({found.source})", next_step="give a whole number, at least 1")
    return Sourced(value, found.source)


def _pick(found: Sourced[Any] | None) -> Sourced[Pick | None]:
    if found is None:
        return Sourced(None, "default")
    try:
        return Sourced(Pick(str(found.value)), found.source)
    except ValueError:
        allowed = ", ".join(Pick)
        raise ConfigError(f"pick is {found.value!r} ({found.source})", next_step=f"one of: {allowed}") from None
