"""`rushes stats` as people and scrapers call it, and what takes long as they see it while it does."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from rich.console import Console
from tests.cli.conftest import HELLO, Rushes

from rushes.app.stats import Limit, ModelStats, World
from rushes.app.stats_count import ModelCount
from rushes.app.stats_series import Series
from rushes.app.timings import Usual
from rushes.cli.live import LiveView
from rushes.cli.plain import LogView
from rushes.cli.stats_tables import _lines, _speeds
from rushes.model.event import Place, Slow
from rushes.model.ids import AttemptId, NodeId


def test_a_home_without_runs_says_what_to_do(rushes: Rushes) -> None:
    said = rushes("stats")
    assert said.code == 0 and "nothing was asked for" in said.out and "rushes run FILE" in said.out
    assert rushes("stats", "--json").json["data"]["worlds"] == [
        {"simulated": False, "rows": {"made": 0, "reused": 0, "reused_share": None}, "models": [], "limits": []}
    ]


def test_the_tables_name_each_model_and_fit_eighty_columns(hello: Path, rushes: Rushes) -> None:
    more = HELLO + "  - {name: larger, type: upscale_image, input_from: picture}\n"
    hello.write_text(more)
    assert rushes("run", "hello.yaml").code == 0
    said = rushes("stats")
    assert all(len(line) <= 80 for line in said.out.splitlines())
    assert re.search(r"^sketch/sketch-1/flux_dev +1 +\d\.\d s +- +- *$", said.out, re.M), said.out
    assert "sketch/sketch-1/seedvr2" in said.out and "rows: 0 from earlier, 2 made; 0.0% cost nothing" in said.out


def test_however_slow_and_long_of_name_a_model_is_nothing_is_cut() -> None:
    slow = Series()
    for seconds in (117.0, 725.0, 839.0, 5000.0, 40_000.0):
        slow.add(seconds)
    name = "fal-ai/bytedance/seedance/v1/pro/image-to-video"
    model = ModelStats(provider="fal", model=name, count=ModelCount(total=slow, slow=1810), offered=0, picked=0)
    console = Console(width=80, file=io.StringIO())
    console.print(_speeds(World(simulated=False, made=1, reused=0, models=(model,), limits=())))
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert re.search(r"14\.0 min +11\.1 h +11\.1 h +1,810", said) and said.count("…") == 1, said


@pytest.mark.parametrize(("known", "says"), [(99, False), (1000, True)])
def test_what_time_outs_are_learned_from_is_said_once_it_is_enough(known: int, says: bool) -> None:
    model = ModelStats(
        provider="fal", model="flux", count=ModelCount(), offered=0, picked=0, usual=Usual(known, half=9.0, most=14.0)
    )
    lines = list(_lines(World(simulated=False, made=1, reused=0, models=(model,), limits=())))
    assert ("fal/flux: 99 of 100 of its last 1,000 took at most 14 s" in lines) is says
    assert model.plain()["recent"] == {"results": known, "p99": 14.0}


def test_what_was_found_of_an_account_stands_beside_what_was_seen() -> None:
    limits = (Limit("fal", 12, 3, 9, 0.5), Limit("luma", 1, 0))
    lines = list(_lines(World(simulated=False, made=1, reused=0, models=(), limits=limits)))
    assert lines[0] == "fal: at most 12 requests at once in a run; refused more 3 times; found to take 9, 30 a minute"
    assert lines[1] == "luma: at most 1 request at once in a run"


@pytest.mark.parametrize("given", ["", "7", "d", "-1d", "7 days", "1.5h", "9999999d"])
def test_a_time_that_is_none_is_a_mistake(given: str, rushes: Rushes) -> None:
    said = rushes("stats", "--since", given)
    assert said.code == 2 and "is no time, such as 7d, 12h, 2026-11-01 or all" in said.err


@pytest.mark.parametrize("given", ["30s", "90m", "24h", "7d", "2w", "2026-11-01", "all"])
def test_a_time_is_a_day_or_so_long_ago(given: str, rushes: Rushes) -> None:
    assert rushes("stats", "--since", given, "--json").code == 0


def test_metrics_are_printed_in_their_own_form_and_nothing_is_silently_left_out(hello: Path, rushes: Rushes) -> None:
    rushes("run", "hello.yaml")
    said = rushes("stats", "--prometheus")
    assert said.code == 0 and said.out.startswith("# HELP rushes_requests_total")
    for flags in (["--json"], ["--since", "7d"], ["--provider", "sketch"], ["--model", "flux_dev"]):
        said = rushes("stats", "--prometheus", *flags)
        assert said.code == 2 and f"leave {flags[0]} out" in said.err


def test_a_run_says_where_its_metrics_are_on_stderr_and_keeps_stdout_clean(hello: Path, rushes: Rushes) -> None:
    said = rushes("run", "hello.yaml", "--metrics", "127.0.0.1:0", "--json")
    assert said.json["ok"] and re.search(r"^metrics: http://127\.0\.0\.1:\d+/metrics$", said.err, re.M)
    said = rushes("run", "hello.yaml", "--metrics", "0.0.0.0:9464")
    assert said.code == 2 and "could read along" in said.err


def test_what_takes_long_is_an_event_of_the_stream_and_a_note_of_the_summary(hello: Path, rushes: Rushes) -> None:
    (hello.parent / "rushes.toml").write_text("[alerts]\nslow = 0.000001\n")
    said = rushes("run", "hello.yaml", "--stream")
    lines = [json.loads(line) for line in said.out.splitlines()]
    (slow,) = [line for line in lines if line.get("event") == "Slow"]
    assert (slow["place"]["node"], slow["limit"], slow["learned"]) == ("picture", 0.000001, False)
    assert "slow: picture row 1 (over 1e-06 s); see rushes stats" in lines[-1]["summary"]["notes"]


SLOW = Slow(
    attempt=AttemptId("r/1"),
    place=Place(node=NodeId("fox")),
    provider="fal",
    model="fal-ai/flux/dev",
    limit=48.0,
    learned=True,
)
SAID = "slow    fox row 1: not done after 48 s (fal/fal-ai/flux/dev; 99 of 100 are done by then)"


def test_what_takes_long_is_a_line_of_the_log_and_above_the_panel() -> None:
    out = io.StringIO()
    LogView(out).watch(SLOW)
    assert out.getvalue() == SAID + "\n"
    out = io.StringIO()
    LiveView(Console(file=out, width=100)).watch(SLOW)
    assert out.getvalue().strip() == SAID
