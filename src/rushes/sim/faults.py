"""What can go wrong, how often and where; each decided by chance from the request itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from rushes.errors import UserError
from rushes.sim.chance import Chance
from rushes.sim.route import Place


class What(StrEnum):
    """The faults. The comment says what a client sees."""

    RATE_LIMIT = "429"  # refused, with Retry-After (`seconds`)
    RATE_LIMIT_BARE = "429-bare"  # refused, nothing said about when
    BEFORE_500 = "500"  # an error, and nothing was accepted; with Retry-After where `seconds` are given
    BEFORE_502 = "502"
    BEFORE_503 = "503"
    BEFORE_504 = "504"
    AFTER_500 = "500-after"  # an error, although the request was accepted
    AFTER_502 = "502-after"
    AFTER_503 = "503-after"
    AFTER_504 = "504-after"
    CLOSE_BEFORE = "close-before"  # the connection is reset; nothing was accepted
    CLOSE_AFTER = "close-after"  # the connection is closed without an answer; the request was accepted
    CLOSE_MID = "close-mid"  # the connection is closed in the middle of the answer
    HANG_UP = "hang-up"  # the connection is closed after the answer, which said nothing of it
    SLOW = "slow"  # the answer takes `seconds`
    TRUNCATED = "truncated"  # the answer is whole for HTTP, and half a JSON document or file
    UNKNOWN_STATUS = "unknown-status"  # a state that no documentation names
    WEBHOOK_TWICE = "webhook-twice"  # the same call again
    WEBHOOK_LATE = "webhook-late"  # the call comes `seconds` after the job is done
    WEBHOOK_LOST = "webhook-lost"  # no call at all
    WEBHOOK_FORGED = "webhook-forged"  # before the true call, one whose signature is not the provider's
    EXPIRED = "expired"  # the outputs are gone `seconds` after the job is done
    REFUSED = "refused"  # moderation says no; not billed
    REFUSED_BILLED = "refused-billed"  # moderation says no; billed
    FAILED = "failed"  # the job ends with an error of the model's; not billed
    WRONG_TYPE = "wrong-type"  # the file is not of the type that was asked for
    BLANK = "blank"  # one colour
    LETTERBOX = "letterbox"  # black bars
    BROKEN_FILE = "broken-file"  # the first half of a file
    PRICE = "price"  # billed `factor` times the list price
    RETIRED = "retired"  # this model is no longer served
    NO_MONEY = "no-money"  # the account's balance does not suffice
    CLOCK_JUMP = "clock-jump"  # the provider's clock jumps by `seconds`


OF_TRANSPORT = tuple(list(What)[: list(What).index(What.UNKNOWN_STATUS)])
"""Faults that are laid over any answer of any protocol, in the order in which they are tried."""

_SECONDS = {What.RATE_LIMIT: 5.0, What.SLOW: 10.0, What.WEBHOOK_LATE: 600.0, What.CLOCK_JUMP: 3600.0, What.EXPIRED: 0.0}
_SUBMITS = frozenset(
    {What.AFTER_500, What.AFTER_502, What.AFTER_503, What.AFTER_504, What.CLOSE_AFTER, What.RETIRED, What.NO_MONEY}
)
"""Without a place these concern submissions; everything else concerns any request that can meet it."""


_OF_JOBS = frozenset(list(What)[list(What).index(What.WEBHOOK_TWICE) :]) - {What.CLOCK_JUMP}
"""Decided once for a job, whatever place is named."""


class Fault(NamedTuple):
    """One fault that is switched on.

    `rate` is its chance from 0 to 1. `place` and `model` (an endpoint) narrow it, None means any. `first` spares what
    comes later: only the first N occurrences of one request can be hit. `seconds` and `factor` as `What` says.
    """

    what: What
    rate: float
    place: Place | None = None
    model: str | None = None
    first: int | None = None
    seconds: float = 0.0
    factor: float = 2.0

    def concerns(self, place: Place, model: str) -> bool:
        """Whether it is about such a request at all."""
        if self.place is None and self.what in _SUBMITS and place is not Place.SUBMIT:
            return False
        return (self.place in (None, place) or self.what in _OF_JOBS) and self.model in (None, model)

    def plain(self) -> dict[str, Any]:
        """As JSON, in the form that `fault_of` reads."""
        return {name: value for name, value in self._asdict().items() if value is not None}


class Faults:
    """The faults that are switched on, what chance makes of them, and how often which one has struck where."""

    def __init__(self, chance: Chance, faults: Iterable[Fault] = ()) -> None:
        self._chance = chance
        self.active: tuple[Fault, ...] = tuple(faults)
        self.struck: Counter[str] = Counter()

    def strikes(self, what: What, place: Place, model: str, key: object, nth: int = 0) -> Fault | None:
        """The fault when it hits: `key` tells requests apart, `nth` counts the occurrences of one (from 0)."""
        for number, fault in enumerate(self.active):
            if fault.what is not what or not fault.concerns(place, model):
                continue
            if fault.first is not None and nth >= fault.first:
                continue
            if self._chance.lot("fault", number, what, place, key, nth) < fault.rate:
                self.struck[f"{what}@{place}"] += 1
                return fault
        return None

    def on_the_way(self, place: Place, model: str, key: object, nth: int) -> Fault | None:
        """The first transport fault that hits this request."""
        for fault in self.active:
            if fault.what in OF_TRANSPORT and (hit := self.strikes(fault.what, place, model, key, nth)):
                return hit
        return None


def fault_of(raw: Mapping[str, Any]) -> Fault:
    """A fault from JSON such as `{"what": "429", "rate": 0.2, "place": "submit"}`; UserError says what is wrong."""
    unknown = sorted(set(raw) - set(Fault._fields))
    if unknown:
        raise UserError(f"a fault has no field {unknown[0]!r}", next_step=f"it has {', '.join(Fault._fields)}")
    what = _word(What, raw.get("what"), "fault")
    place = raw.get("place")
    first = raw.get("first")
    if first is not None and (not isinstance(first, int) or isinstance(first, bool) or first < 1):
        raise UserError(f"first: {first!r} of the fault {what} is no number of times", next_step="give 1 or more")
    model = raw.get("model")
    return Fault(
        what=what,
        rate=_number(what, "rate", raw.get("rate", 1.0), 0.0, 1.0),
        place=None if place in (None, "any") else _word(Place, place, "place"),
        model=None if model is None else str(model),
        first=first,
        seconds=_number(what, "seconds", raw.get("seconds", _SECONDS.get(what, 0.0)), -1e9, 1e9),
        factor=_number(what, "factor", raw.get("factor", 2.0), 0.0, 1e6),
    )


def fault_from_text(text: str) -> Fault:
    """A fault from `WHAT=RATE[@PLACE]`, as the flag `--fault` has it."""
    what, _, rest = text.partition("=")
    rate, _, place = rest.partition("@")
    raw: dict[str, Any] = {"what": what.strip().lower().replace("_", "-")}
    if rate:
        raw["rate"] = rate
    if place:
        raw["place"] = place.strip().lower()
    return fault_of(raw)


W = TypeVar("W", bound=StrEnum)


def _word(words: type[W], value: object, name: str) -> W:
    try:
        return words(str(value))
    except ValueError:
        raise UserError(f"{value!r} is no {name}", next_step=f"one of {', '.join(words)}") from None


def _number(what: What, name: str, value: object, least: float, most: float) -> float:
    try:
        number = float(str(value))
    except ValueError:
        number = float("nan")
    if isinstance(value, bool) or not least <= number <= most:
        raise UserError(
            f"{name} {value!r} of the fault {what} cannot be used",
            next_step=f"give a number from {least:g} to {most:g}",
        )
    return number
