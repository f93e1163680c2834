"""`aicp transcribe`: the words, and where they are wanted their times and subtitles, for the same money."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from tests.cli.envelopes.simulated import simulator

from rushes.cli.suite.session import Exit

from .conftest import Aicp

SPOKEN = "Good morning, the harbour is open. We sail at nine, and nobody waits for the cat."
SPEECH = f"name: speech\nsteps: [{{name: voice, type: text_to_speech, prompt: '{SPOKEN}'}}]"
CUE = re.compile(r"(\d+)\n(\d\d):(\d\d):(\d\d),(\d{3}) --> (\d\d):(\d\d):(\d\d),(\d{3})\n(.+)\n")


@pytest.fixture
def sound(aicp: Aicp, place: Path) -> str:
    (place / "speech.yaml").write_text(SPEECH)
    said = aicp("run-chain", "--config", "speech.yaml", "--provider", "sketch", "--json")
    (path,) = said.data["outputs"]["voice"]
    return str(path)


def cues(path: Path) -> list[tuple[float, float, str]]:
    """The cues of an SRT; fails when anything else is in it."""
    found = list(CUE.finditer(path.read_text() + "\n"))
    assert "\n".join(one[0] for one in found).strip() == path.read_text().strip()
    assert [int(one[1]) for one in found] == list(range(1, len(found) + 1))
    ms = [[int(n) for n in one.groups()[1:9]] for one in found]
    clock = [[h * 3600 + m * 60 + s + t / 1000 for h, m, s, t in (n[:4], n[4:])] for n in ms]
    return [(start, end, one[10]) for (start, end), one in zip(clock, found, strict=True)]


def test_subtitles_and_times_are_written_beside_the_words(aicp: Aicp, place: Path, sound: str) -> None:
    said = aicp("transcribe", "-i", sound, "-o", "out", "--srt", "--raw-json", "--mock", "--json")
    assert said.code == 0 and said.data["success"] and said.data["text"] == SPOKEN, said.err
    assert [Path(one) for one in said.data["files"]] == [place / f"out/voice.{form}" for form in ("txt", "srt", "json")]
    assert (place / "out/voice.txt").read_text() == SPOKEN + "\n"
    words = json.loads((place / "out/voice.json").read_text())["words"]
    assert [one["text"] for one in words] == SPOKEN.split()
    assert all(a["start"] < a["end"] <= b["start"] for a, b in pairwise(words))
    shown = cues(place / "out/voice.srt")
    assert " ".join(text for _start, _end, text in shown) == SPOKEN
    assert shown[0][2] == "Good morning, the harbour is open." and shown[0][0] == words[0]["start"]
    assert all(len(text.split()) <= 8 and 0 < end - start <= 4.0005 for start, end, text in shown)


def test_a_cue_holds_as_much_as_is_asked_for_and_nothing_is_bought_for_it(aicp: Aicp, place: Path, sound: str) -> None:
    args = ("transcribe", "-i", sound, "--json", "--srt")
    with simulator() as url:
        first = aicp(*args, "-o", "wide.srt", "--sim", url)
        again = aicp(*args, "-o", "few.srt", "--srt-max-words", "2", "--srt-max-duration", "0.9", "--sim", url)
    assert (first.code, again.code) == (0, 0) and first.data["simulated"]
    assert first.data["total_cost"] > 0 == again.data["total_cost"]
    assert (place / "wide.txt").read_text() == (place / "few.txt").read_text() == SPOKEN + "\n"
    few, wide = cues(place / "few.srt"), cues(place / "wide.srt")
    assert len(few) > len(wide) and " ".join(text for _start, _end, text in few) == SPOKEN
    assert all(len(text.split()) <= 2 and end - start <= 0.9005 for start, end, text in few)


def test_without_a_place_only_what_was_asked_for_is_written_here(aicp: Aicp, place: Path, sound: str) -> None:
    (place / "voice.txt").write_text("my own script\n")
    said = aicp("transcribe", "-i", sound, "--srt", "--mock", "--json")
    assert [Path(one) for one in said.data["files"]] == [place / "voice.srt"] and cues(place / "voice.srt")
    assert (place / "voice.txt").read_text() == "my own script\n"


def test_a_place_for_neither_form_is_refused_before_anything_is_bought(aicp: Aicp, place: Path, sound: str) -> None:
    said = aicp("transcribe", "-i", sound, "--srt", "-o", "words.md", "--mock", "--json")
    assert said.code == Exit.ARGUMENTS and "words.md" in said.data["error"]
    assert not (place / "Assets/transcribe").exists()


def test_a_transcript_without_times_says_so_keeps_its_words_and_is_bought_anew_only_on_wish(
    aicp: Aicp, place: Path, sound: str
) -> None:
    args = ("transcribe", "-i", sound, "-o", "out", "--srt", "--json")
    with simulator() as url:
        assert aicp(*args, "--sim", url).code == 0
        times = [path for path in (place.parent / "home/store").glob("*/*/*") if path.read_bytes()[:9] == b'{"words":']
        times[0].unlink()
        (place / "out/voice.srt").unlink()
        said = aicp(*args, "--sim", url)
        assert said.code == Exit.PIPELINE and not said.data["success"] and "--again" in said.data["error"]
        assert (said.data["text"], said.data["total_cost"]) == (SPOKEN, 0)
        assert [Path(one).name for one in said.data["files"]] == ["voice.txt"]
        anew = aicp(*args, "--again", "--sim", url)
    assert anew.code == 0 and anew.data["total_cost"] > 0 and cues(place / "out/voice.srt")


def test_damaged_times_cost_nothing_but_the_subtitles(aicp: Aicp, place: Path, sound: str) -> None:
    args = ("transcribe", "-i", sound, "--mock", "--json")
    assert aicp(*args).code == 0
    (times,) = [path for path in (place.parent / "home/store").glob("*/*/*") if path.read_bytes()[:9] == b'{"words":']
    size = times.stat().st_size
    times.chmod(0o600)
    times.write_bytes(b"x" * size)
    assert aicp(*args).data["text"] == SPOKEN
    said = aicp(*args, "--srt")
    assert said.code == Exit.GENERAL and "rushes verify" in said.data["error"] and "Traceback" not in said.err


def test_of_a_sound_that_nobody_knows_no_times_are_made_up(aicp: Aicp, place: Path) -> None:
    from rushes.testing.media import wav

    (place / "noise.wav").write_bytes(wav("a voice", 1.0))
    said = aicp("transcribe", "-i", "noise.wav", "--raw-json", "--mock")
    assert said.code == Exit.PIPELINE and "no times" in said.err and "Traceback" not in said.err
    assert said.out.startswith("The sound lasts") and not (place / "noise.json").exists()
