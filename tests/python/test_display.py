"""What a notebook shows: pictures that travel with it, what each cost, and nothing that a prompt could do."""

from __future__ import annotations

import base64
import dataclasses
import io
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

from PIL import Image
from tests.python.rig import PAID, SMALL, client_over, drawing

from rushes.errors import ErrorClass
from rushes.model.run import RunOptions
from rushes.model.verdict import Finding, Verdict
from rushes.python.workflow import Workflow
from rushes.testing.provider import Fault, ScriptedProvider

HOSTILE = "<script>alert(1)</script>"


class Page(HTMLParser):
    """The elements and the text of a fragment; every element that is opened must be closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.pictures: list[str] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "img":
            self.pictures.append(dict(attrs)["src"] or "")
        else:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


async def test_candidates_are_shown_as_small_pictures_with_their_price_and_the_pick(tmp_path: Path) -> None:
    async with drawing(tmp_path) as client:
        fox = await client.generate_image("a red fox", params={"resolution": "1080p"}, candidates=3)
    page = Page(fox._repr_html_())
    assert len(page.pictures) == 3 and page.text.count("picked") == 1
    for one in page.pictures:
        assert one.startswith("data:image/webp;base64,") and len(one) < 60_000
        with Image.open(io.BytesIO(base64.b64decode(one.partition(",")[2]))) as small:
            assert max(small.size) <= 360
    assert "candidate 3" in page.text and "$0.00" in page.text and str(fox.path) in page.text


async def test_a_flagged_candidate_is_shown_as_such_with_what_was_found(tmp_path: Path) -> None:
    async with drawing(tmp_path) as client:
        fox = await client.generate_image("a red fox", params=SMALL, candidates=2)
    found = Verdict(True, 0.1, (Finding("picture.blank", "one colour <only>"), Finding("x", "not so bad", False)))
    other = fox.results[1]._replace(verdict=found)
    page = Page(dataclasses.replace(fox, results=(fox.results[0], other))._repr_html_())
    assert page.text.count("flagged: one colour <only>") == 1 and "not so bad" not in page.text


async def test_a_text_is_shown_as_text_and_does_nothing(tmp_path: Path) -> None:
    film = f"""
name: "{HOSTILE}"
steps:
  - {{name: said, type: template, prompt: "{HOSTILE} {{{{input}}}}"}}
  - {{name: told, type: prompt_generation, prompt: "{HOSTILE}"}}
"""
    async with drawing(tmp_path) as client:
        document = Workflow.from_text(film, tmp_path / "film.yaml").with_variables(input="x")
        shown = (await client.plan(document))._repr_html_() + (await client.run(document))._repr_html_()
    page = Page(shown)
    assert "script" not in page.tags and HOSTILE in page.text


async def test_a_plan_is_shown_with_its_reasons_and_its_money(tmp_path: Path) -> None:
    async with client_over(tmp_path, ScriptedProvider(price=Decimal("0.25"))) as client:
        steps = "steps: [{name: still, type: text_to_image, prompt: a fox}]"
        planned = await client.plan(Workflow.from_text(steps, tmp_path / "film.yaml"), RunOptions(provider="scripted"))
    page = Page(planned._repr_html_())
    assert "$0.25" in page.text and planned.fingerprint in page.text
    assert all(reason in page.text for reason in planned.reasons.values())
    assert "most=0.25" in repr(planned)


async def test_what_failed_is_shown_with_its_next_step(tmp_path: Path) -> None:
    no = Fault(error=ErrorClass.CONTENT_POLICY)
    async with client_over(tmp_path, ScriptedProvider(faults=[no])) as client:
        steps = "steps: [{name: still, type: text_to_image, prompt: a fox}]"
        ran = await client.run(Workflow.from_text(steps, tmp_path / "film.yaml"), RunOptions(provider="scripted"))
    page = Page(ran._repr_html_())
    assert "failed" in page.text and "reword the prompt" in page.text


async def test_a_picture_that_is_gone_leaves_its_card(tmp_path: Path) -> None:
    async with drawing(tmp_path) as client:
        fox = await client.generate_image("a red fox", params=SMALL)
    fox.path.unlink()
    page = Page(fox._repr_html_())
    assert not page.pictures and str(fox.path) in page.text


async def test_an_unknown_price_is_shown_as_unknown(tmp_path: Path) -> None:
    async with client_over(tmp_path, ScriptedProvider(price=None), yes=True) as client:
        page = Page((await client.generate_image("a fox", **PAID))._repr_html_())
    assert page.text.count("· unknown") == 2, "of the result, and of the sum"
