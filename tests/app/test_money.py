"""Random runs with two hundred calls in flight under six nested ceilings: nothing goes over, and nearly all is usable.

What a campaign is, and what it asserts at every prefix of its journal, is in `bench/ceilings.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from bench.ceilings import Came, campaigns


def judge(came: Sequence[Came]) -> None:
    used = [share for one in came for share in one.used]
    assert max(one.over for one in came) == 0, "not a cent, not for a moment"
    assert used and min(used) >= Decimal("0.98"), "of a ceiling that refused, less than one request was left"
    assert max(one.in_flight for one in came) >= 200


def test_nothing_goes_over_and_nearly_all_is_usable() -> None:
    judge(list(campaigns(range(2))))


@pytest.mark.long
@pytest.mark.timeout(0)
def test_nothing_goes_over_in_a_thousand_runs() -> None:
    judge(list(campaigns(range(1000))))
