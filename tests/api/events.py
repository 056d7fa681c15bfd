"""API Gateway as the functions see it: the events that it sends, and its way from authorizer to function."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

from app import app
from chalicelib.api import authorizer
from tests.fakes import FakeServices

REGION, ACCOUNT, API, STAGE = "eu-central-1", "123456789012", "a1b2c3d4e5", "v1"
FORM = "application/x-www-form-urlencoded"
ROUTES = {re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path), re.DOTALL): path for path in app.routes}


@dataclass(frozen=True)
class Answer:
    """What a function answered."""

    status: int
    headers: Mapping[str, str]
    text: str = field(repr=False)

    @property
    def json(self) -> dict[str, Any]:
        """The body, read as JSON; every body is."""
        body = json.loads(self.text)
        assert isinstance(body, dict)
        return body

    @property
    def error(self) -> tuple[int, str]:
        """Status and error code, of a body that has the members of an error and no others."""
        assert set(self.json) == {"error", "error_description"}
        return self.status, self.json["error"]


class Denied(Exception):
    """The authorizer said no: the function is not invoked."""

    def __init__(self, context: Mapping[str, Any]) -> None:
        super().__init__(context["error"])
        self.context = context


def method_arn(method: str, path: str) -> str:
    return f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API}/{STAGE}/{method}{path}"


def proxy_event(
    method: str,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: str | None = None,
    query: str = "",
    context: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The event of a REST API's Lambda proxy integration. `context` is the authorizer's, if there is one."""
    pattern, resource = next((one, ROUTES[one]) for one in ROUTES if one.fullmatch(path))
    match = pattern.fullmatch(path)
    values = parse_qs(query, keep_blank_values=True)
    request_context: dict[str, Any] = {
        "resourcePath": resource,
        "httpMethod": method,
        "path": f"/{STAGE}{path}",
        "accountId": ACCOUNT,
        "apiId": API,
        "stage": STAGE,
        "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
        "identity": {"sourceIp": "192.0.2.1", "userAgent": "test"},
    }
    if context is not None:
        request_context["authorizer"] = dict(context)
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": dict(headers or {}),
        "multiValueHeaders": {name: [value] for name, value in (headers or {}).items()},
        "queryStringParameters": {name: one[-1] for name, one in values.items()} or None,
        "multiValueQueryStringParameters": values or None,
        "pathParameters": (match.groupdict() if match else {}) or None,
        "stageVariables": None,
        "requestContext": request_context,
        "body": body,
        "isBase64Encoded": False,
    }


def invoke(event: Mapping[str, Any]) -> Answer:
    """Invoke the function."""
    answer = app(event, None)
    assert answer.get("isBase64Encoded", False) is False
    return Answer(answer["statusCode"], answer["headers"], answer["body"])


def authorize(authorization: str, method: str = "GET", path: str = "/me") -> dict[str, Any]:
    """Invoke the authorizer with the three members that AWS sends."""
    event = {"type": "TOKEN", "authorizationToken": authorization, "methodArn": method_arn(method, path)}
    answer = authorizer.bearer(event, None)
    assert isinstance(answer, dict)
    return answer


def stringified(context: Mapping[str, Any], principal: str) -> dict[str, str]:
    """The authorizer's context as the gateway hands it on: every value is text."""
    assert all(isinstance(value, str | int | float | bool) for value in context.values())
    return {name: str(value) for name, value in context.items()} | {"principalId": principal}


@dataclass
class Gateway:
    """Sends requests to one services."""

    services: FakeServices

    def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
        query: str = "",
    ) -> Answer:
        """Send a request to an open route."""
        return invoke(proxy_event(method, path, headers=headers, body=body, query=query))

    def form(self, path: str, headers: Mapping[str, str] | None = None, /, **parameters: str) -> Answer:
        """POST a form."""
        return self.send(
            "POST", path, headers={"Content-Type": FORM, **(headers or {})}, body=urlencode(parameters)
        )

    def token(self, headers: Mapping[str, str] | None = None, /, **parameters: str) -> Answer:
        """POST a form to the token endpoint."""
        return self.form("/oauth/token", headers, **parameters)

    def protected(
        self,
        method: str,
        path: str,
        token: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
    ) -> Answer:
        """Ask the authorizer, then the function. Raises Denied, or whatever the authorizer raises."""
        authorization = f"Bearer {token}"
        policy = authorize(authorization, method, path)
        (statement,) = policy["policyDocument"]["Statement"]
        if statement["Effect"] != "Allow":
            raise Denied(policy["context"])
        context = stringified(policy["context"], policy["principalId"])
        event = proxy_event(
            method,
            path,
            headers={"Authorization": authorization, **(headers or {})},
            body=body,
            context=context,
        )
        return invoke(event)


def in_base64(event: dict[str, Any]) -> dict[str, Any]:
    """The same event with its body encoded, as the gateway sends media types that it takes for binary."""
    encoded = base64.b64encode(event["body"].encode()).decode()
    return {**event, "body": encoded, "isBase64Encoded": True}
