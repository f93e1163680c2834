"""The values of a run's variables: what flags, the document, the input and the environment say, fixed once per run."""

from __future__ import annotations

import dataclasses
import os
import secrets
import time
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from rushes.app.keys import is_key_variable
from rushes.errors import UserError
from rushes.model.problem import Problem, Severity, did_you_mean
from rushes.model.run import RunOptions
from rushes.model.text import Text
from rushes.model.workflow import Node, Workflow
from rushes.spec.text import RUN_VARIABLES

_MOMENTARY = ("timestamp", "random")


def fix_moment(workflow: Workflow, options: RunOptions) -> RunOptions:
    """The options with `{{timestamp}}` and `{{random}}` decided, if they are used: a resume must mean the same."""
    used = {name for node in workflow.nodes() for name in _vars(node)}
    fresh = {
        "timestamp": time.strftime("%Y%m%d-%H%M%S"),
        "random": secrets.token_hex(4),
    }
    added = {name: fresh[name] for name in _MOMENTARY if name in used and name not in options.variables}
    return dataclasses.replace(options, variables={**options.variables, **added}) if added else options


def values_of(
    workflow: Workflow, options: RunOptions, folder: Path, environ: Mapping[str, str] | None = None
) -> tuple[dict[str, str], list[Problem]]:
    """All variables of a run, and a problem for each one that the document uses and nobody gives, or the other way.

    Flags beat the document. `input` is the text of the run, `input_lines` its lines or those of `settings.input_file`.
    """
    environ = os.environ if environ is None else environ
    values = {str(name): str(value) for name, value in workflow.variables.items()}
    if "prompt" in workflow.inputs:
        values["input"] = workflow.inputs["prompt"]
    values.update(options.variables)
    if "input_lines" not in values:
        lines = _lines(workflow, values, folder)
        if lines is not None:
            values["input_lines"] = lines
    problems: list[Problem] = []
    used: set[str] = set()
    for node in workflow.nodes():
        if node.source_from is not None:
            used.add(node.source_from)
        for name in _vars(node):
            used.add(name)
            if name in values or name == "item":
                continue
            if name.startswith("env.") and is_key_variable(name[4:]):
                problems.append(_secret(node, name))
                continue
            if name.startswith("env.") and name[4:] in environ:
                values[name] = environ[name[4:]]
                continue
            problems.append(_missing(node, name, values))
    if "input_lines" in used and workflow.settings.input_file is None:
        used.add("input")
    problems += (_idle(workflow, name, used) for name in options.variables if name not in used)
    return values, problems


def with_files(workflow: Workflow, values: Mapping[str, str]) -> Workflow:
    """The workflow with the files that flags name through variables, in the place of its own."""
    if not any(node.source_from in values for node in workflow.nodes()):
        return workflow
    tabs = [tab._replace(nodes=tuple([_with_file(node, values) for node in tab.nodes])) for tab in workflow.tabs]
    return dataclasses.replace(workflow, tabs=tuple(tabs))


def _with_file(node: Node, values: Mapping[str, str]) -> Node:
    named = values.get(node.source_from) if node.source_from is not None else None
    return node if named is None else node._replace(source=named)


def _lines(workflow: Workflow, values: Mapping[str, str], folder: Path) -> str | None:
    named = workflow.settings.input_file
    if named is None:
        return values.get("input")
    file = folder / named
    try:
        return file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"settings.input_file: {file} cannot be read: {error}", next_step="give a text file, one entry a line"
        ) from error


def _vars(node: Node) -> Sequence[str]:
    """The variables that a node's texts and rows name; most nodes have none, and are asked twice."""
    found = () if node.prompt is None or node.prompt.literal is not None else tuple(node.prompt.vars)
    if node.rows_from is not None:
        found = (node.rows_from, *found)
    for value in node.params.values():
        if value.__class__ is Text:
            found = (*found, *value.vars)
    return found


def _idle(workflow: Workflow, name: str, used: Collection[str]) -> Problem:
    """For a value that a flag gives and nothing takes: a name that nobody knows is an error, the rest is said."""
    flag = "--input" if name == "input" else f"--set {name}"
    known = name in workflow.variables or name in RUN_VARIABLES
    near = get_close_matches(name, [*workflow.variables, *used], n=1)
    if known:
        says, cure = f"{flag} changes nothing: no prompt or parameter uses {{{{{name}}}}}", "leave it out, or use it"
    else:
        says = f"{flag}: the workflow has no variable of this name"
        cure = did_you_mean(near, "declare it under `variables`, and use it")
    return Problem(
        code="variable-unused" if known else "variable-unknown",
        severity=Severity.WARNING if known else Severity.ERROR,
        says=says,
        why="what you expect of it would not happen",
        try_=cure,
        path=("variables",),
    )


def _secret(node: Node, name: str) -> Problem:
    says = f"it uses {{{{{name}}}}}, and {name[4:]} is a key"
    why = "a prompt is sent to a provider and kept: the key would be everybody's"
    return node.problem("variable-secret", says, why=why, try_="leave it out: a provider's key is found without it")


def _missing(node: Node, name: str, values: Mapping[str, str]) -> Problem:
    if name in ("input", "input_lines"):
        cure = "give it with --input TEXT, or as `prompt:` in the file"
    elif name.startswith("env."):
        cure = f"set the environment variable {name[4:]}"
    else:
        near = get_close_matches(name, list(values), n=1)
        cure = did_you_mean(near, f"give it with --set {name}=VALUE")
    says = f"it uses {{{{{name}}}}}, and nothing gives it a value"
    why = "the braces would be sent to the model as they are"
    return node.problem("variable-missing", says, why=why, try_=cure)
