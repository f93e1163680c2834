"""What a program asks for goes the way of every file: kept by content, told of with its price, many at once."""

from __future__ import annotations

import asyncio
import hashlib
import traceback
from decimal import Decimal
from pathlib import Path

import pytest
from tests.python.rig import PAID, SMALL, client_over, drawing

from rushes.errors import ErrorClass, NotFound, PlanChanged, RefusedError, RemoteError, UserError
from rushes.model.event import Event, Reserved
from rushes.model.problem import ProblemsError
from rushes.model.run import RunMode, RunOptions, RunState
from rushes.python.answers import Answer
from rushes.python.workflow import Workflow
from rushes.testing.provider import Fault, ScriptedProvider

FILM = """
name: film
variables: {who: a fox}
steps:
  - {name: still, type: text_to_image, prompt: "{{who}} in the snow", params: {resolution: 360p}}
  - {name: told, type: analyze_image, input_from: still, prompt: what is it?}
"""


async def test_an_answer_carries_its_file_its_price_its_time_and_its_verdict(tmp_path: Path) -> None:
    async with drawing(tmp_path) as client:
        fox = await client.generate_image("a red fox", params=SMALL, candidates=3)
    assert fox.result.artifact is not None
    assert hashlib.sha256(fox.path.read_bytes()).hexdigest() == fox.result.artifact.digest
    assert fox.path.is_relative_to(tmp_path / "Assets")
    assert (fox.cost, fox.simulated, fox.reused, fox.verdict.flagged) == (Decimal(0), False, False, False)
    assert fox.seconds is not None and fox.seconds >= 0
    assert [one.candidate for one in fox.results] == [0, 1, 2] and sum(one.picked for one in fox.results) == 1


async def test_a_traceback_says_every_problem_and_the_next_step(tmp_path: Path) -> None:
    async with drawing(tmp_path) as client:
        with pytest.raises(ProblemsError) as raised:
            await client.run(Workflow.from_text("steps: [{name: a, type: nix, prompt: x}, {nome: b}]"))
        with pytest.raises(RefusedError) as refused:
            await client.generate_image("a fox", provider="fal")
    shown = "".join(traceback.format_exception(raised.value))
    assert len(raised.value.problems) > 1
    assert all(one.says in shown and one.try_ in shown for one in raised.value.problems), shown
    assert refused.value.next_step and refused.value.next_step in "".join(traceback.format_exception(refused.value))


async def test_what_was_made_goes_into_the_next_question(tmp_path: Path) -> None:
    async with drawing(tmp_path) as client:
        fox = await client.generate_image("a red fox", params=SMALL)
        told, large, film = await asyncio.gather(
            client.analyze_image(fox, "what is it?"),
            client.upscale(fox),
            client.generate_video("it runs", image=fox, params={"resolution": "360p", "duration": 1}),
        )
        wide = await client.upscale(film, params={"factor": 2})
    assert told.text and told.path.read_text().strip() == told.text.strip()
    assert large.result.artifact is not None and fox.result.artifact is not None
    assert (large.result.artifact.width or 0) > (fox.result.artifact.width or 0)
    assert film.path.suffix == wide.path.suffix == ".mp4"


async def test_the_same_question_again_costs_nothing_and_fresh_asks_again(tmp_path: Path) -> None:
    provider = ScriptedProvider(price=Decimal("0.10"))
    async with client_over(tmp_path, provider) as client:
        first = await client.generate_image("a fox", **PAID)
        again = await client.generate_image("a fox", **PAID)
        other = await client.generate_image("a fox", fresh=True, **PAID)
    assert [(one.cost, one.reused) for one in (first, again, other)] == [
        (Decimal("0.10"), False),
        (Decimal(0), True),
        (Decimal("0.10"), False),
    ]
    assert again.path == first.path and provider.posts.total() == 2


async def test_the_same_question_many_times_at_once_is_bought_once(tmp_path: Path) -> None:
    provider = ScriptedProvider(price=Decimal("0.10"), latency=0.05)
    async with client_over(tmp_path, provider) as client:
        answers = await asyncio.gather(*(client.generate_image("a fox", **PAID) for _ in range(6)))
    assert provider.posts.total() == 1
    assert sum(one.cost or Decimal(0) for one in answers) == Decimal("0.10")


async def test_a_hundred_questions_at_once_each_have_a_run_and_a_file_of_their_own(tmp_path: Path) -> None:
    provider = ScriptedProvider(price=Decimal("0.01"), latency=0.01)
    async with client_over(tmp_path, provider, yes=True) as client:
        answers = await asyncio.gather(*(client.generate_image(f"fox number {n}", **PAID) for n in range(100)))
    assert len({one.path for one in answers}) == len({one.summary.run for one in answers}) == 100
    assert all(one.path.is_file() for one in answers)
    assert sum(one.cost or Decimal(0) for one in answers) == Decimal("0.01") * provider.bought.total()
    assert max(provider.posts.values()) == 1


async def test_the_concurrency_of_a_client_is_one_for_all_its_calls_together(tmp_path: Path) -> None:
    (tmp_path / "rushes.toml").write_text("concurrency = 2\n")
    provider = ScriptedProvider(latency=0.01)
    async with client_over(tmp_path, provider) as client:
        await asyncio.gather(*(client.speak(f"number {n}", candidates=2, **PAID) for n in range(6)))
    assert provider.most_in_flight == 2 and provider.posts.total() == 12


async def test_a_question_that_failed_raises_what_the_provider_said(tmp_path: Path) -> None:
    no = Fault(error=ErrorClass.CONTENT_POLICY)
    async with client_over(tmp_path, ScriptedProvider(faults=[no])) as client:
        with pytest.raises(RemoteError) as caught:
            await client.generate_image("a fox", **PAID)
    assert caught.value.kind is ErrorClass.CONTENT_POLICY
    assert caught.value.next_step and ".json" not in caught.value.next_step


async def test_one_failure_of_many_leaves_the_others_alone(tmp_path: Path) -> None:
    no = Fault(error=ErrorClass.INVALID_INPUT, at=0)
    async with client_over(tmp_path, ScriptedProvider(faults=[no])) as client:
        asked = (client.generate_image(f"fox {n}", **PAID) for n in range(4))
        came = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(one, RemoteError) for one in came) == 1
    assert sum(isinstance(one, Answer) for one in came) == 3


async def test_what_is_wrong_with_a_question_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    async with drawing(tmp_path) as client:
        with pytest.raises(ProblemsError):
            await client.generate_image("a fox", model="no_such_model_at_all")
        with pytest.raises(ProblemsError):
            await client.analyze_image(tmp_path / "absent.png")
        with pytest.raises(UserError, match="budget"):
            await client.generate_image("a fox", budget="much")
        with pytest.raises(UserError, match="image is int"):
            await client.analyze_image(7)  # type: ignore[arg-type]


async def test_braces_in_a_prompt_name_nothing(tmp_path: Path) -> None:
    async with drawing(tmp_path) as client:
        assert (await client.generate_image("a {{fox}}", params=SMALL)).path.is_file()


async def test_a_workflow_is_planned_run_and_bound_to_its_plan(tmp_path: Path) -> None:
    film = Workflow.from_text(FILM, tmp_path / "film.yaml")
    assert [node.id for node in film.nodes] == ["still", "told"]
    assert not film.file.exists(), "a text is a text"
    async with drawing(tmp_path) as client:
        planned = await client.plan(film)
        assert (planned.calls, planned.most, set(planned.reasons)) == (1, Decimal(0), {"still", "told"})
        with pytest.raises(PlanChanged):
            await client.run(film.with_variables(who="a bear"), plan=planned)
        ran = await client.run(film, plan=planned)
        stills = await client.run(film.with_variables(who="a bear"), RunOptions(mode=RunMode.IMAGES))
    assert ran.ok and ran.summary.state is RunState.DONE and ran.cost == Decimal(0)
    assert [(one.node, one.path is not None and one.path.is_file()) for one in ran.picked] == [
        ("still", True),
        ("told", True),
    ]
    assert ran.of("told")[0].text
    assert [one.node for one in stills.results] == ["still"]
    with pytest.raises(NotFound) as caught:
        ran.of("nobody")
    assert "still, told" in caught.value.next_step


async def test_a_step_that_failed_is_told_of_and_raises_nothing(tmp_path: Path) -> None:
    no = Fault(error=ErrorClass.CONTENT_POLICY)
    async with client_over(tmp_path, ScriptedProvider(faults=[no])) as client:
        ran = await client.run(Workflow.from_text(FILM, tmp_path / "film.yaml"), RunOptions(provider="scripted"))
    assert not ran.ok and ran.summary.failures[0].kind == "content_policy"


async def test_a_document_with_faults_raises_all_of_them(tmp_path: Path) -> None:
    with pytest.raises(ProblemsError):
        _ = Workflow.from_text("steps: [{type: nonsense}]").nodes
    with pytest.raises(UserError, match="cannot be read"):
        Workflow.from_file(tmp_path / "absent.yaml")


async def test_progress_is_told_in_the_loop_of_whoever_asked(tmp_path: Path) -> None:
    loop, seen = asyncio.get_running_loop(), list[Event]()

    def told(event: Event) -> None:
        assert asyncio.get_running_loop() is loop
        seen.append(event)

    async with drawing(tmp_path) as client:
        await client.generate_image("a red fox", params=SMALL, progress=told)
    await asyncio.sleep(0)
    assert any(isinstance(event, Reserved) for event in seen)


async def test_a_closed_client_says_so(tmp_path: Path) -> None:
    client = drawing(tmp_path)
    await client.generate_image("a red fox", params=SMALL)
    await client.close()
    await client.close()
    with pytest.raises(UserError, match="closed"):
        await client.generate_image("a red fox", params=SMALL)
