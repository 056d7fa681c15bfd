"""What the tests of the protocol do again and again: an account, a request, a sign-in, a refresh."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from chalicelib.domain.accounts.account import Account
from chalicelib.domain.accounts.passwords import Password
from chalicelib.domain.errors import InvalidGrant
from chalicelib.domain.tokens.claims import VerifiedClaims
from chalicelib.oauth.access_tokens import TokenResponse
from chalicelib.oauth.requests import TokenRequest
from chalicelib.services import Services

ISSUER = "https://api.example.com"
PASSWORD = "open the gate, please"
EMAIL = "alice@example.com"
USERNAME = "alice"
PERMISSIONS = ("things:read", "things:write")


def account(
    services: Services,
    email: str = EMAIL,
    username: str | None = USERNAME,
    permissions: Iterable[str] = PERMISSIONS,
    password: str = PASSWORD,
) -> Account:
    return services.create_account(
        email=email, password=Password.presented(password), username_=username, permissions=permissions
    )


def request(
    *, issuer: str = ISSUER, authorization: str = "", idempotency_key: str | None = None, **parameters: str
) -> TokenRequest:
    return TokenRequest(
        parameters=parameters,
        issuer=issuer,
        audience=issuer,
        authorization=authorization,
        idempotency_key=idempotency_key,
    )


def sign_in(
    services: Services, username: str = EMAIL, password: str = PASSWORD, **parameters: str
) -> TokenResponse:
    return services.token_endpoint(
        request(grant_type="password", username=username, password=password, **parameters)
    )


def refresh(
    services: Services, refresh_token: str, *, idempotency_key: str | None = None, **parameters: str
) -> TokenResponse:
    return services.token_endpoint(
        request(
            grant_type="refresh_token",
            refresh_token=refresh_token,
            idempotency_key=idempotency_key,
            **parameters,
        )
    )


def refused(
    services: Services, token: str, *, idempotency_key: str | None = None, **parameters: str
) -> InvalidGrant:
    """Refresh, and return the refusal that must follow."""
    with pytest.raises(InvalidGrant) as refusal:
        refresh(services, token, idempotency_key=idempotency_key, **parameters)
    assert refusal.value.public_description == InvalidGrant.description
    return refusal.value


def claims_of(services: Services, response: TokenResponse) -> VerifiedClaims:
    """The claims of an issued token, read by the verifier."""
    return services.verifier(ISSUER).verify(response.access_token)
