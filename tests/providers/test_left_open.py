"""What nobody asks for and a price depends on: it is said, or it is the service's own, or the dearest there is."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import pytest
from tests.providers.rig import FRAME_ARTIFACT, access, asked

from rushes.app.plugins import REMOTE
from rushes.catalogue.load import Catalogue
from rushes.model.operation import Operation
from rushes.model.request import Recipe
from rushes.plugin.access import Offer
from rushes.providers.remote import Remote

FRAMED = {"start_frame": (FRAME_ARTIFACT,)}


def remote_named(name: str) -> Remote:
    module, _, kind = REMOTE[name].partition(":")
    made: Remote = getattr(import_module(module), kind)(access(name, None))
    return made


def films(of: Remote) -> Iterator[tuple[Recipe, Offer]]:
    """A film of every model that the provider offers, for which nothing is asked but that it moves."""
    for model in Catalogue.default().models():
        for op, inputs in ((Operation.TEXT_TO_VIDEO, {}), (Operation.IMAGE_TO_VIDEO, FRAMED)):
            offer = of.access.offer(model.key, op)
            if offer is not None:
                yield asked(of, model.key, op, "it moves", {}, inputs), offer


def seconds(value: object) -> float | None:
    text = str(value).removesuffix("s")
    return float(text) if text.replace(".", "", 1).isdecimal() else None


@pytest.mark.parametrize("name", REMOTE)
def test_a_film_of_no_said_length_is_no_longer_than_is_quoted(name: str) -> None:
    of = remote_named(name)
    for recipe, offer in films(of):
        takes = of.takes(of.endpoint(recipe))
        if takes is None or takes.length is None or not of.estimate(recipe).known:
            continue
        sent = of.put(recipe).body.get(takes.length, takes.properties[takes.length].get("default"))
        most = max(offer.durations or (0,))
        counted = seconds(offer.defaults.get("duration", most))
        assert counted is not None
        made = seconds(sent)
        assert made == counted or (made is None and counted == most), f"{recipe.alias}: {sent} s, and {counted} quoted"
