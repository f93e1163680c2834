"""The simulator's own addresses, `/_sim/...`: health, books, faults, capacity. They are for whoever rehearses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rushes.errors import UserError
from rushes.sim.capacity_text import capacities
from rushes.sim.faults import fault_of
from rushes.sim.wire import Reply, Request, json_reply
from rushes.sim.world import World


def control(request: Request, world: World) -> Reply:
    """The answer to `/_sim/...`."""
    what = (request.method, request.path)
    if what == ("GET", "/_sim/health"):
        return json_reply({"simulated": True, "ok": True, "now": world.clock.stamp(), "seed": world.chance.seed})
    if what == ("GET", "/_sim/report"):
        return json_reply(world.books.report())
    if what == ("GET", "/_sim/faults"):
        return json_reply({"faults": [one.plain() for one in world.faults.active], "struck": dict(world.faults.struck)})
    if what == ("POST", "/_sim/faults"):
        return _changed(request, "faults", _set_faults, world, 'send {"faults": [{"what": "429", "rate": 0.2}]}')
    if what == ("GET", "/_sim/capacity"):
        return json_reply(_capacity(world))
    if what == ("POST", "/_sim/capacity"):
        return _changed(request, "capacity", _set_capacity, world, 'send {"capacity": ["fal:in-flight=5"]}')
    return json_reply({"error": "known here: GET health, report, faults, capacity; POST faults, capacity"}, 404)


def _changed(
    request: Request, name: str, change: Callable[[list[Any], World], dict[str, Any]], world: World, form: str
) -> Reply:
    """`{"NAME": [...]}` takes the place of all that was on; an empty list switches it off."""
    try:
        raw = request.json()
        listed = raw[name] if isinstance(raw, dict) else raw
        if not isinstance(listed, list):
            raise UserError(f"{name}: {listed!r} is no list", next_step=form)
        return json_reply(change(listed, world))
    except UserError as error:
        return json_reply({"error": error.message, "try": error.next_step}, 400)
    except (ValueError, KeyError, RecursionError):
        return json_reply({"error": form}, 400)


def _set_faults(listed: list[Any], world: World) -> dict[str, Any]:
    if not all(isinstance(one, dict) for one in listed):
        raise UserError("faults are a list of objects")
    world.faults.active = tuple(fault_of(one) for one in listed)
    return {"faults": [one.plain() for one in world.faults.active]}


def _set_capacity(listed: list[Any], world: World) -> dict[str, Any]:
    world.capacity = capacities(listed)
    return _capacity(world)


def _capacity(world: World) -> dict[str, Any]:
    """What accounts take, and how their callers behave."""
    doors = {name: door.plain() for name, door in world.doors().items()}
    return {"capacity": [one.text for one in world.capacity], "accounts": doors}
