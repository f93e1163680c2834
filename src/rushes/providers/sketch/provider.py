"""`sketch`: every remote operation and every model's name, offline, free, and never the same picture for two prompts.

It answers at once (`Finished` from `submit`), so it is never polled; nothing is ever in doubt, because asking twice
costs nothing and gives the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from PIL import Image

from rushes.errors import ErrorClass, RemoteError
from rushes.model.media import Artifact
from rushes.model.money import ZERO, Quote
from rushes.model.operation import SIGNATURES, Operation, Where
from rushes.model.problem import Problem, Severity
from rushes.model.request import Recipe, Request
from rushes.model.workflow import Json
from rushes.plugin.provider import Absent, Context, Duplicates, Facts, Finished, Output, Pending
from rushes.providers.media.film import facts_of, film_frames, sound_of, write_film
from rushes.providers.media.mux import with_sound
from rushes.providers.media.picture import open_picture, png_bytes
from rushes.providers.media.scratch import film_bytes
from rushes.providers.media.sound import FILM_RATE, Samples, fitted, fitted_to, wav_bytes
from rushes.providers.sketch import sizes
from rushes.providers.sketch.caption import STRIP, strip_of, texts_for
from rushes.providers.sketch.clip import film
from rushes.providers.sketch.painter import paint
from rushes.providers.sketch.remix import remix
from rushes.providers.sketch.sizes import BadParam
from rushes.providers.sketch.sound import chord_bed, say
from rushes.providers.sketch.words import compose_prompt, describe_film, describe_pictures

RENDERER = "sketch-1"
"""The painter's version; it is in every key, so that a better painter paints anew."""

_PNG, _MP4, _WAV = "image/png", "video/mp4", "audio/wav"


class Sketch:
    """The offline provider. Safe to call from many threads; keeps nothing between calls."""

    name = "sketch"
    facts = Facts(
        duplicates=Duplicates.HARMLESS,
        remembers=None,
        bills_refusals=False,
        outputs_live=None,
        in_flight=os.cpu_count() or 1,
    )

    def version(self, model: str) -> str:
        """The renderer and the model's name: each name has its own hand."""
        return f"{RENDERER}/{model}"

    def validate(self, recipe: Recipe) -> Sequence[Problem]:
        """Parameters and inputs that cannot be drawn."""
        if SIGNATURES[recipe.op].where is not Where.REMOTE:
            return [_problem((), f"{recipe.op} is not for a provider", "leave its provider out")]
        try:
            _measured(recipe)
        except BadParam as error:
            return [_problem(("params", error.name), f"{error.name}: {error}", "change the parameter, or leave it out")]
        return []

    def estimate(self, recipe: Recipe) -> Quote:
        """Free; typical seconds as measured on one core."""
        try:
            seconds = _typical_seconds(recipe)
        except BadParam:
            seconds = 0.1
        return Quote(ZERO, ZERO, seconds, "sketch: free")

    async def submit(self, request: Request, context: Context) -> Finished:
        """Paint, film, speak or describe, in a worker thread."""
        return await context.work(lambda: self.make(request, context.path, context.scratch))

    def make(self, request: Request, path: Callable[..., Path], scratch: Path) -> Finished:
        """The work itself; `path` gives the file of an input's digest."""
        job = _Job(request, path, scratch)
        try:
            return _MAKERS[request.recipe.op](job)
        except BadParam as error:
            raise RemoteError(
                ErrorClass.INVALID_INPUT, f"{error.name}: {error}", next_step="change the parameter"
            ) from error

    async def poll(self, remote: str, context: Context) -> Pending | Finished:
        """Nothing is ever pending here."""
        raise RemoteError(ErrorClass.INVALID_INPUT, f"sketch has no job {remote!r}: it answers at once")

    async def fetch(self, output: Output, context: Context) -> AsyncIterator[bytes]:
        """The bytes that came with the answer."""
        if output.data is None:
            raise RemoteError(ErrorClass.BAD_OUTPUT, "this output has no bytes")
        yield output.data

    async def cancel(self, remote: str, context: Context) -> Decimal | None:
        """Nothing runs on and nothing is charged."""
        return ZERO

    async def reconcile(self, request: Request, context: Context) -> Absent:
        """Nothing was accepted anywhere: asking again is the first asking."""
        return Absent()


class _Job:
    """One request with its inputs opened on demand."""

    def __init__(self, request: Request, path: Callable[..., Path], scratch: Path) -> None:
        self.recipe = request.recipe
        self.seed = request.seed
        self.prompt = request.recipe.prompt or _text_param(request.recipe.params, "prompt", "text_override") or ""
        self.model = request.recipe.model
        self.params = request.recipe.params
        self._path = path
        self._scratch = scratch

    def files(self, role: str) -> list[Path]:
        """The files of a role, in order."""
        return [self._path(one.digest) for one in self.recipe.inputs.get(role, ())]

    def pictures(self, role: str) -> list[Image.Image]:
        """The pictures of a role, in order."""
        return [open_picture(one) for one in self.files(role)]

    def film_bytes(self, write: Callable[[Path], None]) -> Finished:
        """What `write` puts into a scratch file, as a film."""
        return _finished(_MP4, film_bytes(self._scratch, write))


def _finished(media_type: str, data: bytes) -> Finished:
    return Finished((Output(media_type, data=data),), billed=ZERO)


def _said(text: str) -> Finished:
    return Finished((), billed=ZERO, text=text)


def _text_param(params: Mapping[str, Json], *names: str) -> str | None:
    for name in names:
        value = params.get(name)
        if isinstance(value, str) and value.strip():
            return value
    return None


def _number(params: Mapping[str, Json], name: str, default: float, least: float, most: float) -> float:
    value = params.get(name)
    if value is None:
        return default
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = float("nan")
    if isinstance(value, bool) or not least <= number <= most:
        raise BadParam(name, f"{value!r} is not between {least:g} and {most:g}")
    return number


def _text_to_image(job: _Job) -> Finished:
    size = sizes.picture_size(job.params)
    painted = paint(job.prompt, job.model, job.seed, size, job.pictures("reference"))
    return _finished(_PNG, png_bytes(painted.image, texts_for(painted.strip)))


def _image_to_image(job: _Job) -> Finished:
    sources, references = job.pictures("image"), job.pictures("reference")
    masks = job.pictures("mask")
    size = sizes.picture_size(job.params, sources[0].size)
    strength = _number(job.params, "strength", 0.6, 0.0, 1.0)
    painted = remix(
        job.prompt,
        job.model,
        job.seed,
        size,
        sources[0],
        sources[1:] + references,
        strength,
        masks[0] if masks else None,
    )
    return _finished(_PNG, png_bytes(painted.image, texts_for(painted.strip)))


def _text_to_video(job: _Job) -> Finished:
    size = sizes.film_size(job.params)
    # a picture of twice the film's pixels is not needed: the camera goes in by less than a quarter
    start = paint(job.prompt, job.model, job.seed, size, job.pictures("reference"), strip=False).image
    return _filmed(job, size, start, None)


def _image_to_video(job: _Job) -> Finished:
    start = job.pictures("start_frame")[0]
    ends = job.pictures("end_frame")
    return _filmed(job, sizes.film_size(job.params, start.size), start, ends[0] if ends else None)


def _filmed(job: _Job, size: tuple[int, int], start: Image.Image, end: Image.Image | None) -> Finished:
    seconds, fps = sizes.seconds_of(job.params), sizes.fps_of(job.params)
    tracks = job.files("audio")
    sound = sound_of(tracks[0]) if tracks else None
    hum = sizes.wants_sound(job.params)
    return job.film_bytes(
        lambda out: film(out, job.prompt, job.seed, size, seconds, fps, start, end, sound=sound, hum=hum)
    )


def _text_to_speech(job: _Job) -> Finished:
    text = _text_param(job.params, "text_override", "text") or job.prompt
    voice = _text_param(job.params, "voice", "voice_id") or ""
    speed = _number(job.params, "speed", 1.0, 0.25, 4.0)
    return _finished(_WAV, wav_bytes(say(text, job.seed, voice, speed)))


def _add_audio(job: _Job) -> Finished:
    source = job.files("video")[0]
    seconds = facts_of(source).seconds
    tracks = job.files("audio")
    sound = sound_of(tracks[0]) if tracks else None
    if sound is None:
        sound = chord_bed(job.prompt, job.seed, seconds, FILM_RATE)
    fit = fitted(sound, round(seconds * FILM_RATE))
    return job.film_bytes(lambda out: with_sound(source, fit, out))


def _upscale_image(job: _Job) -> Finished:
    picture = job.pictures("image")[0]
    size = sizes.enlarged(job.params, picture.size)
    texts = dict(texts_for(0))
    if strip := strip_of(picture):
        texts[STRIP] = str(round(strip * size[1] / picture.height))
    return _finished(_PNG, png_bytes(picture.resize(size, Image.Resampling.LANCZOS), texts))


def _upscale_video(job: _Job) -> Finished:
    source = job.files("video")[0]
    facts = facts_of(source)
    wide, tall = sizes.enlarged(job.params, (facts.width, facts.height))
    size = (wide // 2 * 2, tall // 2 * 2)
    sound = sound_of(source)
    frames = (frame.reformat(*size, "yuv420p", interpolation="LANCZOS") for _, frame in film_frames(source))
    track = None if sound is None else fitted_to(sound)
    return job.film_bytes(lambda out: _write(out, frames, size, facts.fps, track))


def _write(
    out: Path, frames: Iterable[Any], size: tuple[int, int], fps: Fraction, track: Callable[[float], Samples] | None
) -> None:
    write_film(out, frames, size, fps, sound=track)


def _analyze_image(job: _Job) -> Finished:
    return _said(describe_pictures(job.pictures("image"), _question(job)))


def _analyze_video(job: _Job) -> Finished:
    return _said(describe_film(job.files("video")[0], _question(job)))


def _question(job: _Job) -> str | None:
    asked = _text_param(job.params, "question") or job.prompt
    return asked if "?" in asked else None


def _prompt_generation(job: _Job) -> Finished:
    pictures = job.pictures("image")
    return _said(compose_prompt(job.prompt, dict(job.params), pictures[0] if pictures else None, job.seed))


_MAKERS: dict[Operation, Callable[[_Job], Finished]] = {
    Operation.TEXT_TO_IMAGE: _text_to_image,
    Operation.IMAGE_TO_IMAGE: _image_to_image,
    Operation.TEXT_TO_VIDEO: _text_to_video,
    Operation.IMAGE_TO_VIDEO: _image_to_video,
    Operation.TEXT_TO_SPEECH: _text_to_speech,
    Operation.ADD_AUDIO: _add_audio,
    Operation.UPSCALE_IMAGE: _upscale_image,
    Operation.UPSCALE_VIDEO: _upscale_video,
    Operation.ANALYZE_IMAGE: _analyze_image,
    Operation.ANALYZE_VIDEO: _analyze_video,
    Operation.PROMPT_GENERATION: _prompt_generation,
}


def _problem(path: tuple[str, ...], says: str, try_: str) -> Problem:
    return Problem(code="sketch-parameter", severity=Severity.ERROR, says=says, try_=try_, path=path)


def _source_size(recipe: Recipe, role: str) -> tuple[int, int] | None:
    first: Artifact | None = next(iter(recipe.inputs.get(role, ())), None)
    return (first.width, first.height) if first is not None and first.width and first.height else None


def _measured(recipe: Recipe) -> tuple[tuple[int, int], float]:
    """Pixels and seconds of what a recipe asks for; BadParam for what cannot be made. (0, 0) where it has none."""
    op, params = recipe.op, recipe.params
    if op in (Operation.TEXT_TO_IMAGE, Operation.IMAGE_TO_IMAGE):
        _number(params, "strength", 0.6, 0.0, 1.0)
        return sizes.picture_size(params, _source_size(recipe, "image")), 0.0
    if op in (Operation.TEXT_TO_VIDEO, Operation.IMAGE_TO_VIDEO):
        sizes.fps_of(params)
        return sizes.film_size(params, _source_size(recipe, "start_frame")), sizes.seconds_of(params)
    if op is Operation.UPSCALE_IMAGE:
        return sizes.enlarged(params, _source_size(recipe, "image") or (512, 512)), 0.0
    if op is Operation.UPSCALE_VIDEO:
        source = next(iter(recipe.inputs.get("video", ())), None)
        return sizes.enlarged(params, _source_size(recipe, "video") or (320, 320)), (source and source.seconds) or 5.0
    if op is Operation.TEXT_TO_SPEECH:
        _number(params, "speed", 1.0, 0.25, 4.0)
    return (0, 0), 0.0


def _typical_seconds(recipe: Recipe) -> float:
    """Measured on one core of a 2024 server: 0.28 s a megapixel painted, 0.20 s a megapixel and second filmed."""
    (width, height), seconds = _measured(recipe)
    megapixels = width * height / 1e6
    if recipe.op is Operation.UPSCALE_VIDEO:
        return round(0.1 + 0.7 * megapixels * seconds, 3)
    if seconds:
        return round(0.12 + 0.3 * megapixels + 0.2 * megapixels * seconds, 3)
    return round(0.04 + 0.28 * megapixels, 3)
