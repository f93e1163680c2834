"""Distinct ids are distinct types, although all are strings at run time."""

from __future__ import annotations

from typing import NewType

NodeId = NewType("NodeId", str)
"""A node's id, unique in its workflow: a step name, or the number of an `.nbflow` node."""

RunId = NewType("RunId", str)
"""One run; sorts by time of creation."""

AttemptId = NewType("AttemptId", str)
"""One paid submission of a request."""

Digest = NewType("Digest", str)
"""`sha256` of bytes, 64 hexadecimal digits: an artifact's id."""

BaseKey = NewType("BaseKey", str)
"""Tagged digest of what a provider would see, without the candidate's number and salt."""

RequestKey = NewType("RequestKey", str)
"""Tagged digest of a whole request: base key, candidate number and salt."""
