"""`/me/profile` over the function."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.accounts.own.profiles import MAX_PROFILE_BYTES, NO_PROFILE, Profile
from chalicelib.domain.errors import InvalidRequest
from chalicelib.domain.preconditions import Precondition
from tests.api.account_flows import signed_in
from tests.api.events import Answer, Gateway
from tests.api.json_requests import JSON

TEXT = '{"theme": "dark", "n": 1.0, "big": 123456789012345678901234567890, "huge": 1e400, "ä": [null]}'


@pytest.fixture
def token(gateway: Gateway) -> str:
    return signed_in(gateway)


def read(gateway: Gateway, token: str, **headers: str) -> Answer:
    return gateway.protected("GET", "/me/profile", token, headers=headers)


def put(gateway: Gateway, token: str, text: str, if_match: str | None = None) -> Answer:
    headers = JSON if if_match is None else {**JSON, "If-Match": if_match}
    return gateway.protected("PUT", "/me/profile", token, headers=headers, body=text)


def test_a_profile_is_empty_at_first_and_then_what_was_put(gateway: Gateway, token: str) -> None:
    empty = read(gateway, token)
    assert (empty.status, empty.text, empty.headers["ETag"]) == (200, "{}", NO_PROFILE.tag)
    answer = put(gateway, token, TEXT)
    assert (answer.status, answer.text, answer.headers["ETag"]) == (200, TEXT, Profile(TEXT).tag)
    found = read(gateway, token)
    assert (found.status, found.text, found.headers["ETag"]) == (200, TEXT, Profile(TEXT).tag)
    for one in (empty, answer, found):
        assert one.headers["Content-Type"] == "application/json"
        assert one.headers["Cache-Control"] == "no-store"
    assert empty.headers["ETag"] != found.headers["ETag"]


def test_if_match_takes_the_current_tag_alone_a_list_with_it_or_any(gateway: Gateway, token: str) -> None:
    old = read(gateway, token).headers["ETag"]
    assert put(gateway, token, '{"n": 1}', old).status == 200
    new = read(gateway, token).headers["ETag"]
    for refused in (old, f"W/{new}", '"other"', f'W/{new}, "a,b"'):
        assert put(gateway, token, "{}", refused).error == (412, "precondition_failed")
        assert read(gateway, token, **{"If-Match": refused}).error == (412, "precondition_failed")
    assert read(gateway, token).text == '{"n": 1}'
    assert read(gateway, token, **{"If-Match": new}).status == 200
    assert put(gateway, token, '{"n": 2}', f'"a,b", W/"c" ,{new}').status == 200
    assert put(gateway, token, '{"n": 3}', "*").status == 200


@pytest.mark.parametrize("if_match", ["", "tag", '"a" "b"', '"a', "*, *", 'w/"a"', '"a", tag'])
def test_a_malformed_if_match_replaces_nothing(gateway: Gateway, token: str, if_match: str) -> None:
    assert put(gateway, token, '{"n": 1}', if_match).error == (400, "invalid_request")
    assert read(gateway, token).text == "{}"


def test_of_two_changes_of_one_version_the_later_is_refused(gateway: Gateway, token: str) -> None:
    tag = read(gateway, token).headers["ETag"]
    store = gateway.services.adapters.store
    store.before["put_profile"] = lambda: put(gateway, token, '{"n": 1}', tag)
    assert put(gateway, token, '{"n": 2}', tag).error == (412, "precondition_failed")
    assert read(gateway, token).text == '{"n": 1}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        '{"a": NaN}',
        '{"a": Infinity}',
        '{"a": 1, "a": 1}',
        '{"a": {"b": 1, "b": 2}}',
        '{"a": "\\ud800"}',
        '{"\\udfff": 1}',
        '{"a": 01}',
        '{"a": 1}}',
        '{"a": ' + "[" * 100 + "]" * 100 + "}",
        '{"a": ' + "[" * 5_000 + "]" * 5_000 + "}",
        '{"a": "' + "a" * (MAX_PROFILE_BYTES - 8) + '"}',
        '{"a": "' + "ö" * (MAX_PROFILE_BYTES // 2 - 3) + '"}',
    ],
)
def test_what_is_no_profile_is_refused(gateway: Gateway, token: str, text: str) -> None:
    assert put(gateway, token, text).error == (400, "invalid_request")
    assert read(gateway, token).text == "{}"


@pytest.mark.parametrize(
    "text",
    [
        '{"a": ' + "[" * 99 + "]" * 99 + "}",
        '{"a": "' + "a" * (MAX_PROFILE_BYTES - 9) + '"}',
        ' {"a": "\\u0000\\ud83d\\ude00"}\n',
    ],
)
def test_what_is_a_profile_comes_back_to_the_byte(gateway: Gateway, token: str, text: str) -> None:
    assert put(gateway, token, text).status == 200
    assert read(gateway, token).text == text


def test_another_media_type_is_refused(gateway: Gateway, token: str) -> None:
    answer = gateway.protected("PUT", "/me/profile", token, headers={"Content-Type": "text/json"}, body="{}")
    assert answer.error == (400, "invalid_request")


def test_an_account_that_is_deleted_meanwhile_gets_no_profile(gateway: Gateway, token: str) -> None:
    store = gateway.services.adapters.store
    store.before["put_profile"] = store.accounts.clear
    answer = put(gateway, token, "{}")
    assert answer.error == (401, "invalid_token")
    assert store.profiles == {}


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_equal_texts_have_equal_tags_and_a_tag_is_one(value: object) -> None:
    try:
        profile = Profile(json.dumps({"a": value}, ensure_ascii=False))
        tag = profile.tag
    except UnicodeEncodeError:
        return
    assert Precondition.of(tag) == Precondition(frozenset({tag}))
    assert Precondition.of(tag).admits(Profile(profile.text).tag)


@given(st.text(alphabet='W/"*a, \t;é', max_size=12))
def test_any_if_match_is_read_or_refused(text: str) -> None:
    try:
        read = Precondition.of(text)
    except InvalidRequest:
        return
    assert read.tags is None or all(one.startswith('"') and one.endswith('"') for one in read.tags)
