"""What a provider is made with that works on this machine and keeps something between runs.

Such a provider sees no environment and no configuration; it is handed this.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable


class Room(NamedTuple):
    """A provider's own place here.

    `folder` is its own and outlives the process; it may not be there yet. `python` is the interpreter for work that is
    done in another process. `hub` is where downloaded models lie, in the layout of Hugging Face's cache.
    """

    folder: Path
    python: str
    hub: Path


@runtime_checkable
class OwnModels(Protocol):
    """A provider whose models are in no catalogue: it knows itself what a name in a file means."""

    def model_named(self, name: str | None, folder: Path) -> str:
        """The whole name, for `Provider.version` and `Recipe.alias`, of what a file in `folder` calls `name`.

        It is no part of any key, so it may say where something lies. Never raises.
        """
        ...
