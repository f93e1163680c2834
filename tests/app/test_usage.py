"""A provider's usage export beside the books: what both know, what only one of them knows, whatever the file is."""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ledger.facts import record, reserved, stored

from rushes.app.config import load_config
from rushes.app.project import Project
from rushes.app.usage import Usage, provider_of, usage
from rushes.app.usage_lines import Bad, Line, amount_of, read_lines, time_of
from rushes.cli.published import envelope_schema
from rushes.errors import ErrorClass, UserError
from rushes.model.event import Accepted, Done, Event, Failed, Place, Unknown
from rushes.model.ids import AttemptId, NodeId, RunId
from rushes.model.run import RunOptions

USD = Decimal
COUNT = itertools.count(1)
NOON = 1_793_534_400.0  # 2026-11-01 12:00 UTC
PLACE = Place(node=NodeId("scene"))
HEAD = "request_id,created_at,endpoint,cost\n"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project(load_config(tmp_path, {"home": tmp_path / "home"}, {})) as opened:
        opened.ledger.create_run(record("r1"))
        yield opened


class Fal:
    """A ledger with requests to fal, and an export of theirs."""

    def __init__(self, project: Project, folder: Path) -> None:
        self.project, self.file = project, folder / "fal.csv"
        self._number = 0

    def bought(self, id: str, usd: str | None, at: float = NOON, model: str = "fal-ai/flux/dev", **more: Any) -> str:
        self._number += 1
        run = more.pop("run", "r1")
        name = AttemptId(f"{run}/{self._number}")
        billed = None if usd is None else USD(usd)
        remote = json.dumps([f"https://queue.fal.run/{model}/requests/{id}", id])
        events: list[Event] = [
            reserved(name, name, worst=more.pop("worst", billed), provider="fal", model=model, **more),
            Accepted(attempt=name, remote=remote),
            Done(attempt=name, billed=billed),
            stored(name, name),
        ]
        self.project.ledger.append(RunId(run), events, at)
        return name

    def against(self, text: str, name: str = "fal.csv", **more: Any) -> Usage:
        file = self.file.parent / name
        file.write_text(text)
        found = usage(self.project, file, "fal", **more)
        said = {"schema": "rushes/1", "ok": True, "data": {"costs": None, "usage": found.plain()}, "problems": []}
        jsonschema.validate(said, envelope_schema("costs"))
        return found


@pytest.fixture
def fal(project: Project, tmp_path: Path) -> Fal:
    return Fal(project, tmp_path)


def test_what_both_know_is_matched_by_id_and_the_difference_is_zero(fal: Fal) -> None:
    fal.bought("job-000001", "0.05")
    fal.bought("job-000002", "0.10")
    found = fal.against(HEAD + "job-000002,2026-11-01T12:00:05Z,m,$0.10\njob-000001,2026-11-01T12:00:00Z,m,0.05\n")
    assert (found.lines, found.matched, found.alike, found.difference) == (2, 2, 0, 0)
    assert not (found.only_theirs or found.only_ours or found.different or found.bad)


def test_what_only_one_side_knows_is_listed_with_its_place(fal: Fal) -> None:
    known, ours = fal.bought("job-000001", "0.05"), fal.bought("job-000002", "0.10")
    found = fal.against(HEAD + "job-000001,2026-11-01T12:00:00Z,m,0.05\nstranger,2026-11-01T12:01:00Z,m,0.70\n")
    (line,), (mine,) = found.only_theirs, found.only_ours
    assert (line.place, line.usd, line.id) == ("fal.csv:3", USD("0.70"), "stranger")
    assert mine.attempt == ours != known
    assert (found.theirs_usd, found.ours_usd, found.difference) == (USD("0.75"), USD("0.15"), USD("0.60"))


def test_lines_without_an_id_of_ours_are_matched_one_to_one_by_model_amount_and_time(fal: Fal) -> None:
    near, far = fal.bought("job-000001", "0.05", NOON), fal.bought("job-000002", "0.05", NOON + 600)
    other = fal.bought("job-000003", "0.05", NOON, "fal-ai/veo")
    lines = [
        "2026-11-01 12:09:00,flux/dev,0.05",
        "2026-11-01 12:00:10,flux/dev,0.05",
        "2026-11-01 12:00:20,flux/dev,0.05",
    ]
    found = fal.against("created,model,amount\n" + "\n".join(lines) + "\n")
    assert (found.matched, found.alike) == (0, 2)
    assert [one.place for one in found.only_theirs] == ["fal.csv:4"], "the third has nothing left to be for"
    assert [one.attempt for one in found.only_ours] == [other] and near != far


def test_an_id_beats_a_line_that_only_looks_alike(fal: Fal) -> None:
    fal.bought("job-000001", "0.05")
    found = fal.against(HEAD + ",2026-11-01T12:00:00Z,,0.05\njob-000001,2026-11-01T12:30:00Z,,0.05\n")
    assert (found.matched, found.alike, len(found.only_theirs)) == (1, 0, 1)


def test_a_refund_and_its_charge_are_one_charge_and_a_second_charge_is_a_difference(fal: Fal) -> None:
    fal.bought("job-000001", "0.05")
    fal.bought("job-000002", "0.05")
    charge = "{},2026-11-01T12:00:00Z,m,{}\n"
    lines = [("job-000001", "0.05"), ("job-000001", "-0.05"), ("job-000001", "0.05"), ("job-000002", "0.05")]
    found = fal.against(HEAD + "".join(charge.format(*one) for one in [*lines, ("job-000002", "0.05")]))
    (twice,) = found.different
    assert twice.usd == USD("0.10") and twice.ours.remote.endswith('"job-000002"]')


def test_a_credit_of_nothing_of_ours_is_listed_and_in_the_sum(fal: Fal) -> None:
    found = fal.against(HEAD + ",2026-11-01T12:00:00Z,,(5.00)\n")
    assert (found.theirs_usd, found.only_theirs[0].usd) == (USD("-5.00"), USD("-5.00"))


def test_requests_in_doubt_or_lost_or_simulated_are_what_they_are(fal: Fal) -> None:
    """In doubt may have been charged, so it is ours to find; what was refused or played was not."""
    name = AttemptId("r1/90")
    doubt = [
        reserved(name, name, worst=USD("0.40"), provider="fal", model="m"), Unknown(attempt=name, place=PLACE, says=""),
    ]  # fmt: skip
    fal.project.ledger.append(RunId("r1"), doubt, NOON)
    gone = AttemptId("r1/91")
    refused = Failed(attempt=gone, place=PLACE, error=ErrorClass.INVALID_INPUT, says="")
    fal.project.ledger.append(RunId("r1"), [reserved(gone, gone, provider="fal", model="m"), refused], NOON)
    fal.project.ledger.create_run(record("r2", options=RunOptions(sim="http://127.0.0.1:1")))
    fal.bought("job-000009", "0.05", run="r2")
    found = fal.against("created,model,amount\n2026-11-01T12:00:30Z,m,0.40\n2026-11-01T12:00:30Z,m,0.05\n")
    assert (found.alike, found.ours_usd) == (1, USD("0.40")), "the one in doubt was charged after all"
    assert [one.usd for one in found.only_theirs] == [USD("0.05")]


def test_a_period_leaves_out_what_is_outside_it_on_both_sides(fal: Fal) -> None:
    fal.bought("job-000001", "0.05", NOON - 86_400)
    fal.bought("job-000002", "0.05", NOON)
    text = HEAD + "job-000001,2026-10-31T12:00:00Z,m,0.05\njob-000002,2026-11-01T12:00:00Z,m,0.05\n"
    found = fal.against(text, since=NOON - 3600, until=NOON + 3600)
    assert (found.lines, found.matched, found.ours_usd) == (1, 1, USD("0.05"))
    later = fal.against(HEAD + "job-000002,2026-11-01T12:00:00Z,m,0.05\n")
    assert not later.only_ours, "what was asked on another day than the export is about is not missing in it"


def test_an_unknown_amount_is_told_and_never_zero(fal: Fal) -> None:
    fal.bought("job-000001", None, worst=None)
    found = fal.against(HEAD + "job-000001,2026-11-01T12:00:00Z,m,0.05\n")
    assert (found.unknown, found.ours_usd, found.different[0].usd) == (1, 0, USD("0.05"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("fal.csv", "\ufeffRequest ID;Created At;Cost (USD)\njob-000001;2026-11-01T12:00:00Z;0,05\n"),
        ("fal.tsv", "id\tdate\ttotal\njob-000001\t2026-11-01\t0.05\n"),
        ("fal.json", '[{"request_id": "job-000001", "cost": 0.05, "created": 1793534400}]'),
        ("fal.json", '{"next": null, "data": [{"request_id": "job-000001", "cost": "0.05"}]}'),
        ("fal.jsonl", '{"request_id": "job-000001", "cost": 0.05}\n\n'),
        ("fal.csv", 'request_id,cost,note\r\n"job-000001","$0.05","with, a comma\nand a line"\r\n'),
    ],
)
def test_exports_of_every_kind_are_read(name: str, text: str, fal: Fal) -> None:
    fal.bought("job-000001", "0.05")
    names = {"amount": "Cost (USD)"} if "USD" in text else {}
    found = fal.against(text, name, names=names)
    assert (found.matched, found.theirs_usd) == (1, USD("0.05")) and not found.bad


def test_lines_that_cannot_be_read_are_named_and_the_rest_is_read(tmp_path: Path) -> None:
    file = tmp_path / "fal.csv"
    torn = [b"a,0.05", b"b", b"c,much", b"d,\xff0.05", b"", b"e,0.05,more", b"f,nan", b"g,1e99", b"h,0.07"]
    file.write_bytes(b"id,cost\n" + b"\n".join(torn))
    found = list(read_lines(file, {}))
    assert [(one.place, one.usd) for one in found if isinstance(one, Line)] == [
        ("fal.csv:2", USD("0.05")), ("fal.csv:10", USD("0.07")),
    ]  # fmt: skip
    assert [one.place for one in found if isinstance(one, Bad)] == [f"fal.csv:{n}" for n in (3, 4, 5, 7, 8, 9)]
    euros = tmp_path / "e.csv"
    euros.write_text("id,cost,currency\na,0.05,EUR\n")
    (one,) = read_lines(euros, {})
    assert isinstance(one, Bad) and "EUR" in one.says


@given(
    st.binary(max_size=300) | st.text(max_size=300).map(str.encode) | st.sampled_from([b"[" * 9000, b'{"a":' * 9000])
)
def test_whatever_a_file_holds_it_is_read_or_refused(data: bytes) -> None:

    with tempfile.TemporaryDirectory() as folder:
        for head in (b"", b"id,cost\n", b'{"cost": 1}\n', b"["):
            file = Path(folder) / "fal.csv"
            file.write_bytes(head + data)
            try:
                for one in read_lines(file, {}):
                    assert isinstance(one, Line | Bad) and one.place.startswith("fal.csv:")
            except UserError as error:
                assert error.next_step


@pytest.mark.parametrize(
    ("text", "usd"),
    [
        ("0.05", "0.05"), ("$1,234.50", "1234.50"), ("1.234,50", "1234.50"), ("0,05", "0.05"), ("1,234", "1234"),
        ("(0.05)", "-0.05"), ("-$0.05", "-0.05"), ("\u22120.05", "-0.05"), ("USD 3", "3"), ("12 USD", "12"),
        ("1e-3", "0.001"), ("", None), ("NaN", None), ("1.2.3", None), ("0x10", None), ("٣", None), ("1e400", None),
        ("9" * 500, None),
    ],
)  # fmt: skip
def test_amounts_as_people_export_them(text: str, usd: str | None) -> None:
    assert amount_of(text) == (None if usd is None else USD(usd))


def test_times_as_people_export_them() -> None:
    for text in (
        "2026-11-01T12:00:00Z",
        "2026-11-01 12:00:00",
        "2026-11-01 13:00:00+01:00",
        "1793534400",
        1793534400000,
    ):
        assert time_of(text) == NOON
    assert time_of("yesterday") is None and time_of(None) is None


def test_an_export_without_an_amount_is_refused_with_what_it_has(fal: Fal, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no column for the amount") as caught:
        fal.against("id,when\na,b\n")
    assert "--map amount=" in caught.value.next_step and "when" in caught.value.next_step
    with pytest.raises(UserError, match="no column 'spend'"):
        fal.against(HEAD, names={"amount": "spend"})
    assert fal.against("id,spend\nx,0.05\n", names={"amount": "spend"}).theirs_usd == USD("0.05")
    assert provider_of(tmp_path / "fal-2026-11.csv", None) == "fal"
    for file, named in (("usage.csv", None), ("x.csv", "fall")):
        with pytest.raises(UserError):
            provider_of(tmp_path / file, named)


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(
    ours=st.lists(
        st.tuples(st.sampled_from(["0.05", "0.10"]), st.integers(0, 9000), st.sampled_from("ab")), max_size=8
    ),
    theirs=st.lists(
        st.tuples(st.sampled_from(["0.05", "0.10"]), st.integers(0, 9000), st.sampled_from(["a", "b", ""])), max_size=8
    ),
)
def test_every_line_and_every_request_is_in_one_place(
    fal: Fal, ours: list[tuple[str, int, str]], theirs: list[tuple[str, int, str]]
) -> None:
    run = f"p{next(COUNT)}"
    start = NOON + 1e6 * int(run[1:])  # a period of its own in one ledger
    fal.project.ledger.create_run(record(run))
    for usd, at, model in ours:
        fal.bought(f"{run}-{at}", usd, start + at, f"fal-ai/{model}", run=run)
    lines = "".join(f"{int(start) + at},{model},{usd}\n" for usd, at, model in theirs)
    found = fal.against("created,model,amount\n" + lines, since=start, until=start + 90_000)
    assert found.lines == len(theirs) == found.alike + len(found.only_theirs)
    assert len(ours) == found.alike + len(found.only_ours)
    assert found.theirs_usd == sum(USD(usd) for usd, _at, _model in theirs)
    assert found.ours_usd == sum(USD(usd) for usd, _at, _model in ours)
    left = {(one.usd, one.model): one.at for one in found.only_ours}
    for line in found.only_theirs:
        for (usd, model), at in left.items():
            near = line.at is not None and abs(at - line.at) <= 3600
            assert not (near and usd == line.usd and model.endswith(f"/{line.model}" if line.model else ""))


def test_looking_changes_nothing(fal: Fal) -> None:
    fal.bought("job-000001", "0.05")
    before = [(entry.seq, entry.event) for entry in fal.project.ledger.events(RunId("r1"))]
    fal.against(HEAD + "job-000001,2026-11-01T12:00:00Z,m,0.50\n")
    assert [(entry.seq, entry.event) for entry in fal.project.ledger.events(RunId("r1"))] == before


@pytest.mark.parametrize("amount", ["1e-999999999", "1e-99999999999999999999999", "1e-40"])
def test_an_amount_finer_than_any_price_is_none(amount: str, fal: Fal) -> None:
    fal.bought("job-000001", "0.05")
    found = fal.against(f"{HEAD}job-000001,2026-11-01T12:00:00Z,fal-ai/flux/dev,{amount}\n")
    assert [one.place for one in found.bad] == ["fal.csv:2"] and found.theirs_usd == 0
    with_json = f'{{"request_id":"job-000001","cost":{amount}}}\n' * 2
    assert len(fal.against(with_json, "fal.jsonl").bad) == 2


def test_an_export_of_an_empty_list_has_no_lines(fal: Fal) -> None:
    assert fal.against('{"data": []}', "fal.json").lines == 0
