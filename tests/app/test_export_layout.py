"""Which file each result becomes."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rushes.app.export_layout import fingerprint, lay_out
from rushes.app.naming import LONGEST, Namer, folder_name, identity, scene_stem, slug
from rushes.graph.value import Outcome, State
from rushes.model.ids import Digest
from rushes.model.media import Artifact
from rushes.model.operation import Operation
from rushes.model.result import Result, Value
from rushes.model.verdict import Verdict

from .world import approved, gate, grid_of, image, waiting

hostile = st.one_of(
    st.sampled_from(
        [
            *("scene 1", "Scene 01", "SCENE-1", "con", "NUL", "com1", "..", "../../etc", "/", "a/b", "a\\b", "", "."),
            *(
                "\u00e9",
                "e\u0301",
                "\ufb01lm",
                "film",
                "ß",
                "SS",
                "ı",
                "I",
                "scene01-c1",
                "candidates",
                "manifest",
                "~",
            ),
            *("a\0b", "a\nb", "日本", "😀", "x" * 400, "\ud800", "scene01-2", "-2", "CON.txt", "com¹", "K", "\u212a"),
        ]
    ),
    st.text(max_size=30),
    st.text(alphabet=string.ascii_letters + "-_ .12", max_size=12),
)


def results(name: str, count: int) -> tuple[Result, ...]:
    return tuple(
        Result(
            n, 0, Value(artifacts=(Artifact(digest=Digest(f"{name}{n}"), media_type="image/png", size=1),)), Verdict()
        )
        for n in range(count)
    )


def done(name: str, count: int = 1) -> Outcome:
    made = results(name, count)
    return Outcome(State.DONE, made[0].value, None, made)


@given(hostile)
def test_a_slug_is_one_harmless_file_name(text: str) -> None:
    for name in (slug(text), folder_name(text)):
        assert "/" not in name and "\\" not in name and "\0" not in name and name not in (".", "..")
        assert len(name.encode()) <= LONGEST + 1
        assert name == name.strip(" .")
        assert identity(name.partition(".")[0]) not in {"con", "prn", "aux", "nul", "com1", "lpt9"}
    assert folder_name(text)


@given(st.lists(hostile, max_size=40))
def test_a_namer_never_gives_two_names_that_any_file_system_takes_for_one(texts: list[str]) -> None:
    namer = Namer("manifest")
    given_ = [identity(namer.claim(slug(text))) for text in texts]
    assert len(set(given_)) == len(given_) and "manifest" not in given_


@settings(max_examples=150)
@given(
    st.lists(
        st.tuples(
            hostile, st.sampled_from(["one", "One", "two", "manifest.json"]), st.integers(1, 3), st.integers(1, 3)
        ),
        min_size=1,
        max_size=12,
    )
)
def test_no_two_results_ever_share_a_path(nodes: list[tuple[str, str, int, int]]) -> None:
    """Also where upper and lower case, or two Unicode forms of a letter, are one name."""
    grid = grid_of(
        *(
            image(f"n{i}", title=title, tab=tab, rows=tuple("abc"[:rows]) if rows > 1 else None, candidates=many)
            for i, (title, tab, rows, many) in enumerate(nodes)
        )
    )
    outcomes = [
        done(f"{cell.node}.{cell.row}.", nodes[int(str(grid.nodes[cell.node].id)[1:])][3]) for cell in grid.cells
    ]
    files = lay_out(grid, outcomes)
    paths = ["/".join(identity(part) for part in f"{one.folder}/{one.path}".split("/")) for one in files]
    assert len(set(paths)) == len(paths)
    assert len([one for one in files if one.candidate == 0]) == len(grid.cells)
    folders = {path.rpartition("/")[0] for path in paths}
    assert not folders & set(paths), "a file stands where another needs a folder"
    for one in files:
        assert not Path(one.path).is_absolute() and ".." not in Path(one.path).parts
        one.path.encode()  # a name that the disk can hold


def test_rows_of_the_only_generator_are_scenes() -> None:
    grid = grid_of(image("stills", title="Keyframes", rows=("a", "b"), candidates=2))
    names = [one.path for one in lay_out(grid, [done("x", 2), done("y", 2)])]
    assert names == [
        "scene01.png",
        "candidates/scene01-c1.png",
        "candidates/scene01-c2.png",
        "scene02.png",
        "candidates/scene02-c1.png",
        "candidates/scene02-c2.png",
    ]


def test_the_number_of_digits_follows_the_number_of_rows() -> None:
    grid = grid_of(image("n", rows=tuple(str(i) for i in range(120))))
    names = [one.path for one in lay_out(grid, [done(str(i)) for i in range(120)])]
    assert names[0] == "scene001.png" and names[-1] == "scene120.png"
    assert names == sorted(names)


@pytest.mark.parametrize(
    ("title", "stem"),
    [
        ("Scene 3 image", "scene03"),
        ("scene_12", "scene12"),
        ("Mia – Scene 4 – end frame", "scene04-mia-end"),
        ("SCENE-7 Veo3 clip", "scene07"),
        ("Hero picture", None),
        ("obscene3", None),
    ],
)
def test_a_scene_number_in_the_title_names_the_file(title: str, stem: str | None) -> None:
    assert scene_stem(title) == stem


def test_several_tabs_have_a_folder_each() -> None:
    grid = grid_of(image("a", title="Scene 1", tab="mia"), image("b", title="Scene 1", tab="Lena K."))
    assert [one.path for one in lay_out(grid, [done("a"), done("b")])] == ["mia/scene01.png", "Lena K/scene01.png"]


def test_a_gate_decides_which_candidate_is_the_picture() -> None:
    grid = grid_of(image("s", title="Scene 1", candidates=3), gate("g", "s"), gate("g2", "g"))
    subject = done("s", 3)
    chosen = approved(subject, 2)
    files = lay_out(grid, [subject, chosen, chosen])
    assert files[0].path == "scene01.png" and files[0].digest == "s1"
    assert [one.candidate for one in files if one.picked] == [0, 2]


def test_while_a_gate_waits_there_are_candidates_and_no_pick() -> None:
    grid = grid_of(image("s", title="Scene 1", candidates=2), gate("g", "s"))
    subject = done("s", 2)
    assert [one.path for one in lay_out(grid, [subject, waiting(subject)])] == [
        "candidates/scene01-c1.png",
        "candidates/scene01-c2.png",
    ]


def test_films_sounds_and_texts_have_folders_of_their_own() -> None:
    grid = grid_of(
        image("f", title="Scene 1", op=Operation.TEXT_TO_VIDEO),
        image("v", title="Voice", op=Operation.TEXT_TO_SPEECH),
        image("t", title="Idea", op=Operation.PROMPT_GENERATION),
    )
    types = {"a": "video/mp4", "b": "application/x-subrip"}
    film = Value(artifacts=tuple(Artifact(digest=Digest(d), media_type=m, size=1) for d, m in types.items()))
    sound = Value(artifacts=(Artifact(digest=Digest("c"), media_type="audio/wav", size=1),))
    outcomes = [Outcome(State.DONE, value) for value in (film, sound, Value(text="fox"))]
    assert [f"{one.folder}/{one.path}" for one in lay_out(grid, outcomes)] == [
        "generated-videos/scene01.mp4",
        "generated-videos/scene01.srt",
        "generated-audio/voice.wav",
        "generated-text/idea.txt",
    ]


def test_the_fingerprint_follows_what_the_files_follow() -> None:
    grid = grid_of(image("s", title="Scene 1", candidates=3), gate("g", "s"))
    subject = done("s", 3)
    prints = {
        fingerprint(grid, [subject, waiting(subject)]),
        fingerprint(grid, [subject, approved(subject, 1)]),
        fingerprint(grid, [subject, approved(subject, 2)]),
        fingerprint(grid, [subject, None]),
        fingerprint(grid_of(image("s", title="Scene 2", candidates=3), gate("g", "s")), [subject, None]),
        fingerprint(grid, [subject, None], "another workflow"),
    }
    assert len(prints) == 6
    assert fingerprint(grid, [subject, None]) == fingerprint(grid, [subject, None])


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Generate: lantern, start", "lantern-start.png"),
        ("hero shot", "hero-shot.png"),
        ("film_1", "film-1.png"),
        ("Image", "image.png"),
        ("image con", "image-con.png"),
    ],
)
def test_a_title_names_the_file_by_the_words_that_tell_something(title: str, name: str) -> None:
    assert [one.path for one in lay_out(grid_of(image("a", title=title)), [done("a")])] == [name]
