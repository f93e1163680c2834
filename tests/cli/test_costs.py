"""`rushes costs` as people read it: columns of 80, money in words, an export beside the books."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from tests.cli.envelopes.simulated import FILM, simulator
from tests.ledger.facts import record, reserved, stored

from rushes.ledger.ledger import Ledger
from rushes.ledger.open import open_ledger
from rushes.model.event import Accepted, Done
from rushes.model.ids import AttemptId, RunId
from rushes.model.run import RunOptions

from .conftest import Rushes

RUN = "20261101-120000-6fc3"
NOON = 1_793_534_400.0
USD = Decimal


@pytest.fixture
def ledger(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        with open_ledger(Path(os.environ["RUSHES_HOME"]) / "ledger.sqlite") as opened:
            yield opened
    time.tzset()


def bought(
    ledger: Ledger, number: int, usd: str | None, at: float = NOON, model: str = "fal-ai/flux/dev", run: str = RUN
) -> None:
    name = AttemptId(f"{run}/{number}")
    billed = None if usd is None else USD(usd)
    events = [
        reserved(name, name, worst=billed, provider="fal", model=model),
        Accepted(attempt=name, remote=json.dumps([f"https://queue.fal.run/requests/job-00000{number}", ""])),
        Done(attempt=name, billed=billed),
        stored(name, name),
    ]
    ledger.append(RunId(run), events, at)


@pytest.fixture
def books(ledger: Ledger) -> Ledger:
    ledger.create_run(record(RUN, created=NOON))
    bought(ledger, 1, "0.05")
    bought(ledger, 2, "0.05", NOON + 120)
    bought(ledger, 3, "0.08", NOON + 240)
    return ledger


EXPORT = """\
request_id,created_at,endpoint,cost
job-000001,2026-11-01T12:00:09Z,fal-ai/flux/dev,$0.08
,2026-11-01T12:02:11Z,fal-ai/flux/dev,$0.05
stranger-0001,2026-11-01T12:05:00Z,fal-ai/veo,$0.60
"""


def test_an_export_beside_the_books_is_shown_as_the_page_shows_it(rushes: Rushes, books: Ledger, place: Path) -> None:
    (place / "fal-2026-11.csv").write_text(EXPORT)
    said = rushes("costs", "--usage", "fal-2026-11.csv")
    page = (Path(__file__).parents[2] / "docs" / "costs.md").read_text()
    (shown,) = re.findall(r"```text\n(fal: .*?)```", page, re.S)
    assert said.code == 0 and [line.rstrip() for line in said.out.splitlines()] == shown.splitlines()


def test_money_fits_eighty_columns_and_says_what_it_does_not_know(rushes: Rushes, books: Ledger) -> None:
    bought(books, 4, None, model="fal-ai/a-model-with-a-name-that-is-far-too-long-for-a-column/v1.2/image-to-video")
    books.create_run(record("r2", options=RunOptions(sim="http://127.0.0.1:1")))
    bought(books, 1, "7", run="r2")
    out = rushes("costs").out
    assert max(map(len, out.splitlines())) <= 80, out
    assert "+?: 1 request of an unknown amount, in no sum" in out and "UTC" in out
    assert "simulated: $7.00 for 1 request (--simulated shows it)" in out and "$7.18" not in out
    assert "nobody pays this" in rushes("costs", "--simulated").out


def test_csv_and_json_say_the_same_to_the_cent(rushes: Rushes, books: Ledger) -> None:
    bought(books, 4, "0.000001", model="=HYPERLINK(1)")
    rows = list(csv.DictReader(io.StringIO(rushes("costs", "--csv", "--by", "model").out)))
    data = rushes("costs", "--by", "model", "--json").json["data"]["costs"]
    assert sum(USD(row["billed_usd"]) for row in rows) == USD(data["total"]["billed_usd"]) == USD("0.180001")
    bought(books, 5, "1", model="m")
    named = rushes("costs", "--csv", "--by", "workflow").out.splitlines()
    assert named[1].startswith("story,")


def test_no_cell_is_a_formula_of_a_spreadsheet(rushes: Rushes, ledger: Ledger) -> None:
    ledger.create_run(record(RUN, workflow="=HYPERLINK(1)"))
    bought(ledger, 1, "0.05")
    assert rushes("costs", "--csv", "--by", "workflow").out.splitlines()[1].startswith("'=HYPERLINK(1),")


def test_a_period_is_days_here_or_a_time_ago(rushes: Rushes, books: Ledger) -> None:
    def runs(*flags: str) -> int:
        attempts: int = rushes("costs", "--json", *flags).json["data"]["costs"]["total"]["attempts"]
        return attempts

    assert runs("--since", "2026-11-01", "--until", "2026-11-01") == 3
    assert runs("--until", "2026-10-31") == 0 and runs("--since", "2026-11-02") == 0
    assert runs("--since", "90000h") == 3 and runs("--since", "all") == 3


@pytest.mark.parametrize(
    "flags",
    [
        ("--since", "tomorrow"),
        ("--since", "2026-13-01"),
        ("--until", "9999-12-31"),
        ("--by", "moon"),
        ("--map", "amount=x"),
        ("--provider", "fal"),
        ("--usage", "none.csv"),
        ("--usage", "odd.csv"),
        ("--usage", "odd.csv", "--provider", "fall"),
        ("--usage", "odd.csv", "--provider", "fal", "--map", "sum=cost"),
        ("--usage", "odd.csv", "--provider", "fal", "--csv"),
    ],
)
def test_a_mistake_is_named_and_no_traceback(flags: tuple[str, ...], rushes: Rushes, place: Path) -> None:
    (place / "odd.csv").write_text("a,b\n1,2\n")
    said = rushes("costs", *flags)
    assert said.code == 2 and "->" in said.err and "Traceback" not in said.err


def test_runs_says_which_were_simulated(rushes: Rushes, books: Ledger) -> None:
    books.create_run(record("r2", options=RunOptions(sim="http://127.0.0.1:1")))
    told = {one["run"]: one["simulated"] for one in rushes("runs", "--json").json["data"]}
    assert told == {RUN: False, "r2": True}
    assert [("(simulated)" in line) for line in rushes("runs").out.splitlines() if "story" in line].count(True) == 1


def test_a_period_without_any_time_in_it_is_a_mistake(rushes: Rushes) -> None:
    said = rushes("costs", "--since", "2026-11-02", "--until", "2026-10-01")
    assert said.code == 2 and "--since is later than --until" in said.err


def test_a_run_says_what_its_plan_warns_of(rushes: Rushes, place: Path) -> None:
    (place / "film.yaml").write_text(FILM + "settings: {warn_threshold: 0.001}\n")
    with simulator() as url:
        said = rushes("run", "film.yaml", "--sim", url, "--provider", "auto", "--json")
        again = rushes("run", "film.yaml", "--sim", url, "--provider", "auto", "-q")
    assert said.code == 0 and "warning: this may cost $0.003, and warn_threshold is $0.001" in said.err
    assert "warning" not in again.err
