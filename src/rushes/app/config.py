"""Settings, each with the place it came from: flag, environment, project file, document, default.

A setting is one line in `_SETTINGS`, with the function that reads it, and one field of `Config`; a table of the project
file is one line in `_TABLES`. The environment is read here, for keys in `app/keys.py`, and for `{{env.NAME}}` in
`app/values.py`, for what works on this machine in `app/rooms.py`, for OpenTelemetry's own names in `app/traces.py`;
nowhere else.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar
from urllib.parse import urlsplit

from platformdirs import user_data_path

from rushes.app.expanded import expanded
from rushes.app.rates import HOW, parse_rate
from rushes.errors import ConfigError
from rushes.model.limit import Allowed, Rate
from rushes.model.money import parse_usd
from rushes.model.problem import did_you_mean
from rushes.model.profile import DRAFT, FINAL, Profile
from rushes.model.run import OnUnknown
from rushes.model.size import parse_bytes
from rushes.model.workflow import Pick

T = TypeVar("T")

PROJECT_FILE = "rushes.toml"

ALERT_COMMANDS = "RUSHES_ALERT_COMMANDS"
"""The variable that agrees to the command of a project file's `[alerts]`, when it says `yes`."""


class Sourced(NamedTuple, Generic[T]):
    """A value and where it came from, for people: `--home`, `RUSHES_HOME`, `rushes.toml`, `default`."""

    value: T
    source: str


NOBODY: Sourced[Any] = Sourced(None, "default")
"""What nobody said."""


class Alerts(NamedTuple):
    """Who hears of what: seconds after which a request is slow (None: what is usual), by model too; whom to call.

    `command` is an argv and `url` an address. The command is called only if `may_call`: a project file comes with a
    project, and may be somebody else's, so the environment has to agree.
    """

    slow: float | None = None
    models: Mapping[str, float] = {}
    command: tuple[str, ...] = ()
    url: str | None = None
    may_call: bool = False


NO_ALERTS = Alerts()
"""What is usual, and nobody to call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What one command works with. `ledger` is a file or a `postgresql://` address.

    `sim` is the address of a simulator that stands in for every remote provider. `models` says for a model's name which
    provider is asked for it, `gateways` for a provider's name where it is reached instead of at its own address: at
    one, or at the fastest of several. `budget` is the most, in USD, that one run, a day, the project and an
    agent may spend, `consent` the most that a run spends without being asked about; `agent` is who drives. `limits` is
    what an account (`fal`), or a model at it (`fal/flux_dev`), may be asked at most.
    """

    home: Sourced[Path]
    ledger: Sourced[str]
    provider: Sourced[str | None]
    concurrency: Sourced[int | None]
    attempts: Sourced[int | None]
    pick: Sourced[Pick | None]
    output_dir: Sourced[str | None]
    sim: Sourced[str | None] = NOBODY
    models: Mapping[str, Sourced[str]] = field(default_factory=dict)
    gateways: Mapping[str, Sourced[tuple[str, ...]]] = field(default_factory=dict)
    agent: Sourced[str | None] = NOBODY
    on_unknown: Sourced[OnUnknown | None] = NOBODY
    min_free: Sourced[int | None] = NOBODY
    budget: Mapping[str, Sourced[Decimal]] = field(default_factory=dict)
    consent: Mapping[str, Sourced[Decimal]] = field(default_factory=dict)
    profiles: Mapping[str, Sourced[Profile]] = field(default_factory=dict)
    alerts: Alerts = NO_ALERTS
    limits: Mapping[str, Sourced[Allowed]] = field(default_factory=dict)


def load_config(near: Path, flags: Mapping[str, object], environ: Mapping[str, str] | None = None) -> Config:
    """The settings for files in the folder `near`. Raises ConfigError naming value, place and what is allowed."""
    environ = os.environ if environ is None else environ
    file = near / PROJECT_FILE
    raw = _project_file(file)
    found: dict[str, Sourced[Any]] = {key: Sourced(raw[key], str(file)) for key in _SETTINGS if key in raw}
    for key in _SETTINGS:
        name = f"RUSHES_{key.upper()}"
        if environ.get(name):
            found[key] = Sourced(environ[name], name)
        if flags.get(key) is not None:
            found[key] = Sourced(flags[key], "--" + key.replace("_", "-"))
    values: dict[str, Any] = {key: read(key, found[key]) if key in found else NOBODY for key, read in _SETTINGS.items()}
    home = values["home"] = _beside(values["home"], file)
    if values["ledger"] is NOBODY:
        values["ledger"] = Sourced(str(home.value / "ledger.sqlite"), home.source)
    tables: dict[str, Any] = {
        to: read(key, Sourced(raw[key], str(file))) for key, (to, read) in _TABLES.items() if key in raw
    }
    if "alerts" in tables:
        tables["alerts"] = tables["alerts"]._replace(may_call=environ.get(ALERT_COMMANDS) == "yes")
    return Config(**values, **tables)


def _project_file(file: Path) -> dict[str, object]:
    try:
        raw = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:  # a number may be too long, and a list too deep
        raise ConfigError(f"{file}: {error}", next_step="correct the file or remove it") from error
    known = (*_SETTINGS, *_TABLES)
    for key in raw:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = did_you_mean(near, f"known settings: {', '.join(known)}")
            raise ConfigError(f"{file}: {key!r} is no setting", next_step=hint)
    return raw


def _beside(found: Sourced[Any], file: Path) -> Sourced[Path]:
    """The home: what a project file says of it is meant from where the file is."""
    if found.value is None:
        return Sourced(user_data_path("rushes", appauthor=False), "default")
    path = expanded(found.value)
    if found.source == str(file) and not path.is_absolute():
        path = file.parent / path
    return Sourced(path.absolute(), found.source)


def _wrong(name: str, found: Sourced[Any], next_step: str) -> ConfigError:
    return ConfigError(f"{name} is {found.value!r} ({found.source})", next_step=next_step)


def _text(name: str, found: Sourced[Any]) -> Sourced[str]:
    if not isinstance(found.value, str | Path) or not str(found.value) or "\0" in str(found.value):
        raise _wrong(name, found, "give a text")
    return Sourced(str(found.value), found.source)


def _whole(name: str, found: Sourced[Any]) -> Sourced[int]:
    try:
        value = int(found.value)
    except (TypeError, ValueError, OverflowError):
        value = 0
    if value < 1:
        raise _wrong(name, found, "give a whole number, at least 1")
    return Sourced(value, found.source)


def _pick(name: str, found: Sourced[Any]) -> Sourced[Pick]:
    try:
        return Sourced(Pick(str(found.value)), found.source)
    except ValueError:
        raise _wrong(name, found, f"one of: {', '.join(Pick)}") from None


def _bytes(name: str, found: Sourced[Any]) -> Sourced[int]:
    """A size; what a flag gave was read already."""
    given = found.value if isinstance(found.value, int) and not isinstance(found.value, bool) else None
    size = parse_bytes(found.value) if isinstance(found.value, str) else given
    if size is None or size < 0:
        raise _wrong(name, found, "give a size, such as 1GB or 500MB")
    return Sourced(size, found.source)


def _on_unknown(name: str, found: Sourced[Any]) -> Sourced[OnUnknown]:
    try:
        return Sourced(OnUnknown(str(found.value)), found.source)
    except ValueError:
        raise _wrong(name, found, f"one of: {', '.join(OnUnknown)}") from None


_CEILINGS = ("run", "day", "project", "agent")
ABOVE = "above"
"""In `Config.consent`: USD; what may cost more is asked about first."""

_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")


def _address(name: str, found: Sourced[Any]) -> Sourced[str]:
    """An address that a key, or a prompt, may be sent to: over TLS, or to this machine."""
    text = found.value if isinstance(found.value, str) else ""
    if any(sign in text for sign in "@?#"):  # a secret perhaps: what was given is not repeated
        says = f"{name} ({found.source}) has more than a host, a port and a path"
        raise ConfigError(says, next_step="keep keys with: rushes keys set PROVIDER")
    wrong = _wrong(name, found, "give an https address, or one of this machine such as http://127.0.0.1:8787")
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise wrong from None
    safe = parts.scheme == "https" or (parts.scheme == "http" and _LOOPBACK.fullmatch(host))
    if not safe or not host or not text.isascii() or not text.isprintable() or " " in text:
        raise wrong
    return Sourced(text.rstrip("/"), found.source)


def _texts(name: str, found: Sourced[Any]) -> dict[str, Sourced[str]]:
    return {key: _text(f"{name}.{key}", one) for key, one in _entries(name, found)}


def _gateways(name: str, found: Sourced[Any]) -> dict[str, Sourced[tuple[str, ...]]]:
    gateways = {}
    for provider, one in _entries(name, found):
        for key, value in _entries(f"{name}.{provider}", one):
            if key != "url":
                says = f"{found.source}: {name}.{provider}.{key} is no setting"
                raise ConfigError(
                    says, next_step=f"a provider has: url; its key is kept with rushes keys set {provider}"
                )
            several = value.value if isinstance(value.value, list) and value.value else [value.value]
            urls = [_address(f"{name}.{provider}.url", Sourced(url, value.source)).value for url in several]
            gateways[provider] = Sourced(tuple(dict.fromkeys(urls)), value.source)
    return gateways


def _ceilings(name: str, found: Sourced[Any]) -> dict[str, Sourced[Decimal]]:
    return _amounts(name, found, _CEILINGS, "ceiling")


def _consent(name: str, found: Sourced[Any]) -> dict[str, Sourced[Decimal]]:
    return _amounts(name, found, (ABOVE,), "threshold")


def _amounts(name: str, found: Sourced[Any], known: Sequence[str], what: str) -> dict[str, Sourced[Decimal]]:
    amounts = {}
    for key, one in _entries(name, found):
        if key not in known:
            hint = did_you_mean(get_close_matches(key, known, n=1), f"one of: {', '.join(known)}")
            raise ConfigError(f"{found.source}: {name}.{key} is no {what}", next_step=hint)
        value = parse_usd(str(one.value)) if not isinstance(one.value, bool) else None
        if value is None:
            raise _wrong(f"{name}.{key}", one, "give an amount in USD, such as 5.00")
        amounts[key] = Sourced(value, one.source)
    return amounts


def _alerts(name: str, found: Sourced[Any]) -> Alerts:
    values: dict[str, Any] = {}
    known = ("slow", "models", "command", "url")
    for key, one in _entries(name, found):
        if key == "slow":
            values[key] = _seconds(f"{name}.{key}", one)
        elif key == "models":
            values[key] = {model: _seconds(f"{name}.{key}.{model}", each) for model, each in _entries(key, one)}
        elif key == "url":
            values[key] = _address(f"{name}.{key}", one).value
        elif key == "command":
            values[key] = _argv(f"{name}.{key}", one)
        else:
            hint = did_you_mean(get_close_matches(key, known, n=1), f"one of: {', '.join(known)}")
            raise ConfigError(f"{found.source}: {name}.{key} is no setting", next_step=hint)
    return Alerts(**values)


def _seconds(name: str, found: Sourced[Any]) -> float:
    value = found.value
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
        raise _wrong(name, found, "give seconds, such as 120")
    return float(value)


def _argv(name: str, found: Sourced[Any]) -> tuple[str, ...]:
    value = found.value
    if not isinstance(value, list) or not value or not all(isinstance(one, str) and one for one in value):
        raise _wrong(name, found, 'give a list of texts, such as ["notify-send", "rushes"]')
    return tuple(value)


def _profiles(name: str, found: Sourced[Any]) -> dict[str, Sourced[Profile]]:
    return {key: Sourced(_profile(key, f"{name}.{key}", one), one.source) for key, one in _entries(name, found)}


def _profile(name: str, where: str, found: Sourced[Any]) -> Profile:
    if name == FINAL or not _PROFILE.fullmatch(name):
        why = (
            "it is the file as it stands" if name == FINAL else "it names a folder of outputs: small letters, digits, -"
        )
        raise ConfigError(
            f"{found.source}: {where}: {name!r} is no name for a profile", next_step=f"take another; {why}"
        )
    profile = DRAFT if name == DRAFT.name else Profile(name)
    for key, one in _entries(where, found):
        if key not in _IN_A_PROFILE:
            hint = did_you_mean(get_close_matches(key, _IN_A_PROFILE, n=1), f"one of: {', '.join(_IN_A_PROFILE)}")
            raise ConfigError(f"{found.source}: {where}.{key} is no setting of a profile", next_step=hint)
        profile = profile._replace(**{key: _IN_A_PROFILE[key](f"{where}.{key}", one)})
    return profile


def _limits(name: str, found: Sourced[Any]) -> dict[str, Sourced[Allowed]]:
    return {key: Sourced(_allowed(key, f'{name}."{key}"', one), one.source) for key, one in _entries(name, found)}


def _allowed(account: str, where: str, found: Sourced[Any]) -> Allowed:
    if not _ACCOUNT.fullmatch(account):
        says = f"{found.source}: {where}: {account!r} is no account"
        raise ConfigError(says, next_step='name a provider, such as fal, or a model at it, such as "fal/flux_dev"')
    allowed = Allowed()
    for key, one in _entries(where, found):
        if key == "in_flight":
            allowed = allowed._replace(in_flight=_whole(f"{where}.{key}", one).value)
        elif key == "rates":
            allowed = allowed._replace(rates=_rates(f"{where}.{key}", one))
        else:
            hint = did_you_mean(get_close_matches(key, Allowed._fields, n=1), f"one of: {', '.join(Allowed._fields)}")
            raise ConfigError(f"{found.source}: {where}.{key} is no setting of a limit", next_step=hint)
    return allowed


def _rates(name: str, found: Sourced[Any]) -> tuple[Rate, ...]:
    if not isinstance(found.value, list):
        raise _wrong(name, found, 'give a list of texts, such as ["60/min", "100000 tokens/min"]')
    rates = []
    for one in found.value:
        rate = parse_rate(one) if isinstance(one, str) else None
        if rate is None:
            raise _wrong(name, Sourced(one, found.source), HOW)
        rates.append(rate)
    return tuple(rates)


def _pairs(name: str, found: Sourced[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((key, one.value) for key, one in _texts(name, found).items())


def _yes(name: str, found: Sourced[Any]) -> bool:
    if not isinstance(found.value, bool):
        raise _wrong(name, found, "give true or false")
    return found.value


def _candidates(name: str, found: Sourced[Any]) -> int:
    value = _whole(name, found).value
    if value > _MOST_CANDIDATES:
        raise _wrong(name, found, f"give at most {_MOST_CANDIDATES}")
    return value


_MOST_CANDIDATES = 100  # as many as a file may ask for

_ACCOUNT = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}(/\S.{0,200})?")

_PROFILE = re.compile("(?!generated)[a-z][a-z0-9-]{0,30}")
_IN_A_PROFILE: dict[str, Callable[[str, Sourced[Any]], Any]] = {
    "models": _pairs,
    "drafts": _yes,
    "candidates": _candidates,
    "attempts": lambda name, found: _whole(name, found).value,
    "resolution": lambda name, found: _text(name, found).value,
    "provider": lambda name, found: _text(name, found).value,
}
"""What `[profiles.NAME]` may say."""


def _entries(name: str, found: Sourced[Any]) -> list[tuple[str, Sourced[Any]]]:
    if not isinstance(found.value, dict):
        raise ConfigError(f"{found.source}: {name} is no table", next_step=f"write [{name}] and its lines below it")
    return [(key, Sourced(value, found.source)) for key, value in found.value.items()]


_SETTINGS: dict[str, Callable[[str, Sourced[Any]], Sourced[Any]]] = {
    "home": _text,
    "ledger": _text,
    "provider": _text,
    "concurrency": _whole,
    "attempts": _whole,
    "pick": _pick,
    "on_unknown": _on_unknown,
    "min_free": _bytes,
    "output_dir": _text,
    "sim": _address,
    "agent": _text,
}
"""What a flag, the environment and the project file may say, and how it is read."""

_TABLES: dict[str, tuple[str, Callable[[str, Sourced[Any]], Any]]] = {
    "models": ("models", _texts),
    "providers": ("gateways", _gateways),
    "budget": ("budget", _ceilings),
    "consent": ("consent", _consent),
    "profiles": ("profiles", _profiles),
    "alerts": ("alerts", _alerts),
    "limits": ("limits", _limits),
}
"""What only the project file may say: the field of `Config`, and how it is read."""
