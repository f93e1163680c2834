"""A table times a workflow: every row is asked once, bad ones are named, and the same call again goes on."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
from tests.app.batches import FLOW, Shop, lines_of, outputs, states

from rushes.app.batch import Ways
from rushes.app.batch_lines import part_path
from rushes.app.batch_told import Forecast, Told
from rushes.app.plan import Prepared, prepare
from rushes.app.review import decide
from rushes.app.run import resume
from rushes.app.stopping import Stop
from rushes.app.tidy_kept import kept
from rushes.errors import ErrorClass, RefusedError, UserError
from rushes.graph.grid import Grid
from rushes.graph.planned import Plan
from rushes.ledger.fold import fold
from rushes.model.event import Accepted, Event, Reserved, Stored
from rushes.model.problem import Problem, ProblemsError, Severity
from rushes.model.request import Recipe
from rushes.model.run import RunOptions, RunState
from rushes.model.verdict import Choice
from rushes.testing.media import png
from rushes.testing.provider import Fault, ScriptedProvider


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def recipes(shop: Shop) -> list[Recipe]:
    return [job.request.recipe for job in shop.provider.jobs.values()]


def test_every_row_is_asked_once_and_its_files_are_called_after_it(shop: Shop) -> None:
    table = shop.table("prompt,mood,id\na fox,merry,The Fox\na hare,,\n\nan owl,grim,../../owl\n")
    summary = shop.run(table)
    assert summary.whole and (summary.totals.rows, shop.asked) == (3, 3)
    assert sorted(one.prompt or "" for one in recipes(shop)) == ["a fox, merry", "a hare, calm", "an owl, grim"]
    folder = "generated-images/000001-001000"
    assert outputs(summary) == [f"{folder}/{name}-still.png" for name in ("000001-the-fox", "000002", "000003-owl")]
    for line, number in zip(lines_of(summary), (2, 3, 5), strict=True):
        assert (line["line"], line["state"], line["usd"]) == (number, "done", "0")
        assert (summary.folder / line["outputs"][0]).exists()


def test_the_same_call_again_asks_nothing_and_looks_at_no_row_that_is_done(shop: Shop) -> None:
    table = shop.prompts(10)
    shop.run(table)
    before = shop.asked
    plans: list[Forecast] = []
    summary = shop.run(table, told=Told(forecast=plans.append))
    assert summary.whole and shop.asked == before == 10
    assert not plans and not summary.runs, "nothing was planned"


def test_a_part_that_somebody_threw_away_comes_back_from_the_store(shop: Shop) -> None:
    table = shop.prompts(6)
    first = shop.run(table)
    made = {name: (first.folder / name).read_bytes() for name in outputs(first)}
    shutil.rmtree(first.folder)
    again = shop.run(table)
    assert shop.asked == 6 and again.whole
    assert {name: (again.folder / name).read_bytes() for name in outputs(again)} == made


LINE = {"row": 3, "line": 4, "id": "", "state": "done", "flagged": False, "problem": "", "outputs": [], "paid": []}
DAMAGED = [
    b"",
    b"[" * 100_000,
    b"\xff\n",
    *(
        json.dumps({**LINE, **change}).encode() + b"\n"
        for change in ({}, {"state": "weird"}, {"row": "3"}, {"paid": [["r", "sNaN", 1]]}, {"paid": [["r", "1", "x"]]})
    ),
]


@pytest.mark.parametrize("planted", ["generated-images", "generated-images/000001-001000", "{second}"])
def test_no_file_of_a_row_is_put_where_a_link_leads_out_of_the_batch(shop: Shop, planted: str) -> None:
    """Also of a row whose neighbour's file went into the same folder a moment ago."""
    table = shop.prompts(3)
    first = shop.run(table)
    second = outputs(first)[1]
    outside = shop.folder / "outside"
    outside.mkdir()
    shutil.rmtree(first.folder)
    place = first.folder / planted.format(second=second)
    place.parent.mkdir(parents=True)
    place.symlink_to(outside / "elsewhere" if place.suffix else outside)
    with pytest.raises(UserError, match="leads out of"):
        shop.run(table)
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("damaged", DAMAGED)
def test_a_part_that_is_not_what_was_written_is_made_anew_and_no_row_is_lost_or_said_twice(
    damaged: bytes, shop: Shop
) -> None:
    table = shop.prompts(8)
    first = shop.run(table, Ways(part_rows=2))
    for name in ("000003-000004", "000005-000006"):
        (first.folder / "parts" / f"{name}.jsonl").write_bytes(damaged)
    (first.folder / "parts" / "notes.jsonl").write_bytes(damaged)
    again = shop.run(table, Ways(part_rows=5))
    assert again.whole and shop.asked == 8
    lines = again.results.read_text().splitlines()
    assert [json.loads(line)["row"] for line in lines] == list(range(1, 9))


def test_a_batch_that_somebody_is_at_is_refused_and_no_row_is_said_twice(shop: Shop) -> None:
    table = shop.prompts(6)
    refused: list[BaseException | None] = []

    def meanwhile(_lines: object, _totals: object) -> None:
        with ThreadPoolExecutor(1) as other:
            refused.append(other.submit(shop.run, table, Ways(part_rows=3)).exception())

    summary = shop.run(table, Ways(part_rows=2), told=Told(part=meanwhile))
    assert [type(one) for one in refused] == [RefusedError] * 3
    assert summary.whole and shop.asked == 6
    assert list(states(summary)) == list(range(1, 7))


def test_a_batch_that_did_nothing_leaves_no_folder(shop: Shop) -> None:
    stop = Stop()
    stop.ask()
    shop.run(shop.prompts(6), stop=stop)
    assert not (shop.folder / "Assets").exists()


def test_parts_of_any_size_are_one_batch(shop: Shop) -> None:
    table = shop.prompts(11)
    stop = Stop()
    ended: list[int] = []

    def part(lines: object, _totals: object) -> None:
        ended.append(len(lines))  # type: ignore[arg-type]
        stop.ask()

    shop.run(table, Ways(part_rows=4), stop=stop, told=Told(part=part))
    assert ended == [4]
    summary = shop.run(table, Ways(part_rows=5))
    assert summary.whole and shop.asked == 11
    assert list(states(summary)) == list(range(1, 12))


def test_bad_rows_are_named_with_their_line_and_the_others_are_run(shop: Shop) -> None:
    table = shop.table(
        b'{"prompt": "a fox"}\n{"prompt": \n\n{"mood": "grim"}\n{"prompt": "an \xff owl"}\n[1]\n'
        b'{"prompt": ["a", "b"]}\n{"prompt": "a hare", "mood": 3}\n',
        "rows.jsonl",
    )
    summary = shop.run(table)
    assert (summary.totals.done, summary.totals.bad, shop.asked) == (2, 5, 2)
    assert {one.number: (one.line, one.says) for one in summary.bad}.keys() == {2, 3, 4, 5, 6}
    said = {one["row"]: (one["line"], one["problem"]) for one in lines_of(summary) if one["state"] == "bad"}
    assert "no JSON" in said[2][1] and said[2][0] == 2
    assert said[3] == (4, "it has no value for 'input'")
    assert said[4] == (5, "it is not UTF-8 text")
    assert said[5][1] == "it is no JSON object" and "list" in said[6][1]
    assert [one.prompt for one in recipes(shop)] == ["a fox, calm", "a hare, 3"]


def test_a_text_file_has_a_row_on_each_line(shop: Shop) -> None:
    summary = shop.run(shop.table("\ufeffa fox\r\n\n  \nan owl", "rows.txt"))
    assert summary.whole and [one.prompt for one in recipes(shop)] == ["a fox, calm", "an owl, calm"]
    assert [one["line"] for one in lines_of(summary)] == [1, 4]


@pytest.mark.parametrize("column", ["promt", "moood"])
def test_a_column_that_is_nearly_a_variable_is_refused_before_anything_is_asked(shop: Shop, column: str) -> None:
    names = f"prompt,{column}" if column == "moood" else f"{column},mood"
    with pytest.raises(ProblemsError) as caught:
        shop.run(shop.table(f"{names}\na fox,x\n"))
    assert "did you mean" in caught.value.problems[0].try_ and shop.asked == 0


def test_a_column_that_nothing_uses_is_said_once(shop: Shop) -> None:
    plans: list[Forecast] = []
    shop.run(shop.table("prompt,comment\na fox,x\nan owl,y\n"), told=Told(forecast=plans.append))
    assert [one.warnings for one in plans] == [("the column 'comment' is not used by the workflow",)]
    with pytest.raises(UserError, match="none of its columns"):
        shop.run(shop.table("comment,author\nx,y\n"))


def test_equal_rows_are_bought_once(shop: Shop) -> None:
    summary = shop.run(shop.table("prompt,id\na fox,1\na fox,2\nan owl,3\na fox,4\na fox,5\na fox,6\n"))
    assert summary.whole and shop.asked == 2
    assert len(outputs(summary)) == 6


def test_a_row_that_fails_stops_no_other_and_is_tried_again_when_that_is_asked_for(tmp_path: Path) -> None:
    broken = Fault(
        error=ErrorClass.CONTENT_POLICY, when=lambda one: one.recipe.prompt in ("fox 2, calm", "fox 7, calm"), times=2
    )
    shop = Shop(tmp_path, provider=ScriptedProvider(polls=False, faults=[broken]))
    table = shop.prompts(9)
    first = shop.run(table)
    assert [row for row, state in states(first).items() if state != "done"] == [2, 7] and shop.asked == 7
    assert shop.run(table).totals.failed == 2 and shop.asked == 7
    plans: list[Forecast] = []
    again = shop.run(table, Ways(part_rows=4, failed=True), told=Told(forecast=plans.append))
    assert again.whole and shop.asked == 9
    assert plans[0].left == 2, "only the failed rows were looked at"
    assert len(lines_of(again)) == 9


def test_failing_fast_ends_the_batch_where_that_was_asked_for(tmp_path: Path) -> None:
    broken = Fault(error=ErrorClass.CONTENT_POLICY, at=1)
    shop = Shop(tmp_path, provider=ScriptedProvider(polls=False, faults=[broken]))
    summary = shop.run(shop.prompts(20), fail_fast=True, concurrency=1)
    assert summary.totals.failed == 1 and shop.asked == 1
    assert summary.totals.open == 18, "what was called off is not lost"


GROUP = """\
name: cards
steps:
  - type: parallel_group
    name: pair
    fail_fast: true
    max_workers: 2
    steps:
      - {name: one, type: text_to_image, prompt: "{{input}} one"}
      - {name: two, type: text_to_image, prompt: "{{input}} two"}
"""


def test_a_group_that_fails_fast_stops_in_its_own_row(tmp_path: Path) -> None:
    broken = Fault(error=ErrorClass.CONTENT_POLICY, when=lambda one: one.recipe.prompt == "fox 1 one", times=None)
    shop = Shop(tmp_path, GROUP, ScriptedProvider(polls=False, faults=[broken]))
    summary = shop.run(shop.prompts(8), Ways(part_rows=8))
    assert [row for row, state in states(summary).items() if state != "done"] == [1]


PHOTOS = """\
name: cards
variables: {photo: sample.png}
input_image: other.png
steps:
  - {name: look, type: image_to_image, prompt: brighter, params: {image: "{{photo}}"}}
  - {name: more, type: image_to_image, prompt: darker, params: {image: "{{input_image}}"}}
"""


def test_a_column_names_files_beside_the_table_and_one_that_is_not_there_is_a_bad_row(tmp_path: Path) -> None:
    shop = Shop(tmp_path, PHOTOS)
    (tmp_path / "in").mkdir()
    for name in ("a", "b", "c"):
        (tmp_path / "in" / f"{name}.png").write_bytes(png(name))
    (tmp_path / "other.png").write_bytes(png("other"))
    table = shop.table("photo,input_image\na.png,b.png\nnone.png,\nc.png,\nclip.mp4,\n", "in/rows.csv")
    summary = shop.run(table)
    assert states(summary) == {1: "done", 2: "bad", 3: "done", 4: "bad"}
    assert {one.number: one.line for one in summary.bad} == {2: 3, 4: 5}
    seen = {(one.prompt, one.inputs["image"][0].digest) for one in recipes(shop)}
    digest = {name: hashlib.sha256(png(name)).hexdigest() for name in ("a", "b", "c", "other")}
    assert seen == {
        ("brighter", digest["a"]),
        ("darker", digest["b"]),
        ("brighter", digest["c"]),
        ("darker", digest["other"]),
    }


def test_a_flag_changes_a_variable_that_is_used_as_a_file(tmp_path: Path) -> None:
    shop = Shop(tmp_path, PHOTOS)
    for name in ("sample", "other", "mine"):
        (tmp_path / f"{name}.png").write_bytes(png(name))
    options = RunOptions(provider="scripted", variables={"photo": "mine.png", "input_image": "sample.png"})
    with shop.project() as project:
        prepared = asyncio.run(prepare(project, tmp_path / "cards.yaml", options))
    assert {node.source for node in prepared.grid.nodes if node.source} == {"mine.png", "sample.png"}
    assert not [one for one in prepared.problems if one.code.startswith("variable")]


SIZED = 'steps: [{name: still, type: text_to_image, prompt: "{{input}}", params: {aspect_ratio: "{{shape}}"}}]\n'


def test_a_value_that_the_provider_refuses_makes_its_own_row_bad_and_no_other(tmp_path: Path) -> None:
    def refuses(recipe: Recipe) -> list[Problem]:
        shape = recipe.params.get("aspect_ratio")
        says = f"aspect_ratio of {shape}"
        wrong = Problem(code="param-value", severity=Severity.ERROR, says=says, path=("params", "aspect_ratio"))
        return [] if shape in ("1:1", "16:9", None) else [wrong]

    shop = Shop(tmp_path, "variables: {shape: '1:1'}\n" + SIZED, ScriptedProvider(polls=False, refuses=refuses))
    summary = shop.run(shop.table("prompt,shape\na fox,16:9\nan owl,7:3\na hare,\n"))
    assert states(summary) == {1: "done", 2: "bad", 3: "done"} and shop.asked == 2
    assert "aspect_ratio of 7:3" in lines_of(summary)[1]["problem"]
    (tmp_path / "cards.yaml").write_text("variables: {shape: '7:3'}\n" + SIZED)
    with pytest.raises(ProblemsError, match="1 problem"):
        shop.run(shop.table("prompt\na fox\nan owl\na hare\n"))


def test_a_table_that_is_changed_while_it_is_run_ends_the_batch(shop: Shop) -> None:
    table = shop.prompts(12)

    def change(_lines: object, _totals: object) -> None:
        with table.open("a") as file:
            file.write("one more\n")

    with pytest.raises(UserError, match="was changed"):
        shop.run(table, told=Told(part=change))
    assert shop.asked == 4
    summary = shop.run(table)
    assert summary.whole and summary.totals.rows == 13 and shop.asked == 13


def test_ctrl_c_leaves_a_part_that_goes_on_as_the_same_run(tmp_path: Path) -> None:
    shop = Shop(tmp_path, provider=ScriptedProvider(latency=0.01))
    stop, seen = Stop(), []

    def watch(event: Event) -> None:
        seen.append(event)
        if sum(isinstance(one, Accepted) for one in seen) == 8:
            stop.ask()

    table = shop.prompts(12)
    first = shop.run(table, Ways(part_rows=6), stop=stop, watch=watch, concurrency=2)
    assert first.interrupted and first.totals.done == 6 and 8 <= shop.asked < 12
    # lines of it would make what is left of it another run, which knows nothing of the jobs of this one
    assert not part_path(first.folder, "000007-000012").exists()
    again = shop.run(table, Ways(part_rows=6), concurrency=3)
    assert again.whole and shop.asked == 12, "another pace is no other batch"
    with shop.project() as project:
        runs = project.ledger.runs()
        assert len(runs) == 2 and all(one.state is RunState.DONE for one in runs)
        assert not any(fold(project.ledger.events(one.id)).open for one in runs)


def test_what_a_part_that_was_stopped_has_made_is_said_beside_the_rows_that_are_done(tmp_path: Path) -> None:
    shop = Shop(tmp_path, provider=ScriptedProvider(latency=0.01))
    stop, seen = Stop(), []

    def watch(event: Event) -> None:
        seen.append(event)
        if sum(isinstance(one, Stored) for one in seen) == 8:
            stop.ask()

    first = shop.run(shop.prompts(12), Ways(part_rows=6), stop=stop, watch=watch, concurrency=1)
    made = sum(isinstance(one, Stored) for one in seen) - first.totals.done
    assert first.totals.done == 6 and made >= 2
    [said] = [note for note in first.notes if note.startswith("not counted yet")]
    assert f": {made} made for $" in said and first.runs[-1] in said


def test_a_part_can_be_gone_on_with_as_a_run_and_its_lines_follow(tmp_path: Path) -> None:
    flow = FLOW.replace('{{mood}}"}', '{{mood}}", candidates: 2, approve: true}')
    shop = Shop(tmp_path, flow)
    table = shop.prompts(3)
    waits = shop.run(table)
    assert set(states(waits).values()) == {"waiting"} and shop.asked == 6
    assert len([name for name in outputs(waits) if "/candidates/" in name]) == 6

    with shop.project() as project:
        asyncio.run(decide(project, waits.runs[0], "r000002.still", 1, Choice.APPROVED))
        asyncio.run(resume(project, waits.runs[0]))
    assert shop.asked == 6
    lines = lines_of(shop.run(table))
    assert [one["state"] for one in lines] == ["waiting", "done", "waiting"]


PRICE = Decimal("0.10")


def priced(tmp_path: Path) -> Shop:
    return Shop(tmp_path, provider=ScriptedProvider(polls=False, price=PRICE))


def test_one_ceiling_holds_all_parts_and_all_calls_of_a_batch(tmp_path: Path) -> None:
    shop = priced(tmp_path)
    table = shop.prompts(12)
    first = shop.run(table, budget=Decimal("0.85"), attempts=1)
    assert shop.asked == 8 and first.refused is not None and "--budget" in first.refused.message
    assert first.totals.spent == Decimal("0.80") and first.totals.open == 4
    with pytest.raises(RefusedError, match="allows"):
        shop.run(table, budget=Decimal("0.85"), attempts=1)
    assert shop.asked == 8, "what earlier calls spent counts"
    again = shop.run(table, budget=Decimal("1.20"), attempts=1)
    assert again.whole and shop.asked == 12 and again.totals.spent == Decimal("1.20")
    with shop.project() as project:
        assert project.ledger.accounts([f"batch:{again.batch}"])[f"batch:{again.batch}"].spent == Decimal("1.20")


def test_what_the_file_says_of_a_run_bounds_the_whole_batch(tmp_path: Path) -> None:
    shop = priced(tmp_path)
    (tmp_path / "cards.yaml").write_text("settings: {max_cost: 0.45}\n" + FLOW)
    assert shop.run(shop.prompts(12), attempts=1).totals.done == 4 and shop.asked == 4


def test_what_is_projected_is_said_in_whole_cents(tmp_path: Path) -> None:
    shop = priced(tmp_path)
    plans: list[Forecast] = []
    table = shop.table("a fox\n" * 2 + "an owl\na hare\na newt\n" + "".join(f"a {n}\n" for n in range(6)), "rows.txt")
    shop.run(table, Ways(part_rows=3), attempts=1, told=Told(forecast=plans.append))
    assert (plans[0].money.low, plans[0].left) == (Decimal("0.74"), 11), "two requests for three rows, so 0.7333..."


def test_all_of_it_is_foretold_and_somebody_must_agree_to_all_of_it(tmp_path: Path) -> None:
    shop = priced(tmp_path)
    plans: list[Forecast] = []
    with pytest.raises(RefusedError, match=r"\$2\.00"):
        shop.run(shop.prompts(20), consent=None, attempts=1, told=Told(forecast=plans.append))
    assert shop.asked == 0
    assert (plans[0].rows, plans[0].left, plans[0].planned, plans[0].calls) == (20, 20, 4, 20)
    assert plans[0].money.high == Decimal("2.00") and not plans[0].exact


def test_more_at_once_than_makes_sense_is_said_and_what_a_provider_takes_counts(tmp_path: Path) -> None:
    def said(**asked: int) -> list[str]:
        plans: list[Forecast] = []
        shop.run(shop.prompts(len(seen) + 1), told=Told(forecast=plans.append), **asked)
        seen.append(plans[0])
        return [one for one in plans[0].warnings if "at once" in one]

    seen: list[Forecast] = []
    shop = Shop(tmp_path)
    assert said(concurrency=51) == [
        "51 images at once: 10 to 20 are usual, and more than 50 gain nothing; --concurrency says how many"
    ]
    assert said(concurrency=50) == said() == []
    shop.provider = ScriptedProvider(polls=False, in_flight=12)
    assert said(concurrency=80) == [], "no more than twelve are ever sent"


def test_what_rows_made_and_the_rows_themselves_are_needed_as_long_as_their_runs_are_known(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path, "prompt: a bird\n" + FLOW)
    shop.run(shop.prompts(3))
    with shop.project() as project:
        record = project.ledger.runs()[0]
        stays = asyncio.run(kept(project, time.time() + 10**8)).reasons
        made = {
            one.digest for event in project.ledger.events(record.id) for one in getattr(event.event, "artifacts", ())
        }
    assert record.options.rows in stays
    assert len(made) == 3 and made <= stays.keys()


def test_a_canary_comes_from_all_over_the_table_and_nothing_follows_without_a_word(tmp_path: Path) -> None:
    shop = priced(tmp_path)
    table = shop.prompts(20)
    first = shop.run(table, Ways(part_rows=4, canary=4), attempts=1)
    assert first.held_back and shop.asked == 4
    assert list(states(first)) == [3, 8, 13, 18]
    canary = first.canary
    assert canary is not None and canary.cost is not None and canary.share is not None
    assert (canary.accepted, canary.decided, canary.rest, canary.spent) == (4, 4, 16, Decimal("0.40"))
    assert canary.cost == (Decimal("1.6"),) * 3
    assert 0.5 < canary.share.low < canary.share.value == 1.0
    assert shop.run(table, Ways(part_rows=4, canary=4), attempts=1).held_back and shop.asked == 4
    again = shop.run(table, Ways(part_rows=4, canary=4), attempts=1, told=Told(canary=lambda _canary: True))
    assert again.whole and shop.asked == 20 and len(states(again)) == 20


def test_a_canary_of_a_batch_that_was_begun_comes_from_what_is_left_of_it(shop: Shop) -> None:
    table, stop = shop.prompts(12), Stop()
    shop.run(table, stop=stop, told=Told(part=lambda _lines, _totals: stop.ask()))
    summary = shop.run(table, Ways(part_rows=4, canary=2))
    assert summary.held_back and [row for row in states(summary) if row > 4] == [7, 11]
    assert shop.run(table).whole
    again = shop.run(table, Ways(part_rows=4, canary=2))
    assert again.whole and again.totals.open == 0 and len(lines_of(again)) == 12 == shop.asked


def test_a_canary_of_a_batch_that_is_over_asks_for_nothing(shop: Shop) -> None:
    table = shop.prompts(5)
    shop.run(table)
    again = shop.run(table, Ways(canary=2))
    assert again.whole and again.canary is None and len(lines_of(again)) == 5


def test_between_two_parts_everything_of_the_old_one_is_let_go(shop: Shop) -> None:
    alive: list[int] = []

    def counted() -> int:
        gc.unfreeze()  # or what is kept for good would be hidden
        gc.collect()  # a ring that nobody holds is let go of, whenever that is noticed
        return sum(isinstance(one, Grid | Prepared | Plan) for one in gc.get_objects())

    def count(_lines: object, _totals: object) -> None:
        alive.append(counted())

    before = counted()
    shop.run(shop.prompts(12), Ways(part_rows=2), told=Told(part=count))
    assert len(alive) == 6 and max(alive) <= before


def test_what_a_part_is_asked_is_written_down_under_its_batch(shop: Shop) -> None:
    summary = shop.run(shop.prompts(2))
    with shop.project() as project:
        entries = project.ledger.events(project.ledger.runs()[0].id)
        scopes = [one.event.scopes for one in entries if isinstance(one.event, Reserved)]
    assert scopes and all(f"batch:{summary.batch}" in one for one in scopes)


def test_the_moment_of_a_batch_is_one_for_all_its_parts_and_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(tmp_path, FLOW.replace("{{mood}}", "{{timestamp}} {{random}}").replace("variables: {mood: calm}\n", ""))
    table = shop.prompts(8)
    summary = shop.run(table)
    said = {(one.prompt or "").partition(", ")[2] for one in recipes(shop)}
    assert len(said) == 1
    shutil.rmtree(summary.folder)
    monkeypatch.setattr("time.strftime", lambda *_given: "20990101-000000")
    assert shop.run(table).whole and shop.asked == 8
