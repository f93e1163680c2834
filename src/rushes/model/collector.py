"""The garbage collector, held off while hundreds of thousands of values are made at once.

Nothing that a document, a grid, a plan or the ledger is made of refers back to itself, so there is nothing for the
collector to find; yet it would look through every value again and again while their number grows, which took a third
of the time of a large plan.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_off(*, keep: bool = False) -> Iterator[None]:
    """Hold the collector off inside the block; it is on again afterwards if it was on before.

    With `keep` what was made lives as long as the command, and the collector need never look at it.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if keep:
            gc.freeze()
        if was_on:
            gc.enable()
