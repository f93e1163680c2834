"""What lies beside a text is kept with it, and decides nothing: keys, approvals and inputs are those of the text."""

from __future__ import annotations

from rushes.graph.gates import shown_as
from rushes.graph.value import State
from rushes.model.ids import Digest
from rushes.model.media import Artifact
from rushes.model.operation import Operation
from rushes.model.result import Result, Value
from rushes.model.verdict import Verdict

from .build import Memory, artifact, base_of, gate, grid_of, media, node, plan_of

TIMES = Artifact(digest=Digest("7" * 64), media_type="application/json", size=80)
BARE, TIMED = Value(text="a fox"), Value("a fox", (TIMES,))


def test_a_text_has_no_artifact_that_travels_and_a_picture_has_whatever_is_said_of_it() -> None:
    assert (BARE.main, BARE.beside, TIMED.main, TIMED.beside) == (None, None, None, TIMES)
    still = artifact("still")
    for value in (Value(artifacts=(still,)), Value("a caption", (still,))):
        assert (value.main, value.beside) == (still, None)


def test_what_follows_from_a_text_is_the_same_question_with_times_and_without() -> None:
    told = node("told", Operation.ANALYZE_IMAGE, feeds={"image": "m"})
    still = node("still", Operation.TEXT_TO_IMAGE, prompt="{{told.output}}", feeds={"reference": "told"})
    grid = grid_of(media("m"), told, still)
    asked = []
    for value in (BARE, TIMED):
        known = Memory()
        known.held[base_of(grid, known, "told")] = [Result(0, 0, value, Verdict())]
        asked.append(base_of(grid, known, "still"))
    assert asked[0] == asked[1]


def test_an_approval_of_a_text_is_of_its_words_and_outlives_their_times() -> None:
    told = node("told", Operation.ANALYZE_IMAGE, prompt="what?", feeds={"image": "m"})
    grid, known = grid_of(media("m"), told, gate("pick", "told")), Memory()
    base = base_of(grid, known, "told")
    known.decide(base, shown_as(TIMED))
    for value in (TIMED, BARE):
        known.held[base] = [Result(0, 0, value, Verdict())]
        passed = plan_of(grid, known).outcomes[-1]
        assert (passed.state, passed.value) == (State.DONE, value)
