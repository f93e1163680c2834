"""fal's protocol as the simulator speaks it: queue, files, uploads."""

from __future__ import annotations

import asyncio
import base64
import io

import httpx
import pytest
from PIL import Image
from tests.sim.near import FLUX, KEY, KLING, KONTEXT, SMALL, Near, simulated

from rushes.sim.simulator import Simulator
from rushes.testing.clock import run_virtual


def png(colour: str = "red", size: tuple[int, int] = (48, 32)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def test_a_job_goes_through_the_queue_and_its_files_are_what_was_asked() -> None:
    async def story(near: Near) -> None:
        answer = await near.submit(image_size="portrait_16_9", num_images=4, seed=5)
        job = answer.json()
        assert answer.status_code == 200
        assert job["status"] == "IN_QUEUE"
        over = await near.finished(job)
        assert over["status"] == "COMPLETED"
        assert 2 <= over["metrics"]["inference_time"] <= 4
        said = (await near.http.get(job["response_url"])).json()
        assert said["seed"] == 5
        assert len({one["url"] for one in said["images"]}) == 4
        pictures = [await near.picture(one["url"]) for one in said["images"]]
        assert {picture.size for picture in pictures} == {(576, 1024)}
        assert len({picture.tobytes() for picture in pictures}) == 4
        assert all((one["width"], one["height"]) == (576, 1024) for one in said["images"])

    simulated(story, most_side=None)


@pytest.mark.parametrize(
    ("asked", "size"), [({"aspect_ratio": "9:16"}, (36, 64)), ({"image_size": "square"}, (64, 64))]
)
def test_no_side_is_painted_longer_than_was_allowed_and_the_shape_is_kept(
    asked: dict[str, str], size: tuple[int, int]
) -> None:
    async def story(near: Near) -> tuple[int, int]:
        said = (await near.result(**asked)).json()
        return (await near.picture(said["images"][0]["url"])).size

    assert simulated(story) == size


@pytest.mark.parametrize(("asked", "got"), [("jpeg", "JPEG"), ("webp", "WEBP"), ("png", "PNG")])
def test_a_picture_comes_in_the_format_that_was_asked(asked: str, got: str) -> None:
    async def story(near: Near) -> None:
        (one,) = (await near.result("fal-ai/nano-banana-2", output_format=asked)).json()["images"]
        assert (await near.picture(one["url"])).format == got
        assert one["content_type"] == f"image/{got.lower()}"

    simulated(story)


def test_its_addresses_are_its_own_and_leave_the_sub_path_out() -> None:
    async def story(near: Near) -> None:
        job = (await near.submit("fal-ai/flux-pro/kontext/max/multi", image_urls=[])).json()
        assert job["response_url"] == f"{near.base}/fal-ai/flux-pro/requests/{job['request_id']}"
        assert job["status_url"] == job["response_url"] + "/status"
        assert job["cancel_url"] == job["response_url"] + "/cancel"

    simulated(story)


def test_a_host_of_the_provider_gets_that_hosts_addresses() -> None:
    async def story(near: Near) -> None:
        host = {"Host": "queue.fal.run"}
        job = (await near.http.post(f"{near.sim.url}/{FLUX}", json={"prompt": "a fox"}, headers=host)).json()
        assert job["status_url"].startswith("http://queue.fal.run/fal-ai/flux/requests/")
        path = job["status_url"].removeprefix("http://queue.fal.run")
        assert (await near.http.get(near.sim.url + path, headers=host)).status_code in (200, 202)

    simulated(story)


def test_the_synchronous_host_answers_with_the_result() -> None:
    async def story(near: Near) -> None:
        answer = await near.http.post(f"{near.base}/fal.run/{FLUX}", json={"prompt": "a fox"})
        assert answer.status_code == 200
        assert answer.headers["x-fal-request-id"]
        await near.picture(answer.json()["images"][0]["url"])
        assert near.report()["unfetched"] == []

    simulated(story)


def test_a_film_lasts_as_long_as_was_asked_and_is_billed_by_the_second() -> None:
    async def story(near: Near) -> None:
        start = "data:image/png;base64," + base64.b64encode(png()).decode()
        said = (await near.result(KLING, image_url=start, duration="10")).json()
        film = (await near.http.get(said["video"]["url"])).content
        assert said["video"]["content_type"] == "video/mp4"
        assert film[4:8] == b"ftyp"
        assert near.report()["billed"] == "0.560"

    simulated(story)


def test_at_most_so_many_jobs_run_at_once_and_the_others_wait_in_order() -> None:
    async def story() -> list[str]:
        async with Simulator(at_once=1, most_side=32) as sim, httpx.AsyncClient(headers=KEY) as http:
            near = Near(sim, http)
            jobs = [(await near.submit(prompt=f"fox {number}")).json() for number in range(3)]
            said = [(await http.get(job["status_url"])).json() for job in jobs]
            assert [one.get("queue_position") for one in said[1:]] == [0, 1]
            await near.finished(jobs[2], pause=0.5)
            spent = asyncio.get_running_loop().time()
            assert 6 <= spent <= 13  # three jobs of two to four seconds, one after the other
            return [one["status"] for one in said]

    assert run_virtual(story()) == ["IN_PROGRESS", "IN_QUEUE", "IN_QUEUE"]


def test_a_job_takes_the_time_of_its_model() -> None:
    async def story() -> float:
        async with Simulator(most_side=32) as sim, httpx.AsyncClient(headers=KEY) as http:
            near = Near(sim, http)
            job = (await near.submit("fal-ai/imagen4/preview")).json()
            await near.finished(job, pause=0.25)
            return asyncio.get_running_loop().time()

    assert 8 <= run_virtual(story()) <= 15.5


def test_a_waiting_job_is_cancelled_and_costs_nothing() -> None:
    async def story(near: Near) -> None:
        first = (await near.submit()).json()
        second = (await near.submit(prompt="another")).json()
        answer = await near.http.put(second["cancel_url"])
        assert (answer.status_code, answer.json()) == (200, {"status": "OK"})
        assert (await near.finished(second))["error_type"] == "request_cancelled"
        assert (await near.http.get(second["response_url"])).status_code == 499
        await near.finished(first)
        late = await near.http.put(first["cancel_url"])
        assert (late.status_code, late.json()) == (400, {"status": "ALREADY_COMPLETED"})
        missing = await near.http.put(f"{near.base}/fal-ai/flux/requests/nobody/cancel")
        assert (missing.status_code, missing.json()) == (404, {"status": "NOT_FOUND"})
        report = near.report()
        assert (report["cancelled"], report["cancels"], report["billed"]) == (1, 1, "0.003")

    simulated(story, at_once=1, time_scale=0.05)  # the first runs long enough to be waited for


def test_a_running_job_is_asked_to_stop() -> None:
    async def story(near: Near) -> None:
        job = (await near.submit()).json()
        answer = await near.http.put(job["cancel_url"])
        assert (answer.status_code, answer.json()) == (202, {"status": "CANCELLATION_REQUESTED"})

    simulated(story, time_scale=1.0)


def test_no_key_no_service_and_a_job_belongs_to_its_account() -> None:
    async def story(near: Near) -> None:
        bare = await near.http.post(f"{near.base}/{FLUX}", json={"prompt": "a"}, headers={"Authorization": ""})
        assert bare.status_code == 401
        job = (await near.submit()).json()
        other = await near.http.get(job["status_url"], headers={"Authorization": "Key somebody-else"})
        assert other.status_code == 404
        assert "somebody" not in str(near.report())

    simulated(story)


@pytest.mark.parametrize(
    ("body", "where", "kind"),
    [
        ({"prompt": ""}, "prompt", "missing"),
        ({"prompt": 7}, "prompt", "string_type"),
        ({"num_images": 99}, "num_images", "less_than_equal"),
        ({"image_size": "enormous"}, "image_size", "value_error"),
        ({"image_url": "https://example.com/cat.png"}, "image_url", "file_download_error"),
        ({"acceleration": "turbo"}, "acceleration", "one_of"),
        ({"num_inference_steps": 0}, "num_inference_steps", "greater_than_equal"),
        ({"num_inference_steps": "many"}, "num_inference_steps", "int_type"),
        ({"guidance_scale": []}, "guidance_scale", "float_type"),
        ({"enable_safety_checker": "perhaps"}, "enable_safety_checker", "bool_type"),
    ],
)
def test_what_the_model_cannot_use_fails_the_job_and_names_the_field(
    body: dict[str, object], where: str, kind: str
) -> None:
    async def story(near: Near) -> None:
        job = (await near.submit(**body)).json()
        over = await near.finished(job)
        assert (over["status"], over["error_type"]) == ("COMPLETED", "invalid_input")
        answer = await near.http.get(job["response_url"])
        assert answer.status_code == 422
        assert answer.headers["x-fal-retryable"] == "false"
        assert [(one["loc"], one["type"]) for one in answer.json()["detail"]] == [(["body", where], kind)]
        assert near.report()["billed"] == "0"

    simulated(story)


def test_a_body_that_is_no_object_is_refused_at_the_door() -> None:
    async def story(near: Near) -> None:
        for sent in (b"[]", b"nonsense", b"", b"[" * 50_000):
            assert (await near.http.post(f"{near.base}/{FLUX}", content=sent)).status_code == 422
        report = near.report()
        assert (report["accepted"], report["refusals"]) == (0, {"422 no JSON": 4})

    simulated(story)


def test_an_upload_is_an_input_of_a_later_request() -> None:
    async def story(near: Near) -> None:
        token = (await near.http.post(f"{near.base}/storage/auth/token?storage_type=fal-cdn-v3", json={})).json()
        head = {"Authorization": f"{token['token_type']} {token['token']}", "X-Fal-File-Name": "in.png"}
        red = await near.http.post(
            f"{token['base_url']}/files/upload", content=png("red"), headers={**head, "Content-Type": "image/png"}
        )
        url = red.json()["access_url"]
        assert url.endswith("/in.png")
        back = await near.http.get(url)
        assert (back.content, back.headers["content-type"]) == (png("red"), "image/png")
        assert (await near.http.head(url)).status_code == 200
        said = (await near.result(KONTEXT, image_url=url)).json()
        assert (await near.picture(said["images"][0]["url"])).size == (48, 32)
        assert near.report()["uploads"] == 1

    simulated(story)


def test_an_upload_in_two_steps_lands_where_it_was_promised() -> None:
    async def story(near: Near) -> None:
        asked = await near.http.post(
            f"{near.base}/storage/upload/initiate?storage_type=gcs", json={"file_name": "a b.png", "content_type": "x"}
        )
        there = asked.json()
        bare = httpx.Headers({"Content-Type": "image/png", "Authorization": ""})
        assert (await near.http.put(there["upload_url"], content=png(), headers=bare)).status_code == 200
        assert (await near.http.get(there["file_url"])).content == png()
        outside = await near.http.put(f"{near.base}/files/o/mine/0.png", content=b"x", headers=bare)
        assert outside.status_code == 404

    simulated(story)


def test_an_upload_in_parts_is_put_together_in_the_order_that_is_said() -> None:
    async def story(near: Near) -> None:
        head = {"X-Fal-File-Name": "long.bin", "Content-Type": "video/mp4"}
        begun = (await near.http.post(f"{near.base}/files/upload/multipart", headers=head)).json()
        there = f"{begun['access_url']}/multipart/{begun['uploadId']}"
        tags = {}
        for number, data in ((2, b"world"), (1, b"hello ")):
            tags[number] = (await near.http.put(f"{there}/{number}", content=data)).headers["etag"]
        early = await near.http.post(f"{there}/complete", json={"parts": [{"partNumber": 3, "etag": "x"}]})
        assert early.status_code == 400
        listed = [{"partNumber": number, "etag": tags[number]} for number in (1, 2)]
        assert (await near.http.post(f"{there}/complete", json={"parts": listed})).status_code == 200
        whole = await near.http.get(begun["access_url"])
        assert (whole.content, whole.headers["content-type"]) == (b"hello world", "video/mp4")
        assert (await near.http.get(f"{there}/1")).status_code == 404
        assert (await near.http.put(f"{there}x/1", content=b"x")).status_code == 404

    simulated(story)


def test_files_go_when_the_client_said_they_may() -> None:
    async def story() -> list[int]:
        async with Simulator(most_side=32) as sim, httpx.AsyncClient(headers=KEY) as http:
            near = Near(sim, http)
            keep = {"X-Fal-Object-Lifecycle-Preference": '{"expiration_duration_seconds":3600}'}
            job = (await near.submit(headers=keep)).json()
            await asyncio.sleep(10)
            url = (await http.get(job["response_url"])).json()["images"][0]["url"]
            seen = [(await http.get(url)).status_code]
            await asyncio.sleep(3600)
            return [*seen, (await http.get(url)).status_code]

    assert run_virtual(story()) == [200, 404]


def test_nothing_else_is_served() -> None:
    async def story(near: Near) -> None:
        for address in (near.sim.url, f"{near.sim.url}/nobody/x", f"{near.base}/", f"{near.base}/files/../x"):
            assert (await near.http.get(address)).status_code == 404

    simulated(story)


def test_a_simulator_behind_tls_answers_with_secure_addresses() -> None:
    trustme = pytest.importorskip("trustme")
    import ssl

    async def story() -> None:
        authority = trustme.CA()
        served, asking = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
        authority.issue_cert("127.0.0.1").configure_cert(served)
        authority.configure_trust(asking)
        async with Simulator(tls=served, **SMALL) as sim, httpx.AsyncClient(headers=KEY, verify=asking) as http:
            job = (await Near(sim, http).submit()).json()
            assert job["status_url"].startswith(f"https://127.0.0.1:{sim.port}/fal/")

    asyncio.run(story())
