"""What can be had instead of a wrong value, in words, and which of it is nearest."""

from __future__ import annotations

from typing import Any

import pytest

from rushes.providers.checked import allowed_words, closest


def _one_of(*values: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(values)}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (_one_of("3", "4", "5", "6", "7"), "from 3 to 7"),
        (_one_of("4", "6", "8"), "one of 4, 6, 8"),
        (_one_of("5", "6", "7", "8", "10"), "one of 5, 6, 7, 8, 10"),
        (_one_of("4s", "5s", "6s", "7s", "8s"), "one of 4s, 5s, 6s, 7s, 8s"),
        ({"type": "integer", "minimum": 1, "maximum": 15}, "from 1 to 15"),
        ({"type": "boolean"}, "true or false"),
    ],
)
def test_what_can_be_had_is_said_in_few_words(schema: dict[str, Any], words: str) -> None:
    assert allowed_words(schema) == words


@pytest.mark.parametrize(
    ("schema", "value", "nearest"),
    [
        (_one_of("720p", "1080p", "4k"), "8k", "4k"),
        (_one_of("720p", "1080p", "4k"), 1000, "1080p"),
        (_one_of("1K", "2K", "4K"), "3k", "2K"),
        (_one_of("3", "4", "5"), 16, "5"),
        (_one_of("16:9", "9:16", "1:1"), "7:4", "16:9"),
        (_one_of("low", "medium", "high"), "mediun", "medium"),
        (_one_of("low", "medium", "high"), "ultra", None),
        ({"type": "integer", "maximum": 15}, 20, 15),
    ],
)
def test_the_nearest_value_is_offered_and_none_where_none_is_near(
    schema: dict[str, Any], value: Any, nearest: Any
) -> None:
    assert closest(schema, value) == nearest
