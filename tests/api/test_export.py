"""`/me/export` over the function."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.domain.accounts.changes import AccountChange, ChangeKind
from chalicelib.domain.accounts.own.export import PAGE_ITEMS
from tests.api.account_flows import signed_in
from tests.api.events import Answer, Gateway, authorize, invoke, proxy_event, stringified
from tests.api.json_requests import JSON, NEW_PASSWORD, as_user, signed_up
from tests.changes import ACTOR
from tests.oauth.actors import EMAIL, PASSWORD

TEXT = '{"n": 1.0, "huge": 1e400, "big": 123456789012345678901234567890}'


@pytest.fixture
def token(gateway: Gateway) -> str:
    return signed_in(gateway)


def export(gateway: Gateway, token: str, query: str = "") -> Answer:
    policy = authorize(f"Bearer {token}", "GET", "/me/export")
    context = stringified(policy["context"], policy["principalId"])
    return invoke(proxy_event("GET", "/me/export", query=query, context=context))


def whole(gateway: Gateway, token: str) -> tuple[list[dict[str, Any]], int]:
    """Return the items of all pages, and how many pages there are."""
    items: list[dict[str, Any]] = []
    query, count = "", 0
    while True:
        answer = export(gateway, token, query)
        assert answer.status == 200, answer.text
        items += answer.json["items"]
        count += 1
        if answer.json["next"] is None:
            return items, count
        query = f"cursor={quote(answer.json['next'])}"


def owner(gateway: Gateway) -> str:
    return next(one.user_id for one in gateway.services.adapters.store.accounts.values())


def record(gateway: Gateway, number: int, actor: str = ACTOR) -> None:
    user_id, at = owner(gateway), 1_600_000_000 + number
    change = AccountChange(f"{number:032x}", user_id, ChangeKind.ENABLED, actor, at)
    gateway.services.adapters.store.recorded.append(change)


def test_what_is_stored_about_a_person_is_exported(gateway: Gateway, token: str) -> None:
    gateway.protected("PUT", "/me/profile", token, headers=JSON, body=TEXT)
    for name in ("first", "second"):
        as_user(gateway, "PATCH", "/me", token, username=name)
    other = gateway.token(grant_type="password", username=EMAIL, password=PASSWORD).json
    gateway.form("/oauth/revoke", token=other["refresh_token"])
    record(gateway, 1)
    answer = export(gateway, token)
    assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == (
        "application/json",
        "no-store",
    )
    # To the byte: a number that is read and written again may change.
    assert f'"profile": {TEXT}}}' in answer.text
    items, pages = whole(gateway, token)
    assert pages == 1
    assert [one["kind"] for one in items] == [
        *("account", "profile", "former_username", "former_username", "session", "device", "device"),
        *("ended_session", "change", "change", "change", "change"),
    ]
    account, profile, *former = items
    assert (account["email"], account["username"], account["disabled"]) == (EMAIL, "second", False)
    assert account["metadata"] == {}
    assert account["created_at"] == "2023-11-14T22:13:20Z"
    assert account["username_changes"] == ["2023-11-14T22:13:20Z"] * 2
    assert profile["updated_at"] == "2023-11-14T22:13:20Z"
    assert "first" in {one["username"] for one in former[:2]}
    assert {one["reserved_until"] for one in former[:2]} == {"2024-02-12T22:13:20Z"}
    assert (former[2]["client_id"], former[2]["rotated_at"]) == ("mobile-app", None)
    assert {one["actor"] for one in items if one["kind"] == "change"} == {owner(gateway), "operator"}


def test_no_secret_is_exported(gateway: Gateway, token: str) -> None:
    text = export(gateway, token).text
    store = gateway.services.adapters.store
    (session,), (device,) = store.live.values(), store.devices.values()
    family = session.family
    for secret in (family.tag_key.reveal(), family.current):
        for form in (
            secret.hex(),
            base64.b64encode(secret).decode(),
            base64.urlsafe_b64encode(secret).decode(),
        ):
            assert form.rstrip("=") not in text
    assert device.digest not in text
    assert next(iter(store.hashes.values())).reveal() not in text


@pytest.mark.parametrize("changes", [PAGE_ITEMS - 5, PAGE_ITEMS - 4, PAGE_ITEMS, 250])
def test_pages_are_bounded_and_have_every_item_once(gateway: Gateway, token: str, changes: int) -> None:
    for number in range(changes):
        record(gateway, number)
    items, pages = whole(gateway, token)
    ids = [one["change_id"] for one in items if one["kind"] == "change"]
    assert len(ids) == len(set(ids)) == len(gateway.services.adapters.store.recorded)
    assert pages == -(-len(items) // PAGE_ITEMS) or pages == len(items) // PAGE_ITEMS + 1
    assert len(export(gateway, token).json["items"]) <= PAGE_ITEMS


def test_the_largest_page_is_far_below_what_lambda_returns(gateway: Gateway, token: str) -> None:
    user_agent = "\U0001f512" * 256
    for _ in range(PAGE_ITEMS):
        headers = {"User-Agent": user_agent}
        gateway.token(headers, grant_type="password", username=EMAIL, password=PASSWORD)
    assert len(export(gateway, token).text.encode()) < 600_000


def test_a_page_goes_on_where_its_cursor_says_whatever_has_changed(gateway: Gateway, token: str) -> None:
    for number in range(150):
        record(gateway, number)
    first = export(gateway, token).json
    record(gateway, 10**6)
    gateway.services.adapters.store.recorded = [
        one for one in gateway.services.adapters.store.recorded if int(one.change_id, 16) != 100
    ]
    second = export(gateway, token, f"cursor={quote(first['next'])}").json
    seen = [one["change_id"] for page in (first, second) for one in page["items"] if one["kind"] == "change"]
    assert len(seen) == len(set(seen))
    assert {f"{number:032x}" for number in range(100)} <= set(seen)


@pytest.mark.parametrize(
    "query", ["cursor=x", "cursor=%00", "cursor=é", "cursor=a&cursor=a", f"cursor={'A' * 8000}"]
)
def test_a_broken_cursor_is_refused(gateway: Gateway, token: str, query: str) -> None:
    assert export(gateway, token, query).error == (400, "invalid_request")


def test_a_cursor_is_good_for_its_own_user_and_to_the_byte(gateway: Gateway, token: str) -> None:
    for number in range(PAGE_ITEMS):
        record(gateway, number)
    cursor = export(gateway, token).json["next"]
    assert export(gateway, token, f"cursor={quote(cursor)}").status == 200
    for at in range(0, len(cursor), 7):
        changed = cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :]
        assert export(gateway, token, f"cursor={quote(changed)}").error == (400, "invalid_request")
    for changed in (cursor + "=", cursor[:-1], cursor + "A"):
        assert export(gateway, token, f"cursor={quote(changed)}").error == (400, "invalid_request")
    signed_up(gateway, "other@example.com")
    answer = gateway.token(grant_type="password", username="other@example.com", password=NEW_PASSWORD)
    other = str(answer.json["access_token"])
    assert export(gateway, other, f"cursor={quote(cursor)}").error == (400, "invalid_request")


def test_an_empty_cursor_is_the_first_page(gateway: Gateway, token: str) -> None:
    for number in range(PAGE_ITEMS):
        record(gateway, number)
    cursor = export(gateway, token, "cursor=").json["next"]
    assert json.loads(export(gateway, token).text)["next"] == cursor


def test_a_token_of_an_api_key_exports_nothing(gateway: Gateway, token: str) -> None:
    policy = authorize(f"Bearer {token}", "GET", "/me/export")
    context = {**stringified(policy["context"], policy["principalId"]), "sid": "ghk_x"}
    for method, path in (("GET", "/me/export"), ("PUT", "/me/profile")):
        answer = invoke(proxy_event(method, path, headers=JSON, body="{}", context=context))
        assert answer.error == (403, "insufficient_scope")
