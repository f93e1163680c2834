"""A check speaks (finding, verdict); a person or a policy speaks (decision)."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from rushes.model.ids import BaseKey, Digest


class Finding(NamedTuple):
    """What one check saw: a stable code (`picture.blank`), words for people, and whether it alone flags."""

    code: str
    says: str
    flags: bool = True


class Verdict(NamedTuple):
    """What the checks made of one candidate: flagged or clean, and a score (higher is better)."""

    flagged: bool = False
    score: float = 0.0
    findings: tuple[Finding, ...] = ()


class Choice(StrEnum):
    """What a decision says about a candidate."""

    APPROVED = "approved"
    REJECTED = "rejected"


class Decision(NamedTuple):
    """A pick or a refusal, bound to exact bytes.

    `subject` is the base key of the candidates that were shown: the same question asked again, in another tab
    or file, has the same answer; a changed question has none. `by` names the person or the policy.
    """

    subject: BaseKey
    artifact: Digest
    choice: Choice
    by: str
    at: float  # unix seconds
    note: str = ""
