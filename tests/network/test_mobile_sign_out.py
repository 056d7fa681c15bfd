"""The reference client signs out immediately and finally, even during a refresh."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs

import pytest

from examples.mobile_client import NetworkError, SignedOut
from tests.network.phone import HOUR, OK, UNAUTHORIZED, Answer, Phone, error, signed_in, tokens


@pytest.fixture
def phone() -> Phone:
    return signed_in()


def test_sign_out_deletes_tokens_immediately_and_revokes_when_online(phone: Phone) -> None:
    phone.answers = [NetworkError()]
    with pytest.raises(NetworkError):
        phone.client.sign_out()
    with pytest.raises(SignedOut):
        phone.get()
    phone.restart()
    phone.answers = [OK, tokens(5)]
    phone.client.sign_in("someone@example.com", "open the gate, please")
    assert [request.path for request in phone.sent[1:]] == ["/oauth/revoke", "/oauth/revoke", "/oauth/token"]
    assert phone.load()["refresh_token"] == "refresh-5"


@dataclass
class DuringRefresh:
    """Acts once, during a refresh."""

    phone: Phone
    act: Callable[[], object]

    def __call__(self) -> None:
        if self.phone.sent[-1].path == "/oauth/token":
            self.phone.on_send = lambda: None
            self.act()


def _revoked(phone: Phone) -> list[str]:
    sent = [request for request in phone.sent if request.path == "/oauth/revoke"]
    return [parse_qs(request.body.decode())["token"][0] for request in sent]


def test_a_refresh_that_completes_after_the_sign_out_is_revoked(phone: Phone) -> None:
    phone.on_send = DuringRefresh(phone, phone.client.sign_out)
    with pytest.raises(SignedOut):
        phone.get(OK, tokens(1), OK)
    assert phone.load() == {}
    assert _revoked(phone) == ["refresh-0", "refresh-1"]


def test_an_offline_sign_out_during_a_refresh_is_completed_at_the_next_start(
    phone: Phone,
) -> None:
    def sign_out() -> None:
        with pytest.raises(NetworkError):
            phone.client.sign_out()

    phone.on_send = DuringRefresh(phone, sign_out)
    with pytest.raises(SignedOut):
        phone.get(NetworkError(), tokens(1), NetworkError())
    phone.restart()
    phone.answers = [OK]
    phone.client.sign_out()
    assert phone.load() == {}
    assert _revoked(phone)[-1] == "refresh-0"


@pytest.mark.parametrize(
    "late", [(tokens(1), OK), (error(400, "invalid_grant"),)], ids=["tokens", "invalid_grant"]
)
def test_a_late_response_does_not_change_the_next_session(phone: Phone, late: tuple[Answer, ...]) -> None:
    phone.on_send = DuringRefresh(phone, lambda: phone.client.sign_in("another@example.com", "a password"))
    with pytest.raises(SignedOut):
        phone.get(OK, tokens(7), *late)
    assert phone.load()["refresh_token"] == "refresh-7"


def test_a_request_is_not_repeated_for_another_user(phone: Phone) -> None:
    phone.clock.advance(-HOUR // 2)

    def another_user_signs_in() -> None:
        phone.on_send = lambda: None
        phone.client.sign_in("another@example.com", "a password")

    phone.on_send = another_user_signs_in
    with pytest.raises(SignedOut):
        phone.get(OK, tokens(7), UNAUTHORIZED)
    assert phone.load()["refresh_token"] == "refresh-7"


def test_sign_out_completes_if_the_server_does_not_know_the_token(phone: Phone) -> None:
    phone.answers = [error(400, "invalid_grant")]
    phone.client.sign_out()
    assert phone.load() == {}
