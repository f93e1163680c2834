"""`diffusers`: pictures and films from pipelines on this machine, for nothing.

The work is done in another process, for torch takes seconds and gigabytes that no other command should pay for. Jobs
are folders (`job.py`), so a picture that was finished while nobody listened is found by whoever asks next. Asking twice
costs time and no money: a job whose worker is gone is simply done again.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from rushes.errors import ErrorClass, RemoteError
from rushes.model.money import ZERO, Quote
from rushes.model.problem import Path as At
from rushes.model.problem import Problem, Severity
from rushes.model.request import Recipe, Request
from rushes.plugin.provider import Absent, Context, Duplicates, Facts, Finished, Found, Output, Pending, Submitted
from rushes.plugin.room import Room
from rushes.providers.at_once import BadParam
from rushes.providers.diffusers.job import Failure, Job, Made, sweep
from rushes.providers.diffusers.named import Identities, NoPipeline, folder_named, whole_name
from rushes.providers.diffusers.places import identities_in, jobs_in, known_in, logs_in
from rushes.providers.diffusers.wishes import OPERATIONS, wishes_of
from rushes.providers.diffusers.worker.fit import Takes, fit
from rushes.providers.diffusers.workers import IDLE, Pipeline, Worker, Workers, lacking

ADAPTER = "diffusers-1"
"""What is made of a recipe's parameters; it is in every key, so that another reading of them paints anew."""

KEPT = 7 * 86400.0
"""Seconds for which jobs lie in the home after they were last touched."""

EXTRA = "install it: pip install 'rushes[local]', or name a Python that has it: RUSHES_DIFFUSERS_PYTHON=/path/to/python"

AGAIN = "run it again: it is planned with them as they are then"

_TYPICAL = 10.0  # seconds of one request, until this machine's own times are known
_WAIT = 0.2  # seconds between two looks at a job: a look is a file
_MEMORY = "ask for a smaller size or fewer frames, close what else needs the memory, or take a smaller pipeline"

_CLASSES = {
    "memory": (ErrorClass.INVALID_INPUT, "there is not enough memory", _MEMORY),
    "load": (ErrorClass.INVALID_INPUT, "the pipeline cannot be loaded", "save it again, or download it again"),
    "input": (ErrorClass.INVALID_INPUT, "it cannot be done", "choose another pipeline, or change the step"),
    "error": (ErrorClass.INVALID_INPUT, "the pipeline failed", "change the parameters, or try it in diffusers itself"),
    "changed": (ErrorClass.INVALID_INPUT, "the pipeline's files changed meanwhile", AGAIN),
    "extra": (ErrorClass.INVALID_INPUT, "there is nothing to work with", EXTRA),
    "refused": (ErrorClass.CONTENT_POLICY, "it was refused", "change the prompt"),
    "crash": (ErrorClass.BAD_OUTPUT, "its worker is gone", "look into the log that it names"),
}
"""By the word of a failure: its class, what happened, what to do. Only the last is worth a try in a new process."""


class Diffusers:
    """Pipelines on this machine; each has a worker of its own."""

    name = "diffusers"
    facts = Facts(
        duplicates=Duplicates.HARMLESS,
        remembers=KEPT,
        bills_refusals=False,
        outputs_live=KEPT,
        in_flight=1,  # two pictures at once take the memory of two and the time of both
    )

    def __init__(self, room: Room, idle: float = IDLE) -> None:
        self._room = room
        self._jobs = jobs_in(room.folder)
        self._identities = Identities(identities_in(room.folder))
        self._workers = Workers(room, idle)
        self._given: dict[str, Worker] = {}
        self._swept = False

    def model_named(self, name: str | None, folder: Path) -> str:
        """The pipeline that a file in `folder` means: an absolute path, or an id of the hub."""
        return whole_name(name, folder)

    def version(self, model: str) -> str:
        """The identity of a pipeline, by its whole name: what is in its files, wherever they lie."""
        try:
            return f"{ADAPTER}/{self._pipeline(model).identity}"
        except NoPipeline:
            return f"{ADAPTER}/absent"  # nothing is ever made under this one: `validate` refuses it

    def validate(self, recipe: Recipe) -> Sequence[Problem]:
        """What cannot be used; and, of a pipeline that was loaded before, what it will not be given."""
        if recipe.op not in OPERATIONS:
            return [self._problem(f"{recipe.op} is not done by diffusers here", "name another provider for it")]
        wrong: list[BadParam] = []
        wishes = wishes_of(recipe, wrong)
        problems = [
            self._problem(f"{one.name}: {one}", "change the parameter, or leave it out", ("params", one.name))
            for one in wrong
        ]
        says = lacking(self._room.python, sys.executable)
        if says is not None:
            problems.append(self._problem(says, EXTRA, ("model",)))
        try:
            problems += self._fitting(recipe, wishes, self._takes(self._pipeline(recipe.alias), recipe))
        except NoPipeline as error:
            problems.append(self._problem(str(error), error.next_step, ("model",)))
        return problems

    def estimate(self, recipe: Recipe) -> Quote:
        """Free. How long it takes is this machine's own: learned from what it has made."""
        return Quote(ZERO, ZERO, _TYPICAL, "diffusers: free")

    async def submit(self, request: Request, context: Context) -> Submitted:
        """Make the job and hand it to its worker. The same asking again is the same job."""
        return await context.work(lambda: self._submit(request, context))

    async def poll(self, remote: str, context: Context) -> Pending | Finished:
        """Look into the job's folder; a job that nobody works on is handed to a worker again."""
        job = self._job(remote)
        return await context.work(lambda: self._look(job, remote, context.scratch))

    async def fetch(self, output: Output, context: Context) -> AsyncIterator[bytes]:
        """The bytes that came with the answer."""
        if output.data is None:
            raise RemoteError(ErrorClass.BAD_OUTPUT, "this output has no bytes")
        yield output.data

    async def cancel(self, remote: str, context: Context) -> Decimal | None:
        """The worker stops before its next step; it costs nothing."""
        job = self._job(remote)
        if job.asked() is None:
            raise self._no_job(remote)
        job.call_off()
        return ZERO

    async def reconcile(self, request: Request, context: Context) -> Found | Absent:
        """Whether this asking has made its job: it has a folder then."""
        remote = _remote(request, context)
        return Found(remote) if self._job(remote).asked() is not None else Absent()

    async def close(self) -> None:
        """End the workers. What they were at is done again when it is asked about."""
        self._workers.end_all()
        self._given.clear()

    def _submit(self, request: Request, context: Context) -> Submitted:
        if not self._swept:
            self._swept = True
            for kept in (self._jobs, logs_in(self._room.folder)):
                sweep(kept, KEPT)
        recipe = request.recipe
        wrong = next((one for one in self.validate(recipe) if one.severity is Severity.ERROR), None)
        if wrong is not None:
            raise RemoteError(ErrorClass.INVALID_INPUT, wrong.says, next_step=wrong.try_)
        pipeline = self._unchanged(recipe.alias, recipe.model)
        remote = _remote(request, context)
        job = self._job(remote)
        if job.asked() is None or job.failure() is not None:
            inputs = {role: [str(context.path(one.digest)) for one in many] for role, many in recipe.inputs.items()}
            wishes = wishes_of(recipe, [])
            model = {"name": recipe.alias, "version": recipe.model}
            job.ask({"wishes": wishes, "inputs": inputs, "seed": request.seed, "model": model})
        if job.made() is None:
            self._give(job, remote, pipeline)
        return Submitted(remote, wait=_WAIT)

    def _unchanged(self, name: str, version: str) -> Pipeline:
        """The pipeline that was asked for. RemoteError for one that has changed: under the key of what was asked,
        nothing else may ever be made."""
        try:
            pipeline = self._pipeline(name)
        except NoPipeline as error:
            raise RemoteError(ErrorClass.INVALID_INPUT, str(error), next_step=error.next_step) from error
        if self.version(name) != version:
            says = f"the files of {name} have changed since this was planned"
            raise RemoteError(ErrorClass.INVALID_INPUT, says, next_step=AGAIN)
        return pipeline

    def _give(self, job: Job, remote: str, pipeline: Pipeline) -> None:
        try:
            self._given[remote] = self._workers.give(job, pipeline)
        except OSError as error:
            says = f"{self._room.python} cannot be started: {error.strerror}"
            raise RemoteError(ErrorClass.INVALID_INPUT, says, next_step=EXTRA) from error

    def _look(self, job: Job, remote: str, scratch: Path) -> Pending | Finished:
        asked = job.asked()
        if asked is None:
            raise self._no_job(remote)
        worker = self._given.get(remote)
        alive = worker is not None and worker.alive  # before a look at what it made: it may end right after that
        made, failure = job.made(), job.failure()
        if made is not None:
            return _finished(made, scratch)
        if job.called_off():
            raise RemoteError(ErrorClass.CANCELLED, "it was called off")
        if failure is None and alive:
            says, share = job.progress()
            return Pending(_WAIT, share, says, queued=not job.begun())
        if failure is None and worker is not None and not worker.ended and worker.broke(job):
            failure = Failure("crash", worker.last_words())
            job.fail(*failure)
        pipeline = self._unchanged(asked["model"]["name"], asked["model"]["version"])
        if failure is not None:
            self._try_alone(job, asked, pipeline, failure)
        job.leave()
        self._give(job, remote, pipeline)
        return Pending(_WAIT, None, "handed to a worker", queued=True)

    def _try_alone(self, job: Job, asked: dict[str, Any], pipeline: Pipeline, failure: Failure) -> None:
        """Raises the failure; returns when it was for want of memory that other workers have held, and gave back."""
        if failure.code != "memory" or not self._workers.end_others(pipeline):
            raise _error(failure)
        job.ask(asked)

    def _pipeline(self, name: str) -> Pipeline:
        folder = folder_named(name, self._room.hub)
        return Pipeline(folder, self._identities.of(folder))

    def _takes(self, pipeline: Pipeline, recipe: Recipe) -> Takes | None:
        """What the pipeline takes for this work, if a worker has written it down."""
        try:
            told = json.loads(known_in(self._room.folder, pipeline.identity).read_bytes())[recipe.op]
            side = None if told["side"] is None else (int(told["side"][0]), int(told["side"][1]))
            return Takes(told["pipeline"], tuple(told["takes"]), tuple(told["needs"]), side, int(told["step"]))
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            return None

    def _fitting(self, recipe: Recipe, wishes: dict[str, Any], takes: Takes | None) -> list[Problem]:
        if takes is None:
            return []
        inputs = {role: [str(one.digest) for one in many] for role, many in recipe.inputs.items()}
        if "mask" in inputs:
            return []  # another pipeline of the same weights does that, and its call was not written down
        fitted = fit(wishes, inputs, takes)
        problems = [
            Problem(
                code="diffusers-parameter",
                severity=Severity.WARNING,
                says=f"{takes.pipeline} does not take {name}, so it is not given",
                try_="leave it out, or choose another pipeline",
                path=("params", name),
            )
            for name in fitted.left_out
        ]
        if fitted.refused is not None:
            problems.append(self._problem(fitted.refused, "choose another pipeline, or another kind of step"))
        return problems

    def _job(self, remote: str) -> Job:
        if not re.fullmatch(r"[0-9a-f]{32}", remote):
            raise self._no_job(remote)
        return Job(self._jobs / remote)

    def _no_job(self, remote: str) -> RemoteError:
        return RemoteError(ErrorClass.INVALID_INPUT, f"{remote!r} is no job of this machine's")

    def _problem(self, says: str, try_: str, path: At = ()) -> Problem:
        return Problem(code="diffusers-parameter", severity=Severity.ERROR, says=says, try_=try_, path=path)


def _remote(request: Request, context: Context) -> str:
    """The name of a job: one for each attempt, the same after a crash."""
    return hashlib.sha256(f"{context.idempotency_key}\0{request.key}".encode()).hexdigest()[:32]


def _finished(made: Made, scratch: Path) -> Finished:
    try:
        if made.fps is None:
            return Finished(tuple(Output("image/png", data=one.read_bytes()) for one in made.pictures), billed=ZERO)
        from rushes.providers.media.stills import film_of_stills  # PyAV: a plan has no use for it

        return Finished((Output("video/mp4", data=film_of_stills(made.pictures, made.fps, scratch)),), billed=ZERO)
    except OSError as error:
        raise RemoteError(ErrorClass.BAD_OUTPUT, f"{error.filename} cannot be read: {error.strerror}") from error


def _error(failure: Failure) -> RemoteError:
    kind, what, next_step = _CLASSES.get(failure.code, _CLASSES["error"])
    return RemoteError(kind, f"{what}: {failure.says}", next_step=next_step)
