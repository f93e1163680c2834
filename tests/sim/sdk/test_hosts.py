"""Nobody but the providers' own hosts is spoken to. Every test of this folder checks it; here the check is checked."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sim.sdk.side import Raised, Side
from tests.sim.sdk.stage import Stage


@pytest.mark.parametrize("url", ["https://example.com/", "http://example.com/"])
def test_another_host_is_noted_and_not_reached(fal: Side, stage: Stage, url: str) -> None:
    with pytest.raises(Raised):
        fal.do("must_reach", url=url)

    assert any("example.com" in target for target in stage.log.refused)
    stage.log.targets[:] = [target for target in stage.log.targets if "example.com" not in target]
    stage.log.refused.clear()


def test_the_sdks_speak_to_their_own_hosts_only(fal: Side, gemini: Side, stage: Stage, pictures: list[Path]) -> None:
    stage.log.targets.clear()

    fal.do("watch", model="fal-ai/hosts/schnell", arguments={"prompt": "hosts", "image_size": "square"})
    fal.do("upload", path=str(pictures[0]))
    fal.do("run", model="fal-ai/hosts/schnell", arguments={"prompt": "hosts at once", "image_size": "square"})
    gemini.do("describe", model="gemini-2.5-flash", prompt="What is it?", pictures=[str(pictures[0])])

    assert stage.log.hosts == {
        "queue.fal.run",
        "rest.fal.ai",
        "v3.fal.media",
        "fal.run",
        "generativelanguage.googleapis.com",
    }
