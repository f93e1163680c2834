"""Comparing and measuring on the command line: what people see, what scripts read, what the exit code says."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from rich.cells import cell_len

from rushes.cli.published import envelope_schema
from rushes.cli.side_by_side import _time

from .conftest import GATED, Rushes
from .envelopes.simulated import simulator

STORY = """
name: story
steps:
  - {name: still, type: text_to_image, prompt: a fox, params: {resolution: 360p}}
  - {name: film, type: image_to_video, input_from: still, prompt: it runs, params: {resolution: 360p, duration: 1}}
"""
FOX = ("compare", "a red fox", "-m", "flux_schnell,flux_dev")


def narrow(text: str) -> bool:
    """Whether everything but paths fits 80 columns."""
    return all(cell_len(line) <= 80 for line in text.splitlines() if not line.startswith("  /"))


def test_models_stand_side_by_side_and_what_was_here_says_so(rushes: Rushes, place: Path) -> None:
    small = ("-n", "2", "-p", "resolution=360p")
    first, again = rushes(*FOX, *small), rushes(*FOX, *small)
    assert (first.code, again.code) == (0, 0) and narrow(first.out)
    assert "flux_schnell" in first.out and "2/2" in first.out and "offline painter" in first.out
    assert "were here before" in again.out and "were here before" not in first.out
    home = place / "Assets" / "compare-a-red-fox"
    assert (home / "contact-sheet.png").is_file() and (home / "contact-sheet.html").is_file()
    assert "were here before" not in rushes(*FOX, *small, "--fresh").out


def test_what_is_to_be_done_can_be_said(rushes: Rushes, place: Path) -> None:
    rushes("compare", "a red fox", "-m", "flux_dev", "-p", "resolution=360p")
    still = str(place / "Assets/compare-a-red-fox/generated-images/v0-1/flux-dev.png")
    said = rushes(
        "compare", "what is it?", "--image", still, "-m", "gpt_6_luna", "--op", "analyze_image", "--json"
    ).json
    assert said["data"]["op"] == "analyze_image"
    (told,) = said["data"]["models"][0]["results"]
    assert told["text"] and Path(told["path"]).read_text() and told["digest"] is None
    assert rushes("compare", "a", "-m", "flux_dev", "--op", "text_to_image", "-p", "resolution").code == 2


def test_who_cannot_is_refused_by_name_without_a_place_in_a_document(rushes: Rushes) -> None:
    said = rushes("compare", "a red fox", "-m", "flux_dev,veo3,nosuch", "--json")
    assert said.code == 2
    assert [(one["node"], one["code"], one["file"]) for one in said.json["problems"]] == [
        ("veo3", "model-operation", None),
        ("nosuch", "model-unknown", None),
    ]


def test_real_models_are_compared_and_one_that_fails_stands_with_its_reason(rushes: Rushes, place: Path) -> None:
    refused = [{"what": "refused", "rate": 1, "model": "fal-ai/flux/dev"}]
    (place / "faults.json").write_text(json.dumps(refused))
    with simulator("--faults", "faults.json", "--most-side", "64") as url:
        asked = ("-n", "2", "--provider", "auto", "--sim", url)
        said = rushes(*FOX, *asked, "--json")
        shown = rushes(*FOX, *asked)
    assert said.code == shown.code == 3
    jsonschema.validate(said.json, envelope_schema("compare"))
    schnell, dev = said.json["data"]["models"]
    assert (schnell["made"], schnell["provider"], schnell["each_usd"], schnell["why"]) == (2, "fal", "0.003", "")
    assert dev["made"] == 0 and dev["why"] and dev["each_usd"] is None
    assert [one["node"] for one in said.json["problems"]] == ["flux_dev"]
    assert "(simulated)" in shown.out and "failed: flux_dev" in shown.out


def test_a_benchmark_says_how_long_why_and_for_how_much(rushes: Rushes, place: Path) -> None:
    (place / "story.yaml").write_text(STORY)
    said = rushes("bench", "story.yaml", "-n", "2")
    assert said.code == 0 and narrow(said.out)
    quote, *rounds = said.err.splitlines()
    assert quote == "2 runs, each making everything anew: $0.00 in all"
    assert [line.partition(":")[0] for line in rounds] == ["run 1 of 2", "run 2 of 2"]
    for word in ("p95", "provider", "still > film (in 2 of 2 runs)", "$0.00 quoted for all"):
        assert word in said.out
    assert "than on" in rushes("bench", "story.yaml", "-n", "2").out
    assert not (place / "Assets").exists(), "no version of the workflow was written"
    warm = rushes("bench", "story.yaml", "-n", "2", "--warm", "--json").json["data"]
    assert [one["bought"] for one in warm["rounds"]] == [0, 0]


def test_a_benchmark_is_no_run_of_its_file(rushes: Rushes, hello: Path) -> None:
    rushes("run", "hello.yaml")
    rushes("bench", "hello.yaml", "-n", "1")
    assert len(rushes("runs", "--file", "hello.yaml", "--json").json["data"]) == 1
    assert "nothing to do" in rushes("plan", "hello.yaml").out


def test_a_benchmark_with_a_gate_for_people_says_what_helps(rushes: Rushes, place: Path) -> None:
    (place / "gated.yaml").write_text(GATED)
    said = rushes("bench", "gated.yaml", "-n", "1")
    assert said.code == 2 and "--pick first-clean" in said.err
    assert rushes("bench", "gated.yaml", "-n", "1", "--pick", "first-clean").code == 0


def test_a_first_pass_tells_people_and_scripts_its_share(rushes: Rushes, place: Path) -> None:
    (place / "story.yaml").write_text(STORY)
    flags = ("story.yaml", "--mode", "images", "--provider", "sketch")
    assert "images only: about" in rushes("plan", *flags).out
    for command in ("plan", "run"):
        said = rushes(command, *flags, "--json").json
        jsonschema.validate(said, envelope_schema(command))
        assert 0 < said["data"]["first_pass"]["of_time"] < 1
    assert "images only" not in rushes("run", *flags).out, "nothing was made, so nothing is said of it"


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.42, "0.4s"), (9.97, "10s"), (99.4, "99s"), (119.7, "2m00"), (185.0, "3m05")]
)
def test_a_time_in_a_column_has_no_sixtieth_second(seconds: float, said: str) -> None:
    assert _time(seconds) == said
