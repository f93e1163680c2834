"""Every error that Rushes raises on purpose.

::

    RushesError
    ├── UserError                 the person can fix it; exit code 2, never a traceback
    │   ├── ProblemsError         a document has problems; carries them all (in model/problem.py)
    │   ├── ConfigError           a setting is wrong; says where it came from
    │   ├── NotFound              no such run, node, candidate, file
    │   └── PlanChanged           the plan that was approved is not the plan of today
    ├── RefusedError              a guard said no before any money moved; exit code 5
    ├── RemoteError               a provider said no, or said nothing; carries an `ErrorClass`
    └── StoreError                bytes or the ledger could not be read or written
        └── DamagedError          what is stored is not what was stored
"""

from __future__ import annotations

from enum import StrEnum


class ErrorClass(StrEnum):
    """What kind of failure a provider reported; the retry policy reads nothing else."""

    CONTENT_POLICY = "content_policy"
    INVALID_INPUT = "invalid_input"
    AUTH = "auth"
    QUOTA = "quota"
    RATE_LIMIT = "rate_limit"
    TRANSIENT = "transient"
    TIMEOUT = "timeout"
    RETIRED_MODEL = "retired_model"
    CANCELLED = "cancelled"
    BAD_OUTPUT = "bad_output"
    UNKNOWN_OUTCOME = "unknown_outcome"


class RushesError(Exception):
    """The root: catching this catches everything Rushes raises on purpose."""

    next_step: str = ""

    def __init__(self, message: str, *, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        if next_step:
            self.next_step = next_step


class UserError(RushesError):
    """A mistake that the person at the keyboard can correct."""


class ConfigError(UserError):
    """A setting has a value that cannot be used."""


class NotFound(UserError):
    """A name that the person gave matches nothing."""


class PlanChanged(UserError):
    """`--plan FINGERPRINT` was given and today's plan has another fingerprint."""


class RefusedError(RushesError):
    """A guard refused before anything was bought."""


class RemoteError(RushesError):
    """A provider failed an attempt.

    `maybe_billed` is true when the provider may have charged although it failed;
    `retry_after` is in seconds and is a promise not to ask earlier.
    """

    def __init__(
        self,
        kind: ErrorClass,
        message: str,
        *,
        maybe_billed: bool = False,
        retry_after: float | None = None,
        next_step: str = "",
    ) -> None:
        super().__init__(message, next_step=next_step)
        self.kind = kind
        self.maybe_billed = maybe_billed
        self.retry_after = retry_after


class StoreError(RushesError):
    """The store or the ledger could not do what was asked."""


class DamagedError(StoreError):
    """Stored bytes do not have the digest they are named by."""
