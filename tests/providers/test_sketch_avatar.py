"""Portraits that speak, clips in another light and what was said, by the offline provider."""

from __future__ import annotations

import wave
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from rushes.errors import ErrorClass, RemoteError
from rushes.model.media import Artifact
from rushes.model.operation import Operation
from rushes.providers.media.film import facts_of, film_frames, sound_of
from rushes.providers.media.mp3 import mp3_bytes
from rushes.providers.media.picture import open_picture
from rushes.providers.media.sound import FILM_RATE, wav_bytes
from rushes.providers.sketch.caption import MOUTHS, mouths_of, strip_height
from rushes.providers.sketch.heard import OFFLINE
from rushes.qa.clip import ClipCheck
from rushes.qa.sound import SoundCheck

from .studio import Studio

AVATAR, V2V, STT = Operation.AVATAR, Operation.VIDEO_TO_VIDEO, Operation.SPEECH_TO_TEXT
SAID = "Good morning, the harbour is open."


def face(studio: Studio) -> Artifact:
    return studio.make(Operation.TEXT_TO_IMAGE, "a close portrait of a woman", width=180, height=320, seed=1)[0]


def voice(studio: Studio, text: str = SAID, **params: object) -> Artifact:
    return studio.make(Operation.TEXT_TO_SPEECH, text, seed=1, **params)[0]


def clip(studio: Studio, prompt: str = "pan right", **params: object) -> Artifact:
    start = {"start_frame": [face(studio)]}
    return studio.make(Operation.IMAGE_TO_VIDEO, prompt, inputs=start, duration=1, seed=1, **params)[0]


def frames(studio: Studio, film: Artifact) -> np.ndarray:
    return np.stack([np.asarray(frame.to_image(), np.int16) for _, frame in film_frames(studio.path(film.digest))])


def tone(studio: Studio, seconds: float, *, loud: float = 0.5) -> Artifact:
    time = np.arange(round(seconds * 22_050), dtype=np.float32) / 22_050
    return studio.keep(wav_bytes((loud * np.sin(2 * np.pi * 220 * time)).astype(np.float32)))


def test_an_avatar_lasts_as_long_as_its_voice_and_carries_it(studio: Studio) -> None:
    spoken = voice(studio)
    film = studio.make(AVATAR, "She smiles", inputs={"image": [face(studio)], "audio": [spoken]})[0]
    facts = facts_of(studio.path(film.digest))
    assert (facts.width, facts.height, facts.sound) == (180, 320, True)
    assert spoken.seconds is not None
    assert 0 <= facts.seconds - spoken.seconds <= 1 / 24 + 0.01, "no word is cut off"
    heard, given = (sound_of(studio.path(one.digest)) for one in (film, spoken))
    assert heard is not None and given is not None
    assert np.sqrt(np.mean(heard**2)) == pytest.approx(np.sqrt(np.mean(given**2)), rel=0.1)
    assert not ClipCheck().look(film, studio.path(film.digest), studio.request(AVATAR).recipe).flagged


def test_the_same_avatar_is_the_same_bytes_and_another_seed_another_film(studio: Studio) -> None:
    inputs = {"image": [face(studio)], "audio": [voice(studio)]}
    one, two, other = (studio.make(AVATAR, None, inputs=inputs, seed=seed)[0].digest for seed in (1, 1, 2))
    assert one == two != other


def test_lips_move_while_somebody_speaks_and_rest_while_nobody_does(studio: Studio) -> None:
    loud, quiet = tone(studio, 1.0), tone(studio, 1.0, loud=0.0)
    spoken, silent = (
        frames(studio, studio.make(AVATAR, None, inputs={"image": [face(studio)], "audio": [one]}, seed=1)[0])
        for one in (loud, quiet)
    )
    changed = np.abs(spoken - silent).max(axis=3)[4]
    assert changed.max() > 40, "an open mouth is dark"
    rows, columns = np.nonzero(changed > 40)
    assert np.ptp(rows) < 320 * 0.3 and np.ptp(columns) < 180 * 0.5, "and only there"


def test_the_lips_of_a_portrait_that_was_painted_here_are_where_its_mouth_is(studio: Studio) -> None:
    portrait = face(studio)
    (mouth,) = mouths_of(open_picture(studio.path(portrait.digest)))
    spoken, silent = (
        frames(studio, studio.make(AVATAR, None, inputs={"image": [portrait], "audio": [one]}, seed=1)[0])
        for one in (tone(studio, 0.5), tone(studio, 0.5, loud=0.0))
    )
    rows, columns = np.nonzero(np.abs(spoken - silent).max(axis=3)[4] > 40)
    inner = 320 - strip_height((180, 320), "")
    assert columns.mean() == pytest.approx(mouth.x * 180, abs=0.1 * 180)
    assert rows.mean() == pytest.approx(mouth.y * inner, abs=0.1 * 320)
    larger = studio.make(Operation.UPSCALE_IMAGE, inputs={"image": [portrait]})[0]
    assert mouths_of(open_picture(studio.path(larger.digest))) == (mouth,)


@pytest.mark.parametrize("said", ["", "x", "0.5,0.5", "0.5000,0.5000,2.0000", "nan,nan,nan", ";;", "0.5" * 4000])
def test_a_picture_that_says_nonsense_of_its_mouths_has_none(said: str) -> None:
    picture = Image.new("RGB", (8, 8))
    picture.info[MOUTHS] = said
    assert mouths_of(picture) == ()


def test_two_people_speak_one_after_the_other(studio: Studio) -> None:
    first, second = tone(studio, 0.5), tone(studio, 0.75)
    inputs = {"image": [face(studio)], "audio": [first], "second_audio": [second]}
    film = studio.make(AVATAR, None, inputs=inputs, seed=1)[0]
    assert film.seconds == pytest.approx(1.25, abs=0.05)
    swapped = studio.make(AVATAR, None, inputs={**inputs, "audio": [second], "second_audio": [first]}, seed=1)[0]
    assert swapped.digest != film.digest


def test_an_avatar_without_a_voice_says_its_prompt(studio: Studio) -> None:
    film = studio.make(AVATAR, "One, two, three.", inputs={"image": [face(studio)]}, seed=1)[0]
    sound = sound_of(studio.path(film.digest))
    assert sound is not None and np.abs(sound).max() > 0.05
    longer = studio.make(AVATAR, "One, two, three, four, five, six.", inputs={"image": [face(studio)]}, seed=1)[0]
    assert film.seconds is not None and longer.seconds is not None and longer.seconds > film.seconds


def test_an_avatar_follows_a_clip(studio: Studio) -> None:
    moving = clip(studio, generate_audio=True)
    inputs = {"image": [face(studio)], "video": [moving]}
    film = studio.make(AVATAR, None, inputs=inputs, seed=1)[0]
    facts = facts_of(studio.path(film.digest))
    assert (facts.seconds, facts.sound) == (1.0, True)
    still = studio.make(AVATAR, None, inputs={**inputs, "video": [clip(studio, "push in")]}, seed=1)[0]
    assert np.abs(frames(studio, film)[-1] - frames(studio, still)[-1]).mean() > 0.5, "another motion, another film"
    mute = studio.make(AVATAR, None, inputs=inputs, keep_original_sound=False)[0]
    assert not facts_of(studio.path(mute.digest)).sound


def test_an_avatar_with_nothing_to_say_is_refused_once_its_inputs_are_there(studio: Studio) -> None:
    problems = studio.sketch.validate(studio.request(AVATAR, inputs={"image": [face(studio)]}).recipe)
    assert [(one.says, one.path) for one in problems] == [("nothing makes this avatar move", ())]
    assert studio.sketch.validate(studio.request(AVATAR, "Hello", inputs={"image": [face(studio)]}).recipe) == []


def test_an_avatar_that_would_last_too_long_is_refused_before_it_is_made(studio: Studio) -> None:
    endless = voice(studio)._replace(seconds=121.0)
    request = studio.request(AVATAR, inputs={"image": [face(studio)], "audio": [endless]})
    assert [one.says for one in studio.sketch.validate(request.recipe)] == [
        "audio: it lasts 121 seconds, and films here last up to 120"
    ]


def test_a_film_in_another_light_keeps_its_motion_its_length_and_its_sound(studio: Studio) -> None:
    source = clip(studio, generate_audio=True)
    film = studio.make(V2V, "the same at night", inputs={"video": [source]}, seed=1)[0]
    facts = facts_of(studio.path(film.digest))
    assert (facts.width, facts.height, facts.fps, facts.seconds, facts.sound) == (180, 320, Fraction(24), 1.0, True)
    before, after = frames(studio, source), frames(studio, film)
    assert len(before) == len(after)
    assert after[:, :280].mean() < before[:, :280].mean() * 0.8, "night is darker"
    alike = np.corrcoef(before[12, :280].mean(axis=2).ravel(), after[12, :280].mean(axis=2).ravel())[0, 1]
    assert alike > 0.9, "and shows the same"
    for mute in (False, "false"):
        assert not facts_of(
            studio.path(studio.make(V2V, "at night", inputs={"video": [source]}, keep_audio=mute)[0].digest)
        ).sound


def test_a_film_in_another_light_is_the_same_bytes_for_the_same_words_only(studio: Studio) -> None:
    inputs = {"video": [clip(studio)]}
    one, two, other, shown = (
        studio.make(V2V, prompt, inputs={**inputs, **more}, seed=1)[0].digest
        for prompt, more in (("snow", {}), ("snow", {}), ("sunset", {}), ("snow", {"reference": [face(studio)]}))
    )
    assert one == two and len({one, other, shown}) == 3


def test_a_film_can_become_longer_shorter_and_of_another_shape(studio: Studio) -> None:
    inputs = {"video": [clip(studio)]}
    for seconds in (0.5, 2.5):
        film = studio.make(V2V, "snow", inputs=inputs, duration=seconds, aspect_ratio="1:1")[0]
        assert (film.width, film.height, film.seconds) == (180, 180, seconds)


def test_what_was_spoken_here_is_written_down_word_for_word(studio: Studio) -> None:
    for text in (SAID, "Grüße, 東京 — 100 %!", "x" * 5000):
        assert studio.text(STT, inputs={"audio": [voice(studio, text)]}) == text
    with wave.open(str(studio.path(voice(studio).digest))) as file:
        assert file.getnframes() > 0, "it stays a plain WAV"


def test_the_words_go_along_with_the_voice_into_a_film_and_on(studio: Studio) -> None:
    portrait, spoken = face(studio), voice(studio, "Is it?")
    film = studio.make(AVATAR, None, inputs={"image": [portrait], "audio": [voice(studio)], "second_audio": [spoken]})[
        0
    ]
    assert studio.text(STT, inputs={"audio": [film]}) == f"{SAID} Is it?"
    night, mute = (studio.make(V2V, "at night", inputs={"video": [film]}, keep_audio=keep)[0] for keep in (True, False))
    assert studio.text(STT, inputs={"audio": [night]}) == f"{SAID} Is it?"
    with pytest.raises(RemoteError):
        studio.text(STT, inputs={"audio": [mute]})
    told = studio.make(AVATAR, "One, two.", inputs={"image": [portrait]})[0]
    assert studio.text(STT, inputs={"audio": [told]}) == "One, two."
    led = studio.make(AVATAR, None, inputs={"image": [portrait], "video": [film]})[0]
    assert studio.text(STT, inputs={"audio": [led]}) == f"{SAID} Is it?"
    half = {"image": [portrait], "audio": [tone(studio, 0.5)], "second_audio": [spoken]}
    assert OFFLINE in studio.text(STT, inputs={"audio": [studio.make(AVATAR, None, inputs=half)[0]]}), "half is not all"


def test_of_any_other_sound_only_what_was_measured_is_said(studio: Studio) -> None:
    film = studio.make(AVATAR, None, inputs={"image": [face(studio)], "audio": [tone(studio, 2.0)]})[0]
    for one in (tone(studio, 2.0), film):
        said = studio.text(STT, inputs={"audio": [one]})
        assert said.startswith("The sound lasts 2.0 seconds at -9 dB") and said.endswith(OFFLINE)
    silent = studio.text(STT, inputs={"audio": [tone(studio, 1.0, loud=0.0)]})
    assert silent == f"The sound lasts 1.0 seconds and is silent. {OFFLINE}"
    parts = np.concatenate([np.full(FILM_RATE // 4, one, np.float32) for one in (0.3, 0, 0.3, 0, 0, 0.3)])
    apart = studio.keep(wav_bytes(parts, FILM_RATE))
    assert "in 3 stretches" in studio.text(STT, inputs={"audio": [apart]})


def test_a_comment_of_somebody_else_is_not_taken_for_words(studio: Studio) -> None:
    samples = np.full(22_050, 0.3, np.float32)
    other = studio.keep(wav_bytes(samples, comment="buy now"))
    assert "buy now" not in studio.text(STT, inputs={"audio": [other]})


def test_a_voice_whose_comment_is_in_an_old_alphabet_speaks_all_the_same(studio: Studio) -> None:
    plain = studio.bytes_of(tone(studio, 0.5))
    old = wav_bytes(np.full(11_025, 0.3, np.float32), comment="Gruesse").replace(b"Gruesse", b"Gr\xfc\xdfe..")
    assert len(old) > len(plain)
    spoken = studio.keep(old)
    film = studio.make(AVATAR, None, inputs={"image": [face(studio)], "audio": [spoken]})[0]
    assert film.seconds == pytest.approx(0.5, abs=0.05)
    assert not SoundCheck().look(spoken, studio.path(spoken.digest), studio.request(STT).recipe).flagged
    assert OFFLINE in studio.text(STT, inputs={"audio": [spoken]})


def test_the_words_are_still_known_when_a_service_hands_the_voice_out_as_mp3(studio: Studio) -> None:
    spoken = studio.bytes_of(voice(studio, "Grüße aus dem Hafen."))
    assert mp3_bytes(spoken, 22_050, 32) == mp3_bytes(spoken, 22_050, 32)
    assert studio.text(STT, inputs={"audio": [studio.keep(mp3_bytes(spoken, 22_050, 32))]}) == "Grüße aus dem Hafen."


@pytest.mark.parametrize("op", [AVATAR, STT, V2V])
def test_what_cannot_be_used_is_refused_by_name(studio: Studio, op: Operation) -> None:
    bad = studio.folder / "bad"
    bad.write_bytes(b"not a film")
    broken = Artifact(digest="bad", media_type="video/mp4", size=10)  # type: ignore[arg-type]
    mute = clip(studio)
    inputs = {
        AVATAR: {"image": [face(studio)], "video": [broken]},
        STT: {"audio": [mute]},
        V2V: {"video": [broken]},
    }[op]
    with pytest.raises(RemoteError) as caught:
        studio.make(op, "x" if op is not STT else None, inputs=inputs)
    assert caught.value.kind is ErrorClass.INVALID_INPUT
    assert ("bad" if op is not STT else "no sound") in str(caught.value)
