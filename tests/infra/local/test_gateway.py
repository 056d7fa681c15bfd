from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.infra.conftest import GatewayHarness, error_of, make_harness


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/"),
        ("GET", "/nothing"),
        ("GET", "/open/more"),
        ("GET", "/opening"),
        ("GET", "/guarded/a/b"),
        ("GET", "//open"),
        ("GET", "/open//"),
        ("GET", "*"),
        ("GET", "/%6Fpen"),
        ("DELETE", "/open"),
        ("OPTIONS", "/open"),
        ("HEAD", "/guarded"),
        ("get", "/open"),
        ("BREW", "/open"),
    ],
)
@pytest.mark.parametrize("token", [None, "Bearer good", "AWS4-HMAC-SHA256 Credential=a"])
def test_no_such_path_or_method_is_a_404(
    harness: GatewayHarness, method: str, target: str, token: str | None
) -> None:
    """With and without a token, and without invoking the authorizer."""
    response = harness.ask(target, token, method=method)
    assert (response.status, error_of(response)) == (404, "not_found")
    assert harness.authorizer.events == []


def test_a_trailing_slash_is_ignored(harness: GatewayHarness) -> None:
    assert harness.event("/open/")["path"] == "/open/"


def test_a_route_without_authorizer_invokes_none(harness: GatewayHarness) -> None:
    event = harness.event("/open", "Basic whatever")
    assert "authorizer" not in event["requestContext"]
    assert harness.authorizer.events == []


def test_the_event_is_that_of_a_rest_api(harness: GatewayHarness) -> None:
    event = harness.event(
        "/open?a=1&a=2&b=%20+&c",
        method="POST",
        body="naïve".encode(),
        headers={"User-Agent": "toy/1", "X-Forwarded-For": "203.0.113.9"},
    )
    assert event["resource"] == event["path"] == "/open"
    assert event["httpMethod"] == "POST"
    assert event["headers"]["X-Forwarded-For"] == "203.0.113.9, 192.0.2.7"
    assert event["multiValueHeaders"]["User-Agent"] == ["toy/1"]
    assert event["queryStringParameters"] == {"a": "2", "b": "  ", "c": ""}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": ["  "], "c": [""]}
    assert event["pathParameters"] is None
    assert (event["body"], event["isBase64Encoded"]) == ("naïve", False)
    context = event["requestContext"]
    assert context["identity"] == {"sourceIp": "192.0.2.7", "userAgent": "toy/1"}
    assert (context["httpMethod"], context["resourcePath"], context["path"]) == ("POST", "/open", "/open")
    assert (context["apiId"], context["stage"], context["domainName"]) == ("gatehouse0", "local", "localhost")


def test_absent_parts_of_an_event_are_null(harness: GatewayHarness) -> None:
    event = harness.event("/open")
    nothing = ("queryStringParameters", "multiValueQueryStringParameters", "body", "stageVariables")
    assert [event[name] for name in nothing] == [None] * 4


def test_request_ids_differ(harness: GatewayHarness) -> None:
    ids = {harness.event("/open")["requestContext"]["requestId"] for _ in range(3)}
    assert len(ids) == 3


def test_path_parameters_are_decoded(harness: GatewayHarness) -> None:
    response = harness.ask("/guarded/a%2Fb%20%C3%AF%FF", "Bearer good")
    assert json.loads(response.body) == {"name": "a/b ï�"}


def test_invalid_utf8_in_a_body_becomes_replacement_characters(harness: GatewayHarness) -> None:
    assert harness.event("/open", method="POST", body=b"a\xff\xfeb")["body"] == "a��b"


def test_a_body_of_a_binary_type_is_base64(harness: GatewayHarness) -> None:
    event = harness.event("/open", method="POST", body=b"\xff", headers={"Content-Type": "image/png; x=y"})
    assert (event["body"], event["isBase64Encoded"]) == (base64.b64encode(b"\xff").decode(), True)


@pytest.mark.parametrize("size", [6 * 1024 * 1024, 10 * 1024 * 1024 + 1])
def test_a_body_that_lambda_or_the_gateway_does_not_take_is_refused(
    harness: GatewayHarness, size: int
) -> None:
    """Lambda takes 6 MB of JSON, the body among it; API Gateway up to 10 MB."""
    response = harness.ask("/empty", body=b"x" * size)
    assert (response.status, error_of(response)) == (400, "invalid_request")
    assert harness.ask("/empty", body=b"x" * (6 * 1024 * 1024 - 4_096)).status == 204


@pytest.mark.parametrize("target", ["/open", "/guarded", "/nothing", "/open?" + "a" * 11_000])
def test_headers_and_request_line_have_a_common_limit(harness: GatewayHarness, target: str) -> None:
    response = harness.ask(target, "Bearer " + "x" * 10_240)
    assert (response.status, error_of(response)) == (431, "invalid_request")
    assert harness.authorizer.events == []


def test_the_response_of_the_function_is_sent() -> None:
    harness = make_harness(
        function=lambda *_: {
            "statusCode": "201",
            "headers": {"X-One": "1", "content-type": "text/plain", "Keep-Alive": "5", "X-Two": "old"},
            "multiValueHeaders": {"x-two": ["a", "b"]},
            "body": base64.b64encode(b"\xff").decode(),
            "isBase64Encoded": True,
        }
    )
    response = harness.ask("/open", headers={"Accept": "image/png; q=1, */*"})
    assert (response.status, response.body) == (201, b"\xff")
    assert response.headers == (
        ("X-One", "1"),
        ("content-type", "text/plain"),
        ("x-two", "a"),
        ("x-two", "b"),
    )


@pytest.mark.parametrize("accept", ["*/*", "", "text/html,image/png"])
def test_bytes_are_sent_as_base64_unless_the_first_type_that_is_accepted_is_binary(accept: str) -> None:
    """curl and browsers send such headers: what works here must work on AWS."""
    answer = {"statusCode": 200, "body": "iVBO", "isBase64Encoded": True}
    response = make_harness(function=lambda *_: answer).ask("/open", headers={"Accept": accept})
    assert response.body == b"iVBO"


@pytest.mark.parametrize(
    "name",
    ["WWW-Authenticate", "www-authenticate", "Authorization", "Content-Length", "Date", "Server", "Via"],
)
def test_a_header_that_is_the_gateways_own_is_renamed(name: str) -> None:
    answer = {"statusCode": 401, "headers": {name: "Basic realm=x", "ETag": "1"}}
    headers = dict(make_harness(function=lambda *_: answer).ask("/open").headers)
    assert headers[f"x-amzn-Remapped-{name}"] == "Basic realm=x"
    assert name not in headers
    assert headers["ETag"] == "1"


def test_each_of_several_challenges_is_renamed() -> None:
    answer = {"statusCode": 401, "multiValueHeaders": {"WWW-Authenticate": ["Basic", "Bearer"]}}
    headers = make_harness(function=lambda *_: answer).ask("/open").headers
    assert [value for name, value in headers if name == "x-amzn-Remapped-WWW-Authenticate"] == [
        "Basic",
        "Bearer",
    ]


def test_the_default_content_type_is_json() -> None:
    harness = make_harness(function=lambda *_: {"statusCode": 200})
    assert harness.ask("/open").headers == (("Content-Type", "application/json"),)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "text",
        [],
        {},
        {"statusCode": "abc"},
        {"statusCode": 99},
        {"statusCode": 600},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "body": "%", "isBase64Encoded": True},
        {"statusCode": 200, "body": "\ud800"},
        {"statusCode": 200, "headers": ["a"]},
        {"statusCode": 200, "headers": {"a": "b\r\nc: d"}},
        {"statusCode": 200, "headers": {"a": "€"}},
        {"statusCode": 200, "multiValueHeaders": {"a": 1}},
        {"statusCode": 200, "body": {1, 2}},
        {"statusCode": 200, "body": "x" * 7_000_000},
        {"statusCode": 200, "body": "x" * (6 * 1024 * 1024)},
        {"statusCode": 200, "headers": {"a": "x" * 7_000_000}},
    ],
)
def test_a_malformed_response_of_the_function_is_a_503(answer: Any, caplog: pytest.LogCaptureFixture) -> None:
    response = make_harness(function=lambda *_: answer).ask("/open")
    assert (response.status, error_of(response)) == (503, "temporarily_unavailable")
    assert dict(response.headers)["Retry-After"] == "5"
    assert "API Gateway does not accept" in caplog.text
    assert len(response.body) < 200


def test_an_exception_is_a_503_without_its_message(caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("the reason")

    response = make_harness(function=broken).ask("/open")
    assert (response.status, error_of(response)) == (503, "temporarily_unavailable")
    assert b"reason" not in response.body
    assert "RuntimeError: the reason" in caplog.text
