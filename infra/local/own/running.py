"""The environment of the functions of a running stack, for other programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3

from chalicelib.settings import LOCAL_MAIL_QUEUE
from infra.local.environment import STAGE
from infra.local.own.resources import own_variables


def running_environment(stack: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a running stack from its description, with the settings of this process."""
    url, region = stack["aws_endpoint_url"], stack["region"]

    def clients(service: Any) -> Any:
        return boto3.client(
            service,
            endpoint_url=url,
            region_name=region,
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106 - moto requires a value and checks none
        )

    return {
        **own_variables(clients, url),
        "STAGE": STAGE,
        "ISSUER": stack["api_url"],
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "USERS_TABLE": stack["users_table"],
        "SIGNING_SECRET_ID": stack["signing_secret_id"],
        "MAIL_QUEUE_URL": f"{url}/queue/{LOCAL_MAIL_QUEUE}",
    }
