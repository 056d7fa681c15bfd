"""Concurrent refreshes with one token get one successor, and the session stays active."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from examples.mobile_client import Response
from tests.network.calls import me, refresh, sign_in, successor
from tests.network.servers import Server, over_http

AT_ONCE = 16


def _key_of(round_: int, number: int) -> str | None:
    """Return in turn no key, a common key, and a key for each; within the window all behave alike."""
    return [None, f"round-{round_}", f"round-{round_}-{number}"][round_ % 3]


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
                lambda number, token=token, round_=round_: refresh(server, token, _key_of(round_, number)),  # type: ignore[misc]
            )
            assert {answer.status for answer in answers} == {200}
            (token,) = {successor(answer) for answer in answers}
    access_token = json.loads(answers[0].body)["access_token"]
    assert me(server, access_token) == 200
    assert server.audit.names.count("session_refreshed") == rounds
    assert "refresh_token_reuse" not in server.audit.names
    assert refresh(server, token).status == 200


@pytest.mark.parametrize(("on_fakes", "rounds"), [(False, 30), (True, 100)], ids=["moto", "fakes"])
def test_sixteen_at_once_get_the_same_successor(*, on_fakes: bool, rounds: int) -> None:
    """Fewer rounds on moto, which serves one request at a time; real races are those on dynalite."""
    with over_http(on_fakes=on_fakes) as server:
        _rounds(server, rounds)
