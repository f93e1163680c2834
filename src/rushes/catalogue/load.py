"""The catalogue: dated data files of models, one per provider, read together and looked up by any known spelling.

A file has the models that are first of all its provider's, and `offers` of models that are first of all another's.

A spelling is a key, an alias or an endpoint; case and separators do not matter, so `veo-3.1-fast` and `veo_31_fast`
are one. Several models may share a spelling when they do different work: `kling_2_6_pro` makes films from text or
from a picture, and the operation says which of its two models is meant.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from rushes.catalogue.model import Earlier, Listing, Model
from rushes.model.operation import Operation
from rushes.model.price import Price, Unit
from rushes.model.problem import Problem, Severity, did_you_mean

_DATA = Path(__file__).parent / "data"
_SEPARATORS = re.compile(r"[^a-z0-9]+")

DEFAULTS: dict[Operation, str] = {
    Operation.TEXT_TO_IMAGE: "flux_dev",  # what `auto` means in the YAML dialect
    Operation.IMAGE_TO_IMAGE: "nano_banana_2_edit",  # takes several pictures and references
    Operation.TEXT_TO_VIDEO: "kling_2_6_pro",
    Operation.IMAGE_TO_VIDEO: "veo_3_1_fast",  # takes a start and an end frame
    Operation.VIDEO_TO_VIDEO: "kling_o3_standard_edit",
    Operation.AVATAR: "omnihuman_v1_5",
    Operation.TEXT_TO_SPEECH: "elevenlabs",
    Operation.SPEECH_TO_TEXT: "scribe_v2",
    Operation.ADD_AUDIO: "thinksound",
    Operation.UPSCALE_IMAGE: "seedvr2",
    Operation.UPSCALE_VIDEO: "topaz",
    Operation.ANALYZE_IMAGE: "gemini_describe",
    Operation.ANALYZE_VIDEO: "gemini_3_pro",
    Operation.PROMPT_GENERATION: "openrouter_video_prompt",
}
"""The model of a step that names none."""


class Catalogue:
    """All models that the data files know."""

    def __init__(self, models: Iterable[Model]) -> None:
        self._models = tuple(models)
        self._keys = {model.key: model for model in self._models}
        self._spellings: dict[str, list[Model]] = {}
        for model in self._models:  # keys first: an alias never hides another model's own key
            self._spell(model.key, model)
        for model in self._models:
            for alias in (*model.aliases, model.endpoint):
                self._spell(alias, model)

    def _spell(self, name: str, model: Model) -> None:
        known = self._spellings.setdefault(_plain(name), [])
        if model not in known:
            known.append(model)

    @classmethod
    def default(cls) -> Catalogue:
        """The catalogue that comes with the program; read once per process."""
        return _default()

    def models(self) -> tuple[Model, ...]:
        """Every model, in the order of the files."""
        return self._models

    def get(self, key: str) -> Model:
        """The model with exactly this key; KeyError if there is none."""
        return self._keys[key]

    def find(self, alias: str, op: Operation | None = None) -> Model | None:
        """The model that a spelling means, for this operation if one of several does it; None when nobody knows it.

        A model that does not do `op` is still found when no namesake does, so that the caller can say what it does.
        A day behind it, `flux_dev@2026-10-01`, asks for what the spelling meant then.
        """
        name, at, day = alias.partition("@")
        known = self._spellings.get(_plain(name))
        if not known:
            return None
        found = next((model for model in known if op is None or op in model.operations), known[0])
        return found.meant_on(day) if at else found

    def offered(self, key: str, op: Operation, provider: str) -> tuple[Model, Listing] | None:
        """The model that a key means for this work, as one provider lists it; None when it does not.

        A key that does other work stands for its namesake: `nano_banana_2` for `nano_banana_2_edit`.
        """
        model = self._keys.get(key)
        if model is None or op not in model.operations:
            model = self.find(key, op)
        listing = model.listed_by(provider, op) if model is not None else None
        return (model, listing) if model is not None and listing is not None else None

    def providers(self) -> frozenset[str]:
        """Everybody who offers anything."""
        return frozenset(one.provider for model in self._models for one in model.listings())

    def near(self, alias: str, op: Operation | None = None) -> list[str]:
        """Up to three keys or aliases that look like this one; only those that do `op`, if given."""
        names: dict[str, str] = {}
        for model in self._models:
            if op is None or op in model.operations:
                for name in (model.key, *model.aliases):
                    names.setdefault(_plain(name), name)
        wanted = _plain(alias)
        close = get_close_matches(wanted, names, n=3, cutoff=0.6)
        if not close and wanted:
            close = [plain for plain in names if plain.startswith(wanted[:4])][:3]
        return [names[plain] for plain in close]

    def default_for(self, op: Operation) -> Model | None:
        """The model of a step that names none; None for work that needs no model."""
        key = DEFAULTS.get(op)
        return None if key is None else self._keys[key]

    def resolve(self, alias: str | None, op: Operation) -> Model | Problem | None:
        """The model for a step: what it names, or the default; None for work that needs no model.

        A Problem with code `model-unknown` or `model-operation` when the name cannot be used; it has no address yet.
        """
        if alias is None:
            return self.default_for(op)
        model = self.find(alias, op)
        if model is None:
            near = self.near(alias, op) or self.near(alias)
            return _problem("model-unknown", f"there is no model {alias!r}", near, op, self)
        if op in DEFAULTS and op not in model.operations:
            does = ", ".join(model.operations) or model.category
            return _problem("model-operation", f"the model {alias!r} does {does}, not {op}", [], op, self)
        return model


def _problem(code: str, says: str, near: list[str], op: Operation, catalogue: Catalogue) -> Problem:
    some = near or [model.key for model in catalogue.models() if op in model.operations][:4]
    asks = did_you_mean(near, f"for {op} there are: {', '.join(some)}")
    return Problem(
        code=code,
        severity=Severity.ERROR,
        says=says,
        why="a provider would refuse it, or answer with another model",
        try_=asks if some else "leave the model out",
    )


def _plain(name: str) -> str:
    return _SEPARATORS.sub("", name.lower())


@cache
def _default() -> Catalogue:
    return Catalogue(_models())


def _models() -> Iterable[Model]:
    """All models. What a provider lists beside its own stands in its own file, and is added to whose it is."""
    files = [json.loads(path.read_bytes()) for path in sorted((_DATA / "models").glob("*.json"))]
    beside: dict[str, list[dict[str, Any]]] = {}
    for one in files:
        for offer in one.get("offers", ()):
            beside.setdefault(offer["of"], []).append({**offer, "provider": one["family"]})
    for one in files:
        for raw in one["models"]:
            yield model_of(raw, beside.get(raw["key"], ()))


def model_of(raw: dict[str, Any], beside: Sequence[dict[str, Any]] = ()) -> Model:
    """A model from its JSON; KeyError or ValueError for what the schema does not allow."""
    operations = tuple([Operation(one) for one in raw["operations"]])
    return Model(
        key=raw["key"],
        maker=raw["maker"],
        category=raw["category"],
        operations=operations,
        provider=raw["provider"],
        endpoint=raw["endpoint"],
        aliases=tuple(raw["aliases"]),
        prices=tuple([_price(one) for one in raw["prices"]]),
        durations=None if raw["durations"] is None else tuple(raw["durations"]),
        ratios=None if raw["ratios"] is None else tuple(raw["ratios"]),
        defaults=raw["defaults"],
        seconds=raw["seconds"],
        timeout=raw["timeout"],
        retired=None if raw["retired"] is None else date.fromisoformat(raw["retired"]),
        successor=raw["successor"],
        note=raw["note"],
        offers=tuple([_listing(one, operations) for one in beside]),
        equivalents=tuple(raw.get("equivalents", ())),
        drafts=tuple(raw.get("drafts", ())),
        was=tuple([_earlier(one) for one in raw.get("was", ())]),
    )


def _earlier(raw: dict[str, Any]) -> Earlier:
    return Earlier(until=date.fromisoformat(raw["until"]), provider=raw["provider"], endpoint=raw["endpoint"])


def _listing(raw: dict[str, Any], operations: tuple[Operation, ...]) -> Listing:
    named = raw.get("operations")
    return Listing(
        provider=raw["provider"],
        endpoint=raw["endpoint"],
        operations=operations if named is None else tuple([Operation(one) for one in named]),
        prices=tuple([_price(one) for one in raw["prices"]]),
        imitated=raw.get("imitated", False),
    )


def _price(raw: dict[str, Any]) -> Price:
    usd = raw["usd"]
    return Price(
        None if usd is None else Decimal(usd),
        Unit(raw["per"]),
        raw.get("when", {}),
        raw["source"],
        raw["as_of"],
        Decimal(raw.get("least", 0)),
        Decimal(raw.get("plus", 0)),
        Decimal(raw.get("answered", 0)),
        {kind: Decimal(usd) for kind, usd in raw.get("kinds", {}).items()},
        raw.get("above", 0),
    )
