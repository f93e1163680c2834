"""The suite's commands as people and scripts call them: what they print, what they leave, what they exit with."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from tests.cli.envelopes.simulated import simulator

from rushes.app.project import Project
from rushes.app.run import prepared_as_of
from rushes.cli.suite.examples import EXAMPLES
from rushes.cli.suite.session import Exit
from rushes.cli.suite.table import COMMANDS, ELSEWHERE, help_text
from rushes.cli.suite.tree import tree

from .conftest import CHAIN, Aicp

HEAVY = ("click", "yaml", "sqlite3", "asyncio", "PIL", "numpy", "av", "httpx", "rich")

PROBE = f"""
import atexit, sys
sys.argv = ["aicp", "--help"]
atexit.register(lambda: print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr))
from rushes.cli.suite.main import main
main()
"""


def test_help_costs_nothing_and_fits(aicp: Aicp) -> None:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True)
    assert done.stdout == help_text("aicp") and done.stderr.strip() == "[]"
    assert max(map(len, done.stdout.splitlines())) <= 80 and len(done.stdout.splitlines()) <= 32


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, aicp: Aicp) -> None:
    said = aicp(name, "--help")
    assert said.code == 0 and said.out.startswith(f"Usage: aicp {name}")
    assert max(map(len, said.out.splitlines())) <= 80
    command = tree.get_command(click.Context(tree), name)
    assert command is not None and command.help
    names = [option for one in command.params for option in one.opts]
    assert len(names) == len(set(names)), "an option is there twice"
    assert all(one.help for one in command.params if isinstance(one, click.Option))


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_is_not_here_is_named_with_what_is(name: str, aicp: Aicp) -> None:
    said = aicp(name, "--anything")
    assert said.code == Exit.ARGUMENTS and ELSEWHERE[name] in said.err and said.out == ""


@pytest.mark.parametrize("args", [("--json", "list-models"), ("list-models", "--json")])
def test_flags_stand_before_and_behind_a_command(args: tuple[str, ...], aicp: Aicp) -> None:
    said = aicp(*args).json
    assert said["schema_version"] == "1" and said["command"] == "list-models"
    assert {"flux_schnell", "veo_3_1_fast"} <= {one["key"] for one in said["items"]}


def test_lists_of_one_kind_have_that_kind_only(aicp: Aicp) -> None:
    def of(kind: str) -> set[str]:
        return {one["key"] for one in aicp(f"list-{kind}-models", "--json").json["items"]}

    listed = {kind: of(kind) for kind in ("avatar", "motion", "speech", "video")}
    assert "omnihuman_v1_5" in listed["avatar"] and listed["motion"] == {"kling_motion_control"}
    assert "scribe_v2" in listed["speech"] and "flux_dev" not in listed["video"]


# pipelines


def test_a_pipeline_runs_and_every_result_is_listed_and_there(aicp: Aicp, chain: Path) -> None:
    said = aicp("run-chain", "--config", "chain.yaml", "--input-text", "a fox", "--provider", "sketch", "--json")
    assert said.code == 0
    data = said.data
    assert (data["success"], data["steps_completed"], data["total_steps"]) == (True, 2, 2)
    for outputs in data["outputs"].values():
        assert all(Path(one).is_file() for one in outputs) and outputs
    assert data["output_path"] == data["outputs"]["larger"][-1]


@pytest.mark.parametrize("how", ["text", "prompt-file", "input", "stdin", "file"])
def test_the_text_of_a_pipeline_comes_from_a_flag_a_file_stdin_or_itself(
    how: str, aicp: Aicp, chain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("words.txt").write_text("a hare\n")
    monkeypatch.setattr(sys, "stdin", io.StringIO("a hare\n"))
    flags = {
        "text": ("--input-text", "a hare"),
        "prompt-file": ("--prompt-file", "words.txt"),
        "input": ("--input", "words.txt", "--input-text", "a fox", "--prompt-file", "chain.yaml"),
        "stdin": ("--input", "-"),
        "file": (),
    }[how]
    if how == "file":
        chain.write_text(CHAIN + "prompt: a hare\n")
    said = aicp("run-chain", "--config", "chain.yaml", "--provider", "sketch", "--json", *flags)
    assert said.code == 0, said.err
    again = aicp("run-chain", "--config", "chain.yaml", "--provider", "sketch", "--input-text", "a hare", "--stream")
    assert again.code == 0 and '"step_start"' not in again.err, "the same words ask for nothing"


def test_a_dry_run_buys_nothing_and_says_what_it_would_cost(aicp: Aicp, place: Path) -> None:
    (place / "film.yaml").write_text(EXAMPLES["image_to_video.yaml"])
    planned = aicp("run-chain", "--config", "film.yaml", "--dry-run", "--json").data
    costs = aicp("estimate-cost", "--config", "film.yaml", "--json").data
    assert planned == costs and costs["total_cost"] == pytest.approx(sum(one["cost"] for one in costs["step_costs"]))
    assert costs["total_cost"] == pytest.approx(0.725) and costs["currency"] == "USD"
    assert not (place / "Assets").exists()


def test_steps_are_told_as_lines_while_they_happen(aicp: Aicp, chain: Path) -> None:
    said = aicp("run-chain", "--config", "chain.yaml", "--input-text", "a fox", "--provider", "sketch", "--stream")
    lines = [json.loads(line) for line in said.err.splitlines() if line.startswith("{")]
    assert [(one["event"], one.get("step")) for one in lines] == [
        ("pipeline_start", None),
        ("step_start", "still"),
        ("step_complete", "still"),
        ("step_start", "larger"),
        ("step_complete", "larger"),
    ]
    assert said.json["event"] == "pipeline_complete" and said.json["success"]


@pytest.mark.parametrize("value", ["false", "0", "no", "OFF"])
def test_the_switch_of_the_suite_gives_one_at_a_time_and_parallel_is_the_default(
    value: str, aicp: Aicp, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "three.yaml").write_text(EXAMPLES["variations.yaml"])
    plan = ("run-chain", "--config", "three.yaml", "--dry-run", "--json")
    parallel = aicp(*plan).data["estimated_time"]
    monkeypatch.setenv("PIPELINE_PARALLEL_ENABLED", value)
    assert aicp(*plan).data["estimated_time"] > 1.9 * parallel
    assert aicp(*plan, "--parallel").data["estimated_time"] == parallel
    monkeypatch.setenv("PIPELINE_PARALLEL_ENABLED", "true")
    assert aicp(*plan).data["estimated_time"] == parallel


def test_the_examples_are_written_once_and_run(aicp: Aicp, place: Path) -> None:
    written = aicp("create-examples", "--json").json["items"]
    assert aicp("create-examples").code == Exit.ARGUMENTS, "what is there is not written over"
    for file in written:
        said = aicp("run-chain", "--config", file, "--provider", "sketch", "--json")
        assert said.code == 0 and said.data["success"], said.err


# exit codes: success is never said of what failed


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("run-chain",), Exit.ARGUMENTS),
        (("run-chain", "--config", "none.yaml"), Exit.MISSING),
        (("run-chain", "--config", "chain.yaml", "--input", "a fox"), Exit.MISSING),
        (("run-chain", "--config", "chain.yaml", "--provider", "sketch"), Exit.ARGUMENTS),  # {{input}} without a value
        (("run-chain", "--config", "bad.yaml"), Exit.ARGUMENTS),
        (("run-chain", "--config", "chain.yaml", "--input-text", "a fox"), Exit.PIPELINE),  # nobody has a key
        (("generate-image",), Exit.ARGUMENTS),
        (("generate-image", "--text", "a fox", "--model", "flux_dve"), Exit.ARGUMENTS),
        (("generate-imgae", "--text", "a fox"), Exit.ARGUMENTS),
        (("upscale-image", "-i", "none.png"), Exit.MISSING),
        (("transcribe", "-i", "chain.yaml", "--srt", "--srt-max-words", "0"), Exit.ARGUMENTS),
        (("transcribe", "-i", "chain.yaml", "--srt", "--srt-max-duration", "nan"), Exit.ARGUMENTS),
        (("get-key", "FAL_KEY"), Exit.MISSING),
        (("get-key", "FAL_KEY", "--reveal"), Exit.ARGUMENTS),
    ],
)
def test_a_failure_has_its_code_and_an_envelope(args: tuple[str, ...], code: Exit, aicp: Aicp, chain: Path) -> None:
    Path("bad.yaml").write_text("steps: [{type: text_to_imgae}]")
    said = aicp(*args, "--json")
    assert said.code == code, said.err
    assert said.data["success"] is False and "Traceback" not in said.err


def test_money_needs_consent_where_nobody_sits(aicp: Aicp, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film = EXAMPLES["image_to_video.yaml"].replace("duration: 5", "duration: 10")
    (place / "film.yaml").write_text(film)
    monkeypatch.setenv("FAL_KEY", "ident:secret")
    said = aicp("run-chain", "--config", "film.yaml", "--json")
    assert said.code == Exit.PIPELINE and "--yes" in said.data["error"]
    assert not (place / "Assets").exists()


def test_a_provider_that_refuses_is_no_success(aicp: Aicp, chain: Path) -> None:
    with simulator("--fault", "refused=1") as url:
        one = aicp("generate-image", "--text", "a fox", "--model", "flux_schnell", "--sim", url, "--json")
        all_ = aicp("run-chain", "--config", "chain.yaml", "--input-text", "a fox", "--sim", url, "--stream", "--json")
    assert one.code == Exit.PROVIDER and one.data["success"] is False and one.data["error"]
    assert all_.code == Exit.PIPELINE and '"step_error"' in all_.err


def test_who_the_file_names_is_asked_and_a_resume_means_the_same(aicp: Aicp, place: Path) -> None:
    named = CHAIN.replace("type: text_to_image,", "type: text_to_image, provider: sketch, model: flux_dev,")
    (place / "step.yaml").write_text(named + "prompt: a fox\n")
    (place / "file.yaml").write_text(CHAIN + "prompt: a hare\nsettings: {provider: sketch}\n")
    step, whole = (aicp("estimate-cost", "--config", name, "--json").data for name in ("step.yaml", "file.yaml"))
    assert step["step_costs"][0]["cost"] == 0 and step["total_cost"] > 0
    assert whole["total_cost"] == 0
    assert aicp("run-chain", "--config", "file.yaml", "--json").code == 0
    with simulator("--fault", "refused=1") as url:
        assert aicp("run-chain", "--config", "step.yaml", "--sim", url, "--json").code == Exit.PIPELINE
        with Project.open(place) as project:
            again = asyncio.run(prepared_as_of(project, project.ledger.runs(limit=1)[0]))
    assert [one.provider for one in again.plan.nodes if one.op == "upscale_image"] == ["fal (simulated)"]


# one thing at a time


def made(said: Any) -> dict[str, list[str]]:
    assert said.code == 0, said.err
    outputs: dict[str, list[str]] = said.data["outputs"]
    return outputs


def test_pictures_clips_grids_and_larger_ones_are_made(aicp: Aicp, place: Path) -> None:
    (place / "panels.txt").write_text("a fox wakes\na fox runs\na fox eats\na fox sleeps\n")
    (picture,) = made(aicp("generate-image", "--text", "a {{red}} fox", "--mock", "--json"))["image"]
    video = made(aicp("create-video", "--text", "a red fox", "--duration", "4", "--mock", "--json"))
    assert Path(video["video"][0]).suffix == ".mp4"
    grid = made(aicp("generate-grid", "-f", "panels.txt", "-s", "ink", "--upscale", "--mock", "--json"))
    assert set(grid) == {"grid", "larger"}
    assert Path(
        made(aicp("upscale-image", "-i", picture, "--factor", "2", "--mock", "--json"))["upscaled"][0]
    ).is_file()


def test_avatars_and_motion_are_made_at_their_own_models(aicp: Aicp, place: Path) -> None:
    (picture,) = made(aicp("generate-image", "--text", "a face", "--mock", "--json"))["image"]
    (clip,) = made(aicp("create-video", "--text", "a dance", "--duration", "4", "--mock", "--json"))["video"]
    words = ("--text", "Good morning", "--model", "fabric_1_0_text")
    with simulator() as url:
        simulated = ("--sim", url, "--json")
        moved = made(aicp("transfer-motion", "-i", picture, "-v", clip, "--no-sound", *simulated))
        spoken = made(aicp("generate-avatar", "--image", picture, *words, *simulated))
    assert Path(moved["motion"][0]).is_file() and Path(spoken["avatar"][0]).is_file()


def test_what_is_said_and_seen_is_written_where_it_is_wanted(aicp: Aicp, place: Path) -> None:
    speech = place / "speech.yaml"
    speech.write_text("name: speech\nsteps: [{name: voice, type: text_to_speech, prompt: Good morning}]")
    (sound,) = made(aicp("run-chain", "--config", "speech.yaml", "--provider", "sketch", "--json"))["voice"]
    said = aicp("transcribe", "-i", sound, "-o", "words.txt", "--mock", "--json")
    assert said.code == 0 and (place / "words.txt").read_text().strip() == said.data["text"] != ""
    (clip,) = made(aicp("create-video", "--text", "a fox", "--duration", "4", "--mock", "--json"))["video"]
    seen = aicp("analyze-video", "-i", clip, "-t", "describe", "-o", "seen", "--mock", "--json")
    assert seen.code == 0 and {Path(one).suffix for one in seen.data["files"]} == {".md", ".json"}
    assert aicp("analyze-video", "-i", clip, "-f", "md", "-o", "seen.md", "--mock").out.strip() == seen.data["text"]


# keys


def test_a_key_is_kept_found_and_forgotten_by_the_name_of_its_variable_and_never_shown(
    aicp: Aicp, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "0b1c7d1e-ident:5ecret5ecret5ecret"
    monkeypatch.setattr(sys, "stdin", io.StringIO(key + "\n"))
    said = [aicp("set-key", "FAL_KEY", "--stdin", "--json"), aicp("get-key", "FAL_KEY", "--json")]
    assert [one.data["success"] for one in said] == [True, True]
    listed = aicp("check-keys", "--json")
    assert {one["provider"]: one["ok"] for one in listed.json["items"]}["fal"]
    said += [listed, aicp("setup"), aicp("delete-key", "FAL_KEY", "--json"), aicp("get-key", "FAL_KEY", "--json")]
    assert said[-1].code == Exit.MISSING
    assert all(key not in one.out + one.err for one in said)
