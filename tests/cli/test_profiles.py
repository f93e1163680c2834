"""Profiles at the command line: both prices with the plan, the label with everything that is made."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from rushes.cli.published import envelope_schema

from .conftest import Rushes

TEXT = """\
name: hello
steps:
  - {name: still, type: text_to_image, model: imagen4, prompt: a red fox, candidates: 3}
"""


@pytest.fixture
def file(place: Path) -> str:
    (place / "hello.yaml").write_text(TEXT)
    return "hello.yaml"


def test_a_plan_has_both_prices(file: str, rushes: Rushes) -> None:
    said = rushes("plan", file, "--provider", "auto", "--profile", "draft")
    assert "profile draft: draft $0.02, final $0.12" in said.out, said.out
    assert "still: imagen4_fast instead of imagen4; 1 of 3 candidates" in said.out


def test_a_program_gets_both_prices(file: str, rushes: Rushes) -> None:
    said = rushes("plan", file, "--provider", "auto", "--profile", "draft", "--json").json
    jsonschema.validate(said, envelope_schema("plan"))
    profile = said["data"]["profile"]
    assert (profile["name"], profile["final_usd"]) == ("draft", "0.12")
    assert profile["swaps"][0]["old"] == "imagen4"


def test_what_is_made_says_that_it_is_a_draft(place: Path, file: str, rushes: Rushes) -> None:
    for _again in range(2):  # the second time there is nothing to do
        said = rushes("run", file, "--profile", "draft")
        assert said.code == 0 and "(draft, not the final)" in said.out
    assert (place / "Assets" / "hello" / "draft" / "generated-images" / "v0-1").is_dir()
    told = rushes("run", file, "--profile", "draft", "--json").json
    assert told["data"]["profile"] == "draft"
    final = rushes("run", file, "--profile", "final", "--json").json["data"]
    assert "profile" not in final and final["counts"]["bought"] == 3


def test_a_profile_that_is_none_is_refused(file: str, rushes: Rushes) -> None:
    said = rushes("plan", file, "--profile", "drat")
    assert said.code == 2 and "did you mean 'draft'?" in said.err
