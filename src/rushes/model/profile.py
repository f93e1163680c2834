"""A profile: cheaper or other means for the same workflow, under a name."""

from __future__ import annotations

from typing import Any, NamedTuple

SMALLEST = "smallest"
"""The resolution that means: the lowest that each model has."""


class Profile(NamedTuple):
    """What a profile changes. `models` are (a model, who is asked instead), by any of their names.

    `drafts`: every other model is replaced by the cheaper one that the catalogue has for it. `candidates` and
    `attempts` are at most so many; `resolution` is a value such as `480p`, or `smallest`. `provider` is asked for
    everything.
    """

    name: str
    models: tuple[tuple[str, str], ...] = ()
    drafts: bool = False
    candidates: int | None = None
    attempts: int | None = None
    resolution: str | None = None
    provider: str | None = None


def profile_of(raw: dict[str, Any] | list[Any] | None) -> Profile | None:
    """From JSON: the fields by name, or in their order."""
    if raw is None:
        return None
    found = Profile(**raw) if isinstance(raw, dict) else Profile(*raw)
    return found._replace(models=tuple((old, new) for old, new in found.models))


DRAFT = Profile("draft", drafts=True, candidates=1, attempts=1, resolution=SMALLEST)
"""To see whether it will be any good: the cheapest model of the kind, once, and small."""

FINAL = "final"
"""The name of the file as it stands."""
