"""The routes of administrators: every endpoint, every error, and who may do what to whom."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.domain.accounts.changes import ChangeKind
from chalicelib.domain.tokens.scopes import Scope
from tests.api.admin_flows import ADMIN, HELD, administrator, subject
from tests.api.events import Answer, Denied, Gateway, authorize, invoke, proxy_event, stringified
from tests.api.json_requests import NEW_PASSWORD, as_user, ask, post
from tests.changes import ACTOR
from tests.oauth.actors import EMAIL, PASSWORD, account

NOBODY = "0" * 32
WRITES = [
    ("POST", "/admin/users"),
    ("PATCH", f"/admin/users/{NOBODY}"),
    ("DELETE", f"/admin/users/{NOBODY}"),
    ("POST", f"/admin/users/{NOBODY}/logout"),
    ("POST", f"/admin/users/{NOBODY}/password-reset"),
]
READS = [("GET", "/admin/users"), ("GET", f"/admin/users/{NOBODY}")]


@pytest.fixture
def admin(gateway: Gateway) -> str:
    return administrator(gateway)


def listed(gateway: Gateway, token: str, query: str = "") -> Answer:
    policy = authorize(f"Bearer {token}")
    context = stringified(policy["context"], policy["principalId"])
    return invoke(proxy_event("GET", "/admin/users", query=query, context=context))


def kinds(gateway: Gateway, user_id: str) -> list[str]:
    return [one.kind.value for one in gateway.services.administration.changes(user_id, 9)]


@pytest.mark.parametrize(("method", "path"), [*READS, *WRITES])
def test_without_the_permission_nobody_learns_anything(gateway: Gateway, method: str, path: str) -> None:
    needed = "users:read" if method == "GET" else "users:write"
    other = ({"users:read", "users:write"} - {needed}).pop()
    token = administrator(gateway, (other,))
    answer = gateway.protected(method, path, token, body="no JSON")
    assert answer.error == (403, "insufficient_scope")
    assert f'scope="{needed}"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize(("method", "path"), [*READS, *WRITES])
@pytest.mark.parametrize(
    ("change", "error"),
    [
        ("withdraw", (403, "insufficient_scope")),
        ("disable", (401, "invalid_token")),
        ("end", (401, "invalid_token")),
    ],
)
def test_what_the_gateway_has_cached_gives_no_authority(
    gateway: Gateway, admin: str, method: str, path: str, change: str, error: tuple[int, str]
) -> None:
    policy = authorize(f"Bearer {admin}")
    context = stringified(policy["context"], policy["principalId"])
    (user_id,) = gateway.services.adapters.store.accounts
    administration = gateway.services.administration
    if change == "withdraw":
        administration.permit(user_id, Scope.of(()), Scope.of(HELD), ACTOR)
    elif change == "disable":
        administration.disable(user_id, ACTOR)
    else:
        administration.end_sessions(user_id, ACTOR)
    assert invoke(proxy_event(method, path, context=context, body="{}")).error == error


@pytest.mark.parametrize(("method", "path"), [*READS[1:], *WRITES[1:]])
@pytest.mark.parametrize("user_id", [NOBODY, "x", "alice@example.com"])
def test_who_is_unknown_is_not_found(
    gateway: Gateway, admin: str, method: str, path: str, user_id: str
) -> None:
    answer = as_user(gateway, method, path.replace(NOBODY, user_id), admin)
    assert answer.error == (404, "not_found")


def test_pages_list_every_account_once(gateway: Gateway, admin: str) -> None:
    for number in range(6):
        account(gateway.services, f"{number}@example.com", None)
    found, query = [], "limit=3"
    while query:
        body = listed(gateway, admin, query).json
        assert len(body["users"]) <= 3
        found += [one["id"] for one in body["users"]]
        query = f"limit=3&cursor={body['next']}" if body["next"] else ""
    assert found == sorted(gateway.services.adapters.store.accounts)
    assert listed(gateway, admin).json["next"] is None


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("email=ALICE@example.com", ["alice"]),
        ("username=Alice", ["alice"]),
        ("email=alice", []),
        ("username=alice@example.com", []),
        ("email=nobody@example.com&limit=1", []),
        ("username=%EF%BC%A1lice", ["alice"]),
    ],
)
def test_one_account_is_found_by_a_name_in_any_spelling(
    gateway: Gateway, admin: str, query: str, names: list[str]
) -> None:
    subject(gateway)
    body = listed(gateway, admin, query).json
    assert ([one["username"] for one in body["users"]], body["next"]) == (names, None)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=x", "limit"),
        ("limit=%D9%A3", "limit"),
        ("limit=", "limit"),
        ("limit=1&limit=2", "limit"),
        ("cursor=x", "cursor"),
        ("cursor=", "cursor"),
        ("email=", "email"),
        ("username=", "username"),
        ("email=a@example.com&username=a", "email and username"),
        (f"email=a@example.com&cursor={NOBODY}", "cursor"),
    ],
)
def test_a_bad_parameter_is_named(gateway: Gateway, admin: str, query: str, parameter: str) -> None:
    answer = listed(gateway, admin, query)
    assert answer.error == (400, "invalid_request")
    assert parameter in answer.json["error_description"]


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({"x": 1}, "metadata"),
        ({"email": "a@example.com"}, "metadata"),
        ({"disabled": "yes"}, "disabled"),
        ({"disabled": None}, "disabled"),
        ({"permissions": "users:read"}, "permissions"),
        ({"permissions": [1]}, "permissions"),
        ({"permissions": ["a b"]}, "permission"),
        ({"metadata": []}, "metadata"),
        ({"metadata": {"a": "x" * 4096}}, "metadata"),
    ],
)
def test_a_bad_member_is_named_and_changes_nothing(
    gateway: Gateway, admin: str, body: dict[str, Any], parameter: str
) -> None:
    user = subject(gateway)
    answer = as_user(gateway, "PATCH", f"/admin/users/{user.user_id}", admin, **body)
    assert answer.error == (400, "invalid_request")
    assert parameter in answer.json["error_description"]
    assert gateway.services.administration.account(user.user_id).metadata == user.metadata


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


def test_an_invited_person_signs_in_only_after_setting_a_password(gateway: Gateway, admin: str) -> None:
    hasher, queue = gateway.services.adapters.hasher, gateway.services.adapters.mail_queue
    answer = as_user(
        gateway, "POST", "/admin/users", admin, email="new@example.com", permissions=["reports:read"]
    )
    assert (answer.status, answer.json["permissions"]) == (201, ["reports:read"])
    assert "password" not in answer.text
    (mail,) = queue.requests
    assert (mail.kind, mail.user_id, mail.code) == ("invited", answer.json["id"], None)
    hasher.calls.clear()
    answers = []
    for name in ("new@example.com", ADMIN, "nobody@example.com"):
        answers.append(gateway.token(grant_type="password", username=name, password="guessed password"))
    assert len({(one.status, one.text) for one in answers}) == 1
    assert hasher.calls == ["check"] * 3, "each costs one comparison"
    verification, code = ask(gateway, "/password/forgot", email="new@example.com")
    body = {"verification": verification, "code": code, "new_password": NEW_PASSWORD}
    assert post(gateway, "/password/reset", **body).status == 200
    form = {"grant_type": "password", "username": "new@example.com", "password": NEW_PASSWORD}
    assert gateway.token(**form).json["scope"] == "reports:read"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, (400, "invalid_request")),
        ({"email": "no address"}, (400, "invalid_request")),
        ({"email": "a@example.com", "password": PASSWORD}, (400, "invalid_request")),
        ({"email": "ADMIN@example.com"}, (409, "conflict")),
        ({"email": "a@example.com", "permissions": ["secrets:read"]}, (403, "insufficient_scope")),
    ],
)
def test_what_cannot_be_invited_leaves_no_account_and_no_mail(
    gateway: Gateway, admin: str, body: dict[str, Any], error: tuple[int, str]
) -> None:
    assert as_user(gateway, "POST", "/admin/users", admin, **body).error == error
    assert len(gateway.services.adapters.store.accounts) == 1
    assert gateway.services.adapters.mail_queue.requests == []


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
    for stale in (tag, f"W/{tag}", "x", '"x"'):
        assert patch(stale, permissions=[]).error == (412, "precondition_failed")
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
    mine = [one for one in (*store.live.values(), *store.past.values()) if one.user_id == user.user_id]
    assert (mine, store.devices_of(user.user_id)) == ([], [])
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
