"""What ElevenLabs is asked, byte by byte, and what is made of its answers."""

from __future__ import annotations

import asyncio
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.providers.rig import KEY, access, asked, context, request_of
from tests.providers.wire import Visit, serving

from rushes.errors import ErrorClass, RemoteError
from rushes.model.ids import Digest
from rushes.model.media import Kind
from rushes.model.operation import Operation
from rushes.model.problem import Severity
from rushes.model.transcript import Word, transcript_words
from rushes.plugin.provider import Finished, Pending, Unknowable
from rushes.providers.elevenlabs import ElevenLabs
from rushes.providers.media.mp3 import mp3_bytes
from rushes.sim.simulator import Simulator
from rushes.testing.context import PlainContext
from rushes.testing.media import wav
from rushes.testing.requests import artifact_of

SPEAK, HEAR = Operation.TEXT_TO_SPEECH, Operation.SPEECH_TO_TEXT
OFF = ElevenLabs(access("elevenlabs", None))
RACHEL, BRIAN = "21m00Tcm4TlvDq8ikWAM", "nPczCjzI2devNBz1zQrb"
WAV = wav("a voice", 0.5)
MP3 = mp3_bytes(WAV, 44_100, 128)
SOUND = artifact_of(Kind.AUDIO, WAV)


def said(alias: str = "elevenlabs", text: str = "Good morning.", **params: Any) -> Any:
    return asked(OFF, alias, SPEAK, text, params)


def answered(
    recipe: Any, tmp_path: Path, body: bytes = MP3, kind: str = "audio/mpeg", status: int = 200
) -> tuple[Finished, Visit]:
    async def script(visit: Visit) -> None:
        await visit.answer(status, body, f"content-type: {kind}", "character-cost: 13", "request-id: r1")

    async def run() -> tuple[Finished, Visit]:
        async with serving(script) as wire:
            elevenlabs = ElevenLabs(access("elevenlabs", wire.url, simulated=False))
            try:
                return await elevenlabs.submit(request_of(recipe), context(tmp_path)), wire.visits[0]
            finally:
                await elevenlabs.close()

    return asyncio.run(run())


def test_a_call_as_it_goes_over_the_wire(tmp_path: Path) -> None:
    recipe = said(
        "elevenlabs_v3", voice="Brian", output_format="mp3_22050_32", stability=0.4, speed="1.1", language="en"
    )
    finished, visit = answered(recipe, tmp_path, mp3_bytes(WAV, 22_050, 32))
    assert visit.path == f"/v1/text-to-speech/{BRIAN}?output_format=mp3_22050_32"
    lines = visit.head.decode().split("\r\n")
    assert f"xi-api-key: {KEY}" in lines
    assert KEY not in lines[0]
    assert not any(line.lower().startswith("x-rushes") for line in lines)
    assert json.loads(visit.body) == {
        "text": "Good morning.",
        "model_id": "eleven_v3",
        "language_code": "en",
        "seed": request_of(recipe).seed,
        "voice_settings": {"stability": 0.4, "speed": 1.1},
    }
    (output,) = finished.outputs
    assert (output.media_type, output.url) == ("audio/mpeg", None)
    assert finished.billed is None, "what a credit costs depends on the plan"


def test_a_call_says_no_more_than_it_was_told(tmp_path: Path) -> None:
    recipe = said()
    _, visit = answered(recipe, tmp_path)
    assert visit.path == f"/v1/text-to-speech/{RACHEL}"
    body = {"text": "Good morning.", "model_id": "eleven_multilingual_v2", "seed": request_of(recipe).seed}
    assert json.loads(visit.body) == body


@pytest.mark.parametrize("name", ["voice", "voice_id", "voice_name"])
@pytest.mark.parametrize(
    ("voice", "id_"), [("rachel", RACHEL), (" Rachel ", RACHEL), ("BRIAN", BRIAN), ("abcdefghij0123456789", None)]
)
def test_a_voice_is_named_or_is_an_id(name: str, voice: str, id_: str | None) -> None:
    body, problems = OFF.put(said(**{name: voice}))
    assert not problems
    assert body["voice_id"] == (id_ or voice)


def test_an_unknown_voice_is_refused_and_the_nearest_is_named() -> None:
    (problem,) = OFF.validate(said(voice="rachael"))
    assert problem.severity is Severity.ERROR
    assert problem.path == ("params", "voice")
    assert "'rachael'" in problem.says
    assert problem.try_.endswith("the nearest is rachel"), problem.try_


@pytest.mark.parametrize(
    ("alias", "most"),
    [
        ("elevenlabs", 10_000),
        ("elevenlabs_v3", 5_000),
        ("elevenlabs_turbo", 40_000),
        ("elevenlabs_flash", 40_000),
    ],
)
def test_a_text_that_is_too_long_for_its_model_is_refused_before_it_is_sent(alias: str, most: int) -> None:
    assert not OFF.validate(said(alias, "x" * most))
    (problem,) = OFF.validate(said(alias, "x" * (most + 1)))
    assert problem.severity is Severity.ERROR
    assert str(most) in problem.says


@pytest.mark.parametrize(
    ("params", "severity"),
    [
        ({"stability": 1.5}, Severity.ERROR),
        ({"speed": 2}, Severity.ERROR),
        ({"use_speaker_boost": "maybe"}, Severity.ERROR),
        ({"output_format": "pcm_44100"}, Severity.ERROR),
        ({"n": 3}, Severity.ERROR),
        ({"language": "en"}, Severity.WARNING),  # multilingual_v2 takes none
        ({"aspect_ratio": "9:16"}, Severity.WARNING),  # a sound has no shape
    ],
)
def test_what_cannot_be_had_is_said_before_anything_is_sent(params: dict[str, Any], severity: Severity) -> None:
    (problem,) = OFF.validate(said(**params))
    assert problem.severity is severity
    assert problem.path == ("params", *params)


def test_a_text_costs_by_its_characters() -> None:
    quote = OFF.estimate(said(text="x" * 1000))
    assert str(quote.high) == "0.18000"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "audio/mpeg"),
        (b'{"detail": "odd"}', "application/json"),
        (b"<html></html>", "text/html; charset=utf-8"),
        (MP3[: len(MP3) // 2], "audio/mpeg"),
        (WAV[: len(WAV) // 2], "audio/wav"),
    ],
)
def test_a_200_without_a_whole_sound_is_unknown_and_names_the_way_to_it(body: bytes, kind: str, tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        answered(said(), tmp_path, body, kind)
    assert raised.value.kind is ErrorClass.UNKNOWN_OUTCOME
    assert raised.value.maybe_billed
    assert "adopt" in raised.value.next_step


def test_a_wav_is_one(tmp_path: Path) -> None:
    finished, _ = answered(said(output_format="wav_44100"), tmp_path, WAV, "audio/x-wav")
    assert finished.outputs[0].media_type == "audio/wav"


def asked_about(remote: str, tmp_path: Path, *answers: tuple[int, bytes]) -> tuple[Any, list[str]]:
    async def one(visit: Visit) -> None:
        status, body = answers[min(visit.number, len(answers) - 1)]
        await visit.answer(status, body, "content-type: audio/mpeg")

    async def run() -> tuple[Any, list[str]]:
        async with serving(one) as wire:
            elevenlabs = ElevenLabs(access("elevenlabs", wire.url, simulated=False))
            try:
                return await elevenlabs.poll(remote, context(tmp_path)), wire.heads()
            finally:
                await elevenlabs.close()

    return asyncio.run(run())


def test_a_lost_sound_is_adopted_from_the_history(tmp_path: Path) -> None:
    finished, heads = asked_about("ja9xsmfGhxYcymxGcOGB", tmp_path, (200, MP3))
    assert finished.outputs[0].data == MP3
    assert heads == ["GET /v1/history/ja9xsmfGhxYcymxGcOGB/audio HTTP/1.1"]


def test_half_a_sound_of_the_history_is_asked_for_again(tmp_path: Path) -> None:
    assert isinstance(asked_about("item", tmp_path, (200, MP3[: len(MP3) // 2]))[0], Pending)
    assert isinstance(asked_about("item", tmp_path, (503, b"{}"))[0], Pending)


def test_an_item_that_is_not_there_was_paid_for_all_the_same(tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        asked_about("item", tmp_path, (404, b'{"detail": {"code": "history_item_not_found"}}'))
    assert (raised.value.kind, raised.value.maybe_billed) == (ErrorClass.INVALID_INPUT, True)


@pytest.mark.parametrize("remote", ["", "../user", "a/b", "a?b=c", "x" * 65, "é"])
def test_what_is_no_id_is_never_part_of_an_address(remote: str, tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        asked_about(remote, tmp_path, (200, MP3))
    assert raised.value.maybe_billed


def test_there_is_nothing_to_stop_and_nothing_to_find(tmp_path: Path) -> None:
    there = context(tmp_path)
    assert asyncio.run(OFF.cancel("item", there)) is None
    assert isinstance(asyncio.run(OFF.reconcile(request_of(said()), there)), Unknowable)


def heard(sound: Any = SOUND, **params: Any) -> Any:
    return asked(OFF, "scribe_v2", HEAR, None, params, {"audio": (sound,)})


def transcribed(recipe: Any, folder: Path, answer: bytes) -> tuple[Finished, Visit]:
    async def script(visit: Visit) -> None:
        await visit.answer(200, answer, "content-type: application/json")

    async def run() -> tuple[Finished, Visit]:
        async with serving(script) as wire:
            elevenlabs = ElevenLabs(access("elevenlabs", wire.url, simulated=False))
            try:
                return await elevenlabs.submit(request_of(recipe), with_sound(folder)), wire.visits[0]
            finally:
                await elevenlabs.close()

    return asyncio.run(run())


def with_sound(folder: Path) -> PlainContext:
    path = folder / "sound.wav"
    path.write_bytes(WAV)
    return PlainContext(folder, {Digest(SOUND.digest): path})


def test_a_sound_is_written_down(tmp_path: Path) -> None:
    recipe = heard(language="en", tag_audio_events=False, speakers=2)
    finished, visit = transcribed(recipe, tmp_path, b'{"text": "Good morning.", "words": []}')
    assert (finished.text, finished.outputs, finished.billed) == ("Good morning.", (), None)
    assert visit.path == "/v1/speech-to-text"
    part = rb'name="(\w+)"(?:; filename="[\w.]+")?\r\n(?:Content-Type: [\w/]+\r\n)?\r\n(.*?)\r\n--'
    fields = dict(re.findall(part, visit.body, re.DOTALL))
    assert fields == {
        b"model_id": b"scribe_v2",
        b"language_code": b"en",
        b"tag_audio_events": b"false",
        b"num_speakers": b"2",
        b"seed": str(request_of(recipe).seed).encode(),
        b"file": WAV,
    }
    assert b'filename="input.wav"\r\nContent-Type: audio/wav' in visit.body


TIMED = {"text": "Good", "start": 0.1, "end": 0.4, "type": "word", "speaker_id": None, "logprob": -0.2}


def test_the_times_of_what_was_said_come_with_it(tmp_path: Path) -> None:
    answer = {"text": "Good morning.", "words": [TIMED, TIMED | {"text": "morning.", "start": 0.5, "end": 1.1}]}
    finished, _ = transcribed(heard(), tmp_path, json.dumps(answer).encode())
    (beside,) = finished.outputs
    assert (finished.text, beside.media_type) == ("Good morning.", "application/json")
    assert transcript_words(beside.data or b"") == (Word("Good", 0.1, 0.4), Word("morning.", 0.5, 1.1))


@pytest.mark.parametrize("words", [None, 7, [7], [TIMED, TIMED | {"end": None}], [TIMED | {"type": "sung"}]])
def test_times_that_cannot_be_read_never_cost_the_text(words: Any, tmp_path: Path) -> None:
    finished, _ = transcribed(heard(), tmp_path, json.dumps({"text": "Good", "words": words}).encode())
    assert (finished.text, finished.outputs) == ("Good", ())


@pytest.mark.parametrize("answer", [b"", b"{", b"[]", b'{"text": 5}', b'{"message": "queued"}'])
def test_a_transcript_that_cannot_be_read_is_unknown(answer: bytes, tmp_path: Path) -> None:
    with pytest.raises(RemoteError) as raised:
        transcribed(heard(), tmp_path, answer)
    assert (raised.value.kind, raised.value.maybe_billed) == (ErrorClass.UNKNOWN_OUTCOME, True)


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        (asked(OFF, "scribe_v2", HEAR, None), "needs audio"),
        (heard(speakers=33), "speakers"),
        (heard(language="english"), "language"),
        (heard(SOUND._replace(media_type="image/png")), "image/png"),
        (heard(SOUND._replace(size=2_000_000_001)), "2000000001 bytes"),
    ],
)
def test_what_cannot_be_heard_is_refused_before_anything_is_sent(recipe: Any, words: str) -> None:
    (problem,) = [one for one in OFF.validate(recipe) if one.severity is Severity.ERROR]
    assert words in problem.says


def test_what_a_minute_costs_is_quoted_and_charged(tmp_path: Path) -> None:
    async def run() -> tuple[Finished, str]:
        async with Simulator(seed=3, time_scale=0.001) as sim:
            elevenlabs = ElevenLabs(access("elevenlabs", f"{sim.url}/elevenlabs"))
            try:
                finished = await elevenlabs.submit(request_of(heard()), with_sound(tmp_path))
            finally:
                await elevenlabs.close()
            return finished, sim.report()["billed"]

    finished, billed = asyncio.run(run())
    assert finished.text
    quote = OFF.estimate(heard(SOUND._replace(seconds=0.5)))
    assert quote.high is not None and quote.low == quote.high
    assert abs(quote.high - Decimal(billed)) < Decimal("0.000001")
    assert OFF.estimate(heard(SOUND._replace(seconds=3600.0))).high == Decimal("0.22002")
