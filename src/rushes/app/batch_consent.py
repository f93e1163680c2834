"""What somebody agreed to for a batch, and whether its next part is within it.

All of a batch is agreed to before its first part, from what that part says about the rest. The rest may be dearer: the
first rows may be here already, and cost nothing. So every part is held against the word that was given, and what goes
beyond it needs another.
"""

from __future__ import annotations

from decimal import Decimal

from rushes.app.batch_forecast import scaled
from rushes.app.ceiling import worst_of
from rushes.app.consent import Answer, agree, spending_of
from rushes.app.plan import Prepared
from rushes.app.project import Project
from rushes.model.money import ZERO


class Word:
    """The word of whoever may answer (None: nobody is there) for one call of a batch."""

    def __init__(self, answer: Answer | None) -> None:
        self._answer = answer
        self._up_to: Decimal | None = ZERO  # USD that were agreed to; None: whatever it costs
        self._planned = ZERO  # USD, the worst case of all parts so far

    def given(self) -> None:
        """Somebody has seen a part, and wants all the others."""
        self._up_to = None

    def planned(self, prepared: Prepared) -> None:
        """A part is run that is agreed to by itself: the canary."""
        self._planned += worst_of(prepared.plan.nodes, prepared)

    def keep(self, project: Project, prepared: Prepared, rows: int, left: int) -> None:
        """Have somebody agree to what `left` rows cost, of which `rows` are prepared, where that goes beyond their
        word. Raises RefusedError where nobody does.
        """
        part = worst_of(prepared.plan.nodes, prepared)
        if self._up_to is not None and (self._planned + part > self._up_to or prepared.plan.money.unknown):
            whole = scaled(prepared, Decimal(left) / rows)
            spending = spending_of(project, whole, before=self._planned)
            if spending is not None:
                agree(spending, self._answer)
                all_of_it = None if spending.most is None else self._planned + worst_of(whole.plan.nodes, whole)
                self._up_to = all_of_it
        self._planned += part
