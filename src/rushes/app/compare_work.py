"""What a comparison asks of its models: the work that they can do with what they are given."""

from __future__ import annotations

from collections.abc import Iterable

from rushes.catalogue.load import Catalogue
from rushes.model.media import Kind
from rushes.model.operation import SIGNATURES, Operation, Signature

FROM_WORDS = (
    Operation.TEXT_TO_IMAGE,
    Operation.TEXT_TO_VIDEO,
    Operation.TEXT_TO_SPEECH,
    Operation.PROMPT_GENERATION,
)
FROM_A_PICTURE = (
    Operation.IMAGE_TO_IMAGE,
    Operation.IMAGE_TO_VIDEO,
    Operation.UPSCALE_IMAGE,
    Operation.ANALYZE_IMAGE,
    Operation.AVATAR,
)
"""What can be asked of somebody who is given no more than words, or a picture; the likeliest wish first."""


def work_for(catalogue: Catalogue, models: Iterable[str], *, picture: bool) -> Operation:
    """The work that most of these models can do with what they are given; the likeliest wish among equals.

    Who cannot do it, or is not known, is refused by whoever plans it.
    """
    wishes = FROM_A_PICTURE if picture else FROM_WORDS
    found = [(name, catalogue.find(name)) for name in models]
    known = [name for name, model in found if model is not None]
    return max(wishes, key=lambda op: sum(_does(catalogue, name, op) for name in known))


def _does(catalogue: Catalogue, name: str, op: Operation) -> bool:
    model = catalogue.find(name, op)
    return model is not None and op in model.operations


def takes_pictures(op: Operation) -> str | None:
    """The role in which a picture enters this work; None where it takes none."""
    signature: Signature = SIGNATURES[op]
    if signature.main is not None:
        return signature.main if Kind.IMAGE in signature.slots[signature.main].kinds else None
    return next((role for role, slot in signature.slots.items() if Kind.IMAGE in slot.kinds), None)
