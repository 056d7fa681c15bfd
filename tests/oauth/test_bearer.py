"""The verifier: which access token is believed now, and what it asks to know that."""

from __future__ import annotations

import pytest

from chalicelib.domain.errors import InvalidToken, Unauthorized, Unavailable
from chalicelib.oauth.bearer import bearer_token
from tests.changes import ACTOR
from tests.fakes import FakeAdapters, FakeServices, fake_services
from tests.oauth.actors import account
from tests.oauth.token_forger import TokenForger, refused


def rotate(services: FakeServices) -> None:
    """Rotate as Secrets Manager has it done."""
    version = services.adapters.entropy(16).hex()
    services.key_rotation.create_secret(version)
    services.key_rotation.finish_secret(version)


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
    forger.services.adapters.store.advance_epoch(1)
    with pytest.raises(Unavailable):
        forger.verify(forger.good)
    forger.services.adapters.keys.breach()
    refused(forger, forger.good)


@pytest.mark.parametrize(("ahead", "good"), [(0, True), (60, True), (61, False), (10**6, False)])
def test_a_token_may_be_dated_a_minute_ahead_and_no_more(
    forger: TokenForger,
    ahead: int,
    good: bool,  # noqa: FBT001
) -> None:
    now = forger.services.adapters.clock.now
    token = forger.token(payload={"iat": now + ahead, "exp": now + ahead + 60})
    if good:
        assert forger.verify(token)
    else:
        refused(forger, token)


def test_a_token_is_valid_for_a_day_at_most_even_if_correctly_signed(forger: TokenForger) -> None:
    now = forger.services.adapters.clock.now
    assert forger.verify(forger.token(payload={"iat": now, "exp": now + 86_400}))
    for expires_at in (now + 86_401, 2**53 - 1):
        refused(forger, forger.token(payload={"iat": now, "exp": expires_at}))


def test_a_replaced_key_verifies_what_it_can_have_signed_and_nothing_later(forger: TokenForger) -> None:
    """A function may sign with its cached copy for a minute, by a clock that is a minute ahead."""
    adapters = forger.services.adapters
    rotate(forger.services)
    replaced_at = adapters.store.system_state.replaced_at[forger.header["kid"]]
    adapters.clock.advance(20 * 60)

    def dated(issued_at: int) -> str:
        return forger.token(payload={"iat": issued_at, "exp": issued_at + 3600})

    assert forger.verify(forger.good)
    assert forger.verify(dated(replaced_at + 120))
    for later in (121, 20 * 60):
        refused(forger, dated(replaced_at + later))


def test_a_retired_key_is_held_to_its_time_too(forger: TokenForger) -> None:
    adapters = forger.services.adapters
    for _ in range(3):
        rotate(forger.services)
        adapters.clock.advance(200)
    assert forger.header["kid"] in {one.key.kid for one in adapters.keys.current().current.retired}
    assert forger.verify(forger.good)
    refused(forger, forger.token(payload={"iat": adapters.clock.now, "exp": adapters.clock.now + 60}))


def test_a_key_of_whose_replacement_nothing_is_recorded_verifies_all(forger: TokenForger) -> None:
    adapters = forger.services.adapters
    adapters.keys.rotate()
    adapters.clock.advance(1_000)
    assert forger.verify(forger.token(payload={"iat": adapters.clock.now}))


def test_what_a_rotation_left_unrecorded_the_next_one_records(forger: TokenForger) -> None:
    adapters = forger.services.adapters
    adapters.keys.rotate()
    assert not adapters.store.system_state.replaced_at
    rotate(forger.services)
    assert forger.header["kid"] in adapters.store.system_state.replaced_at


def test_a_session_of_a_past_epoch_is_over_also_where_only_the_key_knows(forger: TokenForger) -> None:
    """As in a table that was restored to a time before a breach."""
    adapters = forger.services.adapters
    old = adapters.keys.current().current
    epoch = adapters.keys.breach()
    new_key = adapters.keys.current().current
    assert (old.epoch, epoch, adapters.store.system_state.epoch) == (0, 1, 0)
    token = forger.token(key=new_key.material.reveal(), header={"kid": new_key.kid})
    with pytest.raises(InvalidToken, match="session ended"):
        forger.verify(token)


@pytest.mark.parametrize("method", ["for_kid", "session"])
def test_an_outage_is_neither_yes_nor_no(forger: TokenForger, method: str) -> None:
    adapters = forger.services.adapters
    (adapters.keys if method == "for_kid" else adapters.store).down.add(method)
    with pytest.raises(Unavailable):
        forger.verify(forger.good)


def test_a_malformed_token_causes_no_call(forger: TokenForger) -> None:
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
