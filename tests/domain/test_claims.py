"""Claims: read only in exactly the right shape, written flat."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import InvalidToken
from chalicelib.domain.tokens.claims import VerifiedClaims
from chalicelib.domain.tokens.scopes import Scope

GOOD: dict[str, Any] = {
    "iss": "https://api.example.com/v1",
    "sub": "0f" * 16,
    "aud": "https://api.example.com/v1",
    "exp": 1_700_003_600,
    "iat": 1_700_000_000,
    "jti": "1e" * 16,
    "client_id": "mobile-app",
    "scope": "users:read users:write",
    "sid": "2d" * 16,
}
TEXTS = ["iss", "sub", "aud", "jti", "client_id", "sid"]
DATES = ["exp", "iat"]
NO_TEXT = [
    "",
    " ",
    "a b",
    "a\n",
    "caf\u00e9",
    "\ud800",
    "\x00",
    "x" * 513,
    1,
    1.5,
    True,
    None,
    ["a"],
    {"a": "b"},
]
NO_DATE = [-1, 2**53, 10**400, 1.5, 1e9, float("nan"), "1700000000", "", True, False, None, [1], {}]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def test_claims_are_written_under_their_registered_names_and_read_back() -> None:
    claims = VerifiedClaims.from_mapping(GOOD)
    assert claims.to_mapping() == GOOD
    assert claims.scope == Scope.of({"users:read", "users:write"})


def test_every_value_is_flat_as_the_context_of_an_authorizer_needs() -> None:
    assert {type(value) for value in VerifiedClaims.from_mapping(GOOD).to_mapping().values()} == {str, int}


@pytest.mark.parametrize("name", GOOD)
def test_no_claim_may_be_missing(name: str) -> None:
    with pytest.raises(InvalidToken):
        VerifiedClaims.from_mapping({key: value for key, value in GOOD.items() if key != name})


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("value", NO_TEXT, ids=ascii)
def test_a_text_is_one_printable_word_of_bounded_length(name: str, value: Any) -> None:
    with pytest.raises(InvalidToken):
        VerifiedClaims.from_mapping({**GOOD, name: value})


@pytest.mark.parametrize("name", DATES)
@pytest.mark.parametrize("value", NO_DATE, ids=lambda value: ascii(value)[:20])
def test_a_date_is_an_integer_that_every_json_reader_keeps(name: str, value: Any) -> None:
    with pytest.raises(InvalidToken):
        VerifiedClaims.from_mapping({**GOOD, name: value})


@pytest.mark.parametrize(
    "value", [None, 1, True, ["users:read"], " ", "a  b", "a ", 'a"b', "a\\b", "caf\u00e9"]
)
def test_a_scope_is_text_of_the_right_grammar(value: Any) -> None:
    with pytest.raises(InvalidToken):
        VerifiedClaims.from_mapping({**GOOD, "scope": value})


def test_an_empty_scope_is_a_scope_without_permissions() -> None:
    claims = VerifiedClaims.from_mapping({**GOOD, "scope": ""})
    assert claims.scope == Scope(frozenset())
    assert claims.to_mapping()["scope"] == ""


def test_an_audience_in_several_values_is_refused() -> None:
    with pytest.raises(InvalidToken):
        VerifiedClaims.from_mapping({**GOOD, "aud": [GOOD["aud"]]})


@given(st.dictionaries(st.sampled_from([*GOOD, "x"]), json_values))
def test_any_json_object_is_claims_or_an_invalid_token(changed: dict[str, Any]) -> None:
    try:
        claims = VerifiedClaims.from_mapping({**GOOD, **changed})
    except InvalidToken:
        return
    assert VerifiedClaims.from_mapping(claims.to_mapping()) == claims
