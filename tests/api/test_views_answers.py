"""What a view of a developer's returns: either it reaches the caller unchanged, or it is a logged 500."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from chalice.app import Response

from tests.api.events import Gateway
from tests.api.test_developers_routes import ask, lines, own_app
from tests.written import Written

PNG = b"\x89PNG\r\n\x1a\n\xff"
_LARGE = "x" * (6 * 1024 * 1024)
CYCLE: list[Any] = []
CYCLE.append(CYCLE)
UNUSABLE: dict[str, Any] = {
    "an object": object(),
    "a set": {"a": {1}},
    "NaN": {"a": [math.nan]},
    "infinity": math.inf,
    "a decimal that is none": {"a": Decimal("NaN")},
    "a cycle": CYCLE,
    "bytes": PNG,
    "a lone surrogate": "\ud800",
    "large text": _LARGE,
    "large when escaped": {"a": "\x00" * (1024 * 1024 + 1)},
    "a status": Response({}, {}, 600),
    "a status of text": Response({}, {}, "200"),  # type: ignore[arg-type]
    "a header with a line break": Response({}, {"X-A": "a\nb"}),
    "a header that is a number": Response({}, {"X-A": 1}),  # type: ignore[dict-item]
    "a header beyond Latin-1": Response({}, {"X-A": "\u2603"}),
    "text as a binary type": Response("text", {"content-type": "image/png"}),
    "bytes of a type that the API does not know": Response(PNG, {"Content-Type": "image/webp"}),
    "large bytes": Response(b"x" * (5 * 1024 * 1024), {"Content-Type": "image/png"}),
}


@pytest.mark.parametrize("answer", UNUSABLE.values(), ids=list(UNUSABLE))
def test_an_answer_that_cannot_be_sent_is_a_logged_500(
    gateway: Gateway, written: Written, answer: Any
) -> None:
    def view(name: str) -> Any:
        return answer

    said = ask(own_app(view))
    assert said.error == (500, "server_error")
    assert "Retry-After" not in said.headers
    (line,) = lines(written, "crash")
    assert line["error"] == "UnusableAnswer"
    assert line["where"] == f"test_views_answers.py:{view.__code__.co_firstlineno}"
    assert line["reason"].endswith(".")


@pytest.mark.parametrize("answer", [{"a": Decimal("1.5")}, [], "plain", "", None, Response("", {}, 204)])
def test_an_answer_that_can_be_sent_is_left_alone(gateway: Gateway, answer: Any) -> None:
    expected = answer if isinstance(answer, Response) else Response(answer)
    said = ask(own_app(lambda name: answer))
    assert (said.status, said.text) == (expected.status_code, expected.to_dict()["body"])


def test_a_binary_answer_goes_out_where_the_request_accepts_it(gateway: Gateway) -> None:
    app = own_app(lambda name: Response(PNG, {"Content-Type": "image/png"}))
    event: dict[str, Any] = {
        "requestContext": {"resourcePath": "/own/{name}", "httpMethod": "POST", "path": "/own/x"},
        "pathParameters": {"name": "x"},
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "headers": {"Accept": "image/png,*/*"},
        "body": None,
    }
    answer = app(event, None)
    assert (answer["statusCode"], answer["isBase64Encoded"], answer["body"]) == (200, True, "iVBORw0KGgr/")
    refused = ask(app)
    assert refused.error == (400, "invalid_request")
    assert "Accept header" in refused.json["error_description"]


def client_error(code: str, status: int) -> ClientError:
    meta: Any = {
        "HTTPStatusCode": status,
        "RequestId": "",
        "HostId": "",
        "HTTPHeaders": {},
        "RetryAttempts": 0,
    }
    return ClientError({"Error": {"Code": code, "Message": "hunter2"}, "ResponseMetadata": meta}, "GetItem")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (EndpointConnectionError(endpoint_url="hunter2"), 503),
        (client_error("ThrottlingException", 400), 503),
        (client_error("InternalServerError", 500), 503),
        (client_error("AccessDeniedException", 400), 500),
        (client_error("ResourceNotFoundException", 400), 500),
        (NoCredentialsError(), 500),
        (SystemExit("hunter2"), 500),
    ],
)
def test_an_outage_of_a_views_dependency_is_a_503_and_a_misuse_of_it_a_500(
    gateway: Gateway, written: Written, error: BaseException, status: int
) -> None:
    def view(name: str) -> None:
        raise error

    said = ask(own_app(view))
    assert said.status == status
    assert ("Retry-After" in said.headers) is (status == 503)
    (line,) = lines(written, "outage" if status == 503 else "crash")
    assert "test_views_answers.py" in line["where"]
    assert "hunter2" not in written.text + said.text
