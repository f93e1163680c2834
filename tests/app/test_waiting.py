"""What waits, in words; and what of it is news."""

from __future__ import annotations

import time

import pytest

from rushes.app.waiting import BEGIN, News, waiting_line, waiting_lines
from rushes.engine import desk
from rushes.model.wait import Wait

NOW = time.mktime((2026, 11, 21, 22, 0, 0, 0, 0, -1))


@pytest.mark.parametrize(
    ("name", "wait", "says"),
    [
        ("run", Wait(36, "all 4 at once are in flight"), "36 for --concurrency (all 4 at once are in flight)"),
        ("provider:fal", Wait(12, "it was found to take 5 at once"), "12 for fal (it was found to take 5 at once)"),
        ("provider:fal", Wait(3, "it said to wait so long", 41.2), "3 for fal (it said to wait so long, 41 s left)"),
        ("provider:fal/flux_dev", Wait(1_200, "x", 90.0), "1,200 for fal/flux_dev (x, 1 min 30 s left)"),
        ("provider:gemini", Wait(2, "no more than 20 requests a day", 11 * 3600.0), "a day, until 09:00)"),
        ("provider:gemini", Wait(2, "x", 27 * 3600.0), "2 for gemini (x, until 2026-11-23 01:00)"),
        ("budget of run", Wait(4, "what others hold of it may come back"), "4 for money of run (what others hold"),
        ("group:films", Wait(2, "all 2 at once are in flight"), "2 for the group films (all 2"),
        ("spacing:fal", Wait(2, "the file wants 5 s between two requests", 3.0), "2 for fal (the file wants 5 s"),
        ("together", Wait(2, "all 9 at once are in flight"), "2 for a free slot of all runs together (all 9"),
        ("begin", Wait(8, "paused by ana; go on with: rushes ctl r1 resume"), "8 paused by ana; go on with"),
        ("provider:fal", Wait(3, "x", -0.5), "(x, 0.0 s left)"),
    ],
)
def test_what_waits_says_for_what_and_how_long(name: str, wait: Wait, says: str) -> None:
    line = waiting_line(name, wait, NOW)
    assert says in line and line.startswith(f"{wait.number:,} ")


def test_what_holds_up_most_comes_first() -> None:
    lines = waiting_lines({"run": Wait(2, "full"), "provider:fal": Wait(12, "full")}, NOW)
    assert [line.split()[0] for line in lines] == ["12", "2"]


def test_another_reason_is_news_and_another_number_is_none() -> None:
    news = News()
    assert list(news.of({"provider:fal": Wait(9, "it was found to take 5 at once")}, 0.0)) == ["provider:fal"]
    assert news.of({"provider:fal": Wait(8, "it was found to take 6 at once")}, 1.0) == {}
    assert list(news.of({"provider:fal": Wait(8, "it said to wait so long", 9.0)}, 2.0)) == ["provider:fal"]
    assert news.of({"provider:fal": Wait(7, "it was found to take 6 at once")}, 50.0) == {}, "it was so a moment ago"
    assert news.of({}, 60.0) == {}
    assert list(news.of({"provider:fal": Wait(7, "it was found to take 6 at once")}, 111.0)) == ["provider:fal"]


def test_the_word_to_go_on_is_called_as_the_engine_calls_it() -> None:
    assert BEGIN == desk.BEGIN
