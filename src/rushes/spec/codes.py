"""Every code that a reader of files can say: what is wrong and why it matters, in one table.

A code is stable: scripts and people may rely on it. `problem` makes a Problem of one; what to do about it is
said case by case, because it names the nearest right thing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rushes.model.problem import Edit, Mark, Path, Problem, Severity


class Code(NamedTuple):
    """What a code stands for, and why it matters."""

    what: str
    why: str
    severity: Severity = Severity.ERROR


_LATER = "it would be refused later, after other steps were paid for"
_W, _A = Severity.WARNING, Severity.ADVICE

CODES: dict[str, Code] = {
    # the bytes
    "file-too-large": Code("the file is larger than any workflow", "it would take memory and time without bound"),
    "file-encoding": Code("the bytes are not UTF-8", "what cannot be read for certain would be bought wrongly"),
    "file-null-byte": Code("the file or a text in it holds a null character", "no prompt, path or database takes one"),
    "file-empty": Code("the file holds nothing", "there is nothing to run"),
    "file-kind": Code("the file is in no format that is known here", "its meaning would be a guess"),
    "syntax": Code("the file breaks the rules of its own format", "nothing after this place can be trusted"),
    "too-deep": Code("values are nested deeper than any workflow needs", "deep nesting is how readers are crashed"),
    "too-many-values": Code("the file holds more values than any workflow", "it would take memory without bound"),
    "key-doubled": Code("one mapping has the same key twice", "one of the two values would be lost without a word"),
    "key-not-text": Code("a key is not a text", "keys are names; this one is a number, a truth value or a list"),
    "number-not-finite": Code("a number is not a number or without end", "no provider and no budget can take it"),
    "number-huge": Code("a number has more digits than a computer word", "it could not be sent as it is written"),
    "text-broken": Code("a text holds half a character", "it could not be sent or stored as UTF-8"),
    "yaml-tag": Code("a value has a type tag", "tags can make a reader build objects; a workflow is plain data"),
    "yaml-bomb": Code("aliases multiply into too many values", "a small file would fill the memory"),
    "yaml-cycle": Code("a value contains itself through an alias", "it has no end"),
    "yaml-alias": Code("an alias has no anchor", "what it stands for is not in the file"),
    "yaml-documents": Code("the file holds more than one document", "it would not be clear which one to run"),
    # the shape
    "key-unknown": Code("a key has no meaning here", "an ignored key is a setting that silently does not hold"),
    "key-missing": Code("a required key is absent", "without it there is nothing to run"),
    "value-type": Code("a value has the wrong type", _LATER),
    "value-range": Code("a value is outside what it can be", _LATER),
    "value-conflict": Code("two keys say the same thing differently", "only one of them could hold"),
    "no-effect": Code("a key is understood and changes nothing here", "what you expect of it does not happen", _W),
    "model-local": Code("a model is named where none is asked", "this work is done on this machine", _A),
    "path-outside": Code("an output path leaves the project", "a workflow must not write where it likes"),
    "source-unusable": Code("a file is named in a way that is not read", "the step would have nothing to work on"),
    # steps
    "type-unknown": Code("there is no such step type", "nothing would be made"),
    "type-unsupported": Code("the step type is known and not done here", "it would be bought and could not be used"),
    "name-doubled": Code("two steps have one name", "a reference to it could mean either"),
    "name-unusable": Code("a name cannot be used", "steps, files and references are found by it"),
    "ref-unknown": Code("a reference names no step", "the step would have nothing to work on"),
    "ref-mismatch": Code("what is referred to is of the wrong kind", "the provider would refuse it, or ignore it"),
    "ref-place": Code("a reference stands where none can be filled in", "it would be sent as braces"),
    "input-missing": Code("a required input is not there", "the step has nothing to work on"),
    "input-needed": Code("the workflow works on a picture or clip it does not name", "it cannot start without", _W),
    "input-unused": Code("an input is referred to and goes nowhere", "the result would not depend on it"),
    "prompt-missing": Code("a required prompt is not there", "the model would not know what to make"),
    "prompt-refused": Code("a prompt is given to a step that takes none", "it would be ignored"),
    "placeholder-unknown": Code("a placeholder names nothing", "its braces would be sent to the model"),
    "placeholder-open": Code("two opening braces are never closed", "the braces would be sent to the model"),
    "item-outside-rows": Code("{{item}} is used in a step without rows", "there is no item to put in"),
    "rows-empty": Code("a step has an empty list of rows", "it would run for nothing"),
}


def problem(
    code: str,
    says: str,
    *,
    path: Path = (),
    try_: str = "",
    mark: Mark | None = None,
    tab: str | None = None,
    node: str | None = None,
    fix: tuple[Edit, ...] = (),
    table: Mapping[str, Code] = CODES,
) -> Problem:
    """A Problem with the severity and the reason that the table gives its code."""
    entry = table[code]
    return Problem(
        code=code,
        severity=entry.severity,
        says=says,
        why=entry.why,
        try_=try_,
        path=path,
        mark=mark,
        tab=tab,
        node=node,
        fix=fix,
    )
