"""The verifier: which access token is believed now, and what it asks to know that."""

from __future__ import annotations

import pytest

from chalicelib.domain.errors import Unauthorized, Unavailable
from chalicelib.oauth.bearer import bearer_token
from tests.changes import ACTOR
from tests.fakes import FakeAdapters, fake_services
from tests.oauth.actors import account
from tests.oauth.token_forger import TokenForger, refused


def test_a_token_as_issued_is_good_and_so_is_the_same_written_by_hand(forger: TokenForger) -> None:
    assert forger.verify(forger.good) == forger.verify(forger.token())
    assert forger.verify(forger.good).to_mapping() == forger.payload


def test_a_token_whose_session_has_ended_is_refused(forger: TokenForger) -> None:
    forger.services.administration.disable(forger.payload["sub"], ACTOR)
    refused(forger, forger.good)


def test_a_token_whose_session_is_over_by_its_idle_life_is_refused(adapters: FakeAdapters) -> None:
    forger = TokenForger(fake_services(adapters, refresh_idle_seconds=100))
    adapters.clock.advance(99)
    assert forger.verify(forger.good)
    adapters.clock.advance(1)
    refused(forger, forger.good)


def test_a_token_of_somebody_elses_session_is_refused(forger: TokenForger) -> None:
    other = account(forger.services, "bob@example.com", "bob")
    refused(forger, forger.token(payload={"sub": other.user_id}))
    refused(forger, forger.token(payload={"sid": "0" * 32}))


def test_after_a_rotation_the_tokens_of_the_key_before_are_good(forger: TokenForger) -> None:
    forger.services.adapters.keys.rotate()
    assert forger.verify(forger.good)
    forger.services.adapters.keys.rotate()
    assert forger.verify(forger.good), "rotated twice within the life of the token"
    forger.services.adapters.clock.advance(3600)
    refused(forger, forger.good)


def test_after_a_breach_no_earlier_token_is_good_at_once(forger: TokenForger) -> None:
    forger.services.adapters.keys.breach()
    refused(forger, forger.good)


def test_a_breach_that_only_the_table_knows_makes_keys_too_old_to_believe(forger: TokenForger) -> None:
    """The epoch in the table is ahead of the keys: a token may be forged, and that cannot be told."""
    forger.services.adapters.store.advance_epoch(1, forger.services.adapters.clock.now)
    with pytest.raises(Unavailable):
        forger.verify(forger.good)
    forger.services.adapters.keys.breach()
    refused(forger, forger.good)


@pytest.mark.parametrize("method", ["for_kid", "session"])
def test_an_outage_is_neither_yes_nor_no(forger: TokenForger, method: str) -> None:
    adapters = forger.services.adapters
    (adapters.keys if method == "for_kid" else adapters.store).down.add(method)
    with pytest.raises(Unavailable):
        forger.verify(forger.good)


def test_a_token_of_no_form_at_all_asks_nobody(forger: TokenForger) -> None:
    forger.services.adapters.keys.calls.clear()
    forger.services.adapters.store.calls.clear()
    for token in ("", "x", "a.b", "a.b.c", "\u00e9" * 9, "x" * 9000, "e30.e30.e30"):
        refused(forger, token)
    assert not forger.services.adapters.keys.calls
    assert not forger.services.adapters.store.calls


def test_the_table_is_asked_only_about_a_token_that_is_well_signed(forger: TokenForger) -> None:
    forger.services.adapters.store.calls.clear()
    refused(forger, forger.token(key=b"k" * 64))
    assert not forger.services.adapters.store.calls


@pytest.mark.parametrize("header", ["Bearer abc", "bearer abc", "BEARER abc", "bEaReR    abc"])
def test_the_scheme_is_compared_without_case_and_takes_one_or_more_spaces(header: str) -> None:
    assert bearer_token(header) == "abc"


@pytest.mark.parametrize(
    "header", ["", " ", "Basic abc", "Bearerabc", "Bearer\tabc", "abc", " Bearer abc", "Bearer:abc"]
)
def test_without_a_bearer_token_the_request_is_unauthorized(header: str) -> None:
    with pytest.raises(Unauthorized):
        bearer_token(header)


@pytest.mark.parametrize(
    ("header", "token"), [("Bearer", ""), ("Bearer ", ""), ("Bearer a b", "a b"), ("Bearer \n", "\n")]
)
def test_whatever_follows_the_scheme_is_the_token(forger: TokenForger, header: str, token: str) -> None:
    assert bearer_token(header) == token
    refused(forger, token)
