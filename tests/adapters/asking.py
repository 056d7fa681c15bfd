"""Requests to the services on AWS whose calls are counted."""

from __future__ import annotations

import pytest

from chalicelib.domain.errors import InvalidGrant
from chalicelib.oauth.access_tokens import TokenResponse
from chalicelib.oauth.requests import TokenRequest
from tests.fake_aws import AwsServices

ISSUER = "https://auth.example.com"
EMAIL, PASSWORD = "ada@example.com", "correct horse battery"


def ask(services: AwsServices, **parameters: str) -> TokenResponse:
    return services.token_endpoint(TokenRequest(parameters, ISSUER, ISSUER))


def sign_in(services: AwsServices, username: str = EMAIL, password: str = PASSWORD) -> TokenResponse:
    return ask(services, grant_type="password", username=username, password=password)


def refused(services: AwsServices, username: str = EMAIL) -> None:
    with pytest.raises(InvalidGrant):
        sign_in(services, username, "wrong " + PASSWORD)
