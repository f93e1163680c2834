"""Errors as a program meets them: a traceback ends with every problem and the next step, as the command line does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rushes.errors import RushesError
from rushes.model.problem import Problem, ProblemsError, Severity

_MOST = 20  # problems of one error; all of them are in `error.problems`


@contextmanager
def explained() -> Iterator[None]:
    """What is raised from here says all that it knows, once."""
    try:
        yield
    except RushesError as error:
        if not hasattr(error, "__notes__"):
            for note in _notes(error):
                error.add_note(note)
        raise


def _notes(error: RushesError) -> Iterator[str]:
    if isinstance(error, ProblemsError):
        wrong = [one for one in error.problems if one.severity is Severity.ERROR]
        yield from map(_note, wrong[:_MOST])
        if len(wrong) > _MOST:
            yield f"and {len(wrong) - _MOST} more: see `problems` of this error"
    if error.next_step:
        yield f"-> {error.next_step}"


def _note(problem: Problem) -> str:
    where = f"{problem.where}  " if problem.where else ""
    return f"{where}{problem.says}" + (f"\n    try: {problem.try_}" if problem.try_ else "")
