"""Events in the shape of https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html."""

from __future__ import annotations

import time
import uuid
from typing import Any
from urllib.parse import urlencode

API_ID, STAGE, REGION, ACCOUNT = "a1b2c3d4e5", "api", "us-east-1", "123456789012"
ISSUER = f"https://{API_ID}.execute-api.{REGION}.amazonaws.com/{STAGE}"
FORM = "application/x-www-form-urlencoded"


def proxied(
    method: str,
    path: str,
    *,
    body: str | None = None,
    headers: dict[str, str] | None = None,
    authorizer: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what API Gateway sends to the function behind a REST API."""
    host = f"{API_ID}.execute-api.{REGION}.amazonaws.com"
    sent = {
        "Accept": "*/*",
        "CloudFront-Viewer-Country": "DE",
        "Host": host,
        "User-Agent": "GatehouseTest/1.0",
        "Via": "2.0 0a1b.cloudfront.net (CloudFront)",
        "X-Amzn-Trace-Id": "Root=1-5e66d96f-7491f09xmpl79d18acf3d050",
        "X-Forwarded-For": "203.0.113.9, 192.0.2.7",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
        **(headers or {}),
    }
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": _context(method, path, host) | ({"authorizer": authorizer} if authorizer else {}),
        "body": body,
        "isBase64Encoded": False,
    }


def sign_in(username: str, password: str) -> dict[str, Any]:
    """Return the event of a sign-in."""
    form = {"grant_type": "password", "username": username, "password": password}
    return proxied("POST", "/oauth/token", body=urlencode(form), headers={"Content-Type": FORM})


def authorization(value: str, method: str = "GET", path: str = "/me") -> dict[str, str]:
    """Return what API Gateway sends to a token authorizer."""
    arn = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{API_ID}/{STAGE}/{method}{path}"
    return {"type": "TOKEN", "authorizationToken": value, "methodArn": arn}


def handed_on(context: dict[str, Any]) -> dict[str, Any]:
    """Return an authorizer's context as the function behind gets it: every value a text."""
    return {name: str(value) for name, value in context.items()} | {"integrationLatency": 12}


def rotation(step: str, token: str, secret_id: str) -> dict[str, str]:
    """Return what Secrets Manager sends to a rotation function."""
    return {
        "Step": step,
        "ClientRequestToken": token,
        "SecretId": secret_id,
        "RotationToken": str(uuid.uuid4()),
    }


def _context(method: str, path: str, host: str) -> dict[str, Any]:
    return {
        "resourceId": "2gxmpl",
        "resourcePath": path,
        "httpMethod": method,
        "extendedRequestId": "JJbxmplHYosFVYQ=",
        "requestTime": "10/Mar/2020:00:03:59 +0000",
        "path": f"/{STAGE}{path}",
        "accountId": ACCOUNT,
        "protocol": "HTTP/1.1",
        "stage": STAGE,
        "domainPrefix": API_ID,
        "domainName": host,
        "apiId": API_ID,
        "requestTimeEpoch": int(time.time() * 1000),
        "requestId": str(uuid.uuid4()),
        "identity": {
            "cognitoIdentityPoolId": None,
            "accountId": None,
            "caller": None,
            "sourceIp": "192.0.2.7",
            "accessKey": None,
            "userArn": None,
            "user": None,
            "userAgent": "GatehouseTest/1.0",
        },
    }
