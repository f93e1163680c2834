"""`rushes gc`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from rushes.app.project import Project
from rushes.app.tidy import Heap, Tidied, Wish, empty, tidy, undo
from rushes.app.tidy_pins import pin_named, unpin_named
from rushes.cli.options import age, size
from rushes.cli.say import blobs, clean, count
from rushes.cli.session import common, session
from rushes.model.size import show_bytes

_MEANS = {
    "pinned": "you pinned it",
    "approved": "a gate let it through, or it came of that",
    "exported": "an exported folder has it",
    "live": "a workflow file would use it again",
    "open": "of an unfinished run, or a run's workflow",
    "young": "it was written within the last hour",
}


@click.command()
@click.option("--max-age", callback=age, metavar="AGE", help="Collect what was last used longer ago: 7d, 12h.")
@click.option("--max-size", callback=size, metavar="SIZE", help="Collect the longest unused until it fits: 20GB.")
@click.option("--dry-run", "pretend", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--undo", "back", is_flag=False, flag_value="last", metavar="[ID]", help="Bring a collection back.")
@click.option("--empty-trash", "for_good", is_flag=True, help="Delete what was collected, for good.")
@click.option("--pin", "pinned", metavar="WHAT", help="Keep this: a digest, a run, a node of the newest run.")
@click.option("--unpin", "unpinned", metavar="WHAT", help="Take the pin away.")
@common
def gc(
    max_age: float | None,
    max_size: int | None,
    pretend: bool,
    back: str | None,
    for_good: bool,
    pinned: str | None,
    unpinned: str | None,
) -> None:
    """Free the store of what nobody needs; without flags, say what could go and why the rest stays.

    What is approved, pinned, exported or needed by a workflow that is still there is never taken. What is taken goes to
    the trash, and comes back with --undo for 30 days.
    """
    wish = Wish(max_age=max_age, max_size=max_size, pretend=pretend)
    asked = [wish.wants, back is not None, for_good, pinned is not None, unpinned is not None]
    if sum(asked) > 1:
        raise click.UsageError("collect, --undo, --empty-trash, --pin and --unpin are one at a time")
    if pretend and (back is not None or pinned is not None or unpinned is not None):
        raise click.UsageError("--dry-run is for collecting and for --empty-trash")
    with Project.open(Path.cwd(), home=session().home) as project:
        if back is not None:
            restored = undo(project, None if back == "last" else back)
            _say("undo", restored.heap, f"brought back from {restored.id}", id=restored.id)
        elif for_good:
            says = "would be deleted for good" if pretend else "deleted for good"
            _say("empty-trash", empty(project, pretend=pretend), says)
        elif pinned is not None:
            _say_pin("pin", *pin_named(project, pinned), "pinned")
        elif unpinned is not None:
            _say_pin("unpin", *unpin_named(project, unpinned), "no longer pinned")
        else:
            _show(asyncio.run(tidy(project, wish)), wish)


def _say(did: str, heap: Heap, says: str, **more: Any) -> None:
    now = session()
    now.result({"did": did, **heap.plain(), "id": more.get("id"), "what": None, "tidied": None})
    if now.for_people:
        click.echo(f"{blobs(*heap)} {says}")


def _say_pin(did: str, what: str, blobs: int, says: str) -> None:
    now = session()
    now.result({"did": did, "count": blobs, "bytes": None, "id": None, "what": what, "tidied": None})
    if now.for_people:
        click.echo(f"{clean(what)}: {count(blobs, 'blob')} {says}")


def _show(found: Tidied, wish: Wish) -> None:
    now = session()
    did = "collect" if wish.wants else "look"
    heap = found.collected
    plain = {"did": did, **heap.plain(), "id": found.collection, "what": None, "tidied": found.plain()}
    now.result(plain)
    if not now.for_people:
        return
    say: Callable[[str], None] = click.echo
    say(f"store      {blobs(*found.store)}")
    for why, heap in found.stays.items():
        say(f"  {why:<9}{blobs(*heap):<24}{_MEANS[why]}")
    if found.free.number or not wish.wants:
        say(f"  {'free':<9}{blobs(*found.free):<24}nothing needs it")
    if wish.wants:
        would = "would go to the trash" if found.pretend else "in the trash"
        say(f"collected  {blobs(*found.collected)} {would}")
        if found.temporary.number:
            left = "would be deleted" if found.pretend else "deleted"
            say(f"temporary  {count(found.temporary.number, 'file')}, {show_bytes(found.temporary.size)}, {left}")
        if found.expired.number:
            say(f"deleted    {blobs(*found.expired)}: collected more than 30 days ago")
    for one in found.trash:
        until = time.strftime("%Y-%m-%d", time.gmtime(one.until))
        say(f"trash      {blobs(one.blobs, one.size)} in {one.id}, until {until}")
    if found.collection is not None:
        say(f"bring it back with: rushes gc --undo {found.collection}")
        say("the disk is freed on that date, or now with: rushes gc --empty-trash")
    elif not wish.wants and found.free.number:
        say("collect with: rushes gc --max-age 7d, or --max-size 20GB")
