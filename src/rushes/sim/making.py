"""What a simulated model makes of what it is asked for: refusals, failures, files with planted faults, files to fetch.

Protocols word these in their own way; the kinds of failure are the same for all.
"""

from __future__ import annotations

from collections.abc import Sequence

from rushes.model.media import SUFFIX_OF_TYPE
from rushes.sim.blobs import Blob
from rushes.sim.faults import What
from rushes.sim.jobs import Job, JobFailed
from rushes.sim.paint import Asking, Made, Unpaintable
from rushes.sim.plant import planted
from rushes.sim.route import Place, Route
from rushes.sim.wire import Receipt, Reply, Request, bytes_reply
from rushes.sim.world import Call

REFUSED, FAILED, UNREADABLE = "refused", "failed", "unreadable"
"""The kinds of `JobFailed`: moderation said no, the model broke, an input or a parameter cannot be used."""

FILES = "/files/"


async def made(call: Call, wanted: Sequence[Asking]) -> list[Made]:
    """The files or texts of one submission. Raises JobFailed with one of the kinds above; `detail` names a field."""
    refuse(call)
    found = []
    for number, asking in enumerate(wanted):
        try:
            one = await call.world.painter.make(asking)
        except Unpaintable as error:
            raise JobFailed(UNREADABLE, str(error), detail=error.param) from None
        found.append(one if one.text is not None else planted(call, one, number))
    return found


def refuse(call: Call) -> None:
    """Raise JobFailed where a refusal or a failure was asked for."""
    billed = call.strikes(What.REFUSED_BILLED)
    if billed or call.strikes(What.REFUSED):
        raise JobFailed(REFUSED, "the content was flagged", billed=billed is not None)
    if call.strikes(What.FAILED):
        raise JobFailed(FAILED, "the model failed")


def kept(call: Call, job: Job, one: Made, number: int, lives: float) -> str:
    """Keep one output of a job for `lives` simulated seconds after it is done; the path at which it can be fetched."""
    world = call.world
    suffix = SUFFIX_OF_TYPE.get(one.media_type, ".bin")
    name = f"o/{world.chance.word('output', job.id, number)}/{number}{suffix}"
    gone = call.strikes(What.EXPIRED)
    until = world.clock.now() + job.seconds + (gone.seconds if gone is not None else lives)
    world.blobs.put(name, Blob(one.data, one.media_type, job.id, until))
    job.entry.outputs.add(name)
    return f"{FILES}{name}"


def file_route(request: Request) -> Route | None:
    """The route of a file's address; None for any other."""
    if not request.path.startswith(FILES) or request.method not in ("GET", "HEAD"):
        return None
    return Route(Place.DOWNLOAD, about=request.path.removeprefix(FILES), open=True)


def download(call: Call, missing: Reply) -> Reply:
    """A file that was uploaded or made here; `missing` for one that is not there (any more)."""
    blob = call.world.blobs.get(call.route.about)
    if blob is None:
        return missing
    receipt = Receipt(blob.remote, output=call.route.about) if blob.remote else None
    return bytes_reply(blob.data, blob.media_type)._replace(receipt=receipt)
