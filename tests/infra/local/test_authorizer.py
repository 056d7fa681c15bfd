from __future__ import annotations

from typing import Any

import pytest

from tests.infra.conftest import EVERYTHING, GatewayHarness, error_of, make_harness, policy

ARN = EVERYTHING.removesuffix("*/*")


@pytest.mark.parametrize(
    "token",
    [None, "", "Basicx", "Bearerx", "Bearer\tgood", "Token good", "good", "xBearer x", "bearer:x"],
)
def test_without_a_bearer_scheme_the_authorizer_is_not_invoked(
    harness: GatewayHarness, token: str | None
) -> None:
    response = harness.ask("/guarded", token)
    assert (response.status, error_of(response)) == (401, "unauthorized")
    assert dict(response.headers)["WWW-Authenticate"] == 'Bearer realm="gatehouse"'
    assert harness.authorizer.events == []


@pytest.mark.parametrize("token", ["Bearer", "bearer", "BEARER x", "bEaReR  a b", "Bearer " + "x" * 9_000])
def test_any_bearer_value_is_passed_to_the_authorizer_unchanged(harness: GatewayHarness, token: str) -> None:
    response = harness.ask("/guarded", token)
    assert (response.status, error_of(response)) == (401, "invalid_token")
    assert dict(response.headers)["WWW-Authenticate"] == 'Bearer realm="gatehouse", error="invalid_token"'
    assert [event["authorizationToken"] for event in harness.authorizer.events] == [token]


def test_the_event_has_exactly_three_fields(harness: GatewayHarness) -> None:
    harness.ask("/guarded/a%2Fb?q=1", "Bearer good", headers={"X-Other": "1"})
    assert harness.authorizer.events == [
        {"type": "TOKEN", "authorizationToken": "Bearer good", "methodArn": f"{ARN}GET/guarded/a%2Fb"}
    ]


def test_the_function_gets_the_context_as_strings(harness: GatewayHarness) -> None:
    harness.authorizer.answers["Bearer good"] = policy("Allow", sub="u1", exp=12, ok=True, no=False, part=1.5)
    assert harness.event("/guarded", "Bearer good")["requestContext"]["authorizer"] == {
        "principalId": "someone",
        "integrationLatency": 0,
        "sub": "u1",
        "exp": "12",
        "ok": "true",
        "no": "false",
        "part": "1.5",
    }


def test_a_cached_decision_applies_to_every_route(harness: GatewayHarness) -> None:
    assert harness.ask("/guarded", "Bearer good").status == 200
    assert harness.ask("/guarded/x", "Bearer good").status == 200
    assert len(harness.authorizer.events) == 1


def test_a_cached_policy_is_evaluated_for_each_request(harness: GatewayHarness) -> None:
    """An authorizer that allows only its `methodArn` breaks the other routes, as on AWS."""
    harness.authorizer.answers["Bearer good"] = policy("Allow", f"{ARN}GET/guarded")
    assert harness.ask("/guarded", "Bearer good").status == 200
    assert harness.ask("/guarded/x", "Bearer good").status == 401
    assert len(harness.authorizer.events) == 1


def test_the_cache_key_is_the_exact_value(harness: GatewayHarness) -> None:
    harness.ask("/guarded", "Bearer good")
    harness.ask("/guarded", "bearer good")
    assert len(harness.authorizer.events) == 2


def test_a_decision_is_cached_for_its_time(harness: GatewayHarness) -> None:
    for now, asked in [(1_000, 1), (1_059, 1), (1_060, 2), (1_119, 2), (1_120, 3)]:
        harness.clock.now = now
        harness.ask("/guarded", "Bearer good")
        assert len(harness.authorizer.events) == asked


def test_a_flush_deletes_every_decision(harness: GatewayHarness) -> None:
    harness.ask("/guarded", "Bearer good")
    harness.gateway.flush()
    harness.ask("/guarded", "Bearer good")
    assert len(harness.authorizer.events) == 2


def test_a_decision_that_began_before_a_flush_is_not_cached(harness: GatewayHarness) -> None:
    harness.authorizer.answers = _FlushingAnswers(harness)
    harness.ask("/guarded", "Bearer good")
    harness.ask("/guarded", "Bearer good")
    assert len(harness.authorizer.events) == 2


def test_without_a_cache_every_call_invokes_the_authorizer() -> None:
    harness = make_harness(cache_seconds=0)
    harness.ask("/guarded", "Bearer good")
    harness.ask("/guarded", "Bearer good")
    assert len(harness.authorizer.events) == 2


def test_a_denial_is_cached(harness: GatewayHarness) -> None:
    assert [harness.ask("/guarded", "Bearer bad").status for _ in range(2)] == [401, 401]
    assert len(harness.authorizer.events) == 1


def test_the_exception_unauthorized_is_a_401_and_not_cached(harness: GatewayHarness) -> None:
    harness.authorizer.answers["Bearer odd"] = RuntimeError("Unauthorized")
    responses = [harness.ask("/guarded", "Bearer odd") for _ in range(2)]
    assert [(one.status, error_of(one)) for one in responses] == [(401, "unauthorized")] * 2
    assert len(harness.authorizer.events) == 2


def test_a_failure_is_a_503_is_logged_and_not_cached(
    harness: GatewayHarness, caplog: pytest.LogCaptureFixture
) -> None:
    harness.authorizer.answers["Bearer odd"] = RuntimeError("table is gone")
    responses = [harness.ask("/guarded", "Bearer odd") for _ in range(2)]
    assert [(one.status, error_of(one)) for one in responses] == [(503, "temporarily_unavailable")] * 2
    assert dict(responses[0].headers)["Retry-After"] == "5"
    assert b"table" not in responses[0].body
    assert "table is gone" in caplog.text
    assert len(harness.authorizer.events) == 2


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "Allow",
        {},
        {**policy("Allow"), "principalId": None},
        {**policy("Allow"), "policyDocument": None},
        {**policy("Allow"), "context": ["a"]},
        policy("Allow", nested={"a": 1}),
        policy("Allow", several=["a"]),
        policy("Allow", nothing=None),
        policy("Maybe"),
    ],
)
def test_a_malformed_response_of_the_authorizer_is_a_503(harness: GatewayHarness, answer: Any) -> None:
    harness.authorizer.answers["Bearer odd"] = answer
    assert [harness.ask("/guarded", "Bearer odd").status for _ in range(2)] == [503, 503]
    assert len(harness.authorizer.events) == 2


class _FlushingAnswers(dict[str, Any]):
    """Flushes the cache while the authorizer runs."""

    def __init__(self, harness: GatewayHarness) -> None:
        super().__init__()
        self._harness = harness

    def get(self, token: str, default: Any = None) -> Any:
        self._harness.gateway.flush()
        return policy("Allow")
