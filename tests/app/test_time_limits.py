"""Whose word about time counts, and what a plan says of it."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from rich.console import Console
from tests.ledger.facts import record, stored

from rushes.app.config import load_config
from rushes.app.plan import prepare
from rushes.app.project import Project
from rushes.app.run import run_file
from rushes.app.time_limits import TimeLimit, time_limits
from rushes.cli.tables import show_plan
from rushes.errors import ErrorClass, RemoteError
from rushes.model.ids import RunId
from rushes.model.run import RunOptions
from rushes.plugin.provider import Context
from rushes.testing.provider import ScriptedProvider

STEPS = """\
name: film
{settings}
steps:
  - {{name: fox, type: text_to_image, prompt: a fox{step}}}
  - {{name: owl, type: text_to_image, prompt: an owl{step}}}
"""


def limits(
    folder: Path,
    *,
    settings: str = "",
    step: str = "",
    flag: float | None = None,
    took: Sequence[float] = (),
) -> tuple[Sequence[TimeLimit], str]:
    """The times of a plan, and what it shows to people, after so many requests took so many seconds."""
    file = folder / "film.yaml"
    file.write_text(STEPS.format(settings=settings, step=step))
    config = load_config(folder, {"home": folder / "home"}, {})
    with Project(config, {"scripted": ScriptedProvider()}) as project:
        made = {"provider": "scripted", "model": "flux_dev@1"}
        project.ledger.create_run(record())
        many = [stored(f"q{n}", attempt=f"r1/{n}", seconds=seconds, recipe=made) for n, seconds in enumerate(took)]
        if many:
            project.ledger.append(RunId("r1"), many, 1.0)
        prepared = asyncio.run(prepare(project, file, RunOptions(provider="scripted", timeout=flag)))
        found, out = time_limits(prepared), io.StringIO()
        show_plan(prepared.plan, "film", Console(file=out, width=80), limits=found)
        return found, out.getvalue()


@pytest.mark.parametrize(
    ("given", "seconds", "source"),
    [
        ({}, 300.0, "catalogue"),
        ({"settings": "settings: {timeout: 50}"}, 50.0, "document"),
        ({"settings": "settings: {timeout: 50}", "step": ", timeout: 40"}, 40.0, "step"),
        ({"settings": "settings: {timeout: 50}", "step": ", timeout: 40", "flag": 30.0}, 30.0, "flag"),
    ],
    ids=["catalogue", "document", "step", "flag"],
)
def test_whoever_is_nearer_to_the_request_says_how_long_it_may_take(
    given: dict[str, object], seconds: float, source: str, tmp_path: Path
) -> None:
    (limit,), _shown = limits(tmp_path, **given)  # type: ignore[arg-type]
    assert (limit.patience.seconds, limit.patience.source, limit.nodes) == (seconds, source, 2)
    if source != "catalogue":
        assert limit.patience.most == seconds, "what a person declares ends a request"


def test_what_a_model_really_takes_is_learned_and_told_in_the_plan(tmp_path: Path) -> None:
    (limit,), shown = limits(tmp_path, took=[200.0] * 400)
    assert (limit.patience.source, limit.patience.seconds) == ("learned", 600.0)
    assert limit.patience.known >= 300
    assert f"timeout   10 min for scripted/flux_dev: learned from {limit.patience.known} results" in shown
    assert shown.splitlines()[-1].startswith("plan "), "the fingerprint stays at the end"


def test_one_odd_request_lengthens_no_time(tmp_path: Path) -> None:
    (usual,), _shown = limits(tmp_path, took=[*[150.0] * 399, 9000.0])
    assert usual.patience.seconds == 450.0


def test_a_learned_time_yields_to_whatever_a_person_says(tmp_path: Path) -> None:
    (limit,), _shown = limits(tmp_path, took=[200.0] * 400, step=", timeout: 40")
    assert (limit.patience.seconds, limit.patience.most) == (40.0, 40.0)


def test_free_work_is_given_hours_and_nobody_is_bothered_with_them(tmp_path: Path) -> None:
    file = tmp_path / "film.yaml"
    file.write_text(STEPS.format(settings="", step=""))
    config = load_config(tmp_path, {"home": tmp_path / "home"}, {})
    with Project(config) as project:
        prepared = asyncio.run(prepare(project, file, RunOptions(provider="sketch")))
        (limit,) = time_limits(prepared)
        out = io.StringIO()
        show_plan(prepared.plan, "film", Console(file=out, width=80), limits=[limit])
    assert limit.patience.seconds == 4 * 3600.0
    assert "timeout" not in out.getvalue()


class Unstoppable(ScriptedProvider):
    """Whatever it is at, nobody can stop it."""

    async def cancel(self, remote: str, context: Context) -> Decimal | None:
        raise RemoteError(ErrorClass.INVALID_INPUT, "jobs of this model cannot be stopped")


@pytest.mark.parametrize(
    ("provider", "step"),
    [
        (ScriptedProvider, "allow more time: rushes run "),
        (Unstoppable, "look whether it came after all: rushes resume "),
    ],
    ids=["called off", "nobody can say"],
)
def test_the_next_step_looks_for_what_may_have_come_and_for_nothing_else(
    provider: type[ScriptedProvider], step: str, tmp_path: Path
) -> None:
    file = tmp_path / "film.yaml"
    file.write_text(STEPS.format(settings="", step=""))
    config = load_config(tmp_path, {"home": tmp_path / "home"}, {})
    with Project(config, {"scripted": provider(latency=60.0)}) as project:
        summary = asyncio.run(run_file(project, file, RunOptions(provider="scripted", timeout=0.1)))
    assert [one.kind for one in summary.failures] == ["timeout", "timeout"]
    assert all(one.message == "not finished within 0.1 s (--timeout)" for one in summary.failures)
    assert all(one.next_step.startswith(step) for one in summary.failures)
