"""A model that its maker has shut down and that gateways still serve: refused by date, unless a gateway is named."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backends import null

from rushes.app.config import load_config
from rushes.app.consent import given
from rushes.app.hooks import Hooks
from rushes.app.plan import Prepared, prepare
from rushes.app.project import Project
from rushes.app.run import run_file
from rushes.model.problem import ProblemsError, Severity
from rushes.model.run import STAND_INS, RunOptions
from rushes.providers.openai.provider import OpenAI
from rushes.sim.simulator import Simulator

FILM = "  - {name: film, type: text_to_video, provider: openai, model: MODEL, prompt: a fox}\n"
GATEWAY = '[providers.openai]\nurl = "https://gateway.example/v1"\n'


@pytest.fixture(autouse=True)
def one_key(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(null.Keyring())
    monkeypatch.delenv("RUSHES_SIM", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "simulated")
    yield
    keyring.set_keyring(before)


def opened(folder: Path, toml: str = "") -> Project:
    (folder / "rushes.toml").write_text(toml)
    return Project(load_config(folder, {"home": folder / "home"}, {}))


def planned(folder: Path, toml: str = "", model: str = "sora_2", **options: Any) -> Prepared:
    file = folder / "w.yaml"
    file.write_text("steps:\n" + FILM.replace("MODEL", model))
    with opened(folder, toml) as project:
        return asyncio.run(prepare(project, file, RunOptions(**options)))


@pytest.mark.parametrize("model", ["sora_2", "sora_2_pro"])
def test_without_a_gateway_it_is_refused_by_date_with_what_to_do(model: str, tmp_path: Path) -> None:
    with pytest.raises(ProblemsError) as caught:
        planned(tmp_path, model=model)
    errors = [one for one in caught.value.problems if one.severity is Severity.ERROR]
    assert {one.code for one in errors} == {"model-retired", "openai-parameter"}
    assert all("2026-09-24" in one.says for one in errors)
    assert any("--substitute" in one.try_ for one in errors)
    assert any("[providers.openai] url" in one.try_ for one in errors)


@pytest.mark.parametrize(("model", "usd"), [("sora_2", "0.40"), ("sora_2_pro", "1.20")])
def test_with_a_gateway_it_is_planned_and_priced_and_nobody_stands_in(model: str, usd: str, tmp_path: Path) -> None:
    prepared = planned(tmp_path, GATEWAY, model, substitute=(STAND_INS,))
    assert not prepared.problems
    (node,) = prepared.plan.nodes
    assert (node.provider, prepared.plan.money.low) == ("openai", Decimal(usd))


@pytest.mark.parametrize("provider", ["fal", "openrouter"])
def test_a_gateway_of_another_provider_does_not_bring_it_back(provider: str, tmp_path: Path) -> None:
    toml = f'[providers.{provider}]\nurl = "https://gateway.example"\n'
    with pytest.raises(ProblemsError) as caught:
        planned(tmp_path, toml)
    assert "model-retired" in {one.code for one in caught.value.problems}


def test_a_model_that_fal_has_shut_down_stays_so_at_a_gateway_in_front_of_fal(tmp_path: Path) -> None:
    file = tmp_path / "w.yaml"
    file.write_text("steps:\n" + FILM.replace("MODEL", "sora_2").replace("openai", "fal"))
    toml = '[providers.fal]\nurl = "https://gateway.example"\n'
    with opened(tmp_path, toml) as project, pytest.raises(ProblemsError) as caught:
        asyncio.run(prepare(project, file, RunOptions()))
    assert "model-retired" in {one.code for one in caught.value.problems}


def test_a_film_comes_from_a_gateway_and_is_booked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OpenAI, "floor", 0.01)
    file = tmp_path / "w.yaml"
    file.write_text("steps:\n" + FILM.replace("MODEL", "sora_2"))

    async def story() -> tuple[Any, dict[str, Any]]:
        async with Simulator(seed=3, time_scale=0.0002, most_side=64) as sim:
            with opened(tmp_path, f'[providers.openai]\nurl = "{sim.url}/openai/v1"\n') as project:
                return await run_file(project, file, RunOptions(), hooks=Hooks(consent=given)), sim.report()

    summary, books = asyncio.run(story())
    (entry,) = books["entries"]
    assert (entry["model"], entry["ended"], entry["fetched"], entry["billed"]) == ("sora-2", "done", True, "0.40")
    assert not summary.failures
    assert len(list((tmp_path / "Assets").rglob("*.mp4"))) == 1


def test_what_only_a_gateway_has_is_refused_before_what_it_needs_is_bought(tmp_path: Path) -> None:
    file = tmp_path / "w.yaml"
    still = "  - {name: still, type: text_to_image, provider: sketch, prompt: a fox}\n"
    film = (
        "  - {name: film, type: image_to_video, provider: gemini, model: veo_3_1_fast, input_from: still, prompt: x}\n"
    )
    file.write_text(f"steps:\n{still}{film}")
    with opened(tmp_path) as project, pytest.raises(ProblemsError) as caught:
        asyncio.run(prepare(project, file, RunOptions()))
    (said,) = [one for one in caught.value.problems if one.code == "model-retired"]
    assert said.node == "film"
    assert "no longer served by gemini" in said.says
    with opened(tmp_path, '[providers.gemini]\nurl = "https://gateway.example"\n') as project:
        assert not asyncio.run(prepare(project, file, RunOptions())).problems
