"""Revocation: a token of either kind ends its session, and no other token is an error (RFC 7009)."""

from __future__ import annotations

import pytest

from chalicelib.domain.errors import InvalidClient, InvalidGrant, InvalidRequest, InvalidToken, Unavailable
from chalicelib.domain.sessions import EndReason
from chalicelib.oauth.access_tokens import TokenResponse
from tests.fakes import FakeHouse, fake_house
from tests.oauth.actors import ISSUER, account, claims_of, refresh, request, sign_in


@pytest.fixture
def house() -> FakeHouse:
    house = fake_house(client_ids="web-app")
    account(house)
    return house


def revoke(house: FakeHouse, token: str, *, authorization: str = "", **parameters: str) -> bool:
    asked = request(authorization=authorization, token=token, **parameters)
    return house.revocation(asked, house.verifier(ISSUER))


def is_over(house: FakeHouse, answer: TokenResponse) -> bool:
    with pytest.raises(InvalidGrant):
        refresh(house, answer.refresh_token)
    with pytest.raises(InvalidToken):
        claims_of(house, answer)
    return True


@pytest.mark.parametrize("hint", [None, "refresh_token", "access_token", "id_token", "", "\u00e9"])
@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
def test_a_token_of_either_kind_ends_its_session_whatever_the_hint(
    house: FakeHouse, kind: str, hint: str | None
) -> None:
    answer, other = sign_in(house), sign_in(house)
    hints = {} if hint is None else {"token_type_hint": hint}
    assert revoke(house, str(answer.to_wire()[kind]), **hints)
    assert is_over(house, answer)
    assert claims_of(house, other)
    (ended,) = house.world.store.past.values()
    assert ended.reason is EndReason.REVOKED
    assert house.world.audit.names.count("session_ended") == 1


@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
def test_revoking_again_is_no_error_and_ends_nothing(house: FakeHouse, kind: str) -> None:
    token = str(sign_in(house).to_wire()[kind])
    assert revoke(house, token)
    assert not revoke(house, token)
    assert house.world.audit.names.count("session_ended") == 1


@pytest.mark.parametrize(
    "token", ["x", "ghr_x", "ghr_" + "A" * 112, "eyJ.eyJ.x", "\u00e9", "\x00", "x" * 9000]
)
def test_a_token_that_never_was_is_no_error(house: FakeHouse, token: str) -> None:
    answer = sign_in(house)
    assert not revoke(house, token)
    assert claims_of(house, answer)


def test_a_mangled_refresh_token_ends_nothing(house: FakeHouse) -> None:
    answer = sign_in(house)
    token = answer.refresh_token
    for mangled in (
        token + "=",
        " " + token,
        token.swapcase(),
        token[:-1] + ("A" if token[-1] != "A" else "B"),
    ):
        assert not revoke(house, mangled)
    assert claims_of(house, answer)


def test_a_spent_refresh_token_still_ends_its_session(house: FakeHouse) -> None:
    """An app that lost an answer signs out with what it has."""
    first = sign_in(house)
    second = refresh(house, first.refresh_token)
    assert revoke(house, first.refresh_token)
    assert is_over(house, second)
    assert "refresh_token_reuse" not in house.world.audit.names


def test_an_expired_access_token_is_dead_already(house: FakeHouse) -> None:
    answer = sign_in(house)
    house.world.clock.advance(3600)
    assert not revoke(house, answer.access_token)
    assert refresh(house, answer.refresh_token).access_token


@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
def test_the_token_of_another_client_is_not_revoked(house: FakeHouse, kind: str) -> None:
    answer = sign_in(house, client_id="web-app")
    with pytest.raises(InvalidGrant):
        revoke(house, str(answer.to_wire()[kind]))
    assert claims_of(house, answer)
    assert revoke(house, str(answer.to_wire()[kind]), client_id="web-app")


def test_an_unknown_client_revokes_nothing(house: FakeHouse) -> None:
    answer = sign_in(house)
    with pytest.raises(InvalidClient):
        revoke(house, answer.refresh_token, client_id="unknown")
    assert claims_of(house, answer)


def test_without_a_token_the_request_is_malformed(house: FakeHouse) -> None:
    with pytest.raises(InvalidRequest):
        house.revocation(request(token_type_hint="refresh_token"), house.verifier(ISSUER))


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        ("refresh_token", "session"),
        ("refresh_token", "end"),
        ("access_token", "session"),
        ("access_token", "end"),
        ("access_token", "for_kid"),
    ],
)
def test_in_an_outage_the_token_counts_as_valid(house: FakeHouse, kind: str, method: str) -> None:
    answer = sign_in(house)
    port = house.world.keys if method == "for_kid" else house.world.store
    port.down.add(method)
    with pytest.raises(Unavailable):
        revoke(house, str(answer.to_wire()[kind]))
    port.down.clear()
    assert claims_of(house, answer)


def test_a_key_that_a_breach_has_withdrawn_ends_no_session(house: FakeHouse) -> None:
    """A function that has it cached asks for the new one, as the authorizer does."""
    stale = house.world.keys.current()
    withdrawn = sign_in(house).access_token
    house.world.store.advance_epoch(house.world.keys.breach(), house.world.clock.now)
    fresh = sign_in(house)
    claims = claims_of(house, fresh)
    forged = house.world.codec.sign(claims.to_mapping(), stale.current)
    for token in (withdrawn, forged):
        house.world.keys.cached = stale
        assert not revoke(house, token)
    assert claims_of(house, fresh)


def test_a_disabled_user_can_still_sign_out(house: FakeHouse) -> None:
    answer = sign_in(house)
    user_id = next(iter(house.world.store.accounts))
    house.world.store.set_disabled(user_id, disabled=True)
    assert revoke(house, answer.refresh_token)
