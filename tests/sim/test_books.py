"""The simulator's books are the judge: what they count, and what they take for a duplicate."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from tests.sim.near import FLUX, KEY, Near, simulated

from rushes.sim.books import Books, duplicates
from rushes.sim.wire import AGAIN, ASKING


def test_the_same_request_accepted_twice_is_a_duplicate() -> None:
    async def story(near: Near) -> list[dict[str, Any]]:
        await near.submit(seed=1)
        await near.submit(seed=2)
        await near.http.post(f"{near.base}/{FLUX}", content=b'{ "seed": 1.0e0, "prompt": "a fox" }')
        await near.http.post(f"{near.base}/{FLUX}", content=b'{"seed":1,  "prompt":"a fox"}')
        return list(near.report()["duplicates"])

    found = simulated(story)
    assert [(one["model"], one["times"], len(one["jobs"])) for one in found] == [(FLUX, 2, 2)]


def test_what_is_only_about_the_call_makes_no_other_request() -> None:
    async def story(near: Near) -> int:
        hook = "http://127.0.0.1:1/hook"
        await near.http.post(f"{near.base}/{FLUX}", params={"fal_webhook": hook}, json={"prompt": "a"})
        await near.http.post(f"{near.base}/{FLUX}", json={"prompt": "a", "idempotency_key": "2"})
        return len(near.report()["duplicates"])

    assert simulated(story) == 1


def test_a_refused_submission_is_no_first_one() -> None:
    async def story(near: Near) -> dict[str, Any]:
        while (await near.submit()).status_code != 200:
            pass
        return near.report()

    report = simulated(story, "503=0.8@submit", seed=1)
    assert report["refused"] > 0
    assert (report["accepted"], report["duplicates"]) == (1, [])


def test_two_askings_with_one_body_are_no_duplicate_and_get_two_pictures() -> None:
    async def story(near: Near) -> list[bytes]:
        jobs = [(await near.submit(headers={ASKING: name})).json() for name in ("rk1:a", "rk1:b")]
        said = []
        for job in jobs:
            await near.finished(job)
            said.append(
                (await near.http.get((await near.http.get(job["response_url"])).json()["images"][0]["url"])).text
            )
        assert near.report()["duplicates"] == []
        await near.submit(headers={ASKING: "rk1:a"})
        assert len(near.report()["duplicates"]) == 1
        return said

    first, second = simulated(story)
    assert first != second


def test_a_repetition_that_was_meant_is_no_duplicate() -> None:
    async def story(near: Near) -> None:
        await near.submit()
        await near.submit(headers={AGAIN: "1"})
        report = near.report()
        assert report["duplicates"] == []
        assert [one["intended"] for one in report["entries"]] == [False, True]

    simulated(story)


def test_of_three_that_nobody_meant_two_are_too_many() -> None:
    books = Books()
    for number, intended in enumerate((False, True, False, False)):
        entry = books.submission("fal", "a", "m", "h", intended=intended)
        books.accepted(entry, f"job-{number}")
    assert [one["times"] for one in duplicates(books._entries)] == [3]


def test_a_result_is_fetched_when_its_answer_and_all_its_files_were() -> None:
    async def story(near: Near) -> None:
        job = (await near.submit(num_images=2)).json()
        await near.finished(job)
        seen = [near.report()["fetched"]]
        urls = [one["url"] for one in (await near.http.get(job["response_url"])).json()["images"]]
        for url in urls:
            seen.append(near.report()["fetched"])
            await near.picture(url)
        report = near.report()
        assert [*seen, report["fetched"]] == [0, 0, 0, 1]
        assert report["unfetched"] == []
        assert report["entries"][0]["fetched"] is True

    simulated(story)


def test_what_is_gone_before_it_was_fetched_is_lost_and_no_longer_unfetched() -> None:
    async def story(near: Near) -> None:
        await near.result()
        report = near.report()
        assert (len(report["lost"]), report["unfetched"]) == (1, [])

    simulated(story, "expired=1")


def test_an_answer_that_comes_once_and_breaks_off_is_lost() -> None:
    async def story(near: Near) -> None:
        with pytest.raises(httpx.RemoteProtocolError):
            await near.http.post(f"{near.base}/fal.run/{FLUX}", json={"prompt": "a fox"})
        report = near.report()
        assert (len(report["lost"]), report["unfetched"]) == (1, [])

    simulated(story, "close-mid=1@submit")


def test_a_head_request_fetches_nothing() -> None:
    async def story(near: Near) -> None:
        said = (await near.result()).json()
        assert (await near.http.head(said["images"][0]["url"])).status_code == 200
        assert len(near.report()["unfetched"]) == 1

    simulated(story)


def test_the_same_file_uploaded_twice_is_counted() -> None:
    async def story(near: Near) -> None:
        for _ in range(3):
            await near.http.post(f"{near.base}/files/upload", content=b"the same")
        report = near.report()
        assert (report["uploads"], report["uploaded_again"]) == (3, 2)

    simulated(story)


def test_totals_are_kept_for_each_account_and_model() -> None:
    async def story(near: Near) -> None:
        await near.result()
        await near.result("fal-ai/imagen4/preview", num_images=3)
        job = (await near.submit(headers={"Authorization": "Key another"})).json()
        assert (await near.http.get(job["status_url"])).status_code == 404
        report = near.report()
        assert report["models"]["fal/fal-ai/imagen4/preview"] == {"accepted": 1, "refused": 0, "billed": "0.12"}
        assert sorted(one["accepted"] for one in report["accounts"].values()) == [1, 2]
        assert KEY["Authorization"] not in json.dumps(report)

    simulated(story)


def test_the_books_are_written_while_things_happen() -> None:
    lines: list[str] = []

    async def story(near: Near) -> None:
        said = (await near.result()).json()
        await near.picture(said["images"][0]["url"])

    simulated(story, write=lines.append)
    happened = [json.loads(line)["happened"] for line in lines]
    assert (happened[0], happened.count("ended"), happened[-1]) == ("accepted", 1, "sent")
    assert json.loads(lines[-1])["fetched"] is True
    assert all(json.loads(line)["simulated"] for line in lines)


def test_the_control_routes_show_the_books_and_say_that_they_are_simulated() -> None:
    async def story(near: Near) -> None:
        await near.submit()
        report = (await near.http.get(f"{near.sim.url}/_sim/report")).json()
        assert report["simulated"] is True
        assert report["accepted"] == 1
        health = (await near.http.get(f"{near.sim.url}/_sim/health")).json()
        assert (health["simulated"], health["seed"]) == (True, 0)
        assert (await near.http.get(f"{near.sim.url}/_sim/nothing")).status_code == 404

    simulated(story)
