"""The rules of the reference client, one by one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Semaphore
from typing import Any
from urllib.parse import parse_qs

import pytest

from examples.mobile_client import (
    SETTLE_SECONDS,
    NetworkError,
    Refused,
    Request,
    Response,
    SignedOut,
    TryLater,
)
from tests.network.phone import HOUR, OK, UNAUTHORIZED, Answer, Phone, error, signed_in, tokens


def _refresh_of(request: Request) -> tuple[str, str]:
    """Return the refresh token of a request and its Idempotency-Key."""
    return parse_qs(request.body.decode())["refresh_token"][0], request.headers["Idempotency-Key"]


@pytest.fixture
def phone() -> Phone:
    return signed_in()


def test_an_expired_access_token_is_refreshed_before_it_is_used(phone: Phone) -> None:
    assert phone.get(tokens(1), OK).status == 200
    assert [request.path for request in phone.sent] == ["/oauth/token", "/oauth/token", "/me"]
    assert phone.sent[-1].headers == {"Authorization": "Bearer access-1"}


def test_the_key_is_stored_with_its_token_and_sent_with_it(phone: Phone) -> None:
    with_sign_in = phone.load()
    assert len(phone.saved) == 2, "one write for tokens and key"
    phone.get(tokens(1), OK)
    assert (with_sign_in["refresh_token"], with_sign_in["refresh_key"]) == _refresh_of(phone.sent[1])
    assert len(phone.saved) == 3


def test_an_answer_is_stored_with_a_new_key_before_its_token_is_used(phone: Phone) -> None:
    stored: list[dict[str, Any]] = []
    phone.on_send = lambda: stored.append(phone.load())
    phone.get(tokens(1), OK)
    assert [one["refresh_token"] for one in stored] == ["refresh-0", "refresh-1"]
    assert stored[0]["refresh_key"] != stored[1]["refresh_key"]


@pytest.mark.parametrize(
    "loss",
    [
        NetworkError(),
        Response(502, {}, b"Bad Gateway"),
        Response(500, {}, b'{"message": "Internal server error"}'),
        Response(200, {}, b"<html>Welcome to our network</html>"),
        Response(200, {}, b'{"access_token": "access-1", "refre'),
        Response(200, {}, b"[]"),
        tokens(1, expires_in="soon"),
        Response(400, {}, b"<html>Bad Request</html>"),
        error(401, "invalid_client"),
        Response(404, {}, b""),
    ],
)
def test_a_lost_or_invalid_response_is_requested_again_with_the_same_token_and_key(
    phone: Phone, loss: Answer
) -> None:
    with pytest.raises(NetworkError):
        phone.get(loss)
    phone.clock.advance(40 * 24 * HOUR)
    phone.restart()
    phone.get(tokens(1), OK)
    assert _refresh_of(phone.sent[1]) == _refresh_of(phone.sent[2])


def test_a_new_token_is_sent_with_a_new_key(phone: Phone) -> None:
    phone.get(tokens(1), OK)
    phone.clock.advance(HOUR)
    phone.get(tokens(2), OK)
    first, second = _refresh_of(phone.sent[1]), _refresh_of(phone.sent[3])
    assert (first[0], second[0]) == ("refresh-0", "refresh-1")
    assert first[1] != second[1]


def test_only_invalid_grant_ends_the_session(phone: Phone) -> None:
    with pytest.raises(Refused):
        phone.get(error(400, "invalid_request"))
    assert phone.load()["refresh_token"] == "refresh-0"
    with pytest.raises(SignedOut):
        phone.get(error(400, "invalid_grant"))
    assert phone.load() == {}
    with pytest.raises(SignedOut):
        phone.get()


def test_a_401_causes_one_refresh_and_one_retry(phone: Phone) -> None:
    phone.clock.advance(-HOUR // 2)
    assert phone.get(UNAUTHORIZED, tokens(1), UNAUTHORIZED).status == 401
    assert phone.load()["refresh_token"] == "refresh-1"


def test_a_new_token_is_not_spent_immediately(phone: Phone) -> None:
    """A copy of the refresh request may still arrive."""
    phone.get(tokens(1), OK)
    with pytest.raises(TryLater) as wait:
        phone.get(UNAUTHORIZED)
    assert wait.value.seconds == SETTLE_SECONDS
    phone.clock.advance(SETTLE_SECONDS)
    assert phone.get(UNAUTHORIZED, tokens(2), OK).status == 200


def test_a_clock_that_was_set_back_does_not_block_refreshes(phone: Phone) -> None:
    phone.clock.advance(-20 * 24 * HOUR)
    assert phone.get(UNAUTHORIZED, tokens(1), OK).status == 200


@pytest.mark.parametrize(("asked", "seconds"), [("7", 7), ("", 30), ("Fri, 31 Dec 1999 23:59:59 GMT", 30)])
@pytest.mark.parametrize("status", [429, 503])
def test_no_request_is_sent_before_retry_after(phone: Phone, status: int, asked: str, seconds: int) -> None:
    with pytest.raises(TryLater) as wait:
        phone.get(error(status, "temporarily_unavailable", **{"retry-after": asked}))
    assert wait.value.seconds == seconds
    phone.clock.advance(seconds - 1)
    with pytest.raises(TryLater):
        phone.get()
    phone.clock.advance(1)
    phone.get(tokens(1), OK)
    assert _refresh_of(phone.sent[1]) == _refresh_of(phone.sent[2])


def test_one_of_many_threads_refreshes(phone: Phone) -> None:
    phone.answers = [tokens(1), *[OK] * 16]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: phone.client.request("GET", "/me"), range(16)))
    assert [answer.status for answer in answers] == [200] * 16
    assert [request.path for request in phone.sent].count("/oauth/token") == 2


def test_many_threads_share_one_failure(phone: Phone) -> None:
    """Otherwise each thread would wait for its own timeout, one after the other."""
    all_started, phone.answers = Barrier(16), [NetworkError()]
    waiting = Semaphore(0)
    load = phone.load

    def counted() -> dict[str, Any]:
        waiting.release()
        return load()

    phone.load = counted  # type: ignore[method-assign]

    def wait_for_the_others() -> None:
        for _ in range(32):  # each thread reads once to find its token expired, and once to refresh it
            assert waiting.acquire(timeout=10)

    def get(_: int) -> str:
        all_started.wait(10)
        with pytest.raises(NetworkError):
            phone.client.request("GET", "/me")
        return "failed"

    phone.on_send = wait_for_the_others
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(get, range(16))) == ["failed"] * 16
    assert len(phone.sent) == 2


def test_a_wrong_password_is_reported(phone: Phone) -> None:
    phone.answers = [OK, error(400, "invalid_grant")]
    with pytest.raises(Refused, match="invalid_grant"):
        phone.client.sign_in("someone@example.com", "wrong")


def _device_key_of(request: Request) -> list[str]:
    return parse_qs(request.body.decode()).get("device_key", [])


def test_the_device_key_is_kept_whatever_ends_the_session_and_sent_with_the_next_sign_in() -> None:
    phone = Phone([tokens(0, device_key="ghd_one")])
    phone.client.sign_in("someone@example.com", "open the gate, please")
    phone.clock.advance(HOUR)
    phone.get(tokens(1), OK)
    assert phone.load()["device_key"] == "ghd_one"
    phone.answers = [OK]
    phone.client.sign_out()
    assert phone.load() == {"device_key": "ghd_one"}
    phone.answers = [tokens(2, device_key="ghd_two")]
    phone.client.sign_in("someone@example.com", "open the gate, please")
    phone.clock.advance(HOUR)
    with pytest.raises(SignedOut):
        phone.get(error(400, "invalid_grant"))
    assert phone.load() == {"device_key": "ghd_two"}
    signed_in_with = [_device_key_of(one) for one in phone.sent if b"grant_type=password" in one.body]
    assert signed_in_with == [[], ["ghd_one"]]
    assert not any(_device_key_of(one) for one in phone.sent if b"grant_type=password" not in one.body)
