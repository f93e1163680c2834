"""Every way in which a simulated provider misbehaves, as a client meets it."""

from __future__ import annotations

import asyncio
import io
import json
from decimal import Decimal
from typing import Any

import httpx
import pytest
from PIL import Image, ImageStat
from tests.sim.near import FLUX, KEY, Near, posted, raw, simulated

from rushes.errors import UserError
from rushes.sim.clock import EPOCH
from rushes.sim.faults import Fault, What, fault_from_text, fault_of
from rushes.sim.route import Place
from rushes.sim.simulator import Simulator
from rushes.testing.clock import run_virtual


def test_429_says_when_to_come_back_and_accepts_nothing() -> None:
    async def story(near: Near) -> None:
        answer = await near.submit()
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
        assert near.report()["refusals"] == {"429 429": 1}

    simulated(story, "429=1")


def test_429_can_leave_open_when_to_come_back() -> None:
    async def story(near: Near) -> None:
        answer = await near.submit()
        assert answer.status_code == 429
        assert "retry-after" not in answer.headers

    simulated(story, "429-bare=1")


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_error_before_acceptance_leaves_no_job(status: int) -> None:
    async def story(near: Near) -> None:
        assert (await near.submit()).status_code == status
        assert near.report()["accepted"] == 0

    simulated(story, f"{status}=1@submit")


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_error_after_acceptance_leaves_a_job_that_nobody_was_told_of(status: int) -> None:
    async def story(near: Near) -> None:
        assert (await near.submit()).status_code == status
        report = near.report()
        assert report["accepted"] == 1
        assert report["untold"] == [report["entries"][0]["remote"]]

    simulated(story, f"{status}-after=1")


def test_an_error_after_success_concerns_submissions_unless_a_place_is_named() -> None:
    async def story(near: Near) -> None:
        job = (await near.submit()).json()
        assert (await near.http.get(job["status_url"])).status_code == 504

    simulated(story, "504-after=1@status")


def test_a_connection_is_reset_before_anything_was_accepted() -> None:
    async def story(near: Near) -> None:
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            await raw(near.sim, posted(FLUX, {"prompt": "a"}))
        report = near.report()
        assert (report["accepted"], report["refusals"]) == (0, {"0 close-before": 1})

    simulated(story, "close-before=1")


def test_a_connection_is_closed_after_the_request_was_accepted() -> None:
    async def story(near: Near) -> None:
        assert await raw(near.sim, posted(FLUX, {"prompt": "a"})) == b""
        report = near.report()
        assert report["accepted"] == 1
        assert len(report["untold"]) == 1

    simulated(story, "close-after=1")


def test_an_answer_breaks_off_in_the_middle() -> None:
    async def story(near: Near) -> None:
        with pytest.raises(httpx.RemoteProtocolError):
            await near.submit()
        report = near.report()
        assert report["accepted"] == 1
        assert len(report["untold"]) == 1

    simulated(story, "close-mid=1@submit")


def test_a_download_that_breaks_off_has_not_been_fetched() -> None:
    async def story(near: Near) -> None:
        said = (await near.result()).json()
        url = said["images"][0]["url"]
        with pytest.raises(httpx.RemoteProtocolError):
            await near.http.get(url)
        assert len(near.report()["unfetched"]) == 1
        await near.picture(url)
        assert near.report()["unfetched"] == []

    simulated(story, Fault(What.CLOSE_MID, 1.0, Place.DOWNLOAD, first=1))


def test_a_connection_ends_after_a_whole_answer_that_said_nothing_of_it() -> None:
    async def story(near: Near) -> None:
        said = await raw(near.sim, posted(FLUX, {"prompt": "a"}) + posted(FLUX, {"prompt": "b"}))
        head, _, body = said.partition(b"\r\n\r\n")
        assert b"connection: close" not in head.lower()
        assert json.loads(body)["status"] == "IN_QUEUE"
        report = near.report()
        assert (report["submissions"], report["untold"]) == (1, [])

    simulated(story, "hang-up=1")


def test_json_is_cut_although_http_is_whole() -> None:
    async def story(near: Near) -> None:
        answer = await near.submit()
        assert answer.status_code == 200
        with pytest.raises(json.JSONDecodeError):
            answer.json()
        assert len(near.report()["untold"]) == 1

    simulated(story, "truncated=1@submit")


def test_an_answer_takes_its_time() -> None:
    async def story() -> float:
        async with Simulator(faults=[fault_of({"what": "slow", "seconds": 30})], most_side=32) as sim:
            async with httpx.AsyncClient(headers=KEY, timeout=None) as http:
                assert (await Near(sim, http).submit()).status_code == 200
            return asyncio.get_running_loop().time()

    assert run_virtual(story()) >= 30


def test_a_state_that_nobody_documented_passes() -> None:
    async def story(near: Near) -> None:
        job = (await near.submit()).json()
        answer = await near.http.get(job["status_url"])
        assert answer.json()["status"] == "REHEARSING"
        assert (await near.finished(job))["status"] == "COMPLETED"

    simulated(story, Fault(What.UNKNOWN_STATUS, 1.0, first=1))


@pytest.mark.parametrize(("fault", "billed"), [("refused", "0"), ("refused-billed", "0.003")])
def test_moderation_refuses_and_charges_for_it_or_not(fault: str, billed: str) -> None:
    async def story(near: Near) -> None:
        answer = await near.result()
        assert answer.status_code == 422
        assert answer.json()["detail"][0]["type"] == "content_policy_violation"
        report = near.report()
        assert (report["failed"], report["billed"]) == (1, billed)

    simulated(story, f"{fault}=1")


def test_a_model_fails_and_costs_nothing() -> None:
    async def story(near: Near) -> None:
        answer = await near.result()
        assert (answer.status_code, answer.headers["x-fal-retryable"]) == (500, "true")
        assert near.report()["billed"] == "0"

    simulated(story, "failed=1")


def test_outputs_expire_before_they_are_fetched() -> None:
    async def story(near: Near) -> None:
        said = (await near.result()).json()
        assert (await near.http.get(said["images"][0]["url"])).status_code == 404

    simulated(story, "expired=1")


def test_a_file_is_not_what_its_name_says() -> None:
    async def story(near: Near) -> None:
        said = (await near.result()).json()
        answer = await near.http.get(said["images"][0]["url"])
        assert answer.headers["content-type"] == "text/html"
        assert answer.content.startswith(b"<!doctype")

    simulated(story, "wrong-type=1")


async def _only_picture(near: Near) -> Image.Image:
    said = (await near.result(image_size="square")).json()
    return (await near.picture(said["images"][0]["url"])).convert("RGB")


def test_a_picture_is_blank() -> None:
    picture = simulated(_only_picture, "blank=1")
    assert picture.size == (64, 64)
    assert max(ImageStat.Stat(picture).stddev) == 0


def test_a_picture_has_black_bars() -> None:
    picture = simulated(_only_picture, "letterbox=1")
    assert picture.size == (64, 64)
    assert picture.crop((0, 0, 64, 10)).getextrema() == ((0, 0),) * 3
    assert max(ImageStat.Stat(picture.crop((0, 20, 64, 44))).stddev) > 0


def test_a_file_ends_early() -> None:
    async def story(near: Near) -> None:
        said = (await near.result()).json()
        data = (await near.http.get(said["images"][0]["url"])).content
        with pytest.raises(OSError, match="truncated"):
            Image.open(io.BytesIO(data)).load()

    simulated(story, "broken-file=1")


def test_of_the_pictures_of_one_answer_some_are_faulty() -> None:
    async def story(near: Near) -> list[float]:
        said = (await near.result(num_images=8)).json()
        pictures = [await near.picture(one["url"]) for one in said["images"]]
        return [max(ImageStat.Stat(picture).stddev) for picture in pictures]

    blank = simulated(story, "blank=0.5").count(0)
    assert 1 <= blank <= 7


def test_a_price_is_not_what_it_was() -> None:
    async def story(near: Near) -> Decimal:
        await near.result()
        return Decimal(near.report()["billed"])

    assert simulated(story, fault_of({"what": "price", "factor": 10})) == Decimal("0.03")
    assert simulated(story, prices={FLUX: Decimal("0.5")}) == Decimal("0.5")


def test_a_model_is_gone_for_everybody_at_once() -> None:
    async def story(near: Near) -> None:
        for number in range(3):
            answer = await near.submit(prompt=f"fox {number}")
            assert answer.status_code == 404
            assert FLUX in answer.json()["detail"]
        assert (await near.submit("fal-ai/flux/dev")).status_code == 200

    simulated(story, fault_of({"what": "retired", "model": FLUX}))


def test_an_account_runs_out_of_money() -> None:
    async def story(near: Near) -> None:
        codes = [(await near.submit(prompt=f"fox {number}")).status_code for number in range(4)]
        assert codes == [200, 200, 200, 403]
        assert near.report()["refusals"] == {"403 no money": 1}

    simulated(story, balance=Decimal("0.0099"))


def test_an_account_is_locked() -> None:
    async def story(near: Near) -> None:
        answer = await near.submit()
        assert answer.status_code == 403
        assert "locked" in answer.json()["detail"]

    simulated(story, "no-money=1")


def test_the_clock_of_the_provider_jumps() -> None:
    async def story() -> float:
        async with Simulator(faults=[fault_of({"what": "clock-jump", "seconds": -7200})], most_side=32) as sim:
            async with httpx.AsyncClient(headers=KEY) as http:
                assert (await Near(sim, http).submit()).status_code == 200
            return sim.world.clock.now()

    assert run_virtual(story()) < EPOCH - 7000


def test_a_rate_is_a_share_of_the_requests() -> None:
    async def story(near: Near) -> int:
        codes = [(await near.http.get(f"{near.base}/files/none/{number}")).status_code for number in range(400)]
        return codes.count(503)

    assert 80 <= simulated(story, "503=0.25") <= 120


def test_the_first_occurrences_of_each_request_can_be_the_only_ones_that_are_hit() -> None:
    async def story(near: Near) -> list[int]:
        return [(await near.submit(prompt=prompt)).status_code for prompt in "aaabbb"]

    assert simulated(story, Fault(What.BEFORE_503, 1.0, first=2)) == [503, 503, 200, 503, 503, 200]


def test_faults_are_set_while_the_simulator_runs() -> None:
    async def story(near: Near) -> None:
        control = f"{near.sim.url}/_sim/faults"
        assert (await near.submit()).status_code == 200
        set_ = await near.http.post(control, json={"faults": [{"what": "429", "rate": 1, "place": "submit"}]})
        assert set_.json()["faults"][0]["what"] == "429"
        assert (await near.submit()).status_code == 429
        assert (await near.http.get(control)).json()["faults"] == set_.json()["faults"]
        assert (await near.http.post(control, json={"faults": []})).status_code == 200
        assert (await near.submit()).status_code == 200

    simulated(story)


@pytest.mark.parametrize(
    "sent", ["", "[", "7", '{"faults": 7}', '[{"what": "weather"}]', '[{"rate": 2, "what": "429"}]']
)
def test_faults_that_make_no_sense_change_nothing(sent: str) -> None:
    async def story(near: Near) -> None:
        answer = await near.http.post(f"{near.sim.url}/_sim/faults", content=sent.encode())
        assert answer.status_code == 400
        assert "error" in answer.json()
        assert (await near.submit()).status_code == 429

    simulated(story, "429=1")


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"what": "weather"}, "is no fault"),
        ({"what": "429", "rate": 2}, "rate"),
        ({"what": "429", "rate": True}, "rate"),
        ({"what": "429", "place": "nowhere"}, "is no place"),
        ({"what": "429", "first": 0}, "first"),
        ({"what": "429", "when": 1}, "no field 'when'"),
        ({"what": "slow", "seconds": "nan"}, "seconds"),
    ],
)
def test_a_fault_that_cannot_be_read_is_named(raw: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        fault_of(raw)
    assert caught.value.next_step


def test_a_fault_is_read_from_a_flag() -> None:
    fault = fault_from_text("close_after=0.05@submit")
    assert (fault.what, fault.rate, fault.place) == (What.CLOSE_AFTER, 0.05, Place.SUBMIT)
    assert fault_from_text("failed").rate == 1.0
    assert fault_of(fault.plain()) == fault
