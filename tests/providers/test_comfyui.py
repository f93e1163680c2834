"""What a ComfyUI server is asked, byte by byte; where things go in a graph; and what is made of answers."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tests.providers.comfy_graphs import Graph, edit, film, flux, node, picture
from tests.providers.rig import FRAME, FRAME_ARTIFACT, KEY, Quick, access, asked, context, request_of
from tests.providers.wire import Visit, Wire, serving

from rushes.errors import ErrorClass, RemoteError
from rushes.model.money import ZERO
from rushes.model.operation import Operation
from rushes.model.problem import Severity
from rushes.model.request import Recipe
from rushes.plugin.provider import Absent, Finished, Found, Pending, Submitted
from rushes.providers.comfyui.bind import bound
from rushes.providers.comfyui.graph import Graph as Read
from rushes.providers.comfyui.graph import Place
from rushes.providers.comfyui.info import wrong
from rushes.providers.comfyui.provider import Comfyui
from rushes.sim.comfyui_judge import info

T = TypeVar("T")
TEXT, EDIT, I2V = Operation.TEXT_TO_IMAGE, Operation.IMAGE_TO_IMAGE, Operation.IMAGE_TO_VIDEO
OFF = Comfyui(access("comfyui", None, None))
ID = "ff38887d-02dc-5c24-bbed-efdff7943127"
"""What an attempt under the key `key-1` is called."""
FRAMES = (FRAME_ARTIFACT,)


def step(graph: Any, op: Operation = TEXT, prompt: str | None = "a fox", role: str = "", **params: Any) -> Recipe:
    inputs = {role: FRAMES} if role else None
    return asked(OFF, "comfyui", op, prompt, {"graph": graph, **params}, inputs)


def errors(recipe: Recipe) -> list[str]:
    found = [one for one in OFF.validate(recipe) if one.severity is Severity.ERROR]
    return [f"{one.says} -> {one.try_}" for one in found]


def known(graph: Graph) -> dict[str, Any]:
    """What a server that has everything says of a graph's classes."""
    return {one["class_type"]: info(one["class_type"]) or {} for one in graph.values()}


# --- where things go -----------------------------------------------------------------------------------------------


def test_prompt_seed_and_size_are_found_where_there_is_no_doubt() -> None:
    recipe = step(picture(), aspect_ratio="9:16", negative_prompt="blur")
    places = bound(Read(recipe.params["graph"]), recipe).places
    assert {word: list(map(str, many)) for word, many in places.items()} == {
        "seed": ["3.seed"],
        "prompt": ["6.text"],
        "negative_prompt": ["7.text"],
        "width": ["5.width"],
        "height": ["5.height"],
    }


def test_a_text_behind_a_guider_and_in_a_node_of_its_own_is_found() -> None:
    recipe = step(flux(), size="640x480")
    places = bound(Read(recipe.params["graph"]), recipe).places
    found = {word: list(map(str, many)) for word, many in places.items()}
    assert (found["prompt"], found["seed"], found["width"]) == (["4.value"], ["8.noise_seed"], ["11.width"])


def test_each_side_of_a_node_with_two_leads_to_its_own_text() -> None:
    recipe = step(film(), I2V, role="start_frame", negative_prompt="still")
    places = bound(Read(recipe.params["graph"]), recipe)
    assert list(map(str, places.places["prompt"])) == ["4.text"]
    assert list(map(str, places.places["negative_prompt"])) == ["5.text"]
    assert [(str(one.place), one.artifact) for one in places.files] == [("6.image", FRAME_ARTIFACT)]


@pytest.mark.parametrize(
    ("params", "size"),
    [
        ({"aspect_ratio": "9:16"}, 9 / 16),
        ({"size": "640x1136"}, 640 / 1136),
        ({"width": 512, "height": 640}, 512 / 640),
        ({"aspect_ratio": "16:9"}, 16 / 9),
        ({"ratio": "1:1"}, 1.0),
    ],
)
def test_a_shape_is_the_shape_that_is_asked_for(params: dict[str, Any], size: float) -> None:
    width, _, height = OFF.ready(step(picture(), **params))["size"].partition("x")
    assert int(width) / int(height) == pytest.approx(size, rel=0.01)
    assert int(width) % 8 == int(height) % 8 == 0
    assert int(width) * int(height) <= 1.05 * max(512 * 768, 640 * 1136 if "size" in params else 0)


def test_what_is_not_wanted_never_goes_where_the_prompt_stands() -> None:
    graph = picture()
    graph["7"] = node("ConditioningZeroOut", conditioning=["6", 0])
    (found,) = errors(step(graph, negative_prompt="blur"))
    assert "the negative_prompt in no place that is known" in found


def test_a_place_that_bind_says_is_taken_and_the_rest_goes_to_the_others() -> None:
    graph = two_loaders()
    inputs = {"image": FRAMES, "reference": FRAMES}
    recipe = asked(OFF, "comfyui", EDIT, params={"graph": graph, "bind": {"reference": "10.image"}}, inputs=inputs)
    assert sorted(str(one.place) for one in bound(Read(graph), recipe).files) == ["10.image", "12.image"]
    assert not errors(recipe)


def test_what_bind_says_beats_what_would_be_found() -> None:
    graph = picture()
    bind = {"prompt": ["6.text", "7.text"], "seed": "3.seed", "steps": "3.steps", "output": 9}
    recipe = step(graph, bind=bind, steps=12)
    places = bound(Read(graph), recipe)
    assert (list(map(str, places.places["prompt"])), places.output) == (["6.text", "7.text"], "9")
    assert OFF.ready(recipe) == {"steps": 12}
    assert not OFF.validate(recipe)


def test_half_of_a_size_that_bind_says_is_kept() -> None:
    graph = picture()
    graph["5"]["inputs"]["other"] = 5
    recipe = step(graph, bind={"width": "5.other"}, aspect_ratio="1:1")
    places = bound(Read(graph), recipe).places
    assert [str(places[name][0]) for name in ("width", "height")] == ["5.other", "5.height"]


def two_texts() -> Graph:
    graph = picture()
    graph["12"] = node("CLIPTextEncode", "Style", text="oil paint", clip=["4", 1])
    graph["13"] = node("ConditioningConcat", conditioning_to=["6", 0], conditioning_from=["12", 0])
    graph["3"]["inputs"]["positive"] = ["13", 0]
    return graph


def two_loaders() -> Graph:
    graph = edit()
    graph["12"] = node("LoadImage", "Style", image="style.png")
    graph["13"] = node("ImageBlend", image1=["10", 0], image2=["12", 0])
    graph["11"]["inputs"]["pixels"] = ["13", 0]
    return graph


def two_sizes() -> Graph:
    graph = picture()
    graph["14"] = node("EmptySD3LatentImage", "Other", width=64, height=64, batch_size=1)
    return graph


def in_batches() -> Graph:
    graph = picture()
    graph["5"]["inputs"]["batch_size"] = 4
    return graph


@pytest.mark.parametrize(
    ("recipe", "says"),
    [
        (step(two_texts()), ["prompt in several places", "bind: {prompt: ID.INPUT}", "6.text (Positive)", "12.text"]),
        (step(two_loaders(), EDIT, role="image"), ["loads 2 of image, and 1 are given (image)", "12.image (Style)"]),
        (step(two_sizes(), aspect_ratio="9:16"), ["size in several places", "5.width and 5.height", "14.width"]),
        (step(in_batches()), ["5 'Empty Latent Image' makes 4 at once", "ask for candidates"]),
        (step(picture(), EDIT, role="image"), ["loads 0 of image", "no node for image"]),
        (step(picture(), bind={"prompt": "6.txt"}), ["bind: prompt is '6.txt'", "has no input txt", "text, clip"]),
        (step(picture(), bind={"prompt": "66.text"}), ["there is no node 66", "6 'Positive'"]),
        (step(picture(), bind={"prompt": "text"}), ["names no input", "such as 6.text"]),
        (step(picture(), bind={"output": "99"}), ["output is node 99, which is not there"]),
        (step(picture(), bind="6.text"), ["bind is no mapping"]),
        (step(edit(), EDIT, role="mask"), ["1 of mask are given, and 0 places are bound", "bind: {mask: ID.INPUT}"]),
        (step({"9": node("SaveImage", images=[])}), ["prompt in no place that is known"]),
        (step(picture(), aspect_ratio="abc"), ["'abc' is no shape"]),
        (step(picture(), num_images=4), ["4 results in one request"]),
    ],
    ids=lambda value: None if isinstance(value, Recipe) else str(value[0])[:40],
)
def test_what_is_in_doubt_is_refused_with_what_it_could_mean(recipe: Recipe, says: list[str]) -> None:
    found = " ".join(errors(recipe))
    for part in says:
        assert part in found, found


@pytest.mark.parametrize(
    ("graph", "says"),
    [
        ({"nodes": [{"id": 3}], "links": [], "version": 0.4}, "editor (nodes and links)"),
        ({"prompt": picture()}, "node prompt has no class_type"),
        ({"3": {"class_type": "KSampler"}}, "node 3 has no inputs"),
        ({"3": node("KSampler", model=["4", 0])}, "model comes from node 4, which is not there"),
        ({}, "no graph"),
        ([], "no graph"),
        (5, "no graph"),
        ("flow.json", "is a text"),
        ({"3": node("X", big="x" * 4_000_001)}, "4000000 is the most"),
        ({"3": node("X", odd=float("nan"))}, "cannot be written as JSON"),
        ({"3": node("X", a={5: 5})}, "cannot be written as JSON"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_no_graph_is_said_to_be_none_and_how_to_export_one(graph: Any, says: str) -> None:
    (found,) = errors(step(graph))
    assert says in found
    assert "->" in found


def test_a_step_without_a_graph_is_refused() -> None:
    (found,) = errors(asked(OFF, "comfyui", TEXT))
    assert "params: {graph: ./flow_api.json}" in found


def test_a_parameter_that_no_place_takes_is_named_and_not_sent() -> None:
    (problem,) = OFF.validate(step(picture(), steps=12))
    assert (problem.severity, problem.path) == (Severity.WARNING, ("params", "steps"))
    assert OFF.ready(step(picture(), steps=12)) == {}


def test_a_graph_without_a_seed_says_that_candidates_are_equal() -> None:
    graph = picture()
    graph["3"]["inputs"]["seed"] = ["4", 0]
    (problem,) = OFF.validate(step(graph))
    assert problem.severity is Severity.WARNING
    assert "no seed" in problem.says


# --- held against what a server has --------------------------------------------------------------------------------


def test_graphs_that_are_in_order_have_nothing_wrong() -> None:
    for graph in (picture(), edit(), film(), flux()):
        assert wrong(Read(graph), known(graph)) == []


def test_everything_that_is_wrong_is_said_at_once_each_with_its_node() -> None:
    graph = picture()
    graph["3"]["inputs"] |= {"sampler_name": "eulr", "steps": 0, "cfg": "much", "positive": ["5", 0]}
    del graph["3"]["inputs"]["scheduler"]
    graph["8"]["inputs"]["vae"] = ["4", 7]
    has = known(graph)
    has["CheckpointLoaderSimple"] = copy.deepcopy(dict(has["CheckpointLoaderSimple"]))
    has["CheckpointLoaderSimple"]["input"]["required"]["ckpt_name"] = [["sdxl.safetensors"]]
    assert wrong(Read(graph), has) == [
        "node 3 'KSampler': steps is 0; 1 is the least",
        "node 3 'KSampler': cfg is 'much', which is no FLOAT",
        "node 3 'KSampler': sampler_name is 'eulr', which this server does not have; it has euler, euler_cfg_pp, "
        "euler_ancestral, euler_ancestral_cfg_pp, heun, heunpp2, exp_heun_2_x0, exp_heun_2_x0_sde and 37 more",
        "node 3 'KSampler': scheduler is missing",
        "node 3 'KSampler': positive takes CONDITIONING, and node 5 'Empty Latent Image' gives LATENT",
        "node 4 'Load Checkpoint': ckpt_name is 'v1-5-pruned-emaonly-fp16.safetensors', which this server does not "
        "have; it has sdxl.safetensors",
        "node 8 'VAE Decode': vae comes from output 7 of node 4 'Load Checkpoint', which has 3",
    ]


def test_what_no_output_needs_is_not_looked_at() -> None:
    graph = picture()
    graph["20"] = node("KSampler", "Left over", steps=0)
    assert wrong(Read(graph), known(graph)) == []


def test_a_file_that_is_only_about_to_be_uploaded_need_not_be_there() -> None:
    graph = film()
    has = {
        **known(graph),
        "LoadImage": {"input": {"required": {"image": [["other.png"]]}}, "output": ["IMAGE", "MASK"]},
    }
    assert wrong(Read(graph), has, [Place("6", "image")]) == []
    assert "image is 'example.png', which this server does not have" in wrong(Read(graph), has)[0]


def test_every_class_that_is_missing_is_named() -> None:
    graph = picture()
    graph["12"] = node("FaceFix", "Faces", image=["8", 0])
    graph["13"] = node("Grain", image=["12", 0])
    has = {**known(graph), "FaceFix": {}, "Grain": {}}
    assert wrong(Read(graph), has) == [
        "node 12 'Faces': this server has no FaceFix",
        "node 13 'Grain': this server has no Grain",
    ]


def test_what_would_be_bought_from_somebody_else_is_refused() -> None:
    graph = picture()
    graph["12"] = node("FluxProUltraNode", prompt="x")
    has = {**known(graph), "FluxProUltraNode": {"input": {}, "output": ["IMAGE"], "api_node": True}}
    (found,) = wrong(Read(graph), has)
    assert "12 'FluxProUltraNode'" in found and "price" in found


def test_what_a_description_does_not_clearly_forbid_is_left_to_the_server() -> None:
    graph = {"1": node("Odd", a=1, b=["2", 0], c=[1, 2, 3]), "2": node("Any", x="y"), "3": node("SaveAny", i=["1", 0])}
    odd = {"required": {"a": [["x"], {"remote_combo": True}], "d": ["COMFY_AUTOGROW_V3"]}, "optional": {"b": "STRING"}}
    has = {
        "Odd": {"input": odd, "output": ["*"]},
        "Any": {"input": 5, "output": "?"},
        "SaveAny": {"input": {"required": {"i": [5]}}, "output": [], "output_node": True},
    }
    assert wrong(Read(graph), has) == []


# --- the wire ------------------------------------------------------------------------------------------------------


class Server:
    """A server that answers by path, and remembers what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {"/queue": {"queue_running": [], "queue_pending": []}} | answers

    async def __call__(self, visit: Visit) -> None:
        path = visit.path.partition("?")[0]
        found = self.answers.get(path)
        if found is None and path.startswith("/object_info/"):
            kind = path.removeprefix("/object_info/")
            found = {kind: info(kind)}
        if found is None and path.startswith("/history"):
            found = {}
        if found is None and path == "/prompt":
            found = {"prompt_id": json.loads(visit.body)["prompt_id"], "number": 1, "node_errors": {}}
        if isinstance(found, int):
            await visit.answer(found, b"404: Not Found")
        else:
            await visit.answer(200, found if isinstance(found, bytes) else json.dumps(found).encode())


def played(server: Server, story: Callable[[Comfyui, Wire], Awaitable[T]], key: str | None = None) -> T:
    async def run() -> T:
        async with serving(server) as wire:
            comfyui = Comfyui(access("comfyui", wire.url, key, simulated=False))
            try:
                return await story(comfyui, wire)
            finally:
                await comfyui.close()

    return asyncio.run(run())


def test_a_submission_as_it_goes_over_the_wire(tmp_path: Path) -> None:
    uploaded = {"name": f"{FRAME_ARTIFACT.digest}.png", "subfolder": "rushes", "type": "input"}
    request = request_of(step(edit(), EDIT, "in red", role="image"))

    async def story(comfyui: Comfyui, wire: Wire) -> Submitted:
        answer = await comfyui.submit(request, context(tmp_path))
        heads, upload, post = wire.heads(), wire.visits[-2], wire.visits[-1]
        assert heads[:-2] == [
            f"GET /object_info/{kind} HTTP/1.1" for kind in sorted({one["class_type"] for one in edit().values()})
        ]
        assert heads[-2:] == ["POST /upload/image HTTP/1.1", "POST /prompt HTTP/1.1"]
        assert b'name="overwrite"\r\n\r\ntrue' in upload.body and b'name="subfolder"\r\n\r\nrushes' in upload.body
        assert FRAME in upload.body
        sent = edit()
        sent["6"]["inputs"]["text"] = "in red"
        sent["3"]["inputs"]["seed"] = request.seed
        sent["10"]["inputs"]["image"] = f"rushes/{FRAME_ARTIFACT.digest}.png"
        assert json.loads(post.body) == {"prompt": sent, "prompt_id": ID, "client_id": ID}
        assert "authorization" not in post.head.decode().lower()
        return answer

    answer = played(Server(**{"/upload/image": uploaded}), story)
    assert answer.remote == f'["{ID}",0,"image",""]'


def test_a_key_goes_along_when_one_is_kept(tmp_path: Path) -> None:
    async def story(comfyui: Comfyui, wire: Wire) -> None:
        await comfyui.submit(request_of(step(picture())), context(tmp_path))
        assert all(f"Authorization: Bearer {KEY}" in visit.head.decode() for visit in wire.visits)
        await comfyui.check_key(context(tmp_path))

    played(Server(), story, KEY)


def test_a_graph_that_the_server_would_refuse_is_never_sent(tmp_path: Path) -> None:
    graph = picture()
    graph["3"]["inputs"]["sampler_name"] = "eulr"

    async def story(comfyui: Comfyui, wire: Wire) -> None:
        for _twice in range(2):
            with pytest.raises(RemoteError) as raised:
                await comfyui.submit(request_of(step(graph)), context(tmp_path))
            assert raised.value.kind is ErrorClass.INVALID_INPUT
            assert "node 3 'KSampler': sampler_name is 'eulr'" in raised.value.message
        assert not any(head.startswith("POST") for head in wire.heads())
        assert wire.heads().count("GET /object_info/KSampler HTTP/1.1") == 2  # somebody may have installed it

    played(Server(), story)


def test_an_older_server_gives_an_id_of_its_own_and_the_job_is_found_by_ours(tmp_path: Path) -> None:
    job = [7, "theirs-1", picture(), {"client_id": ID}, ["9"]]
    request = request_of(step(picture()))
    places = [
        {"/queue": {"queue_running": [job], "queue_pending": []}},
        {"/queue": {"queue_running": [], "queue_pending": [[1, "other", {}, {}, []], job]}},
        {"/history": {"other": {"prompt": [1, "other", {}, {}, []]}, "theirs-1": {"prompt": job}}},
    ]
    for place in places:

        async def story(comfyui: Comfyui, wire: Wire) -> None:
            answer = await comfyui.submit(request, context(tmp_path))
            assert json.loads(answer.remote)[0] == "theirs-1"
            assert await comfyui.reconcile(request, context(tmp_path)) == Found(answer.remote)
            assert isinstance(await comfyui.reconcile(request, context(tmp_path, "key-2")), Absent)

        played(Server(**{"/prompt": {"prompt_id": "theirs-1", "number": 7}, **place}), story)


def test_a_job_is_found_by_our_id_wherever_it_is(tmp_path: Path) -> None:
    request = request_of(step(picture()))
    job = [7, ID, picture(), {}, ["9"]]
    for place in ({"/queue": {"queue_running": [job]}}, {f"/history/{ID}": {ID: {"prompt": job}}}):

        async def story(comfyui: Comfyui, wire: Wire) -> Any:
            return await comfyui.reconcile(request, context(tmp_path))

        assert played(Server(**place), story) == Found(f'["{ID}",0,"image",""]')


@pytest.mark.parametrize("odd", [b"", b"[]", b"<html>", b'{"prompt_id": 5}', b'{"prompt_id": "a/b"}', b"{"])
def test_an_answer_that_cannot_be_read_is_unknown(odd: bytes, tmp_path: Path) -> None:
    async def story(comfyui: Comfyui, wire: Wire) -> None:
        with pytest.raises(RemoteError) as raised:
            await comfyui.submit(request_of(step(picture())), context(tmp_path))
        assert raised.value.kind is ErrorClass.UNKNOWN_OUTCOME

    played(Server(**{"/prompt": odd}), story)


def over(outputs: Any, status: Any = None) -> dict[str, Any]:
    success = {"status_str": "success", "completed": True, "messages": []}
    return {ID: {"prompt": [], "outputs": outputs, "status": success if status is None else status}}


def saved(name: str, place: str = "output", folder: str = "") -> dict[str, Any]:
    return {"filename": name, "subfolder": folder, "type": place}


def polled(history: Any, remote: str = f'["{ID}",0,"image",""]', **more: Any) -> Pending | Finished:
    async def story(comfyui: Comfyui, wire: Wire) -> Pending | Finished:
        return await comfyui.poll(remote, Quick(Path("no-file-is-needed"), {}, idempotency_key="key-1"))

    return played(Server(**{f"/history/{ID}": history, **more}), story)


@pytest.mark.parametrize(
    ("outputs", "remote", "names"),
    [
        ({"9": {"images": [saved("a.png")]}}, "image", ["filename=a.png&subfolder=&type=output"]),
        (
            {"9": {"images": [saved("a b.png", folder="x/y")]}},
            "image",
            ["filename=a+b.png&subfolder=x%2Fy&type=output"],
        ),
        ({"8": {"images": [saved("p.png", "temp")]}, "9": {"images": [saved("a.png")]}}, "image", ["filename=a.png"]),
        ({"8": {"images": [saved("p.png", "temp")]}}, "image", ["filename=p.png&subfolder=&type=temp"]),
        ({"9": {"gifs": [saved("a.mp4") | {"format": "video/h264-mp4"}]}}, "video", ["filename=a.mp4"]),
        ({"9": {"images": [saved("a.mp4")], "animated": [True]}}, "video", ["filename=a.mp4"]),
        ({"9": {"audio": [saved("a.mp3")]}}, "audio", ["filename=a.mp3"]),
        ({"9": {"images": [saved("a.png")]}, "8": {"gifs": [saved("a.mp4")]}}, "video", ["filename=a.mp4"]),
        ({"9": {"images": [saved("a.png"), saved("b.png")]}}, "image", ["filename=a.png", "filename=b.png"]),
        ({"9": {"text": ["said"], "images": [saved("a.png"), 5, {}, None]}, "x": 5}, "image", ["filename=a.png"]),
    ],
    ids=lambda value: str(value)[:40],
)
def test_results_are_the_saved_files_of_the_kind_that_is_wanted(outputs: Any, remote: str, names: list[str]) -> None:
    finished = polled(over(outputs), f'["{ID}",0,"{remote}",""]')
    assert isinstance(finished, Finished)
    assert finished.billed == ZERO
    assert len(finished.outputs) == len(names)
    for output, name in zip(finished.outputs, names, strict=True):
        assert output.url is not None and name in output.url
        assert output.media_type.startswith(remote)


@pytest.mark.parametrize("name", ["a.png", "a.mp4", "a.mp3"])
def test_a_job_that_a_person_adopts_by_its_id_gives_whatever_it_made(name: str) -> None:
    finished = polled(over({"9": {"images": [saved(name)], "audio": [saved(name)] if name == "a.mp3" else []}}), ID)
    assert isinstance(finished, Finished)
    assert all(name in str(output.url) for output in finished.outputs)
    with pytest.raises(RemoteError, match="no file where a file is wanted"):
        polled(over({}), ID)


def test_bind_says_whose_files_are_the_result() -> None:
    outputs = {"8": {"images": [saved("a.png")]}, "9": {"images": [saved("b.png")]}}
    finished = polled(over(outputs), f'["{ID}",0,"image","9"]')
    assert isinstance(finished, Finished)
    assert [one.url is not None and "b.png" in one.url for one in finished.outputs] == [True]


@pytest.mark.parametrize(
    ("queue", "says"),
    [
        ({"queue_running": [[1, ID, {}, {}, []]], "queue_pending": []}, "running"),
        ({"queue_running": [], "queue_pending": [[9, "b", {}, {}, []], [5, ID, {}, {}, []]]}, "1 in the queue"),
        ({"queue_running": [], "queue_pending": [[2, "b", {}, {}, []], [5, ID, {}, {}, []]]}, "2 in the queue"),
    ],
)
def test_a_job_that_is_not_over_says_where_it_stands(queue: Any, says: str) -> None:
    state = polled({}, **{"/queue": queue})
    assert isinstance(state, Pending)
    assert (state.says, state.wait >= 0.5) == (says, True)


@pytest.mark.parametrize(
    ("history", "kind"),
    [
        ({}, ErrorClass.BAD_OUTPUT),  # nobody knows it: it cost nothing, so it is made again
        (over({}), ErrorClass.INVALID_INPUT),
        (over({"9": {"gifs": [saved("a.mp4")]}}), ErrorClass.INVALID_INPUT),
        (over(5), ErrorClass.INVALID_INPUT),
        (over({}, {"status_str": "error", "messages": 5}), ErrorClass.BAD_OUTPUT),
        (over({}, {"status_str": "error", "messages": [5, ["execution_error", 5], []]}), ErrorClass.BAD_OUTPUT),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_never_comes_is_an_error_that_cost_nothing(history: Any, kind: ErrorClass) -> None:
    with pytest.raises(RemoteError) as raised:
        polled(history)
    assert (raised.value.kind, raised.value.maybe_billed) == (kind, False)


@pytest.mark.parametrize("status", [{"status_str": "rehearsing"}, {"status_str": 5}])
def test_a_state_that_nobody_knows_is_asked_again(status: Any) -> None:
    assert isinstance(polled(over({}, status)), Pending)


@pytest.mark.parametrize("path", [f"/history/{ID}", "/queue"])
def test_a_gateway_without_its_server_says_nothing_about_a_job(path: str) -> None:
    assert isinstance(polled({}, **{path: 404}) if path == "/queue" else polled(404), Pending)


def test_a_history_without_a_status_is_one_of_a_server_that_has_none() -> None:
    history = over({"9": {"images": [saved("a.png")]}})
    history[ID]["status"] = None
    assert isinstance(polled(history), Finished)


@pytest.mark.parametrize("remote", ["", "../x", "a/b", "[", "[5", "{}", '["a/../b",0]', "x" * 300, '[["a"]]'])
def test_what_is_no_job_is_never_asked_about(remote: str, tmp_path: Path) -> None:
    async def story(comfyui: Comfyui, wire: Wire) -> None:
        for ask in (comfyui.poll, comfyui.cancel):
            with pytest.raises(RemoteError):
                await ask(remote, context(tmp_path))
        assert wire.visits == []

    played(Server(), story)


def test_an_older_server_is_interrupted_only_while_the_job_runs(tmp_path: Path) -> None:
    remote = f'["{ID}",0,"image",""]'
    for running, told in ((ID, True), ("another", False)):
        queue = {"queue_running": [[1, running, {}, {}, []]], "queue_pending": []}

        async def story(comfyui: Comfyui, wire: Wire) -> list[str]:
            assert await comfyui.cancel(remote, context(tmp_path)) == ZERO
            return [head.rpartition(" ")[0] for head in wire.heads()]

        server = Server(**{f"/api/jobs/{ID}/cancel": 404, "/queue": queue, "/interrupt": b""})
        heads = played(server, story)
        assert heads[:3] == [f"POST /api/jobs/{ID}/cancel", "POST /queue", "GET /queue"]
        assert ("POST /interrupt" in heads) is told
