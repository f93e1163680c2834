"""Pictures by the offline painter."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from rushes.errors import ErrorClass, RemoteError
from rushes.model.media import Artifact
from rushes.model.operation import SIGNATURES, Operation, Where
from rushes.model.problem import Severity
from rushes.model.request import Request
from rushes.providers.sketch.figures.book import BOOK
from rushes.providers.sketch.places.atlas import ATLAS
from rushes.providers.sketch.scene import COLOURS, FIGURES, PLACES, read_scene

from .studio import Studio

T2I, I2I = Operation.TEXT_TO_IMAGE, Operation.IMAGE_TO_IMAGE
CAT = "A ginger cat on a harbour wall at sunset"


def picture(studio: Studio, artifact: Artifact) -> Image.Image:
    return Image.open(io.BytesIO(studio.bytes_of(artifact))).convert("RGB")


def phash(image: Image.Image) -> int:
    k = np.arange(32)
    basis = np.cos(np.pi * (2 * k[None] + 1) * np.arange(8)[:, None] / 64)
    small = np.asarray(image.convert("L").resize((32, 32), Image.Resampling.BOX), np.float64)
    flat = (basis @ small @ basis.T).ravel()
    return int.from_bytes(np.packbits(flat > np.median(flat[1:])).tobytes(), "big")


def apart(one: Image.Image, other: Image.Image) -> int:
    return (phash(one) ^ phash(other)).bit_count()


def test_the_same_request_is_the_same_bytes(studio: Studio) -> None:
    first, second = (studio.make(T2I, CAT, resolution="512px", seed=3)[0] for _ in range(2))
    assert first.digest == second.digest


def test_another_seed_another_prompt_and_another_model_are_other_pictures(studio: Studio) -> None:
    first = picture(studio, studio.make(T2I, CAT, resolution="512px", seed=3)[0])
    for prompt, seed in ((CAT, 4), ("A lighthouse in a storm at night", 3), ("A cup of coffee on a table", 3)):
        other = picture(studio, studio.make(T2I, prompt, resolution="512px", seed=seed)[0])
        assert apart(first, other) >= 10
    assert studio.make(T2I, CAT, resolution="512px", seed=3, model="imagen4") != studio.make(
        T2I, CAT, resolution="512px", seed=3, model="flux_dev"
    )


@pytest.mark.parametrize(
    ("params", "size"),
    [
        ({"aspect_ratio": "9:16", "resolution": "512px"}, (288, 512)),
        ({"aspectRatio": "16:9", "resolution": "1K"}, (1024, 576)),
        ({"width": 320, "height": "200"}, (320, 200)),
        ({"image_size": "landscape_4_3"}, (1024, 768)),
        ({"image_size": {"width": 256, "height": 384}}, (256, 384)),
        ({"size": "512x256"}, (512, 256)),
        ({"aspect_ratio": "3:4", "resolution": "480p"}, (480, 640)),
        ({"ratio": "1280:720", "resolution": "512px"}, (512, 288)),
        ({}, (1024, 1024)),
    ],
)
def test_every_spelling_of_a_size_gives_that_size(
    studio: Studio, params: dict[str, object], size: tuple[int, int]
) -> None:
    made = studio.make(T2I, "a quiet hill", **params)[0]
    assert (made.width, made.height, made.media_type) == (*size, "image/png")


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({"aspect_ratio": "tall"}, "aspect_ratio"),
        ({"aspect_ratio": "0:1"}, "aspect_ratio"),
        ({"resolution": "8K"}, "resolution"),
        ({"width": 100_000, "height": 100_000}, "width"),
        ({"width": "wide", "height": 10}, "width"),
        ({"image_size": "huge"}, "image_size"),
        ({"strength": 7}, "strength"),
    ],
)
def test_a_parameter_that_cannot_be_drawn_is_found_before_painting(
    studio: Studio, params: dict[str, object], name: str
) -> None:
    request = studio.request(T2I, "a hill", **params)  # type: ignore[arg-type]
    (problem,) = studio.sketch.validate(request.recipe)
    assert problem.severity is Severity.ERROR and problem.path == ("params", name)


def test_a_bad_parameter_that_reaches_the_painter_is_an_input_error(studio: Studio) -> None:
    with pytest.raises(RemoteError) as caught:
        studio.make(T2I, "a hill", resolution="8K")
    assert caught.value.kind is ErrorClass.INVALID_INPUT


def test_a_picture_says_that_no_model_made_it_and_how_high_its_caption_is(studio: Studio) -> None:
    made = studio.make(T2I, CAT, resolution="512px")[0]
    info = Image.open(io.BytesIO(studio.bytes_of(made))).info
    assert info["Comment"] == "sketch: no model used"
    assert 10 < int(info["sketch:strip"]) < 100


def test_a_reference_is_seen_in_the_picture_and_changes_its_colours(studio: Studio) -> None:
    sheet = Image.new("RGB", (200, 200), (20, 200, 60))
    out = io.BytesIO()
    sheet.save(out, "PNG")
    green = studio.keep(out.getvalue())
    plain = picture(studio, studio.make(T2I, CAT, resolution="512px", seed=1)[0])
    shown = picture(studio, studio.make(T2I, CAT, resolution="512px", seed=1, inputs={"reference": [green]})[0])
    thumbnail = np.asarray(shown)[20:60, 20:60].reshape(-1, 3).mean(0)
    assert thumbnail[1] > 150 and thumbnail[0] < 80
    whole, before = (np.asarray(one)[120:].reshape(-1, 3).mean(0) for one in (shown, plain))
    assert whole[1] - whole[0] > before[1] - before[0]


def test_a_repainted_picture_is_changed_and_still_recognised(studio: Studio) -> None:
    source = studio.make(T2I, CAT, resolution="512px", seed=1)[0]
    made = studio.make(I2I, "make it a snowy night", inputs={"image": [source]}, seed=1)[0]
    before, after = picture(studio, source), picture(studio, made)
    assert (made.width, made.height) == (source.width, source.height)
    assert apart(before, after) <= 16
    assert np.abs(np.asarray(before, np.int16) - np.asarray(after, np.int16)).mean() > 8


def test_a_mask_keeps_what_it_does_not_cover(studio: Studio) -> None:
    source = studio.make(T2I, CAT, resolution="512px", seed=1)[0]
    out = io.BytesIO()
    Image.new("L", (512, 512), 0).save(out, "PNG")
    made = studio.make(I2I, "night", inputs={"image": [source], "mask": [studio.keep(out.getvalue())]})[0]
    one, other = (np.asarray(picture(studio, a), np.int16)[:400] for a in (source, made))
    assert np.abs(one - other).mean() < 6


def test_an_upscaled_picture_is_larger_by_its_factor_or_its_target(studio: Studio) -> None:
    source = studio.make(T2I, CAT, width=200, height=160)[0]
    for params, size in (({}, (400, 320)), ({"factor": 3}, (600, 480)), ({"target": "1K"}, (1024, 819))):
        made = studio.make(Operation.UPSCALE_IMAGE, inputs={"image": [source]}, **params)[0]
        assert (made.width, made.height) == size


def test_bytes_that_are_no_picture_are_an_input_error(studio: Studio) -> None:
    text = studio.keep(b"not a picture at all")
    with pytest.raises(RemoteError, match="cannot be read as a picture") as caught:
        studio.make(I2I, "night", inputs={"image": [text]})
    assert caught.value.kind is ErrorClass.INVALID_INPUT


@pytest.mark.parametrize(
    "prompt", ["", "   ", "猫が海を見る", "𝔘𝔫𝔦 \x00 code \ud800", "a" * 5000, "%s {} <b>\n\n\n", "!?…"]
)
def test_any_prompt_at_all_gives_a_picture(studio: Studio, prompt: str) -> None:
    from rushes.providers.sketch.painter import paint

    assert paint(prompt, "m", 1, (200, 260)).image.size == (200, 260)


@pytest.mark.parametrize("size", [(32, 32), (33, 700), (700, 33), (161, 121), (400, 100)])
def test_any_shape_gives_a_picture_with_everything_in_it(size: tuple[int, int]) -> None:
    from rushes.providers.sketch.painter import paint

    for framing in ("close-up", "wide", "aerial", "low angle"):
        prompt = f"{framing} of a man with an umbrella, two cats and a lighthouse by the sea at night in the rain"
        assert paint(prompt, "m", 1, size).image.size == size


def test_every_figure_in_every_place_can_be_painted() -> None:
    from rushes.providers.sketch.painter import paint

    places = {place: word for word, place in PLACES.items()}
    assert set(places) == set(ATLAS) and set(FIGURES.values()) <= set(BOOK)
    figures = sorted(set(FIGURES.values()))
    for number, place in enumerate(sorted(ATLAS)):
        for figure in figures[number::3]:
            paint(f"{figure} {places[place]}", "m", 1, (96, 128))


def test_words_decide_what_a_scene_holds() -> None:
    scene = read_scene("Close-up: a woman in a red coat and two black cats, rainy Tokyo street at night, no dogs")
    assert [(s.figure, s.colour, s.many) for s in scene.subjects] == [
        ("woman", COLOURS["red"], 1),
        ("cat", COLOURS["black"], 2),
    ]
    assert (scene.place, scene.time, scene.weather, scene.framing) == ("city", "night", "rain", "close")


def test_it_takes_every_remote_operation_and_refuses_the_rest(studio: Studio) -> None:
    for op, signature in SIGNATURES.items():
        recipe = studio.request(Operation.TEXT_TO_IMAGE, "a hill").recipe
        request = Request(recipe=_with_op(recipe, op), base=studio.request(T2I, "x").base, candidate=0, salt=0, seed=1)
        assert bool(studio.sketch.validate(request.recipe)) == (signature.where is not Where.REMOTE)


def _with_op(recipe: object, op: Operation) -> object:
    import dataclasses

    return dataclasses.replace(recipe, op=op)  # type: ignore[type-var]


def test_quotes_are_free_and_grow_with_the_picture(studio: Studio) -> None:
    small = studio.sketch.estimate(studio.request(T2I, "a hill", resolution="512px").recipe)
    large = studio.sketch.estimate(studio.request(T2I, "a hill", resolution="4K").recipe)
    assert small.high == large.high == 0 and 0 < small.seconds < large.seconds


def test_the_model_is_in_the_version_and_the_renderer_too(studio: Studio) -> None:
    assert studio.sketch.version("veo3") == "sketch-1/veo3"
