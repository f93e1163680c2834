"""Every code that the `.nbflow` reader can say: what is wrong and why it matters, in one table.

What to do about it is said case by case. Codes that only `rushes check` says are the rules of `rushes.lint`.
"""

from __future__ import annotations

from typing import Final

from rushes.model.problem import Severity
from rushes.spec.codes import Code

_W = Severity.WARNING

NB_CODES: Final[dict[str, Code]] = {
    # the shape of the file
    "nb-shape": Code("a part of the file is not what its place asks for", "its nodes and links cannot be read"),
    "nb-tab-doubled": Code("two tabs have one name", "outputs and selections go by the tab's name", _W),
    "nb-id-doubled": Code("two nodes of one tab have one id", "their links cannot be told apart"),
    "nb-type-unknown": Code("a node is of a type that is not known here", "it stays in the file and does not run", _W),
    "nb-type-needed": Code("a known node needs a node of unknown type", "what that would hand on cannot be made"),
    # links
    "nb-link-shape": Code("an entry of `links` is not a link", "what it was meant to carry never arrives"),
    "nb-link-source": Code(
        "a link comes from a node that is not in the tab", "what it was meant to carry never arrives"
    ),
    "nb-link-target": Code("a link leads to a node that is not in the tab", "what it carries goes nowhere", _W),
    "nb-link-slot": Code(
        "a link leads to an input that its node does not have",
        "an editor drops such a link, and the reference never reaches the model",
    ),
    "nb-link-doubled": Code("one input has two links", "an input takes one; the other has no effect", _W),
    "nb-kind": Code("a link carries the wrong kind", "the model would refuse it, or ignore it"),
    # prompts
    "nb-placeholder-open": Code(
        "a placeholder of a template is filled by nothing",
        "the model would be sent the braces, and the picture has nothing to do with the script",
    ),
    "nb-placeholder-unwired": Code(
        "a placeholder is filled by name, without a link", "an editor sends the braces as they are", _W
    ),
    "nb-rows-shape": Code(
        "a dynamic row is not a flat text", "an editor stops at such a row with `r.trim is not a function`"
    ),
    "nb-rows-empty": Code("a dynamic or batch prompt has no rows", "its generators would run for nothing"),
    "nb-prompt-shape": Code("a prompt is not a text", "it could not be sent"),
    "nb-prompt-modes": Code("a prompt is a template and dynamic at once", "its rows would never meet its template"),
    "nb-prompt-missing": Code("a generator has no prompt", "the model would not know what to make"),
    "nb-prompt-unwired": Code("a generator's prompt is found by name, without a link", "an editor sends nothing", _W),
    "nb-batch": Code("a prompt is in batch mode", "the format does not say how its entries are separated", _W),
    "nb-input-unused": Code("a link leads to an input that is not read", "what it carries has no effect", _W),
    # pictures
    "nb-reference-empty": Code("a reference has no picture", "the model would be asked without it"),
    "nb-reference-address": Code(
        "the address of a picture cannot be used", "only a URL or a path beside the file is there for everyone"
    ),
    # generators
    "nb-model-missing": Code(
        "a generator names no model", "backends answer a missing model with one of their own choice", _W
    ),
    "nb-mode": Code("a mode is not known", "a backend that does not know a mode makes something else without a word"),
    "nb-value": Code("a setting has a value that cannot be used", "it would be refused after others were paid for"),
    "nb-value-ignored": Code("what is connected has no effect in this mode", "the result does not depend on it", _W),
    "nb-frame-missing": Code("a clip has an end frame and no start frame", "no video model takes that"),
}
