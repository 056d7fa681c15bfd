"""The shape of every error (RFC 6749 §5.2)."""

from __future__ import annotations

import re

import requests

_LEGAL = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")
_BETRAYAL = re.compile(r"Traceback|Exception|boto|dynamo|aws|lambda|<", re.IGNORECASE)
BARE = 'Bearer realm="gatehouse"'
INVALID_TOKEN = f'{BARE}, error="invalid_token"'


def check(
    answer: requests.Response,
    status: int,
    error: str,
    challenge: str | None = None,
    *,
    by_function: bool = False,
) -> None:
    """Hold an answer to the shape of every error, and to its row of the table.

    `by_function` says that a function sets the challenge, and not a gateway response: API Gateway renames it.
    """
    body = answer.json()
    assert (answer.status_code, body["error"]) == (status, error)
    assert set(body) == {"error", "error_description"}
    assert _LEGAL.fullmatch(body["error_description"])
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    renamed, as_it_is = (challenge, None) if by_function else (None, challenge)
    assert answer.headers.get("WWW-Authenticate") == as_it_is
    assert answer.headers.get("x-amzn-Remapped-WWW-Authenticate") == renamed
    assert not _BETRAYAL.search(answer.text)
