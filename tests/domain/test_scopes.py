"""Scopes: the grammar of RFC 6749 §3.3, and what may be granted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import InvalidScope
from chalicelib.domain.tokens.scopes import Scope, is_permission, resolve_scope

SCOPE_CHARACTERS = [chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"\\']
permissions = st.text(alphabet=SCOPE_CHARACTERS, min_size=1, max_size=12)


def test_the_grammar_of_a_permission_is_that_of_rfc_6749_character_by_character() -> None:
    taken = {chr(code) for code in range(0x300) if is_permission(chr(code))}
    assert taken == set(SCOPE_CHARACTERS)


@pytest.mark.parametrize("text", ["read", "users:read users:write", "a b c", "!", "~ #"])
def test_a_scope_of_permissions_and_single_spaces_is_read(text: str) -> None:
    assert Scope.parse(text).permissions == frozenset(text.split(" "))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a ",
        " a",
        "a  b",
        "a\tb",
        "a\nb",
        "a\n",
        'a"b',
        "a\\b",
        "caf\u00e9",
        "a\x7f",
        "a\x00",
        "a\u00a0b",
    ],
)
def test_a_scope_that_the_grammar_does_not_derive_is_refused(text: str) -> None:
    with pytest.raises(InvalidScope):
        Scope.parse(text)


@given(st.frozensets(permissions, min_size=1, max_size=6))
def test_what_is_written_is_read_back(held: frozenset[str]) -> None:
    scope = Scope(held)
    assert Scope.parse(str(scope)) == scope


def test_a_scope_is_written_sorted_with_single_spaces_and_each_permission_once() -> None:
    assert str(Scope.parse("b a b")) == "a b"
    assert str(Scope(frozenset())) == ""


@given(st.text())
def test_any_text_is_a_scope_or_refused(text: str) -> None:
    try:
        scope = Scope.parse(text)
    except InvalidScope:
        return
    assert all(is_permission(one) for one in scope.permissions)


@given(st.frozensets(permissions), st.frozensets(permissions))
def test_what_is_granted_is_what_was_asked_for_or_nothing(
    asked: frozenset[str], held: frozenset[str]
) -> None:
    if asked <= held:
        assert resolve_scope(Scope(asked), Scope(held)) == Scope(asked)
    else:
        with pytest.raises(InvalidScope):
            resolve_scope(Scope(asked), Scope(held))


@given(st.frozensets(permissions))
def test_asking_for_nothing_gets_all_that_is_held(held: frozenset[str]) -> None:
    assert resolve_scope(None, Scope(held)) == Scope(held)
