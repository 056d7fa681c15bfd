"""Revocation: a token of either kind ends its session, and no other token is an error (RFC 7009)."""

from __future__ import annotations

import pytest

from chalicelib.domain.errors import InvalidClient, InvalidGrant, InvalidRequest, InvalidToken, Unavailable
from chalicelib.domain.sessions.session import EndReason
from chalicelib.oauth.access_tokens import TokenResponse
from tests.changes import set_disabled
from tests.fakes import FakeServices, fake_services
from tests.oauth.actors import ISSUER, account, claims_of, refresh, request, sign_in


@pytest.fixture
def services() -> FakeServices:
    services = fake_services(client_ids="web-app")
    account(services)
    return services


def revoke(services: FakeServices, token: str, *, authorization: str = "", **parameters: str) -> bool:
    asked = request(authorization=authorization, token=token, **parameters)
    return services.revocation(asked, services.verifier(ISSUER))


def is_over(services: FakeServices, answer: TokenResponse) -> bool:
    with pytest.raises(InvalidGrant):
        refresh(services, answer.refresh_token)
    with pytest.raises(InvalidToken):
        claims_of(services, answer)
    return True


@pytest.mark.parametrize("hint", [None, "refresh_token", "access_token", "id_token", "", "\u00e9"])
@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
def test_a_token_of_either_kind_ends_its_session_whatever_the_hint(
    services: FakeServices, kind: str, hint: str | None
) -> None:
    answer, other = sign_in(services), sign_in(services)
    hints = {} if hint is None else {"token_type_hint": hint}
    assert revoke(services, str(answer.to_wire()[kind]), **hints)
    assert is_over(services, answer)
    assert claims_of(services, other)
    (ended,) = services.adapters.store.past.values()
    assert ended.reason is EndReason.REVOKED
    assert services.adapters.audit.names.count("session_ended") == 1


@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
def test_revoking_again_is_no_error_and_ends_nothing(services: FakeServices, kind: str) -> None:
    token = str(sign_in(services).to_wire()[kind])
    assert revoke(services, token)
    assert not revoke(services, token)
    assert services.adapters.audit.names.count("session_ended") == 1


@pytest.mark.parametrize(
    "token", ["x", "ghr_x", "ghr_" + "A" * 112, "eyJ.eyJ.x", "\u00e9", "\x00", "x" * 9000]
)
def test_a_token_that_never_was_is_no_error(services: FakeServices, token: str) -> None:
    answer = sign_in(services)
    assert not revoke(services, token)
    assert claims_of(services, answer)


def test_a_mangled_refresh_token_ends_nothing(services: FakeServices) -> None:
    answer = sign_in(services)
    token = answer.refresh_token
    for mangled in (
        token + "=",
        " " + token,
        token.swapcase(),
        token[:-1] + ("A" if token[-1] != "A" else "B"),
    ):
        assert not revoke(services, mangled)
    assert claims_of(services, answer)


def test_a_spent_refresh_token_still_ends_its_session(services: FakeServices) -> None:
    """An app that lost an answer signs out with what it has."""
    first = sign_in(services)
    second = refresh(services, first.refresh_token)
    assert revoke(services, first.refresh_token)
    assert is_over(services, second)
    assert "refresh_token_reuse" not in services.adapters.audit.names


def test_an_expired_access_token_is_dead_already(services: FakeServices) -> None:
    answer = sign_in(services)
    services.adapters.clock.advance(3600)
    assert not revoke(services, answer.access_token)
    assert refresh(services, answer.refresh_token).access_token


@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
def test_the_token_of_another_client_is_not_revoked(services: FakeServices, kind: str) -> None:
    answer = sign_in(services, client_id="web-app")
    with pytest.raises(InvalidGrant):
        revoke(services, str(answer.to_wire()[kind]))
    assert claims_of(services, answer)
    assert revoke(services, str(answer.to_wire()[kind]), client_id="web-app")


def test_an_unknown_client_revokes_nothing(services: FakeServices) -> None:
    answer = sign_in(services)
    with pytest.raises(InvalidClient):
        revoke(services, answer.refresh_token, client_id="unknown")
    assert claims_of(services, answer)


def test_without_a_token_the_request_is_malformed(services: FakeServices) -> None:
    with pytest.raises(InvalidRequest):
        services.revocation(request(token_type_hint="refresh_token"), services.verifier(ISSUER))


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
def test_in_an_outage_the_token_counts_as_valid(services: FakeServices, kind: str, method: str) -> None:
    answer = sign_in(services)
    port = services.adapters.keys if method == "for_kid" else services.adapters.store
    port.down.add(method)
    with pytest.raises(Unavailable):
        revoke(services, str(answer.to_wire()[kind]))
    port.down.clear()
    assert claims_of(services, answer)


def test_a_key_that_a_breach_has_withdrawn_ends_no_session(services: FakeServices) -> None:
    """A function that has it cached asks for the new one, as the authorizer does."""
    stale = services.adapters.keys.current()
    withdrawn = sign_in(services).access_token
    services.adapters.store.advance_epoch(services.adapters.keys.breach())
    fresh = sign_in(services)
    claims = claims_of(services, fresh)
    forged = services.adapters.codec.sign(claims.to_mapping(), stale.current)
    for token in (withdrawn, forged):
        services.adapters.keys.cached = stale
        assert not revoke(services, token)
    assert claims_of(services, fresh)


def test_a_disabled_user_can_still_sign_out(services: FakeServices) -> None:
    answer = sign_in(services)
    user_id = next(iter(services.adapters.store.accounts))
    set_disabled(services.adapters.store, user_id, disabled=True)
    assert revoke(services, answer.refresh_token)
