"""boto3 clients with short time-outs within the request's deadline; failures become `Unavailable`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from chalicelib.domain.deadline import require_time, seconds_left
from chalicelib.domain.errors import Unavailable

if TYPE_CHECKING:
    from botocore.awsrequest import AWSResponse
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sqs import SQSClient

Client = TypeVar("Client", "DynamoDBClient", "SecretsManagerClient", "SESV2Client", "SQSClient")

CONNECT_TIMEOUT_SECONDS = 1
READ_TIMEOUT_SECONDS = 2
ATTEMPTS = 2
"""The worst case of one call is about 7 s with back-off. The request's deadline limits all of its calls."""
SHORTEST_READ_SECONDS = 0.25
"""Minimum read time-out: with less time left, no attempt is made."""
_RETRY_AFTER = "x-amz-retry-after"


def dynamodb(region: str, endpoint_url: str = "") -> DynamoDBClient:
    """Return a DynamoDB client. Create one per process: that costs more than many calls."""
    return _guarded(boto3.client("dynamodb", **_options(region, endpoint_url)))


def secretsmanager(region: str, endpoint_url: str = "") -> SecretsManagerClient:
    """Return a Secrets Manager client."""
    return _guarded(boto3.client("secretsmanager", **_options(region, endpoint_url)))


def sqs(region: str, endpoint_url: str = "") -> SQSClient:
    """Return an SQS client."""
    return _guarded(boto3.client("sqs", **_options(region, endpoint_url)))


def sesv2(region: str, endpoint_url: str = "") -> SESV2Client:
    """Return a client of SES's second API."""
    return _guarded(boto3.client("sesv2", **_options(region, endpoint_url)))


def _guarded(client: Client) -> Client:
    service, events = client.meta.service_model.service_id.hyphenize(), client.meta.events
    events.register(f"before-send.{service}", _fit_into_deadline)
    events.register("before-parse", _raise_on_non_json)
    # Before botocore's own handler, which decides whether to wait, and for how long.
    events.register_first(f"needs-retry.{service}", _ignore_retry_after)
    return client


def _fit_into_deadline(request: Any, **_: Any) -> None:
    """Shorten an attempt's read time-out to the time left. Raises Unavailable if that is too little.

    botocore retries by itself, so the deadline is checked for each attempt, not for each call. botocore
    passes the exception on without another attempt.
    """
    require_time(CONNECT_TIMEOUT_SECONDS + SHORTEST_READ_SECONDS)
    left = seconds_left()
    if left is not None:
        request.context["read_timeout"] = min(READ_TIMEOUT_SECONDS, left - CONNECT_TIMEOUT_SECONDS)


def _ignore_retry_after(response: tuple[AWSResponse, Any] | None, **_: Any) -> None:
    """Keep botocore's back-off below a second: AWS may ask it to sleep up to five seconds more."""
    if response is not None and _RETRY_AFTER in response[0].headers:
        del response[0].headers[_RETRY_AFTER]


def _raise_on_non_json(response_dict: dict[str, Any], **_: Any) -> None:
    """Raise ResponseParserError for a body that is not a JSON object.

    botocore would return an empty response, which means "no such item" or "written". The body of a 5xx is
    removed instead, since botocore retries those and some bodies crash its parser.
    """
    try:
        readable = isinstance(json.loads(response_dict["body"]), dict)
    except ValueError:
        readable = False
    if readable:
        return
    if response_dict["status_code"] < HTTPStatus.INTERNAL_SERVER_ERROR:
        raise ResponseParserError
    response_dict["body"] = b""


def _options(region: str, endpoint_url: str) -> dict[str, Any]:
    config = Config(
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=READ_TIMEOUT_SECONDS,
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
        max_pool_connections=50,
    )
    return {"region_name": region, "endpoint_url": endpoint_url or None, "config": config}


@contextmanager
def translate_aws_errors() -> Iterator[None]:
    """Raise Unavailable for every failure of a call except a failed condition.

    Failures are throttled, denied, timed-out and unreadable calls, and responses without an expected member
    (KeyError): read those members inside the `with` block. A failed condition stays a ClientError.
    """
    try:
        yield
    except ClientError as error:
        if error_code(error) in {"ConditionalCheckFailedException", "TransactionCanceledException"}:
            raise
        raise Unavailable(f"aws {error_code(error)}") from error
    except (BotoCoreError, ResponseParserError, KeyError) as error:
        raise Unavailable(f"aws {type(error).__name__}") from error


def error_code(error: ClientError) -> str:
    """Return the error code of AWS."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))
