"""What a recipe asks for reaches a pipeline as far as it takes it, and the rest is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from tests.providers.diffusers.rig import FRAME_ARTIFACT

from rushes.model.operation import Operation
from rushes.providers.at_once import BadParam
from rushes.providers.diffusers.wishes import wishes_of
from rushes.providers.diffusers.worker.fit import Fitted, Takes, fit, shaped
from rushes.testing.requests import recipe_of

PICTURES = Takes(
    "StillPipeline",
    ("prompt", "height", "width", "num_inference_steps", "guidance_scale", "negative_prompt", "generator", "latents"),
    (),
    (512, 512),
    16,
)
AGAIN = Takes("AgainPipeline", ("prompt", "image", "strength", "generator"), (), (512, 512), 16)
FILMS = Takes("FilmPipeline", ("prompt", "num_frames", "width", "height", "frame_rate"), (), (832, 480), 16)
ONWARD = Takes("OnwardPipeline", ("image", "num_frames", "fps", "last_image"), ("image",), None, 16)


def fitted(
    takes: Takes, op: Operation, params: Mapping[str, Any] | None = None, roles: Mapping[str, int] | None = None
) -> Fitted:
    wrong: list[BadParam] = []
    wishes = wishes_of(recipe_of(op, "a fox", params=params), wrong)
    assert not wrong, wrong
    return fit(wishes, {role: [f"/{role}-{n}" for n in range(many)] for role, many in (roles or {}).items()}, takes)


def test_words_of_other_services_become_those_of_diffusers() -> None:
    asked = {"steps": 30, "cfg_scale": 4.5, "negativePrompt": "a hat", "seed": 7, "style": "ink"}
    got = fitted(PICTURES, Operation.TEXT_TO_IMAGE, asked)
    assert got.call == {
        "prompt": "a fox",
        "num_inference_steps": 30,
        "guidance_scale": 4.5,
        "negative_prompt": "a hat",
    }
    assert got.left_out == ("style",) and got.refused is None


@pytest.mark.parametrize(
    ("params", "size"),
    [
        ({"width": 640, "height": "480"}, (640, 480)),
        ({"size": "640x480"}, (640, 480)),
        ({"image_size": "landscape_16_9"}, (1024, 576)),
        ({"image_size": {"width": 320, "height": 200}}, (320, 200)),
        ({"aspect_ratio": "16:9"}, (688, 384)),
        ({"ratio": "1:1"}, (512, 512)),
        ({}, None),
    ],
)
def test_every_spelling_of_a_size_is_one_size(params: Mapping[str, Any], size: tuple[int, int] | None) -> None:
    call = fitted(PICTURES, Operation.TEXT_TO_IMAGE, params).call
    assert (call.get("width"), call.get("height")) == (size or (None, None))


@pytest.mark.parametrize("ratio", [(1, 1), (16, 9), (9, 16), (21, 9), (1, 100)])
def test_a_shape_keeps_the_area_in_whole_steps(ratio: tuple[int, int]) -> None:
    width, height = shaped((1024, 1024), ratio, 16)
    assert width % 16 == height % 16 == 0
    assert width * height == pytest.approx(1024 * 1024, rel=0.1)


def test_a_pipeline_that_goes_by_its_picture_is_given_one_of_the_size() -> None:
    got = fitted(AGAIN, Operation.IMAGE_TO_IMAGE, {"size": "320x200", "strength": 0.5}, {"image": 1})
    assert got.pictures == {"image": "/image-0"} and got.scaled == (320, 200)
    assert got.call == {"prompt": "a fox", "strength": 0.5}


def test_seconds_become_frames() -> None:
    assert fitted(FILMS, Operation.TEXT_TO_VIDEO, {"duration": "5s"}).call["num_frames"] == 80
    got = fitted(FILMS, Operation.TEXT_TO_VIDEO, {"duration": 5, "fps": 24})
    assert got.call["num_frames"] == 120 and got.call["frame_rate"] == 24.0 and got.fps == 24.0
    assert fitted(FILMS, Operation.TEXT_TO_VIDEO, {"num_frames": 9, "duration": 5}).call["num_frames"] == 9


def test_frames_of_a_film_go_by_their_roles() -> None:
    got = fitted(ONWARD, Operation.IMAGE_TO_VIDEO, {"fps": 8}, {"end_frame": 1, "start_frame": 1})
    assert got.pictures == {"image": "/start_frame-0", "last_image": "/end_frame-0"}
    assert got.left_out == ("prompt",) and got.call == {"fps": 8}


def test_what_is_decided_here_is_no_parameter() -> None:
    got = fitted(PICTURES, Operation.TEXT_TO_IMAGE, {"generator": 1, "prompt": "another", "output_type": "np"})
    assert got.call == {"prompt": "a fox"} and set(got.left_out) == {"generator", "prompt", "output_type"}


@pytest.mark.parametrize(
    ("takes", "op", "roles", "says"),
    [
        (PICTURES, Operation.TEXT_TO_VIDEO, {}, "makes pictures, which is not text_to_video"),
        (FILMS, Operation.TEXT_TO_IMAGE, {}, "makes films, which is not text_to_image"),
        (PICTURES, Operation.TEXT_TO_IMAGE, {"reference": 1}, "takes no reference"),
        (AGAIN, Operation.IMAGE_TO_IMAGE, {"image": 2}, "one picture as image, not 2"),
        (AGAIN, Operation.IMAGE_TO_IMAGE, {"image": 1, "mask": 1}, "takes no mask"),
        (AGAIN, Operation.IMAGE_TO_IMAGE, {}, "is given no picture"),
        (ONWARD, Operation.TEXT_TO_VIDEO, {}, "needs image"),
        (FILMS, Operation.IMAGE_TO_VIDEO, {"start_frame": 1}, "takes no start_frame"),
    ],
)
def test_what_a_pipeline_cannot_do_is_refused(takes: Takes, op: Operation, roles: dict[str, int], says: str) -> None:
    assert says in (fitted(takes, op, {}, roles).refused or "")


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({"width": 640}, "width"),
        ({"width": -1, "height": 64}, "width"),
        ({"width": True, "height": 64}, "width"),
        ({"size": "big"}, "size"),
        ({"size": {"width": "x"}}, "size"),
        ({"aspect_ratio": "0:0"}, "aspect_ratio"),
        ({"duration": 1e308}, "duration"),
        ({"duration": "soon"}, "duration"),
        ({"fps": 0}, "fps"),
        ({"n": 4}, "n"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(params: Mapping[str, Any], name: str) -> None:
    wrong: list[BadParam] = []
    wishes_of(recipe_of(Operation.TEXT_TO_IMAGE, params=params, inputs={"image": (FRAME_ARTIFACT,)}), wrong)
    assert [one.name for one in wrong][:1] == [name]
