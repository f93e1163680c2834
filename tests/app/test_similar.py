"""What was made for another prompt: taken only where a person says so, told everywhere, and gone without the word."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from rushes.app.config import load_config
from rushes.app.hints import Hint, hints
from rushes.app.hooks import Hooks
from rushes.app.plan import Prepared, prepare
from rushes.app.project import Project
from rushes.app.review import decide
from rushes.app.run import rerun_file, resume, run_file
from rushes.app.stopping import Stop
from rushes.app.summary import RunSummary
from rushes.graph.planned import Action
from rushes.ledger.fold import fold
from rushes.model.event import Borrowed, Event, Reserved, Stored
from rushes.model.media import Artifact, Kind
from rushes.model.problem import ProblemsError
from rushes.model.request import Recipe
from rushes.model.run import RunOptions, RunState
from rushes.model.verdict import Choice, Finding, Verdict
from rushes.plugin.check import Check
from rushes.testing.provider import ScriptedProvider

FILE = """\
name: story
steps:
  - {name: still, type: text_to_image, prompt: "a %s fox on a wooden chair, morning light", params: {resolution: 1K}}
  - {name: film, type: image_to_video, input_from: still, prompt: it turns its head}
"""
PRICE = Decimal("0.01")
SIMILAR = RunOptions(provider="scripted", similar=0.9, only=("still",))
OWN = dataclasses.replace(SIMILAR, similar=None)


class Flags:
    """A check that flags what was asked with one word in its prompt."""

    name = "flags"
    kinds = (Kind.IMAGE,)

    def look(self, artifact: Artifact, path: Path, recipe: Recipe) -> Verdict:
        return Verdict("ugly" in (recipe.prompt or ""), 0.1, (Finding("test.ugly", "ugly"),))


class Desk:
    """A home, a file whose prompt changes by one word, and a service that charges for each picture."""

    def __init__(self, folder: Path, checks: Sequence[Check] = ()) -> None:
        self.folder, self.checks = folder, checks
        self.provider = ScriptedProvider(price=PRICE)
        self.file = folder / "story.yaml"
        self.write("red")

    def write(self, word: str, text: str = FILE) -> None:
        self.file.write_text(text % word if "%s" in text else text)

    def project(self) -> Project:
        config = load_config(self.folder, {"home": self.folder / "home"}, {})
        return Project(config, {"scripted": self.provider}, checks=self.checks)

    @property
    def bought(self) -> int:
        return sum(self.provider.bought.values())

    def run(self, options: RunOptions = SIMILAR, hooks: Hooks | None = None) -> RunSummary:
        with self.project() as project:
            return asyncio.run(run_file(project, self.file, options, hooks=hooks or Hooks()))

    def plan(self, options: RunOptions = SIMILAR) -> Prepared:
        with self.project() as project:
            return asyncio.run(prepare(project, self.file, options))

    def hints(self, options: RunOptions = OWN) -> tuple[Hint, ...]:
        with self.project() as project:
            return hints(project, asyncio.run(prepare(project, self.file, options)))

    def events(self) -> list[Event]:
        with self.project() as project:
            return [one.event for record in project.ledger.runs() for one in project.ledger.events(record.id)]

    def made(self, node: str = "still", prompt: str = "red") -> str:
        """The digest of what was bought for a prompt."""
        stored = [one for one in self.events() if isinstance(one, Stored) and one.place.node == node]
        return next(one.artifacts[0].digest for one in stored if prompt in one.recipe["prompt"])

    def stands(self, options: RunOptions = SIMILAR, node: str = "still") -> str | None:
        """The digest of what a row has under these flags, without buying anything."""
        prepared = self.plan(options)
        outcome = prepared.plan.outcomes[prepared.grid.first[prepared.grid.index[node]]]  # type: ignore[index]
        return outcome.value.artifacts[0].digest if outcome.value is not None else None

    def why(self, options: RunOptions = SIMILAR, node: str = "still") -> str:
        return next(one.reason for one in self.plan(options).plan.nodes if one.node == node)


@contextmanager
def refused(says: str) -> Iterator[None]:
    """Something is refused, and one of the problems says this."""
    with pytest.raises(ProblemsError) as raised:
        yield
    assert any(says in one.says for one in raised.value.problems), raised.value.problems


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A home in which the red fox was bought."""
    desk = Desk(tmp_path)
    desk.run(OWN)
    assert desk.bought == 1
    desk.write("blue")
    return desk


def test_nothing_is_taken_by_itself(desk: Desk) -> None:
    desk.run(OWN)
    assert desk.bought == 2
    assert not [one for one in desk.events() if isinstance(one, Borrowed)]


def test_what_is_borrowed_costs_nothing_and_is_a_fact(desk: Desk) -> None:
    summary = desk.run()
    assert (summary.state, desk.bought, summary.spent, summary.counts.reused) == (RunState.DONE, 1, 0, 1)
    (lent,) = [one for one in desk.events() if isinstance(one, Borrowed)]
    assert lent.from_digest == lent.artifacts[0].digest == desk.made()
    assert (lent.by, lent.place.node, lent.recipe["prompt"][:6]) == ("--similar 0.9", "still", "a blue")
    assert lent.recipe["borrowed"]["prompt"].startswith("a red")
    assert 0.9 < lent.score < 1
    assert len([one for one in desk.events() if isinstance(one, Reserved)]) == 1


def test_a_loan_is_told_in_plan_summary_manifest_and_report(desk: Desk) -> None:
    says = "borrowed: made for 'a red fox on a wooden chair, morning light', 0.94 alike (--similar 0.9)"
    plan = desk.plan().plan
    assert next(one.reason for one in plan.nodes if one.node == "still") == says
    assert f"still: {says}" in plan.warnings
    summary = desk.run()
    assert f"still: {says}" in summary.notes
    folder = next(path for path in summary.exported if path.name.startswith("v0-"))
    manifest = json.loads((folder / "manifest.json").read_text())
    assert [one["note"] for one in manifest["files"].values()] == [says]
    report = next(path for path in summary.exported if path.name.startswith("report"))
    assert "made for &#x27;a red fox" in report.read_text()


def test_a_second_run_and_a_resume_take_the_same_and_write_nothing_more(desk: Desk) -> None:
    desk.run()
    first = desk.stands()
    desk.write("dark blue")  # now there is something still more alike
    desk.run(OWN)
    desk.write("blue")
    assert desk.bought == 2
    desk.run()
    assert (desk.stands(), desk.bought) == (first, 2)
    assert len([one for one in desk.events() if isinstance(one, Borrowed)]) == 1


def test_a_run_without_the_word_does_not_keep_what_was_borrowed(desk: Desk) -> None:
    desk.run()
    assert desk.stands(OWN) is None
    assert desk.why(OWN) == "what was made for another prompt was taken before"
    desk.run(OWN)
    assert desk.bought == 2
    # and what was then made for the words themselves is what stands, whatever is allowed
    assert desk.stands() == desk.stands(OWN) != desk.made()


def test_a_score_that_is_not_reached_buys(desk: Desk) -> None:
    desk.run(dataclasses.replace(SIMILAR, similar=0.99))
    assert desk.bought == 2


def test_a_loan_of_a_lower_score_does_not_count_where_more_is_asked(desk: Desk) -> None:
    desk.run()
    assert desk.stands(dataclasses.replace(SIMILAR, similar=0.99)) is None


@pytest.mark.parametrize("change", ["2K", "other"])
def test_what_was_asked_otherwise_is_never_lent(desk: Desk, change: str) -> None:
    text = (
        FILE.replace("1K", "2K") if change == "2K" else FILE.replace("text_to_image,", "text_to_image, model: imagen4,")
    )
    desk.write("blue", text)
    with refused("asked otherwise"):
        desk.run(_taking(desk, desk.made()))
    desk.run()
    assert desk.bought == 2


def test_a_row_can_be_told_which_result_to_take(desk: Desk) -> None:
    desk.write("green")
    desk.run(OWN)
    desk.write("blue")
    red, green = desk.made(prompt="red"), desk.made(prompt="green")
    for digest in (green, red):
        assert desk.run(_taking(desk, digest)).state is RunState.DONE
        assert desk.stands(_taking(desk, digest)) == digest
    assert desk.bought == 2
    assert [one.by for one in desk.events() if isinstance(one, Borrowed)] == ["--take", "--take"]


def _taking(desk: Desk, digest: str, name: str = "still", row: int | None = None) -> RunOptions:
    return dataclasses.replace(OWN, takes=((name, row, digest[:16]),))


@pytest.mark.parametrize(
    ("take", "says"),
    [
        (("stil", None, "0" * 16), "'stil': there is no step with this name"),
        (("still", None, "0" * 16), "no result has this digest"),
        (("still", 4, "0" * 16), "it has one row"),
        (("film", None, "0" * 16), "cannot be asked yet"),
    ],
)
def test_what_cannot_be_taken_is_refused_before_any_money(
    desk: Desk, take: tuple[str, int | None, str], says: str
) -> None:
    with refused(says):
        desk.run(RunOptions(provider="scripted", takes=(take,)))
    assert desk.bought == 1


def test_what_is_flagged_is_not_lent(tmp_path: Path) -> None:
    desk = Desk(tmp_path, (Flags(),))
    desk.write("ugly red")
    desk.run(dataclasses.replace(OWN, attempts=1))
    desk.write("ugly blue")
    assert desk.hints() == ()
    desk.run(dataclasses.replace(SIMILAR, attempts=1))
    assert desk.bought == 2


def test_what_is_not_in_the_store_any_more_is_not_lent(desk: Desk) -> None:
    digest = desk.made()
    with desk.project() as project:
        project.store.path(digest).unlink()  # type: ignore[arg-type]
    assert desk.hints() == ()
    desk.run()
    assert desk.bought == 2


GATED = FILE.replace("resolution: 1K}}", "resolution: 1K}, candidates: 2, approve: true}")


def test_what_a_person_turned_down_is_not_lent(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.write("red", GATED)
    gated = dataclasses.replace(OWN, only=("still", "still-approve"))
    run = desk.run(RunOptions(provider="scripted"))
    with desk.project() as project:
        for number in (1, 2):
            asyncio.run(decide(project, run.run, "still", number, Choice.REJECTED))
    desk.write("blue", GATED)
    assert desk.hints(dataclasses.replace(gated, only=())) == ()
    desk.run(RunOptions(provider="scripted", similar=0.9))
    assert desk.bought == 4
    desk.write("grey", GATED)
    with refused("turned down"):
        desk.run(RunOptions(provider="scripted", takes=(("still", None, desk.made(prompt="red")),)))


def test_an_approval_of_the_lent_picture_is_none_of_the_borrowed_one(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.write("red", GATED)
    run = desk.run(RunOptions(provider="scripted"))
    with desk.project() as project:
        asyncio.run(decide(project, run.run, "still", 1, Choice.APPROVED))
    desk.write("blue", GATED)
    parked = desk.run(RunOptions(provider="scripted", similar=0.9))
    assert (parked.state, desk.bought) == (RunState.PARKED, 2)
    with desk.project() as project:
        asyncio.run(decide(project, parked.run, "still", 2, Choice.APPROVED))
        asyncio.run(resume(project, parked.run))
    assert desk.bought == 3
    # and the approval of what was borrowed says nothing about what is asked
    desk.run(RunOptions(provider="scripted"))
    assert desk.bought == 5
    assert desk.plan(RunOptions(provider="scripted")).plan.counts[Action.WAIT] == 1


def test_a_picture_turned_down_where_it_was_borrowed_is_bought_after_all(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    one = GATED.replace("candidates: 2", "candidates: 1")
    desk.write("red", one)
    desk.run(RunOptions(provider="scripted"))
    desk.write("blue", one)
    parked = desk.run(RunOptions(provider="scripted", similar=0.9))
    assert desk.bought == 1
    with desk.project() as project:
        asyncio.run(decide(project, parked.run, "still", 1, Choice.REJECTED))
        asyncio.run(resume(project, parked.run))
    assert desk.bought == 2


def test_asking_again_beats_borrowing(desk: Desk) -> None:
    options = dataclasses.replace(SIMILAR, only=(), rerun=("still",))
    desk.run()
    with refused("asked again"):
        desk.plan(dataclasses.replace(options, similar=None, takes=(("still", None, desk.made()),)))
    with desk.project() as project:
        asyncio.run(rerun_file(project, desk.file, options))
    assert desk.bought == 2


def test_what_a_run_makes_is_not_lent_in_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.file.write_text(
        "name: story\nsteps:\n"
        "  - {name: first, type: text_to_image, prompt: a red fox on a wooden chair}\n"
        "  - {name: second, type: image_to_image, input_from: first, prompt: the fox smiles at us all}\n"
        "  - {name: third, type: image_to_image, input_from: first, prompt: the fox smiled at us all,"
        " condition: second.succeeded}\n"
    )
    planned = desk.plan(RunOptions(provider="scripted", similar=0.8)).plan
    desk.run(RunOptions(provider="scripted", similar=0.8))
    assert desk.bought == planned.most == 3


def test_what_follows_from_a_loan_is_bought_after_the_fact(desk: Desk) -> None:
    desk.run(dataclasses.replace(SIMILAR, only=()))
    names = [type(one).__name__ for one in desk.events() if getattr(one, "place", None) is not None]
    assert desk.bought == 2  # the film of it
    assert names.index("Borrowed") < names.index("Reserved", names.index("Borrowed"))


@pytest.mark.parametrize("dies_at", ["Borrowed", "CellDone"])
def test_a_run_that_is_killed_over_a_loan_comes_to_the_same(tmp_path: Path, dies_at: str) -> None:
    home, file = tmp_path / "home", tmp_path / "story.yaml"
    text = FILE.replace("1K", "360p")

    def rushes(*args: str, die: bool = False) -> int:
        code = (
            "import os, signal, sys\n"
            "from rushes.ledger.writer import Writer\n"
            "put = Writer.put\n"
            "def dying(self, *events):\n"
            "    put(self, *events)\n"
            f"    if any(type(one).__name__ == {dies_at!r} for one in events):\n"
            "        self.close(); os.kill(os.getpid(), signal.SIGKILL)\n"
            + ("Writer.put = dying\n" if die else "")
            + "from rushes.cli.main import main\nsys.argv = ['rushes', *sys.argv[1:]]\nmain()\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, *args], cwd=tmp_path, env={**os.environ, "RUSHES_HOME": str(home)}, check=False
        )
        return done.returncode

    file.write_text(text % "red")
    assert rushes("run", "story.yaml", "--only", "still", "--quiet") == 0
    file.write_text(text % "blue")
    args = ("run", "story.yaml", "--only", "still", "--similar", "0.9", "--quiet")
    assert rushes(*args, die=True) == -signal.SIGKILL
    assert rushes(*args) == 0
    with Project(load_config(tmp_path, {"home": home}, {})) as project:
        folded = [fold(project.ledger.events(one.id)) for one in project.ledger.runs()]
        assert sum(len(one.attempts) for one in folded) == 1
        lent = [results for one in folded for base, results in one.results.items() if base.startswith("bb1:")]
        assert len(lent) == 1
        assert folded[0].state is RunState.DONE


def test_a_plan_shows_what_is_near_and_how_to_take_it(desk: Desk) -> None:
    (hint,) = desk.hints()
    (near,) = hint.near
    assert near.digest == desk.made() and hint.take == f"--take still={near.digest[:16]}"
    assert [(one.what, one.text) for one in near.spans if one.what != "same"] == [("old", "red"), ("new", "blue")]
    assert "".join(one.text for one in near.spans if one.what != "new") == near.prompt
    assert "".join(one.text for one in near.spans if one.what != "old") == hint.prompt


def test_a_row_that_has_something_of_its_own_is_offered_nothing(desk: Desk) -> None:
    more = FILE.replace("resolution: 1K}}", "resolution: 1K}, candidates: 2}")
    desk.run(OWN)
    desk.write("blue", more)
    assert desk.hints() == ()
    desk.run()
    assert desk.bought == 3  # the second candidate


def test_two_results_for_one_row_are_refused(desk: Desk) -> None:
    takes = (("still", None, desk.made()[:16]), ("still", 0, "0" * 16))
    with refused("another result is to be taken for this row, too"):
        desk.run(dataclasses.replace(OWN, takes=takes))


def test_what_differs_in_more_is_named_and_not_offered(desk: Desk) -> None:
    desk.write("blue", FILE.replace("1K", "2K"))
    (hint,) = desk.hints()
    assert hint.take is None
    assert (hint.near[0].digest, hint.near[0].differs) == (None, ("resolution changed from '1K' to '2K'",))


def test_rows_are_told_apart(desk: Desk) -> None:
    rows = 'rows: [red, blue], prompt: "a {{item}} fox on a wooden chair, morning light"'
    desk.file.write_text(FILE.replace('prompt: "a %s fox on a wooden chair, morning light"', rows))
    (hint,) = desk.hints()
    assert (hint.row, hint.take) == (1, f"--take still:2={desk.made()[:16]}")
    summary = desk.run(_taking(desk, desk.made(), row=1))
    assert (desk.bought, summary.counts.reused) == (1, 2)
    assert [note for note in summary.notes if "row 2: borrowed" in note]
    with refused("rows 1 to 2"):
        desk.run(_taking(desk, desk.made()))


def test_a_stopped_run_goes_on_under_the_same_word(desk: Desk) -> None:
    stop = Stop()
    stop.ask()
    stopped = desk.run(dataclasses.replace(SIMILAR, only=()), Hooks(stop=stop))
    assert stopped.state is RunState.INTERRUPTED
    with desk.project() as project:
        asyncio.run(resume(project, stopped.run))
    assert desk.bought == 2
    assert len([one for one in desk.events() if isinstance(one, Borrowed)]) == 1
