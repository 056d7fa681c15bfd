"""A thief with a copy of a refresh token, but not of its key, cannot follow the owner's refreshes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from examples.mobile_client import MobileClient, Response, SignedOut
from tests.network.calls import refresh, successor
from tests.network.phone import HOUR
from tests.network.servers import PASSWORD, Server, error_of, in_process
from tests.network.test_two_processes import SharedStorage

EMAIL = "owner@example.com"


@pytest.fixture
def server() -> Iterator[Server]:
    with in_process() as server:
        server.create_account(EMAIL)
        yield server


@pytest.fixture
def storage() -> SharedStorage:
    return SharedStorage()


@pytest.fixture
def owner(server: Server, storage: SharedStorage) -> MobileClient:
    client = MobileClient(server.send, storage, server.clock)
    client.sign_in(EMAIL, PASSWORD)
    return client


def use(server: Server, owner: MobileClient) -> Response:
    """Let the access token expire, so that the next request refreshes."""
    server.clock.advance(HOUR)
    return owner.request("GET", "/me")


@pytest.mark.parametrize("key", ["a-key-of-the-thief", None])
def test_the_first_attempt_right_after_the_owner_is_noticed(
    server: Server, storage: SharedStorage, owner: MobileClient, key: str | None
) -> None:
    copied = storage.state["refresh_token"]
    assert use(server, owner).status == 200
    server.clock.advance(5)
    answer = refresh(server, copied, key)
    assert (answer.status, error_of(answer)) == (400, "invalid_grant")
    assert server.audit.names[-2:] == ["refresh_token_reuse", "session_ended"]
    with pytest.raises(SignedOut):
        use(server, owner)


def test_a_copied_key_is_good_for_one_answer_and_that_one_is_audited(
    server: Server, storage: SharedStorage, owner: MobileClient
) -> None:
    """The next key was chosen on the owner's device, after the copy was made."""
    copied, key = storage.state["refresh_token"], storage.state["refresh_key"]
    assert use(server, owner).status == 200
    following = successor(refresh(server, copied, key))
    assert server.audit.names[-1] == "refresh_repeated"
    assert use(server, owner).status == 200
    assert error_of(refresh(server, following, key)) == "invalid_grant"
    assert server.audit.names[-2:] == ["refresh_token_reuse", "session_ended"]


def test_the_owner_notices_a_thief_that_was_first(
    server: Server, storage: SharedStorage, owner: MobileClient
) -> None:
    assert refresh(server, storage.state["refresh_token"], "a-key-of-the-thief").status == 200
    with pytest.raises(SignedOut):
        use(server, owner)
    assert server.audit.names[-2:] == ["refresh_token_reuse", "session_ended"]
