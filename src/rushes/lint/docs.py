"""The page of all rules, made from the rules themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rushes.lint.example import example_text
from rushes.lint.rule import ALL_FORMATS, Rule
from rushes.lint.rules.flow import FLOW
from rushes.lint.rules.prompts import PROMPTS
from rushes.lint.rules.sanity import SANITY
from rushes.spec.codes import CODES, Code
from rushes.spec.nbflow_codes import NB_CODES

_INTRO = """\
# Rules

What `rushes check` looks for. This page is made from the rules; `python -m rushes.lint.docs` prints it.

- An **error** stops a run before any money is spent.
- A **warning** is said by `check` and in the plan.
- **Advice** is said by `check` only, and summed up when it fits many places.

Where a rule says that it can be mended, `rushes check --fix` does so, after showing what it changes. It touches nothing
else in the file.
"""


def rules_markdown() -> str:
    """The text of `docs/rules.md`."""
    return "\n".join(_lines()).rstrip() + "\n"


def _lines() -> Iterator[str]:
    yield _INTRO
    for title, rules in (("Node graphs", SANITY), ("Workflows", FLOW), ("Prompts of node graphs", PROMPTS)):
        yield f"## {title}\n"
        for rule in rules:
            yield from _rule(rule)
    yield "## What the readers say\n"
    yield "These are found while a file is read, in any case.\n"
    for title, codes in (("YAML and JSON", CODES), ("`.nbflow`", NB_CODES)):
        yield f"### {title}\n"
        yield from _table(codes)


def _rule(rule: Rule) -> Iterator[str]:
    yield f"### {rule.code}\n"
    about = [f"**{rule.severity}**"]
    if rule.formats != ALL_FORMATS:
        about.append("`.nbflow`")
    if rule.sanity is not None:
        about.append(f"sanity check {rule.sanity}")
    if rule.fixable:
        about.append("`--fix` mends it")
    yield " · ".join(about) + "\n"
    yield f"{rule.what} Why: {rule.why}. What to do: {rule.try_}.\n"
    for word, example in (("Bad", rule.bad), ("Good", rule.good)):
        if example:
            yield f"{word}:\n"
            yield f"```{'yaml' if isinstance(example, str) else 'text'}\n{_short(example_text(example))}\n```\n"


def _short(text: str) -> str:
    return "\n".join(line if len(line) <= 160 else line[:157] + "..." for line in text.splitlines())


def _table(codes: Mapping[str, Code]) -> Iterator[str]:
    yield "| code | severity | what | why it matters |"
    yield "|---|---|---|---|"
    for name, code in codes.items():
        yield f"| {name} | {code.severity} | {code.what} | {code.why} |"
    yield ""


if __name__ == "__main__":
    print(rules_markdown(), end="")
