"""What a document says about its own runs: `settings`, `variables`, and the keys beside them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from rushes.model.problem import Path
from rushes.model.workflow import Pick, Settings
from rushes.spec.notes import Notes, Raw, shown
from rushes.spec.text import RUN_VARIABLES

_HERE: Path = ("settings",)
_COST: Path = ("settings", "cost_management")
LOG_LEVELS = ("debug", "info", "warning", "error", "critical")

COST_KEYS = ("max_cost_per_run", "warn_threshold", "require_confirmation", "daily_limit")
FLAGS = ("parallel", "fail_fast", "create_subdirs", "timestamp_dirs")
SECONDS = ("timeout", "connection_timeout")
PICKS = {"ask": Pick.ASK, "true": Pick.ASK, "best": Pick.BEST, "first-clean": Pick.FIRST_CLEAN}
"""What `approve` may say."""

SETTING_KEYS = frozenset(
    {
        *FLAGS,
        *SECONDS,
        *("max_workers", "output_dir", "output_naming", "log_level", "log_file", "input_file", "provider"),
        *("max_cost", "max_budget", "warn_threshold", "cost_management"),
        *("rate_limit_delay", "request_delay", "max_retries", "retry_delay"),
        *("attempts", "candidates", "approve"),
    }
)


_NO_EFFECT = {
    "create_subdirs": "every kind of result has a folder of its own already",
    "timestamp_dirs": "every new set of results has a numbered folder of its own, v0-1, v0-2, ...",
    "output_naming": "files are named after their scenes, so that no two results share a name",
    "log_level": "how much is said is a matter of flags: --quiet, --debug",
    "log_file": "the ledger keeps every event; rushes status shows them, and --stream writes them out",
    "connection_timeout": "a step's time is limited as a whole, by timeout",
}
"""Settings of the dialect that nothing here follows, and why; a file that has them is told."""


def read_settings(root: Raw, notes: Notes) -> Settings:
    """The settings of a document; every problem goes to the notes."""
    raw = notes.mapping(root, "settings", ())
    notes.keys(raw, SETTING_KEYS, _HERE, "settings")
    cost = notes.mapping(raw, "cost_management", _HERE)
    notes.keys(cost, COST_KEYS, _COST, "cost_management")
    found: dict[str, Any] = {key: notes.flag(raw, key, _HERE) for key in ("parallel", "fail_fast")}
    found["timeout"] = notes.number(raw, "timeout", _HERE)
    found.update({key: notes.whole(raw, key, _HERE) for key in ("max_workers", "attempts", "candidates")})
    found.update({key: notes.word(raw, key, _HERE) for key in ("input_file", "provider")})
    found["max_retries"] = notes.whole(raw, "max_retries", _HERE, 0)
    found["retry_delay"] = notes.number(raw, "retry_delay", _HERE, -1)
    found["pick"] = read_pick(raw, _HERE, notes)
    found["max_cost"] = _same(
        notes, [money(raw, "max_cost", _HERE, notes), money(raw, "max_budget", _HERE, notes)],
        money(cost, "max_cost_per_run", _COST, notes), "max_cost, max_budget and max_cost_per_run", _HERE, min,
    )  # fmt: skip
    found["warn_cost"] = _same(
        notes, [money(raw, "warn_threshold", _HERE, notes)],
        money(cost, "warn_threshold", _COST, notes), "both warn_threshold", _HERE, min,
    )  # fmt: skip
    _no_effect(raw, notes)
    found["daily_limit"] = money(cost, "daily_limit", _COST, notes)
    found["confirm"] = notes.flag(cost, "require_confirmation", _COST)
    delays = [notes.number(raw, key, _HERE, -1) for key in ("rate_limit_delay", "request_delay")]
    found["request_delay"] = _same(notes, delays, None, "rate_limit_delay and request_delay", _HERE, max)
    own = notes.output_path(raw, "output_dir", _HERE)
    top = notes.output_path(root, "output_dir", ())
    found["output_dir"] = _same(notes, [top, own], None, "output_dir and settings.output_dir", _HERE, min)
    return Settings(**{key: value for key, value in found.items() if value is not None})


def _no_effect(raw: Raw, notes: Notes) -> None:
    """Settings that are understood and followed by nothing: their values must still be what they should be."""
    notes.flag(raw, "create_subdirs", _HERE)
    notes.flag(raw, "timestamp_dirs", _HERE)
    notes.word(raw, "output_naming", _HERE)
    notes.one_of(raw, "log_level", _HERE, LOG_LEVELS)
    notes.output_path(raw, "log_file", _HERE)
    notes.number(raw, "connection_timeout", _HERE)
    for key, why in _NO_EFFECT.items():
        if raw.get(key):
            notes.say("no-effect", f"{key} has no effect: {why}", (*_HERE, key), "remove it")


def _same(notes: Notes, many: list[Any], last: Any, names: str, path: Path, choose: Callable[[Any], Any]) -> Any:
    """One value of several that must agree."""
    said = {value for value in (*many, last) if value is not None}
    if len(said) > 1:
        notes.say("value-conflict", f"{names} say different things", path, "keep one of them")
    return choose(said) if said else None


def money(raw: Raw, key: str, path: Path, notes: Notes) -> Decimal | None:
    """An amount in USD, zero included."""
    value = notes.number(raw, key, path, -1)
    return None if value is None else Decimal(str(raw[key]))


def read_pick(raw: Raw, path: Path, notes: Notes) -> Pick | None:
    """`approve`: a policy, or true for asking a person; false is the same as nothing."""
    value = raw.get("approve")
    if value is None or value is False:
        return None
    name = "true" if value is True else value.replace("_", "-").lower() if isinstance(value, str) else ""
    if name in ("no", "off", "false"):
        return None
    pick = PICKS.get({"yes": "ask", "on": "ask"}.get(name, name))
    if pick is None:
        try_ = "write ask, best, first-clean, true or false"
        notes.say("value-range", f"'approve' is {shown(value)}, which is no policy", (*path, "approve"), try_)
    return pick


def read_variables(root: Raw, notes: Notes) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """Variables that are texts, and those that are lists and can be rows."""
    texts: dict[str, str] = {}
    lists: dict[str, tuple[str, ...]] = {}
    for name, value in notes.mapping(root, "variables", ()).items():
        path: Path = ("variables", name)
        if name in RUN_VARIABLES or name.startswith("env.") or not name.strip() or "{" in name or "}" in name:
            try_ = "choose another name; " + ", ".join(RUN_VARIABLES) + " are filled in by the run"
            notes.say("name-unusable", f"{shown(name)} cannot be the name of a variable", path, try_)
        elif isinstance(value, list):
            lists[name] = read_rows(value, path, notes)
        else:
            text = as_text(value)
            if text is None or "{{" in text:
                says = f"the variable {shown(name)} is {shown(value)}, and it takes a plain text, a number or a list"
                notes.say("value-type", says, path, "write the text itself")
            else:
                texts[name] = text
    return texts, lists


def as_text(value: object) -> str | None:
    """A scalar as the text a person would write; None for what is none."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else None


def read_rows(value: list[Any], path: Path, notes: Notes) -> tuple[str, ...]:
    """A list of texts or numbers, as rows."""
    rows: list[str] = []
    for number, entry in enumerate(value):
        text = as_text(entry)
        if text is None or "{{" in text:
            notes.say("value-type", f"row {number + 1} is {shown(entry)}, and it takes a plain text", (*path, number))
        else:
            rows.append(text)
    if not value:
        notes.say("rows-empty", "the list of rows is empty", path, "give at least one row")
    return tuple(rows)
