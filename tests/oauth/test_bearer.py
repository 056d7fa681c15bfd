"""The verifier: which access token is believed now, and what it asks to know that."""

from __future__ import annotations

import pytest

from chalicelib.domain.errors import Unauthorized, Unavailable
from chalicelib.oauth.bearer import bearer_token
from tests.fakes import FakeWorld, fake_house
from tests.oauth.actors import account
from tests.oauth.mint import Mint, refused


def test_a_token_as_issued_is_good_and_so_is_the_same_written_by_hand(mint: Mint) -> None:
    assert mint.verify(mint.good) == mint.verify(mint.token())
    assert mint.verify(mint.good).to_mapping() == mint.payload


def test_a_token_whose_session_has_ended_is_refused(mint: Mint) -> None:
    mint.house.administration.disable(mint.payload["sub"])
    refused(mint, mint.good)


def test_a_token_whose_session_is_over_by_its_idle_life_is_refused(world: FakeWorld) -> None:
    mint = Mint(fake_house(world, refresh_idle_seconds=100))
    world.clock.advance(99)
    assert mint.verify(mint.good)
    world.clock.advance(1)
    refused(mint, mint.good)


def test_a_token_of_somebody_elses_session_is_refused(mint: Mint) -> None:
    other = account(mint.house, "bob@example.com", "bob")
    refused(mint, mint.token(payload={"sub": other.user_id}))
    refused(mint, mint.token(payload={"sid": "0" * 32}))


def test_after_a_rotation_the_tokens_of_the_key_before_are_good(mint: Mint) -> None:
    mint.house.world.keys.rotate()
    assert mint.verify(mint.good)
    mint.house.world.keys.rotate()
    assert mint.verify(mint.good), "rotated twice within the life of the token"
    mint.house.world.clock.advance(3600)
    refused(mint, mint.good)


def test_after_a_breach_no_earlier_token_is_good_at_once(mint: Mint) -> None:
    mint.house.world.keys.breach()
    refused(mint, mint.good)


def test_a_breach_that_only_the_table_knows_makes_keys_too_old_to_believe(mint: Mint) -> None:
    """The epoch in the table is ahead of the keys: a token may be forged, and that cannot be told."""
    mint.house.world.store.advance_epoch(1, mint.house.world.clock.now)
    with pytest.raises(Unavailable):
        mint.verify(mint.good)
    mint.house.world.keys.breach()
    refused(mint, mint.good)


@pytest.mark.parametrize("method", ["for_kid", "session"])
def test_an_outage_is_neither_yes_nor_no(mint: Mint, method: str) -> None:
    world = mint.house.world
    (world.keys if method == "for_kid" else world.store).down.add(method)
    with pytest.raises(Unavailable):
        mint.verify(mint.good)


def test_a_token_of_no_form_at_all_asks_nobody(mint: Mint) -> None:
    mint.house.world.keys.calls.clear()
    mint.house.world.store.calls.clear()
    for token in ("", "x", "a.b", "a.b.c", "\u00e9" * 9, "x" * 9000, "e30.e30.e30"):
        refused(mint, token)
    assert not mint.house.world.keys.calls
    assert not mint.house.world.store.calls


def test_the_table_is_asked_only_about_a_token_that_is_well_signed(mint: Mint) -> None:
    mint.house.world.store.calls.clear()
    refused(mint, mint.token(key=b"k" * 64))
    assert not mint.house.world.store.calls


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
def test_whatever_follows_the_scheme_is_the_token(mint: Mint, header: str, token: str) -> None:
    assert bearer_token(header) == token
    refused(mint, token)
