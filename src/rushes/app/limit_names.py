"""What people call a limit: `fal` an account, `fal/flux_dev` a model at it, however the model is spelled."""

from __future__ import annotations

from collections.abc import Callable, Collection
from difflib import get_close_matches

from rushes.app.plugins import is_there, provider_names
from rushes.catalogue.load import Catalogue
from rushes.errors import UserError
from rushes.model.problem import did_you_mean


def limit_named(name: str, catalogue: Callable[[], Catalogue], given: Collection[str] = ()) -> str:
    """The name under which runs know a limit: the provider, or `PROVIDER/KEY` with the catalogue's key of a model.

    `given` are providers that were given by hand. Raises UserError: a limit of what is not there would hold nobody
    back, and nobody would notice.
    """
    provider, _slash, model = name.partition("/")
    if provider not in given and not is_there(provider):
        near = get_close_matches(provider, [*given, *provider_names()], n=1)
        hint = did_you_mean(near, f"there are: {', '.join(provider_names())}")
        raise UserError(f"there is no provider {provider!r}", next_step=hint)
    if not model or provider not in (known := catalogue()).providers():
        return name
    found = known.find(model)
    if found is None or provider not in {one.provider for one in found.listings()}:
        hint = did_you_mean(known.near(model), f"rushes models --provider {provider} lists what it offers")
        raise UserError(f"{provider} offers no model {model!r}", next_step=hint)
    return f"{provider}/{found.key}"
