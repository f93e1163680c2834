"""Any bytes at all are a table: each row is good or named as bad, none is lost, and lines and numbers are right."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rushes.app.batch_table import MOST_BYTES, Bad, Columns, Row, read_table
from rushes.errors import UserError
from rushes.graph.rows import Wants

COLUMNS = Columns(
    Wants(frozenset({"input", "mood"}), frozenset({"photo"})), frozenset({"mood", "photo"}), Path("/t"), {}
)

BREAK = st.sampled_from([b"\n", b"\r\n"])
PIECE = st.sampled_from(
    [b"{", b"}", b'"', b'"input"', b'"mood":', b":", b",", b"a fox", b"\xff", b"\xe4", b"[", b"1", b" ", b"null", b";"]
)
LINE = st.lists(PIECE, max_size=8).map(b"".join) | st.binary(max_size=30).map(lambda raw: raw.replace(b"\n", b""))
LINES = st.lists(st.tuples(LINE, BREAK), max_size=12)


def read(data: bytes, name: str) -> list[Row | Bad]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        return list(read_table(path, COLUMNS, lambda _names, _line: None))


def blank(raw: bytes) -> bool:
    try:
        return not raw.decode().strip()
    except UnicodeDecodeError:
        return False


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.txt"])
@given(lines=LINES)
@example(lines=[(b"\xef\xbb\xbf{}", b"\n")])
@example(lines=[(b"\xc2\x85", b"\n"), (b"\x1c", b"\n"), (b"\r", b"\n")])
def test_every_line_with_something_on_it_is_a_row_and_knows_its_line(
    name: str, lines: list[tuple[bytes, bytes]]
) -> None:
    found = read(b"".join(line + end for line, end in lines), name)
    assert [one.number for one in found] == list(range(1, len(found) + 1))
    wanted = [
        number
        for number, (line, _end) in enumerate(lines, start=1)
        if not blank(line.removeprefix(b"\xef\xbb\xbf" if number == 1 else b""))
    ]
    assert [one.line for one in found] == wanted
    assert all(one.says for one in found if isinstance(one, Bad))
    assert all(one.values["input"].strip() for one in found if isinstance(one, Row))


@given(rows=st.lists(st.tuples(*[st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=9)] * 2)))
def test_what_a_csv_writer_wrote_is_read_as_it_was_meant(rows: list[tuple[str, str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(["prompt", "mood"])
    writer.writerows(rows)
    found = read(text.getvalue().encode(), "rows.csv")
    meant = [row for row in rows if any(row)]
    assert len(found) == len(meant) and [one.number for one in found] == list(range(1, len(meant) + 1))
    for one, (prompt, mood) in zip(found, meant, strict=True):
        assert isinstance(one, Row) is bool(prompt.strip())
        if isinstance(one, Row):
            assert one.values["input"] == prompt and one.values.get("mood", "") == (mood if mood.strip() else "")


@given(lines=LINES)
def test_a_csv_of_any_bytes_loses_no_line_and_raises_nothing_but_about_its_header(
    lines: list[tuple[bytes, bytes]],
) -> None:
    data = b"prompt,mood\n" + b"".join(line + end for line, end in lines)
    found = read(data, "rows.csv")
    assert [one.number for one in found] == list(range(1, len(found) + 1))
    at = [one.line for one in found]
    assert at == sorted(set(at)) and all(2 <= line <= len(lines) + 1 for line in at)
    # lines that need no quotes are rows wherever no quote was opened before them
    if b'"' not in data and b"\r" not in data.replace(b"\r\n", b""):
        full = [number for number, (line, _end) in enumerate(lines, start=2) if line.strip(b",") and line]
        assert [line for line in at if line in full] == full


@given(
    rows=st.lists(
        st.dictionaries(
            st.sampled_from(["input", "mood", "photo", "id", "other"]),
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.none()),
            max_size=4,
        ),
        max_size=6,
    )
)
def test_objects_give_texts_numbers_and_truth_values_and_nothing_else(rows: list[dict[str, object]]) -> None:
    found = read("".join(json.dumps(row) + "\n" for row in rows).encode(), "rows.jsonl")
    assert len(found) == len(rows)
    for one, row in zip(found, rows, strict=True):
        if isinstance(one, Row):
            assert not any(isinstance(value, list) for value in row.values())
            assert isinstance(row["input"], bool | int | float | str)
            assert set(one.values) <= {"input", "mood", "photo"}


def test_a_line_without_end_is_a_bad_row_and_the_next_one_is_read() -> None:
    found = read(b"a fox\n" + b"x" * (MOST_BYTES + 5) + b"\nan owl\n", "rows.txt")
    assert [type(one) for one in found] == [Row, Bad, Row] and [one.line for one in found] == [1, 2, 3]


@pytest.mark.parametrize(
    ("data", "name", "says"),
    [
        (b"prompt,prompt\na,b\n", "rows.csv", "called 'prompt'"),
        (b"\n", "rows.csv", "has no header"),
        (b"\xff\xfe\n", "rows.csv", "UTF-8"),
        (b"a\n", "rows.xlsx", "no table"),
    ],
)
def test_a_table_without_columns_is_no_table(data: bytes, name: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        read(data, name)


@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_what_stands_between_the_values_is_what_stands_in_the_header(between: str) -> None:
    found = read(f"prompt{between}mood\na fox{between}merry\n".encode(), "rows.csv")
    assert [one.values for one in found if isinstance(one, Row)] == [{"input": "a fox", "mood": "merry"}]


def test_a_number_that_no_float_can_be_is_a_bad_row_and_no_word() -> None:
    found = read(b'{"prompt": 1e400}\n{"prompt": "fox"}\n', "rows.jsonl")
    assert [type(one) for one in found] == [Bad, Row]


def test_a_null_character_makes_its_row_bad_as_it_does_a_workflow() -> None:
    found = read(b'{"prompt": "a\\u0000b"}\n{"prompt": "fox", "id": "\\u0000"}\n{"prompt": "hen"}\n', "rows.jsonl")
    assert [type(one) for one in found] == [Bad, Bad, Row]
    assert [type(one) for one in read(b"prompt\na\0b\nhen\n", "rows.csv")] == [Bad, Row]
