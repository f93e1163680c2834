"""The simulator's own addresses, `/_sim/...`: health, books, faults. They are for the person who rehearses."""

from __future__ import annotations

from rushes.errors import UserError
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
        return _set_faults(request, world)
    return json_reply({"error": "known here: GET health, report, faults; POST faults"}, 404)


def _set_faults(request: Request, world: World) -> Reply:
    """`{"faults": [...]}` takes the place of all that were on; an empty list switches them off."""
    try:
        raw = request.json()
        listed = raw["faults"] if isinstance(raw, dict) else raw
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            raise UserError("faults are a list of objects")
        world.faults.active = tuple(fault_of(one) for one in listed)
    except UserError as error:
        return json_reply({"error": error.message, "try": error.next_step}, 400)
    except (ValueError, KeyError, RecursionError):
        return json_reply({"error": 'send {"faults": [{"what": "429", "rate": 0.2}]}'}, 400)
    return json_reply({"faults": [one.plain() for one in world.faults.active]})
