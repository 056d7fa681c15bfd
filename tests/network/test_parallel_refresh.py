"""Concurrent refreshes with one token get one successor, and the session stays active."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from examples.mobile_client import Response
from tests.network.calls import me, refresh, sign_in, successor
from tests.network.servers import Server, error_of, over_http

AT_ONCE = 16


def _key_of(round_: int) -> str | None:
    """Return no key, and one key for all, in turn."""
    return [None, f"round-{round_}"][round_ % 2]


def _all_at_once(pool: ThreadPoolExecutor, ask: Callable[[int], Response]) -> list[Response]:
    start = Barrier(AT_ONCE)

    def one(number: int) -> Response:
        start.wait(timeout=20)
        return ask(number)

    return list(pool.map(one, range(AT_ONCE)))


def _rounds(server: Server, rounds: int) -> None:
    server.create_account("parallel@example.com")
    token = sign_in(server, "parallel@example.com")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for round_ in range(rounds):
            answers = _all_at_once(
                pool,
                lambda _, token=token, round_=round_: refresh(server, token, _key_of(round_)),  # type: ignore[misc]
            )
            assert {answer.status for answer in answers} == {200}
            (token,) = {successor(answer) for answer in answers}
    access_token = json.loads(answers[0].body)["access_token"]
    assert me(server, access_token) == 200
    assert server.audit.names.count("session_refreshed") == rounds
    assert server.audit.names.count("refresh_repeated") == rounds * (AT_ONCE - 1)
    assert "refresh_token_reuse" not in server.audit.names
    assert refresh(server, token).status == 200


def _with_a_key_each(server: Server) -> None:
    server.create_account("keys@example.com")
    token = sign_in(server, "keys@example.com")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = _all_at_once(pool, lambda number: refresh(server, token, f"key-{number}"))
    (answer,) = (one for one in answers if one.status == 200)
    assert {error_of(one) for one in answers if one is not answer} == {"invalid_grant"}
    assert server.audit.names.count("session_refreshed") == 1
    assert server.audit.names.count("session_ended") == 1
    assert "refresh_token_reuse" in server.audit.names
    assert refresh(server, successor(answer)).status == 400


@pytest.mark.parametrize("on_fakes", [False, True], ids=["moto", "fakes"])
def test_of_sixteen_with_a_key_each_one_wins_and_the_session_ends(*, on_fakes: bool) -> None:
    """Two who hold one token and do not share its key: the server cannot tell which of them is the owner."""
    with over_http(on_fakes=on_fakes) as server:
        _with_a_key_each(server)


@pytest.mark.parametrize(
    ("on_fakes", "rounds"),
    [(False, 10), (True, 40), pytest.param(True, 1_000, marks=pytest.mark.soak)],
    ids=["moto", "fakes", "long"],
)
def test_sixteen_at_once_get_the_same_successor(*, on_fakes: bool, rounds: int) -> None:
    """Fewer rounds on moto, which serves one request at a time; real races are those on dynalite."""
    with over_http(on_fakes=on_fakes) as server:
        _rounds(server, rounds)
