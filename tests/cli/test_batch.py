"""`rushes batch` on the command line: what it says, what it streams, how it exits."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from tests.cli.conftest import Rushes
from tests.cli.envelopes.simulated import FILM, simulator

from rushes.app.batch_told import Forecast
from rushes.cli.batch_view import BatchView
from rushes.cli.session import Session
from rushes.model.money import Estimate

FLOW = """
name: cards
steps:
  - {name: still, type: text_to_image, prompt: "{{input}}", params: {resolution: 360p}}
"""


@pytest.fixture
def cards(place: Path) -> Path:
    (place / "cards.yaml").write_text(FLOW)
    (place / "rows.txt").write_text("a fox\nan owl\na hare\na newt\n")
    return place


def test_a_batch_says_what_it_will_do_and_what_came_of_it(cards: Path, rushes: Rushes) -> None:
    said = rushes("batch", "cards.yaml", "--table", "rows.txt", "--chunk-size", "3")
    assert said.code == 0
    assert "4 rows; 4 rows to run" in said.err and "as the first 3 rows" in said.err
    assert "4 rows: 4 done" in said.out and "results.jsonl" in said.out
    again = rushes("batch", "cards.yaml", "--table", "rows.txt")
    assert again.code == 0 and "4 of 4 rows are done already" in again.err


def test_rows_that_could_not_be_run_are_named_with_their_line_and_make_an_exit_code(
    cards: Path, rushes: Rushes
) -> None:
    (cards / "rows.csv").write_text("prompt,id\na fox,1\nan owl\n")
    said = rushes("batch", "cards.yaml", "--table", "rows.csv")
    assert said.code == 3 and "1 done, 1 bad" in said.out
    assert "rows.csv:3:1  row-bad  row 2: it has 1 value, and the header names 2" in said.err


def test_after_a_canary_nothing_is_run_without_a_word(cards: Path, rushes: Rushes) -> None:
    said = rushes("batch", "cards.yaml", "--table", "rows.txt", "--canary", "2")
    assert said.code == 5 and "2 done, 2 open" in said.out
    assert "2 of 2 rows came out well: 100%, between 34% and 100%" in said.err and "with --yes goes on" in said.err
    assert rushes("batch", "cards.yaml", "--table", "rows.txt", "--canary", "2", "--yes").code == 0


def test_every_row_is_streamed_once(cards: Path, rushes: Rushes) -> None:
    lines = [
        json.loads(line) for line in rushes("batch", "cards.yaml", "--table", "rows.txt", "--stream").out.splitlines()
    ]
    assert [one["type"] for one in lines] == ["forecast", "row", "row", "row", "row", "summary"]
    assert [one["row"] for one in lines[1:5]] == [1, 2, 3, 4]
    assert lines[-1]["summary"]["rows"]["done"] == 4


def test_at_a_terminal_what_a_batch_says_is_broken_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("COLUMNS", "80")
    out = Terminal()
    view = BatchView(Session(), lambda _canary: True, out)
    words = "this may cost $475.44, and more where results are flagged and made again, and --budget allows $199.20 more"
    view.told.forecast(Forecast(2000, 3, 1987, 994, 1981, Estimate(), 856.0, (words,)))
    lines = out.getvalue().splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert " ".join(" ".join(lines).split()).endswith(f"warning: {words}")


@pytest.mark.parametrize(
    ("table", "says"),
    [("promt\na fox\n", "did you mean 'prompt'"), ("prompt\n\n", "no row that could be run"), ("", "has no header")],
)
def test_a_table_that_is_a_mistake_is_one_in_a_sentence(cards: Path, rushes: Rushes, table: str, says: str) -> None:
    (cards / "rows.csv").write_text(table)
    said = rushes("batch", "cards.yaml", "--table", "rows.csv")
    assert said.code == 2 and says in said.err and "Traceback" not in said.err


def test_a_run_of_a_batch_can_be_looked_at_and_written_out_again(cards: Path, rushes: Rushes) -> None:
    run = rushes("batch", "cards.yaml", "--table", "rows.txt", "--json").json["data"]["runs"][0]
    assert rushes("status", run, "--json").json["data"]["counts"]["done"] == 4
    made = sorted((cards / "Assets").rglob("*.png"))
    assert len(made) == 4
    made[0].unlink()
    assert rushes("export", run).code == 0
    assert sorted((cards / "Assets").rglob("*.png")) == made


def test_rows_in_doubt_are_told_apart_from_rows_to_approve(place: Path, rushes: Rushes) -> None:
    (place / "film.yaml").write_text(FILM.replace("a red fox", "'{{input}}'"))
    (place / "rows.txt").write_text("a fox\na hare\n")
    with simulator("--fault", "close-after=1@submit") as url:
        said = rushes("batch", "film.yaml", "--table", "rows.txt", "--sim", url, "--provider", "auto", "--json")
    (waits,) = [one for one in said.json["problems"] if one["code"] == "waits-for-approval"]
    assert waits["says"] == "2 rows wait for a decision"
    assert said.json["data"]["runs"][-1] in waits["try"] and "rushes unknowns" in waits["try"]
