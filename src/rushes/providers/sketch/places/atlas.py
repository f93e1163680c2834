"""All places by name."""

from __future__ import annotations

from collections.abc import Callable

from rushes.providers.sketch.places.inside import room, studio
from rushes.providers.sketch.places.land import desert, forest, hills, mountains
from rushes.providers.sketch.places.space import space
from rushes.providers.sketch.places.town import city
from rushes.providers.sketch.places.water import sea
from rushes.providers.sketch.stage import Stage

ATLAS: dict[str, Callable[[Stage, bool], None]] = {
    "field": hills,
    "mountains": mountains,
    "forest": forest,
    "desert": desert,
    "sea": sea,
    "city": city,
    "room": room,
    "studio": studio,
    "space": space,
}
"""Each paints itself onto the stage; the flag says that somebody needs dry ground to stand on."""
