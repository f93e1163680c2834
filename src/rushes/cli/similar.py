"""What was made for nearly the same words, as a plan shows it: the differing words marked, and how to take it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

import click

from rushes.app.hints import Hint, Near
from rushes.cli.say import clean, count

_WIDTH = 80
_MARKS = re.compile(r"(\[-|-\]|\{\+|\+\})")
_COLOURS = {"[-": "red", "{+": "green"}
_ENDS = ("-]", "+}")


def show_near(hints: Sequence[Hint]) -> None:
    """A few lines for each row that would be bought and has something near it."""
    if not hints:
        click.echo("similar   nothing that was made before is near what would be bought")
        return
    rows = count(len(hints), "row to be bought has", "rows to be bought have")
    click.echo(f"similar   {rows} something near; a score is no picture")
    for one in hints:
        click.echo(f"  {clean(one.title or one.node)} row {one.row + 1}")
        for near in one.near:
            _show(near)
        if one.take is not None:
            click.echo(f"    to take the nearest: {clean(one.take)}")


def _show(near: Near) -> None:
    click.echo(f"    {near.score:.2f}  {near.digest[:12] if near.digest is not None else 'not offered'}")
    # the marks stand also where there is no colour, and in a copy of the text
    opened = ""
    for line in textwrap.wrap(marked(near), _WIDTH - 10, break_on_hyphens=False):
        coloured, opened = _coloured(line, opened)
        click.echo("          " + coloured)
    if near.differs:
        click.echo(f"          it was asked otherwise, too: {clean('; '.join(near.differs))}")


def marked(near: Near) -> str:
    """`a [-red-]{+blue+} fox`: what was there and is not asked any more, and what is asked now."""
    words = {"same": "{}", "old": "[-{}-]", "new": "{{+{}+}}"}
    return clean("".join(words[span.what].format(span.text) for span in near.spans))


def _coloured(line: str, opened: str) -> tuple[str, str]:
    """A line with its marks in colour, and the mark that goes on in the next one; `opened` went on from the last."""
    found = []
    for piece in _MARKS.split(line):
        opened = piece if piece in _COLOURS else opened
        found.append(click.style(piece, fg=_COLOURS[opened]) if piece and opened else piece)
        opened = "" if piece in _ENDS else opened
    return "".join(found), opened
