"""Cut a wire, and a test must fail. Here: the list has not gone stale, and a few wires each day; all of them with
`sh scripts/campaign mutations`."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from tests.mutations.runner import Verdict, try_wire
from tests.mutations.table import WIRES
from tests.mutations.wires import ROOT, Copy, not_once

A_DAY = 5
"""Wires that are cut each day."""


def test_every_cut_fits_its_file_exactly_once() -> None:
    assert not [stale for wire in WIRES for stale in not_once(wire.cuts)]


def test_every_test_that_must_notice_is_there() -> None:
    for wire in WIRES:
        file, _, name = wire.test.partition("::")
        assert f"def {name.partition('[')[0]}(" in (ROOT / file).read_text("utf-8"), wire.test


def test_no_wire_is_named_twice() -> None:
    assert len({wire.name for wire in WIRES}) == len(WIRES)


@pytest.mark.parametrize("number", range(A_DAY))
def test_a_wire_of_the_day_is_cut_and_noticed(number: int, tmp_path: Path) -> None:
    wire = random.Random(int(time.time() // 86_400)).sample(WIRES, A_DAY)[number]
    outcome = try_wire(wire, Copy(tmp_path))
    assert outcome.verdict is Verdict.NOTICED, f"{wire.name}\n{outcome.said}"


@pytest.mark.long
@pytest.mark.parametrize("wire", WIRES, ids=lambda wire: wire.name)
def test_every_wire_is_cut_and_noticed(wire: object, tmp_path: Path) -> None:
    outcome = try_wire(wire, Copy(tmp_path))  # type: ignore[arg-type]
    assert outcome.verdict is Verdict.NOTICED, outcome.said
