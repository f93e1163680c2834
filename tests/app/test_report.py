"""The run report: one file, nothing from outside, nothing from inside that runs."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rushes.app import report as report_module
from rushes.app.export import export
from rushes.app.report import Story, report, write_report
from rushes.app.report_timeline import Bar, timeline
from rushes.app.summary import summarize
from rushes.graph.value import Outcome, State
from rushes.model.ids import Digest
from rushes.model.media import Artifact
from rushes.model.operation import Operation
from rushes.model.result import Result, Value
from rushes.model.verdict import Verdict
from rushes.testing.media import mp4, wav

from .test_summary import attempt, entries
from .world import Studio, approved, gate, grid_of, image, record, waiting

VOID = {"meta", "img", "br", "link", "input", "hr", "line", "rect"}


class Page(HTMLParser):
    """A strict enough reader: tags must nest, and what can load or run is collected."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.stack: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.stack == [], self.stack

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given_ = {name: value or "" for name, value in attrs}
        self.tags.append((tag, given_))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack and self.stack[-1] == tag, (tag, self.stack[-3:])
        self.stack.pop()

    def handle_data(self, data: str) -> None:
        if self.stack and self.stack[-1] != "style":
            self.words.append(data)

    def of(self, tag: str) -> list[dict[str, str]]:
        """The attributes of every such tag."""
        return [attrs for name, attrs in self.tags if name == tag]

    @property
    def text(self) -> str:
        """What people read."""
        return " ".join("".join(self.words).split())


def harmless(page: Page) -> None:
    """Nothing runs, and nothing is fetched from anywhere but beside the file."""
    assert not {tag for tag, _ in page.tags} & {"script", "iframe", "object", "embed", "form", "base", "link"}
    policy = next(a["content"] for a in page.of("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'") and "script-src" not in policy and "http" not in policy
    for _tag, attrs in page.tags:
        assert not any(name.startswith("on") for name in attrs)
        for name in ("src", "href", "poster"):
            if name in attrs:
                assert re.match(r"(data:image/webp;base64,|\./|#)", attrs[name]), attrs[name]


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path / "store")


def told(studio: Studio, tmp_path: Path, *, prompt: str = "a fox") -> tuple[Story, Path]:
    """Two scenes with a film, a gate that waits, a failure."""
    grid = grid_of(
        image("s", title="Scene 1 still", candidates=3),
        gate("g", "s"),
        image("f", title="Scene 1 film", needs="g", op=Operation.IMAGE_TO_VIDEO),
        image("s2", title="Scene 2 still", candidates=2),
        gate("g2", "s2"),
        image("lost", title="Scene 3"),
        image("voice", title="Voice", op=Operation.TEXT_TO_SPEECH),
        image("idea", title="Idea", op=Operation.PROMPT_GENERATION),
    )
    one, two = studio.made("s", 3, flagged=(3,)), studio.made("s2", 2)
    film = Outcome(State.DONE, Value(artifacts=(studio.artifact(mp4("f"), "video/mp4"),)))
    voice = Outcome(State.DONE, Value(artifacts=(studio.artifact(wav("v"), "audio/wav"),)))
    outcomes = [
        one,
        approved(one, 2),
        film,
        two,
        waiting(two),
        Outcome(State.FAILED, says=f"refused: {prompt}"),
        voice,
        Outcome(State.DONE, Value(text=f"an idea: {prompt}")),
    ]
    events = entries(*attempt(1, "s"))
    summary = summarize(record(workflow=prompt), grid, outcomes, events)
    done = export(record(workflow="Story"), grid, outcomes, summary.failures, studio.store, base=tmp_path)
    assert one.base is not None
    story = Story(
        summary=summary,
        grid=grid,
        outcomes=outcomes,
        entries=events,
        files=done.files,
        version=done.version,
        reasons={"s": f"prompt changed: {prompt}"},
        recipes={one.base: {"prompt": prompt}},
    )
    return story, done.home


def test_a_report_shows_candidates_the_pick_flags_films_failures_and_gates(studio: Studio, tmp_path: Path) -> None:
    story, home = told(studio, tmp_path)
    path = write_report(story, studio.store, home)
    page = Page(path.read_text("utf-8"))
    harmless(page)
    assert path.name == "report-run-1.html"
    for said in ("Scene 01", "Scene 02", "✓ picked", "⚑ flagged", "one colour only", "Waiting for your choice"):
        assert said in page.text
    assert "rushes approve run-1 g2 CANDIDATE" in page.text and "refused: a fox" in page.text
    assert "prompt changed: a fox" in page.text and "$0.04" in page.text
    (film,) = page.of("video")
    assert film["poster"].startswith("data:image/webp") and (home / film["src"]).resolve().exists()
    (voice,) = page.of("audio")
    assert (home / voice["src"]).resolve().exists()
    for link in page.of("a"):
        if not link["href"].startswith("#"):
            assert (home / link["href"]).resolve().exists()


def test_every_picture_has_words_and_a_size(studio: Studio, tmp_path: Path) -> None:
    page = Page("".join(report(told(studio, tmp_path)[0], studio.store)))
    assert len(page.of("img")) == 5
    for picture in page.of("img"):
        assert "Scene" in picture["alt"] and int(picture["width"]) > 0 and int(picture["height"]) > 0
    assert all(film["aria-label"] for film in page.of("video") + page.of("audio"))
    assert page.of("html")[0]["lang"] == "en" and len(page.of("h1")) == 1


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.text(max_size=60),
        st.sampled_from(
            [
                "<script>alert(1)</script>",
                '" onerror="x',
                "</style><b>",
                "javascript:x",
                "]]><svg onload=x>",
                "\0\x1b[2J\ud800",
            ]
        ),
    )
)
def test_whatever_a_prompt_says_it_stays_words(studio: Studio, tmp_path: Path, prompt: str) -> None:
    text = "".join(report(told(studio, tmp_path, prompt=prompt)[0], studio.store))
    harmless(Page(text))
    text.encode()
    assert "\x1b" not in text and "\0" not in text


def test_beyond_the_cap_pictures_are_linked(studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_module, "EMBEDDED", 2)
    page = Page("".join(report(told(studio, tmp_path)[0], studio.store)))
    harmless(page)
    inside = [p for p in page.of("img") + page.of("video") if "data:" in p["src"] + p.get("poster", "")]
    linked = [p for p in page.of("img") if p["src"].startswith("./") and p["loading"] == "lazy"]
    assert len(inside) == 2 and len(linked) == 4


def test_bytes_that_are_no_picture_leave_a_hole_and_no_error(studio: Studio, tmp_path: Path) -> None:
    broken = [
        studio.artifact(b"not a picture"),
        studio.artifact(b"\x89PNG\r\n\x1a\n" + b"\0" * 40),
        studio.artifact(mp4("x")[:200], "video/mp4"),
        Artifact(digest=Digest("0" * 64), media_type="image/png", size=1),
    ]
    grid = grid_of(*(image(f"n{i}") for i in range(len(broken))))
    outcomes = [
        Outcome(State.DONE, Value(artifacts=(a,)), None, (Result(0, 0, Value(artifacts=(a,)), Verdict()),))
        for a in broken
    ]
    story = Story(summary=summarize(record(), grid, outcomes, []), grid=grid, outcomes=outcomes)
    page = Page("".join(report(story, studio.store)))
    harmless(page)
    assert page.text.count("no preview") == len(broken)


def test_the_size_grows_linearly(studio: Studio) -> None:
    def size(rows: int) -> int:
        grid = grid_of(image("s", rows=tuple(map(str, range(rows))), candidates=4))
        outcomes = [studio.made("same", 4)] * rows
        events = entries(*(event for n in range(rows) for event in attempt(n, "s", n)))
        story = Story(summary=summarize(record(), grid, outcomes, events), grid=grid, outcomes=outcomes, entries=events)
        return sum(map(len, report(story, studio.store)))

    small, middle, large = size(50), size(100), size(200)
    assert (large - middle) == pytest.approx(2 * (middle - small), rel=0.1)


def bars(*times: tuple[float, float]) -> list[Bar]:
    return [Bar("b", start, start, end, end, "stored") for start, end in times]


def test_attempts_share_lanes_and_never_overlap() -> None:
    drawn = timeline(bars((0, 4), (1, 3), (3, 5), (4, 6), (5, 6)), 5)
    boxes = [
        (float(x), float(x) + float(width), int(y))
        for x, y, width in re.findall(r'<rect class="work" x="([\d.]+)" y="(\d+)" width="([\d.]+)"', drawn)
    ]
    assert len(boxes) == 5 and len({y for _, _, y in boxes}) == 2
    for y in {y for _, _, y in boxes}:
        lane = sorted((a, b) for a, b, at in boxes if at == y)
        assert all(first[1] <= second[0] + 0.2 for first, second in pairwise(lane))


def test_a_night_of_waiting_is_cut_out_of_the_timeline() -> None:
    drawn = timeline(bars((0, 5), (50_000, 50_005)), 2)
    assert "11 s" in drawn and "cut" in drawn and "h " not in drawn


@given(st.lists(st.tuples(st.floats(0, 1e5), st.floats(0, 1e4)), min_size=1, max_size=40))
def test_every_bar_lies_inside_the_picture(times: list[tuple[float, float]]) -> None:
    drawn = timeline(bars(*((start, start + length) for start, length in times)), len(times))
    for x, width in re.findall(r'<rect class="\w+" x="(-?[\d.]+)" y="\d+" width="([\d.]+)"', drawn):
        assert float(x) >= -0.1 and float(x) + float(width) <= 1001.2


def test_without_attempts_there_is_no_timeline() -> None:
    assert timeline([], 0) == ""
