"""Models side by side: what each took and cost, who failed and why, and nothing bought that was here before."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from rushes.app.compare import Wish, compare_models
from rushes.app.compare_work import FROM_A_PICTURE, FROM_WORDS, takes_pictures, work_for
from rushes.app.compared import Comparison
from rushes.app.config import load_config
from rushes.app.consent import given
from rushes.app.hooks import Hooks
from rushes.app.project import Project
from rushes.catalogue.load import Catalogue
from rushes.errors import ErrorClass, RefusedError, UserError
from rushes.model.media import Artifact, Kind
from rushes.model.operation import Operation
from rushes.model.problem import ProblemsError
from rushes.model.request import Recipe
from rushes.model.run import RunOptions, RunState
from rushes.model.verdict import Finding, Verdict
from rushes.plugin.check import Check
from rushes.testing.provider import Fault, ScriptedProvider

USD = Decimal
PRICES = {"flux_schnell": USD("0.003"), "flux_dev": USD("0.025"), "imagen4": None}
FOX = Wish(models=("flux_schnell", "flux_dev"), prompt="a red fox", count=2)


class Doubter:
    """A check that flags everything."""

    name = "doubter"
    kinds = (Kind.IMAGE,)

    def look(self, artifact: Artifact, path: Path, recipe: Recipe) -> Verdict:
        return Verdict(True, 0.25, (Finding("picture.dull", "nobody would look at it"),))


class Room:
    """A folder, and a provider whose models have prices of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.provider = ScriptedProvider(price=lambda recipe: PRICES[recipe.alias or ""])
        self.checks: Sequence[Check] = ()

    def compare(self, wish: Wish = FOX, *, hooks: Hooks | None = None, **options: Any) -> Comparison:
        config = load_config(self.folder, {"home": self.folder / "home"}, {})
        asked = RunOptions(**{"provider": "scripted", **options})
        with Project(config, {"scripted": self.provider}, checks=self.checks) as project:
            return asyncio.run(
                compare_models(project, wish, asked, folder=self.folder, hooks=hooks or Hooks(consent=given))
            )


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def test_each_model_has_its_results_its_prices_and_its_files(room: Room) -> None:
    found = room.compare()
    assert found.state is RunState.DONE and found.op is Operation.TEXT_TO_IMAGE
    assert [(one.model, len(one.taken), one.each, one.spent) for one in found.contenders] == [
        ("flux_schnell", 2, USD("0.003"), USD("0.006")),
        ("flux_dev", 2, USD("0.025"), USD("0.050")),
    ]
    assert found.spent == USD("0.056")
    for one in found.contenders:
        assert len(one.seconds) == 2 and one.seconds[0] <= (one.median or 0) <= one.seconds[-1]
    assert all(one.made.path is not None and one.made.path.is_file() for one in found.taken)


def test_what_was_here_before_costs_nothing_and_keeps_its_time_and_its_price(room: Room) -> None:
    first, again = room.compare(), room.compare()
    assert room.provider.posts.total() == 4 and again.spent == 0
    for before, after in zip(first.contenders, again.contenders, strict=True):
        assert (after.seconds, after.each, after.provider) == (before.seconds, before.each, before.provider)
        assert (after.reused, after.spent) == (2, 0)


def test_one_more_of_each_buys_one_more_of_each(room: Room) -> None:
    room.compare()
    more = room.compare(Wish(models=FOX.models, prompt="a red fox", count=3))
    assert more.spent == USD("0.028") and [one.reused for one in more.contenders] == [2, 2]
    assert all(one.each == PRICES[one.model] for one in more.contenders)


def test_models_may_be_spelt_as_anybody_spells_them(room: Room) -> None:
    room.provider = ScriptedProvider(price=USD("0.01"))
    names = ("fal-ai/flux/dev", "Flux Schnell", "flux_dev@2026-10-01")
    found = room.compare(Wish(models=(*names, names[0]), prompt='a {{fox}} & "owls"\n'))
    assert [(one.model, len(one.taken)) for one in found.contenders] == [(name, 1) for name in names]
    paths = [one.made.path for one in found.taken]
    assert len({*paths}) == 3 and all(path is not None and path.is_file() for path in paths)


def test_asked_anew_everything_is_bought_once_more(room: Room) -> None:
    room.compare()
    anew = room.compare(Wish(models=FOX.models, prompt="a red fox", count=2, fresh=True))
    assert room.provider.posts.total() == 8 and anew.spent == USD("0.056")
    assert not any(one.reused for one in anew.contenders)


def test_a_flagged_result_is_a_finding_and_not_bought_again(room: Room) -> None:
    room.checks = (Doubter(),)
    found = room.compare()
    assert room.provider.posts.total() == 4
    assert [(one.flagged, one.score) for one in found.contenders] == [(2, 0.25), (2, 0.25)]


def test_a_model_that_fails_stops_nobody_and_says_why(room: Room) -> None:
    refusal = Fault(
        error=ErrorClass.CONTENT_POLICY, when=lambda request: request.recipe.alias == "flux_dev", times=None
    )
    room.provider = ScriptedProvider(price=USD("0.01"), faults=[refusal])
    found = room.compare()
    schnell, dev = found.contenders
    assert found.state is RunState.FAILED
    assert (len(schnell.taken), schnell.why) == (2, "")
    assert (len(dev.taken), dev.provider, dev.why) == (0, "scripted", "scripted content_policy at submit")
    assert found.sheet is not None and found.page is not None


def test_who_cannot_do_it_is_refused_by_name_and_nothing_is_bought(room: Room) -> None:
    with pytest.raises(ProblemsError) as caught:
        room.compare(Wish(models=("flux_schnell", "veo3", "nosuch", "flux_dev"), prompt="a red fox"))
    said = [(one.code, one.says, one.mark) for one in caught.value.problems]
    assert said == [
        ("model-operation", "the model 'veo3' does text_to_video, not text_to_image", None),
        ("model-unknown", "there is no model 'nosuch'", None),
    ]
    assert not room.provider.posts


def test_without_anybodys_word_nothing_above_the_threshold_is_bought(room: Room) -> None:
    room.provider = ScriptedProvider(price=USD("0.60"))
    with pytest.raises(RefusedError):
        room.compare(hooks=Hooks())
    with pytest.raises(RefusedError):
        room.compare(budget=USD("1.00"))
    assert not room.provider.posts


def test_a_price_that_nobody_knows_is_not_zero(room: Room) -> None:
    (found,) = room.compare(Wish(models=("imagen4",), prompt="a red fox")).contenders
    assert found.each is None and found.spent is None


def test_what_cannot_be_asked_is_said_before_anything_else(room: Room) -> None:
    with pytest.raises(UserError, match="needs a prompt"):
        room.compare(Wish(models=("flux_dev",)))
    with pytest.raises(UserError, match="takes no picture"):
        room.compare(Wish(models=("flux_dev",), prompt="a", pictures=("a.png",), op=Operation.TEXT_TO_SPEECH))
    assert not room.provider.posts


@pytest.mark.parametrize(
    ("models", "picture", "op"),
    [
        (("flux_schnell", "flux_dev"), False, Operation.TEXT_TO_IMAGE),
        (("veo3", "flux_dev", "sora_2"), False, Operation.TEXT_TO_VIDEO),
        (("kontext",), True, Operation.IMAGE_TO_IMAGE),
        (("kling_2_1", "kling_3_pro_i2v"), True, Operation.IMAGE_TO_VIDEO),
        (("nosuch",), False, Operation.TEXT_TO_IMAGE),
    ],
)
def test_what_is_asked_is_what_most_of_them_can_do(models: tuple[str, ...], picture: bool, op: Operation) -> None:
    assert work_for(Catalogue.default(), models, picture=picture) is op


def test_every_wish_that_begins_with_a_picture_takes_one() -> None:
    assert all(takes_pictures(op) for op in FROM_A_PICTURE)
    assert takes_pictures(Operation.SPEECH_TO_TEXT) is None
    assert not set(FROM_WORDS) & set(FROM_A_PICTURE)


# --- with real pictures -------------------------------------------------------------------------------------------


def sketched(folder: Path, wish: Wish) -> Comparison:
    config = load_config(folder, {"home": folder / "home"}, {})
    with Project(config) as project:
        return asyncio.run(compare_models(project, wish, RunOptions(provider="sketch"), folder=folder))


SMALL = {"resolution": "360p", "duration": 1}


def test_the_contact_sheet_shows_every_result(tmp_path: Path) -> None:
    found = sketched(
        tmp_path, Wish(models=("flux_schnell", "flux_dev"), prompt="a red fox", count=2, params={"resolution": "360p"})
    )
    assert found.sheet is not None and found.sketched
    with Image.open(found.sheet) as sheet:
        sheet.load()
        # two tiles of 300 beside the words, one row of at least 300 for each model
        assert sheet.width > 850 and sheet.height > 600
        colours = sheet.convert("RGB").getcolors(1 << 24) or []
        assert len(colours) > 1000, "pictures, not just boxes"


def test_films_from_a_picture_and_words_about_it_are_held_side_by_side_too(tmp_path: Path) -> None:
    drawn = sketched(tmp_path, Wish(models=("flux_dev",), prompt="a red fox", params={"resolution": "360p"}))
    still = str(drawn.taken[0].made.path)
    films = sketched(
        tmp_path, Wish(models=("kling_2_1", "hailuo"), prompt="it looks up", pictures=(still,), params=SMALL)
    )
    assert films.op is Operation.IMAGE_TO_VIDEO
    assert [one.taken[0].made.artifact.kind for one in films.contenders if one.taken[0].made.artifact] == ["video"] * 2
    told = sketched(tmp_path, Wish(models=("gemini_2_5_flash",), prompt="what is it?", pictures=(still,)))
    assert told.op is Operation.ANALYZE_IMAGE and told.taken[0].made.text
    assert told.sheet is not None and told.contenders[0].score is not None and not told.contenders[0].judged


class Reader(HTMLParser):
    """What a page holds."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.sources: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]


def test_the_page_holds_its_pictures_fetches_nothing_and_takes_no_markup_from_a_prompt(tmp_path: Path) -> None:
    evil = 'a fox <script src="https://evil.example/x.js"></script>'
    found = sketched(
        tmp_path, Wish(models=("flux_schnell", "flux_dev"), prompt=evil, count=2, params={"resolution": "360p"})
    )
    assert found.page is not None
    page = Reader(found.page.read_text("utf-8"))
    assert "script" not in page.tags and page.tags.count("img") == 4
    for source in page.sources:
        assert source.startswith(("data:image/webp", "./", "#"))
        if source.startswith("./"):
            assert (found.page.parent / source).is_file()


def test_wishes_that_differ_at_their_end_only_have_folders_of_their_own(room: Room) -> None:
    long = "a red fox that walks slowly through the deep snow of a long winter"
    for end in ("at dawn", "at dusk", "at dawn"):
        room.compare(replace(FOX, prompt=f"{long} {end}", count=1))
    folders = [path.name for path in (room.folder / "Assets").iterdir()]
    assert len(folders) == 2 and all(name.startswith("compare-a-red-fox-that-walks") for name in folders)
