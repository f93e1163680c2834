"""The worker's life: one pipeline, one job after the other, until nobody asks any more.

Jobs come as lines on standard input, each the folder of a job; all answers are files in those folders. When standard
input ends, the runner is gone, and so is the worker at once: the memory of the card is free again whatever it was at.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from pathlib import Path

from rushes.providers.diffusers.job import Job
from rushes.providers.diffusers.named import Identities
from rushes.providers.diffusers.places import identities_in, known_in

EXTRA = "torch and diffusers are not installed for this Python"


def serve(folder: str, identity: str, room: str, idle: str) -> None:
    """Work with the pipeline of a folder, as long as it is this one, until no job has come for `idle` seconds."""
    identities = Identities(identities_in(Path(room)))
    jobs: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_listen, args=(jobs,), daemon=True).start()
    painter = None
    while True:
        try:
            job = Job(Path(jobs.get(timeout=float(idle))))
        except queue.Empty:
            return
        if job.called_off() or job.made() is not None:
            continue
        job.begin("loading the pipeline")
        try:
            from rushes.providers.diffusers.worker.paint import Painter  # seconds, and hundreds of megabytes
        except ImportError as error:
            job.fail("extra", f"{EXTRA} ({error})")
            continue
        if painter is None:
            painter = Painter.load(Path(folder), known_in(Path(room), identity), job)
        if painter is None or not painter.paint(job, lambda: identities.of(Path(folder)) == identity):
            return  # the memory of what failed is free again when this process is gone


def _listen(jobs: queue.Queue[str]) -> None:
    for line in sys.stdin:
        jobs.put(line.rstrip("\n"))
    os._exit(0)
