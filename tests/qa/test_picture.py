"""The technical look at pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from rushes.model.operation import Operation
from rushes.providers.media.picture import png_bytes
from rushes.providers.sketch.painter import paint
from rushes.qa.picture import PictureCheck

from .faults import ANY, recipe, saved

CHECK = PictureCheck()
PROMPTS = (
    "A ginger cat on a harbour wall at sunset",
    "A lonely lighthouse in a storm at night",
    "Close-up portrait of a woman in a cozy cafe",
    "A castle in thick fog, moody",
    "Product shot of a bottle, minimalist studio",
    "A rocket over a planet, stars",
    "A snowy forest, pastel",
    "Black and white photo of an old man, noir",
    "Aerial view of desert dunes",
    "nothing in particular",
)


@pytest.fixture(scope="module")
def clean() -> Image.Image:
    return paint(PROMPTS[0], "flux_dev", 1, (360, 640)).image


@pytest.mark.parametrize("prompt", PROMPTS)
def test_a_sketch_comes_out_clean(tmp_path: Path, prompt: str) -> None:
    for size, seed in (((288, 512), 1), ((640, 360), 2), ((512, 512), 3)):
        path = tmp_path / "p.png"
        path.write_bytes(png_bytes(paint(prompt, "veo3", seed, size).image))
        verdict = CHECK.look(ANY, path, recipe(width=size[0], height=size[1]))
        assert not verdict.flagged and not verdict.findings, (prompt, size, verdict)
        assert 0.3 < verdict.score <= 1


@pytest.mark.parametrize(
    ("colour", "code"),
    [((0, 0, 0), "picture.black"), ((255, 255, 255), "picture.blank"), ((90, 120, 200), "picture.blank")],
)
def test_an_even_picture_is_flagged(tmp_path: Path, colour: tuple[int, int, int], code: str) -> None:
    verdict = CHECK.look(ANY, saved(Image.new("RGB", (320, 240), colour), tmp_path / "p.png"), recipe())
    assert verdict.flagged and [one.code for one in verdict.findings] == [code]


def test_noise_is_flagged(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (480, 360, 3), dtype=np.uint8)
    verdict = CHECK.look(ANY, saved(Image.fromarray(noise), tmp_path / "p.png"), recipe())
    assert verdict.flagged and verdict.findings[0].code == "picture.noise"


def test_a_blurred_picture_is_flagged_and_scores_lower(tmp_path: Path, clean: Image.Image) -> None:
    sharp = CHECK.look(ANY, saved(clean, tmp_path / "a.png"), recipe())
    soft = CHECK.look(ANY, saved(clean.filter(ImageFilter.GaussianBlur(6)), tmp_path / "b.png"), recipe())
    assert soft.flagged and soft.findings[0].code == "picture.blurred" and soft.score < sharp.score / 2


def test_bars_are_flagged(tmp_path: Path, clean: Image.Image) -> None:
    sheet = Image.new("RGB", (640, 640))
    sheet.paste(clean.crop((0, 0, 360, 560)), (140, 40))
    verdict = CHECK.look(ANY, saved(sheet, tmp_path / "p.png"), recipe())
    assert verdict.flagged and "picture.bars" in [one.code for one in verdict.findings]


def test_blocks_are_remarked_and_do_not_flag(tmp_path: Path, clean: Image.Image) -> None:
    verdict = CHECK.look(ANY, saved(clean, tmp_path / "p.jpg", "JPEG", quality=5), recipe())
    assert not verdict.flagged and "picture.blocks" in [one.code for one in verdict.findings]


@pytest.mark.parametrize(("kind", "cut"), [("PNG", 16), ("PNG", 4000), ("JPEG", 2), ("JPEG", 4000), ("WEBP", 20)])
def test_a_download_that_was_cut_off_is_flagged(tmp_path: Path, clean: Image.Image, kind: str, cut: int) -> None:
    path = saved(clean, tmp_path / "p", kind)
    path.write_bytes(path.read_bytes()[:-cut])
    verdict = CHECK.look(ANY, path, recipe())
    assert verdict.flagged and verdict.findings[0].code in ("picture.truncated", "picture.unreadable")


def test_bytes_that_are_no_picture_are_flagged(tmp_path: Path) -> None:
    path = tmp_path / "p.png"
    path.write_bytes(b"<html>502 Bad Gateway</html>")
    assert CHECK.look(ANY, path, recipe()).findings[0].code == "picture.unreadable"


@pytest.mark.parametrize(
    ("params", "codes"),
    [
        ({"aspect_ratio": "9:16"}, []),
        ({"aspect_ratio": "16:9"}, ["shape.aspect"]),
        ({"image_size": "portrait_16_9"}, []),
        ({"width": 720, "height": 1280}, ["shape.size"]),
        ({"size": "1024x1024"}, ["shape.aspect"]),
        ({"aspect_ratio": "auto"}, []),
    ],
)
def test_another_shape_than_was_asked_for_is_flagged_and_another_size_remarked(
    tmp_path: Path, clean: Image.Image, params: dict[str, object], codes: list[str]
) -> None:
    path = saved(clean, tmp_path / "p.png")
    verdict = CHECK.look(ANY, path, recipe(**params))  # type: ignore[arg-type]
    assert [one.code for one in verdict.findings] == codes
    assert verdict.flagged == ("shape.aspect" in codes)
    assert CHECK.look(ANY, path, recipe(Operation.UPSCALE_IMAGE, **params)).findings == ()  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (15, 15), (64, 64)])
def test_a_tiny_picture_is_judged_without_harm(tmp_path: Path, size: tuple[int, int]) -> None:
    verdict = CHECK.look(ANY, saved(Image.effect_noise(size, 60).convert("RGB"), tmp_path / "p.png"), recipe())
    assert 0 <= verdict.score <= 1
