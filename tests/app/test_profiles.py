"""Drafts: cheaper means for the same file, with both prices, apart from the final and never taken for it."""

from __future__ import annotations

import asyncio
import dataclasses
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.app.test_stand_ins import NEW, model
from tests.docs.blocks import ROOT

from rushes.app.config import load_config
from rushes.app.hooks import Hooks
from rushes.app.plan import Prepared, prepare
from rushes.app.profiles import Changed, Swap
from rushes.app.project import Project
from rushes.app.review import decide
from rushes.app.run import rerun_file, resume, run_file
from rushes.app.stopping import Stop
from rushes.app.summary import RunSummary
from rushes.catalogue.load import Catalogue, model_of
from rushes.errors import ConfigError, UserError
from rushes.graph.planned import Action
from rushes.model.event import Stored
from rushes.model.profile import DRAFT, Profile, profile_of
from rushes.model.run import RunOptions, RunState
from rushes.model.verdict import Choice

FILE = """\
name: film
steps:
  - {name: still, type: text_to_image, model: nano_banana_pro, prompt: a red fox, candidates: 4,
     params: {aspect_ratio: "9:16", resolution: 2K}}
  - {name: clip, type: image_to_video, model: veo_3_1, input_from: still, prompt: it looks up, params: {duration: 8}}
  - {name: voice, type: text_to_speech, model: elevenlabs_flash, prompt: hello}
"""
AUTO = RunOptions(provider="auto", profile="draft")


class Desk:
    """A folder with a file and a home."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, folder / "film.yaml"
        self.write(FILE)

    def write(self, text: str) -> None:
        self.file.write_text(text)

    def steps(self, *steps: str) -> None:
        self.write("name: film\nsteps:\n" + "".join(f"  - {{{one}}}\n" for one in steps))

    def project(self) -> Project:
        return Project(load_config(self.folder, {"home": self.folder / "home"}, {}))

    def plan(self, options: RunOptions = AUTO) -> Prepared:
        with self.project() as project:
            return asyncio.run(prepare(project, self.file, options))

    def change(self, options: RunOptions = AUTO) -> Changed:
        changed = self.plan(options).changed
        assert changed is not None
        return changed

    def swaps(self, options: RunOptions = AUTO) -> dict[str, Swap]:
        return {one.node: one for one in self.change(options).swaps}

    def run(self, profile: str | None, hooks: Hooks | None = None, **more: Any) -> RunSummary:
        with self.project() as project:
            options = RunOptions(provider="sketch", profile=profile, **more)
            return asyncio.run(run_file(project, self.file, options, hooks=hooks or Hooks()))

    def asked(self) -> list[dict[str, Any]]:
        """The recipes of everything that was made."""
        with self.project() as project:
            entries = [one for record in project.ledger.runs() for one in project.ledger.events(record.id)]
        return [one.event.recipe for one in entries if isinstance(one.event, Stored)]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_draft_is_quoted_beside_the_final(desk: Desk) -> None:
    prepared, final = desk.plan(), desk.plan(dataclasses.replace(AUTO, profile=None))
    assert prepared.changed is not None and final.changed is None
    assert prepared.changed.final == final.plan.money
    assert prepared.plan.money.high < final.plan.money.high / 4
    first = prepared.plan.warnings[0]
    assert first.startswith("profile draft: draft $0.") and f"final ${final.plan.money.high}" in first


def test_a_draft_says_who_is_asked_instead_of_whom(desk: Desk) -> None:
    swaps = desk.swaps()
    assert (swaps["still"].old, swaps["still"].new) == ("nano_banana_pro", "nano_banana_2_1")
    assert swaps["still"].says == ("resolution 1K", "1 of 4 candidates")
    assert (swaps["clip"].new, swaps["clip"].says) == ("veo_3_1_lite", ("resolution 720p",))
    assert (swaps["voice"].new, swaps["voice"].says) == ("elevenlabs_flash", ("it has no draft",))
    asked = {str(one.node): (one.provider, one.model) for one in desk.plan().plan.nodes}
    assert asked["clip"] == ("fal", "veo_3_1_lite")
    lines = list(desk.change().lines(desk.plan().plan.money))
    assert "clip: veo_3_1_lite instead of veo_3_1; resolution 720p" in lines
    assert "voice: elevenlabs_flash stays; it has no draft" in lines


def test_a_length_becomes_the_nearest_and_what_is_not_taken_is_left_out(desk: Desk) -> None:
    desk.steps(
        "name: b, type: text_to_video, model: kling_2_6_pro, prompt: p, params: {duration: 10, cfg_scale: 0.5}",
        "name: d, type: image_to_video, model: wan_2_6, prompt: p, params: {image: i.png, duration: 15}",
    )
    (desk.folder / "i.png").write_bytes(_png())
    swaps = desk.swaps()
    assert (swaps["b"].new, swaps["b"].says[0]) == ("grok_imagine", "cfg_scale left out")
    assert (swaps["d"].new, swaps["d"].says[0]) == ("seedance_1_5_pro", "duration 12 instead of 15")
    node = next(one for one in desk.plan().grid.nodes if one.id == "d")
    assert (node.params["duration"], node.params["resolution"]) == (12, "480p")


def _png() -> bytes:
    from rushes.testing.media import png

    return png("still")


def test_who_does_not_take_what_a_step_brings_is_not_asked(desk: Desk) -> None:
    (desk.folder / "i.png").write_bytes(_png())
    ends = {"category": "image_to_video", "operations": ["image_to_video"]}
    known = [
        model_of(model("own", "fal-ai/kling-video/v2.6/pro/image-to-video") | ends | {"drafts": ["quick"]}),
        model_of(model("quick", "xai/grok-imagine-video/image-to-video") | ends),
    ]
    step = "name: clip, type: image_to_video, model: own, prompt: p, params: {image: i.png%s}"
    found = []
    for more in (", end_image: i.png", ""):
        desk.steps(step % more)
        with desk.project() as project:
            project.__dict__["catalogue"] = Catalogue(known)
            changed = asyncio.run(prepare(project, desk.file, AUTO)).changed
        assert changed is not None
        found.append((changed.swaps[0].new, changed.swaps[0].says[:1]))
    assert found == [("own", ("quick takes no end_frame",)), ("quick", ("resolution 480p",))]


def test_a_provider_that_has_no_draft_keeps_the_own_model(desk: Desk) -> None:
    (desk.folder / "i.png").write_bytes(_png())
    desk.steps("name: edit, type: image_to_image, model: nano_banana_2_edit, prompt: p, params: {image: i.png}")
    swap = desk.swaps(dataclasses.replace(AUTO, provider="fal"))["edit"]
    assert (swap.new, swap.says[0]) == ("nano_banana_2_edit", "fal does not offer nano_banana_2_1")
    assert desk.swaps()["edit"].new == "nano_banana_2_1"


@pytest.mark.parametrize("usd", ["0.05", None])
def test_a_draft_is_never_dearer_nor_of_an_unknown_price(desk: Desk, usd: str | None) -> None:
    price = {"usd": usd, "per": "image", "source": "test", "as_of": "2026-11-21"}
    known = [
        model_of(model("own_paint") | {"drafts": ["other_paint"]}),
        model_of(model("other_paint", NEW) | {"prices": [price]}),
    ]
    desk.steps("name: still, type: text_to_image, model: own_paint, prompt: p")
    with desk.project() as project:
        project.__dict__["catalogue"] = Catalogue(known)
        changed = asyncio.run(prepare(project, desk.file, AUTO)).changed
    assert changed is not None
    assert [(one.new, one.says) for one in changed.swaps] == [("own_paint", ("other_paint costs more for this",))]


def test_flags_beat_a_profile(desk: Desk) -> None:
    prepared = desk.plan(dataclasses.replace(AUTO, candidates=3, attempts=2))
    assert next(one for one in prepared.plan.nodes if one.node == "still").calls == 3
    assert prepared.setting.attempts == 2
    assert desk.plan().plan.rerolls == 0


def test_the_final_afterwards_makes_only_what_differs(desk: Desk) -> None:
    draft = desk.run("draft")
    assert (draft.state, draft.counts.bought, draft.profile) == (RunState.DONE, 3, "draft")
    final = desk.run(None)
    assert (final.counts.bought, final.counts.reused, final.profile) == (4 + 1, 1, None)
    assert desk.run("draft").counts.bought == desk.run(None).counts.bought == 0
    models = {one["model"] for one in desk.asked()}
    assert {"sketch-1/nano_banana_2_1", "sketch-1/nano_banana_pro", "sketch-1/elevenlabs_flash"} <= models


def test_a_draft_lies_apart_and_says_what_it_is(desk: Desk) -> None:
    draft, final = desk.run("draft"), desk.run(None)
    home = desk.folder / "Assets" / "film"
    assert (home / "draft" / "generated-images" / "v0-1" / "still.png").exists()
    assert (home / "generated-images" / "v0-1" / "still.png").exists()
    assert all((home / "draft") in path.parents for path in draft.exported)
    assert not any((home / "draft") in path.parents for path in final.exported)
    report = next(path for path in draft.exported if path.name.startswith("report")).read_text()
    assert "film (draft)" in report and "not the final" in report
    assert "not the final" not in next(path for path in final.exported if path.name.startswith("report")).read_text()


def test_a_filled_in_graph_says_in_its_name_that_it_is_a_draft(desk: Desk) -> None:
    shutil.copytree(ROOT / "examples", desk.folder / "examples", ignore=shutil.ignore_patterns("Assets", "Generations"))
    desk.file = desk.folder / "examples" / "LIGHT-V0-1.nbflow"
    generators = [one for one in desk.plan(RunOptions(provider="sketch")).plan.nodes if one.action is Action.RUN]
    desk.run("draft", only=(str(generators[0].node),))
    (written,) = (desk.file.parent / "Generations").glob("*.nbflow")
    assert written.name.startswith("LIGHT-V0-1-draft-generated-")


def test_asking_again_under_a_profile_asks_the_draft_again(desk: Desk) -> None:
    desk.run("draft", only=("still",))
    with desk.project() as project:
        options = RunOptions(provider="sketch", profile="draft", rerun=("still",))
        summary = asyncio.run(rerun_file(project, desk.file, options))
    assert (summary.profile, summary.counts.bought) == ("draft", 1)
    assert {one["model"] for one in desk.asked()} == {"sketch-1/nano_banana_2_1"}


GATED = """\
name: film
steps:
  - {name: still, type: text_to_image, model: nano_banana_pro, prompt: a red fox, candidates: 2, approve: true}
  - {name: larger, type: upscale_image, input_from: still}
"""


def test_an_approved_draft_is_no_approval_of_the_final(desk: Desk) -> None:
    desk.write(GATED)
    draft = desk.run("draft")
    assert draft.state is RunState.PARKED
    with desk.project() as project:
        asyncio.run(decide(project, draft.run, "still", 1, Choice.APPROVED))
        assert asyncio.run(resume(project, draft.run)).state is RunState.DONE
    final = desk.run(None)
    assert (final.state, final.counts.waiting, final.counts.bought) == (RunState.PARKED, 1, 2)
    with desk.project() as project:
        digests = [one.artifact for many in project.ledger.decisions(_bases(desk)).values() for one in many]
    assert len(digests) == 1


def _bases(desk: Desk) -> list[Any]:
    options = [RunOptions(provider="sketch", profile=one) for one in ("draft", None)]
    return [o.base for one in options for o in desk.plan(one).plan.outcomes if o.base is not None]


def test_what_has_no_draft_keeps_its_approval_for_it_is_the_same_picture(desk: Desk) -> None:
    desk.write(
        GATED.replace("nano_banana_pro", "flux_schnell").replace(
            "a red fox,", "a fox, params: {width: 64, height: 64},"
        )
    )
    draft = desk.run("draft", candidates=2)
    with desk.project() as project:
        asyncio.run(decide(project, draft.run, "still", 1, Choice.APPROVED))
    assert desk.run(None).counts.waiting == 0


def test_a_resume_means_what_the_profile_meant(desk: Desk) -> None:
    toml = desk.folder / "rushes.toml"
    toml.write_text('[profiles.quick]\nmodels = {nano_banana_pro = "imagen4"}\ncandidates = 1\n')
    stop = Stop()
    stop.ask()
    stopped = desk.run("quick", Hooks(stop=stop), only=("still",))
    assert stopped.state is RunState.INTERRUPTED
    toml.unlink()
    with desk.project() as project:
        summary = asyncio.run(resume(project, stopped.run))
    assert (summary.counts.bought, summary.profile) == (1, "quick")
    assert [one["model"] for one in desk.asked()] == ["sketch-1/imagen4"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[profiles.quick]\ncandidats = 2\n", "profiles.quick.candidats is no setting of a profile"),
        ("[profiles.quick]\ncandidates = 0\n", "profiles.quick.candidates is 0"),
        ('[profiles.quick]\ndrafts = "yes"\n', "profiles.quick.drafts is 'yes'"),
        ("[profiles.quick]\nmodels = 3\n", "profiles.quick.models is no table"),
        ("[profiles]\nquick = 3\n", "profiles.quick is no table"),
        ("[profiles.final]\ncandidates = 1\n", "'final' is no name for a profile"),
        ('[profiles."../up"]\ncandidates = 1\n', "'../up' is no name for a profile"),
        ("[profiles.generated-images]\ncandidates = 1\n", "'generated-images' is no name for a profile"),
        ('[profiles.quick]\nmodels = {flux_dev = "flux_schnel"}\n', "there is no model 'flux_schnel'"),
    ],
)
def test_a_profile_that_cannot_be_is_refused_by_file_and_key(desk: Desk, text: str, says: str) -> None:
    (desk.folder / "rushes.toml").write_text(text)
    with pytest.raises(ConfigError, match=says):
        desk.plan(RunOptions(profile="quick"))


def test_a_profile_that_nobody_made_names_the_nearest(desk: Desk) -> None:
    with pytest.raises(UserError, match="no such profile") as raised:
        desk.plan(RunOptions(profile="darft"))
    assert raised.value.next_step == "did you mean 'draft'?"


def test_a_profile_of_ones_own_changes_what_it_says_and_nothing_else(desk: Desk) -> None:
    (desk.folder / "rushes.toml").write_text(
        '[profiles.quick]\nmodels = {"nano-banana-pro" = "nano_banana_2"}\ncandidates = 2\nresolution = "1K"\n'
        '[profiles.draft]\nresolution = "1080p"\n'
    )
    quick = desk.swaps(dataclasses.replace(AUTO, profile="quick"))
    assert (quick["still"].new, quick["still"].says) == ("nano_banana_2", ("resolution 1K", "2 of 4 candidates"))
    assert quick["clip"].new == "veo_3_1" and "voice" not in quick
    # the built-in one goes on from what it was
    draft = desk.swaps()
    assert (draft["clip"].new, draft["clip"].says) == ("veo_3_1_lite", ("resolution 1080p",))


def test_a_profile_may_say_who_is_asked(desk: Desk) -> None:
    (desk.folder / "rushes.toml").write_text('[profiles.free]\nprovider = "sketch"\n')
    assert desk.plan(RunOptions(profile="free")).plan.money.high == Decimal(0)
    own = desk.plan(RunOptions(profile="free", provider="fal", only=("still",)))
    assert {one.provider for one in own.plan.nodes if one.action is Action.RUN} == {"fal"}


def test_a_profile_survives_its_own_json() -> None:
    import json

    for one in (DRAFT, Profile("x", models=(("a", "b"),), candidates=2)):
        options = RunOptions(profile=one.name, means=one, similar=0.5, takes=(("a", None, "0" * 8), ("b", 2, "1" * 8)))
        assert RunOptions.structured(json.loads(json.dumps(options.plain()))) == options
    assert profile_of(None) is None
