"""JSON requests to the app, and the codes that it would have mailed."""

from __future__ import annotations

import json
from typing import Any

from tests.api.events import Answer, Gateway

JSON = {"Content-Type": "application/json"}
NEW_PASSWORD = "a tin of green paint"


def post(gateway: Gateway, path: str, /, **body: Any) -> Answer:
    """POST a JSON body to an open route."""
    return gateway.send("POST", path, headers=JSON, body=json.dumps(body))


def as_user(gateway: Gateway, method: str, path: str, token: str, /, **body: Any) -> Answer:
    """Send a JSON body with an access token."""
    return gateway.protected(method, path, token, headers=JSON, body=json.dumps(body))


def mailed_code(gateway: Gateway) -> str:
    """Return the code of the message that was queued last."""
    code = gateway.services.adapters.mail_queue.requests[-1].code
    assert code is not None
    return code.reveal()


def wrong(code: str) -> str:
    """Return another code."""
    return f"{(int(code) + 1) % 10**8:08d}"


def ask(gateway: Gateway, path: str, /, **body: Any) -> tuple[str, str]:
    """Ask for a code; return the verification and the code."""
    answer = post(gateway, path, **body)
    assert answer.status == 202, answer.text
    return answer.json["verification"], mailed_code(gateway)


def signed_up(gateway: Gateway, email: str, password: str = NEW_PASSWORD) -> str:
    """Sign up; return the device key."""
    verification, code = ask(gateway, "/accounts", email=email)
    answer = post(gateway, "/accounts/verify", verification=verification, code=code, password=password)
    assert answer.status == 200, answer.text
    return str(answer.json["device_key"])
