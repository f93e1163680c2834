"""What is asked apart is really asked, every time, and stands in the place of nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rushes.graph.value import Outcome
from rushes.model.ids import Digest
from rushes.model.run import RunState
from rushes.testing.provider import ScriptedProvider

from .rig import Rig, film, still, workflow

FLOW = workflow(still("a"), film("b", "a"), still("c"))


def digests(outcomes: Sequence[Outcome]) -> list[Digest]:
    """What stands, cell by cell."""
    return [one.value.artifacts[0].digest for one in outcomes if one.value is not None]


def test_under_each_name_everything_is_asked_once_and_what_stands_stays(tmp_path: Path) -> None:
    provider = ScriptedProvider()
    rig = Rig(tmp_path, provider)
    stands = digests(rig.go(FLOW).outcomes)
    for bought, name in ((6, "one"), (9, "two"), (9, "two"), (9, "")):
        end = rig.go(FLOW, setting=rig.setting(apart=name))
        assert end.state is RunState.DONE
        assert provider.bought.total() == bought, name
        assert (digests(end.outcomes) == stands) is (name == ""), "another question has another answer"
