"""What the world puts into flags, settings and files: named, with a next step, and never a traceback."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .conftest import Rushes

FILM = """\
name: film
steps:
  - {name: still, type: text_to_image, provider: sketch, prompt: "{{input}}"}
"""


@pytest.fixture(autouse=True)
def film(place: Path) -> None:
    (place / "film.yaml").write_text(FILM)
    (place / "rows.csv").write_text("prompt\nfox\n")


@pytest.mark.parametrize(
    "flags",
    [
        ("run", "film.yaml", "--input", "x", "--timeout", "nan"),
        ("run", "film.yaml", "--input", "x", "--timeout", "inf"),
        ("run", "film.yaml", "--input", "x", "--output-dir", "~nobody-here/x"),
        ("run", "film.yaml", "--input", "x", "--home", "~nobody-here/x"),
        ("batch", "film.yaml", "--table", "rows.csv", "--delay", "nan"),
        ("costs", "--since", "0001-01-01"),
        ("plan", "film.yaml", "--input", "x", "--candidates", "99999999999999999999"),
    ],
)
def test_a_flag_that_means_nothing_is_refused(flags: tuple[str, ...], rushes: Rushes) -> None:
    said = rushes(*flags)
    assert said.code == 2 and "->" in said.err and "fault of Rushes" not in said.err


@pytest.mark.parametrize(
    "settings",
    [
        "a = " + "[" * 20_000,
        "concurrency = inf",
        "concurrency = " + "9" * 5_000,
        "[profiles.small]\ncandidates = inf",
        "[profiles.small]\ncandidates = 99999999999999999999",
        'ledger = "a\\u0000b"',
        'output_dir = "a\\u0000b"',
    ],
)
def test_a_project_file_that_means_nothing_is_refused(settings: str, rushes: Rushes, place: Path) -> None:
    (place / "rushes.toml").write_text(settings)
    said = rushes("plan", "film.yaml", "--input", "x")
    assert said.code == 2 and "rushes.toml" in said.err and "->" in said.err and "fault of Rushes" not in said.err


def test_a_table_that_can_be_read_only_once_is_refused_and_not_waited_for(rushes: Rushes, place: Path) -> None:
    os.mkfifo(place / "pipe.csv")
    for args in (("batch", "film.yaml", "--table", "pipe.csv"), ("costs", "--usage", "pipe.csv", "--provider", "fal")):
        said = rushes(*args)
        assert said.code == 2 and "no regular file" in said.err


def test_a_header_that_no_reader_takes_is_refused(rushes: Rushes, place: Path) -> None:
    (place / "wide.csv").write_text("prompt,cost," + "x" * 200_000 + "\na,1,b\n")
    for args in (("batch", "film.yaml", "--table", "wide.csv"), ("costs", "--usage", "wide.csv", "--provider", "fal")):
        said = rushes(*args)
        assert said.code == 2 and "columns" in said.err and "fault of Rushes" not in said.err
