"""Results whose bytes are gone: said in the plan, made again, and never a crash or a purchase for nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.crash.story import Stage

from rushes.app.config import load_config
from rushes.app.plan import prepare
from rushes.app.project import Project
from rushes.app.run import run_file
from rushes.app.show import status
from rushes.app.summary import RunSummary
from rushes.errors import NotFound
from rushes.model.run import RunOptions, RunState
from rushes.model.workflow import Pick
from rushes.plugin.provider import Provider
from rushes.testing.provider import ScriptedProvider

FIRST_CLEAN = RunOptions(pick=Pick.FIRST_CLEAN)


def _project(home: Path, ledger: str | None = None, providers: Mapping[str, Provider] | None = None) -> Project:
    flags = {"home": str(home)} | ({} if ledger is None else {"ledger": ledger})
    return Project(load_config(home.parent, flags, {}), providers, checks=())


def _run(project: Project, file: Path, options: RunOptions = FIRST_CLEAN) -> RunSummary:
    with project:
        summary = asyncio.run(run_file(project, file, options))
    assert summary.state is RunState.DONE, summary
    return summary


def _stills(stage: Stage) -> list[Path]:
    """The stored pictures, in an order that stays."""
    blobs = (path for path in (stage.home / "store").glob("*/*/*") if path.is_file())
    return sorted(path for path in blobs if path.read_bytes()[:4] == b"\x89PNG")


def _lose(path: Path, how: str) -> None:
    if how == "deleted":
        path.unlink()
    else:
        whole = path.read_bytes()
        path.unlink()  # the exported file is a link of it, and stays whole
        path.write_bytes(whole[:-7])


@pytest.mark.parametrize("how", ["deleted", "cut short"])
def test_a_picture_that_is_gone_is_missing_in_the_plan_and_painted_again_alone(how: str, tmp_path: Path) -> None:
    """`sketch` makes the same bytes of the same seed, so nothing behind it is made again."""
    stage = Stage(tmp_path / "story").set()
    first = _run(_project(stage.home), stage.file)
    outputs = stage.outputs()
    stills = _stills(stage)
    before = {path: path.read_bytes() for path in stills}
    _lose(stills[0], how)
    with _project(stage.home) as project:
        plan = asyncio.run(prepare(project, stage.file, FIRST_CLEAN)).plan
    assert plan.calls == 1
    still = next(one for one in plan.nodes if one.node == "still")
    assert still.reason == "missing: 1 of 2 candidates are no longer in the store (1 of 2 rows)"
    again = _run(_project(stage.home), stage.file)
    assert (first.counts.bought, again.counts.bought) == (9, 1)
    assert {path: path.read_bytes() for path in stills} == before
    assert stage.outputs() == outputs
    assert _run(_project(stage.home), stage.file).counts.bought == 0


def test_a_whole_store_that_is_gone_is_made_again_as_it_was(tmp_path: Path) -> None:
    """Also what was bought: the ledger knows that it was, and lets it be bought again."""
    stage = Stage(tmp_path / "story").set()
    _run(_project(stage.home), stage.file)
    outputs = stage.outputs()
    for path in (stage.home / "store").glob("*/*/*"):
        path.unlink()
    assert _run(_project(stage.home), stage.file).counts.bought == 9 - 2  # the two texts are in the ledger itself
    assert stage.outputs() == outputs


def test_a_lost_result_of_a_provider_that_never_repeats_itself_is_bought_once_more(tmp_path: Path) -> None:
    """What depends on it follows; the other row does not."""
    stage = Stage(tmp_path / "story").set()
    provider = ScriptedProvider()
    options = RunOptions(provider="scripted", pick=Pick.FIRST_CLEAN)
    _run(_project(stage.home, providers={"scripted": provider}), stage.file, options)
    bought = provider.bought.total()
    _stills(stage)[0].unlink()
    _run(_project(stage.home, providers={"scripted": provider}), stage.file, options)
    assert provider.bought.total() - bought in (1, 3)  # the picture, and its film and words if it was the picked one
    assert set(provider.bought.values()) == {1}
    bought = provider.bought.total()
    _run(_project(stage.home, providers={"scripted": provider}), stage.file, options)
    assert provider.bought.total() == bought


def test_two_homes_with_one_ledger_each_make_what_only_the_other_holds(ledger_where: str, tmp_path: Path) -> None:
    """Neither takes the other's results for its own, and neither makes the other's void."""
    provider = ScriptedProvider()
    options = RunOptions(provider="scripted", pick=Pick.FIRST_CLEAN)
    stages = [Stage(tmp_path / name).set() for name in ("one", "two")]
    for stage in stages:
        _run(_project(stage.home, ledger_where, {"scripted": provider}), stage.file, options)
    assert provider.bought.total() == 2 * 8
    for stage in stages:  # and from now on, nothing is bought by either
        _run(_project(stage.home, ledger_where, {"scripted": provider}), stage.file, options)
        assert stage.outputs()
    assert provider.bought.total() == 2 * 8


def test_a_run_of_another_home_is_named_and_never_taken_for_ones_own(ledger_where: str, tmp_path: Path) -> None:
    """Its workflow is in the other store, so it cannot be shown here."""
    one, two = (Stage(tmp_path / name).set() for name in ("one", "two"))
    run = _run(_project(one.home, ledger_where), one.file).run
    with _project(two.home, ledger_where) as project:
        with pytest.raises(NotFound, match="there are no runs yet"):
            asyncio.run(status(project, None))
        with pytest.raises(NotFound, match=f"the workflow of run {run} is not in the store") as caught:
            asyncio.run(status(project, run))
    assert "--home" in caught.value.next_step
