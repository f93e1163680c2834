"""What providers would refuse, found while a plan is priced: before the first request, not when its turn comes.

Only what would be bought is judged: a result that is there stays good, whatever became of its model.

A request whose inputs are there is judged whole. Of one that waits for another only model and parameters are judged:
what a provider says about inputs that do not exist yet means nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from rushes.app.alike import Shape, shape_of
from rushes.app.asked import doubts, not_offered
from rushes.app.models import Models
from rushes.app.project import Project
from rushes.graph.settle import Question
from rushes.model.ids import NodeId
from rushes.model.money import Quote
from rushes.model.problem import Problem
from rushes.model.request import Recipe
from rushes.model.workflow import Node


class Refusals:
    """Judges every request that is quoted. `problems` says each thing once, in the order in which it was met."""

    def __init__(self, project: Project, models: Models) -> None:
        self._project = project
        self._models = models
        self._today = date.today()
        self._looked: set[NodeId] = set()
        self._doubted: set[NodeId] = set()  # the catalogue has something against them, and said so once
        self._found: dict[tuple[str, str | None, str], Problem] = {}
        self._clean: set[Shape] = set()  # nothing of this shape is refused, whatever its prompt says

    @property
    def problems(self) -> list[Problem]:
        """Everything that was found so far; addressed, and not yet marked."""
        return list(self._found.values())

    def quote(self, node: Node, question: Question | None) -> Quote:
        """What `Models.quote` says, after a look at what is asked."""
        shape = shape_of(node, question)
        quoted = self._models.alike.get(shape) if shape in self._clean else None
        if quoted is None:
            self._judge(node, question, shape)
            quoted = self._models.quote(node, question)
        return quoted

    def look(self, node: Node) -> None:
        """Ask catalogue and provider what they have against a node's parameters."""
        shape = shape_of(node, None)
        if shape not in self._clean:
            self._judge(node, None, shape)

    def _judge(self, node: Node, question: Question | None, shape: Shape) -> None:
        whole = self._models.watched(node, question)
        found = list(self._against(node, whole, fed=question is not None))
        for one in found:
            self._found.setdefault((one.code, one.node, one.says), one)
        if not found and node.id not in self._doubted and self._models.depends_on_shape(whole):
            self._clean.add(shape)

    def _against(self, node: Node, whole: Recipe, *, fed: bool) -> Iterator[Problem]:
        """What catalogue and provider have against a request; of one without its inputs, against the parameters."""
        if node.id not in self._looked:
            self._looked.add(node.id)
            listed = self._models.own_name(node) is None
            gateway = self._project.elsewhere(whole.provider)
            for doubt in doubts(self._project.catalogue, node, whole, self._today, listed=listed, gateway=gateway):
                self._doubted.add(node.id)
                yield doubt
        if not self._models.offered(node) and whole.provider == self._models.provider_of(node):
            yield not_offered(node, self._models)
            return
        for problem in self._project.provider(whole.provider).validate(whole):
            if fed or problem.path[:1] in (("params",), ("model",)):
                yield replace(
                    problem,
                    says=f"{node.called}: {problem.says}",
                    path=(*node.path, *problem.path),
                    tab=node.tab,
                    node=str(node.id),
                )
