"""How `sketch` answers: one maker for each operation. Everything heavy is imported here, and this only to paint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from rushes.model.money import ZERO
from rushes.model.operation import Operation
from rushes.model.request import Request
from rushes.model.transcript import MEDIA_TYPE, transcript_bytes
from rushes.model.workflow import Json
from rushes.plugin.provider import Finished, Output
from rushes.providers.media.film import facts_of, film_frames, sound_of
from rushes.providers.media.mux import with_sound
from rushes.providers.media.picture import open_picture, png_bytes
from rushes.providers.media.scratch import film_bytes
from rushes.providers.media.sound import FILM_RATE, Samples, at_film_rate, fitted, fitted_to, wav_bytes
from rushes.providers.media.writer import write_film
from rushes.providers.sketch import sizes
from rushes.providers.sketch.avatar import talking
from rushes.providers.sketch.caption import STRIP, mouths_of, strip_of, texts_for
from rushes.providers.sketch.clip import film
from rushes.providers.sketch.heard import SPOKEN, comment_for, transcript
from rushes.providers.sketch.painter import paint
from rushes.providers.sketch.regrade import regraded
from rushes.providers.sketch.remix import remix
from rushes.providers.sketch.sizes import number_of
from rushes.providers.sketch.sound import chord_bed, say
from rushes.providers.sketch.words import compose_prompt, describe_film, describe_pictures

_PNG, _MP4, _WAV = "image/png", "video/mp4", "audio/wav"


def make(request: Request, path: Callable[..., Path], scratch: Path) -> Finished:
    """The answer to a request; `path` gives the file of an input's digest. Raises BadParam."""
    return _MAKERS[request.recipe.op](_Job(request, path, scratch))


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


def _text_to_image(job: _Job) -> Finished:
    size = sizes.picture_size(job.params)
    painted = paint(job.prompt, job.model, job.seed, size, job.pictures("reference"))
    return _finished(_PNG, png_bytes(painted.image, texts_for(painted.strip, painted.mouths)))


def _image_to_image(job: _Job) -> Finished:
    sources, references = job.pictures("image"), job.pictures("reference")
    masks = job.pictures("mask")
    size = sizes.picture_size(job.params, sources[0].size)
    strength = number_of(job.params, "strength", 0.6, 0.0, 1.0)
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


def _video_to_video(job: _Job) -> Finished:
    source = job.files("video")[0]
    facts = facts_of(source)
    size = sizes.film_size(job.params, (facts.width, facts.height))
    seconds = sizes.seconds_of(job.params, facts.seconds)
    fps = sizes.fps_of(job.params, facts.fps)
    sound = sound_of(source) if sizes.keeps_sound(job.params) else None
    references, comment = job.pictures("reference"), comment_for([source]) if sound is not None else ""
    return job.film_bytes(
        lambda out: regraded(
            out,
            source,
            job.prompt,
            job.model,
            job.seed,
            size,
            fps,
            seconds,
            references,
            sound=sound,
            comment=comment,
        )
    )


def _avatar(job: _Job) -> Finished:
    portrait = job.pictures("image")[0]
    size, fps = sizes.film_size(job.params, portrait.size), sizes.fps_of(job.params)
    files, clips = [*job.files("audio"), *job.files("second_audio")], job.files("video")
    voices = [heard for one in files if (heard := sound_of(one)) is not None]
    comment = comment_for(files)
    if not voices and not clips:  # nobody is heard and nothing is followed: it says its prompt
        voices, comment = [at_film_rate(say(job.prompt, job.seed, _voice(job), 1.0))], f"{SPOKEN}{job.prompt}"
    if voices:
        sound: Samples | None = np.concatenate(voices)
        seconds = sizes.within("audio", sum(map(len, voices)) / FILM_RATE)
    else:
        sound = sound_of(clips[0]) if sizes.keeps_sound(job.params) else None
        seconds = sizes.within("video", facts_of(clips[0]).seconds)
        comment = comment_for(clips) if sound is not None else ""
    return job.film_bytes(
        lambda out: talking(
            out,
            portrait,
            size,
            fps,
            seconds,
            voices,
            sound=sound,
            motion=clips[0] if clips else None,
            caption=job.prompt,
            comment=comment,
            seed=job.seed,
        )
    )


def _text_to_speech(job: _Job) -> Finished:
    text = _text_param(job.params, "text_override", "text") or job.prompt
    speed = number_of(job.params, "speed", 1.0, 0.25, 4.0)
    return _finished(_WAV, wav_bytes(say(text, job.seed, _voice(job), speed), comment=f"{SPOKEN}{text}"))


def _voice(job: _Job) -> str:
    return _text_param(job.params, "voice", "voice_id", "voice_description") or ""


def _speech_to_text(job: _Job) -> Finished:
    text, words = transcript(job.files("audio")[0])
    beside = (Output(MEDIA_TYPE, data=transcript_bytes(words)),) if words else ()
    return Finished(beside, billed=ZERO, text=text)


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
    texts = dict(texts_for(0, mouths_of(picture)))
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
    Operation.VIDEO_TO_VIDEO: _video_to_video,
    Operation.AVATAR: _avatar,
    Operation.TEXT_TO_SPEECH: _text_to_speech,
    Operation.SPEECH_TO_TEXT: _speech_to_text,
    Operation.ADD_AUDIO: _add_audio,
    Operation.UPSCALE_IMAGE: _upscale_image,
    Operation.UPSCALE_VIDEO: _upscale_video,
    Operation.ANALYZE_IMAGE: _analyze_image,
    Operation.ANALYZE_VIDEO: _analyze_video,
    Operation.PROMPT_GENERATION: _prompt_generation,
}
