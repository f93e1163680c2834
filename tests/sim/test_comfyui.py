"""The simulated ComfyUI server, asked as any client would ask it."""

from __future__ import annotations

import asyncio
import io
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx
import pytest
from PIL import Image
from tests.providers.comfy_graphs import edit, film, node, picture
from tests.sim.near import SMALL

from rushes.sim.faults import fault_from_text
from rushes.sim.simulator import Simulator
from rushes.testing.media import png

T = TypeVar("T")
MINE = str(uuid.UUID(int=5))


class Near:
    """A client of the simulated server."""

    def __init__(self, sim: Simulator, http: httpx.AsyncClient) -> None:
        self.sim, self.http, self.base = sim, http, f"{sim.url}/comfyui"

    async def post(self, path: str, body: Any) -> httpx.Response:
        return await self.http.post(f"{self.base}{path}", json=body)

    async def get(self, path: str) -> Any:
        return (await self.http.get(f"{self.base}{path}")).json()

    async def over(self, id_: str) -> dict[str, Any]:
        """The history of a job when it is over."""
        await self.sim.world.jobs[f"comfyui/{id_}"].over.wait()
        return dict((await self.get(f"/history/{id_}"))[id_])


def simulated(story: Callable[[Near], Awaitable[T]], *faults: str, **options: Any) -> T:
    async def play() -> T:
        active = [fault_from_text(one) for one in faults]
        async with Simulator(faults=active, **{**SMALL, **options}) as sim, httpx.AsyncClient() as http:
            return await story(Near(sim, http))

    return asyncio.run(play())


def test_a_graph_is_queued_under_the_clients_id_and_its_file_can_be_looked_at() -> None:
    async def story(near: Near) -> None:
        said = (await near.post("/prompt", {"prompt": picture(), "prompt_id": MINE, "client_id": "me"})).json()
        assert said == {"prompt_id": MINE, "number": 0, "node_errors": {}}
        entry = await near.over(MINE)
        assert entry["prompt"][1:4:2] == [MINE, {"client_id": "me", "create_time": entry["prompt"][3]["create_time"]}]
        assert (entry["status"]["status_str"], entry["status"]["completed"]) == ("success", True)
        (file,) = entry["outputs"]["9"]["images"]
        answer = await near.http.get(f"{near.base}/api/view", params=file)
        with Image.open(io.BytesIO(answer.content)) as shown:
            assert shown.width / shown.height == pytest.approx(512 / 768, rel=0.05)
        assert (await near.http.get(f"{near.base}/view", params={"filename": "no.png"})).status_code == 404
        assert near.sim.report()["billed"] in ("0", "0.00")

    simulated(story)


def test_without_an_id_the_server_gives_one_and_an_odd_one_is_refused() -> None:
    async def story(near: Near) -> None:
        given = (await near.post("/prompt", {"prompt": picture()})).json()["prompt_id"]
        assert str(uuid.UUID(given)) == given
        for odd in ("abc", MINE.upper() + "A", 5, MINE.replace("-", "")):
            answer = await near.post("/prompt", {"prompt": picture(), "prompt_id": odd})
            assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_prompt_id")

    simulated(story)


def test_an_id_that_comes_twice_is_made_twice() -> None:
    async def story(near: Near) -> None:
        for _twice in range(2):
            assert (await near.post("/prompt", {"prompt": picture(), "prompt_id": MINE})).status_code == 200
        assert near.sim.report()["accepted"] == 2

    simulated(story)


def broken(**inputs: Any) -> dict[str, Any]:
    graph = picture()
    graph["3"]["inputs"] |= inputs
    return graph


def without(name: str) -> dict[str, Any]:
    graph = picture()
    del graph["3"]["inputs"][name]
    return graph


@pytest.mark.parametrize(
    ("graph", "kind", "detail"),
    [
        (broken(sampler_name="eulr"), "value_not_in_list", "sampler_name: 'eulr' not in"),
        (broken(steps=0), "value_smaller_than_min", "steps"),
        (broken(steps=99999), "value_bigger_than_max", "steps"),
        (broken(cfg="much"), "invalid_input_type", "cfg, much"),
        (broken(positive=["5", 0]), "return_type_mismatch", "received_type(LATENT) mismatch input_type(CONDITIONING)"),
        (broken(positive=["6"]), "bad_linked_input", "positive"),
        (broken(positive=["6", 9]), "exception_during_inner_validation", "['6', 9]"),
        (without("scheduler"), "required_input_missing", "scheduler"),
        (edit(), "custom_validation_failed", "Invalid image file: example.png"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_graph_that_is_wrong_is_refused_in_the_servers_words(graph: Any, kind: str, detail: str) -> None:
    async def story(near: Near) -> dict[str, Any]:
        answer = await near.post("/prompt", {"prompt": graph})
        assert answer.status_code == 400
        assert near.sim.report()["accepted"] == 0
        return dict(answer.json())

    said = simulated(story)
    assert said["error"]["type"] == "prompt_outputs_failed_validation"
    found = [one for part in said["node_errors"].values() for one in part["errors"]]
    assert [one["type"] for one in found] == [kind]
    assert detail in found[0]["details"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({}, "no_prompt"),
        ({"prompt": 5}, "no_prompt"),
        ({"prompt": {"1": {"inputs": {}}}}, "missing_node_type"),
        ({"prompt": {"1": node("FaceFixNotInstalled")}}, "missing_node_type"),
        ({"prompt": {"5": node("EmptyLatentImage", width=64, height=64, batch_size=1)}}, "prompt_no_outputs"),
    ],
)
def test_what_is_no_graph_for_this_server_is_refused_at_once(body: Any, kind: str) -> None:
    async def story(near: Near) -> Any:
        answer = await near.post("/prompt", body)
        assert answer.status_code == 400
        return answer.json()["error"]["type"]

    assert simulated(story) == kind


def test_of_two_outputs_the_one_in_order_is_made_and_the_other_named() -> None:
    graph = picture()
    graph["12"] = node("LoadImage", image="gone.png")
    graph["13"] = node("SaveImage", filename_prefix="b", images=["12", 0])

    async def story(near: Near) -> None:
        said = (await near.post("/prompt", {"prompt": graph, "prompt_id": MINE})).json()
        assert said["node_errors"]["12"]["dependent_outputs"] == ["13"]
        assert list((await near.over(MINE))["outputs"]) == ["9"]

    simulated(story)


def test_an_input_is_put_into_the_input_folder_and_made_something_of() -> None:
    async def story(near: Near) -> None:
        form = {"subfolder": "rushes", "type": "input", "overwrite": "true"}
        files = {"image": ("a.png", png("a frame"), "image/png")}
        said = (await near.http.post(f"{near.base}/upload/image", data=form, files=files)).json()
        assert said == {"name": "a.png", "subfolder": "rushes", "type": "input"}
        seen = await near.http.head(f"{near.base}/view?filename=a.png&subfolder=rushes&type=input")
        assert seen.status_code == 200
        graph = film()
        graph["6"]["inputs"]["image"] = "rushes/a.png"
        await near.post("/prompt", {"prompt": graph, "prompt_id": MINE})
        (file,) = (await near.over(MINE))["outputs"]["11"]["images"]
        assert file["filename"].endswith(".mp4")
        for odd in ({}, {"image": ("", b"", "image/png")}, {"image": ("../../x.png", b"", "image/png")}):
            answer = await near.http.post(f"{near.base}/upload/image", data=form, files=odd)
            assert answer.status_code == 400, odd

    simulated(story)


def test_a_job_is_stopped_by_its_id_from_the_queue_or_while_it_runs() -> None:
    async def story(near: Near) -> None:
        ids = [str(uuid.UUID(int=number)) for number in (1, 2, 3)]
        for number, id_ in enumerate(ids):
            await near.post("/prompt", {"prompt": broken(seed=number), "prompt_id": id_})
        queue = await near.get("/queue")
        assert [one[1] for one in queue["queue_running"]] == ids[:1]
        assert [one[1] for one in queue["queue_pending"]] == ids[1:]
        await near.post("/interrupt", {"prompt_id": ids[1]})
        await near.post("/queue", {"delete": [ids[0], ids[1]]})
        assert [one[1] for one in (await near.get("/queue"))["queue_pending"]] == ids[2:]
        assert await near.get(f"/history/{ids[1]}") == {}  # it never ran, and leaves no trace
        assert (await near.post(f"/api/jobs/{ids[0]}/cancel", {})).json() == {"cancelled": True}
        status = (await near.get(f"/history/{ids[0]}"))[ids[0]]["status"]
        assert (status["status_str"], status["messages"][-1][0]) == ("error", "execution_interrupted")
        for gone in (ids[0], ids[1], "unknown"):
            assert (await near.post(f"/api/jobs/{gone}/cancel", {})).json() == {"cancelled": False}
        assert list(await near.get("/history?max_items=5")) == ids[:1]

    simulated(story, at_once=1, time_scale=1.0)


def test_a_class_is_described_and_a_custom_one_takes_anything() -> None:
    async def story(near: Near) -> None:
        found = (await near.get("/object_info/KSampler"))["KSampler"]
        assert found["input"]["required"]["steps"][1]["max"] == 10000
        assert (await near.get("/api/object_info/FaceFix"))["FaceFix"]["output_node"] is False
        assert (await near.get("/object_info/SaveFace"))["SaveFace"]["output_node"] is True
        assert await near.get("/object_info/FaceNotInstalled") == {}

    simulated(story)


@pytest.mark.parametrize(("fault", "word"), [("refused=1", "flagged"), ("failed=1", "Allocation")])
def test_a_job_that_fails_says_at_which_node(fault: str, word: str) -> None:
    async def story(near: Near) -> None:
        await near.post("/prompt", {"prompt": picture(), "prompt_id": MINE})
        name, said = (await near.over(MINE))["status"]["messages"][-1]
        assert (name, said["node_id"]) == ("execution_error", "3")
        assert word in said["exception_message"]

    simulated(story, fault)
