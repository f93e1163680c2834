"""Two versions of a workflow: what is the same node, and what is different."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rushes.graph.diff import Diff, diff
from rushes.model.ids import Digest, NodeId
from rushes.model.operation import Operation
from rushes.model.text import Ref, Text, Var, plain
from rushes.model.workflow import Input, Node, Pick, Settings, Tab, Workflow

ITEM = Text((Var("item"),))


def node(name: str, prompt: str | Text | None = None, *needs: str, tab: str = "A", **more: Any) -> Node:
    text = plain(prompt) if isinstance(prompt, str) else prompt
    inputs = (Input("reference", tuple(NodeId(one) for one in needs)),) if needs else ()
    return Node(
        **{
            "id": NodeId(name),
            "tab": tab,
            "op": Operation.TEXT_TO_IMAGE,
            "path": (name,),
            "prompt": text,
            "inputs": inputs,
            **more,
        }
    )


def gate(name: str, of: str, **more: Any) -> Node:
    inputs = (Input("input", (NodeId(of),)),)
    return Node(**{"id": NodeId(name), "tab": "A", "op": Operation.APPROVE, "path": (name,), "inputs": inputs, **more})


def media(name: str, source: str) -> Node:
    return Node(id=NodeId(name), tab="A", op=Operation.MEDIA, path=(name,), source=source)


def flow(*nodes: Node, name: str = "w", **more: Any) -> Workflow:
    tabs: dict[str, list[Node]] = {}
    for one in nodes:
        tabs.setdefault(one.tab, []).append(one)
    return Workflow(name=name, format="yaml", tabs=tuple(Tab(tab, tuple(many)) for tab, many in tabs.items()), **more)


def between(old: Workflow, new: Workflow, old_bytes: Any = None, new_bytes: Any = None) -> Diff:
    return diff(old, new, old_bytes or {}, new_bytes or {})


def said(found: Diff) -> dict[str, list[tuple[str, Any, Any]]]:
    """By the new id (or the old one of what went): the changes."""
    return {
        (one.new or one.old).id: [(change.field, change.old, change.new) for change in one.changes]  # type: ignore[union-attr]
        for one in found.nodes
    }


def test_a_workflow_is_the_same_as_itself_in_another_order() -> None:
    old = flow(node("a", "a fox"), node("b", "an owl", "a"))
    assert between(old, old).empty
    assert between(old, flow(node("b", "an owl", "a"), node("a", "a fox"))).empty


def test_a_node_is_the_same_under_another_name_and_so_are_its_edges() -> None:
    old = flow(node("a", "a fox"), gate("g", "a"), node("b", "an owl", "g"))
    new = flow(node("fox", "a fox"), gate("pick", "fox"), node("b", "an owl", "pick"))
    assert said(between(old, new)) == {"fox": [("id", "a", "fox")], "pick": [("id", "g", "pick")]}


def test_steps_without_names_that_move_down_are_not_rewritten() -> None:
    old = flow(node("step-1", "a fox"), node("step-2", "an owl"))
    new = flow(node("step-1", "a bear"), node("step-2", "a fox"), node("step-3", "an owl"))
    found = between(old, new)
    assert said(found) == {
        "step-1": [],
        "step-2": [("id", "step-1", "step-2")],
        "step-3": [("id", "step-2", "step-3")],
    }
    assert found.nodes[0].old is None


def test_a_node_with_another_title_and_half_other_words_is_found_by_likeness() -> None:
    old = flow(node("1", "a red fox in the snow at dawn", title="Fox"))
    new = flow(node("7", "a red fox in the rain at dawn", title="The fox"), node("8", "an owl"))
    found = between(old, new)
    assert said(found)["7"][:2] == [("id", "1", "7"), ("title", "Fox", "The fox")]
    assert said(found)["8"] == [] and len(found.pairs) == 1


def test_what_does_something_else_is_another_node() -> None:
    found = between(flow(node("a", "a fox")), flow(node("a", "a fox", op=Operation.TEXT_TO_VIDEO)))
    assert [(one.op, one.old is None) for one in found.nodes] == [("text_to_video", True), ("text_to_image", False)]


def test_words_are_counted_and_a_rewrite_of_one_in_five_says_so() -> None:
    old = flow(node("a", "one two three four five"))
    (change,) = between(old, flow(node("a", "one two three four six"))).nodes[0].changes
    assert change.share is not None and (change.share.changed, change.share.words, change.share.percent) == (1, 5, 20)


def test_every_value_of_a_node_is_told() -> None:
    old = node("a", "x y", model="m", params={"seed": 1, "size": "1K", "flag": True}, candidates=2, provider="p")
    new = node(
        "a", "x y", model="n", params={"seed": 2, "size": "1K", "flag": 1, "new": None}, candidates=4, enabled=False
    )
    assert said(between(flow(old), flow(new)))["a"] == [
        ("model", "m", "n"),
        ("provider", "p", None),
        ("candidates", 2, 4),
        ("enabled", True, False),
        ("flag", True, 1),
        ("seed", 1, 2),
    ]
    found = between(flow(node("a"), gate("g", "a", pick=Pick.ASK)), flow(node("a"), gate("g", "a", pick=Pick.BEST)))
    assert said(found) == {"g": [("approve", "ask", "best")]}


def test_rows_that_came_went_and_changed_are_told_one_by_one() -> None:
    old = node("a", ITEM, rows=("one fox", "two owls", "three bears"))
    new = node("a", ITEM, rows=("one fox", "two cats", "three bears", "four bees"))
    assert said(between(flow(old), flow(new)))["a"] == [
        ("row 2", "two owls", "two cats"),
        ("row 4", None, "four bees"),
    ]
    gone = said(between(flow(new), flow(old)))["a"]
    assert gone[-1] == ("row 4 of the old", "four bees", None)
    (change,) = between(flow(old), flow(old._replace(rows=old.rows[::-1]))).nodes[0].changes  # type: ignore[index]
    assert change.says == "the same rows in another order"


def test_references_are_compared_by_their_bytes_too() -> None:
    a, b = Digest("a" * 64), Digest("b" * 64)
    old, new = flow(media("m", "x.png")), flow(media("m", "y.png"))
    (change,) = between(old, new, {"x.png": a}, {"y.png": a}).nodes[0].changes
    assert change.says == "the same bytes under another name"
    (change,) = between(old, new, {"x.png": a}, {"y.png": b}).nodes[0].changes
    assert change.says == ""
    (change,) = between(old, old, {"x.png": a}, {"x.png": b}).nodes[0].changes
    assert (change.field, change.says) == ("reference", "other bytes behind the same name")
    assert between(old, old, {"x.png": a}, {"x.png": a}).empty and between(old, old).empty


def test_an_edge_that_leads_elsewhere_is_told_by_the_nodes_it_means() -> None:
    nodes = (node("a", "a fox", title="Fox"), node("b", "an owl"))
    old = flow(*nodes, node("c", "both", "a"))
    assert said(between(old, flow(*nodes, node("c", "both", "b")))) == {
        "c": [("input reference", ["Fox (a)"], ["b"])],
    }
    told = said(between(old, flow(nodes[1], node("c", "both", "b"))))
    assert told["c"] == [("input reference", ["Fox (a), which is gone"], ["b"])] and told["a"] == []
    old = flow(*nodes, node("c", Text((Ref(NodeId("a")),))))
    new = flow(*nodes, node("c", Text((Ref(NodeId("b")),))))
    assert said(between(old, new)) == {"c": [("input prompt", "{{Fox (a)}}", "{{b}}")]}


def test_tabs_come_go_and_are_found_under_another_name() -> None:
    def tab(name: str, *prompts: str) -> list[Node]:
        return [node(f"{name}/{n}", prompt, tab=name) for n, prompt in enumerate(prompts)]

    old = flow(*tab("A", "a", "b"), *tab("B", "c", "d"))
    new = flow(*tab("A", "a", "b"), *tab("X", "c", "d"), *tab("NEW", "e"))
    found = between(old, new)
    assert [tuple(one) for one in found.tabs] == [("B", "X", 2), (None, "NEW", 1)] and not found.nodes
    assert [tuple(one) for one in between(new, flow(*tab("A", "a", "b"))).tabs] == [("X", None, 2), ("NEW", None, 1)]


def test_a_scene_that_went_to_another_tab_has_moved() -> None:
    old = flow(node("A/1", "a fox", tab="A", title="Fox"), node("A/2", "x", tab="A"), node("B/1", "y", tab="B"))
    new = flow(node("A/2", "x", tab="A"), node("B/1", "y", tab="B"), node("B/2", "a fox", tab="B", title="Fox"))
    assert said(between(old, new)) == {"2": [("tab", "A", "B"), ("id", "1", "2")]}


def test_settings_and_variables_of_the_workflow_are_told() -> None:
    old = flow(node("a"), settings=Settings(candidates=2), variables={"x": "1", "y": "2"})
    new = flow(node("a"), name="v", settings=Settings(candidates=4), variables={"x": "1", "z": "3"})
    assert [(one.field, one.old, one.new) for one in between(old, new).workflow] == [
        ("name", "w", "v"),
        ("settings.candidates", 2, 4),
        ("variables.y", "2", None),
        ("variables.z", None, "3"),
    ]


WORDS = st.sampled_from(["fox", "owl", "snow", "rain"])


@st.composite
def flows(draw: st.DrawFn) -> Workflow:
    nodes: list[Node] = []
    for number in range(draw(st.integers(1, 7))):
        name, needs = (
            f"n{number}",
            [str(one.id) for one in draw(st.lists(st.sampled_from(nodes), max_size=2))] if nodes else [],
        )
        nodes.append(
            node(
                name,
                " ".join(draw(st.lists(WORDS, max_size=3))),
                *dict.fromkeys(needs),
                title=draw(st.sampled_from(["", "T", name])),
            )
            if draw(st.booleans()) or not needs
            else gate(name, needs[0])
        )
    return flow(*draw(st.permutations(nodes)))


@given(flows(), flows())
def test_every_node_is_told_once_whatever_the_versions_are(old: Workflow, new: Workflow) -> None:
    found = between(old, new)
    came = [one for one in found.nodes if one.old is None]
    went = [one for one in found.nodes if one.new is None]
    assert len(found.pairs) + len(came) == len(list(new.nodes()))
    assert len(found.pairs) + len(went) == len(list(old.nodes()))
    assert found.same + len(found.nodes) - len(went) == len(list(new.nodes()))
    assert between(old, old).empty and between(new, new).empty


@given(flows())
def test_other_ids_alone_are_renames_of_nodes_that_can_be_told_apart(one: Workflow) -> None:
    prompts = [str(each.prompt) for each in one.nodes() if each.op is Operation.TEXT_TO_IMAGE]
    if len(set(prompts)) < len(prompts):
        return
    names = {each.id: NodeId(f"x{each.id}") for each in one.nodes()}
    renamed = [
        each._replace(
            id=names[each.id],
            inputs=tuple(entry._replace(refs=tuple(names[ref] for ref in entry.refs)) for entry in each.inputs),
        )
        for each in one.nodes()
    ]
    found = between(one, flow(*renamed))
    pictures = [each for each in found.nodes if each.op == "text_to_image"]
    assert all({change.field for change in each.changes} <= {"id", "input reference"} for each in pictures)
    assert all(each.old is not None for each in pictures)
