"""How `local` answers. Everything heavy is imported here, and this only to work."""

from __future__ import annotations

from pathlib import Path

from rushes.errors import ErrorClass, RemoteError
from rushes.model.operation import TIMES, Operation
from rushes.model.request import Recipe
from rushes.plugin.provider import Output
from rushes.providers.local.join import join_films
from rushes.providers.local.split import split_picture
from rushes.providers.local.subtitles import subtitle_film
from rushes.providers.media.film import facts_of, sound_of
from rushes.providers.media.mux import with_sound
from rushes.providers.media.scratch import film_bytes
from rushes.providers.media.sound import FILM_RATE, fitted


def work(recipe: Recipe, files: dict[str, list[Path]], scratch: Path) -> list[Output]:
    """The outputs of a recipe whose input files are given by role. Raises RemoteError, BadParam."""
    if recipe.op is Operation.SPLIT_IMAGE:
        return split_picture(files["image"][0], recipe.params)
    if recipe.op is Operation.CONCAT_VIDEOS:
        return [Output("video/mp4", data=film_bytes(scratch, lambda out: join_films(files["video"], out)))]
    if recipe.op is Operation.GENERATE_SUBTITLES:
        source = recipe.inputs["video"][0]
        times = next(iter(files.get(TIMES, ())), None)
        return subtitle_film(files["video"][0], source.media_type, recipe.prompt, recipe.params, scratch, times)
    return [_with_track(files["video"][0], files["audio"][0], scratch)]


def _with_track(film: Path, track: Path, scratch: Path) -> Output:
    sound = sound_of(track)
    if sound is None:
        raise RemoteError(ErrorClass.INVALID_INPUT, f"{track.name} has no sound", next_step="give another sound file")
    fit = fitted(sound, round(facts_of(film).seconds * FILM_RATE))
    return Output("video/mp4", data=film_bytes(scratch, lambda out: with_sound(film, fit, out)))
