"""The hashing contract: what a request's key is made of, and in which bytes.

A *request key* names exactly what a provider would be asked. It is the SHA-256 of canonical bytes,
written as `rk1:` and 64 hexadecimal digits; `rk1` is the version of this contract, and a change of
anything below takes the next number, so that an old key can never mean something new.

In the base key (`bk1:`), by name and nothing else:

- `op`: the operation;
- `provider` and `model`: the provider's name and the model *version* that the alias resolved to;
- `prompt`: the resolved prompt, as it would be sent, or null;
- `params`: the resolved parameters, as they would be sent;
- `inputs`: for each role, the digests of its artifacts in order. Roles are names, so a start and an
  end frame never commute; the order inside a role is what the provider sees, so it counts.

The request key adds `candidate` (its number, from 0) and `salt` (0 for the first asking; each
re-roll takes the next). Row content counts through the prompt and the parameters it was put into.

Not in a key, because no provider sees it: file name, workflow name and version, tab, node id, title,
position, colour, comment, order in the file, concurrency, time-outs, budgets, output folder.

What was made for another prompt and is taken all the same answers the question under a key of its own (`bb1:`): the
question's base key and the digests of exactly these bytes. So a question that is asked itself is never answered by it.

What a benchmark asks is asked apart (`ba1:`): the question's base key and a name of the benchmark's own. So everything
is really made, whatever is known already, and what it makes never stands in the place of anything.

Canonical bytes are JSON in UTF-8 with sorted keys and no spaces; `1`, `1.0`, `"1"` and `true` are four
different values, because they are four different bytes on the wire. NaN, infinities and keys that
are no strings are refused: they have no agreed bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from rushes.model.ids import BaseKey, RequestKey

_encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, check_circular=False
).encode


def canonical_bytes(value: object) -> bytes:
    """The one byte form of a JSON value; ValueError or TypeError for what JSON cannot say."""
    _refuse_keys(value)
    return _encode(value).encode("utf-8", "surrogatepass")


def _refuse_keys(value: object) -> None:
    # json.dumps would turn the key 1 into "1" and so give two documents one key
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise TypeError(f"key {key!r} is not a string")
            if inner.__class__ is dict or inner.__class__ is list:
                _refuse_keys(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            if isinstance(inner, dict | list | tuple):
                _refuse_keys(inner)


def digest_of(value: object) -> str:
    """SHA-256 of the canonical bytes, 64 hexadecimal digits."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


def base_key(recipe: Mapping[str, object]) -> BaseKey:
    """The key of a recipe (`op provider model prompt params inputs`), before candidate and salt."""
    return BaseKey("bk1:" + digest_of(recipe))


def request_key(base: BaseKey, candidate: int, salt: int) -> RequestKey:
    """The key of one asking: the base key, the candidate's number and its salt."""
    return RequestKey("rk1:" + hashlib.sha256(b"%s\0%d\0%d" % (base.encode(), candidate, salt)).hexdigest())


_BORROWED = "bb1:"


def borrowed_key(base: BaseKey, lent: Sequence[str]) -> BaseKey:
    """The key under which bytes with these digests, made for another prompt, answer the question `base`."""
    return BaseKey(_BORROWED + hashlib.sha256("\0".join((base, *lent)).encode()).hexdigest())


def is_borrowed(base: BaseKey | None) -> bool:
    """Whether this is the key of a question that is answered by what was made for another prompt."""
    return base is not None and base.startswith(_BORROWED)


def apart_key(base: BaseKey, name: str) -> BaseKey:
    """The key of a question that is asked apart from everything that was ever asked, under a name of its own."""
    return BaseKey("ba1:" + hashlib.sha256("\0".join((base, name)).encode()).hexdigest())


def seed_for(base: BaseKey, candidate: int, salt: int) -> int:
    """A seed of 31 bits for one asking, for models that take one; equal askings have equal seeds."""
    raw = hashlib.sha256(b"seed\0%s\0%d\0%d" % (base.encode(), candidate, salt)).digest()
    return int.from_bytes(raw[:4], "big") & 0x7FFFFFFF
