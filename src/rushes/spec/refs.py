"""What a name between braces, or after `input_from`, stands for."""

from __future__ import annotations

from collections.abc import Mapping

from rushes.model.media import Kind, kind_of_name
from rushes.spec.forms import alternatives
from rushes.spec.notes import Raw
from rushes.spec.outline import Draft, Group, Item
from rushes.spec.text import RUN_VARIABLES

_ENDINGS = frozenset({"output", "outputs", "result", "path", "url", "text", "image", "video", "audio", "approve"})
_BEGINNINGS = ("steps.", "step_")
_HOPS = 100  # pass-through steps followed to learn a kind; longer chains are taken on trust


class Names:
    """The names of one tab, and of the whole document behind them."""

    def __init__(self, tab: Mapping[str, Item], everywhere: Mapping[str, Item]) -> None:
        self.tab = tab
        self.everywhere = everywhere

    def find(self, name: str) -> Item | None:
        """The step or group of a name such as `base`, `base.output`, `step_base.output`, `steps.base.output`."""
        found = self.tab.get(name)
        if found is not None:
            return found
        stem, dot, ending = name.rpartition(".")
        known = bool(dot) and ending in _ENDINGS
        if known:
            found = self.tab.get(stem)
            if found is not None:
                return found
        for one in (stem, name) if known else (name,):
            for beginning in _BEGINNINGS:
                if one.startswith(beginning):
                    rest = one[len(beginning) :]
                    found = self.tab.get(rest) or self.tab.get(f"step-{rest}")
                    if found is not None:
                        return found
            found = self.everywhere.get(one)
            if found is not None:
                return found
        return None

    def options(self) -> list[str]:
        """Every name there is, for finding the nearest."""
        return [*self.tab, *RUN_VARIABLES]

    def kind(self, draft: Draft) -> Kind | None:
        """What a step makes; None where only its source could tell and does not."""
        at: Item | None = draft
        for _ in range(_HOPS):
            if not isinstance(at, Draft):
                return None
            if at.kind is not None:
                return at.kind
            source = source_of(at.raw)
            if source is not None:
                return kind_of_name(source)
            fed = fed_by(at.raw)
            at = self.find(fed[0]) if fed else _media_before(at)
        return None


def _media_before(draft: Draft) -> Item | None:
    before = draft.before
    if isinstance(before, Group):
        return before.members[0] if before.members else None
    return before


def source_of(raw: Raw) -> str | None:
    """The path or URL of a media step."""
    params = raw.get("params")
    places = (raw, params) if isinstance(params, dict) else (raw,)
    for where in places:
        for key in ("source", "path", "url", "file"):
            value = where.get(key)
            if isinstance(value, str):
                return value
    return None


def fed_by(raw: Raw) -> list[str]:
    """Every name after `input_from`, whatever its form."""
    value = raw.get("input_from")
    many = value if isinstance(value, list) else [value]
    return [name for one in many if isinstance(one, str) for name in alternatives(one)]
