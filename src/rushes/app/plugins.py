"""Providers and checks by name. Listing imports nothing; naming one imports that one."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from rushes.errors import UserError
from rushes.model.problem import did_you_mean
from rushes.plugin.check import Check
from rushes.plugin.provider import Provider

PROVIDERS = {
    "sketch": "rushes.providers.sketch.provider:Sketch",
    "local": "rushes.providers.local.provider:Local",
}
"""The built-in providers; others register under the entry point group `rushes.providers`."""

CHECKS = (
    "rushes.qa.picture:PictureCheck",
    "rushes.qa.clip:ClipCheck",
    "rushes.qa.sound:SoundCheck",
)


def _made(where: str) -> Any:
    module, _, name = where.partition(":")
    return getattr(import_module(module), name)()


def provider_named(name: str) -> Provider:
    """The provider of that name, made anew. Raises UserError, naming what there is."""
    if name in PROVIDERS:
        provider: Provider = _made(PROVIDERS[name])
        return provider
    from importlib.metadata import entry_points  # 40 ms that only a provider of somebody else's costs

    others = {entry.name: entry for entry in entry_points(group="rushes.providers")}
    if name in others:
        make: Callable[[], Provider] = others[name].load()
        return make()
    known = sorted({*PROVIDERS, *others})
    near = get_close_matches(name, known, n=1)
    hint = did_you_mean(near, f"there are: {', '.join(known)}")
    raise UserError(f"there is no provider {name!r}", next_step=hint)


def all_checks() -> list[Check]:
    """The checks that look at every result."""
    return [_made(where) for where in CHECKS]
