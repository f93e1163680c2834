"""Alerts: what takes too long says so while it does, once, and who is called never holds anybody up."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.rig import Rig, film, still, workflow
from tests.ledger.facts import record, reserved

from rushes.app import alerts_calls
from rushes.app.alerts import ENOUGH, FLOOR, Alert, Limit, Watch, learned
from rushes.app.alerts_budget import Nearly
from rushes.app.alerts_calls import MOST, Calls
from rushes.app.alerts_due import Due
from rushes.app.config import NO_ALERTS, load_config
from rushes.app.hooks import Hooks
from rushes.app.models import Models
from rushes.app.project import Project
from rushes.app.run import run_file
from rushes.app.scopes import Ceiling
from rushes.app.stats import stats
from rushes.app.summary import RunSummary
from rushes.app.timings import usual_of
from rushes.errors import ConfigError, ErrorClass, RemoteError
from rushes.ledger.fold import fold
from rushes.ledger.ledger import Ledger
from rushes.ledger.open import open_ledger
from rushes.model.event import Event, Slow
from rushes.model.ids import RunId
from rushes.model.patience import Patience
from rushes.model.run import RunOptions, RunState
from rushes.plugin.provider import Context
from rushes.testing.clock import EPOCH, run_virtual
from rushes.testing.provider import Fault, ScriptedProvider, Stage

# --- what is slow --------------------------------------------------------------------------------------------------


def test_nobody_says_what_is_usual_of_too_few() -> None:
    assert learned(usual_of([50.0] * (ENOUGH - 1))) is None
    assert learned(usual_of([50.0] * ENOUGH)) == 50.0
    assert learned(None) is None


def test_what_is_always_fast_is_not_slow_for_taking_a_little_longer() -> None:
    assert learned(usual_of([0.2] * 64)) == FLOOR


def test_one_in_a_hundred_is_beyond_what_is_usual() -> None:
    assert learned(usual_of([20.0] * 99 + [500.0])) == 20.0
    assert learned(usual_of([20.0] * 98 + [500.0] * 2)) == 500.0


@given(
    st.lists(
        st.tuples(st.integers(0, 50), st.sampled_from([10, 30]), st.one_of(st.none(), st.integers(0, 100))), max_size=30
    )
)
def test_exactly_what_is_out_too_long_is_said_to_be_and_at_its_moment(many: list[tuple[int, int, int | None]]) -> None:
    said: dict[int, float] = {}

    async def all_of_it() -> None:
        loop = asyncio.get_running_loop()
        due = Due[int](lambda name: said.setdefault(name, loop.time()))
        for name, (begins, most, ends) in enumerate(many):
            loop.call_at(begins, due.began, name, float(most))
            if ends is not None:
                loop.call_at(begins + ends + 0.5, due.ended, name)
        await asyncio.sleep(200)
        due.close()

    run_virtual(all_of_it())
    assert said == {
        name: begins + most for name, (begins, most, ends) in enumerate(many) if ends is None or ends + 0.5 > most
    }


class Heard:
    """A run in virtual time, and what an alert's watch said of it."""

    def __init__(self, folder: Path, latency: Callable[[object], float] | float, **more: object) -> None:
        self.provider = ScriptedProvider(latency=latency, **more)  # type: ignore[arg-type]
        self.rig = Rig(folder, self.provider)
        self.slow: list[Slow] = []
        self.told: list[Alert] = []
        self.at: list[float] = []

    def go(self, limit: Callable[[str, str], Limit | None], *nodes: object, **more: object) -> None:
        """Drive these nodes with the watch hung on."""

        def now() -> float:
            return EPOCH + asyncio.get_running_loop().time()

        def say(slow: Slow) -> None:
            self.slow.append(slow)
            self.at.append(asyncio.get_running_loop().time())

        watch = Watch(limit, say, self.told.append, now)
        self.rig.go(workflow(*nodes), watch=watch.watch, **more)  # type: ignore[arg-type]


def after(seconds: float) -> Callable[[str, str], Limit]:
    return lambda _provider, _model: Limit(seconds, learned=False)


def test_a_slow_request_says_so_once_at_the_moment_it_is(tmp_path: Path) -> None:
    heard = Heard(tmp_path, lambda request: 500.0 if "slow" in str(request.recipe.prompt) else 20.0)  # type: ignore[attr-defined]
    heard.go(after(120.0), still("slow"), still("a"), still("b"))
    assert [(slow.place.node, slow.limit) for slow in heard.slow] == [("slow", 120.0)]
    assert heard.at == [120.0]
    assert [alert.kind for alert in heard.told] == ["slow"]


def test_waiting_for_a_slot_is_not_slow(tmp_path: Path) -> None:
    heard = Heard(tmp_path, 100.0)
    heard.go(after(120.0), *(still(name) for name in "abcdef"), concurrency=1)
    assert not heard.slow


def test_an_attempt_that_failed_is_over_and_the_next_has_a_time_of_its_own(tmp_path: Path) -> None:
    fault = Fault(error=ErrorClass.TRANSIENT, stage=Stage.POLL, times=1)
    heard = Heard(tmp_path, 100.0, faults=[Fault(error=ErrorClass.TRANSIENT, at=0), fault])
    heard.go(after(150.0), still("a"))
    assert not heard.slow


def test_each_model_has_its_own_limit(tmp_path: Path) -> None:
    heard = Heard(tmp_path, 100.0)
    heard.go(lambda _p, model: Limit(50.0, learned=True) if model == "m@1" else None, still("a"))
    assert [slow.learned for slow in heard.slow] == [True]
    assert heard.slow[0].says == "not done after 50 s (scripted/m@1; 99 of 100 are done by then)"
    heard.go(lambda _p, _m: None, still("b"), film("c", "b"))
    assert len(heard.slow) == 1, "where nobody knows what is usual, nothing is slow"


def test_a_doubt_and_a_provider_that_is_out_of_money_are_told_once(tmp_path: Path) -> None:
    heard = Heard(tmp_path, 1.0, faults=[Fault(error=ErrorClass.QUOTA, stage=Stage.SUBMIT, times=None)])
    heard.go(after(120.0), still("a"), still("b"), still("c"))
    assert [(alert.kind, alert.facts["provider"]) for alert in heard.told] == [("provider", "scripted")]


# --- a whole run ---------------------------------------------------------------------------------------------------

STORY = """\
name: story
steps:
  - {name: fox, type: text_to_image, prompt: a red fox}
"""


class Place:
    """A folder with a project file, and runs in it."""

    def __init__(self, folder: Path, alerts: str = "", **provider: object) -> None:
        self.folder = folder
        self.provider = ScriptedProvider(**provider)  # type: ignore[arg-type]
        (folder / "story.yaml").write_text(STORY)
        (folder / "rushes.toml").write_text(alerts)
        self.environ: dict[str, str] = {}
        self.events: list[Event] = []

    def project(self) -> Project:
        config = load_config(self.folder, {"home": self.folder / "home"}, self.environ)
        return Project(config, {"scripted": self.provider}, checks=())

    def run(self) -> RunSummary:
        hooks = Hooks(watch=self.events.append)
        with self.project() as project:
            options = RunOptions(provider="scripted")
            return asyncio.run(run_file(project, self.folder / "story.yaml", options, hooks=hooks))


SLOW = "[alerts]\nslow = 0.05\n"


def test_a_slow_request_is_seen_live_kept_summed_up_and_reported(tmp_path: Path) -> None:
    place = Place(tmp_path, SLOW, latency=0.4)
    summary = place.run()
    assert [type(event).__name__ for event in place.events].count("Slow") == 1
    with place.project() as project:
        kept = fold(project.ledger.events(summary.run))  # type: ignore[arg-type]
    assert [one.slow for one in kept.attempts.values()] == [True]
    said = "slow: fox row 1 (over 0.05 s); see rushes stats"
    assert said in summary.notes and summary.state is RunState.DONE
    (report,) = tmp_path.glob("Assets/**/report-*.html")
    assert said in report.read_text()


def test_what_is_overdue_is_told_named_in_the_summary_and_counted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unstoppable(ScriptedProvider):
        async def cancel(self, remote: str, context: Context) -> Decimal | None:
            raise RemoteError(ErrorClass.INVALID_INPUT, "jobs of this model cannot be stopped")

    monkeypatch.setattr(Models, "patience", lambda _self, _node: Patience(0.2, 30.0, "learned", 200))
    for module in ("ask", "in_time"):
        monkeypatch.setattr(f"rushes.engine.{module}.SELDOM", 0.1)
    place = Place(tmp_path, SLOW)
    place.provider = Unstoppable(latency=0.5)
    summary = place.run()
    said = [event for event in place.events if isinstance(event, Slow)]
    assert [slow.until for slow in said] == [None, 30.0]
    assert summary.state is RunState.DONE
    (note,) = (note for note in summary.notes if "over 0.2 s" in note)
    assert note.startswith("overdue: fox row 1") and not any(note.startswith("slow:") for note in summary.notes)
    with place.project() as project:
        (model,) = stats(project, since=None).worlds[0].models
    assert model.count.slow == 1


def test_a_model_may_have_another_limit(tmp_path: Path) -> None:
    place = Place(tmp_path, SLOW + "models = {flux_dev = 100}\n", latency=0.4)
    assert not [note for note in place.run().notes if "slow" in note]


def test_a_request_that_was_left_is_slow_in_the_process_that_finds_it(tmp_path: Path) -> None:
    place = Place(tmp_path, "[alerts]\nslow = 60\n", latency=3600.0)
    heard: list[Slow] = []

    def killed(event: Event) -> None:
        if type(event).__name__ == "Accepted":
            raise KeyboardInterrupt

    with place.project() as project, pytest.raises(KeyboardInterrupt):
        options, hooks = RunOptions(provider="scripted"), Hooks(watch=killed)
        asyncio.run(run_file(project, place.folder / "story.yaml", options, hooks=hooks))
    with place.project() as project:
        (record,) = project.ledger.runs()
        past = fold(project.ledger.events(record.id))
        (left,) = past.open.values()
        assert left.sent is not None
        sent = left.sent

    async def found() -> float:
        watch = Watch(after(60.0), heard.append, lambda _alert: None, lambda: sent + 45.0)
        watch.left(past.open.values())
        await asyncio.sleep(100.0)
        return asyncio.get_running_loop().time()

    run_virtual(found())
    assert [slow.attempt for slow in heard] == [left.event.attempt]
    with place.project() as project:
        project.ledger.append(record.id, heard, sent + 60.0)
        again = fold(project.ledger.events(record.id))
    heard.clear()

    async def found_again() -> None:
        watch = Watch(after(60.0), heard.append, lambda _alert: None, lambda: sent + 500.0)
        watch.left(again.open.values())
        await asyncio.sleep(100.0)

    run_virtual(found_again())
    assert not heard, "it was said already"


def test_a_budget_that_is_nearly_used_is_told_once_while_there_is_time(tmp_path: Path) -> None:
    told: list[tuple[float, Alert]] = []
    attempts = [reserved(f"q{n}", f"r1/{n}", worst=Decimal("0.25"), scopes=("run:r1",)) for n in range(4)]

    async def all_of_it(ledger: Ledger) -> None:
        loop = asyncio.get_running_loop()
        ceilings = [Ceiling("run:r1", Decimal(1), "--budget"), Ceiling("day:1", Decimal(9), "daily_limit")]
        nearly = Nearly(ceilings, ledger.accounts, lambda alert: told.append((loop.time(), alert)))
        for number, event in enumerate(attempts):
            ledger.append(RunId("r1"), [event], float(number))
            nearly.watch(event)
            await asyncio.sleep(10.0)
        await nearly.leave()

    with open_ledger(str(tmp_path / "ledger.sqlite")) as ledger:
        ledger.create_run(record())
        run_virtual(all_of_it(ledger))
    ((at, alert),) = told
    assert (at, alert.kind, alert.facts["used_usd"]) == (32.0, "budget", "1.00")
    assert alert.says == "$1.00 of $1.00 used or held: --budget"


def test_a_run_that_used_its_budget_says_so_when_it_is_over(tmp_path: Path) -> None:
    place = Place(tmp_path, "[budget]\nrun = 0.05\n", price=Decimal("0.05"))
    assert "$0.05 of $0.05 used or held: run of [budget] in rushes.toml" in place.run().notes
    (tmp_path / "story.yaml").write_text(STORY.replace("fox", "owl"))
    (tmp_path / "rushes.toml").write_text("[budget]\nrun = 0.06\n")
    assert not [note for note in place.run().notes if "used or held" in note]


# --- who is called -------------------------------------------------------------------------------------------------


def script(folder: Path, body: str) -> str:
    path = folder / "hook.sh"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_a_command_gets_the_facts_if_the_environment_agrees(tmp_path: Path) -> None:
    hook = script(tmp_path, f'cat > "{tmp_path}/$1"')
    place = Place(tmp_path, f"{SLOW}command = ['{hook}', 'heard']\n", latency=0.4)
    summary = place.run()
    assert not (tmp_path / "heard").exists()
    assert any("RUSHES_ALERT_COMMANDS=yes" in note for note in summary.notes)
    place.environ["RUSHES_ALERT_COMMANDS"] = "yes"
    (tmp_path / "story.yaml").write_text(STORY.replace("fox", "owl"))
    summary = place.run()
    said = json.loads((tmp_path / "heard").read_text())
    assert (said["alert"], said["run"]) == ("slow", summary.run)
    assert said["facts"]["place"]["node"] == "owl" and said["facts"]["limit"] == 0.05
    assert "prompt" not in json.dumps(said)
    assert not [note for note in summary.notes if "alert" in note]


def test_a_command_that_hangs_or_fails_disturbs_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts_calls, "GRACE", 0.2)
    fifo = tmp_path / "never"
    os.mkfifo(fifo)
    hook = script(tmp_path, f"cat '{fifo}'")  # for ever: nobody writes to it
    place = Place(tmp_path, f"{SLOW}command = ['{hook}']\n", latency=0.4)
    place.environ["RUSHES_ALERT_COMMANDS"] = "yes"
    summary = place.run()
    assert summary.state is RunState.DONE and summary.counts.bought == 1
    assert "1 alert could not be handed on: the run was over" in summary.notes
    for command, why in (("'/nowhere/hook'", "No such file"), ("'false'", "ended with code 1")):
        (tmp_path / "story.yaml").write_text(STORY.replace("fox", why.replace(" ", "-")))
        place.folder.joinpath("rushes.toml").write_text(f"{SLOW}command = [{command}]\n")
        summary = place.run()
        assert summary.state is RunState.DONE
        assert any(why in note for note in summary.notes), summary.notes


class Listening:
    """A real server that keeps what is posted to it; `answer` is a whole HTTP response, or None for silence."""

    def __init__(self, answer: bytes | None = b"HTTP/1.1 204 No Content\r\n\r\n") -> None:
        self.answer = answer
        self.posted: list[bytes] = []

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._visited, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/alerts"

    async def __aexit__(self, *_error: object) -> None:
        self._server.close()

    async def _visited(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().partition(b"content-length:")[2].split()[0])
        self.posted.append(await reader.readexactly(size))
        if self.answer is None:
            await reader.read()  # until the other side has gone
        else:
            writer.write(self.answer)
            await writer.drain()
        writer.close()


def calling(answer: bytes | None, alerts: int = 1, **facts: object) -> tuple[list[bytes], list[str]]:
    """What arrives of so many alerts, and what is said not to."""

    async def all_of_it() -> tuple[list[bytes], list[str]]:
        listening = Listening(answer)
        async with listening as url:
            calls = Calls("run-1", (), url)
            for number in range(alerts):
                calls.tell(Alert("slow", f"slow {number}", dict(facts)))
            await calls.leave()
            return listening.posted, list(calls.notes())

    return asyncio.run(all_of_it())


def test_an_address_is_posted_to() -> None:
    posted, lost = calling(b"HTTP/1.1 204 No Content\r\n\r\n", limit=120.0)
    assert json.loads(posted[0]) == {"alert": "slow", "run": "run-1", "says": "slow 0", "facts": {"limit": 120.0}}
    assert not lost


def test_an_address_that_refuses_or_is_silent_is_said_when_all_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    assert calling(b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n")[1] == [
        "1 alert could not be handed on: 127.0.0.1 answered 500"
    ]
    monkeypatch.setattr(alerts_calls, "GRACE", 0.1)
    assert calling(None)[1] == ["1 alert could not be handed on: the run was over"]
    monkeypatch.setattr(alerts_calls, "PATIENCE", 0.05)
    monkeypatch.setattr(alerts_calls, "GRACE", 30.0)
    assert calling(None)[1] == ["1 alert could not be handed on: no answer within 0.05 s"]


def test_only_so_many_calls_are_under_way_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts_calls, "GRACE", 0.2)
    posted, lost = calling(None, alerts=MOST + 3)
    assert len(posted) == MOST
    assert lost == [f"{MOST + 3} alerts could not be handed on: {MOST} calls were under way already"]


def test_an_address_where_clouds_hand_out_keys_is_never_asked() -> None:
    async def told() -> list[str]:
        calls = Calls("run-1", (), "https://169.254.169.254/latest")
        calls.tell(Alert("slow", "", {}))
        await calls.leave()
        return list(calls.notes())

    assert "an address that no alert may go to" in asyncio.run(told())[0]


# --- what a project file may say -----------------------------------------------------------------------------------


def alerts_of(folder: Path, text: str, environ: Mapping[str, str] = {}) -> object:
    (folder / "rushes.toml").write_text(text)
    return load_config(folder, {}, environ).alerts


def test_the_table_is_read_with_its_units_and_its_places(tmp_path: Path) -> None:
    assert alerts_of(tmp_path, "") == NO_ALERTS
    text = "[alerts]\nslow = 120\ncommand = ['a', 'b c']\nurl = 'https://s.example/x'\n[alerts.models]\nveo = 600.5\n"
    found = alerts_of(tmp_path, text, {"RUSHES_ALERT_COMMANDS": "yes"})
    assert found == (120.0, {"veo": 600.5}, ("a", "b c"), "https://s.example/x", True)
    assert not alerts_of(tmp_path, text).may_call  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("slow = 0", "alerts.slow is 0"),
        ("slow = true", "alerts.slow is True"),
        ("slow = 'soon'", "alerts.slow is 'soon'"),
        ("slow = nan", "alerts.slow is nan"),
        ("models = {veo = -1}", "alerts.models.veo is -1"),
        ("command = 'rm -rf /'", "alerts.command is 'rm -rf /'"),
        ("command = []", "alerts.command is []"),
        ("url = 'http://studio.example/x'", "alerts.url is 'http://studio.example/x'"),
        ("url = 'https://me:secret@studio.example'", "more than a host"),
        ("slwo = 1", "alerts.slwo is no setting"),
    ],
)
def test_a_mistake_names_its_place(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        alerts_of(tmp_path, f"[alerts]\n{line}\n")
    assert says in caught.value.message and "secret@" not in caught.value.message
    assert caught.value.next_step
