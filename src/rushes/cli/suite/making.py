"""`aicp generate-image`, `create-video`, `generate-avatar`, `generate-grid`, `upscale-image`, `transfer-motion`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from rushes.app.one_off import Question
from rushes.cli.options import Number, dollars
from rushes.cli.suite.driving import asked, options_for, project_at
from rushes.cli.suite.session import Suite, common, existing, suite
from rushes.cli.suite.texts import text_of
from rushes.errors import UserError
from rushes.model.operation import Operation

F = TypeVar("F", bound=Callable[..., Any])

_AUTO = "auto"
"""In place of a model's name: the usual one for this kind of work."""

_PANELS = {"2x2": "four panels in two rows of two", "3x3": "nine panels in three rows of three"}
_HEIGHTS = ("720p", "1080p", "1440p", "2160p")


def making(command: F) -> F:
    """What every command takes that makes a picture or a clip."""
    return asking(click.option("-o", "--output-dir", metavar="DIR", help="Write outputs below this folder.")(command))


def asking(command: F) -> F:
    """What every command takes that asks a model."""
    flags = (
        click.option("--save-json", metavar="FILE", help="Write the result here too."),
        click.option("--no-confirm", is_flag=True, help="Buy without asking."),
        click.option("--budget", callback=dollars, metavar="USD", help="Spend at most USD."),
        click.option("--timeout", type=Number(min=0, min_open=True), metavar="SECONDS", help="Time to wait."),
        click.option("--provider", metavar="NAME", help="Ask this provider; sketch paints offline, for free."),
        click.option("--sim", metavar="URL", help="A simulator stands in for every remote provider."),
        click.option("--mock", is_flag=True, help="Paint offline and free: the provider sketch."),
    )
    for flag in reversed(flags):
        command = flag(command)
    return common(command)


def make(name: str, questions: Sequence[Question], how: dict[str, Any]) -> int:
    """Have questions answered as one run."""
    now = suite()
    provider = "sketch" if how["mock"] else how["provider"]
    with project_at(now.folder, now, provider=provider, sim=how["sim"]) as project:
        options = options_for(
            project, budget=how["budget"], timeout=how["timeout"], output_dir=_folder(how["output_dir"], now)
        )
        return asked(now, project, name, questions, options, yes=how["no_confirm"], save=how["save_json"])


def _folder(named: str | None, now: Suite) -> str | None:
    return None if named is None else str((now.folder / named).absolute())


def given(**params: Any) -> dict[str, Any]:
    """The parameters that somebody gave."""
    return {name: value for name, value in params.items() if value is not None}


def _model(named: str) -> str | None:
    return None if named == _AUTO else named


@click.command("generate-image")
@click.option("--text", metavar="TEXT", help="What to show.")
@click.option("--input", "input_", metavar="FILE|-", help="A file with that text, or - for stdin.")
@click.option("--model", default=_AUTO, show_default=True, metavar="NAME", help="Who paints.")
@click.option("--aspect-ratio", default="16:9", show_default=True, metavar="W:H", help="The shape.")
@click.option("--resolution", metavar="SIZE", help="1K, 2K or 4K, where the model has a choice.")
@making
def generate_image(
    text: str | None, input_: str | None, model: str, aspect_ratio: str, resolution: str | None, **how: Any
) -> int:
    """Make a picture from a text."""
    picture = Question(
        op=Operation.TEXT_TO_IMAGE,
        name="image",
        model=_model(model),
        prompt=text_of(text, input_),
        params=given(aspect_ratio=aspect_ratio, resolution=resolution),
    )
    return make("generate-image", [picture], how)


@click.command("create-video")
@click.option("--text", metavar="TEXT", help="What to show.")
@click.option("--input", "input_", metavar="FILE|-", help="A file with that text, or - for stdin.")
@click.option("--image-model", default=_AUTO, show_default=True, metavar="NAME", help="Who paints.")
@click.option("--video-model", default=_AUTO, show_default=True, metavar="NAME", help="Who films.")
@click.option("--aspect-ratio", default="16:9", show_default=True, metavar="W:H", help="The shape.")
@click.option("--duration", type=int, metavar="SECONDS", help="The length of the clip.")
@making
def create_video(
    text: str | None,
    input_: str | None,
    image_model: str,
    video_model: str,
    aspect_ratio: str,
    duration: int | None,
    **how: Any,
) -> int:
    """Make a picture from a text, and a clip that begins with it."""
    prompt = text_of(text, input_)
    shape = {"aspect_ratio": aspect_ratio}
    still = Question(op=Operation.TEXT_TO_IMAGE, name="image", model=_model(image_model), prompt=prompt, params=shape)
    clip = Question(
        op=Operation.IMAGE_TO_VIDEO,
        name="video",
        model=_model(video_model),
        prompt=prompt,
        inputs={"start_frame": ["image"]},
        params=given(duration=duration),
    )
    return make("create-video", [still, clip], how)


@click.command("generate-avatar")
@click.option("--image-url", "--image", "image", metavar="URL|FILE", help="The portrait.")
@click.option("--audio-url", "--audio", "audio", metavar="URL|FILE", help="The voice that it speaks with.")
@click.option("--text", metavar="TEXT", help="The words that it says, where the model speaks itself.")
@click.option("--video-url", "--video", "video", metavar="URL|FILE", help="A clip whose motion it follows.")
@click.option("--reference-images", multiple=True, metavar="URL|FILE", help="Who it shows, up to four times.")
@click.option("--prompt", metavar="TEXT", help="How it looks and moves.")
@click.option("--model", default=_AUTO, show_default=True, metavar="NAME", help="Who films.")
@click.option("--duration", type=int, metavar="SECONDS", help="The length of the clip.")
@click.option("--aspect-ratio", metavar="W:H", help="The shape.")
@making
def generate_avatar(
    image: str | None,
    audio: str | None,
    text: str | None,
    video: str | None,
    reference_images: tuple[str, ...],
    prompt: str | None,
    model: str,
    duration: int | None,
    aspect_ratio: str | None,
    **how: Any,
) -> int:
    """Let a portrait speak or move."""
    portrait = image or next(iter(reference_images), None)
    if portrait is None:
        raise click.UsageError("--image-url is missing: the portrait")
    if len(reference_images) > 1:
        raise UserError("an avatar is of one portrait here", next_step="give one picture: --image-url")
    avatar = Question(
        op=Operation.AVATAR,
        name="avatar",
        model=_model(model),
        prompt=text or prompt,
        inputs={role: [file] for role, file in (("image", portrait), ("audio", audio), ("video", video)) if file},
        params=given(duration=duration, aspect_ratio=aspect_ratio),
    )
    return make("generate-avatar", [avatar], how)


@click.command("generate-grid")
@click.option("-f", "--prompt-file", "file", metavar="FILE", help="What to show, a panel on each line.")
@click.option("--text", metavar="TEXT", help="What to show on all panels.")
@click.option("-g", "--grid", "--layout", "grid", type=click.Choice(list(_PANELS)), default="2x2", help="How many.")
@click.option("-s", "--style", metavar="TEXT", help="In which style.")
@click.option("-m", "--model", default="nano_banana_pro", show_default=True, metavar="NAME", help="Who paints.")
@click.option("--upscale", is_flag=True, help="Make it larger afterwards.")
@making
def generate_grid(
    file: str | None, text: str | None, grid: str, style: str | None, model: str, upscale: bool, **how: Any
) -> int:
    """Make one picture of several panels."""
    words = text_of(text, file, flag="--prompt-file")
    panels = [line.strip() for line in words.splitlines() if line.strip()]
    listed = "; ".join(f"panel {number}: {panel}" for number, panel in enumerate(panels, 1))
    prompt = f"One picture of {_PANELS[grid]}, no text. {listed}" + (f". Style: {style}" if style else "")
    questions = [
        Question(
            op=Operation.TEXT_TO_IMAGE, name="grid", model=_model(model), prompt=prompt, params={"aspect_ratio": "1:1"}
        )
    ]
    if upscale:
        questions.append(Question(op=Operation.UPSCALE_IMAGE, name="larger", inputs={"image": ["grid"]}))
    return make("generate-grid", questions, how)


@click.command("upscale-image")
@click.option("-i", "--input", "image", required=True, metavar="FILE|URL", help="The picture.")
@click.option("--factor", type=float, metavar="N", help="So many times as large; 2.")
@click.option("--target", type=click.Choice(_HEIGHTS), help="As large as this.")
@click.option("--format", "format_", metavar="NAME", help="png, jpg or webp, where the model has a choice.")
@click.option("-m", "--model", default=_AUTO, show_default=True, metavar="NAME", help="Who does it.")
@making
def upscale_image(
    image: str, factor: float | None, target: str | None, format_: str | None, model: str, **how: Any
) -> int:
    """Make a picture larger."""
    larger = Question(
        op=Operation.UPSCALE_IMAGE,
        name="upscaled",
        model=_model(model),
        inputs={"image": [there(image, "--input")]},
        params=given(factor=_whole(factor), target=target, output_format=format_),
    )
    return make("upscale-image", [larger], how)


@click.command("transfer-motion")
@click.option("-i", "--image", "image", required=True, metavar="FILE|URL", help="The portrait.")
@click.option("-v", "--video", "video", required=True, metavar="FILE|URL", help="The clip whose motion it follows.")
@click.option("--orientation", metavar="NAME", help="Whose framing counts: image or video.")
@click.option("--no-sound", is_flag=True, help="Leave the clip's sound out.")
@click.option("-p", "--prompt", metavar="TEXT", help="How it looks.")
@click.option("-m", "--model", default="kling_motion_control", show_default=True, metavar="NAME", help="Who films.")
@making
def transfer_motion(
    image: str, video: str, orientation: str | None, no_sound: bool, prompt: str | None, model: str, **how: Any
) -> int:
    """Move a portrait as a clip moves."""
    moved = Question(
        op=Operation.AVATAR,
        name="motion",
        model=_model(model),
        prompt=prompt,
        inputs={"image": [there(image, "--image")], "video": [there(video, "--video")]},
        params=given(character_orientation=orientation or "image", keep_audio=False if no_sound else None),
    )
    return make("transfer-motion", [moved], how)


def there(named: str, flag: str) -> str:
    """A file, absolute, or a URL. Raises MissingError before anything is planned."""
    return named if "://" in named else str(existing(named, flag).absolute())


def _whole(number: float | None) -> float | int | None:
    return int(number) if number is not None and number.is_integer() else number
