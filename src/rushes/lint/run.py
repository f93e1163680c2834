"""All rules over one document: errors first, then warnings and advice, each in the order of the file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import Any

from rushes.lint.rule import LintSettings, Rule, Subject
from rushes.lint.rules.flow import FLOW
from rushes.lint.rules.prompts import PROMPTS
from rushes.lint.rules.sanity import SANITY
from rushes.model.problem import Path, Problem, Severity
from rushes.model.workflow import Workflow
from rushes.plugin.format import Document
from rushes.spec.load import with_marks

RULES: tuple[Rule, ...] = (*SANITY, *FLOW, *PROMPTS)
"""Every rule there is."""

SHOWN = 5
"""How often one piece of advice is repeated before it is summed up."""


def lint(
    document: Document, workflow: Workflow, *, disabled: Collection[str] = (), settings: LintSettings | None = None
) -> list[Problem]:
    """What the rules say about a document that was read. `disabled` are codes of rules to leave out.

    What the reader said is not said again; `in_order` puts the two together.
    """
    seen = Subject(document, workflow, settings or LintSettings())
    rules = [rule for rule in RULES if rule.code not in disabled and document.format in rule.formats]
    return in_order(document, with_marks(document, (problem for rule in rules for problem in _limited(rule, seen))))


def in_order(document: Document, problems: Iterable[Problem]) -> list[Problem]:
    """Problems with errors first, then in the order of the file."""
    many = list(problems)
    places = {problem.path: _place(document.tree, problem.path) for problem in many}
    return sorted(many, key=lambda problem: (problem.severity.rank, places[problem.path]))


def _limited(rule: Rule, seen: Subject) -> Iterator[Problem]:
    """Advice that fits many places is shown for a few and summed up; errors and warnings are all said."""
    found = list(rule.look(seen))
    if rule.severity is not Severity.ADVICE or len(found) <= SHOWN + 1:
        yield from found
        return
    yield from found[:SHOWN]
    rest = found[SHOWN:]
    yield replace(rest[0], says=f"{rest[0].says}; and {len(rest) - 1} more places like it")


def _place(tree: Any, path: Path) -> tuple[int, ...]:
    """Where a path stands among its siblings, level by level."""
    place: list[int] = []
    for part in path:
        if isinstance(part, int):
            place.append(part)
            tree = tree[part] if isinstance(tree, list) and 0 <= part < len(tree) else None
        elif isinstance(tree, dict) and part in tree:
            place.append(list(tree).index(part))
            tree = tree[part]
        else:
            break
    return tuple(place)
