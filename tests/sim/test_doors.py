"""Hidden capacities before the simulator's accounts, as clients of real protocols meet them."""

from __future__ import annotations

import asyncio
import json

import pytest
from tests.sim.near import FLUX, Near, simulated

from rushes.sim.capacity_text import capacities
from rushes.sim.door import Door
from rushes.sim.protocol import Spoken
from rushes.sim.speakers import protocols
from rushes.sim.told_limits import in_whole
from rushes.sim.weight import weight
from rushes.sim.wire import Request

STILL = "contents"
GEMINI = "/gemini/v1/models/gemini-3-pro-image:generateContent"


def the_door(near: Near) -> Door:
    (door,) = near.sim.world.doors().values()
    return door


def test_more_than_an_account_takes_is_refused_in_the_providers_words_before_there_is_a_job() -> None:
    async def story(near: Near) -> None:
        answers = [await near.submit(seed=n) for n in range(4)]
        assert [one.status_code for one in answers] == [200, 200, 429, 429]
        assert answers[2].json() == {"detail": "Too Many Requests"}
        assert "retry-after" not in answers[2].headers
        report = near.report()
        assert (report["accepted"], report["refusals"], report["billed"]) == (2, {"429 capacity": 2}, "0")
        for one in answers[:2]:
            await near.finished(one.json())
        assert (await near.submit(seed=5)).status_code == 200
        assert the_door(near).most_in_flight == 2

    simulated(story, capacity=capacities(["in-flight=2"]), time_scale=0.02)


def test_a_rate_says_when_to_come_back_in_the_clients_own_seconds() -> None:
    async def story(near: Near) -> None:
        await near.submit(seed=1)
        answer = await near.submit(seed=2)
        assert answer.status_code == 429
        said = float(answer.headers["retry-after"])
        assert 0 < said <= 0.6  # a simulated minute, at a hundredth
        door = the_door(near)
        assert said / 0.01 >= door.told_until - near.sim.world.clock.passed() > 0
        await asyncio.sleep(said)
        assert (await near.submit(seed=2)).status_code == 200
        assert door.early == 0

    simulated(story, capacity=capacities(["fal:1/min"]), time_scale=0.01)


def test_who_comes_too_early_is_counted() -> None:
    async def story(near: Near) -> None:
        await near.submit(seed=1)
        await near.submit(seed=2)
        await asyncio.sleep(0.4)  # the answer has been heard by then
        await near.submit(seed=3)
        assert the_door(near).early == 1

    simulated(story, capacity=capacities(["1/hour"]), time_scale=0.01)


def test_each_account_has_a_door_of_its_own_and_a_rule_binds_whom_it_names() -> None:
    async def story(near: Near) -> None:
        other = {"Authorization": "Key another"}
        assert (await near.submit(seed=1)).status_code == 200
        assert (await near.submit(seed=1, headers=other)).status_code == 200
        assert (await near.submit(seed=2, headers=other)).status_code == 429
        body = {STILL: [{"parts": [{"text": "a harbour"}]}]}
        for _ in range(2):
            answer = await near.http.post(f"{near.sim.url}{GEMINI}", json=body, headers={"x-goog-api-key": "k"})
            assert answer.status_code == 200

    # slow enough that the first is still under way when the second comes
    simulated(story, capacity=capacities(["fal:in-flight=1"]), time_scale=0.1)


def test_gemini_says_it_in_its_own_words() -> None:
    async def story(near: Near) -> None:
        body = {STILL: [{"parts": [{"text": "a harbour"}]}]}
        key = {"x-goog-api-key": "k"}
        answers = [await near.http.post(f"{near.sim.url}{GEMINI}", json=body, headers=key) for _ in range(2)]
        error = answers[1].json()["error"]
        assert (error["code"], error["status"]) == (429, "RESOURCE_EXHAUSTED")
        assert "retryDelay" in json.dumps(error)

    simulated(story, capacity=capacities(["1/day"]))


def test_a_submission_that_opens_no_job_gives_its_place_back() -> None:
    async def story(near: Near) -> None:
        bad = await near.http.post(f"{near.base}/{FLUX}", content=b"no json")
        wrong = await near.submit(headers={"Authorization": "Key wrong:wrong"})
        assert (bad.status_code, wrong.status_code) == (422, 401)
        assert [door.in_flight for door in near.sim.world.doors().values()] == [0, 0]

    simulated(story, capacity=capacities(["in-flight=1"]))


def test_an_answer_that_is_held_back_is_in_flight_until_it_is_given() -> None:
    async def story(near: Near) -> None:
        waiting = near.http.post(f"{near.sim.url}/fal/fal.run/{FLUX}", json={"prompt": "a fox"})
        assert (await waiting).status_code == 200
        door = the_door(near)
        assert (door.most_in_flight, door.in_flight) == (1, 0)

    simulated(story, capacity=capacities(["in-flight=1"]), time_scale=0.02)


def test_a_cancelled_job_frees_its_place() -> None:
    async def story(near: Near) -> None:
        job = (await near.submit()).json()
        await near.http.put(job["cancel_url"])
        assert the_door(near).in_flight == 0

    simulated(story, time_scale=10.0)


def test_a_silent_line_works_on_so_many() -> None:
    async def story(near: Near) -> None:
        jobs = [(await near.submit(seed=n)).json() for n in range(3)]
        said = [(await near.http.get(one["status_url"])).json()["status"] for one in jobs]
        assert said == ["IN_PROGRESS", "IN_QUEUE", "IN_QUEUE"]

    simulated(story, capacity=capacities(["queue=1"]), time_scale=10.0)


def test_the_capacity_is_shown_and_changed_while_it_runs() -> None:
    async def story(near: Near) -> None:
        url = f"{near.sim.url}/_sim/capacity"
        assert (await near.http.get(url)).json() == {"capacity": ["in-flight=1"], "accounts": {}}
        await near.submit(seed=1)
        await near.submit(seed=2)
        (told,) = (await near.http.get(url)).json()["accounts"].values()
        assert told == {"accepted": 1, "refused": 1, "early": 0, "in_flight": 1, "most_in_flight": 1}
        changed = (await near.http.post(url, json={"capacity": ["fal:in-flight=3", "100/min"]})).json()
        assert changed["capacity"] == ["fal:in-flight=3", "100/min"]
        assert [(await near.submit(seed=n)).status_code for n in (3, 4, 5)] == [200, 200, 429]
        assert (await near.http.post(url, json={"capacity": []})).json()["capacity"] == []
        assert (await near.submit(seed=6)).status_code == 200

    simulated(story, capacity=capacities(["in-flight=1"]), time_scale=10.0)


@pytest.mark.parametrize("body", ["", "[", "null", "5", '{"capacity": 5}', '{"capacity": [5]}', '["in-flight"]', "{}"])
def test_what_is_no_capacity_changes_nothing(body: str) -> None:
    async def story(near: Near) -> None:
        answer = await near.http.post(f"{near.sim.url}/_sim/capacity", content=body.encode())
        assert answer.status_code == 400
        assert [one.text for one in near.sim.world.capacity] == ["in-flight=1"]

    simulated(story, capacity=capacities(["in-flight=1"]))


@pytest.mark.parametrize("speaker", protocols(), ids=lambda one: one.name)
def test_every_provider_has_words_for_too_many_calls(speaker: Spoken) -> None:
    reply = speaker.error(429, Request("POST", speaker.hosts[0], "/", {}, {}, b""), retry_after=7)
    assert reply.status == 429
    assert "7" in str(reply.headers) + reply.body.decode()


@pytest.mark.parametrize(("seconds", "said"), [(0.0, 0.0), (0.0101, 0.011), (0.5, 0.5), (1.0, 1.0), (29.2, 30.0)])
def test_a_retry_after_is_rounded_to_the_later_side(seconds: float, said: float) -> None:
    assert in_whole(seconds) == said


def test_what_a_call_weighs() -> None:
    def weighed(**body: object) -> list[float]:
        return list(weight(Request("POST", "h", "/", {}, {}, json.dumps(body).encode())).values())

    assert weighed(prompt="a fox", num_images=4) == [4, 5, 2]
    assert weighed(input={"prompt": "a fox", "num_outputs": 2}) == [2, 5, 2]
    assert weighed(contents=[{"parts": [{"text": "ab"}, {"inlineData": {"data": "x" * 999}}]}]) == [1, 2, 1]
    assert weighed(n=True, text="") == [1, 0, 0]
    assert weight(Request("POST", "h", "/", {}, {}, b"no json"))
