"""fal_client 1.0.3, unmodified, as a client of the simulator."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sim.sdk.side import Raised, Side
from tests.sim.sdk.stage import Stage

SCHNELL = "fal-ai/flux/schnell"
PNG = b"\x89PNG\r\n\x1a\n".hex()


def asked(word: str) -> dict[str, object]:
    return {"prompt": word, "image_size": {"width": 128, "height": 96}, "seed": 7}


def fetched(fal: Side, result: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    answer: dict[str, str] = fal.do("fetch", url=result["images"][0]["url"])
    return answer


@pytest.mark.parametrize("command", ["watch", "async_watch"])
def test_a_job_is_submitted_watched_and_fetched(fal: Side, stage: Stage, command: str) -> None:
    model = f"fal-ai/{command.replace('_', '-')}/schnell"

    seen = fal.do(command, model=model, arguments=asked("a lighthouse"))

    kinds = [event["is"] for event in seen["events"]]
    assert kinds[-1] == "Completed"
    assert set(kinds[:-1]) <= {"Queued", "InProgress"}
    assert all(isinstance(event["logs"], list) for event in seen["events"] if event["is"] != "Queued")
    last = seen["events"][-1]
    assert (last["error"], last["metrics"]["inference_time"] > 0) == (None, True)
    image = seen["result"]["images"][0]
    assert (image["width"], image["height"], image["content_type"]) == (128, 96, "image/png")
    assert image["url"].startswith("https://v3.fal.media/files/")
    assert fetched(fal, seen["result"])["hex"].startswith(PNG)
    (entry,) = stage.entries(model)
    assert entry["remote"] == seen["request_id"]
    assert (entry["accepted"], entry["told"], entry["fetched"], entry["ended"]) == (True, True, True, "done")


def test_the_answer_to_a_submission_names_addresses_of_the_queue_without_the_sub_path(fal: Side) -> None:
    told = fal.do("submit", model=SCHNELL, arguments=asked("addresses"))

    base = f"https://queue.fal.run/fal-ai/flux/requests/{told['request_id']}"
    assert told["response_url"] == base
    assert (told["status_url"], told["cancel_url"]) == (f"{base}/status", f"{base}/cancel")


def test_a_job_is_found_again_by_its_id_alone(fal: Side) -> None:
    told = fal.do("submit", model=SCHNELL, arguments=asked("again"))

    assert fal.do("status", model=SCHNELL, request_id=told["request_id"])["is"] in ("Queued", "InProgress", "Completed")
    result = fal.do("result", model=SCHNELL, request_id=told["request_id"])

    assert fal.do("status", model=SCHNELL, request_id=told["request_id"], with_logs=True)["logs"] == []
    assert fetched(fal, result)["type"] == "image/png"


def test_an_id_that_nobody_was_given_is_not_found(fal: Side) -> None:
    with pytest.raises(Raised) as raised:
        fal.do("status", model=SCHNELL, request_id="00000000-0000-4000-8000-000000000000")
    assert raised.value.facts["status"] == 404


def test_subscribe_reports_the_queue_and_gives_the_result(fal: Side) -> None:
    seen = fal.do("subscribe", model=SCHNELL, arguments=asked("subscribed"))

    assert len(seen["queued"]) == 1
    assert seen["seen"][-1] == "Completed"
    assert seen["answer"]["images"]
    assert fal.do("async_subscribe", model=SCHNELL, arguments=asked("subscribed twice"))["images"]


def test_the_synchronous_host_answers_with_the_result(fal: Side, stage: Stage) -> None:
    model = "fal-ai/at-once/schnell"

    assert fal.do("run", model=model, arguments=asked("at once"))["images"]

    (entry,) = stage.entries(model)
    assert (entry["accepted"], entry["told"]) == (True, True)


def test_a_cancelled_job_is_completed_with_an_error_and_costs_nothing(fal: Side, stage: Stage) -> None:
    model = "fal-ai/veo3.1/cancelled"

    done = fal.do("async_submit_and_cancel", model=model, arguments={"prompt": "a long film", "duration": "8s"})

    assert done["status"]["is"] == "Completed"
    assert done["status"]["error"]
    (entry,) = stage.entries(model)
    assert (entry["cancelled"], entry["ended"], entry["billed"]) == (True, "cancelled", "0")
    with pytest.raises(Raised):
        fal.do("result", model=model, request_id=done["request_id"])


def test_a_finished_job_cannot_be_cancelled(fal: Side) -> None:
    seen = fal.do("watch", model=SCHNELL, arguments=asked("too late"))

    with pytest.raises(Raised) as raised:
        fal.do("cancel", model=SCHNELL, request_id=seen["request_id"])
    assert raised.value.facts["status"] == 400


@pytest.mark.parametrize("command", ["upload", "async_upload", "upload_by_rest"])
def test_an_uploaded_file_is_an_input(fal: Side, stage: Stage, pictures: list[Path], command: str) -> None:
    before = stage.report()["uploads"]

    url = fal.do(command, path=str(pictures[0]))

    assert url.startswith("https://v3.fal.media/files/")
    assert fal.do("fetch", url=url) == {"status": 200, "type": "image/png", "hex": pictures[0].read_bytes().hex()}
    assert stage.report()["uploads"] == before + 1
    arguments = {"prompt": "as a drawing", "image_url": url}
    result = fal.do("watch", model="fal-ai/flux-kontext/dev", arguments=arguments)["result"]
    assert fetched(fal, result)["hex"].startswith(PNG)


def test_a_large_file_is_uploaded_in_parts(fal: Side, stage: Stage, pictures: list[Path]) -> None:
    whole = pictures[0].read_bytes()
    size = len(whole) // 3 + 1

    url = fal.do("upload_in_parts", path=str(pictures[0]), size=size)

    assert fal.do("fetch", url=url) == {"status": 200, "type": "image/png", "hex": whole.hex()}
    assert len([one for one in stage.sent() if one.method == "PUT" and "/multipart/" in one.path]) == 3


def test_the_options_of_a_submission_go_over_the_wire(fal: Side, stage: Stage) -> None:
    model = "fal-ai/options/schnell"
    options = {"priority": "low", "start_timeout": 30, "hint": "lora", "webhook_url": "http://127.0.0.1:9/never"}

    fal.do("submit", model=model, arguments=asked("options"), **options)

    (sent,) = [one for one in stage.sent() if one.path == f"/{model}"]
    assert sent.target == f"/{model}?fal_webhook=http%3A%2F%2F127.0.0.1%3A9%2Fnever"
    assert sent.headers["x-fal-queue-priority"] == "low"
    assert sent.headers["x-fal-request-timeout"] == "30.0"
    assert sent.headers["authorization"] == "Key simulated"
    assert sent.json == asked("options")


def test_a_failed_job_is_completed_and_its_result_is_the_error(fal: Side, stage: Stage) -> None:
    model = "fal-ai/failing/schnell"
    stage.faults({"what": "failed", "model": model})

    told = fal.do("submit", model=model, arguments=asked("fails"))
    with pytest.raises(Raised) as raised:
        fal.do("result", model=model, request_id=told["request_id"])

    status = fal.do("status", model=model, request_id=told["request_id"], with_logs=True)
    assert (status["is"], status["error_type"]) == ("Completed", "internal_server_error")
    assert raised.value.facts["status"] == 500
    (entry,) = stage.entries(model)
    assert (entry["accepted"], entry["ended"], entry["billed"]) == (True, "failed", "0")


@pytest.mark.parametrize(("what", "billed"), [("refused", False), ("refused-billed", True)])
def test_a_moderated_job_is_a_422_that_names_its_kind(fal: Side, stage: Stage, what: str, billed: bool) -> None:
    model = f"fal-ai/{what}/schnell"
    stage.faults({"what": what, "model": model})

    told = fal.do("submit", model=model, arguments=asked("not nice"))
    with pytest.raises(Raised) as raised:
        fal.do("result", model=model, request_id=told["request_id"])

    assert raised.value.facts["status"] == 422
    assert raised.value.facts["message"][0]["type"] == "content_policy_violation"
    assert raised.value.facts["headers"]["x-fal-retryable"] == "false"
    assert (float(stage.entries(model)[0]["billed"]) > 0) is billed


def test_a_submission_is_sent_again_after_429_and_buys_once(fal: Side, stage: Stage) -> None:
    model = "fal-ai/busy/schnell"
    stage.faults({"what": "429", "place": "submit", "model": model, "first": 3})

    fal.do("submit", model=model, arguments=asked("busy"))

    entries = stage.entries(model)
    assert [one["status"] for one in entries] == [429, 429, 429, 200]
    assert [one["accepted"] for one in entries] == [False, False, False, True]
    assert not [one for one in stage.report()["duplicates"] if one["model"] == model]


@pytest.mark.parametrize("command", ["watch", "async_watch"])
def test_the_books_show_what_the_sdk_buys_twice_when_the_connection_closes_after_the_body(
    fal: Side, stage: Stage, command: str
) -> None:
    model = f"fal-ai/closing-{command.replace('_', '-')}/schnell"
    stage.faults({"what": "close-after", "place": "submit", "model": model, "first": 2})

    told = fal.do(command, model=model, arguments=asked("bought three times"))

    (found,) = [one for one in stage.report()["duplicates"] if one["model"] == model]
    assert found["times"] == 3
    assert len(set(found["jobs"])) == 3
    entries = stage.entries(model)
    assert [one["told"] for one in entries] == [False, False, True]
    assert entries[2]["remote"] == told["request_id"]
    assert {one["remote"] for one in entries[:2]} <= set(stage.report()["untold"])


def test_a_connection_that_breaks_before_the_request_was_looked_at_buys_once(fal: Side, stage: Stage) -> None:
    model = "fal-ai/resetting/schnell"
    stage.faults({"what": "close-before", "place": "submit", "model": model, "first": 2})

    fal.do("submit", model=model, arguments=asked("bought once"))

    assert [one["accepted"] for one in stage.entries(model)] == [False, False, True]


def test_an_error_after_acceptance_leaves_a_job_that_nobody_was_told_of(fal: Side, stage: Stage) -> None:
    model = "fal-ai/gateway/schnell"
    stage.faults({"what": "504-after", "place": "submit", "model": model})

    with pytest.raises(Raised) as raised:
        fal.do("submit", model=model, arguments=asked("lost"))

    assert raised.value.facts["status"] == 504
    (entry,) = stage.entries(model)
    assert (entry["accepted"], entry["told"]) == (True, False)


def test_half_an_answer_to_a_submission_is_no_answer(fal: Side, stage: Stage) -> None:
    model = "fal-ai/truncated/schnell"
    stage.faults({"what": "truncated", "place": "submit", "model": model})

    with pytest.raises(Raised) as raised:
        fal.do("submit", model=model, arguments=asked("half"))

    assert raised.value.kind == "JSONDecodeError"
    (entry,) = stage.entries(model)
    assert (entry["accepted"], entry["told"]) == (True, False)


def test_a_status_that_no_documentation_names_reaches_the_client(fal: Side, stage: Stage) -> None:
    told = fal.do("submit", model=SCHNELL, arguments=asked("unknown"))
    stage.faults({"what": "unknown-status", "place": "status"})

    with pytest.raises(Raised, match="Unknown status"):
        fal.do("status", model=SCHNELL, request_id=told["request_id"])
