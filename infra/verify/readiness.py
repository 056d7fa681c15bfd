"""Wait until a new API answers everywhere: an edge network is updated after the stack is complete."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

import requests

TIMES_IN_A_ROW, GIVE_UP_SECONDS, PAUSE_SECONDS = 3, 180, 5
_TIMEOUT_SECONDS = 10


def wait_until_ready(api_url: str, sleep: Callable[[float], None], clock: Callable[[], float]) -> bool:
    """Return whether the API answers as expected several times in a row before the timeout."""
    began, good = clock(), 0
    while good < TIMES_IN_A_ROW:
        good = good + 1 if _answers(api_url) else 0
        if good < TIMES_IN_A_ROW:
            if clock() - began >= GIVE_UP_SECONDS:
                return False
            sleep(PAUSE_SECONDS)
    return True


def _answers(api_url: str) -> bool:
    """Tell whether `/health` is there, and `/me` without a token is our 401 rather than API Gateway's 403."""
    try:
        health, me = (
            requests.get(f"{api_url}{path}", timeout=_TIMEOUT_SECONDS) for path in ("/health", "/me")
        )
        body = me.json()
    except (requests.RequestException, ValueError):
        return False
    ours = isinstance(body, dict) and body.get("error") == "unauthorized"
    return (health.status_code, me.status_code, ours) == (HTTPStatus.OK, HTTPStatus.UNAUTHORIZED, True)
