"""Work that this machine does itself."""

from __future__ import annotations

import io
from itertools import pairwise
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from rushes.model.media import Artifact
from rushes.model.operation import Operation
from rushes.model.subtitles import as_srt, as_vtt
from rushes.model.transcript import Word, transcript_bytes
from rushes.providers.local.provider import Local
from rushes.providers.local.subtitles import cues_for
from rushes.providers.media.film import facts_of, film_frames, sound_of

from .studio import Studio

SPLIT, JOIN, SUBTITLE = Operation.SPLIT_IMAGE, Operation.CONCAT_VIDEOS, Operation.GENERATE_SUBTITLES


def clip(studio: Studio, prompt: str = "a hill", **params: object) -> Artifact:
    return studio.make(Operation.TEXT_TO_VIDEO, prompt, **{"duration": 1, "width": 160, "height": 120, **params})[0]


def panels(studio: Studio, size: tuple[int, int], **params: object) -> list[Image.Image]:
    field = np.arange(size[0] * size[1], dtype=np.uint32).reshape(size[1], size[0])
    rgb = np.stack([field >> 16 & 255, field >> 8 & 255, field & 255], -1).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "PNG")
    made = studio.make(SPLIT, inputs={"image": [studio.keep(out.getvalue())]}, **params)
    return [Image.open(studio.path(one.digest)).convert("RGB") for one in made]


@pytest.mark.parametrize(
    ("params", "columns", "rows"), [({}, 2, 2), ({"grid": "3x2"}, 3, 2), ({"grid_type": "3x3"}, 3, 3)]
)
def test_panels_come_in_reading_order_and_cover_every_pixel_once(
    studio: Studio, params: dict[str, str], columns: int, rows: int
) -> None:
    size = (101, 67)
    made = [np.asarray(one) for one in panels(studio, size, **params)]
    assert len(made) == columns * rows
    lines = [np.concatenate(made[row * columns : (row + 1) * columns], axis=1) for row in range(rows)]
    whole = np.concatenate(lines).astype(np.uint32)
    numbers = (whole[..., 0] << 16) + (whole[..., 1] << 8) + whole[..., 2]
    assert np.array_equal(numbers, np.arange(size[0] * size[1]).reshape(size[1], size[0]))


def test_panels_can_be_jpeg_or_webp(studio: Studio) -> None:
    source = studio.make(Operation.TEXT_TO_IMAGE, "a hill", width=120, height=120)[0]
    for kind, media_type in (("jpg", "image/jpeg"), ("webp", "image/webp")):
        made = studio.make(SPLIT, inputs={"image": [source]}, output_format=kind, quality=80)
        assert {one.media_type for one in made} == {media_type}


@pytest.mark.parametrize(
    ("op", "params"),
    [
        (SPLIT, {"grid": "many"}),
        (SPLIT, {"output_format": "bmp"}),
        (SPLIT, {"quality": 0}),
        (SUBTITLE, {"format": "ass"}),
        (SUBTITLE, {"words_per_second": 0}),
    ],
)
def test_a_parameter_that_cannot_be_used_is_a_problem(studio: Studio, op: Operation, params: dict[str, object]) -> None:
    role = {"image": ()} if op is SPLIT else {"video": ()}
    (problem,) = studio.local.validate(studio.request(op, inputs=role, **params).recipe)  # type: ignore[arg-type]
    assert problem.path == ("params", next(iter(params)))


def test_films_coded_alike_are_joined_without_a_change_to_their_pictures(studio: Studio) -> None:
    films = [clip(studio, one) for one in ("a hill", "a boat at sea", "a city at night")]
    joined = studio.make(JOIN, inputs={"video": films})[0]
    alone = [f.to_ndarray() for one in films for _, f in film_frames(studio.path(one.digest))]
    together = [f.to_ndarray() for _, f in film_frames(studio.path(joined.digest))]
    assert joined.seconds == 3.0 and len(alone) == len(together) == 72
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


def test_films_of_any_shape_speed_and_sound_are_joined_at_the_first_ones_size(studio: Studio) -> None:
    films = [
        clip(studio),
        clip(studio, "sea", width=120, height=160, fps=12, generate_audio=True),
        clip(studio, "city", width=320, height=240, duration=2, fps=30),
    ]
    joined = studio.make(JOIN, inputs={"video": films})[0]
    facts = facts_of(studio.path(joined.digest))
    assert (facts.width, facts.height, facts.fps, facts.sound) == (160, 120, 24, True)
    assert abs(facts.seconds - 4.0) < 0.15
    pictures = [f.to_ndarray(format="gray8") for _, f in film_frames(studio.path(joined.digest))]
    assert pictures[36][:, :20].mean() < 24 < pictures[12][:, :20].mean(), "an upright film stands between bars"
    sound = sound_of(studio.path(joined.digest))
    assert sound is not None
    loud = [float(np.abs(sound[a * 48_000 + 9_600 : (a + 1) * 48_000 - 9_600]).max()) for a in (0, 1, 2)]
    assert loud[1] > 0.05 and loud[0] < 0.01 and loud[2] < 0.01


def test_one_film_alone_is_joined_to_itself(studio: Studio) -> None:
    film = clip(studio)
    assert studio.make(JOIN, inputs={"video": [film]})[0].seconds == film.seconds


def test_subtitles_come_inside_the_film_and_beside_it(studio: Studio) -> None:
    film = clip(studio, duration=4)
    video, beside = studio.make(SUBTITLE, "The sea was calm. The cat knew it.", inputs={"video": [film]})
    assert (video.media_type, beside.media_type) == ("video/mp4", "application/x-subrip")
    assert studio.bytes_of(beside).decode().startswith("1\n00:00:00,000 --> 00:00:02,000\nThe sea was calm.\n\n2\n")
    with av.open(str(studio.path(video.digest))) as container:
        texts = [bytes(packet)[2:].decode() for packet in container.demux(container.streams.subtitles[0])]
    assert [one for one in texts if one] == ["The sea was calm.", "The cat knew it."]
    assert video.seconds == 4.0


def test_subtitles_can_be_vtt_from_a_text_parameter(studio: Studio) -> None:
    made = studio.make(SUBTITLE, inputs={"video": [clip(studio)]}, subtitle_text="A < B & C", format="vtt")
    assert made[1].media_type == "text/vtt" and "A &lt; B &amp; C" in studio.bytes_of(made[1]).decode()


CALM = (Word("The", 0.1, 0.3), Word("sea", 0.3, 0.6), Word("was", 0.6, 0.9), Word("calm.", 0.9, 1.4))
SAID = (*CALM, Word("Yes.", 2.5, 3.0))


def subtitled(studio: Studio, text: str, times: bytes = transcript_bytes(SAID), **params: Any) -> str:
    """The subtitles of a film of four seconds, of a text whose words were said at these times."""
    given = {"video": [clip(studio, duration=4)], "times": [studio.keep(times)]}
    return studio.bytes_of(studio.make(SUBTITLE, text, inputs=given, **params)[1]).decode()


def test_words_whose_times_are_known_stand_while_they_are_said(studio: Studio) -> None:
    assert subtitled(studio, "The sea was calm. Yes.") == (
        "1\n00:00:00,100 --> 00:00:01,400\nThe sea was calm.\n\n2\n00:00:02,500 --> 00:00:03,200\nYes.\n"
    )


def test_a_pace_that_is_asked_for_other_words_and_times_of_another_film_are_not_timed(studio: Studio) -> None:
    evenly = "1\n00:00:00,000 --> "
    assert subtitled(studio, "The sea was calm. Yes.", words_per_second=2).startswith(evenly)
    assert subtitled(studio, "The sea was calm. No.").startswith(evenly)
    assert subtitled(studio, "The sea was calm. Yes.", subtitle_text="Something else.").startswith(evenly)
    late = (*CALM, Word("Yes.", 2.5, 4.6))
    for times in (transcript_bytes(late), b"damaged"):
        assert subtitled(studio, "The sea was calm. Yes.", times).startswith(evenly)


@given(st.text(max_size=400), st.floats(0.2, 10), st.floats(0, 600))
def test_cues_say_every_word_in_order_and_never_overlap(text: str, pace: float, seconds: float) -> None:
    cues = cues_for(text, pace, seconds)
    assert " ".join(cue.text for cue in cues).split() == text.replace("\0", " ").split()
    assert all(a.end <= b.start + 1e-6 for a, b in pairwise(cues))
    if cues and seconds > 0:
        assert cues[-1].end <= seconds + 0.01
    assert as_srt(cues).count(" --> ") >= len(cues) <= as_vtt(cues).count(" --> ")


def test_a_given_track_is_laid_under_a_film_here_and_an_invented_one_is_not() -> None:
    assert Local.handles(Operation.ADD_AUDIO, ("video", "audio")) and not Local.handles(Operation.ADD_AUDIO, ("video",))
    assert Local.handles(SPLIT, ("image",)) and not Local.handles(Operation.TEXT_TO_IMAGE, ())


def test_a_track_is_cut_or_filled_to_the_length_of_the_film(studio: Studio) -> None:
    film = clip(studio, duration=2)
    for words in ("Hi.", "The sea was calm, and the cat knew it. " * 3):
        speech = studio.make(Operation.TEXT_TO_SPEECH, words)[0]
        mixed = studio.make(Operation.ADD_AUDIO, inputs={"video": [film], "audio": [speech]})[0]
        sound = sound_of(studio.path(mixed.digest))
        assert sound is not None and abs(len(sound) / 48_000 - 2.0) < 0.1 and np.abs(sound).max() > 0.02
        assert mixed.seconds is not None and abs(mixed.seconds - 2.0) < 0.1


def test_subtitles_stay_in_a_film_that_is_given_a_track(studio: Studio) -> None:
    told = studio.make(SUBTITLE, "One. Two.", inputs={"video": [clip(studio)]})[0]
    speech = studio.make(Operation.TEXT_TO_SPEECH, "One.")[0]
    film = studio.make(Operation.ADD_AUDIO, inputs={"video": [told], "audio": [speech]})[0]
    with av.open(str(studio.path(film.digest))) as container:
        assert sorted(stream.type for stream in container.streams) == ["audio", "subtitle", "video"]
        texts = [bytes(packet)[2:].decode() for packet in container.demux(container.streams.subtitles[0])]
    assert [text for text in texts if text] == ["One.", "Two."]


def test_its_versions_are_named_by_operation(studio: Studio) -> None:
    assert studio.local.version("split_image") == "local-1"
