"""A shape and a resolution are one of the sizes that an endpoint lists."""

from __future__ import annotations

from typing import Any

import pytest

from rushes.plugin.takes import Takes
from rushes.providers.pixels import in_pixels, tier_of

SIZES = ["1920:1080", "1280:720", "720:1280", "1080:1920", "1104:832", "960:960", "1360:768", "1024:1024", "2112:912"]


def takes(*sizes: str, required: bool = True, resolution: bool = False) -> Takes:
    properties: dict[str, Any] = {"ratio": {"type": "string", "enum": list(sizes or SIZES)}}
    if resolution:
        properties["resolution"] = {"type": "string", "enum": ["768p", "2k"]}
    return Takes(schema={"type": "object", "required": ["ratio"] * required, "properties": properties}, shape="ratio")


@pytest.mark.parametrize(
    ("params", "size"),
    [
        ({"aspect_ratio": "9:16"}, "720:1280"),
        ({"aspectRatio": " 9:16 "}, "720:1280"),
        ({"aspect_ratio": "9:16", "resolution": "1080p"}, "1080:1920"),
        ({"ratio": "16:9", "resolution": "720P"}, "1280:720"),
        ({"resolution": "1080p"}, "1920:1080"),
        ({"ratio": "1360:768"}, "1360:768"),
        ({"size": "1280x720"}, "1280:720"),
        ({"width": 1080, "height": 1920}, "1080:1920"),
        ({"width": 700, "height": 1244}, "720:1280"),
        ({"aspect_ratio": "4:3"}, "1104:832"),
        ({"aspect_ratio": "1:1"}, "960:960"),
        ({"aspect_ratio": "21:9"}, "2112:912"),
        ({}, "1280:720"),
    ],
)
def test_what_is_asked_for_is_one_size(params: dict[str, Any], size: str) -> None:
    assert in_pixels({**params, "seed": 1}, takes()) == {"seed": 1, "aspect_ratio": size}


@pytest.mark.parametrize(
    "params",
    [
        {"aspect_ratio": "7:1"},
        {"aspect_ratio": "7:4"},
        {"aspect_ratio": "tall"},
        {"aspect_ratio": "9:16", "resolution": "4k"},
        {"aspect_ratio": {"width": 1}},
        {"aspect_ratio": "0:0"},
        {"aspect_ratio": "9:" + "1" * 99},
        {"image_size": "portrait_16_9"},
    ],
)
def test_what_cannot_be_had_stays_as_it_is_and_is_refused_by_name(params: dict[str, Any]) -> None:
    assert in_pixels(params, takes()) == params


@pytest.mark.parametrize(
    ("like", "size"),
    [((1080, 1920), "720:1280"), ((768, 1344), "720:1280"), ((500, 500), "960:960"), ((4000, 3000), "1104:832")],
)
def test_a_film_of_a_picture_has_the_shape_of_the_picture(like: tuple[int, int], size: str) -> None:
    assert in_pixels({}, takes(), like) == {"aspect_ratio": size}
    assert in_pixels({"ratio": "16:9"}, takes(), like) == {"aspect_ratio": "1280:720"}


def test_where_nothing_is_asked_for_and_nothing_is_needed_nothing_is_sent() -> None:
    assert in_pixels({"seed": 1}, takes(required=False), (9, 16)) == {"seed": 1}


def test_a_resolution_of_its_own_stays_beside() -> None:
    own = takes("16:9", "9:16", "adaptive", resolution=True)
    asked = {"aspect_ratio": "9:16", "resolution": "2k"}
    assert in_pixels(asked, own) == asked


@pytest.mark.parametrize(
    ("size", "tier"), [("1280:720", "720p"), ("720:1280", "720p"), ("9:16", None), ("", None), (None, None), (5, None)]
)
def test_a_size_is_called_by_its_shorter_side(size: Any, tier: str | None) -> None:
    assert tier_of(size) == tier
