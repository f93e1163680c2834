"""Films, sound and statements by the offline provider."""

from __future__ import annotations

import io
import time
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rushes.errors import RemoteError
from rushes.model.media import Artifact
from rushes.model.operation import Operation
from rushes.plugin.provider import Absent
from rushes.providers.media.film import facts_of, film_frames, sound_of
from rushes.providers.media.sound import RATE, read_samples
from rushes.providers.sketch.sound import hum, syllables
from rushes.providers.sketch.voice import speak

from .studio import Studio

T2I, T2V, I2V = Operation.TEXT_TO_IMAGE, Operation.TEXT_TO_VIDEO, Operation.IMAGE_TO_VIDEO
TTS = Operation.TEXT_TO_SPEECH


def still(studio: Studio, prompt: str, **params: object) -> Artifact:
    return studio.make(T2I, prompt, **{"width": 180, "height": 320, "seed": 1, **params})[0]


def frames(studio: Studio, film: Artifact) -> list[np.ndarray]:
    return [np.asarray(frame.to_image(), np.int16) for _, frame in film_frames(studio.path(film.digest))]


def test_a_film_lasts_as_long_and_is_as_large_as_was_asked(studio: Studio) -> None:
    start = still(studio, "a boat at sea")
    for duration in (1, "1", "1s"):
        film = studio.make(I2V, "pan left", inputs={"start_frame": [start]}, duration=duration, fps=24)[0]
        facts = facts_of(studio.path(film.digest))
        assert (facts.width, facts.height, facts.fps, facts.seconds) == (180, 320, Fraction(24), 1.0)
        assert len(frames(studio, film)) == 24
    wide = studio.make(T2V, "a boat at sea", aspect_ratio="16:9", resolution="360p", duration=1)[0]
    assert (wide.width, wide.height, wide.media_type) == (640, 360, "video/mp4")


def test_the_same_film_is_the_same_bytes_with_and_without_sound(studio: Studio) -> None:
    start = still(studio, "a boat at sea")
    for params in ({}, {"generate_audio": True}):
        first, second = (
            studio.make(I2V, "push in", inputs={"start_frame": [start]}, duration=1, seed=1, **params)[0] for _ in "ab"
        )
        assert first.digest == second.digest
        assert facts_of(studio.path(first.digest)).sound == bool(params)


def test_a_film_begins_on_its_start_frame_and_ends_on_its_end_frame(studio: Studio) -> None:
    start, end = still(studio, "a boat at sea, sunset"), still(studio, "a lighthouse at night")
    film = studio.make(I2V, "pan", inputs={"start_frame": [start], "end_frame": [end]}, duration=1)[0]
    pictures = frames(studio, film)
    for artifact, index, other in ((start, 0, -1), (end, -1, 0)):
        wanted = np.asarray(Image.open(studio.path(artifact.digest)).convert("RGB"), np.int16)[:260]
        near = np.abs(pictures[index][:260] - wanted).mean()
        assert near < 12 and near * 3 < np.abs(pictures[other][:260] - wanted).mean()


@pytest.mark.parametrize(
    "move", ["push in", "pull out, reveal", "pan right", "pan left", "tilt up", "orbit around", "static"]
)
def test_every_move_moves_in_every_frame(studio: Studio, move: str) -> None:
    film = studio.make(I2V, move, inputs={"start_frame": [still(studio, "a castle in the forest")]}, duration=1)[0]
    pictures = frames(studio, film)
    steps = [np.abs(b - a).mean() for a, b in pairwise(pictures[6:19])]
    assert min(steps) > 0.01 and np.abs(pictures[-1] - pictures[0]).mean() > 1.0


def test_the_index_of_a_film_is_in_front(studio: Studio) -> None:
    data = studio.bytes_of(studio.make(T2V, "a hill", duration=1, resolution="360p")[0])
    assert data.index(b"moov") < data.index(b"mdat")


def test_a_given_track_is_the_sound_of_the_film(studio: Studio) -> None:
    speech = studio.make(TTS, "The sea was calm.")[0]
    film = studio.make(I2V, "pan", inputs={"start_frame": [still(studio, "sea")], "audio": [speech]}, duration=2)[0]
    sound = sound_of(studio.path(film.digest))
    assert sound is not None and np.abs(sound).max() > 0.05


@pytest.mark.parametrize(
    "params", [{"duration": "soon"}, {"duration": 0}, {"duration": 4000}, {"fps": 900}, {"duration": True}]
)
def test_a_length_that_cannot_be_filmed_is_a_problem(studio: Studio, params: dict[str, object]) -> None:
    assert studio.sketch.validate(studio.request(T2V, "a hill", **params).recipe)  # type: ignore[arg-type]


def test_speech_does_not_depend_on_the_second_in_which_it_is_made() -> None:
    began, now, spoken = int(time.time()), 0, set()
    while now <= began:
        now = int(time.time())
        samples = speak("The sea was calm.", "rachel", 1.0)
        spoken.add(None if samples is None else samples.tobytes())
    assert len(spoken) == 1


def test_speech_is_a_wav_that_repeats_itself_exactly(studio: Studio) -> None:
    made = [studio.make(TTS, "The sea was calm, and the cat knew it.", voice="rachel", seed=1)[0] for _ in range(3)]
    assert len({one.digest for one in made}) == 1 and made[0].media_type == "audio/wav"
    samples = read_samples(studio.path(made[0].digest), RATE)
    assert samples is not None and 1.5 < len(samples) / RATE < 8 and np.abs(samples).max() > 0.1


def test_voices_and_speed_are_heard(studio: Studio) -> None:
    text = "One two three four five six seven eight."
    one, other, quick = (
        studio.make(TTS, text, **params)[0]
        for params in ({"voice": "rachel"}, {"voice": "adam"}, {"voice": "adam", "speed": 2})
    )
    assert one.digest != other.digest
    assert quick.seconds is not None and other.seconds is not None and quick.seconds < other.seconds * 0.75


def test_without_a_voice_there_is_one_note_for_each_syllable() -> None:
    assert [syllables(word) for word in ("cat", "harbour", "lighthouse", "42", "...")] == [1, 2, 3, 2, 1]
    short, long = hum("A cat.", 1, "", 1.0), hum("A cat sits on the harbour wall.", 1, "", 1.0)
    assert len(long) > 2 * len(short) and np.array_equal(short, hum("A cat.", 1, "", 1.0))


def test_a_voice_that_has_nothing_to_say_still_gives_a_file(studio: Studio) -> None:
    assert studio.make(TTS, "…")[0].media_type == "audio/wav"
    spoken = speak("hello", "rachel", 1.0)
    assert spoken is None or len(spoken) > 1000


def test_a_film_without_sound_gets_a_chord_and_keeps_its_pictures(studio: Studio) -> None:
    film = studio.make(T2V, "a hill", duration=2, resolution="360p")[0]
    scored = studio.make(Operation.ADD_AUDIO, "warm sunset", inputs={"video": [film]})[0]
    sound = sound_of(studio.path(scored.digest))
    assert sound is not None and np.abs(sound).max() > 0.05
    assert abs(len(sound) / 48_000 - 2) < 0.1
    assert all(np.array_equal(a, b) for a, b in zip(frames(studio, film), frames(studio, scored), strict=True))


def test_an_upscaled_film_is_larger_and_as_long_and_keeps_its_sound(studio: Studio) -> None:
    film = studio.make(T2V, "a hill", duration=1, width=160, height=120, generate_audio=True)[0]
    large = studio.make(Operation.UPSCALE_VIDEO, inputs={"video": [film]}, upscale_factor=2)[0]
    facts = facts_of(studio.path(large.digest))
    assert (facts.width, facts.height, facts.seconds, facts.sound) == (320, 240, 1.0, True)


def test_a_picture_is_described_by_what_was_measured(studio: Studio) -> None:
    out = io.BytesIO()
    Image.new("RGB", (300, 200), (30, 60, 200)).save(out, "PNG")
    blue = studio.keep(out.getvalue())
    said = studio.text(Operation.ANALYZE_IMAGE, inputs={"image": [blue]})
    assert "300 × 200" in said and "blue" in said and "offline sketch" in said
    for question, answer in (
        ("Which colours?", "Mostly blue"),
        ("Is there any red?", "No: 0%"),
        ("What size is it?", "300 × 200 pixels"),
        ("Who wrote this?", "cannot be answered"),
    ):
        assert studio.text(Operation.ANALYZE_IMAGE, question, inputs={"image": [blue]}).startswith(
            answer
        ) or answer in studio.text(Operation.ANALYZE_IMAGE, question, inputs={"image": [blue]})


def test_a_film_is_described_by_what_was_measured(studio: Studio) -> None:
    film = studio.make(T2V, "a hill", duration=1, resolution="360p")[0]
    said = studio.text(Operation.ANALYZE_VIDEO, inputs={"video": [film]})
    assert "1.0 seconds" in said and "640 × 360" in said and "without sound" in said


def test_a_video_prompt_is_composed_from_context_style_and_colours(studio: Studio) -> None:
    said = studio.text(
        Operation.PROMPT_GENERATION,
        "A cat wakes",
        inputs={"image": [still(studio, "a red car")]},
        background_context="A harbour town",
        video_style="cinematic",
        duration_preference="8 seconds",
    )
    assert "A harbour town A cat wakes" in said and "Cinematic" in said and "8 seconds" in said and "palette" in said


def test_a_broken_film_is_an_input_error_that_names_it(studio: Studio) -> None:
    film = studio.make(T2V, "a hill", duration=1, resolution="360p")[0]
    cut = studio.path(film.digest).with_name("cut")
    cut.write_bytes(studio.bytes_of(film)[:400])
    broken = Artifact(digest=cut.name, media_type="video/mp4", size=400)  # type: ignore[arg-type]
    with pytest.raises(RemoteError, match="cannot be read"):
        studio.make(Operation.UPSCALE_VIDEO, inputs={"video": [broken]})


def test_scratch_is_empty_after_work(studio: Studio) -> None:
    studio.make(T2V, "a hill", duration=1, resolution="360p")
    assert list(studio.scratch.iterdir()) == []


def test_nothing_is_ever_in_doubt(studio: Studio) -> None:
    import asyncio

    request = studio.request(T2I, "a hill")
    for provider in (studio.sketch, studio.local):
        assert isinstance(asyncio.run(provider.reconcile(request, studio)), Absent)
        assert asyncio.run(provider.cancel("x", studio)) == 0
        with pytest.raises(RemoteError):
            asyncio.run(provider.poll("x", studio))


def test_files_of_a_film_can_be_read_by_path(studio: Studio, tmp_path: Path) -> None:
    film = studio.make(T2V, "a hill", duration=1, width=64, height=48)[0]
    assert facts_of(studio.path(film.digest)).width == 64
