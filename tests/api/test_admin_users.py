"""The routes of administrators: every endpoint, every error, and who may do what to whom."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.tokens.scopes import Scope
from tests.api.admin_flows import ADMIN, HELD, administrator, subject
from tests.api.events import Answer, Gateway, authorize, invoke, proxy_event, stringified
from tests.api.json_requests import NEW_PASSWORD, as_user, ask, post
from tests.changes import ACTOR
from tests.oauth.actors import PASSWORD, account

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
    names = ("new@example.com", ADMIN, "nobody@example.com")
    guess = {"grant_type": "password", "password": "guessed password"}
    answers = [gateway.token(**guess, username=name) for name in names]
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
