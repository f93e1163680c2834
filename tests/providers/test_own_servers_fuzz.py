"""Servers of a person's own may answer anything, and a graph may be anything: there is an answer to all of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.providers.comfy_graphs import film, picture
from tests.providers.rig import access, asked

from rushes.errors import ErrorClass, RemoteError
from rushes.model.operation import Operation
from rushes.plugin.provider import Finished, Pending
from rushes.providers.comfyui.graph import Graph
from rushes.providers.comfyui.info import wrong
from rushes.providers.comfyui.provider import Comfyui, Job
from rushes.providers.errors import read
from rushes.providers.glabs import TASK, GLabs, _failure

COMFYUI, GLABS = Comfyui(access("comfyui", None, None)), GLabs(access("glabs", None))

any_text = st.text(st.characters(codec=None), max_size=8)
WORDS = (
    "images gifs audio filename a.png b.mp4 type temp output status status_str error success messages results "
    "execution_error execution_interrupted outputs 9 3 seed text model inputs class_type CLIPTextEncode KSampler "
    "positive _meta title required optional INT COMBO min max options input output_node * http://h/api/files/a.png"
)
words = st.sampled_from(WORDS.split())
scalar = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | any_text | words
anything = st.recursive(
    scalar,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words | any_text, inner, max_size=4),
    max_leaves=12,
)


@given(entry=st.dictionaries(words, anything, max_size=4), node=words)
def test_any_history_is_a_result_a_wait_or_an_error(entry: dict[str, Any], node: str) -> None:
    for kind in ("image", "video", "audio"):
        try:
            found = COMFYUI._over(Job("x", kind, node if node == "9" else ""), entry)
        except RemoteError as error:
            assert not error.maybe_billed
        else:
            assert isinstance(found, Finished | Pending)


@given(graph=st.dictionaries(words | any_text, anything, max_size=4), bind=anything, output=words)
def test_any_graph_is_one_or_is_refused(graph: dict[str, Any], bind: Any, output: str) -> None:
    for op in (Operation.TEXT_TO_IMAGE, Operation.IMAGE_TO_VIDEO):
        params = {"graph": graph, "bind": bind, "aspect_ratio": "9:16", "negative_prompt": "x", output: 5}
        recipe = asked(COMFYUI, "comfyui", op, params=params)
        assert list(COMFYUI.validate(recipe)) == list(COMFYUI.validate(recipe))


@given(inputs=st.dictionaries(words, anything, max_size=4), name=words, value=anything, bind=anything)
def test_any_value_in_a_graph_is_looked_at(inputs: dict[str, Any], name: str, value: Any, bind: Any) -> None:
    graph = picture()
    graph["6"]["inputs"] |= inputs
    graph["3"]["inputs"][name] = value
    params = {"graph": graph, "bind": {"prompt": "6.text", name: bind}, "size": "64x64"}
    COMFYUI.validate(asked(COMFYUI, "comfyui", Operation.TEXT_TO_IMAGE, params=params))


@given(kind=anything, more=st.dictionaries(words, anything, max_size=3), output=anything, takes=anything)
def test_any_description_of_a_node_is_read(kind: Any, more: dict[str, Any], output: Any, takes: Any) -> None:
    graph = Graph(film())
    described = {"input": {"required": {"seed": [kind, more], "text": kind}}, "output": output, "output_node": True}
    for info in (described, {"input": takes, "output": output, "output_node": True}, {"input": described["input"]}):
        assert isinstance(wrong(graph, {one.kind: info for one in graph.nodes.values()}), list)


@given(said=st.dictionaries(words | st.just("error_code"), anything, max_size=4), url=anything)
def test_any_task_is_a_failure_that_is_not_made_again_by_itself_or_has_a_number(said: dict[str, Any], url: Any) -> None:
    error = read(TASK, _failure(said), "glabs", None)
    assert error.kind in ErrorClass
    found = GLABS._output(url)
    assert found is None or (found.url or "").startswith("http://127.0.0.1:8765/api/files/")


@pytest.mark.parametrize("name", ["\ud800.png", "a\ud800/../b.png", "\x00.png", "a?b#c.png", "..", "%2e%2e"])
def test_a_name_of_a_file_goes_into_an_address_and_nowhere_else(name: str) -> None:
    entry = {"outputs": {"9": {"images": [{"filename": name, "subfolder": name, "type": name}]}}}
    try:
        found = COMFYUI._over(Job("x", "image"), json.loads(json.dumps(entry)))
    except RemoteError:
        return
    assert isinstance(found, Finished)
    (output,) = found.outputs
    assert output.url is not None and output.url.startswith("http://127.0.0.1:8188/view?filename=")
    assert "#" not in output.url and output.url.count("?") == 1


@pytest.mark.parametrize("name", ["\ud800.png", "%2e%2e%2fx", "..", "", "a/b"])
def test_a_name_that_no_file_has_is_no_result(name: str) -> None:
    assert GLABS._output(f"http://127.0.0.1:8765/api/files/{name}") is None


def test_half_a_character_is_refused_in_a_graph() -> None:
    graph = {"3": {"class_type": "K\ud800", "inputs": {}}}
    (problem,) = COMFYUI.validate(asked(COMFYUI, "comfyui", Operation.TEXT_TO_IMAGE, params={"graph": graph}))
    assert "cannot be written as JSON" in problem.says
