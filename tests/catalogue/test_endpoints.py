"""What endpoints take: every entry is a schema that can be used, and says where it is from."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import rushes.catalogue.endpoints as loading
from rushes.catalogue.endpoints import endpoints, hash_of, takes_at
from rushes.plugin.takes import Takes

FILES = sorted((Path(loading.__file__).parent / "data" / "endpoints").glob("*.json"))
INLINE = {"gemini", "openrouter"}
"""Providers whose inputs travel inside the request and have no parameter of their own."""


def every() -> list[tuple[str, str, Takes]]:
    return [(file.stem, name, takes) for file in FILES for name, takes in endpoints(file.stem).items()]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_says_where_it_is_from(file: Path) -> None:
    raw: dict[str, Any] = json.loads(file.read_bytes())
    assert set(raw) == {"about", "source", "as_of", "endpoints"}
    assert raw["source"]
    assert date.fromisoformat(raw["as_of"])


def test_every_schema_is_one_without_references() -> None:
    for provider, name, takes in every():
        jsonschema.Draft7Validator.check_schema(dict(takes.schema))
        assert takes.schema["type"] == "object", (provider, name)
        assert "$ref" not in json.dumps(takes.schema), (provider, name)
        assert len(hash_of(takes.schema)) == 64


def test_every_meaning_names_a_parameter_that_is_there() -> None:
    for provider, name, takes in every():
        roles = set() if provider in INLINE else {one.removesuffix("[]") for one in takes.inputs.values()}
        named = {takes.shape, takes.length, takes.audio, *takes.names.values(), *roles} - {None}
        assert named <= set(takes.properties), (provider, name, named - set(takes.properties))
        assert set(takes.schema.get("required", ())) <= set(takes.properties), (provider, name)


def test_every_word_for_a_value_means_one_that_can_be_had() -> None:
    for provider, name, takes in every():
        for field, words in takes.words.items():
            values = jsonschema.Draft7Validator(dict(takes.properties[field]))
            assert all(word == word.strip().lower() and values.is_valid(value) for word, value in words.items()), (
                provider,
                name,
                field,
            )


def test_every_route_leads_to_an_endpoint_that_is_there() -> None:
    for provider, name, takes in every():
        assert {route["to"] for route in takes.routes} <= set(endpoints(provider)), (provider, name)


def test_of_an_unknown_provider_or_endpoint_nothing_is_known() -> None:
    assert takes_at("nobody", "nothing") is None
    assert takes_at("fal", "nothing") is None


def test_an_entry_with_an_unknown_field_is_refused() -> None:
    with pytest.raises(TypeError):
        loading.takes_of({"schema": {}, "shap": "x"}, "s", "2026-11-20")
