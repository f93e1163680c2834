"""How long a plan looks for the nearest of 10,000 earlier prompts, and how alike prompts are that mean something else.

The search is for one row, with everything that `rushes plan --similar` asks of it: the most alike from a score on, the
best first. Reading the prompts out of the ledger comes once for a plan and is measured apart. `python -m bench.similar`
prints the table of `docs/similar-prompts.md`: one word is changed, the picture is another one, the score stays high.
"""

from __future__ import annotations

import itertools
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.figure import Figure
from rushes.app.hints import LEAST
from rushes.graph.similar import nearest
from rushes.ledger.open import open_ledger
from rushes.model.canonical import base_key, request_key
from rushes.model.event import Place, Stored
from rushes.model.ids import AttemptId, Digest, NodeId, RunId
from rushes.model.media import Artifact
from rushes.model.run import RunOptions, RunRecord
from rushes.model.verdict import Verdict

PROMPTS = 10_000
LOOKS = 50

_SHOTS = (
    "A wide shot of",
    "A close-up of",
    "A low angle view of",
    "An aerial view of",
    "A portrait of",
    "A still life with",
)
_NUMBERS = ("a", "two", "three", "four", "five", "many")
_COLOURS = ("red", "blue", "green", "white", "black", "golden", "grey", "violet")
_SUBJECTS = ("foxes", "owls", "boats", "lanterns", "children", "horses", "robots", "tulips", "cats", "dogs", "bicycles")
_PLACES = ("in a snowy forest", "on a wooden chair", "at a quiet harbour", "in a crowded market", "on a mountain ridge")
_TIMES = ("at dawn", "at noon", "at dusk", "at night", "in heavy rain", "in thick fog")
_STYLES = (
    "soft morning light, 35mm film",
    "cinematic, shallow depth of field",
    "watercolour on rough paper",
    "woodcut",
)
_WITHOUT = ("with a red umbrella", "without an umbrella")

EDITS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("colour", tuple(itertools.permutations(_COLOURS, 2))),
    ("number", tuple(itertools.permutations(_NUMBERS[1:], 2))),
    ("negation", (("with", "without"), ("without", "with"))),
    ("subject", tuple(itertools.permutations(_SUBJECTS, 2))),
    ("time", tuple(itertools.permutations(_TIMES, 2))),
)
"""One thing of a prompt for another of its kind: each makes another picture."""


def prompts(count: int, seed: int = 7) -> list[str]:
    """So many different prompts of 90 to 170 characters, the same for every reader."""
    chance, found = random.Random(seed), dict[str, None]()
    while len(found) < count:
        shot, number, colour, subject = (chance.choice(one) for one in (_SHOTS, _NUMBERS[1:], _COLOURS, _SUBJECTS))
        place, hour, style = (chance.choice(one) for one in (_PLACES, _TIMES, _STYLES))
        umbrella = chance.choice(_WITHOUT)
        take = f"take {chance.randrange(100)}"
        found[f"{shot} {number} {colour} {subject} {place} {hour}, {umbrella}, {style}, {take}"] = None
    return list(found)


def scores(count: int = 2_000) -> dict[str, list[float]]:
    """How alike a prompt and its edit are, by what was changed."""
    found: dict[str, list[float]] = {kind: [] for kind, _pairs in EDITS}
    for prompt in prompts(count):
        for kind, pairs in EDITS:
            fitting = [(old, new) for old, new in pairs if f" {old} " in prompt or f" {old}," in prompt]
            if fitting:
                old, new = fitting[len(prompt) % len(fitting)]
                other = (
                    prompt.replace(f" {old} ", f" {new} ", 1) if f" {old} " in prompt else prompt.replace(old, new, 1)
                )
                ((_number, score),) = nearest(other, [prompt], least=0, most=1)
                found[kind].append(score)
    return found


def table() -> Iterator[str]:
    """The table of the page."""
    yield "| one edit | pairs | least | median | most | above 0.9 | above 0.95 |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    found = scores()
    for kind, many in [*found.items(), ("all of them", list(itertools.chain(*found.values())))]:
        above = [sum(one > least for one in many) / len(many) for least in (0.9, 0.95)]
        least, middle, most = min(many), statistics.median(many), max(many)
        yield f"| {kind} | {len(many):,} | {least:.3f} | {middle:.3f} | {most:.3f} | {above[0]:.1%} | {above[1]:.1%} |"


def look_seconds() -> float:
    """The median of one search among all of them."""
    held = prompts(PROMPTS)
    asked = [one.replace(" two ", " seven ").replace("red", "blue") for one in held[:LOOKS]]
    spent = []
    for prompt in asked:
        start = time.perf_counter()
        found = nearest(prompt, held, least=LEAST, most=30)
        spent.append(time.perf_counter() - start)
        assert found, prompt
    return statistics.median(spent)


def load_seconds(folder: Path) -> float:
    """Reading 10,000 recipes of one model out of a ledger."""
    with open_ledger(str(folder / "ledger.sqlite")) as ledger:
        ledger.create_run(RUN)
        ledger.append(RUN.id, [_stored(number, prompt) for number, prompt in enumerate(prompts(PROMPTS))], 0.0)
        start = time.perf_counter()
        assert len(ledger.recipes_of("text_to_image", "sketch", "m")) == PROMPTS
        return time.perf_counter() - start


RUN = RunRecord(
    id=RunId("bench"),
    workflow="bench",
    file="bench.yaml",
    document=Digest("0" * 64),
    format="yaml",
    options=RunOptions(),
    fingerprint="",
    created=0.0,
)


def _stored(number: int, prompt: str) -> Stored:
    recipe: dict[str, Any] = {"op": "text_to_image", "provider": "sketch", "model": "m", "prompt": prompt, "params": {}}
    base = base_key(recipe)
    return Stored(
        attempt=AttemptId(f"bench/{number}"),
        place=Place(node=NodeId(f"n{number}")),
        key=request_key(base, 0, 0),
        base=base,
        candidate=0,
        salt=0,
        artifacts=(Artifact(digest=Digest(f"{number:064x}"), media_type="image/png", size=1),),
        verdict=Verdict(),
        recipe=recipe,
    )


def measure() -> Iterator[Figure]:
    """The search, and the reading that comes before it once."""
    yield Figure(name="nearest of 10,000 prompts", value=look_seconds() * 1000, limit=5, unit="ms")
    with tempfile.TemporaryDirectory(prefix="rushes-bench-") as folder:
        yield Figure(
            name="10,000 recipes out of the ledger", value=load_seconds(Path(folder)) * 1000, limit=None, unit="ms"
        )


if __name__ == "__main__":
    print("\n".join(table()))
