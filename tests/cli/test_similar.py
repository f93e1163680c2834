"""What was made for other words, at the command line: shown with a plan, taken by a flag."""

from __future__ import annotations

import re
from pathlib import Path

import jsonschema
import pytest

from rushes.cli.published import envelope_schema

from .conftest import Rushes

TEXT = """\
name: hello
steps:
  - {name: still, type: text_to_image, prompt: "a %s fox on a wooden chair", params: {resolution: 360p}}
"""


@pytest.fixture
def file(place: Path, rushes: Rushes) -> str:
    """A file of which another wording was run."""
    (place / "hello.yaml").write_text(TEXT % "red")
    assert rushes("run", "hello.yaml").code == 0
    (place / "hello.yaml").write_text(TEXT % "blue")
    return "hello.yaml"


def test_a_plan_marks_the_words_and_its_command_works(file: str, rushes: Rushes) -> None:
    said = rushes("plan", file, "--similar")
    assert "a [-red-]{+blue+} fox on a wooden chair" in said.out
    assert max(map(len, said.out.splitlines())) <= 80
    found = re.search(r"--take (still=[0-9a-f]{16})$", said.out, re.MULTILINE)
    assert found is not None, said.out
    taken = rushes("run", file, "--take", found[1], "--json").json["data"]
    assert (taken["counts"]["bought"], taken["counts"]["reused"]) == (0, 1)
    assert any("borrowed: made for 'a red fox" in note for note in taken["notes"])
    (node,) = rushes("plan", file, "--json").json["data"]["nodes"]
    assert (node["action"], node["reason"]) == ("run", "what was made for another prompt was taken before")


def test_a_program_gets_the_same_in_pieces(file: str, rushes: Rushes) -> None:
    said = rushes("plan", file, "--similar", "--json").json
    jsonschema.validate(said, envelope_schema("plan"))
    (hint,) = said["data"]["similar"]
    assert (hint["node"], hint["row"], hint["near"][0]["differs"]) == ("still", 1, [])
    assert [one["what"] for one in hint["near"][0]["spans"]] == ["same", "old", "new", "same"]
    assert "similar" not in rushes("plan", file, "--json").json["data"]


def test_nothing_near_is_said(place: Path, file: str, rushes: Rushes) -> None:
    (place / file).write_text(TEXT % "blue" + "  - {name: sound, type: text_to_speech, prompt: hello}\n")
    assert rushes("plan", file, "--similar", "--only", "sound").out.rstrip().endswith("near what would be bought")


@pytest.mark.parametrize("flag", [("--similar",), ("--similar", "1.2"), ("--similar", "nan"), ("--take", "still")])
def test_a_flag_that_says_too_little_is_refused_with_what_helps(
    flag: tuple[str, ...], file: str, rushes: Rushes
) -> None:
    said = rushes("run", file, *flag)
    assert said.code == 2 and flag[0] in said.err
    assert "plan FILE --similar" in said.err or "NODE:ROW=DIGEST" in said.err


def test_a_plan_without_the_flag_never_looks(file: str, rushes: Rushes, monkeypatch: pytest.MonkeyPatch) -> None:
    from rushes.ledger.ledger import Ledger

    def looked(*_args: str) -> None:
        raise AssertionError("all prompts were read")

    monkeypatch.setattr(Ledger, "recipes_of", looked)
    assert rushes("plan", file).code == 0
    assert rushes("run", file).code == 0
