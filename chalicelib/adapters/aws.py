"""boto3 clients with short time-outs within the request's deadline."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
from botocore.config import Config

from chalicelib.adapters.aws_errors import (
    ATTEMPTS,
    CONNECT_TIMEOUT_SECONDS,
    READ_TIMEOUT_SECONDS,
    UnreadableResponse,
    read_timeout,
)

if TYPE_CHECKING:
    from botocore.awsrequest import AWSResponse
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sqs import SQSClient

Client = TypeVar("Client", "DynamoDBClient", "SecretsManagerClient", "SESV2Client", "SQSClient")

_RETRY_AFTER = "x-amz-retry-after"


def dynamodb(region: str, endpoint_url: str = "") -> DynamoDBClient:
    """Return a DynamoDB client. Create one per process, since that takes longer than many calls."""
    return _guarded(boto3.client("dynamodb", **_options(region, endpoint_url)))


def secretsmanager(region: str, endpoint_url: str = "") -> SecretsManagerClient:
    """Return a Secrets Manager client."""
    return _guarded(boto3.client("secretsmanager", **_options(region, endpoint_url)))


def sqs(region: str, endpoint_url: str = "") -> SQSClient:
    """Return an SQS client."""
    return _guarded(boto3.client("sqs", **_options(region, endpoint_url)))


def sesv2(region: str, endpoint_url: str = "") -> SESV2Client:
    """Return a client of the SES API v2."""
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
    request.context["read_timeout"] = read_timeout()


def _ignore_retry_after(response: tuple[AWSResponse, Any] | None, **_: Any) -> None:
    """Keep botocore's back-off below a second: AWS may ask it to sleep up to five seconds more."""
    if response is not None and _RETRY_AFTER in response[0].headers:
        del response[0].headers[_RETRY_AFTER]


def _raise_on_non_json(response_dict: dict[str, Any], **_: Any) -> None:
    """Raise UnreadableResponse for a body that is not a JSON object.

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
        raise UnreadableResponse
    response_dict["body"] = b""


def _options(region: str, endpoint_url: str) -> dict[str, Any]:
    config = Config(
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=READ_TIMEOUT_SECONDS,
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
        max_pool_connections=50,
    )
    return {"region_name": region, "endpoint_url": endpoint_url or None, "config": config}
