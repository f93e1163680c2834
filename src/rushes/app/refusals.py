"""What providers would refuse, found while a plan is priced: before the first request, not when its turn comes.

Only what would be bought is judged: a result that is there stays good, whatever became of its model.

A request whose inputs are there is judged whole. Of one that waits for another only model and parameters are judged:
what a provider says about inputs that do not exist yet means nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from rushes.app.asked import doubts, not_offered
from rushes.app.models import Models
from rushes.app.project import Project
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
        self._found: dict[tuple[str, str | None, str], Problem] = {}

    @property
    def problems(self) -> list[Problem]:
        """Everything that was found so far; addressed, and not yet marked."""
        return list(self._found.values())

    def quote(self, node: Node, recipe: Recipe | None) -> Quote:
        """What `Models.quote` says, after a look at what is asked."""
        self.look(node, recipe)
        return self._models.quote(node, recipe)

    def look(self, node: Node, recipe: Recipe | None) -> None:
        """Ask catalogue and provider what they have against it; without a recipe, about the parameters alone."""
        whole = recipe or self._models.known(node)
        if node.id not in self._looked:
            self._looked.add(node.id)
            listed = self._models.own_name(node) is None
            gateway = self._project.elsewhere(whole.provider)
            self._say(doubts(self._project.catalogue, node, whole, self._today, listed=listed, gateway=gateway))
        if not self._models.offered(node) and whole.provider == self._models.provider_of(node):
            self._say([not_offered(node, self._models)])
            return
        self._say(
            replace(
                problem,
                says=f"{node.called}: {problem.says}",
                path=(*node.path, *problem.path),
                tab=node.tab,
                node=str(node.id),
            )
            for problem in self._project.provider(whole.provider).validate(whole)
            if recipe is not None or problem.path[:1] in (("params",), ("model",))
        )

    def _say(self, problems: Iterable[Problem]) -> None:
        for one in problems:
            self._found.setdefault((one.code, one.node, one.says), one)
