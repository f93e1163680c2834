"""Use case: where what we believe of models has drifted from what services say, and from what receipts say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from rushes.app.plugins import REMOTE
from rushes.app.project import Project
from rushes.catalogue.endpoints import endpoints
from rushes.catalogue.load import Catalogue
from rushes.catalogue.snapshot import Seen, read_snapshot
from rushes.errors import ErrorClass
from rushes.ledger.fold import AttemptState, fold
from rushes.model.money import show_usd
from rushes.model.price import Unit
from rushes.plugin.takes import Takes


class Drift(NamedTuple):
    """One thing that is not as we believe. `kind`: parameter, price, end, receipt or refusal."""

    kind: str
    provider: str
    endpoint: str
    says: str
    try_: str


def doctor(project: Project, provider: str | None = None) -> list[Drift]:
    """Everything that has drifted; nothing is asked of anybody."""
    names = [provider] if provider is not None else list(REMOTE)
    found: list[Drift] = []
    for name in names:
        seen = read_snapshot(project.snapshots, name)
        found += _parameters(name, seen)
        found += _prices_and_ends(name, seen)
    return [*found, *(one for one in _receipts(project) if provider in (None, one.provider))]


def _parameters(provider: str, seen: Mapping[str, Seen]) -> Iterator[Drift]:
    ours = endpoints(provider)
    for endpoint, one in seen.items():
        takes = ours.get(endpoint)
        if one.schema is None:
            continue
        if takes is None:
            says, try_ = "it is published, and we do not know what means what in it", "it is refused until we do"
            yield Drift("parameter", provider, endpoint, says, try_)
            continue
        for says in differences(takes, one.schema):
            yield Drift("parameter", provider, endpoint, says, f"seen on {one.at}; ours is of {takes.as_of}")


def differences(takes: Takes, schema: Mapping[str, Any]) -> Iterator[str]:
    """What a published schema has otherwise than ours, in words."""
    there: Mapping[str, Any] = schema.get("properties", {})
    for name in sorted(set(takes.properties) - set(there)):
        meant = " (we send it)" if name in takes.meant() else ""
        yield f"{name} is not there any more{meant}"
    for name in sorted(set(there) - set(takes.properties)):
        yield f"{name} is new"
    for name in sorted(set(there) & set(takes.properties)):
        mine, its = takes.properties[name], there[name]
        for word in ("type", "minimum", "maximum", "maxLength", "maxItems", "default"):
            if mine.get(word) != its.get(word) and (word in mine or word != "default"):
                yield f"{name}: {word} is {its.get(word)!r}, ours is {mine.get(word)!r}"
        gone, new = _values(mine) - _values(its), _values(its) - _values(mine)
        if gone:
            yield f"{name}: {', '.join(sorted(gone))} cannot be had any more"
        if new and _values(mine):
            yield f"{name}: {', '.join(sorted(new))} can be had now"
    needed, ours = set(schema.get("required", ())), set(takes.schema.get("required", ()))
    for name in sorted(needed - ours):
        yield f"{name} is needed now"


def _values(schema: Mapping[str, Any]) -> set[str]:
    return {str(one) for part in (schema, *schema.get("anyOf", ())) for one in part.get("enum", ())}


def _prices_and_ends(provider: str, seen: Mapping[str, Seen]) -> Iterator[Drift]:
    for model in Catalogue.default().models():
        for listing in model.listings():
            one = seen.get(listing.endpoint) if listing.provider == provider else None
            if one is None:
                continue
            ours = [price for price in listing.prices if not price.when and price.per is one.unit]
            if one.usd is not None and ours and ours[0].usd != one.usd:
                mine = "not known" if ours[0].usd is None else show_usd(ours[0].usd)
                says = f"{model.key}: {show_usd(one.usd)} a {one.unit}, ours is {mine} of {ours[0].as_of}"
                yield Drift("price", provider, listing.endpoint, says, "the newer one is used")
            if one.ends is not None and one.ends != model.retired and listing.provider == model.provider:
                says = f"{model.key}: ends on {one.ends}, ours is {model.retired or 'no end'}"
                yield Drift("end", provider, listing.endpoint, says, "the newer one is used")


class _Bill(NamedTuple):
    """What one endpoint was quoted and billed, USD; how often; and what it refused that we had let through."""

    times: int = 0
    wrong: int = 0
    quoted: Decimal = Decimal(0)
    billed: Decimal = Decimal(0)
    refused: tuple[str, ...] = ()


def _receipts(project: Project) -> Iterator[Drift]:
    bills: dict[tuple[str, str], _Bill] = {}
    listings = (one for model in project.catalogue.models() for one in model.listings())
    by_token = {
        (one.provider, one.endpoint) for one in listings if any(price.per is Unit.TOKEN for price in one.prices)
    }
    for record in project.ledger.runs(limit=200):
        for attempt in fold(project.ledger.events(record.id)).attempts.values():
            key = (attempt.event.provider, attempt.event.model)
            bounded = attempt.text is not None or (key[0], key[1].removeprefix("sim:")) in by_token
            bills[key] = _with(bills.get(key, _Bill()), attempt, bounded=bounded)
    for (provider, endpoint), bill in bills.items():
        if bill.wrong:
            says = (
                f"{bill.wrong} of {bill.times} requests were billed otherwise than quoted: "
                f"{show_usd(bill.billed)}, not {show_usd(bill.quoted)}"
            )
            yield Drift("receipt", provider, endpoint, says, "correct the price in rushes models show")
        for says in bill.refused[:3]:
            yield Drift(
                "refusal", provider, endpoint, f"it refused what we had let through: {says}", "a limit is missing"
            )


def _with(bill: _Bill, attempt: AttemptState, *, bounded: bool) -> _Bill:
    """The bill with one more; `bounded`: less than the quote is what was meant, a worst case of tokens."""
    quoted, billed = attempt.event.worst, attempt.billed
    if attempt.error is ErrorClass.INVALID_INPUT and attempt.sent is not None:
        return bill._replace(refused=tuple(dict.fromkeys((*bill.refused, attempt.says))))
    if billed is None or quoted is None:
        return bill
    wrong = billed > quoted or (billed < quoted and not bounded)
    return bill._replace(
        times=bill.times + 1,
        wrong=bill.wrong + wrong,
        quoted=bill.quoted + (quoted if wrong else 0),
        billed=bill.billed + (billed if wrong else 0),
    )
