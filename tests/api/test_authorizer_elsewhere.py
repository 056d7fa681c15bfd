"""The authorizer, asked by another API of the account: whose issuer counts, and for what it allows."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.api import authorizer
from chalicelib.services import override_services
from tests.api.events import ACCOUNT, API, REGION, STAGE, Gateway
from tests.fakes import fake_services
from tests.oauth.actors import EMAIL, PASSWORD, account

ISSUER = f"https://{API}.execute-api.{REGION}.amazonaws.com/{STAGE}"
OTHER = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:z9y8x7w6v5/live"


@pytest.fixture
def token(gateway: Gateway) -> str:
    account(gateway.services)
    answer = gateway.token(grant_type="password", username=EMAIL, password=PASSWORD)
    return str(answer.json["access_token"])


def asked_elsewhere(token: str) -> dict[str, Any]:
    """Return the statement that the other API gets."""
    event = {"type": "TOKEN", "authorizationToken": f"Bearer {token}", "methodArn": f"{OTHER}/GET/orders"}
    answer = authorizer.bearer(event, None)
    (statement,) = answer["policyDocument"]["Statement"]
    return dict(statement)


def test_with_a_recorded_issuer_another_api_may_ask(gateway: Gateway, token: str) -> None:
    gateway.services.adapters.system.record_issuer(ISSUER)
    statement = asked_elsewhere(token)
    assert (statement["Effect"], statement["Resource"]) == ("Allow", f"{OTHER}/*/*")
    assert gateway.protected("GET", "/me", token).status == 200, "Gatehouse's own API asks as before"


def test_without_one_only_the_api_that_issued_the_token_may(gateway: Gateway, token: str) -> None:
    assert asked_elsewhere(token)["Effect"] == "Deny"


def test_a_token_of_another_issuer_is_refused_whoever_asks(gateway: Gateway, token: str) -> None:
    gateway.services.adapters.system.record_issuer("https://another.example.com")
    assert asked_elsewhere(token)["Effect"] == "Deny"


def test_the_setting_counts_before_what_is_recorded(gateway: Gateway, token: str) -> None:
    adapters = gateway.services.adapters
    adapters.system.record_issuer(ISSUER)
    with override_services(fake_services(adapters, issuer="https://auth.example.com")):
        assert asked_elsewhere(token)["Effect"] == "Deny"
    adapters.system.record_issuer("https://recorded.example.com")
    with override_services(fake_services(adapters, issuer=ISSUER)):
        assert asked_elsewhere(token)["Effect"] == "Allow"


def test_an_audience_that_is_set_counts_alone(gateway: Gateway, token: str) -> None:
    adapters = gateway.services.adapters
    adapters.system.record_issuer(ISSUER)
    with override_services(fake_services(adapters, audience="https://orders.example.com")):
        assert asked_elsewhere(token)["Effect"] == "Deny", "its audience is the issuer"
