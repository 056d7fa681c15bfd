"""Imitate API Gateway: find the route, run the authorizer, invoke the function, respond."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from infra.local.gateway.answers import MalformedResponseError, from_function, from_refusal, takes_bytes
from infra.local.gateway.events import method_arn, proxy_event
from infra.local.gateway.lambda_function import (
    EventTooLargeError,
    LambdaFunction,
    Limits,
    TimedOutError,
    UnusableAnswerError,
)
from infra.local.gateway.messages import RefusedError, Request, Response
from infra.local.gateway.routes import RouteTable, known, match

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from infra.local.gateway.authorizer import TokenAuthorizer

_LOG = logging.getLogger(__name__)

MAX_BODY_BYTES = 10 * 1024 * 1024
MAX_HEADER_BYTES = 10_240
INTEGRATION_SECONDS = 29
"""Seconds after which API Gateway stops waiting for a function, even if its own time-out is longer."""


@dataclass(frozen=True, slots=True)
class Api:
    """The function behind the gateway, with the routes and binary types of its Chalice app."""

    function: Callable[[dict[str, Any], Any], Any]
    routes: RouteTable
    binary_types: tuple[str, ...]
    limits: Limits = field(default_factory=Limits)


class Gateway:
    """Answers requests as a deployed API would. Thread-safe."""

    def __init__(
        self,
        api: Api,
        authorizers: Mapping[str, TokenAuthorizer],
        responses: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self._api = api
        self._function = LambdaFunction("api", api.function, api.limits)
        self._authorizers = authorizers
        self._responses = responses

    def handle(self, request: Request) -> Response:
        """Answer a request. Never raises, and never sends the reason of a failure to the client."""
        try:
            return self._answer(request)
        except RefusedError as refusal:
            return self.refuse(refusal.kind, refusal.status)
        except Exception:  # noqa: BLE001  # any failure becomes a response, as on AWS
            _LOG.exception("%s %s failed", request.method, request.path)
            return self.refuse("DEFAULT_5XX", 502)

    def refuse(self, kind: str, status: int) -> Response:
        """Return the gateway response of that name. Raises like `from_refusal`."""
        return from_refusal(self._responses, kind, status)

    def flush(self) -> None:
        """Empty the authorizer cache, as `flush_stage_authorizers_cache` does on AWS."""
        for authorizer in self._authorizers.values():
            authorizer.flush()

    def _answer(self, request: Request) -> Response:
        _check_size(request)
        request = replace(request, method=known(request.method))
        route = match(self._api.routes, request.method, request.path)
        if route is None:
            raise RefusedError("MISSING_AUTHENTICATION_TOKEN", 403)
        claims = self._claims(request, route.entry.authorizer)
        event = proxy_event(request, route, claims, self._api.binary_types)
        try:
            answer = self._function.invoke(event, INTEGRATION_SECONDS)
            accept = request.headers.get("Accept", "")
            return from_function(answer, takes_bytes=takes_bytes(accept, self._api.binary_types))
        except EventTooLargeError as error:
            raise RefusedError("REQUEST_TOO_LARGE", 413) from error
        except TimedOutError as error:
            _LOG.exception("%s %s timed out", request.method, request.path)
            raise self._timed_out() from error
        except (UnusableAnswerError, MalformedResponseError) as error:
            _LOG.exception(
                "%s %s returned a response that API Gateway does not accept", request.method, request.path
            )
            raise RefusedError("DEFAULT_5XX", 502) from error

    def _timed_out(self) -> RefusedError:
        """Return the refusal for a function that did not answer. Usually its own time-out comes first."""
        if self._function.limits.timeout_seconds < INTEGRATION_SECONDS:
            return RefusedError("DEFAULT_5XX", 502)
        return RefusedError("INTEGRATION_TIMEOUT", 504)

    def _claims(self, request: Request, guard: Any) -> dict[str, Any] | None:
        if guard is None:
            return None
        token = request.headers.get(_header_of(guard))
        return self._authorizers[guard.name].authorize(token, method_arn(request))


def _header_of(guard: Any) -> str:
    """Return the header that API Gateway passes to an authorizer of the app, or of another deployment."""
    return str(guard.config.header if hasattr(guard, "config") else guard.to_swagger()["name"])


def _check_size(request: Request) -> None:
    if request.size() > MAX_HEADER_BYTES:
        # AWS answers this before API Gateway, so no gateway response has this name.
        raise RefusedError("HEADERS_TOO_LARGE", 431)
    if len(request.body) > MAX_BODY_BYTES:
        raise RefusedError("REQUEST_TOO_LARGE", 413)
