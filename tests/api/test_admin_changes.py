"""What administrators may do to whom, what it ends, and what comes between."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.accounts.administrators.user_administration import HOURLY_RESETS
from chalicelib.domain.accounts.changes import ChangeKind
from chalicelib.domain.tokens.scopes import Scope
from tests.api.admin_flows import ADMIN, HELD, administrator, subject
from tests.api.events import Answer, Denied, Gateway
from tests.api.json_requests import NEW_PASSWORD, as_user, ask, post
from tests.changes import ACTOR
from tests.oauth.actors import EMAIL, PASSWORD, account


@pytest.fixture
def admin(gateway: Gateway) -> str:
    return administrator(gateway)


def kinds(gateway: Gateway, user_id: str) -> list[str]:
    return [one.kind.value for one in gateway.services.administration.changes(user_id, 9)]


def test_deep_or_endless_metadata_is_refused(gateway: Gateway, admin: str) -> None:
    path = f"/admin/users/{subject(gateway).user_id}"
    for value in ('{"a":' * 17 + "1" + "}" * 17, '{"a": 1e999}', "[" * 5000):
        text = f'{{"metadata": {value}}}'
        answer = gateway.protected(
            "PATCH", path, admin, headers={"Content-Type": "application/json"}, body=text
        )
        assert answer.error == (400, "invalid_request")
    nested = json.loads('{"a":' * 16 + "1" + "}" * 16)
    assert as_user(gateway, "PATCH", path, admin, metadata=nested).json["metadata"] == nested


def test_metadata_is_read_by_its_owner_and_not_written(gateway: Gateway, admin: str) -> None:
    user = subject(gateway)
    metadata = {"plan": "pro", "name": "Zo\u00eb", "n": [1, 2.5, None]}
    path = f"/admin/users/{user.user_id}"
    assert as_user(gateway, "PATCH", path, admin, metadata=metadata).json["metadata"] == metadata
    token = gateway.token(grant_type="password", username=EMAIL, password=PASSWORD).json["access_token"]
    assert gateway.protected("GET", "/me", token).json["metadata"] == metadata
    answer = as_user(gateway, "PATCH", "/me", token, username="a", metadata={})
    assert answer.error == (400, "invalid_request")
    assert "metadata_changed" in kinds(gateway, user.user_id)


def test_disabling_ends_sessions_and_voids_codes_and_can_be_repeated(gateway: Gateway, admin: str) -> None:
    user, store = subject(gateway), gateway.services.adapters.store
    verification, code = ask(gateway, "/password/forgot", email=EMAIL)
    path = f"/admin/users/{user.user_id}"
    store.down = {"end"}
    assert as_user(gateway, "PATCH", path, admin, disabled=True).status == 503
    store.down = set()
    assert as_user(gateway, "PATCH", path, admin, disabled=True).json["disabled"] is True
    assert [one for one in store.live.values() if one.user_id == user.user_id] == []
    assert as_user(gateway, "PATCH", path, admin, disabled=False).json["disabled"] is False
    body = {"verification": verification, "code": code, "new_password": NEW_PASSWORD}
    assert post(gateway, "/password/reset", **body).error == (400, "invalid_code")
    expected = ["account_created", "account_disabled", "account_enabled"]
    assert sorted(kinds(gateway, user.user_id)) == expected


def test_nobody_grants_what_they_do_not_hold_today(gateway: Gateway, admin: str) -> None:
    user = subject(gateway)
    path, store = f"/admin/users/{user.user_id}", gateway.services.adapters.store
    answer = as_user(gateway, "PATCH", path, admin, permissions=["things:read", "secrets:read"])
    assert answer.error == (403, "insufficient_scope")
    assert 'scope="secrets:read"' in answer.headers["WWW-Authenticate"]
    own = ["things:read", "reports:read"]
    assert as_user(gateway, "PATCH", path, admin, permissions=own).json["permissions"] == sorted(own)
    (admin_id,) = set(store.accounts) - {user.user_id}
    gateway.services.administration.permit(admin_id, Scope.of(()), Scope.of(["reports:read"]), ACTOR)
    assert as_user(gateway, "PATCH", path, admin, permissions=own).status == 200, "held already"
    assert as_user(gateway, "PATCH", path, admin, permissions=[]).status == 200, "anything can be withdrawn"
    answer = as_user(gateway, "PATCH", path, admin, permissions=["reports:read"])
    assert answer.error == (403, "insufficient_scope")


def test_a_token_of_narrower_scope_grants_no_more_than_it_carries(gateway: Gateway, admin: str) -> None:
    user = subject(gateway)
    form = {"grant_type": "password", "username": ADMIN, "password": PASSWORD, "scope": "users:write"}
    narrow = gateway.token(**form).json["access_token"]
    path = f"/admin/users/{user.user_id}"
    answer = as_user(gateway, "PATCH", path, narrow, permissions=["reports:read"])
    assert answer.error == (403, "insufficient_scope")


@pytest.mark.parametrize(
    ("method", "rest"), [("PATCH", ""), ("DELETE", ""), ("POST", "/logout"), ("POST", "/password-reset")]
)
def test_who_administers_more_is_out_of_reach(gateway: Gateway, admin: str, method: str, rest: str) -> None:
    chief = account(gateway.services, "chief@example.com", None, [*HELD, "billing:write"])
    answer = as_user(gateway, method, f"/admin/users/{chief.user_id}{rest}", admin)
    assert answer.error == (403, "insufficient_scope")
    assert gateway.services.administration.account(chief.user_id) == chief


def test_nobody_disables_or_deletes_themselves(gateway: Gateway, admin: str) -> None:
    (own_id,) = gateway.services.adapters.store.accounts
    path = f"/admin/users/{own_id}"
    assert as_user(gateway, "PATCH", path, admin, disabled=True).error == (409, "conflict")
    assert as_user(gateway, "DELETE", path, admin).error == (409, "conflict")
    assert as_user(gateway, "POST", f"{path}/logout", admin).status == 204
    with pytest.raises(Denied):
        as_user(gateway, "DELETE", path, admin)


def test_if_match_keeps_a_change_from_overwriting_another(gateway: Gateway, admin: str) -> None:
    path = f"/admin/users/{subject(gateway).user_id}"
    tag = gateway.protected("GET", path, admin).headers["ETag"]

    def patch(condition: str, **body: Any) -> Answer:
        headers = {"Content-Type": "application/json", "If-Match": condition}
        return gateway.protected("PATCH", path, admin, headers=headers, body=json.dumps(body))

    def patch_in_between() -> None:
        assert as_user(gateway, "PATCH", path, admin, metadata={"by": "another"}).status == 200

    gateway.services.adapters.store.before["administer"] = patch_in_between
    assert patch(tag, permissions=[]).error == (412, "precondition_failed")
    assert gateway.protected("GET", path, admin).json["permissions"] == ["things:read"]
    for stale in (tag, f"W/{tag}", '"x"'):
        assert patch(stale, permissions=[]).error == (412, "precondition_failed")
    for malformed in ("", "x", '"x", *'):
        assert patch(malformed, permissions=[]).error == (400, "invalid_request")
    tag = gateway.protected("GET", path, admin).headers["ETag"]
    assert patch(f'"x", {tag}', permissions=[]).status == 200
    assert patch("*", metadata={}).status == 200


def test_of_two_changes_at_once_neither_is_lost(gateway: Gateway, admin: str) -> None:
    path = f"/admin/users/{subject(gateway).user_id}"
    gateway.services.adapters.store.before["administer"] = lambda: as_user(
        gateway, "PATCH", path, admin, metadata={"plan": "pro"}
    )
    after = as_user(gateway, "PATCH", path, admin, permissions=["reports:read"]).json
    assert (after["metadata"], after["permissions"]) == ({"plan": "pro"}, ["reports:read"])


def test_a_change_that_loses_against_a_deletion_is_not_found(gateway: Gateway, admin: str) -> None:
    path = f"/admin/users/{subject(gateway).user_id}"
    gateway.services.adapters.store.before["administer"] = lambda: as_user(gateway, "DELETE", path, admin)
    assert as_user(gateway, "PATCH", path, admin, metadata={"a": 1}).error == (404, "not_found")
    assert len(gateway.services.adapters.store.accounts) == 1


@pytest.mark.parametrize("disabled", [False, True])
def test_deletion_frees_the_names_and_tells_the_owner(
    gateway: Gateway, admin: str, *, disabled: bool
) -> None:
    user, store = subject(gateway), gateway.services.adapters.store
    path = f"/admin/users/{user.user_id}"
    assert as_user(gateway, "PATCH", path, admin, disabled=disabled).status == 200
    assert as_user(gateway, "DELETE", path, admin).status == 204
    assert as_user(gateway, "DELETE", path, admin).error == (404, "not_found")
    owners = {user_id for user_id, *_ in (*store.live, *store.past, *store.devices)}
    assert user.user_id not in owners
    assert user.user_id not in {*store.accounts, *store.hashes, *store.names.values()}
    mail = gateway.services.adapters.mail_queue.requests[-1]
    assert (mail.kind, mail.address) == ("account_deleted", EMAIL)
    assert "account_deleted" in kinds(gateway, user.user_id)


def test_a_repeated_deletion_removes_what_an_interrupted_one_left(gateway: Gateway, admin: str) -> None:
    user, store = subject(gateway), gateway.services.adapters.store
    gateway.services.administration.end_sessions(user.user_id, ACTOR)
    path = f"/admin/users/{user.user_id}"
    store.down = {"remove_rest"}
    assert as_user(gateway, "DELETE", path, admin).status == 204
    assert store.past
    store.down = set()
    assert as_user(gateway, "DELETE", path, admin).error == (404, "not_found")
    assert not store.past


def test_a_reset_is_mailed_without_a_code_and_audited(gateway: Gateway, admin: str) -> None:
    user = subject(gateway)
    path = f"/admin/users/{user.user_id}"
    answer = as_user(gateway, "POST", f"{path}/password-reset", admin)
    assert (answer.status, answer.json) == (202, {})
    mail = gateway.services.adapters.mail_queue.requests[-1]
    assert (mail.kind, mail.user_id, mail.address) == ("password_reset_requested", user.user_id, "")
    assert (mail.code, mail.verification_id) == (None, "")
    assert "password_reset_requested" in kinds(gateway, user.user_id)
    assert gateway.token(grant_type="password", username=EMAIL, password=PASSWORD).status == 200
    as_user(gateway, "PATCH", path, admin, disabled=True)
    answer = as_user(gateway, "POST", f"{path}/password-reset", admin)
    assert answer.error == (409, "conflict")


def test_each_change_names_its_administrator(gateway: Gateway, admin: str) -> None:
    (admin_id,) = gateway.services.adapters.store.accounts
    user = subject(gateway)
    path = f"/admin/users/{user.user_id}"
    body = {"permissions": ["reports:read"], "disabled": True, "metadata": {"a": 1}}
    assert as_user(gateway, "PATCH", path, admin, **body).status == 200
    assert as_user(gateway, "POST", f"{path}/logout", admin).status == 204
    assert as_user(gateway, "DELETE", path, admin).status == 204
    changes = gateway.services.administration.changes(user.user_id, 9)
    made = {one.kind: one for one in changes if one.actor == admin_id}
    assert set(made) == {
        ChangeKind.PERMISSIONS,
        ChangeKind.DISABLED,
        ChangeKind.METADATA,
        ChangeKind.SESSIONS_ENDED,
        ChangeKind.DELETED,
    }
    permissions = made[ChangeKind.PERMISSIONS]
    assert permissions.details == {"granted": "reports:read", "withdrawn": "things:read"}


def test_a_user_is_mailed_five_resets_an_hour_at_most(gateway: Gateway, admin: str) -> None:
    path = f"/admin/users/{subject(gateway).user_id}/password-reset"
    clock, mails = gateway.services.adapters.clock, gateway.services.adapters.mail_queue.requests
    for _ in range(HOURLY_RESETS):
        clock.advance(10)
        assert as_user(gateway, "POST", path, admin).status == 202
    sent = len(mails)
    answer = as_user(gateway, "POST", path, admin)
    assert (answer.error, answer.headers["Retry-After"]) == ((429, "temporarily_unavailable"), "3560")
    assert len(mails) == sent
    clock.advance(3_560)
    again = gateway.token(grant_type="password", username=ADMIN, password=PASSWORD).json["access_token"]
    assert as_user(gateway, "POST", path, again).status == 202


def test_a_service_account_has_no_mailbox_to_reset_by(gateway: Gateway, admin: str) -> None:
    robot = gateway.services.create_service_account("robot", [], "operator")
    answer = as_user(gateway, "POST", f"/admin/users/{robot.user_id}/password-reset", admin)
    assert answer.error == (409, "conflict")
    assert robot.user_id not in {one.user_id for one in gateway.services.adapters.mail_queue.requests}
