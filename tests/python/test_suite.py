"""The calls that the suite's guide documents do what they say, over the same engine."""

from __future__ import annotations

import asyncio
import inspect
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.python.rig import SMALL, client_over

from rushes.errors import ErrorClass, RefusedError, UserError
from rushes.model.problem import ProblemsError
from rushes.sim.simulator import Simulator
from rushes.suite import AIPipelineManager, AsyncAIPipelineManager, ContentCreationChain, Result
from rushes.testing.provider import Fault, ScriptedProvider

CHAIN = """
name: two
steps:
  - {type: text_to_image, model: flux_dev, params: {resolution: 360p}}
  - {type: image_to_image, model: photon_flash, params: {prompt: at night}}
"""
SEEN = {"name": "seen", "steps": [{"type": "image_understanding", "model": "gemini_describe"}]}


def manager_in(folder: Path, **more: Any) -> AIPipelineManager:
    return AIPipelineManager(folder, quiet=True, provider="sketch", home=folder / "home", **more)


def paying(folder: Path, provider: ScriptedProvider) -> AsyncAIPipelineManager:
    """A manager that asks a provider whose every answer is written down."""
    (folder / "rushes.toml").write_text('attempts = 1\nprovider = "scripted"\n')
    manager = AsyncAIPipelineManager(folder, quiet=True, provider="sketch", home=folder / "home")
    manager.client = client_over(folder, provider)
    return manager


DOCUMENTED = (
    "analyze_image analyze_video cleanup_temp_files create_chain_from_config create_example_configs create_simple_chain"
    " create_video estimate_chain_cost estimate_cost execute_chain generate_image get_available_models image_to_video"
    " list_models quick_create_video register_provider run_pipeline text_to_speech text_to_video track_costs"
)


@pytest.mark.parametrize("name", DOCUMENTED.split())
def test_every_documented_call_is_there_in_both_forms(name: str, tmp_path: Path) -> None:
    with manager_in(tmp_path) as manager:
        assert callable(getattr(manager, name)) and callable(getattr(AsyncAIPipelineManager, name))
        assert not inspect.iscoroutinefunction(getattr(manager, name))


def test_a_pipeline_runs_and_tells_of_its_steps(tmp_path: Path) -> None:
    file = tmp_path / "two.yaml"
    file.write_text(CHAIN)
    with manager_in(tmp_path) as manager:
        chain = manager.create_chain_from_config(file)
        assert chain.validate() == []
        result = manager.execute_chain(chain, "a red fox")
        again = manager.run_pipeline(config=str(file), input_text="a red fox")
    assert result.success and result.error is None
    assert (result.steps_completed, result.total_steps) == (2, 2)
    assert (result.total_cost, result.cost, result.usd) == (0.0, 0.0, Decimal(0))
    assert result.output_path and Path(result.output_path).is_file()
    assert [len(many) for many in result.outputs.values()] == [1, 1]
    assert [(one["type"], one["success"]) for one in result.step_results] == [
        ("text_to_image", True),
        ("image_to_image", True),
    ]
    assert again.output_path == result.output_path and result.total_time > 0


def test_a_ceiling_that_a_call_does_not_take_is_refused_and_not_forgotten(tmp_path: Path) -> None:
    with manager_in(tmp_path) as manager, pytest.raises(TypeError, match="max_cost"):
        manager.run_pipeline({"steps": [{"type": "text_to_image"}]}, "a fox", max_cost=1)  # type: ignore[call-arg]


def test_a_pipeline_that_begins_with_a_picture_takes_its_path(tmp_path: Path) -> None:
    with manager_in(tmp_path) as manager:
        drawn = manager.generate_image("a red fox", **SMALL)
        assert drawn.output_path is not None
        seen = manager.execute_chain(manager.create_chain_from_config(SEEN), drawn.output_path)
        (tmp_path / "seen.yaml").write_text("# a comment\n" + json.dumps(SEEN))
        filed = manager.run_pipeline(tmp_path / "seen.yaml", drawn.output_path)
    assert seen.text and seen.text == filed.text


def test_each_single_call_makes_what_it_says(tmp_path: Path) -> None:
    with manager_in(tmp_path, output_dir=tmp_path / "out") as manager, manager.track_costs() as costs:
        still = manager.generate_image(prompt="a red fox", model="flux_dev", timeout=60, **SMALL)
        assert still.output_path is not None
        film = manager.image_to_video(image=still.output_path, prompt="it runs", duration=2)
        assert film.output_path is not None
        made = [
            still,
            film,
            manager.text_to_video(prompt="a fox runs", duration=2),
            manager.text_to_speech(text="good evening"),
            manager.analyze_image(still.output_path, "what is it?"),
            manager.analyze_video(film.output_path),
            manager.create_video("a lighthouse", duration=2),
        ]
        assert all(one.success and one.output_path for one in made), [one.error for one in made]
        assert all(Path(one.output_path or "").is_relative_to(tmp_path / "out") for one in made)
        assert made[4].text and made[5].text and made[6].steps_completed == 2
        assert costs.total == 0 and costs.results == 8


async def test_calls_go_side_by_side_when_they_are_awaited(tmp_path: Path) -> None:
    manager = paying(tmp_path, provider := ScriptedProvider(price=Decimal("0.01"), latency=0.05))
    async with manager:
        results = await asyncio.gather(*(manager.generate_image(f"fox {n}") for n in range(20)))
    assert len({one.output_path for one in results}) == 20, "every result is a file of its own"
    assert provider.most_in_flight > 1 and sum(one.usd or 0 for one in results) == Decimal("0.20")


async def test_what_a_provider_failed_is_in_the_result_and_what_is_wrong_raises(tmp_path: Path) -> None:
    no = Fault(error=ErrorClass.CONTENT_POLICY)
    manager = paying(tmp_path, ScriptedProvider(faults=[no]))
    async with manager:
        failed = await manager.generate_image("a fox")
        assert not failed.success and failed.error and failed.output_path is None
        with pytest.raises(ProblemsError):
            await manager.generate_image("a fox", model="no_such_model")
        with pytest.raises(ProblemsError):
            await manager.run_pipeline({"steps": [{"type": "nonsense"}]})
        with pytest.raises(UserError, match="register_provider"):
            manager.register_provider("mine", object())


async def test_what_a_pipeline_costs_is_known_before(tmp_path: Path) -> None:
    manager = paying(tmp_path, ScriptedProvider(price=Decimal("0.10")))
    async with manager:
        steps: dict[str, Any] = {"steps": [{"name": n, "type": "text_to_image", "prompt": n} for n in ("one", "two")]}
        said = await manager.estimate_chain_cost(steps)
        assert said["total_cost"] == 0.2 and said["currency"] == "USD"
        assert [(one["step"], one["cost"]) for one in said["step_costs"]] == [("one", 0.1), ("two", 0.1)]
        await manager.run_pipeline(steps)
        assert (await manager.estimate_cost(steps))["total_cost"] == 0.0, "what is there costs nothing"


async def test_an_unknown_price_is_none_and_not_nothing(tmp_path: Path) -> None:
    manager = paying(tmp_path, ScriptedProvider(price=None))
    async with manager:
        steps = {"steps": [{"type": "text_to_image", "prompt": "a fox"}]}
        assert (await manager.estimate_cost(steps))["total_cost"] is None
        with pytest.raises(RefusedError):
            await manager.generate_image("a fox")


async def test_max_cost_is_a_ceiling_on_everything(tmp_path: Path) -> None:
    async with Simulator(seed=3, time_scale=0.01, most_side=64) as sim:
        manager = AsyncAIPipelineManager(tmp_path, True, home=tmp_path / "home", sim=sim.url, max_cost=0.001)
        async with manager:
            with pytest.raises(RefusedError):
                await manager.generate_image("a fox", model="flux_schnell")
        assert not sim.report()["accepted"]


def test_parallel_is_the_default_and_the_switch_turns_it_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def at_once(**more: Any) -> int | None:
        with manager_in(tmp_path, **more) as manager:
            found: int | None = manager.client.project.at_once
            return found

    assert (at_once(), at_once(parallel=False), at_once(parallel=3)) == (None, 1, 3)
    monkeypatch.setenv("PIPELINE_PARALLEL_ENABLED", "false")
    assert (at_once(), at_once(parallel=True)) == (1, None)


def test_models_are_listed_by_kind_of_work(tmp_path: Path) -> None:
    with manager_in(tmp_path) as manager:
        assert "flux_dev" in manager.get_available_models()["text_to_image"]
        speakers = [one["key"] for one in manager.list_models(category="text_to_speech")]
        assert "elevenlabs" in speakers and "flux_dev" not in speakers
        with pytest.raises(UserError):
            manager.list_models(provider="nobody")


def test_the_examples_that_it_writes_run(tmp_path: Path) -> None:
    with manager_in(tmp_path) as manager:
        for path in manager.create_example_configs("examples"):
            assert manager.run_pipeline(path).success
        with pytest.raises(UserError, match="written over"):
            manager.create_example_configs("examples")


def test_a_chain_of_its_own_says_what_is_wrong_and_what_it_takes(tmp_path: Path) -> None:
    (tmp_path / "rushes.toml").write_text('provider = "sketch"\nhome = "home"\n')
    chain = ContentCreationChain.from_config({"steps": [{"type": "text_to_image", "prompt": "a fox"}]}, tmp_path)
    assert chain.estimate_cost() == 0.0 and chain.estimate_time() >= 0
    wrong = ContentCreationChain.from_config({"steps": [{"type": "nonsense"}, {"type": "text_to_image", "x": 1}]})
    assert len(wrong.validate()) >= 2


def test_progress_goes_to_stderr_and_quiet_is_quiet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for quiet in (True, False):
        with AIPipelineManager(tmp_path, quiet, provider="sketch", home=tmp_path / "home") as manager:
            manager.generate_image(f"a fox, {quiet}", **SMALL)
        out, err = capsys.readouterr()
        assert not out and bool(err) is not quiet
    with pytest.raises(UserError, match="log_level"):
        AIPipelineManager(tmp_path, log_level="LOUD")


def test_a_result_is_shown_in_a_notebook(tmp_path: Path) -> None:
    with manager_in(tmp_path) as manager:
        result: Result = manager.generate_image("a fox", **SMALL)
    assert "data:image/webp" in result._repr_html_()
