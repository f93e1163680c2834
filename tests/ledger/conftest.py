from __future__ import annotations

from collections.abc import Iterator

import pytest

from rushes.ledger.ledger import Ledger
from rushes.ledger.open import open_ledger


@pytest.fixture
def ledger(ledger_where: str) -> Iterator[Ledger]:
    with open_ledger(ledger_where) as opened:
        yield opened
