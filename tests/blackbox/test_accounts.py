"""An account from sign-up to deletion over the wire, with the codes read from the local inbox."""

from __future__ import annotations

import time

from infra.operate.api_client import ApiClient
from tests.blackbox.errors import BARE, INVALID_TOKEN, check
from tests.blackbox.local_deployment import LocalDeployment

PASSWORD, OTHER = "a tin of green paint", "a roll of brown paper"
WAIT_SECONDS = 20


def inbox_code(app: ApiClient, address: str, earlier: frozenset[str] = frozenset()) -> str:
    """Return the newest code that was mailed to an address."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        mails = app.send("GET", "/_local/inbox.json").json()
        codes = [one["code"] for one in mails if one["to"] == address and one["code"]]
        if fresh := [one for one in codes if one not in earlier]:
            return str(fresh[0])
    raise AssertionError("no mail has come")


def test_from_sign_up_to_deletion(stage: LocalDeployment) -> None:
    app, address = stage.visitor("grace@example.com"), "grace@example.com"
    asked = app.send("POST", "/accounts", json={"email": address})
    assert (asked.status_code, asked.headers["Cache-Control"]) == (202, "no-store")
    assert set(asked.json()) == {"verification", "expires_in", "resend_after"}
    code = inbox_code(app, address)
    body = {"verification": asked.json()["verification"], "code": code, "password": PASSWORD}
    verified = app.send("POST", "/accounts/verify", json=body)
    assert verified.status_code == 200, verified.text
    check(app.send("POST", "/accounts/verify", json=body), 400, "invalid_code")
    form = {"grant_type": "password", "username": address, "password": PASSWORD}
    assert app.token({**form, **verified.json()}).json()["device_key"] == verified.json()["device_key"]

    forgotten = app.send("POST", "/password/forgot", json={"email": address}).json()
    body = {"verification": forgotten["verification"], "new_password": OTHER}
    body["code"] = inbox_code(app, address, frozenset({code}))
    assert app.send("POST", "/password/reset", json=body).status_code == 200
    check(app.token(form), 400, "invalid_grant")

    token = app.token({**form, "password": OTHER}).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    renamed = app.send("PATCH", "/me", json={"username": "grace"}, headers=headers)
    assert renamed.json()["username"] == "grace"
    empty = app.send("GET", "/me/profile", headers=headers)
    assert (empty.status_code, empty.text) == (200, "{}")
    expected = {**headers, "If-Match": empty.headers["ETag"]}
    put = app.send("PUT", "/me/profile", json={"n": 1}, headers=expected)
    assert (put.status_code, put.json()) == (200, {"n": 1})
    check(app.send("PUT", "/me/profile", json={}, headers=expected), 412, "precondition_failed")
    page = app.send("GET", "/me/export", headers=headers).json()
    assert {"kind": "account", "email": address}.items() <= page["items"][0].items()
    assert page["next"] is None
    body = {"current_password": OTHER}
    assert app.send("POST", "/me/delete", json=body, headers=headers).status_code == 204
    check(app.send("GET", "/me", headers=headers), 401, "invalid_token", INVALID_TOKEN, by_function=True)
    check(app.token({**form, "password": OTHER}), 400, "invalid_grant")


def test_errors_have_the_shape_of_the_contract(stage: LocalDeployment) -> None:
    app = stage.signed_in()
    check(app.send("POST", "/accounts", json={"email": "x"}), 400, "invalid_request")
    check(app.send("POST", "/accounts", data=b"{"), 400, "invalid_request")
    body = {"email": "a@example.com", "password": "short"}
    check(app.send("POST", "/accounts", json=body), 400, "password_too_short")
    body = {"verification": "ghv_x", "code": "12345678", "new_password": PASSWORD}
    check(app.send("POST", "/password/reset", json=body), 400, "invalid_code")
    check(app.send("POST", "/accounts/resend", json={"verification": "ghv_x"}), 400, "invalid_code")
    check(app.send("POST", "/me/password", json={}), 401, "unauthorized", BARE)
    check(app.send("GET", "/accounts"), 404, "not_found")
