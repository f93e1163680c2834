"""Requests that nobody can tell apart before they are answered: one price, and one refusal, holds for all of them.

A workflow of a hundred thousand steps asks for a handful of kinds of picture. What a provider says of one of them holds
for every other of the same shape: the same work of the same model, with the same parameters and inputs. It does not
hold where the provider looked at the prompt, as those do who charge by the character; whether one looked is noticed,
not believed.
"""

from __future__ import annotations

from rushes.graph.settle import Question
from rushes.model.request import Recipe
from rushes.model.workflow import Node

Shape = tuple[object, ...]
"""All of a request but its prompt. Parameters are written out, because to Python 1, 1.0 and True are one: as in the
bytes that name the question, where those are the same for all of its kind."""


def shape_of(node: Node, question: Question | None) -> Shape:
    """The shape of what a node asks; without a question, of what is known of it before its inputs are there."""
    if question is None:
        return (node.op, node.model, node.provider, tuple([one.role for one in node.inputs]), repr(node.params))
    frame = question.frame
    inputs = tuple(question.inputs.items()) if question.inputs else ()
    return (node.op, node.model, node.provider, frame.choice, inputs, frame.before or repr(question.params))


class Watched(Recipe):
    """A recipe that knows whether its prompt was looked at, be it to copy it."""

    __slots__ = ("_prompt", "looked")

    looked: bool
    _prompt: str | None

    @property
    def prompt(self) -> str | None:
        """The prompt; from now on it was looked at."""
        object.__setattr__(self, "looked", True)
        return self._prompt

    @prompt.setter
    def prompt(self, said: str | None) -> None:
        object.__setattr__(self, "_prompt", said)
        object.__setattr__(self, "looked", False)


def watched(recipe: Recipe) -> Watched:
    """The same recipe, watched."""
    return Watched(
        op=recipe.op,
        provider=recipe.provider,
        model=recipe.model,
        prompt=recipe.prompt,
        params=recipe.params,
        inputs=recipe.inputs,
        alias=recipe.alias,
        stands_in=recipe.stands_in,
    )
