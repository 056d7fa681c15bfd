"""Metadata, patches and entity tags of accounts."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.accounts.errors import Conflict, InvalidAccount
from chalicelib.domain.administration.authority import Authority
from chalicelib.domain.administration.metadata import MAX_METADATA_BYTES, MAX_METADATA_DEPTH, Metadata
from chalicelib.domain.administration.patch import AccountPatch, entity_tag
from chalicelib.domain.errors import InsufficientScope
from chalicelib.domain.tokens.scopes import Scope
from tests.adapters.records import account

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
VALUES = st.recursive(LEAVES, lambda one: st.lists(one, max_size=3) | st.dictionaries(TEXT, one, max_size=3))


@settings(max_examples=50)
@given(st.dictionaries(TEXT, VALUES, max_size=4))
def test_metadata_comes_back_as_it_was_given_or_is_refused(value: dict[str, Any]) -> None:
    try:
        metadata = Metadata.of(value)
    except InvalidAccount:
        return
    assert metadata.value() == value
    assert len(metadata.text.encode()) <= MAX_METADATA_BYTES


def test_size_is_that_in_utf_8_without_white_space() -> None:
    full = {"a": "\u00eb" * ((MAX_METADATA_BYTES - 8) // 2)}
    assert len(Metadata.of(full).text.encode()) == MAX_METADATA_BYTES
    with pytest.raises(InvalidAccount):
        Metadata.of({**full, "b": 1})


@pytest.mark.parametrize("value", [float("inf"), float("nan"), "\ud800"])
def test_what_json_cannot_represent_is_refused(value: object) -> None:
    with pytest.raises(InvalidAccount):
        Metadata.of({"a": value})


@pytest.mark.parametrize("kind", ['{"a":', "["])
def test_nesting_is_limited(kind: str) -> None:
    close = "}" if kind[0] == "{" else "]"
    for levels, accepted in ((MAX_METADATA_DEPTH - 1, True), (MAX_METADATA_DEPTH, False)):
        value = {"a": json.loads(kind * levels + "1" + close * levels)}
        if accepted:
            assert Metadata.of(value).value() == value
        else:
            with pytest.raises(InvalidAccount):
                Metadata.of(value)


def test_a_patch_sets_what_it_names_and_nothing_else() -> None:
    before = account()
    assert AccountPatch()(before) == before
    assert AccountPatch(disabled=True)(before) == replace(before, disabled=True)
    assert AccountPatch(permissions=Scope.of(()))(before) == replace(before, permissions=Scope.of(()))


def test_a_tag_changes_with_every_public_field_and_no_other() -> None:
    before = account()
    same = replace(before, session_count=7, security_version=9)
    others = [
        replace(before, email="b@example.com"),
        replace(before, username="b"),
        replace(before, permissions=Scope.of(["b"])),
        replace(before, disabled=True),
        replace(before, metadata=Metadata.of({"b": 1})),
    ]
    assert entity_tag(same) == entity_tag(before)
    assert len({entity_tag(one) for one in (before, *others)}) == 1 + len(others)


def test_authority_is_over_who_holds_no_more() -> None:
    authority = Authority("0" * 32, Scope.of(["users:write", "a"]))
    authority.require(Scope.of(["a"]))
    authority.require_over(account(permissions=Scope.of(["a", "users:write"])))
    authority.require_over(account(permissions=Scope.of(["b"])))
    with pytest.raises(InsufficientScope) as refusal:
        authority.require_over(account(permissions=Scope.of(["b", "users:write"])))
    assert 'scope="b"' in refusal.value.headers["WWW-Authenticate"]
    with pytest.raises(Conflict):
        authority.refuse_self(account(user_id="0" * 32))
