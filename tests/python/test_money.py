"""What a program spends: one budget for all calls together, nothing unseen above the threshold, and sums that agree."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.python.rig import PAID, client_over

from rushes.errors import ErrorClass, RefusedError, RemoteError, RushesError
from rushes.model.operation import Operation
from rushes.model.run import RunOptions
from rushes.model.scope import PROJECT, scope
from rushes.python.answers import Answer
from rushes.python.client import Client
from rushes.python.workflow import Workflow
from rushes.sim.simulator import Simulator
from rushes.testing.provider import Fault, ScriptedProvider

TEN = Decimal("0.10")


def clean(folder: Path) -> None:
    """A project in which no result is made again: what a test counts is what it asked for."""
    (folder / "rushes.toml").write_text("attempts = 1\n")


@pytest.mark.parametrize(
    "call",
    [
        lambda client, **more: client.generate_image("a fox", **PAID, **more),
        lambda client, **more: client.quote(Operation.TEXT_TO_IMAGE, "a fox", {}, **more),
        lambda client, **more: client.run("film.yaml", **more),
        lambda client, **more: client.batch("film.yaml", "rows.txt", **more),
        lambda client, **more: client.compare("a fox", ["flux_dev"], **more),
    ],
)
async def test_a_ceiling_that_is_misspelt_is_refused_and_not_forgotten(tmp_path: Path, call: Any) -> None:
    (tmp_path / "film.yaml").write_text("steps: [{name: fox, type: text_to_image, prompt: a fox}]")
    (tmp_path / "rows.txt").write_text("a fox")
    provider = ScriptedProvider(price=TEN)
    async with client_over(tmp_path, provider) as client:
        with pytest.raises(TypeError, match=r"'budjet'.*'budget'"):
            await call(client, budjet="0.05")
    assert not provider.bought
    with pytest.raises(TypeError, match=r"'budjet'.*'budget'"):
        Client(tmp_path, home=tmp_path / "home", budjet="0.05")  # type: ignore[call-arg]


async def test_the_budget_of_a_client_is_one_for_all_its_calls_together(tmp_path: Path, ledger_where: str) -> None:
    clean(tmp_path)
    provider = ScriptedProvider(price=TEN, latency=0.02)
    async with client_over(tmp_path, provider, ledger_where, budget="0.35") as client:
        asked = (client.generate_image(f"fox {n}", **PAID) for n in range(8))
        came = await asyncio.gather(*asked, return_exceptions=True)
    assert provider.bought.total() == sum(isinstance(one, Answer) for one in came) == 3
    refused = [one for one in came if not isinstance(one, Answer)]
    assert all(isinstance(one, RushesError) for one in refused), refused
    assert all("client" in str(one) for one in refused), refused


async def test_a_budget_of_one_call_binds_that_call(tmp_path: Path) -> None:
    clean(tmp_path)
    provider = ScriptedProvider(price=TEN)
    async with client_over(tmp_path, provider) as client:
        with pytest.raises(RefusedError):
            await client.generate_image("a fox", budget=0.05, **PAID)
        assert not provider.posts
        assert (await client.generate_image("a fox", budget=0.1, **PAID)).cost == TEN


async def test_what_costs_more_than_the_threshold_is_refused_where_nobody_agreed(tmp_path: Path) -> None:
    clean(tmp_path)
    dear = ScriptedProvider(price=Decimal(3))
    film = Workflow.from_text("steps: [{name: still, type: text_to_image, prompt: a fox}]", tmp_path / "film.yaml")
    async with client_over(tmp_path, dear) as client:
        with pytest.raises(RefusedError):
            await client.generate_image("a fox", **PAID)
        with pytest.raises(RefusedError):
            await client.run(film, RunOptions(provider="scripted"))
        assert not dear.posts, "and nothing was bought"
        assert (await client.generate_image("a fox", yes=True, **PAID)).cost == Decimal(3)
        assert (await client.generate_image("a bear", budget=3, **PAID)).cost == Decimal(3)
    async with client_over(tmp_path, dear, yes=True) as client:
        assert (await client.generate_image("a hare", **PAID)).cost == Decimal(3)
    async with client_over(tmp_path, dear, budget=3) as client:
        assert (await client.generate_image("a lynx", **PAID)).cost == Decimal(3)


async def test_a_loop_of_small_calls_is_one_large_one_where_nobody_agreed(tmp_path: Path) -> None:
    """What each really came to counts, not what it might have: three times as much, flagged and made again."""
    provider = ScriptedProvider(price=TEN)
    async with client_over(tmp_path, provider) as client:
        asked = [client.generate_image(f"fox {n}", **PAID) for n in range(3)]
        assert len(await asyncio.gather(*asked)) == 3
        bought, refused = 3, ""
        for n in range(3, 20):
            try:
                await client.generate_image(f"fox {n}", **PAID)
            except RefusedError as error:
                refused = error.message
                break
            bought += 1
        assert bought == provider.bought.total() == 8 and "after $0.80 that nobody was asked about" in refused
        at_once = (client.generate_image(f"hare {n}", **PAID) for n in range(20))
        came = await asyncio.gather(*at_once, return_exceptions=True)
        assert all(isinstance(one, RefusedError) for one in came)
        await client.generate_image("a bear", yes=True, **PAID)
        await client.generate_image("a lynx", budget=1, **PAID)
        assert provider.bought.total() == 10


async def test_a_document_that_wants_a_word_is_not_content_with_a_budget(tmp_path: Path) -> None:
    clean(tmp_path)
    steps = "settings: {cost_management: {require_confirmation: true}}\n"
    steps += "steps: [{name: still, type: text_to_image, prompt: a fox}]\n"
    film, options = Workflow.from_text(steps, tmp_path / "film.yaml"), RunOptions(provider="scripted")
    async with client_over(tmp_path, ScriptedProvider(price=TEN), budget=5) as client:
        with pytest.raises(RefusedError):
            await client.run(film, options)
        assert (await client.run(film, options, yes=True)).ok


async def test_an_unknown_price_is_refused_under_a_budget_and_never_called_nothing(tmp_path: Path) -> None:
    clean(tmp_path)
    provider = ScriptedProvider(price=None)
    async with client_over(tmp_path, provider, budget=5) as client:
        with pytest.raises(RefusedError, match="no known price"):
            await client.generate_image("a fox", **PAID)
    async with client_over(tmp_path, provider, yes=True) as client:
        with client.track_costs() as costs:
            fox = await client.generate_image("a fox", **PAID)
    assert fox.cost is None and (costs.total, costs.unpriced) == (Decimal(0), 1)


async def test_what_a_question_would_cost_is_known_before_and_nothing_is_bought(tmp_path: Path) -> None:
    clean(tmp_path)
    provider = ScriptedProvider(price=TEN)
    async with client_over(tmp_path, provider) as client:
        quoted = await client.quote(Operation.TEXT_TO_IMAGE, "a fox", {}, candidates=3, **PAID)
        assert (quoted.calls, quoted.least, quoted.most) == (3, TEN * 3, TEN * 3) and not provider.posts
        await client.generate_image("a fox", candidates=3, **PAID)
        again = await client.quote(Operation.TEXT_TO_IMAGE, "a fox", {}, candidates=3, **PAID)
        fresh = await client.quote(Operation.TEXT_TO_IMAGE, "a fox", {}, candidates=3, fresh=True, **PAID)
    assert (again.calls, again.most) == (0, Decimal(0)), "what is there costs nothing"
    assert (fresh.calls, fresh.most) == (3, TEN * 3)


async def test_costs_are_those_of_the_ledger_nested_and_of_tasks_together(tmp_path: Path) -> None:
    clean(tmp_path)
    provider = ScriptedProvider(price=TEN, latency=0.01)
    async with client_over(tmp_path, provider) as client:
        await client.generate_image("before", **PAID)
        with client.track_costs() as outer:
            await asyncio.gather(*(client.generate_image(f"outer {n}", **PAID) for n in range(5)))
            with client.track_costs() as inner:
                await client.generate_image("inner", model="flux_schnell", **PAID)
                await client.generate_image("outer 1", **PAID)  # was there
            assert inner.total == TEN and inner.results == 1
        await client.generate_image("after", **PAID)
        whole = client.project.ledger.accounts([name := scope(PROJECT, str(tmp_path))])[name]
    assert outer.total == TEN * 6 and outer.results == 6
    assert sum(outer.by_model.values()) == sum(outer.by_provider.values()) == outer.total
    assert len(outer.by_model) == 2 and set(outer.by_provider) == {"scripted"}
    assert whole.spent == TEN * 8 == outer.total + TEN * 2


async def test_what_failed_and_was_charged_is_counted(tmp_path: Path) -> None:
    clean(tmp_path)
    billed = Fault(error=ErrorClass.CONTENT_POLICY, maybe_billed=True)
    async with client_over(tmp_path, ScriptedProvider(price=TEN, faults=[billed])) as client:
        with client.track_costs() as costs, pytest.raises(RemoteError):
            await client.generate_image("a fox", **PAID)
    assert (costs.total, costs.results) == (TEN, 0)


async def test_what_a_simulator_charges_is_counted_apart(tmp_path: Path) -> None:
    async with (
        Simulator(seed=3, time_scale=0.01, most_side=64) as sim,
        Client(tmp_path, home=tmp_path / "home", sim=sim.url, provider="auto") as client,
    ):
        with client.track_costs() as costs:
            fox = await client.generate_image("a fox", model="flux_schnell")
    assert fox.simulated and fox.cost and costs.simulated == fox.cost
    assert costs.total == Decimal(0) and not costs.by_model
