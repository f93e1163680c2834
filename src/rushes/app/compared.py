"""What a comparison came to: of each model how long, for how much, how large, how good; and the work in one value."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from rushes.app.made import Made
from rushes.model.money import ZERO
from rushes.model.operation import Operation
from rushes.model.run import RunState


class Taken(NamedTuple):
    """One result of one model. `seconds` from asking to having it, `usd` what it cost when it was made (None: not
    known); both are the recorded ones where it was there before."""

    made: Made
    seconds: float | None
    usd: Decimal | None

    def plain(self) -> dict[str, Any]:
        """As JSON; candidates count from 1."""
        one, artifact = self.made, self.made.artifact
        return {
            "candidate": one.candidate + 1,
            "path": None if one.path is None else str(one.path),
            "text": one.text,
            "digest": None if artifact is None else artifact.digest,
            "media_type": None if artifact is None else artifact.media_type,
            "bytes": None if artifact is None else artifact.size,
            "width": None if artifact is None else artifact.width,
            "height": None if artifact is None else artifact.height,
            "length": None if artifact is None else artifact.seconds,
            "seconds": self.seconds,
            "usd": _plain(self.usd),
            "reused": one.reused,
            "flagged": one.verdict.flagged,
            "score": one.verdict.score,
            "findings": [finding.says for finding in one.verdict.findings],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One model. `wanted` results were asked of it; `spent` is what this comparison paid for it, in USD (None: not all
    is known). Where results are missing, `why` says why."""

    model: str
    provider: str
    wanted: int
    taken: tuple[Taken, ...]
    spent: Decimal | None
    why: str = ""

    @property
    def seconds(self) -> tuple[float, ...]:
        """The known times, shortest first."""
        return tuple(sorted(one.seconds for one in self.taken if one.seconds is not None))

    @property
    def median(self) -> float | None:
        """Of the known times."""
        return statistics.median(self.seconds) if self.seconds else None

    @property
    def each(self) -> Decimal | None:
        """USD for one result on average; None where one of them has no known price, or there is none."""
        known = [one.usd for one in self.taken if one.usd is not None]
        return sum(known, ZERO) / len(known) if known and len(known) == len(self.taken) else None

    @property
    def pixels(self) -> tuple[str, ...]:
        """The sizes of its pictures and films, such as `1024x576`, each once."""
        made = (one.made.artifact for one in self.taken)
        return tuple(dict.fromkeys(f"{one.width}x{one.height}" for one in made if one is not None and one.width))

    @property
    def bytes(self) -> int | None:
        """Of one result, the median; None for texts."""
        sizes = [one.made.artifact.size for one in self.taken if one.made.artifact is not None]
        return round(statistics.median(sizes)) if sizes else None

    @property
    def reused(self) -> int:
        """How many results were there before."""
        return sum(one.made.reused for one in self.taken)

    @property
    def flagged(self) -> int:
        """How many results the checks flagged."""
        return sum(one.made.verdict.flagged for one in self.taken)

    @property
    def score(self) -> float | None:
        """What the checks gave on average."""
        return statistics.fmean(one.made.verdict.score for one in self.taken) if self.taken else None

    @property
    def judged(self) -> bool:
        """Whether the checks had something to look at: they say nothing about texts."""
        return any(one.made.artifact is not None for one in self.taken)

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        times = self.seconds
        return {
            "model": self.model,
            "provider": self.provider,
            "wanted": self.wanted,
            "made": len(self.taken),
            "reused": self.reused,
            "seconds": {"median": self.median, "low": times[0], "high": times[-1]} if times else None,
            "each_usd": _plain(self.each),
            "spent_usd": _plain(self.spent),
            "flagged": self.flagged if self.judged else None,
            "score": self.score if self.judged else None,
            "why": self.why,
            "results": [one.plain() for one in self.taken],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Models side by side; money in USD. `sheet` is the contact sheet as a picture, `page` as HTML: None where nothing
    was made. `run` is the run that asked, for `rushes resume` and `rushes export`."""

    run: str
    state: RunState
    op: Operation
    prompt: str
    contenders: tuple[Contender, ...]
    spent: Decimal
    unpriced: int
    simulated: bool
    sheet: Path | None = None
    page: Path | None = None
    notes: Sequence[str] = ()

    @property
    def taken(self) -> tuple[Taken, ...]:
        """Every result."""
        return tuple(one for contender in self.contenders for one in contender.taken)

    @property
    def sketched(self) -> bool:
        """Whether the offline painter stood in for every model: then it compares nobody but itself."""
        return all(one.provider == "sketch" for one in self.contenders)

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "run": self.run,
            "state": str(self.state),
            "op": str(self.op),
            "prompt": self.prompt,
            "models": [one.plain() for one in self.contenders],
            "spent_usd": str(self.spent),
            "unpriced": self.unpriced,
            "simulated": self.simulated,
            "sheet": None if self.sheet is None else str(self.sheet),
            "page": None if self.page is None else str(self.page),
            "notes": list(self.notes),
        }


def _plain(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)
