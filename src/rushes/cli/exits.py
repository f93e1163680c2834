"""What the exit code of a command means. Documented in `docs/exit-codes.md`; scripts rely on it."""

from __future__ import annotations

from enum import IntEnum

from rushes.errors import RefusedError, RemoteError, StoreError, UserError
from rushes.model.run import RunState


class Exit(IntEnum):
    """The exit codes."""

    OK = 0  # done, or nothing to do
    INTERNAL = 1  # a fault of Rushes
    MISTAKE = 2  # something the person can correct: usage, a file with problems, an unknown name
    FAILED = 3  # the run ended, and some nodes have no result
    WAITING = 4  # parked: a person must approve
    REFUSED = 5  # a guard said no, and nothing was bought
    STORE = 6  # the store or the ledger could not be read or written
    INTERRUPTED = 130  # the person stopped it


_OF_STATE = {
    RunState.FAILED: Exit.FAILED,
    RunState.PARKED: Exit.WAITING,
    RunState.INTERRUPTED: Exit.INTERRUPTED,
    RunState.CANCELLED: Exit.INTERRUPTED,
}


def exit_of_state(state: RunState) -> Exit:
    """The exit code of a command that brought a run so far."""
    return _OF_STATE.get(state, Exit.OK)


def exit_of_error(error: BaseException) -> Exit:
    """The exit code of a command that ended with this error."""
    if isinstance(error, UserError):
        return Exit.MISTAKE
    if isinstance(error, RefusedError):
        return Exit.REFUSED
    if isinstance(error, StoreError):
        return Exit.STORE
    if isinstance(error, RemoteError):
        return Exit.FAILED
    if isinstance(error, KeyboardInterrupt):
        return Exit.INTERRUPTED
    return Exit.INTERNAL
