"""Tables and comparisons from a program: the same as from a shell, under the same client."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from tests.python.rig import PAID, SMALL, client_over, drawing

from rushes.errors import ErrorClass, RefusedError
from rushes.model.run import RunOptions
from rushes.testing.provider import Fault, ScriptedProvider

STEPS = "steps: [{name: still, type: text_to_image, prompt: '{{input}}', params: {resolution: 360p}}]\n"


def table_of(folder: Path, rows: int) -> tuple[Path, Path]:
    """A workflow file, and a table with a prompt on each line."""
    (folder / "w.yaml").write_text(STEPS)
    (folder / "prompts.txt").write_text("".join(f"fox number {n}\n" for n in range(rows)))
    return folder / "w.yaml", folder / "prompts.txt"


async def test_a_table_is_gone_through_and_not_twice(tmp_path: Path) -> None:
    file, table = table_of(tmp_path, 12)
    provider = ScriptedProvider(price=Decimal("0.01"))
    (tmp_path / "rushes.toml").write_text("attempts = 1\n")
    async with client_over(tmp_path, provider) as client:
        with client.track_costs() as costs:
            first = await client.batch(file, table, RunOptions(provider="scripted"))
            again = await client.batch(file, table, RunOptions(provider="scripted"))
    assert first.whole and again.whole and first.totals.done == 12
    assert provider.posts.total() == 12 and costs.total == Decimal("0.12")
    lines = [json.loads(line) for line in first.results.read_text().splitlines()]
    assert len(lines) == 12


async def test_the_rows_behind_a_canary_follow_only_with_a_word(tmp_path: Path) -> None:
    file, table = table_of(tmp_path, 12)
    provider = ScriptedProvider(price=Decimal("0.10"))
    (tmp_path / "rushes.toml").write_text("attempts = 1\n")
    async with client_over(tmp_path, provider) as client:
        came = await client.batch(file, table, RunOptions(provider="scripted"), canary=2)
        assert came.held_back and provider.posts.total() == 2, "nobody said that the others may follow"
        came = await client.batch(file, table, RunOptions(provider="scripted"), canary=2, yes=True)
        assert came.whole and provider.posts.total() == 12


async def test_no_table_goes_over_the_budget_of_its_client(tmp_path: Path) -> None:
    file, table = table_of(tmp_path, 12)
    provider = ScriptedProvider(price=Decimal("0.10"))
    (tmp_path / "rushes.toml").write_text("attempts = 1\n")
    async with client_over(tmp_path, provider, budget="0.35") as client:
        await client.speak("something else", **PAID)
        with pytest.raises(RefusedError):
            await client.batch(file, table, RunOptions(provider="scripted"))
        assert provider.posts.total() == 1, "it was known before that it is not enough"


async def test_models_are_held_side_by_side_and_one_that_fails_stops_nobody(tmp_path: Path) -> None:
    no = Fault(error=ErrorClass.CONTENT_POLICY, when=lambda request: request.recipe.alias == "flux_dev", times=None)
    async with client_over(tmp_path, ScriptedProvider(price=Decimal("0.02"), faults=[no])) as client:
        found = await client.compare("a fox", ["flux_schnell", "flux_dev"], count=2, **PAID)
    by = {one.model: one for one in found.contenders}
    assert len(by["flux_schnell"].taken) == 2 and by["flux_dev"].why
    assert found.spent == Decimal("0.04") and found.sheet is not None and found.sheet.is_file()


async def test_models_are_asked_about_a_picture_that_was_made(tmp_path: Path) -> None:
    async with drawing(tmp_path) as client:
        fox = await client.generate_image("a fox", params=SMALL)
        found = await client.compare("what is it?", ["gemini_describe", "gemini_qa"], image=fox)
    assert all(one.taken[0].made.text for one in found.contenders)
