"""The way of an app through a session, over the wire."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.domain.accounts.passwords import Password
from infra.operate.api_client import summarize, summarize_private
from tests.blackbox.errors import check
from tests.blackbox.local_deployment import PASSWORD, LocalDeployment

VSCHAR = re.compile(r"[\x20-\x7e]+")  # RFC 6749 A.12, A.17


def test_the_answer_to_a_sign_in(stage: LocalDeployment) -> None:
    app = stage.visitor(permissions=["users:read", "users:write"])
    answer = app.sign_in()
    assert summarize_private(answer) == "200"
    body = answer.json()
    members = {"access_token", "token_type", "expires_in", "refresh_token", "scope", "device_key"}
    assert set(body) == members
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
    assert body["scope"] == "users:read users:write"
    assert VSCHAR.fullmatch(body["access_token"])
    assert VSCHAR.fullmatch(body["refresh_token"])


def test_only_what_is_asked_for_is_granted_and_a_refresh_can_only_narrow_it(stage: LocalDeployment) -> None:
    app = stage.visitor(permissions=["a", "b", "c"])
    assert app.sign_in(scope="b a").json()["scope"] == "a b"
    form = {"grant_type": "refresh_token", "refresh_token": app.refresh_token}
    check(app.token({**form, "scope": "a c"}), 400, "invalid_scope")
    resolve_scope = app.token({**form, "scope": "b"}).json()
    assert resolve_scope["scope"] == "b"
    assert app.refresh(resolve_scope["refresh_token"]).json()["scope"] == "a b"


def test_a_malformed_request_spends_nothing(stage: LocalDeployment) -> None:
    app = stage.signed_in()
    form = {"grant_type": "refresh_token", "refresh_token": app.refresh_token}
    check(app.token({**form, "scope": " "}), 400, "invalid_scope")
    check(app.token({**form, "client_secret": "s"}), 401, "invalid_client")
    check(app.token(form, headers={"Idempotency-Key": "not one word"}), 400, "invalid_request")
    check(app.token(form, params={"token": "x"}), 400, "invalid_request")
    check(app.send("POST", "/oauth/token", json=form), 400, "invalid_request")
    assert app.refresh(app.refresh_token).status_code == 200


def test_both_names_and_any_case_and_form_of_them(stage: LocalDeployment) -> None:
    name, password = "Zoë.Ångström", Password(PASSWORD)
    stage.services.create_account(email="Zoe@Example.COM", username_=name, password=password)
    app = stage.visitor("zoe@example.com")
    for spelling in ("ZOE@EXAMPLE.com", name.upper(), name.casefold(), "Zoe\u0308.A\u030angstro\u0308m"):
        assert app.sign_in(username=spelling).status_code == 200, spelling


def test_a_retry_gets_the_same_successor_however_many_arrive_at_once(stage: LocalDeployment) -> None:
    app = stage.signed_in()
    form = {"grant_type": "refresh_token", "refresh_token": app.refresh_token}
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: app.token(form), range(32)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    assert app.refresh(answers[0].json()["refresh_token"]).status_code == 200


def test_a_spent_token_ends_its_session_and_no_other(stage: LocalDeployment) -> None:
    app = stage.signed_in()
    other = stage.signed_in(app.username)
    spent = app.refresh_token
    app.refresh(spent)
    app.refresh(app.refresh_token)
    check(app.refresh(spent), 400, "invalid_grant")
    check(app.refresh(app.refresh_token), 400, "invalid_grant")
    assert summarize(app.me()) == "401 invalid_token +challenge"
    assert other.me().status_code == 200
    assert other.refresh(other.refresh_token).status_code == 200
    said = stage.operate("sessions", "explain", app.username).output
    assert said.count("spent was used again") == 1
    assert said.count("is signed in") == 1


@pytest.mark.parametrize("kind", ["access_token", "refresh_token", "spent_token"])
@pytest.mark.parametrize("hint", ["", "access_token", "refresh_token", "nonsense"])
def test_a_revoked_token_takes_its_session_along(stage: LocalDeployment, kind: str, hint: str) -> None:
    app = stage.signed_in()
    app.spent_token = app.refresh_token
    app.refresh(app.spent_token)
    form = {"token": getattr(app, kind), "token_type_hint": hint}
    assert summarize(app.send("POST", "/oauth/revoke", data=form)) == "200"
    check(app.refresh(app.refresh_token), 400, "invalid_grant")
    assert summarize(app.me()) == "401 invalid_token +challenge"
    assert summarize(app.send("POST", "/oauth/revoke", data=form)) == "200"


def test_signing_out_of_one_device_and_of_all(stage: LocalDeployment) -> None:
    app = stage.signed_in()
    phone, tablet = stage.signed_in(app.username), stage.signed_in(app.username)
    bearer = {"Authorization": f"Bearer {app.access_token}"}
    listed = app.send("GET", "/me/sessions", headers=bearer)
    assert summarize_private(listed) == "200"
    assert [one["current"] for one in listed.json()["sessions"]].count(True) == 1
    assert len(listed.json()["sessions"]) == 3
    phones = phone.me().json()["session"]["id"]
    assert app.send("DELETE", f"/me/sessions/{phones}", headers=bearer).status_code == 204
    assert (phone.me().status_code, tablet.me().status_code) == (401, 200)
    check(app.send("DELETE", f"/me/sessions/{phones}", headers=bearer), 404, "not_found")
    assert app.send("DELETE", "/me/sessions", headers=bearer).status_code == 204
    assert {one.me().status_code for one in (app, phone, tablet)} == {401}


def test_nobody_else_s_session_can_be_seen_or_ended(stage: LocalDeployment) -> None:
    app, other = stage.signed_in(), stage.signed_in()
    theirs = other.me().json()["session"]["id"]
    bearer = {"Authorization": f"Bearer {app.access_token}"}
    check(app.send("DELETE", f"/me/sessions/{theirs}", headers=bearer), 404, "not_found")
    assert other.me().status_code == 200


def test_an_administrator_sees_others(stage: LocalDeployment) -> None:
    admin, app = stage.signed_in(permissions=["users:read"]), stage.signed_in()
    user_id = app.me().json()["id"]
    seen = admin.get(f"/admin/users/{user_id}", f"Bearer {admin.access_token}")
    assert summarize_private(seen) == "200"
    assert seen.json()["email"] == app.username
    assert "hash" not in seen.text


def test_a_withdrawn_permission_is_gone_from_the_next_refresh_on(stage: LocalDeployment) -> None:
    app = stage.signed_in(permissions=["users:read"])
    stage.operate("users", "permit", app.username, "--withdraw", "users:read")
    assert app.refresh(app.refresh_token).json()["scope"] == ""
    assert app.get("/admin/users/x", f"Bearer {app.access_token}").status_code == 403
