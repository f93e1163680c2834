"""Two values side by side, in the width of a terminal: `[-what went-]{+what came+}`."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from typing import Any

from rushes.cli.say import clean
from rushes.model.wording import Stretch, compared

_AROUND = 24  # characters of what stayed that are shown beside a change
WIDTH = 80


def marked(old: str, new: str, *, most: int = 400) -> str:
    """Both texts in one, changes marked, long stretches that stayed shortened; at most about `most` characters."""
    stretches = compared(old, new)
    text = "".join(_mark(one, first=not n, last=n == len(stretches) - 1) for n, one in enumerate(stretches))
    return clean(text if len(text) <= most else f"{text[:most]}...")


def _mark(one: Stretch, *, first: bool, last: bool) -> str:
    if not one.same:
        lead = " " if (one.old or one.new)[:1].isspace() else ""
        gone = f"[-{one.old.strip()}-]" if one.old.strip() else ""
        come = f"{{+{one.new.strip()}+}}" if one.new.strip() else ""
        return lead + gone + come
    text = one.new
    if len(text) <= 2 * _AROUND + 5:
        return text
    head = "" if first else text[:_AROUND]
    tail = "" if last else text[-_AROUND:]
    return f"{head}...{tail}"


def shown(old: Any, new: Any) -> str:
    """A change of any value: texts word by word, others as they are written in a file."""
    if isinstance(old, str) and isinstance(new, str) and len(old.split()) > 1 and len(new.split()) > 1:
        return marked(old, new)
    return f"{written(old)} -> {written(new)}"


def written(value: Any) -> str:
    """A value as a file writes it, cut where it is long."""
    text = clean(json.dumps(value, ensure_ascii=False, default=str))
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 3]}..."


def folded(text: str, indent: int, *, hanging: int = 2) -> Iterator[str]:
    """Lines of at most 80 columns."""
    first, rest = " " * indent, " " * (indent + hanging)
    yield from textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False) or [""]
