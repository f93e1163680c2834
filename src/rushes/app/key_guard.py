"""Before anything is bought: every provider that would be asked has a key, and it is the world that was meant."""

from __future__ import annotations

from dataclasses import replace

from rushes.app.keys import how_to_set, variables_of
from rushes.app.plan import Prepared
from rushes.app.plugins import KEYLESS
from rushes.app.project import Project
from rushes.errors import RefusedError
from rushes.graph.planned import Action
from rushes.model.run import RunRecord

_ASKS = (Action.RUN, Action.AFTER)


def require_keys(project: Project, prepared: Prepared) -> None:
    """Raises RefusedError naming every provider without a key at once; ConfigError for a key that is none."""
    if project.simulator is not None:
        return  # a simulator opens to everybody, and a real key is never sent to one
    nodes = (one for one in prepared.plan.nodes if one.action in _ASKS and one.provider not in KEYLESS)
    asked = dict.fromkeys(one.provider for one in nodes if one.provider)
    missing = [name for name in asked if project.remote(name) and project.keys.find(name) is None]
    if not missing:
        return
    steps = " && ".join(how_to_set(name) for name in missing)
    named = " and ".join(missing)
    variables = ", ".join(variables_of(name)[-1] for name in missing)
    raise RefusedError(
        f"{named} {'has' if len(missing) == 1 else 'have'} no key, and nothing was bought",
        next_step=f"{steps}   (or set {variables}; or rehearse with --provider sketch, or --sim URL)",
    )


def same_world(project: Project, record: RunRecord) -> RunRecord:
    """The run to go on with, in the world that it was begun in. Raises RefusedError where that is not what is set.

    What a simulator took is unknown to the real provider, and the other way round: a run never changes over, least of
    all from play money to real money because a variable is no longer set. Another simulator may go on for one that is
    gone.
    """
    now = project.config.sim
    if now.value is None or now.value == record.options.sim:
        return record
    if record.options.sim is not None:
        return replace(record, options=replace(record.options, sim=now.value))
    raise RefusedError(
        f"run {record.id} was begun with real providers, and {now.source} says {now.value}",
        next_step="take the simulator away to go on with it, or run the file again to rehearse it",
    )
