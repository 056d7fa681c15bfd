"""Build the event and the context that API Gateway passes to a Lambda function behind a REST API."""

from __future__ import annotations

import base64
import time
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from chalice.local import LambdaContext

from infra.local.environment import ACCOUNT, API_ID, REGION, STACK, STAGE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra.local.gateway.messages import Request
    from infra.local.gateway.routes import Match


def lambda_context(function_name: str, *, memory_mb: int = 256, timeout_seconds: float = 10) -> LambdaContext:
    """Return the context of one invocation. It counts down the function's own time-out."""
    name = f"{STACK}-{function_name}"
    context = LambdaContext(name, memory_mb, int(timeout_seconds * 1000))
    context.invoked_function_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    return context


def method_arn(request: Request) -> str:
    """Return the ARN by which a policy allows or denies a request."""
    path = request.path.removeprefix("/")
    return f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API_ID}/{STAGE}/{request.method}/{path}"


def proxy_event(
    request: Request, route: Match, claims: Mapping[str, Any] | None, binary_types: Sequence[str]
) -> dict[str, Any]:
    """Return the event; `claims` is the authorizer's context, or None for a route without authorizer."""
    headers = _headers(request)
    query = _query(request.query)
    body, encoded = _body(request, binary_types)
    return {
        "resource": route.resource,
        "path": request.path,
        "httpMethod": request.method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        # AWS sends null, not an empty object.
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": route.parameters or None,
        "stageVariables": None,
        "requestContext": _context(request, route.resource, claims),
        "body": body,
        "isBase64Encoded": encoded,
    }


def _context(request: Request, resource: str, claims: Mapping[str, Any] | None) -> dict[str, Any]:
    context = {
        "resourcePath": resource,
        "httpMethod": request.method,
        # As behind a custom domain: without the stage.
        "path": request.path,
        "accountId": ACCOUNT,
        "apiId": API_ID,
        "stage": STAGE,
        "protocol": "HTTP/1.1",
        "domainName": request.headers.get("Host", ""),
        "requestId": str(uuid.uuid4()),
        "requestTimeEpoch": int(time.time() * 1000),
        "identity": {
            "sourceIp": request.source_ip,
            "userAgent": request.headers.get("User-Agent"),
        },
    }
    return context if claims is None else {**context, "authorizer": dict(claims)}


def _headers(request: Request) -> dict[str, str]:
    # The gateway appends the peer's address, so only the last address of the list is trustworthy.
    before = request.headers.get("X-Forwarded-For")
    seen = f"{before}, {request.source_ip}" if before else request.source_ip
    return {**request.headers, "X-Forwarded-For": seen, "X-Forwarded-Proto": "http"}


def _query(raw: str) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(raw, keep_blank_values=True, errors="replace"):
        values.setdefault(name, []).append(value)
    return values


def _body(request: Request, binary_types: Sequence[str]) -> tuple[str | None, bool]:
    if not request.body:
        return None, False
    media_type = request.headers.get("Content-Type", "").split(";")[0].strip().lower()
    if media_type in binary_types:
        return base64.b64encode(request.body).decode("ascii"), True
    return request.body.decode("utf-8", errors="replace"), False
