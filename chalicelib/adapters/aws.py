"""boto3 clients and their failures: short patience, and every failure to answer is `Unavailable`."""

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

from chalicelib.domain.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

Client = TypeVar("Client", "DynamoDBClient", "SecretsManagerClient")

CONNECT_TIMEOUT_SECONDS = 1
READ_TIMEOUT_SECONDS = 2
ATTEMPTS = 2
"""Worst case about 7 s with back-off: below the 10 s of the functions and the 29 s of API Gateway."""


def dynamodb(region: str, endpoint_url: str = "") -> DynamoDBClient:
    """Return a DynamoDB client. Make one per process: making one costs more than many calls."""
    return _reject_non_json(boto3.client("dynamodb", **_options(region, endpoint_url)))


def secretsmanager(region: str, endpoint_url: str = "") -> SecretsManagerClient:
    """Return a Secrets Manager client."""
    return _reject_non_json(boto3.client("secretsmanager", **_options(region, endpoint_url)))


def _reject_non_json(client: Client) -> Client:
    client.meta.events.register("before-parse", _raise_on_non_json)
    return client


def _raise_on_non_json(response_dict: dict[str, Any], **_: Any) -> None:
    """Raise where botocore would take what it cannot read for an answer with nothing in it.

    That would say that there is no such item, or that it is well written. A 5xx, which botocore tries again,
    is left without its body: some bodies are too much for its parser.
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
    """Turn every failure of a call into Unavailable, except the answers that are answers.

    A condition that does not hold is one; a throttled, denied, timed out or garbled call is not. Nor is an
    answer that lacks what was asked for, so take that out of it inside.
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
    """Return AWS's name of the error."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))
