"""What the template has API Gateway answer by itself, held to the contract."""

from __future__ import annotations

import json
import re

import pytest

from chalicelib.domain import errors
from infra.local.gateway.answers import from_refusal
from infra.local.stack.template import Template
from tests.infra.conftest import error_of

RESPONSES = Template.load({}).gateway_responses()
BEARER = 'Bearer realm="gatehouse"'
# Every type there is, with the status that AWS sends of its own accord.
KINDS = {
    "ACCESS_DENIED": (403, 401, "invalid_token"),
    "API_CONFIGURATION_ERROR": (500, 503, "temporarily_unavailable"),
    "AUTHORIZER_CONFIGURATION_ERROR": (500, 503, "temporarily_unavailable"),
    "AUTHORIZER_FAILURE": (500, 503, "temporarily_unavailable"),
    "BAD_REQUEST_BODY": (400, 400, "invalid_request"),
    "BAD_REQUEST_PARAMETERS": (400, 400, "invalid_request"),
    "EXPIRED_TOKEN": (403, 404, "not_found"),
    "INTEGRATION_FAILURE": (504, 503, "temporarily_unavailable"),
    "INTEGRATION_TIMEOUT": (504, 503, "temporarily_unavailable"),
    "INVALID_API_KEY": (403, 403, "invalid_request"),
    "INVALID_SIGNATURE": (403, 404, "not_found"),
    "MISSING_AUTHENTICATION_TOKEN": (403, 404, "not_found"),
    "QUOTA_EXCEEDED": (429, 429, "temporarily_unavailable"),
    "REQUEST_TOO_LARGE": (413, 400, "invalid_request"),
    "RESOURCE_NOT_FOUND": (404, 404, "not_found"),
    "THROTTLED": (429, 429, "temporarily_unavailable"),
    "UNAUTHORIZED": (401, 401, "unauthorized"),
    "UNSUPPORTED_MEDIA_TYPE": (415, 400, "invalid_request"),
    "WAF_FILTERED": (403, 403, "access_denied"),
    "ANOTHER_REFUSAL": (418, 418, "invalid_request"),
    "ANOTHER_FAILURE": (599, 503, "temporarily_unavailable"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_gateway_response_keeps_the_contract(kind: str) -> None:
    by_default, status, error = KINDS[kind]
    response = from_refusal(RESPONSES, kind, by_default)
    assert (response.status, error_of(response)) == (status, error)
    headers = dict(response.headers)
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Type"] == "application/json"
    assert headers.get("Retry-After") == ("5" if error == "temporarily_unavailable" else None)


TEXTS = {
    (kind.status, kind.code): kind.description
    for kind in (
        errors.Unauthorized,
        errors.InvalidToken,
        errors.NotFound,
        errors.TooManyAttempts,
        errors.AccessDenied,
        errors.Unavailable,
    )
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_text_is_the_one_of_the_domain(kind: str) -> None:
    """Apps compare and people search texts: one error reads alike, whoever answers it."""
    by_default, status, error = KINDS[kind]
    said = json.loads(from_refusal(RESPONSES, kind, by_default).body)["error_description"]
    if error == errors.InvalidRequest.code:
        assert said not in TEXTS.values()
    else:
        assert said == TEXTS[status, error]


def test_only_the_two_401s_challenge() -> None:
    challenges = {kind: dict(from_refusal(RESPONSES, kind, 400).headers) for kind in RESPONSES}
    assert {
        kind: headers["WWW-Authenticate"]
        for kind, headers in challenges.items()
        if "WWW-Authenticate" in headers
    } == {"UNAUTHORIZED": BEARER, "ACCESS_DENIED": f'{BEARER}, error="invalid_token"'}


@pytest.mark.parametrize("kind", RESPONSES)
def test_a_body_is_a_constant_of_plain_characters(kind: str) -> None:
    """A `$` would map something of the request into it; RFC 6749 §5.2 has neither quote nor backslash."""
    body = RESPONSES[kind]["ResponseTemplates"]["application/json"]
    assert "$" not in body
    assert re.fullmatch(r'\{"error": "[a-z_]+", "error_description": "[A-Z][A-Za-z0-9 ,.]+\."\}', body)


def test_the_fallback_for_refusals_sets_no_status() -> None:
    """One set there would replace the status of every 4XX that is not named."""
    assert "StatusCode" not in RESPONSES["DEFAULT_4XX"]


def test_a_header_must_be_a_constant() -> None:
    """The local gateway would not map a part of the request, so it says so instead of sending the mapping."""
    mapped = {
        "DEFAULT_4XX": {
            "ResponseParameters": {"Headers": {"X": "method.request.header.X"}},
            "ResponseTemplates": {"application/json": "{}"},
        }
    }
    with pytest.raises(ValueError, match="constants"):
        from_refusal(mapped, "DEFAULT_4XX", 400)
