"""An app and its widget: two processes with one storage, of which each may refresh."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

import pytest

from examples.mobile_client import MobileClient, NetworkError, Request, Response, SignedOut
from tests.network.phone import HOUR
from tests.network.servers import PASSWORD, Server, in_process

EMAIL = "two@example.com"


class SharedStorage:
    """What both processes read and write."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}
        self.lock = Lock()

    def load(self) -> dict[str, Any]:
        return dict(self.state)

    def save(self, state: dict[str, Any]) -> None:
        self.state = dict(state)


class Process:
    """One of the two. `meanwhile` runs once, while the server's answer to its request is on its way."""

    def __init__(self, server: Server, storage: SharedStorage) -> None:
        self._server = server
        self.meanwhile: Callable[[], object] | None = None
        self.sent: list[Request] = []
        self.client = MobileClient(self._send, storage, server.clock, lock=storage.lock)

    def _send(self, request: Request) -> Response:
        self.sent.append(request)
        answer = self._server.send(request)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return answer

    def me(self) -> int:
        return self.client.request("GET", "/me").status


@pytest.fixture
def server() -> Any:
    with in_process() as server:
        server.create_account(EMAIL)
        yield server


@pytest.fixture
def storage() -> SharedStorage:
    return SharedStorage()


@pytest.fixture
def processes(server: Server, storage: SharedStorage) -> tuple[Process, Process]:
    app, widget = Process(server, storage), Process(server, storage)
    app.client.sign_in(EMAIL, PASSWORD)
    server.clock.advance(HOUR)
    return app, widget


def test_both_refresh_at_once_and_go_on_with_one_successor_and_one_key(
    server: Server, storage: SharedStorage, processes: tuple[Process, Process]
) -> None:
    app, widget = processes
    for _ in range(3):
        app.meanwhile = widget.me
        assert app.me() == 200
        keys = {one.sent[-2].headers["Idempotency-Key"] for one in processes}
        assert len(keys) == 1
        assert storage.state["refresh_key"] not in keys
        server.clock.advance(HOUR)
    assert "refresh_token_reuse" not in server.audit.names
    assert server.audit.names.count("refresh_repeated") == 3


def test_an_answer_that_is_older_than_what_is_stored_replaces_nothing(
    server: Server, storage: SharedStorage, processes: tuple[Process, Process]
) -> None:
    app, widget = processes

    def twice() -> None:
        widget.me()
        server.clock.advance(HOUR)
        widget.me()

    app.meanwhile = twice
    with pytest.raises(NetworkError):
        app.me()
    assert app.me() == widget.me() == 200
    assert "refresh_token_reuse" not in server.audit.names


def test_a_sign_out_of_the_other_process_wins(
    server: Server, storage: SharedStorage, processes: tuple[Process, Process]
) -> None:
    app, widget = processes
    app.meanwhile = widget.client.sign_out
    with pytest.raises(SignedOut):
        app.me()
    assert storage.state.keys() == {"device_key"}
    assert not server.services.adapters.sessions.stored(app_user(server))


def app_user(server: Server) -> str:
    """Return the id of the one account."""
    (session,) = (what for name, what in server.audit.events if name == "session_started")
    return session.user_id  # type: ignore[union-attr]
