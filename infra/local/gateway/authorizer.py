"""Run a token authorizer as API Gateway does: validate the token, cache, invoke, evaluate the policy."""

from __future__ import annotations

import logging
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra.local.gateway.decision_cache import DecisionCache
from infra.local.gateway.lambda_function import LambdaFunction, Limits
from infra.local.gateway.messages import RefusedError
from infra.local.gateway.policy import MalformedPolicyError, Policy

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.local.gateway.lambda_function import Handler

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AuthorizerRules:
    """The settings of a token authorizer in API Gateway. Without an `expression` every token is accepted."""

    expression: re.Pattern[str] | None
    cache_seconds: int


@dataclass(frozen=True, slots=True)
class _Decision:
    policy: Policy
    context: dict[str, Any]


class TokenAuthorizer:
    """An authorizer with its function and its cache.

    The cache keeps the policy, and each request is evaluated against it. So a policy for a single
    `methodArn` denies every other route, as on AWS.
    """

    def __init__(
        self,
        name: str,
        function: Handler,
        rules: AuthorizerRules,
        clock: Callable[[], float] = time.monotonic,
        limits: Limits | None = None,
    ) -> None:
        self._name = name
        self._function = LambdaFunction(name, function, limits or Limits())
        self._expression = rules.expression
        self._cache: DecisionCache[_Decision] = DecisionCache(rules.cache_seconds, clock)

    def authorize(self, token: str | None, arn: str) -> dict[str, Any]:
        """Return the context to pass to the route's function. Raises RefusedError."""
        if not token or (self._expression and not self._expression.fullmatch(token)):
            raise RefusedError("UNAUTHORIZED", 401)
        decision = self._cache.get(token) or self._ask(token, arn)
        if not decision.policy.allows(arn):
            raise RefusedError("ACCESS_DENIED", 403)
        return dict(decision.context)

    def flush(self) -> None:
        """Delete every cached decision."""
        self._cache.flush()

    def _ask(self, token: str, arn: str) -> _Decision:
        ticket = self._cache.ticket()
        answer = self._invoke({"type": "TOKEN", "authorizationToken": token, "methodArn": arn})
        try:
            decision = _decision(answer)
        except MalformedPolicyError as error:
            _LOG.exception(
                "The authorizer %s returned a response that API Gateway does not accept", self._name
            )
            raise RefusedError("AUTHORIZER_CONFIGURATION_ERROR", 500) from error
        self._cache.put(token, decision, ticket)
        return decision

    def _invoke(self, event: dict[str, Any]) -> Any:
        try:
            return self._function.invoke(event)
        except Exception as error:
            # The only message that API Gateway interprets; every other exception is a failure.
            if str(error) == "Unauthorized":
                raise RefusedError("UNAUTHORIZED", 401) from error
            _LOG.exception("The authorizer %s failed", self._name)
            raise RefusedError("AUTHORIZER_FAILURE", 500) from error


def _decision(answer: Any) -> _Decision:
    if not isinstance(answer, dict) or not isinstance(answer.get("principalId"), str):
        raise MalformedPolicyError("An authorizer's response must have a principalId.")
    context = answer.get("context") or {}
    if not isinstance(context, dict):
        raise MalformedPolicyError("The context must be an object.")
    texts = {name: _text(value) for name, value in context.items()}
    seen = {**texts, "principalId": answer["principalId"], "integrationLatency": 0}
    return _Decision(Policy.parse(answer.get("policyDocument")), seen)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise MalformedPolicyError("A context may contain only strings, numbers and booleans.")
