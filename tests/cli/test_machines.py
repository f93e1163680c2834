"""What scripts read: one envelope with `--json`, one line per event with `--stream`, and nothing else on stdout."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import HELLO, Rushes


@pytest.mark.parametrize(
    "args",
    [
        ("version",),
        ("check", "hello.yaml"),
        ("plan", "hello.yaml"),
        ("run", "hello.yaml"),
        ("rerun", "hello.yaml", "picture"),
        ("status",),
        ("runs",),
        ("export",),
        ("schema",),
        ("run", "absent.yaml"),
        ("run", "hello.yaml", "--nope"),
        ("status", "nope"),
        ("frobnicate",),
    ],
)
def test_json_is_one_envelope_whatever_happens(rushes: Rushes, hello: Path, args: tuple[str, ...]) -> None:
    if args[0] in ("status", "export"):
        rushes("run", "hello.yaml")
    said = rushes(*args, "--json")
    envelope = said.json
    assert list(envelope) == ["schema", "ok", "data", "problems"] and envelope["schema"] == "rushes/1"
    assert envelope["ok"] is (said.code == 0)
    if said.code:
        assert envelope["problems"][0]["says"] and said.err, "a script and a person are both told"


def test_a_rerun_says_to_people_whose_results_it_will_change(rushes: Rushes, hello: Path) -> None:
    hello.write_text(HELLO + HELLO.partition("steps:\n")[2].replace("picture", "twin"))
    assert rushes("run", "hello.yaml").code == 0
    said = rushes("rerun", "hello.yaml", "picture", "--json")
    assert said.json["ok"] and "warning: twin asks the same as what is asked again" in said.err


def test_problems_in_json_have_their_place(rushes: Rushes, place: Path) -> None:
    (place / "bad.yaml").write_text("steps:\n  - {name: a, type: text_to_image, prompt: x, modle: y}\n")
    problem = rushes("check", "bad.yaml", "--json").json["problems"][0]
    assert problem["line"] == 2 and problem["column"] > 1 and problem["file"].endswith("bad.yaml")
    assert problem["code"] and problem["severity"] == "error" and "model" in problem["try"]


def test_a_stream_is_json_lines_from_the_plan_to_the_summary(rushes: Rushes, hello: Path) -> None:
    said = rushes("run", "hello.yaml", "--stream")
    lines = [json.loads(line) for line in said.out.splitlines()]
    assert lines[0]["type"] == "plan" and lines[-1]["type"] == "summary"
    events = [line["event"] for line in lines[1:-1]]
    assert events[0] == "RunStarted" and events[-1] == "RunEnded"
    assert [e for e in events if e in ("Reserved", "Stored", "CellDone")] == ["Reserved", "Stored", "CellDone"]
    assert lines[-1]["summary"]["counts"]["bought"] == 1


def test_a_run_bound_to_its_plan_runs_and_bound_to_another_does_not(rushes: Rushes, hello: Path) -> None:
    fingerprint = rushes("plan", "hello.yaml", "--json").json["data"]["fingerprint"]
    hello.write_text(hello.read_text().replace("red", "blue"))
    refused = rushes("run", "hello.yaml", "--plan", fingerprint, "--json")
    assert refused.code == 2 and refused.json["problems"][0]["code"] == "PlanChanged"
    assert rushes("runs", "--json").json["data"] == []
    hello.write_text(hello.read_text().replace("blue", "red"))
    assert rushes("run", "hello.yaml", "--plan", fingerprint).code == 0


def test_names_may_be_repeated_or_have_commas_between(rushes: Rushes, gated: Path) -> None:
    one = rushes("plan", "gated.yaml", "--only", "scene_1,larger", "--json").json["data"]
    two = rushes("plan", "gated.yaml", "--only", "scene_1", "--only", "larger", "--json").json["data"]
    assert one == two


def test_a_reader_that_has_seen_enough_is_no_error(hello: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m rushes schema | head -1", shell=True, capture_output=True, text=True, cwd=hello.parent
    )
    assert done.stdout.strip() == "{" and done.stderr == ""


def test_quiet_says_nothing_when_all_is_well(rushes: Rushes, hello: Path) -> None:
    said = rushes("run", "hello.yaml", "-q")
    assert (said.code, said.out, said.err) == (0, "", "")


def test_the_log_has_one_line_for_a_finished_row_and_no_cursor_moves(rushes: Rushes, gated: Path) -> None:
    said = rushes("run", "gated.yaml")
    assert "done    scene_1 row 1" in said.err and "waits   pick_1 row 1: choose one of 2" in said.err
    assert "\x1b" not in said.err + said.out
    assert max(map(len, said.out.splitlines())) <= 400


def test_outputs_go_where_the_flag_says_also_when_resumed_from_elsewhere(
    rushes: Rushes, gated: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rushes("run", "gated.yaml", "--output-dir", "out")
    assert (gated.parent / "out/Assets/gated").is_dir() and not (gated.parent / "Assets").exists()
    monkeypatch.chdir(tmp_path)
    assert rushes("approve", "last", "pick_1", "1").code == 0
    assert rushes("resume").code == 0
    assert (gated.parent / "out/Assets/gated/generated-images/v0-1/scene01.png").exists()
    assert rushes("export", "--output-dir", "copy").code == 0
    assert (tmp_path / "copy/Assets/gated/generated-images/v0-1/scene01.png").exists()
