"""Questions of programs: what they may hand in, and the name under which a question's outputs lie."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypedDict

from rushes.app.naming import slug
from rushes.app.one_off import Question
from rushes.errors import UserError
from rushes.model.event import Event
from rushes.model.media import Kind, kind_of_name
from rushes.model.money import parse_usd
from rushes.model.operation import SIGNATURES, Operation
from rushes.model.problem import did_you_mean
from rushes.python.answers import Answer
from rushes.python.workflow import placed

Source = str | Path | Answer
"""What goes in: a path, an http(s) URL, or an earlier answer."""

Sources = Source | Sequence[Source]
Usd = Decimal | int | float | str
"""An amount of USD; a float is taken as it is written, so that 0.1 is ten cents."""

Progress = Callable[[Event], None]
"""Is handed every event of a run (`rushes.model.event`), in order, in the caller's event loop."""

_LONGEST = 32  # characters of a prompt in the name of a folder


class Opening(TypedDict, total=False):
    """How a client is opened: what the flags of the command line are.

    `budget` is the most, in USD, that everything the client does may cost, all calls together; `yes` lets each call
    cost what it costs.
    """

    home: Path | str | None
    provider: str | None
    sim: str | None
    concurrency: int | None
    output_dir: Path | str | None
    budget: Usd | None
    yes: bool


class Spending(TypedDict, total=False):
    """What every call takes that may buy.

    `budget` is the most, in USD, that it may cost; `yes` that it may cost what it costs: without either, what costs
    more than the threshold of consent is refused. `progress` is handed every event.
    """

    budget: Usd | None
    yes: bool
    progress: Progress | None


class Asking(Spending, total=False):
    """What every question takes besides: `params` as the model takes them, `timeout` in seconds for one attempt.

    `fresh` asks again for what is there already, and pays again.
    """

    model: str | None
    provider: str | None
    params: Mapping[str, Any]
    candidates: int
    timeout: float | None
    fresh: bool


def known(kind: type[Any], given: Mapping[str, object]) -> None:
    """TypeError for an argument that `kind`, a TypedDict, does not have: a ceiling that is misspelt is none."""
    names: frozenset[str] = kind.__required_keys__ | kind.__optional_keys__
    for name in given:
        if name not in names:
            near = get_close_matches(name, sorted(names), n=1)
            raise TypeError(
                f"there is no argument {name!r}; " + did_you_mean(near, f"there are {', '.join(sorted(names))}")
            )


def question_of(op: Operation, prompt: str | None, inputs: Mapping[str, Sources | None], asking: Asking) -> Question:
    """The question, its inputs as a document names them. UserError for what is no input, TypeError for no argument."""
    known(Asking, asking)
    given = {role: places_of(role, sources) for role, sources in inputs.items() if sources is not None}
    return Question(
        op=op,
        name=str(op),
        model=asking.get("model"),
        prompt=prompt,
        inputs={role: places for role, places in given.items() if places},
        params=dict(asking.get("params") or {}),
        candidates=asking.get("candidates", 1),
    )


def name_of(questions: Sequence[Question]) -> str:
    """`a-red-fox-5e8f2c1a`: first words, and a digest of all that is asked: no two of them share a folder."""
    raw = json.dumps([dataclasses.asdict(one) for one in questions], sort_keys=True, default=str)
    first = questions[0]
    words = slug(first.prompt or str(first.op))[:_LONGEST].strip("-")
    return f"{words or first.op}-{hashlib.sha256(raw.encode()).hexdigest()[:8]}"


def usd_of(amount: Usd | None) -> Decimal | None:
    """An amount as Decimal. Raises UserError for what is none."""
    if amount is None:
        return None
    found = parse_usd(str(amount)) if not isinstance(amount, bool) else None
    if found is None:
        raise UserError(f"a budget of {amount!r} is no amount of USD", next_step="give an amount such as 5 or '0.50'")
    return found


def is_film(source: Source) -> bool:
    """Whether this is a film, as far as its ending, or the answer, says."""
    if isinstance(source, Answer):
        return source.result.artifact is not None and source.result.artifact.kind is Kind.VIDEO
    return kind_of_name(str(source)) is Kind.VIDEO


def main_input(op: Operation) -> str:
    """The role of what an operation works on."""
    main = SIGNATURES[op].main
    assert main is not None
    return main


def places_of(role: str, sources: Sources) -> list[str]:
    """What a document says of an input: paths from the root, URLs. Raises UserError for what is neither."""
    many = sources if isinstance(sources, list | tuple) else [sources]
    return [_place(role, one) for one in many]


def _place(role: str, source: object) -> str:
    if isinstance(source, Answer):
        return str(source.path)
    if not isinstance(source, str | Path):
        raise UserError(
            f"{role} is {type(source).__name__}: {source!r}", next_step="give a path, a URL or an earlier answer"
        )
    text = str(source)
    return text if "://" in text else str(placed(text))
