"""Providers and checks by name. Listing imports nothing; naming one imports that one."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from importlib import import_module
from typing import Any, NamedTuple

from rushes.errors import UserError
from rushes.model.problem import did_you_mean
from rushes.plugin.access import Access
from rushes.plugin.check import Check
from rushes.plugin.provider import Provider
from rushes.plugin.room import Room

PROVIDERS = {
    "sketch": "rushes.providers.sketch.provider:Sketch",
    "local": "rushes.providers.local.provider:Local",
}
"""The built-in providers of this machine."""

ROOMED = {
    "diffusers": "rushes.providers.diffusers.provider:Diffusers",
}
"""The built-in providers of this machine that keep something between runs, made with a `Room`."""

REMOTE = {
    "anthropic": "rushes.providers.anthropic:Anthropic",
    "comfyui": "rushes.providers.comfyui.provider:Comfyui",
    "elevenlabs": "rushes.providers.elevenlabs:ElevenLabs",
    "fal": "rushes.providers.fal:Fal",
    "gemini": "rushes.providers.gemini.provider:Gemini",
    "openai": "rushes.providers.openai.provider:OpenAI",
    "openrouter": "rushes.providers.openrouter:OpenRouter",
    "replicate": "rushes.providers.replicate:Replicate",
    "runway": "rushes.providers.runway:Runway",
    "glabs": "rushes.providers.glabs:GLabs",
    "luma": "rushes.providers.luma:Luma",
    "huggingface": "rushes.providers.huggingface:HuggingFace",
}
"""The built-in providers elsewhere, made with an `Access`. Others register under the entry point `rushes.providers`."""

KEYLESS = frozenset({"comfyui"})
"""Those elsewhere that open without a key; one is sent where one is kept."""

OFF = frozenset({"glabs"})
"""Those that nobody is sent to unless a person says so beside the file: they work in accounts of a person's own."""

CHECKS = (
    "rushes.qa.picture:PictureCheck",
    "rushes.qa.clip:ClipCheck",
    "rushes.qa.sound:SoundCheck",
)


class Made(NamedTuple):
    """A provider, and whether it was made with an `Access`: then keys, prices and the simulator are for it."""

    provider: Provider
    remote: bool


def _named(where: str) -> Any:
    module, _, name = where.partition(":")
    return getattr(import_module(module), name)


def provider_named(name: str, access: Callable[[], Access], room: Callable[[], Room]) -> Made:
    """The provider of that name, made anew. Raises UserError, naming what there is."""
    if name in PROVIDERS:
        return Made(_named(PROVIDERS[name])(), False)
    if name in ROOMED:
        return Made(_named(ROOMED[name])(room()), False)
    if name in REMOTE:
        return Made(_named(REMOTE[name])(access()), True)
    others = _entry_points()
    if name in others:
        make = others[name].load()
        return Made(make(access()), True) if _takes_access(make) else Made(make(), False)
    near = get_close_matches(name, provider_names(), n=1)
    hint = did_you_mean(near, f"there are: {', '.join(provider_names())}")
    raise UserError(f"there is no provider {name!r}", next_step=hint)


def is_there(name: str) -> bool:
    """Whether a provider has this name; imports none."""
    return on_this_machine(name) or name in REMOTE or name in _entry_points()


def on_this_machine(name: str) -> bool:
    """Whether this is a built-in provider that works here: it costs nothing and takes no key."""
    return name in PROVIDERS or name in ROOMED


def provider_names() -> list[str]:
    """Every provider that is there, sorted; imports none."""
    return sorted({*PROVIDERS, *ROOMED, *REMOTE, *_entry_points()})


def _entry_points() -> dict[str, Any]:
    from importlib.metadata import entry_points  # 40 ms that only a provider of somebody else's costs

    return {entry.name: entry for entry in entry_points(group="rushes.providers")}


def _takes_access(make: Callable[..., Any]) -> bool:
    from inspect import Parameter, signature

    try:
        takes = signature(make).parameters.values()
    except (TypeError, ValueError):  # a factory written in C tells nothing
        return False
    return any(one.default is Parameter.empty and one.kind <= Parameter.POSITIONAL_OR_KEYWORD for one in takes)


def all_checks() -> list[Check]:
    """The checks that look at every result."""
    return [_named(where)() for where in CHECKS]
