"""ComfyUI: a whole graph of a server of one's own, as one step. It costs nothing, and takes no key.

A step names a graph, exported with Workflow > Export (API); `bind.py` says where prompt, seed, size and inputs go.
Nothing is queued before the whole graph was held against what the server has (`info.py`).

Sources: `server.py`, `execution.py` and `comfy_execution/jobs.py` of Comfy-Org/ComfyUI and `server.py` of an older
comfyanonymous/ComfyUI, as read on 2026-11-21; `comfy-api-proxy` 0.1.6, which asks a server in the same way.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from rushes.errors import ErrorClass, RemoteError
from rushes.model.media import Artifact, kind_of_type
from rushes.model.money import ZERO, Quote
from rushes.model.operation import SIGNATURES
from rushes.model.problem import Severity
from rushes.model.request import Recipe, Request
from rushes.model.spelling import DURATION
from rushes.plugin.access import Access
from rushes.plugin.provider import Absent, Context, Duplicates, Facts, Finished, Found, Output, Pending, Submitted
from rushes.plugin.takes import Takes
from rushes.providers.comfyui.bind import Bound, bound
from rushes.providers.comfyui.graph import Graph, NoGraph, Place, some
from rushes.providers.comfyui.info import wrong
from rushes.providers.comfyui.said import RUNNING, client, entries, failure, files, ids, waiting
from rushes.providers.errors import COMMON, LOST, Heard, Row, plain, read, unknown
from rushes.providers.http import Answer, File, Unreachable, form
from rushes.providers.queued import Queued
from rushes.providers.remote import document, listed
from rushes.providers.spelled import Put, put

HOST = "http://127.0.0.1:8188"
"""Where a server listens when nobody says otherwise."""

MODEL = "comfyui"
"""What the one model is called."""

VERSION = "comfyui-1"
"""What is made of a recipe's parameters; it is in every key. What the server has installed, nobody can see."""

FLOOR = 0.5
"""Seconds between two questions about one job: the server is near, and has one user."""

FOLDER = "rushes"
"""The folder below the server's input folder where our inputs go, named by their digests."""

TYPICAL = 30.0
"""Seconds of one request, until this server's own times are known."""

_KEPT = 30 * 86400.0  # an input stays until somebody deletes it; it is looked for again before it is used
_ACCEPT_WITHIN = 60.0
_LOOKED_BACK = 200  # jobs of an older server's history among which one of ours is looked for
_OURS = uuid.UUID("6f0c1f0e-8a55-5c1b-9f6e-5d0c3a7e1b42")

_INSTALL = "install what is missing on the server, or export a graph for what it has"
_AGAIN = "open the graph in ComfyUI, mend it there, and export it again"
_WHERE = "see [providers.comfyui] url in rushes.toml"
_POLICY = r"moderat|safety|nsfw|flagged|content policy"

SUBMIT: tuple[Row, ...] = (
    Row("400", ErrorClass.RETIRED_MODEL, code="missing_node_type", next_step=_INSTALL),
    Row("400", ErrorClass.INVALID_INPUT, next_step=_AGAIN),
    Row("404|405", ErrorClass.INVALID_INPUT, next_step=_WHERE),
    *COMMON,
    *LOST,
)
"""About a submission: a graph that is refused was not queued."""

RESULT: tuple[Row, ...] = (
    Row(None, ErrorClass.CANCELLED, code="execution_interrupted"),
    Row(None, ErrorClass.CONTENT_POLICY, code="execution_error", says=_POLICY, next_step="change the prompt"),
    Row(
        None,
        ErrorClass.INVALID_INPUT,
        code=r"(\w+\.)*(Value|Key|Type|Index|Attribute|FileNotFound|Assertion|NotImplemented)Error",
        next_step=_AGAIN,
    ),
    Row(None, ErrorClass.BAD_OUTPUT, code="execution_error"),  # the machine failed, not the graph: memory, a driver
    *COMMON,
)
"""About a job: its history says how it ended, in a 200. It costs time only, so nothing here is ever billed."""


class Job(NamedTuple):
    """What is remembered of a job: its id, the kind of file that it is for, the node that has it (`""`: any)."""

    id: str
    kind: str
    node: str = ""


class Meant(NamedTuple):
    """A recipe, read: its graph, where everything goes, and the values in the spelling of the graph."""

    graph: Graph
    bound: Bound
    put: Put


class Comfyui(Queued):
    """A server of one's own. It lists its jobs, so a lost answer is looked up and nothing is made twice.

    The ids of jobs are ours. Older servers give their own; there a job is found by the client's id, which is ours too.
    """

    name = "comfyui"
    floor = FLOOR
    facts = Facts(
        duplicates=Duplicates.JOB_LIST,
        remembers=None,  # in memory: until it is restarted, ten thousand jobs at most
        bills_refusals=False,
        outputs_live=None,  # until somebody deletes them
        in_flight=4,  # it works on one; the others wait beside it, so that it never waits for us
        polls=20.0,
    )

    def __init__(self, access: Access) -> None:
        super().__init__(access._replace(url=(access.url or HOST).rstrip("/")))
        self._info: dict[str, Mapping[str, Any]] = {}

    def model_named(self, name: str | None, folder: Path) -> str:
        """The one model there is, whatever a step without a graph names: it is refused for want of one."""
        return MODEL

    def version(self, model: str) -> str:
        """One for all: which models a graph takes stands in the graph, and so in every key."""
        return f"sim:{VERSION}" if self.access.simulated else VERSION

    def estimate(self, recipe: Recipe) -> Quote:
        """Free: the machine is one's own."""
        return Quote(ZERO, ZERO, TYPICAL, "own machine")

    def put(self, recipe: Recipe) -> Put:
        """What goes into the graph; everything that is wrong with the graph and its bindings is among the problems."""
        meant = self._meant(recipe)
        return meant if isinstance(meant, Put) else meant.put

    async def submit(self, request: Request, context: Context) -> Submitted:
        """Queue the graph, once."""
        recipe = request.recipe
        self.ready(recipe)
        meant = self._meant(recipe)
        assert isinstance(meant, Meant), "ready() has refused it"
        values = _values(meant, request)
        sent = Graph(meant.graph.with_values(values))
        await self._look(sent, [*values, *(one.place for one in meant.bound.files)], context)
        for place, artifact in meant.bound.files:
            values[place] = _name_at(await self.uploaded(artifact, context, _KEPT))
        id_ = _id_of(context)
        body = {"prompt": meant.graph.with_values(values), "prompt_id": id_, "client_id": id_}
        headers = {**self._headers(), "Content-Type": "application/json"}
        if self.access.simulated:
            headers["x-rushes-asking"] = request.key  # lets the simulator's books tell two candidates from a duplicate
        answer = await self.http.post_once(
            self._at("/prompt"), headers=headers, body=json.dumps(body).encode(), within=_ACCEPT_WITHIN
        )
        said = document(self.accepted(answer, SUBMIT, context).body)
        theirs = said.get("prompt_id") if isinstance(said, dict) else None
        if not isinstance(theirs, str) or not self.is_id(theirs):
            raise unknown("comfyui accepted this, and its answer cannot be read")
        return Submitted(_remote(theirs, recipe), FLOOR)

    async def poll(self, remote: str, context: Context) -> Pending | Finished:
        """Ask about a job: its history has it when it is over, the queue until then."""
        job = self._job(remote)
        for _twice in range(2):  # it may have ended between the two questions
            history = await self._asked(f"/history/{job.id}", context)
            if isinstance(history, Pending):
                return history
            if isinstance(entry := history.get(job.id), dict):
                return self._over(job, entry)
            queue = await self._asked("/queue", context)
            if isinstance(queue, Pending):
                return queue
            if (waits := waiting(queue, job.id)) is not None:
                return Pending(FLOOR, says=waits, queued=waits != RUNNING)
        says = "comfyui does not know this job any more: it was restarted, or its history was cleared"
        raise RemoteError(ErrorClass.BAD_OUTPUT, says)  # it cost nothing, so it may be made again

    async def _asked(self, path: str, context: Context) -> dict[str, Any] | Pending:
        return await self.asked(self._at(path), self._headers(), self.job("x"), RESULT, context)

    def _over(self, job: Job, entry: Mapping[str, Any]) -> Pending | Finished:
        """The files of a job whose history is there. Raises RemoteError for one that failed."""
        status = entry.get("status")
        status = status if isinstance(status, dict) else {}
        word = status.get("status_str", "success")
        if word == "error":
            raise read(RESULT, failure(status), self.name, self.access.key)
        if word != "success":
            return Pending(FLOOR, says=f"comfyui says {plain(str(word), self.access.key)}")
        made = files(entry, job.node)
        wanted = [one for one in made if job.kind in ("", kind_of_type(one.media_type))]
        if not wanted:
            kinds = ", ".join(sorted({one.media_type for one in made})) or "no file"
            says = f"the graph made {kinds} where {job.kind or 'a file'} is wanted"
            raise RemoteError(
                ErrorClass.INVALID_INPUT, says, next_step="save the result with a node for it, as mp4, png or wav"
            )
        return Finished(tuple([Output(one.media_type, url=self._at(f"/view?{one.query}")) for one in wanted]), ZERO)

    async def cancel(self, remote: str, context: Context) -> Decimal | None:
        """Take a job out of the queue, or interrupt it. It costs nothing."""
        job = self._job(remote)
        answer = await self._told(f"/api/jobs/{job.id}/cancel", b"", context)
        if answer.status in (404, 405):  # an older server, which interrupts whatever runs
            await self._told("/queue", json.dumps({"delete": [job.id]}).encode(), context)
            queue = await self._asked("/queue", context)
            if isinstance(queue, dict) and job.id in ids(queue, "queue_running"):
                await self._told("/interrupt", json.dumps({"prompt_id": job.id}).encode(), context)
        return ZERO

    async def _told(self, path: str, body: bytes, context: Context) -> Answer:
        headers = {**self._headers(), "Content-Type": "application/json"}
        try:
            return await self.http.ask("POST", self._at(path), headers=headers, body=body, sleep=context.sleep)
        except Unreachable as error:
            raise RemoteError(ErrorClass.TRANSIENT, f"comfyui cannot be reached: {error}") from None

    async def reconcile(self, request: Request, context: Context) -> Found | Absent:
        """Look for our id: in the queue, then where jobs go from there. Raises RemoteError while nobody answers.

        A server that was restarted knows nothing of what it had. Making that again costs time and no money.
        """
        id_, headers = _id_of(context), self._headers()
        queue = await self.free("GET", self._at("/queue"), headers, context)
        for name in ("queue_running", "queue_pending"):
            for theirs, whose in entries(queue, name):
                if id_ in (theirs, whose):
                    return Found(_remote(theirs, request.recipe))
        history = await self.free("GET", self._at(f"/history/{id_}"), headers, context)
        if id_ in history:
            return Found(_remote(id_, request.recipe))
        history = await self.free("GET", self._at(f"/history?max_items={_LOOKED_BACK}"), headers, context)
        for theirs, entry in history.items():
            if isinstance(entry, dict) and id_ == client(entry.get("prompt")) and self.is_id(theirs):
                return Found(_remote(theirs, request.recipe))
        return Absent()

    async def upload(self, artifact: Artifact, context: Context) -> str:
        """Send an input; named by its digest, so the same file is never there twice."""
        data = await context.work(context.path(artifact.digest).read_bytes)
        name = f"{artifact.digest}{artifact.suffix}"
        kind, body = form(
            [("subfolder", FOLDER), ("type", "input"), ("overwrite", "true")],
            [File("image", name, data, artifact.media_type)],
        )
        said = await self.free(
            "POST", self._at("/upload/image"), {**self._headers(), "Content-Type": kind}, context, body
        )
        if said.get("name") != name:
            raise RemoteError(ErrorClass.TRANSIENT, "comfyui stored an input under another name")
        return self._at(f"/view?{urlencode({'filename': name, 'subfolder': FOLDER, 'type': 'input'})}")

    async def check_key(self, context: Context) -> None:
        """Whether a server answers, and takes the key if one is set. Raises RemoteError."""
        await self.free("GET", self._at("/queue"), self._headers(), context)

    def opening(self, url: str) -> Mapping[str, str]:
        """The key, where one is set: results lie behind the same door as everything else."""
        return self._headers()

    def heard(self, answer: Answer) -> Heard:
        """A refused graph: one error, and those of each node. A gateway in front says what it likes."""
        found = document(answer.body)
        said = found if isinstance(found, dict) else {}
        error = said.get("error")
        error = error if isinstance(error, dict) else {"message": error}
        nodes = said.get("node_errors")
        texts = [
            f"node {id_}: {one.get('message')}: {one.get('details')}"
            for id_, node in (nodes.items() if isinstance(nodes, dict) else ())
            for one in listed(node.get("errors") if isinstance(node, dict) else None)
            if isinstance(one, dict)
        ]
        codes = [str(error["type"])] if error.get("type") else []
        says = "; ".join(texts) or str(error.get("message") or "")
        return Heard(answer.status, codes, says, self.wait(answer, says))

    def passing(self, answer: Answer) -> bool:
        """The server has an answer for every id; a 404 is that of a gateway whose server is not there just now."""
        return super().passing(answer) or answer.status == 404

    def _meant(self, recipe: Recipe) -> Meant | Put:
        """The graph of a recipe and what goes where; a `Put` with the reason where there is no graph."""
        if "graph" not in recipe.params:
            says, try_ = "comfyui runs a graph, and the step has none", "name one: params: {graph: ./flow_api.json}"
            return Put({}, [self.problem(says, try_, "graph")])
        try:
            graph = Graph(recipe.params["graph"])
        except NoGraph as error:
            return Put({}, [self.problem(str(error), error.next_step, "graph")])
        places = bound(graph, recipe)
        plain = {name: value for name, value in recipe.params.items() if name not in ("graph", "bind")}
        body, problems = put(self, _takes(graph, places, recipe), replace(recipe, params=plain))
        found = [self.problem(says, try_, name) for name, says, try_ in places.problems]
        if not places.places.get("seed"):
            says, try_ = "the graph has no seed, so every candidate is the same", "bind: {seed: ID.INPUT}"
            problems.append(self.problem(says, try_, "graph", Severity.WARNING))
        return Meant(graph, places, Put(body, [*found, *problems]))

    async def _look(self, graph: Graph, placed: Sequence[Place], context: Context) -> None:
        """Refuse, before it is queued, what the server would refuse, or would leave out without a word."""
        for kind in sorted({one.kind for one in graph.nodes.values()} - set(self._info)):
            said = await self.free("GET", self._at(f"/object_info/{quote(kind, safe='')}"), self._headers(), context)
            one = said.get(kind)
            self._info[kind] = one if isinstance(one, dict) else {}
        if found := wrong(graph, self._info, placed):
            self._info.clear()  # it is looked for anew when somebody has installed what was missing
            raise RemoteError(ErrorClass.INVALID_INPUT, some(found), next_step=_INSTALL)

    def _headers(self) -> dict[str, str]:
        """ComfyUI knows no keys; a gateway in front of one may ask for one."""
        key = self.access.key
        if key is None or not key.is_set():
            return {}
        return {"Authorization": f"Bearer {key.reveal().strip()}"}

    def _at(self, path: str) -> str:
        return f"{self.access.url}{path}"

    def _job(self, remote: str) -> Job:
        """The job of a remote id. A person who adopts one gives the bare id, and then any kind of file will do."""
        id_ = self.job(remote).id
        rest = json.loads(remote)[2:] if remote.startswith("[") else []
        kind, node = (*(str(one) for one in rest), "", "")[:2]
        return Job(id_, kind, node)


def _takes(graph: Graph, places: Bound, recipe: Recipe) -> Takes:
    """What this one graph takes: the places that are known are its parameters."""
    found = places.places
    shaped = "width" in found and "height" in found
    properties: dict[str, dict[str, Any]] = {
        word: _schema(graph.value(at[0])) for word, at in found.items() if at and word not in recipe.inputs
    }
    if shaped:
        properties |= {"size": {"type": "string", "pattern": r"^\d+x\d+$"}}
    sides = [graph.value(found[name][0]) for name in ("width", "height")] if shaped else []
    area = sides[0] * sides[1] if len(sides) == 2 and all(type(one) is int and one > 0 for one in sides) else 1_000_000
    return Takes(
        schema={"type": "object", "properties": properties},
        prompt="prompt" if "prompt" in found else None,
        shape="size" if shaped else None,
        length=next((name for name in DURATION if name in found), None),
        inputs={role: role for role in recipe.inputs},
        grid=16,
        area=area,
    )


def _schema(value: object) -> dict[str, Any]:
    """What may stand where a value stands; a graph writes 7.0 as 7, so a number may be any number."""
    if isinstance(value, bool):
        return {"type": "boolean"}
    return {"type": "number"} if isinstance(value, int | float) else {"type": "string"}


def _values(meant: Meant, request: Request) -> dict[Place, Any]:
    """Everything that goes into the graph but inputs, each at all its places."""
    body = dict(meant.put.body)
    if (size := body.pop("size", None)) is not None:
        width, _, height = str(size).partition("x")
        body |= {"width": int(width), "height": int(height)}
    if request.recipe.prompt is not None:
        body["prompt"] = request.recipe.prompt
    body["seed"] = request.seed
    return {place: value for word, value in body.items() for place in meant.bound.places.get(word, ())}


def _id_of(context: Context) -> str:
    """Our id of an attempt, in the only form that a server takes."""
    return str(uuid.uuid5(_OURS, context.idempotency_key))


def _remote(id_: str, recipe: Recipe) -> str:
    """All that any process needs to ask about a job, and the same whoever says it."""
    bind = recipe.params.get("bind")
    node = str(bind.get("output", "")) if isinstance(bind, dict) else ""
    return json.dumps([id_, 0, SIGNATURES[recipe.op].output, node], separators=(",", ":"))


def _name_at(url: str) -> str:
    """What a node calls an input, by the address at which it can be seen."""
    query = parse_qs(urlsplit(url).query)
    return f"{query['subfolder'][0]}/{query['filename'][0]}"
