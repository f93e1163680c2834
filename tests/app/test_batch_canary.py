"""What some rows say about all: Wilson's share, Student's mean, and rows from all over the table."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rushes.app.batch_canary import canary_of, cost_of, every_nth, wilson
from rushes.app.batch_lines import DONE, FAILED, Line, Paid

HOME = Path("home")


@pytest.mark.parametrize(
    ("hits", "tries", "low", "high"),
    [  # Wilson's interval at 95 %, as the tables of statistics give it
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (1, 2, 0.0945, 0.9055),
        (81, 263, 0.2553, 0.3662),
    ],
)
def test_a_share_has_wilsons_interval(hits: int, tries: int, low: float, high: float) -> None:
    found = wilson(hits, tries)
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-4), pytest.approx(high, abs=5e-4))


@given(st.integers(1, 1000).flatmap(lambda tries: st.tuples(st.integers(0, tries), st.just(tries))))
def test_a_share_lies_in_its_interval(pair: tuple[int, int]) -> None:
    found = wilson(*pair)
    assert 0 <= found.low <= found.value <= found.high <= 1 or found.value in (0.0, 1.0)


def test_money_has_students_interval_of_the_mean_times_the_rows_that_are_left() -> None:
    found = cost_of([Decimal("0.10"), Decimal("0.20"), Decimal("0.30")], 100)
    assert found.usd == Decimal("20")
    # the mean of three with a deviation of 0.1: 4.303 * 0.1 / sqrt(3) = 0.2484 on either side
    assert found.low == 0 and found.high == pytest.approx(Decimal("44.84"), abs=Decimal("0.01"))
    assert cost_of([Decimal("0.05")] * 30, 1000) == (Decimal("50"),) * 3


@pytest.mark.parametrize(("free", "quantile"), [(16, 2.120), (30, 2.042), (120, 1.980)])
def test_beyond_the_table_students_quantile_is_right_to_three_figures(free: int, quantile: float) -> None:
    rows = [Decimal(1), Decimal(3)] * (free // 2 + 1)
    rows = rows[: free + 1]
    found = cost_of(rows, 1)
    mean = sum(rows) / len(rows)
    spread = (sum((one - mean) ** 2 for one in rows) / Decimal(free) / len(rows)).sqrt()
    assert float((found.high - found.usd) / spread) == pytest.approx(quantile, abs=2e-3)


@given(st.integers(1, 50), st.integers(1, 5000))
def test_the_canary_comes_from_the_middle_of_equal_stretches(count: int, of: int) -> None:
    found = sorted(every_nth(count, of))
    assert len(found) == min(count, of) and found[0] >= 0 and found[-1] < of
    gaps = [after - before for before, after in pairwise(found)]
    assert not gaps or max(gaps) - min(gaps) <= 1


def line(row: int, state: str = DONE, usd: str | None = "0.10", flagged: bool = False) -> Line:
    paid = (Paid("run", None if usd is None else Decimal(usd), 1.0),)
    return Line(row, row + 1, "", state, (f"{row}.png",), flagged, "", paid)


def test_what_a_check_finds_fault_with_did_not_come_out_well() -> None:
    found = canary_of([line(1), line(2, flagged=True), line(3, FAILED), line(4, "waiting")], 10, HOME)
    assert (found.accepted, found.decided, found.waiting) == (1, 3, 1)
    assert found.paths[0] == str(HOME / "1.png")


def test_a_charge_that_nobody_said_is_not_taken_for_zero() -> None:
    found = canary_of([line(1), line(2, usd=None)], 10, HOME)
    assert found.cost is None and found.spent is None
    assert canary_of([line(1)], 10, HOME).cost is None, "one row has no deviation"
