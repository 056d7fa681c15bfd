"""What the authorizer writes: of which invocation and route, and nothing that the caller wrote."""

from __future__ import annotations

import pytest

from chalicelib.api import authorizer
from chalicelib.domain.errors import Unavailable
from infra.local.gateway.events import lambda_context
from tests.api.events import Gateway, authorize
from tests.api.test_authorizer import ARN, effect, token
from tests.oauth import forge
from tests.written import Written

__all__ = ["token"]


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/me", "GET /me"),
        ("/me/sessions", "GET /me/sessions"),
        ("/me/sessions/0f3a", "GET /me/sessions/{}"),
        ("/admin/users/Guessed: password!/x", "GET /admin/users/{}/x"),
        ("/", "GET /"),
    ],
)
def test_a_denial_says_of_which_request_and_route_it_was_and_whose(
    gateway: Gateway, token: str, written: Written, path: str, route: str
) -> None:
    gateway.services.adapters.clock.advance(3600)
    written.forget()
    event = {
        "type": "TOKEN",
        "authorizationToken": f"Bearer {token}",
        "methodArn": ARN.replace("*/*", "GET" + path),
    }
    context = lambda_context("bearer")
    assert effect(authorizer.bearer(event, context)) == "Deny"
    (line,) = (one for one in written.lines if one.get("message") == "denied")
    assert (line["function"], line["route"], line["request_id"]) == (
        "authorizer",
        route,
        context.aws_request_id,
    )
    assert (line["reason"], line["user_id"]) == ("expired", forge.parts(token)[1]["sub"])


def test_a_setting_that_is_none_is_an_outage_and_told(written: Written) -> None:
    """The services cannot be built: no token can be judged."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOG_LEVEL", "WARNING")
        with pytest.raises(Unavailable):
            authorize("Bearer x")
    (line,) = (one for one in written.lines if one.get("message") == "outage")
    assert (line["reason"], line["setting"]) == (
        "bad setting",
        "LOG_LEVEL must be DEBUG or INFO, not 'WARNING'.",
    )
