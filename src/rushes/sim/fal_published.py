"""What fal publishes about its endpoints: the OpenAPI document of each, and its price list.

Sources: the shape of `fal.ai/api/openapi/queue/openapi.json`, fal's page on `/v1/models/pricing`, 2026-11-21.
"""

from __future__ import annotations

from rushes.catalogue.endpoints import takes_at
from rushes.sim.prices import listed
from rushes.sim.route import Place, Route
from rushes.sim.wire import Reply, Request, json_reply
from rushes.sim.world import Call

SITE, PLATFORM = "fal.ai", "api.fal.ai"
_OPENAPI, _PRICING = "/api/openapi/queue/openapi.json", "/v1/models/pricing"
_MOST = 50


def route(request: Request) -> Route | None:
    """The route of a question about what is published; None for any other."""
    if request.method != "GET" or request.path not in (_OPENAPI, _PRICING):
        return None
    return Route(
        Place.STATUS, about=f"{request.path}?{request.query.get('endpoint_id', '')}", open=request.path == _OPENAPI
    )


def answer(call: Call) -> Reply | None:
    """What is published; None for a question about something else."""
    asked = call.request.query.get("endpoint_id", "")
    if call.request.path == _OPENAPI:
        return _openapi(asked)
    return _pricing(call, asked.split(",")[:_MOST]) if call.request.path == _PRICING else None


def _openapi(endpoint: str) -> Reply:
    takes = takes_at("fal", endpoint)
    if takes is None:
        return json_reply({"detail": f"Application {endpoint!r} not found"}, 404)
    name = "".join(part.capitalize() for part in endpoint.replace("-", "/").split("/"))
    schemas = {f"{name}Input": dict(takes.schema), f"{name}Output": {"type": "object", "properties": {}}}
    return json_reply({"openapi": "3.0.4", "paths": {f"/{endpoint}": {}}, "components": {"schemas": schemas}})


def _pricing(call: Call, endpoints: list[str]) -> Reply:
    terms = listed("prices/fal", "models")
    found = [
        {
            "endpoint_id": name,
            "unit_price": float(call.world.prices.changed(name) or terms[name].usd),
            "unit": terms[name].per,
            "currency": "USD",
        }
        for name in endpoints
        if name in terms
    ]
    return json_reply({"prices": found, "next_cursor": None, "has_more": False}, 200 if found else 404)
