"""The figures on the page of proofs are the last ones of `bench/proofs.jsonl`."""

from __future__ import annotations

import json
from typing import Any

from tests.docs.blocks import ROOT

PAGE = (ROOT / "docs" / "proofs.md").read_text("utf-8")


def _last(campaign: str) -> dict[str, Any]:
    lines = [json.loads(line) for line in (ROOT / "bench" / "proofs.jsonl").read_text("utf-8").splitlines()]
    found: dict[str, Any] = [line for line in lines if line["campaign"] == campaign][-1]["figures"]
    return found


def test_the_campaign_of_faults_held_up_and_is_told_as_it_was() -> None:
    figures = _last("faults")
    assert figures["held_up"] and figures["faults"] >= 10_000
    assert figures["duplicates"] == figures["unlisted"] == figures["damaged"] == 0
    for name in ("faults", "unknown", "held"):
        assert f"{figures[name]:,}" in PAGE, name
    assert f"{figures['reopen'] * 1000:.0f} ms" in PAGE


def test_every_wire_was_noticed_and_is_counted_as_it_was() -> None:
    figures = _last("mutations")
    assert figures["noticed"] == figures["wires"] >= 20
    assert f"{figures['wires']} wires" in PAGE
