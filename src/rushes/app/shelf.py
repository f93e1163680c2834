"""Use case: what models there are, and everything that is known about one. Reads the catalogue; asks nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, NamedTuple

from rushes.app.offers import OLD, days_old
from rushes.app.plugins import is_there
from rushes.app.project import Project
from rushes.catalogue.endpoints import hash_of, takes_at
from rushes.catalogue.model import Listing, Model
from rushes.errors import NotFound, UserError
from rushes.model.money import show_usd
from rushes.model.price import Price, Unit
from rushes.model.problem import did_you_mean
from rushes.plugin.provider import Facts
from rushes.plugin.takes import Takes

_UNITS = {
    Unit.REQUEST: "a request",
    Unit.IMAGE: "an image",
    Unit.MEGAPIXEL: "a megapixel",
    Unit.SECOND: "a second",
    Unit.MINUTE: "a minute",
    Unit.CHARACTER: "1,000 characters",
    Unit.TOKEN: "1,000,000 tokens in",
}
_SHORT = {
    Unit.REQUEST: "request",
    Unit.IMAGE: "image",
    Unit.MEGAPIXEL: "megapixel",
    Unit.SECOND: "s",
    Unit.MINUTE: "min",
    Unit.CHARACTER: "1k letters",
    Unit.TOKEN: "M tokens in",
}
_TIMES = {Unit.CHARACTER: 1_000, Unit.TOKEN: 1_000_000}


class ModelLine(NamedTuple):
    """One model in the list. `price` is what its first provider asks; `ends` is its last day, `old` an old price."""

    key: str
    category: str
    providers: tuple[str, ...]
    price: str
    seconds: float
    ends: str | None
    ended: bool
    old: bool


class PriceLine(NamedTuple):
    """One entry of a price list: USD as a text (None: not known), its unit, its condition, and where it is from."""

    usd: str | None
    per: str
    when: Mapping[str, Any]
    source: str
    as_of: str
    days: int
    answered: str | None = None


class Param(NamedTuple):
    """One parameter that an endpoint takes: `allowed` are its few values, `span` its bounds, for people."""

    name: str
    type: str
    allowed: tuple[str, ...]
    span: str
    needed: bool
    default: Any
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A model as one provider offers it, and the four facts of that provider.

    `there`: Rushes can ask it; `imitated`: the provider itself serves it no more, a gateway may.
    """

    provider: str
    endpoint: str
    operations: tuple[str, ...]
    there: bool
    imitated: bool
    facts: Mapping[str, Any] | None
    prices: tuple[PriceLine, ...]
    params: tuple[Param, ...] | None
    inputs: Mapping[str, str]
    source: str
    as_of: str
    schema: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPage:
    """Everything about one model; times in seconds."""

    key: str
    maker: str
    category: str
    operations: tuple[str, ...]
    aliases: tuple[str, ...]
    seconds: float
    timeout: float
    durations: tuple[int, ...] | None
    ratios: tuple[str, ...] | None
    defaults: Mapping[str, Any]
    retired: str | None
    days_left: int | None
    successor: str | None
    equivalents: tuple[str, ...]
    drafts: tuple[str, ...]
    was: tuple[str, ...]
    note: str | None
    shops: tuple[Shop, ...]

    def plain(self) -> dict[str, Any]:
        """As JSON; money as strings."""
        return asdict(self) | {"shops": [_plain(one) for one in self.shops]}


def _plain(shop: Shop) -> dict[str, Any]:
    params = None if shop.params is None else [one._asdict() for one in shop.params]
    return asdict(shop) | {"prices": [one._asdict() for one in shop.prices], "params": params}


def models(project: Project, *, category: str | None = None, provider: str | None = None) -> list[ModelLine]:
    """The models, of one kind of work and one provider if asked. Raises UserError for a kind or a provider of none."""
    catalogue, today = project.catalogue, date.today()
    every = catalogue.models()
    _known("kind of work", category, {one.category for one in every} | {op for one in every for op in one.operations})
    _known("provider", provider, catalogue.providers())
    return [
        _line(one, today)
        for one in every
        if category in (None, one.category, *one.operations)
        and provider in (None, *(listing.provider for listing in one.listings()))
    ]


def _known(what: str, name: str | None, names: set[Any] | frozenset[str]) -> None:
    if name is not None and name not in names:
        raise UserError(
            f"no model has the {what} {name!r}", next_step=f"there are: {', '.join(sorted(map(str, names)))}"
        )


def _line(model: Model, today: date) -> ModelLine:
    providers = tuple(dict.fromkeys(one.provider for one in model.listings()))
    old = any(days_old(price, today) > OLD for price in model.prices)
    ends = model.retired.isoformat() if model.retired is not None else None
    ended, price = model.retired_on(today), price_words(model.prices)
    return ModelLine(model.key, model.category, providers, price, model.seconds, ends, ended, old)


def price_words(prices: Sequence[Price]) -> str:
    """A price list in a few letters: `$0.07-0.168/s`, `not known`."""
    known = [one for one in prices if one.usd is not None]
    if not known:
        return "not known"
    units = {one.per for one in known}
    if len(units) > 1:
        return f"{len(known)} prices"
    (unit,) = units
    amounts = sorted((one.usd or 0) * _TIMES.get(unit, 1) for one in known)
    low, high = show_usd(amounts[0]), show_usd(amounts[-1])  # type: ignore[arg-type]
    return f"{low if low == high else f'{low}-{high[1:]}'}/{_SHORT[unit]}"


def model_page(project: Project, name: str) -> ModelPage:
    """Everything about the model that a spelling means. Raises NotFound, naming what is near."""
    model = project.catalogue.find(name)
    if model is None:
        near = project.catalogue.near(name)
        raise NotFound(f"there is no model {name!r}", next_step=did_you_mean(near, "see: rushes models"))
    today = date.today()
    return ModelPage(
        key=model.key,
        maker=model.maker,
        category=model.category,
        operations=tuple(map(str, model.operations)),
        aliases=model.aliases,
        seconds=model.seconds,
        timeout=model.timeout,
        durations=model.durations,
        ratios=model.ratios,
        defaults=model.defaults,
        retired=model.retired.isoformat() if model.retired is not None else None,
        days_left=model.days_left(today),
        successor=model.successor,
        equivalents=model.equivalents,
        drafts=model.drafts,
        was=tuple(f"{one.provider} {one.endpoint} until {one.until}" for one in model.was),
        note=model.note,
        shops=tuple(_shop(project, one, today) for one in model.listings()),
    )


def _shop(project: Project, listing: Listing, today: date) -> Shop:
    there = is_there(listing.provider)
    takes = takes_at(listing.provider, listing.endpoint)
    return Shop(
        provider=listing.provider,
        endpoint=listing.endpoint,
        operations=tuple(map(str, listing.operations)),
        there=there,
        imitated=listing.imitated,
        facts=_facts(project.provider(listing.provider).facts) if there else None,
        prices=tuple(_price(one, today) for one in listing.prices),
        params=None if takes is None else tuple(_params(takes)),
        inputs={} if takes is None else dict(takes.inputs),
        source="" if takes is None else takes.source,
        as_of="" if takes is None else takes.as_of,
        schema=None if takes is None else hash_of(takes.schema),
    )


def _facts(facts: Facts) -> dict[str, Any]:
    rates = [{"most": one.most, "seconds": one.seconds, "of": str(one.of)} for one in facts.rates]
    return {**facts._asdict(), "duplicates": str(facts.duplicates), "rates": rates}


def _price(price: Price, today: date) -> PriceLine:
    times = _TIMES.get(price.per, 1)
    usd = None if price.usd is None else f"{(price.usd * times).normalize():f}"
    answered = f"{(price.answered * times).normalize():f}" if price.answered else None
    return PriceLine(usd, _UNITS[price.per], price.when, price.source, price.as_of, days_old(price, today), answered)


def _params(takes: Takes) -> list[Param]:
    roles = {one.removesuffix("[]") for one in takes.inputs.values()}
    needed = set(takes.schema.get("required", ()))
    return [
        Param(
            name=name,
            type=_type(schema),
            allowed=tuple(str(one) for part in (schema, *schema.get("anyOf", ())) for one in part.get("enum", ())),
            span=_span(schema),
            needed=name in needed,
            default=schema.get("default"),
            says=_meaning(takes, name),
        )
        for name, schema in takes.properties.items()
        if name not in roles and name != takes.prompt
    ]


def _type(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type", "value" if "anyOf" not in schema else "text or size")
    return {"string": "text", "boolean": "true or false", "array": "list"}.get(str(kind), str(kind))


def _span(schema: Mapping[str, Any]) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is None and most is None:
        return f"{schema['maxLength']} characters at most" if "maxLength" in schema else ""
    return f"{'' if least is None else least}..{'' if most is None else most}"


def _meaning(takes: Takes, name: str) -> str:
    said = {takes.shape: "the shape", takes.length: "the length", takes.audio: "sound"}
    return said.get(name, "")
