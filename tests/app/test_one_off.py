"""Questions that no file holds go the way of every file; every result is handed over with what was paid for it."""

from __future__ import annotations

import asyncio
import hashlib
from decimal import Decimal
from pathlib import Path

import pytest

from rushes.app.config import load_config
from rushes.app.one_off import Answered, Question, ask
from rushes.app.project import Project
from rushes.errors import ErrorClass
from rushes.model.operation import Operation
from rushes.model.run import RunOptions, RunState
from rushes.model.workflow import Pick
from rushes.testing.provider import Fault, ScriptedProvider, Stage

SMALL = {"resolution": "360p"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RUSHES_HOME", str(tmp_path / "home"))
    return tmp_path


def answered(folder: Path, *questions: Question, options: RunOptions | None = None) -> Answered:
    with Project.open(folder) as project:
        return asyncio.run(ask(project, "asked", questions, options or RunOptions(), folder=folder))


def test_every_candidate_is_handed_over_with_its_file_and_its_price(home: Path) -> None:
    fox = Question(op=Operation.TEXT_TO_IMAGE, name="fox", prompt="a red fox", params=SMALL, candidates=3)
    came = answered(home, fox, options=RunOptions(pick=Pick.FIRST_CLEAN))
    assert came.summary.state is RunState.DONE
    assert [(one.node, one.candidate, one.reused) for one in came.made] == [("fox", n, False) for n in range(3)]
    assert sum(one.picked for one in came.made) == 1
    for one in came.made:
        assert one.path is not None and one.artifact is not None
        assert hashlib.sha256(one.path.read_bytes()).hexdigest() == one.artifact.digest
        assert one.usd == Decimal(0) and one.took is not None and one.took >= 0


def test_what_was_there_before_is_handed_over_too_and_cost_nothing(home: Path) -> None:
    fox = Question(op=Operation.TEXT_TO_IMAGE, name="fox", prompt="a red fox", params=SMALL)
    first, again = answered(home, fox), answered(home, fox)
    assert again.summary.counts.bought == 0
    assert [one.path for one in again.made] == [one.path for one in first.made]
    assert [(one.reused, one.usd, one.took) for one in again.made] == [(True, Decimal(0), None)]


def test_braces_in_a_prompt_are_words_like_any_other(home: Path) -> None:
    seen = []
    for prompt in ("a {{fox}} and {{env.HOME}}", "an {{unclosed fox"):
        question = Question(op=Operation.TEXT_TO_IMAGE, name="fox", prompt=prompt, params=SMALL)
        came = answered(home, question)
        assert came.summary.state is RunState.DONE
        with Project.open(home) as project:
            for entry in project.ledger.events(came.summary.run):  # type: ignore[arg-type]
                seen += [entry.event.recipe["prompt"]] if hasattr(entry.event, "recipe") else []
    assert seen == ["a {{fox}} and {{env.HOME}}", "an {{unclosed fox"]


def test_a_picture_goes_in_under_its_role(home: Path) -> None:
    drawn = answered(home, Question(op=Operation.TEXT_TO_IMAGE, name="fox", prompt="a red fox", params=SMALL)).made[0]
    told = Question(op=Operation.ANALYZE_IMAGE, name="told", prompt="what is it?", inputs={"image": [str(drawn.path)]})
    came = answered(home, told)
    assert came.summary.state is RunState.DONE
    assert came.made[0].text and came.made[0].path is not None and came.made[0].path.suffix == ".txt"


def test_what_failed_names_no_file_that_is_not_there(home: Path) -> None:
    refused = Fault(error=ErrorClass.CONTENT_POLICY, stage=Stage.SUBMIT)
    provider = ScriptedProvider(faults=[refused])
    config = load_config(home, {"home": str(home / "home")}, {})
    fox = Question(op=Operation.TEXT_TO_IMAGE, name="fox", prompt="a red fox")
    with Project(config, {"scripted": provider}) as project:
        came = asyncio.run(ask(project, "asked", [fox], RunOptions(provider="scripted"), folder=home))
    assert [one.next_step for one in came.summary.failures] == ["reword the prompt, or ask again"]
