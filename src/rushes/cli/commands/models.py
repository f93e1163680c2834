"""`rushes models`, `rushes models show`, `rushes models refresh`, `rushes models doctor`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from rushes.app.doctor import doctor
from rushes.app.project import Project
from rushes.app.refresh import refresh
from rushes.app.shelf import ModelLine, ModelPage, Shop, model_page
from rushes.app.shelf import models as models_of
from rushes.cli.exits import Exit
from rushes.cli.say import clean, count
from rushes.cli.session import common, session
from rushes.model.limit import Rate, Unit
from rushes.model.money import show_usd
from rushes.model.size import show_seconds


@click.group(invoke_without_command=True, subcommand_metavar="[show|refresh|doctor]")
@click.option("--category", metavar="KIND", help="Only models for this kind of work, such as image_to_video.")
@click.option("--provider", metavar="NAME", help="Only models that this provider offers.")
@common
@click.pass_context
def models(context: click.Context, category: str | None, provider: str | None) -> int | None:
    """List the models: who offers each, its price and typical time, and when it ends."""
    if context.invoked_subcommand is not None:
        return None
    now = session()
    with Project.open(Path.cwd(), home=now.home) as project:
        found = models_of(project, category=category, provider=provider)
    now.result([one._asdict() for one in found])
    if now.for_people:
        _show_list(found)
        if any(one.old for one in found):
            now.talk("* looked up more than 30 days ago")
    return Exit.OK


@models.command()
@click.argument("name")
@common
def show(name: str) -> int:
    """Say everything about the model NAME: its spellings, providers, prices, parameters and limits."""
    now = session()
    with Project.open(Path.cwd(), home=now.home) as project:
        page = model_page(project, name)
    now.result(page.plain())
    if now.for_people:
        for line in _page(page):
            click.echo(clean(line))
    return Exit.OK


@models.command("refresh")
@click.option("--provider", metavar="NAME", help="Ask this provider only.")
@click.option("--sim", metavar="URL", help="A simulator stands in for every remote provider.")
@common
def refresh_(provider: str | None, sim: str | None) -> int:
    """Ask services what their models take, cost and until when, where they publish it. Uses the network; buys nothing.

    What they say is kept in the home, and counts where it is newer.
    """
    now = session()
    with Project.open(Path.cwd(), home=now.home, sim=sim) as project:
        found = asyncio.run(refresh(project, provider, now.talk))
    ok = not any(one.wrong for one in found)
    now.result([one._asdict() for one in found], ok=ok)
    if now.for_people:
        for one in found:
            gone = f"; it does not know {', '.join(one.unknown)}" if one.unknown else ""
            click.echo(clean(f"{one.provider:<12} {count(one.seen, 'endpoint')} seen{gone}"))
            if one.wrong:
                click.echo(clean(f"{'':<12} {one.wrong}\n{'':<12} -> {one.next_step}"))
    return Exit.OK if ok else Exit.MISTAKE


@models.command("doctor")
@click.option("--provider", metavar="NAME", help="Look at this provider only.")
@common
def doctor_(provider: str | None) -> int:
    """Say where our files differ from what services published, and from what was billed and refused. Asks nobody."""
    now = session()
    with Project.open(Path.cwd(), home=now.home) as project:
        found = doctor(project, provider)
    now.result([one._asdict() for one in found], ok=not found)
    if now.for_people:
        for one in found:
            click.echo(clean(f"{one.kind:<10} {one.provider} {one.endpoint}: {one.says}\n{'':<10} {one.try_}"))
        click.echo(count(len(found), "difference"))
    return Exit.MISTAKE if found else Exit.OK


def _show_list(found: list[ModelLine]) -> None:
    """Models by their kind of work, in 80 columns. Of one that ends this is said, and not who offers it."""
    kinds: dict[str, list[ModelLine]] = {}
    for one in found:
        kinds.setdefault(one.category, []).append(one)
    for kind, lines in kinds.items():
        click.echo(kind.replace("_", " "))
        for one in lines:
            price = f"{one.price}{'*' if one.old else ''}"
            ends = f"{'ended' if one.ended else 'ends'} {one.ends}" if one.ends else ""
            offered = clean(", ".join(one.providers[:2]) + (f" +{len(one.providers) - 2}" if one.providers[2:] else ""))
            click.echo(f"  {one.key:<24} {price:<18} {one.seconds:>3.0f} s  {ends or offered}")
    click.echo(count(len(found), "model"))


def _page(page: ModelPage) -> list[str]:
    lines = [f"{page.key}: {page.maker}, {' or '.join(page.operations) or page.category}"]
    lines += [f"  also written   {', '.join(page.aliases)}"] if page.aliases else []
    lines.append(f"  takes about    {show_seconds(page.seconds)}; given up after {show_seconds(page.timeout)}")
    if page.durations:
        lines.append(f"  lengths        {', '.join(map(str, page.durations))} s")
    if page.ratios:
        lines.append(f"  shapes         {', '.join(page.ratios)}")
    if page.retired is not None:
        left = page.days_left or 0
        lines.append(
            f"  ends           {page.retired}" + (f", in {count(left, 'day')}" if left > 0 else ": it is retired")
        )
    lines += [f"  successor      {page.successor}"] if page.successor else []
    lines += [f"  equivalents    {', '.join(page.equivalents)}"] if page.equivalents else []
    lines += [f"  as a draft     {', '.join(page.drafts)}"] if page.drafts else []
    lines += [f"  earlier        {one}" for one in page.was]
    lines += [f"  note           {page.note}"] if page.note else []
    for shop in page.shops:
        lines += ["", *_shop(shop)]
    return lines


def _shop(shop: Shop) -> list[str]:
    missing = "" if shop.there else "   (Rushes cannot ask it)"
    gateway = f"   (only a gateway may still have it: [providers.{shop.provider}] url)" if shop.imitated else ""
    lines = [f"at {shop.provider}: {shop.endpoint}{missing}{gateway}"]
    for price in shop.prices:
        when = " ".join(f"{name}={value}".lower() for name, value in price.when.items())
        usd = "price not known" if price.usd is None else f"{show_usd(Decimal(price.usd))} {price.per}"
        usd += f", ${price.answered} a million out" if price.answered else ""
        age = f", {price.days} days ago" if price.days > 30 else ""
        lines += [f"  {usd:<26} {when}".rstrip(), f"      {price.source}, {price.as_of}{age}"]
    if shop.facts is not None:
        lines += [f"  {one}" for one in _facts(shop)]
    if shop.params is None:
        return [*lines, "  what it takes is not established: it is refused before anything is bought"]
    lines += [f"  inputs: {', '.join(shop.inputs) or 'none'}", "  parameters:", f"      {shop.source}, {shop.as_of}"]
    for one in shop.params:
        what = ", ".join(one.allowed) or " ".join(filter(None, (one.type, one.span)))
        extra = [word for word in (one.says, "needed" if one.needed else "") if word]
        usual = str(one.default).lower() if isinstance(one.default, bool) else one.default
        extra += [f"else {usual}"] if usual is not None else []
        lines.append(f"    {one.name:<24} {what}" + (f"  ({'; '.join(extra)})" if extra else ""))
    return lines


def _facts(shop: Shop) -> list[str]:
    facts = shop.facts or {}
    lives, bills = facts.get("outputs_live"), facts.get("bills_refusals")
    costs = {True: "refusals may cost", False: "refusals are free"}.get(bills, "whether refusals cost is not known")  # type: ignore[arg-type]
    kept = "how long outputs live is not known" if lives is None else f"outputs live {show_seconds(lives)}"
    return [f"a duplicate is recognised by: {facts.get('duplicates')}", f"{costs}; {kept}", _allows(facts)]


def _allows(facts: Mapping[str, Any]) -> str:
    """What is declared of limits, and whose they are; what is not declared is found by asking."""
    declared = [f"{facts['in_flight']} at once"] if facts.get("in_flight") is not None else []
    declared += [Rate(one["most"], one["seconds"], Unit(one["of"])).says for one in facts.get("rates", ())]
    whose = "each model" if facts.get("by_model") else "the account"
    return f"limits of {whose}: {', '.join(declared) or 'not declared, found by asking'}"
