"""Requests in doubt, from the lost answer over the list to a person's word and the run that goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from rushes.app.config import load_config
from rushes.app.project import Project
from rushes.app.run import resume, run_file
from rushes.app.summary import RunSummary
from rushes.app.unknowns import Outcome, UnknownAttempt, resolve, unknowns
from rushes.errors import ErrorClass, NotFound, RushesError, UserError
from rushes.ledger.books import balance
from rushes.ledger.owner import new_owner
from rushes.model.event import Resolved, RunStarted, Submitting
from rushes.model.ids import AttemptId, RunId
from rushes.model.run import OnUnknown, RunOptions, RunState
from rushes.plugin.provider import Duplicates
from rushes.testing.media import png
from rushes.testing.provider import Fault, ScriptedProvider, Stage

FILE = """\
name: story
steps:
  - {name: doubt, type: text_to_image, prompt: a doubtful fox}
  - {name: film, type: image_to_video, input_from: doubt, prompt: it runs}
  - {name: free, type: text_to_image, prompt: a hare}
"""
PRICE = Decimal("0.04")


class World:
    """A folder with a workflow whose first step loses its answer."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "story.yaml"
        self.file.write_text(FILE)
        lost = Fault(
            error=ErrorClass.UNKNOWN_OUTCOME,
            stage=Stage.REPLY,
            when=lambda request: "doubtful" in (request.recipe.prompt or ""),
            maybe_billed=True,
        )
        self.provider = ScriptedProvider(duplicates=Duplicates.NEVER, faults=[lost], price=PRICE)
        config = load_config(folder, {"home": str(folder / "home")}, {})
        self.project = Project(config, {"scripted": self.provider})

    def run(self, **more: object) -> RunSummary:
        options = RunOptions(provider="scripted", **more)  # type: ignore[arg-type]
        return asyncio.run(run_file(self.project, self.file, options))

    def resume(self, run: str) -> RunSummary:
        return asyncio.run(resume(self.project, run))

    def resolve(self, attempt: str, outcome: Outcome, remote: str | None = None) -> object:
        return asyncio.run(resolve(self.project, attempt, outcome, remote, by="me"))

    @property
    def posts(self) -> int:
        return sum(self.provider.posts.values())

    def words(self, run: str) -> list[Resolved]:
        return [e.event for e in self.project.ledger.events(RunId(run)) if isinstance(e.event, Resolved)]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    with world.project:
        yield world


def the_doubt(world: World) -> UnknownAttempt:
    (one,) = unknowns(world.project)
    return one


def test_the_run_is_parked_with_the_attempt_named_and_the_rest_is_done(world: World) -> None:
    summary = world.run()
    assert summary.state is RunState.PARKED
    assert summary.counts.done == 1
    (row,) = summary.waiting
    assert (row.title, row.command) == ("doubt", "rushes unknowns")
    one = the_doubt(world)
    assert one.attempt in row.says
    assert (one.node, one.provider, one.worst, one.asked) == ("doubt", "scripted", PRICE, True)
    assert "idempotency" not in one.look_for, "a key that was never sent cannot be looked for"
    assert one.plain()["worst"] == "0.04"
    assert balance(world.project.ledger.events(one.run)).held == PRICE


@pytest.mark.parametrize(("outcome", "spent"), [(Outcome.PAID, 4 * PRICE), (Outcome.LOST, 3 * PRICE)])
def test_after_a_word_the_run_buys_again_and_the_books_say_what_the_first_cost(
    world: World, outcome: Outcome, spent: Decimal
) -> None:
    run = world.run().run
    world.resolve(the_doubt(world).attempt, outcome)
    assert not unknowns(world.project)
    assert world.resume(run).state is RunState.DONE
    assert world.posts == 4
    books = balance(world.project.ledger.events(RunId(run)))
    assert (books.spent, books.held) == (spent, Decimal(0))


def test_an_adopted_job_is_fetched_by_the_resume(world: World) -> None:
    run = world.run().run
    remote = next(
        job.remote for job in world.provider.jobs.values() if job.key in world.provider.bought and job.number == 0
    )
    world.resolve(the_doubt(world).attempt, Outcome.ADOPT, remote)
    assert world.resume(run).state is RunState.DONE
    assert world.posts == 3


def test_an_adopted_url_is_in_the_store_at_once_and_is_the_result(world: World, tmp_path: Path) -> None:
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    data = png("adopted", 64)

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_args: object) -> None:
            """Nothing."""

    run = world.run().run
    server = HTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        world.resolve(the_doubt(world).attempt, Outcome.ADOPT, f"http://127.0.0.1:{server.server_port}/out.png")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    summary = world.resume(run)  # the site is gone by now
    assert summary.state is RunState.DONE
    assert world.posts == 3
    assert any(path.read_bytes() == data for path in summary.exported if path.suffix == ".png") or any(
        path.read_bytes() == data for path in (tmp_path / "Assets").rglob("*.png")
    )


def test_a_url_that_is_no_picture_is_refused_and_nothing_is_written(world: World) -> None:
    run = world.run().run
    with pytest.raises(RushesError):
        world.resolve(the_doubt(world).attempt, Outcome.ADOPT, "http://169.254.169.254/latest/meta-data")
    assert not world.words(run)
    assert the_doubt(world)


def test_a_word_said_twice_is_written_once_and_another_one_is_refused(world: World) -> None:
    run = world.run().run
    attempt = the_doubt(world).attempt
    world.resolve(attempt, Outcome.PAID)
    world.resolve(attempt, Outcome.PAID)
    assert len(world.words(run)) == 1
    with pytest.raises(UserError, match="resolved as paid"):
        world.resolve(attempt, Outcome.LOST)


def test_what_is_not_in_doubt_is_refused_by_name(world: World) -> None:
    run = world.run().run
    attempt = the_doubt(world).attempt
    certain = next(f"{run}/{n}" for n in (1, 2, 3) if f"{run}/{n}" != attempt)
    with pytest.raises(UserError, match="its result is in the store"):
        world.resolve(certain, Outcome.LOST)
    with pytest.raises(NotFound, match="no attempt"):
        world.resolve(f"{run}/77", Outcome.LOST)
    for nonsense in ("", "x", "/1", f"{run}/", "../../etc/passwd"):
        with pytest.raises(NotFound):
            world.resolve(nonsense, Outcome.LOST)


def test_adopt_takes_a_remote_id_and_nothing_else_does(world: World) -> None:
    world.run()
    attempt = the_doubt(world).attempt
    with pytest.raises(UserError):
        world.resolve(attempt, Outcome.ADOPT)
    with pytest.raises(UserError):
        world.resolve(attempt, Outcome.PAID, "job-1")


def test_while_a_live_process_asks_about_it_a_word_waits(world: World) -> None:
    run = RunId(world.run().run)
    attempt = the_doubt(world).attempt
    ledger, owner = world.project.ledger, new_owner()
    ledger.take_run(run, owner, 10.0)
    ledger.append(run, [RunStarted(owner=owner, resumed=True)], 10.0)
    with pytest.raises(UserError, match="asking the provider"):
        world.resolve(attempt, Outcome.LOST)
    ledger.append(run, [Submitting(attempt=AttemptId(attempt), idempotency_key="k")], 11.0)
    with pytest.raises(UserError, match="nobody has asked"):
        world.resolve(attempt, Outcome.LOST)


def test_an_attempt_of_a_dead_process_is_listed_before_anybody_asked(world: World) -> None:
    run = RunId(world.run().run)
    attempt = the_doubt(world).attempt
    world.project.ledger.append(run, [Submitting(attempt=AttemptId(attempt), idempotency_key="k")], 11.0)
    one = the_doubt(world)
    assert not one.asked
    assert f"rushes resume {run}" in one.says


def test_resubmit_on_a_resume_counts_the_first_as_spent(world: World) -> None:
    run = world.run().run
    summary = asyncio.run(resume(world.project, run, on_unknown=OnUnknown.RESUBMIT))
    assert summary.state is RunState.DONE
    assert [word.by for word in world.words(run)] == ["policy"]
    assert summary.spent == 4 * PRICE


def test_the_project_file_may_set_the_policy_and_the_flag_beats_it(world: World, tmp_path: Path) -> None:
    (tmp_path / "rushes.toml").write_text('on_unknown = "fail"\n')
    world.project.config = load_config(tmp_path, {"home": str(tmp_path / "home")}, {})
    assert world.run().state is RunState.FAILED
    assert world.run(on_unknown=OnUnknown.ASK).state is RunState.PARKED
    (tmp_path / "rushes.toml").write_text('on_unknown = "guess"\n')
    with pytest.raises(UserError, match="on_unknown"):
        load_config(tmp_path, {}, {})


def test_fail_gives_up_and_says_where_to_look(world: World) -> None:
    summary = world.run(on_unknown=OnUnknown.FAIL)
    assert summary.state is RunState.FAILED
    (failure,) = summary.failures
    assert failure.kind == "unknown_outcome"
    assert "rushes unknowns" in failure.next_step
    assert the_doubt(world)
