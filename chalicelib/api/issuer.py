"""The issuer: the API's public base URL, the same in a token, in metadata and in the authorizer.

A function's environment cannot name the API in front of it: CloudFormation would need each before the
other. So, unless one is set, it is derived from what API Gateway says was called. It is never taken from
the Host header, which the caller writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.settings import Settings

_STAGES_OF_TESTS = frozenset({"null", "test-invoke-stage", "ESTestInvoke-stage"})


def issuer_of_request(settings: Settings, context: Mapping[str, Any]) -> str:
    """Return the issuer for a function's `requestContext`."""
    return settings.issuer or _stage_url(
        str(context.get("apiId", "")), settings.aws_region, str(context.get("stage", ""))
    )


def issuer_of_method(settings: Settings, method_arn: str) -> str:
    """Return the issuer for an authorizer's `methodArn`.

    The console and the command line, which can test an authorizer, put words of their own in the stage's
    place; what they have is a token of the stage that this function was deployed with.
    """
    *_, region, _, resource = method_arn.split(":", 5)
    api_id, stage, *_ = resource.split("/")
    if stage in _STAGES_OF_TESTS:
        stage = settings.stage
    return settings.issuer or _stage_url(api_id, region, stage)


def _stage_url(api_id: str, region: str, stage: str) -> str:
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://{api_id}.execute-api.{region}.{suffix}/{stage}"
