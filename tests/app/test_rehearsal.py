"""One workflow against one simulator comes to the same bytes and the same books every time; again it is free."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from tests.app.rehearsal import EXAMPLES, Rehearsal, rehearse

TWO = """\
name: two
settings: {approve: best}
steps:
  - name: still
    type: text_to_image
    model: nano_banana_2
    rows: [a lighthouse at dawn, a harbour at noon]
    prompt: "{{item}}"
    candidates: 2
    approve: true
    params: {aspect_ratio: "9:16", resolution: 512px}
  - name: film
    type: image_to_video
    model: veo_31_fast
    input_from: still
    prompt: waves roll in
    params: {aspect_ratio: "9:16", resolution: 720p, duration: 4}
"""


def hold(one: Rehearsal, other: Rehearsal) -> None:
    """What every pair of rehearsals must hold."""
    assert one.outputs and one.outputs == other.outputs, "byte-identical outputs"
    assert one.books == other.books, "identical books"
    stills, films, again = one.runs
    assert all(run["simulated"] and not run["failures"] for run in one.runs)
    assert stills["counts"]["bought"] and films["counts"]["bought"]
    assert (again["counts"]["bought"], again["spent_usd"]) == (0, "0"), "the second run in one home is free"
    assert one.books["duplicates"] == [] and one.books["unfetched"] == []
    assert one.books["accepted"] == stills["counts"]["bought"] + films["counts"]["bought"]
    spent = Decimal(stills["spent_usd"]) + Decimal(films["spent_usd"])
    assert spent == Decimal(one.books["billed"]), "what is said to be spent is what was billed, to the cent"
    assert {name.partition("/")[0] for name in one.books["models"]} == {"fal", "gemini"}


def test_two_scenes_rehearsed_twice_come_to_the_same_and_then_are_free(tmp_path: Path) -> None:
    workflow = tmp_path / "two.yaml"
    workflow.write_text(TWO)
    one, other = (rehearse(tmp_path / name, workflow, most_side=128) for name in ("one", "other"))
    hold(one, other)
    assert len(one.outputs) == 4 + 2 + 2, "candidates, the chosen ones, films"


@pytest.mark.long
def test_the_eight_scenes_rehearsed_twice_come_to_the_same_and_then_are_free(tmp_path: Path) -> None:
    one, other = (rehearse(tmp_path / name, EXAMPLES / "LIGHT-V0-1.nbflow") for name in ("one", "other"))
    hold(one, other)
