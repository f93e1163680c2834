"""Problems and errors in words: place, code, what is wrong, why it matters, what to do."""

from __future__ import annotations

import shutil
import textwrap
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

from rushes.errors import RushesError
from rushes.model.event import Told
from rushes.model.problem import Problem, ProblemsError, Severity
from rushes.model.size import show_bytes

STOPPING = "stopping: nothing new is begun; Ctrl-C again calls off what is under way, once more leaves at once"
"""What a person is told who asked a run to stop."""


def problem_lines(problems: Iterable[Problem]) -> Iterator[str]:
    """Errors first, each group in the order of the file::

    story.yaml:7:12  key-unknown  'modle' is no key of a step
        why: it would be ignored, and the default model used
        try: did you mean 'model'?
    """
    for one in sorted(problems, key=lambda problem: problem.severity.rank):
        mark = "" if one.severity is Severity.ERROR else f"{one.severity}: "
        # the place comes first and alone, so that an editor can jump to it
        yield "  ".join(part for part in (clean(one.where), one.code, mark + clean(one.says)) if part)
        if one.why:
            yield f"    why: {clean(one.why)}"
        if one.try_:
            yield f"    try: {clean(one.try_)}"


def error_lines(error: Exception, problems: Sequence[Problem], *, expected: bool) -> Iterator[str]:
    """An error that ends a command."""
    if isinstance(error, ProblemsError):
        yield from problem_lines(problems)
        yield f"rushes: {clean(str(error))}"
    elif isinstance(error, RushesError):
        yield f"rushes: {clean(error.message)}"
        if error.next_step:
            yield f"  -> {clean(error.next_step)}"
    else:
        yield f"rushes: this is a fault of Rushes, not of yours: {clean(problems[0].says)}"
        yield "  -> run it again with --debug and report what it prints"
    if not expected:
        yield "     (what was bought is kept; a run goes on with: rushes resume)"


def told_line(word: Told) -> str:
    """What a run was told while it is watched."""
    what = str(word.verb) if word.knob is None else f"{word.knob} {'none' if word.value is None else word.value}"
    return f"told    {what}, by {clean(word.by)}"


def nothing_to_do(rows: int, run: str) -> str:
    """All that there is to say about a run that found everything done."""
    return f"nothing to do: {count(rows, 'row')} here already ({run})"


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 row`, `2 rows`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def blobs(number: int, size: int) -> str:
    """`12 blobs, 3.4 MB`."""
    return f"{count(number, 'blob')}, {show_bytes(size)}"


def moment(at: float) -> str:
    """A time in unix seconds as this machine's clock shows it: `2026-11-01 12:30`."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))


def fitted(text: str, out: TextIO) -> str:
    """Words in lines that fit the terminal behind `out`, a path never broken; as they are where there is none."""
    if not out.isatty():
        return text
    wide = max(40, shutil.get_terminal_size().columns)
    return textwrap.fill(text, wide, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)


def clean(text: str) -> str:
    """Text from a file or a provider, without what could move the cursor or colour the terminal."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else " " if char in "\n\t" else "\ufffd" for char in text)
