"""`rushes models` and `rushes models show`: what people read, and what scripts get."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rushes.catalogue.load import Catalogue
from rushes.cli.exits import Exit
from rushes.cli.tree import run_command


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUSHES_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def said(capsys: pytest.CaptureFixture[str], *args: str) -> Any:
    assert run_command(["models", *args, "--json"]) == Exit.OK
    return json.loads(capsys.readouterr().out)["data"]


def test_the_list_has_every_model_in_eighty_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["models"]) == Exit.OK
    out = capsys.readouterr().out
    for model in Catalogue.default().models():
        assert f"  {model.key} " in out
    assert max(map(len, out.splitlines())) <= 80


def test_the_list_can_be_narrowed(capsys: pytest.CaptureFixture[str]) -> None:
    films = said(capsys, "--category", "image_to_video")
    assert "veo_3_1_fast" in {one["key"] for one in films}
    assert "flux_dev" not in {one["key"] for one in films}
    assert {"fal"} <= {name for one in said(capsys, "--provider", "fal") for name in one["providers"]}
    assert all("gemini" in one["providers"] for one in said(capsys, "--provider", "gemini"))


def test_a_page_says_prices_with_source_and_day_parameters_and_facts(capsys: pytest.CaptureFixture[str]) -> None:
    page = said(capsys, "show", "kling-2.6-pro")
    assert page["key"] == "kling_2_6_pro"
    (shop,) = (one for one in page["shops"] if one["provider"] == "fal")
    assert {"usd": "0.14", "per": "a second"}.items() <= shop["prices"][1].items()
    assert all(one["source"] and one["as_of"] for one in shop["prices"])
    shape = next(one for one in shop["params"] if one["name"] == "aspect_ratio")
    assert "9:16" in shape["allowed"]
    assert shop["facts"]["duplicates"] == "never"
    assert len(shop["schema"]) == 64
    assert run_command(["models", "show", "kling-2.6-pro"]) == Exit.OK
    out = capsys.readouterr().out
    assert "$0.14 a second" in out and "aspect_ratio" in out and "9:16" in out


@pytest.mark.parametrize(("model", "provider"), [("sora_2", "openai"), ("veo_3_1_fast", "gemini")])
def test_a_page_says_what_only_a_gateway_may_still_have(
    model: str, provider: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["models", "show", model]) == Exit.OK
    at = [line for line in capsys.readouterr().out.splitlines() if line.startswith("at ")]
    assert [line.split(":")[0] for line in at if f"[providers.{provider}] url" in line] == [f"at {provider}"]


def test_every_page_can_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    for model in Catalogue.default().models():
        assert run_command(["models", "show", model.key]) == Exit.OK
        assert capsys.readouterr().out.startswith(f"{model.key}: ")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["show", "sora2x"], "did you mean"),
        (["--category", "paintings"], "there are:"),
        (["--provider", "nobody"], "there are:"),
    ],
)
def test_what_nobody_knows_is_answered_with_what_there_is(
    args: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["models", *args]) != Exit.OK
    assert says in capsys.readouterr().err
