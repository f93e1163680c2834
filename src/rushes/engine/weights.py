"""What a request counts for where a provider limits something else than requests."""

from __future__ import annotations

from collections.abc import Callable

from rushes.model.limit import Unit
from rushes.model.media import Kind
from rushes.model.operation import SIGNATURES
from rushes.model.request import Recipe
from rushes.plugin.provider import Provider

_CHARACTERS_OF_A_TOKEN = 4.0  # of English text, as makers of models say; what is really counted, they say afterwards


def weight(recipe: Recipe, unit: Unit, provider: Callable[[str], Provider]) -> float:
    """How much of `unit` a request uses up, as far as that is known before it is sent; money at its worst case, USD."""
    match unit:
        case Unit.REQUESTS:
            return 1.0
        case Unit.IMAGES:
            return float(SIGNATURES[recipe.op].output is Kind.IMAGE)
        case Unit.CHARACTERS:
            return float(len(recipe.prompt or ""))
        case Unit.TOKENS:
            most = recipe.params.get("max_tokens")
            return len(recipe.prompt or "") / _CHARACTERS_OF_A_TOKEN + (most if isinstance(most, int) else 0)
        case Unit.USD:
            return float(provider(recipe.provider).estimate(recipe).high or 0)
