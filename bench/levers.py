"""The levers that users pull to save time, each beside the figure that they quote for it.

All but the last in virtual time: the real engine over a real ledger, with a still that takes 30 s and a film that takes
120 s, as users have them, and an account that works on two at a time. So 8 scenes take one account 10 minutes, and five
of them one after the other 50. The last one is the real command in real time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.figure import PYTHON, Figure, child, median_of
from bench.rig import Home, home, independent, node, run
from rushes.model.operation import Operation
from rushes.model.request import Request
from rushes.model.text import plain
from rushes.model.workflow import Node, Tab, Workflow
from rushes.plugin.provider import Provider
from rushes.testing.clock import VirtualClock, run_virtual
from rushes.testing.journal import StillJournal
from rushes.testing.provider import ScriptedProvider

STILL, FILM = 30.0, 120.0
SCENES, ACCOUNTS, AT_ONCE = 8, 5, 2
FASTER = Path("/dev/shm")


def latency(request: Request) -> float:
    """Seconds at the provider."""
    return STILL if request.recipe.op is Operation.TEXT_TO_IMAGE else FILM


def expected(one: Node) -> float:
    """The same, as a plan expects it."""
    return STILL if one.op is Operation.TEXT_TO_IMAGE else FILM


def scenes(tab: str, take: str = "", changed: Sequence[int] = ()) -> list[Node]:
    """A still and its film for each scene; `changed` scenes have another prompt."""
    nodes = []
    for scene in range(SCENES):
        name = f"{tab}-{scene}"
        still = node(name, Operation.TEXT_TO_IMAGE)._replace(tab=tab)
        if scene in changed:
            still = still._replace(prompt=plain(f"a fox, {name}, {take}"))
        film = node(f"{name}-film", Operation.IMAGE_TO_VIDEO, (name,), "start_frame")
        nodes += [still, film._replace(tab=tab)]
    return nodes


def story(tabs: Mapping[str, Sequence[Node]]) -> Workflow:
    """A workflow with these tabs."""
    return Workflow(name="story", format="yaml", tabs=tuple(Tab(name, tuple(nodes)) for name, nodes in tabs.items()))


def account(name: str) -> Provider:
    """An account that works on so many at a time."""
    return ScriptedProvider(name, latency=latency, polls=False, in_flight=AT_ONCE)


def seconds(place: Home, flow: Workflow, name: str = "run-1", concurrency: int | None = None) -> float:
    """Virtual seconds of a run, each tab with an account of its own."""
    accounts = {tab.name: account(tab.name) for tab in flow.tabs}
    going = run(
        place,
        accounts,
        flow,
        name=name,
        concurrency=concurrency,
        seconds=expected,
        clock=VirtualClock(),
        wrap=StillJournal,
    )
    return run_virtual(going)[1]


def alone(flow: Workflow, concurrency: int | None = None) -> float:
    """`seconds` in a home of its own."""
    with home(FASTER) as place:
        return seconds(place, flow, concurrency=concurrency)


def measure() -> Iterator[Figure]:
    """Lever by lever."""
    yield from at_once()
    yield from tabs_together()
    yield from stills_first()
    yield from some_scenes_again()
    yield from everything_here()


def at_once() -> Iterator[Figure]:
    """Three pictures of 5 s that do not know each other."""

    def three(concurrency: int) -> float:
        with home(FASTER) as place:
            provider = ScriptedProvider(latency=5.0, polls=False)
            flow = independent(3, Operation.TEXT_TO_IMAGE)
            going = run(place, provider, flow, concurrency=concurrency, clock=VirtualClock(), wrap=StillJournal)
            return run_virtual(going)[1]

    yield Figure(name="3 x 5 s, one after the other", value=three(1), limit=None, unit="s", quoted="15 s")
    yield Figure(name="3 x 5 s, at once", value=three(3), limit=5.3, unit="s", quoted="about 6 s")


def tabs_together() -> Iterator[Figure]:
    """Five accounts, tab after tab or all tabs at once, with five hands as users allow, and with as many as there are.

    Users' 2.5 times is the most that five hands can do; nobody has to allow that few.
    """
    tabs = {f"account-{number}": scenes(f"account-{number}") for number in range(ACCOUNTS)}
    series = sum(alone(story({name: nodes})) for name, nodes in tabs.items())
    five, free = alone(story(tabs), concurrency=5), alone(story(tabs))
    yield Figure(name="5 tabs, one after the other", value=series / 60, limit=None, unit="min", quoted="50 min")
    yield Figure(name="5 tabs at once, 5 hands", value=five / 60, limit=None, unit="min", quoted="20 min")
    yield Figure(name="5 tabs at once", value=free / 60, limit=None, unit="min")
    yield Figure(name="5 hands / one after the other", value=five / series, limit=1 / 2.5, unit="x", quoted="0.4 x")
    yield Figure(name="at once / one after the other", value=free / series, limit=1 / 2.5, unit="x", quoted="0.4 x")


def stills_first() -> Iterator[Figure]:
    """The stills alone, and what a full pass after them still takes."""
    whole = scenes("account")
    stills = [one for one in whole if one.op is Operation.TEXT_TO_IMAGE]
    full = alone(story({"account": whole}))
    with home(FASTER) as place:
        first = seconds(place, story({"account": stills}))
        rest = seconds(place, story({"account": whole}), "run-2")
    yield Figure(name="stills first / full pass", value=first / full, limit=0.25, unit="x", quoted="0.15-0.25 x")
    yield Figure(name="stills first, then the rest / full pass", value=(first + rest) / full, limit=1.05, unit="x")


def some_scenes_again() -> Iterator[Figure]:
    """Two of eight scenes with another prompt, against all eight anew."""
    with home(FASTER) as place:
        full = seconds(place, story({"account": scenes("account")}))
        again = seconds(place, story({"account": scenes("account", "at night", (2, 5))}), "run-2")
    yield Figure(name="8 scenes anew", value=full / 60, limit=None, unit="min", quoted="4 min, stills")
    yield Figure(name="2 of 8 scenes again", value=again / 60, limit=None, unit="min", quoted="1 min, stills")
    yield Figure(name="2 of 8 again / all anew", value=again / full, limit=1 / 4, unit="x", quoted="0.25-0.5 x")


def everything_here() -> Iterator[Figure]:
    """The command, from the shell and back, for eight scenes that are all here: real time."""
    small = {"resolution": "360p"}
    steps: list[dict[str, object]] = []
    for scene in range(SCENES):
        still, film = f"scene-{scene}", f"film-{scene}"
        steps.append({"name": still, "type": "text_to_image", "prompt": f"a fox, {scene}", "params": small})
        steps.append(
            {
                "name": film,
                "type": "image_to_video",
                "input_from": still,
                "prompt": "it looks up",
                "params": {**small, "duration": 1},
            }
        )
    with TemporaryDirectory(prefix="rushes-bench-", dir=FASTER if FASTER.is_dir() else None) as folder:
        file = Path(folder) / "story.json"
        file.write_text(json.dumps({"name": "story", "steps": steps}))
        command = [str(Path(PYTHON).parent / "rushes"), "run", str(file), "--provider", "sketch"]
        env = {"RUSHES_HOME": f"{folder}/home"}
        child(command, env=env)
        (again,) = median_of(5, lambda: child(command, env=env).wall)
    yield Figure(name="8 scenes that are all here, real time", value=again, limit=1, unit="s", quoted="seconds")
