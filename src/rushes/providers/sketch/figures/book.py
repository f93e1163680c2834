"""All figures by name, with how they stand in a picture."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from rushes.providers.sketch.figures import animals, buildings, people, plants, things, vehicles
from rushes.providers.sketch.pen import Coat, Pen
from rushes.providers.sketch.scene import Colour


class Stand(Enum):
    """Where a figure belongs."""

    GROUND = "ground"
    WATER = "water"
    AIR = "air"
    FAR = "far"  # a landmark behind everybody
    TABLE = "table"


class Figure(NamedTuple):
    """How to draw it; its width in heights; its height in a medium picture, as a share of the picture's; its colour."""

    draw: Callable[[Pen, Coat], None]
    aspect: float
    height: float
    stand: Stand
    colour: Colour | None = None
    rocks: bool = False  # its ground is drawn with it


BOOK: dict[str, Figure] = {
    "cat": Figure(animals.cat, 0.9, 0.36, Stand.GROUND, (206, 132, 72)),
    "dog": Figure(animals.dog, 0.92, 0.38, Stand.GROUND, (190, 136, 84)),
    "fox": Figure(animals.fox, 1.0, 0.34, Stand.GROUND, (214, 110, 50)),
    "bird": Figure(animals.bird, 1.24, 0.24, Stand.GROUND, (84, 112, 146)),
    "gull": Figure(animals.gull, 1.96, 0.1, Stand.AIR, (206, 212, 220)),
    "horse": Figure(animals.horse, 1.34, 0.4, Stand.GROUND, (140, 90, 58)),
    "fish": Figure(animals.fish, 1.84, 0.17, Stand.WATER, (232, 126, 62)),
    "robot": Figure(people.robot, 0.68, 0.48, Stand.GROUND, (168, 182, 194)),
    "man": Figure(people.man, 0.4, 0.5, Stand.GROUND),
    "woman": Figure(people.woman, 0.42, 0.5, Stand.GROUND),
    "man_head": Figure(people.man_head, 1.1, 0.7, Stand.GROUND),
    "woman_head": Figure(people.woman_head, 1.04, 0.7, Stand.GROUND),
    "lighthouse": Figure(buildings.lighthouse, 0.72, 0.56, Stand.FAR, (196, 60, 52), rocks=True),
    "house": Figure(buildings.house, 1.24, 0.3, Stand.FAR, (158, 84, 70)),
    "castle": Figure(buildings.castle, 1.14, 0.42, Stand.FAR, (168, 160, 156)),
    "bridge": Figure(buildings.bridge, 2.64, 0.34, Stand.FAR, (186, 72, 58)),
    "tree": Figure(plants.tree, 0.92, 0.5, Stand.FAR, (86, 134, 74)),
    "pine": Figure(plants.pine, 0.54, 0.5, Stand.FAR, (52, 104, 84)),
    "flower": Figure(plants.flower, 0.66, 0.5, Stand.TABLE, (224, 96, 120)),
    "boat": Figure(vehicles.boat, 0.94, 0.4, Stand.WATER, (150, 66, 56)),
    "car": Figure(vehicles.car, 2.04, 0.2, Stand.GROUND, (206, 74, 62)),
    "bicycle": Figure(vehicles.bicycle, 1.66, 0.28, Stand.GROUND, (54, 128, 136)),
    "train": Figure(vehicles.train, 2.06, 0.28, Stand.GROUND, (66, 92, 84)),
    "plane": Figure(vehicles.plane, 2.04, 0.2, Stand.AIR, (60, 106, 170)),
    "rocket": Figure(vehicles.rocket, 0.54, 0.5, Stand.AIR, (208, 70, 60)),
    "balloon": Figure(vehicles.balloon, 0.72, 0.4, Stand.AIR, (210, 78, 66)),
    "cup": Figure(things.cup, 1.24, 0.34, Stand.TABLE, (214, 206, 194)),
    "bottle": Figure(things.bottle, 0.44, 0.5, Stand.TABLE, (70, 118, 104)),
    "lamp": Figure(things.lamp, 0.62, 0.42, Stand.TABLE, (78, 70, 68)),
    "book": Figure(things.book, 1.74, 0.24, Stand.TABLE, (112, 62, 60)),
    "apple": Figure(things.apple, 0.92, 0.26, Stand.TABLE, (202, 58, 52)),
    "phone": Figure(things.phone, 0.52, 0.48, Stand.TABLE, (86, 128, 196)),
    "shoe": Figure(things.shoe, 1.88, 0.28, Stand.TABLE, (62, 120, 176)),
    "chair": Figure(things.chair, 1.14, 0.44, Stand.GROUND, (62, 116, 112)),
    "guitar": Figure(things.guitar, 0.46, 0.54, Stand.TABLE, (196, 126, 66)),
    "umbrella": Figure(things.umbrella, 1.1, 0.42, Stand.GROUND, (202, 62, 70)),
    "cake": Figure(things.cake, 1.34, 0.36, Stand.TABLE, (228, 138, 152)),
}
"""Every name that `scene.FIGURES` maps a word to is here, and the two heads for close framings."""
