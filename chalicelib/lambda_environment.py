"""The environment variables that Lambda sets for a function, besides the settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

_ASKS_FOR_BOTO3 = (
    "AWS_CA_BUNDLE",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
)


@dataclass(frozen=True, slots=True, repr=False)
class AwsCredentials:
    """Credentials from the environment. `token` is empty for those of an IAM user."""

    access_key: str
    secret_key: str
    token: str


def aws_credentials(environment: Mapping[str, str] | None = None) -> AwsCredentials | None:
    """Return the credentials that are in the environment now, or None if there are none."""
    source = os.environ if environment is None else environment
    access_key, secret_key = source.get("AWS_ACCESS_KEY_ID"), source.get("AWS_SECRET_ACCESS_KEY")
    if not access_key or not secret_key:
        return None
    return AwsCredentials(access_key, secret_key, source.get("AWS_SESSION_TOKEN", ""))


def metrics_service() -> str:
    """Return the value of the dimension `service` of metrics: the deployment."""
    return os.environ.get("POWERTOOLS_SERVICE_NAME") or "gatehouse"


def lambda_handler() -> str:
    """Return the handler of this Lambda function, such as `app.app`, or an empty string elsewhere."""
    return os.environ.get("_HANDLER", "") if "AWS_LAMBDA_FUNCTION_NAME" in os.environ else ""


def needs_boto3(environment: Mapping[str, str] | None = None) -> bool:
    """Return whether the environment requires a boto3 client, for other credentials or endpoints."""
    source = os.environ if environment is None else environment
    return aws_credentials(source) is None or any(source.get(name) for name in _ASKS_FOR_BOTO3)
