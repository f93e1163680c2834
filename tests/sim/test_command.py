"""`rushes sim` and `rushes sim report`, as scripts use them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from tests.sim.near import FLUX

from rushes.app import simulator
from rushes.cli.tree import run_command
from rushes.errors import UserError

RUSHES = [sys.executable, "-m", "rushes", "sim"]


@contextmanager
def serving(*flags: str) -> Iterator[subprocess.Popen[str]]:
    """A simulator in a process of its own, at a free port."""
    with subprocess.Popen(
        [*RUSHES, "--port", "0", *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def submit(url: str, prompt: str = "a fox") -> int:
    data = json.dumps({"prompt": prompt, "image_size": "square"}).encode()
    with urlopen(Request(f"{url}/fal/{FLUX}", data, {"Authorization": "Key somebody"}), timeout=20) as answer:
        return int(answer.status)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_its_address_is_the_first_line_and_a_signal_ends_it_with_its_books(number: signal.Signals) -> None:
    with serving("--time-scale", "0.001", "--most-side", "32") as process:
        url = first_line(process)
        assert submit(url) == 200
        told = subprocess.run([*RUSHES, "report", "--url", url], capture_output=True, text=True, timeout=30)
        assert told.returncode == 0, told.stderr
        assert told.stdout.startswith("simulated: 1 submission")
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        assert process.returncode == 0
        assert out == ""
        assert "simulated: 1 submission" in err
        assert "Traceback" not in err


def test_for_machines_the_address_is_one_line_of_json() -> None:
    with serving("--json", "--quiet") as process:
        url = json.loads(first_line(process))["data"]["url"]
        told = subprocess.run([*RUSHES, "report", "--url", url, "--json"], capture_output=True, text=True, timeout=30)
        assert json.loads(told.stdout)["data"]["simulated"] is True


def test_the_books_are_appended_to_a_file(tmp_path: Path) -> None:
    books = tmp_path / "books.jsonl"
    books.write_text('{"before": true}\n')
    with serving("--books", str(books), "--most-side", "32") as process:
        submit(first_line(process))
        lines = [json.loads(line) for line in books.read_text().splitlines()]
        assert [line.get("happened") for line in lines[:2]] == [None, "accepted"]


def test_books_that_cannot_be_written_any_more_end_the_simulator() -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("no full device here")
    with serving("--books", "/dev/full", "--most-side", "32") as process:
        submit(first_line(process))
        _, err = process.communicate(timeout=30)
        assert process.returncode == 6
        assert "/dev/full could not be written" in err


def test_faults_come_from_flags_and_from_a_file(tmp_path: Path) -> None:
    faults = tmp_path / "faults.json"
    faults.write_text('[{"what": "slow", "rate": 0.5, "seconds": 3}]')
    with serving("--faults", str(faults), "--fault", "429=0.25@submit", "--fault", "blank") as process:
        with urlopen(f"{first_line(process)}/_sim/faults", timeout=20) as answer:
            active = json.load(answer)["faults"]
        assert [(one["what"], one["rate"]) for one in active] == [("slow", 0.5), ("429", 0.25), ("blank", 1.0)]


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--fault", "weather=1"], "'weather' is no fault"),
        (["--fault", "429=2"], "rate"),
        (["--fault", "429=0.1@nowhere"], "'nowhere' is no place"),
        (["--faults", "nothing.json"], "nothing.json cannot be read"),
        (["--faults", "text.json"], "text.json cannot be read"),
        (["--faults", "wrong.json"], "wrong.json holds no list of faults"),
        (["--books", "no/such/folder"], "cannot be written"),
        (["--balance", "much"], "no amount"),
        (["--balance", "-1"], "no amount"),
        (["--price", "0.1"], "not ENDPOINT=USD"),
        (["--price", "a=b"], "no amount"),
        (["--time-scale", "-1"], "time-scale"),
        (["--port", "99999"], "port"),
        (["--at-once", "0"], "at-once"),
    ],
)
def test_a_mistake_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    flags: list[str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.json").write_text("faults!")
    Path("wrong.json").write_text('{"faults": 3}')
    assert run_command(["sim", "--port", "0", *flags]) == 2
    said = capsys.readouterr()
    assert says in said.err
    assert said.out == ""


def test_a_price_and_a_balance_are_the_accounts() -> None:
    with serving("--price", f"{FLUX}=1.5", "--balance", "2.00", "--most-side", "32") as process:
        url = first_line(process)
        assert submit(url) == 200
        with pytest.raises(OSError, match="403"):
            submit(url, "another")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "ftp://127.0.0.1", "nonsense", "http://", "http://127.0.0.1:99999"]
)
def test_where_no_simulator_is_is_said(url: str) -> None:
    with pytest.raises(UserError) as caught:
        simulator.report(url)
    assert caught.value.next_step
