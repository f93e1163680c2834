"""What headers and words say of limits, and that no stranger's header makes anybody come early or never."""

from __future__ import annotations

import json
import time
from email.utils import formatdate

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.providers.rig import access

from rushes.model.limit import Standing, Unit
from rushes.providers.anthropic import Anthropic
from rushes.providers.comfyui.provider import Comfyui
from rushes.providers.elevenlabs import ElevenLabs
from rushes.providers.fal import Fal
from rushes.providers.gemini.provider import Gemini
from rushes.providers.glabs import GLabs
from rushes.providers.http import Answer
from rushes.providers.huggingface import HuggingFace
from rushes.providers.luma import Luma
from rushes.providers.openai.provider import OpenAI
from rushes.providers.openrouter import OpenRouter
from rushes.providers.remote import Remote
from rushes.providers.replicate import Replicate
from rushes.providers.runway import Runway
from rushes.providers.said_limits import (
    LONGEST_WAIT,
    clock,
    duration,
    in_words,
    meter,
    retry_after,
    standings,
    until,
    wait,
)

NOW = 1_795_000_000  # nobody's clock here
DATE = {"date": formatdate(NOW, usegmt=True)}
METERED: tuple[type[Remote], ...] = (Anthropic, Luma, OpenAI, OpenRouter)
OTHERS: tuple[type[Remote], ...] = (Comfyui, ElevenLabs, Fal, Gemini, GLabs, HuggingFace, Replicate, Runway)
PROVIDERS = [of(access(of.name, None)) for of in (*METERED, *OTHERS)]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("0.5", 0.5),
        ("0", 0.0),
        ("89", 89.0),
        ("86400", 86400.0),
        ("90001", LONGEST_WAIT),
        ("999999999", LONGEST_WAIT),
        ("", None),
        ("soon", None),
        ("-3", None),
        ("1e400", None),
        ("٣", None),
        ("7, 9", None),
    ],
)
def test_retry_after_in_seconds(header: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": header}) == seconds


def test_retry_after_as_a_date_counts_from_the_services_own_clock() -> None:
    assert retry_after({**DATE, "retry-after": formatdate(NOW + 90, usegmt=True)}) == 90.0
    assert retry_after({**DATE, "retry-after": formatdate(NOW - 90, usegmt=True)}) == 0.0


def test_where_the_service_shows_no_clock_ours_is_taken() -> None:
    before = time.time()
    assert before <= clock({}) <= time.time()
    assert before <= clock({"date": "whenever"}) <= time.time()
    assert before <= clock({"date": "Fri, 31 Dec 9999 23:59:59 GMT"}) <= time.time(), "nobody's clock says so"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 2.0),
        ({"retry-after-ms": "1500", "retry-after": "1"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "1"}, 1.0),
        ({"retry-after-ms": "-1"}, None),
        ({"retry-after-ms": "999999999999"}, LONGEST_WAIT),
    ],
)
def test_of_two_headers_the_later_moment_counts(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("17s", 17.0),
        ("0.5s", 0.5),
        ("350ms", 0.35),
        ("6m0s", 360.0),
        ("1h2m3s", 3723.0),
        ("1m12.5s", 72.5),
        ("1d", 86400.0),
        ("2d", LONGEST_WAIT),
        ("17", None),
        (17, None),
        ("", None),
        ("xs", None),
        ("-5s", None),
        ("5s later", None),
    ],
)
def test_spans_as_google_and_openai_write_them(text: object, seconds: float | None) -> None:
    assert duration(text) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("6m0s", 360.0),
        ("30", 30.0),
        (str(NOW + 45), 45.0),
        (f"{NOW + 45}.5", 45.5),
        (str((NOW + 45) * 1000), 45.0),
        ("2026-11-18T11:47:25Z", 1_795_002_445 - NOW),
        ("2026-11-18T11:47:25", 1_795_002_445 - NOW),
        ("2026-11-18T13:47:25+02:00", 1_795_002_445 - NOW),
        (str(NOW - 45), 0.0),
        ("0001-01-01T00:00:00Z", 0.0),
        ("9999-12-31T23:59:59+00:00", LONGEST_WAIT),
        ("", None),
        ("tomorrow", None),
    ],
)
def test_a_moment_is_a_span_a_date_or_a_unix_time(said: str, seconds: float | None) -> None:
    assert until(said, NOW) == seconds


@pytest.mark.parametrize(
    ("says", "seconds"),
    [
        (
            "Rate limit reached for gpt-5 on requests per min (RPM): Limit 3, Used 3. Please try again in 20s. Visit",
            20.0,
        ),
        ("Please try again in 6m0.5s.", 360.5),
        ("Please try again in 120ms.", 0.12),
        ("Request was throttled. Your rate limit resets in ~30s.", 30.0),
        ("Please retry in 36.429760048s.", 36.429760048),
        ("Request was throttled. Expected available in 12 seconds.", 12.0),
        ("Request was throttled. Expected available in 1 second.", 1.0),
        ("You have exhausted your capacity. Your quota will RESET AFTER 2H36M24S.", 9384.0),
        ("available in 5 secondary stores", None),
        ("Please try again later.", None),
        ("retry in a moment", None),
        ("", None),
    ],
)
def test_the_words_of_a_refusal_name_a_time(says: str, seconds: float | None) -> None:
    assert in_words(says) == pytest.approx(seconds)


def test_of_a_429_header_and_words_count_and_the_later_of_them() -> None:
    assert wait(429, {"retry-after": "5"}, "try again in 7s") == 7.0
    assert wait(429, {"retry-after": "9"}, "try again in 7s") == 9.0
    assert wait(429, {}, "Your rate limit resets in ~30s.") == 30.0


def test_where_nothing_else_is_said_the_limit_that_has_nothing_left_says_when() -> None:
    spent = {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "12",
        "x-ratelimit-reset-requests": "48s",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "6m0s",
    }
    assert wait(429, spent, "slow down", OpenAI.meters) == 360.0
    assert wait(429, {**spent, "retry-after": "2"}, "", OpenAI.meters) == 2.0, "what is meant for it goes before"
    assert wait(429, {"ratelimit": '"api";r=0;t=55'}) == 55.0
    assert wait(429, {"ratelimit": '"api";r=3;t=55'}) is None


def test_a_broken_gateway_that_tells_of_limits_has_not_named_an_hour() -> None:
    """A 503 with a time is taken for a refusal and sent again: only the header that is meant for it may say so."""
    told = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1s", "ratelimit": '"api";r=0;t=5'}
    assert wait(503, told, "upstream: retry in 5s", OpenAI.meters) is None
    assert wait(503, {**told, "retry-after": "5"}, "", OpenAI.meters) == 5.0


def test_openai_tells_of_requests_and_of_the_nearest_limit_of_tokens() -> None:
    headers = {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "59",
        "x-ratelimit-reset-requests": "1s",
        "x-ratelimit-limit-tokens": "150000",
        "x-ratelimit-remaining-tokens": "149984",
        "x-ratelimit-reset-tokens": "6m0s",
        "x-ratelimit-limit-project-tokens": "60000",
        "x-ratelimit-remaining-project-tokens": "600",
        "x-ratelimit-reset-project-tokens": "59.4s",
    }
    assert standings(headers, OpenAI.meters) == (
        Standing(Unit.REQUESTS, 60.0, 59.0, 1.0),
        Standing(Unit.TOKENS, 60000.0, 600.0, 59.4),
    )


def test_anthropic_tells_of_tokens_in_and_out_and_the_nearer_one_counts() -> None:
    headers = {
        **DATE,
        "anthropic-ratelimit-requests-limit": "1000",
        "anthropic-ratelimit-requests-remaining": "994",
        "anthropic-ratelimit-requests-reset": "2026-11-18T11:06:41Z",
        "anthropic-ratelimit-input-tokens-limit": "450000",
        "anthropic-ratelimit-input-tokens-remaining": "0",
        "anthropic-ratelimit-input-tokens-reset": "2026-11-18T11:07:40Z",
        "anthropic-ratelimit-output-tokens-limit": "90000",
        "anthropic-ratelimit-output-tokens-remaining": "14000",
        "anthropic-ratelimit-output-tokens-reset": "2026-11-18T11:06:52Z",
    }
    assert standings(headers, Anthropic.meters) == (
        Standing(Unit.REQUESTS, 1000.0, 994.0, 1.0),
        Standing(Unit.TOKENS, 450000.0, 0.0, 60.0),
    )
    assert wait(429, headers, "", Anthropic.meters) == 60.0


def test_openrouter_writes_thousandths_since_1970() -> None:
    headers = {**DATE, "x-ratelimit-limit": "20", "x-ratelimit-remaining": "0"}
    headers["x-ratelimit-reset"] = str(NOW * 1000 + 12_500)
    assert standings(headers, OpenRouter.meters) == (Standing(Unit.REQUESTS, 20.0, 0.0, 12.5),)


def test_a_limit_of_which_nothing_is_said_is_none() -> None:
    assert standings({}, OpenAI.meters) == ()
    assert standings({"x-ratelimit-reset-requests": "1s"}, OpenAI.meters) == ()
    assert standings({"x-ratelimit-limit": "30"}, Luma.meters) == (Standing(Unit.REQUESTS, 30.0),)


def test_the_names_of_three_headers_differ_in_one_word() -> None:
    assert meter(Unit.TOKENS, "x-{}-tokens") == (Unit.TOKENS, "x-limit-tokens", "x-remaining-tokens", "x-reset-tokens")


NAMES = sorted(
    {"retry-after", "retry-after-ms", "ratelimit", "date"}
    | {name for of in METERED for one in of.meters for name in one[1:]}
)
CRUMBS = (
    "0 9 1795000000 1795000000000 99999999999999999999 -1 1e9 nan inf . s ms m h d : Z T + ; r= t= , % GMT Fri Nov "
    "2026 2026-11-18T11:06:40Z 0000-00-00 Fri,_31_Dec_9999_23:59:60_-2359 ٣ \x00 ß try_again_in_ ~"
)
crumbs = st.lists(st.sampled_from(CRUMBS.split(" ")), max_size=6).map(lambda parts: "".join(parts).replace("_", " "))
hostile = st.text(max_size=30) | crumbs


@given(st.dictionaries(st.sampled_from(NAMES), hostile, max_size=8), hostile, st.sampled_from([200, 429, 503]))
@example({"retry-after": "Fri, 31 Dec 9999 23:59:60 -2359"}, "", 429)
@example({"retry-after": "\ud800", "date": "\ud800"}, "\ud800", 429)
def test_no_header_raises_and_no_wait_is_negative_or_endless(headers: dict[str, str], says: str, status: int) -> None:
    for of in METERED:
        found = wait(status, headers, says, of.meters)
        assert found is None or 0 <= found <= LONGEST_WAIT
        for one in standings(headers, of.meters):
            assert one.most is None or one.most >= 0
            assert one.left is None or one.left >= 0
            assert one.resets is None or 0 <= one.resets <= LONGEST_WAIT


WORDS = (
    "error detail details detail.code code status message metadata headers X-RateLimit-Remaining X-RateLimit-Reset 0 "
    "retryDelay quotaId violations GenerateRequestsPerDayPerProject reason estimated_time title issues 17s"
)
words = st.sampled_from(WORDS.split(" "))
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | hostile | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
    max_leaves=12,
)


@given(anything, st.dictionaries(st.sampled_from(NAMES), hostile, max_size=3), st.sampled_from([400, 429, 503]))
@example({"error": {"metadata": {"headers": {"X-RateLimit-Reset": 5, "": None}}}}, {}, 429)
@example({"error": {"details": [{"violations": [{"quotaId": "PerDay"}], "retryDelay": "9e9s"}]}}, {}, 429)
def test_no_refusal_of_any_service_raises_or_waits_for_ever(body: object, headers: dict[str, str], status: int) -> None:
    for provider in PROVIDERS:
        found = provider.heard(Answer(status, headers, json.dumps(body).encode("utf-8", "surrogatepass"))).wait
        assert found is None or 0 <= found <= LONGEST_WAIT, f"{provider.name} waits {found}"


@given(
    st.integers(0, 90_000),
    st.sampled_from(["seconds", "thousandths", "date", "words", "unix", "unix-ms", "rfc"]),
    st.dictionaries(st.sampled_from([one for one in NAMES if one != "date"]), hostile, max_size=4),
)
def test_whatever_stands_beside_it_nobody_comes_before_the_moment_that_was_said(
    seconds: int, how: str, beside: dict[str, str]
) -> None:
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW + seconds))
    said = {
        "seconds": {"retry-after": str(seconds)},
        "thousandths": {"retry-after-ms": str(seconds * 1000)},
        "date": {"retry-after": formatdate(NOW + seconds, usegmt=True)},
        "unix": {"retry-after": str(NOW + seconds)},
        "unix-ms": {"retry-after": str((NOW + seconds) * 1000)},
        "rfc": {"retry-after": moment},
        "words": {},
    }[how]
    found = wait(429, {**beside, **DATE, **said}, f"try again in {seconds}s" if how == "words" else "", OpenAI.meters)
    assert found is not None and found >= seconds
