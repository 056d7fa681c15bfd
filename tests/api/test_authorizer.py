"""The authorizer: what it answers the gateway, for every kind of token."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.api import authorizer
from chalicelib.api.issuer import issuer_of_method, issuer_of_request
from chalicelib.domain.errors import Unavailable
from chalicelib.settings import Settings
from tests.api.events import API, REGION, STAGE, Denied, Gateway, authorize, stringified
from tests.fakes import FakeServices
from tests.oauth import forge
from tests.oauth.actors import EMAIL, PASSWORD, account
from tests.written import Written

ISSUER = f"https://{API}.execute-api.{REGION}.amazonaws.com/{STAGE}"
ARN = f"arn:aws:execute-api:{REGION}:123456789012:{API}/{STAGE}/*/*"


@pytest.fixture
def token(gateway: Gateway) -> str:
    account(gateway.services)
    answer = gateway.token(grant_type="password", username=EMAIL, password=PASSWORD)
    return str(answer.json["access_token"])


def key(services: FakeServices) -> bytes:
    return services.adapters.keys.current().current.material.reveal()


def effect(answer: dict[str, Any]) -> str:
    (statement,) = answer["policyDocument"]["Statement"]
    return str(statement["Effect"])


def denied(authorization: str, error: str = "invalid_token") -> None:
    answer = authorize(authorization)
    assert effect(answer) == "Deny"
    assert answer["context"]["error"] == error
    assert answer["principalId"] == "nobody"


def test_a_good_token_is_allowed_every_route_and_method(token: str) -> None:
    """API Gateway caches the policy by token and applies it to each route, so one route will not do."""
    for method, path in (("GET", "/me"), ("DELETE", "/me/sessions/x"), ("GET", "/admin/users/a/b:c")):
        answer = authorize(f"Bearer {token}", method, path)
        assert answer["policyDocument"] == {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": ARN}],
        }


def test_the_context_is_the_claims_and_flat(token: str) -> None:
    answer = authorize(f"Bearer {token}")
    assert answer["context"] == forge.parts(token)[1]
    assert answer["principalId"] == answer["context"]["sub"]
    assert answer["context"]["iss"] == ISSUER
    assert stringified(answer["context"], answer["principalId"])


def test_a_deny_is_for_every_route_too_and_says_why_without_the_token(token: str) -> None:
    answer = authorize(f"Bearer {token}x")
    (statement,) = answer["policyDocument"]["Statement"]
    assert (statement["Effect"], statement["Resource"]) == ("Deny", ARN)
    assert set(answer["context"]) == {"error", "reason"}
    assert all(type(value) is str for value in answer["context"].values())
    assert token[:20] not in repr(answer)


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER   "])
def test_the_scheme_has_no_case(token: str, scheme: str) -> None:
    assert effect(authorize(scheme + token)) == "Allow"


@pytest.mark.parametrize("authorization", ["", " ", "Bearerx", "token", "Bearer\tx"])
def test_without_a_bearer_token_the_challenge_has_no_error(gateway: Gateway, authorization: str) -> None:
    denied(authorization, "unauthorized")


@pytest.mark.parametrize(
    "authorization", ["Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "Bearer \u00e9", "Bearer \x00"]
)
def test_a_malformed_token_is_denied(gateway: Gateway, authorization: str) -> None:
    denied(authorization)


def test_a_token_with_a_permission_written_in_by_hand_is_denied(gateway: Gateway, token: str) -> None:
    header, payload, signature = token.split(".")
    claims = forge.parts(token)[1] | {"scope": "things:delete users:write"}
    tampered = forge.token(forge.parts(token)[0], claims, b"x" * 64).split(".")[1]
    denied(f"Bearer {header}.{tampered}.{signature}")
    assert payload != tampered


@pytest.mark.parametrize(
    ("header", "payload"),
    [
        ({"typ": "JWT"}, {}),
        ({"alg": "none"}, {}),
        ({"alg": "HS512"}, {}),
        ({"kid": "00000000-0000-4000-8000-ffffffffffff"}, {}),
        ({"crit": ["exp"]}, {}),
        ({}, {"iss": "https://evil.example"}),
        ({}, {"aud": "https://evil.example"}),
        ({}, {"exp": 1_699_999_999}),
        ({}, {"exp": "1900000000"}),
        ({}, {"sid": "0" * 32}),
        ({}, {"sub": "0" * 32}),
    ],
)
def test_a_well_signed_token_of_another_kind_is_denied(
    gateway: Gateway, token: str, header: dict[str, Any], payload: dict[str, Any]
) -> None:
    good_header, good_payload = forge.parts(token)
    forged = forge.token({**good_header, **header}, {**good_payload, **payload}, key(gateway.services))
    denied(f"Bearer {forged}")


def test_a_token_of_another_key_is_denied(token: str) -> None:
    denied(f"Bearer {forge.token(*forge.parts(token), b'k' * 64)}")


def test_an_unsigned_token_is_denied(token: str) -> None:
    header, payload, _ = token.split(".")
    none = forge.encode(b'{"alg":"none","typ":"at+jwt"}')
    for forged in (f"{header}.{payload}.", f"{none}.{payload}.", f"{none}.{payload}"):
        denied(f"Bearer {forged}")


def test_a_refresh_token_is_no_access_token(gateway: Gateway) -> None:
    account(gateway.services)
    answer = gateway.token(grant_type="password", username=EMAIL, password=PASSWORD)
    denied(f"Bearer {answer.json['refresh_token']}")


def test_an_expired_token_is_denied_in_its_last_second(gateway: Gateway, token: str) -> None:
    gateway.services.adapters.clock.advance(3599)
    assert effect(authorize(f"Bearer {token}")) == "Allow"
    gateway.services.adapters.clock.advance(1)
    denied(f"Bearer {token}")


def test_a_revoked_token_is_denied(gateway: Gateway, token: str) -> None:
    assert gateway.form("/oauth/revoke", token=token).status == 200
    denied(f"Bearer {token}")


def test_the_token_of_another_stage_is_denied(gateway: Gateway, token: str) -> None:
    event = {
        "type": "TOKEN",
        "authorizationToken": f"Bearer {token}",
        "methodArn": ARN.replace("/v1/", "/v2/"),
    }
    assert effect(authorizer.bearer(event, None)) == "Deny"


@pytest.mark.parametrize("switch", ["down", "mute"])
@pytest.mark.parametrize("method", ["session", "for_kid"])
def test_an_outage_is_raised_so_that_the_gateway_says_503_and_caches_nothing(
    gateway: Gateway, token: str, method: str, switch: str
) -> None:
    adapters = gateway.services.adapters
    port = adapters.store if method == "session" else adapters.keys
    setattr(port, switch, {method})
    with pytest.raises(Unavailable):
        authorize(f"Bearer {token}")
    setattr(port, switch, set())
    assert effect(authorize(f"Bearer {token}")) == "Allow"


def test_keys_of_an_epoch_that_the_table_has_left_are_an_outage_and_no_allow(
    gateway: Gateway, token: str
) -> None:
    gateway.services.adapters.store.advance_epoch(1)
    with pytest.raises(Unavailable):
        authorize(f"Bearer {token}")


@pytest.mark.parametrize("port", ["codec", "keys", "store"])
def test_an_unexpected_error_is_raised_without_input_in_its_text(
    gateway: Gateway, token: str, written: Written, port: str
) -> None:
    setattr(gateway.services.adapters, port, {token: "hunter2"})
    with pytest.raises(Unavailable) as raised:
        authorize(f"Bearer {token}")
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__
    assert str(raised.value) == "crash"
    assert '"message":"crash"' in written.text
    assert "hunter2" not in written.text


def test_the_exception_of_an_outage_never_is_the_one_that_the_gateway_takes_for_a_401() -> None:
    assert str(Unavailable("x")) != "Unauthorized"


def test_one_table_read_and_no_more_is_asked_for_a_good_token(gateway: Gateway, token: str) -> None:
    adapters = gateway.services.adapters
    adapters.store.calls.clear()
    adapters.store.round_trips = 0
    authorize(f"Bearer {token}")
    assert (adapters.store.calls, adapters.store.round_trips) == ({"session": 1}, 1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text()
    | st.text().map("Bearer ".__add__)
    | st.text(alphabet="eyJhbGciOi.-_=A0", max_size=90).map("bearer ".__add__)
    | st.binary().map(lambda raw: "Bearer " + raw.decode("latin-1"))
)
def test_any_authorization_is_denied_and_never_a_crash(gateway: Gateway, authorization: str) -> None:
    answer = authorize(authorization)
    assert effect(answer) == "Deny"
    assert answer["context"]["error"] in {"unauthorized", "invalid_token"}


def test_a_denied_request_never_reaches_the_function(gateway: Gateway) -> None:
    with pytest.raises(Denied):
        gateway.protected("GET", "/me", "x")


def test_in_china_the_issuer_has_another_domain() -> None:
    config = Settings(aws_region="cn-north-1")
    expected = f"https://{API}.execute-api.cn-north-1.amazonaws.com.cn/{STAGE}"
    arn = f"arn:aws-cn:execute-api:cn-north-1:123456789012:{API}/{STAGE}/GET/me"
    assert issuer_of_method(config, arn) == expected
    assert issuer_of_request(config, {"apiId": API, "stage": STAGE}) == expected
